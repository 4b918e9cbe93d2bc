package lower

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/load"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// compile compiles the source of a main package and verifies the result.
func compile(t testing.TB, source string) *Unit {
	t.Helper()
	return compileWith(t, source, Options{})
}

func compileWith(t testing.TB, source string, opts Options) *Unit {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := load.Load(&load.Config{Dir: dir}, "main.go")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	opts.GoVersion, opts.Main = l.GoVersion, "main.go"
	u, err := CompileUnit(tree.NewProgram(l), opts)
	if err != nil {
		t.Fatal(err)
	}
	p := u.Program
	t.Logf("compiled in %v: %d functions, %d instructions, %d+%d+%d bytes of data, %d types, %d itabs",
		time.Since(start), len(p.Funcs), len(p.Code), len(p.RO), len(p.RW), p.BSS, len(p.Types), len(p.Itabs))
	if err := bytecode.Verify(p); err != nil {
		t.Fatal(err)
	}
	return u
}

func (u *Unit) has(sym string) bool {
	return slices.ContainsFunc(u.Program.Funcs, func(f abi.Func) bool { return f.Sym == sym })
}

func TestHello(t *testing.T) {
	u := compile(t, `package main
import "fmt"
func main() { fmt.Println("hello, world") }
`)
	p := u.Program
	for _, h := range abi.Hooks {
		if i, ok := p.Hooks[h]; !ok || p.Funcs[i].Sym != h {
			t.Errorf("hook %s is function %d", h, i)
		}
	}
	if !u.has("main.main") || !u.has("go:init") {
		t.Error("main.main or go:init is missing")
	}
	for i := 1; i < len(p.Typelinks); i++ {
		a, b := u.k.desc.links[i-1].text, u.k.desc.links[i].text
		if a > b {
			t.Errorf("typelink %q before %q", a, b)
		}
	}
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	q, err := bytecode.Decode(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := bytecode.Verify(q); err != nil {
		t.Error(err)
	}
	if !reflect.DeepEqual(p.Code, q.Code) || !reflect.DeepEqual(p.RO, q.RO) || len(p.Funcs) != len(q.Funcs) {
		t.Error("the image does not give the program back")
	}
	t.Logf("image of %d bytes", b.Len())
}

// TestDeterminism: the same sources give the same bytes, whatever the number of workers.
func TestDeterminism(t *testing.T) {
	const src = `package main
import "strconv"
type S interface{ String() string }
type A int
func (a A) String() string { return strconv.Itoa(int(a)) }
func (a A) Other() {}
var table = map[string]S{"a": A(1)}
func main() { println(table["a"].String()) }
`
	image := func() []byte {
		var b bytes.Buffer
		p := compile(t, src).Program
		p.Files = nil // temporary folders
		for i := range p.Funcs {
			p.Funcs[i].File = ""
		}
		if err := p.Write(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	if !bytes.Equal(image(), image()) {
		t.Error("two compilations differ")
	}
}

func TestMethodsByNeed(t *testing.T) {
	const src = `package main
REFLECT
type T struct{ n int }
func (t T) Called() int { return t.n }
func (t T) Matched() int { return t.n }
func (t *T) Never() int { return t.n }
func (t *T) never() int { return t.n }
type caller interface{ Called() int }
type matcher interface{ Called() int; Matched() int }
var sink any
func main() {
	sink = &T{1}
	if m, ok := sink.(matcher); ok { println(m.Called()) }
	USE
}
`
	plain := compile(t, strings.NewReplacer("REFLECT", "", "USE", "").Replace(src))
	for sym, want := range map[string]bool{"main.(*T).Called": true, "main.(*T).Matched": false, "main.(*T).Never": false} {
		if got := plain.has(sym); got != want {
			t.Errorf("%s in the program: %v, want %v", sym, got, want)
		}
	}
	all := compile(t, strings.NewReplacer("REFLECT", `import "reflect"`, "USE", "println(reflect.ValueOf(sink).Method(0).IsValid())").Replace(src))
	for sym, want := range map[string]bool{"main.(*T).Called": true, "main.(*T).Matched": true, "main.(*T).Never": true, "main.(*T).never": false} {
		if got := all.has(sym); got != want {
			t.Errorf("with reflection %s in the program: %v, want %v", sym, got, want)
		}
	}
}

func TestInitialisers(t *testing.T) {
	u := compile(t, `package main
type pair struct { name string; f func(int) int; next *pair }
func twice(n int) int { return 2*n }
func unused(n int) int { return n }
//go:noinline
func effect() int { println("effect"); return 1 }
var (
	used   = [2]pair{{"one", twice, &extra}, {name: "two"}}
	extra  = pair{name: "extra"}
	dead   = [...]func(int) int{unused}
	_      = effect()
	number = 7
	later  = map[string]int{"a": 1}
	deadM  = map[string]func(int) int{"a": unused}
	iface  any = number2
	ptr    = &[]int16{-1, 2, 3}
	f32    = [...]float32{1.5, -0.25}
	c      = complex(1, -2)
)
const number2 = 41
func init() { println("init") }
func main() { println(used[1].name, number, len(later), iface, ptr, f32[1], c, used[0].f(2)) }
`)
	for sym, want := range map[string]bool{"main.twice": true, "main.unused": false, "main.effect": true, "main.init.0": true} {
		if got := u.has(sym); got != want {
			t.Errorf("%s in the program: %v, want %v", sym, got, want)
		}
	}
	k, p := u.k, u.Program
	mem := func(name string) []byte {
		t.Helper()
		for _, v := range k.globalOrder {
			if v.Sym == "main."+name {
				o := k.globals[v]
				if o.sect != secRW {
					t.Fatalf("%s is not initialised data", name)
				}
				return p.RW[o.addr-p.RWBase:][:o.size]
			}
		}
		t.Fatalf("no variable %s", name)
		return nil
	}
	word := func(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	at := func(a uint64, n uint64) []byte {
		if a >= p.RWBase {
			return p.RW[a-p.RWBase:][:n]
		}
		return p.RO[a-p.ROBase:][:n]
	}
	m := mem("used")
	if s := string(at(word(m, 0), word(m, 1))); s != "one" {
		t.Errorf("used[0].name = %q", s)
	}
	code := word(at(word(m, 2), 8), 0)
	if f := p.FuncAt(uint32((code - abi.TextBase) / bytecode.InsBytes)); f == nil || f.Sym != "main.twice" {
		t.Errorf("used[0].f leads to %v", f)
	}
	next := at(word(m, 3), 32)
	if s := string(at(word(next, 0), word(next, 1))); s != "extra" {
		t.Errorf("used[0].next.name = %q", s)
	}
	m = mem("ptr")
	hdr := at(word(m, 0), 24)
	if e := at(word(hdr, 0), 6); word(hdr, 1) != 3 || !bytes.Equal(e, []byte{255, 255, 2, 0, 3, 0}) {
		t.Errorf("ptr: length %d, % x", word(hdr, 1), e)
	}
	m = mem("iface")
	if w := word(at(word(m, 1), 8), 0); w != 41 {
		t.Errorf("iface holds %d", w)
	}
	m = mem("f32")
	if !bytes.Equal(m, []byte{0, 0, 0xc0, 0x3f, 0, 0, 0x80, 0xbe}) {
		t.Errorf("f32 = % x", m)
	}
	// pointer words of the globals
	for _, v := range k.globalOrder {
		o := k.globals[v]
		for i := range uint64(o.size / 8) {
			w := (o.addr-p.RWBase)/8 + i
			if got := p.RWPtrs[w/64]>>(w%64)&1 != 0; got != o.layout.Pointer(int64(i)) {
				t.Errorf("%s word %d: pointer %v", v.Sym, i, got)
			}
		}
	}
}

func TestDumpStages(t *testing.T) {
	u := compile(t, `package main
type T struct { A bool; B string; C int16 }
var sink any
func main() { t := T{B: "x"}; sink = t }
`)
	for stage, want := range map[string]string{
		"types":    "main.T",
		"tree":     "func main.main()",
		"bytecode": "RET",
		"frame":    "func main.main",
		"data":     "var:main.sink",
	} {
		var b strings.Builder
		name := ""
		if stage == "types" {
			name = "main.T"
		}
		if err := u.Dump(&b, stage, name); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("%s: %v, %s", stage, err, b.String())
		}
	}
	var b strings.Builder
	if err := u.Dump(&b, "layout", "main.T"); err != nil {
		t.Fatal(err)
	}
	const want = `type main.T  size 32, align 8, pointers in the first 16 bytes
      0      1  A                bool
      1      7  (padding)
      8     16  B                string
     24      2  C                int16
     26      6  (padding)
  words  .P..
`
	if b.String() != want {
		t.Errorf("layout:\n%s\nwant:\n%s", b.String(), want)
	}
	if err := u.Dump(&b, "layout", "main.None"); err == nil {
		t.Error("a type that does not exist has a layout")
	}
	if err := u.Dump(&b, "bytecode", "main.none"); err == nil {
		t.Error("a function that does not exist has code")
	}
}

func BenchmarkCompileHello(b *testing.B) {
	dir := b.TempDir()
	src := "package main\nimport \"fmt\"\nfunc main() { fmt.Println(\"hello, world\") }\n"
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(src), 0o644); err != nil {
		b.Fatal(err)
	}
	l, err := load.Load(&load.Config{Dir: dir}, "main.go")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := CompileUnit(tree.NewProgram(l), Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestLocalTypeNames: types declared in functions carry the type arguments of the function; equal names stay apart.
func TestLocalTypeNames(t *testing.T) {
	u := compile(t, `package main
type G[T any] struct{ v T }
func mk[T any](x T) any { type loc struct{ a T }; return loc{x} }
var sink any
func main() {
	type A struct{ x int }
	sink = G[A]{}
	{ type A struct{ x int }; sink = G[A]{} }
	sink = mk(1)
	sink = mk("s")
}
`)
	count := map[string]int{}
	for _, ty := range u.k.desc.order {
		count[u.k.desc.namer.text(ty, modeName)]++
	}
	for text, want := range map[string]int{"main.loc[int]": 1, "main.loc[string]": 1, "main.A": 2, "main.G[main.A·2]": 1, "main.G[main.A·3]": 1} {
		if count[text] != want {
			t.Errorf("%d types %s, want %d", count[text], text, want)
		}
	}
}
