package sched

import (
	"sync/atomic"

	"github.com/terrarium-go/terrarium/internal/heap"
)

// Want is a set of reasons for which a P is asked to leave the interpreter's loop.
type Want uint32

// Reasons to leave the loop. WantGC alone does not end Run: the Runner calls
// Collect and goes on.
const (
	WantPreempt Want = 1 << iota // somebody else's turn
	WantStop                     // the world is being stopped
	WantExit                     // the program is over
	WantGC                       // the heap has passed its trigger
)

// P is the right to run guest code, with what belongs to one worker: at most one
// goroutine runs on it at a time.
type P struct {
	ID    int // 0 <= ID < Procs
	Sched *Sched
	Cache *heap.Cache

	// Limit is the word that the loop compares the stack's end with; 0 stops it
	// at its next poll. Set once by the Runner before the P first runs, written
	// through Arm and Interrupt only.
	Limit *uintptr
	// Loop is the Runner's record of this P.
	Loop any

	want atomic.Uint32
	cur  atomic.Pointer[G] // running goroutine
	tick atomic.Uint32     // goes up at every switch

	rng      uint64
	runq     runq
	runnext  atomic.Pointer[G]
	free     *G // pool of dead goroutines with a stack of MinSize
	nfree    int
	lastTick uint32 // of the preemption tick
	idle     bool   // guarded by Sched.mu
	gone     bool   // GOMAXPROCS went down; guarded by Sched.mu
	note     chan struct{}
	switchTo *G // the goroutine that runs next, whatever is queued
}

// Arm sets the limit for the loop that is about to be entered, unless somebody
// wants the P, in which case it stays 0 and the loop stops at its first poll.
func (p *P) Arm(limit uintptr) {
	atomic.StoreUintptr(p.Limit, limit)
	if p.want.Load() != 0 {
		atomic.StoreUintptr(p.Limit, 0)
	}
}

// Interrupt asks the P to leave the loop. Any goroutine may call it.
//
// The reason is stored before the limit, and Arm looks at the reason after
// storing the limit; so whichever comes last, the limit ends up 0.
func (p *P) Interrupt(w Want) {
	p.want.Or(uint32(w))
	if p.Limit != nil {
		atomic.StoreUintptr(p.Limit, 0)
	}
}

// Wants is the set of reasons for which the P should leave the loop. When it
// holds any of WantPreempt, WantStop and WantExit, the Runner saves the
// goroutine and returns Preempted.
func (p *P) Wants() Want { return Want(p.want.Load()) }

// ClearGC forgets WantGC.
func (p *P) ClearGC() { p.want.And(^uint32(WantGC)) }

// Current is the goroutine that runs on p, or nil.
func (p *P) Current() *G { return p.cur.Load() }

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
