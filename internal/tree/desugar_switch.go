package tree

// Switches
//
// A switch becomes tests that jump, then the bodies:
//
//	t := tag
//	if t == c1 { goto L1 }
//	if t == c2 { goto L2 }
//	goto Ldefault (or Lend)
//	L1: body 1; goto Lend          (fallthrough: no goto)
//	L2: body 2; goto Lend
//	Lend:
//
// A run of constant cases is searched by halves: integers by value, strings by length and then by value.
// Other cases are compared in order. A type switch tests concrete types by comparing
// the dynamic type, interfaces by an assertion.

import (
	"go/constant"
	"go/token"
	"go/types"
	"slices"
)

// arm is one tested value and where it leads.
type arm struct {
	val Expr
	to  *Label
}

func (o *orderer) switchStmt(s *Switch) {
	end := o.end(s.Label, s.Pos())
	tag := s.Tag
	if c, ok := tag.(*Const); ok && c.Val.Kind() == constant.Bool && constant.BoolVal(c.Val) {
		if b, ok := c.T.(*types.Basic); ok && b.Info()&types.IsBoolean != 0 {
			tag = nil // switch true
		}
	}
	if tag != nil {
		quiet := allConst(s.Cases) // no case can change the tag
		if quiet {
			borrowBytes(tag)
		}
		if r, ok := tag.(*Ref); !ok || !quiet || !unshared(r.V) {
			tag = o.kept("tag", tag)
		}
	}

	var arms []arm
	other := end
	labels := make([]*Label, len(s.Cases))
	for i, c := range s.Cases {
		labels[i] = &Label{Pos: c.Pos()}
		for _, v := range c.Vals {
			arms = append(arms, arm{v, labels[i]})
		}
		if c.Default {
			other = labels[i]
		}
	}
	for len(arms) > 0 {
		n := constRun(tag, arms)
		if n >= minSearch {
			o.search(tag, arms[:n])
		} else {
			n = 1
			o.test(o.caseCond(tag, arms[0].val), arms[0].to)
		}
		arms = arms[n:]
	}
	o.jump(other, s.Pos())
	for i, c := range s.Cases {
		o.place(labels[i])
		o.out = append(o.out, o.block(func() { o.stmts(c.Body) })...)
		if !c.Fall && !o.endsInJump() {
			o.jump(end, c.Pos())
		}
	}
	o.finish(end)
}

func allConst(cases []*Case) bool {
	for _, c := range cases {
		for _, v := range c.Vals {
			if _, ok := v.(*Const); !ok {
				return false
			}
		}
	}
	return true
}

// caseCond is the condition of one case. Without a tag the case is the condition.
func (o *orderer) caseCond(tag, val Expr) Expr {
	if tag == nil {
		return val
	}
	t := tag
	switch {
	case tag.Type() == val.Type():
	case types.IsInterface(tag.Type()):
		val = o.convert(val, tag.Type())
	case types.IsInterface(val.Type()):
		t = o.convert(tag, val.Type())
	default:
		val = o.convert(val, tag.Type())
	}
	return &Binary{Typed: Typed{At{val.Pos()}, o.basic(types.Bool)}, Op: token.EQL, X: t, Y: val}
}

// test orders `if cond { goto to }`.
func (o *orderer) test(cond Expr, to *Label) {
	to.Used = true
	pos := cond.Pos()
	o.stmt(&If{At: At{pos}, Cond: cond, Then: []Stmt{&Jump{At: At{pos}, Tok: token.GOTO, L: to}}})
}

func (o *orderer) jump(to *Label, pos token.Pos) {
	to.Used = true
	o.emit(&Jump{At: At{pos}, Tok: token.GOTO, L: to})
}

func (o *orderer) place(l *Label) { o.emit(&Labeled{At: At{l.Pos}, L: l}) }

// finish places the end of a switch; a jump to it that comes just before is dropped.
func (o *orderer) finish(end *Label) {
	if n := len(o.out); n > 0 {
		if j, ok := o.out[n-1].(*Jump); ok && j.Tok == token.GOTO && j.L == end {
			o.out = o.out[:n-1]
		}
	}
	o.placeEnd(end)
}

// endsInJump tells that control does not come to the end of what has been emitted.
func (o *orderer) endsInJump() bool {
	if len(o.out) == 0 {
		return false
	}
	switch s := o.out[len(o.out)-1].(type) {
	case *Jump, *Return:
		return true
	case *ExprStmt:
		b, ok := s.X.(*Builtin)
		return ok && b.Name == "panic"
	}
	return false
}

// minSearch is the number of constant cases from which on a search by halves pays.
const minSearch = 5

// constRun counts the integer or string constants at the head of arms.
func constRun(tag Expr, arms []arm) int {
	if tag == nil {
		return 0
	}
	b, ok := tag.Type().Underlying().(*types.Basic)
	if !ok || b.Info()&(types.IsInteger|types.IsString) == 0 {
		return 0
	}
	for i, a := range arms {
		if c, ok := a.val.(*Const); !ok || c.T != tag.Type() {
			return i
		}
	}
	return len(arms)
}

// search emits the tests of a run of constants.
func (o *orderer) search(tag Expr, arms []arm) {
	arms = slices.Clone(arms)
	val := func(a arm) constant.Value { return a.val.(*Const).Val }
	less := func(a, b constant.Value) bool { return constant.Compare(a, token.LSS, b) }
	if val(arms[0]).Kind() != constant.String {
		slices.SortStableFunc(arms, func(a, b arm) int {
			if less(val(a), val(b)) {
				return -1
			}
			if less(val(b), val(a)) {
				return 1
			}
			return 0
		})
		o.halves(len(arms), 4,
			func(i int) Expr { return o.compare(token.LEQ, tag, arms[i].val) },
			func(i int) { o.test(o.compare(token.EQL, tag, arms[i].val), arms[i].to) })
		return
	}
	size := func(a arm) int { return len(constant.StringVal(val(a))) }
	slices.SortStableFunc(arms, func(a, b arm) int {
		if d := size(a) - size(b); d != 0 {
			return d
		}
		if less(val(a), val(b)) {
			return -1
		}
		return 1
	})
	var groups [][]arm
	for i, a := range arms {
		if i == 0 || size(a) != size(arms[i-1]) {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], a)
	}
	intT := o.basic(types.Int)
	length := o.kept("taglen", o.lenOf(tag))
	bound := func(g []arm) Expr { return o.int(int64(size(g[0])), intT, g[0].val.Pos()) }
	o.halves(len(groups), 3,
		func(i int) Expr { return o.compare(token.LEQ, length, bound(groups[i])) },
		func(i int) {
			g := groups[i]
			then := o.block(func() {
				o.halves(len(g), 3,
					func(i int) Expr { return o.compare(token.LEQ, tag, g[i].val) },
					func(i int) { o.test(o.compare(token.EQL, tag, g[i].val), g[i].to) })
			})
			o.emit(&If{At: At{g[0].val.Pos()}, Cond: o.compare(token.EQL, length, bound(g)), Then: then})
		})
}

func (o *orderer) compare(op token.Token, x, y Expr) Expr {
	return &Binary{Typed: Typed{At{y.Pos()}, o.basic(types.Bool)}, Op: op, X: x, Y: y}
}

// halves emits a search among n things: leaf(i) tests thing i, upTo(i) is true for things 0 to i. At most
// most leaves are tested one after the other.
func (o *orderer) halves(n, most int, upTo func(i int) Expr, leaf func(i int)) {
	var walk func(lo, hi int)
	walk = func(lo, hi int) {
		if hi-lo <= most {
			for i := lo; i < hi; i++ {
				leaf(i)
			}
			return
		}
		mid := lo + (hi-lo)/2
		cond := upTo(mid - 1)
		s := &If{At: At{cond.Pos()}, Cond: cond}
		s.Then = o.block(func() { walk(lo, mid) })
		s.Else = o.block(func() { walk(mid, hi) })
		o.emit(s)
	}
	walk(0, n)
}

func (o *orderer) typeSwitch(s *TypeSwitch) {
	end := o.end(s.Label, s.Pos())
	x := s.X
	if r, ok := x.(*Ref); !ok || !unshared(r.V) {
		x = o.kept("x", x)
	}
	boolT := o.basic(types.Bool)
	other := end
	labels := make([]*Label, len(s.Cases))
	vals := make([]Expr, len(s.Cases)) // what a clause's variable gets
	for i, c := range s.Cases {
		labels[i] = &Label{Pos: c.Pos()}
		if c.Default {
			other = labels[i]
		}
		vals[i] = x
		for _, t := range c.Types {
			pos := c.Pos()
			if t == nil || !types.IsInterface(t) {
				o.test(&IsType{Typed: Typed{At{pos}, boolT}, X: x, To: t}, labels[i])
				if t != nil && len(c.Types) == 1 {
					vals[i] = &IfaceData{Typed: Typed{At{pos}, t}, X: x}
				}
				continue
			}
			ok := o.newTemp(boolT, pos)
			tuple := o.p.Canon(types.NewTuple(types.NewVar(token.NoPos, nil, "", t), types.NewVar(token.NoPos, nil, "", boolT)))
			st := &Assign{
				At:  At{pos},
				Lhs: []Expr{nil, o.ref(ok, pos)},
				Rhs: []Expr{&Assert{Typed: Typed{At{pos}, tuple}, X: x, To: t, CommaOk: true}},
			}
			if c.V != nil && len(c.Types) == 1 {
				v := o.newTemp(t, pos)
				st.Lhs[0] = o.ref(v, pos)
				vals[i] = o.ref(v, pos)
			}
			o.emit(st)
			o.test(o.ref(ok, pos), labels[i])
		}
	}
	o.jump(other, s.Pos())
	for i, c := range s.Cases {
		o.place(labels[i])
		o.out = append(o.out, o.block(func() {
			if c.V != nil {
				o.stmt(&Declare{At: At{c.V.Pos}, V: c.V, Init: vals[i]})
			}
			o.stmts(c.Body)
		})...)
		if !o.endsInJump() {
			o.jump(end, c.Pos())
		}
	}
	o.finish(end)
}
