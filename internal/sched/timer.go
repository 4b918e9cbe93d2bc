package sched

import (
	"math"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// # Timers
//
// All pending timers are in one heap, ordered by time and then by age. Workers
// look at the time of the first one each time they look for a goroutine; when all
// others are busy or asleep, one sleeping worker (the keeper) sleeps just so long,
// and the preemption tick covers the rest.
//
// A sleep makes its goroutine ready. Other timers have a callback, which is guest
// code: when such a timer is due it moves to the list due, and the guest's timer
// goroutine (runtime.timerproc) takes it from there (TimerNext) and calls. A
// timer is
//
//	idle → pending (in the heap) → due → flying (its callback is being called) → idle
//
// and a periodic one is pending again as soon as it is due.
//
// The timer of a channel (time.NewTimer, NewTicker) is synchronous as in Go since
// 1.23: once Stop or Reset has returned, no time from before it can be received.
// Both take the channel's lock, empty its buffer and, if the callback is flying,
// mark it as stale; the send of the timer goroutine takes the same lock and drops a
// stale time. A receive that would not block while the time is due or flying
// waits for the timer goroutine (ChanRetry), so that a timer that has expired is
// never missed.
//
// Such a timer does not keep itself alive: it is reachable from its channel, which
// whoever waits has in a frame. A collection that frees the guest timer drops the
// record (forget), and a pending timer on whose channel nobody waits does not
// keep the program from being diagnosed as deadlocked (matter).

// timer is the host's record of a timer that is pending or due.
type timer struct {
	addr   mem.Addr // guest timer, 0 for a sleep
	g      *G       // of a sleep
	when   int64    // ns
	period int64    // ns, 0: once
	seq    uint64   // order of arming
	at     int32    // index in the heap, -1: not pending
	due    bool     // in timers.due
	ch     mem.Addr // channel of a synchronous timer, or 0
	place  int32    // index in timers.list, sleeps left out
}

// timerCost is the bytes charged for a timer that is pending or due.
const timerCost = int64(unsafe.Sizeof(timer{})) + 64

type timers struct {
	next atomic.Int64 // when of heap[0], or the largest int64

	mu     sync.Mutex
	heap   []*timer            // 4-ary, by (when, seq)
	byAddr map[mem.Addr]*timer // pending or due, sleeps left out
	list   []*timer            // the same, for walks in pieces
	shown  int                 // entries of list that a collection has still to show
	looked int                 // entries of list at which forgetSome has still to look
	due    []*timer            // oldest first
	late   []int64             // how late each entry of due was when it fell due
	seq    uint64
	rng    uint64 // not 0: seq is random (timers of a bubble)
	strong int    // entries of heap without channel

	proc   *G       // timer goroutine, once made
	asleep bool     // proc is parked
	flying mem.Addr // timer whose callback proc calls, or 0
	stale  bool     // the time that flies must not arrive
	once   bool     // the flying timer has no period
}

func (a *timer) before(b *timer) bool {
	return a.when < b.when || a.when == b.when && a.seq < b.seq
}

// Sleep parks g for ns nanoseconds. It reports whether the host function
// continues; otherwise it answers Park.
func (s *Sched) Sleep(p *P, g *G, ns int64) bool {
	if g.TakeResumed() || ns <= 0 {
		return true
	}
	if g.timer == nil {
		g.timer = &timer{g: g, at: -1}
	}
	if g.bubble != nil {
		g.bubble.sleep(s, g, ns)
		return false
	}
	t := g.timer
	t.when = s.after(ns)
	s.Park(g, WaitSleep)
	s.timers.mu.Lock()
	first := s.timers.insert(t)
	s.timers.mu.Unlock()
	if first {
		s.clockChanged(t.when)
	}
	return false
}

// after is the time ns from now, cut to what an int64 holds.
func (s *Sched) after(ns int64) int64 {
	now := s.Nanotime()
	if ns > math.MaxInt64-1-now {
		return math.MaxInt64 - 1
	}
	return now + ns
}

// TimerStart arms the guest timer at addr, which is idle, for the time when and
// then every period ns. ch is its channel, 0 if it has only a callback.
func (s *Sched) TimerStart(p *P, addr mem.Addr, when, period int64, ch mem.Addr, f heap.Flags) heap.Status {
	_, st := s.TimerReset(p, addr, when, period, ch, f)
	return st
}

// TimerReset arms the timer whatever its state and reports whether it had not
// delivered yet.
func (s *Sched) TimerReset(p *P, addr mem.Addr, when, period int64, ch mem.Addr, f heap.Flags) (pending bool, st heap.Status) {
	if !s.space.Charge(timerCost, recordKind) {
		if f&heap.AfterGC != 0 {
			return false, heap.NoMemory
		}
		return false, heap.NeedGC
	}
	if st := s.timerGoroutine(p, f); st != heap.OK {
		s.space.Uncharge(timerCost, recordKind)
		return false, st
	}
	if ch != 0 && s.isChan(ch) {
		if sh := s.shard(ch); sh != nil {
			sh.mu.Lock()
			defer sh.mu.Unlock()
			s.chanAt(ch).timer = addr
		}
	} else {
		ch = 0
	}
	t := &timer{addr: addr, when: max(when, 1), period: max(period, 0), at: -1, ch: ch}
	pending, first := s.rearm(t)
	if first {
		s.clockChanged(t.when)
	}
	return pending, heap.OK
}

// rearm replaces the record of a guest timer by t; first says that t is the
// first to expire.
func (s *Sched) rearm(t *timer) (pending, first bool) {
	ts := &s.timers
	ts.mu.Lock()
	defer ts.mu.Unlock()
	pending = s.disarm(t.addr, t.ch)
	if ts.byAddr == nil {
		ts.byAddr = map[mem.Addr]*timer{}
	}
	ts.add(t)
	return pending, ts.insert(t)
}

// TimerStop disarms the timer and reports whether it had not delivered yet.
func (s *Sched) TimerStop(addr, ch mem.Addr) bool {
	if ch != 0 && s.isChan(ch) {
		sh := s.shard(ch)
		sh.mu.Lock()
		defer sh.mu.Unlock()
	} else {
		ch = 0
	}
	s.timers.mu.Lock()
	defer s.timers.mu.Unlock()
	return s.disarm(addr, ch)
}

// disarm makes a timer idle and empties its channel, whose lock is held if ch is
// not 0. timers.mu is held.
func (s *Sched) disarm(addr, ch mem.Addr) (pending bool) {
	ts := &s.timers
	if t := ts.byAddr[addr]; t != nil {
		pending = t.at >= 0 || t.due
		ts.remove(t)
		if t.due {
			ts.dropDue(t)
		}
		ts.drop(t)
		s.space.Uncharge(timerCost, recordKind)
	}
	if ts.flying == addr && addr != 0 && ch != 0 {
		if !ts.stale && ts.once {
			pending = true
		}
		ts.stale = true
	}
	if ch != 0 && s.drain(ch) {
		pending = true
	}
	return pending
}

// timerGoroutine makes the guest's timer goroutine if there is none yet.
func (s *Sched) timerGoroutine(p *P, f heap.Flags) heap.Status {
	ts := &s.timers
	ts.mu.Lock()
	has := ts.proc != nil
	ts.mu.Unlock()
	if has {
		return heap.OK
	}
	g, st, found := s.hookG(p, "runtime.timerproc")
	if st != heap.OK || !found {
		return st
	}
	s.asSystem(g)
	ts.mu.Lock()
	lost := ts.proc != nil
	if !lost {
		ts.proc = g
	}
	ts.mu.Unlock()
	if lost { // another P made one meanwhile
		s.bury(p, g)
		return heap.OK
	}
	s.Queue(p, g)
	return heap.OK
}

// TimerCall is a due timer.
type TimerCall struct {
	Timer mem.Addr
	Seq   uint64
	Delta int64 // ns by which it is late
}

// TimerNext takes the next due timer for the timer goroutine g. When it reports
// false, g is parked and the host function answers Park.
func (s *Sched) TimerNext(g *G) (TimerCall, bool) {
	g.TakeResumed()
	ts := &s.timers
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.flying, ts.stale = 0, false
	if len(ts.due) == 0 {
		ts.due, ts.late = nil, nil
		ts.asleep = true
		s.Park(g, WaitTimer)
		return TimerCall{}, false
	}
	t, at := ts.due[0], ts.late[0]
	ts.due, ts.late = ts.due[1:], ts.late[1:]
	t.due = false
	ts.flying, ts.once = t.addr, t.period == 0
	s.cycle.barrier.Shade(t.addr) // who takes it from the list may do so before the list is shown
	s.cycle.barrier.Shade(t.ch)
	if t.at < 0 {
		ts.drop(t)
		s.space.Uncharge(timerCost, recordKind)
	}
	return TimerCall{t.addr, t.seq, max(0, s.Nanotime()-at)}, true
}

// undelivered reports whether the timer at addr has expired without its callback
// having finished.
func (s *Sched) undelivered(g *G, addr mem.Addr) bool {
	if g.bubble != nil && g.bubble.undelivered(addr) {
		return true
	}
	ts := &s.timers
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.flying == addr && !ts.stale {
		return true
	}
	t := ts.byAddr[addr]
	return t != nil && t.due
}

// staleSend reports whether g is the timer goroutine and what it is about to send
// was taken back. Otherwise that is delivered now. The channel's lock is held.
func (s *Sched) staleSend(g *G) bool {
	if g.bubble != nil {
		return g.bubble.staleSend(g)
	}
	if !g.System {
		return false
	}
	ts := &s.timers
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.proc != g {
		return false
	}
	if !ts.stale {
		ts.flying = 0
	}
	return ts.stale
}

// timersMost is how many timers a worker that looks for a goroutine lets take effect. Of the others the next one
// takes some, so that goroutines run, and the world can be stopped, however many timers are due all the time.
const timersMost = 256

// allTimers is for who must not miss one that is due.
const allTimers = -1

// runTimers lets the timers that are due take effect, the first most of them. p's worker calls.
func (s *Sched) runTimers(p *P, most int) {
	ts := &s.timers
	if next := ts.next.Load(); next == math.MaxInt64 || next > s.Nanotime() {
		return
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	now := s.Nanotime()
	for ; len(ts.heap) > 0 && ts.heap[0].when <= now && most != 0; most-- {
		t := ts.heap[0]
		ts.remove(t)
		if t.g != nil {
			s.readyLater(p, t.g)
			continue
		}
		if ts.looked > 0 && s.lost(t) {
			ts.drop(t)
			s.space.Uncharge(timerCost, recordKind)
			continue
		}
		if !t.due {
			t.due = true
			s.cycle.barrier.Shade(t.addr) // a snapshot of the heap may not have had them
			s.cycle.barrier.Shade(t.ch)
			ts.due = append(ts.due, t)
			ts.late = append(ts.late, t.when)
		}
		if t.period > 0 {
			t.when += t.period * (1 + (now-t.when)/t.period)
			if t.when < 0 {
				t.when = math.MaxInt64 - 1
			}
			ts.insert(t)
		}
		if ts.asleep {
			ts.asleep = false
			s.readyLater(p, ts.proc)
		}
	}
}

// readyLater is Ready for goroutines that expired together: they run in that order.
func (s *Sched) readyLater(p *P, g *G) {
	g.Resumed = true
	if g.status.CompareAndSwap(uint32(Parking), uint32(Woken)) {
		return
	}
	if !g.status.CompareAndSwap(uint32(Waiting), uint32(Runnable)) {
		panic("BUG: sched: timer of a goroutine that is not parked")
	}
	g.unblocked()
	p.enqueue(g)
	s.wake()
}

// clockChanged tells the keeper that a timer precedes all others, or makes some
// sleeping worker the keeper.
func (s *Sched) clockChanged(when int64) {
	if s.nidle.Load() == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.keeper; k != nil {
		if when < s.keepTill {
			k.signal()
		}
		return
	}
	if q := s.unidle(); q != nil {
		q.signal()
	}
}

// add and drop keep byAddr and list. A walk goes down the list, so that what takes the place of an entry
// that is dropped has been walked past, or still will be. mu is held.
func (ts *timers) add(t *timer) {
	ts.byAddr[t.addr] = t
	t.place = int32(len(ts.list))
	ts.list = append(ts.list, t)
}

func (ts *timers) drop(t *timer) {
	delete(ts.byAddr, t.addr)
	last := len(ts.list) - 1
	ts.list[t.place] = ts.list[last]
	ts.list[t.place].place = t.place
	ts.list[last] = nil
	ts.list = ts.list[:last]
	if last == 0 {
		ts.list = nil
	}
}

// timerPiece is the timers in a piece of a walk.
const timerPiece = 512

// show shows the next piece of the timers that are kept for their callback's sake. Those that are taken from the
// list before have been shaded by whoever took them, or their address was in the hands of the program.
func (ts *timers) show(m gc.Marker) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.shown = min(ts.shown, len(ts.list))
	for n := 0; ts.shown > 0 && n < timerPiece; n++ {
		ts.shown--
		if t := ts.list[ts.shown]; t.ch == 0 || t.due {
			m.Pointer(t.addr)
		}
	}
}

// roots shows all of them. The world is stopped.
func (ts *timers) roots(m gc.Marker) {
	for ts.shown = len(ts.list); ts.shown > 0; {
		ts.show(m)
	}
	ts.root(m)
}

// root shows the timer that is in no list.
func (ts *timers) root(m gc.Marker) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.flying != 0 {
		m.Pointer(ts.flying)
	}
}

// lost reports whether nobody can receive the time any more: marking has just ended, and nothing
// is swept yet.
func (s *Sched) lost(t *timer) bool {
	return t.ch != 0 && !t.due && (!s.heap.Alive(t.addr) || !s.heap.Alive(t.ch))
}

// beginForget begins the walk of forgetSome. The world is stopped.
func (ts *timers) beginForget() { ts.looked = len(ts.list) }

// forgetSome drops records of guest timers that a collection has found dead, and reports whether there are
// more to look at.
func (s *Sched) forgetSome() bool {
	ts := &s.timers
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.looked = min(ts.looked, len(ts.list))
	for n := 0; ts.looked > 0 && n < timerPiece; n++ {
		ts.looked--
		if t := ts.list[ts.looked]; s.lost(t) {
			ts.remove(t)
			ts.drop(t)
			s.space.Uncharge(timerCost, recordKind)
		}
	}
	return ts.looked > 0
}

// isObject reports whether a is in an allocated object, so that the host may touch
// it where a fault would be its own.
func (s *Sched) isObject(a mem.Addr) bool {
	_, _, _, _, ok := s.heap.Object(a)
	return ok
}

// matter reports whether a pending timer can make a goroutine ready. Every
// worker sleeps.
func (s *Sched) matter() bool {
	ts := &s.timers
	if !ts.mu.TryLock() {
		return true
	}
	defer ts.mu.Unlock()
	if ts.strong > 0 {
		return true
	}
	for _, t := range ts.heap {
		if s.isObject(t.ch) && s.chanAt(t.ch).waits != 0 {
			return true
		}
	}
	return false
}

// insert makes t pending and reports whether it is the first. mu is held, as for
// the functions below.
func (ts *timers) insert(t *timer) bool {
	if ts.rng != 0 {
		ts.rng ^= ts.rng << 13
		ts.rng ^= ts.rng >> 7
		ts.rng ^= ts.rng << 17
		ts.seq = ts.rng
	} else {
		ts.seq++
	}
	t.seq = ts.seq
	if t.ch == 0 {
		ts.strong++
	}
	t.at = int32(len(ts.heap))
	ts.heap = append(ts.heap, t)
	ts.up(int(t.at))
	ts.next.Store(ts.heap[0].when)
	return t.at == 0
}

// remove takes t out of the heap if it is in it.
func (ts *timers) remove(t *timer) {
	i := int(t.at)
	if i < 0 {
		return
	}
	if t.ch == 0 {
		ts.strong--
	}
	last := len(ts.heap) - 1
	ts.swap(i, last)
	ts.heap[last] = nil
	ts.heap = ts.heap[:last]
	t.at = -1
	if i < last {
		ts.down(i)
		ts.up(i)
	}
	if last == 0 {
		ts.next.Store(math.MaxInt64)
	} else {
		ts.next.Store(ts.heap[0].when)
	}
}

func (ts *timers) swap(i, j int) {
	h := ts.heap
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = int32(i), int32(j)
}

func (ts *timers) up(i int) {
	for i > 0 {
		parent := (i - 1) / 4
		if !ts.heap[i].before(ts.heap[parent]) {
			return
		}
		ts.swap(i, parent)
		i = parent
	}
}

func (ts *timers) down(i int) {
	for {
		least := i
		for c := 4*i + 1; c <= 4*i+4 && c < len(ts.heap); c++ {
			if ts.heap[c].before(ts.heap[least]) {
				least = c
			}
		}
		if least == i {
			return
		}
		ts.swap(i, least)
		i = least
	}
}

// dropDue takes t off the list of due timers.
func (ts *timers) dropDue(t *timer) {
	for i, d := range ts.due {
		if d == t {
			ts.due = append(ts.due[:i:i], ts.due[i+1:]...)
			ts.late = append(ts.late[:i:i], ts.late[i+1:]...)
			break
		}
	}
	t.due = false
}
