package sched

import (
	"sync/atomic"
	"time"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
)

// Want is a set of reasons for which a P is asked to leave the interpreter's loop. WantGC and WantSample alone do not
// end Run: the Runner does what is wanted and goes on.
type Want uint32

// Reasons to leave the loop.
const (
	WantPreempt Want = 1 << iota // somebody else's turn
	WantStop                     // the world is being stopped; set and cleared under Sched.mu
	WantExit                     // the program is over; never cleared
	WantGC                       // the heap has passed its trigger
	WantSample                   // the goroutine is to be shown to a profile
)

// P is the right to run guest code, with what belongs to one worker: at most one
// goroutine runs on it at a time.
type P struct {
	ID    int // 0 <= ID < Procs, or more if it is gone; changes only with the world stopped
	Sched *Sched
	Cache *heap.Cache

	// limit is the word that the loop compares the stack's end with; 0 stops it
	// at its next poll. Set once by the Runner (SetLimit), then written through
	// Arm and Interrupt only.
	limit atomic.Pointer[uintptr]
	// Loop is the Runner's record of this P.
	Loop any

	want     atomic.Uint32     // set of Want
	cur      atomic.Pointer[G] // running goroutine
	tick     atomic.Uint32     // goes up at every switch that begins a time slice
	switches atomic.Uint32     // goes up at every switch

	runq    runq
	runnext atomic.Pointer[G]

	// For the worker alone.
	rng      uint64
	switchTo *G     // runs next, whatever is queued
	free     list   // pool of dead goroutines, as Sched.pool
	nextRuns uint32 // times in a row that runnext was taken
	finds    uint32 // calls of find
	own      bool   // what is allocated now is the machine's, not the goroutine's
	depth    int    // StopTheWorld calls that are not undone
	paused   int64  // Nanotime at which PauseWorld was called
	searches bool   // counted in Sched.spinning
	alarm    *time.Timer
	trimmed  uint32 // the last collection (scan.cycle) for which it has given back stacks and pages
	cases    []Case // scratch of selects
	order    []uint16

	turn      gc.Turn      // what the collector gets to see of this P
	idleSince atomic.Int64 // ns from the scheduler's start to when the worker fell asleep, 0 when it does not sleep

	seen uint32 // tick as the preemption tick saw it last; its own
	gone bool   // GOMAXPROCS went down; changes with the world stopped and Sched.mu held
	note chan struct{}
}

// SetLimit tells p the word of the Runner's loop that stops it. The Runner calls
// it the first time it runs on p.
func (p *P) SetLimit(word *uintptr) { p.limit.Store(word) }

// Arm sets the limit for the loop that is about to be entered, unless somebody
// wants the P, in which case it stays 0 and the loop stops at its first poll.
func (p *P) Arm(limit uintptr) {
	w := p.limit.Load()
	atomic.StoreUintptr(w, limit)
	if p.want.Load() != 0 {
		atomic.StoreUintptr(w, 0)
	}
}

// Interrupt asks the P to leave the loop. Any goroutine may call it.
//
// The reason is stored before the limit, and Arm looks at the reason after
// storing the limit; so whichever comes last, the limit ends up 0.
func (p *P) Interrupt(w Want) {
	p.want.Or(uint32(w))
	if l := p.limit.Load(); l != nil {
		atomic.StoreUintptr(l, 0)
	}
}

// Wants is the set of reasons for which the P should leave the loop. When it
// holds any of WantPreempt, WantStop and WantExit, the Runner saves the
// goroutine and returns Preempted.
func (p *P) Wants() Want { return Want(p.want.Load()) }

// Forget takes reasons back that have been dealt with (WantGC, WantPreempt, WantSample).
func (p *P) Forget(w Want) { p.want.And(^uint32(w & (WantGC | WantPreempt | WantSample))) }

// Current is the goroutine that runs on p, or nil.
func (p *P) Current() *G { return p.cur.Load() }

// Own reports whether p is allocating for the machine, not for its goroutine. Only a heap
// profile, called by the allocation, asks.
func (p *P) Own() bool { return p.own }

// Rand is the next number of p's generator (xorshift64*).
func (p *P) Rand() uint64 {
	x := p.rng
	x ^= x >> 12
	x ^= x << 25
	x ^= x >> 27
	p.rng = x
	return x * 0x2545f4914f6cdd1d
}

// Rand32n is a random number below n, which must not be 0.
func (p *P) Rand32n(n uint32) uint32 { return uint32(uint64(uint32(p.Rand()>>32)) * uint64(n) >> 32) }

// signal ends the sleep of p's worker, or makes the next one short.
func (p *P) signal() {
	select {
	case p.note <- struct{}{}:
	default:
	}
}

// ready queues g on p; its worker calls. The goroutine that was next in line
// moves to the ring, and from a full ring half moves to the global queue.
func (p *P) ready(g *G) {
	if g = p.runnext.Swap(g); g != nil {
		p.enqueue(g)
	}
}

// enqueue adds g to p's ring; its worker calls.
func (p *P) enqueue(g *G) {
	if p.runq.put(g) {
		return
	}
	s := p.Sched
	s.gmu.Lock()
	defer s.gmu.Unlock()
	for range runqSize / 2 {
		if h := p.runq.get(); h != nil {
			s.global.push(h)
		}
	}
	s.global.push(g)
	s.nglobal.Store(int32(s.global.n))
}
