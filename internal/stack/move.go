package stack

import (
	"fmt"
	"math/bits"

	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Used is the bytes from Lo to the end of the frame that reaches farthest. That
// need not be the newest: a call's frame begins behind the caller's live slots,
// and the caller uses the whole of its own again when the call returns, without
// another check. At a function's entry the newest frame may not fit yet, so Used
// may exceed Size. The walk ends where no frame of the program could reach
// farther, which is after a few frames.
func (s *Stack) Used(c *Code, st State) uint64 {
	var used uint64
	Walk(c, s, st, func(f *Frame) bool {
		used = max(used, f.FP+uint64(f.Func.Frame)*8-s.Lo)
		return f.FP+c.most-s.Lo > used
	})
	return used
}

// SizeFor is the least size of a stack with need bytes, or 0 if there is none.
func SizeFor(need uint64) uint64 {
	if need <= MinSize {
		return MinSize
	}
	if need > mem.HeapEnd-mem.HeapBase {
		return 0
	}
	return 1 << bits.Len64(need-1)
}

// Extend makes the stack size bytes large where it is, if it has pages of its own
// and those behind it are free: nothing moves but the control words. It reports
// false, with nothing changed, when they are not, or when the limit refuses.
func (s *Stack) Extend(space *mem.Space, cache *heap.Cache, st *State, size uint64) bool {
	more := cost(size) - cost(s.Size())
	if size <= s.Size() || !space.Charge(more, mem.KindRecord) {
		return false
	}
	if !cache.ExtendStack(s.Lo, s.Size(), size) {
		space.Uncharge(more, mem.KindRecord)
		return false
	}
	depth := int(st.CSP-s.ControlBase()) / 8
	control := make([]uint64, ControlLen(size))
	copy(control, s.Control[:depth])
	s.Hi, s.Control = s.Lo+size, control
	st.CSP = s.ControlBase() + uintptr(depth)*8
	return true
}

// Move gives the goroutine a stack of size bytes, a power of two, with the same
// frames, and corrects st and every pointer into the old stack: those that the
// frames' maps name, and those that held visits (the host's own; held may be
// nil). The old storage is freed. When the heap refuses, nothing has changed.
func (s *Stack) Move(c *Code, space *mem.Space, cache *heap.Cache, st *State, size uint64, f heap.Flags, held func(visit func(*uint64))) heap.Status {
	used := min(s.Used(c, *st), s.Size())
	depth := int(st.CSP-s.ControlBase()) / 8
	if used > size || depth > ControlLen(size) {
		panic(fmt.Sprintf("BUG: stack: moving %d bytes and %d control words to a stack of %d bytes", used, depth, size))
	}
	to, status := Alloc(space, cache, size, f)
	if status != heap.OK {
		return status
	}
	space.Copy(to.Lo, s.Lo, used)
	copy(to.Control, s.Control[:depth])

	delta := to.Lo - s.Lo
	st.FP += uintptr(delta)
	st.CSP = to.ControlBase() + uintptr(depth)*8
	t := tracer{c: c, s: &to, lo: s.Lo, hi: s.Hi, delta: delta, space: space, st: *st, visit: func(slot mem.Addr) {
		if v := space.Load64(slot); s.Contains(v) {
			space.Store64(slot, v+delta)
		}
	}}
	t.run(held)
	if held != nil {
		held(func(p *uint64) {
			if s.Contains(*p) {
				*p += delta
			}
		})
	}
	s.Free(space, cache)
	*s = to
	return heap.OK
}
