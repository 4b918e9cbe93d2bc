package heap

import (
	"math/rand/v2"
	"testing"

	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/mem"
)

func TestStacks(t *testing.T) {
	h := newHeap(t, 0, debug.Flags{})
	c, d := h.NewCache(), h.NewCache()
	r := rand.New(rand.NewPCG(3, 4))
	type stack struct{ a, n uint64 }
	var list []stack
	owner := map[mem.Addr]int{}
	for i := range 20000 {
		if len(list) > 0 && r.IntN(5) < 2 || len(list) > 3000 {
			k := r.IntN(len(list))
			s := list[k]
			list[k] = list[len(list)-1]
			list = list[:len(list)-1]
			for p := s.a; p < s.a+s.n; p += MinStack {
				delete(owner, p)
			}
			[]*Cache{c, d}[r.IntN(2)].FreeStack(s.a, s.n)
			continue
		}
		n := uint64(MinStack) << min(r.IntN(4)+r.IntN(4), 6)
		a, st := []*Cache{c, d}[r.IntN(2)].AllocStack(n, 0)
		if st != OK || a%MinStack != 0 {
			t.Fatal(a, st)
		}
		for p := a; p < a+n; p += MinStack {
			if owner[p] != 0 {
				t.Fatalf("stack at %#x overlaps another", a)
			}
			owner[p] = i + 1
		}
		list = append(list, stack{a, n})
	}
	check(t, h)
	markAll(h)
	for _, s := range list {
		c.FreeStack(s.a, s.n)
	}
	check(t, h)
	if st := h.Stats(); st.StackInuse != 0 {
		t.Errorf("%d bytes of stacks left", st.StackInuse)
	}
}

// A large stack grows where it is when the pages behind it are free, and only then.
func TestExtendStack(t *testing.T) {
	h := newHeap(t, 64<<20, debug.Flags{})
	c := h.NewCache()
	alloc := func(n uint64) mem.Addr {
		a, st := c.AllocStack(n, 0)
		if st != OK {
			t.Fatal(st)
		}
		return a
	}
	a := alloc(64 << 10)
	if !c.ExtendStack(a, 64<<10, 256<<10) {
		t.Error("free pages behind it are not taken")
	}
	h.space.Store64(a+256<<10-8, 1)
	if s := h.SpanOf(a + 256<<10 - 1); s == nil || s.Base != a || s.Size != 256<<10 {
		t.Error("the page table does not know the new pages")
	}
	check(t, h)
	b := alloc(32 << 10)
	if c.ExtendStack(a, 256<<10, 512<<10) {
		t.Error("extended over another stack")
	}
	if c.ExtendStack(b, 32<<10, 64<<20) {
		t.Error("extended beyond the limit")
	}
	small := alloc(8 << 10)
	if c.ExtendStack(small, 8<<10, 16<<10) {
		t.Error("a stack that shares its span was extended")
	}
	check(t, h)
	c.FreeStack(a, 256<<10)
	c.FreeStack(b, 32<<10)
	c.FreeStack(small, 8<<10)
	check(t, h)
	if st := h.Stats(); st.StackInuse != 0 {
		t.Errorf("%d bytes of stacks left", st.StackInuse)
	}
}
