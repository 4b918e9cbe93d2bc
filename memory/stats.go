package memory

import (
	"math/bits"
	"time"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
)

// Collection describes one collection. Bytes unless said otherwise.
type Collection struct {
	Number  int
	Pause   time.Duration // all pauses together
	Before  uint64        // in objects when it began
	Live    uint64        // in objects that were found
	Objects uint64        // that were found
	Goal    uint64        // size of the heap at which the next one is to be done
}

func collection(cy *gc.Cycle) Collection {
	return Collection{Number: int(cy.Number), Pause: cy.Pause(), Before: cy.Before, Live: cy.Marked, Objects: cy.Objects, Goal: cy.Next}
}

// Stats are figures about a heap. Bytes unless said otherwise.
//
//	Used = objects, their slots' waste, Idle pages and the host's bookkeeping
//	Spans = Objects + Free + Tail, over all classes
type Stats struct {
	Limit, Used, Peak uint64
	Allocated         uint64 // in objects, ever
	Allocations       uint64 // objects, ever
	Live              uint64 // in objects that are not known to be dead
	Objects           uint64 // not known to be dead
	Idle              uint64 // in pages that are kept for later
	Metadata          uint64 // the host's tables
	Collections       int
	Pauses            time.Duration // all together
	Last              Collection
	Classes           []Class // those with spans; large objects, of Size 0, first
}

// Class is how one size class uses its spans. Large objects have a span each.
type Class struct {
	Size    uint64 // bytes of a slot; 0: large objects
	Spans   int
	Slots   int    // places for objects
	Objects int    // places that are taken
	Pages   uint64 // bytes of the spans
	Tail    uint64 // bytes of the spans behind their last slot
}

// Free is the bytes in free slots: external fragmentation, for objects of this class
// only of use.
func (c *Class) Free() uint64 { return uint64(c.Slots-c.Objects) * c.Size }

// Fragmentation is the share of the bytes in spans that holds no object.
func (s *Stats) Fragmentation() float64 {
	lost, all := uint64(0), uint64(0)
	for i := range s.Classes {
		c := &s.Classes[i]
		lost += c.Free() + c.Tail
		all += c.Pages
	}
	if all == 0 {
		return 0
	}
	return float64(lost) / float64(all)
}

// still calls f with the world stopped, no collection under way, and every cache flushed.
func (m *Mutator) still(f func()) {
	m.Outside(func() {
		w := world{m.heap}
		w.Stop("still")
		defer w.Start()
		h := m.heap.heap
		if m.heap.side != nil && h.Marking() {
			m.heap.side.CollectStopped(gc.Request{Reason: gc.Forced})
		}
		h.SweepAll()
		h.FlushAll()
		f()
	})
}

// Stats adds everything up. It stops the world, and collects.
func (m *Mutator) Stats() (st Stats) {
	m.still(func() {
		h := m.heap
		hs, gs := h.heap.Stats(), h.gc.Stats()
		st = Stats{
			Limit: h.space.Limit(), Used: h.space.Used(), Peak: h.space.Peak(),
			Allocated: hs.TotalAlloc, Allocations: hs.Mallocs, Live: hs.HeapAlloc, Objects: hs.HeapObjects,
			Idle: hs.HeapIdle - hs.HeapReleased, Metadata: hs.Metadata,
			Collections: int(gs.Cycles), Pauses: gs.PauseTotal, Last: collection(&gs.Last),
		}
		var classes [heap.NumClasses]Class
		h.heap.Spans(func(s *heap.Span) bool {
			c := &classes[s.Class.Class()]
			c.Spans++
			c.Slots += int(s.NSlots)
			pages := uint64(s.NPages) << heap.PageShift
			c.Pages += pages
			c.Tail += pages - uint64(s.NSlots)*s.Size
			for w := range s.Windows() {
				c.Objects += bits.OnesCount64(s.Bits(w).Alloc)
			}
			return true
		})
		for i := range classes {
			if c := &classes[i]; c.Spans > 0 {
				c.Size = heap.ClassSize(uint8(i))
				st.Classes = append(st.Classes, *c)
			}
		}
	})
	return st
}

// Each calls f for every object, in the order of their addresses, till it says false. Dead
// objects that no collection has found yet are shown as well. It stops the world, so that f does
// not use a mutator other than to load, and collects.
func (m *Mutator) Each(f func(a Addr, size int, t Type) bool) {
	m.still(func() {
		goOn := true
		m.heap.heap.Objects(func(a uint64, s *heap.Span, slot uint32) {
			goOn = goOn && f(Addr(a), int(s.Size), m.heap.typeOf(s, slot))
		})
	})
}

// Check verifies the heap's own tables and returns the first thing that does not hold: a bug
// of this package, or a store that went astray in a heap with the flag poison. It stops the
// world, and collects.
func (m *Mutator) Check() (err error) {
	m.still(func() { err = m.heap.heap.Check() })
	return err
}

// Release gives idle pages back to the host, in runs of 64 KiB, and returns their bytes. It
// collects first.
func (m *Mutator) Release() (n uint64) {
	m.Collect()
	m.still(func() { n = m.heap.heap.ReleaseFree() })
	return n
}
