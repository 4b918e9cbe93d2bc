package host

import (
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/sched"
)

// Bubbles of testing/synctest; the mechanics are the scheduler's, the loop of a bubble's root is guest
// code (runtime/synctest.go).

func init() {
	Register([]Entry{
		{"runtime.bubbleID", func(c *Call) Status { c.Set(0, c.G.BubbleID()); return OK }},
		{"runtime.bubbleTime", func(c *Call) Status { c.Set(0, uint64(c.G.BubbleTime())); return OK }},
		{"runtime.bubbleStart", func(c *Call) Status {
			if c.Sched.BubbleStart(c.P, c.G, c.Arg(0), c.allocFlags()) != heap.OK {
				return Collect
			}
			return OK
		}},
		{"runtime.bubbleIdle", func(c *Call) Status {
			st := c.Sched.BubbleIdle(c.G)
			if st == sched.BubblePark {
				return Park
			}
			c.SetInt(0, int(st))
			return OK
		}},
		{"runtime.bubbleTimer", func(c *Call) Status {
			t, _ := c.Sched.BubbleTimer(c.P, c.G)
			c.Set(0, t.Timer)
			c.Set(1, uint64(t.Delta))
			return OK
		}},
		{"runtime.bubbleEnd", func(c *Call) Status { c.Sched.BubbleEnd(c.G); return OK }},
		{"runtime.bubbleTimerReset", bubbleTimerReset},
		{"runtime.bubbleTimerStop", func(c *Call) Status {
			c.SetBool(2, c.Sched.BubbleTimerStop(c.G, c.Arg(0), c.Arg(1)))
			return OK
		}},
		{"runtime.bubbleWait", func(c *Call) Status {
			ok, park := c.Sched.BubbleWait(c.G)
			if park {
				return Park
			}
			c.SetBool(0, ok)
			return OK
		}},
		{"runtime.bubbleAcquire", func(c *Call) Status { c.Set(0, c.Sched.BubbleAcquire(c.G)); return OK }},
		{"runtime.bubbleRelease", func(c *Call) Status { c.Sched.BubbleRelease(c.P, c.Arg(0)); return OK }},
		{"runtime.bubbleEnter", func(c *Call) Status { c.SetBool(1, c.Sched.BubbleEnter(c.G, c.Arg(0))); return OK }},
		{"runtime.bubbleLeave", func(c *Call) Status { c.Sched.BubbleLeave(c.P, c.G); return OK }},
		{"internal/synctest.IsInBubble", func(c *Call) Status { c.SetBool(0, c.G.BubbleID() != 0); return OK }},
		{"internal/synctest.associate", func(c *Call) Status {
			assoc, ok := c.Sched.Associate(c.G, c.Arg(0), true)
			if !ok {
				return Collect
			}
			c.SetInt(1, assoc)
			return OK
		}},
		{"internal/synctest.disassociate", func(c *Call) Status { c.Sched.Disassociate(c.Arg(0)); return OK }},
		{"internal/synctest.isAssociated", func(c *Call) Status {
			assoc, _ := c.Sched.Associate(c.G, c.Arg(0), false)
			c.SetBool(1, assoc == sched.AssocCurrent)
			return OK
		}},
	})
}

// bubbleTimerReset(t *timeTimer, when, period int64, ch unsafe.Pointer) (pending, due bool, late int64)
func bubbleTimerReset(c *Call) Status {
	pending, due, late, st := c.Sched.BubbleTimerReset(c.G, c.Arg(0), int64(c.Arg(1)), int64(c.Arg(2)), c.Arg(3), c.allocFlags())
	if st != heap.OK {
		return Collect
	}
	c.Set(4, 0)
	if pending {
		c.SetU8(32, 1)
	}
	if due {
		c.SetU8(33, 1)
	}
	c.Set(5, uint64(late))
	return OK
}
