package sched

import (
	"sync"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// # Coroutines
//
// A coroutine (iter.Pull) is a handle in which one goroutine is parked. CoroSwitch
// parks the caller in the handle and hands its P to the goroutine that was there,
// without a queue in between. CoroExit gives the goroutine in the handle the P as
// soon as the caller leaves it, and the handle is empty from then on.
//
// The goroutine in a handle is Waiting and known to nobody else, so the one who
// takes it out of the table owns it.

// coroCost is the bytes charged for a handle in use.
const coroCost = 64

type corosTable struct {
	mu sync.Mutex
	in map[mem.Addr]*G // by handle
}

// CoroStart makes a goroutine that will call the closure fn, parked in handle c.
func (s *Sched) CoroStart(p *P, parent *G, fn uint64, c mem.Addr, f heap.Flags) (*G, heap.Status) {
	if !s.space.Charge(coroCost, recordKind) {
		if f&heap.AfterGC != 0 {
			return nil, heap.NoMemory
		}
		return nil, heap.NeedGC
	}
	g, st := s.NewG(p, parent, fn, 0, f)
	if st != heap.OK {
		s.space.Uncharge(coroCost, recordKind)
		return nil, st
	}
	g.reason = WaitCoroutine
	if b := g.bubble; b != nil { // its parent runs, so nobody has to be woken
		s.leaveBubble(p, b, g, false)
	}
	t := &s.coros
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.in == nil {
		t.in = map[mem.Addr]*G{}
	}
	t.in[c] = g
	return g, heap.OK
}

// CoroResult is the outcome of a switch.
type CoroResult uint8

// Outcomes of CoroSwitch.
const (
	CoroDone CoroResult = iota // somebody has switched back: continue
	CoroPark                   // answer Park (or Switch)
	CoroBad                    // nobody is parked in the handle: guest-fatal
)

// CoroSwitch parks g in handle c and lets the goroutine that was parked there
// run next on p.
func (s *Sched) CoroSwitch(p *P, g *G, c mem.Addr) CoroResult {
	if g.TakeResumed() {
		return CoroDone
	}
	t := &s.coros
	t.mu.Lock()
	defer t.mu.Unlock()
	to := t.in[c]
	if to == nil {
		return CoroBad
	}
	s.Park(g, WaitCoroutine)
	t.in[c] = g
	s.switchTo(p, to)
	return CoroPark
}

// CoroExit lets the goroutine parked in handle c run as soon as g, which is about
// to end, leaves p.
func (s *Sched) CoroExit(p *P, c mem.Addr) CoroResult {
	t := &s.coros
	t.mu.Lock()
	defer t.mu.Unlock()
	to := t.in[c]
	if to == nil {
		return CoroBad
	}
	delete(t.in, c)
	s.space.Uncharge(coroCost, recordKind)
	s.switchTo(p, to)
	return CoroDone
}

func (s *Sched) switchTo(p *P, to *G) {
	to.Resumed = !to.fresh
	if !to.status.CompareAndSwap(uint32(Waiting), uint32(Runnable)) {
		panic("BUG: sched: goroutine in a coroutine's handle is not parked")
	}
	to.unblocked()
	if p.switchTo != nil {
		p.enqueue(p.switchTo)
	}
	p.switchTo = to
}

// roots shows the handles in use.
func (t *corosTable) roots(m gc.Marker) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for c := range t.in {
		m.Pointer(c)
	}
}
