package tree

// Expressions
//
// Positions follow the real compiler: a call is at its opening parenthesis, an index
// or slice expression at its bracket, an operation at its operator, a selector at
// the selected name, a literal at its brace; tracebacks then show the same lines.

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// tv is what go/types recorded for e.
func (b *builder) tv(e ast.Expr) types.TypeAndValue {
	if id, ok := e.(*ast.Ident); ok {
		if tv, ok := b.info.Types[e]; ok {
			return tv
		}
		if obj := b.objectOf(id); obj != nil {
			return types.TypeAndValue{Type: obj.Type()}
		}
	}
	return b.info.Types[e]
}

func (b *builder) objectOf(id *ast.Ident) types.Object {
	if o := b.info.Uses[id]; o != nil {
		return o
	}
	return b.info.Defs[id]
}

// typ puts type arguments into t and makes it canonical.
func (b *builder) typ(t types.Type) types.Type {
	if b.nest.sub != nil {
		t = b.nest.sub.typ(t)
	}
	return b.p.Canon(t)
}

// typeOf is the canonical type of e.
func (b *builder) typeOf(e ast.Expr) types.Type {
	t := b.tv(e).Type
	if t == nil {
		b.bug(e.Pos(), "no type recorded for %T", e)
	}
	return b.typ(t)
}

// isNil reports whether e is the predeclared nil.
func (b *builder) isNil(e ast.Expr) bool {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if !ok {
		return false
	}
	_, ok = b.info.Uses[id].(*types.Nil)
	return ok
}

// exprPos is the position that the real compiler gives to e.
func exprPos(e ast.Expr) token.Pos {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return exprPos(e.X)
	case *ast.CallExpr:
		return e.Lparen
	case *ast.IndexExpr:
		return e.Lbrack
	case *ast.IndexListExpr:
		return e.Lbrack
	case *ast.SliceExpr:
		return e.Lbrack
	case *ast.SelectorExpr:
		return e.Sel.Pos()
	case *ast.BinaryExpr:
		return e.OpPos
	case *ast.CompositeLit:
		return e.Lbrace
	case *ast.TypeAssertExpr:
		return e.Lparen
	}
	return e.Pos()
}

// expr builds the value of e.
func (b *builder) expr(e ast.Expr) Expr {
	tv := b.tv(e)
	if tv.Value != nil {
		pos := exprPos(e)
		if _, ok := ast.Unparen(e).(*ast.SelectorExpr); ok {
			pos-- // the dot
		}
		return b.constant(tv.Value, b.typ(tv.Type), pos)
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return b.expr(e.X)
	case *ast.Ident:
		return b.ident(e)
	case *ast.FuncLit:
		return b.funcLit(e)
	case *ast.CompositeLit:
		return b.composite(e)
	case *ast.SelectorExpr:
		return b.selector(e)
	case *ast.IndexExpr:
		if f := b.funcInstance(e); f != nil {
			return f
		}
		return b.index(e)
	case *ast.IndexListExpr:
		if f := b.funcInstance(e); f != nil {
			return f
		}
	case *ast.SliceExpr:
		return b.slice(e)
	case *ast.TypeAssertExpr:
		x := b.expr(e.X)
		t := b.typ(tv.Type)
		to, commaOk := t, false
		if tup, ok := t.(*types.Tuple); ok {
			to, commaOk = b.p.Canon(tup.At(0).Type()), true
		}
		b.spell(e.Lparen, e.Type, to)
		return &Assert{Typed: b.typed(e, t), X: x, To: to, CommaOk: commaOk}
	case *ast.CallExpr:
		return b.call(e)
	case *ast.StarExpr:
		return b.deref(b.expr(e.X), exprPos(e))
	case *ast.UnaryExpr:
		return b.unary(e)
	case *ast.BinaryExpr:
		return b.binary(e)
	}
	b.bug(e.Pos(), "expression %T", e)
	return nil
}

// exprTo builds e converted implicitly to t.
func (b *builder) exprTo(e ast.Expr, t types.Type) Expr {
	if b.isNil(e) {
		return b.zero(t, exprPos(e))
	}
	return b.convert(b.expr(e), t)
}

func (b *builder) typed(e ast.Expr, t types.Type) Typed { return Typed{At{exprPos(e)}, t} }

func (b *builder) zero(t types.Type, pos token.Pos) *Zero {
	return &Zero{Typed: Typed{At{pos}, b.p.Canon(t)}}
}

func (b *builder) intConst(n int64, t types.Type, pos token.Pos) *Const {
	return &Const{Typed: Typed{At{pos}, t}, Val: constant.MakeInt64(n)}
}

func (b *builder) deref(x Expr, pos token.Pos) Expr {
	return &Deref{Typed{At{pos}, b.p.Elem(x.Type())}, x}
}

func (b *builder) ident(e *ast.Ident) Expr {
	obj := b.objectOf(e)
	switch obj := obj.(type) {
	case *types.Nil:
		t := b.typeOf(e)
		if t == types.Typ[types.UntypedNil] {
			b.bug(e.Pos(), "nil without type")
		}
		return b.zero(t, e.Pos())
	case *types.Func:
		return b.funcRef(obj, b.instArgs(e), e.Pos())
	case *types.Var:
		return b.ref(b.variable(obj), e.Pos())
	}
	b.bug(e.Pos(), "identifier %s is %T", e.Name, obj)
	return nil
}

// variable is the Var of a source variable.
func (b *builder) variable(obj *types.Var) *Var {
	if v, ok := b.nest.vars[obj]; ok {
		return v
	}
	if obj.Pkg() != nil && obj.Parent() == obj.Pkg().Scope() {
		return b.p.Global(obj)
	}
	b.bug(obj.Pos(), "variable %s has no declaration", obj.Name())
	return nil
}

// funcRef is a declared function as a value.
func (b *builder) funcRef(obj *types.Func, targs []types.Type, pos token.Pos) Expr {
	f := b.p.FuncOf(obj, targs)
	t := types.Type(b.p.Signature(f))
	if f.Flags&Linked != 0 && f.Obj != obj {
		t = b.p.Canon(obj.Type())
	}
	return &FuncRef{Typed{At{pos}, t}, f}
}

// instArgs are the type arguments of a generic function named by id.
func (b *builder) instArgs(id *ast.Ident) []types.Type {
	inst, ok := b.info.Instances[id]
	if !ok {
		return nil
	}
	out := make([]types.Type, inst.TypeArgs.Len())
	for i := range out {
		out[i] = b.typ(inst.TypeArgs.At(i))
	}
	return out
}

// funcInstance builds an explicitly instantiated function F[int], or returns nil when e is an index expression.
func (b *builder) funcInstance(e ast.Expr) Expr {
	if f, args := b.staticFunc(e); f != nil {
		return b.funcRef(f, args, exprPos(e))
	}
	return nil
}

// staticFunc resolves e to a declared function with its type arguments, or nil.
func (b *builder) staticFunc(e ast.Expr) (*types.Func, []types.Type) {
	var id *ast.Ident
	switch x := ast.Unparen(e).(type) {
	case *ast.IndexExpr:
		e = x.X
	case *ast.IndexListExpr:
		e = x.X
	}
	switch x := ast.Unparen(e).(type) {
	case *ast.Ident:
		id = x
	case *ast.SelectorExpr:
		if b.info.Selections[x] != nil {
			return nil, nil
		}
		id = x.Sel
	default:
		return nil, nil
	}
	f, ok := b.info.Uses[id].(*types.Func)
	if !ok {
		return nil, nil
	}
	return f, b.instArgs(id)
}

// addr is &x for a place x; the variable that x is part of counts as address-taken.
func (b *builder) addr(x Expr, pos token.Pos) Expr {
	switch x.(type) {
	case *Ref, *Field, *Index, *Deref:
		markAddr(x)
		return &Addr{Typed{At{pos}, b.p.PointerTo(x.Type())}, x}
	}
	// Not addressable: a method call on a composite literal by way of instantiation cannot happen.
	b.bug(pos, "address of %T", x)
	return nil
}

// markAddr notes that the address of the place x, or of a part of it, is taken.
func markAddr(x Expr) {
	for {
		switch y := x.(type) {
		case *Field:
			x = y.X
			continue
		case *Index:
			if _, ok := y.X.Type().Underlying().(*types.Array); ok {
				x = y.X
				continue
			}
		case *Ref:
			y.V.source().Addrtaken = true
		}
		return
	}
}

// markAssigned notes an assignment to the place x other than its declaration.
func markAssigned(x Expr) {
	for {
		switch y := x.(type) {
		case *Field:
			x = y.X
			continue
		case *Index:
			if _, ok := y.X.Type().Underlying().(*types.Array); ok {
				x = y.X
				continue
			}
		case *Ref:
			y.V.source().Reassigned = true
		}
		return
	}
}

func (b *builder) unary(e *ast.UnaryExpr) Expr {
	pos := e.OpPos
	switch e.Op {
	case token.AND:
		x := ast.Unparen(e.X)
		if lit, ok := x.(*ast.CompositeLit); ok {
			v := b.composite(lit)
			return &New{Typed: Typed{At{pos}, b.typeOf(e)}, Init: v}
		}
		return b.addr(b.expr(x), pos)
	case token.ADD:
		return b.exprTo(e.X, b.typeOf(e))
	case token.SUB, token.XOR, token.NOT:
		t := b.typeOf(e)
		x := b.exprTo(e.X, t)
		if e.Op == token.NOT {
			if v, ok := boolConst(x); ok {
				return &Const{Typed: Typed{At{pos}, t}, Val: constant.MakeBool(!v)}
			}
		}
		return &Unary{Typed{At{pos}, t}, e.Op, x}
	case token.ARROW:
		t := b.typeOf(e)
		_, ok := t.(*types.Tuple)
		return &Recv{Typed{At{pos}, t}, b.expr(e.X), ok}
	}
	b.bug(pos, "unary %s", e.Op)
	return nil
}

func (b *builder) binary(e *ast.BinaryExpr) Expr {
	t := b.typeOf(e)
	at := Typed{At{e.OpPos}, t}
	switch e.Op {
	case token.LAND, token.LOR:
		x := b.exprTo(e.X, t)
		if v, ok := boolConst(x); ok {
			if v == (e.Op == token.LOR) {
				return x // the right side is dead and not even built
			}
			return b.exprTo(e.Y, t)
		}
		return &Binary{at, e.Op, x, b.exprTo(e.Y, t)}
	case token.SHL, token.SHR:
		return &Binary{at, e.Op, b.exprTo(e.X, t), b.shiftCount(e.Y)}
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		x, y := b.operands(e.X, e.Y)
		return &Binary{at, e.Op, x, y}
	}
	if e.Op == token.ADD && isString(t) {
		return b.concat(e, t)
	}
	return &Binary{at, e.Op, b.exprTo(e.X, t), b.exprTo(e.Y, t)}
}

// shiftCount builds the right operand of a shift: any integer type.
func (b *builder) shiftCount(e ast.Expr) Expr {
	if tv := b.tv(e); tv.Value != nil && !isInteger(tv.Type) {
		// The untyped value: as a float64 a large count would be another one.
		return &Const{Typed: Typed{At{exprPos(e)}, types.Typ[types.Uint]}, Val: constant.ToInt(tv.Value)}
	}
	return b.expr(e)
}

// operands builds the operands of a comparison with one identical type.
func (b *builder) operands(ex, ey ast.Expr) (x, y Expr) {
	switch {
	case b.isNil(ex):
		y = b.expr(ey)
		return b.zero(y.Type(), exprPos(ex)), y
	case b.isNil(ey):
		x = b.expr(ex)
		return x, b.zero(x.Type(), exprPos(ey))
	}
	return b.unify(b.expr(ex), b.expr(ey))
}

// unify converts one operand of a comparison to the type of the other.
func (b *builder) unify(x, y Expr) (Expr, Expr) {
	tx, ty := x.Type(), y.Type()
	switch {
	case tx == ty:
	case isIface(tx) && !isIface(ty):
		y = b.convert(y, tx)
	case isIface(ty) && !isIface(tx):
		x = b.convert(x, ty)
	case isConst(y):
		y = b.convert(y, tx)
	case isConst(x):
		x = b.convert(x, ty)
	case types.AssignableTo(tx, ty):
		x = b.convert(x, ty)
	default:
		y = b.convert(y, tx)
	}
	return x, y
}

func isConst(x Expr) bool { _, ok := x.(*Const); return ok }

func boolConst(x Expr) (val, ok bool) {
	if c, isC := x.(*Const); isC && c.Val.Kind() == constant.Bool {
		return constant.BoolVal(c.Val), true
	}
	return false, false
}

// concat flattens s1 + s2 + … and joins neighbouring constants.
func (b *builder) concat(e *ast.BinaryExpr, t types.Type) Expr {
	c := &Concat{Typed: Typed{At{e.OpPos}, t}}
	var add func(e ast.Expr)
	add = func(e ast.Expr) {
		if x, ok := ast.Unparen(e).(*ast.BinaryExpr); ok && x.Op == token.ADD && b.tv(x).Value == nil {
			add(x.X)
			add(x.Y)
			return
		}
		x := b.exprTo(e, t)
		if k, ok := x.(*Const); ok && len(c.Xs) > 0 {
			if last, ok := c.Xs[len(c.Xs)-1].(*Const); ok {
				c.Xs[len(c.Xs)-1] = &Const{Typed: last.Typed, Val: constant.BinaryOp(last.Val, token.ADD, k.Val)}
				return
			}
		}
		c.Xs = append(c.Xs, x)
	}
	add(e.X)
	add(e.Y)
	if len(c.Xs) == 1 {
		return c.Xs[0]
	}
	return c
}

func (b *builder) index(e *ast.IndexExpr) Expr {
	x := b.expr(e.X)
	t := b.typeOf(e)
	at := b.typed(e, t)
	if _, ok := x.Type().Underlying().(*types.Map); ok {
		_, commaOk := t.(*types.Tuple)
		return &MapIndex{at, x, b.exprTo(e.Index, b.p.Key(x.Type())), commaOk}
	}
	if _, ok := derefPtr(x.Type()); ok {
		x = b.deref(x, e.Lbrack)
	}
	i := b.indexValue(e.Index)
	r := &Index{Typed: at, X: x, I: i}
	if a, ok := x.Type().Underlying().(*types.Array); ok {
		r.T = b.p.Canon(a.Elem())
		if c, ok := i.(*Const); ok {
			n, exact := constant.Int64Val(c.Val)
			r.Bounded = exact && n >= 0 && n < a.Len()
		}
	}
	return r
}

// indexValue builds an index or a length: an integer of any type, constants as int.
func (b *builder) indexValue(e ast.Expr) Expr {
	x := b.expr(e)
	if c, ok := x.(*Const); ok && (!isInteger(c.T) || c.T != types.Typ[types.Int]) {
		c.Val = constant.ToInt(c.Val)
		if _, exact := constant.Int64Val(c.Val); exact {
			c.T = types.Typ[types.Int]
		}
	}
	return x
}

func (b *builder) slice(e *ast.SliceExpr) Expr {
	x := b.expr(e.X)
	pos := e.Lbrack
	if _, ok := x.Type().Underlying().(*types.Array); ok {
		x = b.addr(x, pos)
	}
	r := &Slice{Typed: Typed{At{pos}, b.typeOf(e)}, X: x}
	if e.Low != nil {
		r.Lo = b.indexValue(e.Low)
	}
	if e.High != nil {
		r.Hi = b.indexValue(e.High)
	}
	if e.Max != nil {
		r.Max = b.indexValue(e.Max)
	}
	return r
}
