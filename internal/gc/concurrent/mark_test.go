package concurrent

import (
	"math/rand/v2"
	"runtime"
	"runtime/debug"
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
func (w *still) ShowRoots(gc.Marker) bool                { return false }
func (w *still) RootsLeft() bool                         { return false }
func (w *still) Wake()                                   {}
func (w *still) Swept(int)                               {}
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
// allocation order or linked at random, and the real runtime marks the same in its own heap. Mobj/s is million
// objects per second of the process's processor time, sweeping included, because runtime.GC sweeps.
func BenchmarkMark(b *testing.B) {
	for _, kind := range []string{"tree", "random"} {
		b.Run(kind+"/ours", func(b *testing.B) { ours(b, kind) })
		b.Run(kind+"/native", func(b *testing.B) { native(b, kind) })
	}
}

func ours(b *testing.B, kind string) {
	sp, err := mem.New(0)
	if err != nil {
		b.Fatal(err)
	}
	defer sp.Close()
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
		w.roots = list[:1000:1000]
	}
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	b.ResetTimer()
	marked, spent := uint64(0), time.Duration(0)
	for range b.N {
		from := cpu()
		cy, _ := col.Collect(gc.Request{Reason: gc.Forced})
		spent += cpu() - from
		marked += cy.Objects
	}
	b.ReportMetric(float64(marked)/spent.Seconds()/1e6, "Mobj/s")
}

type node struct {
	a, b *node
	pad  [2]uint64
}

var nativeRoots []*node

func native(b *testing.B, kind string) {
	n := graphSize
	if kind == "tree" {
		n = trees * (1<<(treeDepth+1) - 1)
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
	} else {
		list := make([]*node, n)
		for i := range list {
			list[i] = &node{}
		}
		r := rand.New(rand.NewPCG(1, 2))
		for _, x := range list {
			x.a, x.b = list[r.IntN(n)], list[r.IntN(n)]
		}
		nativeRoots = append(nativeRoots, list[:1000]...)
	}
	defer func() { nativeRoots = nil; runtime.GC() }()
	runtime.GC()
	runtime.GC()
	b.ResetTimer()
	from := cpu()
	for range b.N {
		runtime.GC()
	}
	spent := cpu() - from
	// What is reachable of a random graph from a thousand roots is four fifths; count it.
	seen := n
	if kind == "random" {
		seen = reachable()
	}
	b.ReportMetric(float64(seen)*float64(b.N)/spent.Seconds()/1e6, "Mobj/s")
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
