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

// Buffers of appends in frames (see package lower). Their elements take appendBuffer bytes at most.
const appendBuffer = 32

// stepBuffer moves a slice into such a buffer, or makes more of it capacity: what its new length, which fits, would get on the heap.
// [0..2] slice, [3] new length, [4] buffer, [5] element type id → [6..8], of the old length.
func stepBuffer(c *Call) Status {
	p, n, length, buf, id := c.Arg(0), c.Arg(1), c.Arg(3), c.Arg(4), abi.TypeID(c.Arg(5))
	if int(id) >= len(c.Prog.Types) || c.Prog.Types[id].Size == 0 {
		return c.Fatal("BUG: go:stepbuffer with a bad area")
	}
	size := c.Prog.Types[id].Size
	most := appendBuffer / size
	dst, ok := c.Space.Bytes(buf, most*size)
	if !ok || length > most || n > length {
		return c.Fatal("BUG: host: a buffer outside of memory")
	}
	if p != buf && n > 0 {
		src, ok := c.Space.Bytes(p, n*size)
		if !ok {
			return c.Fatal("append outside of memory")
		}
		copy(dst, src)
	}
	clear(dst[n*size:])
	room := min(heap.RoundUp(length*size, c.Prog.Types[id].PtrBytes == 0)/size, most)
	c.SetSlice(6, buf, int(n), int(room))
	return OK
}

// toHeap moves a slice from a buffer to the heap: [0..2] slice, [3] element type id, [4] 1 if it keeps its capacity → [5..7].
func toHeap(c *Call) Status {
	p, n, room, id := c.Arg(0), c.Arg(1), c.Arg(2), abi.TypeID(c.Arg(3))
	if int(id) >= len(c.Prog.Types) || c.Prog.Types[id].Size == 0 || n > room || room > appendBuffer/c.Prog.Types[id].Size {
		return c.Fatal("BUG: go:toheap with a bad area")
	}
	gt := &c.Prog.Types[id]
	noscan := gt.PtrBytes == 0
	keep := c.Arg(4) != 0
	if room == 0 || n == 0 && !keep {
		c.SetSlice(5, c.Heap.ZeroBase(), 0, 0)
		return OK
	}
	copied := room
	if !keep {
		copied = n
		room = heap.RoundUp(n*gt.Size, noscan) / gt.Size
	}
	if _, ok := c.Space.Bytes(p, copied*gt.Size); !ok {
		return c.Fatal("BUG: host: a buffer outside of memory")
	}
	a, ok := c.Alloc(room*gt.Size, id, noscan)
	if !ok {
		return Collect
	}
	c.Space.Copy(a, p, copied*gt.Size)
	c.SetSlice(5, a, int(n), int(room))
	return OK
}
