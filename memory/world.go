package memory

import (
	"time"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// world is a heap's mutators as a collector sees them. Whoever calls a collector that stops the world
// has let go of run (Mutator.Outside), so that everybody stops the world in the same
// way, and calls are served one after the other. One that runs beside them has turns of the
// mutators' own time, at safepoints (Mutator.turn).
type world struct{ *Heap }

// Stop implements gc.World.
func (w world) Stop(string) {
	w.want.Add(1)
	w.run.Lock()
	w.want.Add(-1)
}

// Start implements gc.World.
func (w world) Start() { w.run.Unlock() }

// Procs implements gc.World.
func (w world) Procs() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return max(1, len(w.mutators))
}

// ClearPools implements gc.World.
func (w world) ClearPools() {}

// Roots implements gc.World.
func (w world) Roots(k gc.Marker) {
	w.mu.Lock()
	defer w.mu.Unlock()
	k.Kind(gc.RootStacks)
	for _, m := range w.mutators {
		for _, a := range m.locals {
			k.Pointer(uint64(a))
		}
	}
	k.Kind(gc.RootGlobals)
	for _, g := range w.globals {
		k.Pointer(g.addr.Load())
	}
}

// QueueFinalizer implements gc.World; there are no finalizers here.
func (w world) QueueFinalizer(mem.Addr, heap.Finalizer) {}

// QueueCleanup implements gc.World. The cleanup's Fn is the number of a host function.
func (w world) QueueCleanup(c heap.Cleanup) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due = append(w.due, c.Fn)
}

// CycleDone implements gc.World: stacks of locals shrink.
func (w world) CycleDone(*gc.Cycle) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.mutators {
		m.fit()
	}
}

// Snapshot implements gc.Beside. Roots are host-side lists, so short to show that
// there is no point in showing them later.
func (w world) Snapshot(k, _ gc.Marker) { w.Roots(k) }

// ShowRoots implements gc.Beside.
func (w world) ShowRoots(gc.Marker, *heap.Cache) bool { return false }

// RootsLeft implements gc.Beside.
func (w world) RootsLeft() bool { return false }

// Wake implements gc.Beside: there are no idle processors, mutators find out by themselves.
func (w world) Wake() {}

// Forget implements gc.Beside: there are no records but those of cleanups.
func (w world) Forget() bool { return false }

// Swept implements gc.Beside: who waits for a cycle looks.
func (w world) Swept(*heap.Cache) {}

// Stopping implements gc.Beside.
func (w world) Stopping() bool { return w.want.Load() != 0 }

// IdleTime implements gc.Beside.
func (w world) IdleTime() time.Duration { return 0 }

// Deterministic implements gc.Beside.
func (w world) Deterministic() bool { return false }
