package sched

import (
	"sync"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Kinds of work for the goroutine that runs finalizers.
const (
	FinqFinalizer = 1 // call Fn with Object, converted from type PtrType to FnType
	FinqCleanup   = 2 // call what the cleanup's words Call, Fn and Object say
	FinqPools     = 3 // a collection has ended: clear the pools
)

// FinqItem is one piece of work for the goroutine that runs finalizers.
type FinqItem struct {
	Kind            int
	Fn              mem.Addr
	Object          mem.Addr // of a finalizer; a cleanup's third word
	Call            mem.Addr // a cleanup's first word
	FnType, PtrType mem.Addr
	charged         bool
}

// finq is the queue of finalizers and cleanups that are to be called. The
// goroutine that calls them (runtime.finq) is made when there is work for the
// first time.
type finq struct {
	mu     sync.Mutex
	pieces [][]FinqItem // oldest first; none is empty, and one that is full does not grow: there may be a million items
	g      *G           // the goroutine, once made
	idle   bool         // g is parked

	// Pools are cleared when a cycle begins, so that what they held in the last one but one is garbage in it. That is guest
	// code, so the goroutine does it as soon as the trigger is reached, and then asks for the cycle. Where it
	// cannot, because it is busy or the cycle has another reason, they are cleared after the cycle.
	asking   bool // it is to clear them, and to ask for a cycle then
	clearing bool // asking, and it is at it
	cleared  bool // they have been cleared for the cycle to come
}

const finqItemCost = 64

// add queues an item. The bookkeeping is charged if there is room; what it
// replaces, the special, has just been given back.
func (q *finq) add(s *Sched, it FinqItem) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if n := s.meters.due(it.Kind); n != nil {
		n[0].Add(1)
	}
	it.charged = s.space.Charge(finqItemCost, recordKind)
	q.put(it)
}

// put adds an item. mu is held.
func (q *finq) put(it FinqItem) {
	last := len(q.pieces) - 1
	if last < 0 || len(q.pieces[last]) == cap(q.pieces[last]) {
		n := itemPiece
		if last < 0 {
			n = 16
		}
		q.pieces = append(q.pieces, make([]FinqItem, 0, n))
		last++
	}
	q.pieces[last] = append(q.pieces[last], it)
}

// poolsLast reports whether the last item is to clear the pools. mu is held.
func (q *finq) poolsLast() bool {
	n := len(q.pieces)
	return n > 0 && q.pieces[n-1][len(q.pieces[n-1])-1].Kind == FinqPools
}

func (q *finq) roots(m gc.Marker) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, items := range q.pieces {
		showItems(m, items)
	}
}

func showItems(m gc.Marker, items []FinqItem) {
	for i := range items {
		m.Pointer(items[i].Fn)
		m.Pointer(items[i].Object)
		m.Pointer(items[i].Call)
	}
}

// clearFirst has the pools cleared, and the cycle that the trigger wants asked for then, by the goroutine, which runs next
// on p. It reports false when that is not possible.
func (q *finq) clearFirst(s *Sched, p *P) bool {
	q.mu.Lock()
	switch {
	case q.asking:
		q.mu.Unlock()
		return true
	case q.g == nil || !q.idle || q.cleared:
		q.mu.Unlock()
		return false
	}
	q.idle, q.asking = false, true
	q.put(FinqItem{Kind: FinqPools})
	q.mu.Unlock()
	s.Ready(p, q.g)
	p.Interrupt(WantPreempt)
	return true
}

// poolsDue has the pools cleared after the cycle, unless that has been done before it.
func (q *finq) poolsDue(c *gc.Cycle) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.cleared {
		q.cleared = false
		return
	}
	if c.Reason != gc.Forced && !q.poolsLast() {
		q.put(FinqItem{Kind: FinqPools})
	}
}

// kick makes the goroutine run if there is work for it. p is the caller's P, or the world is stopped. To make the
// goroutine is to allocate, which may lead to add; so mu is not held then, and another P may be faster.
func (q *finq) kick(s *Sched, p *P) {
	q.mu.Lock()
	need := len(q.pieces) > 0 && q.g == nil
	wake := len(q.pieces) > 0 && q.g != nil && q.idle
	if wake {
		q.idle = false
	}
	q.mu.Unlock()
	if wake {
		s.Ready(nil, q.g)
	}
	if !need {
		return
	}
	g, st, found := s.hookG(p, "runtime.finq")
	if !found || st != heap.OK {
		return // the next cycle tries again
	}
	s.asSystem(g)
	q.mu.Lock()
	lost := q.g != nil
	if !lost {
		q.g = g
	}
	q.mu.Unlock()
	if lost {
		s.bury(p, g)
		return
	}
	g.status.Store(uint32(Runnable))
	s.pushGlobal(g)
}

// FinqNext takes the next piece of work for the goroutine g that runs
// finalizers. When it reports false, g is parked and the host function answers
// Park.
func (s *Sched) FinqNext(g *G) (FinqItem, bool) {
	g.TakeResumed()
	g.Calling = false
	q := &s.cycle.finq
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.clearing { // it has cleared the pools
		q.asking, q.clearing, q.cleared = false, false, true
		s.cycle.background.Ask(gc.Request{Reason: gc.Trigger})
	}
	if len(q.pieces) == 0 {
		q.pieces = nil
		q.idle = true
		s.Park(g, WaitFinalizer)
		return FinqItem{}, false
	}
	it := q.pieces[0][0]
	q.clearing = q.asking && it.Kind == FinqPools
	if q.pieces[0] = q.pieces[0][1:]; len(q.pieces[0]) == 0 {
		q.pieces = q.pieces[1:]
	}
	for _, a := range [...]mem.Addr{it.Fn, it.Object, it.Call} {
		s.cycle.barrier.Shade(a) // a collection may not have been shown the queue yet
	}
	if n := s.meters.due(it.Kind); n != nil {
		n[1].Add(1)
	}
	if it.charged {
		s.space.Uncharge(finqItemCost, recordKind)
	}
	g.Calling = it.Kind != FinqPools
	return it, true
}

// asSystem makes g one of the machine's own goroutines.
func (s *Sched) asSystem(g *G) {
	g.System = true
	s.count.Add(-1)
}

// FinqIdle reports whether every finalizer and cleanup that was queued has been
// called.
func (s *Sched) FinqIdle() bool {
	q := &s.cycle.finq
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.pieces) == 0 && (q.g == nil || q.idle)
}
