// Package gc says what a garbage collector of guest memory is and what it needs
// of the world around it. The collectors are the folders below: nogc never
// collects, marksweep stops the world, concurrent marks and sweeps beside the
// program.
//
// # A cycle
//
//		off → (world stopped) flush caches, clear pools → mark → sweep → off (world started)
//
//	 1. Somebody asks: the machine at a safepoint because live bytes passed the
//	    trigger, an allocation that the limit refused, the guest with runtime.GC.
//	 2. The collector stops the world. Caches give their windows back, so that the
//	    alloc bits are exact; sync.Pool is told to forget.
//	 3. Roots are marked: globals, goroutine stacks through their stack maps,
//	    pointers held by the host, and what specials keep alive (heap/specials.go).
//	 4. Everything reachable from them is marked and scanned.
//	 5. The sweep frees the rest, queues finalizers and cleanups, clears weak
//	    handles.
//	 6. The pacer sets the next trigger; the world goes on.
//
// # Roots are precise
//
// A root is a word that holds a pointer, or is of no interest. Pointers may be
// interior. Words that are no pointers into an allocated object are ignored, so
// corrupt guest memory can make the collector keep garbage but not break it.
//
// # Barriers
//
// A collector that runs beside the program needs to hear of pointers that are
// overwritten; see barrier.go. nogc and marksweep never switch theirs on.
package gc

import (
	"fmt"
	"io"
	"time"

	"github.com/terrarium-go/terrarium/internal/gc/pacer"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Collector frees what the guest cannot reach.
type Collector interface {
	// Name is the name the collector is chosen by.
	Name() string

	// Collect runs one whole cycle, finalizers queued and memory swept, and
	// describes it. It must be called where the caller's goroutine may stop the
	// world. It does nothing and reports false when the request is stale.
	Collect(r Request) (Cycle, bool)

	// Cycles is the number of cycles done. An allocator remembers it before it
	// tries, for Request.Seen.
	Cycles() uint32

	// Settings are GOGC (pacer.Off: off) and the soft memory limit
	// (pacer.NoLimit: none). SetPercent and SetMemoryLimit return the old value
	// and move the trigger at once.
	SetPercent(percent int) int
	SetMemoryLimit(bytes int64) int64

	// Stats describes all cycles so far.
	Stats() Stats

	// Barrier is what writers of guest pointers look at.
	Barrier() *Barrier

	// Close ends what runs beside the program. No guest code runs any more.
	Close()
}

// Background is a Collector whose cycles run beside the program, in turns that
// the machine's processors give it. Its Collect is for callers that may stop the world and
// wait: they work until the cycle is done.
type Background interface {
	Collector
	// Ask asks for a cycle and returns the number to wait for, or 0 when the request
	// is stale or need not be waited for. The cycle begins at the next turn.
	Ask(r Request) uint32
	// Done reports whether cycle n is over and swept.
	Done(n uint32) bool
	// Busy reports whether there is anything to do. It is cheap.
	Busy() bool
	// Due reports whether a processor that is busy with the program should soon give a turn.
	Due(p int) bool
	// Work does a piece of work with the processor and reports whether there was any.
	Work(t *Turn) bool
	// CollectStopped is Collect for a caller who has stopped the world.
	CollectStopped(r Request) Cycle
}

// Turn is time that a processor gives to the collector. Its goroutine, if it has one, stands at a
// safepoint, and may have to be scanned before it goes on.
type Turn struct {
	P     int  // number of the processor, from 0; one turn at a time for each
	Idle  bool // the processor has nothing else to do
	Help  bool // the processor cannot go on before a cycle is done
	Brief bool // the processor has nobody else to run its goroutine: it may be kept for its fraction, but not for a whole cycle
	// Cache is the processor's cache, for stacks that shrink, and for the bytes of marking that its
	// allocations owe; nil: neither.
	Cache *heap.Cache
	// Yield reports whether the processor is wanted for something else: the turn
	// should end within some ten microseconds.
	Yield func() bool
	// Stop and Start stop and start the world for this processor, which goes on alone.
	Stop  func(reason string)
	Start func()
}

// Beside is what a Background needs of the machine.
type Beside interface {
	World
	// Snapshot is called in the first pause. It shows m the roots that cannot be shown
	// later, and remembers the others. From then on, until RootsLeft is false, no
	// goroutine goes on before its roots have been shown to stacks, by whoever lets it
	// run; stacks may be used from many goroutines at once.
	Snapshot(m, stacks Marker)
	// ShowRoots shows a piece of the remembered roots. It reports false when none is
	// left that nobody works at. Any number may call it at once. cache is Turn.Cache.
	ShowRoots(m Marker, cache *heap.Cache) bool
	// RootsLeft reports whether there are remembered roots that have not been shown.
	RootsLeft() bool
	// Forget drops some of the machine's records of objects that the marking which has just ended has not
	// reached (heap.Heap.Alive), and reports whether more is to be looked at. Nothing is swept before it has
	// reported false. It is called beside the program, one call at a time, and does not allocate.
	Forget() bool
	// Wake tells idle processors that there is work.
	Wake()
	// Swept is called when a cycle is over and swept, beside the program: goroutines that
	// wait for it are readied here. cache is Turn.Cache.
	Swept(cache *heap.Cache)
	// Stopping reports whether somebody waits for the world to stand still.
	Stopping() bool
	// IdleTime is the time that processors have spent with nothing to do, all together.
	IdleTime() time.Duration
	// Deterministic reports whether the same program must run in the same way again: no decision
	// may depend on the time.
	Deterministic() bool
}

// World is what a collector needs of the machine; the scheduler implements it.
type World interface {
	// Stop returns when no guest code runs and none will until Start: every P is
	// at a safepoint. Calls are served one after the other.
	Stop(reason string)
	Start()

	// Roots shows every root. The world is stopped.
	Roots(m Marker)

	// ClearPools makes sync.Pool and its like forget. The world is stopped.
	ClearPools()

	// QueueFinalizer and QueueCleanup take what is to be run. From then on the
	// addresses are roots of the machine, until the call is done. The world is
	// stopped, or the collector runs beside the program: then it may be an allocation that calls, with locks
	// of the heap held.
	QueueFinalizer(object mem.Addr, f heap.Finalizer)
	QueueCleanup(c heap.Cleanup)

	// CycleDone ends a cycle: goroutines waiting for finalizers or for the cycle
	// are readied here. The world is stopped.
	CycleDone(c *Cycle)

	// Procs is GOMAXPROCS.
	Procs() int
}

// RootKind says where roots are, for the pacer and for reports.
type RootKind uint8

const (
	RootGlobals RootKind = iota
	RootStacks
	RootHost     // pointers held by the machine: queues, timers, handles
	RootSpecials // finalizers, cleanups, weak handles
	NumRootKinds
)

// Marker takes roots. The machine calls it from Roots only, from one goroutine.
type Marker interface {
	// Kind says of which kind the following roots are.
	Kind(k RootKind)
	// Range shows the pointer words among the words (of 8 bytes) at base: those
	// whose bit in mask is set (bit i%64 of mask[i/64] for word i), or all when
	// mask is nil. The memory is committed.
	Range(base mem.Addr, words int, mask []uint64)
	// Pointer shows a pointer held outside guest memory.
	Pointer(p mem.Addr)
}

// Reason says why a cycle is asked for.
type Reason uint8

const (
	Trigger Reason = iota // live bytes passed the trigger
	Limit                 // the limit refused an allocation
	Forced                // runtime.GC and the like
	Debug                 // a debug flag
)

var reasons = [...]string{"trigger", "limit", "forced", "debug"}

func (r Reason) String() string {
	if int(r) < len(reasons) {
		return reasons[r]
	}
	return fmt.Sprintf("reason %d", uint8(r))
}

// Request asks for a cycle.
//
// It is stale, and nothing is done, if it is for the trigger and live bytes are
// below it, or if it is for the limit and a cycle has ended since Seen.
type Request struct {
	Reason Reason
	Seen   uint32 // Cycles() before the refused allocation; for Limit
}

// Config is the settings of a new collector.
type Config struct {
	Percent     int   // GOGC; pacer.Off switches it off
	MemoryLimit int64 // bytes, soft; pacer.NoLimit for none
	Lax         bool  // the account's hard limit gives no goal
	Trace       io.Writer
}

// Default is Go's settings.
var Default = Config{Percent: 100, MemoryLimit: pacer.NoLimit}

// Cycle describes one cycle. Bytes unless said otherwise; the phases follow one
// another without gaps.
type Cycle struct {
	Number  uint32
	Reason  Reason
	At      time.Duration // from the collector's making to the beginning of the cycle
	Stop    time.Duration // stopping the world
	Mark    time.Duration // roots and marking
	Sweep   time.Duration // sweep and restart
	Beside  time.Duration // a cycle beside the program: first pause (Stop), marking (Beside), last pause (Sweep); Mark is 0
	Before  uint64        // live when the cycle began
	After   uint64        // live and dead when marking ended
	Marked  uint64        // live afterwards
	Objects uint64        // live afterwards, in objects
	Freed   uint64
	FreedN  uint64 // objects
	Goal    uint64 // that this cycle was to meet
	Next    uint64 // goal of the next one
	Roots   [NumRootKinds]uint64
	Procs   int
	CPU     float64 // share of the processors' time since the collector's making spent in cycles, 0 to 1

	// Processor time of marking beside the program: by processors in its place, by
	// allocating goroutines, and by processors with nothing else to do.
	Background, Assist, Idle time.Duration

	// Stray is a pointer to a free slot that was found where a pointer must be one to an object, or 0:
	// the program has kept an address out of the collector's sight, or has a data race.
	Stray mem.Addr

	// Futile says that collections forced by the limit follow one another with
	// next to nothing allocated in between: the program is out of memory in all
	// but name, and the caller should say so.
	Futile bool
}

// Pause is the time the world stood still, or was being stopped.
func (c *Cycle) Pause() time.Duration { return c.Stop + c.Mark + c.Sweep }

// Stats are figures over all cycles, as runtime.MemStats and debug.GCStats have
// them. The rings hold cycle n at (n+255)%256.
type Stats struct {
	Cycles     uint32
	Forced     uint32
	PauseTotal time.Duration
	Pauses     [256]time.Duration
	Ends       [256]time.Time
	Goal       uint64 // bytes, as the program's settings give it; pacer.Never when off
	Percent    int    // GOGC now; pacer.Off when off
	Limit      int64  // soft memory limit now
	CPU        float64
	Last       Cycle

	// Processor time of the cycles that have ended, besides pauses: of allocators that marked, of processors that marked
	// instead of running the program, and of those that had nothing else to do.
	Assist, Background, Idle time.Duration
	Paused                   time.Duration // pauses times processors
	Limited                  uint32        // number of the cycle in which the limiter was last switched on; 0: never
}
