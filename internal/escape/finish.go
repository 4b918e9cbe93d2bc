package escape

import (
	"fmt"
	"go/token"
	"strings"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// Kind is what a finding says.
type Kind uint8

const (
	Moved         Kind = iota // a variable lives on the heap
	Escapes                   // what an expression allocates is on the heap
	Stays                     // what an expression allocates may be in the frame
	Leak                      // where a parameter goes
	SelfAssign                // an assignment that stores nothing new
	ZeroCopy                  // []byte(s) that is never written
	Devirtualized             // an interface call whose method is known
	Uintptr                   // an integer parameter that may hold an address
	Inlined                   // what room inline says of a function or a call
	Bounds                    // an index that needs no check
	Captured                  // how a function literal holds a variable; only with Analyzer.Explain
)

var kindNames = [...]string{"moved", "escapes", "stays", "leak", "self-assignment", "zero-copy", "devirtualized", "uintptr", "inlining", "bounds", "captured"}

// String is the kind's name.
func (k Kind) String() string { return kindNames[k] }

// Finding is one line of the explanation, in the words of the real compiler.
type Finding struct {
	Pos  token.Pos
	Kind Kind
	Text string
	Fn   *tree.Func
	Node tree.Node // the allocating expression; nil for variables
	Var  *tree.Var
	Path []Hop  // how it gets to where it is too long-lived, when Analyzer.Explain is set
	To   string // where a parameter leaks to, for a finding that is only the path of a leak
	In   string // the function, in the words of the real compiler
	What string // what is allocated: a name or an expression
	End  End    // why the last location of Path outlives this one
	Size int64  // bytes of what is allocated, as far as it is constant; else 0
}

func (a *Analyzer) note(f *tree.Func, pos token.Pos, k Kind, format string, args ...any) {
	a.report(Finding{Pos: pos, Kind: k, Fn: f, Text: fmt.Sprintf(format, args...)})
}

func (a *Analyzer) report(f Finding) {
	if a.Report != nil {
		if f.Fn != nil {
			f.In = a.funcName(f.Fn)
		}
		a.Report(f)
	}
}

// finish writes the decisions into the tree, makes the summaries and reports.
func (b *batch) finish() {
	for _, f := range b.fns {
		b.summarize(f, true)
		for _, l := range b.a.nests[f].literals {
			b.summarize(l, false)
		}
	}
	for _, lp := range b.leakPaths {
		if b.a.Report != nil && !hidden(lp.l.v) {
			b.a.report(Finding{Pos: lp.l.v.Pos, Kind: Leak, Var: lp.l.v, Fn: lp.l.fn, Path: lp.hops, To: lp.to,
				Text: fmt.Sprintf("parameter %s leaks to %s for %s with derefs=%d", lp.l.v.Name, lp.to, b.a.funcName(lp.l.fn), lp.derefs)})
		}
	}
	for _, l := range b.all {
		esc := tree.EscNone
		if l.has(escapes) {
			esc = tree.EscHeap
		}
		if l.v != nil {
			if esc == tree.EscNone && b.a.Frames && (l.addressed || l.v.Addrtaken) && l.v.Kind != tree.Capture {
				esc = tree.EscFrame
			}
			l.v.Esc, l.v.Info = esc, nil
			if esc == tree.EscHeap && !hidden(l.v) && b.a.Report != nil && l.fn.Flags&tree.Wrapper == 0 {
				b.a.report(Finding{Pos: l.v.Pos, Kind: Moved, Text: "moved to heap: " + b.a.varName(l.v), What: b.a.varName(l.v), Fn: l.fn, Var: l.v, Path: l.path, End: l.end, Size: b.a.p.Sizes.Sizeof(l.v.T)})
			}
			continue
		}
		if l.node == nil {
			continue
		}
		if p := decision(l.node); p != nil {
			*p = esc
		}
		if b.a.Frames {
			if c := zeroCopy(l); c != nil {
				c.Temp = true
			}
			b.a.fold(l.node)
		}
		if b.a.Report != nil {
			b.site(l, esc)
		}
	}
}

// hidden reports whether nothing is said of v: a variable of ours that the real compiler does not have, or
// that has no place in the source. The state of a range-over-func loop has one.
func hidden(v *tree.Var) bool { return v.Temp && !strings.HasPrefix(v.Name, "#state") }

// site reports on an allocating expression.
func (b *batch) site(l *location, esc tree.Esc) {
	if f := literalOf(l.node); f != nil && f.Flags&tree.Wrapper != 0 || l.fn.Flags&tree.Wrapper != 0 && l.fn.Outer == nil || b.a.static[l.node] {
		return
	}
	b.a.writtenIn(l.fn, l.node.Pos())
	defer b.a.writtenIn(nil, token.NoPos)
	what := b.a.text(b.a.literalized(l.node))
	if x, ok := l.node.(*tree.Builtin); ok {
		what = x.Name
	}
	f := Finding{Pos: place(l.node), Kind: Stays, Size: b.size(l), Text: what + " does not escape", What: b.a.text(b.a.literalized(l.node)), Fn: l.fn, Node: l.node}
	if esc == tree.EscHeap {
		f.Kind, f.Text, f.Path, f.End = Escapes, what+" escapes to heap", l.path, l.end
	}
	b.a.report(f)
	if zeroCopy(l) != nil {
		b.a.report(Finding{Pos: place(l.node), Kind: ZeroCopy, Text: "zero-copy string->[]byte conversion", Fn: l.fn, Node: l.node})
	}
}

// zeroCopy is the conversion from string to bytes that l is the storage of, if nothing writes to it, so that the
// bytes may be the string's own; else nil.
func zeroCopy(l *location) *tree.Convert {
	if c, ok := l.node.(*tree.Convert); ok && !l.has(mutates) && isString(c.X.Type()) && isBytes(c.T) {
		return c
	}
	return nil
}

// place is the position of n in messages: a conversion is where its operand is, a selection at its dot.
func place(n tree.Node) token.Pos {
	if x := converted(n); x != nil {
		// A conversion that the source has is at its parenthesis; one that it does not have is where its operand is.
		if of := converted(x); of != nil && x.Pos() != of.Pos() {
			return x.Pos()
		}
		return place(x)
	}
	switch x := n.(type) {
	case *tree.Field:
		return x.P - 1
	case *tree.Assert:
		return x.P - 1
	case *tree.Closure:
		if x.F.Outer == nil {
			return x.P - 1
		}
		return tree.AtInlined(x.F.Pos, tree.InlinedAt(x.P))
	case *tree.FuncRef:
		if x.F.Outer != nil {
			return tree.AtInlined(x.F.Pos, tree.InlinedAt(x.P))
		}
	}
	return n.Pos()
}

// converted is the operand of n if that is a conversion, else nil.
func converted(n tree.Node) tree.Expr {
	switch x := n.(type) {
	case *tree.ToIface:
		return x.X
	case *tree.IfaceConv:
		return x.X
	case *tree.Convert:
		return x.X
	}
	return nil
}

// decision is the field for the decision on what n allocates, nil for func values without captures.
func decision(n tree.Node) *tree.Esc {
	switch n := n.(type) {
	case *tree.Closure:
		return &n.Esc
	case *tree.Builtin:
		return &n.Esc
	case *tree.New:
		return &n.Esc
	case *tree.MakeSlice:
		return &n.Esc
	case *tree.MakeMap:
		return &n.Esc
	case *tree.ArrayLit:
		return &n.Esc
	case *tree.MapLit:
		return &n.Esc
	case *tree.Convert:
		return &n.Esc
	case *tree.ToIface:
		return &n.Esc
	case *tree.Concat:
		return &n.Esc
	}
	return nil
}

// summarize makes the leak sets of f's parameters; with keep they become f's summary.
func (b *batch) summarize(f *tree.Func, keep bool) {
	s := &summary{params: make([]leaks, len(f.Params))}
	for i, v := range f.Params {
		s.params[i] = b.leaksOf(f, v)
	}
	if keep {
		f.Escape = s
	}
}

func (b *batch) leaksOf(f *tree.Func, v *tree.Var) (out leaks) {
	a := b.a
	say := a.Report != nil && f.Flags&tree.Wrapper == 0 && len(f.Args) == 0
	named := v.Name != "" && v.Name != "_"
	if f.Extern {
		switch {
		case isUintptr(v.T):
			if say {
				a.leak(f, v, Uintptr, "assuming "+paramName(f, v)+" is unsafe uintptr")
			}
		case !a.hasPointers(v.T):
		case f.Flags&tree.NoEscape != 0:
			if say && named {
				a.leak(f, v, Leak, v.Name+" does not escape")
			}
			out.add(toMutator, 0)
			out.add(toCallee, 0)
		default:
			if say && named {
				a.leak(f, v, Leak, "leaking param: "+v.Name)
			}
			out.add(toHeap, 0)
		}
		return out
	}
	if f.Flags&tree.UintptrEsc != 0 {
		if isUintptr(v.T) {
			if say {
				a.leak(f, v, Uintptr, "marking "+v.Name+" as escaping uintptr")
			}
			return out
		}
		if f.Variadic && v == f.Params[len(f.Params)-1] && isUintptr(a.p.Elem(v.T)) {
			if say {
				a.leak(f, v, Uintptr, "marking "+v.Name+" as escaping ...uintptr")
			}
			return out
		}
	}
	if !a.hasPointers(v.T) || !named {
		return out
	}
	l := b.loc(v)
	l.leaks.trim()
	if say && !l.has(escapes) && !hidden(v) {
		b.reportLeaks(f, v, &l.leaks)
	}
	if f.Flags&tree.NoEscape != 0 { // promised by the declaration that f provides the body of
		out.add(toMutator, 0)
		out.add(toCallee, 0)
		return out
	}
	return l.leaks
}

func paramName(f *tree.Func, v *tree.Var) string {
	if v.Name != "" {
		return v.Name
	}
	for i, p := range f.Params {
		if p == v {
			return fmt.Sprintf("arg#%d", i+1)
		}
	}
	return "_"
}

func (a *Analyzer) leak(f *tree.Func, v *tree.Var, k Kind, text string) {
	a.report(Finding{Pos: v.Pos, Kind: k, Text: text, Fn: f, Var: v})
}

func (b *batch) reportLeaks(f *tree.Func, v *tree.Var, l *leaks) {
	a, said := b.a, false
	say := func(format string, args ...any) {
		said = true
		a.leak(f, v, Leak, fmt.Sprintf(format, args...))
	}
	switch d := l.derefs(toHeap); {
	case d == 0:
		say("leaking param: %s", v.Name)
	case d > 0:
		say("leaking param content: %s", v.Name)
	}
	for i := range maxResults {
		if d := l.derefs(toResult + i); d >= 0 {
			name := f.Results[i].Name
			if name == "_" {
				name = tree.ResultName(i)
			}
			say("leaking param: %s to result %s level=%d", v.Name, name, d)
		}
	}
	none := "does not escape"
	if a.Mutations {
		if d := l.derefs(toMutator); d >= 0 {
			say("mutates param: %s derefs=%d", v.Name, d)
		}
		if d := l.derefs(toCallee); d >= 0 {
			say("calls param: %s derefs=%d", v.Name, d)
		}
		none += ", mutate, or call"
	}
	if !said {
		say("%s %s", v.Name, none)
	}
}
