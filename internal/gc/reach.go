package gc

import (
	"math/bits"

	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// # Reach
//
// A Reach finds what is reachable from some roots, beside the collector's own bits and with the world stopped. It
// is a Marker; after each batch of roots, Follow marks what they lead to, and Has answers for an address. Roots may be added
// after that. It marks span by span as the collectors do: two bits per slot, and a list of spans with something grey.
//
//	span in the list  ⇔  mark != scan for one of its slots
//
// The memory is the machine's account's: two bits for each slot of the heap at most. Close gives it back.

// Reach is a set of objects that grows.
type Reach struct {
	heap  *heap.Heap
	spans map[uint32]*reached // by span id
	grey  []*reached
	cost  int64
}

// reached is a span of which something is reachable.
type reached struct {
	s          *heap.Span
	mark, scan []uint64
	listed     bool
}

// spanCost is the bytes charged for a span of the heap besides its bits.
const spanCost = 96

// NewReach begins an empty set. It reports false when the account has no room for the bits.
func NewReach(h *heap.Heap) (*Reach, bool) {
	r := &Reach{heap: h, spans: map[uint32]*reached{}}
	for id := 1; id < h.SpanCount(); id++ {
		r.cost += spanCost + int64(h.SpanByID(uint32(id)).Windows())*16
	}
	if !h.Space().Charge(r.cost, mem.KindRecord) {
		return nil, false
	}
	return r, true
}

// Close gives the memory back.
func (r *Reach) Close() {
	r.heap.Space().Uncharge(r.cost, mem.KindRecord)
	r.spans, r.grey = nil, nil
}

// Kind implements Marker.
func (r *Reach) Kind(RootKind) {}

// Range implements Marker.
func (r *Reach) Range(base mem.Addr, words int, mask []uint64) {
	for i := range words {
		if mask == nil || mask[i/64]>>(i%64)&1 != 0 {
			r.Pointer(r.heap.Space().Load64(base + uint64(i)*8))
		}
	}
}

// Pointer implements Marker.
func (r *Reach) Pointer(p mem.Addr) {
	_, _, s, slot, ok := r.heap.Object(p)
	if !ok {
		return
	}
	x := r.spans[s.ID()]
	if x == nil {
		n := s.Windows()
		x = &reached{s: s, mark: make([]uint64, n), scan: make([]uint64, n)}
		r.spans[s.ID()] = x
	}
	x.mark[slot/64] |= 1 << (slot % 64)
	if !x.listed && x.mark[slot/64] != x.scan[slot/64] {
		x.listed = true
		r.grey = append(r.grey, x)
	}
}

// Follow adds what the set leads to.
func (r *Reach) Follow() {
	for len(r.grey) > 0 {
		x := r.grey[len(r.grey)-1]
		r.grey = r.grey[:len(r.grey)-1]
		for w := range x.mark { // marks of this span that are set meanwhile are found here, or list it again
			for todo := x.mark[w] &^ x.scan[w]; todo != 0; todo = x.mark[w] &^ x.scan[w] {
				slot := uint32(w*64 + bits.TrailingZeros64(todo))
				x.scan[w] |= todo & -todo
				r.Scan(x.s, slot)
			}
		}
		x.listed = false
		for w := range x.mark {
			if x.mark[w] != x.scan[w] && !x.listed {
				x.listed = true
				r.grey = append(r.grey, x)
			}
		}
	}
}

// Scan adds what the object in a slot points to, not the object itself.
func (r *Reach) Scan(s *heap.Span, slot uint32) {
	if s.NoScan() {
		return
	}
	types := r.heap.Types()
	id := int(s.TypeID(slot))
	if id >= len(types) {
		id = 0
	}
	types[id].Pointers(s.SlotAddr(slot), s.Extent, func(w mem.Addr) { r.Pointer(r.heap.Space().Load64(w)) })
}

// Has reports whether p points into an object of the set.
func (r *Reach) Has(p mem.Addr) bool {
	_, _, s, slot, ok := r.heap.Object(p)
	if !ok {
		return false
	}
	x := r.spans[s.ID()]
	return x != nil && x.mark[slot/64]>>(slot%64)&1 != 0
}
