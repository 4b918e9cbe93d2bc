package tree

// Checking the full form
//
// CheckFull states what the passes after the builder rely on:
//
//  1. every expression has a canonical type without type parameters;
//  2. a variable is used only in the function that owns it and, if local, is declared there;
//  3. both sides of an assignment, arguments and parameters, returned values and results,
//     elements and element types, operands of a comparison or an arithmetic operation have identical types;
//  4. an assigned or addressed expression is a place;
//  5. Deref has a pointer, Field a struct, Index an array, slice or string (or a pointer to none of them),
//     ToIface a concrete operand and an interface type that it implements;
//  6. a Jump's label belongs to an enclosing statement (break, continue) or to a Labeled of the function (goto).

import (
	"fmt"
	"go/token"
	"go/types"
)

// CheckFull checks a built function and returns the first violation.
func (p *Program) CheckFull(f *Func) error {
	if f.State != Built || f.Extern {
		return nil
	}
	c := &fullCheck{p: p, f: f, declared: map[*Var]bool{}, labels: map[*Label]bool{}, params: map[types.Type]bool{}}
	for _, vs := range [][]*Var{f.Params, f.Results, f.Captures} {
		for _, v := range vs {
			c.declared[v] = true
		}
	}
	Walk(f.Body, func(n Node) bool {
		switch n := n.(type) {
		case *Declare:
			c.declared[n.V] = true
		case *Range:
			for _, v := range n.Decl {
				c.declared[v] = true
			}
		case *TypeSwitch:
			for _, k := range n.Cases {
				if k.V != nil {
					c.declared[k.V] = true
				}
			}
		case *Select:
			for _, k := range n.Cases {
				for _, v := range k.Decl {
					c.declared[v] = true
				}
			}
		case *Labeled:
			c.labels[n.L] = true
		}
		return true
	})
	for _, vs := range [][]*Var{f.Params, f.Results, f.Captures, f.Locals} {
		for _, v := range vs {
			if v.Func != f {
				c.fail(f.Pos, 2, "variable %s belongs to another function", v.Name)
			}
			c.typ(v.T, v.Pos)
		}
	}
	c.list(f.Body)
	return c.err
}

type fullCheck struct {
	p        *Program
	f        *Func
	declared map[*Var]bool
	labels   map[*Label]bool // goto labels, and break/continue labels while inside
	params   map[types.Type]bool
	err      error
}

func (c *fullCheck) fail(pos token.Pos, rule int, format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%s: %s: rule %d: %s", c.p.Fset.Position(pos), c.f.Sym, rule, fmt.Sprintf(format, args...))
	}
}

func (c *fullCheck) typ(t types.Type, pos token.Pos) {
	if t == nil {
		c.fail(pos, 1, "no type")
		return
	}
	if t != noResult && c.p.Canon(t) != t {
		c.fail(pos, 1, "type %s is not canonical", t)
	}
	if hasParam(t, c.params) {
		c.fail(pos, 1, "type %s has a type parameter", t)
	}
}

// hasParam reports whether a type parameter occurs in t outside of underlying types.
func hasParam(t types.Type, seen map[types.Type]bool) bool {
	switch t := types.Unalias(t).(type) {
	case *types.TypeParam:
		return true
	case *types.Pointer:
		return hasParam(t.Elem(), seen)
	case *types.Slice:
		return hasParam(t.Elem(), seen)
	case *types.Array:
		return hasParam(t.Elem(), seen)
	case *types.Chan:
		return hasParam(t.Elem(), seen)
	case *types.Map:
		return hasParam(t.Key(), seen) || hasParam(t.Elem(), seen)
	case *types.Tuple:
		for i := range t.Len() {
			if hasParam(t.At(i).Type(), seen) {
				return true
			}
		}
	case *types.Signature:
		return hasParam(t.Params(), seen) || hasParam(t.Results(), seen)
	case *types.Struct:
		for i := range t.NumFields() {
			if hasParam(t.Field(i).Type(), seen) {
				return true
			}
		}
	case *types.Named:
		if v, ok := seen[t]; ok {
			return v
		}
		seen[t] = false
		for i := range t.TypeArgs().Len() {
			if hasParam(t.TypeArgs().At(i), seen) {
				seen[t] = true
				return true
			}
		}
		seen[t] = hasParam(t.Underlying(), seen)
		return seen[t]
	}
	return false
}

func (c *fullCheck) same(pos token.Pos, what string, have, want types.Type) {
	if c.p.Canon(have) != c.p.Canon(want) {
		c.fail(pos, 3, "%s: %s for %s", what, have, want)
	}
}

func (c *fullCheck) list(body []Stmt) {
	for _, s := range body {
		c.stmt(s)
	}
}

func (c *fullCheck) inside(l *Label, f func()) {
	if l != nil {
		c.labels[l] = true
		defer delete(c.labels, l)
	}
	f()
}

// assign checks that values fit places; a nil place is blank.
func (c *fullCheck) assign(pos token.Pos, lhs []Expr, rhs []Expr) {
	for _, x := range rhs {
		c.expr(x)
	}
	want := make([]types.Type, len(lhs))
	for i, l := range lhs {
		if l != nil {
			c.place(l)
			want[i] = l.Type()
		}
	}
	c.values(pos, "assignment", rhs, want)
}

func (c *fullCheck) values(pos token.Pos, what string, rhs []Expr, want []types.Type) {
	if len(rhs) == 1 && len(want) != 1 {
		tup, ok := rhs[0].Type().(*types.Tuple)
		if !ok || tup.Len() != len(want) {
			c.fail(pos, 3, "%s: %d places for %s", what, len(want), rhs[0].Type())
			return
		}
		for i, t := range want {
			if t != nil {
				c.same(pos, what, tup.At(i).Type(), t)
			}
		}
		return
	}
	if len(rhs) != len(want) {
		c.fail(pos, 3, "%s: %d values for %d places", what, len(rhs), len(want))
		return
	}
	for i, t := range want {
		if t != nil {
			c.same(pos, what, rhs[i].Type(), t)
		}
	}
}

func (c *fullCheck) place(x Expr) {
	c.expr(x)
	for {
		switch y := x.(type) {
		case *Ref, *Deref, *MapIndex:
			return
		case *Field:
			x = y.X
			continue
		case *Index:
			if _, ok := y.X.Type().Underlying().(*types.Array); ok {
				x = y.X
				continue
			}
			return
		}
		c.fail(x.Pos(), 4, "%T is not a place", x)
		return
	}
}

func (c *fullCheck) boolean(x Expr) {
	c.expr(x)
	if b, ok := x.Type().Underlying().(*types.Basic); !ok || b.Info()&types.IsBoolean == 0 {
		c.fail(x.Pos(), 3, "condition of type %s", x.Type())
	}
}

func (c *fullCheck) stmt(s Stmt) {
	switch s := s.(type) {
	case *ExprStmt:
		c.expr(s.X)
	case *Declare:
		if s.V.Func != c.f {
			c.fail(s.P, 2, "declares %s of another function", s.V.Name)
		}
		if s.Init != nil {
			c.expr(s.Init)
			c.same(s.P, "declaration of "+s.V.Name, s.Init.Type(), s.V.T)
		}
	case *Assign:
		c.assign(s.P, s.Lhs, s.Rhs)
	case *AssignOp:
		c.place(s.X)
		c.expr(s.Y)
		if s.Op != token.SHL && s.Op != token.SHR {
			c.same(s.P, "operands of "+s.Op.String()+"=", s.Y.Type(), s.X.Type())
		}
	case *If:
		c.boolean(s.Cond)
		c.list(s.Then)
		c.list(s.Else)
	case *For:
		if s.Cond != nil {
			c.boolean(s.Cond)
		}
		c.inside(s.Label, func() { c.list(s.Body) })
		c.list(s.Post)
	case *Range:
		if d, ok := s.X.(*Deref); ok {
			c.expr(d.X)
		} else {
			c.expr(s.X)
		}
		for _, x := range []Expr{s.Key, s.Val} {
			if x != nil {
				c.place(x)
			}
		}
		c.inside(s.Label, func() { c.list(s.Body) })
	case *Switch:
		if s.Tag != nil {
			c.expr(s.Tag)
		}
		c.inside(s.Label, func() {
			for i, k := range s.Cases {
				for _, v := range k.Vals {
					if s.Tag == nil {
						c.boolean(v)
					} else {
						c.expr(v)
						c.same(v.Pos(), "case", v.Type(), s.Tag.Type())
					}
				}
				if k.Fall && i == len(s.Cases)-1 {
					c.fail(k.P, 6, "fallthrough out of the last clause")
				}
				c.list(k.Body)
			}
		})
	case *TypeSwitch:
		c.expr(s.X)
		if !isIface(s.X.Type()) {
			c.fail(s.P, 5, "type switch on %s", s.X.Type())
		}
		c.inside(s.Label, func() {
			for _, k := range s.Cases {
				for _, t := range k.Types {
					if t != nil {
						c.typ(t, k.P)
					}
				}
				if k.V != nil && len(k.Types) == 1 && k.Types[0] != nil {
					c.same(k.P, "type switch variable", k.V.T, k.Types[0])
				} else if k.V != nil {
					c.same(k.P, "type switch variable", k.V.T, s.X.Type())
				}
				c.list(k.Body)
			}
		})
	case *Select:
		c.inside(s.Label, func() {
			for _, k := range s.Cases {
				if k.Ch != nil {
					c.expr(k.Ch)
					elem := c.p.Elem(k.Ch.Type())
					if k.Send {
						c.expr(k.Val)
						c.same(k.P, "send", k.Val.Type(), elem)
					}
					if k.Lhs != nil {
						c.place(k.Lhs)
						c.same(k.P, "receive", k.Lhs.Type(), elem)
					}
					if k.Ok != nil {
						c.place(k.Ok)
						c.same(k.P, "receive", k.Ok.Type(), types.Typ[types.Bool])
					}
				}
				c.list(k.Body)
			}
		})
	case *Jump:
		if !c.labels[s.L] {
			c.fail(s.P, 6, "%s to a label that is not around it", s.Tok)
		}
	case *Return:
		for _, x := range s.Vals {
			c.expr(x)
		}
		if len(s.Vals) > 0 {
			want := make([]types.Type, len(c.f.Results))
			for i, r := range c.f.Results {
				want[i] = r.T
			}
			c.values(s.P, "return", s.Vals, want)
		}
	case *Go:
		c.unit(s.Fn)
	case *Defer:
		c.unit(s.Fn)
		if s.Token != nil {
			c.expr(s.Token)
		}
	case *Send:
		c.expr(s.Ch)
		c.expr(s.X)
		c.same(s.P, "send", s.X.Type(), c.p.Elem(s.Ch.Type()))
	case *Group:
		c.list(s.Stmts)
	}
}

// unit checks that x is a func() value.
func (c *fullCheck) unit(x Expr) {
	c.expr(x)
	if sig, ok := x.Type().Underlying().(*types.Signature); !ok || sig.Params().Len() != 0 || sig.Results().Len() != 0 {
		c.fail(x.Pos(), 3, "go or defer of %s", x.Type())
	}
}

func (c *fullCheck) exprs(xs ...Expr) {
	for _, x := range xs {
		if x != nil {
			c.expr(x)
		}
	}
}

func (c *fullCheck) expr(x Expr) {
	if x == nil {
		c.fail(c.f.Pos, 1, "missing expression")
		return
	}
	t := x.Type()
	pos := x.Pos()
	c.typ(t, pos)
	if c.err != nil {
		return
	}
	switch x := x.(type) {
	case *Const:
		b, ok := t.Underlying().(*types.Basic)
		if !ok || b.Info()&types.IsUntyped != 0 {
			c.fail(pos, 1, "constant of type %s", t)
		}
	case *Ref:
		if x.V.Kind != Global {
			if x.V.Func != c.f {
				c.fail(pos, 2, "%s belongs to %s", x.V.Name, x.V.Func.Sym)
			}
			if !c.declared[x.V] {
				c.fail(pos, 2, "%s is not declared", x.V.Name)
			}
		}
		c.same(pos, "variable "+x.V.Name, t, x.V.T)
	case *FuncRef:
		if len(x.F.Captures) > 0 {
			c.fail(pos, 2, "%s has captures", x.F.Sym)
		}
		if x.F.Flags&Linked == 0 {
			c.same(pos, "function "+x.F.Sym, t.Underlying(), c.p.Signature(x.F))
		}
	case *Closure:
		c.exprs(x.Vals...)
		if len(x.Vals) != len(x.F.Captures) {
			c.fail(pos, 2, "%d values for %d captures", len(x.Vals), len(x.F.Captures))
			return
		}
		for i, v := range x.Vals {
			c.same(pos, "capture", v.Type(), x.F.Captures[i].T)
			if _, ok := v.(*Ref); x.F.Captures[i].ByRef && !ok {
				c.fail(pos, 4, "capture by reference of %T", v)
			}
		}
		c.same(pos, "function "+x.F.Sym, t.Underlying(), c.p.Signature(x.F))
	case *Unary:
		c.exprs(x.X)
		c.same(pos, "operand of "+x.Op.String(), x.X.Type(), t)
	case *Binary:
		c.exprs(x.X, x.Y)
		switch x.Op {
		case token.SHL, token.SHR:
			c.same(pos, "shifted operand", x.X.Type(), t)
		case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
			c.same(pos, "operands of "+x.Op.String(), x.X.Type(), x.Y.Type())
		default:
			c.same(pos, "operand of "+x.Op.String(), x.X.Type(), t)
			c.same(pos, "operand of "+x.Op.String(), x.Y.Type(), t)
		}
	case *Deref:
		c.exprs(x.X)
		if e, ok := derefPtr(x.X.Type()); !ok {
			c.fail(pos, 5, "dereference of %s", x.X.Type())
		} else {
			c.same(pos, "dereference", t, e)
		}
	case *Addr:
		c.place(x.X)
		c.same(pos, "address", t, c.p.PointerTo(x.X.Type()))
	case *Field:
		c.exprs(x.X)
		if st, ok := x.X.Type().Underlying().(*types.Struct); !ok || x.I >= st.NumFields() {
			c.fail(pos, 5, "field %d of %s", x.I, x.X.Type())
		} else {
			c.same(pos, "field", t, st.Field(x.I).Type())
		}
	case *Index:
		c.exprs(x.X, x.I)
		if !isInteger(x.I.Type()) {
			c.fail(pos, 5, "index of type %s", x.I.Type())
		}
		switch u := x.X.Type().Underlying().(type) {
		case *types.Array:
			c.same(pos, "element", t, u.Elem())
		case *types.Slice:
			c.same(pos, "element", t, u.Elem())
		case *types.Basic:
			c.same(pos, "element", t, types.Typ[types.Uint8])
		default:
			c.fail(pos, 5, "index into %s", x.X.Type())
		}
	case *MapIndex:
		c.exprs(x.M, x.K)
		c.same(pos, "map key", x.K.Type(), c.p.Key(x.M.Type()))
	case *Slice:
		c.exprs(x.X, x.Lo, x.Hi, x.Max)
		if e, ok := derefPtr(x.X.Type()); ok {
			if _, ok := e.Underlying().(*types.Array); !ok {
				c.fail(pos, 5, "slice of %s", x.X.Type())
			}
		} else if _, ok := x.X.Type().Underlying().(*types.Array); ok {
			c.fail(pos, 5, "slice of %s", x.X.Type())
		}
	case *Call:
		c.call(x)
	case *Builtin:
		c.exprs(x.Args...)
		if x.Name == "append" && !x.Dots {
			for _, a := range x.Args[1:] {
				c.same(pos, "append", a.Type(), c.p.Elem(t))
			}
		}
	case *New:
		if x.Init != nil {
			c.exprs(x.Init)
			c.same(pos, "new", x.Init.Type(), c.p.Elem(t))
		}
	case *MakeSlice:
		c.exprs(x.Len, x.Cap)
	case *MakeMap:
		c.exprs(x.Hint)
	case *MakeChan:
		c.exprs(x.Size)
	case *StructLit:
		st := t.Underlying().(*types.Struct)
		if len(x.Vals) != st.NumFields() {
			c.fail(pos, 3, "%d values for %d fields", len(x.Vals), st.NumFields())
			return
		}
		for i, v := range x.Vals {
			if v != nil {
				c.exprs(v)
				c.same(pos, "field "+st.Field(i).Name(), v.Type(), st.Field(i).Type())
			}
		}
	case *ArrayLit:
		for i, v := range x.Elems {
			c.exprs(v)
			c.same(pos, "element", v.Type(), c.p.Elem(t))
			if x.Index[i] < 0 || x.Index[i] >= x.Len {
				c.fail(pos, 3, "element %d of %d", x.Index[i], x.Len)
			}
		}
	case *MapLit:
		for i := range x.Keys {
			c.exprs(x.Keys[i], x.Vals[i])
			c.same(pos, "map key", x.Keys[i].Type(), c.p.Key(t))
			c.same(pos, "map element", x.Vals[i].Type(), c.p.Elem(t))
		}
	case *Convert:
		c.exprs(x.X)
		if isIface(t) || isIface(x.X.Type()) {
			c.fail(pos, 5, "conversion from %s to %s", x.X.Type(), t)
		} else if !types.ConvertibleTo(x.X.Type(), t) {
			c.fail(pos, 5, "conversion from %s to %s", x.X.Type(), t)
		}
	case *ToIface:
		c.exprs(x.X)
		if !isIface(t) || isIface(x.X.Type()) || !types.AssignableTo(x.X.Type(), t) {
			c.fail(pos, 5, "interface conversion from %s to %s", x.X.Type(), t)
		}
	case *IfaceConv:
		c.exprs(x.X)
		if !isIface(t) || !isIface(x.X.Type()) || !types.ConvertibleTo(x.X.Type(), t) {
			c.fail(pos, 5, "interface conversion from %s to %s", x.X.Type(), t)
		}
	case *Assert:
		c.exprs(x.X)
		if !isIface(x.X.Type()) {
			c.fail(pos, 5, "assertion on %s", x.X.Type())
		}
		c.typ(x.To, pos)
	case *Recv:
		c.exprs(x.X)
	case *Concat:
		for _, y := range x.Xs {
			c.exprs(y)
			c.same(pos, "concatenation", y.Type(), t)
		}
	case *Block:
		c.list(x.Stmts)
		if x.X != nil {
			c.exprs(x.X)
		}
	}
}

func (c *fullCheck) call(x *Call) {
	c.exprs(x.Fn)
	c.exprs(x.Args...)
	c.exprs(x.Keep...)
	var want []types.Type
	var sig *types.Signature
	switch {
	case x.F != nil:
		for _, v := range x.F.Params {
			want = append(want, v.T)
		}
		sig = c.p.Signature(x.F)
	case x.Method != nil:
		want = append(want, nil)
		sig = x.Method.Type().(*types.Signature)
		if len(x.Args) == 0 || !isIface(x.Args[0].Type()) {
			c.fail(x.P, 5, "interface call of %s", x.Method.Name())
			return
		}
	default:
		var ok bool
		if sig, ok = x.Fn.Type().Underlying().(*types.Signature); !ok {
			c.fail(x.P, 5, "call of %s", x.Fn.Type())
			return
		}
	}
	if x.F == nil {
		for i := range sig.Params().Len() {
			want = append(want, sig.Params().At(i).Type())
		}
	}
	if len(x.Args) != len(want) {
		c.fail(x.P, 3, "%d arguments for %d parameters", len(x.Args), len(want))
		return
	}
	if x.F != nil && x.F.Flags&Linked != 0 {
		for i, t := range want {
			if c.p.Sizes.Sizeof(t) != c.p.Sizes.Sizeof(x.Args[i].Type()) {
				c.fail(x.P, 3, "argument %d: %s for %s", i, x.Args[i].Type(), t)
			}
		}
		return
	}
	for i, t := range want {
		if t != nil {
			c.same(x.P, fmt.Sprintf("argument %d", i), x.Args[i].Type(), t)
		}
	}
	if sig.Results().Len() == 1 {
		c.same(x.P, "result", x.T, sig.Results().At(0).Type())
	} else if tup, ok := x.T.(*types.Tuple); !ok || tup.Len() != sig.Results().Len() {
		c.fail(x.P, 3, "result %s of %s", x.T, sig)
	}
}
