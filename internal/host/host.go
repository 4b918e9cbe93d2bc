// Package host holds the functions in Go that guest code calls: the run-time
// hooks of the compiler, of package runtime and its friends, and the operating
// system surface. One file per guest package; each file has a table of entries
// that it registers under their linker symbols.
//
// # A call
//
// CALLN names a host function. Its argument area is a run of slots of the
// calling frame, laid out as ABI0 of the function's Go signature (arguments at
// their natural alignment, results from the next multiple of 8), or, for the
// symbols that start with "go:", one value after the other in whole slots.
//
// The machine saves the goroutine completely before it calls (PC at the CALLN
// itself), so that a function may park the goroutine, and another worker may
// already run it, before the function has returned. Host functions never call
// guest code.
//
// # What a function may answer
//
//	OK ──────► the machine continues behind the CALLN
//	Yield ───► as OK, but other goroutines run first
//	Again ───► the same CALLN is executed again when the goroutine runs next; others run first
//	Park ────► the scheduler has parked the goroutine; when it is made ready the function
//	           is called again with c.G.Resumed set and finishes
//	Collect ─► memory is short: the machine collects and calls the function again;
//	           asking a second time is a guest-fatal out of memory
//	Panic ───► a guest panic at this instruction, chosen by one of c.Panic…
//	Fatal ───► "fatal error: " + c.Text, exit code 2
//	Exit ────► the program ends with exit code c.Code
//	Switch ──► the goroutine has given its P to c.Next directly (coroutines)
//
// After Park and Switch the function must not touch the goroutine any more.
//
// # Memory
//
// A function allocates before it has side effects, because Collect makes the
// machine call it again from the start. Allocation itself never collects, so
// addresses stay valid until the function returns. Everything read from guest
// memory is untrusted: lengths and addresses go through Bytes and String, which
// check them.
package host

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
)

// Status is a host function's answer; see the package comment.
type Status uint8

// The answers of host functions.
const (
	OK Status = iota
	Yield
	Again
	Park
	Collect
	Panic
	Fatal
	Exit
	Switch
	// Machine means that the function, which belongs to the interpreter, has
	// changed the goroutine's saved state (PC, FP, control stack) itself.
	Machine
)

// PanicKind says which hook of the guest's runtime raises a panic.
type PanicKind uint8

// The kinds of panics a host function can raise.
const (
	PanicRuntime PanicKind = iota // runtime.Error "runtime error: " + text
	PanicText                     // runtime.Error whose text is exactly the given one
	PanicAssert                   // *runtime.TypeAssertionError
	PanicHash                     // unhashable or uncomparable type
	PanicTrap                     // a trap as bytecode.Trap… numbers them
	PanicValue                    // panic(v) of an interface value
)

// VM is one machine as host functions see it. All fields are set before the
// first guest instruction and not changed afterwards.
type VM struct {
	Space   *mem.Space
	Heap    *heap.Heap
	GC      gc.Collector
	Sched   *sched.Sched
	Prog    *bytecode.Program
	Flags   debug.Flags
	Sys     *Sys   // what the embedder granted
	Machine Frames // frames and code of the interpreter
	State   *State // host functions' own state, one record per machine (see state.go)
}

// Frame is one logical frame, inlined calls resolved.
type Frame struct {
	PC        uint64 // as runtime.Callers shows it
	Func      string // name as in tracebacks
	File      string
	Line      int
	Col       int    // in programs compiled with columns; else 0
	Entry     uint64 // code pointer of the function whose frame it is
	StartLine int    // line of the function's declaration
	Inlined   bool   // the call was inlined: Func's code is part of another function's
	Handle    uint64 // from FuncForPC: what stands for the function, a code pointer or a number behind the text
	System    bool   // hidden from user tracebacks
}

// Frames is what the interpreter tells host functions about frames and code.
type Frames interface {
	// Callers stores the return PCs of g's logical frames in pcs, newest first, after leaving out skip of
	// them (0: the function that made the current call), and returns how many.
	Callers(g *sched.G, skip int, pcs []uint64) int
	// Hook is a PC in the function that the machine knows by this name (abi.Hooks).
	Hook(name string) uint64
	// Allocator is the name of the hook (abi.Hooks) that stands for the instruction by which g allocates; "" if none does.
	Allocator(g *sched.G) string
	// Symbolize gives the logical frame of a PC from Callers; false for a number that is none.
	Symbolize(pc uint64) (Frame, bool)
	// Around stores the PCs of the logical frames around that of pc, in one frame of the machine, innermost first.
	Around(pc uint64, pcs []uint64) int
	// FuncForPC is the function that contains a code pointer or PC, or whose Handle pc is.
	FuncForPC(pc uint64) (Frame, bool)
	// Stack puts g's traceback as runtime.Stack prints it into buf, with all that of every goroutine (the world must be
	// stopped), as far as there is room, and returns how many bytes.
	Stack(g *sched.G, all bool, buf []byte) int
}

// Call is one call of a host function. It is valid until the function returns.
type Call struct {
	*VM
	P    *sched.P
	G    *sched.G
	Area mem.Addr       // guest address of the argument area
	area unsafe.Pointer // host address of the same
	size uint32         // slots of the area
	Sym  string         // symbol of the function being called

	// Retry is set when the function answered Collect and is called again after the collection.
	Retry bool

	// Answers.
	Code  int      // Exit: exit code
	Next  *sched.G // Switch: who runs now
	Text  string   // Fatal, Panic: the message
	Own   bool     // Fatal: the program's fault, only its own goroutine is shown
	Kind  PanicKind
	Words [4]uint64 // Panic: type words, trap numbers or the panic value
}

// Func is a host function.
type Func func(c *Call) Status

// Entry is one row of a table of host functions.
type Entry struct {
	Sym string // linker symbol
	Fn  Func
}

var table = map[string]Func{}

// Register adds the rows of one file's table. Files call it from init. A symbol
// that is registered twice is our own bug.
func Register(entries []Entry) {
	for _, e := range entries {
		if table[e.Sym] != nil {
			panic("BUG: host function registered twice: " + e.Sym)
		}
		table[e.Sym] = e.Fn
	}
}

// Lookup finds a host function by its linker symbol.
func Lookup(sym string) (Func, bool) {
	f, ok := table[sym]
	return f, ok
}

// Missing is what is bound to a symbol without a host function.
func Missing(sym string) Func {
	return func(c *Call) Status { return c.Fatal("BUG: host function " + sym + " is missing") }
}

// Begin makes c a call of sym with an argument area of so many slots at area.
// Only the interpreter uses it.
func (c *Call) Begin(sym string, area mem.Addr, slots uint32) {
	c.Sym, c.Area, c.size = sym, area, slots
	c.area = c.Space.Ptr(area)
}

// Arg is slot i of the argument area.
func (c *Call) Arg(i int) uint64 { return *(*uint64)(unsafe.Add(c.area, i*8)) }

// Int is slot i as an int.
func (c *Call) Int(i int) int { return int(c.Arg(i)) }

// Bool is the bool in the low byte of slot i.
func (c *Call) Bool(i int) bool { return uint8(c.Arg(i)) != 0 }

// Float is slot i as a float64.
func (c *Call) Float(i int) float64 { return math.Float64frombits(c.Arg(i)) }

// Set stores a word in slot i.
func (c *Call) Set(i int, v uint64) { *(*uint64)(unsafe.Add(c.area, i*8)) = v }

// SetInt stores an int in slot i.
func (c *Call) SetInt(i int, v int) { c.Set(i, uint64(v)) }

// SetBool stores a bool in slot i.
func (c *Call) SetBool(i int, v bool) {
	w := uint64(0)
	if v {
		w = 1
	}
	c.Set(i, w)
}

// SetFloat stores a float64 in slot i.
func (c *Call) SetFloat(i int, v float64) { c.Set(i, math.Float64bits(v)) }

// SetString stores pointer and length in slots i and i+1.
func (c *Call) SetString(i int, ptr mem.Addr, n int) { c.Set(i, ptr); c.SetInt(i+1, n) }

// SetSlice stores pointer, length and capacity in slots i to i+2.
func (c *Call) SetSlice(i int, ptr mem.Addr, n, capacity int) {
	c.Set(i, ptr)
	c.SetInt(i+1, n)
	c.SetInt(i+2, capacity)
}

// Slots is the number of slots of the argument area.
func (c *Call) Slots() int { return int(c.size) }

// U8, U16 and U32 read small arguments that share a word, at a byte offset.
func (c *Call) U8(off int) uint8   { return *(*uint8)(unsafe.Add(c.area, off)) }
func (c *Call) U16(off int) uint16 { return *(*uint16)(unsafe.Add(c.area, off)) }
func (c *Call) U32(off int) uint32 { return *(*uint32)(unsafe.Add(c.area, off)) }

// SetU8 and SetU32 write small results that share a word, at a byte offset.
func (c *Call) SetU8(off int, v uint8)   { *(*uint8)(unsafe.Add(c.area, off)) = v }
func (c *Call) SetU32(off int, v uint32) { *(*uint32)(unsafe.Add(c.area, off)) = v }

// String copies the guest string in slots i and i+1. A string outside of guest
// memory reads as empty.
func (c *Call) String(i int) string {
	s, _ := c.Space.ReadString(c.Arg(i), c.Arg(i+1))
	return s
}

// Bytes is the guest bytes of the string or slice in slots i and i+1, shared
// with the guest; nil for a range outside of guest memory.
func (c *Call) Bytes(i int) []byte {
	b, _ := c.Space.Bytes(c.Arg(i), c.Arg(i+1))
	return b
}

// Alloc allocates a zeroed object of size bytes and type t (0 with noscan false:
// every word may be a pointer). When it reports false the function returns Collect.
func (c *Call) Alloc(size uint64, t abi.TypeID, noscan bool) (mem.Addr, bool) {
	a, st := c.P.Cache.Alloc(size, t, noscan, c.allocFlags())
	return a, st == heap.OK
}

// AllocBytes allocates n pointer-free bytes whose contents are arbitrary.
func (c *Call) AllocBytes(n uint64) (mem.Addr, bool) {
	a, st := c.P.Cache.Alloc(n, 0, true, c.allocFlags()|heap.NoZero)
	return a, st == heap.OK
}

func (c *Call) allocFlags() heap.Flags {
	if c.Retry {
		return heap.AfterGC
	}
	return 0
}

// NewString allocates a guest copy of s. When it reports false the function
// returns Collect.
func (c *Call) NewString(s string) (mem.Addr, bool) {
	if s == "" {
		return 0, true
	}
	a, ok := c.AllocBytes(uint64(len(s)))
	if ok {
		b, _ := c.Space.Bytes(a, uint64(len(s)))
		copy(b, s)
	}
	return a, ok
}

// Fatal makes the answer a guest-fatal error: "fatal error: " + text.
func (c *Call) Fatal(text string) Status {
	c.Text = text
	return Fatal
}

// FatalUser is Fatal for what is the program's fault, as a throw of the real runtime and its fatal differ: the
// goroutine that made the error is shown, others only if GOTRACEBACK says so.
func (c *Call) FatalUser(text string) Status {
	c.Own = true
	return c.Fatal(text)
}

// Fatalf is Fatal with a format.
func (c *Call) Fatalf(format string, a ...any) Status { return c.Fatal(fmt.Sprintf(format, a...)) }

// PanicRuntime makes the answer a runtime.Error panic: "runtime error: " + text.
func (c *Call) PanicRuntime(text string) Status {
	c.Kind, c.Text = PanicRuntime, text
	return Panic
}

// PanicText makes the answer a runtime.Error panic with exactly this text
// ("send on closed channel").
func (c *Call) PanicText(text string) Status {
	c.Kind, c.Text = PanicText, text
	return Panic
}

// PanicAssert makes the answer a *runtime.TypeAssertionError; the types are guest
// addresses of descriptors, have is 0 for a nil interface, method the missing one or "".
func (c *Call) PanicAssert(iface, have, want mem.Addr, method string) Status {
	c.Kind, c.Text = PanicAssert, method
	c.Words = [4]uint64{iface, have, want}
	return Panic
}

// What a type without equality was wanted for; as in the guest's trap.go.
const (
	hashCompare = iota // a comparison
	hashKey            // a hash
	hashEmpty          // a key, in a map without entries
)

// PanicHash makes the answer the panic for a value of type t, which cannot be hashed or compared.
func (c *Call) PanicHash(t mem.Addr, use uint64) Status {
	c.Kind, c.Words = PanicHash, [4]uint64{t, use}
	return Panic
}

// PanicTrap makes the answer a trap, as bytecode.Trap… numbers them, with its operands.
func (c *Call) PanicTrap(kind, code int, x, y int64) Status {
	c.Kind, c.Words = PanicTrap, [4]uint64{uint64(kind), uint64(code), uint64(x), uint64(y)}
	return Panic
}

// PanicValue makes the answer panic(v) of an empty interface value.
func (c *Call) PanicValue(typ, data uint64) Status {
	c.Kind, c.Words = PanicValue, [4]uint64{typ, data}
	return Panic
}
