package lower

// Slices, strings, maps and channels.

import (
	"go/types"

	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// slice is x[lo:hi:max].
func (g *gen) slice(e *tree.Slice, dst ref) {
	xl := g.layout(e.X.Type())
	x := g.val(e.X)
	n := int32(2)
	if e.Max != nil {
		n = 3
	}
	idx := g.words(n, 0)
	var vals [3]ref
	for i, part := range []tree.Expr{e.Lo, e.Hi, e.Max} {
		vals[i] = none
		if part == nil {
			continue
		}
		if _, ok := g.konst(part); !ok {
			vals[i] = g.val(part)
		}
	}
	put := g.undef(idx)
	for i, part := range []tree.Expr{e.Lo, e.Hi, e.Max} {
		d := idx.at(int64(i))
		switch {
		case int32(i) >= n:
		case vals[i] != none:
			g.move(d, vals[i], 1)
		case part != nil:
			k, _ := g.konst(part)
			g.ldi(d, k)
		case i == 0:
			g.ldi(d, 0)
		case xl.Class == ClassPtr:
			g.ldi(d, e.X.Type().Underlying().(*types.Pointer).Elem().Underlying().(*types.Array).Len())
		default:
			g.move(d, x.at(1), 1)
		}
	}
	put()
	g.checkUnsigned(e, xl, x, idx)
	switch xl.Class {
	case ClassString:
		g.op(bc.SLICESTR, dst, x, idx)
	case ClassSlice:
		size := g.layout(e.X.Type().Underlying().(*types.Slice).Elem()).Size
		g.emit(ins{op: bc.SLICE, d: uint8(n), a: dst, b: x, c: idx, imm: size})
	default:
		at := g.layout(e.X.Type().Underlying().(*types.Pointer).Elem())
		if at.Len >= 1<<31 || at.Elem.Size >= 1<<31 {
			g.op(bc.NILCHK, x, none, none)
			s := g.words(3, 1)
			end := g.undef(s)
			g.move(s, x, 1)
			g.ldi(s.at(1), at.Len)
			g.ldi(s.at(2), at.Len)
			end()
			g.emit(ins{op: bc.SLICE, d: uint8(n), a: dst, b: s, c: idx, imm: at.Elem.Size})
			return
		}
		g.emit(ins{op: bc.SLICEARR, d: uint8(n), a: dst, b: x, c: idx, imm: at.Len<<32 | at.Elem.Size})
	}
}

// checkUnsigned raises the error for bounds of a slice expression that no signed number can show.
// The slicing instructions take their operands for signed ones.
func (g *gen) checkUnsigned(e *tree.Slice, xl *Layout, x, idx ref) {
	const b, c3, b3 = 3, 7, 6 // codes of internal/abi: lo > hi of two bounds, of three, hi > max
	most, code := x, int64(1)
	switch xl.Class {
	case ClassString:
		most = x.at(1)
	case ClassSlice:
		most, code = x.at(2), 2
	default:
		most = none
	}
	bound := func() ref {
		if most != none {
			return most
		}
		t := g.word()
		g.ldi(t, e.X.Type().Underlying().(*types.Pointer).Elem().Underlying().(*types.Array).Len())
		return t
	}
	check := func(part tree.Expr, i int64, code int64, limit ref) {
		if part == nil || g.indexKind(part) == 0 {
			return
		}
		if _, ok := g.konst(part); ok {
			return
		}
		fine := g.label()
		v := idx.at(i)
		g.condJump(bc.BGEI, v, none, num(0), fine)
		if e.Max != nil && i < 2 {
			g.condJump(bc.BULT, bound(), idx.at(2), none, fine) // max is wrong: that comes first
		}
		if i == 0 {
			hi := idx.at(2)
			if e.Max == nil {
				hi = bound()
			}
			g.condJump(bc.BULT, hi, idx.at(1), none, fine)
		}
		a := g.guestArea("runtime.trap", 4, 0)
		g.ldi(a.arg(0, 1, 0), bc.TrapSlice)
		g.ldi(a.arg(1, 1, 0), code)
		g.move(a.arg(2, 1, 0), v, 1)
		d := a.arg(3, 1, 0)
		if limit == none {
			limit = bound()
		}
		g.move(d, limit, 1)
		a.call()
		g.emitTrap(bc.TrapUnreachable)
		g.bind(fine)
	}
	check(e.Max, 2, code+3, most)
	if e.Max != nil {
		check(e.Hi, 1, b3, idx.at(2))
		check(e.Lo, 0, c3, idx.at(1))
		return
	}
	check(e.Hi, 1, code, most)
	check(e.Lo, 0, b, idx.at(1))
}

func (g *gen) concat(e *tree.Concat, dst ref) { g.concatRefs(dst, e.Xs, e.Esc) }

func (g *gen) concatRefs(dst ref, xs []tree.Expr, esc tree.Esc) {
	n := int32(len(xs))
	buf := g.buffer(esc, stringBuffer)
	a := g.nativeArea("go:concat", 2*n+4)
	g.ldi(a.arg(0, 1, 0), int64(n))
	g.bufferArg(a, 1, buf)
	for i, x := range xs {
		g.into(x, a.arg(2+2*int32(i), 2, 1))
	}
	r := a.result(2+2*n, 2, 1)
	a.call()
	g.move(dst, r, 2)
}

func (g *gen) makeSlice(e *tree.MakeSlice, dst ref) {
	elem := e.T.Underlying().(*types.Slice).Elem()
	if g.framed(e.Esc) && g.frameSlice(e, elem, dst) {
		return
	}
	n := g.val(e.Len)
	c := n
	if e.Cap != nil {
		c = g.val(e.Cap)
	}
	g.heapSlice(e, elem, dst, n, c)
}

// heapSlice makes a slice on the heap, or raises the error for a bad length n or capacity c.
func (g *gen) heapSlice(e *tree.MakeSlice, elem types.Type, dst, n, c ref) {
	var d uint8
	if !g.layout(e.Len.Type()).Signed || e.Cap != nil && !g.layout(e.Cap.Type()).Signed {
		d = 1
	}
	g.emit(ins{op: bc.MKSLICE, d: d, a: dst, b: n, c: c, fix: g.addFix(Fixup{Kind: FixTypeID, Type: elem})})
}

// Maps

type mapKind uint8

const (
	mapSlow mapKind = iota
	mapFast32
	mapFast64
	mapFast64Ptr
	mapFastStr
)

// mapFast chooses the functions for a map type by the real compiler's rule: plain memory keys of 4 or
// 8 bytes and strings, elements up to 128 bytes.
func (g *gen) mapFast(m *types.Map) mapKind {
	if g.layout(m.Elem()).Size > 128 {
		return mapSlow
	}
	k := g.layout(m.Key())
	switch {
	case k.Class == ClassString:
		return mapFastStr
	case !plainMemory(k):
		return mapSlow
	case k.Size == 4:
		return mapFast32
	case k.Size == 8 && k.PtrBytes == 0:
		return mapFast64
	case k.Size == 8:
		return mapFast64Ptr
	}
	return mapSlow
}

// plainMemory reports whether equality of the type is equality of all its bytes.
func plainMemory(l *Layout) bool {
	switch l.Class {
	case ClassInt, ClassPtr:
		return true
	case ClassArray:
		return plainMemory(l.Elem)
	case ClassStruct:
		st := l.Type.Underlying().(*types.Struct)
		var off int64
		for i, f := range l.FieldLs {
			if st.Field(i).Name() == "_" || l.Fields[i] != off || !plainMemory(f) {
				return false
			}
			off += f.Size
		}
		return off == l.Size
	}
	return false
}

// mapCall calls the map function fn (mapaccess1, mapaccess2, mapassign, mapdelete) and returns its results.
func (g *gen) mapCall(fn string, m, k tree.Expr) (p, ok ref) {
	mt := m.Type().Underlying().(*types.Map)
	kind := g.mapFast(mt)
	kl := g.layout(mt.Key())
	suffix, kslots := "", int32(1)
	switch kind {
	case mapFast32:
		suffix = "_fast32"
	case mapFast64:
		suffix = "_fast64"
	case mapFast64Ptr:
		suffix = "_fast64"
		if fn == "mapassign" {
			suffix = "_fast64ptr"
		}
	case mapFastStr:
		suffix, kslots = "_faststr", 2
	}
	results := int32(1)
	switch fn {
	case "mapaccess2":
		results = 2
	case "mapdelete":
		results = 0
	}
	var key ref
	if kind == mapSlow {
		key = g.spill(k)
	}
	a := g.guestArea("runtime."+fn+suffix, 2+kslots, results)
	g.ldiFix(a.arg(0, 1, 1), Fixup{Kind: FixType, Type: m.Type()})
	g.into(m, a.arg(1, 1, 1))
	switch kind {
	case mapSlow:
		g.move(a.arg(2, 1, 1), key, 1)
	case mapFastStr:
		g.into(k, a.arg(2, 2, 1))
	case mapFast32:
		d := a.arg(2, 1, 0)
		if kl.Scalar() && !kl.Signed {
			g.into(k, d)
		} else {
			g.op(bc.ZX32, d, g.val(k), none)
		}
	default:
		var mask uint64
		if kind == mapFast64Ptr {
			mask = 1
		}
		g.into(k, a.arg(2, 1, mask))
	}
	if results > 0 {
		p = a.result(2+kslots, 1, 1)
	}
	if results > 1 {
		ok = a.result(3+kslots, 1, 0)
	}
	a.call()
	return p, ok
}

// maxZeroElem is the size of the zero value that a failed look-up points to.
const maxZeroElem = 1024

func (g *gen) mapIndex(e *tree.MapIndex, dst ref) {
	if e.CommaOk {
		g.bug("map index with two results in one variable")
	}
	l := g.layout(e.T)
	if l.Size > maxZeroElem {
		p, ok := g.mapCall("mapaccess2", e.M, e.K)
		t := g.newReg(l)
		g.zero(t, l.Slots)
		end := g.label()
		g.condJump(bc.BRZ, ok, none, none, end)
		g.loadMem(t, p, 0, l)
		g.bind(end)
		g.move(dst, t, l.Slots)
		return
	}
	p, _ := g.mapCall("mapaccess1", e.M, e.K)
	g.loadMem(dst, p, 0, l)
}

func (g *gen) mapIndex2(e *tree.MapIndex) []ref {
	l := g.layout(e.M.Type().Underlying().(*types.Map).Elem())
	if !e.CommaOk && !large(l) {
		t := g.newReg(l)
		g.mapIndex(e, t)
		return []ref{t}
	}
	p, ok := g.mapCall("mapaccess2", e.M, e.K)
	if large(l) {
		return []ref{g.largeIf(ok, p, l), ok}
	}
	t := g.newReg(l)
	if l.Size > maxZeroElem {
		end := g.label()
		g.zero(t, l.Slots)
		g.condJump(bc.BRZ, ok, none, none, end)
		g.loadMem(t, p, 0, l)
		g.bind(end)
		return []ref{t, ok}
	}
	g.loadMem(t, p, 0, l)
	return []ref{t, ok}
}

// mapAssign is m[k] = v.
func (g *gen) mapAssign(e *tree.MapIndex, v tree.Expr) {
	l := g.layout(v.Type())
	var r ref
	late := false
	switch v.(type) {
	case *tree.Const, *tree.Zero, *tree.FuncRef:
		late = true
	}
	if !late {
		r = g.val(v)
	}
	dst := g.mapPlace(e, l)
	if late {
		g.storeExpr(dst, v)
		return
	}
	g.storePlace(dst, r)
}

// mapPlace is the place of the element of m[k], which is there afterwards.
func (g *gen) mapPlace(e *tree.MapIndex, l *Layout) place {
	p, _ := g.mapCall("mapassign", e.M, e.K)
	return place{kind: inMem, l: l, r: p, nonnil: true}
}

// makeMap calls makemap_small for small maps, as the real compiler does, else makemap.
func (g *gen) makeMap(e *tree.MakeMap, dst ref) {
	k, constant := int64(0), true
	if e.Hint != nil {
		k, constant = g.konst(e.Hint)
	}
	switch small := constant && k <= mapGroup; {
	case g.framed(e.Esc):
		g.frameMap(e, dst, small, !constant)
	case small:
		g.move(dst, g.smallMap(), 1)
	default:
		g.move(dst, g.sizedMap(e.T, func(d ref) { g.into(e.Hint, d) }, none), 1)
	}
}

func (g *gen) smallMap() ref {
	a := g.guestArea("runtime.makemap_small", 0, 1)
	r := a.result(0, 1, 1)
	a.call()
	return r
}

// sizedMap calls makemap with a map that is to be used, none if there is none.
func (g *gen) sizedMap(t types.Type, hint func(dst ref), m ref) ref {
	a := g.guestArea("runtime.makemap", 3, 1)
	g.ldiFix(a.arg(0, 1, 1), Fixup{Kind: FixType, Type: t})
	hint(a.arg(1, 1, 0))
	g.bufferArg(a, 2, m)
	r := a.result(3, 1, 1)
	a.call()
	return r
}

// Channels

func (g *gen) makeChan(e *tree.MakeChan, dst ref) {
	a := g.nativeArea("go:makechan", 3)
	g.ldiFix(a.arg(0, 1, 1), Fixup{Kind: FixType, Type: e.T})
	if e.Size == nil {
		g.ldi(a.arg(1, 1, 0), 0)
	} else {
		g.into(e.Size, a.arg(1, 1, 0))
	}
	r := a.result(2, 1, 1)
	a.call()
	g.move(dst, r, 1)
}

func (g *gen) recv(e *tree.Recv) []ref {
	l := g.layout(e.X.Type().Underlying().(*types.Chan).Elem())
	a := g.nativeArea("go:chanrecv", 2+l.Slots)
	g.into(e.X, a.arg(0, 1, 1))
	ok := a.inout(1, 1, 0)
	g.ldi(ok, 0)
	v := g.elemArea(a, 2, l)
	a.call()
	g.extendElem(v, l)
	return []ref{v, ok}
}

// elemArea makes the register for a received element, zeroed.
func (g *gen) elemArea(a *outgoing, off int32, l *Layout) ref {
	if l.Slots == 0 {
		return g.newReg(l)
	}
	v := a.inout(off, l.Slots, 0)
	g.regs[v.v].setMask(l, 0)
	g.zero(v, l.Slots)
	return v
}

// extendElem makes an element canonical that the host has written as bytes into a zeroed slot.
func (g *gen) extendElem(v ref, l *Layout) {
	if l.Class == ClassInt && l.Signed && l.Size < 8 {
		g.extend(v, v, l)
	}
}

func (g *gen) send(s *tree.Send) {
	l := g.layout(s.X.Type())
	a := g.nativeArea("go:chansend", 1+l.Slots)
	g.into(s.Ch, a.arg(0, 1, 1))
	if l.Slots > 0 {
		g.into(s.X, a.argL(1, l))
	} else {
		g.effect(s.X)
	}
	a.call()
}

// selectStmt lays the cases out in one area and branches on the chosen one.
func (g *gen) selectStmt(s *tree.Select) {
	var cases []*tree.Comm
	var def *tree.Comm
	slots := int32(4)
	for _, c := range s.Cases {
		if c.Default || c.Ch == nil {
			def = c
			continue
		}
		cases = append(cases, c)
		slots += 3 + g.layout(c.Ch.Type().Underlying().(*types.Chan).Elem()).Slots
	}
	a := g.nativeArea("go:select", slots)
	n := int32(len(cases))
	g.ldi(a.inout(0, 1, 0), int64(n))
	hasDef := int64(0)
	if def != nil {
		hasDef = 1
	}
	g.ldi(a.inout(1, 1, 0), hasDef)
	chosen, ok := a.inout(2, 1, 0), a.inout(3, 1, 0)
	g.ldi(chosen, 0)
	g.ldi(ok, 0)
	elems := make([]ref, n)
	off := 4 + 3*n
	for i, c := range cases {
		l := g.layout(c.Ch.Type().Underlying().(*types.Chan).Elem())
		at := 4 + 3*int32(i)
		g.into(c.Ch, a.inout(at, 1, 1))
		dir := int64(0)
		if c.Send {
			dir = 1
		}
		g.ldi(a.inout(at+1, 1, 0), dir)
		g.ldi(a.inout(at+2, 1, 0), int64(off))
		if c.Send {
			if l.Slots > 0 {
				v := a.inout(off, l.Slots, 0)
				g.regs[v.v].setMask(l, 0)
				g.into(c.Val, v)
			} else {
				g.effect(c.Val)
			}
		} else {
			elems[i] = g.elemArea(a, off, l)
		}
		off += l.Slots
	}
	a.call()

	end := g.label()
	if s.Label != nil {
		g.setTarget(s.Label, target{brk: end, cont: -1, here: -1})
	}
	for i, c := range cases {
		next := end
		last := i == len(cases)-1 && def == nil
		if !last {
			next = g.label()
			g.condJump(bc.BNEI, chosen, none, num(int64(i)), next)
		}
		for _, v := range c.Decl {
			g.declare(&tree.Declare{V: v})
		}
		if !c.Send {
			l := g.layout(c.Ch.Type().Underlying().(*types.Chan).Elem())
			if c.Lhs != nil {
				g.extendElem(elems[i], l)
				g.assignRef(c.Lhs, elems[i])
			}
			if c.Ok != nil {
				g.assignRef(c.Ok, ok)
			}
		}
		g.stmts(c.Body)
		if !last {
			if g.reachable() {
				g.jump(end)
			}
			g.bind(next)
		}
	}
	if def != nil {
		g.stmts(def.Body)
	}
	g.bind(end)
}
