package soak

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// world is the machine of one round. Mutators hold run for reading while they run;
// a stopped world is held for writing. It implements gc.Beside: a mutator's stack and
// hands are shown before it goes on, by itself or by the collector.
type world struct {
	plan     *plan
	space    *mem.Space
	heap     *heap.Heap
	gc       gc.Collector
	barrier  *gc.Barrier
	shapes   []shape
	mutators []*mutator

	run  sync.RWMutex
	want atomic.Int32
	next atomic.Int64 // mutators that are taken to be shown
	left atomic.Int64 // mutators that have not been shown

	mu      sync.Mutex // guards the rest; after run
	err     error
	queue   []*object // finalizers are due
	dead    []uint64  // ids of cleanups that are due
	mailbox []*object // from one mutator to another
	fins    map[uint64]*object
	cleans  map[uint64]*object
	failed  atomic.Bool

	ids atomic.Uint64
}

func addType(h *heap.Heap, name string, size uint64, pointers []uint64) (uint32, bool) {
	t := &abi.GCType{Name: name, Size: size}
	for _, p := range pointers {
		t.PtrBytes = max(t.PtrBytes, p+8)
	}
	t.Mask = make([]uint64, (t.PtrBytes/8+63)/64)
	for _, p := range pointers {
		t.Mask[p/512] |= 1 << (p / 8 % 64)
	}
	id, ok := h.AddType(t)
	return uint32(id), ok
}

func newWorld(p *plan, r *rand.Rand) (*world, error) {
	sp, err := mem.New(p.limit)
	if err != nil {
		return nil, err
	}
	w := &world{plan: p, space: sp, fins: map[uint64]*object{}, cleans: map[uint64]*object{}}
	if w.heap, err = heap.New(sp, heap.Config{Flags: p.flags, KeepTypes: r.IntN(2) == 0}); err != nil {
		return nil, err
	}
	ok := sp.Commit(mem.DataBase, uint64(p.mutators)*words*8, mem.KindData)
	if ok {
		w.shapes, ok = newShapes(w.heap, r)
	}
	if !ok {
		return nil, fmt.Errorf("no room for globals and types: %s", sp.Breakdown())
	}
	w.gc = makers[p.collector](w.heap, w, gc.Config{Percent: p.percent, MemoryLimit: p.soft})
	w.barrier = w.gc.Barrier()
	if p.scavenger {
		w.heap.StartScavenger()
	}
	for i := range p.mutators {
		m := &mutator{w: w, r: rand.New(rand.NewPCG(r.Uint64(), uint64(i))), cache: w.heap.NewCache(), place: i, globals: globalsOf(i), stackSize: heap.MinStack}
		if !m.newStack() {
			return nil, fmt.Errorf("no room for a stack: %s", sp.Breakdown())
		}
		w.mutators = append(w.mutators, m)
	}
	return w, nil
}

func (w *world) close() {
	w.gc.Close()
	w.heap.StopScavenger()
	w.space.Close()
}

// fail keeps the first error; everybody stops.
func (w *world) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil && err != nil {
		w.err = err
		w.failed.Store(true)
	}
}

// Stop implements gc.World. Who calls the collector has let go of run.
func (w *world) Stop(string) {
	w.want.Add(1)
	w.run.Lock()
	w.want.Add(-1)
}

// Start implements gc.World.
func (w *world) Start() { w.run.Unlock() }

// Procs implements gc.World.
func (w *world) Procs() int { return len(w.mutators) }

// ClearPools implements gc.World.
func (w *world) ClearPools() {}

// Roots implements gc.World.
func (w *world) Roots(k gc.Marker) {
	w.shared(k)
	for _, m := range w.mutators {
		m.roots(k)
	}
}

// shared shows the roots that are not of a mutator's stack.
func (w *world) shared(k gc.Marker) {
	k.Kind(gc.RootGlobals)
	k.Range(mem.DataBase, len(w.mutators)*words, nil)
	k.Kind(gc.RootHost)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range w.queue {
		k.Pointer(o.addr)
	}
	for _, o := range w.mailbox {
		k.Pointer(o.addr)
	}
}

// QueueFinalizer implements gc.World. Fn is the finalizer's number.
func (w *world) QueueFinalizer(a mem.Addr, f heap.Finalizer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := w.fins[f.Fn]
	if o == nil || o.addr != a {
		if w.err == nil {
			w.err = fmt.Errorf("finalizer %d of %#x is due, which nobody has set", f.Fn, a)
		}
		return
	}
	delete(w.fins, f.Fn)
	o.fin = 0
	o.unweak()
	w.queue = append(w.queue, o)
}

// QueueCleanup implements gc.World. Fn is the cleanup's number.
func (w *world) QueueCleanup(c heap.Cleanup) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = append(w.dead, c.Fn)
}

// CycleDone implements gc.World.
func (w *world) CycleDone(*gc.Cycle) {}

// Snapshot implements gc.Beside.
func (w *world) Snapshot(k, stacks gc.Marker) {
	w.shared(k)
	for _, m := range w.mutators {
		m.scanMu.Lock()
		m.unscanned = stacks
		m.scanMu.Unlock()
	}
	w.next.Store(0)
	w.left.Store(int64(len(w.mutators)))
}

// ShowRoots implements gc.Beside.
func (w *world) ShowRoots(k gc.Marker, _ *heap.Cache) bool {
	i := int(w.next.Add(1)) - 1
	if i >= len(w.mutators) {
		return false
	}
	w.mutators[i].show(k)
	w.left.Add(-1)
	return true
}

// RootsLeft implements gc.Beside.
func (w *world) RootsLeft() bool { return w.left.Load() > 0 }

// Wake implements gc.Beside.
func (w *world) Wake() {}

// Swept implements gc.Beside.
func (w *world) Forget() bool { return false }

func (w *world) Swept(*heap.Cache) {}

// Stopping implements gc.Beside.
func (w *world) Stopping() bool { return w.want.Load() > 0 }

// IdleTime implements gc.Beside.
func (w *world) IdleTime() time.Duration { return 0 }

// Deterministic implements gc.Beside.
func (w *world) Deterministic() bool { return false }
