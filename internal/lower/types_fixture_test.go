package lower

import (
	"io"
	"reflect"
	"unsafe"
)

// Types whose descriptors the tests compare with those that the host's compiler made
// for this very file.

type fxInt int

func (fxInt) Value() int   { return 0 }
func (*fxInt) Set(int)     {}
func (fxInt) hidden() bool { return false }

type fxEmpty struct{}

type fxInner struct {
	P *int
	n int32
}

func (f *fxInner) Inner(a, b string) (int, error) { return 0, nil }

type fxStruct struct {
	A int8
	B string `json:"b,omitempty"`
	c []byte
	*fxInner
	D, E float32
	F    [3]*fxStruct
	_    int16
	G    any
	H    map[string]fxInt
	I    func(int, ...string) bool
	J    chan<- fxEmpty
	K    <-chan (chan int)
	L    chan (<-chan int)
	M    complex128
	N    [0]int
	O    uintptr
	Z    struct{}
}

type fxPacked struct {
	A, B uint32
	C    uint64
}

type fxPadded struct {
	A uint8
	B uint64
}

type fxFloats struct{ A, B float64 }

type fxIface interface {
	io.Reader
	Zed(fxStruct) *fxStruct
	alpha()
	Beta()
}

type fxPair[K comparable, V any] struct {
	Key K
	Val V
}

func (p *fxPair[K, V]) Get() V { return p.Val }

type fxBig struct {
	A [200]byte
	P *int
}

type (
	fxMap     map[fxPair[string, int]]*fxBig
	fxFunc    func(x fxBig, y ...any) (n int, err error)
	fxSlice   []fxIface
	fxArray   [5]fxStruct
	fxChan    chan fxMap
	fxDirect  struct{ p *int }
	fxDirect1 [1]unsafe.Pointer
	fxUns     unsafe.Pointer
	fxEmbed   struct {
		io.Writer
		fxPair[int8, fxInt]
	}
)

// fixtures are the types by the expression that denotes them; the guest side type-checks the keys.
var fixtures = map[string]reflect.Type{
	"fxInt": reflect.TypeFor[fxInt](), "*fxInt": reflect.TypeFor[*fxInt](), "fxEmpty": reflect.TypeFor[fxEmpty](),
	"fxStruct": reflect.TypeFor[fxStruct](), "*fxStruct": reflect.TypeFor[*fxStruct](), "fxInner": reflect.TypeFor[fxInner](),
	"fxPacked": reflect.TypeFor[fxPacked](), "fxPadded": reflect.TypeFor[fxPadded](), "fxFloats": reflect.TypeFor[fxFloats](),
	"fxIface": reflect.TypeFor[fxIface](), "fxPair[string,fxInt]": reflect.TypeFor[fxPair[string, fxInt]](),
	"*fxPair[int,map[string]bool]": reflect.TypeFor[*fxPair[int, map[string]bool]](),
	"fxBig":                        reflect.TypeFor[fxBig](), "fxMap": reflect.TypeFor[fxMap](), "fxFunc": reflect.TypeFor[fxFunc](),
	"fxSlice": reflect.TypeFor[fxSlice](), "fxArray": reflect.TypeFor[fxArray](), "fxChan": reflect.TypeFor[fxChan](),
	"fxDirect": reflect.TypeFor[fxDirect](), "fxDirect1": reflect.TypeFor[fxDirect1](), "fxUns": reflect.TypeFor[fxUns](),
	"fxEmbed": reflect.TypeFor[fxEmbed](),
	"int":     reflect.TypeFor[int](), "string": reflect.TypeFor[string](), "error": reflect.TypeFor[error](),
	"any": reflect.TypeFor[any](), "*error": reflect.TypeFor[*error](), "[]byte": reflect.TypeFor[[]byte](),
	"[]rune": reflect.TypeFor[[]rune](), "unsafe.Pointer": reflect.TypeFor[unsafe.Pointer](),
	"map[string]int": reflect.TypeFor[map[string]int](), "map[fxBig]fxBig": reflect.TypeFor[map[fxBig]fxBig](),
	"map[any]struct{}": reflect.TypeFor[map[any]struct{}](), "map[float64][3]string": reflect.TypeFor[map[float64][3]string](),
	"map[struct{}]struct{}": reflect.TypeFor[map[struct{}]struct{}](), "map[uint8]*int": reflect.TypeFor[map[uint8]*int](),
	"func(fxInt, ...string) (bool, error)": reflect.TypeFor[func(fxInt, ...string) (bool, error)](),
	"struct{ A int; b, c *string }": reflect.TypeFor[struct {
		A    int
		b, c *string
	}](),
	"interface{ Foo() int; bar(string) }": reflect.TypeFor[interface {
		Foo() int
		bar(string)
	}](),
	"[4][2]fxPacked": reflect.TypeFor[[4][2]fxPacked](), "[2]fxPadded": reflect.TypeFor[[2]fxPadded](),
	"[1]fxFloats": reflect.TypeFor[[1]fxFloats](), "complex64": reflect.TypeFor[complex64](),
	"[100]*fxStruct": reflect.TypeFor[[100]*fxStruct](), "[7]func()": reflect.TypeFor[[7]func()](),
	"struct{ _ [0]func(); p *int }": reflect.TypeFor[struct {
		_ [0]func()
		p *int
	}](),
	"struct{ fxDirect }": reflect.TypeFor[struct{ fxDirect }](), "chan struct{}": reflect.TypeFor[chan struct{}](),
}
