package sched

import "github.com/terrarium-go/terrarium/internal/mem"

// waiter is one goroutine's place in one queue: of a channel's receivers or
// senders, of a semaphore, or of a notify list. A goroutine that waits on one
// thing uses the waiter in its record; a select has one per case.
type waiter struct {
	g          *G
	next, prev *waiter
	key        mem.Addr // the channel, semaphore or list
	elem       place    // where the element is or goes
	index      int32    // of the select case, or -1
	ticket     uint32   // of a notify list
	since      int64    // Nanotime, of waits for a mutex; else 0
	counted    int64    // Nanotime up to which the wait has been told to those who release; 0: not at all
	queued     bool
	send       bool
}

// place is a guest address that survives moves of the goroutine's stack.
type place struct {
	addr    mem.Addr // or the offset from the stack's start
	onStack bool
}

// placeOf describes address a as seen by g.
func placeOf(g *G, a mem.Addr) place {
	if g.Stack.Contains(a) {
		return place{a - g.Stack.Lo, true}
	}
	return place{a, false}
}

// hold is the element's address, which stays what it is until letGo. w's goroutine is
// not running.
func (w *waiter) hold(s *Sched) mem.Addr {
	if !w.elem.onStack {
		return w.elem.addr
	}
	s.keepStill(w.g)
	return w.g.Stack.Lo + w.elem.addr
}

// letGo undoes hold.
func (w *waiter) letGo() {
	if w.elem.onStack {
		w.g.letMove()
	}
}

// queue is a first-in-first-out list of waiters.
type queue struct {
	head, tail *waiter
}

func (q *queue) push(w *waiter) {
	w.next, w.prev = nil, q.tail
	if q.tail == nil {
		q.head = w
	} else {
		q.tail.next = w
	}
	q.tail = w
	w.queued = true
}

func (q *queue) pushFront(w *waiter) {
	w.prev, w.next = nil, q.head
	if q.head == nil {
		q.tail = w
	} else {
		q.head.prev = w
	}
	q.head = w
	w.queued = true
}

func (q *queue) remove(w *waiter) {
	if w.prev == nil {
		q.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		q.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.next, w.prev, w.queued = nil, nil, false
}
