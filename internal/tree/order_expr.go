package tree

// The two steps of Order on expressions; see order.go.

import (
	"go/constant"
	"go/token"
	"go/types"
)

// operands appends the places in e that hold its operands, in evaluation order.
// A by-reference capture of a closure is not an operand.
func operands(e Expr, ops []operand) []operand {
	add := func(e *Expr) {
		if *e != nil {
			ops = append(ops, operand{e: e})
		}
	}
	list := func(es []Expr) {
		for i := range es {
			add(&es[i])
		}
	}
	switch e := e.(type) {
	case *Const, *Zero, *Ref, *FuncRef:
	case *Closure:
		for i := range e.Vals {
			if !e.F.Captures[i].ByRef {
				add(&e.Vals[i])
			}
		}
	case *Unary:
		add(&e.X)
	case *Binary:
		add(&e.X)
		add(&e.Y)
	case *Deref:
		add(&e.X)
	case *Addr:
		add(&e.X)
	case *Field:
		add(&e.X)
	case *Index:
		add(&e.X)
		add(&e.I)
	case *MapIndex:
		add(&e.M)
		m, _ := e.M.Type().Underlying().(*types.Map)
		ops = append(ops, operand{e: &e.K, key: m})
	case *Slice:
		add(&e.X)
		add(&e.Lo)
		add(&e.Hi)
		add(&e.Max)
	case *Call:
		add(&e.Fn)
		list(e.Args)
	case *Builtin:
		list(e.Args)
	case *New:
		add(&e.Init)
	case *MakeSlice:
		add(&e.Len)
		add(&e.Cap)
	case *MakeMap:
		add(&e.Hint)
	case *MakeChan:
		add(&e.Size)
	case *StructLit:
		if e.Order == nil {
			list(e.Vals)
		}
		for _, i := range e.Order {
			add(&e.Vals[i])
		}
	case *ArrayLit:
		list(e.Elems)
	case *MapLit:
		for i := range e.Keys {
			add(&e.Keys[i])
			add(&e.Vals[i])
		}
	case *Convert:
		add(&e.X)
	case *ToIface:
		add(&e.X)
	case *IfaceConv:
		add(&e.X)
	case *Assert:
		add(&e.X)
	case *IsType:
		add(&e.X)
	case *IfaceData:
		add(&e.X)
	case *Recv:
		add(&e.X)
	case *Concat:
		list(e.Xs)
	case *Block:
		add(&e.X)
	default:
		bug("operands of %T", e)
	}
	return ops
}

// early is the first step. With dst, the value is about to be assigned to that variable in the frame
// and nothing comes between: what stands alone may be returned as it is.
func (o *orderer) early(e Expr, dst *Var) Expr {
	switch e := e.(type) {
	case *Const, *Zero, *Ref, *FuncRef:
		return e

	case *Block:
		o.stmts(e.Stmts)
		if e.X == nil {
			return nil
		}
		x := o.late(o.early(e.X, dst), dst != nil)
		if isLiteralValue(x) || isAlone(x) {
			return x
		}
		return &Block{Typed: e.Typed, X: x}

	case *Binary:
		switch e.Op {
		case token.LAND, token.LOR:
			return o.shortCircuit(e)
		case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
			o.earlyOperands(e)
			switch e.X.Type().Underlying().(type) {
			case *types.Struct, *types.Array:
				e.X, e.Y = o.literalTemp(e.X), o.literalTemp(e.Y)
			case *types.Basic:
				borrowBytes(e.X)
				borrowBytes(e.Y)
			}
			return e
		}

	case *Slice:
		o.earlyOperands(e)
		o.lateOperands(e)
		return e

	case *Builtin:
		switch e.Name {
		case "len", "cap", "real", "imag", "complex", "min", "max":
			o.earlyOperands(e)
			o.lateOperands(e)
			if _, ok := e.Args[0].Type().Underlying().(*types.Chan); ok {
				return o.alone(e, dst)
			}
			if b, ok := e.T.Underlying().(*types.Basic); ok && b.Info()&types.IsString != 0 {
				return o.stringMinMax(e)
			}
			return e
		case "Add", "Slice", "SliceData", "String", "StringData", "nilcheck":
			o.earlyOperands(e)
			return e
		}
		extend(e)
		o.earlyOperands(e)
		return o.alone(e, dst)

	case *Call, *Recv, *MakeSlice, *MakeMap, *MakeChan:
		o.earlyOperands(e)
		borrowUnique(e)
		return o.alone(e, dst)

	case *Convert:
		_, call := e.X.(*Call)
		o.earlyOperands(e)
		if _, ok := e.T.Underlying().(*types.Slice); ok && isAlone(e) {
			return o.alone(e, dst)
		}
		if b, ok := e.T.Underlying().(*types.Basic); ok && b.Kind() == types.UnsafePointer && call && dst == nil {
			// unsafe.Pointer(v.Pointer()): the collector does not see the result before it is a pointer.
			return o.copyOf(e)
		}
		return e

	case *Assert:
		o.earlyOperands(e)
		if !isDirect(e.To) {
			return o.alone(e, dst)
		}
		return e

	case *MapIndex:
		borrowed := borrowKey(e.K)
		o.earlyOperands(e)
		if borrowed {
			return o.alone(e, dst)
		}
		return e

	case *ToIface:
		o.earlyOperands(e)
		if boxedByAddress(o.p.Sizes, e.X.Type()) && !isConstantLiteral(e.X) {
			e.X = o.literalTemp(e.X)
		}
		return e

	case *Concat:
		o.earlyOperands(e)
		for _, x := range e.Xs {
			// Without a literal part the result may be the borrowed string itself.
			if c, ok := x.(*Const); ok && constant.StringVal(c.Val) != "" {
				for _, x := range e.Xs {
					borrowBytes(x)
				}
				break
			}
		}
		return e

	case *MapLit:
		return o.mapLit(e)

	case *StructLit:
		o.earlyOperands(e)
		o.dropBlank(e)
		return e
	}
	o.earlyOperands(e)
	return e
}

// extend makes append(s, make([]T, n)...) the builtin extend(s, n), which makes no second slice.
func extend(e *Builtin) {
	if e.Name != "append" || !e.Dots {
		return
	}
	m, ok := e.Args[1].(*MakeSlice)
	if !ok || m.Cap != nil {
		return
	}
	if b, ok := m.Len.Type().Underlying().(*types.Basic); ok && b.Info()&types.IsInteger != 0 {
		e.Name, e.Dots, e.Args = "extend", false, []Expr{e.Args[0], m.Len}
	}
}

// dropBlank evaluates the values of blank fields, which stay zero.
func (o *orderer) dropBlank(e *StructLit) {
	st := e.T.Underlying().(*types.Struct)
	for i, v := range e.Vals {
		if v != nil && st.Field(i).Name() == "_" {
			o.discard(v)
			e.Vals[i] = nil
		}
	}
}

func (o *orderer) earlyOperands(e Expr) {
	var buf [8]operand
	o.sequence(operands(e, buf[:0]))
}

func (o *orderer) lateOperands(e Expr) {
	var buf [8]operand
	for _, p := range operands(e, buf[:0]) {
		*p.e = o.late(*p.e, false)
	}
}

// alone finishes e, which cannot stay nested: it becomes the value of a temporary unless it goes to dst.
func (o *orderer) alone(e Expr, dst *Var) Expr {
	if dst != nil {
		return e
	}
	e = o.late(e, true)
	if isAlone(e) {
		return o.copyOf(e)
	}
	return e
}

// late is the second step: it makes e pure. With whole, e itself may stand alone.
func (o *orderer) late(e Expr, whole bool) Expr {
	switch e := e.(type) {
	case *Const, *Zero, *Ref, *FuncRef:
		return e
	case *Block: // what early has left of one
		return o.late(e.X, whole)
	case *New:
		if e.Init != nil {
			return o.newInit(e, whole)
		}
	case *StructLit, *ArrayLit:
		if n := countAlone(e, maxLiteralTemps+1); n > maxLiteralTemps {
			return o.bigLiteral(e)
		}
	case *Builtin:
		switch e.Name {
		case "append":
			o.lateOperands(e)
			o.appendArgs(e)
			return o.wholeOr(e, whole)
		case "nilcheck":
			o.lateOperands(e)
			return o.nilCheck(e)
		}
	}
	o.lateOperands(e)
	return o.wholeOr(e, whole)
}

func (o *orderer) wholeOr(e Expr, whole bool) Expr {
	if whole || !isAlone(e) {
		return e
	}
	return o.copyOf(e)
}

// shortCircuit orders && and ||. If the right operand is pure, they stay an operator, else:
//
//	r = X; if r { r = Y }         or, for ||, if r {} else { r = Y }
func (o *orderer) shortCircuit(e *Binary) Expr {
	x := o.late(o.early(e.X, nil), false)
	var y Expr
	right := o.block(func() {
		y = o.late(o.early(e.Y, nil), false)
	})
	if len(right) == 0 {
		e.X, e.Y = x, y
		return e
	}
	r := o.newTemp(e.T, e.Pos())
	// r may be one of the temporaries that the right side has used: that is harmless,
	// since the right side is not read after r, unless r is read in it.
	o.set(r, x)
	right = append(right, assign(e.Y.Pos(), o.ref(r, e.Pos()), y))
	s := &If{At: At{e.Pos()}, Cond: o.ref(r, e.Pos())}
	if e.Op == token.LAND {
		s.Then = right
	} else {
		s.Else = right
	}
	o.emit(s)
	return o.ref(r, e.Pos())
}

// stringMinMax orders min and max of strings: t = a; if b < t { t = b } ….
func (o *orderer) stringMinMax(e *Builtin) Expr {
	t := o.newTemp(e.T, e.Pos())
	o.set(t, e.Args[0])
	op := token.LSS
	if e.Name == "max" {
		op = token.GTR
	}
	for _, x := range e.Args[1:] {
		o.emit(&If{
			At:   At{e.Pos()},
			Cond: o.binary(op, x, o.ref(t, e.Pos()), o.basic(types.Bool)),
			Then: []Stmt{assign(e.Pos(), o.ref(t, e.Pos()), x)},
		})
	}
	return o.ref(t, e.Pos())
}

// nilCheck is e's operand after a trap when it is nil.
func (o *orderer) nilCheck(e *Builtin) Expr {
	pos := e.Pos()
	x := o.pin(e.Args[0])
	if !types.IsInterface(x.Type()) {
		elem := x.Type().Underlying().(*types.Pointer).Elem()
		o.emit(assign(pos, nil, &Deref{Typed: Typed{At{pos}, o.p.Canon(elem)}, X: x}))
		return x
	}
	b := o.basic(types.Uint8)
	null := &Zero{Typed: Typed{At{pos}, o.p.Canon(types.NewPointer(b))}}
	o.emit(&If{
		At:   At{pos},
		Cond: &IsType{Typed: Typed{At{pos}, o.basic(types.Bool)}, X: x},
		Then: []Stmt{assign(pos, nil, &Deref{Typed: Typed{At{pos}, b}, X: null})},
	})
	return x
}

// literalTemp copies a composite literal whose address the runtime needs, as the real compiler does
// in its early step.
func (o *orderer) literalTemp(x Expr) Expr {
	if isAddressable(x) {
		return x
	}
	switch x.(type) {
	case *Const, *Zero, *Ref:
		return x
	}
	return o.alone2(x)
}

// alone2 makes x a variable.
func (o *orderer) alone2(x Expr) Expr {
	x = o.late(x, true)
	if _, ok := x.(*Ref); ok {
		return x
	}
	return o.copyOf(x)
}

// mapKey is the early step for the key of a map of type m: keys that the map functions take
// by address are copied, unless they have an address.
func (o *orderer) mapKey(k Expr, m *types.Map) Expr {
	if fastKey(o.p.Sizes, m) {
		return k
	}
	return o.literalTemp(k)
}

// mapLit makes the map and then stores the entries one after the other.
func (o *orderer) mapLit(e *MapLit) Expr {
	at := Typed{At{e.Pos()}, e.T}
	m := o.hidden("", e.T, e.Pos())
	var hint Expr
	if len(e.Keys) > 8 {
		hint = o.int(int64(len(e.Keys)), o.basic(types.Int), e.Pos())
	}
	o.set(m, &MakeMap{Typed: at, Hint: hint, Esc: e.Esc})
	mt := e.T.Underlying().(*types.Map)
	val := o.p.Canon(mt.Elem())
	for i := range e.Keys {
		pos := e.Keys[i].Pos()
		o.stmt(assign(pos, &MapIndex{Typed: Typed{At{pos}, val}, M: o.ref(m, pos), K: e.Keys[i]}, e.Vals[i]))
	}
	return o.ref(m, e.Pos())
}

// appendArgs makes the added elements independent of the destination and of memory.
func (o *orderer) appendArgs(e *Builtin) {
	if e.Dots {
		return
	}
	for i, x := range e.Args[1:] {
		if !isStable(x) || refersTo(x, rootVar(e.Args[0])) {
			e.Args[1+i] = o.copyOf(x)
		}
	}
}

// maxLiteralTemps is how many parts of one literal wait in temporaries before
// the literal is built; a literal with more is built in place, part by part.
const maxLiteralTemps = 8

// newInit orders &T{…} and new(x): the object first, then its parts.
func (o *orderer) newInit(e *New, whole bool) Expr {
	init := e.Init
	if isZeroValue(init) {
		return o.wholeOr(&New{Typed: e.Typed, Esc: e.Esc}, whole)
	}
	if countAlone(init, maxLiteralTemps+1) <= maxLiteralTemps {
		init = o.late(init, false)
	}
	t := o.newTemp(e.T, e.Pos())
	o.set(t, &New{Typed: e.Typed, Esc: e.Esc})
	o.store(&Deref{Typed: Typed{At{e.Pos()}, init.Type()}, X: o.ref(t, e.Pos())}, init, true)
	return o.ref(t, e.Pos())
}

// bigLiteral builds a literal with many parts that stand alone.
func (o *orderer) bigLiteral(e Expr) Expr {
	if a, ok := e.(*ArrayLit); ok {
		if _, ok := e.Type().Underlying().(*types.Slice); ok {
			t := o.hidden("", e.Type(), e.Pos())
			simple, rest := o.splitLiteral(a)
			o.set(t, simple)
			o.storeElems(o.ref(t, e.Pos()), a, rest)
			return o.ref(t, e.Pos())
		}
	}
	t := o.hidden("", e.Type(), e.Pos())
	o.store(o.ref(t, e.Pos()), e, false)
	return o.ref(t, e.Pos())
}

// largeLiteral is the size in bytes from which on a literal is stored part by part instead of being
// put together first.
const largeLiteral = 1 << 10

// spreadLiteral emits place = x for a large struct literal as stores of its fields. It reports whether it did.
func (o *orderer) spreadLiteral(place, x Expr) bool {
	s, ok := x.(*StructLit)
	if !ok || o.p.Sizes.Sizeof(x.Type()) < largeLiteral {
		return false
	}
	var buf [8]operand
	for _, p := range placeOperands(place, buf[:0]) {
		*p.e = o.pin(*p.e)
	}
	o.emit(assign(x.Pos(), place, &Zero{Typed: s.Typed}))
	o.storeFields(place, s)
	return true
}

// storeFields stores the fields of a pure literal into a place that holds zeros.
func (o *orderer) storeFields(place Expr, s *StructLit) {
	st := s.T.Underlying().(*types.Struct)
	for i, v := range s.Vals {
		if v == nil || isZeroValue(v) {
			continue
		}
		field := &Field{Typed: Typed{At{v.Pos()}, o.p.Canon(st.Field(i).Type())}, X: place, I: i}
		if in, ok := v.(*StructLit); ok && o.p.Sizes.Sizeof(v.Type()) >= largeLiteral {
			o.storeFields(field, in)
			continue
		}
		o.emit(assign(v.Pos(), field, v))
	}
}

// store assigns x, which has been through the early step, to a place that nothing else refers to yet.
// zeroed tells that the place holds the zero value.
func (o *orderer) store(place, x Expr, zeroed bool) {
	mark := len(o.temp)
	defer o.release(mark)
	if zeroed && isZeroValue(x) {
		return
	}
	if countAlone(x, maxLiteralTemps+1) > maxLiteralTemps {
		switch x := x.(type) {
		case *StructLit:
			st := x.T.Underlying().(*types.Struct)
			if !zeroed {
				o.emit(assign(x.Pos(), place, &Zero{Typed: x.Typed}))
			}
			for i, v := range x.Vals {
				if v != nil {
					o.store(&Field{Typed: Typed{At{v.Pos()}, o.p.Canon(st.Field(i).Type())}, X: place, I: i}, v, true)
				}
			}
			return
		case *ArrayLit:
			if _, ok := x.T.Underlying().(*types.Array); ok {
				simple, rest := o.splitLiteral(x)
				if !zeroed || len(simple.Elems) > 0 {
					o.emit(assign(x.Pos(), place, simple))
				}
				o.storeElems(place, x, rest)
				return
			}
		}
	}
	x = o.late(x, false)
	if o.spreadLiteral(place, x) {
		return
	}
	o.emit(assign(x.Pos(), place, x))
}

// storeElems stores the elements rest (indexes into a.Elems) into the array or slice.
func (o *orderer) storeElems(array Expr, a *ArrayLit, rest []int) {
	for _, i := range rest {
		v := a.Elems[i]
		idx := o.int(a.Index[i], o.basic(types.Int), v.Pos())
		o.store(&Index{Typed: Typed{At{v.Pos()}, v.Type()}, X: array, I: idx, Bounded: true}, v, true)
	}
}

// splitLiteral returns the literal of the elements that are pure, and the indexes of the other ones.
func (o *orderer) splitLiteral(a *ArrayLit) (*ArrayLit, []int) {
	simple := &ArrayLit{Typed: a.Typed, Len: a.Len, Esc: a.Esc}
	var rest []int
	for i, v := range a.Elems {
		if countAlone(v, 1) == 0 {
			simple.Index = append(simple.Index, a.Index[i])
			simple.Elems = append(simple.Elems, o.late(v, false))
		} else {
			rest = append(rest, i)
		}
	}
	return simple, rest
}
