package concurrent

import (
	"sync"
	"sync/atomic"
)

// An item is grey work: a span with grey objects (its id), or a piece of a
// large object (id | (piece+1)<<32).
type item = uint64

// queue is the grey items that no worker has taken, first in first out, and the
// count of the workers, which tells when marking has run dry.
//
//	grey object = its span is an item, or it is scanned now, or its piece is an item
//	item        = in the queue, or in the hands of an active worker
//	dry         = the queue is empty and no worker is active
//
// Dry is not done: the program may still shade an object. It is done when the
// world is stopped, every root has been shown, and the queue is dry. With the world
// stopped nobody is active.
type queue struct {
	mu     sync.Mutex
	items  []item // ring, a power of two long
	head   uint64 // items taken
	tail   uint64 // items put; tail-head are in the queue
	active int    // workers that may have items in their hands

	// starving says that a processor with nothing else to do found the queue
	// empty: whoever puts something calls wake.
	starving atomic.Bool
	wake     func()
}

func newQueue(wake func()) *queue {
	return &queue{items: make([]item, 1024), wake: wake}
}

// put adds items.
func (q *queue) put(items ...item) {
	q.mu.Lock()
	for q.tail-q.head+uint64(len(items)) > uint64(len(q.items)) {
		bigger := make([]item, 2*len(q.items))
		for i := q.head; i != q.tail; i++ {
			bigger[i&uint64(len(bigger)-1)] = q.items[i&uint64(len(q.items)-1)]
		}
		q.items = bigger
	}
	for _, it := range items {
		q.items[q.tail&uint64(len(q.items)-1)] = it
		q.tail++
	}
	q.mu.Unlock()
	if q.starving.Load() && q.starving.CompareAndSwap(true, false) {
		q.wake()
	}
}

// take gives an active worker a share of the items, at most len(to).
func (q *queue) take(to []item) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.tail - q.head
	if n == 0 {
		return 0
	}
	n = min(n/uint64(q.active+1)+1, n, uint64(len(to)))
	for i := range n {
		to[i] = q.items[q.head&uint64(len(q.items)-1)]
		q.head++
	}
	return int(n)
}

// enter and leave count an active worker. One that leaves has nothing in its hands.
func (q *queue) enter() {
	q.mu.Lock()
	q.active++
	q.mu.Unlock()
}

func (q *queue) leave() {
	q.mu.Lock()
	q.active--
	q.mu.Unlock()
}

// empty reports whether there is nothing to take.
func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.head == q.tail
}

// dry reports whether nothing is grey but what the program shades next.
func (q *queue) dry() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.head == q.tail && q.active == 0
}
