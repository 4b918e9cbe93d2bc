package tree

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// call builds a conversion, a call of a builtin, or a call.
func (b *builder) call(e *ast.CallExpr) Expr {
	tv := b.tv(e.Fun)
	if tv.IsType() {
		t := b.typ(tv.Type)
		b.spell(e.Lparen, e.Fun, t)
		return b.conversion(e.Args[0], t, e.Lparen)
	}
	if name, ok := b.builtinName(e.Fun); ok {
		return b.builtin(e, name)
	}
	b.fn.Flags |= HasCalls
	c, pre := b.callee(e)
	pre = append(pre, b.arguments(c, e)...)
	if len(pre) > 0 {
		return &Block{Typed: c.Typed, Stmts: pre, X: c}
	}
	return c
}

// builtinName reports whether fun denotes a builtin function ("Add" for unsafe.Add).
func (b *builder) builtinName(fun ast.Expr) (string, bool) {
	var id *ast.Ident
	switch x := ast.Unparen(fun).(type) {
	case *ast.Ident:
		id = x
	case *ast.SelectorExpr:
		id = x.Sel
	default:
		return "", false
	}
	o, ok := b.info.Uses[id].(*types.Builtin)
	if !ok {
		return "", false
	}
	return o.Name(), true
}

// callee builds a Call with the function and the receiver, if any, in Args.
func (b *builder) callee(e *ast.CallExpr) (*Call, []Stmt) {
	c := b.calling(e.Fun, e.Lparen)
	switch {
	case c.Fn != nil:
		return c, b.before(e, &c.Fn)
	case len(c.Args) > 0:
		return c, b.before(e, &c.Args[0])
	}
	return c, nil
}

// calling is a call of fun without arguments but the receiver, if there is one.
func (b *builder) calling(fun ast.Expr, pos token.Pos) *Call {
	fun = ast.Unparen(fun)
	c := &Call{Typed: Typed{At{pos}, nil}}
	if sel, ok := fun.(*ast.SelectorExpr); ok {
		if s := b.info.Selections[sel]; s != nil {
			switch s.Kind() {
			case types.MethodVal:
				x := b.expr(sel.X)
				fn, path := b.method(sel, x.Type())
				f, recv := b.receiver(x, fn, path, sel.Sel.Pos())
				if f == nil {
					c.Method = b.p.ifaceMethod(recv.Type(), fn)
				}
				c.F = f
				if isTypeParam(s.Recv()) {
					c.Known = ByTypeParam
				}
				c.Args = append(c.Args, recv)
				return c
			case types.MethodExpr:
				c.F, c.Method = b.methodExpr(sel)
				if c.Method != nil {
					c.F = nil
				} else if c.F.Flags&Wrapper != 0 {
					c.Known = ByWrapper
				}
				return c
			}
		}
	}
	if f, targs := b.staticFunc(fun); f != nil {
		c.F, c.Known = b.p.FuncOf(f, targs), b.p.knowledge(f)
		return c
	}
	c.Fn = b.expr(fun)
	if r, ok := c.Fn.(*FuncRef); ok {
		c.F, c.Fn = r.F, nil
	}
	return c
}

// isTypeParam reports whether t, before substitution, is a type parameter or a pointer to one.
func isTypeParam(t types.Type) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	_, ok := types.Unalias(t).(*types.TypeParam)
	return ok
}

// knowledge is what the declaration of f says to callers.
func (p *Program) knowledge(f *types.Func) Knowledge {
	d := p.load.FuncDecl(f)
	switch {
	case d == nil || d.Body != nil:
		return KnownFunc
	case p.pragma(f)&NoEscape != 0:
		return BodylessKept
	}
	return Bodyless
}

// before keeps a function or receiver that has effects in a temporary when the arguments are the results of
// one call, which is made by statements before the call of e.
func (b *builder) before(e *ast.CallExpr, x *Expr) []Stmt {
	if len(e.Args) != 1 || !b.isTuple(e.Args[0]) || !hasEffects(*x) {
		return nil
	}
	v := b.temp("callee", (*x).Type(), e.Lparen)
	d := &Declare{At: At{e.Lparen}, V: v, Init: *x}
	*x = b.ref(v, e.Lparen)
	return []Stmt{d}
}

// ifaceMethod is the method object of the interface type t itself (a selection may name it through a type parameter).
func (p *Program) ifaceMethod(t types.Type, fn *types.Func) *types.Func {
	it := t.Underlying().(*types.Interface)
	for i := range it.NumMethods() {
		if m := it.Method(i); m.Id() == fn.Id() {
			return m
		}
	}
	panic("BUG: tree: no method " + fn.Name() + " in " + t.String())
}

// MethodIndex is the index of an interface method in the order of the itab of interface type t.
func (p *Program) MethodIndex(t types.Type, fn *types.Func) int {
	for i, m := range p.MethodSet(t) {
		if m.Fn.Id() == fn.Id() {
			return i
		}
	}
	panic("BUG: tree: no method " + fn.Name() + " in " + t.String())
}

// isTuple reports whether e is a call with several results.
func (b *builder) isTuple(e ast.Expr) bool {
	if _, ok := ast.Unparen(e).(*ast.CallExpr); !ok {
		return false
	}
	t, ok := b.tv(e).Type.(*types.Tuple)
	return ok && t.Len() > 1
}

// spread evaluates a call with several results into temporaries.
func (b *builder) spread(e ast.Expr) ([]Stmt, []Expr) {
	return b.spreadValue(b.expr(e), exprPos(e))
}

func (b *builder) spreadValue(x Expr, pos token.Pos) (pre []Stmt, parts []Expr) {
	if blk, ok := x.(*Block); ok {
		pre, x = blk.Stmts, blk.X
	}
	tup := x.Type().(*types.Tuple)
	as := &Assign{At: At{pos}, Rhs: []Expr{x}}
	out := make([]Expr, tup.Len())
	for i := range out {
		v := b.temp("arg", b.p.Canon(tup.At(i).Type()), pos)
		pre = append(pre, &Declare{At: At{pos}, V: v})
		as.Lhs = append(as.Lhs, b.ref(v, pos))
		out[i] = b.ref(v, pos)
	}
	return append(pre, as), out
}

// arguments adds the arguments of e to c, converted to the parameter types and with the variadic
// ones packed, and sets the result type. The statements must run before the call.
func (b *builder) arguments(c *Call, e *ast.CallExpr) (pre []Stmt) {
	sig := b.typeOf(e.Fun).Underlying().(*types.Signature)
	c.T = b.p.resultType(sig)
	params := sig.Params()
	var vals []Expr
	at := func(i int) types.Type {
		if sig.Variadic() && i >= params.Len()-1 {
			if e.Ellipsis.IsValid() {
				return b.p.Canon(params.At(params.Len() - 1).Type())
			}
			return b.p.Elem(params.At(params.Len() - 1).Type())
		}
		return b.p.Canon(params.At(i).Type())
	}
	if len(e.Args) == 1 && b.isTuple(e.Args[0]) {
		pre, vals = b.spread(e.Args[0])
		for i := range vals {
			vals[i].(*Ref).At = At{e.Lparen}
			vals[i] = b.convert(vals[i], at(i))
		}
	} else {
		vals = make([]Expr, len(e.Args))
		for i, a := range e.Args {
			vals[i] = b.exprTo(a, at(i))
		}
	}
	if c.F != nil && c.F.Flags&(UintptrEsc|UintptrKeep) != 0 {
		pre = append(pre, b.keepPointers(c, vals)...)
	}
	c.Dots = e.Ellipsis.IsValid()
	if sig.Variadic() && !c.Dots {
		vals = b.pack(vals, params.Len()-1, b.p.Canon(params.At(params.Len()-1).Type()), e.Lparen)
	}
	c.Args = append(c.Args, vals...)
	return pre
}

// keepPointers puts pointers that the call takes as uintptr(p) into variables that live as long as the call. To keep
// the order, so do the other operands; their values are taken by the statements.
func (b *builder) keepPointers(c *Call, vals []Expr) (pre []Stmt) {
	pointer := func(x Expr) *Convert {
		if y, ok := x.(*Convert); ok {
			from, ok := y.X.Type().Underlying().(*types.Basic)
			to, ok2 := y.T.Underlying().(*types.Basic)
			if ok && ok2 && from.Kind() == types.UnsafePointer && to.Kind() == types.Uintptr {
				return y
			}
		}
		return nil
	}
	if !slices.ContainsFunc(vals, func(x Expr) bool { return pointer(x) != nil }) {
		return nil
	}
	hold := func(x *Expr, name string) *Ref {
		pos := (*x).Pos()
		v := b.temp(name, (*x).Type(), pos)
		pre = append(pre, &Declare{At: At{pos}, V: v, Init: *x})
		*x = b.ref(v, pos)
		return &Ref{Typed: Typed{At{pos}, v.T}, V: v}
	}
	for _, list := range [][]Expr{c.Args, vals} {
		for i, x := range list {
			if y := pointer(x); y != nil {
				c.Keep = append(c.Keep, hold(&y.X, "keep"))
			} else if _, ok := x.(*Const); !ok {
				hold(&list[i], "arg")
			}
		}
	}
	return pre
}

// pack puts the values from n on into a slice literal of type t, or nil when there are none.
func (b *builder) pack(vals []Expr, n int, t types.Type, pos token.Pos) []Expr {
	if len(vals) == n {
		return append(vals, &Zero{Typed: Typed{At{pos}, t}})
	}
	lit := &ArrayLit{Typed: Typed{At{pos}, t}, Len: int64(len(vals) - n), Dots: true}
	for i, v := range vals[n:] {
		lit.Index = append(lit.Index, int64(i))
		lit.Elems = append(lit.Elems, v)
	}
	return append(vals[:n:n], lit)
}

// hasEffects reports whether evaluating x may call, receive, allocate or otherwise do more than load.
func hasEffects(x Expr) bool {
	switch x := x.(type) {
	case nil, *Const, *Zero, *Ref, *FuncRef:
		return false
	case *Unary:
		return hasEffects(x.X)
	case *Binary:
		return hasEffects(x.X) || hasEffects(x.Y)
	case *Deref:
		return hasEffects(x.X)
	case *Addr:
		return hasEffects(x.X)
	case *Field:
		return hasEffects(x.X)
	case *Index:
		return hasEffects(x.X) || hasEffects(x.I)
	}
	return true
}
