package concurrent

import (
	"testing"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// TestStray: a pointer to a free slot is reported when a type says that it is a pointer, and not
// when it may be anything.
func TestStray(t *testing.T) {
	sp, err := mem.New(0)
	if err != nil {
		t.Fatal(err)
	}
	defer sp.Close()
	h, err := heap.New(sp, heap.Config{})
	if err != nil {
		t.Fatal(err)
	}
	w := &still{}
	col := New(h, w, gc.Default)
	ty, _ := h.AddType(&abi.GCType{Size: 32, PtrBytes: 16, Mask: []uint64{3}, Name: "node"})
	c := h.NewCache()
	alloc := func(id abi.TypeID) mem.Addr {
		a, st := c.Alloc(32, id, false, 0)
		if st != heap.OK {
			t.Fatal(st)
		}
		return a
	}
	collect := func() mem.Addr {
		cy, _ := col.Collect(gc.Request{Reason: gc.Forced})
		return cy.Stray
	}
	exact, vague, lost := alloc(ty), alloc(0), alloc(ty)
	w.roots = []mem.Addr{exact, vague}
	if p := collect(); p != 0 {
		t.Fatalf("stray pointer %#x in a good heap", p)
	}
	sp.Store64(vague, lost)
	if p := collect(); p != 0 {
		t.Fatalf("stray pointer %#x in an object that may hold anything", p)
	}
	sp.Store64(exact+8, lost+5)
	if p := collect(); p != lost+5 {
		t.Fatalf("stray pointer %#x, want %#x", p, lost+5)
	}
}
