package inline

import (
	"fmt"

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
	if isInstance(g) && in.opts.Report != nil && !in.opts.Off {
		in.wrapped(g, c)
	}
}

// isInstance reports whether f is an instance of a generic function or method, not a literal in one.
func isInstance(f *tree.Func) bool { return f.Outer == nil && len(f.Args) > 0 && f.Obj != nil }

// wrapped reports what the real compiler says of the wrapper of the instance g, which has the facts c. The wrapper calls g with a dictionary
// and its own parameters.
func (in *Inliner) wrapped(g *tree.Func, c *facts) {
	if !in.p.HasWrapper(g) {
		return
	}
	cost := 3 + len(g.Params) // the call, the dictionary's address
	if !isMethod(g) {
		cost++
	}
	if c.reason == "" {
		cost += c.cost
	} else {
		cost += callCost
	}
	if n := len(g.Results); n > 0 {
		cost++
		if n > 1 {
			cost += 1 + 4*n
		}
	}
	n := Note{Kind: CanInline, Pos: in.p.HeadPos(g), F: g, Cost: cost, Real: true}
	if g.Flags&tree.NoInline != 0 {
		n.Kind, n.Reason = CannotInline, c.reason
	} else if cost > maxBudget {
		n.Kind, n.Reason = CannotInline, in.tooComplex(cost, maxBudget)
	}
	in.report(n)
	if c.reason == "" {
		in.report(Note{Kind: Inlining, Pos: n.Pos, F: g, Caller: g})
	}
}

func (in *Inliner) tooComplex(cost, budget int) string {
	if in.opts.Explain {
		return fmt.Sprintf("function too complex: cost %d exceeds budget %d", cost, budget)
	}
	return "too expensive"
}
