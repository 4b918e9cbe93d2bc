package sched

import (
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// # Leaked goroutines
//
// A goroutine is leaked if nobody can ever make it go on: it waits for channels, mutexes, conditions or groups that no
// goroutine that can still run can reach. (Saioc and others, "Dynamic Partial Deadlock Detection and Recovery via
// Garbage Collection", 2025; Go 1.26 has it as the experiment goroutineleakprofile.)
//
//  1. Goroutines that can run, or wait for the clock, the host or a collection, are live; others are in question.
//  2. Mark from globals, what the host holds, specials, pending timers, and the live goroutines' stacks.
//  3. Who is in question and waits for something that is marked, or that is no object of the heap (a global), is live
//     as well: mark from its stack, and look again.
//  4. Who is left when nothing changes is leaked.
//
// What cannot be found so, since it is still reachable from a global, is not found. The result is never wrong unless
// the program makes pointers out of integers. A leaked goroutine stays as it is; it is only shown.

// parkedOn reports whether a parked goroutine waits for something that others have to reach, and visits what
// that is. Nothing visited: it waits for ever.
func (g *G) parkedOn(visit func(a mem.Addr)) bool {
	if g.Status() != Waiting || g.System {
		return false
	}
	switch g.reason {
	case WaitChanRecvNil, WaitChanSendNil, WaitSelectNone:
	case WaitSelect, WaitSelectDurable:
		for i := range g.sel {
			if a := g.sel[i].key; a != 0 {
				visit(a)
			}
		}
	case WaitChanRecv, WaitChanSend, WaitChanRecvDurable, WaitChanSendDurable,
		WaitMutex, WaitRWMutexR, WaitRWMutexW, WaitWaitGroup, WaitWaitGroupDurable, WaitCond:
		visit(g.w.key)
	default:
		return false
	}
	return true
}

// FindLeaks marks the goroutines that are leaked (G.Leaked), and returns their number. It reports false when the
// account has no room for it. The world is stopped.
func (s *Sched) FindLeaks() (n int, ok bool) {
	r, ok := gc.NewReach(s.heap)
	if !ok {
		return 0, false
	}
	defer r.Close()
	if base, words := globalWords(s.cfg.Prog); words > 0 {
		r.Range(base, words, s.cfg.Prog.RWPtrs)
	}
	s.otherRoots(r)
	s.timers.pending(r)
	gc.MarkSpecials(s.heap, r, func(sp *heap.Span, slot uint32) { r.Scan(sp, slot) })
	var asked []*G
	s.Goroutines(func(g *G) bool {
		g.leaked = false
		if g.parkedOn(func(mem.Addr) {}) {
			asked = append(asked, g)
		} else {
			s.rootsOf(g, r)
		}
		return true
	})
	for again := true; again; {
		again = false
		r.Follow()
		left := asked[:0]
		for _, g := range asked {
			live := false
			g.parkedOn(func(a mem.Addr) {
				if _, _, _, _, inHeap := s.heap.Object(a); inHeap {
					live = live || r.Has(a)
				} else {
					live = live || !g.Stack.Contains(a)
				}
			})
			if live {
				s.rootsOf(g, r)
				again = true
			} else {
				left = append(left, g)
			}
		}
		asked = left
	}
	for _, g := range asked {
		g.leaked = true
	}
	return len(asked), true
}

// pending shows timers that will expire: who waits for their channels will go on.
func (ts *timers) pending(m gc.Marker) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for a, t := range ts.byAddr {
		m.Pointer(a)
		m.Pointer(t.ch)
	}
}

// Leaked reports whether FindLeaks has found the goroutine, which has not gone on since.
func (g *G) Leaked() bool { return g.leaked && g.Status() == Waiting }
