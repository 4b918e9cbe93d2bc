package gctest

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// many is a machine with several Ps: each holds mu for reading while it runs
// the guest, and the world is stopped by holding it for writing.
type many struct {
	*machine
	mu     sync.RWMutex
	wanted atomic.Int32 // who waits for mu
}

func (w *many) Stop(r string) {
	w.wanted.Add(1)
	w.mu.Lock()
	w.wanted.Add(-1)
	w.machine.Stop(r)
}

func (w *many) Start() {
	w.machine.Start()
	w.mu.Unlock()
}

func (w *many) Procs() int { return 4 }

// parallel runs four mutators, each with a cache and lists of its own, in a heap
// small enough that the limit presses as well.
func parallel(t *testing.T, mk Make, o Options) {
	limit, rounds := uint64(6<<20), 300
	if !o.Collects {
		limit, rounds = 0, 30
	}
	w := &many{}
	w.machine = newMachine(t, func(h *heap.Heap, _ gc.World, cfg gc.Config) gc.Collector { return mk(h, w, cfg) }, limit, debug.Flags{Poison: true})
	var wg sync.WaitGroup
	for p := range 4 {
		wg.Go(func() { w.mutate(p, rounds) })
	}
	wg.Wait()
	w.mu.RLock()
	for bg, ok := w.gc.(gc.Background); ok && bg.Busy(); {
		w.turn(0, true)
	}
	w.mu.RUnlock()
	w.heap.FlushAll()
	if err := w.heap.Check(); err != nil {
		t.Fatal(err)
	}
	if o.Collects && len(w.cycles) == 0 {
		t.Error("no collection")
	}
}

// mutate builds a list under each of its 32 roots in turn, of nodes and
// pointer-free objects, and checks the oldest before it drops it.
func (w *many) mutate(p, rounds int) {
	r := rand.New(rand.NewPCG(uint64(p), 3))
	c := w.heap.NewCache()
	w.mu.RLock()
	defer w.mu.RUnlock()
	collect := func(q gc.Request) {
		if bg, ok := w.gc.(gc.Background); ok {
			w.help(p, bg.Ask(q))
			return
		}
		w.mu.RUnlock()
		w.gc.Collect(q)
		w.mu.RLock()
	}
	alloc := func(size uint64, noscan bool) mem.Addr {
		if w.heap.WantGC() {
			collect(gc.Request{Reason: gc.Trigger})
		}
		w.turn(p, false)
		for {
			seen := w.gc.Cycles()
			a, st := c.Alloc(size, w.node, noscan, 0)
			if st == heap.OK {
				return a
			}
			if st == heap.NoMemory {
				return 0
			}
			collect(gc.Request{Reason: gc.Limit, Seen: seen})
		}
	}
	root := func(i int) mem.Addr { return globals + uint64(p*32+i%32)*8 }
	for i := range rounds {
		n := uint64(0)
		for a := w.load(root(i)); a != 0; a = w.load(a + 8) {
			if v := w.load(w.load(a+16) + 8); v != w.load(a) {
				w.t.Errorf("P %d round %d: node at %#x says %#x, its number object %#x", p, i, a, w.load(a), v)
				return
			}
			n++
		}
		if n != w.load(root(i)+128*8) {
			w.t.Errorf("P %d round %d: list of %d nodes, want %d", p, i, n, w.load(root(i)+128*8))
			return
		}
		w.store(root(i), 0)
		length := uint64(r.IntN(400))
		for k := range length {
			a := alloc(nodeSize, false)
			if a == 0 {
				w.t.Error("out of memory")
				return
			}
			w.store(a, k)
			w.store(a+8, w.load(root(i)))
			w.store(root(i), a) // reachable before the next allocation, without its number
			b := alloc(uint64(16+r.IntN(100)), true)
			if b == 0 {
				w.t.Error("out of memory")
				return
			}
			w.store(b+8, k)
			w.store(a+16, b)
			if k%64 == 0 {
				w.heap.AddCleanup(a, heap.Cleanup{})
				if st, ok := c.AllocStack(heap.MinStack<<(k%5), 0); ok == heap.OK {
					c.FreeStack(st, heap.MinStack<<(k%5))
				}
			}
		}
		w.store(root(i)+128*8, length)
	}
}
