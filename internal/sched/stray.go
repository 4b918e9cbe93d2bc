package sched

import (
	"fmt"

	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/stack"
)

// strayText says of a pointer to a free slot where it leads.
func (s *Sched) strayText(p mem.Addr) string {
	where := "memory without objects"
	if sp := s.heap.SpanOf(p); sp != nil {
		where = fmt.Sprintf("a slot of %d bytes in the span at %#x", sp.Size, sp.Base)
	}
	return fmt.Sprintf("runtime: marked free object: %#x points to %s (bad use of unsafe.Pointer, or a data race?)\n", p, where)
}

// CheckFrames implements gc.Frames.
func (w *world) CheckFrames() (err error) {
	s := (*Sched)(w)
	s.Goroutines(func(g *G) bool {
		at, p, bad := stack.Stray(s.code, &g.Stack, g.State, s.space, s.heap.InStack, g.held)
		if bad {
			err = fmt.Errorf("BUG: sched: %s holds a pointer to %s", w.FrameAt(at), w.FrameAt(p))
		}
		return !bad
	})
	return err
}

// FrameAt implements gc.Frames.
func (w *world) FrameAt(p mem.Addr) string {
	s := (*Sched)(w)
	text := "a stack of no goroutine"
	s.Goroutines(func(g *G) bool {
		if !g.Stack.Contains(p) {
			return true
		}
		text = fmt.Sprintf("the stack of goroutine %d, where no frame is", g.ID)
		stack.Walk(s.code, &g.Stack, g.State, func(f *stack.Frame) bool {
			if p < f.FP {
				return true
			}
			text = fmt.Sprintf("slot %d of the frame of %s, goroutine %d", (p-f.FP)/8, f.Func.Name, g.ID)
			return false
		})
		return false
	})
	return text
}
