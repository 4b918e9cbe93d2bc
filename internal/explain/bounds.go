package explain

import (
	"go/constant"
	"go/token"
	"go/types"

	"github.com/terrarium-go/terrarium/internal/escape"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// # Checks that are not needed
//
// An index of an array, a pointer to one, or a constant string needs no check if its type or an operation with a constant keeps it in range.
// The real compiler says so, for indexes that are no constants themselves; it says nothing of bytes of constant strings that are
// appended as they are.

// bounds reports the elided checks of f's body.
func (e *explainer) bounds(f *tree.Func) {
	appended := map[tree.Node]bool{}
	tree.Walk(f.Body, func(n tree.Node) bool {
		if b, ok := n.(*tree.Builtin); ok && b.Name == "append" {
			for _, y := range b.Args[1:] {
				appended[y] = true
			}
		}
		x, ok := n.(*tree.Index)
		if !ok || !e.elided(x) {
			return true
		}
		if _, text := x.X.(*tree.Const); text && appended[x] {
			return true
		}
		r := escape.Finding{Pos: e.p.SiteIn(f, x.P), Kind: escape.Bounds, Text: "index bounds check elided", Fn: f, In: e.writer.FuncName(f)}
		e.add(r)
		e.again(r)
		return true
	})
}

func (e *explainer) elided(x *tree.Index) bool {
	if _, ok := x.I.(*tree.Const); ok {
		return false
	}
	if s, ok := x.X.(*tree.Const); ok {
		return s.Val.Kind() == constant.String && e.within(x.I, int64(len(constant.StringVal(s.Val))))
	}
	a, ok := x.X.Type().Underlying().(*types.Array)
	return ok && e.within(x.I, a.Len())
}

// within reports whether the integer x is known to be less than n and not negative.
func (e *explainer) within(x tree.Expr, n int64) bool {
	t, ok := x.Type().Underlying().(*types.Basic)
	if !ok || t.Info()&types.IsInteger == 0 {
		return false
	}
	signed := t.Info()&types.IsUnsigned == 0
	width := 8 * e.p.Sizes.Sizeof(t)
	if b, ok := x.(*tree.Binary); ok {
		k, known := small(b.Y)
		switch b.Op {
		case token.AND:
			if c, ok := small(b.X); ok {
				k, known = c, true
			}
			if known && k < n {
				return true
			}
		case token.REM:
			if !signed && known && k <= n {
				return true
			}
		case token.QUO:
			for !signed && known && width > 0 && k >= 2 {
				width--
				k >>= 1
			}
		case token.SHR:
			if !signed && known {
				if k > width {
					return true
				}
				width -= k
			}
		}
	}
	return !signed && width <= 62 && 1<<width <= n
}

// small is the value of a constant that is not negative.
func small(x tree.Expr) (int64, bool) {
	if c, ok := x.(*tree.Convert); ok {
		x = c.X
	}
	c, ok := x.(*tree.Const)
	if !ok {
		return 0, false
	}
	v, ok := constant.Int64Val(constant.ToInt(c.Val))
	return v, ok && v >= 0
}
