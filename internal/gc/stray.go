package gc

import (
	"fmt"

	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// # Pointers into stacks
//
// What lives in a frame is gone when the function returns, and moves when the
// stack does. So a pointer into a stack may lie only where it goes first:
//
//	no object of the heap and no global variable holds a pointer into a stack
//	no frame holds a pointer into another goroutine's stack, or into a frame that it called
//
// That it is so is the promise of escape analysis, of the code generator, and of the runtime's
// functions that are trusted not to keep what they are given. Marking ignores such
// pointers; CheckStrays finds them.

// Frames is a World with stacks whose frames hold objects.
type Frames interface {
	// CheckFrames verifies the second statement. The world is stopped.
	CheckFrames() error
	// FrameAt describes an address in a stack.
	FrameAt(p mem.Addr) string
}

// CheckStrays verifies the above for everything that is marked. The world is stopped, marking is done and nothing
// is swept.
func CheckStrays(h *heap.Heap, w World) error {
	f, ok := w.(Frames)
	if !ok {
		return nil
	}
	var err error
	types := h.Types()
	h.Objects(func(a mem.Addr, s *heap.Span, slot uint32) {
		if err != nil || s.NoScan() || s.Bits(slot/64).Mark>>(slot%64)&1 == 0 {
			return
		}
		id := int(s.TypeID(slot))
		if id >= len(types) {
			id = 0
		}
		types[id].Pointers(a, s.Extent, func(word mem.Addr) {
			if p := h.Space().Load64(word); err == nil && h.InStack(p) {
				name := "of unknown type"
				if t := types[id].Type; t != nil {
					name = t.Name
				}
				err = fmt.Errorf("BUG: gc: object at %#x (%d bytes, %s) holds at offset %d a pointer into a stack: %#x, %s", a, s.Size, name, word-a, p, f.FrameAt(p))
			}
		})
	})
	if err != nil {
		return err
	}
	m := &strays{heap: h, frames: f}
	if w.Roots(m); m.err != nil {
		return m.err
	}
	return f.CheckFrames()
}

// strays takes roots and looks at the globals.
type strays struct {
	heap   *heap.Heap
	frames Frames
	kind   RootKind
	err    error
}

func (m *strays) Kind(k RootKind)  { m.kind = k }
func (m *strays) Pointer(mem.Addr) {}
func (m *strays) Range(base mem.Addr, words int, mask []uint64) {
	if m.kind != RootGlobals || m.err != nil {
		return
	}
	for i := range words {
		if mask != nil && mask[i/64]>>(i%64)&1 == 0 {
			continue
		}
		if p := m.heap.Space().Load64(base + uint64(i)*8); m.heap.InStack(p) {
			m.err = fmt.Errorf("BUG: gc: the global at %#x holds a pointer into a stack: %#x, %s", base+uint64(i)*8, p, m.frames.FrameAt(p))
			return
		}
	}
}
