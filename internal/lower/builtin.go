package lower

import (
	"go/constant"
	"go/token"
	"go/types"
	"math"

	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// valBuiltin returns the value of a builtin that lies somewhere already.
func (g *gen) valBuiltin(e *tree.Builtin) (ref, bool) {
	switch e.Name {
	case "len", "cap":
		x := e.Args[0]
		l := g.layout(x.Type())
		switch {
		case l.Class == ClassString || l.Class == ClassSlice && e.Name == "len":
			if c, ok := x.(*tree.Const); ok {
				t := g.word()
				g.ldi(t, int64(len(constant.StringVal(c.Val))))
				return t, true
			}
			return g.wordOf(x, 1), true
		case l.Class == ClassSlice:
			return g.wordOf(x, 2), true
		}
	case "real", "imag":
		l := g.layout(e.Args[0].Type())
		re, im := g.complexParts(g.val(e.Args[0]), l)
		if e.Name == "real" {
			return re, true
		}
		return im, true
	case "StringData", "SliceData":
		return g.wordOf(e.Args[0], 0), true
	}
	return none, false
}

// wordOf returns word i of the value of x; from memory only that word is loaded.
func (g *gen) wordOf(x tree.Expr, i int64) ref {
	switch x.(type) {
	case *tree.Ref, *tree.Field, *tree.Deref:
		p := g.place(x)
		switch p.kind {
		case inFrame:
			return g.valPlace(p).at(i)
		case inMem, inGlobal:
			p.off += 8 * i
			p.l = wordLayout
			if i == 0 {
				p.l = pointerLayout
			}
			return g.valPlace(p)
		}
		return g.valPlace(p).at(i)
	}
	return g.val(x).at(i)
}

var (
	wordLayout    = &Layout{Class: ClassInt, Signed: true, Size: 8, Align: 8, Slots: 1}
	pointerLayout = &Layout{Class: ClassPtr, Size: 8, Align: 8, Slots: 1, PtrBytes: 8, Mask: []uint64{1}}
)

// builtin computes the value of a builtin call into dst.
func (g *gen) builtin(e *tree.Builtin, dst ref) {
	if r, ok := g.valBuiltin(e); ok {
		g.move(dst, r, g.layout(e.T).Slots)
		return
	}
	switch e.Name {
	case "len", "cap":
		x := e.Args[0]
		switch t := x.Type().Underlying().(type) {
		case *types.Map:
			m := g.val(x)
			n := g.word()
			end := g.label()
			g.ldi(n, 0)
			g.condJump(bc.BRZ, m, none, none, end)
			g.opI(bc.LD64, n, m, 0) // the number of entries is a map's first word
			g.bind(end)
			g.move(dst, n, 1)
		case *types.Chan:
			a := g.nativeArea("go:chan"+e.Name, 2)
			g.into(x, a.arg(0, 1, 1))
			r := a.result(1, 1, 0)
			a.call()
			g.move(dst, r, 1)
		case *types.Array:
			g.ldi(dst, t.Len())
		case *types.Pointer:
			g.ldi(dst, t.Elem().Underlying().(*types.Array).Len())
		default:
			g.bug("%s of %v", e.Name, x.Type())
		}
	case "append":
		g.appendTo(e, dst)
	case "toheap", "toheapcap":
		g.toHeap(e, dst)
	case "extend":
		g.extendTo(e, dst)
	case "copy":
		g.move(dst, g.copyCall(e), 1)
	case "min", "max":
		g.minMax(e, dst)
	case "complex":
		re, im := g.val(e.Args[0]), g.val(e.Args[1])
		g.complexJoin(dst, re, im, g.layout(e.T))
	case "recover":
		g.op(bc.RECOVER, dst, none, none)
	case "Add":
		p, n := g.val(e.Args[0]), e.Args[1]
		if k, ok := g.konst(n); ok {
			g.opI(bc.ADDI, dst, p, k)
			return
		}
		g.op(bc.ADD, dst, p, g.val(n))
	case "Slice", "String":
		g.unsafeSlice(e, dst)
	case "deferrangefunc":
		a := g.nativeArea("go:defertoken", 1)
		r := a.result(0, 1, 0)
		a.call()
		g.move(dst, r, 1)
	default:
		g.bug("value of builtin %s", e.Name)
	}
}

// unsafeSlice is unsafe.Slice and unsafe.String.
func (g *gen) unsafeSlice(e *tree.Builtin, dst ref) {
	p, n := g.val(e.Args[0]), g.val(e.Args[1])
	good, bad := g.label(), g.label()
	raise := func(text string) {
		a := g.guestArea("runtime.trapText", 2, 0)
		text = "unsafe." + e.Name + ": " + text
		d := a.arg(0, 2, 1)
		end := g.undef(d)
		g.ldiFix(d, Fixup{Kind: FixString, Str: text})
		g.ldi(d.at(1), int64(len(text)))
		end()
		a.call()
		g.emitTrap(bc.TrapUnreachable)
	}
	size := int64(1)
	if e.Name == "Slice" {
		size = g.layout(e.T.Underlying().(*types.Slice).Elem()).Size
	}
	g.condJump(bc.BLTI, n, none, num(0), bad)
	k, isConst := g.konst(e.Args[1])
	bytes := n
	if size > 1 {
		if !isConst || k > 1<<32 || size > 1<<28 {
			limit := g.word()
			g.ldi(limit, math.MaxInt64/size*2)
			g.condJump(bc.BULT, limit, n, none, bad)
		}
		bytes = g.word()
		g.opI(bc.MULI, bytes, n, size)
	} else if size == 0 {
		bytes = g.word()
		g.ldi(bytes, 0)
	}
	isNil := g.label()
	g.condJump(bc.BRZ, p, none, none, isNil)
	room := g.word()
	g.op(bc.NEG, room, p, none) // bytes from p to the end of all addresses
	g.condJump(bc.BULE, bytes, room, none, good)
	g.jump(bad)
	g.bind(isNil)
	g.condJump(bc.BRZ, n, none, none, good)
	raise("ptr is nil and len is not zero")
	g.bind(bad)
	raise("len out of range")
	g.bind(good)
	s := g.layout(e.T).Slots
	t := g.words(s, 1)
	end := g.undef(t)
	g.move(t, p, 1)
	g.move(t.at(1), n, 1)
	if s == 3 {
		g.move(t.at(2), n, 1)
	}
	end()
	g.move(dst, t, s)
}

// extendTo is append of Args[1] zero elements.
func (g *gen) extendTo(e *tree.Builtin, dst ref) {
	s, n := g.val(e.Args[0]), g.val(e.Args[1])
	a := g.nativeArea("go:extend", 8)
	g.move(a.arg(0, 3, 1), s, 3)
	g.move(a.arg(3, 1, 0), n, 1)
	g.ldiFix(a.arg(4, 1, 0), Fixup{Kind: FixTypeID, Type: e.T.Underlying().(*types.Slice).Elem()})
	r := a.result(5, 3, 1)
	a.call()
	g.move(dst, r, 3)
}

// appendTo is append; dst may be the register of the first argument.
func (g *gen) appendTo(e *tree.Builtin, dst ref) {
	st := e.T.Underlying().(*types.Slice)
	el := g.layout(st.Elem())
	typeID := func() int32 { return g.addFix(Fixup{Kind: FixTypeID, Type: st.Elem()}) }
	if e.Dots {
		src := g.val(e.Args[1])
		a := g.nativeArea("go:append", 9)
		g.into(e.Args[0], a.arg(0, 3, 1))
		g.move(a.arg(3, 1, 1), src, 1)
		g.move(a.arg(4, 1, 0), src.at(1), 1)
		g.ldiFix(a.arg(5, 1, 0), Fixup{Kind: FixTypeID, Type: st.Elem()})
		r := a.result(6, 3, 1)
		a.call()
		g.move(dst, r, 3)
		return
	}
	elems := e.Args[1:]
	if len(elems) == 0 {
		g.into(e.Args[0], dst)
		return
	}
	vals := make([]ref, len(elems))
	for i, x := range elems {
		switch x.(type) {
		case *tree.Const, *tree.Zero, *tree.FuncRef, *tree.StructLit, *tree.ArrayLit:
			vals[i] = none
			if len(elems) > 1 || el.Slots > 1 {
				continue // stored after the growth
			}
		}
		if el.Slots > 0 {
			if len(elems) > 1 && large(el) {
				vals[i] = g.copyOf(x) // a former one may be stored where x lies
				continue
			}
			vals[i] = g.val(x)
			if vals[i].v == dst.v {
				t := g.newReg(el)
				g.move(t, vals[i], el.Slots)
				vals[i] = t
			}
		} else {
			g.effect(x)
		}
	}
	g.into(e.Args[0], dst)
	g.appendBuffer(e, el, int64(len(elems)), dst)
	if len(elems) == 1 && vals[0] != none {
		op := bc.Op(0)
		switch {
		case el.Size == 1:
			op = bc.APPEND8
		case el.Size == 8 && el.PtrBytes == 0:
			op = bc.APPEND64
		case el.Size == 8:
			op = bc.APPENDP
		}
		if op != 0 {
			g.emit(ins{op: op, a: dst, b: vals[0], c: none, fix: typeID()})
			return
		}
	}
	n := g.word()
	g.ldi(n, int64(len(elems)))
	g.emit(ins{op: bc.APPENDN, a: dst, b: n, c: none, fix: typeID()})
	if el.Size == 0 {
		return
	}
	// The new elements are the last ones.
	at, off := g.word(), g.word()
	g.opI(bc.ADDI, off, dst.at(1), -int64(len(elems)))
	if el.Size != 1 {
		g.opI(bc.MULI, at, off, el.Size)
	} else {
		at = off
	}
	p := g.ptr()
	g.op(bc.ADD, p, dst, at)
	for i, x := range elems {
		pl := place{kind: inMem, l: el, r: p, off: int64(i) * el.Size, nonnil: true}
		if vals[i] == none {
			g.storeExpr(pl, x)
		} else {
			g.storePlace(pl, vals[i])
		}
	}
}

// copyCall is copy; it returns the register with the number of elements.
func (g *gen) copyCall(e *tree.Builtin) ref {
	el := g.layout(e.Args[0].Type().Underlying().(*types.Slice).Elem())
	a := g.nativeArea("go:copy", 8)
	g.into(e.Args[0], a.arg(0, 3, 1))
	src := g.val(e.Args[1])
	g.move(a.arg(3, 1, 1), src, 1)
	g.move(a.arg(4, 1, 0), src.at(1), 1)
	if el.PtrBytes > 0 {
		g.ldiFix(a.arg(5, 1, 0), Fixup{Kind: FixTypeID, Type: el.Type})
	} else {
		g.ldi(a.arg(5, 1, 0), 0)
	}
	g.ldi(a.arg(6, 1, 0), el.Size)
	r := a.result(7, 1, 0)
	a.call()
	return r
}

func (g *gen) minMax(e *tree.Builtin, dst ref) {
	l := g.layout(e.T)
	acc := g.newReg(l)
	g.into(e.Args[0], acc)
	isMin := e.Name == "min"
	for _, x := range e.Args[1:] {
		v := g.val(x)
		switch l.Class {
		case ClassFloat64, ClassFloat32:
			d := uint8(bc.FloatMax)
			switch {
			case l.Class == ClassFloat64 && isMin:
				d = bc.FloatMin
			case l.Class == ClassFloat32 && isMin:
				d = bc.FloatMin32
			case l.Class == ClassFloat32:
				d = bc.FloatMax32
			}
			g.emit(ins{op: bc.FLOAT, d: d, a: acc, b: acc, c: v})
		case ClassString:
			a := g.nativeArea("go:strcmp", 5)
			g.move(a.arg(0, 2, 1), acc, 2)
			g.move(a.arg(2, 2, 1), v, 2)
			r := a.result(4, 1, 0)
			a.call()
			keep := g.label()
			if isMin {
				g.condJump(bc.BLEI, r, none, num(0), keep)
			} else {
				g.condJump(bc.BGEI, r, none, num(0), keep)
			}
			g.move(acc, v, 2)
			g.bind(keep)
		default:
			keep := g.label()
			op := token.GEQ
			if isMin {
				op = token.LEQ
			}
			g.intBranchRef(op, l.Size == 8 && !l.Signed, acc, v, keep)
			g.move(acc, v, 1)
			g.bind(keep)
		}
	}
	g.move(dst, acc, l.Slots)
}

// multiBuiltin evaluates a builtin with several results.
func (g *gen) multiBuiltin(e *tree.Builtin) []ref {
	if e.Name == "decoderune" {
		s, i := g.val(e.Args[0]), g.val(e.Args[1])
		r := g.words(2, 0)
		g.op(bc.RUNE, r, s, i)
		return []ref{r, r.at(1)}
	}
	if t, ok := e.T.(*types.Tuple); ok && t.Len() == 0 {
		g.effectBuiltin(e)
		return nil
	}
	g.bug("results of builtin %s", e.Name)
	return nil
}

// effectBuiltin evaluates a builtin for its effect.
func (g *gen) effectBuiltin(e *tree.Builtin) {
	switch e.Name {
	case "panic":
		a := g.guestArea("runtime.gopanic", 2, 0)
		g.into(e.Args[0], a.arg(0, 2, 3))
		a.call()
		g.emitTrap(bc.TrapUnreachable)
	case "print", "println":
		g.print(e)
	case "close":
		a := g.nativeArea("go:chanclose", 1)
		g.into(e.Args[0], a.arg(0, 1, 1))
		a.call()
	case "clear":
		g.clear(e.Args[0])
	case "delete":
		g.mapCall("mapdelete", e.Args[0], e.Args[1])
	case "copy":
		g.copyCall(e)
	case "recover":
		t := g.words(2, 3)
		g.op(bc.RECOVER, t, none, none)
	case "mapiterinit":
		a := g.guestArea("runtime.mapIterStart", 3, 0)
		g.ldiFix(a.arg(0, 1, 1), Fixup{Kind: FixType, Type: e.Args[0].Type()})
		g.into(e.Args[0], a.arg(1, 1, 1))
		g.into(e.Args[1], a.arg(2, 1, 1))
		a.call()
	case "mapiternext":
		a := g.guestArea("runtime.mapIterNext", 1, 0)
		g.into(e.Args[0], a.arg(0, 1, 1))
		a.call()
	default:
		t := g.newReg(g.layout(e.T))
		g.builtin(e, t)
	}
}

func (g *gen) clear(x tree.Expr) {
	switch t := x.Type().Underlying().(type) {
	case *types.Map:
		a := g.guestArea("runtime.mapclear", 2, 0)
		g.ldiFix(a.arg(0, 1, 1), Fixup{Kind: FixType, Type: x.Type()})
		g.into(x, a.arg(1, 1, 1))
		a.call()
	case *types.Slice:
		el := g.layout(t.Elem())
		s := g.val(x)
		a := g.nativeArea("go:memclr", 3)
		g.move(a.arg(0, 1, 1), s, 1)
		g.opI(bc.MULI, a.arg(1, 1, 0), s.at(1), el.Size)
		if el.PtrBytes > 0 {
			g.ldiFix(a.arg(2, 1, 0), Fixup{Kind: FixTypeID, Type: el.Type})
		} else {
			g.ldi(a.arg(2, 1, 0), 0)
		}
		a.call()
	default:
		g.bug("clear of %v", x.Type())
	}
}

// print writes to standard error piece by piece, under the print lock.
func (g *gen) print(e *tree.Builtin) {
	plain := func(sym string) { g.nativeArea(sym, 0).call() }
	vals := make([]tree.Expr, len(e.Args))
	copy(vals, e.Args)
	plain("go:printlock")
	for i, x := range vals {
		if i > 0 && e.Name == "println" {
			plain("go:printsp")
		}
		l := g.layout(x.Type())
		sym, n, mask := "", l.Slots, uint64(0)
		switch l.Class {
		case ClassInt:
			switch {
			case l.Bool:
				sym = "go:printbool"
			case l.Signed:
				sym = "go:printint"
			default:
				sym = "go:printuint"
				if named, ok := x.Type().(*types.Named); ok && named.Obj().Name() == "hex" && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "runtime" {
					sym = "go:printhex"
				}
			}
		case ClassFloat64:
			sym = "go:printfloat"
		case ClassFloat32: // passed as a float64 too
			sym = "go:printfloat32"
		case ClassComplex:
			sym, n = "go:printcomplex", 2
			if l.Size == 8 {
				sym = "go:printcomplex64"
			}
		case ClassString:
			sym, mask = "go:printstring", 1
		case ClassPtr:
			sym, mask = "go:printpointer", 1
		case ClassSlice:
			sym, mask = "go:printslice", 1
		case ClassIface:
			sym, mask = "go:printiface", 3
			if l.Empty {
				sym = "go:printeface"
			}
		default:
			g.bug("print of %v", x.Type())
		}
		a := g.nativeArea(sym, n)
		d := a.arg(0, n, mask)
		switch {
		case l.Class == ClassFloat32:
			g.emit(ins{op: bc.CVT, d: bc.CvtF32F64, a: d, b: g.val(x), c: none})
		case l.Class == ClassComplex && l.Size == 8:
			re, im := g.complexParts(g.val(x), l)
			end := g.undef(d)
			g.emit(ins{op: bc.CVT, d: bc.CvtF32F64, a: d, b: re, c: none})
			g.emit(ins{op: bc.CVT, d: bc.CvtF32F64, a: d.at(1), b: im, c: none})
			end()
		default:
			g.into(x, d)
		}
		a.call()
	}
	if e.Name == "println" {
		plain("go:printnl")
	}
	plain("go:printunlock")
}
