package sched

import "sync/atomic"

// runqSize is the number of goroutines a P queues for itself.
const runqSize = 256

// runq is a ring of runnable goroutines. Its P adds at the tail; the P and
// thieves take at the head.
//
//	head <= tail <= head + runqSize (as differences of uint32)
//	slots head … tail-1 are queued
//
// A thief reads the slots before it moves head by compare-and-swap, so what it
// read is valid exactly when the swap succeeds: the owner writes a slot again
// only after head has passed it.
type runq struct {
	head atomic.Uint32 // moved by whoever takes
	tail atomic.Uint32 // moved by the owner
	ring [runqSize]atomic.Pointer[G]
}

// put adds g and reports false when the ring is full. Owner only.
func (q *runq) put(g *G) bool {
	t := q.tail.Load()
	if t-q.head.Load() >= runqSize {
		return false
	}
	q.ring[t%runqSize].Store(g)
	q.tail.Store(t + 1)
	return true
}

// get takes the oldest goroutine, or nil. Owner or thief.
func (q *runq) get() *G {
	for {
		h := q.head.Load()
		if h == q.tail.Load() {
			return nil
		}
		g := q.ring[h%runqSize].Load()
		if q.head.CompareAndSwap(h, h+1) {
			return g
		}
	}
}

// grab moves the older half, rounded up, to the empty ring of a thief and
// returns one of them to run at once, or nil.
func (q *runq) grab(to *runq) *G {
	for {
		h := q.head.Load()
		n := q.tail.Load() - h
		if n == 0 {
			return nil
		}
		if n > runqSize { // head moved between the two loads
			continue
		}
		n -= n / 2
		t := to.tail.Load()
		for i := uint32(0); i < n; i++ {
			to.ring[(t+i)%runqSize].Store(q.ring[(h+i)%runqSize].Load())
		}
		if q.head.CompareAndSwap(h, h+n) {
			to.tail.Store(t + n - 1)
			return to.ring[(t+n-1)%runqSize].Load()
		}
	}
}

// size is the number queued, at some moment during the call.
func (q *runq) size() uint32 {
	h := q.head.Load()
	if n := q.tail.Load() - h; n <= runqSize {
		return n
	}
	return runqSize
}

// list is a singly linked queue of goroutines through G.next.
type list struct {
	head, tail *G
	n          int
}

func (l *list) push(g *G) {
	g.next = nil
	if l.tail == nil {
		l.head = g
	} else {
		l.tail.next = g
	}
	l.tail = g
	l.n++
}

// prepend is push at the other end.
func (l *list) prepend(g *G) {
	if g.next = l.head; l.tail == nil {
		l.tail = g
	}
	l.head = g
	l.n++
}

func (l *list) pop() *G {
	g := l.head
	if g != nil {
		if l.head = g.next; l.head == nil {
			l.tail = nil
		}
		g.next = nil
		l.n--
	}
	return g
}
