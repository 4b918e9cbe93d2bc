package heap

import "github.com/terrarium-go/terrarium/internal/mem"

// # Memory ahead of need
//
// The host backs memory when it is first touched, a huge page at a time where it can. That takes
// 0.1 ms, and in a virtual machine whose own host has to find the memory first, 5 ms. A P that
// touches a new object waits in the middle of an instruction, and whoever stops the world waits
// for that P. Such waits were the longest pauses that a heap of a gigabyte had.
//
// So a heap of some size gets its next huge page before it needs it. Whoever takes
// pages and leaves few ready ones finds the heap short and has its P come between two time slices
// (Cache.Behind). There the P grows the heap to the next boundary of a huge page and touches what
// is new, and no stop waits for it (GoAhead). To everybody else these pages are in use until then.
// An allocator that is faster than that grows the heap itself, as small heaps do.
//
//	coming = pages that somebody is touching: committed, idle to the account, neither free nor ready
//
// Turned down: asking the host for all pages of a range in one call. It keeps the other Ps from
// committing memory until it is done.
const (
	aheadFrom = 16 << 20 >> PageShift // pages below top that make a heap go ahead of need
	aheadLow  = hugePages             // fewer ready pages are few
)

// runsShort notes that few pages are ready. mu is held.
func (h *pageHeap) runsShort() {
	if h.readyPages < aheadLow && h.top >= aheadFrom && !h.barren.Load() && !h.short.Load() {
		h.short.Store(true)
	}
}

// Short reports whether the heap wants to be grown ahead of need.
func (h *Heap) Short() bool { return h.pages.short.Load() }

// GoAhead grows the heap ahead of need if it is short. The caller holds nothing and need not be waited for
// when the world is to stop.
func (h *Heap) GoAhead() {
	p := &h.pages
	if !p.short.CompareAndSwap(true, false) {
		return
	}
	p.mu.Lock()
	first, n := p.next()
	p.mu.Unlock()
	if n == 0 {
		return
	}
	p.space.Touch(pageAddr(first), n<<PageShift)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free.set(first, n, true)
	p.ready.set(first, n, true)
	p.readyPages += n
	p.coming -= n
}

// next commits the pages from top to the next boundary of a huge page and makes them coming. When
// the limit, the soft limit or what the heap is to keep leave no room it does nothing, and does not ask
// again before the next goal is set. mu is held.
func (h *pageHeap) next() (first, n uint64) {
	first = h.top
	n = hugePages - first%hugePages
	room := 4 * hugePages << PageShift
	if h.space.Used()+uint64(room) >= h.scav.most(h.space) || h.held()+n<<PageShift > h.scav.keep() || !h.extend(first+n) {
		h.barren.Store(true)
		return 0, 0
	}
	if !h.space.Commit(pageAddr(first), n<<PageShift, mem.KindIdle) {
		h.barren.Store(true) // the pages are away
		return 0, 0
	}
	h.free.set(first, n, false)
	h.coming += n
	return first, n
}
