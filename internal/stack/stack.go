// Package stack holds goroutine stacks: their storage, the walk over their
// frames, and their moves.
//
// # Storage
//
// A stack is two things. The frames lie in guest memory, one contiguous piece
// that starts at 2 KiB, or at what goroutines use on average. The linkage (which instruction called, how far FP moved)
// lies in host memory, one control word per call, where the guest cannot reach
// it:
//
//	Control:  | 0 | pc<<16|A | pc<<16|A | …        CSP → first unused word
//	guest:    Lo | frame of the first function | frame | newest frame | … | Hi
//	                                             FP →
//
// pc is the host address of the calling instruction and A the slot at which it
// placed the callee's frame, so FP of the caller = FP of the callee - 8*A. The
// top bit is the machine's mark for returns that it handles itself; it is not
// part of pc, since host addresses have at most 47 bits.
//
// # Growth
//
// Calls check the room for the callee's frame. When it is missing the machine
// extends the stack over the pages behind it, if it is a large one and they are
// free, and else moves it to a piece at least twice as large; collections move a stack
// that uses less than a quarter to one half as large. A move copies the used
// part and then corrects every pointer into the old piece. Such pointers are in
// slots that a stack map names as pointers, or in the host's own records of the
// goroutine (deferred closures, panics): guest memory outside of the stack never
// points into it, because what is stored there escapes to the heap. Elements
// that a parked goroutine waits for are kept as offsets from Lo instead.
//
// This is the contiguous scheme that Go has had since 1.3; a chain of segments
// was turned down for the same reason as there: a loop that calls across the end
// of a segment pays at every call.
package stack

import (
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Sizes of stacks, in bytes.
const (
	MinSize    = heap.MinStack // of a new goroutine, until collections have seen what goroutines use
	DefaultMax = 1000000000    // the most a stack may grow to unless the guest says otherwise, as in Go
)

// MinAdvance is the least number of bytes by which a call moves FP.
const MinAdvance = 32

// Mark is the bit of a control word (PC of the call << 16 | slots that FP moved)
// that makes RET leave the loop: the machine itself pushed the frame.
const Mark = 1 << 63

// controlSpare is the number of control words beyond one per MinAdvance bytes:
// the bottom word and the frames that the machine itself pushes.
const controlSpare = 32

// Stack is the storage of one goroutine's frames.
//
//	Hi - Lo = a power of two >= MinSize
//	len(Control) = (Hi-Lo)/MinAdvance + controlSpare
//	Control[0] = 0, the word that ends the goroutine when it returns there
type Stack struct {
	Lo, Hi  mem.Addr
	Control []uint64
}

// State is where a goroutine stopped. The addresses are the host's, as the
// interpreter's loop holds them.
//
//	PC  = address of the instruction that executes next (0: the goroutine has not started)
//	FP  = address of slot 0 of the newest frame
//	CSP = address of the first unused control word
type State struct {
	PC, FP, CSP uintptr
}

// Size is the bytes of guest memory.
func (s *Stack) Size() uint64 { return s.Hi - s.Lo }

// Contains reports whether a guest address lies in the stack.
func (s *Stack) Contains(a mem.Addr) bool { return a-s.Lo < s.Hi-s.Lo }

// ControlBase is the host address of the first control word.
func (s *Stack) ControlBase() uintptr {
	return uintptr(unsafe.Pointer(unsafe.SliceData(s.Control)))
}

// ControlLen is the number of control words of a stack of size bytes.
func ControlLen(size uint64) int { return int(size/MinAdvance) + controlSpare }

// cost is the bytes of the host that a stack of size bytes takes: its control words, and marks while it is looked at.
func cost(size uint64) int64 { return int64(ControlLen(size))*8 + int64(markBytes(size)) }

// Alloc makes an empty stack of size bytes, a power of two. NeedGC and NoMemory
// are the heap's.
func Alloc(space *mem.Space, c *heap.Cache, size uint64, f heap.Flags) (Stack, heap.Status) {
	if !space.Charge(cost(size), mem.KindRecord) {
		if f&heap.AfterGC != 0 {
			return Stack{}, heap.NoMemory
		}
		return Stack{}, heap.NeedGC
	}
	lo, st := c.AllocStack(size, f)
	if st != heap.OK {
		space.Uncharge(cost(size), mem.KindRecord)
		return Stack{}, st
	}
	return Stack{Lo: lo, Hi: lo + size, Control: make([]uint64, ControlLen(size))}, heap.OK
}

// Free gives the storage back and leaves s empty. An empty stack is left alone.
func (s *Stack) Free(space *mem.Space, c *heap.Cache) {
	if s.Hi == 0 {
		return
	}
	c.FreeStack(s.Lo, s.Size())
	space.Uncharge(cost(s.Size()), mem.KindRecord)
	*s = Stack{}
}

// Start is the state of a goroutine that has this stack and no frames.
func (s *Stack) Start(space *mem.Space) State {
	s.Control[0] = 0
	return State{FP: uintptr(space.Base()) + uintptr(s.Lo), CSP: s.ControlBase() + 8}
}
