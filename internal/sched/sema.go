package sched

import (
	"sync"
	"sync/atomic"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// # Semaphores and notify lists
//
// A semaphore is a uint32 in guest memory that counts permits, as sync.Mutex and
// its relatives use it. Acquiring without a wait is one compare-and-swap. Who has to
// wait queues by the semaphore's address, in a table on the host that is cut into
// shards:
//
//	acquire: waiters++ ; try again ; queue ; park
//	release: permits++ ; waiters == 0 → done ; dequeue one ; make it ready
//
// One of the two sees the other, since each writes before it reads. A waiter that is
// woken tries for the permit again and queues once more if somebody was faster,
// unless the release handed the permit over (the ticket), in which case the
// releaser also gives up its P, so that the waiter goes on at once.
//
// A notify list (sync.Cond) hands out tickets: wait counts those handed out,
// notify those called. Both are uint32 in guest memory at offsets 0 and 4.

const semaShards = 64

type semaShard struct {
	waiters atomic.Int32 // acquirers that are queued or about to be
	mu      sync.Mutex
	queues  map[mem.Addr]*queue // by address of semaphore or list; no empty ones
	_       [40]byte
}

// SemaResult is the outcome of a semaphore or notify-list operation.
type SemaResult uint8

// Outcomes.
const (
	SemaDone    SemaResult = iota
	SemaPark               // the goroutine is parked: answer Park, call again when resumed
	SemaYield              // done; answer Yield so that the waiter goes on at once
	SemaBad                // the address is none of a uint32: guest-fatal
	SemaOutside            // a waiter belongs to a bubble, the caller does not: guest-fatal
)

func (s *Sched) semaShard(a mem.Addr) *semaShard { return &s.semas[shardIndex(a)] }

// word is the uint32 at guest address a.
func (s *Sched) word(a mem.Addr) *uint32 { return (*uint32)(s.space.Ptr(a)) }

func isWord(a mem.Addr) bool { return a&3 == 0 && mem.InRegion(a, 4) }

// tryAcquire takes a permit if there is one.
func (s *Sched) tryAcquire(a mem.Addr) bool {
	w := s.word(a)
	for {
		v := atomic.LoadUint32(w)
		if v == 0 {
			return false
		}
		if atomic.CompareAndSwapUint32(w, v, v-1) {
			return true
		}
	}
}

func (sh *semaShard) push(w *waiter, first bool) {
	q := sh.queues[w.key]
	if q == nil {
		if sh.queues == nil {
			sh.queues = map[mem.Addr]*queue{}
		}
		q = &queue{}
		sh.queues[w.key] = q
	}
	if first {
		q.pushFront(w)
	} else {
		q.push(w)
	}
}

func (sh *semaShard) remove(q *queue, w *waiter) {
	q.remove(w)
	if q.head == nil {
		delete(sh.queues, w.key)
	}
}

// SemAcquire takes a permit of the semaphore at a for g, waiting at the head of the
// queue with lifo, else at its tail.
func (s *Sched) SemAcquire(g *G, a mem.Addr, lifo bool, why WaitReason) SemaResult {
	if g.TakeResumed() && g.ok {
		return SemaDone
	}
	if !isWord(a) {
		return SemaBad
	}
	if s.tryAcquire(a) {
		return SemaDone
	}
	sh := s.semaShard(a)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.waiters.Add(1)
	if s.tryAcquire(a) {
		sh.waiters.Add(-1)
		return SemaDone
	}
	s.park(g, why)
	g.w = waiter{g: g, key: a, index: -1}
	if why == WaitMutex || why == WaitRWMutexR || why == WaitRWMutexW {
		g.w.since = s.Nanotime()
	}
	sh.push(&g.w, lifo)
	return SemaPark
}

// SemRelease returns a permit to the semaphore at a and makes a waiter ready. With
// handoff the permit goes to that waiter directly.
func (s *Sched) SemRelease(p *P, a mem.Addr, handoff bool) SemaResult {
	if !isWord(a) {
		return SemaBad
	}
	atomic.AddUint32(s.word(a), 1)
	sh := s.semaShard(a)
	if sh.waiters.Load() == 0 {
		return SemaDone
	}
	g, held := s.semaTake(sh, a, handoff)
	if g == nil {
		return SemaDone
	}
	if held > 0 && s.Contention.Contended != nil {
		s.Contention.Contended(p, held)
	}
	handed := g.ok
	s.Ready(p, g)
	if handed {
		return SemaYield
	}
	return SemaDone
}

// semaTake takes the first waiter. held is how long waiters were made to wait, if that is wanted.
func (s *Sched) semaTake(sh *semaShard, a mem.Addr, handoff bool) (g *G, held int64) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	q := sh.queues[a]
	if q == nil {
		return nil, 0
	}
	w := q.head
	sh.remove(q, w)
	sh.waiters.Add(-1)
	if w.since != 0 {
		s.meters.MutexWait.Add(s.Nanotime() - w.since)
		if s.Contention.MutexRate.Load() > 0 {
			held = s.waited(q, w)
		}
	}
	w.g.ok = handoff && s.tryAcquire(a)
	return w.g, held
}

// less compares tickets, which wrap around.
func less(a, b uint32) bool { return int32(a-b) < 0 }

// NotifyAdd takes a ticket of the notify list at l.
func (s *Sched) NotifyAdd(l mem.Addr) (ticket uint32, ok bool) {
	if !isWord(l) {
		return 0, false
	}
	return atomic.AddUint32(s.word(l), 1) - 1, true
}

// NotifyWait waits until the ticket is called.
func (s *Sched) NotifyWait(g *G, l mem.Addr, ticket uint32) SemaResult {
	if g.TakeResumed() {
		return SemaDone
	}
	if !isWord(l) || !isWord(l+4) {
		return SemaBad
	}
	sh := s.semaShard(l)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if less(ticket, atomic.LoadUint32(s.word(l+4))) {
		return SemaDone
	}
	s.park(g, WaitCond)
	g.w = waiter{g: g, key: l, index: -1, ticket: ticket}
	sh.push(&g.w, false)
	return SemaPark
}

// NotifyAll calls every ticket.
func (s *Sched) NotifyAll(p *P, g *G, l mem.Addr) SemaResult {
	if !isWord(l) || !isWord(l+4) {
		return SemaBad
	}
	if atomic.LoadUint32(s.word(l)) == atomic.LoadUint32(s.word(l+4)) {
		return SemaDone
	}
	ready, ok := s.notifyTake(g, l)
	if !ok {
		return SemaOutside
	}
	for g := ready.pop(); g != nil; g = ready.pop() {
		s.Ready(p, g)
	}
	return SemaDone
}

// foreign reports whether w's goroutine is in a bubble that is not g's.
func (w *waiter) foreign(g *G) bool { return w.g.bubble != nil && w.g.bubble != g.bubble }

func (s *Sched) notifyTake(g *G, l mem.Addr) (ready list, ok bool) {
	sh := s.semaShard(l)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if q := sh.queues[l]; q != nil {
		for w := q.head; w != nil; w = w.next {
			if w.foreign(g) {
				return ready, false
			}
		}
	}
	atomic.StoreUint32(s.word(l+4), atomic.LoadUint32(s.word(l)))
	for q := sh.queues[l]; q != nil && q.head != nil; {
		w := q.head
		sh.remove(q, w)
		ready.push(w.g)
	}
	return ready, true
}

// NotifyOne calls the next ticket.
func (s *Sched) NotifyOne(p *P, g *G, l mem.Addr) SemaResult {
	if !isWord(l) || !isWord(l+4) {
		return SemaBad
	}
	if atomic.LoadUint32(s.word(l)) == atomic.LoadUint32(s.word(l+4)) {
		return SemaDone
	}
	first, ok := s.notifyTakeOne(g, l)
	if !ok {
		return SemaOutside
	}
	if first != nil {
		s.Ready(p, first)
	}
	return SemaDone
}

func (s *Sched) notifyTakeOne(g *G, l mem.Addr) (first *G, ok bool) {
	sh := s.semaShard(l)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	t := atomic.LoadUint32(s.word(l + 4))
	if t == atomic.LoadUint32(s.word(l)) {
		return nil, true
	}
	q := sh.queues[l]
	if q == nil {
		atomic.StoreUint32(s.word(l+4), t+1)
		return nil, true
	}
	for w := q.head; w != nil; w = w.next {
		if w.ticket != t {
			continue
		}
		if w.foreign(g) {
			return nil, false
		}
		atomic.StoreUint32(s.word(l+4), t+1)
		sh.remove(q, w)
		return w.g, true
	}
	atomic.StoreUint32(s.word(l+4), t+1)
	return nil, true
}
