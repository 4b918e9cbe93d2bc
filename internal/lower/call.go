package lower

// Calls
//
// Arguments are computed straight into the registers of the outgoing area; the area
// itself gets its place in the frame later (alloc.go). Results stay in the area:
// the caller uses them there or moves them to a variable.

import (
	"go/types"

	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// newArea makes an outgoing area.
func (g *gen) newArea(params, results []int32, slots int32, guest bool) int32 {
	g.area = append(g.area, area{params: params, results: results, slots: slots, guest: guest, slot: -1, at: -1})
	return int32(len(g.area) - 1)
}

// outgoing builds the area of a call by slot numbers.
type outgoing struct {
	g     *gen
	n     int32 // area number
	sym   string
	total int32
}

// nativeArea begins a call of a host function whose area has total slots.
func (g *gen) nativeArea(sym string, total int32) *outgoing {
	return &outgoing{g, g.newArea(nil, nil, total, false), sym, total}
}

// guestArea begins a call of a function of the guest's runtime, by linker symbol, whose arguments are all
// whole words. What the runtime leaves to the host has no body there, and no provider.
func (g *gen) guestArea(sym string, args, results int32) *outgoing {
	f := g.ctx.FuncBySym(sym)
	guest := f != nil && !f.Extern
	return &outgoing{g, g.newArea(nil, nil, args+results, guest), sym, args + results}
}

func (o *outgoing) member(off, n int32, mask uint64) ref {
	r := o.g.words(n, mask)
	v := &o.g.regs[r.v]
	v.area, v.aoff = o.n, off
	return r
}

// arg makes the argument register at a slot offset.
func (o *outgoing) arg(off, n int32, mask uint64) ref {
	r := o.member(off, n, mask)
	a := &o.g.area[o.n]
	a.params = append(a.params, r.v)
	a.args = max(a.args, off+n)
	return r
}

// argL is arg for a value of layout l.
func (o *outgoing) argL(off int32, l *Layout) ref {
	r := o.arg(off, l.Slots, 0)
	o.g.regs[r.v].setMask(l, 0)
	return r
}

// result makes the result register at a slot offset.
func (o *outgoing) result(off, n int32, mask uint64) ref {
	r := o.member(off, n, mask)
	a := &o.g.area[o.n]
	a.results = append(a.results, r.v)
	return r
}

func (o *outgoing) resultL(off int32, l *Layout) ref {
	r := o.result(off, l.Slots, 0)
	o.g.regs[r.v].setMask(l, 0)
	return r
}

// inout makes a register that the call reads and writes.
func (o *outgoing) inout(off, n int32, mask uint64) ref {
	r := o.arg(off, n, mask)
	a := &o.g.area[o.n]
	a.results = append(a.results, r.v)
	return r
}

// call emits the call.
func (o *outgoing) call() {
	g := o.g
	i := ins{a: none, b: none, c: none, area: o.n + 1}
	if g.area[o.n].guest {
		i.op = bc.CALL
		i.fix = g.addFix(Fixup{Kind: FixCall, Sym: o.sym})
	} else {
		i.op = bc.CALLN
		i.fix = g.addFix(Fixup{Kind: FixNative, Sym: o.sym})
	}
	at := g.emit(i)
	g.area[o.n].at = at
}

// resultTypes lists the types of a call's results.
func resultTypes(t types.Type) []types.Type {
	switch t := t.(type) {
	case nil:
		return nil
	case *types.Tuple:
		out := make([]types.Type, t.Len())
		for i := range out {
			out[i] = t.At(i).Type()
		}
		return out
	}
	return []types.Type{t}
}

// call generates a call and returns a register per result.
func (g *gen) call(e *tree.Call) []ref {
	if e.F != nil {
		if rs, ok := g.intrinsic(e); ok {
			return rs
		}
	}
	params := make([]types.Type, len(e.Args))
	for i, a := range e.Args {
		params[i] = a.Type()
	}
	if e.F != nil && len(e.F.Params) == len(params) {
		for i, p := range e.F.Params {
			params[i] = p.T
		}
	}
	var keep []ref
	for _, v := range e.Keep {
		keep = append(keep, g.val(v))
	}
	first := 0
	var fn ref
	var iface ref
	if e.Method != nil {
		params[0] = types.Typ[types.UnsafePointer]
		first = 1
		iface = g.val(e.Args[0])
	}
	if e.Fn != nil {
		fn = g.val(e.Fn)
	}
	sig := g.ls.Area(params, resultTypes(e.T))
	if sig.Slots() > maxSlot/2 {
		g.fail("arguments and results of %d bytes are too large for a frame", sig.ArgEnd)
	}
	native := e.F != nil && e.F.Extern
	o := &outgoing{g, g.newArea(nil, nil, sig.Slots(), !native), "", sig.Slots()}

	raw := g.outRuns(o, sig.Params, 0)
	for _, r := range sortedRuns(raw) {
		g.zero(ref{r, 0}, g.regs[r].n)
	}
	for i, a := range e.Args {
		p := sig.Params[i]
		switch {
		case i < first:
		case p.L.Size == 0:
			g.effect(a)
		case p.Ref != nil:
			box := g.ptr()
			g.newObject(box, p.Ref)
			g.storeExpr(place{kind: inMem, l: p.Ref, r: box, nonnil: true, canon: true}, a)
			g.move(o.argL(int32(p.Off/8), p.L), box, 1)
		case p.Lone:
			g.into(a, o.argL(int32(p.Off/8), p.L))
		default:
			v := g.val(a)
			r, off := g.rawAt(raw, p.Off)
			g.fst(r, off, v, p.L)
		}
	}

	// Results.
	a := o.n
	results := make([]ref, len(sig.Results))
	for i, p := range sig.Results {
		results[i] = none
		if p.L.Size == 0 {
			results[i] = g.newReg(p.L)
		} else if p.Lone {
			results[i] = o.resultL(int32(p.Off/8), p.L)
		}
	}
	rawRes := g.outRuns(o, sig.Results, 1)

	i := ins{op: bc.CALL, a: none, b: none, c: none, area: a + 1}
	extend := true
	switch {
	case native:
		i.op = bc.CALLN
		g.area[a].args = sig.ParamSlots()
		i.fix = g.addFix(Fixup{Kind: FixNative, Sym: e.F.Sym})
	case e.F != nil:
		i.fix = g.addFix(Fixup{Kind: FixCall, Fn: e.F})
		extend = false
	case e.Method != nil:
		i.op, i.b = bc.CALLI, iface
		i.c = num(int64(g.ctx.MethodIndex(e.Args[0].Type(), e.Method)))
	default:
		i.op, i.b = bc.CALLC, fn
	}
	at := g.emit(i)
	g.area[a].at = at
	for _, r := range keep {
		g.op(bc.KEEP, r, none, none)
	}

	for i, p := range sig.Results {
		switch {
		case p.L.Size == 0:
		case p.Ref != nil:
			results[i] = g.behindAddr(results[i], p.Ref)
		case !p.Lone:
			r, off := g.rawAt(rawRes, p.Off)
			results[i] = g.newReg(p.L)
			g.fld(results[i], r, off, p.L)
		case extend && p.L.Class == ClassInt && p.L.Size < 8:
			g.narrowExtend(results[i], p.L)
		}
	}
	return results
}

// narrowExtend makes a result that may have been written narrowly canonical, in place.
func (g *gen) narrowExtend(r ref, l *Layout) {
	if l.Bool {
		g.op(bc.ZX8, r, r, none)
		return
	}
	g.extend(r, r, l)
}

// effect evaluates e for its traps.
func (g *gen) effect(e tree.Expr) {
	switch e.(type) {
	case *tree.Const, *tree.Zero, *tree.FuncRef, *tree.StructLit, *tree.ArrayLit:
		return
	}
	g.val(e)
}

// outRuns makes the registers of packed parameters (kind 0) or results (kind 1) of an area.
func (g *gen) outRuns(o *outgoing, ps []Place, kind int) map[int64]int32 {
	packed := false
	for _, p := range ps {
		packed = packed || !p.Lone
	}
	if !packed {
		return nil
	}
	runs := g.rawRuns(ps)
	for off, r := range runs {
		v := &g.regs[r]
		v.fixed, v.area, v.aoff = -1, o.n, int32(off/8)
	}
	for _, r := range sortedRuns(runs) {
		a := &g.area[o.n]
		if kind == 0 {
			a.params = append(a.params, r)
		} else {
			a.results = append(a.results, r)
		}
	}
	return runs
}

// closure makes a func value with captures.
func (g *gen) closure(e *tree.Closure, dst ref) {
	if len(e.F.Captures) == 0 {
		g.ldiFix(dst, Fixup{Kind: FixFuncVal, Fn: e.F})
		return
	}
	t := g.ctx.Canon(g.closureStruct(e.F))
	l := g.layout(t)
	if g.inFrameObj(e.Esc, l) {
		g.closureFrame(e, l, dst)
		return
	}
	p := g.ptr()
	g.object(p, l, g.framed(e.Esc))
	code := g.word()
	g.ldiFix(code, Fixup{Kind: FixCode, Fn: e.F})
	g.opI(bc.ST64, p, code, 0)
	for i, c := range e.F.Captures {
		off := l.Fields[i+1]
		if !c.ByRef {
			g.storeExpr(place{kind: inMem, l: l.FieldLs[i+1], r: p, off: off, nonnil: true}, e.Vals[i])
			continue
		}
		g.opI(bc.STP, p, g.captured(e, i), off)
	}
	g.move(dst, p, 1)
}

// captured returns a register with the address of the variable that capture i of e shares.
func (g *gen) captured(e *tree.Closure, i int) ref {
	r, ok := e.Vals[i].(*tree.Ref)
	if !ok {
		g.bug("capture %s by reference is no variable", e.F.Captures[i].Name)
	}
	if r.V.Kind == tree.Global {
		return g.addr(Fixup{Kind: FixGlobal, Var: r.V})
	}
	x := g.home(r.V)
	if !x.heap {
		g.bug("capture %s by reference does not live in memory", e.F.Captures[i].Name)
	}
	return g.homeAddr(x)
}

// hostStub is the body of a host function that is used as a value: its area is our own frame.
func (g *gen) hostStub() {
	g.stub = true
	n := g.sig.Slots()
	var l Layout
	for _, p := range g.sig.Params {
		l.addMask(p.Off, p.L)
	}
	l.Slots = n
	a := g.newArea(nil, nil, n, false)
	if n > 0 {
		r := g.newReg(&l)
		g.regs[r.v].fixed = 0
		g.area[a].params = []int32{r.v}
		g.area[a].results = []int32{r.v}
		g.retRegs = []ref{r}
	}
	g.area[a].slot = 0
	g.area[a].args = g.sig.ParamSlots()
	at := g.emit(ins{op: bc.CALLN, a: none, b: none, c: none, area: a + 1, fix: g.addFix(Fixup{Kind: FixNative, Sym: g.f.Sym})})
	g.area[a].at = at
	g.op(bc.RET, none, none, none)
}
