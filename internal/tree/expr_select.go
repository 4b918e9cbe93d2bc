package tree

import (
	"go/ast"
	"go/token"
	"go/types"
)

// field selects along a path of embedded fields, following pointers.
func (b *builder) field(x Expr, path []int, pos token.Pos) Expr {
	for _, i := range path {
		if _, ok := derefPtr(x.Type()); ok {
			x = b.deref(x, pos)
		}
		x = &Field{Typed{At{pos}, b.p.FieldType(x.Type(), i)}, x, i}
	}
	return x
}

func (b *builder) selector(e *ast.SelectorExpr) Expr {
	sel := b.info.Selections[e]
	if sel == nil { // qualified identifier
		switch obj := b.info.Uses[e.Sel].(type) {
		case *types.Var:
			return b.ref(b.p.Global(obj), e.Sel.Pos()-1) // the dot
		case *types.Func:
			return b.funcRef(obj, b.instArgs(e.Sel), e.Sel.Pos())
		}
		b.bug(e.Pos(), "qualified identifier %s", e.Sel.Name)
	}
	switch sel.Kind() {
	case types.FieldVal:
		return b.field(b.expr(e.X), sel.Index(), e.Sel.Pos())
	case types.MethodVal:
		return b.methodValue(e)
	}
	f, _ := b.methodExpr(e)
	return &FuncRef{Typed{At{e.Sel.Pos()}, b.p.Signature(f)}, f}
}

// lookup finds the method name of package pkg in type t, canonical and without type parameters.
func (p *Program) lookup(t types.Type, pkg *types.Package, name string) (*types.Func, []int) {
	obj, index, _ := types.LookupFieldOrMethod(t, true, pkg, name)
	f, _ := obj.(*types.Func)
	return f, index
}

// method resolves the method of a selector whose operand has the (substituted) type t.
func (b *builder) method(e *ast.SelectorExpr, t types.Type) (*types.Func, []int) {
	sel := b.info.Selections[e]
	fn, index := sel.Obj().(*types.Func), sel.Index()
	if b.nest.sub != nil {
		fn, index = b.p.lookup(t, fn.Pkg(), fn.Name())
		if fn == nil {
			b.bug(e.Pos(), "no method %s in %s", e.Sel.Name, t)
		}
	}
	return fn, index[:len(index)-1]
}

// methodFunc is the Func of a concrete method as found in (or promoted to) type t of the receiver.
func (p *Program) methodFunc(fn *types.Func, t types.Type) *Func {
	if e, ok := types.Unalias(t).(*types.Pointer); ok {
		t = e.Elem()
	}
	var args []types.Type
	if n, ok := types.Unalias(t).(*types.Named); ok {
		for i := range n.TypeArgs().Len() {
			args = append(args, n.TypeArgs().At(i))
		}
	}
	return p.FuncOf(fn, args)
}

// hasPtrRecv reports whether a concrete method has a pointer receiver.
func hasPtrRecv(fn *types.Func) bool {
	_, ok := types.Unalias(fn.Type().(*types.Signature).Recv().Type()).(*types.Pointer)
	return ok
}

// receiver builds the receiver argument for method fn reached from x by path: the callee (nil for an
// interface method) and the receiver in the form that the callee takes.
func (b *builder) receiver(x Expr, fn *types.Func, path []int, pos token.Pos) (*Func, Expr) {
	x = b.field(x, path, pos)
	t := x.Type()
	if isIface(t) {
		return nil, x
	}
	f := b.p.methodFunc(fn, t)
	_, isPtr := types.Unalias(t).(*types.Pointer)
	switch want := hasPtrRecv(fn); {
	case want && !isPtr:
		x = b.addr(x, pos)
	case !want && isPtr:
		x = b.deref(x, pos)
	}
	return f, x
}
