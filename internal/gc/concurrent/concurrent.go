// Package concurrent is the collector that runs beside the program: precise, not
// moving, marking from a snapshot, sweeping lazily.
//
// # A cycle
//
// There are no threads of the collector's own. The machine's processors do its
// work, in turns between the program's time slices (work.go).
//
//	off ──Ask──► wanted ──begin──► marking ──finish──► sweeping ──last chunk──► off
//
//	begin, stopped:   flush caches, allocate black from now on, barrier on,
//	                  show what the host holds                        (first pause)
//	marking, beside:  show globals; scan each goroutine before it goes on, or here;
//	                  specials; mark until the queue is dry
//	finish, stopped:  what the program has shaded meanwhile; if that is more than a few
//	                  hundred microseconds of marking, go on beside it and come back;
//	                  barrier off, a new sweep generation              (last pause)
//	sweeping, beside: first those are told who hold on to dead objects (heap/mourn.go); then
//	                  sweep; allocators sweep too, in proportion
//
// # Why nothing is lost
//
// Take the moment at which the first pause ends. What was reachable then is
// marked: roots are shown as of that moment (a goroutine is scanned before it goes
// on; a global that is overwritten before it is shown is shaded), and a pointer that is
// overwritten before the marker has read it is shaded by the barrier (gc/barrier.go). What is
// allocated later is born black. What the program can reach later it reaches through the one or
// the other. Whatever dies during the cycle is found by the next one.
//
// A weak handle is the exception: it gives out a pointer to an object that the
// snapshot may not have had, so the reader shades it.
//
// # How fast
//
// The pacer (gc/pacer) starts a cycle a runway before the goal and says how many
// bytes of scanning each allocated byte owes. Credit, bytes scanned by the
// background, pays first; what is left the allocator scans itself:
//
//	owed by a cache += ratio * bytes;  paid from credit;  the rest is an assist
//
// When collections take too much of the processors' time, the limiter
// switches assists off.
//
// # Runs that repeat
//
// In a deterministic run there is one processor and no decision may depend on the
// time: a turn is some bytes of scanning, the share of the collector is taken to be what it is
// planned to be, and there is no limiter. Cycles then begin, go on and end at the same
// instructions of the program each time.
//
// # Turned down
//
// Scanning all stacks in the first pause: a thousand goroutines make it longer
// than everything else together. Buffers of overwritten pointers per P: marking
// right away costs an atomic or, and leaves nothing to collect at the end. Marking on
// host goroutines of the collector's own: they take host processors from Ps that hold the
// program up in the middle of an instruction, and every stop of the world then waits for the
// host's scheduler, ten milliseconds at worst.
package concurrent

import (
	"io"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/gc/pacer"
	"github.com/terrarium-go/terrarium/internal/heap"
)

// Phases of a cycle.
const (
	off uint32 = iota
	wanted
	marking
	sweeping
)

// lastMost is how long the last pause may mark before it is given up, and
// lastMostBytes the bytes it may scan in a deterministic run.
const (
	lastMost      = 200 * time.Microsecond
	lastMostBytes = 1 << 20
)

// Collector implements gc.Background.
//
//	swept <= done <= begun <= swept+1
//	marking = (begun > done);  sweeping = (done > swept)
//
// Phases change with the world stopped, but for off → wanted and sweeping → off or
// wanted, which mu guards.
type Collector struct {
	heap    *heap.Heap
	world   gc.Beside
	book    *gc.Book
	barrier *gc.Barrier
	q       *queue
	trace   io.Writer
	fixed   bool // decide nothing by the time
	born    time.Time

	phase   atomic.Uint32
	turning sync.Mutex // held by who begins or finishes; nobody waits for it

	// Of the cycle that is being marked; they change with the world stopped.
	tables  tables
	shader  shader
	plan    pacer.Plan
	cycle   gc.Cycle
	pacing  string // lines of gcpacertrace
	asked   time.Time
	from    time.Time     // end of the first pause
	ratio   atomic.Uint64 // float64 bits: bytes to scan per byte allocated
	revised atomic.Uint32 // held by who computes the ratio

	crew crew

	mu         sync.Mutex // guards the rest
	want       uint32     // cycles are run until begun == want
	reason     gc.Reason  // of the next one
	last       gc.Cycle
	lastPacing string
	begun      atomic.Uint32 // written with mu held
	done       atomic.Uint32 // written with mu held
	swept      atomic.Uint32 // written with mu held
}

// New makes a collector for h. w is a gc.Beside.
func New(h *heap.Heap, w gc.World, cfg gc.Config) gc.Collector {
	beside, ok := w.(gc.Beside)
	if !ok {
		panic("BUG: gc: this machine cannot be collected beside the program")
	}
	c := &Collector{heap: h, world: beside, book: gc.NewBook(h, cfg, true), q: newQueue(beside.Wake), trace: cfg.Trace, fixed: beside.Deterministic(), born: time.Now()}
	c.shader = shader{&c.tables, c.q}
	c.barrier = gc.NewBarrier(h, c.shader.shade)
	return c
}

// Name is "concurrent".
func (c *Collector) Name() string { return "concurrent" }

// Cycles is the number of cycles done.
func (c *Collector) Cycles() uint32 { return c.done.Load() }

// SetPercent changes GOGC.
func (c *Collector) SetPercent(p int) int { return c.book.SetPercent(p) }

// SetMemoryLimit changes the soft memory limit.
func (c *Collector) SetMemoryLimit(n int64) int64 { return c.book.SetMemoryLimit(n) }

// Stats describes all cycles so far.
func (c *Collector) Stats() gc.Stats {
	st := c.book.Stats()
	st.Limited = c.crew.limited.Load()
	return st
}

// Barrier is on while a cycle marks.
func (c *Collector) Barrier() *gc.Barrier { return c.barrier }

// Close does nothing.
func (c *Collector) Close() {}

// Busy implements gc.Background.
func (c *Collector) Busy() bool { return c.phase.Load() != off }

// Done implements gc.Background.
func (c *Collector) Done(n uint32) bool { return c.swept.Load() >= n }

// Ask implements gc.Background.
func (c *Collector) Ask(r gc.Request) uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	begun := c.begun.Load()
	marks := begun > c.done.Load()
	wait := false
	switch r.Reason {
	case gc.Trigger:
		if marks || !c.heap.WantGC() {
			return 0
		}
	case gc.Limit:
		if c.done.Load() != r.Seen {
			return 0
		}
		wait = true
	case gc.Forced:
		wait = true
	case gc.Debug:
		if marks {
			return 0
		}
	}
	n := begun + 1
	if c.want < n {
		c.want, c.reason = n, r.Reason
		c.phase.CompareAndSwap(off, wanted)
	} else if r.Reason == gc.Forced || c.reason != gc.Forced && r.Reason == gc.Limit {
		c.reason = r.Reason
	}
	if !wait {
		return 0
	}
	return n
}

// Collect runs a whole cycle with the world stopped; see gc.Collector.
func (c *Collector) Collect(r gc.Request) (gc.Cycle, bool) {
	if c.stale(r) {
		return gc.Cycle{}, false
	}
	c.world.Stop("garbage collection")
	defer c.world.Start()
	if c.stale(r) {
		return gc.Cycle{}, false
	}
	return c.CollectStopped(r), true
}

func (c *Collector) stale(r gc.Request) bool {
	switch r.Reason {
	case gc.Trigger:
		return !c.heap.WantGC()
	case gc.Limit:
		return c.done.Load() != r.Seen
	}
	return false
}

// CollectStopped runs a whole cycle for a caller who has stopped the world. The
// cycle that is under way, if any, is finished first.
func (c *Collector) CollectStopped(r gc.Request) gc.Cycle {
	asked := time.Now()
	c.heap.FlushAll()
	if c.phase.Load() == marking {
		c.complete()
		c.finish(asked)
	}
	c.heap.SweepAll()
	c.begin(r.Reason, asked)
	c.complete()
	c.finish(asked)
	c.heap.SweepAll()
	c.over(nil)
	c.print()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// complete marks all there is. The world is stopped.
func (c *Collector) complete() {
	w := c.crew.worker(c, 0)
	c.q.enter()
	for c.step(w, never) {
	}
	w.finish()
	c.q.leave()
}

func never() bool { return false }

// begin is the first pause. The world is stopped and everything swept.
func (c *Collector) begin(reason gc.Reason, asked time.Time) {
	h := c.heap
	h.SettleAll()
	c.mu.Lock()
	c.begun.Add(1)
	c.want = max(c.want, c.begun.Load())
	c.mu.Unlock()
	c.asked = asked
	c.cycle, c.plan = c.book.Begin(reason, asked, c.world.Procs())
	c.world.ClearPools()
	c.tables.begin(h)
	h.BeginMark(c.assist)
	c.barrier.Switch(true)
	w := c.crew.worker(c, 0)
	c.world.Snapshot(w, &c.shader)
	w.finish()
	c.revise()
	if h.Flags().PacerTrace > 0 {
		c.pacing = c.cycle.PacerBegin(math.Float64frombits(c.ratio.Load()), h.LiveScan(), c.plan)
	}
	c.from = time.Now()
	c.crew.begin(c)
	c.phase.Store(marking)
	c.cycle.Stop = c.from.Sub(asked)
}

// specials shows a piece of what specials keep alive, and reports whether there is more.
func (c *Collector) specials(w *worker) bool {
	w.Kind(gc.RootSpecials)
	types := c.heap.Types()
	return c.crew.walk.Some(c.heap, func(s *heap.Span, slot uint32, sp *heap.Special) {
		gc.MarkSpecial(s, slot, sp, w, func(s *heap.Span, slot uint32) { w.scan(s, slot, types) })
	})
}

// dry reports whether marking may be over.
func (c *Collector) dry() bool {
	return c.crew.specials.Load() == jobDone && !c.world.RootsLeft() && c.q.dry()
}

// finish ends marking: nothing is grey. asked is when the stop that still holds
// was asked for.
func (c *Collector) finish(asked time.Time) {
	h, t := c.heap, &c.tables
	c.cycle.Beside = asked.Sub(c.from)
	c.cycle.After = h.Live()
	h.SettleAll()
	c.barrier.Switch(false)
	for k := range c.cycle.Roots {
		c.cycle.Roots[k] = t.roots[k].Load()
	}
	if h.Flags().Check || debug.Checks {
		if err := gc.CheckMark(h, c.world, false); err != nil {
			panic(err)
		}
		if err := gc.CheckStrays(h, c.world); err != nil {
			panic(err)
		}
	}
	m := pacer.Measured{Live: c.cycle.After, Work: t.sum.work.Load()}
	c.crew.settle(c, &m)
	if h.Flags().PacerTrace > 0 {
		work, consMark := c.book.Expected()
		c.pacing += c.cycle.PacerEnd(&m, work, consMark)
	}
	sw := h.EndMark(&heap.Mourner{Finalize: c.world.QueueFinalizer, Clean: c.world.QueueCleanup, Forget: c.world.Forget},
		heap.Swept{LiveBytes: t.sum.bytes.Load(), ScanBytes: t.sum.scan.Load(), LiveObjects: t.sum.objects.Load()})
	c.cycle.Sweep = time.Since(asked)
	c.cycle.Stray = t.stray.Load()
	c.book.End(&c.cycle, sw, c.asked, &m)
	h.PaceSweep()
	c.world.CycleDone(&c.cycle)
	c.book.Longer(&c.cycle, time.Since(asked)-c.cycle.Sweep)
	c.mu.Lock()
	c.last, c.lastPacing = c.cycle, c.pacing
	c.done.Store(c.begun.Load())
	c.mu.Unlock()
	c.phase.Store(sweeping)
}

// over ends the sweep, if it has come to its end. cache is that of the turn; nil when the world is stopped.
func (c *Collector) over(cache *heap.Cache) {
	c.mu.Lock()
	if c.phase.Load() != sweeping || c.heap.Unswept() {
		c.mu.Unlock()
		return
	}
	c.swept.Store(c.done.Load())
	next := off
	if c.want > c.begun.Load() {
		next = wanted
	}
	c.phase.Store(next)
	c.mu.Unlock()
	if c.heap.Flags().PacerTrace > 0 && c.trace != nil {
		io.WriteString(c.trace, gc.PacerSweep(c.heap.SweepDone()))
	}
	c.world.Swept(cache)
	c.heap.Scavenge()
}

// print writes the trace lines of the last cycle. The world should not be stopped.
func (c *Collector) print() {
	flags := c.heap.Flags()
	if flags.GCTrace == 0 && flags.PacerTrace == 0 || c.trace == nil {
		return
	}
	c.mu.Lock()
	line := c.lastPacing
	if flags.GCTrace > 0 {
		line += c.last.TraceLine()
	}
	c.mu.Unlock()
	io.WriteString(c.trace, line)
}

// revise asks the pacer for the ratio, unless somebody is at it.
func (c *Collector) revise() {
	if !c.revised.CompareAndSwap(0, 1) {
		return
	}
	r := c.book.Ratio(pacer.Progress{Live: c.heap.Live(), Scan: c.heap.LiveScan(), Work: c.tables.sum.work.Load()})
	c.ratio.Store(math.Float64bits(r))
	c.revised.Store(0)
}
