package sched

import (
	"runtime"
	"sync/atomic"

	"github.com/terrarium-go/terrarium/internal/gc"
)

// # Goroutines and a collection beside the program
//
// Such a collection wants the roots of every goroutine as of its first pause,
// but does not want to scan them all in the pause. So a goroutine is scanned
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

// scan is the state of the scanning of goroutines.
type scan struct {
	on     atomic.Bool // there may be goroutines to scan
	cycle  uint32      // collections so far; changes with the world stopped
	stacks gc.Marker   // takes the roots; changes with the world stopped
	all    []*G        // the goroutines at the pause; the collector's
}

// scanG shows the roots of g, or waits until somebody else has.
func (s *Sched) scanG(g *G) {
	done := 2 * s.scan.cycle
	for {
		v := g.scanned.Load()
		if v == done {
			return
		}
		if v == done-1 {
			runtime.Gosched()
			continue
		}
		if g.scanned.CompareAndSwap(v, done-1) {
			s.rootsOf(g, s.scan.stacks)
			g.scanned.Store(done)
			return
		}
	}
}

// StopAll implements gc.Beside.
func (w *world) StopAll(string) { (*Sched)(w).StopTheWorld(nil) }

// StartAll implements gc.Beside.
func (w *world) StartAll() { (*Sched)(w).StartTheWorld(nil) }

// Wait implements gc.Beside. Whoever waits here has left its P (await).
func (w *world) Wait(f func()) { f() }

// FirstRoots implements gc.Beside.
func (w *world) FirstRoots(m, stacks gc.Marker) {
	s := (*Sched)(w)
	s.scan.cycle++
	s.scan.stacks = stacks
	s.scan.all = s.scan.all[:0]
	s.Goroutines(func(g *G) bool {
		s.scan.all = append(s.scan.all, g)
		return true
	})
	s.scan.on.Store(true)
	for _, p := range s.Ps() {
		if g := p.Current(); g != nil {
			s.scanG(g)
		}
	}
	s.otherRoots(m)
}

// ScanStacks implements gc.Beside.
func (w *world) ScanStacks() {
	s := (*Sched)(w)
	for _, g := range s.scan.all {
		s.scanG(g)
	}
	s.scan.on.Store(false)
}

// await asks for a collection beside the program and, if the caller cannot go on
// without it, waits; p counts as stopped meanwhile.
func (s *Sched) await(p *P, b gc.Background, r gc.Request) (gc.Cycle, bool) {
	n := b.Ask(r)
	if n == 0 {
		return gc.Cycle{}, false
	}
	if p == nil {
		return b.Await(n), true
	}
	s.mu.Lock()
	s.leave(p)
	s.mu.Unlock()
	c := b.Await(n)
	s.mu.Lock()
	s.enter(p)
	s.mu.Unlock()
	return c, true
}
