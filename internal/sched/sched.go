// Package sched schedules goroutines and holds what they wait for: channels,
// select, timers, semaphores, notify lists and coroutines. It stops the world
// for the collector and tells it the roots.
//
// # Workers
//
// There are GOMAXPROCS Ps, each with one worker (a goroutine of the host) that
// runs guest goroutines one after the other; so the workers run really in
// parallel, and Go's third party, the M, is left out: a host call that blocks
// parks its goroutine and runs on a host goroutine of its own (Block), so a
// worker never waits for anything but work.
//
// A worker finds its next goroutine in this order (find):
//
//  1. the goroutine that a coroutine switch named
//  2. timers that are due make goroutines ready
//  3. now and then (every 61st time) the global queue
//  4. runnext: the goroutine that the last one made ready, so that two that talk
//     to each other share their time slice; not more than 64 times in a row
//  5. the P's own ring of 256
//  6. a batch from the global queue
//  7. half of another P's ring (steal)
//
// and then sleeps on its note. Whoever queues a goroutine wakes a sleeper unless
// some worker is searching already (spinning). The queue is written before the
// number of sleepers is read; a worker counts itself as a sleeper before it
// looks at all queues once more; so one of the two sees the other.
//
// # Parking
//
// A host function parks its goroutine (Park) before it makes the goroutine
// known to those who will wake it; its worker is still busy saving the state. A
// waker that comes too early finds the status Parking, sets Woken, and the
// worker queues the goroutine itself (see Status). When the goroutine runs
// again, the host function is called a second time with Resumed set.
//
// # Stopping the world
//
// A stopper sets WantStop on every P and zeroes the limit that loops poll. It
// waits until no P is active: a P is active unless its worker sleeps, stands at
// a safepoint with its goroutine's state saved, or is itself waiting to stop the
// world. Activity is counted under mu.
//
//	active = number of Ps whose worker may touch guest memory
//	stopped implies that no worker becomes active
//
// # Deadlock
//
// When the last worker goes to sleep and there is no timer that anybody waits for, no
// host call in progress and no event source that the embedder granted (Hold), nobody can make
// a goroutine ready any more: guest-fatal deadlock.
//
// # Locks
//
//	world (StopTheWorld) → mu → gmu
//	shards of channels, in order of their index → timers.mu → mu
//	shards of semaphores → mu
package sched

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/stack"
)

// Outcome is why Run returned.
type Outcome uint8

// Outcomes. In all but Ended the Runner has saved PC, FP, CSP and Ctx in the G.
const (
	Parked    Outcome = iota // a host function said Park or Switch: the goroutine is parked, or is already awake again
	Preempted                // stopped at a safepoint because of Wants, or because its fuel is used up
	Yielded                  // a host function said Yield or Again: the goroutine goes on after the others
	Ended                    // returned from its first function, or Goexit finished
	Exited                   // Exit has been called: the program is over
)

// Runner runs guest code; the interpreter is one. Run runs g on p until there is
// an outcome. A goroutine with PC 0 has not started: Run begins it with a call of
// the closure in StartFn at the bottom of its stack. Run never panics.
type Runner interface {
	Run(p *P, g *G) Outcome
}

// Config is what a scheduler needs.
type Config struct {
	Procs int   // GOMAXPROCS; at least 1, at most MaxProcs
	Seed  int64 // of every random choice; 0 takes a random one
	// Deterministic runs one P without host clocks deciding anything: no
	// preemption tick (the Runner preempts by fuel).
	Deterministic bool
	// VirtualTime lets the clock stand still while goroutines run and jump to
	// the next timer when all of them wait. Requires Deterministic.
	VirtualTime bool
	Space       *mem.Space
	Heap        *heap.Heap
	Prog        *bytecode.Program
	Code        []bytecode.Ins // the instructions that PCs point into
	Runner      Runner
	Clock       func() int64 // nanoseconds, monotonic, never 0; nil: the host's
	// Report is called once, after every worker has ended, when the program
	// died of a fatal error found by the scheduler, before Wait returns.
	Report func(Exit)
	// Roots shows the collector the guest pointers that other rooms hold, with
	// the world stopped. May be nil.
	Roots func(m gc.Marker)
	// CycleDone is called at the end of every collection, with the world
	// stopped. May be nil.
	CycleDone func(c *gc.Cycle)
}

// MaxProcs is the largest GOMAXPROCS.
const MaxProcs = 256

// Exit is how the program ended.
type Exit struct {
	Code   int // process exit code
	Reason ExitReason
	Text   string // of a fatal error, "fatal error: " not included
	Before string // lines of a report that come before it
}

// ExitReason is the kind of an end.
type ExitReason uint8

// Reasons.
const (
	ExitNormal   ExitReason = iota // os.Exit, or main returned
	ExitPanic                      // unrecovered panic
	ExitFatal                      // guest-fatal error
	ExitDeadlock                   // all goroutines are asleep
	ExitKilled                     // the embedding program ended it
)

// Sched schedules the goroutines of one machine.
type Sched struct {
	cfg    Config
	space  *mem.Space
	heap   *heap.Heap
	code   *stack.Code
	runner Runner
	seed   uint64
	start  time.Time
	offset atomic.Int64 // of the virtual clock, ns

	mu       sync.Mutex
	ps       atomic.Pointer[[]*P] // replaced under mu by active Ps
	procs    atomic.Int32         // GOMAXPROCS: the Ps that count come first in ps; changes with the world stopped
	idle     []*P                 // sleeping workers, the latest last; guarded by mu
	nidle    atomic.Int32         // len(idle), written under mu
	spinning atomic.Int32         // workers that search other queues
	active   int                  // guarded by mu; see "Stopping the world"
	stopped  bool                 // guarded by mu
	owner    *P                   // that stopped the world and goes on alone; nil: a caller without P; guarded by mu
	calm     *sync.Cond           // on mu: active became 0
	world    *sync.Cond           // on mu: stopped became false, or the program is over
	keeper   *P                   // the sleeping worker that watches the clock; guarded by mu
	keepTill int64                // Nanotime until which keeper sleeps; guarded by mu
	nextP    int                  // number of Ps ever made, for seeds; guarded by mu

	exiting atomic.Bool
	exit    Exit // set before exiting, under mu
	untold  bool // Report is to tell of exit; guarded by mu
	quit    chan struct{}
	workers sync.WaitGroup
	tick    chan struct{} // wakes the preemption tick when it sleeps
	tickOff atomic.Bool   // the tick sleeps because every worker does
	wakes   atomic.Int64  // how often a worker was woken, for tests and statistics

	gmu      sync.Mutex
	global   list // guarded by gmu
	nglobal  atomic.Int32
	pool     list        // dead goroutines with an empty stack or one that may start another; guarded by gmu
	poolHas  atomic.Bool // pool is not empty
	all      []*G        // every record, dead ones included; guarded by gmu
	meters   Meters
	lastID   atomic.Uint64
	count    atomic.Int64 // goroutines that are not dead and not System
	mainDone atomic.Bool  // main has called Goexit

	polled   atomic.Int64 // goroutines between ParkIO and ReadyIO
	external atomic.Int64 // host calls in progress and granted event sources
	maxStack atomic.Uint64
	newStack atomic.Uint64 // bytes of a new goroutine's stack; set by collections

	Contention Contention
	sampling   sampling

	timers timers
	chans  [chanShards]chanShard
	semas  [semaShards]semaShard
	coros  corosTable

	bubbles bubbles

	headerOnce sync.Once // registers the type of channel headers
	headerID   abi.TypeID
	cycle      cycle // collections
	scan       scan  // of a collection beside the program
	turns      turns
	stoppers   atomic.Int32 // that wait for the world to stand still
	idled      atomic.Int64 // ns that workers have slept, the present sleeps left out
}

// New makes a scheduler; nothing runs before Start.
func New(cfg Config) *Sched {
	if cfg.Deterministic || cfg.Procs < 1 {
		cfg.Procs = 1
	}
	s := &Sched{
		cfg:    cfg,
		space:  cfg.Space,
		heap:   cfg.Heap,
		code:   stack.NewCode(cfg.Prog, cfg.Code, cfg.Space),
		runner: cfg.Runner,
		seed:   uint64(cfg.Seed),
		start:  time.Now(),
		quit:   make(chan struct{}),
		tick:   make(chan struct{}, 1),
	}
	if s.seed == 0 {
		s.seed = rand.Uint64()
	}
	s.timers.next.Store(math.MaxInt64)
	s.calm, s.world = sync.NewCond(&s.mu), sync.NewCond(&s.mu)
	s.maxStack.Store(stack.DefaultMax)
	s.newStack.Store(stack.MinSize)
	var ps []*P
	for i := range min(cfg.Procs, MaxProcs) {
		ps = append(ps, s.newP(i))
	}
	s.ps.Store(&ps)
	s.procs.Store(int32(len(ps)))
	s.heap.OnWantGC(func() {
		for _, p := range s.Ps() {
			p.Interrupt(WantGC)
		}
	})
	return s
}

// newP makes the P with number id. s.mu is held, or nothing runs yet.
func (s *Sched) newP(id int) *P {
	p := &P{ID: id, Sched: s, Cache: s.heap.NewCache(), note: make(chan struct{}, 1)}
	s.nextP++
	p.Cache.Behind = func() { p.Interrupt(WantPreempt) }
	p.initTurn()
	p.rng = mix(s.seed+uint64(s.nextP)*0x9e3779b97f4a7c15) | 1
	return p
}

// mix spreads the bits of a seed (the finaliser of splitmix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Ps is the list of Ps now, those included that GOMAXPROCS has taken away and that are not yet
// dissolved. It must not be written.
func (s *Sched) Ps() []*P { return *s.ps.Load() }

// Procs is GOMAXPROCS.
func (s *Sched) Procs() int { return int(s.procs.Load()) }

// Code relates program counters to the program, for stack.Walk.
func (s *Sched) Code() *stack.Code { return s.code }

// Start makes the main goroutine, which calls the hook function of that name
// (runtime.main), and starts the workers. The error says that the program has no
// such hook or that the limit refuses.
func (s *Sched) Start(hook string) error {
	ps := s.Ps()
	g, st, found := s.hookG(ps[0], hook)
	if !found {
		return fmt.Errorf("program has no function %s", hook)
	}
	if st != heap.OK {
		return fmt.Errorf("%w: starting the program", mem.ErrLimit)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g.status.Store(uint32(Runnable))
	ps[0].runq.put(g)
	s.workers.Add(len(ps))
	for _, p := range ps {
		go s.work(p)
	}
	if !s.cfg.Deterministic {
		go s.preempt()
	}
	return nil
}

// Wait waits until the program has ended and every worker has stopped, and says
// how it ended. Host calls in progress may still run on host goroutines of their
// own; what they deliver is dropped.
func (s *Sched) Wait() Exit {
	s.workers.Wait()
	s.mu.Lock()
	e, untold := s.exit, s.untold
	s.mu.Unlock()
	if s.cfg.Report != nil && (e.Reason == ExitDeadlock || untold) {
		s.cfg.Report(e)
	}
	return e
}

// Exit ends the program: every worker stops at its next safepoint. The first
// call decides how the program ended. Any goroutine may call it.
func (s *Sched) Exit(e Exit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(e)
}

// Fail is Exit with a fatal error that Report is to tell of.
func (s *Sched) Fail(e Exit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.exiting.Load() {
		s.untold = true
		e.Code, e.Reason = 2, ExitFatal
		s.end(e)
	}
}

// end is Exit with s.mu held.
func (s *Sched) end(e Exit) {
	if s.exiting.Load() {
		return
	}
	s.exit = e
	s.exiting.Store(true)
	close(s.quit)
	for _, p := range s.Ps() {
		p.Interrupt(WantExit)
	}
	for _, p := range s.idle {
		p.signal()
	}
	s.world.Broadcast()
}

// Exiting reports whether the program is over.
func (s *Sched) Exiting() bool { return s.exiting.Load() }

// Hold keeps a deadlock from being diagnosed while an event source outside of
// the guest may still make goroutines ready; Release ends that.
func (s *Sched) Hold() { s.external.Add(1) }

// Release is the opposite of Hold.
func (s *Sched) Release() {
	if s.external.Add(-1) == 0 && int(s.nidle.Load()) == len(s.Ps()) {
		s.wakeAny() // it finds nothing and looks at the question of deadlock again
	}
}

// Nanotime is the guest's monotonic clock, in nanoseconds; never 0.
func (s *Sched) Nanotime() int64 {
	switch {
	case s.cfg.VirtualTime:
		return s.offset.Load() + 1
	case s.cfg.Clock != nil:
		return s.cfg.Clock()
	}
	return int64(time.Since(s.start)) + 1
}

// Advance moves the virtual clock forward by ns. It does nothing to a real one.
func (s *Sched) Advance(ns int64) {
	if s.cfg.VirtualTime && ns > 0 {
		s.offset.Add(ns)
	}
}

// VirtualTime reports whether the clock is virtual.
func (s *Sched) VirtualTime() bool { return s.cfg.VirtualTime }

// MaxStack is the most bytes a goroutine's stack may have.
func (s *Sched) MaxStack() uint64 { return s.maxStack.Load() }

// SetMaxStack changes MaxStack and returns the old value.
func (s *Sched) SetMaxStack(n uint64) uint64 { return s.maxStack.Swap(n) }
