package gc

import (
	"sync/atomic"

	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// # The write barrier
//
// It is a snapshot barrier (Yuasa 1990): while it is on, whoever overwrites a
// pointer in the heap or in globals first shades the old value. So everything
// that was reachable when marking began is marked, whatever the program does,
// and what has been allocated since is black.
//
//	a pointer that running code holds was reachable at the snapshot, or is to a
//	newer object: no store of it needs to be recorded
//
// Go's hybrid barrier also shades the new value while the writer's stack is grey
// (Dijkstra's half). Here no grey stack runs: a goroutine's stack is scanned before
// the goroutine goes on (Beside.FirstRoots), so that half has nothing to do.
//
// Two writers may overwrite one word at once, and what the slower one overwrites
// is then not shaded; but that is the value the faster one held, see above.
//
// A bulk write shades all words of the target, whatever they are: a word that
// is no pointer into an object is ignored, one that happens to look like a pointer
// keeps garbage for one cycle. Targets without pointers, and stacks, are
// skipped by the span they lie in.

// Barrier is the write barrier of one machine. On changes with the world stopped.
// A nil Barrier is off.
type Barrier struct {
	on    bool
	heap  *heap.Heap
	shade func(mem.Addr)
}

// NewBarrier makes a barrier that is off. shade marks the object that an address
// points into, if it does; any number of goroutines may call it.
func NewBarrier(h *heap.Heap, shade func(mem.Addr)) *Barrier {
	return &Barrier{heap: h, shade: shade}
}

// Switch switches the barrier. The world is stopped.
func (b *Barrier) Switch(on bool) { b.on = on }

// On reports whether overwritten pointers must be shaded.
func (b *Barrier) On() bool { return b != nil && b.on }

// Shade tells of one pointer that is about to be overwritten, or that comes from a
// weak place.
func (b *Barrier) Shade(old mem.Addr) {
	if b.On() && old-mem.HeapBase < mem.HeapEnd-mem.HeapBase {
		b.shade(old)
	}
}

// Word tells that the word at a is about to be overwritten.
func (b *Barrier) Word(a mem.Addr) {
	if b.On() && b.heap.Shadable(a) {
		b.Shade(atomic.LoadUint64((*uint64)(b.heap.Space().Ptr(a))))
	}
}

// Bulk tells that the n bytes at a are about to be overwritten. The range may come
// from the guest.
func (b *Barrier) Bulk(a mem.Addr, n uint64) {
	if !b.On() || n < 8 || !mem.InRegion(a, n) || !b.heap.Shadable(a) {
		return
	}
	sp := b.heap.Space()
	for end := a + n; a&^7+8 <= end; a = a&^7 + 8 {
		if a&7 == 0 {
			b.Shade(atomic.LoadUint64((*uint64)(sp.Ptr(a))))
		}
	}
}
