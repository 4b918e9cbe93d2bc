// Package concurrent is the collector that runs beside the program: precise, not
// moving, marking from a snapshot, sweeping lazily.
//
// # A cycle
//
// A host goroutine of its own, the conductor, runs the cycles; the program only
// asks for them.
//
//	stopped:  flush caches, allocate black from now on, barrier on,
//	          show globals and what the host holds          (first pause)
//	beside:   scan the stack of each goroutine before it goes on, or here;
//	          specials; mark until the queue is dry
//	stopped:  what the program has shaded meanwhile; if that is more than a few
//	          hundred microseconds of marking, go on beside it
//	          and come back                                  (last pause)
//	          barrier off, specials carried out, a new sweep generation
//	beside:   sweep; an allocator without a span sweeps too
//
// # Why nothing is lost
//
// Take the moment at which the first pause ends. What was reachable then is
// marked: roots are shown as of that moment (a goroutine is scanned before it goes
// on), and a pointer that is overwritten before the marker has read it is shaded
// by the barrier (gc/barrier.go). What is allocated later is born black. What the
// program can reach later it reaches through the one or the other. Whatever dies
// during the cycle is found by the next one.
//
// A weak handle is the exception: it gives out a pointer to an object that the
// snapshot may not have had, so the reader shades it.
//
// # How fast
//
// The pacer starts a cycle a runway before the goal: as many bytes as the program
// allocated during the last one, and some. When the program allocates faster than
// the background marks, it assists: each byte allocated owes some bytes of
// marking (pacer.AssistRatio), which the background's surplus pays first.
//
//	credit = bytes marked by the background - bytes of marking owed
//	an allocator with credit < 0 marks about as much as it lacks
//
// One worker for each four Ps marks in the background, at least one. They are
// goroutines of the host and share its processors with the Ps as its scheduler
// thinks fair; with one to three Ps that is more than a quarter of the Ps' time
// when the host has no processor to spare, and less when it has.
//
// # Turned down
//
// Scanning all stacks in the first pause: a thousand goroutines make it longer
// than everything else together. Buffers of overwritten pointers per P: marking
// right away costs an atomic or, and leaves nothing to collect at the end.
package concurrent

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
)

// lastMost is how long the last pause may mark before it is given up.
const lastMost = 200 * time.Microsecond

// assistLeast is the bytes of marking that an assist does at least, so that
// allocators do not come for trifles.
const assistLeast = 64 << 10

// Collector implements gc.Background.
//
//	swept <= done <= begun <= swept+1
//	marking = (begun > done);  the conductor sweeps while done > swept
type Collector struct {
	heap    *heap.Heap
	world   gc.Beside
	book    *gc.Book
	barrier *gc.Barrier
	q       *queue
	trace   io.Writer

	// Of the cycle that is being marked; they change with the world stopped.
	tables *tables
	shader *shader
	cycle  gc.Cycle
	asked  time.Time
	from   time.Time // end of the first pause
	ratio  float64
	credit atomic.Int64

	mu      sync.Mutex // guards the rest
	changed *sync.Cond
	wanted  uint32    // the conductor runs cycles until done == wanted
	reason  gc.Reason // of the next one
	begun   uint32
	swept   uint32
	last    gc.Cycle
	closed  bool
	ended   chan struct{} // closed by the conductor
	done    atomic.Uint32 // written with mu held
}

// New makes a collector for h and starts its conductor. w is a gc.Beside.
func New(h *heap.Heap, w gc.World, cfg gc.Config) gc.Collector {
	beside, ok := w.(gc.Beside)
	if !ok {
		panic("BUG: gc: this machine cannot be collected beside the program")
	}
	c := &Collector{heap: h, world: beside, book: gc.NewBook(h, cfg), q: newQueue(), trace: cfg.Trace, ended: make(chan struct{})}
	c.changed = sync.NewCond(&c.mu)
	c.barrier = gc.NewBarrier(h, c.shade)
	c.book.Beside(0)
	go c.conduct()
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
func (c *Collector) Stats() gc.Stats { return c.book.Stats() }

// Barrier is on while a cycle marks.
func (c *Collector) Barrier() *gc.Barrier { return c.barrier }

func (c *Collector) shade(p uint64) { c.shader.shade(p) }

// Close ends the conductor.
func (c *Collector) Close() {
	c.mu.Lock()
	c.closed = true
	c.q.closing.Store(true)
	c.changed.Broadcast()
	c.mu.Unlock()
	<-c.ended
}

// Ask implements gc.Background.
func (c *Collector) Ask(r gc.Request) uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	marking := c.begun > c.done.Load()
	wait := false
	switch r.Reason {
	case gc.Trigger:
		if marking || !c.heap.WantGC() {
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
		if marking {
			return 0
		}
	}
	n := c.begun + 1
	if c.wanted < n {
		c.wanted, c.reason = n, r.Reason
		c.changed.Broadcast()
	} else if r.Reason == gc.Forced || c.reason != gc.Forced && r.Reason == gc.Limit {
		c.reason = r.Reason
	}
	if !wait {
		return 0
	}
	return n
}

// Await implements gc.Background.
func (c *Collector) Await(n uint32) gc.Cycle {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.swept < n && !c.closed {
		c.changed.Wait()
	}
	return c.last
}

// Collect asks for a cycle and, unless the program may go on meanwhile, waits
// for it.
func (c *Collector) Collect(r gc.Request) (cy gc.Cycle, ok bool) {
	n := c.Ask(r)
	if n == 0 {
		return gc.Cycle{}, false
	}
	c.world.Wait(func() { cy = c.Await(n) })
	return cy, true
}

// CollectStopped runs a whole cycle for a caller who has stopped the world. The
// cycle that is under way, if any, is finished first.
func (c *Collector) CollectStopped(r gc.Request) gc.Cycle {
	asked := time.Now()
	if c.heap.Marking() {
		c.world.ScanStacks()
		c.worker().drain()
		c.finish(asked)
	}
	c.heap.SweepAll()
	c.begin(r.Reason, asked)
	c.world.ScanStacks()
	c.specials()
	c.worker().drain()
	c.finish(asked)
	c.heap.SweepAll()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.swept = c.done.Load()
	c.changed.Broadcast()
	return c.last
}

// conduct runs the cycles that are asked for.
func (c *Collector) conduct() {
	defer close(c.ended)
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		for !c.closed && c.wanted <= c.begun {
			c.changed.Wait()
		}
		if c.closed {
			return
		}
		n, reason := c.begun+1, c.reason
		c.mu.Unlock()
		c.run(n, reason)
		c.mu.Lock()
	}
}

// run runs cycle n, unless somebody who had the world stopped was faster.
func (c *Collector) run(n uint32, reason gc.Reason) {
	asked := time.Now()
	c.world.StopAll("garbage collection")
	if c.begun >= n || c.heap.Marking() {
		c.world.StartAll()
		return
	}
	c.begin(reason, asked)
	c.world.StartAll()

	workers := gc.Workers(c.cycle.Procs)
	c.world.ScanStacks()
	c.specials()
	for {
		var wg sync.WaitGroup
		for range workers - 1 {
			wg.Go(c.worker().drain)
		}
		c.worker().drain()
		wg.Wait()
		if c.q.closing.Load() {
			return
		}
		asked = time.Now()
		c.world.StopAll("mark termination")
		if c.begun != n || !c.heap.Marking() { // finished by somebody else
			c.world.StartAll()
			break
		}
		c.worker().some(until(time.Now().Add(lastMost)))
		if c.q.dry() {
			c.finish(asked)
			c.world.StartAll()
			break
		}
		c.world.StartAll()
	}
	c.heap.SweepAll()
	c.mu.Lock()
	c.swept = max(c.swept, n)
	c.changed.Broadcast()
	c.mu.Unlock()
	c.heap.Scavenge()
}

// begin is the first pause. The world is stopped and everything swept.
func (c *Collector) begin(reason gc.Reason, asked time.Time) {
	c.heap.FlushAll()
	c.mu.Lock()
	c.begun++
	c.mu.Unlock()
	c.asked = asked
	c.cycle = c.book.Begin(reason, asked, c.world.Procs())
	c.ratio = c.book.Ratio()
	c.credit.Store(0)
	c.world.ClearPools()
	c.tables = newTables(c.heap)
	c.shader = &shader{c.tables, c.q}
	c.heap.BeginMark(c.assist)
	c.barrier.Switch(true)
	w := c.worker()
	c.world.FirstRoots(w, c.shader)
	w.finish()
	c.from = time.Now()
	c.cycle.Stop = c.from.Sub(asked)
}

// specials shows what specials keep alive.
func (c *Collector) specials() {
	w := c.worker()
	w.Kind(gc.RootSpecials)
	types := c.heap.Types()
	c.heap.EachSpecial(func(s *heap.Span, slot uint32, sp *heap.Special) {
		gc.MarkSpecial(s, slot, sp, w, func(s *heap.Span, slot uint32) { w.scan(s, slot, types) })
	})
	w.finish()
}

// finish ends marking: nothing is grey. asked is when the stop that still holds
// was asked for.
func (c *Collector) finish(asked time.Time) {
	h := c.heap
	c.cycle.Beside = asked.Sub(c.from)
	h.FlushAll()
	c.barrier.Switch(false)
	for k := range c.cycle.Roots {
		c.cycle.Roots[k] = c.tables.roots[k].Load()
	}
	if h.Flags().Check || debug.Checks {
		if err := gc.CheckMark(h, c.world, false); err != nil {
			panic(err)
		}
		if err := gc.CheckStrays(h, c.world); err != nil {
			panic(err)
		}
	}
	grown := h.Black()
	sw := h.EndMark(&heap.Mourner{Finalize: c.world.QueueFinalizer, Clean: c.world.QueueCleanup}, c.tables.bytes.Load(), c.tables.objects.Load())
	c.book.Beside(grown + grown/5)
	c.cycle.Sweep = time.Since(asked)
	c.book.End(&c.cycle, sw, c.asked)
	c.world.CycleDone(&c.cycle)
	c.mu.Lock()
	c.last = c.cycle
	c.done.Store(c.begun)
	c.mu.Unlock()
	if h.Flags().GCTrace > 0 && c.trace != nil {
		io.WriteString(c.trace, c.cycle.TraceLine())
	}
}

func (c *Collector) worker() *worker { return &worker{tables: c.tables, q: c.q, paid: &c.credit} }

// assist is called by an allocator that took bytes while the cycle marks.
func (c *Collector) assist(bytes uint64) {
	owed := c.credit.Add(-int64(float64(bytes) * c.ratio))
	if owed >= -assistLeast {
		return
	}
	w := c.worker()
	w.paid = nil
	w.some(func() bool {
		n := w.bytes + w.told
		return n >= uint64(-owed) || n >= 4*assistLeast
	})
	c.credit.Add(int64(w.told))
}
