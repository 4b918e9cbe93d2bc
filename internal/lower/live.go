package lower

// Liveness
//
// Classical backward dataflow over basic blocks. Only the registers that occur in
// more than one block (or are read before they are written in theirs) take part in
// the bit sets; all others are alive between their first and last occurrence. One
// more backward walk over each block then removes instructions without effect whose
// results nobody reads, and makes the intervals for the linear scan; a second one,
// when slots are known, makes the stack maps (emit.go).

import (
	bc "github.com/terrarium-go/terrarium/internal/bytecode"
)

// blk is a basic block: instructions [from, to) and its successors.
type blk struct {
	from, to  int32
	succ      [2]int32
	dead      bool
	in, out   []uint64
	gen, kill []uint64
}

// operands appends the registers that i reads, and those that it writes in full.
func (g *gen) operands(i *ins, uses, defs []int32) ([]int32, []int32) {
	switch i.op {
	case opDead, opLabel:
		return uses, defs
	case opUndef:
		return uses, append(defs, i.a.v)
	case opTouch, bc.KEEP:
		return append(uses, i.a.v), defs
	case bc.FUNC:
		for r := range g.regs {
			if g.regs[r].fixed >= 0 && g.regs[r].fixed < g.sig.ParamSlots() && g.regs[r].area < 0 {
				defs = append(defs, int32(r))
			}
		}
		return uses, defs
	case bc.RET:
		for _, r := range g.retRegs {
			if r.v >= 0 && g.regs[r.v].fixed >= 0 {
				uses = append(uses, r.v)
			}
		}
		for _, r := range g.rawResult {
			uses = append(uses, r)
		}
		return uses, defs
	}
	info := &bc.Table[i.op]
	one := func(o bc.Operand, r ref) {
		if r.v < 0 {
			return
		}
		switch o.Role {
		case bc.Def:
			w := int32(o.Width)
			switch o.Var {
			case bc.WImm:
				w = int32(i.imm)
			case bc.WC:
				w = i.c.o
			case bc.WD:
				w = int32(i.d)
			}
			if r.o == 0 && w >= g.regs[r.v].n {
				defs = append(defs, r.v)
			} else {
				uses = append(uses, r.v)
			}
		case bc.None, bc.Out:
		default: // uses; and numbers that name a register (LEAF, DEFER with a token)
			uses = append(uses, r.v)
		}
	}
	one(info.A, i.a)
	one(info.B, i.b)
	one(info.C, i.c)
	if i.x.v >= 0 {
		uses = append(uses, i.x.v)
	}
	if i.area >= 0 {
		a := &g.area[i.area]
		uses = append(uses, a.params...)
		defs = append(defs, a.results...)
	}
	return uses, defs
}

// writesOnly reports whether an instruction has a destination register and no other effect.
func writesOnly(i *ins) bool {
	if i.op == opUndef {
		return true
	}
	if i.op >= opTouch || i.area >= 0 {
		return false
	}
	info := &bc.Table[i.op]
	return info.Flags&^(bc.TypeImm|bc.AddrImm|bc.FloatImm) == 0 && (info.A.Role == bc.Def || info.A.Role == bc.UseDef)
}

// makeBlocks cuts the code into blocks.
func (g *gen) makeBlocks() {
	g.labelIns = make([]int32, g.labels)
	for i := range g.labelIns {
		g.labelIns[i] = -1
	}
	n := int32(len(g.code))
	blockOf := make([]int32, n+1)
	var blocks []blk
	start := int32(0)
	cut := func(end int32) {
		if end > start {
			for j := start; j < end; j++ {
				blockOf[j] = int32(len(blocks))
			}
			blocks = append(blocks, blk{from: start, to: end})
			start = end
		}
	}
	for i := range n {
		in := &g.code[i]
		if in.op == opLabel {
			// Neighbouring labels share a block.
			if i > 0 && g.code[i-1].op != opLabel {
				cut(i)
			}
			g.labelIns[in.imm] = i
			continue
		}
		if in.op < opTouch && (bc.Table[in.op].Flags&(bc.Jump|bc.End) != 0 && in.op != bc.FUNC) {
			cut(i + 1)
		}
	}
	cut(n)
	for b := range blocks {
		k := &blocks[b]
		k.succ = [2]int32{-1, -1}
		last := &g.code[k.to-1]
		falls := true
		if last.op < opTouch && last.op != bc.FUNC {
			f := bc.Table[last.op].Flags
			if f&bc.Jump != 0 {
				t := g.labelIns[last.imm]
				if t < 0 {
					g.bug("branch to a label that is nowhere")
				}
				k.succ[1] = blockOf[t]
			}
			falls = f&bc.End == 0
		}
		if falls {
			if b+1 < len(blocks) {
				k.succ[0] = int32(b + 1)
			} else {
				g.bug("control runs off the end")
			}
		}
	}
	// Unreachable blocks go.
	for b := range blocks {
		blocks[b].dead = true
	}
	work := []int32{0}
	if g.deferReturn >= 0 {
		work = append(work, blockOf[g.deferReturn])
	}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if b < 0 || !blocks[b].dead {
			continue
		}
		blocks[b].dead = false
		work = append(work, blocks[b].succ[0], blocks[b].succ[1])
	}
	for b := range blocks {
		if blocks[b].dead {
			for i := blocks[b].from; i < blocks[b].to; i++ {
				if g.code[i].op != opLabel {
					g.code[i].op = opDead
				}
			}
		}
	}
	g.blocks = blocks
}

// liveness computes live-in and live-out of the blocks, removes dead instructions and makes the intervals.
// It returns the registers that are live on entry although nothing has written them.
func (g *gen) liveness() (undefined []int32) {
	g.makeBlocks()
	nr := len(g.regs)
	// Which registers cross blocks?
	home := make([]int32, nr) // block + 1 of the first occurrence
	gidx := make([]int32, nr) // index in the bit sets, -1
	for i := range gidx {
		gidx[i] = -1
	}
	var globals []int32
	global := func(r int32) {
		if gidx[r] < 0 {
			gidx[r] = int32(len(globals))
			globals = append(globals, r)
		}
	}
	var uses, defs []int32
	for b := range g.blocks {
		k := &g.blocks[b]
		if k.dead {
			continue
		}
		for i := k.from; i < k.to; i++ {
			uses, defs = g.operands(&g.code[i], uses[:0], defs[:0])
			for _, r := range uses {
				if home[r] != int32(b+1) {
					global(r)
				}
			}
			for _, r := range defs {
				if home[r] == 0 {
					home[r] = int32(b + 1)
				} else if home[r] != int32(b+1) {
					global(r)
				}
			}
		}
	}
	g.globals = globals
	w := (len(globals) + 63) / 64
	if len(g.blocks) > 1 && w > 0 {
		sets := make([]uint64, len(g.blocks)*4*w)
		for b := range g.blocks {
			k := &g.blocks[b]
			s := sets[b*4*w:]
			k.in, k.out, k.gen, k.kill = s[:w:w], s[w:2*w:2*w], s[2*w:3*w:3*w], s[3*w:4*w:4*w]
			if k.dead {
				continue
			}
			for i := k.to - 1; i >= k.from; i-- {
				uses, defs = g.operands(&g.code[i], uses[:0], defs[:0])
				for _, r := range defs {
					if x := gidx[r]; x >= 0 {
						k.kill[x/64] |= 1 << (x % 64)
						k.gen[x/64] &^= 1 << (x % 64)
					}
				}
				for _, r := range uses {
					if x := gidx[r]; x >= 0 {
						k.gen[x/64] |= 1 << (x % 64)
					}
				}
			}
		}
		for changed := true; changed; {
			changed = false
			for b := len(g.blocks) - 1; b >= 0; b-- {
				k := &g.blocks[b]
				if k.dead {
					continue
				}
				for j := range w {
					var out uint64
					for _, s := range k.succ {
						if s >= 0 {
							out |= g.blocks[s].in[j]
						}
					}
					in := k.gen[j] | out&^k.kill[j]
					if out != k.out[j] || in != k.in[j] {
						k.out[j], k.in[j] = out, in
						changed = true
					}
				}
			}
		}
	} else {
		for b := range g.blocks {
			k := &g.blocks[b]
			k.in, k.out = make([]uint64, w), make([]uint64, w)
		}
		if w > 0 { // one block: what it reads before writing is live on entry
			for _, r := range globals {
				g.blocks[0].in[gidx[r]/64] |= 1 << (gidx[r] % 64)
			}
		}
	}

	// Intervals.
	const far = 1 << 30
	for r := range g.regs {
		g.regs[r].start, g.regs[r].end = far, -1
	}
	alive := make([]bool, nr)
	for b := range g.blocks {
		k := &g.blocks[b]
		if k.dead {
			continue
		}
		for _, r := range globals {
			x := gidx[r]
			alive[r] = k.out[x/64]>>(x%64)&1 != 0
			if alive[r] {
				v := &g.regs[r]
				v.end = max(v.end, 2*k.to)
				v.start = min(v.start, 2*k.to-1)
			}
		}
		for i := k.to - 1; i >= k.from; i-- {
			in := &g.code[i]
			uses, defs = g.operands(in, uses[:0], defs[:0])
			if writesOnly(in) && !g.regs[in.a.v].defer_ && !g.regs[in.a.v].object && !alive[in.a.v] {
				in.op = opDead
				continue
			}
			early := int32(1)
			if len(defs) == 1 && in.area < 0 && g.regs[defs[0]].n > 1 && in.op != bc.MOV2 && in.op != bc.MOV3 && in.op != bc.MOVN {
				early = 0 // several words are written one after the other: no operand may share them
			}
			for _, r := range defs {
				v := &g.regs[r]
				v.start = min(v.start, 2*i+early)
				v.end = max(v.end, 2*i+2)
				alive[r] = false
			}
			for _, r := range uses {
				v := &g.regs[r]
				v.end = max(v.end, 2*i+1)
				v.start = min(v.start, 2*i)
				alive[r] = true
			}
		}
		for _, r := range globals {
			x := gidx[r]
			if k.in[x/64]>>(x%64)&1 != 0 {
				v := &g.regs[r]
				v.start = min(v.start, 2*k.from)
				v.end = max(v.end, 2*k.from+1)
				if b == 0 {
					undefined = append(undefined, r)
				}
			}
		}
	}
	for r := range g.regs {
		v := &g.regs[r]
		if v.object && v.end >= 0 && !v.defer_ { // pointers may lead there at any time
			v.start, v.end = 0, 2*int32(len(g.code))+2
		}
		if v.defer_ {
			if v.start != 0 {
				undefined = appendOnce(undefined, int32(r))
			}
			v.start, v.end = 0, 2*int32(len(g.code))+2
		}
	}
	return undefined
}

func appendOnce(list []int32, r int32) []int32 {
	for _, x := range list {
		if x == r {
			return list
		}
	}
	return append(list, r)
}
