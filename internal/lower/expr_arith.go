package lower

// Arithmetic. Results are canonical: extended from the width of their type.

import (
	"go/token"

	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
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
		g.into(e.X, dst)
	}
}

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
		g.concatRefs(dst, []tree.Expr{e.X, e.Y}, tree.EscHeap)
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
