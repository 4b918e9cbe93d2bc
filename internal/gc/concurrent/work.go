package concurrent

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/gc/pacer"
	"github.com/terrarium-go/terrarium/internal/heap"
)

// # Turns
//
// A processor comes between two time slices (gc.Turn) and works as one of
//
//	dedicated   until marking is over, in place of the program; as many as the plan says
//	fractional  until it has had the plan's fraction of the time since marking began, and a fifth more
//	idle        until there is something else to do
//	helping     until its goroutine's cycle is over, or until it has paid what its allocations owe
//
// so that without idle processors a quarter of the time of all goes to marking. Allocating goroutines
// add their assists. Who finds that marking has run dry ends it.
//
// Time is booked by kind when a turn or an assist ends:
//
//	background = dedicated + fractional turns
//	share of the collector = (background + assists) / (processors * time since the first pause)
const (
	leastTurn  = 100 * time.Microsecond // of a fractional worker
	overTurn   = 1.2                    // a fractional worker works until it has had this much of its fraction
	fixedTurn  = 256 << 10              // bytes scanned in a turn of a deterministic run
	assistSlip = 64 << 10               // bytes scanned by an assist at least, so that allocators do not come for trifles
	limitEvery = 10 * time.Millisecond  // between two looks at the limiter

	mournTurn   = time.Millisecond // of telling of the dead, in a turn of a processor that is busy; garbage waits for it
	mournPieces = 8                // of the same, at least
)

// kinds of work
const (
	dedicated = iota
	fractional
	idle
	helping
	numKinds
)

// States of a job that is done once per cycle, or in pieces: then it is open again after each but the last.
const (
	jobOpen uint32 = iota
	jobTaken
	jobDone
)

// crew is the processors as workers.
type crew struct {
	free     atomic.Int32              // dedicated places nobody has taken
	specials atomic.Uint32             // job: show a piece of what specials keep alive
	walk     heap.SpecialWalk          // for who has taken that job
	time     [numKinds]atomic.Int64    // ns of the cycle, by kind
	assist   atomic.Int64              // ns of the cycle
	share    atomic.Uint64             // float64 bits: fraction of each processor's time
	from     atomic.Int64              // ns from the collector's making to the end of the first pause
	workers  atomic.Pointer[[]*worker] // by processor
	spare    struct {                  // workers for assists
		mu   sync.Mutex
		list []*worker
	}

	limiting atomic.Bool
	limited  atomic.Uint32 // number of the cycle in which limiting was last switched on
	limiter  struct {
		mu   sync.Mutex
		l    pacer.Limiter
		at   time.Time     // of the last look
		idle time.Duration // machine's, at the last look
		used time.Duration // of the collector's, at the last look
	}
	ended atomic.Int64 // ns that ended cycles took, pauses left out
	lazed atomic.Int64 // ns of idle marking in ended cycles
}

// begin readies the crew for a cycle. The world is stopped.
func (w *crew) begin(c *Collector) {
	w.free.Store(int32(c.plan.Dedicated))
	w.specials.Store(jobOpen)
	w.walk = heap.SpecialWalk{}
	for i := range w.time {
		w.time[i].Store(0)
	}
	w.assist.Store(0)
	if list := w.workers.Load(); list != nil {
		for _, x := range *list {
			x.mine.Store(0)
		}
	}
	w.share.Store(math.Float64bits(c.plan.Fraction))
	w.from.Store(int64(c.from.Sub(c.born)))
	c.look()
}

// worker is the worker of processor p, which has the only turn of it.
func (w *crew) worker(c *Collector, p int) *worker {
	for {
		old := w.workers.Load()
		var list []*worker
		if old != nil {
			if list = *old; p < len(list) {
				return list[p]
			}
		}
		more := append([]*worker(nil), list...)
		for len(more) <= p {
			more = append(more, &worker{tables: &c.tables, q: c.q})
		}
		w.workers.CompareAndSwap(old, &more)
	}
}

// settle sums up the cycle's time. The world is stopped.
func (w *crew) settle(c *Collector, m *pacer.Measured) {
	cy := &c.cycle
	cy.Background = time.Duration(w.time[dedicated].Load() + w.time[fractional].Load())
	cy.Assist = time.Duration(w.assist.Load() + w.time[helping].Load())
	cy.Idle = time.Duration(w.time[idle].Load())
	m.Used = pacer.Background
	if all := float64(cy.Beside) * float64(cy.Procs); all > 0 && !c.fixed {
		m.Used = min(float64(cy.Background+cy.Assist)/all, 0.99)
		m.Idling = min(float64(cy.Idle)/all, 1)
	}
	w.ended.Add(int64(cy.Background + cy.Assist))
	w.lazed.Add(int64(cy.Idle))
	for i := range w.time {
		w.time[i].Store(0)
	}
	w.assist.Store(0)
}

// Due implements gc.Background.
func (c *Collector) Due(p int) bool {
	switch c.phase.Load() {
	case wanted:
		return true
	case marking:
		return c.crew.free.Load() > 0 || c.lacking(p)
	case sweeping:
		return c.heap.Mourning()
	}
	return false
}

// lacking reports whether processor p has had less than its fraction.
func (c *Collector) lacking(p int) bool {
	return c.lacks(math.Float64frombits(c.crew.share.Load()), p)
}

// lacks reports whether processor p has had less than a share of the time since marking began.
func (c *Collector) lacks(share float64, p int) bool {
	return share > 0 && float64(c.crew.worker(c, p).mine.Load()) < share*float64(int64(time.Since(c.born))-c.crew.from.Load())
}

// Work implements gc.Background.
func (c *Collector) Work(t *gc.Turn) bool {
	switch c.phase.Load() {
	case wanted:
		return c.start(t)
	case marking:
		return c.mark(t)
	case sweeping:
		return c.sweep(t)
	}
	return false
}

// start begins the cycle that is wanted.
func (c *Collector) start(t *gc.Turn) bool {
	if !c.turning.TryLock() {
		return false
	}
	defer c.turning.Unlock()
	asked := time.Now()
	t.Stop("garbage collection")
	if c.phase.Load() == wanted { // else somebody who had the world stopped was faster
		c.mu.Lock()
		reason := c.reason
		c.mu.Unlock()
		c.begin(reason, asked)
	}
	t.Start()
	c.world.Wake()
	return true
}

// mark takes part in marking.
func (c *Collector) mark(t *gc.Turn) bool {
	if c.dry() {
		return c.terminate(t)
	}
	kind, stop, ok := c.enlist(t)
	if !ok {
		return false
	}
	w := c.crew.worker(c, t.P)
	w.cache = t.Cache
	began := time.Now()
	c.q.enter()
	any := false
	for c.step(w, stop) {
		any = true
		if stop() {
			break
		}
	}
	w.finish()
	w.cache = nil
	c.q.leave()
	took := int64(time.Since(began))
	c.crew.time[kind].Add(took)
	switch kind {
	case dedicated:
		c.crew.free.Add(1)
	case fractional:
		w.mine.Add(took)
	}
	c.revise()
	if t.Cache != nil {
		c.pay(&t.Cache.Owed)
	}
	if c.dry() {
		return c.terminate(t) || any
	}
	if !any && t.Idle {
		c.q.starving.Store(true)
		return !c.q.empty()
	}
	return any
}

// enlist decides as what the processor works, and when it stops.
func (c *Collector) enlist(t *gc.Turn) (kind int, stop func() bool, ok bool) {
	switch {
	case c.fixed:
		if t.Help || t.Idle {
			return idle, t.Yield, true
		}
		w := c.crew.worker(c, t.P)
		done := c.tables.sum.work.Load()
		return fractional, func() bool { return t.Yield() || c.tables.sum.work.Load()-done+w.work >= fixedTurn }, true
	case t.Help:
		return helping, t.Yield, true
	case t.Cache != nil && t.Cache.Owed > 0:
		w := c.crew.worker(c, t.P)
		most := c.tables.sum.work.Load() + uint64(t.Cache.Owed)
		return helping, func() bool { return t.Yield() || c.tables.sum.work.Load()+w.work >= most }, true
	case !t.Brief && c.takeDedicated():
		return dedicated, t.Yield, true
	case t.Idle:
		return idle, t.Yield, true
	}
	share := c.plan.Fraction
	if t.Brief {
		share = pacer.Background
	}
	if c.lacks(share, t.P) {
		began := time.Now()
		mine := time.Duration(c.crew.worker(c, t.P).mine.Load())
		most := max(leastTurn, time.Duration(overTurn*share*float64(began.Sub(c.from)))-mine)
		return fractional, func() bool { return t.Yield() || time.Since(began) >= most }, true
	}
	return 0, nil, false
}

func (c *Collector) takeDedicated() bool {
	for {
		n := c.crew.free.Load()
		if n <= 0 {
			return false
		}
		if c.crew.free.CompareAndSwap(n, n-1) {
			return true
		}
	}
}

// step does a piece of marking and reports whether there was any.
func (c *Collector) step(w *worker, stop func() bool) bool {
	if w.next < w.n {
		w.empty(stop)
		return true
	}
	if c.world.RootsLeft() && c.world.ShowRoots(w, w.cache) {
		return true
	}
	if c.crew.specials.Load() == jobOpen && c.crew.specials.CompareAndSwap(jobOpen, jobTaken) {
		next := jobDone
		if c.specials(w) {
			next = jobOpen
		}
		w.flush()
		c.crew.specials.Store(next)
		return true
	}
	if w.fill() {
		w.report(true)
		w.empty(stop)
		return true
	}
	return false
}

// terminate ends marking, if it is really over.
func (c *Collector) terminate(t *gc.Turn) bool {
	if !c.turning.TryLock() {
		return false
	}
	defer c.turning.Unlock()
	asked := time.Now()
	t.Stop("mark termination")
	ended := false
	if c.phase.Load() == marking && c.dryStopped() {
		c.finish(asked)
		ended = true
	}
	t.Start()
	if ended {
		c.look()
		c.print()
	}
	c.world.Wake()
	return true
}

// dryStopped marks what was shaded until the world stood, unless that is much.
func (c *Collector) dryStopped() bool {
	w := c.crew.worker(c, 0)
	until := time.Now().Add(lastMost)
	most := c.tables.sum.work.Load() + lastMostBytes
	stop := func() bool { return time.Now().After(until) }
	if c.fixed {
		stop = func() bool { return c.tables.sum.work.Load()+w.work > most }
	}
	c.q.enter()
	for c.step(w, stop) && !stop() {
	}
	w.finish()
	c.q.leave()
	return c.dry()
}

// sweep takes part in sweeping. When the next cycle is wanted already, the heap grows
// past its trigger as long as there is anything left to sweep: the processor stays, and begins that cycle.
func (c *Collector) sweep(t *gc.Turn) bool {
	c.mu.Lock()
	hurry := c.want > c.begun.Load()
	c.mu.Unlock()
	any := false
	most := time.Now().Add(mournTurn)
	for n := 0; c.heap.SweepSome(); {
		any = true
		if n++; c.heap.Mourning() && !t.Yield() && (n < mournPieces || !c.fixed && time.Now().Before(most)) {
			continue
		}
		if !t.Idle && !t.Help && !hurry || t.Yield() {
			break
		}
	}
	if c.heap.Unswept() {
		return any
	}
	c.over(t.Cache)
	if c.phase.Load() == wanted && !t.Yield() {
		c.start(t)
	}
	return true
}

// assist is called by an allocator that took bytes while the cycle marks.
func (c *Collector) assist(cache *heap.Cache, bytes uint64) {
	if c.crew.limiting.Load() {
		return
	}
	c.revise()
	cache.Owed += int64(float64(bytes) * math.Float64frombits(c.ratio.Load()))
	if c.pay(&cache.Owed); cache.Owed <= 0 {
		return
	}
	w := c.crew.take(c)
	began := time.Now()
	c.q.enter()
	goal := uint64(cache.Owed) + assistSlip
	done := uint64(0)
	stop := func() bool { return done+w.work >= goal || c.world.Stopping() }
	for w.fill() {
		more := w.empty(stop)
		done += w.work
		w.report(false)
		if !more || stop() {
			break
		}
	}
	w.finish()
	c.q.leave()
	cache.Owed -= int64(done)
	c.crew.give(w)
	took := time.Since(began)
	c.crew.assist.Add(int64(took))
	if c.dry() {
		c.world.Wake()
	}
	if cache.Owed > 0 && cache.Behind != nil {
		cache.Behind() // what is left are roots, or the end of marking, for which the processor has to stop
	}
	if !c.fixed && began.Sub(c.crew.lastLook()) > limitEvery {
		c.look()
	}
}

// pay pays from credit what is owed, as far as it goes.
func (c *Collector) pay(owed *int64) {
	for *owed > 0 {
		have := c.tables.credit.Load()
		if have <= 0 {
			return
		}
		if n := min(have, *owed); c.tables.credit.CompareAndSwap(have, have-n) {
			*owed -= n
		}
	}
}

// take and give lend a worker to an assist.
func (w *crew) take(c *Collector) *worker {
	w.spare.mu.Lock()
	defer w.spare.mu.Unlock()
	if n := len(w.spare.list); n > 0 {
		x := w.spare.list[n-1]
		w.spare.list = w.spare.list[:n-1]
		return x
	}
	return &worker{tables: &c.tables, q: c.q}
}

func (w *crew) give(x *worker) {
	w.spare.mu.Lock()
	defer w.spare.mu.Unlock()
	w.spare.list = append(w.spare.list, x)
}

func (w *crew) lastLook() time.Time {
	l := &w.limiter
	if !l.mu.TryLock() {
		return time.Now()
	}
	defer l.mu.Unlock()
	return l.at
}

// look tells the limiter what has gone by since the last look.
func (c *Collector) look() {
	if c.fixed {
		return
	}
	w := &c.crew
	l := &w.limiter
	if !l.mu.TryLock() {
		return
	}
	defer l.mu.Unlock()
	now := time.Now()
	used := w.ended.Load() + w.assist.Load() + w.time[helping].Load() + w.time[dedicated].Load() + w.time[fractional].Load()
	idling := c.world.IdleTime() + time.Duration(w.lazed.Load()+w.time[idle].Load())
	if !l.at.IsZero() {
		procs := c.world.Procs()
		l.l.SetProcs(procs)
		all := int64(now.Sub(l.at))*int64(procs) - int64(idling-l.idle)
		mine := used - int64(l.used)
		l.l.Add(mine, all-mine)
		if on := l.l.Limiting(); w.limiting.Swap(on) != on && on {
			w.limited.Store(c.done.Load() + 1)
		}
	}
	l.at, l.idle, l.used = now, idling, time.Duration(used)
}
