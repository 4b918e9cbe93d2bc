package sched

import "sync/atomic"

// # Contention
//
// Somebody may want to know where goroutines are held up: who waits, and for whom. Both are off until a rate is set.
//
//	blocked    a goroutine goes on after it has waited for a channel, in a select, for a semaphore or a condition
//	           told when it runs again, with its own stack
//	contended  the permit of a mutex is given back and others were waiting for it
//	           told to the goroutine that gives it back, with the time that it made them wait: for each of them
//	           since it queued, or since the last release that was told
//
// A queue may be long; of one release only the first contendedMost waiters are looked at.

const contendedMost = 64

// Contention are the observers, set before the program starts, and their rates.
type Contention struct {
	// Blocked is called with a goroutine that is about to run on p, after ns nanoseconds of waiting.
	Blocked func(p *P, g *G, ns int64)
	// Contended is called for the goroutine that runs on p, which has made others wait for ns nanoseconds in all.
	Contended func(p *P, ns int64)

	BlockRate atomic.Int64 // 0: nobody wants to know about waits
	MutexRate atomic.Int64 // 0: nobody wants to know about mutexes
}

// told are the reasons to wait that hold a program up; sleeping and the like do not.
var told = [...]bool{
	WaitChanRecv: true, WaitChanSend: true, WaitSelect: true, WaitSemacquire: true, WaitMutex: true, WaitRWMutexR: true, WaitRWMutexW: true,
	WaitWaitGroup: true, WaitCond: true, WaitChanRecvDurable: true, WaitChanSendDurable: true, WaitSelectDurable: true, WaitWaitGroupDurable: true,
	WaitGC: false,
}

// unblock tells of a wait that is over.
func (s *Sched) unblock(p *P, g *G) {
	ns := s.Nanotime() - g.parked
	g.parked = 0
	if f := s.Contention.Blocked; f != nil && s.Contention.BlockRate.Load() > 0 {
		f(p, g, ns)
	}
}

// waited is how long the waiters of a queue have waited for w's permit; w has left the queue. The shard is locked.
func (s *Sched) waited(q *queue, w *waiter) (ns int64) {
	now := s.Nanotime()
	n := 0
	for x := w; x != nil && n < contendedMost; n++ {
		if x.since != 0 {
			ns += now - max(x.since, x.counted)
			x.counted = now
		}
		if x == w {
			x = q.head
		} else {
			x = x.next
		}
	}
	return ns
}
