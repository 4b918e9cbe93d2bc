package sched

import (
	"math"
	"runtime"
	"time"
)

const (
	globalEvery = 61 // every so many calls of find, the global queue comes first
	nextMost    = 64 // times in a row that runnext may share a time slice
	searchMost  = 24 // rounds over the other Ps before a worker sleeps
	nextPatient = 8  // rounds for which another P's runnext is left to it
	tickNanos   = 10 * time.Millisecond
)

// work is the worker of p.
func (s *Sched) work(p *P) {
	defer s.workers.Done()
	s.mu.Lock()
	for s.stopped && !s.exiting.Load() {
		s.world.Wait()
	}
	s.active++
	s.mu.Unlock()
	for {
		g := s.find(p)
		if g == nil {
			if p.searches {
				p.searches = false
				s.spinning.Add(-1)
			}
			if p.gone && !s.Exiting() {
				s.dissolve(p)
			}
			s.mu.Lock()
			s.leave(p)
			s.mu.Unlock()
			return
		}
		s.execute(p, g)
	}
}

// execute runs g until there is an outcome, and puts it where that belongs.
func (s *Sched) execute(p *P, g *G) {
	if s.scan.left.Load() > 0 {
		s.guarded(p, func() bool { s.scanG(g, s.scan.stacks, p.Cache); return true })
	}
	if g.shrink {
		g.shrink = false
		s.shrinkStack(p.Cache, g)
	}
	if g.runnable != 0 {
		s.meters.Latency.Record(time.Duration(s.Nanotime() - g.runnable))
		g.runnable = 0
	}
	if g.parked != 0 {
		s.unblock(p, g)
	}
	p.Forget(WantPreempt)
	p.switches.Add(1)
	g.fresh = false
	g.status.Store(uint32(Running))
	p.cur.Store(g)
	out := s.runner.Run(p, g)
	p.cur.Store(nil)
	switch out {
	case Parked:
		b := g.bubble
		if b != nil && !durable[g.reason] {
			b = nil
		}
		if !g.status.CompareAndSwap(uint32(Parking), uint32(Waiting)) {
			if g.Status() != Woken {
				panic("BUG: sched: goroutine parked without Park")
			}
			g.status.Store(uint32(Runnable))
			p.ready(g)
		} else if b != nil {
			s.leaveBubble(p, b, g, false)
		}
	case Preempted, Yielded:
		g.status.Store(uint32(Runnable))
		if p.depth > 0 || g.pins > 0 {
			p.switchTo = g // it has stopped the world and goes on alone, or is pinned
			return
		}
		s.stamp(g)
		s.pushGlobal(g)
	case Ended:
		s.bury(p, g)
	case Exited:
		g.status.Store(uint32(Runnable))
	}
}

// find gives p's worker the next goroutine; nil when the worker is to end.
func (s *Sched) find(p *P) *G {
	for {
		if w := p.Wants(); w&(WantStop|WantExit) != 0 {
			if w&WantExit != 0 || !s.pause(p) {
				return nil
			}
		}
		if g := p.switchTo; g != nil {
			p.switchTo = nil
			return s.found(p, g, false)
		}
		if p.gone {
			return nil
		}
		if n := s.scan.cycle; p.trimmed != n {
			p.trimmed = n
			p.Cache.Trim()
		}
		if s.give(p, false) && p.Wants()&(WantStop|WantExit) != 0 {
			continue
		}
		if s.heap.Short() && p.depth == 0 {
			s.aside(p, s.heap.GoAhead)
			continue
		}
		s.runTimers(p, timersMost)
		p.finds++
		if p.finds%globalEvery == 0 {
			if g := s.takeGlobal(p); g != nil {
				return s.found(p, g, true)
			}
		}
		if g := p.runnext.Load(); g != nil && p.runnext.CompareAndSwap(g, nil) {
			if p.nextRuns++; p.nextRuns <= nextMost {
				return s.found(p, g, false)
			}
			p.enqueue(g)
		}
		p.nextRuns = 0
		if g := p.runq.get(); g != nil {
			return s.found(p, g, true)
		}
		if g := s.takeGlobal(p); g != nil {
			return s.found(p, g, true)
		}
		if g := s.steal(p); g != nil {
			return s.found(p, g, true)
		}
		if s.give(p, true) {
			continue
		}
		if !s.sleep(p) {
			return nil
		}
	}
}

// found ends p's search; the last searcher to find something calls the next.
func (s *Sched) found(p *P, g *G, slice bool) *G {
	if slice {
		p.tick.Add(1)
	}
	if p.searches {
		p.searches = false
		s.spinning.Add(-1)
		s.wake()
	}
	return g
}

// takeGlobal takes a P's share of the global queue; one of them runs now.
func (s *Sched) takeGlobal(p *P) *G {
	if s.nglobal.Load() == 0 {
		return nil
	}
	s.gmu.Lock()
	defer s.gmu.Unlock()
	n := min(s.global.n/s.Procs()+1, runqSize/2)
	g := s.global.pop()
	for range n - 1 {
		h := s.global.pop()
		if h == nil {
			break
		}
		if !p.runq.put(h) {
			s.global.push(h)
			break
		}
	}
	s.nglobal.Store(int32(s.global.n))
	return g
}

func (s *Sched) pushGlobal(g *G) {
	s.gmu.Lock()
	s.global.push(g)
	s.nglobal.Store(int32(s.global.n))
	s.gmu.Unlock()
	s.wake()
}

// steal looks at the other Ps in random order for a while. What is next in
// line elsewhere is taken only if that P has not switched for a round: usually
// it gets to it sooner than we do.
func (s *Sched) steal(p *P) *G {
	ps := s.Ps()
	if len(ps) == 1 {
		return nil
	}
	if !p.searches {
		if 2*int(s.spinning.Load()) >= len(ps)-int(s.nidle.Load()) {
			return nil
		}
		p.searches = true
		s.spinning.Add(1)
	}
	var seen [8]struct {
		g *G
		n uint32
	}
	for round := range searchMost {
		start := int(p.Rand32n(uint32(len(ps))))
		for i := range ps {
			q := ps[(start+i)%len(ps)]
			if q == p {
				continue
			}
			if g := q.runq.grab(&p.runq); g != nil {
				return g
			}
			if g := q.runnext.Load(); g != nil && round >= nextPatient {
				was, n := &seen[q.ID%len(seen)], q.switches.Load()
				if was.g == g && was.n == n && q.runnext.CompareAndSwap(g, nil) {
					return g
				}
				was.g, was.n = g, n
			}
		}
		if s.nglobal.Load() > 0 || p.Wants()&(WantStop|WantExit) != 0 {
			return s.takeGlobal(p)
		}
		runtime.Gosched()
	}
	return nil
}

// wake wakes one sleeping worker, unless another searches already.
func (s *Sched) wake() {
	if s.nidle.Load() == 0 || s.spinning.Load() != 0 || !s.spinning.CompareAndSwap(0, 1) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.unidle()
	if p == nil {
		s.spinning.Add(-1)
		return
	}
	p.searches = true
	p.signal()
}

// wakeAny wakes one sleeping worker whatever others do.
func (s *Sched) wakeAny() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.unidle(); p != nil {
		p.signal()
	}
}

// unidle takes the worker that fell asleep last, but the keeper of the clock
// only if there is no other. s.mu is held.
func (s *Sched) unidle() *P {
	for i := len(s.idle) - 1; i >= 0; i-- {
		if p := s.idle[i]; p != s.keeper || len(s.idle) == 1 {
			s.dropIdle(p)
			return p
		}
	}
	return nil
}

// dropIdle takes p off the list of sleepers. s.mu is held.
func (s *Sched) dropIdle(p *P) bool {
	for i, q := range s.idle {
		if q == p {
			s.idle = append(s.idle[:i], s.idle[i+1:]...)
			s.nidle.Store(int32(len(s.idle)))
			if s.keeper == p {
				s.keeper = nil
			}
			if s.tickOff.CompareAndSwap(true, false) {
				select {
				case s.tick <- struct{}{}:
				default:
				}
			}
			return true
		}
	}
	return false
}

// queued reports whether any queue holds a goroutine. What is next in line
// elsewhere does not count, or a pair of goroutines that talk to each other would
// keep every other worker awake.
func (s *Sched) queued() bool {
	if s.nglobal.Load() > 0 {
		return true
	}
	for _, p := range s.Ps() {
		if p.runq.size() > 0 {
			return true
		}
	}
	return false
}

// sleep lets p's worker sleep until there may be work. It reports false when the
// worker is to end.
func (s *Sched) sleep(p *P) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.exiting.Load() || p.gone {
		return false
	}
	s.idle = append(s.idle, p)
	s.nidle.Store(int32(len(s.idle)))
	if p.searches {
		p.searches = false
		s.spinning.Add(-1)
	}
	when := s.timers.next.Load()
	if s.queued() || when <= s.Nanotime() {
		s.dropIdle(p)
		return true
	}
	if b := s.cycle.background; b != nil && b.Busy() && len(s.idle) == len(s.Ps()) {
		s.dropIdle(p) // somebody has to bring the collection to its end
		return true
	}
	if len(s.idle) == len(s.Ps()) && s.external.Load() == 0 {
		stuck := when == math.MaxInt64 || !s.matter()
		if stuck && s.polled.Load() == 0 {
			if !s.queued() { // a host call may have ended between the two looks
				s.deadlock()
				return false
			}
			s.dropIdle(p)
			return true
		}
		if s.cfg.VirtualTime && when != math.MaxInt64 {
			s.offset.Store(when)
			s.dropIdle(p)
			return true
		}
	}
	var alarm <-chan time.Time
	if when != math.MaxInt64 && s.keeper == nil {
		s.keeper, s.keepTill = p, when
		d := time.Duration(when - s.Nanotime())
		if p.alarm == nil {
			p.alarm = time.NewTimer(d)
		} else {
			p.alarm.Reset(d)
		}
		alarm = p.alarm.C
	}
	s.leave(p)
	s.mu.Unlock()
	p.fallAsleep()
	select {
	case <-p.note:
	case <-alarm:
	}
	p.wakeUp()
	if alarm != nil {
		p.alarm.Stop()
	}
	s.mu.Lock()
	s.dropIdle(p) // after an alarm, or a note of long ago
	return s.enter(p)
}

// leave makes p inactive. s.mu is held.
func (s *Sched) leave(p *P) {
	if s.active--; s.active == 0 {
		s.calm.Broadcast()
	}
}

// enter makes p active as soon as the world is not stopped. It reports false
// when the program is over; p is active then too. s.mu is held.
func (s *Sched) enter(p *P) bool {
	for s.stopped && !s.exiting.Load() {
		s.world.Wait()
	}
	s.active++
	return !s.exiting.Load()
}

// pause stands at a safepoint while the world is stopped.
func (s *Sched) pause(p *P) bool {
	if p.depth > 0 {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(p)
	return s.enter(p)
}

// aside calls f, which takes its time and touches nothing that others know of; a stop of the world
// does not wait for it.
func (s *Sched) aside(p *P, f func()) {
	s.mu.Lock()
	s.leave(p)
	s.mu.Unlock()
	f()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enter(p)
}

// deadlock ends the program because nothing can happen any more. s.mu is held.
func (s *Sched) deadlock() {
	text := "all goroutines are asleep - deadlock!"
	if s.mainDone.Load() && s.count.Load() == 0 {
		text = "no goroutines (main called runtime.Goexit) - deadlock!"
	}
	s.end(Exit{Code: 2, Reason: ExitDeadlock, Text: text})
}

// preempt is the preemption tick: a goroutine that has had its P for a whole
// period leaves it. It also sees to timers when the keeper was called away.
func (s *Sched) preempt() {
	t := time.NewTicker(tickNanos)
	defer t.Stop()
	for {
		select {
		case <-s.quit:
			return
		case <-t.C:
		}
		if int(s.nidle.Load()) == len(s.Ps()) {
			s.tickOff.Store(true)
			if int(s.nidle.Load()) == len(s.Ps()) {
				select {
				case <-s.quit:
					return
				case <-s.tick:
				}
			}
			s.tickOff.Store(false)
			continue
		}
		for _, p := range s.Ps() {
			if n := p.tick.Load(); n != p.seen || p.cur.Load() == nil {
				p.seen = n
			} else {
				p.Interrupt(WantPreempt)
			}
		}
		if b := s.cycle.background; b != nil && b.Busy() {
			for i, p := range s.Ps() {
				if b.Due(i) && p.cur.Load() != nil {
					p.Interrupt(WantPreempt)
				}
			}
		}
		if s.nidle.Load() > 0 && s.timers.next.Load() <= s.Nanotime() {
			s.wakeAny()
		}
	}
}

// Park says that g, which runs on the caller's P, is going to wait. It must come
// before g is made known to whoever will call Ready; the host function then
// answers Park and touches g no more.
func (s *Sched) Park(g *G, why WaitReason) {
	g.reason = why
	g.waitSince = 0
	if s.Contention.BlockRate.Load() > 0 && told[why] {
		g.parked = s.Nanotime()
	}
	g.status.Store(uint32(Parking))
}

// Unpark takes Park back when g was not made known to anybody.
func (s *Sched) Unpark(g *G) { g.status.Store(uint32(Running)) }

// Ready makes a parked goroutine runnable; its host function will be called
// again with Resumed set. p is the caller's P, or nil for callers that have
// none. Exactly one caller may make it ready for one park.
func (s *Sched) Ready(p *P, g *G) {
	g.Resumed = true
	if g.status.CompareAndSwap(uint32(Parking), uint32(Woken)) {
		return
	}
	if !g.status.CompareAndSwap(uint32(Waiting), uint32(Runnable)) {
		panic("BUG: sched: Ready of a goroutine that is not parked")
	}
	g.unblocked()
	s.stamp(g)
	if p == nil {
		s.pushGlobal(g)
		return
	}
	p.ready(g)
	s.wake()
}

// ParkIO is Park for a goroutine that waits for a descriptor which other goroutines
// of the guest serve. While there is one, no deadlock is diagnosed.
func (s *Sched) ParkIO(g *G) {
	s.polled.Add(1)
	s.Park(g, WaitIO)
}

// ReadyIO is Ready for a goroutine parked by ParkIO.
func (s *Sched) ReadyIO(p *P, g *G) {
	s.polled.Add(-1)
	s.Ready(p, g)
}

// unblocked tells the bubble of a goroutine that has just become Runnable.
func (g *G) unblocked() {
	if b := g.bubble; b != nil && durable[g.reason] {
		b.unblock()
	}
}

// Queue makes a new goroutine runnable.
func (s *Sched) Queue(p *P, g *G) {
	g.status.Store(uint32(Runnable))
	s.stamp(g)
	p.ready(g)
	s.wake()
}

// blockCost is the bytes charged for a host call that runs on its own host
// goroutine.
const blockCost = 4 << 10

// Block parks g and runs call on a host goroutine of its own; g is ready again
// when call returns. call must not touch guest memory. The host function
// answers Park, and finishes when it is called again. It reports false, with
// nothing done, when the limit refuses.
func (s *Sched) Block(g *G, why WaitReason, call func()) bool {
	if !s.space.Charge(blockCost, recordKind) {
		return false
	}
	s.external.Add(1)
	s.Park(g, why)
	go func() {
		call()
		s.space.Uncharge(blockCost, recordKind)
		if !s.Exiting() {
			s.Ready(nil, g)
		}
		s.Release()
	}()
	return true
}
