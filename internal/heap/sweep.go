package heap

import (
	"math/bits"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// Swept is what one sweep found.
type Swept struct {
	LiveBytes   uint64 // of slots that stay
	ScanBytes   uint64 // of LiveBytes, in spans with pointers
	LiveObjects uint64
	FreedBytes  uint64
	Freed       uint64 // objects
	FreedSpans  uint64
}

// Sweep ends a collection: slots that are allocated and not marked become free,
// marks and scans are cleared, spans without objects go back to the page heap,
// the others with room to the central lists. Freed slots are not cleared here
// but when a cache takes them. The world is stopped and every cache is flushed.
//
// Specials come first, all of them: they may mark objects again, whose specials
// must not be carried out.
func (h *Heap) Sweep(m *Mourner) Swept {
	h.specialMu.Lock()
	var again Swept // counted below
	h.bearers(0, func(s *Span) bool { h.sweepSpecials(s, m, &again); return true })
	h.specialMu.Unlock()

	for i := range h.central {
		h.central[i].partial = h.central[i].partial[:0]
	}
	h.pages.scav.marked(&h.pages)
	var r Swept
	var t sweepTotals
	// Downwards, because central lists are taken from the end: low spans fill first.
	for p := h.pages.top; p > 0; {
		p--
		s := h.SpanOf(pageAddr(p))
		if s == nil {
			continue
		}
		p = addrPage(s.Base)
		if s.NSlots != 0 {
			h.sweepSpan(s, &r, &t)
		}
	}
	h.settleSweep(&t)
	h.live.Store(int64(r.LiveBytes))
	h.scan.Store(int64(r.ScanBytes))
	h.want.Store(false)
	return r
}

// sweepTotals are counts of a sweep that are settled once.
type sweepTotals struct {
	frees     [NumSpanClasses]uint64
	largeFree uint64
}

func (h *Heap) settleSweep(t *sweepTotals) {
	h.cachesMu.Lock()
	defer h.cachesMu.Unlock()
	for i, n := range t.frees {
		h.settled.frees[i] += n
	}
	h.settled.largeFree += t.largeFree
}

// sweepSpan sweeps one span, which nobody else has.
func (h *Heap) sweepSpan(s *Span, r *Swept, t *sweepTotals) {
	live, freed, room := uint64(0), uint64(0), false
	for w, n := uint32(0), s.Windows(); w < n; w++ {
		b := s.Bits(w)
		dead := b.Alloc &^ b.Mark
		b.Alloc &= b.Mark
		b.Mark, b.Scan = 0, 0
		if dead != 0 {
			freed += uint64(bits.OnesCount64(dead))
			if h.flags.Poison && !s.Large() {
				for d := dead; d != 0; d &= d - 1 {
					h.poison(s.SlotAddr(w*64+uint32(bits.TrailingZeros64(d))), s.Size)
				}
			}
		}
		live += uint64(bits.OnesCount64(b.Alloc))
		room = room || b.Alloc != s.valid(w)
	}
	s.gen = h.gen
	r.LiveObjects += live
	r.LiveBytes += live * s.Size
	if !s.NoScan() {
		r.ScanBytes += live * s.Size
	}
	r.Freed += freed
	r.FreedBytes += freed * s.Size
	t.frees[s.Class] += freed
	if s.Large() && freed != 0 {
		t.largeFree += s.Size
	}
	switch {
	case live == 0:
		h.freeSpan(s)
		r.FreedSpans++
	case room:
		if freed != 0 {
			s.flags |= needZero
		}
		c := &h.central[s.Class]
		c.mu.Lock()
		c.partial = append(c.partial, s.id)
		c.mu.Unlock()
	}
}

// Spans calls f for every span of objects, in address order, until it says
// false. The world is stopped.
func (h *Heap) Spans(f func(s *Span) bool) {
	for p := uint64(0); p < h.pages.top; p++ {
		s := h.SpanOf(pageAddr(p))
		if s == nil {
			continue
		}
		p += uint64(s.NPages) - 1
		if s.state == spanObjects && !f(s) {
			return
		}
	}
}

// Objects calls f for every allocated slot, in address order. The world is stopped
// and every cache is flushed.
func (h *Heap) Objects(f func(a mem.Addr, s *Span, slot uint32)) {
	h.Spans(func(s *Span) bool {
		for w := range s.Windows() {
			for m := s.Bits(w).Alloc; m != 0; m &= m - 1 {
				i := w*64 + uint32(bits.TrailingZeros64(m))
				f(s.SlotAddr(i), s, i)
			}
		}
		return true
	})
}
