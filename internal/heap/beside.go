package heap

import (
	"math/bits"
	"runtime"
	"sync/atomic"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// # Marking and sweeping beside the program
//
// A collector that does not stop the world for a whole cycle brackets its
// marking with BeginMark and EndMark, both with the world stopped and every cache
// flushed. In between, what is allocated is black: a cache marks a whole window
// when it takes it, before its alloc bits make it visible, and takes the marks
// of unused slots back when it is flushed. So the marker never looks into a new
// object, whose type id may not be stored yet.
//
//	marking:  given ∪ rest ⊆ mark ∩ scan, for every window of a cache
//
// EndMark makes every span unswept by one store: the generation changes. The central
// lists begin empty, so nobody allocates from a span that is not swept. Before anything is swept,
// marks are read by those who hold on to objects without keeping them: see mourn.go.
//
//	Span.gen == Heap.gen      swept, or made since
//	Span.gen == oldGen        alloc and mark bits are those of the last marking
//	Span.gen == 0             no span of objects
//
// Sweeping goes through the page table, downwards, in chunks that are claimed
// with one atomic subtraction; a span belongs to the chunk of its first page.
// The collector sweeps in the background; an allocator that finds no span
// sweeps some chunks before it takes new pages, so that the heap does not grow
// while there is garbage to be had. The next cycle begins after the last chunk, and so that it
// need not wait, allocators sweep in proportion to what they allocate (PaceSweep):
//
//	pages swept >= ratio * bytes allocated since EndMark, at every refill

// sweepChunk is the pages that are swept by one claim.
const sweepChunk = 128

// chunksPerRefill is how many chunks an allocation sweeps before it takes pages.
const chunksPerRefill = 4

// beside is the state of a collection beside the program. All but the atomics
// change with the world stopped.
type beside struct {
	marking bool
	gen     uint8                // 1 or 2; the generation of swept spans
	assist  func(*Cache, uint64) // told of bytes allocated while marking
	black   atomic.Int64         // bytes allocated black
	blackS  atomic.Int64         // of black, in spans with pointers
	blackN  atomic.Int64         // the same in objects

	mourning mourning

	next    atomic.Int64 // pages below it are not claimed
	pending atomic.Int64 // claimed or unclaimed chunks that are not swept

	sweepTop   int64   // next when the sweep began
	sweepBasis int64   // live when the sweep began, bytes
	sweepRatio float64 // pages to sweep per byte allocated
}

// BeginMark makes allocations black. assist is called, without locks, by the cache's P with the
// bytes of every window and large object that it takes; nil for nobody. The
// world is stopped, every cache flushed, every span swept.
func (h *Heap) BeginMark(assist func(c *Cache, bytes uint64)) {
	if h.pending.Load() != 0 {
		panic("BUG: heap: marking begins with spans that are not swept")
	}
	h.marking, h.assist = true, assist
	h.black.Store(0)
	h.blackS.Store(0)
	h.blackN.Store(0)
	h.cachesMu.Lock()
	defer h.cachesMu.Unlock()
	for _, c := range h.caches {
		c.Owed = 0
	}
}

// Marking reports whether allocations are black.
func (h *Heap) Marking() bool { return h.marking }

// Black is the bytes allocated since BeginMark.
func (h *Heap) Black() uint64 { return uint64(max(0, h.black.Load())) }

// takeBlack marks the slots of a window that a cache takes.
func (h *Heap) takeBlack(b *Bits, mask uint64, s *Span) {
	atomic.OrUint64(&b.Scan, mask)
	atomic.OrUint64(&b.Mark, mask)
	h.countBlack(int64(bits.OnesCount64(mask)), s)
}

func (h *Heap) countBlack(n int64, s *Span) {
	h.black.Add(n * int64(s.Size))
	if !s.NoScan() {
		h.blackS.Add(n * int64(s.Size))
	}
	h.blackN.Add(n)
}

// dropBlack undoes takeBlack for slots that were not used. Their alloc bits are
// clear.
func (h *Heap) dropBlack(b *Bits, mask uint64, s *Span) {
	atomic.AndUint64(&b.Mark, ^mask)
	atomic.AndUint64(&b.Scan, ^mask)
	h.countBlack(-int64(bits.OnesCount64(mask)), s)
}

// EndMark ends marking: every span becomes unswept, and mourning begins. marked is
// what was found besides black objects (LiveBytes, ScanBytes, LiveObjects). The
// result has what lives; objects that a finalizer will see come on top as they are found. The world
// is stopped and every cache settled.
func (h *Heap) EndMark(m *Mourner, marked Swept) Swept {
	for i := range h.central {
		h.central[i].partial = h.central[i].partial[:0]
	}
	r := Swept{
		LiveBytes:   marked.LiveBytes + h.Black(),
		ScanBytes:   marked.ScanBytes + uint64(max(0, h.blackS.Load())),
		LiveObjects: marked.LiveObjects + uint64(max(0, h.blackN.Load())),
	}
	h.pages.scav.marked(&h.pages)
	before := h.Live()
	r.FreedBytes = before - min(before, r.LiveBytes)
	h.marking, h.assist = false, nil
	h.gen = 3 - h.gen
	h.pages.mu.Lock()
	top := int64(h.pages.top)
	h.pages.mu.Unlock()
	h.next.Store(0)
	h.mourning.begin(m)
	h.pending.Store((top + sweepChunk - 1) / sweepChunk)
	h.live.Store(int64(r.LiveBytes))
	h.scan.Store(int64(r.ScanBytes))
	h.want.Store(false)
	h.sweepTop, h.sweepBasis, h.sweepRatio = top, int64(r.LiveBytes), 0
	return r
}

// sweepAhead is how many bytes before the trigger the sweep should be over.
const sweepAhead = 1 << 20

// PaceSweep makes allocators sweep in proportion, so that the sweep is over before live
// bytes reach the trigger. The world is stopped.
func (h *Heap) PaceSweep() {
	way := max(h.trigger.Load()-h.sweepBasis-sweepAhead, PageSize)
	h.sweepRatio = float64(h.sweepTop) / float64(way)
}

// sweepShare sweeps what allocations since EndMark owe.
func (h *Heap) sweepShare() {
	if h.mourning.on.Load() {
		h.mournSome()
		return
	}
	for next := h.next.Load(); next > 0; next = h.next.Load() {
		due := h.sweepRatio * float64(h.live.Load()-h.sweepBasis)
		if float64(h.sweepTop-next) >= due || !h.SweepSome() {
			return
		}
	}
}

// Unswept reports whether there are spans to sweep.
func (h *Heap) Unswept() bool { return h.pending.Load() != 0 }

// SweepSome sweeps one chunk, or does a piece of what comes before. It reports false when all are
// claimed, or somebody else is at that piece.
func (h *Heap) SweepSome() bool {
	if h.mourning.on.Load() {
		return h.mournSome()
	}
	if h.next.Load() <= 0 {
		return false
	}
	hi := h.next.Add(-sweepChunk) + sweepChunk
	if hi <= 0 {
		return false
	}
	var r Swept
	var t sweepTotals
	lo := max(0, hi-sweepChunk)
	old := 3 - h.gen
	for p := uint64(hi); p > uint64(lo); {
		p--
		s := h.SpanOf(pageAddr(p))
		if s == nil || s.gen != old {
			continue
		}
		first := addrPage(s.Base)
		if first < uint64(lo) || first > p {
			continue
		}
		p = first
		h.sweepSpan(s, &r, &t)
	}
	h.settleSweep(&t)
	h.pending.Add(-1)
	return true
}

// SweepAll returns when every span is swept.
func (h *Heap) SweepAll() {
	for h.Unswept() {
		if !h.SweepSome() {
			runtime.Gosched()
		}
	}
}

// sweepFor sweeps for an allocation that has found no span, and reports whether
// anything was swept.
func (h *Heap) sweepFor() bool {
	if h.next.Load() <= 0 {
		return false
	}
	any := false
	for range chunksPerRefill {
		if !h.SweepSome() {
			break
		}
		any = true
	}
	return any
}

// SweepDone describes the sweep that has ended: live bytes now, bytes allocated since it began, pages looked at, and the
// pages that each byte allocated had to sweep.
func (h *Heap) SweepDone() (live, allocated, pages uint64, ratio float64) {
	live = h.Live()
	return live, live - min(live, uint64(h.sweepBasis)), uint64(max(0, h.sweepTop)), h.sweepRatio
}

// assisted tells the collector of bytes that were taken while marking.
func (h *Heap) assisted(c *Cache, bytes uint64) {
	if h.marking && h.assist != nil {
		h.assist(c, bytes)
	}
}

// Alive reports whether a is in an object that the last marking found, or that is newer. The
// world is stopped and nothing marks.
func (h *Heap) Alive(a mem.Addr) bool {
	_, _, s, slot, ok := h.Object(a)
	return ok && (s.gen == h.gen || s.Bits(slot/64).Mark>>(slot%64)&1 != 0)
}

// Shadable reports whether the words at a can hold pointers to the heap: a is in
// the program's data or in an object with pointers.
func (h *Heap) Shadable(a mem.Addr) bool {
	if a >= mem.DataBase && a < mem.HeapBase {
		return true
	}
	s := h.SpanOf(a)
	return s != nil && s.NSlots != 0 && !s.NoScan()
}
