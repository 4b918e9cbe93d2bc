// Package abi holds what the compile hall and the run hall agree on: function
// records, frame layout, stack maps, pointer maps of types, and the names of the
// guest functions and variables that the machine itself refers to.
//
// # Frames
//
// A frame is a run of 8-byte slots on a guest stack, growing to higher addresses:
//
//	FP → | parameters | results | locals and temporaries … | outgoing area |
//
// Parameters and results have the stack layout of Go's ABI0: each at its natural
// alignment in declaration order (receiver first), results starting at a multiple
// of 8 (RetOffset). A parameter or result smaller than 8 bytes that shares its
// word with no other is held canonically extended in the whole slot by the
// compiler's calls; callers extend results again after the call, so that a
// result written narrowly (by reflect) is right too. Those that share a word are
// packed and accessed with FLD/FST.
//
// Where all parameters and results would take more than MaxArea bytes, those of more than three words are
// passed by reference: their place holds a pointer to a copy of their own on the heap.
//
// A call at slot A of the caller makes FP' = FP + 8*A: the outgoing area becomes
// the callee's parameters. The call linkage (which instruction called, how far FP
// moved) is kept on the host.
//
// # Code pointers
//
// A code pointer is mem.TextBase + the byte offset of the function's FUNC header
// in the text. A func value is the guest address of a closure object whose first
// word is the code pointer and whose next words are the captures. A program
// counter shown to the guest (runtime.Callers) is mem.TextBase + the offset of the
// last byte of the call.
package abi

import "sort"

// MaxArea is the most bytes of parameters and results that a frame holds themselves.
const MaxArea = 128 << 10

// Func is the record of one compiled function.
type Func struct {
	Sym      string // linker symbol
	Name     string // as in tracebacks
	File     string // of the declaration
	Line     int32  // of the declaration
	Entry    uint32 // instruction index of the FUNC header; the first instruction is Entry+1
	End      uint32 // instruction index after the last instruction
	Frame    uint32 // slots of the whole frame, outgoing area included
	ParamEnd uint32 // bytes of parameters
	RetOff   uint32 // byte offset of the results
	ArgEnd   uint32 // bytes of parameters and results
	Flags    FuncFlag
	ArgMap   []uint64 // bit per slot of the parameter words: holds a pointer

	// Small lists parameters smaller than a word that are alone in theirs, for callers that copy raw frames.
	Small []Small

	// Safe holds the safepoints in ascending order of instruction index relative to Entry;
	// Maps[i] is the offset in Program.MapPool of the bitmap of Safe[i], MapWords(Frame) words.
	Safe []uint32
	Maps []uint32

	// DeferReturn is the instruction index (relative to Entry) of RUNDEFERS in a function with defers, else 0.
	DeferReturn uint32
	// DeferMap is the pool offset of the slots that must stay valid until DeferReturn.
	DeferMap uint32

	// Objects lists addressable objects in the frame that hold pointers (variables whose address is taken and that do not
	// escape), by slot. They do not overlap, nor do they reach into the frames of calls.
	Objects []StackObject

	// Lines maps instruction indexes (relative to Entry, ascending starts) to positions.
	Lines []Line
	// Inlined calls, for logical frames; Line.Inl refers here (-1: none).
	Inl []InlCall
}

// Small is one small parameter alone in its word.
type Small struct {
	Off    uint32 // bytes
	Size   uint8  // 1, 2 or 4
	Signed bool
}

// StackObject is an addressable object of a frame.
type StackObject struct {
	Slot uint32
	Type TypeID
	Size uint64
}

// Line is one run of instructions with the same position.
type Line struct {
	Start uint32 // instruction index relative to Entry
	Line  int32
	File  int32 // index in Program.Files
	Inl   int32 // index in Func.Inl, -1 for the function itself
}

// InlCall is one inlined call: the callee and where it was called.
type InlCall struct {
	Name   string
	File   int32
	Line   int32
	Callee int32 // file and line of the callee's declaration
	Start  int32
	Parent int32 // index in Func.Inl or -1
}

// FuncFlag holds facts of a compiled function.
type FuncFlag uint16

const (
	Wrapper   FuncFlag = 1 << iota // hidden from tracebacks, transparent to recover
	HasDefer                       // has a DeferReturn
	PanicFunc                      // runtime.gopanic: deferred calls under it may recover
	HostStub                       // a body that is only a call of a host function
	System                         // belongs to package runtime: hidden from user tracebacks
	ClosureFn                      // starts with GETCTX
	ByRef                          // some parameters or results are passed by reference: no frame has room for them
)

// MapWords is the number of 64-bit words of a bitmap over n slots.
func MapWords(n uint32) uint32 { return (n + 63) / 64 }

// MapAt returns the pool offset of the stack map at the instruction index rel (relative to Entry).
func (f *Func) MapAt(rel uint32) (uint32, bool) {
	i := sort.Search(len(f.Safe), func(i int) bool { return f.Safe[i] >= rel })
	if i < len(f.Safe) && f.Safe[i] == rel {
		return f.Maps[i], true
	}
	return 0, false
}

// LineAt returns the line entry that covers the instruction index rel (relative to Entry).
func (f *Func) LineAt(rel uint32) Line {
	i := sort.Search(len(f.Lines), func(i int) bool { return f.Lines[i].Start > rel })
	if i == 0 {
		return Line{Line: f.Line, Inl: -1}
	}
	return f.Lines[i-1]
}

// Hooks are the guest functions that the machine calls by name. Each is a root of
// the program; lower reports a missing one as an error.
var Hooks = []string{
	"runtime.main",        // func(): package initialisers, main.main, exit
	"runtime.gopanic",     // func(e any): panic
	"runtime.trap",        // func(kind, code, x, y int): raises the run-time error of a trap (bytecode.Trap… kinds)
	"runtime.trapText",    // func(msg string): raises a runtime.Error with this text ("runtime error: " added)
	"runtime.trapPlain",   // func(msg string): raises a runtime.Error whose text is exactly msg (plainError: "send on closed channel" …)
	"runtime.trapAssert",  // func(iface, have, want *abi.Type, method string): raises a *TypeAssertionError
	"runtime.goexit",      // func(): stands below the first frame of every goroutine for runtime.Callers; nobody calls it
	"runtime.chanrecv1",   // func(): names a wait in profiles, as the next two; nobody calls them
	"runtime.chansend1",   // func()
	"runtime.selectgo",    // func()
	"runtime.mallocgc",    // func(): names an allocation in profiles, as the next three; nobody calls them
	"runtime.newobject",   // func()
	"runtime.makeslice",   // func()
	"runtime.growslice",   // func()
	"runtime.goexit0",     // func(): runs the deferred calls of a goroutine that called Goexit, then ends it
	"runtime.finq",        // func(): body of the goroutine that runs finalizers and cleanups
	"runtime.timerproc",   // func(): body of the goroutine that runs timer callbacks
	"runtime.trapHash",    // func(t *abi.Type, use int): hash of unhashable / comparing uncomparable type
	"runtime.trapStrings", // func(kind int): reserved texts of string and slice natives, see runtime/trap.go
}
