package tree

import (
	"go/ast"
	"go/constant"
	"go/types"
)

// builtin builds a call of a builtin function.
func (b *builder) builtin(e *ast.CallExpr, name string) Expr {
	pos := e.Lparen
	if len(e.Args) == 1 && b.isTuple(e.Args[0]) {
		pre, vals := b.spread(e.Args[0])
		x := b.builtinOf(e, name, vals)
		return &Block{Typed: Typed{At{pos}, x.Type()}, Stmts: pre, X: x}
	}
	return b.builtinOf(e, name, nil)
}

// builtinOf builds the builtin call with the given argument values, or the arguments of e when vals is nil.
func (b *builder) builtinOf(e *ast.CallExpr, name string, vals []Expr) Expr {
	pos := e.Lparen
	p := b.p
	n := len(e.Args)
	if vals != nil {
		n = len(vals)
	}
	arg := func(i int) Expr {
		if vals != nil {
			return vals[i]
		}
		return b.expr(e.Args[i])
	}
	argTo := func(i int, t types.Type) Expr {
		if vals != nil {
			return b.convert(vals[i], t)
		}
		return b.exprTo(e.Args[i], t)
	}
	toInt := func(i int) Expr {
		x := arg(i)
		if c, ok := x.(*Const); ok {
			if v := constant.ToInt(c.Val); v.Kind() == constant.Int {
				return &Const{Typed: Typed{c.At, types.Typ[types.Int]}, Val: v}
			}
		}
		if x.Type() != types.Typ[types.Int] {
			x = &Convert{Typed: Typed{At{x.Pos()}, types.Typ[types.Int]}, X: x}
		}
		return x
	}
	t := noResult
	if rt := b.tv(e).Type; rt != nil && !b.tv(e).IsVoid() {
		t = b.typ(rt)
	}
	r := &Builtin{Typed: Typed{At{pos}, t}, Name: name, Dots: e.Ellipsis.IsValid()}
	switch name {
	case "len", "cap":
		x := arg(0)
		at := x.Type()
		if elem, ok := derefPtr(at); ok {
			at = p.Canon(elem)
		}
		if a, ok := at.Underlying().(*types.Array); ok {
			n := b.intConst(a.Len(), types.Typ[types.Int], pos)
			if !hasEffects(x) {
				return n
			}
			return &Block{Typed: n.Typed, Stmts: []Stmt{&Assign{At{pos}, []Expr{nil}, []Expr{b.checked(x)}}}, X: n}
		}
		r.Args = []Expr{x}
	case "append":
		s := argTo(0, t)
		r.Args = []Expr{s}
		if r.Dots {
			if b.isNil(e.Args[1]) {
				r.Args = append(r.Args, b.zero(t, pos))
			} else {
				r.Args = append(r.Args, arg(1))
			}
			break
		}
		elem := p.Elem(t)
		for i := 1; i < n; i++ {
			r.Args = append(r.Args, argTo(i, elem))
		}
	case "copy":
		r.Args = []Expr{arg(0), arg(1)}
	case "delete":
		m := arg(0)
		r.Args = []Expr{m, argTo(1, p.Key(m.Type()))}
	case "clear", "close":
		r.Args = []Expr{arg(0)}
	case "min", "max":
		for i := range n {
			r.Args = append(r.Args, argTo(i, t))
		}
		if n == 1 {
			return r.Args[0]
		}
	case "complex":
		part := types.Typ[types.Float64]
		if t.Underlying().(*types.Basic).Kind() == types.Complex64 {
			part = types.Typ[types.Float32]
		}
		x, y := arg(0), arg(1)
		pt := x.Type()
		if isConst(x) {
			pt = y.Type()
		}
		if bt, ok := pt.Underlying().(*types.Basic); !ok || bt.Kind() != part.Kind() {
			pt = part
		}
		r.Args = []Expr{b.convert(x, pt), b.convert(y, pt)}
	case "real", "imag":
		r.Args = []Expr{arg(0)}
	case "make":
		return b.makeOf(e, t, toInt)
	case "new":
		nw := &New{Typed: Typed{At{pos}, t}}
		if b.tv(e.Args[0]).IsType() {
			b.spell(pos, e.Args[0], p.Elem(t))
		} else {
			nw.Init = b.exprTo(e.Args[0], p.Elem(t))
		}
		return nw
	case "panic":
		r.T = noResult
		r.Args = []Expr{argTo(0, types.NewInterfaceType(nil, nil))}
		b.fn.Flags |= HasCalls
	case "print", "println":
		for i := range n {
			if vals == nil && b.isNil(e.Args[i]) {
				r.Args = append(r.Args, b.zero(types.Typ[types.UnsafePointer], pos))
				continue
			}
			r.Args = append(r.Args, arg(i))
		}
	case "recover":
		b.fn.Flags |= HasRecover
	case "Add":
		r.Args = []Expr{argTo(0, types.Typ[types.UnsafePointer]), toInt(1)}
	case "Slice":
		r.Args = []Expr{arg(0), toInt(1)}
	case "String":
		r.Args = []Expr{argTo(0, types.NewPointer(types.Typ[types.Uint8])), toInt(1)}
	case "SliceData", "StringData":
		r.Args = []Expr{arg(0)}
	case "Sizeof":
		return b.intConst(p.Sizes.Sizeof(b.typeOf(e.Args[0])), t, pos)
	case "Alignof":
		return b.intConst(p.Sizes.Alignof(b.typeOf(e.Args[0])), t, pos)
	case "Offsetof":
		return b.intConst(b.offsetof(ast.Unparen(e.Args[0]).(*ast.SelectorExpr)), t, pos)
	default:
		b.bug(pos, "builtin %s", name)
	}
	return r
}

// makeOf builds make(T, sizes).
func (b *builder) makeOf(e *ast.CallExpr, t types.Type, size func(int) Expr) Expr {
	at := Typed{At{e.Lparen}, t}
	b.spell(e.Lparen, e.Args[0], t)
	var n, c Expr
	if len(e.Args) > 1 {
		n = size(1)
	}
	if len(e.Args) > 2 {
		c = size(2)
	}
	switch t.Underlying().(type) {
	case *types.Slice:
		return &MakeSlice{Typed: at, Len: n, Cap: c}
	case *types.Map:
		return &MakeMap{Typed: at, Hint: n}
	case *types.Chan:
		return &MakeChan{Typed: at, Size: n}
	}
	b.bug(e.Lparen, "make of %s", t)
	return nil
}

// offsetof is the offset of a field selection that depends on type arguments.
func (b *builder) offsetof(e *ast.SelectorExpr) int64 {
	sel := b.info.Selections[e]
	t := b.typeOf(e.X)
	if elem, ok := derefPtr(t); ok {
		t = elem
	}
	off := int64(0)
	for _, i := range sel.Index() {
		st := t.Underlying().(*types.Struct)
		fields := make([]*types.Var, st.NumFields())
		for j := range fields {
			fields[j] = st.Field(j)
		}
		off += b.p.Sizes.Offsetsof(fields)[i]
		t = st.Field(i).Type()
	}
	return off
}

// checked makes the nil check of *p an operation of its own, for a value that is evaluated but not used.
func (b *builder) checked(x Expr) Expr {
	if d, ok := x.(*Deref); ok {
		return &Builtin{Typed: Typed{d.At, d.X.Type()}, Name: "nilcheck", Args: []Expr{d.X}}
	}
	return x
}
