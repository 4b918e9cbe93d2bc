package heap

import (
	"fmt"
	"math/bits"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// Check verifies the invariants stated beside the structures and returns the
// first that does not hold, in the same words. The world is stopped and every
// cache is flushed; no collection is between its start and its sweep.
func (h *Heap) Check() error {
	for _, f := range []func() error{h.checkPages, h.checkSpans, h.checkCentral, h.checkSpecials} {
		if err := f(); err != nil {
			return fmt.Errorf("BUG: heap: %w", err)
		}
	}
	return nil
}

func (h *Heap) checkPages() error {
	p := &h.pages
	p.mu.Lock()
	defer p.mu.Unlock()
	ready, busy := uint64(0), p.top
	for w, free := range p.free.bits {
		if both := p.ready.bits[w] &^ free; both != 0 {
			return fmt.Errorf("page %d is ready and not free", w*64+bits.TrailingZeros64(both))
		}
		if first := uint64(w) * 64; first+64 > p.top && free>>(max(p.top, first)-first) != 0 {
			return fmt.Errorf("page above top %d is free", p.top)
		}
		for i := 0; i < 64; i += granulePages {
			if a := (free &^ p.ready.bits[w]) >> i & (1<<granulePages - 1); a != 0 && a != 1<<granulePages-1 {
				return fmt.Errorf("granule at page %d is away in part: %#x", w*64+i, a)
			}
		}
		ready += uint64(bits.OnesCount64(p.ready.bits[w]))
		busy -= uint64(bits.OnesCount64(free))
	}
	if ready != p.readyPages {
		return fmt.Errorf("%d ready pages, count says %d", ready, p.readyPages)
	}
	want := uint64(0)
	for k := range p.busyPages {
		want += uint64(p.busyPages[k].Load())
	}
	if n := p.reserved.Load(); n != 0 {
		return fmt.Errorf("%d pages are in reserves after a flush", n)
	}
	if busy != want+p.coming {
		return fmt.Errorf("%d busy pages, counts say %d", busy, want+p.coming)
	}
	if got := p.space.UsedBy(mem.KindIdle); got != (ready+p.coming)<<PageShift {
		return fmt.Errorf("idle bytes %d, ready and coming pages say %d", got, (ready+p.coming)<<PageShift)
	}
	if got := p.space.UsedBy(mem.KindHeap) + p.space.UsedBy(mem.KindStack); got != uint64(p.busyPages[mem.KindHeap].Load()+p.busyPages[mem.KindStack].Load())<<PageShift {
		return fmt.Errorf("heap and stack bytes %d, busy pages say %d", got, busy<<PageShift)
	}
	if err := p.free.check("free"); err != nil {
		return err
	}
	return p.ready.check("ready")
}

func (r *runs) check(name string) error {
	for c, s := range r.tree[0] {
		if want := summarize(r.bits[c*chunkWords : (c+1)*chunkWords]); s != want {
			return fmt.Errorf("summary of %s pages of chunk %d is %v, bits say %v", name, c, s, want)
		}
	}
	for l := 1; l < levels; l++ {
		for i, s := range r.tree[l] {
			if want := join(r.below(l, uint64(i)), uint32(blockPages(l-1))); s != want {
				return fmt.Errorf("summary of %s pages of block %d on level %d is %v, those below say %v", name, i, l, s, want)
			}
		}
	}
	return nil
}

func (h *Heap) checkSpans() error {
	pages, live := uint64(0), uint64(0)
	for i, id := range h.all {
		s := h.SpanByID(id)
		if s.id != id || s.all != uint32(i) {
			return fmt.Errorf("span %d: says id %d, place %d, list says place %d", id, s.id, s.all, i)
		}
		if s.state == spanFree {
			return fmt.Errorf("span %d at %#x is on the list of all spans and free", id, s.Base)
		}
		pages += uint64(s.NPages)
		for a := s.Base; a < s.Base+uint64(s.NPages)<<PageShift; a += PageSize {
			if h.SpanOf(a) != s {
				return fmt.Errorf("page table at %#x does not lead to span %d", a, id)
			}
			if test(h.pages.free.bits, addrPage(a)) {
				return fmt.Errorf("page at %#x of span %d is free", a, id)
			}
		}
		if s.state != spanObjects {
			continue
		}
		if s.Size*uint64(s.NSlots) > uint64(s.NPages)<<PageShift {
			return fmt.Errorf("span %d: %d slots of %d bytes in %d pages", id, s.NSlots, s.Size, s.NPages)
		}
		if s.flags&owned != 0 {
			return fmt.Errorf("span %d is owned by a cache after a flush", id)
		}
		if s.Queued != 0 != s.NoScan() {
			return fmt.Errorf("span %d: queued %v outside a collection, noscan %v", id, s.Queued, s.NoScan())
		}
		for w := range s.Windows() {
			b := s.Bits(w)
			if b.Alloc&^s.valid(w) != 0 {
				return fmt.Errorf("span %d window %d: bit set for a slot >= NSlots", id, w)
			}
			if b.Mark != 0 || b.Scan != 0 {
				return fmt.Errorf("span %d window %d: mark %#x, scan %#x outside a collection", id, w, b.Mark, b.Scan)
			}
			live += uint64(bits.OnesCount64(b.Alloc)) * s.Size
			for free := ^b.Alloc & s.valid(w); free != 0; free &= free - 1 {
				a := s.SlotAddr(w*64 + uint32(bits.TrailingZeros64(free)))
				want := uint64(0)
				if h.flags.Poison {
					want = poisonWord
				} else if s.flags&needZero != 0 {
					continue
				}
				for j, x := range h.words(a, s.Size) {
					if x != want {
						return fmt.Errorf("word %d of the free slot at %#x (%d bytes) is %#x, want %#x", j, a, s.Size, x, want)
					}
				}
			}
		}
	}
	if got := uint64(h.pages.busyPages[mem.KindHeap].Load() + h.pages.busyPages[mem.KindStack].Load()); got != pages {
		return fmt.Errorf("%d pages in spans, page heap says %d", pages, got)
	}
	if got := h.Live(); got != live {
		return fmt.Errorf("live says %d bytes, alloc bits say %d", got, live)
	}
	if st := h.Stats(); st.HeapAlloc != live {
		return fmt.Errorf("counters say %d bytes are allocated, alloc bits say %d", st.HeapAlloc, live)
	}
	return nil
}

func (h *Heap) checkCentral() error {
	listed := map[uint32]bool{}
	for c := range h.central {
		for _, id := range h.central[c].partial {
			s := h.SpanByID(id)
			if listed[id] || s.state != spanObjects || s.Class != SpanClass(c) {
				return fmt.Errorf("central list %d: span %d is listed twice, free, or of class %d", c, id, s.Class)
			}
			listed[id] = true
		}
	}
	for _, id := range h.all {
		s := h.SpanByID(id)
		if s.state == spanObjects && listed[id] != (s.live() < s.NSlots) {
			return fmt.Errorf("span %d has %d of %d slots allocated, on a central list: %v", id, s.live(), s.NSlots, listed[id])
		}
	}
	return nil
}

func (h *Heap) checkSpecials() error {
	h.specialMu.Lock()
	defer h.specialMu.Unlock()
	t := &h.specials
	used := uint64(1)
	for i := t.free; i != 0; i = t.at(i).left {
		used++
	}
	for _, id := range h.all {
		s := h.SpanByID(id)
		if next, ok := t.bearer(id); (s.first != 0) != (ok && next == id) {
			return fmt.Errorf("span %d: its specials begin with record %d, bearing says %v", id, s.first, s.first == 0)
		}
		var before *Special
		var err error
		used += uint64(t.each(s.first, func(sp *Special) {
			if before != nil && sp.less(before.Offset, before.Kind) {
				err = fmt.Errorf("specials of span %d are not sorted", id)
			}
			before = sp
			if _, _, _, _, ok := h.Object(s.Base + sp.Offset); !ok {
				err = fmt.Errorf("a special of span %d hangs on offset %d, where no object is", id, sp.Offset)
			}
			if sp.state != specialSet {
				err = fmt.Errorf("a special of span %d at offset %d is in state %d outside of a sweep", id, sp.Offset, sp.state)
			}
		}))
		if err == nil {
			err = t.checkHeap(s.first)
		}
		if err != nil {
			return err
		}
	}
	if used*recordBytes != t.top {
		return fmt.Errorf("%d records of specials are free or in trees, %d were handed out", used-1, t.top/recordBytes-1)
	}
	return nil
}

func (t *specialTable) checkHeap(i uint32) error {
	if i == 0 {
		return nil
	}
	r := t.at(i)
	for _, below := range [...]uint32{r.left, r.right} {
		if below == 0 {
			continue
		}
		if t.priority(below) > t.priority(i) {
			return fmt.Errorf("special %d is above %d with less priority", i, below)
		}
		if err := t.checkHeap(below); err != nil {
			return err
		}
	}
	return nil
}
