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

// # Bubbles
//
// A bubble (testing/synctest) is a set of goroutines with a clock of their own, which stands still while
// any of them can go on. The goroutine that called synctest.Run is the root; it starts the main goroutine, and
// every goroutine, channel and timer that a goroutine of the bubble makes belongs to the bubble.
//
// A goroutine is durably blocked when only its own bubble can wake it: the reason of its wait says so (durable). Waits on
// channels from outside, mutexes and host calls are not durable.
//
//	total    goroutines of the bubble, the root included
//	running  those of them that are not durably blocked
//	active   reasons to keep the bubble going although nothing runs: a wake-up that has been
//	         decided and not taken note of, references from outside (Acquire)
//
// A goroutine is counted as running from NewG on, until its worker has parked it with a durable reason
// (execute), and again from Ready on. When running and active have both become 0, whoever noticed wakes one goroutine:
//
//  1. the root, if a timer is due: it makes sleepers ready and calls the timers' functions
//  2. else the one in Wait
//  3. else the root, which moves the clock to the next timer; without one, or when main has
//     ended, Run is over: well if only the root is left, else with a deadlock
//
// The timers of a bubble are kept apart from the others, in an order that is random among those of the same time,
// because a test should not rely on it. Their functions run on the root, in guest code (runtime.synctestRun), or at once
// on the goroutine that sets a timer to a time that has come. What is said in timer.go of stale times holds here too.
type Bubble struct {
	ID  uint64
	now atomic.Int64 // ns since 1970; written by the root

	mu                     sync.Mutex // locked for a few instructions, under any other lock
	total, running, active int
	root, main             *G
	waiter                 *G   // in Wait
	done                   bool // main has ended
	timers                 timers
}

const (
	bubbleStart = 946684800e9 // midnight UTC 2000-01-01, ns
	bubbleCost  = int64(unsafe.Sizeof(Bubble{})) + 64
	assocCost   = 64 // of an object that is tied to a bubble
)

// bubbles are those that run, and what objects belong to one.
type bubbles struct {
	last  atomic.Uint64 // ID
	mu    sync.Mutex
	list  []*Bubble
	assoc map[mem.Addr]uint64 // ID of the bubble
}

// durable says of a reason to wait that only the goroutine's own bubble can end it.
var durable = [len(waitWords)]bool{
	WaitChanRecvNil:      true,
	WaitChanSendNil:      true,
	WaitSelectNone:       true,
	WaitSleep:            true,
	WaitCond:             true,
	WaitCoroutine:        true,
	WaitSynctestRun:      true,
	WaitSynctestWait:     true,
	WaitChanRecvDurable:  true,
	WaitChanSendDurable:  true,
	WaitSelectDurable:    true,
	WaitWaitGroupDurable: true,
}

// BubbleID is the number of the goroutine's bubble, 0 if it is in none.
func (g *G) BubbleID() uint64 {
	if g.bubble == nil {
		return 0
	}
	return g.bubble.ID
}

// BubbleTime is the time in g's bubble, in ns since 1970; 0 if it is in none.
func (g *G) BubbleTime() int64 {
	if g.bubble == nil {
		return 0
	}
	return g.bubble.now.Load()
}

// join counts a goroutine that runs; blocked takes the count back when it has parked.
func (b *Bubble) join() {
	b.mu.Lock()
	b.total++
	b.running++
	b.mu.Unlock()
}

// unblock counts a goroutine that was durably blocked and is being made ready.
func (b *Bubble) unblock() {
	b.mu.Lock()
	b.running++
	b.mu.Unlock()
}

// leave takes back what was counted; total tells that the goroutine is gone from the bubble. It wakes a goroutine if the
// bubble has come to rest.
func (s *Sched) leaveBubble(p *P, b *Bubble, g *G, gone bool) {
	b.mu.Lock()
	b.running--
	if gone {
		b.total--
		b.done = b.done || g == b.main
	}
	wake := b.rest()
	b.mu.Unlock()
	if wake != nil {
		s.Ready(p, wake)
	}
}

// rest is the goroutine to wake if the bubble has come to rest. It counts as active until it has taken
// note. mu is held.
func (b *Bubble) rest() *G {
	if b.running > 0 || b.active > 0 {
		return nil
	}
	if b.waiter == nil && b.root == nil {
		return nil // Run is over; what is left stays blocked
	}
	b.active++
	if b.waiter != nil && b.timers.next.Load() > b.now.Load() {
		return b.waiter
	}
	return b.root
}

// BubbleStart makes g the root of a new bubble whose main goroutine calls the closure fn.
func (s *Sched) BubbleStart(p *P, g *G, fn uint64, f heap.Flags) heap.Status {
	if !s.space.Charge(bubbleCost, recordKind) {
		if f&heap.AfterGC != 0 {
			return heap.NoMemory
		}
		return heap.NeedGC
	}
	b := &Bubble{ID: s.bubbles.last.Add(1), total: 1, running: 1, root: g}
	b.now.Store(bubbleStart)
	b.timers.next.Store(math.MaxInt64)
	b.timers.rng = mix(s.seed+b.ID) | 1
	g.bubble = b
	main, st := s.NewG(p, g, fn, g.PC, f)
	if st != heap.OK {
		g.bubble = nil
		s.space.Uncharge(bubbleCost, recordKind)
		return st
	}
	b.main = main
	bs := &s.bubbles
	bs.mu.Lock()
	bs.list = append(bs.list, b)
	bs.mu.Unlock()
	s.Queue(p, main)
	return heap.OK
}

// BubbleEnd takes the root out of its bubble, which is over.
func (s *Sched) BubbleEnd(g *G) {
	b := g.bubble
	if b == nil || b.root != g {
		return
	}
	bs := &s.bubbles
	bs.mu.Lock()
	for i := range bs.list {
		if bs.list[i] == b {
			bs.list = append(bs.list[:i:i], bs.list[i+1:]...)
			break
		}
	}
	bs.mu.Unlock()
	b.mu.Lock()
	b.root, b.total, b.running = nil, b.total-1, b.running-1
	s.space.Uncharge(bubbleCost+int64(len(b.timers.byAddr))*timerCost, recordKind)
	for len(b.timers.heap) > 0 {
		b.timers.remove(b.timers.heap[0])
	}
	b.timers.byAddr = nil
	b.mu.Unlock()
	g.bubble = nil
}

// BubbleState is what the root has to do.
type BubbleState int

// States.
const (
	BubbleRun      BubbleState = iota // call the timers that are due (BubbleTimer), then ask again
	BubbleOver                        // all goroutines have ended
	BubbleLeft                        // main has ended, others are blocked
	BubbleDeadlock                    // all goroutines are blocked
	BubblePark                        // g is parked: answer Park
)

// BubbleIdle parks the root until the bubble rests, and then says how it goes on.
func (s *Sched) BubbleIdle(g *G) BubbleState {
	b := g.bubble
	if b == nil || b.root != g {
		return BubbleOver
	}
	if !g.TakeResumed() {
		s.Park(g, WaitSynctestRun)
		return BubblePark
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.active--
	next := b.timers.next.Load()
	switch {
	case next != math.MaxInt64 && !b.done: // time stops once main has ended
		b.now.Store(max(next, b.now.Load()))
		return BubbleRun
	case b.total == 1:
		return BubbleOver
	case b.done:
		return BubbleLeft
	}
	return BubbleDeadlock
}

// BubbleTimer makes the sleepers ready whose time has come, and takes the next timer that is due; ok is false if there is none.
func (s *Sched) BubbleTimer(p *P, g *G) (c TimerCall, ok bool) {
	b := g.bubble
	if b == nil || b.root != g {
		return c, false
	}
	for {
		t := b.due(s)
		switch {
		case t == nil:
			return c, false
		case t.g != nil:
			s.Ready(p, t.g)
		default:
			return TimerCall{t.addr, t.seq, b.now.Load() - t.when}, true
		}
	}
}

// due takes the first timer out if its time has come; a periodic one is pending again. What is returned is a copy.
func (b *Bubble) due(s *Sched) *timer {
	b.mu.Lock()
	defer b.mu.Unlock()
	ts := &b.timers
	ts.flying, ts.stale = 0, false
	now := b.now.Load()
	if len(ts.heap) == 0 || ts.heap[0].when > now {
		return nil
	}
	t := ts.heap[0]
	was := *t
	ts.remove(t)
	if t.g != nil {
		return &was
	}
	ts.flying, ts.once = t.addr, t.period == 0
	b.again(s, t, now)
	return &was
}

// again makes a timer that has just expired pending once more if it has a period, or forgets it. mu is held.
func (b *Bubble) again(s *Sched, t *timer, now int64) {
	if t.period > 0 {
		t.when += t.period * (1 + (now-t.when)/t.period)
		if t.when < 0 {
			t.when = math.MaxInt64 - 1
		}
		b.timers.insert(t)
		return
	}
	delete(b.timers.byAddr, t.addr)
	s.space.Uncharge(timerCost, recordKind)
}

// sleep is Sleep in a bubble.
func (b *Bubble) sleep(s *Sched, g *G, ns int64) {
	t := g.timer
	t.when = b.now.Load()
	if ns > math.MaxInt64-1-t.when {
		ns = math.MaxInt64 - 1 - t.when
	}
	t.when += ns
	s.Park(g, WaitSleep)
	b.mu.Lock()
	b.timers.insert(t)
	b.mu.Unlock()
}

// BubbleTimerReset arms a timer of g's bubble. due says that its time has come and the
// caller is to call its function now, late by so many ns.
func (s *Sched) BubbleTimerReset(g *G, addr mem.Addr, when, period int64, ch mem.Addr, f heap.Flags) (pending, due bool, late int64, st heap.Status) {
	b := g.bubble
	if b == nil {
		return false, false, 0, heap.OK
	}
	if !s.space.Charge(timerCost, recordKind) {
		if f&heap.AfterGC != 0 {
			return false, false, 0, heap.NoMemory
		}
		return false, false, 0, heap.NeedGC
	}
	if ch != 0 && s.isChan(ch) {
		sh := s.shard(ch)
		sh.mu.Lock()
		defer sh.mu.Unlock()
		s.chanAt(ch).timer = addr
	} else {
		ch = 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	pending = b.disarm(s, addr, ch)
	t := &timer{addr: addr, when: max(when, 1), period: max(period, 0), at: -1, ch: ch}
	if b.timers.byAddr == nil {
		b.timers.byAddr = map[mem.Addr]*timer{}
	}
	b.timers.byAddr[addr] = t
	if now := b.now.Load(); t.when <= now {
		late = now - t.when
		b.again(s, t, now)
		return pending, true, late, heap.OK
	}
	b.timers.insert(t)
	return pending, false, 0, heap.OK
}

// BubbleTimerStop disarms a timer of g's bubble and reports whether it was pending.
func (s *Sched) BubbleTimerStop(g *G, addr, ch mem.Addr) bool {
	b := g.bubble
	if b == nil {
		return false
	}
	if ch != 0 && s.isChan(ch) {
		sh := s.shard(ch)
		sh.mu.Lock()
		defer sh.mu.Unlock()
	} else {
		ch = 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.disarm(s, addr, ch)
}

// disarm is Sched.disarm for the timers of a bubble. mu is held, and ch's lock.
func (b *Bubble) disarm(s *Sched, addr, ch mem.Addr) (pending bool) {
	ts := &b.timers
	if t := ts.byAddr[addr]; t != nil {
		pending = t.at >= 0
		ts.remove(t)
		delete(ts.byAddr, addr)
		s.space.Uncharge(timerCost, recordKind)
	}
	if ts.flying == addr && addr != 0 && ch != 0 {
		pending = pending || !ts.stale && ts.once
		ts.stale = true
	}
	if ch != 0 && s.drain(ch) {
		pending = true
	}
	return pending
}

// undelivered is Sched.undelivered for the timers of a bubble.
func (b *Bubble) undelivered(addr mem.Addr) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	ts := &b.timers
	if ts.flying == addr && !ts.stale {
		return true
	}
	t := ts.byAddr[addr]
	return t != nil && t.at >= 0 && t.when <= b.now.Load()
}

// staleSend is Sched.staleSend for the root of a bubble.
func (b *Bubble) staleSend(g *G) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.root != g || b.timers.flying == 0 {
		return false
	}
	if !b.timers.stale {
		b.timers.flying = 0
	}
	return b.timers.stale
}

// BubbleWait parks g until every other goroutine of its bubble is durably blocked. ok is false if one waits
// already; park, if the host function answers Park.
func (s *Sched) BubbleWait(g *G) (ok, park bool) {
	b := g.bubble
	if b == nil {
		return true, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if g.TakeResumed() {
		b.active--
		b.waiter = nil
		return true, false
	}
	if b.waiter != nil {
		return false, false
	}
	b.waiter = g
	s.Park(g, WaitSynctestWait)
	return true, true
}

// BubbleAcquire keeps g's bubble from resting until BubbleRelease of the number that it returns; 0: g is in no bubble.
func (s *Sched) BubbleAcquire(g *G) uint64 {
	b := g.bubble
	if b == nil {
		return 0
	}
	b.mu.Lock()
	b.active++
	b.mu.Unlock()
	return b.ID
}

func (s *Sched) bubbleOf(id uint64) *Bubble {
	s.bubbles.mu.Lock()
	defer s.bubbles.mu.Unlock()
	for _, b := range s.bubbles.list {
		if b.ID == id {
			return b
		}
	}
	return nil
}

// BubbleRelease is the opposite of BubbleAcquire.
func (s *Sched) BubbleRelease(p *P, id uint64) {
	b := s.bubbleOf(id)
	if b == nil {
		return
	}
	b.mu.Lock()
	b.active = max(0, b.active-1)
	wake := b.rest()
	b.mu.Unlock()
	if wake != nil {
		s.Ready(p, wake)
	}
}

// BubbleEnter makes g, which is in no bubble, a goroutine of bubble id, until BubbleLeave. It reports whether it did.
func (s *Sched) BubbleEnter(g *G, id uint64) bool {
	b := s.bubbleOf(id)
	if b == nil || g.bubble != nil {
		return false
	}
	b.join()
	g.bubble = b
	return true
}

// BubbleLeave is the opposite of BubbleEnter.
func (s *Sched) BubbleLeave(p *P, g *G) {
	if b := g.bubble; b != nil && b.root != g {
		g.bubble = nil
		s.leaveBubble(p, b, g, true)
	}
}

// Association of an object with bubbles.
const (
	AssocNone    = iota // with none
	AssocCurrent        // with that of the goroutine
	AssocOther          // with another one
)

// Associate says to which bubble the object at a belongs, and with add, ties one that belongs to none to
// g's bubble. Variables of packages belong to none. It reports false when the limit refuses.
func (s *Sched) Associate(g *G, a mem.Addr, add bool) (assoc int, ok bool) {
	if g.bubble == nil || !s.isObject(a) {
		return AssocNone, true
	}
	bs := &s.bubbles
	bs.mu.Lock()
	defer bs.mu.Unlock()
	switch id := bs.assoc[a]; {
	case id == g.bubble.ID:
		return AssocCurrent, true
	case id != 0:
		return AssocOther, true
	case !add:
		return AssocNone, true
	}
	if !s.space.Charge(assocCost, recordKind) {
		return AssocNone, false
	}
	if bs.assoc == nil {
		bs.assoc = map[mem.Addr]uint64{}
	}
	bs.assoc[a] = g.bubble.ID
	return AssocCurrent, true
}

// Disassociate undoes Associate.
func (s *Sched) Disassociate(a mem.Addr) {
	bs := &s.bubbles
	bs.mu.Lock()
	defer bs.mu.Unlock()
	if bs.assoc[a] != 0 {
		delete(bs.assoc, a)
		s.space.Uncharge(assocCost, recordKind)
	}
}

// forget drops what is known of objects that a collection has found dead. The world is stopped and marking over.
func (bs *bubbles) forget(s *Sched) {
	for a := range bs.assoc {
		if !s.heap.Alive(a) {
			delete(bs.assoc, a)
			s.space.Uncharge(assocCost, recordKind)
		}
	}
}

// roots shows the timers of bubbles. The world is stopped.
func (bs *bubbles) roots(m gc.Marker) {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	for _, b := range bs.list {
		for a := range b.timers.byAddr {
			m.Pointer(a)
		}
		if b.timers.flying != 0 {
			m.Pointer(b.timers.flying)
		}
	}
}
