package randprog

import (
	"fmt"
	"strings"
)

type kind uint8

const (
	kInt kind = iota
	kUint
	kFloat
	kComplex
	kString
	kBool
	kArray
	kSlice
	kMap
	kPtr
	kStruct
	kFunc
	kIface // the program's interface with methods
	kAny
	kChan
)

// typ is a type of the program.
type typ struct {
	kind   kind
	name   string // source text
	bits   int    // of numbers
	named  bool   // defined type with a basic underlying type
	key    *typ
	elem   *typ
	n      int // array length
	fields []field
	params []*typ
	result *typ
}

type field struct {
	name     string
	t        *typ
	embedded bool
}

var (
	tInt    = &typ{kind: kInt, name: "int", bits: 64}
	tByte   = &typ{kind: kUint, name: "uint8", bits: 8}
	tString = &typ{kind: kString, name: "string"}
	tBool   = &typ{kind: kBool, name: "bool"}
	tAny    = &typ{kind: kAny, name: "any"}
	ints    = []*typ{
		tInt, {kind: kInt, name: "int8", bits: 8}, {kind: kInt, name: "int16", bits: 16}, {kind: kInt, name: "int32", bits: 32}, {kind: kInt, name: "int64", bits: 64},
		{kind: kUint, name: "uint", bits: 64}, tByte, {kind: kUint, name: "uint16", bits: 16}, {kind: kUint, name: "uint32", bits: 32}, {kind: kUint, name: "uint64", bits: 64},
	}
	floats = []*typ{{kind: kFloat, name: "float64", bits: 64}, {kind: kFloat, name: "float32", bits: 32}}
	basics = append(append([]*typ{tString, tBool, {kind: kComplex, name: "complex128"}, {kind: kComplex, name: "complex64"}}, ints...), floats...)
)

func sliceOf(t *typ) *typ { return &typ{kind: kSlice, name: "[]" + t.name, elem: t} }
func ptrTo(t *typ) *typ   { return &typ{kind: kPtr, name: "*" + t.name, elem: t} }

// randomType chooses a type whose parts nest at most depth deep.
func (g *gen) randomType(depth int) *typ {
	if depth <= 0 || g.chance(40) {
		if len(g.nameds) > 0 && g.chance(12) {
			return one(g, g.nameds)
		}
		if len(g.structs) > 0 && g.chance(15) {
			return one(g, g.structs)
		}
		return one(g, basics)
	}
	switch g.pick(9) {
	case 0, 1:
		return sliceOf(g.randomType(depth - 1))
	case 2:
		e, n := g.randomType(depth-1), 1+g.pick(5)
		return &typ{kind: kArray, name: fmt.Sprintf("[%d]%s", n, e.name), elem: e, n: n}
	case 3:
		k, e := one(g, basics), g.randomType(depth-1)
		if k.kind == kFloat || k.kind == kComplex {
			k = tString
		}
		return &typ{kind: kMap, name: "map[" + k.name + "]" + e.name, key: k, elem: e}
	case 4:
		if len(g.structs) > 0 {
			return ptrTo(one(g, g.structs))
		}
		return ptrTo(one(g, basics))
	case 5:
		if len(g.structs) > 0 {
			return one(g, g.structs)
		}
		return tAny
	case 6:
		t := &typ{kind: kFunc, params: []*typ{one(g, basics)}, result: one(g, basics)}
		if g.chance(30) {
			t.params = append(t.params, one(g, basics))
		}
		var ps []string
		for _, p := range t.params {
			ps = append(ps, p.name)
		}
		t.name = "func(" + strings.Join(ps, ", ") + ") " + t.result.name
		return t
	case 7:
		if g.iface != nil && len(g.structs) > 0 && len(g.nameds) > 0 {
			return g.iface
		}
		return tAny
	}
	return tAny
}

func (t *typ) numeric() bool { return t.kind <= kComplex }
func (t *typ) integer() bool { return t.kind <= kUint }

// comparable reports whether == is allowed and cannot panic.
func (t *typ) comparable() bool {
	switch t.kind {
	case kSlice, kMap, kFunc, kAny, kIface, kPtr, kChan:
		return false
	case kArray:
		return t.elem.comparable()
	case kStruct:
		for _, f := range t.fields {
			if !f.t.comparable() {
				return false
			}
		}
	}
	return true
}

// printable reports whether printing a value shows no address.
func (t *typ) printable() bool {
	switch t.kind {
	case kPtr, kFunc, kIface, kChan:
		return false
	case kArray, kSlice:
		return t.elem.printable()
	case kMap:
		return t.elem.printable()
	case kStruct:
		for _, f := range t.fields {
			if !f.t.printable() {
				return false
			}
		}
	}
	return true
}
