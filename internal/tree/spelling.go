package tree

import (
	"go/ast"
	"go/token"
	"go/types"
)

// Spelling
//
// Identical types have several spellings: []byte and []uint8, []any and []interface{}, in an instance []E and what E stands
// for. The canonical type is spelled as the first one was. Messages name types as the source does, so where
// an expression that they print (make, new, a composite literal, a conversion) spells its type otherwise than
// the canonical one, the type of the source is kept by the place of the expression. In a generic function
// that is a type with type parameters, the same for all instances.

// Spelled is the type that the expression at pos spells t, which is its canonical type.
func (p *Program) Spelled(pos token.Pos, t types.Type) types.Type {
	if s := p.spelled[Place(pos)]; s != nil {
		return s
	}
	return t
}

// spell keeps how e, the expression of a type or a composite literal, spells t; the tree's expression is at pos.
func (b *builder) spell(pos token.Pos, e ast.Expr, t types.Type) {
	s := b.tv(e).Type
	if lit, ok := e.(*ast.CompositeLit); ok && lit.Type == nil && s != nil {
		if elem, ok := derefPtr(s); ok { // &T was left out
			s = elem
		}
	}
	if s == nil || sameSpelling(s, t) {
		return
	}
	if b.p.spelled == nil {
		b.p.spelled = map[token.Pos]types.Type{}
	}
	b.p.spelled[pos] = s
}

// sameSpelling reports whether a type of the source is spelled as c is. It may say no for long types that are.
func sameSpelling(t, c types.Type) bool {
	if t == c {
		return true
	}
	if a, ok := t.(*types.Alias); ok {
		if a.Obj().Pkg() == nil {
			return false // any
		}
		return sameSpelling(types.Unalias(a), c)
	}
	switch t := t.(type) {
	case *types.Basic:
		c, ok := c.(*types.Basic)
		return ok && t.Name() == c.Name()
	case *types.Named:
		return true
	case *types.Pointer:
		c, ok := c.(*types.Pointer)
		return ok && sameSpelling(t.Elem(), c.Elem())
	case *types.Slice:
		c, ok := c.(*types.Slice)
		return ok && sameSpelling(t.Elem(), c.Elem())
	case *types.Array:
		c, ok := c.(*types.Array)
		return ok && sameSpelling(t.Elem(), c.Elem())
	case *types.Chan:
		c, ok := c.(*types.Chan)
		return ok && sameSpelling(t.Elem(), c.Elem())
	case *types.Map:
		c, ok := c.(*types.Map)
		return ok && sameSpelling(t.Key(), c.Key()) && sameSpelling(t.Elem(), c.Elem())
	}
	return false
}
