package tree

// Range loops
//
// A range loop becomes a For over hidden variables (h…): the operand is evaluated once and kept, the
// length is read once, and the loop's own variables get copies at the start of each round.
//
//	slice, array   ha := X; hn := len(ha); for hi := 0; hi < hn; hi++ { k, v = hi, ha[hi]; … }
//	               without v only the length is kept; an array is copied only if v is wanted
//	               and the body might change it; for *array the pointer is copied
//	string         ha := X; for hi := 0; hi < len(ha); { hk := hi; hr, hi = decoderune(ha, hi); k, v = hk, hr; … }
//	map            hm := X; mapiterinit(hm, &it); for ; it.key != nil; mapiternext(&it) { k, v = *it.key, *it.elem; … }
//	channel        hc := X; for { hv, ok = <-hc } ok { k = hv; … }
//	integer        hn := X; for hi := 0; hi < hn; hi++ { k = hi; … }
//
// When the key is a fresh variable that nothing but the loop assigns and nothing refers to, it is hi itself.
//
// Two shapes are recognised: the loop that deletes every key of a map, and the loop that
// sets every element of a slice to zero, are clear.

import (
	"go/token"
	"go/types"
)

func (o *orderer) rangeStmt(s *Range) {
	switch t := s.X.Type().Underlying().(type) {
	case *types.Slice:
		if o.rangeClear(s) {
			return
		}
		o.rangeSlice(s)
	case *types.Array:
		o.rangeArray(s, t)
	case *types.Map:
		if o.mapRangeClear(s, t) {
			return
		}
		o.rangeMap(s, t)
	case *types.Chan:
		o.rangeChan(s, t)
	case *types.Basic:
		if t.Info()&types.IsString != 0 {
			o.rangeString(s)
		} else {
			o.rangeInt(s)
		}
	default:
		bug("range over %v", s.X.Type())
	}
}

// isFresh tells that e is a variable that the loop declares for each round.
func (s *Range) isFresh(e Expr) bool {
	r, ok := e.(*Ref)
	if !ok {
		return false
	}
	for _, v := range s.Decl {
		if v == r.V {
			return true
		}
	}
	return false
}

// indexVar is the variable that counts: the key itself if possible, else a hidden one. key tells what the
// body still has to assign the index to.
func (o *orderer) indexVar(s *Range, t types.Type) (hi *Var, key Expr) {
	if r, ok := s.Key.(*Ref); ok && s.isFresh(r) && r.V.T == t && onFrame(r.V) &&
		!r.V.Addrtaken && !r.V.Captured && !r.V.Reassigned {
		for i, v := range s.Decl {
			if v == r.V {
				s.Decl = append(s.Decl[:i:i], s.Decl[i+1:]...)
				break
			}
		}
		return r.V, nil
	}
	return o.hidden("hi", t, s.Pos()), s.Key
}

// roundStart makes the statements at the start of a round that give the loop's variables their values.
func (o *orderer) roundStart(s *Range, key, val Expr, k, v Expr) []Stmt {
	var out []Stmt
	var lhs, rhs []Expr
	declared := map[*Var]bool{}
	give := func(place, x Expr) {
		if place == nil {
			return
		}
		if s.isFresh(place) {
			w := place.(*Ref).V
			declared[w] = true
			out = append(out, &Declare{At: At{w.Pos}, V: w, Init: o.convert(x, w.T)})
			return
		}
		lhs = append(lhs, place)
		rhs = append(rhs, o.convert(x, place.Type()))
	}
	give(key, k)
	give(val, v)
	for _, w := range s.Decl {
		if !declared[w] {
			out = append(out, &Declare{At: At{w.Pos}, V: w})
		}
	}
	if lhs != nil {
		out = append(out, &Assign{At: s.At, Lhs: lhs, Rhs: rhs})
	}
	return out
}

// loop orders the For that a range loop has become.
func (o *orderer) loop(s *Range, cond Expr, post []Stmt, start []Stmt) {
	o.stmt(&For{At: s.At, Label: s.Label, Cond: cond, Post: post, Body: append(start, s.Body...)})
}

// count is `for hi := 0; hi < n; hi++`.
func (o *orderer) count(s *Range, hi *Var, n Expr, start []Stmt) {
	pos := s.Pos()
	o.set(hi, o.int(0, hi.T, pos))
	cond := o.binary(token.LSS, o.ref(hi, pos), n, o.basic(types.Bool))
	post := &AssignOp{At: s.At, Op: token.ADD, X: o.ref(hi, pos), Y: o.int(1, hi.T, pos)}
	o.loop(s, cond, []Stmt{post}, start)
}

// kept evaluates x into a hidden variable. A constant stays.
func (o *orderer) kept(name string, x Expr) Expr {
	if _, ok := x.(*Const); ok {
		return x
	}
	x = o.late(o.early(x, nil), true)
	h := o.hidden(name, x.Type(), x.Pos())
	o.set(h, x)
	return o.ref(h, x.Pos())
}

func (o *orderer) lenOf(x Expr) Expr {
	return &Builtin{Typed: Typed{At{x.Pos()}, o.basic(types.Int)}, Name: "len", Args: []Expr{x}}
}

func (o *orderer) rangeSlice(s *Range) {
	if c, ok := s.X.(*Convert); ok && convertAllocates(c.X.Type(), c.T) {
		if e, ok := c.T.Underlying().(*types.Slice).Elem().Underlying().(*types.Basic); ok && e.Kind() == types.Uint8 {
			c.Temp = true // the bytes of the string are only read
		}
	}
	pos := s.Pos()
	hi, key := o.indexVar(s, o.basic(types.Int))
	if s.Val == nil {
		hn := o.kept("hn", o.lenOf(s.X))
		o.count(s, hi, hn, o.roundStart(s, key, nil, o.ref(hi, pos), nil))
		return
	}
	ha := o.kept("ha", s.X)
	hn := o.kept("hn", o.lenOf(ha))
	elem := o.p.Canon(ha.Type().Underlying().(*types.Slice).Elem())
	v := &Index{Typed: Typed{At{pos}, elem}, X: ha, I: o.ref(hi, pos), Bounded: true}
	o.count(s, hi, hn, o.roundStart(s, key, s.Val, o.ref(hi, pos), v))
}

func (o *orderer) rangeArray(s *Range, t *types.Array) {
	pos := s.Pos()
	hi, key := o.indexVar(s, o.basic(types.Int))
	n := o.int(t.Len(), o.basic(types.Int), pos)
	if s.Val == nil {
		// Only the length counts, and it is constant; calls in the operand still happen.
		o.early(s.X, nil)
		o.count(s, hi, n, o.roundStart(s, key, nil, o.ref(hi, pos), nil))
		return
	}
	if t.Len() == 0 {
		if d, ok := s.X.(*Deref); ok {
			o.early(d.X, nil)
		} else {
			o.discard(o.early(s.X, nil))
		}
		return
	}
	var ha Expr
	switch x := s.X.(type) {
	case *Deref: // range over a pointer to an array
		ha = &Deref{Typed: x.Typed, X: o.kept("hp", x.X)}
	case *Ref:
		if onFrame(x.V) && unshared(x.V) && !assigns(s.Body, x.V) && rootVar(s.Key) != x.V && rootVar(s.Val) != x.V {
			ha = x
		} else {
			ha = o.kept("ha", x)
		}
	default:
		ha = o.kept("ha", x)
	}
	v := &Index{Typed: Typed{At{pos}, o.p.Canon(t.Elem())}, X: ha, I: o.ref(hi, pos), Bounded: true}
	o.count(s, hi, n, o.roundStart(s, key, s.Val, o.ref(hi, pos), v))
}

func (o *orderer) rangeInt(s *Range) {
	pos := s.Pos()
	t := s.X.Type()
	if b, ok := t.Underlying().(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
		t = o.basic(types.Int)
	}
	hi, key := o.indexVar(s, t)
	n := o.kept("hn", o.convert(s.X, t))
	o.count(s, hi, n, o.roundStart(s, key, nil, o.ref(hi, pos), nil))
}

func (o *orderer) rangeString(s *Range) {
	pos := s.Pos()
	ha := o.kept("ha", s.X)
	intT, runeT := o.basic(types.Int), o.basic(types.Int32)
	hi := o.hidden("hi", intT, pos)
	hr := o.hidden("hr", runeT, pos)
	var start []Stmt
	hk := hi
	if s.Key != nil {
		hk = o.hidden("hk", intT, pos)
		start = append(start, assign(pos, o.ref(hk, pos), o.ref(hi, pos)))
	}
	tuple := o.p.Canon(types.NewTuple(types.NewVar(token.NoPos, nil, "", runeT), types.NewVar(token.NoPos, nil, "", intT)))
	start = append(start, &Assign{
		At:  s.At,
		Lhs: []Expr{o.ref(hr, pos), o.ref(hi, pos)},
		Rhs: []Expr{&Builtin{Typed: Typed{At{pos}, tuple}, Name: "decoderune", Args: []Expr{ha, o.ref(hi, pos)}}},
	})
	start = append(start, o.roundStart(s, s.Key, s.Val, o.ref(hk, pos), o.ref(hr, pos))...)
	o.set(hi, o.int(0, intT, pos))
	o.loop(s, o.binary(token.LSS, o.ref(hi, pos), o.lenOf(ha), o.basic(types.Bool)), nil, start)
}

func (o *orderer) rangeChan(s *Range, t *types.Chan) {
	pos := s.Pos()
	hc := o.kept("hc", s.X)
	elem, boolT := o.p.Canon(t.Elem()), o.basic(types.Bool)
	hv := o.hidden("hv", elem, pos)
	hb := o.hidden("hb", boolT, pos)
	tuple := o.p.Canon(types.NewTuple(types.NewVar(token.NoPos, nil, "", elem), types.NewVar(token.NoPos, nil, "", boolT)))
	recv := &Recv{Typed: Typed{At{pos}, tuple}, X: hc, CommaOk: true}
	o.stmt(&For{
		At:      s.At,
		Label:   s.Label,
		CondPre: []Stmt{&Assign{At: s.At, Lhs: []Expr{o.ref(hv, pos), o.ref(hb, pos)}, Rhs: []Expr{recv}}},
		Cond:    o.ref(hb, pos),
		Body:    append(o.roundStart(s, s.Key, nil, o.ref(hv, pos), nil), s.Body...),
	})
}

// rangeMap: the iterator's first two words are the pointers to the key and the element of this round.
func (o *orderer) rangeMap(s *Range, t *types.Map) {
	pos := s.Pos()
	hm := o.kept("hm", s.X)
	iter := o.p.mapIter()
	it := o.hidden("hit", iter, pos)
	it.Addrtaken, it.Esc = true, EscHeap
	if o.f.Flags&Decided != 0 { // the runtime keeps no pointer to it
		it.Esc = EscFrame
	}
	at := func() Expr {
		return &Addr{Typed: Typed{At{pos}, o.p.Canon(types.NewPointer(iter))}, X: o.ref(it, pos)}
	}
	ptr := o.basic(types.UnsafePointer)
	word := func(i int, t types.Type) Expr {
		w := &Field{Typed: Typed{At{pos}, ptr}, X: o.ref(it, pos), I: i}
		if t == nil {
			return w
		}
		c := &Convert{Typed: Typed{At{pos}, o.p.Canon(types.NewPointer(t))}, X: w}
		return &Deref{Typed: Typed{At{pos}, o.p.Canon(t)}, X: c}
	}
	step := func(name string, args ...Expr) Stmt {
		return &ExprStmt{At: At{pos}, X: &Builtin{Typed: Typed{At{pos}, noResult}, Name: name, Args: args}}
	}
	o.emit(&Declare{At: At{pos}, V: it})
	o.emit(step("mapiterinit", hm, at()))
	cond := o.binary(token.NEQ, word(0, nil), &Zero{Typed: Typed{At{pos}, ptr}}, o.basic(types.Bool))
	var start []Stmt
	if s.Key != nil || s.Val != nil || len(s.Decl) > 0 {
		start = o.roundStart(s, s.Key, s.Val, word(0, t.Key()), word(1, t.Elem()))
	}
	o.loop(s, cond, []Stmt{step("mapiternext", at())}, start)
}

// mapRangeClear recognises `for k := range m { delete(m, k) }` for keys that equal themselves.
func (o *orderer) mapRangeClear(s *Range, t *types.Map) bool {
	if s.Val != nil || !s.isFresh(s.Key) || len(s.Body) != 1 || !equalsItself(t.Key()) {
		return false
	}
	st, ok := s.Body[0].(*ExprStmt)
	if !ok {
		return false
	}
	del, ok := st.X.(*Builtin)
	if !ok || del.Name != "delete" || !samePlace(del.Args[0], s.X) || !samePlace(del.Args[1], s.Key) {
		return false
	}
	o.clear(s)
	return true
}

// rangeClear recognises `for i := range a { a[i] = zero }`.
func (o *orderer) rangeClear(s *Range) bool {
	if s.Val != nil || !s.isFresh(s.Key) || len(s.Body) != 1 {
		return false
	}
	st, ok := s.Body[0].(*Assign)
	if !ok || len(st.Lhs) != 1 || len(st.Rhs) != 1 || !isZeroValue(st.Rhs[0]) {
		return false
	}
	x, ok := st.Lhs[0].(*Index)
	if !ok || !samePlace(x.X, s.X) || !samePlace(x.I, s.Key) {
		return false
	}
	if _, ok := s.X.(*Ref); !ok {
		return false
	}
	o.clear(s)
	return true
}

func (o *orderer) clear(s *Range) {
	o.stmt(&ExprStmt{At: s.At, X: &Builtin{Typed: Typed{s.At, noResult}, Name: "clear", Args: []Expr{s.X}}})
}

// equalsItself tells that x == x for every x of type t.
func equalsItself(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return t.Info()&(types.IsFloat|types.IsComplex) == 0
	case *types.Interface:
		return false
	case *types.Array:
		return equalsItself(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if !equalsItself(f.Type()) {
				return false
			}
		}
	}
	return true
}

// assigns tells that a statement in list may assign v or a part of it. v is unshared.
func assigns(list []Stmt, v *Var) bool {
	place := func(e Expr) bool { return e != nil && rootVar(e) == v }
	expr := func(e Expr) bool {
		return anyExpr(e, func(e Expr) bool {
			b, ok := e.(*Block)
			return ok && assigns(b.Stmts, v)
		})
	}
	found := false
	walkStmts(list, func(s Stmt) {
		switch s := s.(type) {
		case *Assign:
			for _, l := range s.Lhs {
				found = found || place(l)
			}
		case *AssignOp:
			found = found || place(s.X)
		case *Range:
			found = found || place(s.Key) || place(s.Val)
		case *Declare:
			found = found || s.V == v
		case *Select:
			for _, c := range s.Cases {
				found = found || place(c.Lhs) || place(c.Ok)
			}
		}
	}, func(e Expr) { found = found || expr(e) })
	return found
}

// walkStmts calls stmt for every statement below list, in source order, and expr for every expression in them.
func walkStmts(list []Stmt, stmt func(Stmt), expr func(Expr)) {
	e := func(xs ...Expr) {
		for _, x := range xs {
			if x != nil {
				expr(x)
			}
		}
	}
	for _, s := range list {
		stmt(s)
		switch s := s.(type) {
		case *ExprStmt:
			e(s.X)
		case *Declare:
			e(s.Init)
		case *Assign:
			e(s.Lhs...)
			e(s.Rhs...)
		case *AssignOp:
			e(s.X, s.Y)
		case *If:
			e(s.Cond)
			walkStmts(s.Then, stmt, expr)
			walkStmts(s.Else, stmt, expr)
		case *For:
			walkStmts(s.CondPre, stmt, expr)
			e(s.Cond)
			walkStmts(s.Body, stmt, expr)
			walkStmts(s.Post, stmt, expr)
		case *Range:
			e(s.X, s.Key, s.Val)
			walkStmts(s.Body, stmt, expr)
		case *Switch:
			e(s.Tag)
			for _, c := range s.Cases {
				e(c.Vals...)
				walkStmts(c.Body, stmt, expr)
			}
		case *TypeSwitch:
			e(s.X)
			for _, c := range s.Cases {
				walkStmts(c.Body, stmt, expr)
			}
		case *Select:
			for _, c := range s.Cases {
				e(c.Ch, c.Val, c.Lhs, c.Ok)
				walkStmts(c.Body, stmt, expr)
			}
		case *Return:
			e(s.Vals...)
		case *Go:
			e(s.Fn)
		case *Defer:
			e(s.Fn, s.Token)
		case *Send:
			e(s.Ch, s.X)
		case *Group:
			walkStmts(s.Stmts, stmt, expr)
		}
	}
}
