package heap

import (
	"fmt"
	"syscall"
	"testing"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Our allocation beside Go's own, in one process: objects of one pointer and some
// numbers, of which one in 1024 lives. Collections run when they are due (here after 4 MiB, the
// least goal of both, with the live ones marked; Go's at its own time), so that both allocate in
// memory that was used before. The first word of each object is written.
//
//	New     Cache.New and Refill, as the interpreter's loop has them
//	Alloc   Cache.Alloc, as host functions call it
//	go      new(T) of the host
//
// Sweeping is in the figure; a mark of the live objects is too.
func BenchmarkAlloc(b *testing.B) {
	for _, size := range []uint64{16, 32, 48, 64} {
		for _, way := range []string{"New", "Alloc"} {
			b.Run(fmt.Sprintf("%s/%d", way, size), func(b *testing.B) {
				h := newHeap(b, 0, debug.Flags{})
				c := h.NewCache()
				t, _ := h.AddType(&abi.GCType{Size: size, PtrBytes: 8, Mask: []uint64{1}, Name: "node"})
				spc, _ := ClassFor(size, false)
				var live [1024]mem.Addr
				base := h.space.Base()
				every := 4 << 20 / int(size)
				cycle := func() {
					h.FlushAll()
					for _, a := range live {
						if _, _, s, i, ok := h.Object(a); ok {
							s.Bits(i / 64).Mark |= 1 << (i % 64)
						}
					}
					h.Sweep(&Mourner{})
				}
				run := func(n int) {
					for i := range n {
						var a mem.Addr
						if way == "New" {
							if a = c.New(spc, t); a == 0 {
								c.Refill(spc, 0)
								a = c.New(spc, t)
							}
						} else {
							a, _ = c.Alloc(size, t, false, 0)
						}
						*(*uint64)(unsafe.Add(base, a)) = a
						if i&1023 == 0 {
							live[i>>10&1023] = a
						}
						if i%every == every-1 {
							cycle()
						}
					}
				}
				run(2 * every) // warm
				cycle()
				b.ResetTimer()
				defer cpuTime(b)()
				run(b.N)
			})
		}
	}
	b.Run("go/16", benchGo[[1]uint64])
	b.Run("go/32", benchGo[[3]uint64])
	b.Run("go/48", benchGo[[5]uint64])
	b.Run("go/64", benchGo[[7]uint64])
}

// cpuTime reports the processor time of the whole process, which a busy machine disturbs less
// than the time that passes. Go's collector on other processors counts in.
func cpuTime(b *testing.B) (stop func()) {
	now := func() int64 {
		var u syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return u.Utime.Nano() + u.Stime.Nano()
	}
	start := now()
	return func() { b.ReportMetric(float64(now()-start)/float64(b.N), "cpu-ns/op") }
}

// node is an object of one word more than T has.
type node[T any] struct {
	next *node[T]
	rest T
}

func benchGo[T any](b *testing.B) {
	var live [1024]*node[T]
	defer cpuTime(b)()
	for i := range b.N {
		p := new(node[T])
		p.next = p
		if i&1023 == 0 {
			live[i>>10&1023] = p
		}
	}
}

// BenchmarkSpan is a span taken and given back: pages, record, page table.
func BenchmarkSpan(b *testing.B) {
	h := newHeap(b, 0, debug.Flags{})
	c := h.NewCache()
	spc := MakeSpanClass(8, false)
	pages := ClassPages(8)
	for b.Loop() {
		s := c.newSpan(spc, pages, 0)
		h.freeSpan(s)
	}
}
