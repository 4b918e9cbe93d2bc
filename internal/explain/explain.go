// Package explain puts the rooms inline and escape together for people: it says of a package what the real compiler says with -m.
//
// Three things are there only for the messages, since the real compiler has functions that we have not:
//
//   - A function literal that captures nothing is a function of its own there, and stays one when all its calls have been
//     inlined. Such literals are analysed after everything else, and instances of generic functions that are always inlined too.
//
//   - An instance of a generic function is compiled there for the shapes of its type arguments (shape.go of room escape), and for the type arguments
//     themselves there is a wrapper that calls it with a dictionary. If the instance can be inlined, it is inlined into its wrapper, and
//     what its body allocates is reported once more, at the head of the declaration.
//
//   - A go or defer statement whose call has arguments has a wrapper that makes the call; it may be inlined, but what it
//     allocates is not reported.
package explain

import (
	"go/token"
	"strings"

	"github.com/terrarium-go/terrarium/internal/escape"
	"github.com/terrarium-go/terrarium/internal/inline"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// Options say what to find out.
type Options struct {
	NoInline  bool // leaves calls in the package in place, as go build -gcflags=-l does: what it uses is compiled as usual
	Level     int  // of -m: 2 adds costs and reasons
	Flow      bool // how things escape
	Mutations bool
	Graph     func(*escape.Graph) // see escape.Analyzer
}

// Package returns what there is to say about the package with the path pkg (as in linker symbols), in the order of the source.
func Package(p *tree.Program, pkg string, o Options) []escape.Finding {
	e := &explainer{p: p, pkg: pkg, level: o.Level, seen: map[fact]bool{}}
	e.in = inline.New(p, inline.Options{Off: o.NoInline, Text: true, Explain: o.Level > 1, Report: e.note, Literal: func(f *tree.Func) {
		if f.Top().Pkg == pkg {
			e.more = append(e.more, f)
		}
	}})
	others := e.in
	if o.NoInline {
		others = inline.New(p, inline.Options{})
	}
	opts := escape.Options{Explain: o.Flow, Mutations: o.Mutations, Graph: o.Graph, More: func() []*tree.Func { return e.more }}
	opts.Prepare = func(a *escape.Analyzer, f *tree.Func) {
		e.writer = a
		if f.Pkg != pkg {
			if o.NoInline && len(f.Top().Args) > 0 { // the package that uses an instance compiles it
				e.in.Func(f)
			} else {
				others.Func(f)
			}
			return
		}
		e.in.Func(f)
		e.funcs = append(e.funcs, f)
	}
	for _, f := range escape.Package(p, pkg, opts) {
		if f.Kind == escape.Leak && copied(f.Fn) {
			continue
		}
		e.out = append(e.out, f)
		e.again(f)
	}
	seen := map[*tree.Func]bool{}
	for _, f := range e.funcs {
		if f.Outer == nil || len(f.Captures) == 0 {
			e.nest(f, seen)
		}
	}
	escape.Sort(e.out)
	return e.out
}

type explainer struct {
	p      *tree.Program
	pkg    string
	level  int
	in     *inline.Inliner
	writer *escape.Analyzer
	more   []*tree.Func // literals that capture nothing, and instances
	funcs  []*tree.Func // of the package
	out    []escape.Finding
	seen   map[fact]bool
}

type fact struct {
	pos  token.Pos
	text string
}

// add adds a finding once.
func (e *explainer) add(f escape.Finding) {
	k := fact{f.Pos, f.Text}
	if !f.Pos.IsValid() || e.seen[k] {
		return
	}
	e.seen[k] = true
	e.out = append(e.out, f)
}

// note takes what room inline reports.
func (e *explainer) note(n inline.Note) {
	fn, kind := n.Caller, escape.Inlined
	if fn == nil {
		fn = n.F
	}
	if n.Kind == inline.Devirtualizing {
		kind = escape.Devirtualized
	}
	text := n.Text(e.writer, e.level)
	if text == "" || n.Caller != nil && copied(n.Caller) || fn.Top().Pkg != e.pkg || fn.Flags&tree.Wrapper != 0 && fn.Outer == nil {
		return
	}
	if n.Caller == nil && len(n.F.Args) > 0 && n.F.Outer == nil {
		e.more = append(e.more, n.F)
	}
	pos := e.p.SiteIn(fn, n.Pos)
	if n.Caller == nil {
		pos = e.p.Site(n.Pos) // what is said of a copied literal as a function stands where it was written
	}
	f := escape.Finding{Pos: pos, Kind: kind, Text: text, Fn: fn, In: e.writer.FuncName(fn)}
	e.add(f)
	if n.Kind == inline.Inlining || n.Kind == inline.Devirtualizing {
		e.again(f)
	}
}

// copied reports whether f is, or is inside of, a literal that was copied with an inlined body: there only what it allocates is
// reported.
func copied(f *tree.Func) bool {
	for ; f != nil; f = f.Outer {
		if f.Inlined > 0 {
			return true
		}
	}
	return false
}

// nest looks at the checks of indexes in f and the literals inside it.
func (e *explainer) nest(f *tree.Func, seen map[*tree.Func]bool) {
	if seen[f] || f.Extern {
		return
	}
	seen[f] = true
	e.bounds(f)
	tree.Walk(f.Body, func(n tree.Node) bool {
		var g *tree.Func
		switch n := n.(type) {
		case *tree.FuncRef:
			g = n.F
		case *tree.Closure:
			g = n.F
		case *tree.Call:
			g = n.F
		}
		if g != nil && g.Outer != nil {
			e.nest(g, seen)
		}
		return true
	})
}

// again repeats a finding for the wrapper of an instance.
func (e *explainer) again(f escape.Finding) {
	if f.Fn == nil {
		return
	}
	top := f.Fn.Top()
	if len(top.Args) == 0 || f.To != "" || !e.in.CanInline(top) || !e.p.HasWrapper(top) {
		return
	}
	switch f.Kind {
	case escape.Moved, escape.Escapes, escape.Stays, escape.Inlined, escape.Devirtualized, escape.SelfAssign, escape.Bounds:
	default:
		return
	}
	if rest, ok := strings.CutPrefix(f.Text, e.writer.FuncName(top)); ok && f.Kind == escape.SelfAssign {
		f.Text = e.writer.RealName(top) + rest
	}
	f.Pos, f.Path, f.Node, f.Var = e.p.HeadPos(top), nil, nil, nil
	e.add(f)
}
