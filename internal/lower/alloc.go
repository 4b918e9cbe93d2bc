package lower

// Slots for registers
//
// Linear scan (Poletto and Sarkar) without spilling: a frame has as many slots as it
// needs. Positions are 2i for the reads and 2i+1 for the writes of instruction i, so
// that a value can take the slot of an operand that dies at its definition. Registers
// and areas are taken in the order of their starts; each gets the lowest free slots,
// or those of the register that a move connects it with.
//
// The area of a guest call lies above everything that lives across the call. Registers that start after the
// area's first argument and live across the call would break this; there are none, since nothing
// but the call's own arguments is evaluated in between. checkAcross makes sure.

import (
	"slices"

	bc "github.com/terrarium-go/terrarium/internal/bytecode"
)

// minArea is the least distance between two frames, in slots (see package bytecode).
const minArea = 4

type allocator struct {
	g     *gen
	occ   []int32 // per slot: position until which it is taken
	fixed []int32 // registers with a slot of their own
}

func (a *allocator) grow(n int32) {
	for int32(len(a.occ)) < n {
		a.occ = append(a.occ, 0)
	}
}

// clash reports whether a register with a fixed slot is in the way, and the slot after it.
func (a *allocator) clash(slot, n, start, end int32) (int32, bool) {
	if slot >= a.g.sig.Slots() {
		return 0, false
	}
	for _, r := range a.fixed {
		v := &a.g.regs[r]
		if v.end >= 0 && v.fixed < slot+n && slot < v.fixed+v.n && v.start < end && start < v.end {
			return v.fixed + v.n, true
		}
	}
	return 0, false
}

// fit reports whether [slot, slot+n) is free over [start, end), or where to look next.
func (a *allocator) fit(slot, n, start, end int32) (next int32, ok bool) {
	if next, bad := a.clash(slot, n, start, end); bad {
		return next, false
	}
	for i := slot + n - 1; i >= slot; i-- {
		if i < int32(len(a.occ)) && a.occ[i] > start {
			return i + 1, false
		}
	}
	return 0, true
}

func (a *allocator) find(from, n, start, end int32) int32 {
	for s := from; ; {
		next, ok := a.fit(s, n, start, end)
		if ok {
			return s
		}
		s = next
	}
}

func (g *gen) allocate() {
	a := &allocator{g: g}
	type item struct {
		start int32
		area  bool
		n     int32
	}
	items := make([]item, 0, len(g.regs)+len(g.area))
	for i := range g.area {
		ar := &g.area[i]
		if ar.at < 0 || g.code[ar.at].op == opDead {
			ar.at = -1
			continue
		}
		ar.start = 2*ar.at + 1
		for _, list := range [][]int32{ar.params, ar.results} {
			for _, r := range list {
				if g.regs[r].end >= 0 {
					ar.start = min(ar.start, g.regs[r].start)
				}
			}
		}
		items = append(items, item{ar.start, true, int32(i)})
	}
	for r := range g.regs {
		v := &g.regs[r]
		if v.fixed >= 0 {
			v.slot = v.fixed
			a.fixed = append(a.fixed, int32(r))
			a.grow(v.fixed + v.n)
		}
		if v.end < 0 || v.area >= 0 || v.n == 0 {
			continue
		}
		items = append(items, item{v.start, false, int32(r)})
	}
	g.hints()
	slices.SortStableFunc(items, func(x, y item) int {
		if x.start != y.start {
			return int(x.start - y.start)
		}
		if x.area != y.area {
			if x.area {
				return -1
			}
			return 1
		}
		return int(x.n - y.n)
	})
	for _, it := range items {
		if it.area {
			a.placeArea(&g.area[it.n])
			continue
		}
		v := &g.regs[it.n]
		if v.fixed < 0 {
			v.slot = a.choose(v)
		}
		a.take(v.slot, v.n, v.end)
	}
	g.frame = max(int32(len(a.occ)), g.sig.Slots())
	for i := range g.area {
		if ar := &g.area[i]; ar.at >= 0 {
			g.frame = max(g.frame, ar.slot+ar.slots)
		}
	}
	if g.frame > maxSlot {
		g.fail("frame of %d bytes is too large", int64(g.frame)*8)
	}
}

func (a *allocator) take(slot, n, end int32) {
	a.grow(slot + n)
	for i := slot; i < slot+n; i++ {
		a.occ[i] = max(a.occ[i], end)
	}
}

func (a *allocator) choose(v *vreg) int32 {
	if v.hint >= 0 && !v.object {
		h := &a.g.regs[v.hint]
		if h.slot >= 0 && h.n == v.n {
			if _, ok := a.fit(h.slot, v.n, v.start, v.end); ok {
				return h.slot
			}
		}
	}
	from := int32(0)
	if v.object {
		from = a.g.sig.Slots()
	}
	return a.find(from, v.n, v.start, v.end)
}

// placeArea finds A for a call.
func (a *allocator) placeArea(ar *area) {
	g := a.g
	call := 2*ar.at + 1
	from := int32(0)
	if ar.slot >= 0 {
		from = ar.slot
	}
	if ar.guest {
		from = minArea
		for s := int32(len(a.occ)) - 1; s >= 0; s-- {
			if a.occ[s] > call {
				from = max(from, s+1)
				break
			}
		}
		for _, r := range a.fixed {
			if v := &g.regs[r]; v.start <= call && v.end > call {
				from = max(from, v.fixed+v.n)
			}
		}
	}
	end := call + 1
	for _, r := range ar.results {
		end = max(end, g.regs[r].end)
	}
	if ar.slot < 0 {
		ar.slot = a.find(from, ar.slots, ar.start, end)
	}
	a.take(ar.slot, ar.slots, call+1)
	for _, list := range [][]int32{ar.params, ar.results} {
		for _, r := range list {
			v := &g.regs[r]
			if v.area < 0 {
				continue
			}
			v.slot = ar.slot + v.aoff
			a.take(v.slot, v.n, v.end)
		}
	}
}

// hints connects the two registers of a move.
func (g *gen) hints() {
	for i := range g.code {
		in := &g.code[i]
		switch in.op {
		case bc.MOV, bc.MOV2, bc.MOV3:
			if in.a.o != 0 || in.b.o != 0 {
				continue
			}
			d, s := &g.regs[in.a.v], &g.regs[in.b.v]
			if d.n != s.n {
				continue
			}
			if d.hint < 0 {
				d.hint = in.b.v
			}
			if s.hint < 0 || d.fixed >= 0 {
				s.hint = in.a.v
			}
		}
	}
}

// checkAcross verifies the result of the scan: no two registers that are alive together share a
// slot, and nothing that lives across a guest call lies in the callee's frame.
func (g *gen) checkAcross() {
	for i := range g.regs {
		v := &g.regs[i]
		if v.end < 0 || v.n == 0 {
			continue
		}
		if v.slot < 0 {
			g.bug("register %d has no slot", i)
		}
		for j := range i {
			w := &g.regs[j]
			if w.end >= 0 && w.n > 0 && v.slot < w.slot+w.n && w.slot < v.slot+v.n && v.start < w.end && w.start < v.end {
				g.bug("registers %d [%d,%d) and %d [%d,%d) share slot %d", i, v.start, v.end, j, w.start, w.end, v.slot)
			}
		}
	}
	for k := range g.area {
		ar := &g.area[k]
		if ar.at < 0 || !ar.guest {
			continue
		}
		call := 2*ar.at + 1
		for i := range g.regs {
			v := &g.regs[i]
			if v.end > call && v.start < call && v.n > 0 && v.slot+v.n > ar.slot {
				g.bug("register %d at slot %d [%d,%d) lives across the call at %d with area %d from %d", i, v.slot, v.start, v.end, ar.at, ar.slot, ar.start)
			}
		}
	}
}
