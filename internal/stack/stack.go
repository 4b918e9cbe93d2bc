package stack

import (
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// Sizes of stacks, in bytes.
const (
	MinSize    = 2 << 10    // of a new goroutine
	DefaultMax = 1000000000 // the largest a stack may grow to unless the guest says otherwise, as in Go
)

// MinAdvance is the least number of bytes by which a call moves FP.
const MinAdvance = 32

// controlSpare is the number of control words beyond one per MinAdvance bytes:
// the bottom word and the frames that the machine itself pushes.
const controlSpare = 32

// Stack is the storage of one goroutine's frames: guest memory for the slots,
// and host memory for the linkage, which the guest cannot reach.
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
