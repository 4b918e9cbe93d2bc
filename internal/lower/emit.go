package lower

// Emission: registers become slots, labels distances; stack maps
//
// The stack map of an instruction is the set of slots that hold a live pointer when
// the goroutine stops there (package abi says which set for which kind of
// instruction). It is found by walking each block backwards from its live-out set;
// because registers that are alive together have different slots, the walk can keep
// the set as slots.

import (
	"cmp"
	"slices"
	"sort"

	"github.com/terrarium-go/terrarium/internal/abi"
	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// finish turns the linear code into the fragment.
func (g *gen) finish() {
	g.peephole()
	g.checkBehind()
	undefined := g.liveness()
	g.allocate()
	if checkAlloc {
		g.checkAcross()
	}
	maps := g.stackMaps()
	g.write(undefined, maps)
}

// checkAlloc makes every function's slots be verified (tests).
var checkAlloc = false

// slotBits is a set of slots.
type slotBits []uint64

func (b slotBits) set(v *vreg) {
	for i := range v.n {
		if v.pointer(i) {
			s := v.slot + i
			b[s/64] |= 1 << (s % 64)
		}
	}
}

func (b slotBits) clear(v *vreg) {
	for i := range v.n {
		if v.pointer(i) {
			s := v.slot + i
			b[s/64] &^= 1 << (s % 64)
		}
	}
}

// mapPool collects the bitmaps of a fragment; put returns the offset of one.
type mapPool struct {
	words int
	pool  []uint64
	one   map[uint64]uint32
	many  map[string]uint32
}

func (p *mapPool) put(b slotBits) uint32 {
	if p.words == 1 {
		if p.one == nil {
			p.one = map[uint64]uint32{}
		}
		if o, ok := p.one[b[0]]; ok {
			return o
		}
		o := uint32(len(p.pool))
		p.pool = append(p.pool, b[0])
		p.one[b[0]] = o
		return o
	}
	key := make([]byte, 0, len(b)*8)
	for _, w := range b {
		for s := 0; s < 64; s += 8 {
			key = append(key, byte(w>>s))
		}
	}
	if p.many == nil {
		p.many = map[string]uint32{}
	}
	if o, ok := p.many[string(key)]; ok {
		return o
	}
	o := uint32(len(p.pool))
	p.pool = append(p.pool, b...)
	p.many[string(key)] = o
	return o
}

// stackMaps returns the pool offset + 1 of the stack map per instruction, 0 where there is none.
func (g *gen) stackMaps() []uint32 {
	words := max(1, int(abi.MapWords(uint32(g.frame))))
	pool := &mapPool{words: int(abi.MapWords(uint32(g.frame)))}
	maps := make([]uint32, len(g.code))
	if pool.words == 0 {
		pool.words = 1
	}
	always := make(slotBits, words)
	for r := range g.regs {
		if v := &g.regs[r]; v.defer_ && v.n > 0 {
			always.set(v)
		}
	}
	if g.deferReturn >= 0 {
		g.frag.Info.DeferMap = pool.put(always)
	}
	live := make(slotBits, words)
	tmp := make(slotBits, words)
	record := func(i int32) {
		for j := range live {
			tmp[j] = live[j] | always[j]
		}
		maps[i] = pool.put(tmp) + 1
	}
	// Registers by index in the bit sets: rebuilt from the block sets through the same numbering.
	var uses, defs []int32
	for b := range g.blocks {
		k := &g.blocks[b]
		if k.dead {
			continue
		}
		clear(live)
		for x, r := range g.globals {
			if v := &g.regs[r]; k.out[x/64]>>(x%64)&1 != 0 && v.hasPointers() && v.slot >= 0 {
				live.set(v)
			}
		}
		for i := k.to - 1; i >= k.from; i-- {
			in := &g.code[i]
			if in.op == opDead || in.op == opLabel {
				continue
			}
			uses, defs = g.operands(in, uses[:0], defs[:0])
			for _, r := range defs {
				if v := &g.regs[r]; v.hasPointers() && v.slot >= 0 {
					live.clear(v)
				}
			}
			var f bc.Flag
			if in.op < opTouch {
				f = bc.Table[in.op].Flags
			}
			if f&bc.Call != 0 {
				record(i)
			}
			for _, r := range uses {
				if v := &g.regs[r]; v.hasPointers() && v.slot >= 0 {
					live.set(v)
				}
			}
			if f&bc.Safe != 0 && f&bc.Call == 0 {
				record(i)
			}
		}
	}
	g.pool = pool.pool
	return maps
}

// slot is the number of an operand field.
func (g *gen) slot(r ref) int64 {
	if r.v < 0 {
		return int64(r.o)
	}
	if g.regs[r.v].n == 0 {
		return 0 // a value of no size
	}
	return int64(g.regs[r.v].slot + r.o)
}

// write encodes the instructions.
func (g *gen) write(undefined []int32, maps []uint32) {
	drop := func(in *ins) bool {
		if in.op >= opTouch {
			return true
		}
		switch in.op {
		case bc.MOV, bc.MOV2, bc.MOV3, bc.MOVN:
			return g.slot(in.a) == g.slot(in.b)
		}
		return false
	}
	// Positions. Registers that are alive on entry without a value are zeroed after FUNC and GETCTX.
	var zeros []bc.Ins
	for _, r := range undefined {
		v := &g.regs[r]
		if v.slot < 0 || v.n == 0 {
			continue
		}
		if v.n == 1 {
			zeros = append(zeros, bc.Ins{Op: bc.ZERO, A: uint16(v.slot)})
		} else {
			zeros = append(zeros, bc.Ins{Op: bc.ZERON, A: uint16(v.slot), Imm: int64(v.n)})
		}
	}
	zeroAt := int32(1)
	index := make([]int32, len(g.code)+1)
	at := int32(0)
	hasCtx := false
	for i := range g.code {
		in := &g.code[i]
		if int32(i) == zeroAt {
			if in.op == bc.GETCTX {
				zeroAt++
			} else {
				at += int32(len(zeros))
			}
		}
		if in.op == bc.GETCTX {
			hasCtx = true
		}
		index[i] = at
		if !drop(in) {
			at++
		}
	}
	index[len(g.code)] = at

	fr := g.frag
	fr.Code = make([]bc.Ins, 0, at)
	var last int64 = -1
	for i := range g.code {
		in := &g.code[i]
		if int32(i) == zeroAt && len(zeros) > 0 {
			fr.Pos = append(fr.Pos, PosRun{uint32(len(fr.Code)), g.f.Pos})
			last = int64(g.f.Pos)
			fr.Code = append(fr.Code, zeros...)
		}
		if drop(in) {
			continue
		}
		n := len(fr.Code)
		if int(index[i]) != n {
			g.bug("instruction %d at %d instead of %d", i, n, index[i])
		}
		info := &bc.Table[in.op]
		out := bc.Ins{Op: in.op, D: in.d, Imm: in.imm}
		out.A, out.B, out.C = g.field(in.a), g.field(in.b), g.field(in.c)
		if in.area >= 0 {
			a := &g.area[in.area]
			out.A = uint16(a.slot)
			if in.op == bc.CALLN {
				out.B, out.C = uint16(a.args), uint16(a.slots)
			}
		}
		switch {
		case in.op == bc.FUNC:
			if g.frame <= maxSlot {
				out.A = uint16(g.frame)
			}
			out.B = uint16(g.sig.Slots())
		case in.op == bc.LDXFMA:
			out.Imm = g.slot(in.x)
		case info.Flags&bc.Jump != 0:
			out.Imm = int64(index[g.labelIns[in.imm]]-int32(n)) * bc.InsBytes
			if out.Imm > 0 && info.Flags&bc.Poll != 0 || out.Imm <= 0 && info.Flags&bc.Poll == 0 {
				g.bug("branch %s in the wrong direction", info.Name)
			}
		}
		if in.fix >= 0 {
			f := g.fix[in.fix]
			f.At = n
			fr.Fix = append(fr.Fix, f)
		}
		if maps[i] != 0 {
			fr.Info.Safe = append(fr.Info.Safe, uint32(n))
			fr.Info.Maps = append(fr.Info.Maps, maps[i]-1)
		}
		if int32(i) == g.deferReturn {
			fr.Info.DeferReturn = uint32(n)
		}
		if int64(in.pos) != last && in.op != bc.FUNC {
			fr.Pos = append(fr.Pos, PosRun{uint32(n), in.pos})
			last = int64(in.pos)
		}
		fr.Code = append(fr.Code, out)
	}
	fr.Pool = g.pool
	fi := &fr.Info
	fi.Frame = uint32(g.frame)
	fi.ParamEnd, fi.RetOff, fi.ArgEnd = uint32(g.sig.ParamEnd), uint32(g.sig.RetOff), uint32(g.sig.ArgEnd)
	fi.ArgMap = g.sig.ArgMap()
	fi.Small = g.sig.Small()
	g.flags(hasCtx)
	for _, o := range g.objects {
		if v := &g.regs[o.reg]; v.slot >= 0 && v.end >= 0 {
			fr.Objects = append(fr.Objects, FrameObject{uint32(v.slot), o.l.Type, uint64(o.l.Size)})
		}
	}
	slices.SortFunc(fr.Objects, func(a, b FrameObject) int { return cmp.Compare(a.Slot, b.Slot) })
	for i := range g.vars {
		v := &g.vars[i]
		h := VarHome{Var: v.v, Slot: -1, Heap: v.heap}
		if v.frame {
			v.reg, h.Heap = v.obj, false
		}
		if v.reg >= 0 && g.regs[v.reg].slot >= 0 {
			h.Slot, h.Slots = g.regs[v.reg].slot, g.regs[v.reg].n
		}
		fr.Vars = append(fr.Vars, h)
	}
	sort.SliceStable(fr.Fix, func(i, j int) bool { return fr.Fix[i].At < fr.Fix[j].At })
}

func (g *gen) field(r ref) uint16 {
	n := g.slot(r)
	if r.v < 0 {
		if r == none {
			return 0
		}
		return uint16(n) // a small number, possibly negative
	}
	if n < 0 || n > maxSlot {
		g.bug("slot %d of register %d (%d slots)", n, r.v, g.regs[r.v].n)
	}
	return uint16(n)
}

func (g *gen) flags(hasCtx bool) {
	fi := &g.frag.Info
	if g.f.Flags&tree.Wrapper != 0 {
		fi.Flags |= abi.Wrapper
	}
	if g.deferReturn >= 0 {
		fi.Flags |= abi.HasDefer
	}
	if hasCtx {
		fi.Flags |= abi.ClosureFn
	}
	if g.stub {
		fi.Flags |= abi.HostStub
	}
	if g.sig.ByRef() {
		fi.Flags |= abi.ByRef
	}
}
