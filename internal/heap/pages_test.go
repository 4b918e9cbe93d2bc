package heap

import (
	"math/rand/v2"
	"testing"

	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/mem"
)

func TestPages(t *testing.T) {
	h := newHeap(t, 0, debug.Flags{})
	r := rand.New(rand.NewPCG(3, 5))
	type run struct{ a, n uint64 }
	var list []run
	used := map[mem.Addr]bool{}
	for i := range 4000 {
		if len(list) > 0 && r.IntN(9) < 4 {
			k := r.IntN(len(list))
			x := list[k]
			list[k] = list[len(list)-1]
			list = list[:len(list)-1]
			h.FreePages(x.a, x.n, mem.KindRecord)
			for p := range x.n {
				delete(used, x.a+p<<PageShift)
			}
			continue
		}
		n := uint64(r.IntN(20)) + 1
		if r.IntN(50) == 0 {
			n = uint64(r.IntN(2000)) + 1
		}
		a, zero, ok := h.AllocPages(n, mem.KindRecord)
		if !ok {
			t.Fatal("no pages")
		}
		for p := range n {
			q := a + p<<PageShift
			if used[q] || zero && h.space.Load64(q) != 0 {
				t.Fatalf("page at %#x: used %v, said to be zero %v", q, used[q], zero)
			}
			used[q] = true
			h.space.Store64(q, 1)
		}
		// First fit: no lower run of n pages is free and committed.
		lowest := mem.Addr(mem.HeapBase)
		for q, free := lowest, uint64(0); q < a; q += PageSize {
			if free++; used[q] || q == h.ZeroBase() || !test(h.pages.ready.bits, addrPage(q)) {
				free = 0
			}
			if free == n {
				t.Fatalf("%d pages at %#x although %#x is free", n, a, q)
			}
		}
		list = append(list, run{a, n})
		if i%500 == 0 {
			h.pages.scavenge(uint64(r.IntN(1<<22)), releaseLimit)
			check(t, h)
		}
	}
	check(t, h)
}

func TestIdlePagesPayForOthers(t *testing.T) {
	const limit = 8 << 20
	h := newHeap(t, limit, debug.Flags{})
	c := h.NewCache()
	// Fill the heap, leave holes too small for a large object, then ask for one
	// that only fits when the holes are decommitted.
	var objects, keep []mem.Addr
	for {
		a, st := c.Alloc(256<<10, 0, true, 0)
		if st != OK {
			break
		}
		objects = append(objects, a)
	}
	for i, a := range objects {
		if i%2 == 0 {
			keep = append(keep, a)
		}
	}
	markAll(h, keep...)
	if _, st := c.Alloc(5<<19, 0, true, 0); st != OK {
		t.Error(st, h.space.Breakdown())
	}
	check(t, h)
	if st := h.Stats(); st.HeapReleased == 0 || st.Scavenged == 0 {
		t.Errorf("%+v", st)
	}
}

func TestIdlePagesPayForBookkeeping(t *testing.T) {
	const limit = 4 << 20
	h := newHeap(t, limit, debug.Flags{})
	c := h.NewCache()
	for {
		if _, st := c.Alloc(100<<10, 0, true, 0); st != OK {
			break
		}
	}
	if h.space.Charge(1<<20, mem.KindMetadata) {
		t.Error("charged although everything is in use")
	}
	markAll(h)
	if !h.space.Charge(3<<20, mem.KindMetadata) {
		t.Error("idle pages are in the way: ", h.space.Breakdown())
	}
	check(t, h)
	h.space.Uncharge(3<<20, mem.KindMetadata)
}
