package sched

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
)

// # Turns
//
// A collection beside the program has no threads of its own. A worker that looks for a
// goroutine to run first asks the collector whether it wants a turn (find), and before it falls
// asleep offers all its time. The preemption tick interrupts Ps whose turn is due.
// A goroutine that waits for a collection parks; one that cannot go on without, because
// the limit refused an allocation, works for the collector until the cycle is over.

// turns are the scheduler's side of it.
type turns struct {
	mu      sync.Mutex
	waiting []awaiting // goroutines that wait for a collection; guarded by mu
}

type awaiting struct {
	g *G
	n uint32 // cycle
}

// initTurn makes what p hands to the collector.
func (p *P) initTurn() {
	s := p.Sched
	p.turn = gc.Turn{
		Cache: p.Cache,
		Yield: p.yield,
		Stop:  func(string) { s.StopTheWorld(p) },
		Start: func() { s.StartTheWorld(p) },
	}
}

// yield reports whether p should come back from the collector.
func (p *P) yield() bool {
	if p.Wants()&(WantStop|WantExit) != 0 {
		return true
	}
	s := p.Sched
	return p.turn.Idle && (s.queued() || p.runnext.Load() != nil || s.timers.next.Load() <= s.Nanotime())
}

// give offers p's time to the collector and reports whether it was used.
func (s *Sched) give(p *P, idle bool) bool {
	b := s.cycle.background
	if b == nil || !b.Busy() || p.depth > 0 {
		return false
	}
	p.turn.P, p.turn.Idle, p.turn.Help = p.ID, idle, false
	return s.guarded(p, func() bool { return b.Work(&p.turn) })
}

// guarded calls f, which does the collector's work on p or, if that is nil, for a caller without P. A host panic in it, be
// it a check of the heap that fails or a bug of ours, ends the program and leaves the host process alone; then it
// reports true.
func (s *Sched) guarded(p *P, f func() bool) (used bool) {
	depth := 0
	if p != nil {
		depth = p.depth
	}
	defer func() {
		if r := recover(); r != nil {
			s.Fail(Exit{Text: fmt.Sprintf("BUG: host panic in the collector: %v\n\n%s", r, debug.Stack())})
			for p != nil && p.depth > depth {
				s.StartTheWorld(p)
			}
			used = true
		}
	}()
	return f()
}

// collectBeside asks for a collection. The caller's goroutine, which is saved, goes on without it,
// or p works for the collector until it is over.
func (s *Sched) collectBeside(p *P, b gc.Background, r gc.Request) (cy gc.Cycle, ok bool) {
	if p == nil {
		s.StopTheWorld(nil)
		defer s.StartTheWorld(nil)
		s.guarded(nil, func() bool { cy = b.CollectStopped(r); return true })
		return cy, cy.Number != 0
	}
	if r.Reason == gc.Trigger && s.cycle.finq.clearFirst(s, p) {
		return gc.Cycle{}, false
	}
	n := b.Ask(r)
	if n == 0 {
		p.Interrupt(WantPreempt) // to begin it, between two time slices
		return gc.Cycle{}, false
	}
	for !b.Done(n) && !s.Exiting() {
		if p.Wants()&WantStop != 0 {
			s.pause(p)
			continue
		}
		p.turn.P, p.turn.Idle, p.turn.Help = p.ID, false, true
		if !s.guarded(p, func() bool { return b.Work(&p.turn) }) {
			runtime.Gosched()
		}
	}
	if r.Reason == gc.Limit {
		p.Cache.Trim()
	}
	return b.Stats().Last, true
}

// Await runs a whole collection for g, which runs on p and is saved. When it reports
// true, g is parked, the host function answers Park, and calls Await no more when it is resumed.
func (s *Sched) Await(p *P, g *G) (parked bool) {
	b := s.cycle.background
	if b == nil || p.depth > 0 || g.pins > 0 {
		s.Collect(p, g, gc.Request{Reason: gc.Forced})
		return false
	}
	n := b.Ask(gc.Request{Reason: gc.Forced})
	t := &s.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	if b.Done(n) {
		return false
	}
	s.Park(g, WaitGC)
	t.waiting = append(t.waiting, awaiting{g, n})
	return true
}

// Swept implements gc.Beside.
func (w *world) Swept(cache *heap.Cache) {
	s := (*Sched)(w)
	b, t := s.cycle.background, &s.turns
	t.mu.Lock()
	var ready []*G
	kept := t.waiting[:0]
	for _, a := range t.waiting {
		if b.Done(a.n) {
			ready = append(ready, a.g)
		} else {
			kept = append(kept, a)
		}
	}
	t.waiting = kept
	t.mu.Unlock()
	p := s.Ps()[0] // the world is stopped
	for _, q := range s.Ps() {
		if q.Cache == cache {
			p = q
		}
	}
	s.cycle.finq.kick(s, p)
	for _, g := range ready {
		s.Ready(nil, g)
	}
	s.letGoSome(p.Cache)
}

// Forget implements gc.Beside.
func (w *world) Forget() bool { return (*Sched)(w).forgetSome() }

// Wake implements gc.Beside.
func (w *world) Wake() {
	s := (*Sched)(w)
	n := int(s.nidle.Load())
	if n == 0 {
		s.Ps()[0].Interrupt(WantPreempt)
		return
	}
	for range n {
		s.wakeAny()
	}
}

// Stopping implements gc.Beside.
func (w *world) Stopping() bool { return (*Sched)(w).stoppers.Load() > 0 }

// Deterministic implements gc.Beside.
func (w *world) Deterministic() bool { return (*Sched)(w).cfg.Deterministic }

// IdleTime implements gc.Beside.
func (w *world) IdleTime() time.Duration {
	s := (*Sched)(w)
	sum := s.idled.Load()
	now := int64(time.Since(s.start))
	for _, p := range s.Ps() {
		if at := p.idleSince.Load(); at > 0 {
			sum += max(0, now-at)
		}
	}
	return time.Duration(sum)
}

// fallAsleep and wakeUp book the time that p sleeps.
func (p *P) fallAsleep() { p.idleSince.Store(int64(time.Since(p.Sched.start)) + 1) }

func (p *P) wakeUp() {
	if at := p.idleSince.Swap(0); at > 0 {
		p.Sched.idled.Add(int64(time.Since(p.Sched.start)) - at)
	}
}
