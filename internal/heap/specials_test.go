package heap

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/mem"
)

func TestSpecials(t *testing.T) {
	h := newHeap(t, 0, debug.Flags{})
	c := h.NewCache()
	obj, _ := c.Alloc(64, 0, false, 0)
	fn, _ := c.Alloc(16, 0, false, 0)
	if ok, _ := h.SetFinalizer(obj+8, Finalizer{Fn: fn}); !ok {
		t.Error("finalizer refused")
	}
	if ok, _ := h.SetFinalizer(obj+8, Finalizer{Fn: fn}); ok {
		t.Error("second finalizer accepted")
	}
	if ok, _ := h.SetFinalizer(mem.DataBase, Finalizer{}); ok {
		t.Error("finalizer outside the heap accepted")
	}
	if !h.RemoveFinalizer(obj+8) || h.RemoveFinalizer(obj+8) {
		t.Error("removing")
	}
	id1, _ := h.AddCleanup(obj, Cleanup{Fn: 1})
	id2, _ := h.AddCleanup(obj, Cleanup{Fn: 2})
	id3, _ := h.AddCleanup(obj, Cleanup{Fn: 3})
	if id1 == 0 || !h.StopCleanup(obj, id2) || h.StopCleanup(obj, id2) {
		t.Error("cleanup ids", id1, id2, id3)
	}
	w, _ := c.WeakHandle(obj, 0)
	if w2, _ := c.WeakHandle(obj, 0); w2 != w || h.Strong(w) != obj {
		t.Error("weak handle is not canonical")
	}
	if w2, _ := c.WeakHandle(obj+8, 0); w2 == w || h.Strong(w2) != obj+8 {
		t.Error("weak handle of an inner byte")
	}
	g, _ := c.WeakHandle(mem.DataBase+64, 0)
	if g2, _ := c.WeakHandle(mem.DataBase+64, 0); g2 != g || h.Strong(g) != mem.DataBase+64 {
		t.Error("weak handle outside the heap")
	}
	if h.Strong(obj) != 0 || h.Strong(12345) != 0 {
		t.Error("Strong trusts its argument")
	}
	h.SetFinalizer(obj, Finalizer{Fn: fn})
	check(t, h)
	used := h.space.UsedBy(mem.KindMetadata)

	var log []uint64
	m := &Mourner{
		Finalize: func(o mem.Addr, f Finalizer) { log = append(log, o, f.Fn, h.Strong(w)) },
		Clean:    func(c Cleanup) { log = append(log, c.Fn) },
	}
	sweep := func() {
		h.FlushAll()
		h.SpecialRoots(func(s *Span, slot uint32, sp *Special) {
			if sp.Kind == SpecialWeak {
				_, _, s, i, _ := h.Object(sp.Words[0])
				s.Bits(i / 64).Mark |= 1 << (i % 64)
			}
		})
		h.Sweep(m)
		check(t, h)
	}
	sweep()
	if len(log) != 3 || log[0] != obj || log[1] != fn || h.Strong(w) != 0 {
		t.Errorf("first death: %#x, weak %#x", log, h.Strong(w))
	}
	if _, _, _, _, ok := h.Object(obj); !ok {
		t.Error("not resurrected")
	}
	log = nil
	sweep()
	if len(log) != 2 || log[0] != 3 || log[1] != 1 {
		t.Errorf("second death: %v", log)
	}
	if _, _, _, _, ok := h.Object(obj); ok {
		t.Error("not dead")
	}
	if now := h.space.UsedBy(mem.KindMetadata); now >= used {
		t.Errorf("specials still charged: %d, was %d", now, used)
	}
	if h.Strong(g) == 0 {
		t.Error("handle of an immortal lost")
	}
}

// Specials set, asked for and removed in any order, many on one byte, are those of a sorted list.
func TestSpecialTree(t *testing.T) {
	h := newHeap(t, 0, debug.Flags{})
	c := h.NewCache()
	rnd := rand.New(rand.NewPCG(1, 2))
	var objs []mem.Addr
	for range 300 {
		p, st := c.Alloc(uint64(16+rnd.IntN(3)*100), 0, false, 0)
		if st != OK {
			t.Fatal(st)
		}
		objs = append(objs, p)
	}
	large, _ := c.Alloc(1<<20, 0, false, 0)
	type key struct {
		at mem.Addr
		id uint64
	}
	var cleanups []key // oldest first
	finalizers, weak := map[mem.Addr]bool{}, map[mem.Addr]mem.Addr{}
	at := func() mem.Addr {
		switch rnd.IntN(3) {
		case 0:
			return objs[rnd.IntN(3)]
		case 1:
			return large + uint64(rnd.IntN(1<<20))
		}
		return objs[rnd.IntN(len(objs))] + uint64(rnd.IntN(16))
	}
	for range 30000 {
		switch p := at(); rnd.IntN(8) {
		case 0, 1, 2:
			id, _ := h.AddCleanup(p, Cleanup{Fn: 1})
			cleanups = append(cleanups, key{p, id})
		case 3, 4:
			if len(cleanups) == 0 {
				continue
			}
			i := rnd.IntN(len(cleanups))
			k := cleanups[i]
			if !h.StopCleanup(k.at, k.id) || h.StopCleanup(k.at, k.id) {
				t.Fatalf("cleanup %v", k)
			}
			cleanups = slices.Delete(cleanups, i, i+1)
		case 5:
			if ok, _ := h.SetFinalizer(p, Finalizer{}); ok == finalizers[p] {
				t.Fatalf("finalizer at %#x set: %v", p, ok)
			}
			finalizers[p] = true
		case 6:
			if h.RemoveFinalizer(p) != finalizers[p] {
				t.Fatalf("finalizer at %#x was set: %v", p, finalizers[p])
			}
			delete(finalizers, p)
		case 7:
			w, _ := c.WeakHandle(p, 0)
			if weak[p] != 0 && weak[p] != w {
				t.Fatalf("handles of %#x: %#x and %#x", p, weak[p], w)
			}
			weak[p] = w
		}
	}
	check(t, h)
	n := 0
	last := map[mem.Addr]uint64{}
	h.SpecialRoots(func(s *Span, slot uint32, sp *Special) {
		n++
		p := s.Base + sp.Offset
		if sp.Kind == SpecialCleanup {
			if last[p] != 0 && last[p] < sp.ID {
				t.Errorf("cleanup %d at %#x is behind an older one", sp.ID, p)
			}
			last[p] = sp.ID
		}
		if base, _, _, i, _ := h.Object(p); i != slot || base != s.SlotAddr(slot) {
			t.Errorf("special at %#x comes with slot %d", p, slot)
		}
	})
	if want := len(cleanups) + len(finalizers) + len(weak); n != want {
		t.Errorf("%d specials, want %d", n, want)
	}

	var walk SpecialWalk
	walked := 0
	for more := true; more; {
		more = walk.Some(h, func(*Span, uint32, *Special) { walked++ })
	}
	if walked != n {
		t.Errorf("%d specials in pieces, %d in one", walked, n)
	}

	// All die; those with finalizers a second time.
	h.FlushAll()
	f, cl := 0, 0
	m := &Mourner{Finalize: func(mem.Addr, Finalizer) { f++ }, Clean: func(Cleanup) { cl++ }}
	for range 2 {
		h.Sweep(m)
		check(t, h)
	}
	if f != len(finalizers) || cl != len(cleanups) {
		t.Errorf("%d finalizers and %d cleanups of %d and %d", f, cl, len(finalizers), len(cleanups))
	}
}

// The limit refuses a special without a trace.
func TestSpecialLimit(t *testing.T) {
	h := newHeap(t, 0, debug.Flags{})
	c := h.NewCache()
	p, _ := c.Alloc(64, 0, false, 0)
	h.space.SetLimit(h.space.Used() + 100<<10)
	n := 0
	for {
		id, st := h.AddCleanup(p, Cleanup{})
		if st != OK {
			break
		}
		if id == 0 {
			t.Fatal("refused without a reason")
		}
		n++
	}
	if n < 300 || n > 100<<10/int(recordBytes+queueCost) {
		t.Errorf("%d cleanups in 100 KiB", n)
	}
	h.FlushAll()
	check(t, h)
	m := &Mourner{}
	h.Sweep(m)
	check(t, h)
}

// BenchmarkCleanup adds cleanups to one object, and removes them, the newest first.
func BenchmarkCleanup(b *testing.B) {
	h := newHeap(b, 0, debug.Flags{})
	c := h.NewCache()
	p, _ := c.Alloc(64, 0, false, 0)
	var ids []uint64
	for b.Loop() {
		id, st := h.AddCleanup(p, Cleanup{})
		if st != OK {
			b.Fatal(st)
		}
		if ids = append(ids, id); len(ids) == 1000 {
			for _, id := range slices.Backward(ids) {
				h.StopCleanup(p, id)
			}
			ids = ids[:0]
		}
	}
}
