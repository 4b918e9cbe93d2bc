package lower

// Conditions
//
// branch jumps to a label when a condition has a wanted value and falls through
// otherwise; && and || and ! become control flow. A comparison of integers, floats,
// strings with != and pointers is one instruction. Other types are compared part by
// part when they are small (eqRefs), else by the host (go:memeq).
//
// Operands narrower than 64 bits are held extended, so signed comparison is right
// for the unsigned ones too; only uint, uint64 and uintptr need the unsigned forms.

import (
	"go/constant"
	"go/token"
	"go/types"

	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// jump goes to a label.
func (g *gen) jump(l int32) {
	op := bc.JMP
	if g.bound[l] {
		op = bc.LJMP
	}
	g.opI(op, none, none, int64(l))
}

// invert maps a conditional branch to its opposite.
var invert = map[bc.Op]bc.Op{
	bc.BR: bc.BRZ, bc.BRZ: bc.BR, bc.BEQ: bc.BNE, bc.BNE: bc.BEQ,
	bc.BEQI: bc.BNEI, bc.BNEI: bc.BEQI, bc.BLTI: bc.BGEI, bc.BGEI: bc.BLTI, bc.BLEI: bc.BGTI, bc.BGTI: bc.BLEI,
	bc.FBEQ: bc.FBNE, bc.FBNE: bc.FBEQ, bc.FBLT: bc.FBNLT, bc.FBNLT: bc.FBLT, bc.FBLE: bc.FBNLE, bc.FBNLE: bc.FBLE,
}

// backward maps a forward branch to the one that polls.
var backward = map[bc.Op]bc.Op{
	bc.BR: bc.LBR, bc.BRZ: bc.LBRZ, bc.BEQ: bc.LBEQ, bc.BNE: bc.LBNE, bc.BLT: bc.LBLT, bc.BLE: bc.LBLE, bc.BULT: bc.LBULT,
	bc.BEQI: bc.LBEQI, bc.BNEI: bc.LBNEI, bc.BLTI: bc.LBLTI, bc.BLEI: bc.LBLEI, bc.BGTI: bc.LBGTI, bc.BGEI: bc.LBGEI,
}

// condJump emits a conditional branch to l.
func (g *gen) condJump(op bc.Op, a, b, c ref, l int32) {
	if g.bound[l] {
		if o, ok := backward[op]; ok {
			op = o
		} else {
			skip := g.label()
			switch op {
			case bc.BLT, bc.BLE, bc.BULT, bc.BULE: // !(a<b) is b<=a
				g.emit(ins{op: map[bc.Op]bc.Op{bc.BLT: bc.BLE, bc.BLE: bc.BLT, bc.BULT: bc.BULE, bc.BULE: bc.BULT}[op], a: b, b: a, c: c, imm: int64(skip)})
			case bc.BSTRNE:
				t := g.word()
				g.op(bc.STREQ, t, a, b)
				g.emit(ins{op: bc.LBRZ, a: t, b: none, c: none, imm: int64(l)})
				return
			default:
				g.emit(ins{op: invert[op], a: a, b: b, c: c, imm: int64(skip)})
			}
			g.jump(l)
			g.bind(skip)
			return
		}
	}
	g.emit(ins{op: op, a: a, b: b, c: c, imm: int64(l)})
}

// branch jumps to l if e == want.
func (g *gen) branch(e tree.Expr, want bool, l int32) {
	switch x := e.(type) {
	case *tree.Const:
		if constant.BoolVal(x.Val) == want {
			g.jump(l)
		}
		return
	case *tree.Unary:
		if x.Op == token.NOT {
			g.branch(x.X, !want, l)
			return
		}
	case *tree.Binary:
		switch x.Op {
		case token.LAND, token.LOR:
			if (x.Op == token.LAND) == want { // both must hold
				skip := g.label()
				g.branch(x.X, !want, skip)
				g.branch(x.Y, want, l)
				g.bind(skip)
			} else {
				g.branch(x.X, want, l)
				g.branch(x.Y, want, l)
			}
			return
		case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
			old := g.at(x)
			g.compareBranch(x, want, l)
			g.pos = old
			return
		}
	case *tree.IsType:
		old := g.at(x)
		g.isTypeBranch(x, want, l)
		g.pos = old
		return
	}
	v := g.val(e)
	if want {
		g.condJump(bc.BR, v, none, none, l)
	} else {
		g.condJump(bc.BRZ, v, none, none, l)
	}
}

var negated = map[token.Token]token.Token{
	token.EQL: token.NEQ, token.NEQ: token.EQL, token.LSS: token.GEQ, token.GEQ: token.LSS, token.LEQ: token.GTR, token.GTR: token.LEQ,
}

var mirrored = map[token.Token]token.Token{
	token.EQL: token.EQL, token.NEQ: token.NEQ, token.LSS: token.GTR, token.GTR: token.LSS, token.LEQ: token.GEQ, token.GEQ: token.LEQ,
}

// compareBranch jumps to l if the comparison e has the value want.
func (g *gen) compareBranch(e *tree.Binary, want bool, l int32) {
	op := e.Op
	lay := g.layout(e.X.Type())
	switch lay.Class {
	case ClassInt, ClassPtr:
		if !want {
			op = negated[op]
		}
		g.intBranch(op, lay, e.X, e.Y, l)
	case ClassFloat64:
		x, y := g.val(e.X), g.val(e.Y)
		if op == token.GTR || op == token.GEQ {
			x, y, op = y, x, mirrored[op]
		}
		var yes, no bc.Op
		switch op {
		case token.EQL:
			yes, no = bc.FBEQ, bc.FBNE
		case token.NEQ:
			yes, no = bc.FBNE, bc.FBEQ
		case token.LSS:
			yes, no = bc.FBLT, bc.FBNLT
		default:
			yes, no = bc.FBLE, bc.FBNLE
		}
		if !want {
			yes = no
		}
		g.condJump(yes, x, y, none, l)
	case ClassString:
		if op != token.EQL && op != token.NEQ {
			t := g.strcmp(e.X, e.Y)
			if !want {
				op = negated[op]
			}
			g.condJump(map[token.Token]bc.Op{token.LSS: bc.BLTI, token.LEQ: bc.BLEI, token.GTR: bc.BGTI, token.GEQ: bc.BGEI}[op], t, none, num(0), l)
			return
		}
		eq := (op == token.EQL) == want
		g.stringBranch(e.X, e.Y, eq, l)
	default:
		if lay.Class == ClassFloat32 || op != token.EQL && op != token.NEQ {
			t := g.word()
			g.compare(e, t)
			if want {
				g.condJump(bc.BR, t, none, none, l)
			} else {
				g.condJump(bc.BRZ, t, none, none, l)
			}
			return
		}
		eq := (op == token.EQL) == want
		g.equalBranch(lay, e.X, e.Y, eq, l)
	}
}

// intBranch jumps to l if x op y.
func (g *gen) intBranch(op token.Token, lay *Layout, ex, ey tree.Expr, l int32) {
	if _, ok := g.konst(ex); ok {
		ex, ey, op = ey, ex, mirrored[op]
	}
	unsigned := lay.Class == ClassPtr || lay.Class == ClassInt && lay.Size == 8 && !lay.Signed
	if k, ok := g.konst(ey); ok && fits16(k) {
		if unsigned && op != token.EQL && op != token.NEQ {
			switch {
			case k == 0 && op == token.GTR: // x > 0
				op = token.NEQ
			case k == 0 && op == token.LEQ:
				op = token.EQL
			case k == 1 && op == token.LSS:
				op, k = token.EQL, 0
			case k == 1 && op == token.GEQ:
				op, k = token.NEQ, 0
			default:
				ok = false
			}
		}
		if ok {
			x := g.val(ex)
			if k == 0 && op == token.EQL {
				g.condJump(bc.BRZ, x, none, none, l)
				return
			}
			if k == 0 && op == token.NEQ {
				g.condJump(bc.BR, x, none, none, l)
				return
			}
			o := map[token.Token]bc.Op{token.EQL: bc.BEQI, token.NEQ: bc.BNEI, token.LSS: bc.BLTI, token.LEQ: bc.BLEI, token.GTR: bc.BGTI, token.GEQ: bc.BGEI}[op]
			g.condJump(o, x, none, num(k), l)
			return
		}
	}
	x, y := g.val(ex), g.val(ey)
	g.intBranchRef(op, unsigned, x, y, l)
}

func (g *gen) intBranchRef(op token.Token, unsigned bool, x, y ref, l int32) {
	if op == token.GTR || op == token.GEQ {
		x, y, op = y, x, mirrored[op]
	}
	var o bc.Op
	switch {
	case op == token.EQL:
		o = bc.BEQ
	case op == token.NEQ:
		o = bc.BNE
	case op == token.LSS && unsigned:
		o = bc.BULT
	case op == token.LSS:
		o = bc.BLT
	case unsigned:
		o = bc.BULE
	default:
		o = bc.BLE
	}
	g.condJump(o, x, y, none, l)
}

// isEmptyString reports whether e is the constant "".
func isEmptyString(e tree.Expr) bool {
	switch e := e.(type) {
	case *tree.Zero:
		return true
	case *tree.Const:
		return e.Val.Kind() == constant.String && constant.StringVal(e.Val) == ""
	}
	return false
}

func (g *gen) stringBranch(ex, ey tree.Expr, eq bool, l int32) {
	if isEmptyString(ex) {
		ex, ey = ey, ex
	}
	if isEmptyString(ey) {
		n := g.val(ex).at(1)
		if eq {
			g.condJump(bc.BRZ, n, none, none, l)
		} else {
			g.condJump(bc.BR, n, none, none, l)
		}
		return
	}
	x, y := g.val(ex), g.val(ey)
	if !eq {
		g.condJump(bc.BSTRNE, x, y, none, l)
		return
	}
	t := g.word()
	g.op(bc.STREQ, t, x, y)
	g.condJump(bc.BR, t, none, none, l)
}

// strcmp compares two strings: -1, 0, 1.
func (g *gen) strcmp(ex, ey tree.Expr) ref {
	a := g.nativeArea("go:strcmp", 5)
	g.into(ex, a.arg(0, 2, 1))
	g.into(ey, a.arg(2, 2, 1))
	r := a.result(4, 1, 0)
	a.call()
	return r
}

// compare computes a comparison as a bool.
func (g *gen) compare(e *tree.Binary, dst ref) {
	op := e.Op
	lay := g.layout(e.X.Type())
	switch lay.Class {
	case ClassInt, ClassPtr:
		g.intCompare(op, lay, e.X, e.Y, dst)
		return
	case ClassFloat64:
		x, y := g.val(e.X), g.val(e.Y)
		if op == token.GTR || op == token.GEQ {
			x, y, op = y, x, mirrored[op]
		}
		g.op(map[token.Token]bc.Op{token.EQL: bc.FEQ, token.NEQ: bc.FNE, token.LSS: bc.FLT, token.LEQ: bc.FLE}[op], dst, x, y)
		return
	case ClassFloat32:
		x, y := g.val(e.X), g.val(e.Y)
		if op == token.GTR || op == token.GEQ {
			x, y, op = y, x, mirrored[op]
		}
		d := map[token.Token]uint8{token.EQL: bc.FloatEQ32, token.NEQ: bc.FloatNE32, token.LSS: bc.FloatLT32, token.LEQ: bc.FloatLE32}[op]
		g.emit(ins{op: bc.FLOAT, d: d, a: dst, b: x, c: y})
		return
	case ClassString:
		if op == token.EQL && !isEmptyString(e.X) && !isEmptyString(e.Y) {
			x, y := g.val(e.X), g.val(e.Y)
			g.op(bc.STREQ, dst, x, y)
			return
		}
		if op != token.EQL && op != token.NEQ {
			t := g.strcmp(e.X, e.Y)
			switch op {
			case token.LSS:
				g.opI(bc.LTI, dst, t, 0)
			case token.LEQ:
				g.opI(bc.LEI, dst, t, 0)
			case token.GTR:
				g.opI(bc.GTI, dst, t, 0)
			default:
				g.opI(bc.GEI, dst, t, 0)
			}
			return
		}
	}
	// The others by a branch. The result goes through a temporary: dst may be an operand.
	t := g.word()
	end := g.label()
	g.ldi(t, 1)
	g.compareBranch(e, true, end)
	g.ldi(t, 0)
	g.bind(end)
	g.move(dst, t, 1)
}

func (g *gen) intCompare(op token.Token, lay *Layout, ex, ey tree.Expr, dst ref) {
	if _, ok := g.konst(ex); ok {
		ex, ey, op = ey, ex, mirrored[op]
	}
	unsigned := lay.Class == ClassPtr || lay.Class == ClassInt && lay.Size == 8 && !lay.Signed
	if k, ok := g.konst(ey); ok && (!unsigned || op == token.EQL || op == token.NEQ) {
		o := map[token.Token]bc.Op{token.EQL: bc.EQI, token.NEQ: bc.NEI, token.LSS: bc.LTI, token.LEQ: bc.LEI, token.GTR: bc.GTI, token.GEQ: bc.GEI}[op]
		g.opI(o, dst, g.val(ex), k)
		return
	}
	x, y := g.val(ex), g.val(ey)
	if op == token.GTR || op == token.GEQ {
		x, y, op = y, x, mirrored[op]
	}
	var o bc.Op
	switch {
	case op == token.EQL:
		o = bc.EQ
	case op == token.NEQ:
		o = bc.NE
	case op == token.LSS && unsigned:
		o = bc.ULT
	case op == token.LSS:
		o = bc.LT
	case unsigned:
		o = bc.ULE
	default:
		o = bc.LE
	}
	g.op(o, dst, x, y)
}

// equalBranch jumps to l if (x == y) == eq, for the types without a compare instruction.
func (g *gen) equalBranch(lay *Layout, ex, ey tree.Expr, eq bool, l int32) {
	if lay.Class == ClassSlice { // with nil only
		if isZero(ex) {
			ex, ey = ey, ex
		}
		g.nilBranch(g.val(ex), eq, l)
		return
	}
	if lay.Class == ClassIface {
		if isZero(ex) {
			ex, ey = ey, ex
		}
		if isZero(ey) {
			g.nilBranch(g.val(ex), eq, l)
			return
		}
	}
	if (lay.Class == ClassStruct || lay.Class == ClassArray) && leaves(lay, 0) > 8 {
		x, y := g.spill(ex), g.spill(ey)
		a := g.nativeArea("go:memeq", 4)
		g.move(a.arg(0, 1, 1), x, 1)
		g.move(a.arg(1, 1, 1), y, 1)
		g.ldiFix(a.arg(2, 1, 1), Fixup{Kind: FixType, Type: lay.Type})
		r := a.result(3, 1, 0)
		a.call()
		if eq {
			g.condJump(bc.BR, r, none, none, l)
		} else {
			g.condJump(bc.BRZ, r, none, none, l)
		}
		return
	}
	x, y := g.val(ex), g.val(ey)
	if !eq {
		g.neRefs(lay, x, 0, y, 0, l)
		return
	}
	if lay.Class == ClassIface {
		differ := g.label()
		g.condJump(bc.BNE, x, y, none, differ)
		g.condJump(bc.BR, g.ifaceEq(lay, x, y), none, none, l)
		g.bind(differ)
		return
	}
	differ := g.label()
	g.neRefs(lay, x, 0, y, 0, differ)
	g.jump(l)
	g.bind(differ)
}

func (g *gen) nilBranch(x ref, eq bool, l int32) {
	if eq {
		g.condJump(bc.BRZ, x, none, none, l)
	} else {
		g.condJump(bc.BR, x, none, none, l)
	}
}

// leaves counts the scalar comparisons that comparing a value takes.
func leaves(l *Layout, n int) int {
	switch l.Class {
	case ClassStruct:
		for _, f := range l.FieldLs {
			if n = leaves(f, n); n > 8 {
				return n
			}
		}
		return n
	case ClassArray:
		for range l.Len {
			if n = leaves(l.Elem, n); n > 8 {
				return n
			}
		}
		return n
	}
	return n + 1
}

// neRefs jumps to l if the values at bytes xo of x and yo of y, in memory layout, differ.
func (g *gen) neRefs(lay *Layout, x ref, xo int64, y ref, yo int64, l int32) {
	part := func(r ref, off int64) ref {
		p := place{kind: inFrame, l: lay, r: r, off: off}
		return g.valPlace(p)
	}
	switch lay.Class {
	case ClassStruct:
		st := lay.Type.Underlying().(*types.Struct)
		for i, f := range lay.FieldLs {
			if st.Field(i).Name() != "_" {
				g.neRefs(f, x, xo+lay.Fields[i], y, yo+lay.Fields[i], l)
			}
		}
	case ClassArray:
		for i := range lay.Len {
			g.neRefs(lay.Elem, x, xo+i*lay.Elem.Size, y, yo+i*lay.Elem.Size, l)
		}
	case ClassInt, ClassPtr:
		g.condJump(bc.BNE, part(x, xo), part(y, yo), none, l)
	case ClassFloat64:
		g.condJump(bc.FBNE, part(x, xo), part(y, yo), none, l)
	case ClassFloat32:
		t := g.word()
		g.emit(ins{op: bc.FLOAT, d: bc.FloatNE32, a: t, b: part(x, xo), c: part(y, yo)})
		g.condJump(bc.BR, t, none, none, l)
	case ClassComplex:
		half := float64Layout
		if lay.Size == 8 {
			half = float32Layout
		}
		g.neRefs(half, x, xo, y, yo, l)
		g.neRefs(half, x, xo+half.Size, y, yo+half.Size, l)
	case ClassString:
		g.condJump(bc.BSTRNE, part(x, xo), part(y, yo), none, l)
	case ClassIface:
		px, py := part(x, xo), part(y, yo)
		g.condJump(bc.BNE, px, py, none, l)
		r := g.ifaceEq(lay, px, py)
		g.condJump(bc.BRZ, r, none, none, l)
	default:
		g.bug("comparison of %v", lay.Type)
	}
}

// ifaceEq compares two interface values with the same first word.
func (g *gen) ifaceEq(lay *Layout, x, y ref) ref {
	a := g.nativeArea("go:ifaceeq", 6)
	g.move(a.arg(0, 2, 2), x, 2)
	g.move(a.arg(2, 2, 2), y, 2)
	itab := int64(1)
	if lay.Empty {
		itab = 0
	}
	g.ldi(a.arg(4, 1, 0), itab)
	r := a.result(5, 1, 0)
	a.call()
	return r
}
