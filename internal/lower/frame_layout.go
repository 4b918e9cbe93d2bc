package lower

// Layouts of values and of argument areas
//
// A value in a frame takes ceil(size/8) slots. Scalars are held canonically (see
// package bytecode), aggregates in their memory layout, so that moving an
// aggregate between frame and heap is a copy of words. The sizes are those of the
// gc compiler for a 64-bit machine.
//
// Arguments follow ABI0: receiver and parameters one after the other at their
// natural alignment, results from the next multiple of 8. A parameter is *lone*
// when no other one lies in any of its words; a lone one is used where it lies, the
// others are taken apart at entry (and results put together before RET).
//
// Fields of an instruction reach 65535 slots. When an area would be longer than abi.MaxArea, parameters
// and results of more than three words are *passed by reference*: in their place lies a pointer to a
// copy on the heap, which the caller makes of a parameter and the callee of a result, and which belongs to the other side
// from then on. Both sides see the same types in the same order, so that they come to the same area.

import (
	"fmt"
	"go/types"
	"math"
	"slices"
	"sort"
	"sync"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// Class sorts types by how their values lie in slots.
type Class uint8

const (
	ClassInt     Class = iota // integers and bool: 1 slot, Size and Signed say how extended
	ClassFloat64              // 1 slot
	ClassFloat32              // 1 slot, 32 bits zero-extended
	ClassPtr                  // pointer, unsafe.Pointer, map, chan, func: 1 slot
	ClassString               // pointer, length
	ClassSlice                // pointer, length, capacity
	ClassIface                // type word or itab, data word
	ClassComplex              // complex64: 1 slot, complex128: 2
	ClassStruct
	ClassArray
	ClassTuple // several results; has no layout
)

// Layout says how values of a type lie in memory and in slots.
//
//	Slots == ceil(Size/8)
//	PtrBytes is a multiple of 8, at most Size
//	bit i of Mask (word i%64 of it) = word i holds a pointer, for i < PtrBytes/8
//	Mask is nil if PtrBytes > maxMask: a program may name types that no memory could hold
type Layout struct {
	Type     types.Type
	Class    Class
	Signed   bool  // ClassInt: sign-extended
	Bool     bool  // ClassInt: bool
	Direct   bool  // pointer-shaped: the data word of an interface is the value itself
	Empty    bool  // ClassIface: no methods, the first word is a type descriptor
	Size     int64 // bytes
	Align    int64 // bytes
	Slots    int32
	PtrBytes int64 // bytes up to and including the last pointer
	Mask     []uint64

	Fields  []int64   // ClassStruct: offsets in bytes
	FieldLs []*Layout // ClassStruct: layouts of the fields
	Elem    *Layout   // ClassArray: the element
	Len     int64     // ClassArray: number of elements
}

// maxMask is the most bytes of a type whose mask is kept; it is where gc stops writing masks, too
// (internal/abi.MaxPtrmaskBytes).
const maxMask = 128 << 10

// Pointer reports whether word i of the value is a pointer.
func (l *Layout) Pointer(i int64) bool {
	for i < l.PtrBytes/8 && l.Mask == nil {
		if l.Class == ClassArray {
			i, l = i%(l.Elem.Size/8), l.Elem
			continue
		}
		k := sort.Search(len(l.Fields), func(k int) bool { return l.Fields[k] > i*8 }) - 1
		i, l = i-l.Fields[k]/8, l.FieldLs[k]
	}
	return i < l.PtrBytes/8 && l.Mask[i/64]>>(i%64)&1 != 0
}

// mask is Mask, or one made for the occasion.
func (l *Layout) mask() []uint64 {
	if l.Mask != nil || l.PtrBytes == 0 {
		return l.Mask
	}
	m := make([]uint64, (l.PtrBytes/8+63)/64)
	for i := range l.PtrBytes / 8 {
		if l.Pointer(i) {
			m[i/64] |= 1 << (i % 64)
		}
	}
	return m
}

// Scalar reports whether the value is one canonical word.
func (l *Layout) Scalar() bool { return l.Class <= ClassPtr }

// Layouts computes and keeps the layouts of types. It is safe for concurrent use.
type Layouts struct {
	Sizes types.Sizes
	m     sync.Map // types.Type → *Layout
	sigs  sync.Map // *types.Signature → *SigLayout
}

// NewLayouts returns a table for the gc compiler's 64-bit sizes.
func NewLayouts() *Layouts {
	return &Layouts{Sizes: types.SizesFor("gc", "amd64")}
}

// Of returns the layout of a type without type parameters.
func (ls *Layouts) Of(t types.Type) *Layout {
	if v, ok := ls.m.Load(t); ok {
		return v.(*Layout)
	}
	v, _ := ls.m.LoadOrStore(t, ls.compute(t))
	return v.(*Layout)
}

func (ls *Layouts) compute(t types.Type) *Layout {
	l := &Layout{Type: t}
	word := func(c Class, n int32, ptrs uint64, ptrBytes int64) *Layout {
		l.Class, l.Size, l.Align, l.Slots = c, int64(n)*8, 8, n
		l.PtrBytes = ptrBytes
		if ptrBytes > 0 {
			l.Mask = []uint64{ptrs}
		}
		return l
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return ls.basic(l, u)
	case *types.Pointer, *types.Map, *types.Chan, *types.Signature:
		l.Direct = true
		return word(ClassPtr, 1, 1, 8)
	case *types.Slice:
		return word(ClassSlice, 3, 1, 8)
	case *types.Interface:
		l.Empty = u.NumMethods() == 0
		return word(ClassIface, 2, 2, 16) // descriptors and itabs are never freed: no pointer
	case *types.Tuple:
		l.Class = ClassTuple
		return l
	case *types.Struct:
		l.Class, l.Align = ClassStruct, 1
		n := u.NumFields()
		l.Fields, l.FieldLs = make([]int64, n), make([]*Layout, n)
		var off int64
		for i := range n {
			f := ls.Of(u.Field(i).Type())
			off = (off + f.Align - 1) &^ (f.Align - 1)
			l.Fields[i], l.FieldLs[i] = off, f
			l.Align = max(l.Align, f.Align)
			off += f.Size
			if i == n-1 && f.Size == 0 && off > 0 {
				off++ // a pointer to a last field of no size must not point behind the object
			}
		}
		l.Size = (off + l.Align - 1) &^ (l.Align - 1)
		for i, f := range l.FieldLs {
			if f.PtrBytes > 0 {
				l.PtrBytes = l.Fields[i] + f.PtrBytes
			}
		}
		if l.PtrBytes <= maxMask {
			for i, f := range l.FieldLs {
				l.addMask(l.Fields[i], f)
			}
		}
		l.Direct = l.Size == 8 && l.PtrBytes == 8
	case *types.Array:
		l.Class = ClassArray
		e := ls.Of(u.Elem())
		l.Elem, l.Len = e, u.Len()
		l.Align, l.Size = e.Align, e.Size*u.Len()
		l.Direct = u.Len() == 1 && e.Direct
		if e.PtrBytes > 0 && u.Len() > 0 {
			l.PtrBytes = (u.Len()-1)*e.Size + e.PtrBytes
			if l.PtrBytes <= maxMask {
				for i := range u.Len() {
					l.addMask(i*e.Size, e)
				}
			}
		}
	default:
		panic(fmt.Sprintf("BUG: no layout for type %v (%T)", t, u))
	}
	l.Slots = int32(min((l.Size+7)/8, math.MaxInt32))
	return l
}

func (ls *Layouts) basic(l *Layout, b *types.Basic) *Layout {
	l.Slots = 1
	switch b.Kind() {
	case types.String, types.UntypedString:
		l.Class, l.Size, l.Align, l.Slots, l.PtrBytes, l.Mask = ClassString, 16, 8, 2, 8, []uint64{1}
		return l
	case types.UnsafePointer, types.UntypedNil:
		l.Class, l.Size, l.Align, l.PtrBytes, l.Mask, l.Direct = ClassPtr, 8, 8, 8, []uint64{1}, true
		return l
	case types.Bool, types.UntypedBool:
		l.Bool, l.Size = true, 1
	case types.Float32:
		l.Class, l.Size = ClassFloat32, 4
	case types.Float64, types.UntypedFloat:
		l.Class, l.Size = ClassFloat64, 8
	case types.Complex64:
		l.Class, l.Size, l.Align = ClassComplex, 8, 4
		return l
	case types.Complex128, types.UntypedComplex:
		l.Class, l.Size, l.Align, l.Slots = ClassComplex, 16, 8, 2
		return l
	case types.Int8:
		l.Size, l.Signed = 1, true
	case types.Uint8:
		l.Size = 1
	case types.Int16:
		l.Size, l.Signed = 2, true
	case types.Uint16:
		l.Size = 2
	case types.Int32, types.UntypedRune:
		l.Size, l.Signed = 4, true
	case types.Uint32:
		l.Size = 4
	case types.Int, types.Int64, types.UntypedInt:
		l.Size, l.Signed = 8, true
	case types.Uint, types.Uint64, types.Uintptr:
		l.Size = 8
	default:
		panic(fmt.Sprintf("BUG: no layout for basic type %v", b))
	}
	l.Align = l.Size
	return l
}

func (l *Layout) grow(ptrBytes int64) {
	l.PtrBytes = max(l.PtrBytes, ptrBytes)
	if n := int((l.PtrBytes/8 + 63) / 64); n > len(l.Mask) {
		m := make([]uint64, n)
		copy(m, l.Mask)
		l.Mask = m
	}
}

// addMask adds the pointers of a part at byte offset off.
func (l *Layout) addMask(off int64, f *Layout) {
	if f.PtrBytes == 0 {
		return
	}
	l.grow(off + f.PtrBytes)
	for w := range f.PtrBytes / 8 {
		if f.Pointer(w) {
			i := off/8 + w
			l.Mask[i/64] |= 1 << (i % 64)
		}
	}
}

// Place is one parameter or result in an argument area.
type Place struct {
	Off  int64 // bytes from the frame pointer
	L    *Layout
	Lone bool    // no other parameter lies in its words
	Ref  *Layout // passed by reference: the layout of the value, L is that of a pointer
}

// SigLayout is the argument area of a function: the ABI0 layout.
type SigLayout struct {
	Params   []Place // receiver first
	Results  []Place
	ParamEnd int64 // bytes
	RetOff   int64 // bytes, multiple of 8
	ArgEnd   int64 // bytes, multiple of 8
}

// Slots is the number of slots of the argument area.
func (s *SigLayout) Slots() int32 { return int32(s.ArgEnd / 8) }

// ParamSlots is the number of slots of the parameters.
func (s *SigLayout) ParamSlots() int32 { return int32(s.RetOff / 8) }

// Small lists the lone parameters that are smaller than a word.
func (s *SigLayout) Small() []abi.Small {
	var out []abi.Small
	for _, p := range s.Params {
		if p.Lone && p.L.Scalar() && p.L.Size < 8 {
			out = append(out, abi.Small{Off: uint32(p.Off), Size: uint8(p.L.Size), Signed: p.L.Signed})
		}
	}
	return out
}

// ArgMap is the bitmap of the parameter words that hold pointers.
func (s *SigLayout) ArgMap() []uint64 {
	var l Layout
	for _, p := range s.Params {
		l.addMask(p.Off, p.L)
	}
	return l.Mask
}

// Area lays out parameters and results of the given types.
func (ls *Layouts) Area(params, results []types.Type) *SigLayout {
	s := ls.area(params, results, false)
	if s.ArgEnd > abi.MaxArea {
		return ls.area(params, results, true)
	}
	return s
}

// ByRef reports whether something is passed by reference.
func (s *SigLayout) ByRef() bool {
	ref := func(p Place) bool { return p.Ref != nil }
	return slices.ContainsFunc(s.Params, ref) || slices.ContainsFunc(s.Results, ref)
}

// area lays out parameters and results; with ref, what is longer than three words is passed by reference.
func (ls *Layouts) area(params, results []types.Type, ref bool) *SigLayout {
	s := &SigLayout{}
	var off int64
	lay := func(ts []types.Type) []Place {
		ps := make([]Place, len(ts))
		last := -1
		for i, t := range ts {
			l := ls.Of(t)
			var by *Layout
			if ref && l.Size > 24 {
				by, l = l, pointerLayout
			}
			off = (off + l.Align - 1) &^ (l.Align - 1)
			ps[i] = Place{Off: off, L: l, Lone: true, Ref: by}
			if l.Size == 0 {
				continue
			}
			if off%8 != 0 {
				ps[i].Lone = false
				if last >= 0 {
					ps[last].Lone = false
				}
			}
			last = i
			off += l.Size
		}
		return ps
	}
	s.Params = lay(params)
	s.ParamEnd = off
	off = (off + 7) &^ 7
	s.RetOff = off
	s.Results = lay(results)
	s.ArgEnd = (off + 7) &^ 7
	return s
}

// Sig is the argument area of a signature; a receiver of sig, if any, is not counted.
func (ls *Layouts) Sig(sig *types.Signature) *SigLayout {
	if v, ok := ls.sigs.Load(sig); ok {
		return v.(*SigLayout)
	}
	tuple := func(t *types.Tuple) []types.Type {
		out := make([]types.Type, t.Len())
		for i := range out {
			out[i] = t.At(i).Type()
		}
		return out
	}
	s := ls.Area(tuple(sig.Params()), tuple(sig.Results()))
	ls.sigs.Store(sig, s)
	return s
}

// Func is the argument area of a function instance.
func (ls *Layouts) Func(f *tree.Func) *SigLayout {
	ps, rs := make([]types.Type, len(f.Params)), make([]types.Type, len(f.Results))
	for i, v := range f.Params {
		ps[i] = v.T
	}
	for i, v := range f.Results {
		rs[i] = v.T
	}
	return ls.Area(ps, rs)
}
