package escape

import (
	"fmt"
	"go/token"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// Graph is a solved graph for people and tools: what flows where in a batch of functions.
type Graph struct {
	Nodes []Vertex
	Edges []Flow
}

// Vertex is a location. Three stand for the world outside and are in every Graph: HeapID, MutatorID and CalleeID.
type Vertex struct {
	ID    int
	Kind  string    // heap, mutator, callee, parameter, result, variable, captured value, storage, joint
	Text  string    // the variable's name or the allocating expression
	Pos   token.Pos // as in messages; none for joints
	Fn    *tree.Func
	In    string // the function's name
	Type  string // of a variable
	Depth int    // loop depth; 1 is the function's own, 0: none

	Heap     bool // it must be on the heap
	Persists bool // it is needed after its statement
	Mutates  bool // memory that it points to may be written
	Calls    bool // functions that it holds may be called by strangers
}

// Flow is an assignment: From's value, after Derefs dereferences (-1: its address), goes to To.
type Flow struct {
	From, To int
	Derefs   int
	Notes    []HopNote // the constructs on the way, innermost first
}

// IDs of the locations that are in no function. They are the same in all graphs of a program; the others are not used twice.
const (
	HeapID = 1 + iota
	MutatorID
	CalleeID
	firstID
)

// graph exports the batch.
func (b *batch) graph() *Graph {
	g := &Graph{}
	b.heap.id, b.mutator.id, b.callee.id = HeapID, MutatorID, CalleeID
	named := func(l *location, kind string) {
		g.Nodes = append(g.Nodes, Vertex{ID: l.id, Kind: kind, Text: kind, Heap: l.has(escapes), Persists: l.has(persists), Mutates: l.has(mutates), Calls: l.has(calls)})
	}
	named(&b.heap, "heap")
	named(&b.mutator, "mutator")
	named(&b.callee, "callee")
	for _, l := range b.all {
		b.a.lastID = max(b.a.lastID, firstID-1) + 1
		l.id = b.a.lastID
		v := Vertex{ID: l.id, Fn: l.fn, Depth: l.depth, Heap: l.has(escapes), Persists: l.has(persists), Mutates: l.has(mutates), Calls: l.has(calls)}
		if l.fn != nil {
			v.In = b.a.funcName(l.fn)
		}
		switch {
		case l.v != nil:
			v.Kind = [...]string{tree.Local: "variable", tree.Param: "parameter", tree.Result: "result", tree.Capture: "captured value", tree.Global: "variable"}[l.v.Kind]
			v.Text, v.Pos, v.Type = l.v.Name, b.a.p.Site(l.v.Pos), b.a.typeText(l.v.T)
		case l.node != nil:
			v.Kind, v.Text, v.Pos = "storage", b.a.text(b.a.literalized(l.node)), b.a.p.Site(place(l.node))
		default:
			v.Kind = "joint"
		}
		g.Nodes = append(g.Nodes, v)
	}
	edge := func(dst *location, e *edge) {
		f := Flow{From: e.src.id, To: dst.id, Derefs: e.derefs}
		if f.From == 0 || f.To == 0 {
			panic(fmt.Sprintf("BUG: escape: an edge to or from a location without function: %s ← %s", b.name(dst), b.name(e.src)))
		}
		for n := e.notes; n != nil; n = n.next {
			f.Notes = append(f.Notes, HopNote{n.where, b.a.p.Site(place(n.where)), b.a.text(n.where), n.why})
		}
		g.Edges = append(g.Edges, f)
	}
	for _, l := range append([]*location{&b.heap, &b.mutator, &b.callee}, b.all...) {
		for i := range l.in {
			edge(l, &l.in[i])
		}
	}
	for i := range b.settled {
		edge(b.settled[i].dst, &b.settled[i].edge)
	}
	return g
}
