package lower

import (
	"go/constant"
	"go/token"
	"go/types"
	"math"

	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// konst returns the canonical word of a constant (or zero value) of a one-word type.
func (g *gen) konst(e tree.Expr) (int64, bool) {
	switch e := e.(type) {
	case *tree.Zero:
		l := g.layout(e.T)
		return 0, l.Scalar()
	case *tree.Const:
		l := g.layout(e.T)
		if !l.Scalar() {
			return 0, false
		}
		return constWord(e.Val, l), true
	}
	return 0, false
}

// constWord is the canonical word of a scalar constant.
func constWord(v constant.Value, l *Layout) int64 {
	switch l.Class {
	case ClassFloat64:
		f, _ := constant.Float64Val(constant.ToFloat(v))
		return int64(math.Float64bits(f))
	case ClassFloat32:
		f, _ := constant.Float32Val(constant.ToFloat(v))
		return int64(math.Float32bits(f))
	}
	if v.Kind() == constant.Bool {
		if constant.BoolVal(v) {
			return 1
		}
		return 0
	}
	v = constant.ToInt(v)
	if i, ok := constant.Int64Val(v); ok {
		return i
	}
	u, _ := constant.Uint64Val(v)
	return int64(u)
}

func fits16(k int64) bool { return k == int64(int16(k)) }

// at sets the source position for the instructions of e and returns the former one.
func (g *gen) at(e tree.Node) token.Pos {
	old := g.pos
	if p := e.Pos(); p.IsValid() {
		g.pos = p
	}
	return old
}

// val returns a register that holds the value of e: the variable itself, or a temporary. It must not be written.
func (g *gen) val(e tree.Expr) ref {
	switch e := e.(type) {
	case *tree.Ref, *tree.Field, *tree.Index, *tree.Deref:
		old := g.at(e)
		r := g.valPlace(g.place(e))
		g.pos = old
		return r
	case *tree.Call:
		return g.multi(e)[0]
	case *tree.IfaceData:
		old := g.at(e)
		defer func() { g.pos = old }()
		l := g.layout(e.T)
		if l.Direct && l.Slots == 1 {
			return g.val(e.X).at(1)
		}
	case *tree.Builtin:
		if r, ok := g.valBuiltin(e); ok {
			return r
		}
	case *tree.Convert:
		if g.sameForm(e.X.Type(), e.T) {
			return g.val(e.X)
		}
	}
	l := g.layout(e.Type())
	if large(l) {
		return g.largeVal(e, l)
	}
	t := g.newReg(l)
	g.into(e, t)
	return t
}

// sameForm reports whether a conversion changes nothing but the name of the type.
func (g *gen) sameForm(from, to types.Type) bool {
	a, b := g.layout(from), g.layout(to)
	if a.Class != b.Class || a.Size != b.Size || a.Signed != b.Signed && a.Class == ClassInt {
		return a.Class == ClassInt && b.Class == ClassInt && a.Size == 8 && b.Size == 8
	}
	return true
}

// multi evaluates an expression with a tuple type (or any call) and returns a register per value.
func (g *gen) multi(e tree.Expr) []ref {
	old := g.at(e)
	defer func() { g.pos = old }()
	switch e := e.(type) {
	case *tree.Call:
		return g.call(e)
	case *tree.MapIndex:
		return g.mapIndex2(e)
	case *tree.Assert:
		return g.assert2(e)
	case *tree.Recv:
		return g.recv(e)
	case *tree.Builtin:
		return g.multiBuiltin(e)
	}
	g.bug("tuple expression %T", e)
	return nil
}

// into computes e into dst, which holds a whole value of e's type. dst may be a variable that e mentions only
// if !stepwise(e).
func (g *gen) into(e tree.Expr, dst ref) {
	old := g.at(e)
	g.into1(e, dst)
	g.pos = old
}

// stepwise reports whether into may write part of the destination before it has read all operands.
func (g *gen) stepwise(e tree.Expr) bool {
	switch e := e.(type) {
	case *tree.StructLit, *tree.ArrayLit, *tree.Builtin, *tree.ToIface, *tree.Slice:
		return true
	case *tree.Binary:
		return g.layout(e.T).Bool || g.layout(e.T).Class == ClassComplex
	case *tree.Unary:
		return g.layout(e.T).Class == ClassComplex
	case *tree.Convert:
		return !g.layout(e.T).Scalar() || !g.layout(e.X.Type()).Scalar()
	}
	return false
}

func (g *gen) into1(e tree.Expr, dst ref) {
	switch e := e.(type) {
	case *tree.Const:
		g.constant(e, dst)
	case *tree.Zero:
		g.zero(dst, g.layout(e.T).Slots)
	case *tree.Ref, *tree.Field, *tree.Index, *tree.Deref:
		g.loadPlace(g.place(e), dst)
	case *tree.FuncRef:
		g.ldiFix(dst, Fixup{Kind: FixFuncVal, Fn: e.F})
	case *tree.Closure:
		g.closure(e, dst)
	case *tree.Unary:
		g.unary(e, dst)
	case *tree.Binary:
		g.binary(e, dst)
	case *tree.Addr:
		g.addrOf(e, dst)
	case *tree.MapIndex:
		g.mapIndex(e, dst)
	case *tree.Slice:
		g.slice(e, dst)
	case *tree.Call:
		if rs := g.multi(e); len(rs) > 0 {
			g.move(dst, rs[0], g.layout(e.T).Slots)
		}
	case *tree.Builtin:
		g.builtin(e, dst)
	case *tree.New:
		g.newExpr(e, dst)
	case *tree.MakeSlice:
		g.makeSlice(e, dst)
	case *tree.MakeMap:
		g.makeMap(e, dst)
	case *tree.MakeChan:
		g.makeChan(e, dst)
	case *tree.StructLit:
		g.structLit(e, dst)
	case *tree.ArrayLit:
		g.arrayLit(e, dst)
	case *tree.Convert:
		g.convert(e, dst)
	case *tree.ToIface:
		g.toIface(e, dst)
	case *tree.IfaceConv:
		g.ifaceConv(e, dst)
	case *tree.Assert:
		g.assert(e, dst)
	case *tree.IsType:
		g.isType(e, dst)
	case *tree.IfaceData:
		g.ifaceData(e, dst)
	case *tree.Recv:
		g.move(dst, g.recv(e)[0], g.layout(e.T).Slots)
	case *tree.Concat:
		g.concat(e, dst)
	default:
		g.bug("expression %T in core form", e)
	}
}

func (g *gen) constant(e *tree.Const, dst ref) {
	l := g.layout(e.T)
	switch l.Class {
	case ClassString:
		s := constant.StringVal(e.Val)
		if s == "" {
			g.zero(dst, 2)
			return
		}
		end := g.undef1(dst, 2)
		g.ldiFix(dst, Fixup{Kind: FixString, Str: s})
		g.ldi(dst.at(1), int64(len(s)))
		end()
	case ClassComplex:
		v := constant.ToComplex(e.Val)
		re, im := constant.Real(v), constant.Imag(v)
		if l.Size == 8 {
			a, b := constWord(re, float32Layout), constWord(im, float32Layout)
			g.ldi(dst, b<<32|a)
			return
		}
		end := g.undef1(dst, 2)
		g.ldi(dst, constWord(re, float64Layout))
		g.ldi(dst.at(1), constWord(im, float64Layout))
		end()
	case ClassIface:
		g.zero(dst, 2)
	default:
		if !l.Scalar() {
			g.bug("constant of type %v", e.T)
		}
		g.ldi(dst, constWord(e.Val, l))
	}
}

var (
	float32Layout = &Layout{Class: ClassFloat32, Size: 4, Align: 4, Slots: 1}
	float64Layout = &Layout{Class: ClassFloat64, Size: 8, Align: 8, Slots: 1}
)

// addrOf takes the address of a place.
func (g *gen) addrOf(e *tree.Addr, dst ref) {
	if lit, ok := e.X.(*tree.StructLit); ok {
		g.newValue(lit, g.layout(lit.T), dst, false)
		return
	}
	p := g.place(e.X)
	if p.kind == inGlobal {
		g.ldiFix(dst, Fixup{Kind: FixGlobal, Var: p.v, Add: p.off})
		return
	}
	if p.kind == inElem {
		g.emit(ins{op: bc.LEAX, d: p.idxD, a: dst, b: p.r, c: p.idx, imm: p.l.Size})
		return
	}
	if p.obj {
		g.move(dst, g.address(p), 1)
		return
	}
	if p.kind == inMem {
		if !p.nonnil {
			g.op(bc.NILCHK, p.r, none, none)
		}
		if p.off == 0 {
			g.move(dst, p.r, 1)
		} else {
			g.opI(bc.ADDI, dst, p.r, p.off)
		}
		return
	}
	g.bug("address of a place in the frame")
}
