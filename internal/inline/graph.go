package inline

import (
	"github.com/terrarium-go/terrarium/internal/tree"
)

// graph is Tarjan's algorithm over the references between functions. Literals belong to the component of the
// function around them.
type graph struct {
	number map[*tree.Func]int // visited and on the stack: order of the visit; maxInt when its component is complete
	stack  []*tree.Func
	gen    int
}

const complete = int(^uint(0) >> 1)

func newGraph() graph { return graph{number: map[*tree.Func]int{}} }

// decide measures f after everything that it refers to.
func (in *Inliner) decide(f *tree.Func) {
	if !of(f).decided {
		in.visit(f)
	}
}

func (in *Inliner) visit(f *tree.Func) int {
	if n, ok := in.number[f]; ok {
		return n
	}
	if of(f).decided {
		return complete
	}
	if f.Outer == nil {
		in.p.Build(f)
	}
	in.gen++
	id := in.gen
	in.number[f] = id
	in.gen++
	low := in.gen
	in.stack = append(in.stack, f)
	see := func(g *tree.Func) {
		if g != nil {
			low = min(low, in.visit(g))
		}
	}
	if !f.Extern {
		tree.Walk(f.Body, func(n tree.Node) bool {
			switch n := n.(type) {
			case *tree.FuncRef:
				see(n.F)
			case *tree.Closure:
				see(n.F)
			case *tree.Call:
				see(n.F)
			}
			return true
		})
	}
	if low < id || f.Outer != nil && len(in.stack) > 0 && in.stack[0] != f && in.nested(f) {
		return low
	}
	i := len(in.stack) - 1
	for in.stack[i] != f {
		i--
	}
	block := append([]*tree.Func(nil), in.stack[i:]...)
	in.stack = in.stack[:i]
	for _, g := range block {
		in.number[g] = complete
	}
	for _, g := range block {
		in.measured(g)
	}
	return low
}

// nested reports whether the function around f is on the stack, so that f belongs to its component.
func (in *Inliner) nested(f *tree.Func) bool {
	n, ok := in.number[f.Outer]
	return ok && n != complete
}

// measured measures g and reports what comes of it.
func (in *Inliner) measured(g *tree.Func) {
	c := of(g)
	if c.decided {
		return
	}
	in.measure(g, c)
	k := CanInline
	if c.reason != "" {
		k = CannotInline
	}
	if g.Flags&tree.InitFunc != 0 && g.Obj == nil {
		return // the initialisers are one function there, which has no name
	}
	in.report(Note{Kind: k, Pos: in.p.HeadPos(g), F: g, Cost: c.cost, Reason: c.reason})
}
