package sched

import (
	"sync/atomic"

	"github.com/terrarium-go/terrarium/internal/stack"
)

// Status is where a goroutine stands.
//
//	Dead      --New-->            Runnable
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
	WaitCleanup
	WaitTimer
	WaitCoroutine
	WaitSynctest
	WaitHost
	WaitGosched
	WaitForever
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
	WaitCleanup:     "cleanup wait",
	WaitTimer:       "timer wait",
	WaitCoroutine:   "coroutine",
	WaitSynctest:    "synctest.Wait",
	WaitHost:        "syscall",
	WaitGosched:     "runnable",
	WaitForever:     "wait forever",
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
	Ctx         uint64 // closure object of the newest call; a root while the goroutine stands at a function's entry

	ID        uint64
	ParentID  uint64   // goroutine that created it; 0 for main
	CreatedBy uintptr  // host address of the GO instruction, 0 for main
	StartFn   uint64   // closure it was started with
	Resumed   bool     // a park ended: the host function that parked is called once more and takes this (TakeResumed)
	System    bool     // belongs to the machine: not counted, not in tracebacks
	Defers    []Defer  // of the frames of this goroutine, oldest first; appended with PushDefer
	Run       RunState // the interpreter's own record: panics in progress and the like
	Labels    uint64   // guest address of the profiler labels (a root)
	Param     uint64   // guest word left by the waker (a root)
	status    atomic.Uint32
	selDone   atomic.Uint32 // a peer has chosen one of this goroutine's select cases
	reason    WaitReason
	yielded   bool     // goes to the end of the global queue
	shrink    bool     // the stack is to be halved before it runs next
	ok        bool     // outcome of the wait: a value was received, a semaphore was handed over
	closed    bool     // outcome of the wait: the channel was closed
	chosen    int32    // outcome of a select: index of the case
	waitSince int64    // Nanotime at which it parked
	w         waiter   // of every wait on one thing
	sel       []waiter // of a select
	next      *G       // in the global queue or a pool
	all       int32    // index in Sched.all
}

// RunState is what the interpreter hangs on a goroutine.
type RunState interface {
	// Pointers calls f with the place of every guest pointer that is held.
	Pointers(f func(*uint64))
}

// Defer is one deferred call that has not run.
type Defer struct {
	Fn    uint64 // closure object, func()
	Frame uint64 // of the deferring frame: bytes from Stack.Lo to its slot 0
	Depth uint32 // control words below the deferring frame's own call; tells frames apart that share an address
	Flags uint32 // the interpreter's
}

// Status is the goroutine's state now.
func (g *G) Status() Status { return Status(g.status.Load()) }

// Reason is why it is parked. It is only meaningful with the world stopped or
// for the goroutine's own worker.
func (g *G) Reason() WaitReason { return g.reason }

// TakeResumed reports whether this is the second call of a host function that
// parked, and forgets it.
func (g *G) TakeResumed() bool {
	r := g.Resumed
	g.Resumed = false
	return r
}
