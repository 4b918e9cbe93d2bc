package escape

import (
	"go/token"
	"path/filepath"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// # The JSON form
//
// A Document is what the analysis knows of some packages:
//
//	decisions  one per allocation site, parameter and so on, in the order of the source, with the flow that leads to each
//	graph      the locations and the assignments between them that the decisions were computed from
//	measured   when the program was run: what each site has cost
//
// Positions are objects {file, line, column}. Numbers of nodes are unique in the document; 1 is the heap, 2 stands for
// whoever writes through a pointer, 3 for whoever calls a func value; the three are in every package's graph.

// DocumentVersion changes when a field changes its meaning or goes away.
const DocumentVersion = 1

// Document is the whole.
type Document struct {
	Version  int          `json:"version"`
	Packages []PackageDoc `json:"packages"`
}

// PackageDoc is one package.
type PackageDoc struct {
	Path      string        `json:"path"`
	Decisions []DecisionDoc `json:"decisions"`
	Graph     *GraphDoc     `json:"graph,omitempty"`
	Measured  []MeasuredDoc `json:"measured,omitempty"`
}

// PositionDoc is a place in the source.
type PositionDoc struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// DecisionDoc is a finding. Kind is one of moved, escapes, stays, leak, self-assignment, zero-copy, devirtualized, uintptr, inlining, bounds, captured.
type DecisionDoc struct {
	Kind     string          `json:"kind"`
	Text     string          `json:"text"` // in the words of go build -gcflags=-m
	Position PositionDoc     `json:"position"`
	Function string          `json:"function,omitempty"`
	What     string          `json:"what,omitempty"`  // of moved, escapes, stays: the variable or expression
	Bytes    int64           `json:"bytes,omitempty"` // its size, when it is constant
	To       string          `json:"to,omitempty"`    // of a leak: where
	End      string          `json:"end,omitempty"`   // of moved, escapes: why the last place of the flow outlives it
	Flow     []HopDoc        `json:"flow,omitempty"`
	Why      *ExplanationDoc `json:"why,omitempty"` // of moved, escapes
}

// HopDoc is a step of a flow: the value of From, after Derefs dereferences (-1: its address), goes to To.
type HopDoc struct {
	From   string      `json:"from"`
	To     string      `json:"to"`
	Derefs int         `json:"derefs"`
	By     []ReasonDoc `json:"by,omitempty"` // innermost construct first
}

// ReasonDoc is a construct by which something flows.
type ReasonDoc struct {
	Text     string      `json:"text"`
	Why      string      `json:"why"`
	Position PositionDoc `json:"position"`
}

// ExplanationDoc is the explanation for people.
type ExplanationDoc struct {
	Sentence string    `json:"sentence"`
	Steps    []StepDoc `json:"steps,omitempty"`
	Change   string    `json:"change,omitempty"`
}

// StepDoc is a step of an explanation.
type StepDoc struct {
	Text     string      `json:"text"`
	Position PositionDoc `json:"position"`
}

// GraphDoc is the graph of a package.
type GraphDoc struct {
	Nodes []NodeDoc `json:"nodes"`
	Edges []EdgeDoc `json:"edges"`
}

// NodeDoc is a location. Kind is one of heap, mutator, callee, parameter, result, variable, captured value, storage, joint.
type NodeDoc struct {
	ID       int          `json:"id"`
	Kind     string       `json:"kind"`
	Text     string       `json:"text,omitempty"`
	Position *PositionDoc `json:"position,omitempty"`
	Function string       `json:"function,omitempty"`
	Type     string       `json:"type,omitempty"`
	Depth    int          `json:"loopDepth,omitempty"`
	Heap     bool         `json:"heap,omitempty"`
	Persists bool         `json:"persists,omitempty"`
	Mutates  bool         `json:"mutates,omitempty"`
	Calls    bool         `json:"calls,omitempty"`
}

// EdgeDoc is an assignment.
type EdgeDoc struct {
	From   int         `json:"from"`
	To     int         `json:"to"`
	Derefs int         `json:"derefs"`
	By     []ReasonDoc `json:"by,omitempty"`
}

// MeasuredDoc is a place with what was allocated there. Decision is the index of its decision, -1 when it has none;
// Through is then the callee that made the allocations, Runtime the function of the runtime that did, if any.
type MeasuredDoc struct {
	Decision   int         `json:"decision"`
	Position   PositionDoc `json:"position"`
	Function   string      `json:"function"`
	Through    string      `json:"through,omitempty"`
	Runtime    string      `json:"runtime,omitempty"`
	Objects    uint64      `json:"objects"`
	Bytes      uint64      `json:"bytes"`
	Freed      uint64      `json:"freed"`
	Young      uint64      `json:"young"`
	YoungBytes uint64      `json:"youngBytes"`
}

// Documenter makes Documents. File, if not nil, changes file names.
type Documenter struct {
	Fset *token.FileSet
	File func(string) string
}

func (d *Documenter) position(p token.Pos) PositionDoc {
	x := d.Fset.Position(tree.Place(p))
	name := x.Filename
	if d.File != nil {
		name = d.File(name)
	}
	return PositionDoc{filepath.ToSlash(name), x.Line, x.Column}
}

func (d *Documenter) reasons(notes []HopNote) (out []ReasonDoc) {
	for _, n := range notes {
		out = append(out, ReasonDoc{n.Text, n.Why, d.position(n.Pos)})
	}
	return out
}

// Decision is the JSON form of f; at prints positions in its explanation.
func (d *Documenter) Decision(f *Finding, at func(token.Pos) string) DecisionDoc {
	x := DecisionDoc{Kind: f.Kind.String(), Text: f.Text, Position: d.position(f.Pos), Function: f.In, What: f.What, Bytes: f.Size, To: f.To}
	for _, h := range f.Path {
		x.Flow = append(x.Flow, HopDoc{h.From.Text, h.To.Text, h.Derefs, d.reasons(h.Notes)})
	}
	if f.Kind == Moved || f.Kind == Escapes {
		x.End = f.End.String()
		e := f.Explain(at)
		x.Why = &ExplanationDoc{Sentence: e.Sentence, Change: e.Change}
		for _, s := range e.Steps {
			x.Why.Steps = append(x.Why.Steps, StepDoc{s.Text, d.position(s.Pos)})
		}
	}
	return x
}

// Graph is the JSON form of the graphs of the functions of package pkg.
func (d *Documenter) Graph(graphs []*Graph, pkg string) *GraphDoc {
	out := &GraphDoc{Nodes: []NodeDoc{}, Edges: []EdgeDoc{}}
	have := map[int]bool{}
	for _, g := range graphs {
		for i := range g.Nodes {
			v := &g.Nodes[i]
			if have[v.ID] || v.Fn != nil && v.Fn.Pkg != pkg {
				continue
			}
			have[v.ID] = true
			n := NodeDoc{ID: v.ID, Kind: v.Kind, Text: v.Text, Function: v.In, Type: v.Type, Depth: v.Depth, Heap: v.Heap, Persists: v.Persists, Mutates: v.Mutates, Calls: v.Calls}
			if v.Pos.IsValid() {
				p := d.position(v.Pos)
				n.Position = &p
			}
			out.Nodes = append(out.Nodes, n)
		}
		for i := range g.Edges {
			if e := &g.Edges[i]; have[e.From] && have[e.To] {
				out.Edges = append(out.Edges, EdgeDoc{e.From, e.To, e.Derefs, d.reasons(e.Notes)})
			}
		}
	}
	return out
}

// Measured is the JSON form of what Join has found for the decisions found.
func (d *Documenter) Measured(list []Measured, found []Finding) []MeasuredDoc {
	index := map[*Finding]int{}
	for i := range found {
		index[&found[i]] = i
	}
	out := make([]MeasuredDoc, 0, len(list))
	for i := range list {
		m := &list[i]
		x := MeasuredDoc{Decision: -1, Function: m.Func, Through: m.Through, Runtime: m.Runtime, Objects: m.Objects, Bytes: m.Bytes, Freed: m.Freed, Young: m.Young, YoungBytes: m.YoungBytes}
		if m.Finding != nil {
			x.Decision, x.Position = index[m.Finding], d.position(m.Finding.Pos)
		} else {
			name := m.AtFile
			if d.File != nil {
				name = d.File(name)
			}
			x.Position = PositionDoc{filepath.ToSlash(name), m.AtLine, m.AtCol}
		}
		out = append(out, x)
	}
	return out
}
