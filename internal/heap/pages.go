package heap

import (
	"fmt"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// # The page heap
//
// Pages of 8 KiB are handed out address-ordered, first fit: the lowest run of
// free pages that is long enough. That keeps live memory at low addresses and
// lets the top of the heap become free as a whole.
//
// A page is in one of three states:
//
//	away  --commit-->  ready  --alloc-->  busy
//	away <-decommit--  ready <--free----  busy
//
// Two bitmaps hold the state: free (not in use) and ready (committed and free). Memory is
// committed and decommitted in granules of 8 pages, so a granule is away as a
// whole or not at all. Pages from top up have never been committed; their bits are 0.
//
//	ready ⊆ free;  busy = not free;  away = free and not ready
//	a granule with a page that is away is away as a whole
//
// Both bitmaps have a tree of summaries (runs.go). Committed memory is recycled before new
// memory is committed: ready runs first, then runs that mix ready and away pages,
// then pages above top. When the limit refuses a commit, idle granules elsewhere
// are decommitted to pay for it.
//
// A third bitmap, dirty, remembers pages that have been used since they were
// committed; other ready pages are known to be zero and are not zeroed again.
//
// # Page caches
//
// Spans of a few pages come and go all the time, and all Ps want them. So each P's Cache
// has up to 64 pages in reserve, the free ones of 64 that lie side by side, and takes
// small spans from there without a lock. To the page heap they are busy; to the account
// they are idle. Every flush gives them back.
//
//	KindIdle = (ready + reserved + coming) pages * PageSize
//	KindHeap + KindStack = (busy - reserved - coming, of these kinds) pages * PageSize
//
// The caches' share is bounded: a P takes a new reserve when the old one is used up
// and has at most 63 pages that it cannot use, 504 KiB, until the next collection.
const (
	granulePages = 8
	granuleBytes = granulePages * PageSize

	// ReleaseUnit is the bytes that memory goes back to the host in, the page size of the guest's machine.
	ReleaseUnit = granuleBytes
	maxPages    = (mem.HeapEnd - mem.HeapBase) / PageSize
	hugePages   = 256 // pages in a huge page of the host
	maxGrow     = 512 // pages; most that one step of growth commits ahead of need
	reserveMost = 16  // spans of fewer pages come from the reserve of a P
)

type pageHeap struct {
	space *mem.Space
	scav  scavenger
	mu    sync.Mutex // guards everything below, but for what is atomic

	top   uint64 // pages below have entries; a multiple of granulePages
	free  runs
	ready runs
	dirty []uint64

	readyPages uint64
	coming     uint64                     // pages; see ahead.go
	busyPages  [mem.NumKinds]atomic.Int64 // by kind, reserves not counted
	reserved   atomic.Int64               // pages in reserves
	short      atomic.Bool                // few pages are ready: see ahead.go. Set with mu held
	barren     atomic.Bool                // there was no room ahead; until the next goal
}

func pageAddr(p uint64) mem.Addr { return mem.HeapBase + p<<PageShift }
func addrPage(a mem.Addr) uint64 { return (a - mem.HeapBase) >> PageShift }

// away is the number of pages below top that are not committed.
func (h *pageHeap) away() uint64 {
	n := h.top - h.readyPages - h.coming - uint64(h.reserved.Load())
	for k := range h.busyPages {
		n -= uint64(h.busyPages[k].Load())
	}
	return n
}

// alloc takes n pages for kind k. zero says that their bytes are known to be
// zero. It reports false when the limit or the region has no room.
func (h *pageHeap) alloc(n uint64, k mem.Kind) (p uint64, zero, ok bool) {
	if n == 0 || n > maxPages {
		return 0, false, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	p, ok = h.ready.find(n)
	if !ok {
		if h.away() > 0 {
			p, ok = h.free.find(n)
		}
		grown := !ok
		if grown {
			p, ok = h.grow(n)
		}
		if !ok || !h.commit(p, n) {
			return 0, false, false
		}
		if grown {
			defer h.shed()
		}
	}
	zero = !anySet(h.dirty, p, n)
	h.take(p, n, k)
	return p, zero, true
}

// take makes the ready pages [p, p+n) busy.
func (h *pageHeap) take(p, n uint64, k mem.Kind) {
	h.ready.set(p, n, false)
	h.free.set(p, n, false)
	h.readyPages -= n
	h.busyPages[k].Add(int64(n))
	h.space.Shift(int64(n<<PageShift), mem.KindIdle, k)
	h.runsShort()
}

// allocAt takes the n pages from p for kind k, if all of them are free. It
// reports false when they are not, or when the limit or the region has no room.
func (h *pageHeap) allocAt(p, n uint64, k mem.Kind) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p+n > maxPages || p < h.top && !allSet(h.free.bits, p, min(n, h.top-p)) || !h.extend(p+n) || !h.commit(p, n) {
		return false
	}
	h.take(p, n, k)
	return true
}

// grow moves top up so that the n pages from p, which may begin in the free run
// below the old top, have entries.
func (h *pageHeap) grow(n uint64) (p uint64, ok bool) {
	p = h.top
	for p > 0 && test(h.free.bits, p-1) {
		p--
	}
	old, top := h.top, (p+n+granulePages-1)&^(granulePages-1)
	if !h.extend(top) {
		return 0, false
	}
	// Commit a little ahead of need, in proportion to the heap, when it is free
	// to be had; the need itself is committed by the caller.
	ahead := min(max(old/8, granulePages), maxGrow) &^ (granulePages - 1)
	more := top + ahead
	if ahead >= hugePages {
		more = (more + hugePages - 1) &^ (hugePages - 1)
	}
	if room := (n + 4*ahead) << PageShift; h.space.Used()+room < h.scav.most(h.space) && h.held()+(more-old)<<PageShift <= h.scav.keep() && h.extend(more) {
		h.commit(p, more-p)
	}
	return p, true
}

// extend moves top up to the end of the granule before page top, if it is lower.
func (h *pageHeap) extend(top uint64) bool {
	if top = (top + granulePages - 1) &^ (granulePages - 1); top > maxPages {
		return false
	}
	if top <= h.top {
		return true
	}
	chunks := (top + chunkPages - 1) / chunkPages
	if more := chunks - uint64(len(h.free.tree[0])); more > 0 {
		if !h.space.TryCharge(int64(more*(2*chunkCost+chunkWords*8)), mem.KindMetadata) {
			return false
		}
		h.free.grow(chunks)
		h.ready.grow(chunks)
		h.dirty = append(h.dirty, make([]uint64, more*chunkWords)...)
	}
	h.free.set(h.top, top-h.top, true)
	h.top = top
	return true
}

// commit makes the away granules that [p, p+n) touches ready. When the limit
// refuses, or the soft limit would be crossed, idle granules outside the range pay for it.
func (h *pageHeap) commit(p, n uint64) bool {
	first, last := p/granulePages, (p+n-1)/granulePages
	for g := first; g <= last; g++ {
		if !h.isAway(g) {
			continue
		}
		e := g + 1
		for e <= last && h.isAway(e) {
			e++
		}
		a, size := pageAddr(g*granulePages), (e-g)*granuleBytes
		if over := h.scav.over(h.space, size); over > 0 {
			h.decommit(over, first, last, releaseEager)
		}
		if !h.space.Commit(a, size, mem.KindIdle) {
			room := h.space.Limit() - min(h.space.Limit(), h.space.Used())
			h.decommit(size-min(size, room), first, last, releaseLimit)
			if !h.space.Commit(a, size, mem.KindIdle) {
				return false
			}
		}
		h.ready.set(g*granulePages, (e-g)*granulePages, true)
		h.readyPages += (e - g) * granulePages
		g = e - 1
	}
	return true
}

// isAway reports whether granule g is not committed.
func (h *pageHeap) isAway(g uint64) bool {
	w, i := g*granulePages/64, g*granulePages%64
	return (h.free.bits[w]&^h.ready.bits[w])>>i&(1<<granulePages-1) != 0
}

// release takes back n pages of kind k from page p.
func (h *pageHeap) release(p, n uint64, k mem.Kind) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.free.set(p, n, true)
	h.ready.set(p, n, true)
	setRange(h.dirty, p, n, true)
	h.readyPages += n
	h.busyPages[k].Add(-int64(n))
	h.space.Shift(int64(n<<PageShift), k, mem.KindIdle)
}

// eachDirty calls f for the runs of dirty pages in [p, p+n), which the caller owns.
func (h *pageHeap) eachDirty(p, n uint64, f func(p, n uint64)) {
	var words [64]uint64
	start, run := p, uint64(0)
	for end := p + n; p < end; {
		h.mu.Lock()
		first := p / 64
		k := uint64(copy(words[:], h.dirty[first:min((end+63)/64, uint64(len(h.dirty)))]))
		h.mu.Unlock()
		for ; p < end && p/64 < first+k; p++ {
			if words[p/64-first]>>(p%64)&1 != 0 {
				if run++; run == 1 {
					start = p
				}
			} else if run > 0 {
				f(start, run)
				run = 0
			}
		}
	}
	if run > 0 {
		f(start, run)
	}
}

// reserve is the pages that a P has for small spans: some of the 64 from base on.
//
//	free ∩ pageHeap.free = ∅;  dirty ⊆ free
type reserve struct {
	base  uint64 // a multiple of 64
	free  uint64 // bit i: page base+i is in the reserve
	dirty uint64 // of those: may hold old bytes
}

// take takes the lowest n pages that lie side by side.
func (r *reserve) take(n uint64) (p uint64, zero, ok bool) {
	m := r.free
	for i := uint64(1); i < n && m != 0; i++ {
		m &= r.free >> i
	}
	if m == 0 {
		return 0, false, false
	}
	i := uint64(bits.TrailingZeros64(m))
	mask := (uint64(1)<<n - 1) << i
	zero = r.dirty&mask == 0
	r.free &^= mask
	r.dirty &^= mask
	return r.base + i, zero, true
}

// fill gives an empty reserve the ready pages of the lowest 64 that have some.
// Nothing is committed for it.
func (h *pageHeap) fill(r *reserve) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p, ok := h.ready.find(1)
	if !ok {
		return
	}
	w := p / 64
	m := h.ready.bits[w]
	*r = reserve{base: w * 64, free: m, dirty: m & h.dirty[w]}
	h.ready.bits[w] &^= m
	h.free.bits[w] &^= m
	h.ready.update(p, 1)
	h.free.update(p, 1)
	n := bits.OnesCount64(m)
	h.readyPages -= uint64(n)
	h.reserved.Add(int64(n))
	h.runsShort()
}

// empty takes the reserve back.
func (h *pageHeap) empty(r *reserve) {
	if r.free == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	w := r.base / 64
	h.ready.bits[w] |= r.free
	h.free.bits[w] |= r.free
	h.ready.update(r.base, 1)
	h.free.update(r.base, 1)
	n := bits.OnesCount64(r.free)
	h.readyPages += uint64(n)
	h.reserved.Add(-int64(n))
	*r = reserve{}
}

// allocPages takes n pages of kind k: from the reserve if they are few and it is not single,
// else from the page heap.
func (c *Cache) allocPages(n uint64, k mem.Kind) (p uint64, zero, ok bool) {
	h := &c.heap.pages
	if was := h.short.Load(); !was && c.Behind != nil {
		defer func() {
			if h.short.Load() {
				c.Behind()
			}
		}()
	}
	if n < reserveMost && !c.heap.single {
		r := &c.reserve
		if r.free == 0 {
			h.fill(r)
		}
		if p, zero, ok = r.take(n); ok {
			h.reserved.Add(-int64(n))
			h.busyPages[k].Add(int64(n))
			h.space.Shift(int64(n<<PageShift), mem.KindIdle, k)
			return p, zero, true
		}
	}
	return h.alloc(n, k)
}

// AllocPages takes n pages for something that is neither objects nor stacks, and
// charges them as kind k. zero says that they are known to be zero. It reports
// false when the limit or the region has no room.
func (h *Heap) AllocPages(n uint64, k mem.Kind) (a mem.Addr, zero, ok bool) {
	if k == mem.KindHeap || k == mem.KindStack || k == mem.KindIdle {
		panic(fmt.Sprintf("BUG: heap: pages of kind %v are not for taking", k))
	}
	p, zero, ok := h.pages.alloc(n, k)
	if !ok {
		return 0, false, false
	}
	return pageAddr(p), zero, true
}

// FreePages takes back what AllocPages gave.
func (h *Heap) FreePages(a mem.Addr, n uint64, k mem.Kind) { h.pages.release(addrPage(a), n, k) }
