package heap

import (
	"fmt"
	"math/bits"
	"sync"

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
// Two bitmaps hold the state: busy (1: in use) and ready (1: committed and
// free); a page with neither bit is away. Memory is committed and decommitted in
// granules of 8 pages, so a granule is away as a whole or not at all. Pages from
// top up have never been committed and have no entry in the bitmaps.
//
// Searching looks at chunks of 512 pages. Each chunk has a summary of its ready
// bits: the length of the run at its start, at its end, and the longest inside;
// a run across chunks is the end of one, whole chunks, the start of another.
//
// Committed memory is recycled before new memory is committed: ready runs first,
// then runs that mix ready and away pages, then pages above top. When the limit
// refuses a commit, idle granules elsewhere are decommitted to pay for it.
//
// A third bitmap, dirty, remembers pages that have been used since they were
// committed; other ready pages are known to be zero.
//
//	free = ready + away pages below top
//	KindIdle = ready pages * PageSize
//	KindHeap + KindStack = busy pages * PageSize
const (
	chunkPages   = 512
	chunkWords   = chunkPages / 64
	granulePages = 8
	granuleBytes = granulePages * PageSize
	maxPages     = (mem.HeapEnd - mem.HeapBase) / PageSize
	hugePages    = 256 // pages in a huge page of the host
	maxGrow      = 512 // pages; most that one step of growth commits ahead of need
)

// summary describes the ready bits of one chunk, in pages.
type summary struct{ start, longest, end uint16 }

type pageHeap struct {
	space *mem.Space
	mu    sync.Mutex // guards everything below

	top   uint64 // pages below have entries; a multiple of granulePages
	busy  []uint64
	ready []uint64
	dirty []uint64
	sums  []summary
	low   uint64 // no chunk below this one has a ready page

	busyPages  [mem.NumKinds]uint64 // by kind
	readyPages uint64
	released   uint64 // pages decommitted by the scavenger so far, in total
}

func pageAddr(p uint64) mem.Addr     { return mem.HeapBase + p<<PageShift }
func addrPage(a mem.Addr) uint64     { return (a - mem.HeapBase) >> PageShift }
func chunkOf(p uint64) uint64        { return p / chunkPages }
func test(b []uint64, p uint64) bool { return b[p/64]>>(p%64)&1 != 0 }

// setRange sets or clears the n bits from p.
func setRange(b []uint64, p, n uint64, on bool) {
	for n > 0 {
		w, i := p/64, p%64
		k := min(64-i, n)
		m := ^uint64(0) >> (64 - k) << i
		if on {
			b[w] |= m
		} else {
			b[w] &^= m
		}
		p, n = p+k, n-k
	}
}

// anySet reports whether one of the n bits from p is set.
func anySet(b []uint64, p, n uint64) bool {
	for n > 0 {
		i := p % 64
		k := min(64-i, n)
		if b[p/64]&(^uint64(0)>>(64-k)<<i) != 0 {
			return true
		}
		p, n = p+k, n-k
	}
	return false
}

// summarize reads the ready bits of chunk c again.
func (h *pageHeap) summarize(c uint64) {
	words := h.ready[c*chunkWords : (c+1)*chunkWords]
	var s summary
	run, longest, started := 0, 0, false
	for _, w := range words {
		if w == ^uint64(0) {
			run += 64
			continue
		}
		left := 64
		for w != 0 {
			z := bits.TrailingZeros64(w)
			if z > 0 {
				if !started {
					s.start, started = uint16(run), true
				}
				longest, run = max(longest, run), 0
				w >>= z
				left -= z
			}
			o := bits.TrailingZeros64(^w)
			run += o
			w >>= o
			left -= o
		}
		if left > 0 {
			if !started {
				s.start, started = uint16(run), true
			}
			longest, run = max(longest, run), 0
		}
	}
	if !started {
		s.start = uint16(run)
	}
	s.end, s.longest = uint16(run), uint16(max(longest, run))
	h.sums[c] = s
	if s.longest > 0 && c < h.low {
		h.low = c
	}
}

func (h *pageHeap) summarizeRange(p, n uint64) {
	for c := chunkOf(p); c <= chunkOf(p+n-1); c++ {
		h.summarize(c)
	}
}

// findReady finds the lowest run of n ready pages.
func (h *pageHeap) findReady(n uint64) (uint64, bool) {
	run := uint64(0) // ready pages up to the start of chunk c
	for c := h.low; c < uint64(len(h.sums)); c++ {
		s := h.sums[c]
		if s.longest == 0 {
			if c == h.low {
				h.low++
			}
			run = 0
			continue
		}
		if run+uint64(s.start) >= n {
			return c*chunkPages - run, true
		}
		if uint64(s.longest) >= n {
			return findRun(c*chunkPages, (c+1)*chunkPages, n, func(w uint64) uint64 { return h.ready[w] })
		}
		if s.start == chunkPages {
			run += chunkPages
		} else {
			run = uint64(s.end)
		}
	}
	return 0, false
}

// findRun finds the lowest run of n set bits in [from, to); word gives the
// bits, 64 at a time. from is a multiple of 64.
func findRun(from, to, n uint64, word func(uint64) uint64) (uint64, bool) {
	run := uint64(0)
	for p := from; p < to; p += 64 {
		w := word(p / 64)
		if w == ^uint64(0) {
			if run += 64; run >= n {
				return p + 64 - run, p+64-run+n <= to
			}
			continue
		}
		for i := uint64(0); i < 64; {
			if w>>i&1 == 0 {
				run = 0
				if w>>i == 0 {
					break
				}
				i += uint64(bits.TrailingZeros64(w >> i))
			}
			o := uint64(bits.TrailingZeros64(^(w >> i)))
			run += o
			i += o
			if run >= n {
				return p + i - run, p+i-run+n <= to
			}
		}
	}
	return 0, false
}

// alloc takes n pages for kind k. zero says that their bytes are known to be
// zero. It reports false when the limit or the region has no room.
func (h *pageHeap) alloc(n uint64, k mem.Kind) (p uint64, zero, ok bool) {
	if n == 0 || n > maxPages {
		return 0, false, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	p, ok = h.findReady(n)
	if !ok {
		if p, ok = h.findFree(n); !ok {
			p, ok = h.grow(n)
		}
		if !ok || !h.commit(p, n) {
			return 0, false, false
		}
	}
	zero = !anySet(h.dirty, p, n)
	h.take(p, n, k)
	return p, zero, true
}

// take makes the ready pages [p, p+n) busy.
func (h *pageHeap) take(p, n uint64, k mem.Kind) {
	setRange(h.ready, p, n, false)
	setRange(h.busy, p, n, true)
	h.summarizeRange(p, n)
	h.readyPages -= n
	h.busyPages[k] += n
	h.space.Shift(int64(n<<PageShift), mem.KindIdle, k)
}

// allocAt takes the n pages from p for kind k, if all of them are free. It
// reports false when they are not, or when the limit or the region has no room.
func (h *pageHeap) allocAt(p, n uint64, k mem.Kind) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p+n > maxPages || p < h.top && anySet(h.busy, p, min(n, h.top-p)) || !h.extend(p+n) || !h.commit(p, n) {
		return false
	}
	h.take(p, n, k)
	return true
}

// findFree finds the lowest run of n pages that are not busy.
func (h *pageHeap) findFree(n uint64) (uint64, bool) {
	total := h.readyPages
	for _, b := range h.busyPages {
		total += b
	}
	if total == h.top {
		return 0, false // nothing is away
	}
	return findRun(0, h.top, n, func(w uint64) uint64 {
		free := ^h.busy[w]
		if w == h.top/64 && h.top%64 != 0 {
			free &= 1<<(h.top%64) - 1
		}
		return free
	})
}

// grow moves top up so that the n pages from p, which may begin in the free run
// below the old top, have entries.
func (h *pageHeap) grow(n uint64) (p uint64, ok bool) {
	p = h.top
	for p > 0 && !test(h.busy, p-1) {
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
	if more <= maxPages && more <= uint64(len(h.sums))*chunkPages {
		if limit := h.space.Limit(); h.space.Used()+(n+4*ahead)<<PageShift < limit {
			h.top = max(h.top, more)
			h.commit(p, more-p)
		}
	}
	return p, true
}

// extend moves top up to the end of the granule before page top, if it is lower.
func (h *pageHeap) extend(top uint64) bool {
	if top = (top + granulePages - 1) &^ (granulePages - 1); top > maxPages {
		return false
	}
	for c := uint64(len(h.sums)); c*chunkPages < top; c++ {
		if !h.space.TryCharge(chunkWords*3*8+8, mem.KindMetadata) {
			return false
		}
		h.busy = append(h.busy, make([]uint64, chunkWords)...)
		h.ready = append(h.ready, make([]uint64, chunkWords)...)
		h.dirty = append(h.dirty, make([]uint64, chunkWords)...)
		h.sums = append(h.sums, summary{})
	}
	h.top = max(h.top, top)
	return true
}

// commit makes the away granules that [p, p+n) touches ready. When the limit
// refuses, idle granules outside the range pay for it.
func (h *pageHeap) commit(p, n uint64) bool {
	first, last := p/granulePages, (p+n-1)/granulePages
	for g := first; g <= last; g++ {
		if !h.away(g) {
			continue
		}
		e := g + 1
		for e <= last && h.away(e) {
			e++
		}
		a, size := pageAddr(g*granulePages), (e-g)*granuleBytes
		if !h.space.Commit(a, size, mem.KindIdle) {
			room := h.space.Limit() - min(h.space.Limit(), h.space.Used())
			h.decommit(size-min(size, room), first, last)
			if !h.space.Commit(a, size, mem.KindIdle) {
				return false
			}
		}
		setRange(h.ready, g*granulePages, (e-g)*granulePages, true)
		h.readyPages += (e - g) * granulePages
		h.summarizeRange(g*granulePages, (e-g)*granulePages)
		g = e - 1
	}
	return true
}

// away reports whether granule g is not committed.
func (h *pageHeap) away(g uint64) bool {
	w, i := g*granulePages/64, g*granulePages%64
	return (h.busy[w]|h.ready[w])>>i&(1<<granulePages-1) == 0
}

// decommit gives at least want bytes of idle granules back, highest first,
// sparing those from keepFirst to keepLast. It returns the bytes given back.
func (h *pageHeap) decommit(want, keepFirst, keepLast uint64) uint64 {
	idle := func(g uint64) bool {
		w, i := g*granulePages/64, g*granulePages%64
		return h.ready[w]>>i&(1<<granulePages-1) == 1<<granulePages-1 && (g < keepFirst || g > keepLast)
	}
	done := uint64(0)
	for e := h.top / granulePages; e > 0 && done < want; e-- {
		if !idle(e - 1) {
			continue
		}
		g := e - 1
		for g > 0 && (e-g)*granuleBytes < want-done && idle(g-1) {
			g--
		}
		p, n := g*granulePages, (e-g)*granulePages
		if h.space.Decommit(pageAddr(p), n<<PageShift, mem.KindIdle) {
			setRange(h.ready, p, n, false)
			setRange(h.dirty, p, n, false)
			h.summarizeRange(p, n)
			h.readyPages -= n
			h.released += n
			done += n << PageShift
		}
		e = g + 1
	}
	return done
}

// free takes back n pages of kind k from page p.
func (h *pageHeap) free(p, n uint64, k mem.Kind) {
	h.mu.Lock()
	defer h.mu.Unlock()
	setRange(h.busy, p, n, false)
	setRange(h.ready, p, n, true)
	setRange(h.dirty, p, n, true)
	h.summarizeRange(p, n)
	h.readyPages += n
	h.busyPages[k] -= n
	h.space.Shift(int64(n<<PageShift), k, mem.KindIdle)
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
func (h *Heap) FreePages(a mem.Addr, n uint64, k mem.Kind) { h.pages.free(addrPage(a), n, k) }

// ReleaseFree gives up to want bytes of idle pages back to the host and returns
// the bytes given back. Anything less than a granule stays.
func (h *Heap) ReleaseFree(want uint64) uint64 {
	h.pages.mu.Lock()
	defer h.pages.mu.Unlock()
	return h.pages.decommit(want, 1, 0)
}
