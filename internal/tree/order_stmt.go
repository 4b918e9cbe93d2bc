package tree

// Order on statements; see order.go.

import (
	"go/token"
	"go/types"
)

func (o *orderer) stmts(list []Stmt) {
	for _, s := range list {
		o.stmt(s)
	}
}

// stmt orders one statement. Its temporaries are free after it.
func (o *orderer) stmt(s Stmt) {
	mark := len(o.temp)
	defer o.release(mark)

	switch s := s.(type) {
	case *Group:
		o.stmts(s.Stmts)

	case *ExprStmt:
		o.exprStmt(s, s.X)

	case *Declare:
		o.declare(s)

	case *Assign:
		switch {
		case len(s.Lhs) != len(s.Rhs):
			o.tupleAssign(s)
		case len(s.Lhs) == 1:
			o.assign(s)
		default:
			o.parallelAssign(s)
		}

	case *AssignOp:
		o.assignOp(s)

	case *If:
		o.ifStmt(s, mark)

	case *For:
		s.CondPre = o.keep(func() {
			o.stmts(s.CondPre)
			if s.Cond != nil {
				s.Cond = o.late(o.early(s.Cond, nil), false)
			}
		})
		s.Body = o.block(func() { o.stmts(s.Body) })
		s.Post = o.block(func() { o.stmts(s.Post) })
		o.emit(s)

	case *Range:
		o.rangeStmt(s)

	case *Switch:
		o.switchStmt(s)

	case *TypeSwitch:
		o.typeSwitch(s)

	case *Select:
		o.selectStmt(s)

	case *Labeled, *KeepAlive:
		o.emit(s)

	case *Jump:
		if end := o.ends[s.L]; end != nil && s.Tok == token.BREAK {
			o.emit(&Jump{At: s.At, Tok: token.GOTO, L: end})
			end.Used = true
			return
		}
		o.emit(s)

	case *Return:
		o.returnStmt(s)

	case *Go:
		s.Fn = o.late(o.early(s.Fn, nil), false)
		o.emit(s)

	case *Defer:
		ops := []operand{{e: &s.Fn}}
		if s.Token != nil {
			ops = append(ops, operand{e: &s.Token})
		}
		o.sequence(ops)
		s.Fn = o.late(s.Fn, false)
		if s.Token != nil {
			s.Token = o.late(s.Token, false)
		}
		o.emit(s)

	case *Send:
		o.sequence([]operand{{e: &s.Ch}, {e: &s.X}})
		s.Ch = o.late(s.Ch, false)
		s.X = o.late(s.X, false)
		o.emit(s)

	default:
		bug("order of %T", s)
	}
}

// keep returns what run emits. Unlike with block, the temporaries stay in use.
func (o *orderer) keep(run func()) []Stmt {
	out := o.out
	o.out = nil
	run()
	made := o.out
	o.out = out
	return made
}

// exprStmt orders x, whose value is not used.
func (o *orderer) exprStmt(s *ExprStmt, x Expr) {
	switch e := x.(type) {
	case nil:
		return
	case *Block:
		o.stmts(e.Stmts)
		o.exprStmt(s, e.X)
		return
	case *Builtin:
		if e.Name == "delete" {
			var m *types.Map
			m, _ = e.Args[0].Type().Underlying().(*types.Map)
			borrowKey(e.Args[1])
			o.sequence([]operand{{e: &e.Args[0]}, {e: &e.Args[1], key: m}})
		} else {
			o.earlyOperands(e)
		}
		if !isAlone(e) {
			o.discard(e)
			return
		}
		if e.Name == "len" || e.Name == "cap" || e.Name == "append" || e.Name == "extend" {
			o.discard(e)
			return
		}
		o.lateOperands(e)
		o.emit(&ExprStmt{s.At, e})
	case *Call, *Recv:
		o.earlyOperands(e)
		borrowUnique(e)
		o.lateOperands(e)
		o.emit(&ExprStmt{s.At, e})
	default:
		o.discard(o.early(x, nil))
	}
}

// discard evaluates x, which has been through the early step, for its panics only.
func (o *orderer) discard(x Expr) {
	x = o.late(x, true)
	if isAlone(x) || mayTrap(x) {
		o.emit(assign(x.Pos(), nil, x))
	}
}

func (o *orderer) declare(s *Declare) {
	if s.Init == nil {
		o.emit(s)
		return
	}
	if s.V.T != s.Init.Type() {
		s.Init = o.convert(s.Init, s.V.T)
	}
	var dst *Var
	if onFrame(s.V) {
		dst = s.V
	}
	x := o.late(o.early(s.Init, dst), dst != nil)
	if isAlone(x) {
		o.emitAlone(s.Pos(), s.V, x)
		return
	}
	s.Init = x
	o.emit(s)
}

// emitAlone emits v = x; x stands alone and v is in the frame.
func (o *orderer) emitAlone(pos token.Pos, v *Var, x Expr) {
	if b, ok := x.(*Builtin); ok && b.Name == "append" && !b.Dots {
		for i, e := range b.Args[1:] {
			if refersTo(e, v) {
				b.Args[1+i] = o.copyOf(e)
			}
		}
	}
	if a, ok := x.(*ArrayLit); ok && refersTo(a, v) {
		x = o.copyOf(x)
	}
	o.emit(assign(pos, o.ref(v, pos), x))
}

// returnStmt orders the values. They are stored one after the other, so a value that an earlier store
// may change is copied first.
func (o *orderer) returnStmt(s *Return) {
	defer o.emit(s)
	if len(s.Vals) == 0 {
		return
	}
	results := o.f.Results
	if len(s.Vals) == 1 && len(results) > 1 {
		x := s.Vals[0]
		for {
			b, ok := x.(*Block)
			if !ok {
				break
			}
			o.stmts(b.Stmts)
			x = b.X
		}
		o.earlyOperands(x)
		s.Vals = o.spread(x, results, nil)
	} else {
		ops := make([]operand, len(s.Vals))
		for i := range s.Vals {
			ops[i].e = &s.Vals[i]
		}
		o.sequence(ops)
	}
	for i, v := range s.Vals {
		s.Vals[i] = o.late(o.convert(v, results[i].T), false)
	}
	var hit assigned
	hit.f = o.f
	for i, v := range s.Vals {
		if r, ok := v.(*Ref); ok && r.V == results[i] {
			continue
		}
		if hit.affects(v) {
			s.Vals[i] = o.copyOf(v)
		} else if !o.intoPlace(&Ref{V: results[i]}, v) {
			s.Vals[i] = o.copyOf(v)
		}
		hit.add(&Ref{V: results[i]})
	}
}

// spread emits the call (or other operation) x with a tuple type, whose operands have been through the early step,
// and returns the temporaries that hold its results. With want[i] == nil and wanted != nil the result
// is dropped.
func (o *orderer) spread(x Expr, results []*Var, drop []bool) []Expr {
	o.lateOperands(x)
	tuple := x.Type().(*types.Tuple)
	st := &Assign{At: At{x.Pos()}, Lhs: make([]Expr, tuple.Len()), Rhs: []Expr{x}}
	vals := make([]Expr, tuple.Len())
	for i := range vals {
		if drop != nil && drop[i] {
			continue
		}
		t := o.newTemp(o.p.Canon(tuple.At(i).Type()), x.Pos())
		st.Lhs[i] = o.ref(t, x.Pos())
		vals[i] = o.ref(t, x.Pos())
	}
	o.emit(st)
	return vals
}

// ifStmt orders If. `if x && y` without else becomes two Ifs when x or y needs statements.
func (o *orderer) ifStmt(s *If, mark int) {
	if c, ok := s.Cond.(*Binary); ok && c.Op == token.LAND && len(s.Else) == 0 && !isPure(c) {
		inner := &If{At: At{c.Y.Pos()}, Cond: c.Y, Then: s.Then}
		s.Cond, s.Then = c.X, []Stmt{inner}
		o.ifStmt(s, mark)
		return
	}
	s.Cond = o.late(o.early(s.Cond, nil), false)
	o.release(mark)
	s.Then = o.block(func() { o.stmts(s.Then) })
	s.Else = o.block(func() { o.stmts(s.Else) })
	o.emit(s)
}

// selectStmt evaluates channels and values in source order; received values go to temporaries, from which the body
// assigns them. A select with one communication is that communication.
func (o *orderer) selectStmt(s *Select) {
	if len(s.Cases) == 1 && !s.Cases[0].Default {
		o.selectOne(s)
		return
	}
	pin := func(e Expr) Expr {
		e = o.late(o.early(e, nil), true)
		if _, ok := e.(*Const); ok {
			return e
		}
		if r, ok := e.(*Ref); ok && r.V.Temp {
			return e
		}
		return o.copyOf(e)
	}
	for _, c := range s.Cases {
		if c.Default {
			continue
		}
		c.Ch = pin(c.Ch)
		if c.Send {
			c.Val = pin(c.Val)
			continue
		}
		var pre []Stmt
		pre, c.Decl = declareAll(c.Decl), nil
		elem := o.p.Canon(c.Ch.Type().Underlying().(*types.Chan).Elem())
		into := func(place *Expr, t types.Type) {
			if *place == nil {
				return
			}
			v := o.newTemp(t, c.Pos())
			x := o.convert(o.ref(v, c.Pos()), (*place).Type())
			pre = append(pre, &Assign{At: c.At, Lhs: []Expr{*place}, Rhs: []Expr{x}})
			*place = o.ref(v, c.Pos())
		}
		into(&c.Lhs, elem)
		into(&c.Ok, o.basic(types.Bool))
		c.Body = append(pre, c.Body...)
	}
	for _, c := range s.Cases {
		c.Body = o.block(func() { o.stmts(c.Body) })
	}
	o.emit(s)
}

func declareAll(vars []*Var) []Stmt {
	var out []Stmt
	for _, v := range vars {
		out = append(out, &Declare{At: At{v.Pos}, V: v})
	}
	return out
}

// selectOne orders select with one communication and no default.
func (o *orderer) selectOne(s *Select) {
	c := s.Cases[0]
	end := o.end(s.Label, s.Pos())
	if c.Send {
		o.stmt(&Send{At: c.At, Ch: c.Ch, X: c.Val})
	} else {
		elem := o.p.Canon(c.Ch.Type().Underlying().(*types.Chan).Elem())
		recv := &Recv{Typed: Typed{c.At, elem}, X: c.Ch}
		switch {
		case c.Lhs == nil && c.Ok == nil:
			o.stmt(&ExprStmt{c.At, recv})
		default:
			// The places are evaluated after the receive, as in every select.
			v := o.newTemp(elem, c.Pos())
			if c.Ok == nil {
				recv.X = o.late(o.early(recv.X, nil), false)
				o.set(v, recv)
			} else {
				ok := o.newTemp(o.basic(types.Bool), c.Pos())
				recv.CommaOk = true
				recv.T = o.p.Canon(types.NewTuple(types.NewVar(token.NoPos, nil, "", elem), types.NewVar(token.NoPos, nil, "", o.basic(types.Bool))))
				o.stmt(&Assign{At: c.At, Lhs: []Expr{o.ref(v, c.Pos()), o.ref(ok, c.Pos())}, Rhs: []Expr{recv}})
				o.stmts(declareAll(c.Decl))
				c.Decl = nil
				if c.Lhs != nil {
					o.stmt(assign(c.Pos(), c.Lhs, o.convert(o.ref(v, c.Pos()), c.Lhs.Type())))
				}
				o.stmt(assign(c.Pos(), c.Ok, o.convert(o.ref(ok, c.Pos()), c.Ok.Type())))
				break
			}
			o.stmts(declareAll(c.Decl))
			o.stmt(assign(c.Pos(), c.Lhs, o.convert(o.ref(v, c.Pos()), c.Lhs.Type())))
		}
	}
	o.out = append(o.out, o.block(func() { o.stmts(c.Body) })...)
	o.placeEnd(end)
}

// end makes the label at the end of a statement that is rewritten into others; a break to l goes there.
func (o *orderer) end(l *Label, pos token.Pos) *Label {
	end := &Label{Pos: pos}
	if l != nil {
		end.Name = l.Name
		o.ends[l] = end
	}
	return end
}

// placeEnd puts the label, if something jumps to it.
func (o *orderer) placeEnd(end *Label) {
	if end.Used {
		o.emit(&Labeled{At: At{end.Pos}, L: end})
	}
}
