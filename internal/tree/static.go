package tree

// Static data
//
// A package-level initialiser whose value is known before the program runs needs no code: the value
// is laid out in the data image. The same holds for constant parts of composite literals inside
// functions, which are copied from a read-only object. Static are
//
//   - constants and zero values;
//   - addresses of package-level variables, and of their fields and elements with constant index;
//   - functions without captures;
//   - struct and array literals of static values;
//   - conversions that change the name of a type only, or between pointers and unsafe.Pointer;
//   - conversions to interface types: the type word, and the value itself or the address of a read-only copy;
//   - if evaluated only once, as in an initialiser: &T{…}, new(T), slice literals, []byte("…"), a[i:j] of a
//     package-level array: the memory behind them is a variable without a name.
//
// Maps, and values of other variables, are not: they need code.
//
// The result is a Datum: the contents of a piece of memory as a flat list of parts
// at byte offsets. Lower writes bytes and relocations from it without knowing expressions.

import (
	"cmp"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
)

// Datum is the initial contents of memory of type T. What Parts do not cover is zero.
// A Datum without a name has an address of its own even if T has no size; the same pointer means the same memory.
type Datum struct {
	T        types.Type
	ReadOnly bool   // the program cannot write to it
	Parts    []Part // ascending Off, disjoint
	Pos      token.Pos
}

// PartKind says what stands in one part of a Datum.
type PartKind uint8

const (
	PartConst PartKind = iota // Val, a constant of basic type T: a number, a bool, or a string (two words)
	PartBytes                 // the bytes of the string Val
	PartAddr                  // word: address of Var, or of Datum, plus Add bytes
	PartFunc                  // word: the func value of Func
	PartType                  // word: the type word of an interface of type T that holds a Dyn: type descriptor or itab
)

// Part is one element of a Datum.
type Part struct {
	Off   int64 // bytes
	Kind  PartKind
	T     types.Type
	Val   constant.Value
	Var   *Var
	Datum *Datum
	Add   int64
	Func  *Func
	Dyn   types.Type
}

// StaticInit returns the contents of a package-level variable that is initialised with rhs, or nil if that needs code.
func (p *Program) StaticInit(rhs Expr) *Datum { return p.static(rhs, true) }

// StaticValue returns the value of e, which may be evaluated many times, as read-only data, or nil if it is not static.
func (p *Program) StaticValue(e Expr) *Datum { return p.static(e, false) }

func (p *Program) static(e Expr, once bool) *Datum {
	s := staticData{p: p, once: once}
	d := s.datum(e, e.Type(), !once)
	if s.failed {
		return nil
	}
	return d
}

// staticData collects the parts of one value.
type staticData struct {
	p      *Program
	once   bool // the value is made once, so memory behind it may be static too
	failed bool
}

func (s *staticData) datum(e Expr, t types.Type, readOnly bool) *Datum {
	d := &Datum{T: t, ReadOnly: readOnly, Pos: e.Pos()}
	s.value(d, 0, e)
	return d
}

func (s *staticData) fail() { s.failed = true }

// word is the size of a pointer in bytes.
const word = 8

// value adds e at off. Parts come in ascending order except in array literals, which sort them.
func (s *staticData) value(d *Datum, off int64, e Expr) {
	if s.failed {
		return
	}
	put := func(p Part) { d.Parts = append(d.Parts, p) }
	switch e := e.(type) {
	case *Zero:
	case *Const:
		if !isZeroValue(e) {
			put(Part{Off: off, Kind: PartConst, T: e.T, Val: e.Val})
		}
	case *FuncRef:
		put(Part{Off: off, Kind: PartFunc, Func: e.F})
	case *Closure:
		if len(e.F.Captures) > 0 {
			s.fail()
			return
		}
		put(Part{Off: off, Kind: PartFunc, Func: e.F})
	case *Addr:
		if v, add, ok := s.place(e.X); ok {
			put(Part{Off: off, Kind: PartAddr, Var: v, Add: add})
		}
	case *StructLit:
		offs := s.fields(e.T)
		st := e.T.Underlying().(*types.Struct)
		for i, v := range e.Vals {
			if v != nil && st.Field(i).Name() != "_" {
				s.value(d, off+offs[i], v)
			}
		}
	case *ArrayLit:
		if sl, ok := e.T.Underlying().(*types.Slice); ok {
			if s.hidden() {
				b := s.array(e, sl.Elem())
				s.slice(d, off, Part{Datum: b}, e.Len, e.Len)
			}
			return
		}
		s.elements(d, off, e)
	case *New:
		if e.Init == nil { // new(T), unlike &T{}, is an object of the heap for the real compiler too
			s.fail()
			return
		}
		if !s.hidden() {
			return
		}
		t := s.p.Canon(e.T.Underlying().(*types.Pointer).Elem())
		b := &Datum{T: t, Pos: e.Pos()}
		if e.Init != nil {
			s.value(b, 0, e.Init)
		}
		put(Part{Off: off, Kind: PartAddr, Datum: b})
	case *Slice:
		s.slicing(d, off, e)
	case *Convert:
		s.convert(d, off, e)
	case *ToIface:
		s.iface(d, off, e)
	default:
		s.fail()
	}
}

// hidden tells whether memory without a name is allowed, and fails if not.
func (s *staticData) hidden() bool {
	if !s.once {
		s.fail()
	}
	return s.once
}

func (s *staticData) fields(t types.Type) []int64 {
	st := t.Underlying().(*types.Struct)
	vars := make([]*types.Var, st.NumFields())
	for i := range vars {
		vars[i] = st.Field(i)
	}
	return s.p.Sizes.Offsetsof(vars)
}

// elements adds the elements of an array literal (or of the array behind a slice literal).
func (s *staticData) elements(d *Datum, off int64, e *ArrayLit) {
	var elem types.Type
	switch t := e.T.Underlying().(type) {
	case *types.Array:
		elem = t.Elem()
	case *types.Slice:
		elem = t.Elem()
	}
	size := s.p.Sizes.Sizeof(elem)
	first, sorted := len(d.Parts), true
	for i, v := range e.Elems {
		if i > 0 && e.Index[i] < e.Index[i-1] {
			sorted = false
		}
		s.value(d, off+e.Index[i]*size, v)
	}
	if !sorted {
		slices.SortStableFunc(d.Parts[first:], func(a, b Part) int { return cmp.Compare(a.Off, b.Off) })
	}
}

// array is the memory behind a slice literal.
func (s *staticData) array(e *ArrayLit, elem types.Type) *Datum {
	b := &Datum{T: s.p.Canon(types.NewArray(elem, e.Len)), Pos: e.Pos()}
	s.elements(b, 0, e)
	return b
}

// slice adds the three words of a slice; base tells where it points to.
func (s *staticData) slice(d *Datum, off int64, base Part, n, c int64) {
	base.Off, base.Kind = off, PartAddr
	d.Parts = append(d.Parts, base)
	t := types.Typ[types.Int]
	if n != 0 {
		d.Parts = append(d.Parts, Part{Off: off + word, Kind: PartConst, T: t, Val: constant.MakeInt64(n)})
	}
	if c != 0 {
		d.Parts = append(d.Parts, Part{Off: off + 2*word, Kind: PartConst, T: t, Val: constant.MakeInt64(c)})
	}
}

// slicing adds a[lo:hi:max] of a package-level array with constant bounds.
func (s *staticData) slicing(d *Datum, off int64, e *Slice) {
	a, ok := e.X.(*Addr)
	if !ok || !s.hidden() {
		s.fail()
		return
	}
	at, ok := a.X.Type().Underlying().(*types.Array)
	if !ok {
		s.fail()
		return
	}
	v, add, ok := s.place(a.X)
	if !ok {
		return
	}
	bound := func(x Expr, otherwise int64) int64 {
		if x == nil {
			return otherwise
		}
		c, ok := x.(*Const)
		if !ok {
			s.fail()
			return 0
		}
		n, exact := constant.Int64Val(constant.ToInt(c.Val))
		if !exact {
			s.fail()
		}
		return n
	}
	lo := bound(e.Lo, 0)
	hi := bound(e.Hi, at.Len())
	mx := bound(e.Max, at.Len())
	if s.failed || lo < 0 || lo > hi || hi > mx || mx > at.Len() || lo == mx {
		s.fail()
		return
	}
	s.slice(d, off, Part{Var: v, Add: add + lo*s.p.Sizes.Sizeof(at.Elem())}, hi-lo, mx-lo)
}

// place resolves the place x to a variable and a byte offset.
func (s *staticData) place(x Expr) (v *Var, add int64, ok bool) {
	switch x := x.(type) {
	case *Ref:
		if x.V.Kind == Global {
			return x.V, 0, true
		}
	case *Field:
		if v, add, ok = s.place(x.X); ok {
			return v, add + s.fields(x.X.Type())[x.I], true
		}
		return nil, 0, false
	case *Index:
		a, isArray := x.X.Type().Underlying().(*types.Array)
		c, isConst := x.I.(*Const)
		if !isArray || !isConst || traps(x) {
			break
		}
		if v, add, ok = s.place(x.X); ok {
			i, _ := constant.Int64Val(constant.ToInt(c.Val))
			return v, add + i*s.p.Sizes.Sizeof(a.Elem()), true
		}
		return nil, 0, false
	}
	s.fail()
	return nil, 0, false
}

func (s *staticData) convert(d *Datum, off int64, e *Convert) {
	from, to := e.X.Type().Underlying(), e.T.Underlying()
	if types.IdenticalIgnoreTags(from, to) || isPointer(from) && isPointer(to) {
		s.value(d, off, e.X)
		return
	}
	if sl, ok := to.(*types.Slice); ok {
		c, isConst := e.X.(*Const)
		b, isBasic := sl.Elem().Underlying().(*types.Basic)
		if isConst && isBasic && b.Kind() == types.Uint8 && c.Val.Kind() == constant.String && s.hidden() {
			n := int64(len(constant.StringVal(c.Val)))
			bytes := &Datum{T: s.p.Canon(types.NewArray(sl.Elem(), n)), Pos: e.Pos()}
			if n > 0 {
				bytes.Parts = []Part{{Kind: PartBytes, Val: c.Val}}
			}
			s.slice(d, off, Part{Datum: bytes}, n, n)
			return
		}
	}
	s.fail()
}

// isPointer tells that t is a pointer or unsafe.Pointer.
func isPointer(t types.Type) bool {
	switch t := t.(type) {
	case *types.Pointer:
		return true
	case *types.Basic:
		return t.Kind() == types.UnsafePointer
	}
	return false
}

func (s *staticData) iface(d *Datum, off int64, e *ToIface) {
	dyn := e.X.Type()
	d.Parts = append(d.Parts, Part{Off: off, Kind: PartType, T: e.T, Dyn: dyn})
	if isDirect(dyn) {
		s.value(d, off+word, e.X)
		return
	}
	box := s.datum(e.X, dyn, true)
	d.Parts = append(d.Parts, Part{Off: off + word, Kind: PartAddr, Datum: box})
}

// Pure tells that evaluating e changes nothing and cannot panic: if nobody needs the value, e can be left out.
// It works on both forms.
func Pure(e Expr) bool {
	return !anyExpr(e, func(e Expr) bool {
		switch e := e.(type) {
		case *Block, *Call, *Recv, *MakeSlice, *MakeChan, *Assert, *MapIndex:
			return true
		case *MapLit:
			m := e.T.Underlying().(*types.Map)
			return !hashes(m.Key())
		case *Builtin:
			switch e.Name {
			case "len", "cap", "real", "imag", "complex", "min", "max", "Add", "SliceData", "StringData":
				return false
			}
			return true
		}
		return traps(e)
	})
}

// hashes tells that a map key of type t never panics.
func hashes(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Interface:
		return false
	case *types.Array:
		return hashes(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if !hashes(f.Type()) {
				return false
			}
		}
	}
	return true
}
