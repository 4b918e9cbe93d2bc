package lower

// Peephole: superinstructions
//
// Neighbours are fused when the value between them is a temporary with one
// definition and one use:
//
//	FMUL t,b,c; FADD d,d,t      FMADD d,b,c        (and FSUB, FMSUB)
//	… x …; FMUL t,b,c; FADD d,x,t    the same, when x is a temporary too that can be called d from its definition on
//	LDX64 t,s,i; FMADD d,x,t    LDXFMA d,s,i,x
//	LDX64 t,s,i; ADD d,d,t      LDXADD d,s,i
//	LD64 t,p; LD64 u,q; FSUB d,t,u   FSUBLD d,p,q  (same offset)
//	LD64 u,q; FADD d,x,u        FADDLD d,x,q       (and FMUL, FMULLD)
//	LD64 t,p; LD64 d,t          LD64LD64 d,p
//	LD192 s,p; LDX64 t,s,i      LDHX64 t,p,i    (and LD128, LDX8U; one simple instruction may lie between)
//	ADDI i,i,k; LBLT i,n        LADDIBLT i,n,k
//	JMP to the next instruction nothing

import (
	"go/token"

	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

func (g *gen) peephole() {
	nr := len(g.regs)
	count := make([]uint8, nr) // occurrences, saturating
	add := func(r ref) {
		if r.v >= 0 && count[r.v] < 200 {
			count[r.v]++
		}
	}
	for i := range g.code {
		in := &g.code[i]
		if in.op == opLabel || in.op == opDead {
			continue
		}
		add(in.a)
		add(in.b)
		add(in.c)
	}
	// temp: one definition, one use, nothing else knows it.
	temp := func(r ref) bool {
		if r.v < 0 || r.o != 0 || count[r.v] != 2 {
			return false
		}
		v := &g.regs[r.v]
		return v.n == 1 && v.area < 0 && v.fixed < 0 && !v.defer_ && !v.object
	}
	prev := func(i int) int {
		for i--; i > 0; i-- {
			if g.code[i].op != opDead {
				return i
			}
		}
		return 0
	}
	defs := make([]uint8, nr)
	for i := range g.code {
		in := &g.code[i]
		if in.op < opTouch && in.a.v >= 0 && defs[in.a.v] < 2 {
			if r := bc.Table[in.op].A.Role; r == bc.Def || r == bc.UseDef {
				defs[in.a.v]++
			}
		}
	}
	for i := 1; i < len(g.code); i++ {
		in := &g.code[i]
		switch in.op {
		case bc.FADD, bc.FSUB, bc.FMUL, bc.ADD:
			if p := prev(i); g.code[p].op == bc.FMUL && (in.op == bc.FADD || in.op == bc.FSUB) && in.a != in.b {
				g.rename(i, p, temp, defs)
			}
			p := prev(i)
			g.fuseFloat(i, p, prev(p), temp)
			if in.op == bc.FMADD {
				g.fuseFMA(i, prev(i), temp)
			}
		case bc.LD64:
			p := &g.code[prev(i)]
			if p.op == bc.LD64 && p.a == in.b && temp(p.a) && int64(int32(p.imm)) == p.imm && int64(int32(in.imm)) == in.imm && p.pos == in.pos {
				in.op, in.b, in.imm = bc.LD64LD64, p.b, in.imm<<32|int64(uint32(p.imm))
				p.op = opDead
			}
		case bc.LDX64, bc.LDX8U:
			g.fuseHeader(i, prev, count)
		case bc.LBLT:
			p := &g.code[prev(i)]
			if p.op == bc.ADDI && p.a == in.a && p.b == in.a && fits16(p.imm) && in.b != in.a {
				in.op, in.c = bc.LADDIBLT, num(p.imm)
				p.op = opDead
			}
		case bc.JMP:
			for j := i + 1; j < len(g.code); j++ {
				n := &g.code[j]
				if n.op == opLabel && n.imm == in.imm {
					in.op = opDead
				}
				if n.op != opLabel && n.op != opDead {
					break
				}
			}
		}
	}
}

func (g *gen) fuseFloat(i, p, pp int, temp func(ref) bool) {
	in, a := &g.code[i], &g.code[p]
	switch {
	case a.op == bc.FMUL && temp(a.a) && in.op == bc.FADD && (in.a == in.b && in.c == a.a || in.a == in.c && in.b == a.a):
		in.op, in.b, in.c = bc.FMADD, a.b, a.c
		a.op = opDead
	case a.op == bc.FMUL && temp(a.a) && in.op == bc.FSUB && in.a == in.b && in.c == a.a:
		in.op, in.b, in.c = bc.FMSUB, a.b, a.c
		a.op = opDead
	case a.op == bc.LDX64 && temp(a.a) && in.op == bc.ADD && (in.a == in.b && in.c == a.a || in.a == in.c && in.b == a.a) && in.a != a.c:
		in.op, in.d, in.b, in.c = bc.LDXADD, a.d, a.b, a.c
		a.op = opDead
	case a.op == bc.LD64 && temp(a.a) && in.c == a.a && in.op == bc.FSUB:
		b := &g.code[pp]
		if b.op == bc.LD64 && temp(b.a) && in.b == b.a && a.imm == b.imm && a.b != b.a {
			in.op, in.b, in.c, in.imm = bc.FSUBLD, b.b, a.b, a.imm
			a.op, b.op = opDead, opDead
		}
	case a.op == bc.LD64 && temp(a.a) && (in.op == bc.FADD || in.op == bc.FMUL) && (in.c == a.a) != (in.b == a.a):
		op := bc.FADDLD
		if in.op == bc.FMUL {
			op = bc.FMULLD
		}
		x := in.b
		if in.b == a.a {
			x = in.c
		}
		in.op, in.b, in.c, in.imm = op, x, a.b, a.imm
		a.op = opDead
	}
}

// fuseHeader lets the load i of an element read the header of its slice or string where it lies in memory, if it
// was loaded for nothing else. What lies between must be known not to write memory, nor the address.
func (g *gen) fuseHeader(i int, prev func(int) int, count []uint8) {
	in := &g.code[i]
	p := prev(i)
	h := &g.code[p]
	switch h.op {
	case bc.LD64, bc.LD8U, bc.LDI, bc.MOV, bc.ADD, bc.ADDI, bc.SUB:
		if between := h; between.a != in.b {
			if h = &g.code[prev(p)]; h.b == between.a {
				return
			}
		}
	}
	if h.op != bc.LD192 && h.op != bc.LD128 || h.a != in.b || in.b.o != 0 || count[in.b.v] != 2 || !g.sameLine(h.pos, in.pos) {
		return
	}
	v := &g.regs[in.b.v]
	if v.area >= 0 || v.fixed >= 0 || v.defer_ || v.object {
		return
	}
	op := bc.LDHX64
	if in.op == bc.LDX8U {
		op = bc.LDHX8U
	}
	in.op, in.b, in.imm = op, h.b, h.imm
	h.op = opDead
}

// sameLine says that a panic at either position is reported alike.
func (g *gen) sameLine(a, b token.Pos) bool {
	return a == b || tree.InlinedAt(a) == tree.InlinedAt(b) && g.ctx.Position(a).Line == g.ctx.Position(b).Line
}

func (g *gen) fuseFMA(i, p int, temp func(ref) bool) {
	in, a := &g.code[i], &g.code[p]
	if a.op != bc.LDX64 || !temp(a.a) {
		return
	}
	x := none
	switch a.a {
	case in.c:
		x = in.b
	case in.b:
		x = in.c
	}
	if x == none || x == a.a {
		return
	}
	in.op, in.d, in.b, in.c, in.x = bc.LDXFMA, a.d, a.b, a.c, x
	a.op = opDead
}

// rename makes the first operand of the addition i have the name of its result, if both are temporaries and the
// definition is near.
func (g *gen) rename(i, mul int, temp func(ref) bool, defs []uint8) {
	in, m := &g.code[i], &g.code[mul]
	if !temp(m.a) {
		return
	}
	if in.op == bc.FADD && in.b == m.a {
		in.b, in.c = in.c, in.b
	}
	d := &g.regs[max(in.a.v, 0)]
	if in.c != m.a || in.b == in.a || !temp(in.b) || in.a.o != 0 || defs[in.a.v] != 1 || d.n != 1 || d.fixed >= 0 || d.area >= 0 || d.defer_ || d.object {
		return
	}
	for j := mul - 1; j > 0 && j > mul-12; j-- {
		x := &g.code[j]
		if x.op == opLabel || x.op < opTouch && bc.Table[x.op].Flags&(bc.Jump|bc.End|bc.Safe) != 0 {
			return
		}
		if x.a != in.b || x.op >= opTouch || bc.Table[x.op].A.Role != bc.Def {
			continue
		}
		old := in.b
		for ; j < i; j++ { // the definition, and the sums that it has become the start of
			if x := &g.code[j]; x.a == old {
				x.a = in.a
			}
		}
		in.b = in.a
		return
	}
}
