package host

import (
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
)

// Goroutine profiles. All stacks are taken in one stop of the world and kept here, charged to the account, until the
// goroutine that asked has copied them and says so.

func init() {
	Register([]Entry{
		{"runtime.takeGoroutines", takeGoroutines},
		{"runtime.takenGoroutine", takenGoroutine},
		{"runtime.dropGoroutines", dropGoroutines},
		{"runtime.findLeaks", findLeaks},
	})
}

// takenStack is the stack of one goroutine.
type takenStack struct {
	pcs    []uint64
	labels mem.Addr // shown to the collector as long as it is kept
}

// takenCost is the bytes charged for one.
func (t *takenStack) cost() int64 { return 64 + int64(len(t.pcs))*8 }

// takeGoroutines(leaked bool) int
func takeGoroutines(c *Call) Status {
	leaked := c.Bool(0)
	c.Sched.StopTheWorld(c.P)
	defer c.Sched.StartTheWorld(c.P)
	c.State.drop(c.VM, c.G.ID)
	var list []takenStack
	full := false
	var buf [profileDepth]uint64
	add := func(g *sched.G) bool {
		n := c.Machine.Callers(g, 0, buf[:])
		t := takenStack{labels: g.Labels}
		cost := 64 + int64(n)*8
		if full = !c.Space.Charge(cost, mem.KindRecord); full {
			return false
		}
		t.pcs = append(t.pcs, buf[:n]...)
		list = append(list, t)
		return true
	}
	if !leaked {
		add(c.G) // first, as natively
	}
	if !full {
		c.Sched.Goroutines(func(g *sched.G) bool {
			if !g.Shown() || g == c.G || leaked && !g.Leaked() {
				return true
			}
			return add(g)
		})
	}
	c.State.Mu.Lock()
	if c.State.taken == nil {
		c.State.taken = map[uint64][]takenStack{}
	}
	c.State.taken[c.G.ID] = list
	c.State.Mu.Unlock()
	if full {
		c.State.drop(c.VM, c.G.ID)
		return Collect
	}
	c.SetInt(1, len(list))
	return OK
}

// takenGoroutine(i int, stk []uintptr) (n int, labels unsafe.Pointer)
func takenGoroutine(c *Call) Status {
	c.SetInt(4, 0)
	c.Set(5, 0)
	c.State.Mu.Lock()
	defer c.State.Mu.Unlock()
	list := c.State.taken[c.G.ID]
	i := c.Arg(0)
	if i >= uint64(len(list)) {
		return OK
	}
	pcs := list[i].pcs[:min(uint64(len(list[i].pcs)), c.Arg(2))]
	for j, pc := range pcs {
		c.Space.Store64(c.Arg(1)+uint64(j)*8, pc)
	}
	c.SetInt(4, len(pcs))
	c.Set(5, list[i].labels)
	return OK
}

// dropGoroutines()
func dropGoroutines(c *Call) Status {
	c.State.drop(c.VM, c.G.ID)
	return OK
}

// drop forgets what was taken for a goroutine.
func (s *State) drop(vm *VM, id uint64) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	for i := range s.taken[id] {
		vm.Space.Uncharge(s.taken[id][i].cost(), mem.KindRecord)
	}
	delete(s.taken, id)
}

// findLeaks() int
func findLeaks(c *Call) Status {
	c.Sched.StopTheWorld(c.P)
	defer c.Sched.StartTheWorld(c.P)
	n, ok := c.Sched.FindLeaks()
	if !ok {
		return Collect
	}
	c.SetInt(0, n)
	return OK
}
