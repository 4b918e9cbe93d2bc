// Package marksweep is the collector that stops the world: precise, not moving,
// marking in the order that memory likes (mark.go), sweeping before the world
// goes on.
package marksweep

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
)

// Collector implements gc.Collector.
type Collector struct {
	heap   *heap.Heap
	world  gc.World
	book   *gc.Book
	cycles atomic.Uint32
	marker marker // used with the world stopped

	barrier *gc.Barrier

	trace   io.Writer
	traceMu sync.Mutex // keeps lines whole
}

// New makes a collector for h.
func New(h *heap.Heap, w gc.World, cfg gc.Config) gc.Collector {
	return &Collector{heap: h, world: w, book: gc.NewBook(h, cfg, false), trace: cfg.Trace, barrier: gc.NewBarrier(h, nil)}
}

// Barrier is never on.
func (c *Collector) Barrier() *gc.Barrier { return c.barrier }

// Close does nothing.
func (c *Collector) Close() {}

// Name is "marksweep".
func (c *Collector) Name() string { return "marksweep" }

// Cycles is the number of cycles done.
func (c *Collector) Cycles() uint32 { return c.cycles.Load() }

// SetPercent changes GOGC.
func (c *Collector) SetPercent(p int) int { return c.book.SetPercent(p) }

// SetMemoryLimit changes the soft memory limit.
func (c *Collector) SetMemoryLimit(n int64) int64 { return c.book.SetMemoryLimit(n) }

// Stats describes all cycles so far.
func (c *Collector) Stats() gc.Stats { return c.book.Stats() }

func (c *Collector) stale(r gc.Request) bool {
	switch r.Reason {
	case gc.Trigger:
		return !c.heap.WantGC()
	case gc.Limit:
		return c.cycles.Load() != r.Seen
	}
	return false
}

// Collect runs a cycle; see gc.Collector.
func (c *Collector) Collect(r gc.Request) (gc.Cycle, bool) {
	if c.stale(r) {
		return gc.Cycle{}, false
	}
	asked := time.Now()
	c.world.Stop("garbage collection")
	if c.stale(r) { // another P was faster
		c.world.Start()
		return gc.Cycle{}, false
	}
	h := c.heap
	h.FlushAll()
	cy, _ := c.book.Begin(r.Reason, asked, c.world.Procs())
	marking := time.Now()
	c.world.ClearPools()

	m := &c.marker
	m.begin(h)
	c.world.Roots(m)
	m.Kind(gc.RootSpecials)
	gc.MarkSpecials(h, m, m.scan)
	m.drain()
	cy.Roots, cy.Stray = m.roots, m.stray
	cy.Mark = time.Since(marking)
	if h.Flags().Check || debug.Checks {
		if err := gc.CheckMark(h, c.world, true); err != nil {
			panic(err)
		}
		if err := gc.CheckStrays(h, c.world); err != nil {
			panic(err)
		}
	}

	sw := h.Sweep(&heap.Mourner{Finalize: c.world.QueueFinalizer, Clean: c.world.QueueCleanup})
	c.book.End(&cy, sw, asked, nil)
	if h.Flags().Check || debug.Checks {
		if err := h.Check(); err != nil {
			panic(err)
		}
	}
	c.cycles.Store(cy.Number)
	c.world.CycleDone(&cy)
	c.world.Start()

	h.Scavenge()
	if h.Flags().GCTrace > 0 && c.trace != nil {
		c.traceMu.Lock()
		io.WriteString(c.trace, cy.TraceLine())
		c.traceMu.Unlock()
	}
	return cy, true
}
