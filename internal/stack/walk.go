package stack

import (
	"fmt"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Code relates program counters to the program: PCs are host addresses in the
// slice of instructions that the machine executes.
type Code struct {
	Prog  *bytecode.Program
	base  uintptr // host address of instruction 0
	space uintptr // host address of guest address 0
	ins   []bytecode.Ins
	most  uint64 // bytes of the largest frame of the program
}

// NewCode describes ins, the instructions of prog as loaded (indexes are those
// of prog.Code), run in space.
func NewCode(prog *bytecode.Program, ins []bytecode.Ins, space *mem.Space) *Code {
	c := &Code{
		Prog:  prog,
		base:  uintptr(unsafe.Pointer(unsafe.SliceData(ins))),
		space: uintptr(space.Base()),
		ins:   ins,
	}
	for i := range prog.Funcs {
		c.most = max(c.most, uint64(prog.Funcs[i].Frame)*8)
	}
	return c
}

// Index is the index of the instruction at a PC. A PC outside of the code is our
// own bug.
func (c *Code) Index(pc uintptr) uint32 {
	i := (pc - c.base) / bytecode.InsBytes
	if pc < c.base || i >= uintptr(len(c.ins)) {
		panic(fmt.Sprintf("BUG: stack: pc %#x is not in the code at %#x", pc, c.base))
	}
	return uint32(i)
}

// PC is the PC of the instruction with index i.
func (c *Code) PC(i uint32) uintptr { return c.base + uintptr(i)*bytecode.InsBytes }

// Frame is one physical frame as Walk sees it.
type Frame struct {
	Func  *abi.Func
	Ins   uint32   // index of the instruction: the next one to execute in the newest frame, the call in progress in others
	FP    mem.Addr // of slot 0
	Depth int      // control words below this frame: 1 for the oldest
	Top   bool     // the newest frame
	Entry bool     // stands at the function's entry: only parameters are live, and the goroutine's Ctx if the function takes a closure object
	Word  uint64   // control word that the call in progress pushed; 0 for the newest frame
	Map   []uint64 // bit per slot: holds a live pointer; slots beyond the map hold none
}

// found is what is known of a frame by the instruction it stands at. A deep stack
// comes back to few instructions, so that a walk remembers the last ones and
// searches the tables of functions and maps once for each.
type found struct {
	ins uint32
	fn  *abi.Func
	m   []uint64
}

const foundMost = 16

// Walk calls f for each frame, newest first, until f returns false. The
// goroutine must not run meanwhile. The frame is only valid during the call.
//
// The map is that of the instruction the frame stands at. Without one, the
// frame is never resumed by this instruction: in a function with defers it may
// resume at DeferReturn and DeferMap holds, in others nothing is live.
func Walk(c *Code, s *Stack, st State, f func(*Frame) bool) {
	if st.PC == 0 {
		return
	}
	n := int(st.CSP-s.ControlBase()) / 8
	if n < 1 || n > len(s.Control) {
		panic(fmt.Sprintf("BUG: stack: control stack pointer at word %d of %d", n, len(s.Control)))
	}
	var recent [foundMost]found
	fr := Frame{Ins: c.Index(st.PC), FP: uint64(st.FP - c.space), Depth: n, Top: true}
	for {
		if fr.FP < s.Lo || fr.FP > s.Hi {
			panic(fmt.Sprintf("BUG: stack: frame at %#x outside of its stack [%#x, %#x)", fr.FP, s.Lo, s.Hi))
		}
		if r := &recent[fr.Ins%foundMost]; r.fn != nil && r.ins == fr.Ins {
			fr.Func, fr.Map = r.fn, r.m
		} else {
			fr.Func = c.Prog.FuncAt(fr.Ins)
			if fr.Func == nil {
				panic(fmt.Sprintf("BUG: stack: instruction %d belongs to no function", fr.Ins))
			}
			c.find(&fr)
			if !fr.Entry { // which holds of the newest frame only
				*r = found{fr.Ins, fr.Func, fr.Map}
			}
		}
		if !f(&fr) {
			return
		}
		fr.Depth--
		if fr.Depth == 0 {
			return
		}
		w := s.Control[fr.Depth]
		if w == 0 {
			return
		}
		fr.Ins = c.Index(uintptr(w &^ Mark >> 16))
		fr.FP -= (w & 0xffff) * 8
		fr.Top, fr.Entry = false, false
	}
}

// find sets the map of a frame whose function and instruction are known.
func (c *Code) find(fr *Frame) {
	fn := fr.Func
	rel := fr.Ins - fn.Entry
	if fr.Top && rel == 1 {
		fr.Entry, fr.Map = true, fn.ArgMap
		return
	}
	off, ok := fn.MapAt(rel)
	if !ok {
		if fr.Map = nil; fn.Flags&abi.HasDefer == 0 {
			return
		}
		off = fn.DeferMap
	}
	fr.Map = c.Prog.MapPool[off : off+abi.MapWords(fn.Frame)]
}
