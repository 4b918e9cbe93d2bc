package heap

import (
	"math"
	"math/bits"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// Sampler is the heap profile's wish to see some allocations: on average one in
// Rate bytes, at exponentially distributed distances, so that an object's chance
// depends on its size alone. Rate 1 shows every allocation.
//
// The fast path knows nothing of this. Refill hands out a window only up to the
// slot before the sampled one; that slot then comes alone, through Refill, where
// Alloc is called with its address.
type Sampler struct {
	Rate int64 // bytes; 0 or less switches sampling off

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
		s.Rate = 0
	}
	h.sample = s
	h.sampleGen.Add(1)
}

// nextSample draws the distance to the next sampled byte.
func (c *Cache) nextSample() int64 {
	rate := c.heap.sample.Rate
	if rate == 1 {
		return 0
	}
	return int64(min(-math.Log(1-c.random.Float64())*float64(rate), math.MaxInt64/2))
}

func (c *Cache) sampling() {
	if g := c.heap.sampleGen.Load(); g != c.gen {
		c.gen = g
		c.sampleIn = c.nextSample()
	}
}

// sampleWindow chooses the slots of s.rest to hand out: those before the
// sampled one, or the sampled one alone.
func (c *Cache) sampleWindow(s *Slot) uint64 {
	c.sampling()
	k := uint64(c.sampleIn) / s.Size
	n := uint64(bits.OnesCount64(s.rest))
	if k >= n {
		c.sampleIn -= int64(n * s.Size)
		return s.rest
	}
	if k > 0 {
		c.sampleIn -= int64(k * s.Size)
		keep := s.rest
		for range k {
			keep &= keep - 1
		}
		return s.rest &^ keep
	}
	first := s.rest & -s.rest
	c.sampleIn = c.nextSample()
	c.heap.sample.Alloc(c, s.Base+uint64(bits.TrailingZeros64(first))*s.Size, s.Size)
	return first
}

// sampleOne is for large objects.
func (c *Cache) sampleOne(a mem.Addr, size uint64) {
	c.sampling()
	if c.sampleIn -= int64(size); c.sampleIn < 0 {
		c.sampleIn = c.nextSample()
		c.heap.sample.Alloc(c, a, size)
	}
}
