package concurrent

import (
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// still is a world that stands still, with roots held by the host.
type still struct{ roots []mem.Addr }

func (w *still) Stop(string)                             {}
func (w *still) Start()                                  {}
func (w *still) ClearPools()                             {}
func (w *still) QueueFinalizer(mem.Addr, heap.Finalizer) {}
func (w *still) QueueCleanup(heap.Cleanup)               {}
func (w *still) CycleDone(*gc.Cycle)                     {}
func (w *still) Procs() int                              { return 1 }
func (w *still) Snapshot(m, _ gc.Marker)                 { w.Roots(m) }
func (w *still) ShowRoots(gc.Marker, *heap.Cache) bool   { return false }
func (w *still) RootsLeft() bool                         { return false }
func (w *still) Wake()                                   {}
func (w *still) Forget() bool                            { return false }
func (w *still) Swept(*heap.Cache)                       {}
func (w *still) Stopping() bool                          { return false }
func (w *still) IdleTime() time.Duration                 { return 0 }
func (w *still) Deterministic() bool                     { return false }
func (w *still) Roots(m gc.Marker) {
	m.Kind(gc.RootHost)
	for _, p := range w.roots {
		m.Pointer(p)
	}
}

const (
	trees     = 25
	treeDepth = 17
	graphSize = 6500000
)

// cpu is the processor time of the process.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkMark marks 200 MB of 32-byte objects with two pointers, as complete binary trees in
// allocation order or linked at random, and the real runtime marks the same in its own heap, in turns with one
// processor. The figures are million objects per second of the process's processor time, sweeping included, because
// runtime.GC sweeps, and ours divided by native's.
func BenchmarkMark(b *testing.B) {
	for _, kind := range []string{"tree", "random"} {
		b.Run(kind, func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			defer debug.SetGCPercent(debug.SetGCPercent(-1))
			collect, done := ours(b, kind)
			defer done()
			objects := native(kind)
			defer func() { nativeRoots = nil; runtime.GC() }()
			runtime.GC()
			runtime.GC()
			collect()
			b.ResetTimer()
			var here, there []float64 // seconds of each round
			marked := uint64(0)
			for range b.N {
				at := cpu()
				marked = collect()
				here = append(here, (cpu() - at).Seconds())
				at = cpu()
				runtime.GC()
				there = append(there, (cpu() - at).Seconds())
			}
			slices.Sort(here)
			slices.Sort(there)
			mine := float64(marked) / here[len(here)/2] / 1e6
			theirs := float64(objects) / there[len(there)/2] / 1e6
			b.ReportMetric(mine, "Mobj/s")
			b.ReportMetric(theirs, "native-Mobj/s")
			b.ReportMetric(mine/theirs, "of-native")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// ours builds the objects on a heap of ours. collect collects and says how many were marked.
func ours(b *testing.B, kind string) (collect func() uint64, done func()) {
	sp, err := mem.New(0)
	if err != nil {
		b.Fatal(err)
	}
	h, err := heap.New(sp, heap.Config{})
	if err != nil {
		b.Fatal(err)
	}
	w := &still{}
	col := New(h, w, gc.Config{Percent: -1, MemoryLimit: gc.Default.MemoryLimit}).(*Collector)
	ty, _ := h.AddType(&abi.GCType{Size: 32, PtrBytes: 16, Mask: []uint64{3}, Name: "node"})
	c := h.NewCache()
	alloc := func() mem.Addr {
		a, st := c.Alloc(32, ty, false, 0)
		if st != heap.OK {
			b.Fatal(st)
		}
		return a
	}
	if kind == "tree" {
		var tree func(depth int) mem.Addr
		tree = func(depth int) mem.Addr {
			a := alloc()
			if depth > 0 {
				sp.Store64(a, tree(depth-1))
				sp.Store64(a+8, tree(depth-1))
			}
			return a
		}
		for range trees {
			w.roots = append(w.roots, tree(treeDepth))
		}
	} else {
		list := make([]mem.Addr, graphSize)
		for i := range list {
			list[i] = alloc()
		}
		r := rand.New(rand.NewPCG(1, 2))
		for _, a := range list {
			sp.Store64(a, list[r.IntN(len(list))])
			sp.Store64(a+8, list[r.IntN(len(list))])
		}
		w.roots = append(w.roots, list[:1000]...)
	}
	return func() uint64 {
		cy, _ := col.Collect(gc.Request{Reason: gc.Forced})
		return cy.Objects
	}, func() { sp.Close() }
}

type node struct {
	a, b *node
	pad  [2]uint64
}

var nativeRoots []*node

// native builds the same objects in the process's heap and says how many can be reached.
func native(kind string) int {
	if kind == "tree" {
		var tree func(depth int) *node
		tree = func(depth int) *node {
			x := &node{}
			if depth > 0 {
				x.a, x.b = tree(depth-1), tree(depth-1)
			}
			return x
		}
		for range trees {
			nativeRoots = append(nativeRoots, tree(treeDepth))
		}
		return trees * (1<<(treeDepth+1) - 1)
	}
	list := make([]*node, graphSize)
	for i := range list {
		list[i] = &node{}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, x := range list {
		x.a, x.b = list[r.IntN(graphSize)], list[r.IntN(graphSize)]
	}
	nativeRoots = append(nativeRoots, list[:1000]...)
	return reachable() // four fifths
}

func reachable() int {
	todo := append([]*node(nil), nativeRoots...)
	n := 0
	for len(todo) > 0 {
		x := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if x == nil || x.pad[0] != 0 {
			continue
		}
		x.pad[0] = 1
		n++
		todo = append(todo, x.a, x.b)
	}
	return n
}
