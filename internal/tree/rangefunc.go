package tree

// Range over functions
//
// The body of `for x := range f` becomes a function value that f calls for each round. A range-over-func loop
// that is not inside the body of another one is a root; the loops in its body share with it
//
//	#next     what the function that holds the root has yet to do, because a statement in some body
//	          asked for it: 0 nothing, -1 return, 2d leave the loop of depth d (the root has depth 1),
//	          2d-1 go on with the next round of that loop, -2 and below a branch to another place
//	#defers   the defer token of that function
//
// and each loop has
//
//	#state    where its body stands (the values are abi.RF_State):
//	          ready → running (RF_PANIC) at the start of a round, → ready at its end,
//	          → done when the body leaves the loop, → exhausted when f has returned.
//	          A round that starts in any other state, and a call of f that returns
//	          while a round is running (it has recovered from a panic of the body), is misuse:
//	          runtime.panicrangestate.
//
// The loop is
//
//	#state = ready
//	f(func(x T) bool {
//		s := #state; #state = running
//		if s != ready { panicrangestate(s) }
//		…body…                        continue: #state = ready; return true
//		#state = ready; return true   break: #state = done; return false
//	})
//	if #state == running { panicrangestate(missing) }
//	#state = exhausted
//
// A statement in the body that leads out of the loop to another place sets #next and #state = done and returns
// false. After the loop (in the same function as the loop statement) come the tests for what the bodies
// inside may have asked: a branch whose target is in this function is done here; what concerns
// the loop around becomes its break or continue; all else sets the state of the loop
// around to done and returns false again. A return stores the results before it leaves.

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// Values of #state, those of internal/abi.RF_State.
const (
	rfDone = iota
	rfReady
	rfPanic
	rfExhausted
	rfMissing
)

const nextReturn = -1

// rangeRoot is what a root and the loops inside share.
type rangeRoot struct {
	b      *builder // of the function that holds the root
	next   *Var     // nil until used
	defers *Var     // nil until used
	codes  map[rangeExit]int64
}

// resultName names result i of the function that holds a root as the real compiler does when a body stores it.
func resultName(v *Var, i int) {
	if strings.HasPrefix(v.Name, "~r") || v.Name == "_" {
		v.Name = "#rv" + strconv.Itoa(i+1)
	}
}

// rangeExit is a place that a body branches to.
type rangeExit struct {
	tok   token.Token
	t     *target      // of break and continue
	label types.Object // of goto
}

// rangeLoop is one range-over-func loop. It is c.exits while the body is built.
type rangeLoop struct {
	*rangeRoot
	up    *rangeLoop // the loop whose body holds this one, or nil
	depth int64
	in    *builder // of the function that holds the loop
	t     *target  // what break and continue inside mean
	state *Var

	// What has to be tested after the loop.
	exits   []rangeExit // to places in the function of in
	upBreak bool        // leave the loop around
	upNext  bool        // next round of the loop around
	pass    bool        // something further out
	returns bool        // return, in a root
}

// rangeFunc builds a range-over-func loop; see stmt.go for the agreement.
func (b *builder) rangeFunc(s *ast.RangeStmt, t *target) []Stmt {
	l := &rangeLoop{in: b, t: t, depth: 1}
	if up, ok := b.exits.(*rangeLoop); ok {
		l.up, l.rangeRoot, l.depth = up, up.rangeRoot, up.depth+1
	} else {
		l.rangeRoot = &rangeRoot{b: b, codes: map[rangeExit]int64{}}
	}
	pos := s.For
	l.b.loops++
	l.state = b.temp("#state"+strconv.Itoa(l.b.loops), types.Typ[types.Int], pos)
	l.state.Reassigned = true

	call := b.calling(s.X, pos)
	call.T = noResult
	yieldT := b.typeOf(s.X).Underlying().(*types.Signature).Params().At(0).Type()
	yield := yieldT.Underlying().(*types.Signature)
	body := l.body(s, yield)
	if fr, ok := body.(*FuncRef); ok {
		fr.T = b.p.Canon(yieldT)
	} else {
		body.(*Closure).T = b.p.Canon(yieldT)
	}
	call.Args = append(call.Args, body)
	b.fn.Flags |= HasCalls

	return b.block(func() {
		if l.up == nil {
			if l.next != nil {
				b.emit(&Declare{At: At{pos}, V: l.next, Init: b.intConst(0, l.next.T, pos)})
			}
			if l.defers != nil {
				token := &Builtin{Typed: Typed{At{pos}, l.defers.T}, Name: "deferrangefunc"}
				b.emit(&Declare{At: At{pos}, V: l.defers, Init: token})
			}
		}
		b.emit(&Declare{At: At{pos}, V: l.state, Init: b.intConst(rfReady, l.state.T, pos)})
		b.emit(&ExprStmt{At{pos}, call})
		missing := b.misuse(b.intConst(rfMissing, l.state.T, pos), pos)
		b.emit(&If{At: At{pos}, Cond: b.isInt(l.state, rfPanic, pos), Then: []Stmt{missing}})
		b.setInt(l.state, rfExhausted, pos)
		l.after(pos)
	})
}

// body makes the body function.
func (l *rangeLoop) body(s *ast.RangeStmt, yield *types.Signature) Expr {
	pos, end := s.For, s.Body.Rbrace
	c := l.in.child(rangeBody, pos, end)
	c.exits = l
	c.p.signature(c.fn, yield, nil)
	for i, v := range c.fn.Params {
		v.Name, v.Pos = "#p"+strconv.Itoa(i+1), pos
	}
	var before *Assign
	for i, e := range []ast.Expr{s.Key, s.Value} {
		if e == nil {
			continue
		}
		if isBlank(e) {
			if s.Tok == token.DEFINE {
				c.fn.Params[i].Name = "_"
			}
			continue
		}
		v := c.fn.Params[i]
		if s.Tok == token.DEFINE {
			id := e.(*ast.Ident)
			obj := c.info.Defs[id]
			v.Name, v.Pos = obj.Name(), obj.Pos()
			c.nest.vars[obj] = v
			continue
		}
		if before == nil {
			before = &Assign{At: At{pos}}
		}
		x := c.place(e)
		before.Lhs = append(before.Lhs, x)
		before.Rhs = append(before.Rhs, c.convert(c.ref(v, e.Pos()), x.Type()))
	}
	c.fn.Body = c.block(func() {
		was := c.temp("", l.state.T, pos)
		c.emit(&Declare{At: At{pos}, V: was, Init: c.ref(l.state, pos)})
		c.setInt(l.state, rfPanic, pos)
		bad := &Binary{Typed{At{pos}, types.Typ[types.Bool]}, token.NEQ, c.ref(was, pos), c.intConst(rfReady, was.T, pos)}
		c.emit(&If{At: At{pos}, Cond: bad, Then: []Stmt{c.misuse(c.ref(was, pos), pos)}})
		if before != nil {
			c.emit(before)
		}
		c.stmts(s.Body.List)
		l.leave(c, end, rfReady)
	})
	return l.in.closure(c)
}

// leave emits the end of a round in the body c of l: f goes on if the state is ready, else it shall stop.
func (l *rangeLoop) leave(c *builder, pos token.Pos, state int64) {
	c.setInt(l.state, state, pos)
	t := c.fn.Results[0].T
	c.emit(&Return{At{pos}, []Expr{&Const{Typed: Typed{At{pos}, t}, Val: constant.MakeBool(state == rfReady)}}})
}

// setNext emits #next = code.
func (r *rangeRoot) setNext(c *builder, code int64, pos token.Pos) {
	if r.next == nil {
		r.next = r.b.temp("#next", types.Typ[types.Int], pos)
		r.next.Reassigned = true
	}
	c.setInt(r.next, code, pos)
}

// branch emits break, continue or goto in the body of l, which b builds.
func (l *rangeLoop) branch(b *builder, pos token.Pos, tok token.Token, t *target, label types.Object) {
	if t == l.t && t != nil {
		if tok == token.CONTINUE {
			l.leave(b, pos, rfReady)
		} else {
			l.leave(b, pos, rfDone)
		}
		return
	}
	l.setNext(b, l.request(rangeExit{tok, t, label}), pos)
	l.leave(b, pos, rfDone)
}

// request notes at l and the loops around it what must be tested after them, and returns the code for #next.
func (l *rangeLoop) request(e rangeExit) int64 {
	for x := l; ; x = x.up {
		if u := x.up; u != nil && e.t != nil && u.t == e.t {
			if e.tok == token.CONTINUE {
				x.upNext = true
				return 2*u.depth - 1
			}
			x.upBreak = true
			return 2 * u.depth
		}
		if x.holds(e) {
			code := l.codes[e]
			if code == 0 {
				code = -2 - int64(len(l.codes))
				l.codes[e] = code
			}
			for _, y := range x.exits {
				if y == e {
					return code
				}
			}
			x.exits = append(x.exits, e)
			return code
		}
		x.pass = true
	}
}

// holds tells that the place e is in the function that holds the loop.
func (l *rangeLoop) holds(e rangeExit) bool {
	if l.up == nil {
		return true
	}
	if e.t != nil {
		return e.t.owner == l.in
	}
	return l.in.extent[0] <= e.label.Pos() && e.label.Pos() <= l.in.extent[1]
}

// ret emits a return from the function that holds the root.
func (l *rangeLoop) ret(b *builder, pos token.Pos, vals []Expr) {
	if len(vals) > 0 {
		as := &Assign{At: At{pos}, Rhs: vals}
		for i, r := range l.b.fn.Results {
			resultName(r, i)
			r.Reassigned = true
			as.Lhs = append(as.Lhs, b.ref(r, pos))
		}
		b.emit(as)
	}
	for x := l; x != nil; x = x.up {
		if x.up == nil {
			x.returns = true
		} else {
			x.pass = true
		}
	}
	l.setNext(b, nextReturn, pos)
	l.leave(b, pos, rfDone)
}

// deferToken is the value of #defers.
func (l *rangeLoop) deferToken(b *builder, pos token.Pos) Expr {
	if l.defers == nil {
		l.defers = l.b.temp("#defers", types.Typ[types.Uintptr], pos)
	}
	return b.ref(l.defers, pos)
}

// after emits the tests of #next after the loop.
func (l *rangeLoop) after(pos token.Pos) {
	b := l.in
	when := func(code int64, do func()) {
		b.emit(&If{At: At{pos}, Cond: b.isInt(l.next, code, pos), Then: b.block(do)})
	}
	for _, e := range l.exits {
		when(l.codes[e], func() {
			b.setInt(l.next, 0, pos)
			if e.tok == token.GOTO {
				b.emit(&Jump{At{pos}, token.GOTO, b.gotoLabel(e.label)})
				return
			}
			e.t.label.Used = true
			b.emit(&Jump{At{pos}, e.tok, e.t.label})
		})
	}
	if l.returns {
		when(nextReturn, func() { b.emit(&Return{At{pos}, nil}) })
	}
	if l.up == nil {
		return
	}
	if l.upBreak {
		when(2*l.up.depth, func() {
			b.setInt(l.next, 0, pos)
			l.up.leave(b, pos, rfDone)
		})
	}
	if l.upNext {
		when(2*l.up.depth-1, func() {
			b.setInt(l.next, 0, pos)
			l.up.leave(b, pos, rfReady)
		})
	}
	if l.pass {
		some := &Binary{Typed{At{pos}, types.Typ[types.Bool]}, token.NEQ, b.ref(l.next, pos), b.intConst(0, l.next.T, pos)}
		b.emit(&If{At: At{pos}, Cond: some, Then: b.block(func() { l.up.leave(b, pos, rfDone) })})
	}
}

// setInt emits v = n.
func (b *builder) setInt(v *Var, n int64, pos token.Pos) {
	r := b.ref(v, pos)
	b.emit(&Assign{At{pos}, []Expr{r}, []Expr{b.intConst(n, r.T, pos)}})
}

// isInt is v == n.
func (b *builder) isInt(v *Var, n int64, pos token.Pos) Expr {
	r := b.ref(v, pos)
	return &Binary{Typed{At{pos}, types.Typ[types.Bool]}, token.EQL, r, b.intConst(n, r.T, pos)}
}

// misuse is the call of runtime.panicrangestate.
func (b *builder) misuse(state Expr, pos token.Pos) Stmt {
	f := b.p.FuncBySym("runtime.panicrangestate")
	if f == nil {
		b.bug(pos, "runtime.panicrangestate is missing")
	}
	b.fn.Flags |= HasCalls
	return &ExprStmt{At{pos}, &Call{Typed: Typed{At{pos}, noResult}, F: f, Args: []Expr{state}}}
}
