// Package nogc is the collector that never collects: memory is used until the
// limit refuses more. It is the smallest collector there is, the place to start
// another one from, and the answer to compare others with.
package nogc

import (
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/gc/pacer"
	"github.com/terrarium-go/terrarium/internal/heap"
)

// Collector implements gc.Collector.
type Collector struct {
	heap *heap.Heap
	book *gc.Book

	barrier *gc.Barrier
}

// New makes a collector for h and switches its trigger off.
func New(h *heap.Heap, w gc.World, cfg gc.Config) gc.Collector {
	cfg.Percent, cfg.MemoryLimit, cfg.Lax = pacer.Off, pacer.NoLimit, true
	return &Collector{heap: h, book: gc.NewBook(h, cfg, false), barrier: gc.NewBarrier(h, nil)}
}

// Name is "nogc".
func (c *Collector) Name() string { return "nogc" }

// Collect does nothing. A cycle asked for because of the limit is reported as
// futile, so that the caller does not ask again.
func (c *Collector) Collect(r gc.Request) (gc.Cycle, bool) {
	return gc.Cycle{Reason: r.Reason, Futile: r.Reason == gc.Limit}, false
}

// Cycles is 0.
func (c *Collector) Cycles() uint32 { return 0 }

// SetPercent has no effect; GOGC stays off.
func (c *Collector) SetPercent(int) int { return pacer.Off }

// SetMemoryLimit has no effect.
func (c *Collector) SetMemoryLimit(int64) int64 { return pacer.NoLimit }

// Stats is empty but for the goal.
func (c *Collector) Stats() gc.Stats { return c.book.Stats() }

// Barrier is never on.
func (c *Collector) Barrier() *gc.Barrier { return c.barrier }

// Close does nothing.
func (c *Collector) Close() {}
