package heap

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"sync/atomic"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Status is the outcome of an allocation.
type Status uint8

const (
	OK       Status = iota
	NeedGC          // no room, or a debug flag says so: collect, then try again with AfterGC
	NoMemory        // no room, and collecting has not helped or cannot help
)

func (s Status) String() string {
	switch s {
	case OK:
		return "ok"
	case NeedGC:
		return "need gc"
	case NoMemory:
		return "no memory"
	}
	return fmt.Sprintf("status %d", uint8(s))
}

// Flags modify one allocation.
type Flags uint8

const (
	// NoZero leaves old bytes in a large pointer-free object, for callers that
	// overwrite all of it.
	NoZero Flags = 1 << iota
	// AfterGC says that the caller has collected because of NeedGC: debug flags
	// let the allocation pass, and a refusal is final.
	AfterGC
)

// Slot is what a cache holds of one span class: a window of up to 64 slots. The
// interpreter has its own copy of the fast path, so the first four fields are a
// contract (see Cache.New).
//
//	Free ⊆ given;  given, rest disjoint;  given ∪ rest ⊆ alloc bits of the window
type Slot struct {
	Free  uint64         // bit i: slot i of the window can be taken; its bytes are zero
	Base  uint64         // guest address of the window's slot 0
	Size  uint64         // bytes of a slot
	Types unsafe.Pointer // *[64]abi.TypeID of the window's slots (a scratch array when none are kept)

	given  uint64 // what Free was when the window was last settled
	rest   uint64 // free slots of the window that Free does not offer yet
	span   *Span  // owned; nil when the class has none
	window uint32
	due    bool // the first slot of rest is to be sampled
}

// static check that a Slot is 64 bytes: the interpreter finds one by shifting
var _ = [1]byte{}[unsafe.Sizeof(Slot{})-64]

// Cache is the allocator of one P. Only its P uses it, except while the world
// is stopped.
type Cache struct {
	Slots [NumSpanClasses]Slot

	Owed   int64  // bytes of marking that allocations here owe; the collector's, see BeginMark
	Behind func() // called when the P should come between two time slices soon: the collector had nothing at hand with which an allocation could pay, or the heap is short; nil: nobody is told

	heap     *Heap
	reserve  reserve
	tiny     mem.Addr // current tiny block, or 0
	tinyUsed uint64   // bytes of it handed out
	counts   counters
	stacks   [stackOrders][]mem.Addr
	sampleIn int64 // bytes until the next sampled allocation
	rate     int64 // sampling rate when sampleIn was drawn
	random   *rand.Rand
	scratch  [64]abi.TypeID // type ids that nobody reads
}

// NewCache makes a cache for a P.
func (h *Heap) NewCache() *Cache {
	h.cachesMu.Lock()
	defer h.cachesMu.Unlock()
	c := &Cache{heap: h, rate: math.MinInt64, random: rand.New(rand.NewPCG(uint64(h.flags.Seed), uint64(len(h.caches))))}
	h.caches = append(h.caches, c)
	return c
}

// Release flushes a cache and forgets it.
func (c *Cache) Release() {
	c.Flush()
	h := c.heap
	h.cachesMu.Lock()
	defer h.cachesMu.Unlock()
	h.settled.add(&c.counts)
	for i, x := range h.caches {
		if x == c {
			h.caches = append(h.caches[:i], h.caches[i+1:]...)
			break
		}
	}
}

// New is the fast path: it takes a slot of span class spc for an object of type
// t, or says 0 when the window is used up and Refill must be called.
func (c *Cache) New(spc SpanClass, t abi.TypeID) mem.Addr {
	s := &c.Slots[spc]
	if s.Free == 0 {
		return 0
	}
	i := uint64(bits.TrailingZeros64(s.Free))
	s.Free &= s.Free - 1
	*(*abi.TypeID)(unsafe.Add(s.Types, i*4)) = t
	return s.Base + i*s.Size
}

// settle counts the slots of s that were taken since the last time.
func (c *Cache) settle(spc SpanClass, s *Slot) {
	c.counts.allocs[spc] += uint64(bits.OnesCount64(s.given &^ s.Free))
	s.given = s.Free
}

// Refill makes Free of a span class non-empty. The next New of that class
// succeeds, if it comes before anything else is done with the cache.
func (c *Cache) Refill(spc SpanClass, f Flags) Status {
	s := &c.Slots[spc]
	if s.Free != 0 {
		return OK
	}
	if c.heap.gated {
		if st := c.heap.gate(f); st != OK {
			return st
		}
	}
	c.settle(spc, s)
	if s.rest == 0 {
		if !c.nextWindow(spc, s) {
			return refused(f)
		}
		c.heap.assisted(c, uint64(bits.OnesCount64(s.rest))*s.Size)
	}
	give := s.rest
	if c.heap.single {
		give &= -give
		if c.heap.sample.Rate != nil {
			c.sampleOne(s.Base+uint64(bits.TrailingZeros64(give))*s.Size, s.Size)
		}
	} else if c.heap.sample.Rate != nil {
		give = c.sampleWindow(s)
	}
	s.rest &^= give
	s.given, s.Free = give, give
	return OK
}

func refused(f Flags) Status {
	if f&AfterGC != 0 {
		return NoMemory
	}
	return NeedGC
}

// gate applies the debug flags that refuse allocations.
func (h *Heap) gate(f Flags) Status {
	if f&AfterGC != 0 {
		return OK
	}
	n := h.attempts.Add(1)
	if h.flags.OOM == n {
		return NoMemory
	}
	if h.flags.FailAlloc == n || h.flags.GCEvery > 0 && n%int64(h.flags.GCEvery) == 0 {
		return NeedGC
	}
	return OK
}

// nextWindow moves s to a window with free slots: of its span, of a span of the
// central list, or of a new one.
func (c *Cache) nextWindow(spc SpanClass, s *Slot) bool {
	h := c.heap
	h.sweepShare()
	if s.span != nil {
		if c.takeWindow(s, s.span, s.window+1) {
			return true
		}
		h.central[spc].put(s.span)
		s.span, s.given, s.Free = nil, 0, 0
	}
	for {
		sp := h.central[spc].get(h)
		if sp == nil && h.sweepFor() {
			continue
		}
		if sp == nil {
			if sp = c.newSpan(spc, uint64(classPages[spc.Class()]), 0); sp == nil {
				return false
			}
			sp.flags |= owned
			if h.flags.Poison {
				for i := range sp.NSlots {
					h.poison(sp.SlotAddr(i), sp.Size)
				}
				sp.flags |= needZero
			}
		}
		if c.takeWindow(s, sp, 0) {
			return true
		}
		h.central[spc].put(sp)
	}
}

// takeWindow takes the free slots of the first window of sp, from w on, that
// has some.
func (c *Cache) takeWindow(s *Slot, sp *Span, w uint32) bool {
	for ; w < sp.Windows(); w++ {
		b := sp.Bits(w)
		free := ^b.Alloc & sp.valid(w)
		if free == 0 {
			continue
		}
		if c.heap.marking {
			c.heap.takeBlack(b, free, sp)
		}
		atomic.StoreUint64(&b.Alloc, b.Alloc|free)
		s.span, s.window, s.rest, s.due = sp, w, free, false
		s.Base, s.Size = sp.Base+uint64(w)*64*sp.Size, sp.Size
		if sp.Types != nil {
			s.Types = unsafe.Add(sp.Types, uintptr(w)*64*4)
		} else {
			s.Types = unsafe.Pointer(&c.scratch)
		}
		if sp.flags&needZero != 0 {
			c.heap.clearSlots(s.Base, s.Size, free)
		}
		c.heap.addLive(int64(uint64(bits.OnesCount64(free))*s.Size), sp.NoScan())
		return true
	}
	return false
}

// clearSlots zeroes the slots in mask, run by run.
func (h *Heap) clearSlots(base mem.Addr, size, mask uint64) {
	for mask != 0 {
		i := uint64(bits.TrailingZeros64(mask))
		n := uint64(bits.TrailingZeros64(^(mask >> i)))
		if h.flags.Poison {
			for k := i; k < i+n; k++ {
				h.checkPoison(base+k*size, size)
			}
		}
		clear(h.bytes(base+i*size, n*size))
		if i+n == 64 {
			return
		}
		mask &^= 1<<(i+n) - 1
	}
}

// Alloc allocates an object of size bytes; its memory is zero. It never
// collects: OK comes with an address, NeedGC and NoMemory with 0.
func (c *Cache) Alloc(size uint64, t abi.TypeID, noscan bool, f Flags) (mem.Addr, Status) {
	if noscan && size < tinyMax {
		if size == 0 {
			return c.heap.zeroBase, OK
		}
		return c.allocTiny(size, f)
	}
	if size == 0 {
		return c.heap.zeroBase, OK
	}
	spc, small := ClassFor(size, noscan)
	if !small {
		return c.allocLarge(size, t, noscan, f)
	}
	a := c.New(spc, t)
	if a == 0 {
		if st := c.Refill(spc, f); st != OK {
			return 0, st
		}
		a = c.New(spc, t)
	}
	return a, OK
}

// allocTiny places a pointer-free object of 1 to 15 bytes in the tiny block,
// aligned as its size suggests.
func (c *Cache) allocTiny(size uint64, f Flags) (mem.Addr, Status) {
	off := c.tinyUsed
	switch {
	case size&7 == 0:
		off = (off + 7) &^ 7
	case size&3 == 0:
		off = (off + 3) &^ 3
	case size&1 == 0:
		off = (off + 1) &^ 1
	}
	if c.tiny != 0 && off+size <= tinyMax {
		c.tinyUsed = off + size
		c.counts.tiny++
		return c.tiny + off, OK
	}
	spc := MakeSpanClass(tinyClass, true)
	a := c.New(spc, 0)
	if a == 0 {
		if st := c.Refill(spc, f); st != OK {
			return 0, st
		}
		a = c.New(spc, 0)
	}
	if !c.heap.sample.Exact && (c.tiny == 0 || size < c.tinyUsed) {
		c.tiny, c.tinyUsed = a, size
	}
	return a, OK
}

// allocLarge gives an object a span of its own.
func (c *Cache) allocLarge(size uint64, t abi.TypeID, noscan bool, f Flags) (mem.Addr, Status) {
	h := c.heap
	if size > maxLargeSize {
		return 0, NoMemory
	}
	if h.gated {
		if st := h.gate(f); st != OK {
			return 0, st
		}
	}
	npages := (size + PageSize - 1) >> PageShift
	if npages<<PageShift > h.space.Limit() {
		return 0, NoMemory
	}
	spc := MakeSpanClass(0, noscan)
	h.sweepShare()
	for h.sweepFor() { // large objects are worth the whole sweep: there are few chunks for much memory
		if npages < sweepChunk {
			break
		}
	}
	s := c.newSpan(spc, npages, (size+7)&^7)
	if s == nil {
		return 0, refused(f)
	}
	if s.flags&needZero != 0 && !(noscan && f&NoZero != 0) {
		h.pages.eachDirty(addrPage(s.Base), npages, func(p, n uint64) { clear(h.bytes(pageAddr(p), n<<PageShift)) })
	}
	if s.Types != nil {
		*(*abi.TypeID)(s.Types) = t
	}
	if h.marking {
		h.takeBlack(s.Bits(0), 1, s)
	}
	atomic.StoreUint64(&s.Bits(0).Alloc, 1)
	c.counts.allocs[spc]++
	c.counts.largeAlloc += s.Size
	h.addLive(int64(s.Size), noscan)
	if h.sample.Rate != nil {
		c.sampleOne(s.Base, s.Size)
	}
	h.assisted(c, s.Size)
	return s.Base, OK
}

// Flush gives everything the cache holds back: the slots not taken, the tiny
// block, free stacks, pages. Its P must not be allocating.
func (c *Cache) Flush() {
	c.settleSlots()
	c.Trim()
}

// Trim gives back what needs the locks of stacks and pages: free stacks and the reserve of pages. Its P must
// not be allocating.
func (c *Cache) Trim() {
	c.flushStacks()
	c.heap.pages.empty(&c.reserve)
}

// settleSlots gives back the slots not taken and the tiny block.
func (c *Cache) settleSlots() {
	h := c.heap
	for i := range c.Slots {
		s := &c.Slots[i]
		if s.span == nil {
			continue
		}
		c.settle(SpanClass(i), s)
		if unused := s.Free | s.rest; unused != 0 {
			b := s.span.Bits(s.window)
			b.Alloc &^= unused
			if h.marking {
				h.dropBlack(b, unused, s.span)
			}
			h.addLive(-int64(uint64(bits.OnesCount64(unused))*s.Size), s.span.NoScan())
			if h.flags.Poison {
				for m := unused; m != 0; m &= m - 1 {
					h.poison(s.Base+uint64(bits.TrailingZeros64(m))*s.Size, s.Size)
				}
			}
		}
		h.central[i].put(s.span)
		*s = Slot{}
	}
	c.tiny, c.tinyUsed = 0, 0
}

// FlushAll flushes every cache. The world is stopped.
func (h *Heap) FlushAll() {
	h.cachesMu.Lock()
	defer h.cachesMu.Unlock()
	for _, c := range h.caches {
		c.Flush()
	}
}

// SettleAll makes alloc bits and counts exact: every cache gives its slots back. Stacks and pages it keeps, since
// the locks they need may be held by the scavenger, for which a pause should not wait. The world is
// stopped.
func (h *Heap) SettleAll() {
	h.cachesMu.Lock()
	defer h.cachesMu.Unlock()
	for _, c := range h.caches {
		c.settleSlots()
	}
}

// poisonWord fills freed slots under the poison flag.
const poisonWord = 0xdbdbdbdbdbdbdbdb

func (h *Heap) words(a mem.Addr, n uint64) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Add(h.base, a)), n/8)
}

func (h *Heap) poison(a mem.Addr, n uint64) {
	for i, w := 0, h.words(a, n); i < len(w); i++ {
		w[i] = poisonWord
	}
}

// checkPoison fails when a free slot was written to: something still held a
// pointer to it that the collector did not see.
func (h *Heap) checkPoison(a mem.Addr, n uint64) {
	for i, w := range h.words(a, n) {
		if w != poisonWord {
			panic(fmt.Sprintf("BUG: heap: word %d of the free slot at %#x (%d bytes) was overwritten with %#x", i, a, n, w))
		}
	}
}
