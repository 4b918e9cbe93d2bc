package interp

import (
	"fmt"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/host"
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
	"github.com/terrarium-go/terrarium/internal/stack"
)

// Defer, panic, recover
//
// Deferred calls. Each goroutine has one list of deferred calls that have not
// run, in the order of the frames that own them, older frames first. DEFER adds
// to it; RUNDEFERS, at the end of a function, takes the calls of its own frame
// off it, newest first, and makes each above the frame; the call returns to the
// RUNDEFERS itself. A range-over-func body adds to the frame of the enclosing
// function, which it names by a token, the frame's depth.
//
// Panics. gopanic is guest code. Its frame owns a record here:
//
//	panicStart  opens the record
//	nextDefer   takes the newest deferred call of the goroutine off the list, whoever owns it
//	            (gopanic then calls it), and remembers the owner in the record
//	RECOVER     marks the newest record as recovered, if the function that executes it was
//	            called by that record's frame, wrappers not counted
//	panicDone   if the record is recovered, unwinds to the owner of the call that recovered
//	            it: the owner goes on at its DeferReturn, which runs the deferred calls it
//	            has left and returns to its caller
//
// Unwinding to a frame drops the records whose gopanic frame lies above it: the
// recovered one, and earlier ones that were aborted because a later panic ran
// the deferred calls of frames below them. Goexit is a record that cannot be
// recovered; when unwinding would drop one, it is started again instead: a
// goroutine that called Goexit ends, whatever its deferred calls do.
//
//	panics[i].depth < panics[i+1].depth
//	Defers[i].Depth <= Defers[i+1].Depth

// panicking is one panic, or Goexit, in progress.
type panicking struct {
	typ, data uint64 // the value
	depth     uint32 // of its gopanic frame
	owner     uint32 // depth of the frame whose deferred call it runs
	goexit    bool
	recovered bool
}

const panickingCost = int64(unsafe.Sizeof(panicking{}))

// dropPanics forgets the records of a goroutine that ends.
func (w *worker) dropPanics() {
	w.m.vm.Space.Uncharge(int64(cap(w.gs.panics))*panickingCost, mem.KindRecord)
	w.gs.panics = nil
	w.m.dropAncestors(w.gs)
}

func init() {
	host.Register([]host.Entry{
		{Sym: "go:defertoken", Fn: deferToken},
		{Sym: "runtime.panicStart", Fn: panicStart},
		{Sym: "runtime.nextDefer", Fn: nextDefer},
		{Sym: "runtime.panicDone", Fn: panicDone},
		{Sym: "runtime.panicArg", Fn: panicArg},
		{Sym: "runtime.fatalPanic", Fn: fatalPanic},
		{Sym: "runtime.goexitDone", Fn: goexitDone},
		{Sym: "runtime.panicsRunning", Fn: panicsRunning},
	})
}

// panicsRunning() bool
func panicsRunning(c *host.Call) host.Status {
	found := false
	s := c.Sched
	s.StopTheWorld(c.P)
	s.Goroutines(func(g *sched.G) bool {
		if gs, ok := g.Run.(*goroutine); ok && g != c.G {
			for i := range gs.panics {
				found = found || !gs.panics[i].goexit && !gs.panics[i].recovered
			}
		}
		return !found
	})
	s.StartTheWorld(c.P)
	c.SetBool(0, found)
	return host.OK
}

// of is the worker that makes a call; its state is saved and still in st.
func of(c *host.Call) *worker { return c.P.Loop.(*worker) }

// pushDefer is DEFER.
func (w *worker) pushDefer(in *bytecode.Ins) bool {
	g := w.g
	d := sched.Defer{Fn: *w.slot(in.A), Depth: w.depth(), Frame: w.guest(w.st.fp) - g.Stack.Lo}
	if in.D == 1 {
		d.Depth = uint32(*w.slot(in.B))
		d.Frame = 0
		if d.Depth == 0 || d.Depth > w.depth() {
			w.save()
			return w.fatal(fmt.Sprintf("BUG: defer on frame %d of %d", d.Depth, w.depth()))
		}
	}
	if !w.m.vm.Sched.PushDefer(g, d) {
		w.save()
		return w.outOfMemory("deferring a call")
	}
	// Frames between the owner and this one keep their place above it.
	for i := len(g.Defers) - 1; i > 0 && g.Defers[i-1].Depth > g.Defers[i].Depth; i-- {
		g.Defers[i-1], g.Defers[i] = g.Defers[i], g.Defers[i-1]
	}
	return w.next()
}

// deferToken is [0] = the token of the calling frame.
func deferToken(c *host.Call) host.Status {
	c.Set(0, uint64(of(c).depth()))
	return host.OK
}

// runDefers is RUNDEFERS.
func (w *worker) runDefers(in *bytecode.Ins) bool {
	g := w.g
	n := len(g.Defers)
	if n == 0 || g.Defers[n-1].Depth < w.depth() {
		return w.next()
	}
	if g.Defers[n-1].Depth > w.depth() {
		w.save()
		return w.fatal(fmt.Sprintf("BUG: a deferred call of frame %d is left at frame %d", g.Defers[n-1].Depth, w.depth()))
	}
	fn := g.Defers[n-1].Fn
	g.Defers = g.Defers[:n-1]
	f, ok := w.callable(fn)
	if f == nil {
		return ok
	}
	w.st.ctx = fn
	return w.push(f, in.A, stack.Mark) && w.safepoint()
}

// panicStart(arg any, goexit bool) opens a record for the calling frame.
func panicStart(c *host.Call) host.Status {
	w := of(c)
	if ps := w.gs.panics; len(ps) == cap(ps) {
		n := max(2, 2*cap(ps))
		if !c.Space.Charge(int64(n-cap(ps))*panickingCost, mem.KindRecord) {
			return host.Collect
		}
		w.gs.panics = append(make([]panicking, 0, n), ps...)
	}
	w.gs.panics = append(w.gs.panics, panicking{typ: c.Arg(0), data: c.Arg(1), goexit: c.Bool(2), depth: w.depth()})
	return host.OK
}

// newest is the record of the calling frame.
func newest(w *worker) *panicking {
	n := len(w.gs.panics)
	if n == 0 || w.gs.panics[n-1].depth != w.depth() {
		panic("BUG: interp: a panic runs in a frame that has not started one")
	}
	return &w.gs.panics[n-1]
}

// nextDefer() func() takes the newest deferred call off the list.
func nextDefer(c *host.Call) host.Status {
	w := of(c)
	p := newest(w)
	n := len(w.g.Defers)
	if n == 0 {
		c.Set(0, 0)
		return host.OK
	}
	d := w.g.Defers[n-1]
	w.g.Defers = w.g.Defers[:n-1]
	p.owner = d.Depth
	c.Set(0, d.Fn)
	if d.Fn == 0 {
		// Calling it is a nil dereference in gopanic's frame, as in Go.
		return c.PanicTrap(bytecode.TrapNil, 0, 0, 0)
	}
	return host.OK
}

// panicDone() unwinds when the deferred call that has returned recovered.
func panicDone(c *host.Call) host.Status {
	w := of(c)
	p := newest(w)
	if !p.recovered {
		return host.OK
	}
	w.gs.signal = 0
	owner := p.owner
	for i, q := range w.gs.panics[:len(w.gs.panics)-1] {
		if q.goexit && q.depth > owner {
			w.gs.panics = w.gs.panics[:i]
			w.unwind(q.depth, false)
			return host.Machine
		}
	}
	w.unwind(owner, true)
	return host.Machine
}

// unwind makes the frame of a depth the newest again: at its DeferReturn, or at
// its entry.
func (w *worker) unwind(depth uint32, deferReturn bool) {
	at := w.depth()
	ctl := w.g.Stack.Control
	if depth == 0 || depth >= at {
		panic(fmt.Sprintf("BUG: interp: unwinding from frame %d to %d", at, depth))
	}
	pc := uintptr(ctl[depth] &^ stack.Mark >> 16)
	for i := at - 1; i >= depth; i-- {
		w.st.fp -= uintptr(uint16(ctl[i])) * 8
	}
	w.st.csp = w.g.Stack.ControlBase() + uintptr(depth)*8
	f := w.m.funcOf(pc)
	if deferReturn && f.DeferReturn == 0 {
		panic("BUG: interp: recovery in " + f.Name + ", which defers nothing")
	}
	at = f.Entry + 1
	if deferReturn {
		at = f.Entry + f.DeferReturn
	}
	w.st.pc = w.st.text + uintptr(at)*bytecode.InsBytes
	for n := len(w.gs.panics); n > 0 && w.gs.panics[n-1].depth > depth; n-- {
		w.gs.panics = w.gs.panics[:n-1]
	}
	for n := len(w.gs.returns); n > 0 && w.gs.returns[n-1].depth >= depth; n-- {
		w.gs.returns = w.gs.returns[:n-1]
	}
	w.save()
}

// panicArg(i int) (arg any, goexit, recovered, ok bool) is record i, oldest first.
func panicArg(c *host.Call) host.Status {
	ps := of(c).gs.panics
	i := c.Arg(0)
	c.Set(1, 0)
	c.Set(2, 0)
	c.Set(3, 0)
	if i >= uint64(len(ps)) {
		return host.OK
	}
	p := &ps[i]
	c.Set(1, p.typ)
	c.Set(2, p.data)
	for k, b := range []bool{p.goexit, p.recovered, true} {
		if b {
			c.SetU8(24+k, 1)
		}
	}
	return host.OK
}

// recovers is the value of recover() in the newest frame: typ and data are 0
// when there is nothing to recover.
func (w *worker) recovers() (typ, data uint64) {
	n := len(w.gs.panics)
	if n == 0 {
		return 0, 0
	}
	p := &w.gs.panics[n-1]
	if p.goexit || p.recovered || w.caller() != p.depth {
		return 0, 0
	}
	p.recovered = true
	return p.typ, p.data
}

// caller is the depth of the frame that called the newest one, not counting
// wrappers. A wrapper as the newest frame (defer recover()) stands for the
// function that runs it.
func (w *worker) caller() uint32 {
	ctl := w.g.Stack.Control
	d := w.depth() - 1
	wrapper := func() bool {
		return w.m.funcOf(uintptr(ctl[d]&^stack.Mark>>16)).Flags&abi.Wrapper != 0
	}
	if w.m.funcOf(w.st.pc).Flags&abi.Wrapper != 0 {
		for d > 0 && wrapper() {
			d--
		}
		if d > 0 {
			d--
		}
	}
	for d > 0 && wrapper() {
		d--
	}
	return d
}

// goexitDone() ends the goroutine; its deferred calls have run.
func goexitDone(c *host.Call) host.Status {
	w := of(c)
	w.finish()
	w.ended = true
	return host.Machine
}
