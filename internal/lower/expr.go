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
	t := g.newReg(g.layout(e.Type()))
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
	case *tree.MapLit:
		g.mapLit(e, dst)
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

// extend makes the value in r, computed in 64 bits, canonical for l.
func (g *gen) extend(dst, src ref, l *Layout) {
	if l.Class != ClassInt || l.Size == 8 || l.Bool {
		g.move(dst, src, 1)
		return
	}
	op := bc.Op(0)
	switch {
	case l.Size == 1 && l.Signed:
		op = bc.SX8
	case l.Size == 1:
		op = bc.ZX8
	case l.Size == 2 && l.Signed:
		op = bc.SX16
	case l.Size == 2:
		op = bc.ZX16
	case l.Signed:
		op = bc.SX32
	default:
		op = bc.ZX32
	}
	g.op(op, dst, src, none)
}

func (g *gen) unary(e *tree.Unary, dst ref) {
	l := g.layout(e.T)
	switch e.Op {
	case token.NOT:
		g.opI(bc.XORI, dst, g.val(e.X), 1)
	case token.XOR:
		x := g.val(e.X)
		if l.Size == 8 || l.Signed {
			g.op(bc.NOT, dst, x, none)
			return
		}
		g.opI(bc.XORI, dst, x, 1<<(l.Size*8)-1)
	case token.SUB:
		switch l.Class {
		case ClassFloat64:
			g.op(bc.FNEG, dst, g.val(e.X), none)
		case ClassFloat32:
			g.emit(ins{op: bc.CVT, d: bc.CvtF32Neg, a: dst, b: g.val(e.X), c: none})
		case ClassComplex:
			g.complexNeg(e, dst)
		default:
			x := g.val(e.X)
			if l.Size == 8 {
				g.op(bc.NEG, dst, x, none)
				return
			}
			t := g.word()
			g.op(bc.NEG, t, x, none)
			g.extend(dst, t, l)
		}
	default:
		g.val0(e.X, dst)
	}
}

func (g *gen) val0(e tree.Expr, dst ref) { g.into(e, dst) }

func (g *gen) binary(e *tree.Binary, dst ref) {
	switch e.Op {
	case token.LAND, token.LOR:
		end := g.label()
		if e.Op == token.LAND {
			g.ldi(dst, 0)
			g.branch(e, false, end)
			g.ldi(dst, 1)
		} else {
			g.ldi(dst, 1)
			g.branch(e, true, end)
			g.ldi(dst, 0)
		}
		g.bind(end)
		return
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		g.compare(e, dst)
		return
	}
	l := g.layout(e.T)
	switch l.Class {
	case ClassInt:
		g.intOp(e.Op, l, dst, e.X, e.Y)
	case ClassFloat64, ClassFloat32:
		x, y := g.val(e.X), g.val(e.Y)
		g.op(floatOp(e.Op, l), dst, x, y)
	case ClassComplex:
		g.complexOp(e.Op, l, dst, e.X, e.Y)
	case ClassString:
		g.concatRefs(dst, []tree.Expr{e.X, e.Y})
	case ClassPtr: // unsafe arithmetic by conversions only
		g.intOp(e.Op, l, dst, e.X, e.Y)
	default:
		g.bug("binary %v on %v", e.Op, e.T)
	}
}

func floatOp(op token.Token, l *Layout) bc.Op {
	i := 0
	if l.Class == ClassFloat32 {
		i = 1
	}
	switch op {
	case token.ADD:
		return [2]bc.Op{bc.FADD, bc.FADD32}[i]
	case token.SUB:
		return [2]bc.Op{bc.FSUB, bc.FSUB32}[i]
	case token.MUL:
		return [2]bc.Op{bc.FMUL, bc.FMUL32}[i]
	}
	return [2]bc.Op{bc.FDIV, bc.FDIV32}[i]
}

// intOp is integer arithmetic with a canonical result.
func (g *gen) intOp(op token.Token, l *Layout, dst ref, ex, ey tree.Expr) {
	if op == token.SHL || op == token.SHR {
		g.shift(op, l, dst, ex, ey)
		return
	}
	k, isK := g.konst(ey)
	if !isK {
		switch op {
		case token.ADD, token.MUL, token.AND, token.OR, token.XOR:
			if kx, ok := g.konst(ex); ok {
				ex, ey, k, isK = ey, ex, kx, true
			}
		}
	}
	if isK {
		if g.intOpK(op, l, dst, ex, k) {
			return
		}
	}
	x, y := g.val(ex), g.val(ey)
	g.intOpRef(op, l, dst, x, y)
}

// intOpRef is intOp for operands in registers; no shifts.
func (g *gen) intOpRef(op token.Token, l *Layout, dst, x, y ref) {
	three := func(op64, s32, u32 bc.Op) {
		switch {
		case l.Size == 8:
			g.op(op64, dst, x, y)
		case l.Size == 4 && l.Signed:
			g.op(s32, dst, x, y)
		case l.Size == 4:
			g.op(u32, dst, x, y)
		default:
			t := g.word()
			g.op(op64, t, x, y)
			g.extend(dst, t, l)
		}
	}
	switch op {
	case token.ADD:
		three(bc.ADD, bc.ADD32, bc.ADDU32)
	case token.SUB:
		three(bc.SUB, bc.SUB32, bc.SUBU32)
	case token.MUL:
		three(bc.MUL, bc.MUL32, bc.MULU32)
	case token.AND:
		g.op(bc.AND, dst, x, y)
	case token.OR:
		g.op(bc.OR, dst, x, y)
	case token.XOR:
		g.op(bc.XOR, dst, x, y)
	case token.AND_NOT:
		g.op(bc.ANDN, dst, x, y)
	case token.QUO:
		switch {
		case !l.Signed:
			g.op(bc.UDIV, dst, x, y)
		case l.Size == 8:
			g.op(bc.DIV, dst, x, y)
		default:
			t := g.word()
			g.op(bc.DIV, t, x, y)
			g.extend(dst, t, l) // the smallest value divided by -1 overflows
		}
	case token.REM:
		if l.Signed {
			g.op(bc.REM, dst, x, y)
		} else {
			g.op(bc.UREM, dst, x, y)
		}
	default:
		g.bug("integer operator %v", op)
	}
}

// intOpK is intOp with a constant right operand; it reports false when there is no short form.
func (g *gen) intOpK(op token.Token, l *Layout, dst ref, ex tree.Expr, k int64) bool {
	narrow := l.Size < 8 && l.Class == ClassInt
	withExt := func(o bc.Op, imm int64) bool {
		x := g.val(ex)
		if !narrow {
			g.opI(o, dst, x, imm)
			return true
		}
		t := g.word()
		g.opI(o, t, x, imm)
		g.extend(dst, t, l)
		return true
	}
	switch op {
	case token.SUB:
		k = -k
		fallthrough
	case token.ADD:
		if l.Size == 4 && l.Class == ClassInt {
			o := bc.ADDI32
			if !l.Signed {
				o = bc.ADDIU32
			}
			g.opI(o, dst, g.val(ex), k)
			return true
		}
		return withExt(bc.ADDI, k)
	case token.MUL:
		return withExt(bc.MULI, k)
	case token.AND:
		g.opI(bc.ANDI, dst, g.val(ex), k)
	case token.OR:
		g.opI(bc.ORI, dst, g.val(ex), k)
	case token.XOR:
		g.opI(bc.XORI, dst, g.val(ex), k)
	case token.AND_NOT:
		g.opI(bc.ANDI, dst, g.val(ex), ^k)
	case token.QUO:
		switch {
		case k == 0:
			return false
		case !l.Signed:
			if k > 0 && k&(k-1) == 0 {
				g.opI(bc.USHRI, dst, g.val(ex), int64(log2(k)))
				return true
			}
			g.opI(bc.UDIVI, dst, g.val(ex), k)
		case k == -1:
			return false
		default:
			g.opI(bc.DIVI, dst, g.val(ex), k)
		}
	case token.REM:
		switch {
		case k == 0 || k == -1:
			return false
		case !l.Signed:
			if k > 0 && k&(k-1) == 0 {
				g.opI(bc.ANDI, dst, g.val(ex), k-1)
				return true
			}
			g.opI(bc.UREMI, dst, g.val(ex), k)
		default:
			g.opI(bc.REMI, dst, g.val(ex), k)
		}
	default:
		return false
	}
	return true
}

func log2(k int64) int {
	n := 0
	for k > 1 {
		k >>= 1
		n++
	}
	return n
}

// shift follows Go: counts at or above the width give 0 (or the sign), negative counts trap.
func (g *gen) shift(op token.Token, l *Layout, dst ref, ex, ey tree.Expr) {
	x := g.val(ex)
	bits := l.Size * 8
	if k, ok := g.konst(ey); ok {
		big := k < 0 || k >= bits // a negative word is a huge unsigned constant
		switch {
		case op == token.SHL && big || op == token.SHR && big && !l.Signed:
			g.ldi(dst, 0)
		case op == token.SHL && bits == 64:
			g.opI(bc.SHLI, dst, x, k)
		case op == token.SHL && bits == 32 && !l.Signed:
			g.opI(bc.SHLIU32, dst, x, k)
		case op == token.SHL:
			t := g.word()
			g.opI(bc.SHLI, t, x, k)
			g.extend(dst, t, l)
		case l.Signed:
			g.opI(bc.SHRI, dst, x, min(uint64ToCount(k), 63))
		default:
			g.opI(bc.USHRI, dst, x, k)
		}
		return
	}
	y := g.val(ey)
	if g.layout(ey.Type()).Signed {
		g.op(bc.SHCHK, y, none, none)
	}
	switch {
	case op == token.SHR && l.Signed:
		g.op(bc.SHR, dst, x, y)
	case op == token.SHR:
		g.op(bc.USHR, dst, x, y)
	case bits == 64:
		g.op(bc.SHL, dst, x, y)
	case bits == 32 && l.Signed:
		g.op(bc.SHL32, dst, x, y)
	case bits == 32:
		g.op(bc.SHLU32, dst, x, y)
	default:
		t := g.word()
		g.op(bc.SHL, t, x, y)
		g.extend(dst, t, l)
	}
}

func uint64ToCount(k int64) int64 {
	if k < 0 {
		return 63
	}
	return k
}

// addrOf takes the address of a place.
func (g *gen) addrOf(e *tree.Addr, dst ref) {
	if lit, ok := e.X.(*tree.StructLit); ok {
		g.newValue(lit, g.layout(lit.T), dst)
		return
	}
	p := g.place(e.X)
	if p.kind == inGlobal {
		g.ldiFix(dst, Fixup{Kind: FixGlobal, Var: p.v, Add: p.off})
		return
	}
	if p.kind == inElem {
		g.emit(ins{op: bc.LEAX, a: dst, b: p.r, c: p.idx, imm: p.l.Size})
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

// structLit builds a struct value in dst.
func (g *gen) structLit(e *tree.StructLit, dst ref) {
	l := g.layout(e.T)
	g.aggregate(dst, l, len(e.Vals), func(i int) (tree.Expr, int64, *Layout) {
		return e.Vals[i], l.Fields[i], l.FieldLs[i]
	})
}

// aggregate builds a struct or array value in dst from its parts; absent parts are zero.
func (g *gen) aggregate(dst ref, l *Layout, n int, part func(i int) (tree.Expr, int64, *Layout)) {
	if l.Slots == 0 {
		for i := range n {
			if e, _, _ := part(i); e != nil {
				g.val(e)
			}
		}
		return
	}
	// Whole words that are all written need no zero before.
	full := true
	var covered int64
	for i := range n {
		e, _, fl := part(i)
		if e == nil || fl.Size%8 != 0 {
			full = full && fl.Size == 0
			continue
		}
		covered += fl.Size
	}
	full = full && covered == int64(l.Slots)*8
	end := func() {}
	if full {
		end = g.undef1(dst, l.Slots)
	} else {
		g.zero(dst, l.Slots)
	}
	for i := range n {
		e, off, fl := part(i)
		if e == nil || isZero(e) && !full {
			continue
		}
		if off%8 == 0 && fl.Size%8 == 0 {
			g.into(e, dst.at(off/8))
		} else {
			g.fst(dst, off, g.val(e), fl)
		}
	}
	end()
}

func isZero(e tree.Expr) bool {
	_, ok := e.(*tree.Zero)
	return ok
}

// arrayLit builds an array value, or a slice with a new backing array.
func (g *gen) arrayLit(e *tree.ArrayLit, dst ref) {
	l := g.layout(e.T)
	if l.Class == ClassArray {
		if l.Slots > 16 {
			if d := g.ctx.StaticExpr(e); d != nil {
				g.loadMem(dst, g.addr(Fixup{Kind: FixData, Data: d}), 0, l)
				return
			}
		}
		if l.Elem.Size%8 != 0 || int64(len(e.Elems)) < l.Len {
			g.zero(dst, l.Slots)
			for i, x := range e.Elems {
				if !isZero(x) {
					g.fst(dst, e.Index[i]*l.Elem.Size, g.val(x), l.Elem)
				}
			}
			return
		}
		g.aggregate(dst, l, len(e.Elems), func(i int) (tree.Expr, int64, *Layout) {
			return e.Elems[i], e.Index[i] * l.Elem.Size, l.Elem
		})
		return
	}
	elem := e.T.Underlying().(*types.Slice).Elem()
	el := g.layout(elem)
	arr := g.ctx.Canon(types.NewArray(elem, e.Len))
	al := g.layout(arr)
	p := g.ptr()
	g.newObject(p, al)
	if d := g.staticArray(e, arr, el); d != nil {
		if al.Size > 0 {
			g.copyMem(p, g.addr(Fixup{Kind: FixData, Data: d}), al)
		}
	} else {
		for i, x := range e.Elems {
			if !isZero(x) {
				g.storeExpr(place{kind: inMem, l: el, r: p, off: e.Index[i] * el.Size, nonnil: true}, x)
			}
		}
	}
	end := g.undef1(dst, 3)
	g.move(dst, p, 1)
	g.ldi(dst.at(1), e.Len)
	g.ldi(dst.at(2), e.Len)
	end()
}

// staticArray returns the read-only elements of a literal made of constants, worth a copy.
func (g *gen) staticArray(e *tree.ArrayLit, arr types.Type, el *Layout) *Data {
	if len(e.Elems) < 4 {
		return nil
	}
	return g.ctx.StaticExpr(&tree.ArrayLit{Typed: tree.Typed{At: e.At, T: arr}, Len: e.Len, Index: e.Index, Elems: e.Elems})
}

// newValue allocates an object with the value of e.
func (g *gen) newValue(e tree.Expr, l *Layout, dst ref) {
	p := g.ptr()
	g.newObject(p, l)
	if e != nil && !isZero(e) {
		g.storeExpr(place{kind: inMem, l: l, r: p, nonnil: true, canon: true}, e)
	}
	g.move(dst, p, 1)
}

func (g *gen) newExpr(e *tree.New, dst ref) {
	l := g.layout(e.T.Underlying().(*types.Pointer).Elem())
	if e.Init == nil || isZero(e.Init) {
		g.newObject(dst, l)
		return
	}
	g.newValue(e.Init, l, dst)
}

// storeExpr stores the value of e in p. For a fresh object (p.canon in memory) the parts of literals are stored one by one
// and zero parts are left out.
func (g *gen) storeExpr(p place, e tree.Expr) {
	old := g.at(e)
	defer func() { g.pos = old }()
	l := p.l
	if p.kind == inMem && p.nonnil {
		switch x := e.(type) {
		case *tree.StructLit:
			if p.canon {
				for i, v := range x.Vals {
					if v != nil && !isZero(v) {
						g.storeExpr(place{kind: inMem, l: l.FieldLs[i], r: p.r, off: p.off + l.Fields[i], nonnil: true, canon: true}, v)
					}
				}
				return
			}
		case *tree.ArrayLit:
			if p.canon && l.Class == ClassArray {
				if len(x.Elems) >= 8 {
					if d := g.ctx.StaticExpr(x); d != nil {
						g.copyMem(g.address(p), g.addr(Fixup{Kind: FixData, Data: d}), l)
						return
					}
				}
				for i, v := range x.Elems {
					if !isZero(v) {
						g.storeExpr(place{kind: inMem, l: l.Elem, r: p.r, off: p.off + x.Index[i]*l.Elem.Size, nonnil: true, canon: true}, v)
					}
				}
				return
			}
		}
	}
	if lit, ok := e.(*tree.StructLit); ok && p.kind == inMem && complete(lit) {
		g.storeParts(p, lit)
		return
	}
	if l.Slots > 4 && p.kind != inFrame && p.kind != inFrameAt {
		if isZero(e) {
			g.zeroMem(g.address(p), l)
			return
		}
		switch e.(type) {
		case *tree.Ref, *tree.Deref, *tree.Field, *tree.Index:
			src := g.place(e)
			if src.kind == inMem || src.kind == inGlobal || src.kind == inElem {
				s := g.address(src)
				g.copyMem(g.address(p), s, l)
				return
			}
			g.storePlace(p, g.valPlace(src))
			return
		}
	}
	if k, ok := g.konst(e); ok && l.Size == 8 && fits16(k) && p.kind == inMem && (l.PtrBytes == 0) {
		g.emit(ins{op: bc.LDIST64, a: p.r, b: none, c: num(k), imm: p.off})
		return
	} else if ok && p.kind == inElem && l.Size == 1 && l.Scalar() {
		g.emit(ins{op: bc.STXI8, a: num(k & 0xff), b: p.r, c: p.idx})
		return
	}
	g.storePlace(p, g.val(e))
}

// complete reports whether a struct literal gives every field a value that cannot trap, so that it can be stored
// field by field.
func complete(e *tree.StructLit) bool {
	if len(e.Vals) == 0 || len(e.Vals) > 16 {
		return false
	}
	for _, v := range e.Vals {
		if v == nil {
			return false
		}
		switch x := v.(type) {
		case *tree.Const, *tree.Zero, *tree.Ref, *tree.FuncRef:
		case *tree.StructLit:
			if !complete(x) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func (g *gen) storeParts(p place, e *tree.StructLit) {
	for i, v := range e.Vals {
		f := place{kind: inMem, l: p.l.FieldLs[i], r: p.r, off: p.off + p.l.Fields[i], nonnil: true}
		if x, ok := v.(*tree.StructLit); ok {
			g.storeParts(f, x)
			continue
		}
		g.storeExpr(f, v)
	}
}
