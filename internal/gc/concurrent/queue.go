package concurrent

import (
	"sync"
	"sync/atomic"
)

// queue is the grey spans that no worker has taken, first in first out, and the
// count of the workers, which tells when marking has run dry.
//
//	grey span = in the queue, or in the hands of an active worker
//	dry       = the queue is empty and no worker is active
//
// Dry is not done: the program may still shade an object. It is done when the
// world is stopped, every goroutine has been scanned, and the queue is dry.
type queue struct {
	mu     sync.Mutex
	more   *sync.Cond // ids came, or the last active worker went
	ids    []uint32   // ring, a power of two long
	head   uint64     // ids taken
	tail   uint64     // ids put; tail-head are in the queue
	active int        // workers that may have ids in their hands

	hungry  atomic.Int32 // workers that wait for ids
	closing atomic.Bool  // the machine ends: what is grey is forgotten
}

func newQueue() *queue {
	q := &queue{ids: make([]uint32, 1024)}
	q.more = sync.NewCond(&q.mu)
	return q
}

// put adds ids.
func (q *queue) put(ids ...uint32) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.tail-q.head+uint64(len(ids)) > uint64(len(q.ids)) {
		bigger := make([]uint32, 2*len(q.ids))
		for i := q.head; i != q.tail; i++ {
			bigger[i&uint64(len(bigger)-1)] = q.ids[i&uint64(len(q.ids)-1)]
		}
		q.ids = bigger
	}
	for _, id := range ids {
		q.ids[q.tail&uint64(len(q.ids)-1)] = id
		q.tail++
	}
	if q.hungry.Load() > 0 {
		q.more.Broadcast()
	}
}

// take moves some ids to the empty list of a worker. mu is held.
func (q *queue) take(w *worker) bool {
	n := q.tail - q.head
	if n == 0 {
		return false
	}
	if share := n/uint64(q.active+1) + 1; n > share {
		n = share
	}
	n = min(n, localSize/2)
	for range n {
		w.local[w.tail%localSize] = q.ids[q.head&uint64(len(q.ids)-1)]
		w.tail++
		q.head++
	}
	return true
}

// dry reports whether nothing is grey but what the program shades next.
func (q *queue) dry() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.head == q.tail && q.active == 0
}
