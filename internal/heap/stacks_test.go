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
