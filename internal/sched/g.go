package sched

import (
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/stack"
)

// Status is where a goroutine stands.
//
//	Dead      --NewG, Queue-->    Runnable
//	Runnable  --a worker-->       Running
//	Running   --Park-->           Parking    (its worker is still saving it)
//	Parking   --its worker-->     Waiting
//	Parking   --Ready-->          Woken      (its worker will queue it)
//	Woken     --its worker-->     Runnable
//	Waiting   --Ready-->          Runnable
//	Running   --preempted-->      Runnable
//	Running   --its end-->        Dead
//
// A goroutine is written by its worker while Running, Parking or Woken; by
// nobody while Runnable or Waiting, except that a peer delivers a channel
// element to it, and that a collection moves its stack with the world stopped.
type Status uint32

// The states of a goroutine.
const (
	Dead Status = iota
	Runnable
	Running
	Parking
	Woken
	Waiting
)

// WaitReason says why a goroutine is parked.
type WaitReason uint8

// Reasons, with the words of Go's tracebacks.
const (
	WaitNone WaitReason = iota
	WaitChanRecv
	WaitChanSend
	WaitChanRecvNil
	WaitChanSendNil
	WaitSelect
	WaitSelectNone
	WaitSleep
	WaitSemacquire
	WaitMutex
	WaitRWMutexR
	WaitRWMutexW
	WaitWaitGroup
	WaitCond
	WaitIO
	WaitFinalizer
	WaitTimer
	WaitCoroutine
	WaitHost
	WaitForever
	WaitSynctestRun
	WaitSynctestWait
	WaitChanRecvDurable // in a bubble, as the next three
	WaitChanSendDurable
	WaitSelectDurable
	WaitWaitGroupDurable
	WaitGC
)

var waitWords = [...]string{
	WaitNone:        "waiting",
	WaitChanRecv:    "chan receive",
	WaitChanSend:    "chan send",
	WaitChanRecvNil: "chan receive (nil chan)",
	WaitChanSendNil: "chan send (nil chan)",
	WaitSelect:      "select",
	WaitSelectNone:  "select (no cases)",
	WaitSleep:       "sleep",
	WaitSemacquire:  "semacquire",
	WaitMutex:       "sync.Mutex.Lock",
	WaitRWMutexR:    "sync.RWMutex.RLock",
	WaitRWMutexW:    "sync.RWMutex.Lock",
	WaitWaitGroup:   "sync.WaitGroup.Wait",
	WaitCond:        "sync.Cond.Wait",
	WaitIO:          "IO wait",
	WaitFinalizer:   "finalizer wait",
	WaitTimer:       "timer goroutine (idle)",
	WaitCoroutine:   "coroutine",
	WaitHost:        "syscall",
	WaitForever:     "wait forever",
	WaitGC:          "wait for GC cycle",

	WaitSynctestRun:      "synctest.Run",
	WaitSynctestWait:     "synctest.Wait",
	WaitChanRecvDurable:  "chan receive (durable)",
	WaitChanSendDurable:  "chan send (durable)",
	WaitSelectDurable:    "select (durable)",
	WaitWaitGroupDurable: "sync.WaitGroup.Wait (durable)",
}

// String is the reason as tracebacks print it.
func (w WaitReason) String() string {
	if int(w) < len(waitWords) {
		return waitWords[w]
	}
	return "waiting"
}

// G is the host's record of a goroutine.
type G struct {
	Stack       stack.Stack
	stack.State        // valid unless the goroutine is in the interpreter's loop
	Ctx         uint64 // closure object of the newest call of a func value; a root while the goroutine stands at the entry of a function that takes one
	StartFn     uint64 // closure it was started with; a root until it has started

	ID        uint64    // from 1; never used again
	ParentID  uint64    // goroutine that created it; 0 for main and those that timers start
	CreatedBy uintptr   // PC of the GO instruction; 0 for main
	Resumed   bool      // a park ended: the host function that parked is called once more and takes this (TakeResumed)
	System    bool      // belongs to the machine: not counted, not in tracebacks
	Defers    []Defer   // of the frames of this goroutine, oldest first; appended with PushDefer
	Run       RunState  // the interpreter's own record: panics in progress and the like
	Labels    uint64    // guest address of the profiler labels (a root)
	Local     [4]uint64 // words of the guest's runtime; no pointers; [2]: thread locks
	Calling   bool      // a System goroutine that runs code of the program: shown in tracebacks; written by itself

	status    atomic.Uint32
	selDone   atomic.Uint32 // 1: one of the cases of its select has been chosen
	reason    WaitReason
	scanned   atomic.Uint32 // see scan.go
	still     atomic.Uint32 // 1: the stack may be moved only by whoever has set it; see keepStill
	fresh     bool          // has not run yet
	leaked    bool          // FindLeaks says so; see there
	shrink    bool          // the stack is to be halved before it runs next
	ok        bool          // outcome of the wait: a value was received, or a semaphore handed over
	closed    bool          // outcome of the wait: the channel was closed
	chosen    int32         // outcome of a select: index of the case
	pins      int32         // Pin calls that are not undone
	all       int32         // index in Sched.all
	waitSince int64         // Nanotime at which a collection first found it waiting
	parked    int64         // Nanotime at which a wait began that somebody wants to know of; else 0
	runnable  int64         // Nanotime at which it became runnable, if that is timed; else 0
	changes   uint32        // changes to runnable so far
	next      *G            // in the global queue or a pool
	w         waiter
	sel       []waiter // of a select, one per case
	timer     *timer   // of its sleeps
	bubble    *Bubble  // it belongs to, or nil
}

// gCost is the bytes charged for a G: the record, its place in Sched.all, and
// the queue of a channel that it may have to itself.
const gCost = int64(unsafe.Sizeof(G{})) + 16 + 64

// RunState is what the interpreter hangs on a goroutine.
type RunState interface {
	// Pointers calls f with the place of every guest pointer that is held.
	Pointers(f func(*uint64))
}

// Defer is one deferred call that has not run.
type Defer struct {
	Fn    uint64 // closure object, func()
	Frame uint64 // of the deferring frame: bytes from Stack.Lo to its slot 0
	Depth uint32 // control words below the deferring frame; tells frames apart that share an address
	Flags uint32 // the interpreter's
}

const recordKind = mem.KindRecord

// Status is the goroutine's state now.
func (g *G) Status() Status { return Status(g.status.Load()) }

// Reason is why it is parked. It is meaningful with the world stopped, or for
// the goroutine's own worker.
func (g *G) Reason() WaitReason { return g.reason }

// State is the state as tracebacks print it between brackets: "running",
// "runnable", "chan receive" and so on.
func (g *G) StateText() string {
	switch g.Status() {
	case Dead:
		return "dead"
	case Runnable, Woken:
		return "runnable"
	case Running:
		return "running"
	}
	if g.bubble != nil && durable[g.reason] && g.reason < WaitChanRecvDurable {
		return g.reason.String() + " (durable)"
	}
	return g.reason.String()
}

// WaitingFor is how many ns a parked goroutine has been known to wait, 0 if no
// collection has seen it waiting.
func (s *Sched) WaitingFor(g *G) int64 {
	if g.Status() != Waiting || g.waitSince == 0 {
		return 0
	}
	return s.Nanotime() - g.waitSince
}

// TakeResumed reports whether this is the second call of a host function that
// parked, and forgets it.
func (g *G) TakeResumed() bool {
	r := g.Resumed
	g.Resumed = false
	return r
}

// Pin keeps g, which runs on p, on this P until Unpin, and nobody else runs there
// meanwhile; the world may stop all the same. Pins nest; the result is the P's
// number. A pinned goroutine does not park.
func (s *Sched) Pin(p *P, g *G) int {
	g.pins++
	return p.ID
}

// Unpin undoes one Pin.
func (s *Sched) Unpin(g *G) { g.pins = max(0, g.pins-1) }

// held visits the guest pointers in the record, those of waiters left out.
func (g *G) held(visit func(*uint64)) {
	visit(&g.Ctx)
	g.kept(visit)
}

// kept is held without Ctx, which an earlier call has left unless the goroutine stands at the entry of a closure.
func (g *G) kept(visit func(*uint64)) {
	visit(&g.StartFn)
	visit(&g.Labels)
	for i := range g.Defers {
		visit(&g.Defers[i].Fn)
	}
	if g.Run != nil {
		g.Run.Pointers(visit)
	}
}

// PushDefer appends a deferred call. It reports false, with nothing done, when
// the limit refuses the bookkeeping.
func (s *Sched) PushDefer(g *G, d Defer) bool {
	if len(g.Defers) == cap(g.Defers) {
		n := max(4, 2*cap(g.Defers))
		if !s.space.Charge(int64(n-cap(g.Defers))*int64(unsafe.Sizeof(d)), recordKind) {
			return false
		}
		g.Defers = append(make([]Defer, 0, n), g.Defers...)
	}
	g.Defers = append(g.Defers, d)
	return true
}

// dropDefers frees the list of deferred calls.
func (s *Sched) dropDefers(g *G) {
	s.space.Uncharge(int64(cap(g.Defers))*int64(unsafe.Sizeof(Defer{})), recordKind)
	g.Defers = nil
}

// NewG makes a goroutine that will call the closure at guest address fn; Queue
// makes it runnable. parent may be nil. NeedGC and NoMemory are as for
// heap.Cache.Alloc.
func (s *Sched) NewG(p *P, parent *G, fn uint64, createdBy uintptr, f heap.Flags) (*G, heap.Status) {
	g := p.free.pop()
	if g == nil && s.poolHas.Load() {
		s.gmu.Lock()
		g = s.pool.pop()
		for g != nil && p.free.n < poolMost/2 && s.pool.n > 0 {
			p.free.push(s.pool.pop())
		}
		s.poolHas.Store(s.pool.n > 0)
		s.gmu.Unlock()
	}
	fresh := g == nil
	if fresh {
		if !s.space.Charge(gCost, recordKind) {
			if f&heap.AfterGC != 0 {
				return nil, heap.NoMemory
			}
			return nil, heap.NeedGC
		}
		g = &G{}
		g.w.g = g
	}
	if g.Stack.Hi == 0 {
		size := s.newStack.Load()
		if f&heap.AfterGC != 0 {
			size = stack.MinSize // memory is short
		}
		st, status := stack.Alloc(s.space, p.Cache, size, f)
		if status != heap.OK {
			if fresh {
				s.space.Uncharge(gCost, recordKind)
			} else {
				p.free.push(g)
			}
			return nil, status
		}
		g.Stack = st
	}
	if fresh {
		s.gmu.Lock()
		g.all = int32(len(s.all))
		s.all = append(s.all, g)
		s.gmu.Unlock()
	}
	g.State = g.Stack.Start(s.space)
	g.Ctx, g.StartFn = fn, fn
	g.ID = s.lastID.Add(1)
	g.fresh = true
	g.changes = uint32(g.ID)
	g.scanned.Store(2 * s.scan.cycle)
	g.CreatedBy = createdBy
	g.ParentID = 0
	if parent != nil {
		if parent.Shown() { // callbacks of timers run on no goroutine of the program
			g.ParentID = parent.ID
		}
		g.Labels = parent.Labels
		if g.bubble = parent.bubble; g.bubble != nil {
			g.bubble.join()
		}
	}
	g.status.Store(uint32(Waiting))
	g.reason = WaitNone
	s.count.Add(1)
	return g, heap.OK
}

// poolMost is the number of dead goroutines a P keeps.
const poolMost = 64

// bury puts an ended goroutine into the pool.
func (s *Sched) bury(p *P, g *G) {
	if !g.System {
		s.count.Add(-1)
	}
	if g.ID == 1 {
		s.mainDone.Store(true)
	}
	if g.Defers != nil {
		s.dropDefers(g)
	}
	if n := g.Stack.Size(); n > s.newStack.Load() {
		g.Stack.Free(s.space, p.Cache)
	}
	g.freeSelect(s)
	g.State = stack.State{}
	g.Ctx, g.StartFn, g.Labels, g.Run = 0, 0, 0, nil
	g.Local = [4]uint64{}
	g.System, g.Calling, g.Resumed, g.shrink, g.leaked = false, false, false, false, false
	g.pins = 0
	if b := g.bubble; b != nil {
		s.leaveBubble(p, b, g, true)
		g.bubble = nil
	}
	g.status.Store(uint32(Dead))
	p.free.push(g)
	if p.free.n > poolMost {
		s.gmu.Lock()
		for p.free.n > poolMost/2 {
			s.pool.push(p.free.pop())
		}
		s.poolHas.Store(true)
		s.gmu.Unlock()
	}
}

// Shown reports whether tracebacks and profiles show the goroutine.
func (g *G) Shown() bool { return !g.System || g.Calling }

// NumGoroutine is the number of goroutines of the program.
func (s *Sched) NumGoroutine() int { return int(s.count.Load()) }

// Goroutines calls f for every goroutine that is not dead, System ones included,
// until f returns false. The world is stopped.
func (s *Sched) Goroutines(f func(*G) bool) {
	s.gmu.Lock()
	all := s.all
	s.gmu.Unlock()
	for _, g := range all {
		if g.Status() != Dead && !f(g) {
			return
		}
	}
}

// Grown is the outcome of GrowStack.
type Grown uint8

// Outcomes of GrowStack.
const (
	GrowDone     Grown = iota
	GrowNeedGC         // as heap.NeedGC
	GrowNoMemory       // as heap.NoMemory
	GrowOverflow       // MaxStack would be exceeded: guest-fatal stack overflow
)

// GrowStack gives g, which runs on p and is saved, a stack with room for need
// bytes from its start (Stack.Lo), at least twice as large as the present one.
func (s *Sched) GrowStack(p *P, g *G, need uint64, f heap.Flags) Grown {
	size := max(g.Stack.Size()*2, stack.SizeFor(need))
	if need > s.MaxStack() || g.Stack.Size() >= s.MaxStack() || stack.SizeFor(need) == 0 {
		return GrowOverflow
	}
	if g.Stack.Extend(s.space, p.Cache, &g.State, size) {
		return GrowDone
	}
	return s.resize(p, g, size, f)
}

// MoveStack gives g, which runs on p and is saved, a stack of the same size
// elsewhere (debug flag movestack).
func (s *Sched) MoveStack(p *P, g *G, f heap.Flags) Grown { return s.resize(p, g, g.Stack.Size(), f) }

func (s *Sched) resize(p *P, g *G, size uint64, f heap.Flags) Grown {
	switch g.Stack.Move(s.code, s.space, p.Cache, &g.State, size, f, g.held) {
	case heap.OK:
		return GrowDone
	case heap.NeedGC:
		return GrowNeedGC
	}
	return GrowNoMemory
}

// keepStill keeps the stack of g, which does not run, where it is, until letMove. Peers of a parked
// goroutine copy an element to or from its frames, while a collection beside the program
// may be about to shrink its stack; neither takes longer than copying a stack does, unless it ends the program.
func (s *Sched) keepStill(g *G) {
	for !g.still.CompareAndSwap(0, 1) && !s.Exiting() {
		runtime.Gosched()
	}
}

// letMove undoes keepStill.
func (g *G) letMove() { g.still.Store(0) }

// shrinkStack halves the stack of g, which does not run, while it uses less than
// a quarter. A refusal of the heap leaves it as it is.
func (s *Sched) shrinkStack(c *heap.Cache, g *G) {
	size := g.Stack.Size()
	if size <= stack.MinSize {
		return
	}
	used := g.Stack.Used(s.code, g.State)
	to := size
	for to > stack.MinSize && used < to/4 && g.depth() < stack.ControlLen(to/2) {
		to /= 2
	}
	if to == size {
		return
	}
	s.keepStill(g)
	defer g.letMove()
	g.Stack.Move(s.code, s.space, c, &g.State, to, heap.AfterGC, g.held)
}

// Stacks adds up the stacks of the goroutines: how many there are, the bytes of their stacks, of those
// the bytes in frames, and the bytes of control words on the host's side. The world is stopped.
func (s *Sched) Stacks() (n, size, used, control uint64) {
	s.Goroutines(func(g *G) bool {
		n++
		size += g.Stack.Size()
		control += uint64(len(g.Stack.Control)) * 8
		if g.PC != 0 {
			used += min(g.Stack.Used(s.code, g.State), g.Stack.Size())
		}
		return true
	})
	return n, size, used, control
}

// depth is the number of control words in use.
func (g *G) depth() int { return int(g.CSP-g.Stack.ControlBase()) / 8 }
