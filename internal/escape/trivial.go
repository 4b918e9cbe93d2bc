package escape

// The simplest policy that is sound: a variable lives on the heap if its address is taken or a closure
// shares it by reference; every expression that allocates does so on the heap. It needs no other function
// than the one it looks at.

import "github.com/terrarium-go/terrarium/internal/tree"

// Decide writes the decisions for f, which is in full form, and for its variables. It takes time linear in
// the size of f. The nested functions of f have their own calls of Decide, in any order.
func Decide(f *tree.Func) {
	Sites(f, func(s Site) { *s.Esc = tree.EscHeap })
	shared := map[*tree.Var]bool{}
	tree.Walk(f.Body, func(n tree.Node) bool {
		c, ok := n.(*tree.Closure)
		if !ok {
			return true
		}
		for i, v := range c.F.Captures {
			if r, ok := c.Vals[i].(*tree.Ref); ok && v.ByRef {
				shared[r.V] = true
			}
		}
		return true
	})
	for _, list := range [][]*tree.Var{f.Params, f.Results, f.Locals} {
		for _, v := range list {
			v.Esc = tree.EscNone
			if v.Addrtaken || shared[v] {
				v.Esc = tree.EscHeap
			}
		}
	}
}

// Site is an expression (or a defer statement) that allocates; Esc points to its decision.
type Site struct {
	Node tree.Node
	Esc  *tree.Esc
}

// Sites calls visit for every allocation site of f, in source order.
func Sites(f *tree.Func, visit func(Site)) {
	tree.Walk(f.Body, func(n tree.Node) bool {
		var esc *tree.Esc
		switch n := n.(type) {
		case *tree.Closure:
			esc = &n.Esc
		case *tree.Builtin:
			if n.Name == "append" {
				esc = &n.Esc
			}
		case *tree.New:
			esc = &n.Esc
		case *tree.MakeSlice:
			esc = &n.Esc
		case *tree.MakeMap:
			esc = &n.Esc
		case *tree.ArrayLit:
			esc = &n.Esc
		case *tree.MapLit:
			esc = &n.Esc
		case *tree.Convert:
			esc = &n.Esc
		case *tree.ToIface:
			esc = &n.Esc
		case *tree.Concat:
			esc = &n.Esc
		case *tree.Defer:
			esc = &n.Esc
		}
		if esc != nil {
			visit(Site{n, esc})
		}
		return true
	})
}

// Pass is Decide in the form of a pass between building and ordering.
func Pass(_ *tree.Program, f *tree.Func) { Decide(f) }

// NewPass returns the analysis in the form of a pass between building and ordering, for the functions of one program.
// prepare, if not nil, is what runs on a function before it is analysed.
func NewPass(p *tree.Program, prepare func(p *tree.Program, f *tree.Func)) func(*tree.Program, *tree.Func) {
	a := New(p)
	a.Frames = true
	if prepare != nil {
		a.Prepare = func(_ *Analyzer, f *tree.Func) { prepare(p, f) }
	}
	return func(_ *tree.Program, f *tree.Func) {
		if a.Func(f); f.Flags&tree.Decided == 0 {
			Decide(f)
		} else {
			appendsInFrame(a.p, f)
		}
	}
}
