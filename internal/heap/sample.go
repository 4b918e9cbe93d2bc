package heap

import (
	"math"
	"math/bits"
	"sync/atomic"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// Sampler is the heap profile's wish to see some allocations: on average one in
// *Rate bytes, at exponentially distributed distances, so that an object's chance
// depends on its size alone. Rate 1 shows every allocation.
//
// The fast path knows nothing of this. Refill hands out a window only up to the
// slot before the sampled one; that slot then comes alone, through Refill, where
// Alloc is called with its address.
type Sampler struct {
	// Rate is where the rate is found, in bytes; 0 or less there stops sampling.
	// The word may change at any time: the next refill or large object of a cache
	// takes notice of it, and takes the slots back that were handed out unsampled.
	Rate *int64

	// Exact gives every object a slot of its own: tiny ones share no block.
	Exact bool

	// Alloc is called before the object is used; it usually records the stack
	// and calls AddSample.
	Alloc func(c *Cache, a mem.Addr, size uint64)
	// Free is called when a sampled object is swept, with what AddSample was
	// given and the object's bytes.
	Free func(value, size uint64)
}

// SetSampler changes the sampler. The world is stopped, or nothing has been
// allocated.
func (h *Heap) SetSampler(s Sampler) {
	if s.Alloc == nil {
		s.Rate = nil
	}
	h.sample = s
}

// distance draws the bytes up to the next sampled one. The distribution has no
// memory, so that every window may draw anew and classes need not share a count.
func (c *Cache) distance() uint64 {
	switch {
	case c.rate <= 0:
		return math.MaxInt64
	case c.rate == 1:
		return 0
	}
	return uint64(min(-math.Log(1-c.random.Float64())*float64(c.rate), math.MaxInt64))
}

// sampling looks at the rate.
func (c *Cache) sampling() {
	r := atomic.LoadInt64(c.heap.sample.Rate)
	if r == c.rate {
		return
	}
	c.rate = r
	for i := range c.Slots {
		if s := &c.Slots[i]; s.Free != 0 {
			c.settle(SpanClass(i), s)
			s.rest |= s.Free
			s.given, s.Free, s.due = 0, 0, false
		}
	}
}

// sampleWindow chooses the slots of s.rest to hand out: those before the
// sampled one, or the sampled one alone.
func (c *Cache) sampleWindow(s *Slot) uint64 {
	c.sampling()
	if !s.due {
		k := c.distance() / s.Size
		if k >= uint64(bits.OnesCount64(s.rest)) {
			return s.rest
		}
		if k > 0 {
			s.due = true
			keep := s.rest
			for range k {
				keep &= keep - 1
			}
			return s.rest &^ keep
		}
	}
	s.due = false
	first := s.rest & -s.rest
	c.heap.sample.Alloc(c, s.Base+uint64(bits.TrailingZeros64(first))*s.Size, s.Size)
	return first
}

// sampleOne is for large objects.
func (c *Cache) sampleOne(a mem.Addr, size uint64) {
	c.sampling()
	if c.distance() < size {
		c.heap.sample.Alloc(c, a, size)
	}
}
