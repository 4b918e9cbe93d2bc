package host

import "github.com/terrarium-go/terrarium/internal/sched"

// Semaphores and condition queues of sync, internal/sync and internal/poll, and
// what there is of signals.

func init() {
	acquire := func(why sched.WaitReason, lifo int) Func {
		return func(c *Call) Status {
			return semaStatus(c, c.Sched.SemAcquire(c.G, c.Arg(0), lifo > 0 && c.U8(8) != 0, why))
		}
	}
	release := func(handoff bool) Func {
		return func(c *Call) Status {
			return semaStatus(c, c.Sched.SemRelease(c.P, c.Arg(0), handoff && c.U8(8) != 0))
		}
	}
	nothing := func(c *Call) Status { return OK }
	Register([]Entry{
		{"sync.runtime_Semacquire", acquire(sched.WaitSemacquire, 0)},
		{"sync.runtime_SemacquireWaitGroup", func(c *Call) Status {
			why := sched.WaitWaitGroup
			if c.U8(8) != 0 {
				why = sched.WaitWaitGroupDurable
			}
			return semaStatus(c, c.Sched.SemAcquire(c.G, c.Arg(0), false, why))
		}},
		{"sync.runtime_SemacquireMutex", acquire(sched.WaitMutex, 1)},
		{"sync.runtime_SemacquireRWMutexR", acquire(sched.WaitRWMutexR, 1)},
		{"sync.runtime_SemacquireRWMutex", acquire(sched.WaitRWMutexW, 1)},
		{"sync.runtime_Semrelease", release(true)},
		{"internal/sync.runtime_SemacquireMutex", acquire(sched.WaitMutex, 1)},
		{"internal/sync.runtime_Semrelease", release(true)},
		{"internal/poll.runtime_Semacquire", acquire(sched.WaitSemacquire, 0)},
		{"internal/poll.runtime_Semrelease", release(false)},
		{"sync.runtime_notifyListCheck", nothing},
		{"sync.runtime_notifyListAdd", func(c *Call) Status {
			t, ok := c.Sched.NotifyAdd(c.Arg(0))
			if !ok {
				return c.Fatal("sync.Cond in unusable memory")
			}
			c.Set(1, uint64(t))
			return OK
		}},
		{"sync.runtime_notifyListWait", func(c *Call) Status {
			return semaStatus(c, c.Sched.NotifyWait(c.G, c.Arg(0), uint32(c.Arg(1))))
		}},
		{"sync.runtime_notifyListNotifyAll", func(c *Call) Status { return semaStatus(c, c.Sched.NotifyAll(c.P, c.G, c.Arg(0))) }},
		{"sync.runtime_notifyListNotifyOne", func(c *Call) Status { return semaStatus(c, c.Sched.NotifyOne(c.P, c.G, c.Arg(0))) }},

		{"os.sigpipe", func(c *Call) Status { c.Code = 2; return Exit }},
		{"os/signal.signal_disable", nothing},
		{"os/signal.signal_enable", nothing},
		{"os/signal.signal_ignore", nothing},
		{"os/signal.signal_ignored", func(c *Call) Status { c.SetBool(1, false); return OK }},
		{"os/signal.signalWaitUntilIdle", nothing},
		{"os/signal.signal_recv", func(c *Call) Status {
			// No signal ever comes: the goroutine that waits for one belongs to the library.
			c.Sched.Park(c.G, sched.WaitForever)
			return Park
		}},
	})
}

func semaStatus(c *Call, r sched.SemaResult) Status {
	switch r {
	case sched.SemaDone:
		return OK
	case sched.SemaPark:
		return Park
	case sched.SemaYield:
		return Yield
	case sched.SemaOutside:
		return c.Fatal("semaphore wake of synctest goroutine from outside bubble")
	}
	return c.Fatal("semaphore in unusable memory")
}
