package interp

import (
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/host"
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/stack"
)

// Calls by reflection
//
// A frame's parameters and results lie in memory as ABI0 has them, so package
// reflect's view of a call, a block of bytes, is a copy of the head of a frame.
//
//	reflect.call            makes a frame from a block, calls a func value, copies the results back
//	reflect.makeFuncStub    is the code of functions made by MakeFunc: the frame it is called with is
//	                        copied to a block, reflect.callReflect does the rest, results are copied back
//	reflect.methodValueCall the same for method values, with reflect.callMethod
//
// The call is pushed with stack.Mark, so that its RET comes back to the CALLN of
// the host function, which finishes (returned). The stubs know the length of their
// parameters, not that of the results: for those they give back all the words that their caller has room for.
// No stack map describes the parameters, so a goroutine is never stopped at the entry of a
// stub, and while the block is allocated their words are roots, whatever they are.

// returning is a host function that waits for a guest call it made.
type returning struct {
	depth uint32   // of the frame that executes the CALLN
	stub  bool     // a stub; else reflect.call
	block mem.Addr // stub: the copy of the frame
	from  uint64   // stub: bytes of parameters
	size  uint64   // bytes of the block
	held  []uint64 // roots
}

func init() {
	host.Register([]host.Entry{
		{Sym: "reflect.call", Fn: reflectCall},
		{Sym: "runtime.reflectcall", Fn: reflectCall},
		{Sym: "reflect.makeFuncStub", Fn: func(c *host.Call) host.Status { return stub(c, "reflect.callReflect") }},
		{Sym: "reflect.methodValueCall", Fn: func(c *host.Call) host.Status { return stub(c, "reflect.callMethod") }},
	})
}

// reflectCall is
//
//	call(stackArgsType *abi.Type, f, stackArgs unsafe.Pointer, stackArgsSize, stackRetOffset, frameSize uint32, regArgs *abi.RegArgs)
func reflectCall(c *host.Call) host.Status {
	w := of(c)
	fn, block := c.Arg(1), c.Arg(2)
	argSize, size := uint64(c.U32(24)), uint64(c.U32(32))
	if fn < 4096 {
		return c.PanicTrap(1, 0, 0, 0)
	}
	f := w.m.closure(fn)
	if f == nil {
		return c.Fatal("reflect.call of a func value that holds no function")
	}
	if f.Flags&abi.ByRef != 0 {
		return c.Fatal("reflect.call of a function whose parameters are passed by reference")
	}
	words, ok := c.Space.Bytes(block, size)
	if !ok || argSize > size || size < uint64(f.ArgEnd) {
		return c.Fatal("reflect.call with a frame that does not fit the function")
	}
	// Live slots may lie above the area of a host call: the frame goes above all of them.
	slots := max(w.m.funcOf(w.st.pc).Frame, 4)
	if !w.reach(slots, max(uint32((size+7)/8), f.Frame)) {
		w.ended = true
		return host.Machine
	}
	to := w.st.fp + uintptr(slots)*8
	frame := unsafe.Slice((*byte)(unsafe.Pointer(to)), (size+7)&^7)
	clear(frame[copy(frame, words[:argSize]):])
	for _, s := range f.Small {
		p := (*uint64)(unsafe.Pointer(to + uintptr(s.Off)))
		*p = extend(*p, s)
	}
	w.gs.returns = append(w.gs.returns, returning{depth: w.depth(), size: size})
	w.st.ctx = fn
	if !w.push(f, uint16(slots), stack.Mark) {
		w.ended = true
	}
	return host.Machine
}

// extend makes a small parameter canonical.
func extend(v uint64, s abi.Small) uint64 {
	shift := 64 - 8*uint64(s.Size)
	if s.Signed {
		return uint64(int64(v<<shift) >> shift)
	}
	return v << shift >> shift
}

// reach makes sure that a frame of so many words fits the stack, slots above
// the current frame. The goroutine stands at a CALLN and is saved.
func (w *worker) reach(slots, words uint32) bool {
	if slots > 0xffff {
		return w.fatal("BUG: a call by reflection lies too far above its caller")
	}
	need := w.guest(w.st.fp) + uint64(slots+words)*8 - w.g.Stack.Lo
	return need <= w.g.Stack.Size() || w.grow(need)
}

// stub is the body of makeFuncStub and methodValueCall.
func stub(c *host.Call, sym string) host.Status {
	w := of(c)
	m := w.m
	f := m.symbol(sym)
	if f == nil {
		return c.Fatal("BUG: " + sym + " is not in the program")
	}
	n := uint64(w.callerRoom()) * 8
	ctx := w.st.ctx
	argLen := c.Space.Load64(ctx + 16) // makeFuncCtxt{fn, stack, argLen}
	if !mem.InRegion(ctx, 24) || argLen > n {
		return c.Fatal("a function made by reflection has been destroyed")
	}
	args := min((argLen+7)&^7, n) // above them nothing of the caller is alive
	const extra = 8 + 64          // retValid, RegArgs
	block, ok := c.Alloc(n+extra, 0, false)
	if !ok {
		// Roots for the collection that follows; dropped when called again.
		held := append([]uint64{ctx}, unsafe.Slice((*uint64)(unsafe.Pointer(w.st.fp)), args/8)...)
		if !c.Retry {
			w.gs.returns = append(w.gs.returns, returning{depth: w.depth(), stub: true, held: held})
		}
		return host.Collect
	}
	if c.Retry {
		w.gs.returns = w.gs.returns[:len(w.gs.returns)-1]
	}
	c.Space.Copy(block, w.guest(w.st.fp), args)
	slots := max(uint32(n/8), m.funcOf(w.st.pc).Frame, 4)
	w.gs.returns = append(w.gs.returns, returning{depth: w.depth(), stub: true, block: block, from: argLen, size: n, held: []uint64{block, ctx}})
	if !w.reach(slots, f.Frame) {
		w.ended = true
		return host.Machine
	}
	at := (*[4]uint64)(unsafe.Pointer(w.st.fp + uintptr(slots)*8))
	*at = [4]uint64{ctx, block, block + n, block + n + 8}
	if !w.push(f, uint16(slots), stack.Mark) {
		w.ended = true
	}
	return host.Machine
}

// callerRoom is the number of slots that the caller of the newest frame has for
// its arguments and results.
func (w *worker) callerRoom() uint32 {
	d := w.depth() - 1
	word := w.g.Stack.Control[d]
	if word&^stack.Mark == 0 {
		return 0
	}
	for i := len(w.gs.returns) - 1; i >= 0 && w.gs.returns[i].depth >= d; i-- {
		if r := &w.gs.returns[i]; r.depth == d && !r.stub && word&stack.Mark != 0 {
			return uint32((r.size + 7) / 8)
		}
	}
	frame := w.m.funcOf(uintptr(word &^ stack.Mark >> 16)).Frame
	a := uint32(uint16(word))
	if a >= frame {
		return 0
	}
	return frame - a
}

// returned finishes the host function at pc; the guest call it made had its
// frame at callee.
func (w *worker) returned(callee uintptr) bool {
	n := len(w.gs.returns) - 1
	if n < 0 || w.gs.returns[n].depth != w.depth() {
		panic("BUG: interp: a guest call returns to a host function that did not make it")
	}
	r := w.gs.returns[n]
	w.gs.returns = w.gs.returns[:n]
	in := w.ins()
	c := &w.call
	area := w.guest(w.st.fp) + uint64(in.A)*8
	c.Begin(w.m.natives[in.Imm].sym, area, uint32(in.C))
	sp := w.m.vm.Space
	if r.stub {
		from := (r.from + 7) &^ 7
		if from < r.size {
			sp.Copy(w.guest(w.st.fp)+from, r.block+from, r.size-from)
		}
		return w.next()
	}
	ret := uint64(c.U32(28))
	if ret < r.size {
		w.barrier.Bulk(c.Arg(2)+ret, r.size-ret)
		sp.Copy(c.Arg(2)+ret, w.guest(callee)+ret, r.size-ret)
	}
	return w.next()
}

// symbol is the function with a linker symbol, or nil.
func (m *Machine) symbol(sym string) *abi.Func {
	m.symbolsOnce.Do(func() {
		m.symbols = make(map[string]*abi.Func)
		for i := range m.prog.Funcs {
			m.symbols[m.prog.Funcs[i].Sym] = &m.prog.Funcs[i]
		}
	})
	return m.symbols[sym]
}
