package interp

import (
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/bytecode"
)

//go:generate go run mkloop.go

// state is what the leaf loop of one P works on. The loop keeps pc, fp, csp and
// base in registers and stores the first three back when it leaves.
type state struct {
	pc    uintptr // host address of the instruction to execute
	fp    uintptr // host address of slot 0 of the frame
	csp   uintptr // host address of the first unused control word
	limit uintptr // host address that no frame may pass; 0 stops the loop at its next poll. Atomic.

	base    unsafe.Pointer // host address of guest address 0
	slots   unsafe.Pointer // *heap.Slot of span class 0 of the P's cache
	text    uintptr        // host address of instruction 0
	textLen uint64         // bytes of text
	region  uint64         // base as a number
	zero    uint64         // guest address of runtime.zeroVal, where lookups of absent keys lead
	ctx     uint64         // closure object of the newest call through a func value
	fuel    int64          // calls and back-branches left, in the metered loop
	wb      uint32         // the write barrier is on
	pad     uint32

	counts *[bytecode.CountSlots]uint64 // executed sequences, in the counting loop
	bits   uint8                        // of a case number in counts
	last   uint64                       // the newest opcodes, the last one lowest
	lastPC uintptr                      // of the last one
}

// exit is why the loop was left.
type exit int

const (
	leftSlow    exit = iota // the instruction at pc is executed outside the loop
	leftTrap                // the instruction at pc failed a check
	leftPoll                // the back-branch at pc found the limit lowered
	leftCall                // the call at pc needs more stack, or found the limit lowered
	leftBadCode             // the call at pc found no function behind the code pointer
	leftReturn              // RET found a control word with a meaning of its own
	leftFuel                // the fuel is used up; the instruction at pc has not been executed
)

const (
	itabFun     = 24  // byte offset of Fun in an itab
	shortString = 256 // bytes; longer strings are compared outside the loop
	shortCopy   = 128 // bytes; longer moves are made outside the loop
)
