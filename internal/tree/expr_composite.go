package tree

import (
	"go/ast"
	"go/constant"
	"go/types"
)

// composite builds a composite literal; where &T was left out, the pointer to it.
func (b *builder) composite(e *ast.CompositeLit) Expr {
	t := b.typeOf(e)
	if elem, ok := derefPtr(t); ok {
		return &New{Typed: Typed{At{e.Lbrace}, t}, Init: b.compositeOf(e, b.p.Canon(elem))}
	}
	return b.compositeOf(e, t)
}

func (b *builder) compositeOf(e *ast.CompositeLit, t types.Type) Expr {
	at := Typed{At{e.Lbrace}, t}
	b.spell(e.Lbrace, e, t)
	switch u := t.Underlying().(type) {
	case *types.Struct:
		if len(e.Elts) == 0 {
			return &Zero{Typed: at}
		}
		lit := &StructLit{Typed: at, Vals: make([]Expr, u.NumFields())}
		last := -1
		for i, el := range e.Elts {
			v := el
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				v = kv.Value
				name := kv.Key.(*ast.Ident)
				i = b.fieldIndex(u, name)
			}
			lit.Vals[i] = b.exprTo(v, b.p.Canon(u.Field(i).Type()))
			if i < last && lit.Order == nil {
				lit.Order = []int{}
			}
			last = max(last, i)
		}
		if lit.Order != nil {
			for _, el := range e.Elts {
				lit.Order = append(lit.Order, b.fieldIndex(u, el.(*ast.KeyValueExpr).Key.(*ast.Ident)))
			}
		}
		return lit
	case *types.Array:
		lit := &ArrayLit{Typed: at, Len: u.Len()}
		if len(e.Elts) == 0 {
			return &Zero{Typed: at}
		}
		b.elements(lit, e.Elts, b.p.Canon(u.Elem()))
		return lit
	case *types.Slice:
		lit := &ArrayLit{Typed: at}
		lit.Len = b.elements(lit, e.Elts, b.p.Canon(u.Elem()))
		return lit
	case *types.Map:
		lit := &MapLit{Typed: at}
		for _, el := range e.Elts {
			kv := el.(*ast.KeyValueExpr)
			lit.Keys = append(lit.Keys, b.exprTo(kv.Key, b.p.Canon(u.Key())))
			lit.Vals = append(lit.Vals, b.exprTo(kv.Value, b.p.Canon(u.Elem())))
		}
		return lit
	}
	b.bug(e.Pos(), "composite literal of type %s", t)
	return nil
}

// fieldIndex finds a field by its key in a literal.
func (b *builder) fieldIndex(u *types.Struct, name *ast.Ident) int {
	for i := range u.NumFields() {
		if f := u.Field(i); f.Name() == name.Name && (f.Exported() || f.Pkg() == b.pkg.Types || samePath(f.Pkg(), b.pkg.Types)) {
			return i
		}
	}
	b.bug(name.Pos(), "no field %s", name.Name)
	return 0
}

func samePath(a, c *types.Package) bool { return a != nil && c != nil && a.Path() == c.Path() }

// elements fills an array or slice literal and returns its length.
func (b *builder) elements(lit *ArrayLit, elts []ast.Expr, elem types.Type) int64 {
	lit.Index = make([]int64, 0, len(elts))
	lit.Elems = make([]Expr, 0, len(elts))
	next, end := int64(0), int64(0)
	for _, el := range elts {
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			next, _ = constant.Int64Val(constant.ToInt(b.tv(kv.Key).Value))
			el = kv.Value
		}
		lit.Index = append(lit.Index, next)
		lit.Elems = append(lit.Elems, b.exprTo(el, elem))
		next++
		end = max(end, next)
	}
	return end
}
