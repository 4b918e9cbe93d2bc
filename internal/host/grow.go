package host

import (
	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Growth of slices, by the rule of the Go runtime: double until 256 elements,
// then by a quarter plus 192, at least to the length asked for; then the bytes are
// rounded up to the size class and all of it becomes capacity.

// NextCap is the capacity in elements before rounding.
func NextCap(length, oldCap uint64) uint64 {
	double := oldCap + oldCap
	if length > double {
		return length
	}
	const threshold = 256
	if oldCap < threshold {
		return double
	}
	c := oldCap
	for c < length {
		c += (c + 3*threshold) >> 2
	}
	return c
}

// roundBytes is the size of the pointer-free block that n bytes get.
func roundBytes(n uint64) uint64 { return heap.RoundUp(n, true) }

// Grow allocates the backing array for a slice of size-byte elements that is to
// hold length elements (more than room) and copies the n old ones. The rest is zero.
func (c *Call) Grow(size uint64, id abi.TypeID, noscan bool, p, n, room, length uint64) (mem.Addr, uint64, Status) {
	if int64(length) < 0 || size > 0 && length > tooLong {
		return 0, 0, c.PanicRuntime("growslice: len out of range")
	}
	if size == 0 {
		return c.Heap.ZeroBase(), length, OK
	}
	want := NextCap(length, room)
	if want > tooLong/size {
		return 0, 0, c.PanicRuntime("growslice: len out of range")
	}
	bytes := heap.RoundUp(want*size, noscan)
	got := bytes / size
	a, ok := c.Alloc(got*size, id, noscan)
	if !ok {
		return 0, 0, Collect
	}
	if n > 0 {
		c.Space.Copy(a, p, min(n, got)*size)
	}
	return a, got, OK
}
