package heap

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/mem"
)

func newHeap(t testing.TB, limit uint64, f debug.Flags) *Heap {
	t.Helper()
	sp, err := mem.New(limit)
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(sp, Config{Flags: f})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sp.Close() })
	return h
}

func check(t testing.TB, h *Heap) {
	t.Helper()
	h.FlushAll()
	if err := h.Check(); err != nil {
		t.Fatal(err)
	}
}

// markAll marks the given objects and sweeps everything else.
func markAll(h *Heap, objects ...mem.Addr) Swept {
	h.FlushAll()
	for _, a := range objects {
		_, _, s, i, ok := h.Object(a)
		if !ok {
			panic("marking what is no object")
		}
		s.Bits(i / 64).Mark |= 1 << (i % 64)
	}
	return h.Sweep(&Mourner{})
}

func TestAllocatedMemoryIsZeroAndDisjoint(t *testing.T) {
	for _, f := range []debug.Flags{{}, {Poison: true}, {GCEvery: 1 << 40}} {
		h := newHeap(t, 0, f)
		c := h.NewCache()
		r := rand.New(rand.NewPCG(1, 2))
		ty, _ := h.AddType(&abi.GCType{Size: 8, PtrBytes: 8, Mask: []uint64{1}, Name: "*int"})
		type object struct{ a, n uint64 }
		var live []object
		for round := range 6 {
			for range 20000 {
				n := uint64(r.IntN(200)) + 1
				if r.IntN(100) == 0 {
					n = uint64(r.IntN(100000)) + 1
				}
				noscan := r.IntN(2) == 0
				a, st := c.Alloc(n, ty, noscan, 0)
				if st != OK {
					t.Fatal(st)
				}
				b, ok := h.space.Bytes(a, n)
				if !ok {
					t.Fatalf("object at %#x", a)
				}
				for i, x := range b {
					if x != 0 {
						t.Fatalf("round %d: byte %d of a new object of %d bytes at %#x is %#x", round, i, n, a, x)
					}
					b[i] = byte(a >> 3)
				}
				live = append(live, object{a, n})
			}
			check(t, h)
			r.Shuffle(len(live), func(i, j int) { live[i], live[j] = live[j], live[i] })
			live = live[:len(live)/3]
			var roots []mem.Addr
			for _, o := range live {
				b, _ := h.space.Bytes(o.a, o.n)
				for i, x := range b {
					if x != byte(o.a>>3) {
						t.Fatalf("byte %d of the object at %#x was overwritten", i, o.a)
					}
				}
				base, size, s, _, ok := h.Object(o.a + o.n - 1)
				if !ok || base > o.a || base+size < o.a+o.n || s.SlotAddr(uint32((o.a-s.Base)/s.Size)) != base {
					t.Fatalf("interior pointer of %#x resolves to %#x+%d", o.a, base, size)
				}
				roots = append(roots, o.a)
			}
			sw := markAll(h, roots...)
			if sw.Freed == 0 || h.Live() != sw.LiveBytes {
				t.Errorf("sweep %+v, live %d", sw, h.Live())
			}
			check(t, h)
		}
		markAll(h)
		check(t, h)
		if st := h.Stats(); st.HeapInuse != 0 || st.HeapObjects != 0 || st.Mallocs != st.Frees {
			t.Errorf("after sweeping everything: %d in use, %d objects, %d mallocs, %d frees", st.HeapInuse, st.HeapObjects, st.Mallocs, st.Frees)
		}
		if n := h.ReleaseFree(); n == 0 || h.space.UsedBy(mem.KindIdle) >= granuleBytes*2 {
			t.Errorf("released %d, idle %d", n, h.space.UsedBy(mem.KindIdle))
		}
		check(t, h)
	}
}

func TestBadPointersResolveToNothing(t *testing.T) {
	h := newHeap(t, 0, debug.Flags{})
	c := h.NewCache()
	a, _ := c.Alloc(24, 0, false, 0)
	st, _ := c.AllocStack(2048, 0)
	h.FlushAll()
	for _, p := range []mem.Addr{0, 1, mem.HeapBase - 1, mem.HeapEnd, mem.HeapEnd - 1, ^mem.Addr(0), 1 << 63, a + 24, a - 1, st, h.ZeroBase(), mem.TextBase + 5} {
		if base, _, _, _, ok := h.Object(p); ok {
			t.Errorf("%#x resolves to %#x", p, base)
		}
	}
	if base, size, _, _, ok := h.Object(a + 23); !ok || base != a || size != 24 {
		t.Error("last byte of an object does not resolve")
	}
}

func TestTinyObjectsShareBlocks(t *testing.T) {
	h := newHeap(t, 0, debug.Flags{})
	c := h.NewCache()
	var prev mem.Addr
	for i := range 32 {
		a, st := c.Alloc(4, 0, true, 0)
		if st != OK || a&3 != 0 || i%4 != 0 && a != prev+4 {
			t.Fatalf("tiny object %d at %#x after %#x: %v", i, a, prev, st)
		}
		prev = a
	}
	if a, _ := c.Alloc(8, 0, true, 0); a&7 != 0 {
		t.Errorf("8 bytes at %#x", a)
	}
	st := h.Stats()
	if st.Mallocs != 33 || st.Tiny != 24 || st.TotalAlloc != 9*16 {
		t.Errorf("mallocs %d, tiny %d, bytes %d", st.Mallocs, st.Tiny, st.TotalAlloc)
	}
	if a, st := c.Alloc(0, 0, false, 0); a != h.ZeroBase() || st != OK {
		t.Error("object of no bytes")
	}
}

func TestLimitIsKept(t *testing.T) {
	const limit = 4 << 20
	h := newHeap(t, limit, debug.Flags{})
	c := h.NewCache()
	var objects []mem.Addr
	for {
		a, st := c.Alloc(1000, 0, false, 0)
		if st == NeedGC {
			if _, st = c.Alloc(1000, 0, false, AfterGC); st != NoMemory {
				t.Error("AfterGC gives", st)
			}
			break
		}
		objects = append(objects, a)
	}
	if n := len(objects) * 1152; n < limit*8/10 {
		t.Errorf("only %d bytes of objects fit into %d: %s", n, limit, h.space.Breakdown())
	}
	if h.space.Peak() > limit {
		t.Error("limit crossed")
	}
	check(t, h)
	if _, st := c.Alloc(1<<40, 0, true, 0); st != NoMemory {
		t.Error("an object larger than everything:", st)
	}
	markAll(h, objects[:10]...)
	check(t, h)
	if _, st := c.Alloc(limit/2, 0, true, 0); st != OK {
		t.Error("half the limit after a collection:", st, h.space.Breakdown())
	}
	check(t, h)
}

func TestTriggerWantsOnce(t *testing.T) {
	h := newHeap(t, 0, debug.Flags{})
	calls := 0
	h.OnWantGC(func() { calls++ })
	h.SetTrigger(1 << 20)
	c := h.NewCache()
	for range 3 << 20 / 64 {
		c.Alloc(64, 0, false, 0)
	}
	if calls != 1 || !h.WantGC() {
		t.Error("calls", calls)
	}
	markAll(h)
	if h.WantGC() {
		t.Error("still wanted after a sweep")
	}
}

func TestSampler(t *testing.T) {
	h := newHeap(t, 0, debug.Flags{Seed: 7})
	c := h.NewCache()
	seen, freed := map[mem.Addr]bool{}, 0
	h.SetSampler(Sampler{Rate: rate(1), Alloc: func(c *Cache, a mem.Addr, size uint64) { seen[a] = true; h.AddSample(a, size) }, Free: func(v, size uint64) {
		if v != size {
			t.Error("value lost")
		}
		freed++
	}})
	for i := range 500 {
		a, _ := c.Alloc(uint64(16+i*100), 0, i%2 == 0, 0)
		if !seen[a] {
			t.Fatalf("allocation %d at %#x not sampled", i, a)
		}
	}
	check(t, h)
	markAll(h)
	if freed != 500 {
		t.Errorf("%d samples freed", freed)
	}
	n := 0
	h.SetSampler(Sampler{Rate: rate(4096), Alloc: func(*Cache, mem.Addr, uint64) { n++ }})
	for range 100000 {
		c.Alloc(64, 0, true, 0)
	}
	if want := 100000 * 64 / 4096; n < want*8/10 || n > want*12/10 {
		t.Errorf("%d samples, want about %d", n, want)
	}
}

func TestManyCaches(t *testing.T) {
	h := newHeap(t, 0, debug.Flags{})
	var wg sync.WaitGroup
	for p := range 4 {
		c := h.NewCache()
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(p), 9))
			for range 20000 {
				n := uint64(r.IntN(3000)) + 1
				a, st := c.Alloc(n, 0, r.IntN(2) == 0, 0)
				if st != OK {
					t.Error(st)
					return
				}
				b, _ := h.space.Bytes(a, n)
				for i := range b {
					b[i]++
					if b[i] != 1 {
						t.Errorf("shared byte at %#x", a)
						return
					}
				}
				if r.IntN(50) == 0 {
					h.AddCleanup(a, Cleanup{})
					s, _ := c.AllocStack(2048, 0)
					c.FreeStack(s, 2048)
				}
			}
		})
	}
	wg.Wait()
	check(t, h)
	markAll(h)
	check(t, h)
}

func TestFailAlloc(t *testing.T) {
	for k := int64(1); k < 40; k++ {
		h := newHeap(t, 0, debug.Flags{FailAlloc: k})
		c := h.NewCache()
		failed := 0
		for i := range 40 {
			_, st := c.Alloc(uint64(i*1000+1), 0, i%2 == 0, 0)
			if st == NeedGC {
				failed++
				check(t, h)
				_, st = c.Alloc(uint64(i*1000+1), 0, i%2 == 0, AfterGC)
			}
			if st != OK {
				t.Fatal(st)
			}
		}
		if failed != 1 {
			t.Errorf("allocation %d: failed %d times", k, failed)
		}
		check(t, h)
	}
}

func TestWhereTheLimitBitesTheHeapStaysWhole(t *testing.T) {
	for limit := uint64(64 << 10); limit < 1<<20; limit += 4096 * 7 {
		sp, err := mem.New(limit)
		if err != nil {
			t.Fatal(err)
		}
		h, err := New(sp, Config{})
		if err != nil {
			sp.Close()
			continue
		}
		c := h.NewCache()
		for i := range 3000 {
			if _, st := c.Alloc(uint64(i%40*i%5000+1), 0, i%3 == 0, 0); st != OK {
				c.AllocStack(4096, 0)
			}
		}
		check(t, h)
		if sp.Peak() > limit {
			t.Errorf("limit %d crossed: %d", limit, sp.Peak())
		}
		sp.Close()
	}
}

func rate(n int64) *int64 { return &n }
