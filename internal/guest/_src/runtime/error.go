package runtime

import (
	"internal/abi"
	"unsafe"
)

// Error identifies a run-time error of the machine: a failed check of the
// language, such as an index out of range.
type Error interface {
	error

	// RuntimeError does nothing; having it tells run-time errors from others.
	RuntimeError()
}

// TypeAssertionError is the error of a failed type assertion.
type TypeAssertionError struct {
	iface         *abi.Type // static type of the operand, nil for an unnamed interface
	have          *abi.Type // dynamic type, nil for a nil interface
	want          *abi.Type
	missingMethod string
}

func (*TypeAssertionError) RuntimeError() {}

func (e *TypeAssertionError) Error() string {
	from := "interface"
	if e.iface != nil {
		from = typeName(e.iface)
	}
	want := typeName(e.want)
	if e.have == nil {
		return "interface conversion: " + from + " is nil, not " + want
	}
	have := typeName(e.have)
	if e.missingMethod != "" {
		return "interface conversion: " + have + " is not " + want + ": missing method " + e.missingMethod
	}
	s := "interface conversion: " + from + " is " + have + ", not " + want
	if have == want {
		if typePkgPath(e.have) != typePkgPath(e.want) {
			s += " (types from different packages)"
		} else {
			s += " (types from different scopes)"
		}
	}
	return s
}

// An errorString is a run-time error whose text follows "runtime error: ".
type errorString string

func (errorString) RuntimeError()   {}
func (e errorString) Error() string { return "runtime error: " + string(e) }

// A plainError is a run-time error whose text stands as it is.
type plainError string

func (plainError) RuntimeError()   {}
func (e plainError) Error() string { return string(e) }

// An errorAddressString is a memory fault that knows its address.
type errorAddressString struct {
	msg  string
	addr uintptr
}

func (errorAddressString) RuntimeError()   {}
func (e errorAddressString) Error() string { return "runtime error: " + e.msg }
func (e errorAddressString) Addr() uintptr { return e.addr }

// A PanicNilError happens when code calls panic(nil).
type PanicNilError struct {
	_ [0]func() // not comparable
}

func (*PanicNilError) Error() string {
	return "panic called with nil argument"
}
func (*PanicNilError) RuntimeError() {}

// A boundsError is a failed index or slice check: x is the offending value, y
// the limit it was held against.
type boundsError struct {
	x      int64
	y      int
	signed bool
	code   abi.BoundsErrorCode
}

// boundsTexts has the text per code: the one with both values, and the one for a
// negative x, which needs no limit. %x and %y stand for the values.
var boundsTexts = [...][2]string{
	abi.BoundsIndex:      {"index out of range [%x] with length %y", "index out of range [%x]"},
	abi.BoundsSliceAlen:  {"slice bounds out of range [:%x] with length %y", "slice bounds out of range [:%x]"},
	abi.BoundsSliceAcap:  {"slice bounds out of range [:%x] with capacity %y", "slice bounds out of range [:%x]"},
	abi.BoundsSliceB:     {"slice bounds out of range [%x:%y]", "slice bounds out of range [%x:]"},
	abi.BoundsSlice3Alen: {"slice bounds out of range [::%x] with length %y", "slice bounds out of range [::%x]"},
	abi.BoundsSlice3Acap: {"slice bounds out of range [::%x] with capacity %y", "slice bounds out of range [::%x]"},
	abi.BoundsSlice3B:    {"slice bounds out of range [:%x:%y]", "slice bounds out of range [:%x:]"},
	abi.BoundsSlice3C:    {"slice bounds out of range [%x:%y:]", "slice bounds out of range [%x::]"},
	abi.BoundsConvert:    {"cannot convert slice with length %y to array or pointer to array with length %x", ""},
}

func (boundsError) RuntimeError() {}

func (e boundsError) Error() string {
	text := boundsTexts[e.code][0]
	if e.signed && e.x < 0 {
		text = boundsTexts[e.code][1]
	}
	out := append(make([]byte, 0, 100), "runtime error: "...)
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			out = append(out, text[i])
			continue
		}
		i++
		if text[i] == 'x' {
			out = appendInt(out, e.x, e.signed)
		} else {
			out = appendInt(out, int64(e.y), true)
		}
	}
	return string(out)
}

// appendInt appends the decimal form of v, read as unsigned unless signed.
func appendInt(out []byte, v int64, signed bool) []byte {
	u := uint64(v)
	if signed && v < 0 {
		out = append(out, '-')
		u = -u
	}
	var buf [20]byte
	i := len(buf)
	for {
		i--
		buf[i] = byte('0' + u%10)
		if u /= 10; u == 0 {
			break
		}
	}
	return append(out, buf[i:]...)
}

// Errors of the machine that std shares by linkname.
var (
	divideError   = error(errorString("integer divide by zero"))
	overflowError = error(errorString("integer overflow"))
	memoryError   = error(errorString("invalid memory address or nil pointer dereference"))
	shiftError    = error(errorString("negative shift amount"))
)

// typeName is the type's string as reflect gives it.
func typeName(t *abi.Type) string

// typePkgPath is the import path of a named type's package.
func typePkgPath(t *abi.Type) string

//go:linkname maps_typeString internal/runtime/maps.typeString
func maps_typeString(t *abi.Type) string { return typeName(t) }

//go:linkname maps_errNilAssign internal/runtime/maps.errNilAssign
var maps_errNilAssign error = plainError("assignment to entry in nil map")

type stringer interface{ String() string }

// printpanicval prints the argument of a panic. Values with an Error or String
// method have become strings before (preprint).
func printpanicval(v any) {
	switch v := v.(type) {
	case nil:
		print("nil")
	case bool:
		print(v)
	case int:
		print(v)
	case int8:
		print(v)
	case int16:
		print(v)
	case int32:
		print(v)
	case int64:
		print(v)
	case uint:
		print(v)
	case uint8:
		print(v)
	case uint16:
		print(v)
	case uint32:
		print(v)
	case uint64:
		print(v)
	case uintptr:
		print(v)
	case float32:
		print(v)
	case float64:
		print(v)
	case complex64:
		print(v)
	case complex128:
		print(v)
	case string:
		printindented(v)
	default:
		printnamed(v)
	}
}

// printnamed prints a value of a named basic type as T(value), anything else as
// its type and address.
func printnamed(v any) {
	e := efaceOf(&v)
	t := (*abi.Type)(e.typ)
	p := e.data
	name := typeName(t)
	switch t.Kind() {
	case abi.String:
		print(name, `("`)
		printindented(*(*string)(p))
		print(`")`)
	case abi.Bool:
		print(name, "(", *(*bool)(p), ")")
	case abi.Int:
		print(name, "(", *(*int)(p), ")")
	case abi.Int8:
		print(name, "(", *(*int8)(p), ")")
	case abi.Int16:
		print(name, "(", *(*int16)(p), ")")
	case abi.Int32:
		print(name, "(", *(*int32)(p), ")")
	case abi.Int64:
		print(name, "(", *(*int64)(p), ")")
	case abi.Uint:
		print(name, "(", *(*uint)(p), ")")
	case abi.Uint8:
		print(name, "(", *(*uint8)(p), ")")
	case abi.Uint16:
		print(name, "(", *(*uint16)(p), ")")
	case abi.Uint32:
		print(name, "(", *(*uint32)(p), ")")
	case abi.Uint64:
		print(name, "(", *(*uint64)(p), ")")
	case abi.Uintptr:
		print(name, "(", *(*uintptr)(p), ")")
	case abi.Float32:
		print(name, "(", *(*float32)(p), ")")
	case abi.Float64:
		print(name, "(", *(*float64)(p), ")")
	case abi.Complex64:
		print(name, *(*complex64)(p))
	case abi.Complex128:
		print(name, *(*complex128)(p))
	default:
		print("(", name, ") ", p)
	}
}

// printindented prints s with a tab after each newline, so that no line of it
// can be taken for part of a traceback.
func printindented(s string) {
	start := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '\n' {
			print(s[start : i+1])
			print("\t")
			start = i + 1
		}
	}
	print(s[start:])
}

var _ unsafe.Pointer
