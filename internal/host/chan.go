package host

import (
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
)

// Channels. The compiled forms carry elements in their argument area, reflect's
// carry the address of the element; the mechanics are the scheduler's.

func init() {
	Register([]Entry{
		{"go:makechan", makechan},
		{"reflect.makechan", makechan},
		{"go:chansend", func(c *Call) Status { return chansend(c, c.Arg(0), c.Area+8, true, -1) }},
		{"go:chanrecv", func(c *Call) Status { return chanrecv(c, c.Arg(0), c.Area+16, true, -1, 1) }},
		{"go:chanclose", chanclose},
		{"reflect.chanclose", chanclose},
		{"go:chanlen", chanlen},
		{"reflect.chanlen", chanlen},
		{"internal/reflectlite.chanlen", chanlen},
		{"go:chancap", chancap},
		{"reflect.chancap", chancap},
		{"reflect.chansend0", func(c *Call) Status { return chansend(c, c.Arg(0), c.Arg(1), !c.Bool(2), 3) }},
		{"reflect.chanrecv", reflectRecv},
		{"go:select", selectGo},
		{"reflect.rselect", rselect},
	})
}

// chanStatus turns an outcome into an answer; done says that the operation is complete.
func chanStatus(c *Call, r sched.ChanResult) (st Status, done bool) {
	switch r {
	case sched.ChanDone:
		return OK, true
	case sched.ChanPark:
		return Park, false
	case sched.ChanRetry:
		return Again, false
	case sched.ChanNoMemory:
		return Collect, false
	case sched.ChanWouldBlock:
		return OK, false
	case sched.ChanOutside:
		op := "receive on"
		switch c.Sym {
		case "go:select", "reflect.rselect":
			op = "select on"
		case "go:chanclose", "reflect.chanclose":
			op = "close of"
		case "go:chansend", "reflect.chansend0":
			op = "send on"
		}
		return c.Fatal(op + " synctest channel from outside bubble"), false
	}
	if text := r.PanicText(); text != "" {
		return c.PanicText(text), false
	}
	return c.Fatal("operation on a damaged channel"), false
}

// makechan(t *abi.ChanType, size int) chan
func makechan(c *Call) Status {
	elem := c.types().Elem(c.Arg(0))
	id, noscan := c.typeID(elem)
	ch, st, ok := c.Sched.MakeChan(c.P, elem, c.types().Size(elem), id, !noscan, int64(c.Arg(1)), c.allocFlags())
	if !ok {
		return c.PanicText("makechan: size out of range")
	}
	if st != heap.OK {
		return Collect
	}
	c.Set(2, ch)
	return OK
}

// chansend sends the element at elem; result is the slot of a success flag, -1 for none.
func chansend(c *Call, ch, elem mem.Addr, block bool, result int) Status {
	st, done := chanStatus(c, c.Sched.ChanSend(c.P, c.G, ch, elem, block))
	if result >= 0 && st == OK {
		c.SetBool(result, done)
	}
	return st
}

// chanrecv receives into elem; selected and received are slots of flags, -1 for none.
func chanrecv(c *Call, ch, elem mem.Addr, block bool, selected, received int) Status {
	r, ok := c.Sched.ChanRecv(c.P, c.G, ch, elem, block)
	st, done := chanStatus(c, r)
	if st == OK {
		if selected >= 0 {
			c.SetBool(selected, done)
		}
		c.SetBool(received, done && ok)
	}
	return st
}

// reflect.chanrecv(ch unsafe.Pointer, nb bool, val unsafe.Pointer) (selected, received bool)
func reflectRecv(c *Call) Status {
	r, ok := c.Sched.ChanRecv(c.P, c.G, c.Arg(0), c.Arg(2), !c.Bool(1))
	st, done := chanStatus(c, r)
	if st == OK {
		c.Set(3, 0)
		if done {
			c.SetU8(24, 1)
			if ok {
				c.SetU8(25, 1)
			}
		}
	}
	return st
}

func chanclose(c *Call) Status {
	st, _ := chanStatus(c, c.Sched.ChanClose(c.P, c.G, c.Arg(0)))
	return st
}

func chanlen(c *Call) Status { c.SetInt(1, c.Sched.ChanLen(c.Arg(0))); return OK }
func chancap(c *Call) Status { c.SetInt(1, c.Sched.ChanCap(c.Arg(0))); return OK }

// selectGo: [0] cases, [1] default?, [2] chosen, [3] received, then per case channel,
// direction (1: send) and the slot of its element area; then the areas.
func selectGo(c *Call) Status {
	n := c.Int(0)
	if n < 0 || 4+3*n > c.Slots() {
		return c.Fatal("BUG: go:select with a bad area")
	}
	cases := c.P.Cases(n)
	for i := range cases {
		at := 4 + 3*i
		slot := c.Int(at + 2)
		if slot < 0 || slot > c.Slots() {
			return c.Fatal("BUG: go:select with a bad area")
		}
		cases[i] = sched.Case{Ch: c.Arg(at), Send: c.Arg(at+1) != 0, Elem: c.Area + uint64(slot)*8}
		if slot == 0 {
			cases[i].Elem = 0
		}
	}
	chosen, ok, r := c.Sched.Select(c.P, c.G, cases, c.Arg(1) != 0)
	st, done := chanStatus(c, r)
	if st == OK {
		if !done {
			chosen = -1
		}
		c.SetInt(2, chosen)
		c.SetBool(3, ok)
	}
	return st
}

// rselect([]runtimeSelect) (chosen int, recvOK bool); a case is dir, type, channel, value address.
func rselect(c *Call) Status {
	base, n := c.Arg(0), c.Arg(1)
	if n > 1<<16 {
		return c.Fatal("select with too many cases")
	}
	const send, deflt = 1, 3
	def := -1
	index := make([]int, 0, n)
	cases := c.P.Cases(int(n))[:0]
	for i := uint64(0); i < n; i++ {
		a := base + i*32
		dir := c.Space.Load64(a)
		if dir == deflt {
			def = int(i)
			continue
		}
		cases = append(cases, sched.Case{Ch: c.Space.Load64(a + 16), Elem: c.Space.Load64(a + 24), Send: dir == send})
		index = append(index, int(i))
	}
	chosen, ok, r := c.Sched.Select(c.P, c.G, cases, def >= 0)
	st, done := chanStatus(c, r)
	if st == OK {
		if done && chosen >= 0 {
			chosen = index[chosen]
		} else {
			chosen = def
		}
		c.SetInt(3, chosen)
		c.SetBool(4, ok)
	}
	return st
}
