// Package interp is the interpreter: it runs the bytecode of a program on guest
// stacks, one goroutine at a time per P.
//
// # Shape
//
// The hot part is one generated leaf function per P (loop_gen.go, made by
// mkloop.go from loop.txt): a switch over case numbers (load.go) that calls
// nothing. Whatever is rare, slow, may park, may collect or may fail leaves the
// loop with a reason; an ordinary Go function does the work on the saved state
// and the loop is entered again. A guest call never uses the host's stack, so
// that a goroutine is plain data whenever the loop has been left.
//
//	Run ─► steps ─► loop ──leftSlow────► slow     (slow.go: by opcode)
//	         ▲              leftTrap────► trap     (trap.go)
//	         │              leftPoll────► poll     (call.go)
//	         │              leftCall────► call     (call.go)
//	         │              leftReturn──► return   (call.go)
//	         └──────────────────┘
//
// # The control stack
//
// Who called whom is kept on the host, out of the guest's reach: one word per
// call, PC of the calling instruction << 16 | slots that FP moved. Word 0 of a
// goroutine is 0 and ends it. A word with the bit stack.Mark was pushed by the
// machine, and RET leaves the loop for it: deferred calls return to their
// RUNDEFERS, calls made by reflection return to the host function that made them.
//
// A frame is named by its depth: the number of control words when it is the
// newest frame. The depth of the first frame is 1; Control[d] is the word pushed by
// the frame of depth d.
//
// # Where a goroutine can stop
//
//	at an instruction with a stack map, not yet executed (or executed again when it resumes)
//	at a function's entry: PC is the first instruction, the frame may not fit the stack yet
//
// # Failures
//
// A guest panic is a call of a guest function (abi.Hooks) above the failing
// instruction. A guest-fatal error prints its report and ends the program with
// exit code 2. A host panic while guest code runs is a fault of the guest (an
// address outside of its memory) or our own bug; both end this program only.
package interp

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/host"
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
	"github.com/terrarium-go/terrarium/internal/stack"
)

// Machine runs one program. It implements sched.Runner and host.Frames.
type Machine struct {
	vm   *host.VM
	prog *bytecode.Program
	code []bytecode.Ins // prog.Code as the loop wants it; see load.go
	at   *stack.Code
	inlined

	natives []native
	hooks   map[string]uint32 // index in prog.Funcs
	missing []string          // host functions that nothing provides

	quantum int64 // calls and back-branches of a time slice when metered
	metered bool
	budget  atomic.Int64 // calls and back-branches that the program may still make

	counting int                        // debug flag pairs
	told     atomic.Pointer[traceLevel] // by debug.SetTraceback; nil: nothing
	countsMu sync.Mutex
	counts   []*[bytecode.CountSlots]uint64 // one for each worker; guarded by countsMu

	symbolsOnce sync.Once
	symbols     map[string]*abi.Func
}

type native struct {
	sym string
	fn  host.Func
	pin int8 // 1 pins the goroutine to its P, -1 undoes it
	raw bool // of a stub whose arguments no stack map describes; see calls.go
}

// worker is the interpreter's record of one P.
//
//	between loop runs: st is the truth; host functions see its copy in g
type worker struct {
	st      state
	m       *Machine
	p       *sched.P
	g       *sched.G
	gs      *goroutine
	call    host.Call
	barrier *gc.Barrier
	slice   int64 // fuel left of this time slice
	out     sched.Outcome
	ended   bool   // the goroutine is over
	late    bool   // a safepoint was passed over because the goroutine is pinned
	seen    uint32 // collections done when the loop was left last
	inside  bool   // the loop runs: st is not the truth
}

// goroutine is what the interpreter hangs on a G.
type goroutine struct {
	panics    []panicking
	returns   []returning
	pins      int        // of procPin: while above 0 nothing but Exit takes the P away
	signal    uintptr    // PC of a memory fault whose panic is in progress, else 0
	ancestors []ancestor // with the debug flag tracebackancestors, nearest first
	behind    bool       // the host call at PC is done: the goroutine goes on behind it (PC has the stack map)
}

// Pointers implements sched.RunState.
func (s *goroutine) Pointers(f func(*uint64)) {
	for i := range s.panics {
		f(&s.panics[i].data)
	}
	for i := range s.returns {
		r := &s.returns[i]
		for k := range r.held {
			f(&r.held[k])
		}
	}
}

func (m *Machine) worker(p *sched.P) *worker {
	w, ok := p.Loop.(*worker)
	if !ok {
		w = &worker{m: m, p: p, barrier: m.vm.Sched.Barrier()}
		base := m.vm.Space.Base()
		w.st = state{
			base:    base,
			region:  uint64(uintptr(base)),
			zero:    m.prog.Syms["runtime.zeroVal"],
			slots:   unsafe.Pointer(&p.Cache.Slots[0]),
			text:    uintptr(unsafe.Pointer(unsafe.SliceData(m.code))),
			textLen: uint64(len(m.code)) * bytecode.InsBytes,
		}
		if m.counting > 0 {
			w.st.counts, w.st.bits = m.newCounts(), m.caseBits()
		}
		w.call = host.Call{VM: m.vm, P: p}
		p.Loop = w
		p.SetLimit(&w.st.limit)
	}
	return w
}

// newCounts makes the table of a worker that counts. Most of it is never touched.
func (m *Machine) newCounts() *[bytecode.CountSlots]uint64 {
	m.countsMu.Lock()
	defer m.countsMu.Unlock()
	c := new([bytecode.CountSlots]uint64)
	m.counts = append(m.counts, c)
	return c
}

// Executed is what was counted with the debug flag pairs, or nil. The program has ended.
func (m *Machine) Executed() *bytecode.Counts {
	if m.counting == 0 {
		return nil
	}
	m.countsMu.Lock()
	defer m.countsMu.Unlock()
	c := &bytecode.Counts{Name: caseName, Bits: int(m.caseBits())}
	for _, t := range m.counts {
		c.Add(t)
	}
	return c
}

// caseBits is the bits of a case number while counting: without sequences they are opcodes.
func (m *Machine) caseBits() uint8 {
	if m.counting == 1 {
		return 8
	}
	return 9
}

// caseName names the cases of the loop: a sequence is first+second.
func caseName(n uint16) string {
	if n < 256 {
		return bytecode.Table[n].Name
	}
	if k := int(n) - firstCase; k < len(sequences) {
		var names []string
		for _, o := range sequences[k] {
			names = append(names, bytecode.Table[o].Name)
		}
		return strings.Join(names, "+")
	}
	for sym, k := range inLoop {
		if k.number == n && k.d == 0 {
			return sym
		}
	}
	return "CALL"
}

// Run implements sched.Runner.
func (m *Machine) Run(p *sched.P, g *sched.G) sched.Outcome {
	w := m.worker(p)
	w.g, w.call.G, w.ended = g, g, false
	if g.Run == nil {
		g.Run = &goroutine{}
	}
	w.gs = g.Run.(*goroutine)
	w.slice = m.quantum
	return w.guarded()
}

// steps runs until there is an outcome.
func (w *worker) steps() sched.Outcome {
	if w.g.PC == 0 {
		if !w.begin() {
			return w.out
		}
	} else {
		w.load()
		if w.gs.behind {
			w.gs.behind = false
			w.next()
		}
	}
	w.arm()
	for {
		var why exit
		w.st.wb = 0
		if w.barrier.On() {
			w.st.wb = 1
		}
		w.inside = true
		if w.m.metered {
			w.st.fuel = w.fuel()
			granted := w.st.fuel
			if w.st.counts != nil {
				why = loopCounted(&w.st)
			} else {
				why = loopMetered(&w.st)
			}
			w.burn(granted - max(w.st.fuel, 0))
		} else {
			why = loop(&w.st)
		}
		w.inside = false
		w.seen = w.m.vm.GC.Cycles()
		var ok bool
		switch why {
		case leftSlow:
			ok = w.slow()
		case leftTrap:
			ok = w.trap()
		case leftPoll:
			ok = w.poll()
		case leftCall:
			ok = w.slowCall()
		case leftReturn:
			ok = w.special()
		case leftFuel:
			ok = w.refuel()
		case leftBadCode:
			ok = w.badCode()
		default:
			panic(fmt.Sprintf("BUG: interp: the loop gave reason %d", why))
		}
		if !ok {
			return w.out
		}
	}
}

// leave ends steps with an outcome; the state is saved already.
func (w *worker) leave(o sched.Outcome) bool {
	w.out = o
	return false
}

// save copies the state to the goroutine's record, where everybody else looks
// for it.
func (w *worker) save() {
	g := w.g
	g.PC, g.FP, g.CSP, g.Ctx = w.st.pc, w.st.fp, w.st.csp, w.st.ctx
}

// load is the opposite of save: the stack may have moved meanwhile.
func (w *worker) load() {
	g := w.g
	w.st.pc, w.st.fp, w.st.csp, w.st.ctx = g.PC, g.FP, g.CSP, g.Ctx
}

// arm sets the loop's limit to the end of the goroutine's stack.
func (w *worker) arm() { w.p.Arm(w.stackEnd()) }

// stackEnd is the host address of the stack's end.
func (w *worker) stackEnd() uintptr { return uintptr(w.st.region) + uintptr(w.g.Stack.Hi) }

// ins is the instruction at pc, with its own opcode and D.
func (w *worker) ins() bytecode.Ins {
	in := *(*bytecode.Ins)(unsafe.Pointer(w.st.pc))
	if n := caseOf(&in); n >= 256 {
		in.Op = firstOf[n-256]
	}
	in.D >>= 1
	if in.Op == bytecode.STPN {
		in.D = w.m.prog.Code[w.m.index(w.st.pc)].D
	}
	return in
}

// next moves pc behind the current instruction.
func (w *worker) next() bool {
	w.st.pc += bytecode.InsBytes
	return true
}

// slot is slot i of the newest frame.
func (w *worker) slot(i uint16) *uint64 {
	return (*uint64)(unsafe.Pointer(w.st.fp + uintptr(i)*8))
}

// depth is that of the newest frame.
func (w *worker) depth() uint32 {
	return uint32((w.st.csp - w.g.Stack.ControlBase()) / 8)
}

// guest is the guest address of a host address in the region.
func (w *worker) guest(a uintptr) mem.Addr { return uint64(a) - w.st.region }

// index is the index of the instruction at a PC.
func (m *Machine) index(pc uintptr) uint32 { return m.at.Index(pc) }

// funcOf is the function that contains a PC.
func (m *Machine) funcOf(pc uintptr) *abi.Func { return m.prog.FuncAt(m.index(pc)) }

// target is the function behind a code pointer, or nil.
func (m *Machine) target(code uint64) *abi.Func {
	off := code - mem.TextBase
	if off%bytecode.InsBytes != 0 || off/bytecode.InsBytes >= uint64(len(m.code)) {
		return nil
	}
	i := uint32(off / bytecode.InsBytes)
	if m.code[i].Op != bytecode.FUNC {
		return nil
	}
	return &m.prog.Funcs[m.code[i].Imm]
}

// closure is the function that a func value calls, or nil.
func (m *Machine) closure(c mem.Addr) *abi.Func {
	if !mem.InRegion(c, 8) {
		return nil
	}
	return m.target(m.vm.Space.Load64(c))
}

// flags are those of an allocation.
func flags(retry bool) heap.Flags {
	if retry {
		return heap.AfterGC
	}
	return 0
}
