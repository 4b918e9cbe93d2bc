package heap

import (
	"fmt"
	"math/bits"
	"sync"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// # Stacks
//
// Goroutine stacks are powers of two from 2 KiB. Up to 16 KiB they are cut from
// spans of 32 KiB, one size per span; larger ones have spans of their own. Each
// cache keeps free stacks of the small sizes; a pool shared by all keeps the
// spans that have some. A span whose stacks are all free goes back to the page
// heap. Stack memory is not cleared: whoever reads it has written it before. The
// poison flag fills free stacks, so that a stale pointer into one shows.
//
// A stack span has no object slots, so the marker ignores pointers into it. Its
// record's first alloc word has a bit per stack that is not in the pool.
const (
	MinStack       = 2 << 10 // bytes of the smallest stack
	stackOrders    = 4       // 2, 4, 8, 16 KiB
	stackSpan      = 32 << 10
	stackSlots     = stackSpan / MinStack
	stackCacheMost = 32 // stacks of one size that a cache keeps
)

type stackPool struct {
	mu      sync.Mutex
	partial [stackOrders][]*Span // spans with a free stack; partial[o][i].Extent = i
}

// stackOrder is log2(bytes/MinStack).
func stackOrder(bytes uint64) int {
	if bytes < MinStack || bytes&(bytes-1) != 0 {
		panic(fmt.Sprintf("BUG: heap: stack of %d bytes", bytes))
	}
	return bits.TrailingZeros64(bytes / MinStack)
}

// AllocStack takes a stack; bytes is a power of two of at least MinStack. Its
// contents are arbitrary. NeedGC and NoMemory are as for Alloc.
func (c *Cache) AllocStack(bytes uint64, f Flags) (mem.Addr, Status) {
	h := c.heap
	o := stackOrder(bytes)
	if h.gated {
		if st := h.gate(f); st != OK {
			return 0, st
		}
	}
	if o >= stackOrders {
		s := c.newStackSpan(bytes>>PageShift, bytes)
		if s == nil {
			return 0, refused(f)
		}
		s.Bits(0).Alloc = 1
		return s.Base, OK
	}
	if n := len(c.stacks[o]); n > 0 {
		a := c.stacks[o][n-1]
		c.stacks[o] = c.stacks[o][:n-1]
		return a, OK
	}
	p := &h.stacks
	p.mu.Lock()
	defer p.mu.Unlock()
	for want := stackCacheMost / 2; want > 0; want-- {
		list := p.partial[o]
		if len(list) == 0 {
			if len(c.stacks[o]) > 0 {
				break
			}
			s := c.newStackSpan(stackSpan>>PageShift, bytes)
			if s == nil {
				return 0, refused(f)
			}
			p.list(o, s)
			list = p.partial[o]
		}
		s := list[len(list)-1]
		b := s.Bits(0)
		i := bits.TrailingZeros64(^b.Alloc)
		b.Alloc |= 1 << i
		c.stacks[o] = append(c.stacks[o], s.Base+uint64(i)*bytes)
		if b.Alloc == 1<<(stackSpan/bytes)-1 {
			p.partial[o] = list[:len(list)-1]
		}
	}
	n := len(c.stacks[o])
	a := c.stacks[o][n-1]
	c.stacks[o] = c.stacks[o][:n-1]
	return a, OK
}

// ExtendStack makes a stack of from bytes that has a span of its own to bytes
// large, if the pages behind it are free. Nothing has changed when it reports
// false; a debug flag that refuses allocations refuses here without NeedGC.
func (c *Cache) ExtendStack(a mem.Addr, from, to uint64) bool {
	h := c.heap
	if stackOrder(from) < stackOrders || stackOrder(to) <= stackOrder(from) || h.gated {
		return false
	}
	s := h.SpanOf(a)
	if s == nil || s.state != spanStacks || s.Base != a || s.Size != from {
		panic(fmt.Sprintf("BUG: heap: extending %d bytes at %#x, which is no such stack", from, a))
	}
	p, n := addrPage(a+from), (to-from)>>PageShift
	h.pages.empty(&c.reserve) // which may be what lies behind
	if !h.pages.allocAt(p, n, mem.KindStack) {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.mapPages(p + n) {
		h.pages.release(p, n, mem.KindStack)
		return false
	}
	s.Size, s.NPages = to, uint32(to>>PageShift)
	h.setPages(p, n, s.id)
	return true
}

// FreeStack gives a stack of that many bytes back.
func (c *Cache) FreeStack(a mem.Addr, bytes uint64) {
	o := stackOrder(bytes)
	if c.heap.flags.Poison {
		c.heap.poison(a, bytes)
	}
	if o >= stackOrders {
		s := c.heap.SpanOf(a)
		if s == nil || s.state != spanStacks || s.Base != a || s.Size != bytes {
			panic(fmt.Sprintf("BUG: heap: freeing %d bytes at %#x, which is no such stack", bytes, a))
		}
		c.heap.freeSpan(s)
		return
	}
	c.stacks[o] = append(c.stacks[o], a)
	if len(c.stacks[o]) > stackCacheMost {
		c.heap.stacks.mu.Lock()
		defer c.heap.stacks.mu.Unlock()
		c.returnStacks(o, stackCacheMost/2)
	}
}

// returnStacks gives all but keep of the cached stacks of order o to the pool,
// whose mutex is held.
func (c *Cache) returnStacks(o, keep int) {
	h, p, bytes := c.heap, &c.heap.stacks, uint64(MinStack)<<o
	full := uint64(1)<<(stackSpan/bytes) - 1
	for len(c.stacks[o]) > keep {
		n := len(c.stacks[o])
		a := c.stacks[o][n-1]
		c.stacks[o] = c.stacks[o][:n-1]
		s := h.SpanOf(a)
		if s == nil || s.state != spanStacks || s.Size != bytes || (a-s.Base)%bytes != 0 {
			panic(fmt.Sprintf("BUG: heap: freeing %d bytes at %#x, which is no such stack", bytes, a))
		}
		b, bit := s.Bits(0), uint64(1)<<((a-s.Base)/bytes)
		if b.Alloc&bit == 0 {
			panic(fmt.Sprintf("BUG: heap: stack at %#x freed twice", a))
		}
		if b.Alloc == full {
			p.list(o, s)
		}
		if b.Alloc &^= bit; b.Alloc == 0 {
			last := len(p.partial[o]) - 1
			p.partial[o][last].Extent = s.Extent
			p.partial[o][s.Extent] = p.partial[o][last]
			p.partial[o] = p.partial[o][:last]
			h.freeSpan(s)
		}
	}
}

// list puts a span that has a free stack of order o on the pool's list.
func (p *stackPool) list(o int, s *Span) {
	s.Extent = uint64(len(p.partial[o]))
	p.partial[o] = append(p.partial[o], s)
}

func (c *Cache) flushStacks() {
	c.heap.stacks.mu.Lock()
	defer c.heap.stacks.mu.Unlock()
	for o := range c.stacks {
		c.returnStacks(o, 0)
	}
}

// newStackSpan takes npages pages for stacks of the given bytes.
func (c *Cache) newStackSpan(npages, bytes uint64) *Span {
	h := c.heap
	p, _, ok := c.allocPages(npages, mem.KindStack)
	if !ok {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.newRecord(stackSlots, false)
	if s == nil || !h.mapPages(p+npages) || !h.addSpan(s) {
		if s != nil {
			h.freeRecord(s, stackSlots, false)
		}
		h.pages.release(p, npages, mem.KindStack)
		return nil
	}
	s.NSlots = 0
	s.Base, s.Size, s.NPages = pageAddr(p), bytes, uint32(npages)
	s.state = spanStacks
	h.setPages(p, npages, s.id)
	return s
}
