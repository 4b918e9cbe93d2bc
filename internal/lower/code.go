package lower

// Code generation
//
// One function at a time, in four steps:
//
//  1. Selection (expr_*.go, stmt.go, call.go, builtin.go, iface.go): one walk over
//     the core form emits linear code over virtual registers. A variable has one
//     register for its life; a temporary is defined once. Values are left where
//     they are (a Ref's value is the variable's own register), results are computed
//     straight into their destination, comparisons become branches.
//  2. Peephole (peep.go): neighbouring instructions are fused into
//     superinstructions.
//  3. Liveness (live.go) over basic blocks, then slots by one linear scan over the
//     intervals (alloc.go).
//  4. Emission (emit.go): slots are filled in, branches resolved, stack maps made.
//
// # Virtual registers and areas
//
// A register is a run of 1…n slots with a pointer mask, and is live or dead as a
// whole. An instruction that writes only a part of it (a field of a struct) reads
// it too, so the register must have been written in full before (undef, below).
//
// The outgoing area of a call is not a register but a group of them, one per
// parameter and result, that lie at fixed distances from the area's first slot A.
// Each lives for itself: parameters from their evaluation to the call, results from
// the call to their last use. The callee's frame begins at A, so everything that
// lives across the call lies below A; the linear scan sees to that.
//
// # Variables
//
// A variable whose address is taken, or that a closure shares, lives in an
// object of the frame (frame_object.go) or on the heap; then its register holds the
// pointer. So does one that is too large for a frame. All others live in their register; parameters and results in
// the slots that the calling convention gives them.

import (
	"fmt"
	"go/token"
	"go/types"

	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// Limits of frames, in slots.
const (
	maxFrameVar  = 1 << 14 // larger variables live on the heap
	maxFrameVars = 1 << 15 // of all variables without an address; when they are taken, long ones live on the heap
	maxSlot      = 65535
)

// ref is a slot: word o of register v. v < 0 is no register but the plain number o.
type ref struct{ v, o int32 }

var none = ref{v: -1, o: -1 << 31}

func (r ref) at(o int64) ref { return ref{r.v, r.o + int32(o)} }

// num makes a numeric operand (a small constant in field A, B or C).
func num(n int64) ref { return ref{-1, int32(n)} }

// vreg is a virtual register.
type vreg struct {
	n      int32  // slots
	mask   uint64 // pointer slots 0…63
	big    *Layout
	bigO   int32 // slot of big's value that is slot 0 of the register
	fixed  int32 // its slot by the calling convention, -1 if free
	area   int32 // the area it belongs to, -1 if none
	aoff   int32 // its offset in the area, slots
	slot   int32 // assigned slot, -1 before
	start  int32 // interval [start, end) in positions (alloc.go)
	end    int32
	hint   int32 // register that it would like to share a slot with, -1
	defer_ bool  // must stay valid until DeferReturn
	object bool  // an object of the frame: pointers may lead to it
}

func (r *vreg) pointer(i int32) bool {
	if r.big != nil {
		return r.big.Pointer(int64(i + r.bigO))
	}
	return i < 64 && r.mask>>i&1 != 0
}

func (r *vreg) hasPointers() bool { return r.mask != 0 || r.big != nil }

// area is the outgoing area of one call.
type area struct {
	params  []int32 // registers that the call reads
	results []int32 // registers that the call defines
	slots   int32   // slots of arguments and results
	args    int32   // slots that are live at the call of a host function
	at      int32   // instruction of the call
	slot    int32   // A
	guest   bool    // the callee has a frame
	start   int32   // first position of a member, for the scan
}

// ins is an instruction over virtual registers.
type ins struct {
	op      bc.Op
	d       uint8
	a, b, c ref
	x       ref   // fourth operand (LDXFMA), a use
	imm     int64 // Jump: label number
	fix     int32 // index in gen.fix, -1
	area    int32 // area of a call, -1
	pos     token.Pos
}

// Pseudo instructions, gone after emission.
const (
	opDead  bc.Op = 255 // removed
	opLabel bc.Op = 254 // label imm is here
	opUndef bc.Op = 253 // register a begins with no meaningful value: its slots are all written before a safepoint
	opTouch bc.Op = 252 // register a is used here, in memory through a LEAF pointer
)

// variable is what Gen knows of a tree.Var in this function.
type variable struct {
	v     *tree.Var
	l     *Layout
	heap  bool
	large bool // on the heap because the frame has no room for it
	// frame: as heap, but in an object of this frame, register obj (-1: not made yet).
	frame bool
	obj   int32
	reg   int32 // register of the value, or of the pointer when heap and not frame; -1 not yet
	// cap is the byte offset in the closure object of a capture that stays there, 0 if it does not.
	cap   int64
	defs  int32 // assignments seen in the body
	uses  int32
	alias bool // assigned once: may be bound to the result slot of a call
	// buffered: an append to it has a buffer in the frame. buffer, -1 if its v.Buffer is not set, is the register
	// with that buffer's address, 0 as long as it is not in use.
	buffered bool
	buffer   int32
	// bufferObj is the register of a buffer whose capacity goes up in steps.
	bufferObj int32
	// rebind: a temporary whose every use follows exactly one of its assignments; each
	// assignment gives it a register of its own.
	rebind bool

	declared bool  // there is a Declare
	split    bool  // scan: some use can see two assignments
	cross    bool  // scan: some use lies in a loop that the assignment it sees does not
	block    int32 // scan: statement list of the last assignment
}

// gen is the state of generating one function.
type gen struct {
	ctx  Ctx
	ls   *Layouts
	f    *tree.Func
	sig  *SigLayout
	code []ins
	regs []vreg
	area []area
	fix  []Fixup
	vars []variable

	labels  int32 // labels handed out
	bound   []bool
	pos     token.Pos
	ctxReg  int32 // closure object, -1
	hasDef  bool
	stub    bool  // only a call of a host function
	exit    int32 // label of the common exit in functions with defers
	loops   map[*tree.Label]*target
	retRegs []ref // where Return stores result i: its variable's place (frame results)

	behind              map[int32]ref   // values that only have a register's name, for no frame has room for them → their address
	rawParam, rawResult map[int64]int32 // packed words: byte offset of the run → register
	deferReturn         int32           // instruction of RUNDEFERS, -1

	frames   bool       // objects may live in the frame
	objects  []frameObj // those with pointers
	objSlots int32      // slots of all objects
	used     ref        // bit i: buffer i of an append is in use; none while there are no such buffers
	usedAt   int32      // instruction of the entry that clears it
	buffers  int        // of appends
	frame    int32
	pool     []uint64
	frag     *Frag
	blocks   []blk
	globals  []int32 // registers in the blocks' bit sets, by index
	labelIns []int32
}

// target is where break and continue of a label go.
type target struct{ brk, cont, here int32 }

// compileError is a failure that is the program's fault or a limit of ours.
type compileError struct {
	pos token.Pos
	msg string
}

func (g *gen) fail(format string, args ...any) {
	panic(compileError{g.pos, fmt.Sprintf(format, args...)})
}

func (g *gen) bug(format string, args ...any) {
	panic(compileError{g.pos, "BUG: lower: " + fmt.Sprintf(format, args...)})
}

// Gen generates the code of f, which must be in core form. Errors have the position first.
func Gen(ctx Ctx, f *tree.Func) (frag *Frag, err error) {
	g := &gen{ctx: ctx, frames: f.Flags&tree.Decided != 0, ls: ctx.Layouts(), f: f, pos: f.Pos, ctxReg: -1, exit: -1, deferReturn: -1, used: none}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case compileError:
			err = fmt.Errorf("%v: %s: %s", ctx.Position(r.pos), f.Name, r.msg)
		default:
			panic(fmt.Sprintf("BUG: lower: %v: %s: %v", ctx.Position(g.pos), f.Sym, r))
		}
	}()
	g.run()
	return g.frag, nil
}

func (g *gen) run() {
	g.code = make([]ins, 0, 64)
	g.sig = g.ls.Func(g.f)
	g.frag = &Frag{Fn: g.f}
	g.emit(ins{op: bc.FUNC, a: none, b: none, c: none})
	switch {
	case g.intrinsicBody():
	case g.f.Extern || (g.f.Body == nil && g.f.State == tree.Declared):
		g.hostStub()
	default:
		g.body()
	}
	g.finish()
}

// body generates an ordinary function.
func (g *gen) body() {
	g.scan()
	g.entry()
	g.usedAt = g.op(opDead, none, none, none)
	g.clearBuffers()
	if g.hasDef {
		g.exit = g.label()
	}
	g.stmts(g.f.Body)
	g.pos = g.f.End
	if g.reachable() {
		if len(g.f.Results) == 0 || g.namedResults() {
			g.leave()
		} else {
			g.emitTrap(bc.TrapUnreachable)
		}
	}
	if g.hasDef {
		g.deferExit()
	}
}

func (g *gen) namedResults() bool {
	for _, v := range g.f.Results {
		if len(v.Name) > 0 && v.Name[0] != '~' {
			return true
		}
	}
	return false
}

// reachable reports whether control can reach the end of the code emitted so far.
func (g *gen) reachable() bool {
	for i := len(g.code) - 1; i >= 0; i-- {
		op := g.code[i].op
		switch op {
		case opDead, opUndef, opTouch:
			continue
		case opLabel:
			return true
		}
		return bc.Table[op].Flags&bc.End == 0 || op == bc.FUNC
	}
	return true
}

// newReg makes a register for a value of layout l.
func (g *gen) newReg(l *Layout) ref {
	r := vreg{n: l.Slots, fixed: -1, area: -1, slot: -1, hint: -1}
	if l.Slots == 0 {
		r.n = 0
	}
	r.setMask(l, 0)
	g.regs = append(g.regs, r)
	return ref{int32(len(g.regs) - 1), 0}
}

func (r *vreg) setMask(l *Layout, o int32) {
	if l.PtrBytes == 0 {
		return
	}
	if l.PtrBytes <= 512 && o == 0 {
		r.mask = l.Mask[0]
		return
	}
	r.big, r.bigO = l, o
}

// word makes a register of n slots without pointers, ptr one of 1 slot with one.
func (g *gen) word() ref { return g.words(1, 0) }
func (g *gen) ptr() ref  { return g.words(1, 1) }
func (g *gen) words(n int32, mask uint64) ref {
	g.regs = append(g.regs, vreg{n: n, mask: mask, fixed: -1, area: -1, slot: -1, hint: -1})
	return ref{int32(len(g.regs) - 1), 0}
}

func (g *gen) emit(i ins) int32 {
	i.pos = g.pos
	if i.fix == 0 {
		i.fix = -1
	} else {
		i.fix--
	}
	if i.area == 0 {
		i.area = -1
	} else {
		i.area--
	}
	if i.op != bc.LDXFMA {
		i.x = none
	}
	g.code = append(g.code, i)
	return int32(len(g.code) - 1)
}

// op emits an instruction with up to three operands.
func (g *gen) op(op bc.Op, a, b, c ref) int32 {
	return g.emit(ins{op: op, a: a, b: b, c: c})
}

func (g *gen) opI(op bc.Op, a, b ref, imm int64) int32 {
	return g.emit(ins{op: op, a: a, b: b, c: none, imm: imm})
}

// addFix registers a fixup and returns its number + 1, as emit takes it.
func (g *gen) addFix(f Fixup) int32 {
	g.fix = append(g.fix, f)
	return int32(len(g.fix))
}

// ldi loads a constant.
func (g *gen) ldi(dst ref, v int64) { g.opI(bc.LDI, dst, none, v) }

// ldiFix loads an address that the linker knows.
func (g *gen) ldiFix(dst ref, f Fixup) {
	g.emit(ins{op: bc.LDI, a: dst, b: none, c: none, fix: g.addFix(f)})
}

// addr returns a register with an address that the linker knows. Addresses of the
// image are no heap pointers, but the collector may see them.
func (g *gen) addr(f Fixup) ref {
	t := g.ptr()
	g.ldiFix(t, f)
	return t
}

// typeAddr returns a register with the address of the type descriptor of t.
func (g *gen) typeAddr(t types.Type) ref { return g.addr(Fixup{Kind: FixType, Type: t}) }

func (g *gen) label() int32 {
	g.labels++
	g.bound = append(g.bound, false)
	return g.labels - 1
}

func (g *gen) bind(l int32) {
	g.bound[l] = true
	g.emit(ins{op: opLabel, a: none, b: none, c: none, imm: int64(l)})
}

// move copies n slots.
func (g *gen) move(dst, src ref, n int32) {
	if dst == src || n == 0 {
		return
	}
	switch n {
	case 1:
		g.op(bc.MOV, dst, src, none)
	case 2:
		g.op(bc.MOV2, dst, src, none)
	case 3:
		g.op(bc.MOV3, dst, src, none)
	default:
		g.opI(bc.MOVN, dst, src, int64(n))
	}
}

// zero clears n slots.
func (g *gen) zero(dst ref, n int32) {
	switch {
	case n == 0:
	case n == 1:
		g.op(bc.ZERO, dst, none, none)
	default:
		g.opI(bc.ZERON, dst, none, int64(n))
	}
}

func (g *gen) emitTrap(kind uint8) {
	g.emit(ins{op: bc.TRAP, d: kind, a: none, b: none, c: none})
}

// undef begins a register that will be written part by part. The returned function ends the
// writing; if a safepoint lies between, the register is zeroed at the beginning.
func (g *gen) undef(r ref) func() {
	at := g.op(opUndef, r, none, none)
	return func() {
		for i := at + 1; i < int32(len(g.code)); i++ {
			op := g.code[i].op
			if op == opLabel || op < opTouch && bc.Table[op].Flags&(bc.Safe|bc.Jump) != 0 {
				n := g.regs[r.v].n
				if n == 1 {
					g.code[at].op = bc.ZERO
				} else {
					g.code[at].op, g.code[at].imm = bc.ZERON, int64(n)
				}
				return
			}
		}
	}
}

// layout is short for the layout of an expression's type.
func (g *gen) layout(t types.Type) *Layout { return g.ls.Of(t) }
