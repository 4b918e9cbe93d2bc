package interp

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
	"github.com/terrarium-go/terrarium/internal/stack"
)

// Calls outside the loop, and what happens at safepoints.
//
// A call that leaves the loop is completed first: the control word is pushed, FP
// moved, PC set to the callee's first instruction. Then the goroutine stands at a
// function's entry, where its stack may grow, where it may be preempted, and where
// only the callee's parameters and the closure register are live.

// begin starts a goroutine that has not run: a call of its closure at the bottom
// of its stack.
func (w *worker) begin() bool {
	g := w.g
	f := w.m.closure(g.StartFn)
	s := g.Stack.Start(w.m.vm.Space)
	w.st.fp, w.st.csp, w.st.ctx = s.FP, s.CSP, g.StartFn
	if f == nil {
		w.st.pc = w.st.text
		return w.fatal(fmt.Sprintf("goroutine started with %#x, which is no func value", g.StartFn))
	}
	w.st.pc = w.entry(f)
	w.save()
	return w.room(f)
}

func (w *worker) entry(f *abi.Func) uintptr {
	return w.st.text + uintptr(f.Entry+1)*bytecode.InsBytes
}

// push makes f the newest frame, slots above the current one, called by the
// instruction at pc (with mark: for the machine), and stands at its entry.
func (w *worker) push(f *abi.Func, slots uint16, mark uint64) bool {
	*(*uint64)(unsafe.Pointer(w.st.csp)) = mark | uint64(w.st.pc)<<16 | uint64(slots)
	w.st.csp += 8
	w.st.fp += uintptr(slots) * 8
	w.st.pc = w.entry(f)
	w.save()
	return w.raw() || w.room(f)
}

// slowCall completes the call at pc and handles why it left the loop.
func (w *worker) slowCall() bool { return w.complete() && (w.raw() || w.safepoint()) }

// raw reports whether the goroutine stands at the entry of a stub that takes its
// arguments uninterpreted. No stack map covers them, so nothing may stop it there.
func (w *worker) raw() bool {
	in := w.ins()
	return in.Op == bytecode.CALLN && w.m.natives[in.Imm].raw
}

// complete makes the call at pc.
func (w *worker) complete() bool {
	in := w.ins()
	var f *abi.Func
	switch in.Op {
	case bytecode.CALL:
		f = &w.m.prog.Funcs[(*bytecode.Ins)(unsafe.Pointer(w.st.pc+uintptr(in.Imm))).Imm]
	case bytecode.CALLC:
		c := *w.slot(in.B)
		f = w.m.closure(c)
		w.st.ctx = c
	case bytecode.CALLI:
		itab := *w.slot(in.B)
		f = w.m.target(w.m.vm.Space.Load64(itab + itabFun + uint64(in.C)*8))
		*w.slot(in.A) = *w.slot(in.B + 1)
	}
	if f == nil {
		return w.badCode()
	}
	return w.push(f, in.A, 0)
}

// badCode ends the program: a code pointer in guest memory has been destroyed.
func (w *worker) badCode() bool {
	w.save()
	return w.fatal("call through a func value or method table that holds no function")
}

// room makes sure that the frame of f, at whose entry the goroutine stands, fits
// the stack.
func (w *worker) room(f *abi.Func) bool {
	need := w.guest(w.st.fp) + uint64(f.Frame)*8 - w.g.Stack.Lo
	if need <= w.g.Stack.Size() {
		return true
	}
	return w.grow(need)
}

// grow makes the stack at least need bytes large. The state is saved, and a safe
// one to move.
func (w *worker) grow(need uint64) bool {
	s := w.m.vm.Sched
	size := stack.SizeFor(need)
	if size == 0 || size > s.MaxStack() {
		return w.stackOverflow(s.MaxStack())
	}
	if g := w.g; g.Stack.Extend(w.m.vm.Space, w.p.Cache, &g.State, size) {
		w.load()
		w.arm()
		return true
	}
	return w.move(size)
}

// move gives the goroutine a stack of size bytes; the state is saved.
func (w *worker) move(size uint64) bool {
	for retry := false; ; retry = true {
		g := w.g
		switch g.Stack.Move(w.m.at, w.m.vm.Space, w.p.Cache, &g.State, size, flags(retry), w.held) {
		case heap.OK:
			w.load()
			w.arm()
			return true
		case heap.NeedGC:
			if !w.collect(gc.Limit) {
				return false
			}
		default:
			return w.outOfMemory("growing a goroutine stack")
		}
	}
}

// held shows the pointers into the stack that the host may hold.
func (w *worker) held(f func(*uint64)) {
	w.gs.Pointers(f)
	f(&w.g.Ctx)
	for i := range w.g.Defers {
		f(&w.g.Defers[i].Fn)
	}
}

// collect runs a collection; the goroutine stands at a safepoint.
func (w *worker) collect(why gc.Reason) bool {
	w.save()
	vm := w.m.vm
	if why == gc.Limit && (vm.Flags.GCEvery > 0 || vm.Flags.FailAlloc > 0) {
		why = gc.Debug
	}
	cycle, done := vm.Sched.Collect(w.p, w.g, gc.Request{Reason: why, Seen: w.seen})
	if done && cycle.Futile {
		return w.outOfMemory("collecting, again and again, with next to nothing freed")
	}
	w.load()
	w.arm()
	return true
}

// poll handles a back-branch that found the limit lowered. It is executed when
// the loop goes on.
func (w *worker) poll() bool {
	w.save()
	return w.safepoint()
}

// safepoint does what others want of this P. The state is saved and can be
// resumed by loading it.
func (w *worker) safepoint() bool {
	if w.gs.pins > 0 && w.p.Wants()&sched.WantExit == 0 {
		w.late = true
		atomic.StoreUintptr(&w.st.limit, w.stackEnd())
		return true
	}
	want := w.p.Wants()
	if want&sched.WantSample != 0 {
		w.p.Forget(sched.WantSample)
		w.m.vm.SampleCPU(w.g)
	}
	if want&sched.WantGC != 0 && want&(sched.WantStop|sched.WantExit) == 0 {
		w.p.Forget(sched.WantGC)
		w.collect(gc.Trigger)
		want = w.p.Wants()
	}
	if want&(sched.WantStop|sched.WantExit|sched.WantPreempt) != 0 {
		return w.leave(sched.Preempted)
	}
	w.arm()
	return true
}

// special handles RET at a control word with a meaning of its own.
func (w *worker) special() bool {
	word := *(*uint64)(unsafe.Pointer(w.st.csp - 8))
	if word == 0 {
		return w.finish()
	}
	w.st.csp -= 8
	callee := w.st.fp
	w.st.fp -= uintptr(uint16(word)) * 8
	w.st.pc = uintptr(word &^ stack.Mark >> 16)
	switch w.ins().Op {
	case bytecode.RUNDEFERS:
		return true
	case bytecode.CALLN:
		return w.returned(callee)
	}
	panic(fmt.Sprintf("BUG: interp: marked return to opcode %s", bytecode.Table[w.ins().Op].Name))
}

// finish ends the goroutine.
func (w *worker) finish() bool {
	w.dropPanics()
	w.gs.returns = nil
	w.save()
	return w.leave(sched.Ended)
}

// fuel is what the metered loop gets: the rest of the time slice or of the
// budget, whichever is less.
func (w *worker) fuel() int64 { return min(w.slice, w.m.budget.Load()) }

func (w *worker) burn(n int64) {
	if w.slice != maxFuel {
		w.slice -= n
	}
	if w.m.budget.Load() != maxFuel {
		w.m.budget.Add(-n)
	}
}

const maxFuel = 1<<63 - 1

// refuel handles the end of a time slice or of the budget, at a call or
// back-branch that has not been executed. The arguments of a call are in no stack
// map but the callee's, so it is made first.
func (w *worker) refuel() bool {
	m := w.m
	if bytecode.Table[w.ins().Op].Flags&bytecode.Call != 0 {
		if !w.complete() {
			return false
		}
		if w.raw() {
			return true
		}
	}
	w.save()
	if m.budget.Load() <= 0 {
		return w.overBudget()
	}
	w.slice = m.quantum
	switch {
	case w.gs.pins > 0:
		return true
	case m.vm.Flags.MoveStack:
		if !w.move(w.g.Stack.Size()) {
			return false
		}
		if m.vm.Flags.Yield {
			return w.leave(sched.Yielded)
		}
		return w.safepoint()
	default:
		return w.leave(sched.Yielded)
	}
}

// callable is the function behind a func value that the machine is to call; a
// nil value is a nil dereference at pc.
func (w *worker) callable(c mem.Addr) (*abi.Func, bool) {
	if c < 4096 {
		return nil, w.raiseTrap(bytecode.TrapNil, 0, 0, 0)
	}
	f := w.m.closure(c)
	if f == nil {
		return nil, w.badCode()
	}
	return f, true
}
