package sched

import (
	"math/bits"
	"slices"
	"sync"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/stack"
)

// # Stopping the world
//
// One P at a time owns a stopped world. It may go on running guest code (the
// guest's runtime clears its pools that way); its goroutine is then not switched
// out before it has started the world again. Stops of the owner nest.
//
// # Collections
//
// Collect is called by the Runner with the goroutine saved. While a P waits for
// its turn to collect it counts as stopped, so that the one whose turn it is need
// not wait for it.

// StopTheWorld returns when no guest code runs but that of p's goroutine. p is the caller's P, whose
// goroutine is saved; nil for callers outside of the machine.
func (s *Sched) StopTheWorld(p *P) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p != nil && p.depth > 0 {
		p.depth++
		return
	}
	if p != nil {
		s.leave(p)
	}
	s.stoppers.Add(1)
	for s.stopped && !s.exiting.Load() {
		s.world.Wait()
	}
	s.stopped, s.owner = true, p
	for _, q := range s.Ps() {
		if q != p {
			q.Interrupt(WantStop)
		}
	}
	for s.active > 0 {
		s.calm.Wait()
	}
	s.stoppers.Add(-1)
	if p != nil {
		s.active++
		p.depth = 1
	}
}

// StartTheWorld undoes one StopTheWorld of p.
func (s *Sched) StartTheWorld(p *P) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped || s.owner != p {
		if s.exiting.Load() { // somebody else took the world over
			if p != nil {
				p.depth = 0
			}
			return
		}
		panic("BUG: sched: the world is started by somebody who has not stopped it")
	}
	if p != nil {
		if p.depth--; p.depth > 0 {
			return
		}
	}
	s.stopped, s.owner = false, nil
	for _, q := range s.Ps() {
		q.want.And(^uint32(WantStop))
	}
	s.world.Broadcast()
}

// # Changing GOMAXPROCS
//
// A P that GOMAXPROCS has taken away is gone, but its worker may be in the middle of something: it waits to stop
// the world itself, for a collection or for its goroutine. So it stays among the Ps, behind those
// that count, is stopped, interrupted and looked at as they are, and is dissolved when its worker next looks for
// a goroutine. Should GOMAXPROCS rise before that, it counts again.
//
//	Ps()[:procs]   have ID == index;  gone == false
//	Ps()[procs:]   gone;  IDs are >= procs, and differ

// procCost is the bytes charged for a P that the program asks for beyond those it was started with: its record
// and cache, its part of the collector, its worker's stack. Where the limit refuses, there are fewer.
const procCost = 32 << 10

// SetProcs changes GOMAXPROCS to n, cut to 1 … MaxProcs, and returns the former
// number. p is the caller's P, whose goroutine is saved. Deterministic
// schedulers keep their one P.
func (s *Sched) SetProcs(p *P, n int) int {
	old := s.Procs()
	n = max(1, min(n, MaxProcs))
	if s.cfg.Deterministic || n == old || s.Exiting() {
		return old
	}
	s.StopTheWorld(p)
	s.mu.Lock()
	ps := append([]*P(nil), s.Ps()...)
	for len(ps) < n {
		if len(ps) >= s.cfg.Procs && !s.space.Charge(procCost, recordKind) {
			n = len(ps)
			break
		}
		q := s.newP(len(ps))
		ps = append(ps, q)
		s.workers.Add(1)
		go s.work(q)
	}
	if i := slices.Index(ps, p); i >= n { // it stays; another one goes
		ps[0], ps[i] = p, ps[0]
	}
	for i, q := range ps {
		q.ID, q.gone = i, i >= n
		if q.gone {
			s.giveAway(q)
			s.dropIdle(q)
			q.Interrupt(WantPreempt)
			q.signal()
		}
	}
	s.ps.Store(&ps)
	s.procs.Store(int32(n))
	s.mu.Unlock()
	s.StartTheWorld(p)
	return old
}

// dissolve ends q, whose worker calls it, finds nothing more to do and is still active.
func (s *Sched) dissolve(q *P) {
	s.giveAway(q)
	q.Cache.Release()
	s.mu.Lock()
	ps := slices.DeleteFunc(slices.Clone(s.Ps()), func(r *P) bool { return r == q })
	s.ps.Store(&ps)
	if len(ps) >= s.cfg.Procs {
		s.space.Uncharge(procCost, recordKind)
	}
	s.mu.Unlock()
	s.wakeAny() // those who sleep may now be all there are: one looks at the question of deadlock again
}

// giveAway gives q's goroutines to the others. Its worker calls, or the world is stopped.
func (s *Sched) giveAway(q *P) {
	s.gmu.Lock()
	defer s.gmu.Unlock()
	if g := q.runnext.Swap(nil); g != nil {
		s.global.push(g)
	}
	for g := q.runq.get(); g != nil; g = q.runq.get() {
		s.global.push(g)
	}
	s.nglobal.Store(int32(s.global.n))
	for g := q.free.pop(); g != nil; g = q.free.pop() {
		s.pool.push(g)
	}
	s.poolHas.Store(s.pool.n > 0)
}

// cycle is what the scheduler keeps about collections.
type cycle struct {
	turn       sync.Mutex // held by the P that collects
	collector  gc.Collector
	barrier    *gc.Barrier
	background gc.Background // the collector, if it is one
	p          *P            // whose turn it is; guarded by Sched.mu
	g          *G            // its goroutine; guarded by Sched.mu

	finq finq
}

// SetCollector sets the collector. The program has not started.
func (s *Sched) SetCollector(c gc.Collector) {
	s.cycle.collector, s.cycle.barrier = c, c.Barrier()
	s.cycle.background, _ = c.(gc.Background)
}

// Barrier is the write barrier of the collector.
func (s *Sched) Barrier() *gc.Barrier { return s.cycle.barrier }

// Collector is the collector.
func (s *Sched) Collector() gc.Collector { return s.cycle.collector }

// Collect runs a collection for p and its goroutine g, which is saved; both are
// nil for callers outside of the machine. The results are the collector's. The
// stack of g is not moved by it.
func (s *Sched) Collect(p *P, g *G, r gc.Request) (gc.Cycle, bool) {
	if p != nil {
		p.Forget(WantGC)
	}
	if p != nil && p.depth > 0 {
		// Whoever has the turn waits for this P to start the world.
		oldP, oldG := s.setTurn(p, g)
		defer s.setTurn(oldP, oldG)
		if b := s.cycle.background; b != nil {
			if r.Reason != gc.Forced && r.Reason != gc.Limit {
				return gc.Cycle{}, false
			}
			var cy gc.Cycle
			s.guarded(p, func() bool { cy = b.CollectStopped(r); return true })
			return cy, cy.Number != 0
		}
		return s.cycle.collector.Collect(r)
	}
	if b := s.cycle.background; b != nil {
		return s.collectBeside(p, b, r)
	}
	if p != nil {
		s.mu.Lock()
		s.leave(p)
		s.mu.Unlock()
	}
	s.cycle.turn.Lock()
	defer s.cycle.turn.Unlock()
	if p != nil {
		s.mu.Lock()
		s.enter(p)
		s.mu.Unlock()
	}
	s.setTurn(p, g)
	defer s.setTurn(nil, nil)
	return s.cycle.collector.Collect(r)
}

func (s *Sched) setTurn(p *P, g *G) (oldP *P, oldG *G) {
	s.mu.Lock()
	defer s.mu.Unlock()
	oldP, oldG = s.cycle.p, s.cycle.g
	s.cycle.p, s.cycle.g = p, g
	return
}

func (s *Sched) turn() (*P, *G) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cycle.p, s.cycle.g
}

// World is the scheduler as its collector sees it.
func (s *Sched) World() gc.World { return (*world)(s) }

type world Sched

// Stop stops the world for the P whose turn it is to collect.
func (w *world) Stop(string) {
	s := (*Sched)(w)
	p, _ := s.turn()
	s.StopTheWorld(p)
}

// Start undoes Stop.
func (w *world) Start() {
	s := (*Sched)(w)
	p, _ := s.turn()
	s.StartTheWorld(p)
}

// Procs is GOMAXPROCS.
func (w *world) Procs() int { return (*Sched)(w).Procs() }

// ClearPools does nothing: the guest's own code clears the pools, at runtime.GC
// before the cycle and otherwise soon after it (CycleDone).
func (w *world) ClearPools() {}

// Roots shows the globals, the frames of every goroutine through their stack
// maps, and what host records hold.
func (w *world) Roots(m gc.Marker) {
	s := (*Sched)(w)
	s.Goroutines(func(g *G) bool {
		s.rootsOf(g, m)
		return true
	})
	m.Kind(gc.RootGlobals)
	if base, words := globalWords(s.cfg.Prog); words > 0 {
		m.Range(base, words, s.cfg.Prog.RWPtrs)
	}
	s.otherRoots(m)
}

// rootsOf shows what a goroutine holds that does not run.
func (s *Sched) rootsOf(g *G, m gc.Marker) {
	m.Kind(gc.RootStacks)
	objects, closure := false, false
	stack.Walk(s.code, &g.Stack, g.State, func(f *stack.Frame) bool {
		objects = objects || len(f.Func.Objects) > 0
		if len(f.Map) > 0 {
			m.Range(f.FP, mapped(f), f.Map)
		}
		if f.Entry && f.Func.Flags&abi.ClosureFn != 0 { // for others it is what an earlier call has left
			closure = true
			m.Pointer(g.Ctx)
		}
		return true
	})
	if objects {
		held := g.held
		if !closure {
			held = g.kept
		}
		stack.Objects(s.code, &g.Stack, g.State, s.space, held, m.Range)
	}
	m.Kind(gc.RootHost)
	if g.PC == 0 {
		m.Pointer(g.StartFn)
	}
	if g.Labels != 0 {
		m.Pointer(g.Labels)
	}
	for i := range g.Defers {
		m.Pointer(g.Defers[i].Fn)
	}
	if g.Run != nil {
		g.Run.Pointers(func(p *uint64) { m.Pointer(*p) })
	}
}

// otherRoots shows what is held on behalf of no goroutine, globals left out.
func (s *Sched) otherRoots(m gc.Marker) {
	m.Kind(gc.RootHost)
	s.timers.roots(m)
	s.cycle.finq.roots(m)
	s.fewRoots(m)
}

// fewRoots shows those of otherRoots that are few, or must be shown at once.
func (s *Sched) fewRoots(m gc.Marker) {
	m.Kind(gc.RootHost)
	s.timers.root(m)
	s.coros.roots(m)
	s.bubbles.roots(m)
	if s.cfg.Roots != nil {
		s.cfg.Roots(m)
	}
}

// mapped is the number of slots of a frame up to the last that its map names.
func mapped(f *stack.Frame) int {
	for i := len(f.Map) - 1; i >= 0; i-- {
		if f.Map[i] != 0 {
			return i*64 + bits.Len64(f.Map[i])
		}
	}
	return 0
}

// QueueFinalizer takes a finalizer that is to be called.
func (w *world) QueueFinalizer(object mem.Addr, f heap.Finalizer) {
	s := (*Sched)(w)
	s.cycle.finq.add(s, FinqItem{Kind: FinqFinalizer, Fn: f.Fn, Object: object, FnType: f.FnType, PtrType: f.PtrType})
}

// QueueCleanup takes a cleanup that is to be called.
func (w *world) QueueCleanup(c heap.Cleanup) {
	s := (*Sched)(w)
	s.cycle.finq.add(s, FinqItem{Kind: FinqCleanup, Fn: c.Fn, Call: c.Call, Object: c.Arg})
}

// CycleDone tidies up with the world still stopped: the size of new stacks follows the
// old. After a collection that stopped the world, stacks that are too large shrink, waits are dated,
// timers that have died are dropped, dead goroutines let go, and the goroutine of finalizers is made to run; one beside
// the program sees to that outside of the pause.
func (w *world) CycleDone(c *gc.Cycle) {
	s := (*Sched)(w)
	s.scan.items = nil
	s.timers.beginForget()
	if s.cycle.background == nil {
		s.tidy()
		for s.forgetSome() {
		}
		s.cycle.finq.poolsDue(c)
		s.cycle.finq.kick(s, s.Ps()[0])
	} else {
		s.cycle.finq.poolsDue(c)
		if s.cycle.finq.g == nil {
			s.cycle.finq.kick(s, s.Ps()[0]) // once; what it allocates should not fall at any time
		}
	}
	s.newStack.Store(startSize(s.scan.used.Load(), s.scan.counted.Load()))
	s.bubbles.forget(s)
	s.meters.cyclePauses(c)
	if c.Stray != 0 {
		s.Fail(Exit{Text: "found pointer to free object", Before: s.strayText(c.Stray)})
	}
	if s.cfg.CycleDone != nil {
		s.cfg.CycleDone(c)
	}
}

// tidy looks at every goroutine. The world is stopped.
func (s *Sched) tidy() {
	_, own := s.turn()
	cache := s.Ps()[0].Cache
	s.scan.used.Store(0)
	s.scan.counted.Store(0)
	s.Goroutines(func(g *G) bool {
		s.measure(g)
		if g == own || g.Status() == Running {
			g.shrink = true
		} else {
			s.shrinkStack(cache, g)
		}
		return true
	})
	s.letGo(cache)
}

// startMost is the most bytes that a goroutine gets to start with: the largest
// stacks that are pooled.
const startMost = 16 << 10

// startSize is the bytes of the stacks of goroutines that will be made, when n
// of them use that many bytes below their newest frames: enough for the average one
// and half as much again, so that a program of many goroutines of one kind does not
// grow each of their stacks step by step.
func startSize(used, n uint64) uint64 {
	if n == 0 {
		return stack.MinSize
	}
	return min(stack.SizeFor(used/n*3/2), startMost)
}

// keepDead is the number of records of dead goroutines that outlive a collection.
const keepDead = 64

// letGo forgets most of the dead goroutines and frees the stacks of the others,
// which may each be the last in a span. The world is stopped.
func (s *Sched) letGo(cache *heap.Cache) {
	s.gmu.Lock()
	defer s.gmu.Unlock()
	for _, p := range s.Ps() {
		for g := p.free.pop(); g != nil; g = p.free.pop() {
			s.pool.push(g)
		}
	}
	for g := s.pool.head; g != nil; g = g.next {
		g.Stack.Free(s.space, cache)
	}
	for s.pool.n > keepDead {
		s.dropG(s.pool.pop())
	}
	if len(s.all) < cap(s.all)/4 {
		s.all = append([]*G(nil), s.all...)
	}
	s.poolHas.Store(s.pool.n > 0)
}

// dropG forgets the record of a dead goroutine. gmu is held.
func (s *Sched) dropG(g *G) {
	last := s.all[len(s.all)-1]
	s.all[g.all], last.all = last, g.all
	s.all[len(s.all)-1] = nil
	s.all = s.all[:len(s.all)-1]
	s.space.Uncharge(gCost, recordKind)
}

// letGoSome is letGo beside the program: it leaves alone what Ps keep for
// themselves, and ends early when the world is to stop.
func (s *Sched) letGoSome(cache *heap.Cache) {
	for s.stoppers.Load() == 0 && !s.Exiting() {
		s.gmu.Lock()
		for range 128 {
			if s.pool.n <= keepDead {
				break
			}
			g := s.pool.pop()
			g.Stack.Free(s.space, cache)
			s.dropG(g)
		}
		rest := s.pool.n > keepDead
		if !rest && len(s.all) < cap(s.all)/4 {
			s.all = append([]*G(nil), s.all...)
		}
		s.poolHas.Store(s.pool.n > 0)
		s.gmu.Unlock()
		if !rest {
			return
		}
	}
}

// hookG makes a goroutine for a hook function of the guest's runtime. It reports
// false when the program has no such function.
func (s *Sched) hookG(p *P, name string) (g *G, st heap.Status, found bool) {
	i, found := s.cfg.Prog.Hooks[name]
	if !found {
		return nil, heap.OK, false
	}
	p.own = true
	defer func() { p.own = false }()
	fn, st := p.Cache.Alloc(16, 0, true, heap.AfterGC)
	if st != heap.OK {
		return nil, st, true
	}
	s.space.Store64(fn, mem.TextBase+uint64(s.cfg.Prog.Funcs[i].Entry)*bytecode.InsBytes)
	g, st = s.NewG(p, nil, fn, 0, heap.AfterGC)
	return g, st, true
}
