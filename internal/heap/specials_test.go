package heap

import (
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
	if len(log) != 2 || log[0] != 1 || log[1] != 3 {
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
