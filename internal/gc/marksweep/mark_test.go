package marksweep

import (
	"math/rand/v2"
	"testing"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// quiet is a world with nothing but roots held by the host.
type quiet struct{ roots []mem.Addr }

func (w *quiet) Stop(string)                             {}
func (w *quiet) Start()                                  {}
func (w *quiet) ClearPools()                             {}
func (w *quiet) QueueFinalizer(mem.Addr, heap.Finalizer) {}
func (w *quiet) QueueCleanup(heap.Cleanup)               {}
func (w *quiet) CycleDone(*gc.Cycle)                     {}
func (w *quiet) Procs() int                              { return 1 }
func (w *quiet) Roots(m gc.Marker) {
	m.Kind(gc.RootHost)
	for _, p := range w.roots {
		m.Pointer(p)
	}
}

// BenchmarkMark marks 32-byte objects with two pointers, as one complete binary
// tree per root in allocation order, or linked at random.
func BenchmarkMark(b *testing.B) {
	for _, kind := range []string{"tree", "random"} {
		b.Run(kind, func(b *testing.B) {
			sp, err := mem.New(0)
			if err != nil {
				b.Fatal(err)
			}
			defer sp.Close()
			h, err := heap.New(sp, heap.Config{})
			if err != nil {
				b.Fatal(err)
			}
			w := &quiet{}
			col := New(h, w, gc.Default).(*Collector)
			ty, _ := h.AddType(&abi.GCType{Size: 32, PtrBytes: 16, Mask: []uint64{3}, Name: "node"})
			c := h.NewCache()
			alloc := func() mem.Addr {
				a, st := c.Alloc(32, ty, false, 0)
				if st != heap.OK {
					b.Fatal(st)
				}
				return a
			}
			n := 0
			if kind == "tree" {
				var tree func(depth int) mem.Addr
				tree = func(depth int) mem.Addr {
					a := alloc()
					n++
					if depth > 0 {
						sp.Store64(a, tree(depth-1))
						sp.Store64(a+8, tree(depth-1))
					}
					return a
				}
				for range 25 {
					w.roots = append(w.roots, tree(17))
				}
			} else {
				n = 6500000
				list := make([]mem.Addr, n)
				for i := range list {
					list[i] = alloc()
				}
				r := rand.New(rand.NewPCG(1, 2))
				for _, a := range list {
					sp.Store64(a, list[r.IntN(n)])
					sp.Store64(a+8, list[r.IntN(n)])
				}
				w.roots = list[:1000]
			}
			b.ResetTimer()
			marked := uint64(0)
			for range b.N {
				cy, _ := col.Collect(gc.Request{Reason: gc.Forced})
				marked += cy.Objects
			}
			b.ReportMetric(float64(marked)/b.Elapsed().Seconds()/1e6, "Mobj/s")
			last := col.Stats().Last
			b.ReportMetric(float64(last.Objects)/last.Mark.Seconds()/1e6, "Mobj/s-mark")
			b.ReportMetric(float64(last.Sweep.Microseconds())/1e3, "ms-sweep")
		})
	}
}

// BenchmarkTrees builds and drops complete binary trees of 16-byte nodes, with
// one larger tree alive: allocation, triggers, marking and sweeping together.
func BenchmarkTrees(b *testing.B) {
	sp, err := mem.New(0)
	if err != nil {
		b.Fatal(err)
	}
	defer sp.Close()
	h, err := heap.New(sp, heap.Config{})
	if err != nil {
		b.Fatal(err)
	}
	w := &quiet{}
	col := New(h, w, gc.Default).(*Collector)
	ty, _ := h.AddType(&abi.GCType{Size: 16, PtrBytes: 16, Mask: []uint64{3}, Name: "node"})
	c := h.NewCache()
	spc, _ := heap.ClassFor(16, false)
	nodes := 0
	var tree func(depth int) mem.Addr
	tree = func(depth int) mem.Addr {
		a := c.New(spc, ty)
		if a == 0 {
			if h.WantGC() {
				col.Collect(gc.Request{Reason: gc.Trigger})
			}
			if st := c.Refill(spc, 0); st != heap.OK {
				b.Fatal(st)
			}
			a = c.New(spc, ty)
		}
		nodes++
		if depth > 0 {
			w.roots = append(w.roots, a)
			sp.Store64(a, tree(depth-1))
			sp.Store64(a+8, tree(depth-1))
			w.roots = w.roots[:len(w.roots)-1]
		}
		return a
	}
	w.roots = append(w.roots, tree(16))
	nodes = 0
	b.ResetTimer()
	for range b.N {
		for range 64 {
			tree(10)
		}
		tree(15)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(nodes), "ns/node")
	b.ReportMetric(float64(col.Cycles())/float64(b.N), "cycles/op")
}
