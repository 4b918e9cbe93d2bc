package inline

import (
	"go/token"
	"go/types"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// fits reports whether a call in caller of f, which has the facts c, is to be inlined.
func (in *Inliner) fits(call *tree.Call, caller, f *tree.Func, c *facts, big, once bool) bool {
	budget := maxBudget
	if big {
		budget = bigFunctionBudget
	}
	if f.Outer != nil {
		budget *= 2
		if once {
			budget = max(budget, calledOnceBudget)
		}
	}
	if c.cost > budget {
		return false
	}
	if in.cycle(tree.InlinedAt(call.P), call, f) {
		return false
	}
	for ; caller != nil; caller = caller.Outer { // a literal that came with a body stands in that body's call
		if in.cycle(caller.Inlined, call, f) {
			return false
		}
	}
	return true
}

// cycle reports whether call, of f, stands in the body of f or of the same call, when its place is in inlined call n.
func (in *Inliner) cycle(n int, call *tree.Call, f *tree.Func) bool {
	at := tree.Place(call.P)
	for n > 0 {
		outer := in.p.Inlined[n-1]
		if outer.F == f || tree.Place(outer.Call) == at {
			return true
		}
		n = tree.InlinedAt(outer.Call)
	}
	return false
}

// copyable reports whether the generated code of caller may do without a frame of f.
func (in *Inliner) copyable(call *tree.Call, caller, f *tree.Func) bool {
	if foreign(f, caller) || f.Flags&tree.InitFunc != 0 || in.opts.Keep != nil && in.opts.Keep(f) {
		return false
	}
	if f.Flags&tree.HasCalls != 0 && (caller.Flags&tree.Wrapper != 0 && !(in.opts.Text && caller.Outer != nil) || f.Pkg == "runtime") {
		return false
	}
	if len(call.Args) != len(f.Params) || len(call.Keep) > 0 {
		return false
	}
	for i, p := range f.Params {
		if call.Args[i].Type() != p.T {
			return false
		}
	}
	return true
}

// inline replaces the call at s if it is to be.
func (w *work) inline(c *callerOf, s *site) bool {
	call, ok := s.wrap.X.(*tree.Call)
	if !ok || s.callee == nil || w.in.opts.Off {
		return false
	}
	f := s.callee
	w.in.decide(f)
	k := of(f)
	if !k.decided || k.reason != "" || !w.in.fits(call, c.f, f, k, c.big, k.uses == 1 && f.Outer != nil) {
		return false
	}
	if !w.in.copyable(call, c.f, f) {
		if c.f.Outer != nil && c.f.Flags&tree.Wrapper != 0 { // of a go or defer statement: the decision is reported all the same
			w.in.report(Note{Kind: Inlining, Pos: call.P, F: f, Caller: c.f})
		}
		return false
	}
	if f.Outer != nil && f.Outer != c.f && len(f.Captures) > 0 {
		return false
	}
	body := k.body
	if body == nil {
		if k.changed {
			return false
		}
		body = f
	}
	results := 0
	if t, ok := call.T.(*types.Tuple); ok {
		results = t.Len()
	} else {
		results = 1
	}
	if results != 1 && s.stmt == nil {
		return false
	}
	if k.bytes < 0 {
		k.bytes = w.in.frameBytes(body)
	}
	if of(c.f).added+k.bytes > maxAdded {
		return false
	}
	of(c.f).added += k.bytes
	if call.F == nil && isInstance(f) { // a func value is the wrapper
		w.in.report(Note{Kind: Inlining, Pos: call.P, F: f, Caller: c.f, Real: true})
	}
	w.in.report(Note{Kind: Inlining, Pos: call.P, F: f, Caller: c.f})
	w.expand(c, s, call, f, body)
	return true
}

// maxAdded is how many bytes of variables inlining may add to one function: objects in a frame have places of their own, and
// a frame is limited.
const maxAdded = 64 << 10

// frameBytes is the size of f's variables.
func (in *Inliner) frameBytes(f *tree.Func) (n int64) {
	for _, list := range [][]*tree.Var{f.Params, f.Results, f.Locals} {
		for _, v := range list {
			n += in.p.Sizes.Sizeof(v.T)
		}
	}
	return n
}

// expansion is the making of one Block.
type expansion struct {
	copy    tree.Copy
	at      tree.At
	body    *tree.Func
	pre     []tree.Stmt // evaluates the function and the arguments
	stmts   []tree.Stmt
	results []*tree.Var // nil: the values of the only return are used as they are
	values  []tree.Expr // of the only return
	end     *tree.Label // behind the body
}

// expand replaces the call at s by the body of f.
func (w *work) expand(c *callerOf, s *site, call *tree.Call, f, body *tree.Func) {
	x := &expansion{at: tree.At{P: call.P}, body: body, end: &tree.Label{Name: "", Pos: call.P}}
	var made []*tree.Func
	x.copy = tree.Copy{P: w.in.p, Into: c.f, Vars: map[*tree.Var]*tree.Var{}, Subst: map[*tree.Var]tree.Expr{},
		Inlined: w.in.p.AddInlined(f, call.P), Return: x.returns,
		New: func(g *tree.Func) { made = append(made, g) }}
	for _, v := range body.Captures {
		x.copy.Vars[v] = v.Outer
	}
	x.callee(call.Fn)
	x.params(call.Args)
	x.declareResults()
	x.stmts = append(x.stmts, x.copy.Body(body)...)
	if x.end.Used {
		x.stmts = append(x.stmts, &tree.Labeled{At: x.at, L: x.end})
	}
	c.f.Flags |= body.Flags & tree.HasCalls
	x.place(s)

	w.collect(c, x.stmts)
	w.note(x.pre)
	w.note(x.stmts)
	s.wrap.Stmts = append(x.pre, x.stmts...)
	if s.wrap.X != nil {
		s.wrap.X = w.collectExpr(c, s.wrap.X)
		s.wrap.T = s.wrap.X.Type()
	}
	switch st := s.stmt.(type) {
	case *tree.Assign:
		for i := 1; i < len(st.Rhs); i++ {
			st.Rhs[i] = w.collectExpr(c, st.Rhs[i])
		}
		w.in.define([]tree.Stmt{st})
	case *tree.Return:
		for i := 1; i < len(st.Vals); i++ {
			st.Vals[i] = w.collectExpr(c, st.Vals[i])
		}
	}
	for _, g := range made {
		w.add(g)
	}
}

// callee keeps what evaluating the func value does besides.
func (x *expansion) callee(fn tree.Expr) {
	for fn != nil {
		switch y := fn.(type) {
		case *tree.Block:
			x.pre = append(x.pre, y.Stmts...)
			fn = y.X
		case *tree.Convert:
			fn = y.X
		default:
			return
		}
	}
}

// params gives the parameters their values: by taking the argument itself where nothing can tell the difference, else by
// assigning it to a new variable, all of them at once if one argument may change another.
func (x *expansion) params(args []tree.Expr) {
	var lhs, rhs []tree.Expr
	changes := false // an argument behind another one may change it
	for i, p := range x.body.Params {
		arg := args[i]
		if x.substitute(p, arg) {
			continue
		}
		if len(rhs) > 0 && mutates(arg) {
			changes = true
		}
		var l tree.Expr
		if p.Name != "" && p.Name != "_" {
			v := x.copy.Local(p)
			l = &tree.Ref{Typed: tree.Typed{At: x.at, T: v.T}, V: v}
		}
		lhs, rhs = append(lhs, l), append(rhs, arg)
	}
	if !changes {
		for i, l := range lhs {
			if l == nil {
				x.pre = append(x.pre, &tree.Assign{At: x.at, Lhs: []tree.Expr{nil}, Rhs: []tree.Expr{rhs[i]}})
				continue
			}
			x.pre = append(x.pre, &tree.Declare{At: x.at, V: l.(*tree.Ref).V, Init: rhs[i]})
		}
		return
	}
	for _, l := range lhs {
		if l != nil {
			x.pre = append(x.pre, &tree.Declare{At: x.at, V: l.(*tree.Ref).V, Undef: true})
		}
	}
	x.pre = append(x.pre, &tree.Assign{At: x.at, Lhs: lhs, Rhs: rhs})
}

// mutates reports whether evaluating e may change a variable or memory.
func mutates(e tree.Expr) bool {
	found := false
	tree.WalkExpr(e, func(n tree.Node) bool {
		switch n := n.(type) {
		case *tree.Call, *tree.Recv:
			found = true
		case *tree.Block:
			found = found || len(n.Stmts) > 0
		case *tree.Builtin:
			switch n.Name {
			case "append", "copy", "delete", "clear", "recover", "panic", "print", "println", "close":
				found = true
			}
		}
		return !found
	})
	return found
}

// substitute uses arg in place of the parameter p if it is a constant or a variable that nothing assigns while the body runs.
func (x *expansion) substitute(p *tree.Var, arg tree.Expr) bool {
	if p.Reassigned || p.Addrtaken {
		return false
	}
	switch a := arg.(type) {
	case *tree.Const:
		if p.Captured {
			return false
		}
		x.copy.Subst[p] = &tree.Const{Typed: a.Typed, Val: a.Val, As: p}
		return true
	case *tree.Ref:
		v := a.V
		if v.Kind == tree.Global || v.Kind == tree.Result || v.Kind == tree.Capture && v.Outer == nil || v.T != p.T {
			return false
		}
		s := source(v)
		switch {
		case s.Addrtaken || s.Kind == tree.Result:
			return false
		case s.Reassigned && (s.Captured || v.Kind == tree.Capture || p.Captured):
			return false
		}
		if p.Captured {
			v.Captured = true
		}
		x.copy.Subst[p] = &tree.Ref{Typed: a.Typed, V: v, As: p}
		return true
	}
	return false
}

// declareResults makes variables for the results, unless there is one return statement only, the last one, whose values
// can take the place of the call.
func (x *expansion) declareResults() {
	rs := x.body.Results
	if len(rs) == 0 {
		return
	}
	plain := true
	for _, r := range rs {
		plain = plain && (r.Name == "" || r.Name[0] == '~')
	}
	returns := 0
	tree.Walk(x.body.Body, func(n tree.Node) bool {
		if _, ok := n.(*tree.Return); ok {
			returns++
		}
		return true
	})
	if n := len(x.body.Body); plain && returns == 1 && n > 0 {
		if r, ok := x.body.Body[n-1].(*tree.Return); ok && len(r.Vals) == len(rs) && !callsIn(r.Vals[1:]) {
			return
		}
	}
	for _, r := range rs {
		v := x.copy.Local(r)
		v.Reassigned = !plain || returns > 1
		x.results = append(x.results, v)
		x.pre = append(x.pre, &tree.Declare{At: x.at, V: v, Undef: plain})
	}
}

// callsIn reports whether any of the expressions has an effect on variables: they are evaluated together with
// what stands before them, calls first.
func callsIn(list []tree.Expr) (found bool) {
	for _, e := range list {
		tree.WalkExpr(e, func(n tree.Node) bool {
			switch n.(type) {
			case *tree.Call, *tree.Recv, *tree.Block:
				found = true
			}
			return !found
		})
	}
	return found
}

// returns makes the statements for a return statement of the body.
func (x *expansion) returns(s *tree.Return, tail bool) (out []tree.Stmt) {
	if len(s.Vals) > 0 {
		if x.results == nil {
			x.values = s.Vals
			return nil
		}
		as := &tree.Assign{At: s.At, Rhs: s.Vals}
		for _, v := range x.results {
			as.Lhs = append(as.Lhs, &tree.Ref{Typed: tree.Typed{At: s.At, T: v.T}, V: v})
		}
		out = append(out, as)
	}
	if !tail {
		x.end.Used = true
		out = append(out, &tree.Jump{At: s.At, Tok: token.GOTO, L: x.end})
	}
	return out
}

// place puts the results where the call was.
func (x *expansion) place(s *site) {
	vals := x.values
	if x.results != nil {
		vals = nil
		for _, v := range x.results {
			vals = append(vals, &tree.Ref{Typed: tree.Typed{At: x.at, T: v.T}, V: v})
		}
	}
	if _, ok := s.stmt.(*tree.ExprStmt); ok {
		if x.results == nil && len(vals) > 0 {
			x.stmts = append(x.stmts, &tree.Assign{At: x.at, Lhs: make([]tree.Expr, len(vals)), Rhs: vals})
		}
		s.wrap.X = nil
		return
	}
	s.wrap.X = vals[0]
	if x.results == nil {
		s.wrap.Result = x.body.Results[0]
	}
	if len(vals) == 1 {
		return
	}
	switch st := s.stmt.(type) {
	case *tree.Assign:
		st.Rhs = append(st.Rhs, vals[1:]...)
	case *tree.Return:
		st.Vals = append(st.Vals, vals[1:]...)
	}
}
