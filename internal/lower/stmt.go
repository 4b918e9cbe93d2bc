package lower

import (
	"go/token"
	"go/types"

	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

func (g *gen) stmts(list []tree.Stmt) {
	for _, s := range list {
		g.stmt(s)
	}
}

func (g *gen) stmt(s tree.Stmt) {
	if p := s.Pos(); p.IsValid() {
		g.pos = p
	}
	switch s := s.(type) {
	case *tree.ExprStmt:
		g.exprStmt(s.X)
	case *tree.Declare:
		g.declare(s)
	case *tree.Assign:
		g.assign(s)
	case *tree.AssignOp:
		g.assignOp(s)
	case *tree.If:
		g.ifStmt(s)
	case *tree.For:
		g.forStmt(s)
	case *tree.Select:
		g.selectStmt(s)
	case *tree.Labeled:
		t := g.target(s.L)
		if t.here < 0 {
			t.here = g.label()
		}
		g.bind(t.here)
	case *tree.Jump:
		g.jumpStmt(s)
	case *tree.Return:
		g.returnStmt(s)
	case *tree.Go:
		g.op(bc.GO, g.val(s.Fn), none, none)
	case *tree.Defer:
		fn := g.val(s.Fn)
		if s.Token != nil {
			g.emit(ins{op: bc.DEFER, d: 1, a: fn, b: g.val(s.Token), c: none})
			return
		}
		g.op(bc.DEFER, fn, none, none)
	case *tree.Send:
		g.send(s)
	case *tree.Group:
		g.stmts(s.Stmts)
	case *tree.KeepAlive:
		if s.V.Kind != tree.Global {
			if x := g.home(s.V); x.frame {
				g.op(bc.KEEP, g.objectOf(x), none, none)
			} else if x.reg >= 0 && g.regs[x.reg].n > 0 {
				g.op(bc.KEEP, ref{x.reg, 0}, none, none)
			}
		}
	default:
		g.bug("statement %T in core form", s)
	}
}

func (g *gen) exprStmt(e tree.Expr) {
	switch e := e.(type) {
	case *tree.Call, *tree.MapIndex, *tree.Recv:
		g.multi(e)
	case *tree.Assert:
		g.multi(e)
	case *tree.Builtin:
		g.effectBuiltin(e)
	default:
		g.val(e)
	}
}

// declare brings a variable to life.
func (g *gen) declare(s *tree.Declare) {
	v, init := s.V, s.Init
	x := g.variable(v)
	if x.frame {
		g.declareObject(v, init)
		return
	}
	if x.heap {
		l := x.l
		if init == nil || isZero(init) {
			g.object(ref{g.home(v).reg, 0}, l, x.frame)
			return
		}
		box := g.ptr()
		if mentions(init, v) {
			r := g.copyOf(init)
			g.object(box, l, x.frame)
			g.storeMem(box, 0, r, l)
		} else {
			g.object(box, l, x.frame)
			g.storeExpr(place{kind: inMem, l: l, r: box, nonnil: true, canon: true}, init)
		}
		g.move(ref{g.home(v).reg, 0}, box, 1)
		return
	}
	if x.uses == 0 && (init == nil || isZero(init)) && x.defs <= 1 || s.Undef && init == nil {
		return
	}
	if init == nil {
		if x.l.Slots > 0 {
			x = g.home(v)
			g.zero(ref{x.reg, 0}, x.l.Slots)
		}
		return
	}
	g.assignVar(v, init)
}

// copyOf evaluates e into a register of its own.
func (g *gen) copyOf(e tree.Expr) ref {
	l := g.layout(e.Type())
	if large(l) {
		return g.largeCopy(e, l)
	}
	t := g.newReg(l)
	g.into(e, t)
	return t
}

// assignVar assigns to a variable in the frame.
func (g *gen) assignVar(v *tree.Var, e tree.Expr) {
	old := g.at(e)
	defer func() { g.pos = old }()
	x := g.variable(v)
	if isMulti(e) {
		g.bindVar(v, g.multi(e)[0])
		return
	}
	if x.rebind {
		t := g.newReg(x.l)
		g.into(e, t)
		g.variable(v).reg = t.v
		return
	}
	x = g.home(v)
	dst := ref{x.reg, 0}
	if g.stepwise(e) && mentions(e, v) && !g.inPlace(e, v) {
		t := g.copyOf(e)
		g.move(dst, t, x.l.Slots)
		return
	}
	g.into(e, dst)
}

// inPlace reports whether e is an operation on v that may be done in v's register: append to v, slicing of v.
func (g *gen) inPlace(e tree.Expr, v *tree.Var) bool {
	switch e := e.(type) {
	case *tree.Builtin:
		if e.Name != "append" {
			return false
		}
		if r, ok := e.Args[0].(*tree.Ref); !ok || r.V != v {
			return false
		}
		if e.Dots {
			return true
		}
		for _, a := range e.Args[1:] {
			if mentions(a, v) {
				return false
			}
		}
		return true
	case *tree.Slice:
		return true // the operands are taken before the one instruction that writes
	}
	return false
}

// isMulti reports whether the value of e comes in a register that the variable may become.
func isMulti(e tree.Expr) bool {
	switch e.(type) {
	case *tree.Call, *tree.Recv:
		return true
	}
	return false
}

// bindVar gives a variable in the frame the value in r, which is not used otherwise.
func (g *gen) bindVar(v *tree.Var, r ref) {
	x := g.variable(v)
	if x.l.Slots == 0 {
		return
	}
	if (x.rebind || x.alias && x.reg < 0) && r.o == 0 && r.v >= 0 {
		x.reg = r.v
		return
	}
	x = g.home(v)
	g.move(ref{x.reg, 0}, r, x.l.Slots)
}

// assignRef assigns the value in r, which is not used otherwise, to a place.
func (g *gen) assignRef(lhs tree.Expr, r ref) {
	if v, ok := lhs.(*tree.Ref); ok && v.V.Kind != tree.Global && !g.variable(v.V).heap {
		g.bindVar(v.V, r)
		return
	}
	g.storePlace(g.place(lhs), r)
}

func (g *gen) assign(s *tree.Assign) {
	if len(s.Rhs) != 1 {
		g.bug("parallel assignment in core form")
	}
	rhs := s.Rhs[0]
	if _, ok := rhs.Type().(*types.Tuple); ok || len(s.Lhs) > 1 {
		rs := g.multi(rhs)
		for i, l := range s.Lhs {
			if l != nil {
				g.assignRef(l, rs[i])
			}
		}
		return
	}
	lhs := s.Lhs[0]
	if lhs == nil {
		g.exprStmt(rhs)
		return
	}
	switch l := lhs.(type) {
	case *tree.MapIndex:
		g.mapAssign(l, rhs)
		return
	case *tree.Ref:
		if l.V.Kind != tree.Global && !g.variable(l.V).heap && g.variable(l.V).cap == 0 {
			g.assignVar(l.V, rhs)
			return
		}
	}
	if isMulti(rhs) {
		g.assignRef(lhs, g.multi(rhs)[0])
		return
	}
	p := g.place(lhs)
	if p.kind == inFrame && p.off%8 == 0 && p.l.Size%8 == 0 {
		// A part of an aggregate, in whole words.
		root := rootVar(lhs)
		if !g.stepwise(rhs) || root != nil && !mentions(rhs, root) && !p.obj {
			g.into(rhs, p.r.at(p.off/8))
			return
		}
		g.storePlace(p, g.copyOf(rhs))
		return
	}
	g.storeExpr(p, rhs)
}

// assignOp is X op= Y.
func (g *gen) assignOp(s *tree.AssignOp) {
	t := s.X.Type()
	if r, ok := s.X.(*tree.Ref); ok && r.V.Kind != tree.Global && !g.variable(r.V).heap {
		g.assignVarOp(r.V, &tree.Binary{Typed: tree.Typed{At: s.At, T: t}, Op: s.Op, X: s.X, Y: s.Y})
		return
	}
	// The place is found once.
	var p place
	if m, ok := s.X.(*tree.MapIndex); ok {
		p = g.mapPlace(m, g.layout(t))
	} else {
		p = g.place(s.X)
	}
	if p.kind == inElem && (elemLoad(p.l) == 0 || p.l.Slots > 1) {
		p = g.elemAddr(p)
	}
	tmp := &tree.Var{Name: "op", T: t, Kind: tree.Local, Func: g.f, Temp: true}
	old := g.valPlace(p)
	x := g.variable(tmp)
	if old.o == 0 {
		x.reg = old.v
	} else {
		r := g.newReg(p.l)
		g.move(r, old, p.l.Slots)
		g.variable(tmp).reg = r.v
	}
	e := &tree.Binary{Typed: tree.Typed{At: s.At, T: t}, Op: s.Op, X: &tree.Ref{Typed: tree.Typed{At: s.At, T: t}, V: tmp}, Y: s.Y}
	if p.kind == inFrame && p.off%8 == 0 && p.l.Size == 8 && p.l.Scalar() {
		g.into(e, p.r.at(p.off/8))
		return
	}
	g.storePlace(p, g.val(e))
}

func (g *gen) assignVarOp(v *tree.Var, e *tree.Binary) {
	x := g.home(v)
	dst := ref{x.reg, 0}
	l := x.l
	if l.Class == ClassComplex || l.Class == ClassString {
		t := g.newReg(l)
		g.into(e, t)
		g.move(dst, t, l.Slots)
		return
	}
	g.into(e, dst)
}

func (g *gen) ifStmt(s *tree.If) {
	if len(s.Then) == 0 && len(s.Else) == 0 {
		g.effect(s.Cond)
		return
	}
	end := g.label()
	if len(s.Then) == 0 {
		g.branch(s.Cond, true, end)
		g.stmts(s.Else)
		g.bind(end)
		return
	}
	// "if c { goto L }" is one branch.
	if len(s.Then) == 1 && len(s.Else) == 0 {
		if j, ok := s.Then[0].(*tree.Jump); ok {
			g.branch(s.Cond, true, g.jumpLabel(j))
			return
		}
	}
	els := end
	if len(s.Else) > 0 {
		els = g.label()
	}
	g.branch(s.Cond, false, els)
	g.stmts(s.Then)
	if len(s.Else) > 0 {
		if g.reachable() {
			g.jump(end)
		}
		g.bind(els)
		g.stmts(s.Else)
	}
	g.bind(end)
}

// forStmt puts the test at the bottom. A cheap condition is tested once more at the top, so that the
// loop has no jump to its test and the increment falls through into it; else the loop is entered by a
// jump to the test.
func (g *gen) forStmt(s *tree.For) {
	brk, cont, top := g.label(), g.label(), g.label()
	if s.Label != nil {
		g.setTarget(s.Label, target{brk: brk, cont: cont, here: -1})
	}
	cond := s.Cond
	if c, ok := cond.(*tree.Const); ok && g.layout(c.T).Bool {
		if w, _ := g.konst(c); w == 1 {
			cond = nil
		}
	}
	test := g.label()
	guard := cond != nil && len(s.CondPre) == 0 && size(cond, 0) <= 6
	if cond != nil {
		cond = g.hoistBound(cond, s)
	}
	if guard {
		g.branch(cond, false, brk)
	} else if cond != nil {
		g.jump(test)
	}
	g.bind(top)
	if cond == nil {
		g.stmts(s.CondPre)
	}
	g.stmts(s.Body)
	g.bind(cont)
	g.stmts(s.Post)
	if s.Pos().IsValid() {
		g.pos = s.Pos()
	}
	if cond == nil {
		if g.reachable() {
			g.jump(top)
		}
		g.bind(brk)
		return
	}
	if !guard {
		g.bind(test)
	}
	g.stmts(s.CondPre)
	g.branch(cond, true, top)
	g.bind(brk)
}

// hoistBound keeps the constant bound of a counting loop in a register, so that increment and test become
// one instruction.
func (g *gen) hoistBound(cond tree.Expr, s *tree.For) tree.Expr {
	b, ok := cond.(*tree.Binary)
	if !ok || b.Op != token.LSS || len(s.Post) == 0 || len(s.CondPre) > 0 {
		return cond
	}
	r, ok := b.X.(*tree.Ref)
	if !ok || r.V.Kind == tree.Global || g.variable(r.V).heap {
		return cond
	}
	l := g.layout(r.T)
	if l.Class != ClassInt || l.Size != 8 || !l.Signed {
		return cond
	}
	k, ok := g.konst(b.Y)
	if !ok {
		return cond
	}
	inc, ok := s.Post[len(s.Post)-1].(*tree.AssignOp)
	if !ok || inc.Op != token.ADD {
		return cond
	}
	if x, ok := inc.X.(*tree.Ref); !ok || x.V != r.V {
		return cond
	}
	tmp := &tree.Var{Name: "bound", T: b.Y.Type(), Kind: tree.Local, Func: g.f, Temp: true}
	x := g.home(tmp)
	g.ldi(ref{x.reg, 0}, k)
	return &tree.Binary{Typed: b.Typed, Op: b.Op, X: b.X, Y: &tree.Ref{Typed: tree.Typed{At: tree.At{P: b.Y.Pos()}, T: b.Y.Type()}, V: tmp}}
}

// size counts the nodes of an expression, up to a limit.
func size(e tree.Expr, n int) int {
	n++
	eachExpr(e, func(x tree.Expr) {
		if n < 100 {
			n = size(x, n)
		}
	})
	return n
}

func (g *gen) target(l *tree.Label) *target {
	if g.loops == nil {
		g.loops = map[*tree.Label]*target{}
	}
	t := g.loops[l]
	if t == nil {
		t = &target{-1, -1, -1}
		g.loops[l] = t
	}
	return t
}

func (g *gen) setTarget(l *tree.Label, to target) {
	t := g.target(l)
	t.brk, t.cont = to.brk, to.cont
}

// jumpLabel finds where a jump goes.
func (g *gen) jumpLabel(j *tree.Jump) int32 {
	t := g.target(j.L)
	switch j.Tok {
	case token.BREAK:
		if t.brk < 0 {
			g.bug("break to %s outside of it", j.L.Name)
		}
		return t.brk
	case token.CONTINUE:
		if t.cont < 0 {
			g.bug("continue of %s outside of it", j.L.Name)
		}
		return t.cont
	}
	if t.here < 0 {
		t.here = g.label()
	}
	return t.here
}

func (g *gen) jumpStmt(s *tree.Jump) { g.jump(g.jumpLabel(s)) }

// returnStmt stores the values into the result variables and leaves.
func (g *gen) returnStmt(s *tree.Return) {
	if len(s.Vals) == 1 && len(g.f.Results) > 1 {
		rs := g.multi(s.Vals[0])
		for i, v := range g.f.Results {
			g.setResult(v, nil, rs[i])
		}
	} else if len(s.Vals) == len(g.f.Results) {
		vals := s.Vals
		// A later value may read a result variable that an earlier store changes.
		var held []ref
		for i := range vals {
			held = append(held, none)
			for j := range i {
				if mentions(vals[i], g.f.Results[j]) {
					held[i] = g.copyOf(vals[i])
					break
				}
			}
		}
		for i, v := range g.f.Results {
			g.setResult(v, vals[i], held[i])
		}
	}
	g.leave()
}

func (g *gen) setResult(v *tree.Var, e tree.Expr, r ref) {
	x := g.variable(v)
	if r == none {
		if rr, ok := e.(*tree.Ref); ok && rr.V == v {
			return
		}
	}
	switch {
	case x.heap && r != none:
		g.storePlace(g.homePlace(x), r)
	case x.heap:
		g.storeExpr(g.homePlace(x), e)
	case x.l.Slots == 0:
		if e != nil {
			g.effect(e)
		}
	case r != none:
		g.move(ref{x.reg, 0}, r, x.l.Slots)
	default:
		g.assignVar(v, e)
	}
}
