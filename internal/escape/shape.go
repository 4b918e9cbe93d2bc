package escape

// Shapes
//
// The real compiler has one function for all type arguments of one shape, and its messages name the shapes. The shape of a type is its
// underlying type, printed go.shape.T; all pointers have one shape if the constraint of the type parameter is an interface of methods only.

import (
	"go/token"
	"go/types"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// linkText is t as in linker symbols: import paths in full.
func (a *Analyzer) linkText(t types.Type) string {
	w := typeWriter{a: a, link: true}
	w.typ(t)
	return w.String()
}

// shape is the shape of f's type argument i.
func (a *Analyzer) shape(f *tree.Func, i int) string {
	t := f.Args[i]
	if _, ok := t.Underlying().(*types.Pointer); ok && basic(f.Top(), i) {
		return "go.shape.*uint8"
	}
	return "go.shape." + a.linkText(t.Underlying())
}

// basic reports whether the constraint of f's type parameter i is an interface of methods only.
func basic(f *tree.Func, i int) bool {
	if f.Obj == nil {
		return false
	}
	sig := f.Obj.Signature()
	params := sig.TypeParams()
	if params.Len() == 0 {
		params = sig.RecvTypeParams()
	}
	if i >= params.Len() {
		return false
	}
	c, ok := params.At(i).Constraint().Underlying().(*types.Interface)
	return ok && c.IsMethodSet()
}

// writtenIn makes the texts that follow those of an expression at pos in f: the type arguments of the function that it was
// written in are printed as their shapes. nil ends that.
func (a *Analyzer) writtenIn(f *tree.Func, pos token.Pos) {
	a.shapes, a.params = nil, nil
	if n := tree.InlinedAt(pos); n > 0 {
		f = a.p.Inlined[n-1].F
	}
	if f == nil || len(f.Args) == 0 {
		return
	}
	shapes := map[types.Type]string{}
	for i, t := range f.Args {
		shapes[t] = a.shape(f, i)
		a.params = append(a.params, shapes[t])
	}
	a.shapes = shapes
}
