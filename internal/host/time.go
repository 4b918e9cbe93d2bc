package host

import (
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/sched"
)

// Sleeping, timers and coroutines; the mechanics are the scheduler's.

func init() {
	Register([]Entry{
		{"runtime.sleep", sleep},
		{"runtime.timerStart", timerStart},
		{"runtime.timerStop", func(c *Call) Status { c.SetBool(2, c.Sched.TimerStop(c.Arg(0), c.Arg(1))); return OK }},
		{"runtime.timerReset", timerReset},
		{"runtime.timerNext", timerNext},
		{"runtime.coroStart", coroStart},
		{"runtime.coroSwitch", coroSwitch},
		{"runtime.coroExit", coroExit},
	})
}

// sleep(ns int64)
func sleep(c *Call) Status {
	if c.Sched.Sleep(c.P, c.G, int64(c.Arg(0))) {
		return OK
	}
	return Park
}

// timerStart(t *timeTimer, when, period int64, ch unsafe.Pointer)
func timerStart(c *Call) Status {
	if c.Sched.TimerStart(c.P, c.Arg(0), int64(c.Arg(1)), int64(c.Arg(2)), c.Arg(3), c.allocFlags()) != heap.OK {
		return Collect
	}
	return OK
}

// timerReset(t *timeTimer, when, period int64, ch unsafe.Pointer) bool
func timerReset(c *Call) Status {
	pending, st := c.Sched.TimerReset(c.P, c.Arg(0), int64(c.Arg(1)), int64(c.Arg(2)), c.Arg(3), c.allocFlags())
	if st != heap.OK {
		return Collect
	}
	c.SetBool(4, pending)
	return OK
}

// timerNext() (t *timeTimer, seq uintptr, delta int64)
func timerNext(c *Call) Status {
	t, ok := c.Sched.TimerNext(c.G)
	if !ok {
		return Park
	}
	c.Set(0, t.Timer)
	c.Set(1, t.Seq)
	c.Set(2, uint64(t.Delta))
	return OK
}

// coroStart(f func(), c unsafe.Pointer) uint64
func coroStart(c *Call) Status {
	g, st := c.Sched.CoroStart(c.P, c.G, c.Arg(0), c.Arg(1), c.allocFlags())
	if st != heap.OK {
		return Collect
	}
	c.Set(2, g.ID)
	return OK
}

// coroSwitch(c unsafe.Pointer)
func coroSwitch(c *Call) Status {
	switch c.Sched.CoroSwitch(c.P, c.G, c.Arg(0)) {
	case sched.CoroDone:
		return OK
	case sched.CoroPark:
		return Park
	}
	return c.Fatal("coroswitch on exited coro")
}

// coroExit(c unsafe.Pointer)
func coroExit(c *Call) Status {
	if c.Sched.CoroExit(c.P, c.Arg(0)) == sched.CoroBad {
		return c.Fatal("coroexit: nobody waits")
	}
	return OK
}
