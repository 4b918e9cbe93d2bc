// Package inline replaces calls by the bodies of the functions they call, and interface calls by direct ones.
//
// Its place in the way of a program is between building and escape analysis; it works on the full form.
//
// # What is inlined
//
// The budget is the real compiler's, so that escape analysis, which sees the result, decides as it does:
//
//  1. A function can be inlined if its body costs at most 80 nodes (cost.go) and has nothing in it that needs a frame of its
//     own: recover, go, defer. Calls inside that would be inlined themselves cost as much as their bodies
//     ("mid-stack" inlining). Functions are measured callees first, strongly connected components
//     together (graph.go), each once.
//
//  2. In a function, calls are looked at in the order of evaluation. One whose function is known (named, or a variable that
//     is assigned once, to a literal) and can be inlined becomes a Block with a copy of the body (expand.go); the calls
//     in the copy are looked at next, until nothing changes. A function is never copied into a copy of itself.
//     Into functions of 5000 nodes and more only bodies up to 20 are copied; literals may cost 160, and if
//     they are called in one place only, 800.
//
//  3. Before and in between, interface calls whose operand has one possible type become calls of the method
//     (devirtualize.go), which may then be inlined.
//
//  4. Variables that held a literal and that nothing mentions any longer disappear, and with them the sharing of the variables
//     that the literal captured (dead.go). Thus a loop over an iterator function ends as a loop.
//
// # What stays visible
//
// Every inlined call has a number that is part of the positions of the copy (tree.InlinedCall), from which lower makes the
// logical frames of tracebacks and runtime.Callers.
//
// # What is not inlined, although the real compiler would
//
//   - what would add more than 64 KiB of variables to one function;
//   - functions that other packages declare under their name (linkname): the types may differ;
//   - what room lower makes instructions of or wants to see (Options.Keep);
//   - into functions that tracebacks leave out (wrappers): bodies with calls, since recover looks at its caller's frame.
package inline

import (
	"go/token"
	"go/types"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// Options are the choices of an Inliner.
type Options struct {
	// Off leaves all calls in place; interface calls are made direct nevertheless.
	Off bool
	// Keep reports whether code generation wants to see calls of f, because it has instructions for them or
	// draws conclusions from them; nil: it does not.
	Keep func(f *tree.Func) bool
	// Explain counts whole bodies, so that reasons name the cost.
	Explain bool
	// Text says that the tree serves messages and does not run: the wrappers of go and defer statements take in what the
	// real compiler puts there. When a program runs these calls stay, for a wrapper's frame is not shown.
	Text bool
	// Literal is told of every function literal without captures that was looked at, whether it is still mentioned afterwards or not; nil: nobody is.
	Literal func(f *tree.Func)
	// Report gets what was found and done; nil: it is dropped.
	Report func(Note)
}

// Kind is what a Note says.
type Kind uint8

const (
	CanInline Kind = iota
	CannotInline
	Inlining
	Devirtualizing
	Big
)

// Note is one finding.
type Note struct {
	Kind    Kind
	Pos     token.Pos
	F       *tree.Func // what is, or could be, inlined
	Caller  *tree.Func // the function that the call is in
	Cost    int
	Reason  string
	Call    *tree.Call // Devirtualizing: before it is changed
	Type    types.Type // Devirtualizing
	Partial bool       // Devirtualizing: to a method of an embedded interface
	Real    bool       // F stands for the wrapper that the real compiler has for the type arguments of an instance
}

// Inliner inlines the calls of a program's functions, function by function. It is not safe for concurrent use.
type Inliner struct {
	p    *tree.Program
	opts Options
	defs map[*tree.Var]tree.Expr // the only value of variables that are assigned once
	graph
}

// New returns an inliner for the functions of p.
func New(p *tree.Program, opts Options) *Inliner {
	return &Inliner{p: p, opts: opts, defs: map[*tree.Var]tree.Expr{}, graph: newGraph()}
}

// facts is what the inliner knows of a function (tree.Func.Inline).
type facts struct {
	decided bool
	reason  string     // why it cannot be inlined, "" if it can
	cost    int        // nodes
	body    *tree.Func // copy of the function as it was built; nil: the function itself still is
	uses    int        // calls that are known to be calls of it
	done    bool       // its calls are, or have been, looked at
	changed bool       // they have been
	bytes   int64      // of its variables; -1: not counted yet
	added   int64      // bytes of variables that inlining has added to it
}

func of(f *tree.Func) *facts {
	c, _ := f.Inline.(*facts)
	if c == nil {
		c = &facts{bytes: -1}
		f.Inline = c
	}
	return c
}

// Func looks at the calls in f, which must be in full form or unbuilt, and in the literals inside it.
func (in *Inliner) Func(f *tree.Func) {
	if f.Extern || of(f).done || f.State == tree.Ordered {
		return
	}
	in.p.Build(f)
	if !in.opts.Off {
		in.decide(f)
	}
	w := &work{in: in, seen: map[*tree.Func]bool{}}
	w.devirtualizer.init(in.p)
	w.add(f)
	w.run()
}

// keep makes the copy of f's body that later calls are replaced with, since f itself is about to change.
func (in *Inliner) keep(f *tree.Func) {
	c := of(f)
	if c.decided && c.body == nil && c.reason == "" && (f.Outer == nil || len(f.Captures) == 0) && !c.done {
		c.body = in.p.Template(f)
	}
}

// CanInline reports whether calls of f can be inlined.
func (in *Inliner) CanInline(f *tree.Func) bool {
	c := of(f)
	return c.decided && c.reason == "" && !in.opts.Off
}

// known returns the facts of f if it has been measured, else nil.
func (in *Inliner) known(f *tree.Func) *facts {
	if c := of(f); c.decided {
		return c
	}
	if f.Outer != nil {
		in.measured(f)
		return of(f)
	}
	return nil
}

func (in *Inliner) report(n Note) {
	if in.opts.Report != nil {
		in.opts.Report(n)
	}
}

// work is the state of Func: a function and the literals in it.
type work struct {
	in    *Inliner
	funcs []*callerOf
	seen  map[*tree.Func]bool
	devirtualizer
}

// callerOf is a function whose calls are looked at.
type callerOf struct {
	f     *tree.Func
	big   bool
	sites []*site
}

// site is a call. While the function is worked on, every call is wrapped in a Block, which
// stays in place when what is in it or around it is replaced.
type site struct {
	wrap   *tree.Block
	stmt   tree.Stmt  // statement that takes all results of a call with several or no results, else nil
	callee *tree.Func // what it is known to call
}

// add takes up f and the literals inside. What is known of a variable is known only when all of them have been read: a literal may
// assign a variable of the function around it.
func (w *work) add(f *tree.Func) {
	first := len(w.funcs)
	w.read(f)
	for _, c := range w.funcs[first:] {
		for _, s := range c.sites {
			w.resolve(c, s)
		}
	}
}

// read collects the calls of f and of the literals inside, and what their variables get.
func (w *work) read(f *tree.Func) {
	if w.seen[f] {
		return
	}
	w.seen[f] = true
	w.in.keep(f)
	of(f).done = true
	c := &callerOf{f: f, big: w.in.big(f)}
	if c.big {
		w.in.report(Note{Kind: Big, Pos: w.in.p.HeadPos(f), F: f})
	}
	w.funcs = append(w.funcs, c)
	w.collect(c, f.Body)
	w.note(f.Body)
	literals(f.Body, w.read)
}

// literals calls visit for the function literals that statements mention.
func literals(list []tree.Stmt, visit func(*tree.Func)) {
	tree.Walk(list, func(n tree.Node) bool {
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
			visit(g)
		}
		return true
	})
}

// collect wraps the calls of a list of statements and appends their sites, operands first.
func (w *work) collect(c *callerOf, list []tree.Stmt) {
	first := len(c.sites)
	tree.Edit(list, func(x tree.Expr) tree.Expr { return w.wrap(c, x) })
	w.owners(list, c.sites[first:])
}

func (w *work) collectExpr(c *callerOf, x tree.Expr) tree.Expr {
	return tree.EditExpr(x, func(x tree.Expr) tree.Expr { return w.wrap(c, x) })
}

func (w *work) wrap(c *callerOf, x tree.Expr) tree.Expr {
	switch x := x.(type) {
	case *tree.Call:
		b := &tree.Block{Typed: x.Typed, X: x}
		c.sites = append(c.sites, &site{wrap: b})
		return b
	case *tree.Block: // a wrapping that was copied
		if in, ok := x.X.(*tree.Block); ok && len(x.Stmts) == 0 && !w.named(x) {
			return in
		}
	}
	return x
}

// named reports whether messages name the value of b as the result of an inlined call.
func (w *work) named(b *tree.Block) bool { return w.in.opts.Text && b.Result != nil }

// note takes down what variables get, once the calls are wrapped.
func (w *work) note(list []tree.Stmt) {
	w.gather(list)
	w.in.define(list)
}

// owners finds the statements that take the results of the calls among sites.
func (w *work) owners(list []tree.Stmt, sites []*site) {
	if len(sites) == 0 {
		return
	}
	by := make(map[tree.Expr]*site, len(sites))
	for _, s := range sites {
		by[s.wrap] = s
	}
	tree.Walk(list, func(n tree.Node) bool {
		var x tree.Expr
		switch n := n.(type) {
		case *tree.ExprStmt:
			x = n.X
		case *tree.Assign:
			if len(n.Rhs) == 1 {
				x = n.Rhs[0]
			}
		case *tree.Return:
			if len(n.Vals) == 1 {
				x = n.Vals[0]
			}
		default:
			return true
		}
		for { // a tuple may have statements before it
			b, ok := x.(*tree.Block)
			if !ok {
				break
			}
			if s := by[b]; s != nil {
				if _, ok := b.X.Type().(*types.Tuple); ok {
					s.stmt = n
				} else if _, ok := n.(*tree.ExprStmt); ok {
					s.stmt = n
				}
				break
			}
			x = b.X
		}
		return true
	})
}

// define notes the variables that are assigned once.
func (in *Inliner) define(list []tree.Stmt) {
	once := func(v *tree.Var, x tree.Expr) {
		if v.Kind == tree.Local && !v.Reassigned && !v.Addrtaken && x != nil {
			in.defs[v] = x
		}
	}
	tree.Walk(list, func(n tree.Node) bool {
		switch n := n.(type) {
		case *tree.Declare:
			once(n.V, n.Init)
		case *tree.Assign:
			if len(n.Lhs) == len(n.Rhs) {
				for i, l := range n.Lhs {
					if r, ok := l.(*tree.Ref); ok {
						once(r.V, n.Rhs[i])
					}
				}
			}
		}
		return true
	})
}

// value follows variables that are assigned once to their value.
func (in *Inliner) value(x tree.Expr) tree.Expr {
	for range 1000 {
		switch y := x.(type) {
		case *tree.Convert:
			if !types.Identical(y.T.Underlying(), y.X.Type().Underlying()) {
				return x
			}
			x = y.X
		case *tree.Block:
			if y.X == nil {
				return x
			}
			x = y.X
		case *tree.Ref:
			d := in.defs[source(y.V)]
			if d == nil {
				return x
			}
			x = d
		default:
			return x
		}
	}
	return x
}

// target is the function that a call in f is known to call, or nil.
func (in *Inliner) target(f *tree.Func, c *tree.Call) *tree.Func {
	if c.F != nil {
		if c.Known.Nothing() || c.F.Outer != nil && len(c.F.Captures) > 0 {
			return nil
		}
		return c.F
	}
	if c.Fn == nil {
		return nil
	}
	switch x := in.value(c.Fn).(type) {
	case *tree.FuncRef:
		if x.F.Outer == nil && x.F.Flags&tree.Wrapper != 0 { // of a method expression
			return nil
		}
		return x.F
	case *tree.Closure:
		if x.F.Outer == f {
			return x.F
		}
	}
	return nil
}

// resolve makes an interface call direct if it can, and counts the calls of what is known.
func (w *work) resolve(c *callerOf, s *site) {
	call, ok := s.wrap.X.(*tree.Call)
	if !ok || s.callee != nil {
		return
	}
	if call.Method != nil {
		w.devirtualize(call, func(t types.Type, partial bool) {
			w.in.report(Note{Kind: Devirtualizing, Pos: call.P, Caller: c.f, Call: call, Type: t, Partial: partial})
		})
	}
	if w.in.opts.Off {
		return
	}
	if f := w.in.target(c.f, call); f != nil && !isIntrinsic(f) && !isMark(f) {
		s.callee = f
		of(f).uses++
	}
}

// run inlines until nothing changes, and unwraps the calls that are left.
func (w *work) run() {
	for i := 0; i < len(w.funcs); i++ { // literals are added on the way
		c := w.funcs[i]
		of(c.f).changed = true
		for changed := true; changed; {
			changed = false
			for lo, hi := 0, len(c.sites); lo < hi; lo, hi = hi, len(c.sites) {
				for _, s := range c.sites[lo:] {
					w.resolve(c, s)
				}
				for _, s := range c.sites[lo:hi] {
					w.resolve(c, s)
					if w.inline(c, s) {
						changed = true
					}
				}
			}
		}
		tree.Edit(c.f.Body, func(x tree.Expr) tree.Expr {
			if b, ok := x.(*tree.Block); ok && len(b.Stmts) == 0 && !w.named(b) {
				switch x := b.X.(type) { // other values stay: they are taken where the call was
				case *tree.Call:
					return x
				case *tree.Const:
					return &tree.Const{Typed: tree.Typed{At: b.At, T: x.T}, Val: x.Val}
				case *tree.Zero:
					return &tree.Zero{Typed: tree.Typed{At: b.At, T: x.T}}
				}
			}
			return x
		})
	}
	for i := len(w.funcs) - 1; i >= 0; i-- {
		w.bury(w.funcs[i].f)
	}
	if w.in.opts.Literal == nil {
		return
	}
	for _, c := range w.funcs {
		if c.f.Outer != nil && len(c.f.Captures) == 0 {
			w.in.opts.Literal(c.f)
		}
	}
}
