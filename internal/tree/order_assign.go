package tree

// Order on assignments; see order.go.

import (
	"go/token"
	"go/types"
)

// placeOperands appends the operands of a place, in evaluation order.
func placeOperands(e Expr, ops []operand) []operand {
	switch e := e.(type) {
	case nil, *Ref:
	case *Field:
		return placeOperands(e.X, ops)
	case *Deref:
		return append(ops, operand{e: &e.X})
	case *Index:
		if _, ok := e.X.Type().Underlying().(*types.Array); ok {
			ops = placeOperands(e.X, ops)
		} else {
			ops = append(ops, operand{e: &e.X})
		}
		return append(ops, operand{e: &e.I})
	case *MapIndex:
		m, _ := e.M.Type().Underlying().(*types.Map)
		return append(ops, operand{e: &e.M}, operand{e: &e.K, key: m})
	case *Convert:
		return placeOperands(e.X, ops)
	default:
		bug("assignment to %T", e)
	}
	return ops
}

// latePlace is the late step for a place.
func (o *orderer) latePlace(e Expr) {
	var buf [8]operand
	for _, p := range placeOperands(e, buf[:0]) {
		*p.e = o.late(*p.e, false)
	}
}

// frameVar is the variable if the place e is a whole variable in the frame, else nil.
func frameVar(e Expr) *Var {
	if r, ok := e.(*Ref); ok && onFrame(r.V) {
		return r.V
	}
	return nil
}

// assign orders Lhs = Rhs with one operand on each side.
func (o *orderer) assign(s *Assign) {
	l, r := s.Lhs[0], s.Rhs[0]
	if l == nil {
		o.discard(o.early(r, nil))
		return
	}
	r = o.convert(r, l.Type())
	dst := frameVar(l)
	if dst != nil {
		r = o.late(o.early(r, dst), true)
		if isAlone(r) {
			o.emitAlone(s.Pos(), dst, r)
		} else {
			o.emitAssign(s.Pos(), l, r)
		}
		return
	}
	if m, ok := l.(*MapIndex); ok {
		if b, ok := r.(*Builtin); ok && b.Name == "append" && sameMapIndex(m, b.Args[0]) {
			o.mapAppend(s, m, b)
			return
		}
	}
	var buf [8]operand
	o.sequence(append(placeOperands(l, buf[:0]), operand{e: &r}))
	o.latePlace(l)
	r = o.late(r, false)
	o.emitAssign(s.Pos(), l, r)
}

// emitAssign emits l = r, both pure. A literal goes through a temporary when its parts may read what the
// stores of its other parts change.
func (o *orderer) emitAssign(pos token.Pos, l, r Expr) {
	if same, ok := r.(*Ref); ok {
		if d, ok := l.(*Ref); ok && d.V == same.V {
			return
		}
	}
	if _, ok := l.(*MapIndex); ok && mayTrap(r) {
		// The value is complete before the map is changed.
		r = o.copyOf(r)
	} else if !o.intoPlace(l, r) {
		r = o.copyOf(r)
	}
	if _, ok := l.(*MapIndex); !ok && o.spreadLiteral(l, r) {
		return
	}
	o.emit(assign(pos, l, r))
}

// intoPlace tells that the parts of the literal x may be stored into the place one by one. It is
// true for what is not a literal.
func (o *orderer) intoPlace(place, x Expr) bool {
	if !hasLiteral(x) {
		return true
	}
	v := rootVar(place)
	if v != nil && unshared(v) && onFrame(v) {
		if v.Kind == Result && o.f.Flags&HasDefer != 0 && mayTrap(x) {
			return false
		}
		return !refersTo(x, v)
	}
	return isStable(x)
}

// hasLiteral tells that the value x is put together from parts: it is a literal.
func hasLiteral(x Expr) bool {
	for {
		switch e := x.(type) {
		case *StructLit:
			return true
		case *ArrayLit:
			_, ok := e.T.Underlying().(*types.Array)
			return ok
		case *Convert:
			x = e.X
			continue
		}
		return false
	}
}

func sameMapIndex(l *MapIndex, x Expr) bool {
	for {
		c, ok := x.(*Convert)
		if !ok || isAlone(c) {
			break
		}
		x = c.X
	}
	r, ok := x.(*MapIndex)
	return ok && samePlace(l.M, r.M) && samePlace(l.K, r.K)
}

// mapAppend orders m[k] = append(m[k], …): the map and the key are evaluated once, before the added elements.
func (o *orderer) mapAppend(s *Assign, l *MapIndex, b *Builtin) {
	o.sequence(placeOperands(l, nil))
	l.M, l.K = o.pin(o.late(l.M, false)), o.pin(o.late(l.K, false))
	old := &MapIndex{Typed: Typed{At{l.Pos()}, l.T}, M: l.M, K: l.K}
	x := b.Args[0]
	if c, ok := x.(*Convert); ok {
		c.X = old
		b.Args[0] = c
	} else {
		b.Args[0] = old
	}
	var buf [8]operand
	ops := buf[:0]
	for i := range b.Args[1:] {
		ops = append(ops, operand{e: &b.Args[1+i]})
	}
	o.sequence(ops)
	r := o.late(b, false)
	o.emitAssign(s.Pos(), l, r)
}

// pin makes x, which is pure, independent of later statements.
func (o *orderer) pin(x Expr) Expr {
	switch x := x.(type) {
	case *Const:
		return x
	case *Ref:
		if unshared(x.V) && (x.V.Temp || !x.V.Reassigned) { // inlined calls assign variables
			return x
		}
	}
	return o.copyOf(x)
}

// assignOp orders X op= Y. The operands of X are evaluated once. A map is asked once too, for the place of its element: only what is no
// single operation, and a division, which must not leave an element behind where it fails, looks the element up and then assigns it.
func (o *orderer) assignOp(s *AssignOp) {
	t := s.X.Type()
	b, _ := t.Underlying().(*types.Basic)
	var buf [8]operand
	ops := placeOperands(s.X, buf[:0])
	y, joined := s.Y.(*Concat) // x += a + b is one concatenation
	if joined {
		for i := range y.Xs {
			ops = append(ops, operand{e: &y.Xs[i]})
		}
	} else {
		ops = append(ops, operand{e: &s.Y})
	}
	o.sequence(ops)
	o.latePlace(s.X)
	if joined {
		for i := range y.Xs {
			y.Xs[i] = o.late(y.Xs[i], false)
		}
	} else {
		s.Y = o.late(s.Y, false)
	}
	if m, ok := s.X.(*MapIndex); ok {
		if s.Op != token.QUO && s.Op != token.REM && !isAlone(o.operate(s, m, b)) {
			if mayTrap(s.Y) {
				s.Y = o.copyOf(s.Y)
			}
			o.emit(s)
			return
		}
		m.M, m.K = o.pin(m.M), o.pin(m.K)
		old := o.copyOf(&MapIndex{Typed: m.Typed, M: m.M, K: m.K})
		r := o.late(o.operate(s, old, b), false)
		o.emitAssign(s.Pos(), m, r)
		return
	}
	x := o.operate(s, s.X, b)
	if !isAlone(x) {
		o.emit(s)
		return
	}
	if v := frameVar(s.X); v != nil {
		o.emitAlone(s.Pos(), v, x)
		return
	}
	o.emit(assign(s.Pos(), s.X, o.copyOf(x)))
}

// operate is x op s.Y.
func (o *orderer) operate(s *AssignOp, x Expr, b *types.Basic) Expr {
	at := Typed{s.At, s.X.Type()}
	if s.Op == token.ADD && b != nil && b.Info()&types.IsString != 0 {
		xs := []Expr{x}
		if y, ok := s.Y.(*Concat); ok {
			return &Concat{Typed: at, Xs: append(xs, y.Xs...)}
		}
		return &Concat{Typed: at, Xs: append(xs, s.Y)}
	}
	return &Binary{Typed: at, Op: s.Op, X: x, Y: s.Y}
}

// tupleAssign orders a, b = f() and the comma-ok forms: the places first, then the operation into
// temporaries, then the assignments from left to right. Variables in the frame take the results directly.
func (o *orderer) tupleAssign(s *Assign) {
	x := s.Rhs[0]
	for {
		b, ok := x.(*Block)
		if !ok {
			break
		}
		o.stmts(b.Stmts)
		x = b.X
	}
	tuple := x.Type().(*types.Tuple)
	var buf [8]operand
	ops := buf[:0]
	for _, l := range s.Lhs {
		ops = placeOperands(l, ops)
	}
	places := len(ops)
	ops = operands(x, ops)
	if m, ok := x.(*MapIndex); ok {
		borrowKey(m.K)
	}
	o.sequence(ops)

	direct := true
	for i, l := range s.Lhs {
		if l == nil {
			continue
		}
		v := frameVar(l)
		if v == nil || v.T != o.p.Canon(tuple.At(i).Type()) || v.Kind == Result && o.f.Flags&HasDefer != 0 {
			direct = false
			break
		}
		for _, m := range s.Lhs[:i] {
			if m != nil && m.(*Ref).V == v {
				direct = false
			}
		}
	}
	if direct {
		o.lateOperands(x)
		o.emit(&Assign{At: s.At, Lhs: s.Lhs, Rhs: []Expr{x}})
		return
	}
	for _, p := range ops[:places] {
		o.settle(p.e, len(o.out))
	}
	drop := make([]bool, len(s.Lhs))
	for i, l := range s.Lhs {
		drop[i] = l == nil
	}
	vals := o.spread(x, nil, drop)
	var lhs, rhs []Expr
	for i, l := range s.Lhs {
		if l != nil {
			lhs = append(lhs, l)
			rhs = append(rhs, o.late(o.convert(vals[i], l.Type()), false))
		}
	}
	for _, l := range lhs {
		o.latePlace(l)
	}
	o.parallel(s.Pos(), lhs, rhs)
}

// parallelAssign orders a, b = x, y.
func (o *orderer) parallelAssign(s *Assign) {
	var buf [16]operand
	ops := buf[:0]
	for _, l := range s.Lhs {
		ops = placeOperands(l, ops)
	}
	for i := range s.Rhs {
		if l := s.Lhs[i]; l != nil {
			s.Rhs[i] = o.convert(s.Rhs[i], l.Type())
		}
		ops = append(ops, operand{e: &s.Rhs[i]})
	}
	o.sequence(ops)
	for _, l := range s.Lhs {
		o.latePlace(l)
	}
	for i := range s.Rhs {
		s.Rhs[i] = o.late(s.Rhs[i], false)
	}
	o.parallel(s.Pos(), s.Lhs, s.Rhs)
}

// parallel emits lhs = rhs, all pure, one after the other; operands that an earlier assignment may change are
// copied before the first.
func (o *orderer) parallel(pos token.Pos, lhs, rhs []Expr) {
	var late []*Assign
	hit := assigned{f: o.f}
	save := func(e *Expr) {
		if hit.affects(*e) {
			*e = o.copyOf(*e)
		}
	}
	for i, l := range lhs {
		r := rhs[i]
		if l == nil {
			if mayTrap(r) {
				save(&r)
				late = append(late, assign(pos, nil, r))
			}
			continue
		}
		var buf [8]operand
		for _, p := range placeOperands(l, buf[:0]) {
			save(p.e)
		}
		save(&r)
		late = append(late, assign(pos, l, r))
		hit.add(l)
	}
	for _, a := range late {
		if a.Lhs[0] == nil {
			o.emit(a)
			continue
		}
		o.emitAssign(pos, a.Lhs[0], a.Rhs[0])
	}
}

// assigned is the set of places that a sequence of stores has changed so far.
type assigned struct {
	f      *Func
	vars   []*Var
	memory bool // a place that others may refer to
	all    bool // a panic would make the stores visible, so nothing that may panic can follow
}

func (a *assigned) add(place Expr) {
	v := rootVar(place)
	switch {
	case v == nil:
		a.memory = true
		return
	case v.Kind == Result && a.f.Flags&HasDefer != 0:
		a.all = true
	}
	a.vars = append(a.vars, v)
	if !unshared(v) {
		a.memory = true
	}
}

// affects tells that the stores may change the value of e.
func (a *assigned) affects(e Expr) bool {
	if e == nil || isLiteralValue(e) {
		return false
	}
	if a.all && mayTrap(e) {
		return true
	}
	if !a.memory && len(a.vars) == 0 {
		return false
	}
	return anyExpr(e, func(e Expr) bool {
		if r, ok := e.(*Ref); ok {
			for _, v := range a.vars {
				if r.V == v {
					return true
				}
			}
		}
		return a.memory && readsMemory(e)
	})
}
