package sched

import (
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
)

// # Roots and a collection beside the program
//
// Such a collection wants the roots as of its first pause, but does not want to
// scan them all in the pause. Globals can be read later, because who overwrites one shades
// what it held. Stacks have no barrier; so a goroutine is scanned
// before it goes on: by the P that is about to execute it, or by the collector,
// whoever comes first. Those that do not leave their P when the world is stopped
// (they wait for a collection, or to stop the world themselves) are scanned in
// the pause. A goroutine made later holds nothing that needs to be shown.
//
//	g.scanned == 2*cycle      done, or made since the pause
//	g.scanned == 2*cycle-1    somebody is at it; others wait
//	otherwise                 g has not run since the pause, and its stack is as it was then
//
// A peer may store a channel element in the frame of a parked goroutine meanwhile:
// the element is reachable by other means, or new.
//
// Who has scanned a goroutine also halves its stack while it uses less than a quarter (keepStill has
// those peers wait). For one that was scanned in the pause, its P does so when it lets it run again.
//
// What the collector is to show is divided into jobs: pieces of the list of timers, of the queue of finalizers and of
// the globals, then runs of goroutines. left counts those that are not finished; as long as it is not
// 0, goroutines are looked at before they run.

// scan is the state of the scanning of roots.
type scan struct {
	cycle   uint32       // collections so far; changes with the world stopped
	stacks  gc.Marker    // takes the roots of goroutines that go on; changes with the world stopped
	all     []*G         // records at the pause; dead ones have nothing to show. Changes with the world stopped
	timers  int          // jobs that are pieces of the list of timers; changes with the world stopped
	items   [][]FinqItem // pieces of finalizers and cleanups that were due at the pause; changes with the world stopped
	globals int          // jobs that are pieces of the globals; changes with the world stopped
	jobs    int64        // all jobs; changes with the world stopped
	next    atomic.Int64 // the first job that nobody has taken
	left    atomic.Int64 // jobs that are not finished

	used, counted atomic.Uint64 // bytes below the newest frames of goroutines, and how many goroutines
}

const (
	globalPiece = 32 << 10 // words of globals in a job, a multiple of 64
	itemPiece   = 512      // finalizers and cleanups in a job, at most
	stackRun    = 16       // goroutines in a job
)

// scanG shows the roots of g, or waits until somebody else has or the program is over. c is the cache of the caller's P, for a
// smaller stack; nil when it is not to shrink now.
func (s *Sched) scanG(g *G, m gc.Marker, c *heap.Cache) {
	done := 2 * s.scan.cycle
	for {
		v := g.scanned.Load()
		if v == done {
			return
		}
		if v == done-1 {
			if s.Exiting() {
				return
			}
			runtime.Gosched()
			continue
		}
		if g.scanned.CompareAndSwap(v, done-1) {
			s.rootsOf(g, m)
			s.measure(g)
			if c == nil {
				g.shrink = true
			} else {
				s.shrinkStack(c, g)
			}
			g.scanned.Store(done)
			return
		}
	}
}

// measure notes how long g waits and how much stack it uses. It does not run.
func (s *Sched) measure(g *G) {
	if g.Status() == Waiting && g.waitSince == 0 {
		g.waitSince = s.Nanotime()
	}
	if g.PC != 0 && !g.System {
		s.scan.used.Add(uint64(g.FP) - uint64(uintptr(s.space.Base())) - g.Stack.Lo)
		s.scan.counted.Add(1)
	}
}

// Snapshot implements gc.Beside.
func (w *world) Snapshot(m, stacks gc.Marker) {
	s := (*Sched)(w)
	c := &s.scan
	c.cycle++
	c.stacks = stacks
	c.used.Store(0)
	c.counted.Store(0)
	s.gmu.Lock()
	c.all = s.all
	s.gmu.Unlock()
	_, words := globalWords(s.cfg.Prog)
	c.globals = (words + globalPiece - 1) / globalPiece
	s.timers.shown = len(s.timers.list)
	c.timers = (s.timers.shown + timerPiece - 1) / timerPiece
	c.items = slices.Clone(s.cycle.finq.pieces)
	c.jobs = int64(c.timers + len(c.items) + c.globals + (len(c.all)+stackRun-1)/stackRun)
	c.next.Store(0)
	c.left.Store(c.jobs)
	for _, p := range s.Ps() {
		if g := p.Current(); g != nil {
			s.scanG(g, m, nil)
		}
	}
	s.fewRoots(m)
}

// ShowRoots implements gc.Beside.
func (w *world) ShowRoots(m gc.Marker, cache *heap.Cache) bool {
	s := (*Sched)(w)
	c := &s.scan
	if c.next.Load() >= c.jobs {
		return false
	}
	job := int(c.next.Add(1)) - 1
	if int64(job) >= c.jobs {
		return false
	}
	items := len(c.items)
	switch {
	case job < c.timers:
		m.Kind(gc.RootHost)
		s.timers.show(m)
	case job < c.timers+items:
		m.Kind(gc.RootHost)
		showItems(m, c.items[job-c.timers])
	case job < c.timers+items+c.globals:
		base, words := globalWords(s.cfg.Prog)
		from := (job - c.timers - items) * globalPiece
		m.Kind(gc.RootGlobals)
		m.Range(base+uint64(from)*8, min(globalPiece, words-from), s.cfg.Prog.RWPtrs[from/64:])
	default:
		from := (job - c.timers - items - c.globals) * stackRun
		for _, g := range c.all[from:min(from+stackRun, len(c.all))] {
			if g.Status() != Dead {
				s.scanG(g, m, cache)
			}
		}
	}
	c.left.Add(-1)
	return true
}

// RootsLeft implements gc.Beside.
func (w *world) RootsLeft() bool { return (*Sched)(w).scan.left.Load() > 0 }

// globalWords is where the globals are that may hold pointers, and how many words.
func globalWords(pr *bytecode.Program) (base uint64, words int) {
	if len(pr.RWPtrs) == 0 {
		return pr.RWBase, 0
	}
	return pr.RWBase, min(int((uint64(len(pr.RW))+pr.BSS)/8), len(pr.RWPtrs)*64)
}
