package lower

import (
	"go/constant"
	"go/token"
	"go/types"
	"unicode/utf8"

	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// convert is a conversion between types that are no interfaces.
func (g *gen) convert(e *tree.Convert, dst ref) {
	from, to := g.layout(e.X.Type()), g.layout(e.T)
	switch {
	case to.Class == ClassString && from.Class == ClassInt:
		buf := g.buffer(e.Esc, utf8.UTFMax)
		a := g.nativeArea("go:int2str", 4)
		g.into(e.X, a.arg(0, 1, 0))
		g.bufferArg(a, 1, buf)
		r := a.result(2, 2, 1)
		a.call()
		g.move(dst, r, 2)
	case to.Class == ClassString && from.Class == ClassSlice:
		if e.Temp && isBytes(e.X.Type()) {
			g.move(dst, g.val(e.X), 2)
			return
		}
		x, buf := g.val(e.X), g.buffer(e.Esc, stringBuffer)
		var a *outgoing
		var r ref
		if isBytes(e.X.Type()) {
			a = g.nativeArea("go:bytes2str", 7)
			g.ldiFix(a.arg(4, 1, 1), Fixup{Kind: FixData, Data: smallWords})
			r = a.result(5, 2, 1)
		} else {
			a = g.nativeArea("go:runes2str", 6)
			r = a.result(4, 2, 1)
		}
		g.move(a.arg(0, 3, 1), x, 3)
		g.bufferArg(a, 3, buf)
		a.call()
		g.move(dst, r, 2)
	case to.Class == ClassSlice && from.Class == ClassString:
		if e.Temp && isBytes(e.T) {
			s := g.val(e.X)
			p, some := g.ptr(), g.label()
			g.move(p, s, 1)
			g.condJump(bc.BR, p, none, none, some)
			g.ldiFix(p, Fixup{Kind: FixData, Data: zeroBase}) // []byte("") is not nil
			g.bind(some)
			end := g.undef1(dst, 3)
			g.move(dst, p, 1)
			g.move(dst.at(1), s.at(1), 1)
			g.move(dst.at(2), s.at(1), 1)
			end()
			return
		}
		if c, ok := e.X.(*tree.Const); ok && isBytes(e.T) {
			g.constBytes(e, constant.StringVal(c.Val), dst)
			return
		}
		x := g.val(e.X)
		sym, size := "go:str2runes", int64(4*stringBuffer)
		if isBytes(e.T) {
			sym, size = "go:str2bytes", stringBuffer
		}
		buf := g.buffer(e.Esc, size)
		a := g.nativeArea(sym, 6)
		g.move(a.arg(0, 2, 1), x, 2)
		g.bufferArg(a, 2, buf)
		r := a.result(3, 3, 1)
		a.call()
		g.move(dst, r, 3)
	case from.Class == ClassSlice && to.Class == ClassPtr: // slice to array pointer
		at := e.T.Underlying().(*types.Pointer).Elem().Underlying().(*types.Array)
		g.opI(bc.SLICE2ARR, dst, g.val(e.X), at.Len())
	case from.Class == ClassSlice && to.Class == ClassArray:
		p := g.ptr()
		g.opI(bc.SLICE2ARR, p, g.val(e.X), to.Len)
		if to.Size > 0 {
			g.loadMem(dst, p, 0, to)
		}
	case from.Class == ClassComplex && to.Class == ClassComplex && from.Size != to.Size:
		re, im := g.complexParts(g.val(e.X), from)
		cvt := uint8(bc.CvtF64F32)
		if to.Size == 16 {
			cvt = bc.CvtF32F64
		}
		a, b := g.word(), g.word()
		g.emit(ins{op: bc.CVT, d: cvt, a: a, b: re, c: none})
		g.emit(ins{op: bc.CVT, d: cvt, a: b, b: im, c: none})
		g.complexJoin(dst, a, b, to)
	case from.Scalar() && to.Scalar() && (from.Class != to.Class || from.Size != to.Size || from.Signed != to.Signed):
		g.numeric(dst, g.val(e.X), from, to)
	default:
		g.into(e.X, dst)
	}
}

// isBytes reports whether t is a slice whose elements are bytes.
func isBytes(t types.Type) bool {
	s, ok := t.Underlying().(*types.Slice)
	if !ok {
		return false
	}
	b, ok := s.Elem().Underlying().(*types.Basic)
	return ok && b.Kind() == types.Uint8
}

// numeric converts between one-word types.
func (g *gen) numeric(dst, x ref, from, to *Layout) {
	cvt := func(d uint8) { g.emit(ins{op: bc.CVT, d: d, a: dst, b: x, c: none}) }
	u64 := from.Class == ClassInt && from.Size == 8 && !from.Signed
	switch to.Class {
	case ClassInt, ClassPtr:
		switch from.Class {
		case ClassInt, ClassPtr:
			if to.Class == ClassPtr || to.Size == 8 || from.Class == ClassInt && from.Size < to.Size && (!from.Signed || to.Signed) {
				g.move(dst, x, 1)
				return
			}
			g.extend(dst, x, to)
		case ClassFloat64:
			switch {
			case to.Size == 8 && !to.Signed:
				cvt(bc.CvtF64U64)
			case to.Size == 8:
				g.op(bc.F2I, dst, x, none)
			case to.Size == 4 && to.Signed:
				cvt(bc.CvtF64I32)
			case to.Size == 4:
				cvt(bc.CvtF64U32)
			default:
				t := g.word()
				g.emit(ins{op: bc.CVT, d: bc.CvtF64I32, a: t, b: x, c: none})
				g.extend(dst, t, to)
			}
		case ClassFloat32:
			switch {
			case to.Size == 8 && !to.Signed:
				cvt(bc.CvtF32U64)
			case to.Size == 8:
				cvt(bc.CvtF32I64)
			case to.Size == 4 && to.Signed:
				cvt(bc.CvtF32I32)
			case to.Size == 4:
				cvt(bc.CvtF32U32)
			default:
				t := g.word()
				g.emit(ins{op: bc.CVT, d: bc.CvtF32I32, a: t, b: x, c: none})
				g.extend(dst, t, to)
			}
		}
	case ClassFloat64:
		switch {
		case from.Class == ClassFloat32:
			cvt(bc.CvtF32F64)
		case u64:
			cvt(bc.CvtU64F64)
		default:
			g.op(bc.I2F, dst, x, none)
		}
	case ClassFloat32:
		switch {
		case from.Class == ClassFloat64:
			cvt(bc.CvtF64F32)
		case u64:
			cvt(bc.CvtU64F32)
		default:
			cvt(bc.CvtI64F32)
		}
	}
}

// complexParts takes a complex value apart.
func (g *gen) complexParts(x ref, l *Layout) (re, im ref) {
	if l.Size == 16 {
		return x, x.at(1)
	}
	re, im = g.word(), g.word()
	g.fld1(re, x, 0, 4, false)
	g.fld1(im, x, 4, 4, false)
	return re, im
}

// complexJoin puts a complex value together; dst may not be an operand of re or im any more.
func (g *gen) complexJoin(dst, re, im ref, l *Layout) {
	if l.Size == 16 {
		end := g.undef1(dst, 2)
		g.move(dst, re, 1)
		g.move(dst.at(1), im, 1)
		end()
		return
	}
	hi := g.word()
	g.opI(bc.SHLI, hi, im, 32)
	g.op(bc.OR, dst, hi, re)
}

func (g *gen) complexNeg(e *tree.Unary, dst ref) {
	l := g.layout(e.T)
	re, im := g.complexParts(g.val(e.X), l)
	a, b := g.word(), g.word()
	if l.Size == 16 {
		g.op(bc.FNEG, a, re, none)
		g.op(bc.FNEG, b, im, none)
	} else {
		g.emit(ins{op: bc.CVT, d: bc.CvtF32Neg, a: a, b: re, c: none})
		g.emit(ins{op: bc.CVT, d: bc.CvtF32Neg, a: b, b: im, c: none})
	}
	g.complexJoin(dst, a, b, l)
}

// complexOp is complex arithmetic. Products of complex64 are computed in float32 as the real compiler
// does on amd64: in float64, rounded once at the end.
func (g *gen) complexOp(op token.Token, l *Layout, dst ref, ex, ey tree.Expr) {
	x, y := g.val(ex), g.val(ey)
	xr, xi := g.complexParts(x, l)
	yr, yi := g.complexParts(y, l)
	f := func(op token.Token, fl *Layout, a, b ref) ref {
		t := g.word()
		g.op(floatOp(op, fl), t, a, b)
		return t
	}
	wide := func(r ref) ref {
		t := g.word()
		g.emit(ins{op: bc.CVT, d: bc.CvtF32F64, a: t, b: r, c: none})
		return t
	}
	narrow := func(r ref) ref {
		t := g.word()
		g.emit(ins{op: bc.CVT, d: bc.CvtF64F32, a: t, b: r, c: none})
		return t
	}
	fl := float64Layout
	if l.Size == 8 {
		fl = float32Layout
	}
	switch op {
	case token.ADD, token.SUB:
		re := f(op, fl, xr, yr)
		im := f(op, fl, xi, yi)
		g.complexJoin(dst, re, im, l)
	case token.MUL:
		if l.Size == 8 {
			xr, xi, yr, yi = wide(xr), wide(xi), wide(yr), wide(yi)
		}
		re := f(token.SUB, float64Layout, f(token.MUL, float64Layout, xr, yr), f(token.MUL, float64Layout, xi, yi))
		im := f(token.ADD, float64Layout, f(token.MUL, float64Layout, xr, yi), f(token.MUL, float64Layout, xi, yr))
		if l.Size == 8 {
			re, im = narrow(re), narrow(im)
		}
		g.complexJoin(dst, re, im, l)
	case token.QUO:
		if l.Size == 8 {
			xr, xi, yr, yi = wide(xr), wide(xi), wide(yr), wide(yi)
		}
		a := g.guestArea("runtime.complex128div", 4, 2)
		g.move(a.arg(0, 1, 0), xr, 1)
		g.move(a.arg(1, 1, 0), xi, 1)
		g.move(a.arg(2, 1, 0), yr, 1)
		g.move(a.arg(3, 1, 0), yi, 1)
		re, im := a.result(4, 1, 0), a.result(5, 1, 0)
		a.call()
		if l.Size == 8 {
			re, im = narrow(re), narrow(im)
		}
		g.complexJoin(dst, re, im, l)
	default:
		g.bug("complex operator %v", op)
	}
}
