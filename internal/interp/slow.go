package interp

import (
	"bytes"
	"fmt"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/host"
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
)

// slow executes the instruction at pc outside the loop. It reports false when
// the goroutine leaves this P.
func (w *worker) slow() bool {
	w.save() // for the memory profile, which looks at the stack
	in := w.ins()
	switch in.Op {
	case bytecode.CALLN:
		return w.native(&in)
	case bytecode.NEW:
		return w.new(&in)
	case bytecode.MKSLICE:
		return w.makeSlice(&in)
	case bytecode.APPEND8, bytecode.APPEND64, bytecode.APPENDP:
		return w.grow1(&in)
	case bytecode.APPENDN:
		return w.growN(&in)
	case bytecode.STREQ:
		eq, ok := w.sameString(in.B, in.C)
		if !ok {
			return w.fault("a string")
		}
		*w.slot(in.A) = eq
		return w.next()
	case bytecode.BSTRNE:
		eq, ok := w.sameString(in.A, in.B)
		if !ok {
			return w.fault("a string")
		}
		if eq == 0 {
			w.st.pc += uintptr(in.Imm)
		}
		return w.next()
	case bytecode.MCOPY:
		w.barrier.Bulk(*w.slot(in.A), uint64(in.Imm))
		if !w.m.vm.Space.Copy(*w.slot(in.A), *w.slot(in.B), uint64(in.Imm)) {
			return w.fault("a copy")
		}
		return w.next()
	case bytecode.MZERO:
		w.barrier.Bulk(*w.slot(in.A), uint64(in.Imm))
		if !w.m.vm.Space.Zero(*w.slot(in.A), uint64(in.Imm)) {
			return w.fault("a clear")
		}
		return w.next()
	case bytecode.STP, bytecode.STPN, bytecode.STGP, bytecode.STXP, bytecode.ASTP, bytecode.ASWAPP, bytecode.ACASP:
		return w.storePointer(&in)
	case bytecode.CALL: // farCall
		return w.slowCall()
	case bytecode.DEFER:
		return w.pushDefer(&in)
	case bytecode.RUNDEFERS:
		return w.runDefers(&in)
	case bytecode.PANIC:
		return w.raise("runtime.gopanic", *w.slot(in.A), *w.slot(in.A + 1))
	case bytecode.RECOVER:
		typ, data := w.recovers()
		*w.slot(in.A), *w.slot(in.A + 1) = typ, data
		return w.next()
	case bytecode.GO:
		return w.spawn(&in)
	case bytecode.TRAP:
		return w.raiseTrap(int(in.D), 0, in.Imm, 0)
	}
	w.save()
	return w.fatal(fmt.Sprintf("BUG: opcode %d (%s) reached outside the loop", in.Op, bytecode.Table[in.Op].Name))
}

func (w *worker) sameString(a, b uint16) (eq uint64, ok bool) {
	p, ok1 := w.m.vm.Space.Bytes(*w.slot(a), *w.slot(a + 1))
	q, ok2 := w.m.vm.Space.Bytes(*w.slot(b), *w.slot(b + 1))
	if bytes.Equal(p, q) {
		eq = 1
	}
	return eq, ok1 && ok2
}

// alloc allocates for the instruction at pc, which is a safepoint, collecting if
// it must.
func (w *worker) alloc(size uint64, t abi.TypeID, noscan bool) (mem.Addr, bool) {
	for retry := false; ; retry = true {
		a, st := w.p.Cache.Alloc(size, t, noscan, flags(retry))
		switch st {
		case heap.OK:
			return a, true
		case heap.NeedGC:
			if !w.collect(gc.Limit) {
				return 0, false
			}
		default:
			w.save()
			return 0, w.outOfMemory(fmt.Sprintf("allocating %d bytes", size))
		}
	}
}

// new is NEW when the cache's window is used up, and for types that have no span
// class of their own.
func (w *worker) new(in *bytecode.Ins) bool {
	t := &w.m.prog.Types[in.Imm]
	if in.C == 0 {
		a, ok := w.alloc(t.Size, abi.TypeID(in.Imm), t.PtrBytes == 0)
		if !ok {
			return false
		}
		*w.slot(in.A) = a
		return w.next()
	}
	c := heap.SpanClass(in.C)
	for retry := false; ; retry = true {
		switch w.p.Cache.Refill(c, flags(retry)) {
		case heap.OK:
			*w.slot(in.A) = w.p.Cache.New(c, abi.TypeID(in.Imm))
			return w.next()
		case heap.NeedGC:
			if !w.collect(gc.Limit) {
				return false
			}
		default:
			w.save()
			return w.outOfMemory(fmt.Sprintf("allocating %d bytes", t.Size))
		}
	}
}

// maxAlloc is the largest size in bytes that make accepts, that of Go on 64-bit
// machines; what lies between it and the limit is out of memory.
const maxAlloc = 1 << 48

func (w *worker) makeSlice(in *bytecode.Ins) bool {
	n, c := *w.slot(in.B), *w.slot(in.C)
	t := &w.m.prog.Types[in.Imm]
	most := uint64(1<<63 - 1)
	if t.Size > 0 {
		most = maxAlloc / t.Size
	}
	switch {
	case n > most:
		return w.raiseTrap(bytecode.TrapMakeLen, 0, int64(n), 0)
	case c > most || n > c:
		return w.raiseTrap(bytecode.TrapMakeCap, 0, int64(c), 0)
	}
	a := w.m.vm.Heap.ZeroBase()
	if t.Size*c > 0 {
		var ok bool
		if a, ok = w.alloc(t.Size*c, abi.TypeID(in.Imm), t.PtrBytes == 0); !ok {
			return false
		}
	}
	*w.slot(in.A), *w.slot(in.A + 1), *w.slot(in.A + 2) = a, n, c
	return w.next()
}

// growSlice gives the slice in slots s to s+2 room for length elements. When it
// reports !done something else than the append comes next, and ok is for steps.
func (w *worker) growSlice(s uint16, id abi.TypeID, length uint64) (done, ok bool) {
	t := &w.m.prog.Types[id]
	c := &w.call
	for c.Retry = false; ; c.Retry = true {
		a, room, st := c.Grow(t.Size, id, t.PtrBytes == 0, *w.slot(s), *w.slot(s + 1), *w.slot(s + 2), length)
		switch st {
		case host.OK:
			*w.slot(s), *w.slot(s + 2) = a, room
			return true, true
		case host.Collect:
			if c.Retry {
				w.save()
				return false, w.outOfMemory("growing a slice")
			}
			if !w.collect(gc.Limit) {
				return false, false
			}
		case host.Panic:
			return false, w.raiseCall(c)
		default:
			panic(fmt.Sprintf("BUG: interp: growing a slice gave status %d", st))
		}
	}
}

// grow1 is APPEND of one element without room.
func (w *worker) grow1(in *bytecode.Ins) bool {
	n := *w.slot(in.A + 1)
	if n >= *w.slot(in.A + 2) {
		if done, ok := w.growSlice(in.A, abi.TypeID(in.Imm), n+1); !done {
			return ok
		}
	}
	p := *w.slot(in.A)
	if in.Op == bytecode.APPENDP {
		w.barrier.Word(p + n*8)
	}
	if in.Op == bytecode.APPEND8 {
		w.m.vm.Space.Store8(p+n, uint8(*w.slot(in.B)))
	} else {
		w.m.vm.Space.Store64(p+n*8, *w.slot(in.B))
	}
	*w.slot(in.A + 1) = n + 1
	return w.next()
}

// growN is APPENDN without room.
func (w *worker) growN(in *bytecode.Ins) bool {
	n, k := *w.slot(in.A + 1), *w.slot(in.B)
	if done, ok := w.growSlice(in.A, abi.TypeID(in.Imm), n+k); !done {
		return ok
	}
	*w.slot(in.A + 1) = n + k
	return w.next()
}

// spawn is the go statement.
func (w *worker) spawn(in *bytecode.Ins) bool {
	fn := *w.slot(in.A)
	if fn == 0 {
		w.save()
		return w.fatal("go of nil func value")
	}
	s := w.m.vm.Sched
	for retry := false; ; retry = true {
		g, st := s.NewG(w.p, w.g, fn, w.st.pc, flags(retry))
		switch st {
		case heap.OK:
			if w.m.vm.Flags.Ancestors > 0 {
				w.save()
				w.m.inherit(g, w.g)
			}
			s.Queue(w.p, g)
			return w.next()
		case heap.NeedGC:
			if !w.collect(gc.Limit) {
				return false
			}
			fn = *w.slot(in.A)
		default:
			w.save()
			return w.outOfMemory("starting a goroutine")
		}
	}
}

// pinned counts procPin and procUnpin. After the last unpin the safepoints that
// were passed over are made up for at the next poll.
func (w *worker) pinned(n int) {
	w.gs.pins += n
	if w.gs.pins == 0 && w.late {
		w.late = false
		w.arm()
	}
}

// native is a call of a host function.
func (w *worker) native(in *bytecode.Ins) bool {
	w.save()
	if uint64(in.Imm) >= uint64(len(w.m.natives)) {
		return w.fatal(fmt.Sprintf("BUG: host function %d of %d", in.Imm, len(w.m.natives)))
	}
	n := &w.m.natives[in.Imm]
	c := &w.call
	c.Retry = false
	for {
		c.Begin(n.sym, w.guest(w.st.fp)+uint64(in.A)*8, uint32(in.C))
		switch st := n.fn(c); st {
		case host.OK:
			w.load()
			w.st.pc += bytecode.InsBytes
			if n.pin != 0 {
				w.pinned(int(n.pin))
			}
			return true
		case host.Yield:
			w.gs.behind = true
			return w.leave(sched.Yielded)
		case host.Again:
			return w.leave(sched.Yielded)
		case host.Park, host.Switch:
			return w.leave(sched.Parked)
		case host.Collect:
			if c.Retry {
				return w.outOfMemory("in " + n.sym)
			}
			if !w.collect(gc.Limit) {
				return false
			}
			c.Retry = true
		case host.Panic:
			w.load()
			return w.raiseCall(c)
		case host.Fatal:
			return w.endFatal(c.Text, !c.Own)
		case host.Exit:
			w.m.vm.Sched.Exit(sched.Exit{Code: c.Code})
			return w.leave(sched.Exited)
		case host.Machine:
			if w.ended {
				return w.leave(w.out)
			}
			w.load()
			w.arm()
			return true
		default:
			panic(fmt.Sprintf("BUG: interp: %s answered %d", n.sym, st))
		}
	}
}
