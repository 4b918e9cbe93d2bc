package tree

// Properties of expressions that Order, CheckCore and the static initialisers ask for.

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
)

// bug stops the compilation: the tree is not what this room has promised.
func bug(format string, args ...any) { panic("BUG: tree: " + fmt.Sprintf(format, args...)) }

// onFrame tells that v is a variable of the running function that does not live on the heap.
// A variable that escape has not looked at lives on the heap if its address is taken or a closure refers to it.
func onFrame(v *Var) bool {
	if v.Kind == Global || v.Kind == Capture {
		return false
	}
	switch v.Esc {
	case EscHeap, EscFrame:
		return false
	case EscNone:
		return true
	}
	return !v.Addrtaken && !v.Captured
}

// unshared tells that only direct assignments in this function change v.
func unshared(v *Var) bool {
	switch v.Kind {
	case Global:
		return false
	case Capture:
		return !v.ByRef
	}
	return !v.Addrtaken && (!v.Captured || !v.Reassigned)
}

// isAlone tells that e, its operands aside, cannot be nested in a pure expression.
func isAlone(e Expr) bool {
	switch e := e.(type) {
	case *Call, *Recv, *MapIndex, *Assert, *New, *MakeSlice, *MakeMap, *MakeChan, *Closure, *Concat, *MapLit:
		return true
	case *ArrayLit:
		_, ok := e.T.Underlying().(*types.Slice)
		return ok
	case *Builtin:
		switch e.Name {
		case "len", "cap":
			_, ok := e.Args[0].Type().Underlying().(*types.Chan)
			return ok
		case "real", "imag", "complex", "min", "max", "Add", "Slice", "SliceData", "String", "StringData":
			return false
		}
		return true
	case *Convert:
		return !e.Temp && convertAllocates(e.X.Type(), e.T)
	case *ToIface:
		return !isDirect(e.X.Type()) && !isLiteralValue(e.X)
	case *IfaceConv:
		// Two types with one method set still have itabs of their own.
		return e.T != e.X.Type() && !(isEmptyInterface(e.T) && isEmptyInterface(e.X.Type()))
	case *Binary:
		switch e.Op {
		case token.EQL, token.NEQ:
			switch e.X.Type().Underlying().(type) {
			case *types.Interface:
				return !isNil(e.X) && !isNil(e.Y)
			case *types.Struct, *types.Array:
				return true
			}
		case token.QUO:
			b, ok := e.T.Underlying().(*types.Basic)
			return ok && b.Info()&types.IsComplex != 0
		}
	}
	return false
}

// isEarlyPure tells that e is one of the operations that the real compiler evaluates early and that we
// leave nested while nothing follows.
func isEarlyPure(e Expr) bool {
	switch e := e.(type) {
	case *Slice:
		return true
	case *Block:
		return len(e.Stmts) == 0
	case *Binary:
		return e.Op == token.LAND || e.Op == token.LOR
	case *Builtin:
		switch e.Name {
		case "len", "cap", "real", "imag", "complex", "min", "max":
			return !isAlone(e)
		}
	}
	return false
}

// anyExpr reports whether f holds for e or an operand below it.
func anyExpr(e Expr, f func(Expr) bool) bool {
	if e == nil {
		return false
	}
	if f(e) {
		return true
	}
	switch e.(type) {
	case *Const, *Zero, *Ref, *FuncRef:
		return false
	}
	if c, ok := e.(*Closure); ok {
		for _, v := range c.Vals {
			if anyExpr(v, f) {
				return true
			}
		}
		return false
	}
	var buf [8]operand
	for _, p := range operands(e, buf[:0]) {
		if anyExpr(*p.e, f) {
			return true
		}
	}
	return false
}

// isPure tells that e has the form that the core form asks of an operand.
func isPure(e Expr) bool {
	return !anyExpr(e, func(e Expr) bool {
		switch e := e.(type) {
		case *Block:
			return true
		case *New:
			return true
		default:
			return isAlone(e)
		}
	})
}

// countAlone counts, up to limit, the parts of e (e included) that need statements of their own.
func countAlone(e Expr, limit int) int {
	n := 0
	anyExpr(e, func(e Expr) bool {
		if isAlone(e) {
			n++
		}
		return n >= limit
	})
	return n
}

// isStable tells that e has the same value until one of the variables of the frame in it is assigned,
// and that its evaluation cannot trap.
func isStable(e Expr) bool {
	switch e := e.(type) {
	case *Const, *Zero, *FuncRef:
		return true
	case *Ref:
		return unshared(e.V)
	case *Addr:
		// The address of a variable, or of a part of it, is fixed.
		x := e.X
		for {
			f, ok := x.(*Field)
			if !ok {
				break
			}
			x = f.X
		}
		_, ok := x.(*Ref)
		return ok
	case *Deref:
		return false
	case *Index:
		if _, ok := e.X.Type().Underlying().(*types.Array); !ok {
			return false
		}
	case *Builtin:
		if len(e.Args) > 0 {
			if _, ok := e.Args[0].Type().Underlying().(*types.Map); ok {
				return false
			}
		}
	}
	if isAlone(e) || traps(e) {
		return false
	}
	var buf [8]operand
	for _, p := range operands(e, buf[:0]) {
		if !isStable(*p.e) {
			return false
		}
	}
	return true
}

// traps tells that the evaluation of e, its operands aside, may panic.
func traps(e Expr) bool {
	switch e := e.(type) {
	case *Deref, *Slice, *Assert, *Call, *MakeSlice, *MakeChan, *Recv, *MapIndex:
		return true
	case *Index:
		if e.Bounded {
			return false
		}
		if a, ok := e.X.Type().Underlying().(*types.Array); ok {
			if c, ok := e.I.(*Const); ok {
				i, ok := constant.Int64Val(constant.ToInt(c.Val))
				return !ok || i < 0 || i >= a.Len()
			}
		}
		return true
	case *Binary:
		switch e.Op {
		case token.QUO, token.REM:
			if b, ok := e.T.Underlying().(*types.Basic); ok && b.Info()&types.IsInteger != 0 {
				c, ok := e.Y.(*Const)
				return !ok || constant.Sign(c.Val) == 0
			}
		case token.SHL, token.SHR:
			if b, ok := e.Y.Type().Underlying().(*types.Basic); ok && b.Info()&types.IsUnsigned == 0 {
				c, ok := e.Y.(*Const)
				return !ok || constant.Sign(c.Val) < 0
			}
		case token.EQL, token.NEQ:
			return isAlone(e) // an uncomparable type inside
		}
	case *Convert:
		_, from := e.X.Type().Underlying().(*types.Slice)
		if !from {
			return false
		}
		switch t := e.T.Underlying().(type) {
		case *types.Array:
			return true
		case *types.Pointer:
			_ = t
			return true
		}
	case *Builtin:
		switch e.Name {
		case "len", "cap", "real", "imag", "complex", "min", "max", "Add", "SliceData", "StringData":
			return false
		}
		return true
	}
	return false
}

// mayTrap tells that the evaluation of e may panic.
func mayTrap(e Expr) bool { return anyExpr(e, traps) }

// readsMemory tells that e, its operands aside, reads what a store through a pointer may change.
func readsMemory(e Expr) bool {
	switch e := e.(type) {
	case *Ref:
		return !unshared(e.V)
	case *Deref, *MapIndex:
		return true
	case *Index:
		_, ok := e.X.Type().Underlying().(*types.Array)
		return !ok
	case *Builtin:
		if len(e.Args) > 0 {
			_, ok := e.Args[0].Type().Underlying().(*types.Map)
			return ok
		}
	case *Convert:
		if e.Temp {
			return true
		}
		_, from := e.X.Type().Underlying().(*types.Slice)
		_, to := e.T.Underlying().(*types.Array)
		return from && to
	}
	return false
}

// refersTo tells that e mentions the variable v.
func refersTo(e Expr, v *Var) bool {
	return v != nil && anyExpr(e, func(e Expr) bool {
		r, ok := e.(*Ref)
		return ok && r.V == v
	})
}

// rootVar is the variable that the place e is a part of, or nil.
func rootVar(e Expr) *Var {
	for {
		switch x := e.(type) {
		case *Ref:
			return x.V
		case *Field:
			e = x.X
		case *Index:
			if _, ok := x.X.Type().Underlying().(*types.Array); !ok {
				return nil
			}
			e = x.X
		default:
			return nil
		}
	}
}

// isAddressable tells that e is a place.
func isAddressable(e Expr) bool {
	switch e := e.(type) {
	case *Ref, *Deref:
		return true
	case *Field:
		return isAddressable(e.X)
	case *Index:
		switch e.X.Type().Underlying().(type) {
		case *types.Array:
			return isAddressable(e.X)
		case *types.Slice:
			return true
		}
	}
	return false
}

// samePlace tells that a and b are the same expression and mean the same value when nothing happens in between.
func samePlace(a, b Expr) bool {
	switch a := a.(type) {
	case *Ref:
		b, ok := b.(*Ref)
		return ok && a.V == b.V
	case *Const:
		b, ok := b.(*Const)
		return ok && a.T == b.T && a.Val.Kind() == b.Val.Kind() && constant.Compare(a.Val, token.EQL, b.Val)
	case *Field:
		b, ok := b.(*Field)
		return ok && a.I == b.I && samePlace(a.X, b.X)
	case *Deref:
		b, ok := b.(*Deref)
		return ok && samePlace(a.X, b.X)
	case *Index:
		b, ok := b.(*Index)
		return ok && samePlace(a.X, b.X) && samePlace(a.I, b.I)
	case *Convert:
		b, ok := b.(*Convert)
		return ok && a.T == b.T && !isAlone(a) && samePlace(a.X, b.X)
	}
	return false
}

func isEmptyInterface(t types.Type) bool {
	i, ok := t.Underlying().(*types.Interface)
	return ok && i.NumMethods() == 0
}

// isNil tells that e is the literal nil.
func isNil(e Expr) bool {
	_, ok := e.(*Zero)
	return ok
}

// isLiteralValue tells that e is a constant or a zero value.
func isLiteralValue(e Expr) bool {
	switch e.(type) {
	case *Const, *Zero:
		return true
	}
	return false
}

// isConstantLiteral tells that e is a struct or array put together from constants only: an interface that holds it refers to static data.
func isConstantLiteral(e Expr) bool {
	all := func(list []Expr) bool {
		for _, x := range list {
			if x != nil && !isLiteralValue(x) && !isConstantLiteral(x) {
				return false
			}
		}
		return true
	}
	switch e := e.(type) {
	case *StructLit:
		return all(e.Vals)
	case *ArrayLit:
		_, ok := e.T.Underlying().(*types.Array)
		return ok && all(e.Elems)
	}
	return false
}

// isZeroValue tells that e is the zero value of its type in the literal sense: all bits are zero.
func isZeroValue(e Expr) bool {
	switch e := e.(type) {
	case *Zero:
		return true
	case *Const:
		switch e.Val.Kind() {
		case constant.Bool:
			return !constant.BoolVal(e.Val)
		case constant.String:
			return constant.StringVal(e.Val) == ""
		default:
			return constant.Sign(constant.Real(e.Val)) == 0 && constant.Sign(constant.Imag(e.Val)) == 0
		}
	case *StructLit:
		for _, v := range e.Vals {
			if v != nil && !isZeroValue(v) {
				return false
			}
		}
		return true
	case *ArrayLit:
		if _, ok := e.T.Underlying().(*types.Array); !ok {
			return false
		}
		for _, v := range e.Elems {
			if !isZeroValue(v) {
				return false
			}
		}
		return true
	}
	return false
}

// isDirect tells that an interface holds a value of type t itself and not a pointer to it: t is pointer-shaped.
func isDirect(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Pointer, *types.Chan, *types.Map, *types.Signature:
		return true
	case *types.Basic:
		return t.Kind() == types.UnsafePointer
	case *types.Struct:
		// One pointer-shaped field; others have no size. A last field without size is padded.
		n := t.NumFields()
		if n == 0 || isZeroSize(t.Field(n-1).Type()) {
			return false
		}
		for i := range n - 1 {
			if !isZeroSize(t.Field(i).Type()) {
				return false
			}
		}
		return isDirect(t.Field(n - 1).Type())
	case *types.Array:
		return t.Len() == 1 && isDirect(t.Elem())
	}
	return false
}

// isZeroSize tells that values of type t take no memory.
func isZeroSize(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Struct:
		for f := range t.Fields() {
			if !isZeroSize(f.Type()) {
				return false
			}
		}
		return true
	case *types.Array:
		return t.Len() == 0 || isZeroSize(t.Elem())
	}
	return false
}

// boxedByAddress tells that the runtime takes a value of type t by address when it is converted to an interface.
func boxedByAddress(sizes types.Sizes, t types.Type) bool {
	if isDirect(t) || types.IsInterface(t) {
		return false
	}
	if b, ok := soleComponent(t).Underlying().(*types.Basic); ok && b.Info()&types.IsString != 0 {
		return false
	}
	if _, ok := soleComponent(t).Underlying().(*types.Slice); ok {
		return false
	}
	size := sizes.Sizeof(t)
	if size <= 1 {
		return false
	}
	if hasPointers(t) {
		return true
	}
	return !((size == 2 || size == 4 || size == 8) && sizes.Alignof(t) == size)
}

// soleComponent is the type of the only element of one-element structs and arrays, nested.
func soleComponent(t types.Type) types.Type {
	for {
		switch u := t.Underlying().(type) {
		case *types.Struct:
			if u.NumFields() == 1 {
				t = u.Field(0).Type()
				continue
			}
		case *types.Array:
			if u.Len() == 1 {
				t = u.Elem()
				continue
			}
		}
		return t
	}
}

// hasPointers tells that values of type t hold pointers.
func hasPointers(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return t.Info()&types.IsString != 0 || t.Kind() == types.UnsafePointer || t.Kind() == types.UntypedNil
	case *types.Array:
		return t.Len() > 0 && hasPointers(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if hasPointers(f.Type()) {
				return true
			}
		}
		return false
	}
	return true
}

// fastKey tells that the map functions take keys of m by value.
func fastKey(sizes types.Sizes, m *types.Map) bool {
	const maxElem = 128 // bytes; larger elements are stored by pointer and have no fast functions
	if m == nil || sizes.Sizeof(m.Elem()) > maxElem {
		return false
	}
	if b, ok := m.Key().Underlying().(*types.Basic); ok && b.Info()&types.IsString != 0 {
		return true
	}
	n := sizes.Sizeof(m.Key())
	return (n == 4 || n == 8) && plainMemory(sizes, m.Key())
}

// plainMemory tells that two values of type t are equal exactly if their bytes are.
func plainMemory(sizes types.Sizes, t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&(types.IsBoolean|types.IsInteger) != 0 || u.Kind() == types.UnsafePointer
	case *types.Pointer, *types.Chan:
		return true
	case *types.Array:
		return plainMemory(sizes, u.Elem())
	case *types.Struct:
		var sum int64
		for f := range u.Fields() {
			if f.Name() == "_" || !plainMemory(sizes, f.Type()) {
				return false
			}
			sum += sizes.Sizeof(f.Type())
		}
		return sum == sizes.Sizeof(t)
	}
	return false
}

// convertAllocates tells that a conversion makes a new string or slice.
func convertAllocates(from, to types.Type) bool {
	from, to = from.Underlying(), to.Underlying()
	b, toString := to.(*types.Basic)
	toString = toString && b.Info()&types.IsString != 0
	f, fromString := from.(*types.Basic)
	fromString = fromString && f.Info()&types.IsString != 0
	if toString {
		return !fromString
	}
	_, toSlice := to.(*types.Slice)
	return toSlice && fromString
}

// borrowBytes lets string(b) borrow the bytes of b, for uses that do not keep the string.
func borrowBytes(e Expr) bool {
	c, ok := e.(*Convert)
	if !ok || c.Temp || !isStringFromBytes(c) {
		return false
	}
	c.Temp = true
	return true
}

// borrowUnique does so for unique.Make(string(b)), as the real compiler does: Make keeps a copy of its own.
func borrowUnique(e Expr) {
	c, ok := e.(*Call)
	if !ok || c.F == nil || c.F.Obj == nil || c.F.Pkg != "unique" || c.F.Obj.Name() != "Make" || len(c.Args) != 1 {
		return
	}
	borrowBytes(c.Args[0])
}

func isStringFromBytes(c *Convert) bool {
	b, ok := c.T.Underlying().(*types.Basic)
	if !ok || b.Info()&types.IsString == 0 {
		return false
	}
	s, ok := c.X.Type().Underlying().(*types.Slice)
	if !ok {
		return false
	}
	elem, ok := s.Elem().Underlying().(*types.Basic)
	return ok && elem.Kind() == types.Uint8
}

// borrowKey does so for a key of a map access, also inside literals.
func borrowKey(k Expr) bool {
	done := false
	switch k := k.(type) {
	case *Convert:
		return borrowBytes(k)
	case *StructLit:
		for _, v := range k.Vals {
			if v != nil {
				done = borrowKey(v) || done
			}
		}
	case *ArrayLit:
		if _, ok := k.T.Underlying().(*types.Array); ok {
			for _, v := range k.Elems {
				done = borrowKey(v) || done
			}
		}
	}
	return done
}
