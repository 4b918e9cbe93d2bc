package lower

// Interfaces: conversions, assertions, type tests
//
// Making an interface value of a type that is not pointer-shaped needs memory for
// the value, with the exceptions that the real runtime makes too: constants lie in
// read-only data, one-byte values and integers below 256 in a static table, empty
// strings and nil slices share one zero value.

import (
	"encoding/binary"
	"go/constant"
	"go/types"

	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// smallWords holds the words 0…255: the values of small integers in interfaces.
var smallWords = func() *Data {
	d := &Data{Bytes: make([]byte, 256*8), Align: 8, Name: "runtime.staticuint64s"}
	for i := range 256 {
		d.Bytes[i*8] = byte(i)
	}
	return d
}()

// zeroValue is a zero value of up to three words.
var zeroValue = &Data{Bytes: make([]byte, 24), Align: 8, Name: "runtime.zeroVal"}

// typeWord loads the first word of an interface of type it that holds a concrete type.
func (g *gen) typeWord(dst ref, concrete, it types.Type) {
	if g.layout(it).Empty {
		g.ldiFix(dst, Fixup{Kind: FixType, Type: concrete})
		return
	}
	g.ldiFix(dst, Fixup{Kind: FixItab, Type: concrete, Iface: it})
}

func (g *gen) toIface(e *tree.ToIface, dst ref) {
	t := e.X.Type()
	if g.layout(t).Class == ClassIface {
		g.into(e.X, dst)
		return
	}
	data := g.boxed(e.X, g.framed(e.Esc))
	end := g.undef1(dst, 2)
	g.typeWord(dst, t, e.T)
	g.move(dst.at(1), data, 1)
	end()
}

// boxed returns a register with the data word for the value of x.
func (g *gen) boxed(x tree.Expr, frame bool) ref {
	l := g.layout(x.Type())
	if l.Direct {
		return g.val(x)
	}
	d := g.ptr()
	switch {
	case l.Size == 0:
		g.effect(x)
		g.ldiFix(d, Fixup{Kind: FixData, Data: zeroBase})
		return d
	}
	if data := g.constData(x, l); data != nil {
		g.ldiFix(d, Fixup{Kind: FixData, Data: data})
		return d
	}
	p := g.place(x)
	if frame {
		if p.l.Slots > 4 && (p.kind == inMem || p.kind == inGlobal || p.kind == inElem) {
			src := g.address(p)
			o := g.newFrameObject(l)
			g.op(opUndef, o, none, none)
			g.leaf(d, o, 0)
			g.copyMem(d, src, l)
			return d
		}
		return g.boxFrame(g.valPlace(p), l)
	}
	if p.l.Slots > 4 && (p.kind == inMem || p.kind == inGlobal || p.kind == inElem) {
		src := g.address(p)
		g.newObject(d, l)
		g.copyMem(d, src, l)
		return d
	}
	v := g.valPlace(p)
	small := g.word()
	switch {
	case l.Size == 1:
		if l.Scalar() && !l.Signed {
			g.opI(bc.SHLI, small, v, 3)
		} else {
			b := g.word()
			g.opI(bc.ANDI, b, v, 0xff)
			g.opI(bc.SHLI, small, b, 3)
		}
		g.op(bc.ADD, d, g.addr(Fixup{Kind: FixData, Data: smallWords}), small)
		return d
	case l.PtrBytes == 0 && l.Slots == 1 && l.Align == l.Size:
		if !l.Scalar() && l.Size < 8 {
			c := g.word()
			g.fld1(c, v, 0, l.Size, false)
			v = c
		}
		big, end := g.label(), g.label()
		hi := g.word()
		g.opI(bc.USHRI, hi, v, 8)
		g.condJump(bc.BR, hi, none, none, big)
		g.opI(bc.SHLI, small, v, 3)
		g.op(bc.ADD, d, g.addr(Fixup{Kind: FixData, Data: smallWords}), small)
		g.jump(end)
		g.bind(big)
		g.newObject(d, l)
		g.storeRaw(d, 0, v, l)
		g.bind(end)
		return d
	case l.Class == ClassString || l.Class == ClassSlice:
		test := v
		if l.Class == ClassString {
			test = v.at(1)
		}
		full, end := g.label(), g.label()
		g.condJump(bc.BR, test, none, none, full)
		g.ldiFix(d, Fixup{Kind: FixData, Data: zeroValue})
		g.jump(end)
		g.bind(full)
		g.newObject(d, l)
		g.storeMem(d, 0, v, l)
		g.bind(end)
		return d
	}
	g.newObject(d, l)
	g.storeMem(d, 0, v, l)
	return d
}

// constData returns read-only bytes with the value of a constant (or zero value), else nil.
func (g *gen) constData(x tree.Expr, l *Layout) *Data {
	switch x := x.(type) {
	case *tree.Zero:
		if l.Size <= 24 {
			return zeroValue
		}
		return &Data{Bytes: make([]byte, l.Size), Align: int(l.Align)}
	case *tree.Const:
		if l.Class == ClassString {
			s := constant.StringVal(x.Val)
			d := &Data{Bytes: make([]byte, 16), Align: 8}
			binary.LittleEndian.PutUint64(d.Bytes[8:], uint64(len(s)))
			if s != "" {
				d.Relocs = []DataReloc{{0, Fixup{Kind: FixString, Str: s}}}
			}
			return d
		}
		b := make([]byte, 16)
		switch {
		case l.Class == ClassComplex:
			v := constant.ToComplex(x.Val)
			half := float64Layout
			if l.Size == 8 {
				half = float32Layout
			}
			binary.LittleEndian.PutUint64(b, uint64(constWord(constant.Real(v), half)))
			binary.LittleEndian.PutUint64(b[half.Size:], uint64(constWord(constant.Imag(v), half)))
		case l.Scalar():
			binary.LittleEndian.PutUint64(b, uint64(constWord(x.Val, l)))
		default:
			return nil
		}
		return &Data{Bytes: b[:l.Size], Align: int(l.Align)}
	case *tree.StructLit, *tree.ArrayLit:
		return g.ctx.StaticExpr(x)
	}
	return nil
}

func (g *gen) ifaceData(e *tree.IfaceData, dst ref) {
	l := g.layout(e.T)
	if l.Slots == 0 {
		return
	}
	data := g.val(e.X).at(1)
	if l.Direct {
		g.move(dst, data, 1)
		return
	}
	g.loadMem(dst, data, 0, l)
}

// dynType returns a register with the dynamic type of the interface x (0 for nil).
func (g *gen) dynType(x ref, l *Layout) ref {
	if l.Empty {
		return x
	}
	t := g.ptr()
	g.op(bc.ITYPE, t, x, none)
	return t
}

func (g *gen) isTypeBranch(e *tree.IsType, want bool, label int32) {
	x := g.val(e.X)
	if e.To == nil {
		g.nilBranch(x, want, label)
		return
	}
	op := bc.BNE
	if want {
		op = bc.BEQ
	}
	g.condJump(op, g.dynType(x, g.layout(e.X.Type())), g.typeAddr(e.To), none, label)
}

func (g *gen) isType(e *tree.IsType, dst ref) {
	x := g.val(e.X)
	if e.To == nil {
		g.opI(bc.EQI, dst, x, 0)
		return
	}
	g.op(bc.EQ, dst, g.dynType(x, g.layout(e.X.Type())), g.typeAddr(e.To))
}

func (g *gen) assert(e *tree.Assert, dst ref) {
	xl := g.layout(e.X.Type())
	tl := g.layout(e.To)
	x := g.val(e.X)
	if tl.Class == ClassIface {
		v, _ := g.assertI(x, xl, e.To, false)
		g.move(dst, v, 2)
		return
	}
	g.assertType(e, x, xl)
	g.unbox(dst, x, tl)
}

// assertType goes on only if the interface x holds the concrete type that e wants.
func (g *gen) assertType(e *tree.Assert, x ref, xl *Layout) {
	ok := g.label()
	have := g.dynType(x, xl)
	want := g.typeAddr(e.To)
	g.condJump(bc.BEQ, have, want, none, ok)
	a := g.nativeArea("go:assertFail", 3)
	g.ldiFix(a.arg(0, 1, 1), Fixup{Kind: FixType, Type: e.X.Type()})
	g.move(a.arg(1, 1, 1), have, 1)
	g.move(a.arg(2, 1, 1), want, 1)
	a.call()
	g.emitTrap(bc.TrapUnreachable)
	g.bind(ok)
}

// unbox takes the value of layout l out of the interface x that holds it.
func (g *gen) unbox(dst, x ref, l *Layout) {
	switch {
	case l.Slots == 0:
	case l.Direct:
		g.move(dst, x.at(1), 1)
	default:
		g.loadMem(dst, x.at(1), 0, l)
	}
}

// assert2 is x.(T) with a second result.
func (g *gen) assert2(e *tree.Assert) []ref {
	xl := g.layout(e.X.Type())
	tl := g.layout(e.To)
	if !e.CommaOk && !large(tl) {
		t := g.newReg(tl)
		g.assert(e, t)
		return []ref{t}
	}
	x := g.val(e.X)
	if !e.CommaOk {
		g.assertType(e, x, xl)
		return []ref{g.behindAddr(x.at(1), tl)}
	}
	if tl.Class == ClassIface {
		v, ok := g.assertI(x, xl, e.To, true)
		return []ref{v, ok}
	}
	if large(tl) {
		ok := g.word()
		g.op(bc.EQ, ok, g.dynType(x, xl), g.typeAddr(e.To))
		return []ref{g.largeIf(ok, x.at(1), tl), ok}
	}
	v, ok := g.newReg(tl), g.word()
	end := g.label()
	g.zero(v, tl.Slots)
	g.op(bc.EQ, ok, g.dynType(x, xl), g.typeAddr(e.To))
	g.condJump(bc.BRZ, ok, none, none, end)
	g.unbox(v, x, tl)
	g.bind(end)
	return []ref{v, ok}
}

// assertI asserts to an interface type.
func (g *gen) assertI(x ref, xl *Layout, to types.Type, commaOk bool) (v, ok ref) {
	a := g.nativeArea("go:assertI", 7)
	g.ldiFix(a.arg(0, 1, 1), Fixup{Kind: FixType, Type: to})
	g.move(a.arg(1, 2, 3), x, 2)
	var flags int64
	if !xl.Empty {
		flags |= 1
	}
	if commaOk {
		flags |= 2
	}
	g.ldi(a.arg(3, 1, 0), flags)
	v = a.result(4, 2, 3)
	ok = a.result(6, 1, 0)
	a.call()
	return v, ok
}

// ifaceConv converts between interface types. Types of the same methods but with different names have itabs of
// their own, and equality compares itabs: only empty interfaces need nothing.
func (g *gen) ifaceConv(e *tree.IfaceConv, dst ref) {
	from, to := g.layout(e.X.Type()), g.layout(e.T)
	switch {
	case from.Empty && to.Empty || e.T == e.X.Type(): // two types with one method set have itabs of their own
		g.into(e.X, dst)
	case to.Empty:
		x := g.val(e.X)
		t := g.ptr()
		g.op(bc.ITYPE, t, x, none)
		end := g.undef1(dst, 2)
		g.move(dst.at(1), x.at(1), 1)
		g.move(dst, t, 1)
		end()
	default:
		a := g.nativeArea("go:convI", 6)
		g.ldiFix(a.arg(0, 1, 1), Fixup{Kind: FixType, Type: e.T})
		g.into(e.X, a.arg(1, 2, 3))
		itab := int64(1)
		if from.Empty {
			itab = 0
		}
		g.ldi(a.arg(3, 1, 0), itab)
		r := a.result(4, 2, 3)
		a.call()
		g.move(dst, r, 2)
	}
}
