package escape

import (
	"go/token"
	"go/types"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// batch is the graph of mutually recursive functions.
type batch struct {
	a        *Analyzer
	fns      []*tree.Func // declared functions of the batch; their literals belong to them
	all      []*location
	captures []capture
	lost     map[*tree.Func]bool // literals whose calls are not all known

	heap, mutator, callee, blank location

	leakPaths []leakPath
	settled   []settledEdge // addresses that went straight to the heap: nothing is walked there; for Graph
}

type settledEdge struct {
	dst *location
	edge
}

// capture is a literal and where its captured values go.
type capture struct {
	d dest
	f *tree.Func
}

func newBatch(a *Analyzer, fns []*tree.Func) *batch {
	b := &batch{a: a, fns: fns, lost: map[*tree.Func]bool{}}
	b.heap.attrs = escapes | persists | mutates | calls
	b.mutator.attrs = mutates
	b.callee.attrs = calls
	return b
}

// builder makes the graph of one function.
type builder struct {
	*batch
	fn    *tree.Func
	depth int
	loops map[*tree.Label]bool // goto labels with a jump back to them
	first map[*tree.Label]bool
}

// loc is the location of a variable, that of the declared one for a captured variable.
func (b *batch) loc(v *tree.Var) *location {
	for v.Outer != nil {
		v = v.Outer
	}
	l, _ := v.Info.(*location)
	if l == nil {
		l = b.addVar(v, v.Func)
	}
	return l
}

func (b *batch) addVar(v *tree.Var, f *tree.Func) *location {
	l := &location{v: v, fn: f, depth: 1, attrs: persists}
	v.Info = l
	b.all = append(b.all, l)
	return l
}

// addFunc makes the locations of f's variables.
func (b *batch) addFunc(f *tree.Func) {
	for _, list := range [][]*tree.Var{f.Params, f.Results, f.Locals} {
		for _, v := range list {
			if l, ok := v.Info.(*location); !ok || l == nil {
				b.addVar(v, f)
			}
		}
	}
	for i, v := range f.Results {
		b.loc(v).result = 1 + i
	}
}

// body adds the flows of f's body.
func (b *batch) body(f *tree.Func) {
	e := &builder{batch: b, fn: f, depth: 1}
	tree.Walk(f.Body, func(n tree.Node) bool {
		switch n := n.(type) {
		case *tree.Labeled:
			if e.first == nil {
				e.first, e.loops = map[*tree.Label]bool{}, map[*tree.Label]bool{}
			}
			e.first[n.L] = true
		case *tree.Jump:
			if n.Tok == token.GOTO && e.first[n.L] {
				e.loops[n.L] = true
			}
		}
		return true
	})
	e.stmts(f.Body)
}

// newLoc makes a location that is no variable.
func (e *builder) newLoc(n tree.Node, keep bool) *location {
	l := &location{node: n, fn: e.fn, depth: e.depth}
	if keep {
		l.attrs = persists
	}
	e.all = append(e.all, l)
	return l
}

// spill makes the location of the storage that n allocates; its address goes to d. What is stored
// into it goes to the result.
func (e *builder) spill(d dest, n tree.Node) dest {
	l := e.newLoc(n, false)
	e.flow(d.addr(n, "spill"), l)
	return l.dest()
}

// flow adds the edge from src to d.
func (b *batch) flow(d dest, src *location) {
	if d.taken {
		src.addressed = true
	}
	switch {
	case d.dst == &b.blank:
	case d.dst == src && d.derefs >= 0:
	case d.dst.has(escapes) && d.derefs < 0:
		if b.a.Explain && !src.has(escapes) {
			src.path = []Hop{b.hop(d.dst, src, d.derefs, d.notes)}
			src.end = b.outlived(d.dst, src)
		}
		if b.a.Graph != nil {
			b.settled = append(b.settled, settledEdge{d.dst, edge{src, d.derefs, d.notes}})
		}
		src.attrs |= escapes | persists | mutates | calls
	default:
		d.dst.in = append(d.dst.in, edge{src, d.derefs, d.notes})
	}
}

func (b *batch) toHeap() dest    { return b.heap.dest() }
func (b *batch) toMutator() dest { return b.mutator.dest() }
func (b *batch) toCallee() dest  { return b.callee.dest() }
func (b *batch) discarded() dest { return b.blank.dest() }

// tee is a destination that is all of ds at once.
func (e *builder) tee(ds ...dest) dest {
	switch len(ds) {
	case 0:
		return e.discarded()
	case 1:
		return ds[0]
	}
	l := e.newLoc(nil, false)
	for _, d := range ds {
		if d.derefs < 0 {
			panic("BUG: escape: an address goes to several places")
		}
		e.flow(d, l)
	}
	return l.dest()
}

// later is d at some later time: storage that goes there outlasts the statement.
func (e *builder) later(d dest) dest {
	l := e.newLoc(nil, true)
	e.flow(d, l)
	return l.dest()
}

// dotType is d for a value of type t taken out of an interface.
func (e *builder) dotType(d dest, t types.Type, where tree.Node, why string) dest {
	if !types.IsInterface(t) && !e.a.p.DirectIface(t) {
		d = d.shift(1)
	}
	return d.note(where, why)
}

// flowCapture lets the captured variables of a literal flow into its closure object, by value or by reference,
// and decides which of the two.
func (b *batch) flowCapture(c capture) {
	for _, v := range c.f.Captures {
		if v.Outer == nil { // a value that has no variable: see closure
			if l, ok := v.Info.(*location); ok && l != nil {
				b.flow(c.d.note(valueNode{v}, "captured by a closure"), l)
			}
			continue
		}
		l := b.loc(v)
		v.ByRef = l.addressed || l.reassigned || b.a.p.Sizes.Sizeof(v.T) > maxByValue
		if b.a.Explain && !hidden(l.v) {
			how := "value"
			if v.ByRef {
				how = "ref"
			}
			b.a.note(l.fn, l.v.Pos, Captured, "%s capturing by %s: %s (addr=%t assign=%t width=%d)",
				b.a.funcName(l.fn), how, l.v.Name, l.addressed, l.reassigned, b.a.p.Sizes.Sizeof(v.T))
		}
		d := c.d
		if v.ByRef {
			d = d.addr(valueNode{v}, "reference")
		}
		b.flow(d.note(valueNode{v}, "captured by a closure"), l)
	}
}

// maxByValue is the size in bytes up to which unchanging variables are captured by value.
const maxByValue = 128

// valueNode stands for a variable in notes.
type valueNode struct{ v *tree.Var }

func (n valueNode) Pos() token.Pos { return n.v.Pos }

// literalOf is the function literal that n makes a value of, or nil.
func literalOf(n tree.Node) *tree.Func {
	switch n := n.(type) {
	case *tree.FuncRef:
		if n.F.Outer != nil {
			return n.F
		}
	case *tree.Closure:
		if n.F.Outer != nil {
			return n.F
		}
	}
	return nil
}

// root is the function that f is analysed with: the innermost around f, or f itself, that captures nothing.
// A literal without captures is like a declared function.
func root(f *tree.Func) *tree.Func {
	for f.Outer != nil && len(f.Captures) > 0 {
		f = f.Outer
	}
	return f
}

func (b *batch) inBatch(f *tree.Func) bool { return b.a.state[root(f)] == inBatch }
