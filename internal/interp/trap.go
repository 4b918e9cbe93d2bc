package interp

import (
	"fmt"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/host"
)

// Traps
//
// An instruction that fails a check leaves the loop without having changed
// anything. Which check it was is found by looking at its operands again. The
// panic is raised by calling a guest function above the failing instruction:
// runtime.trap(kind, code, x, y) makes the error value and panics. The frame of
// the instruction is never resumed there: a recovery resumes it at its
// DeferReturn, or drops it.

// Codes of bounds errors, as the guest's internal/abi numbers them.
const (
	boundsIndex = iota
	boundsSliceAlen
	boundsSliceAcap
	boundsSliceB
	boundsSlice3Alen
	boundsSlice3Acap
	boundsSlice3B
	boundsSlice3C
	boundsConvert
)

// signedIndex is added to a code whose x is to be printed as a signed number.
const signedIndex = 256

// trap raises the panic of the failed check of the instruction at pc.
func (w *worker) trap() bool {
	in := w.ins()
	index := func(x, y uint64) bool {
		code := boundsIndex | signedIndex
		if in.D == bytecode.IndexUnsigned {
			code = boundsIndex
		}
		return w.raiseTrap(bytecode.TrapIndex, code, int64(x), int64(y))
	}
	switch in.Op {
	case bytecode.DIV, bytecode.REM, bytecode.UDIV, bytecode.UREM, bytecode.DIVI, bytecode.REMI, bytecode.UDIVI, bytecode.UREMI:
		return w.raiseTrap(bytecode.TrapDivide, 0, 0, 0)
	case bytecode.SHCHK:
		return w.raiseTrap(bytecode.TrapShift, 0, 0, 0)
	case bytecode.IDX:
		return index(*w.slot(in.A), *w.slot(in.B))
	case bytecode.IDXI:
		return index(*w.slot(in.A), uint64(in.Imm))
	case bytecode.LDX8U, bytecode.LDX32S, bytecode.LDX32U, bytecode.LDX64, bytecode.LDX128, bytecode.LDX192,
		bytecode.STX8, bytecode.STX32, bytecode.STX64, bytecode.STXP, bytecode.STXI8, bytecode.LEAX, bytecode.LDXFMA, bytecode.LDXADD:
		return index(*w.slot(in.C), *w.slot(in.B + 1))
	case bytecode.LDHX8U, bytecode.LDHX64:
		if p := *w.slot(in.B); p >= 4096 {
			return index(*w.slot(in.C), w.m.vm.Space.Load64(p+uint64(in.Imm)+8))
		}
	case bytecode.LEAA:
		if *w.slot(in.B) >= 4096 {
			return index(*w.slot(in.C), uint64(in.Imm)>>32)
		}
	case bytecode.LDF64, bytecode.STF64:
		return index(*w.slot(in.C), uint64(in.Imm))
	case bytecode.SLICE:
		return w.trapSlice(&in, *w.slot(in.B + 2), true)
	case bytecode.SLICESTR:
		return w.trapSlice(&in, *w.slot(in.B + 1), false)
	case bytecode.SLICEARR:
		if *w.slot(in.B) >= 4096 {
			return w.trapSlice(&in, uint64(in.Imm)>>32, false)
		}
	case bytecode.SLICE2ARR:
		return w.raiseTrap(bytecode.TrapSlice2Arr, boundsConvert|signedIndex, in.Imm, int64(*w.slot(in.B + 1)))
	}
	return w.raiseTrap(bytecode.TrapNil, 0, 0, 0)
}

// trapSlice finds out which bound of a slice expression is wrong; most is the
// capacity, or for strings and arrays the length.
func (w *worker) trapSlice(in *bytecode.Ins, most uint64, capacity bool) bool {
	lo, hi := *w.slot(in.C), *w.slot(in.C + 1)
	fail := func(code int, x, y uint64) bool {
		return w.raiseTrap(bytecode.TrapSlice, code|signedIndex, int64(x), int64(y))
	}
	a := 0
	if capacity {
		a = 1
	}
	if in.D == 3 && in.Op != bytecode.SLICESTR {
		max := *w.slot(in.C + 2)
		switch {
		case max > most:
			return fail(boundsSlice3Alen+a, max, most)
		case hi > max:
			return fail(boundsSlice3B, hi, max)
		}
		return fail(boundsSlice3C, lo, hi)
	}
	if hi > most {
		return fail(boundsSliceAlen+a, hi, most)
	}
	return fail(boundsSliceB, lo, hi)
}

// raiseTrap calls the guest's runtime.trap at pc.
func (w *worker) raiseTrap(kind, code int, x, y int64) bool {
	w.gs.signal = 0
	if kind == bytecode.TrapNil {
		w.gs.signal = w.st.pc
	}
	return w.raise("runtime.trap", uint64(kind), uint64(code), uint64(x), uint64(y))
}

// raise calls a hook above the newest frame, with its arguments, one per word.
func (w *worker) raise(hook string, arg ...uint64) bool {
	w.save()
	m := w.m
	f := &m.prog.Funcs[m.hooks[hook]]
	top := max(m.funcOf(w.st.pc).Frame, 4) // frames lie at least 4 slots apart
	if top > 0xffff {
		return w.fatal(fmt.Sprintf("BUG: no call possible above a frame of %d slots", top))
	}
	// The arguments lie above what the stack is known to hold.
	need := w.guest(w.st.fp) + uint64(top+f.Frame)*8 - w.g.Stack.Lo
	if need > w.g.Stack.Size() && !w.grow(need) {
		return false
	}
	for i, a := range arg {
		*w.slot(uint16(top) + uint16(i)) = a
	}
	return w.push(f, uint16(top), 0)
}

// raiseCall raises the panic that a host function chose.
func (w *worker) raiseCall(c *host.Call) bool {
	switch c.Kind {
	case host.PanicRuntime:
		return w.raiseText("runtime.trapText", c.Text)
	case host.PanicText:
		return w.raiseText("runtime.trapPlain", c.Text)
	case host.PanicAssert:
		return w.raiseText("runtime.trapAssert", c.Text, c.Words[:3]...)
	case host.PanicHash:
		return w.raise("runtime.trapHash", c.Words[0], c.Words[1])
	case host.PanicTrap:
		return w.raiseTrap(int(c.Words[0]), int(c.Words[1]), int64(c.Words[2]), int64(c.Words[3]))
	case host.PanicValue:
		return w.raise("runtime.gopanic", c.Words[0], c.Words[1])
	}
	w.save()
	return w.fatal(fmt.Sprintf("BUG: %s raised a panic of kind %d", c.Sym, c.Kind))
}

// raiseText calls a hook whose last argument is a string.
func (w *worker) raiseText(hook, text string, arg ...uint64) bool {
	w.gs.signal = 0
	w.save()
	var a uint64
	for retry := false; text != ""; retry = true {
		var st heap.Status
		a, st = w.p.Cache.Alloc(uint64(len(text)), abi.TypeID(0), true, flags(retry))
		if st == heap.OK {
			w.m.vm.Space.Write(a, []byte(text))
			break
		}
		if st == heap.NoMemory {
			return w.outOfMemory("raising a panic")
		}
		if !w.collect(gc.Limit) {
			return false
		}
	}
	return w.raise(hook, append(append([]uint64(nil), arg...), a, uint64(len(text)))...)
}
