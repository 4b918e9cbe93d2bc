package lower

// Buffers in the frame
//
// A string or a slice whose size is only known when it is made may still live in the frame, if it does
// not escape and turns out to be small: the frame has a buffer, and whoever makes the value takes it from there when the
// size allows. The sizes are the real compiler's. Buffers hold no pointers to frames, so that one that
// the frame has no room for is left out.

import (
	"go/types"

	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/escape"
	"github.com/terrarium-go/terrarium/internal/tree"
)

const (
	stringBuffer = 32 // bytes of a buffer for a string or bytes; as many runes
	sliceBuffer  = 32 // bytes up to which a slice of unknown size is made in the frame
)

// buffer returns a register with the address of size bytes in the frame, none if the value escapes.
func (g *gen) buffer(esc tree.Esc, size int64) ref {
	l := g.layout(g.ctx.Canon(types.NewArray(types.Typ[types.Uint8], size)))
	if !g.inFrameObj(esc, l) {
		return none
	}
	o := g.newFrameObject(l)
	g.op(opUndef, o, none, none)
	return g.leafOf(o)
}

// bufferArg passes a buffer in slot i of an area.
func (g *gen) bufferArg(a *outgoing, i int32, buf ref) {
	d := a.arg(i, 1, 1)
	if buf == none {
		g.ldi(d, 0)
		return
	}
	g.move(d, buf, 1)
}

// constBytes is []byte(s): an array of just that size.
func (g *gen) constBytes(e *tree.Convert, s string, dst ref) {
	arr := g.ctx.Canon(types.NewArray(types.Typ[types.Uint8], int64(len(s))))
	l := g.layout(arr)
	p := g.ptr()
	if g.inFrameObj(e.Esc, l) {
		o := g.newFrameObject(l)
		g.op(opUndef, o, none, none)
		g.leaf(p, o, 0)
	} else {
		g.newObject(p, l)
	}
	if len(s) > 0 {
		g.copyMem(p, g.addr(Fixup{Kind: FixString, Str: s}), l)
	}
	end := g.undef1(dst, 3)
	g.move(dst, p, 1)
	g.ldi(dst.at(1), int64(len(s)))
	g.ldi(dst.at(2), int64(len(s)))
	end()
}

// frameSlice makes a slice that does not escape. If the capacity is constant, its array lies in the frame; if not, there is a
// buffer for up to sliceBuffer bytes. It reports false when neither is possible.
func (g *gen) frameSlice(e *tree.MakeSlice, elem types.Type, dst ref) bool {
	size := g.layout(elem).Size
	capExpr := e.Cap
	if capExpr == nil {
		capExpr = e.Len
	}
	room, fixed := g.konst(capExpr)
	if !fixed && size > 0 {
		room = sliceBuffer / size
	}
	if size == 0 || room <= 0 || room > escape.MaxImplicit/size {
		return false
	}
	if k, ok := g.konst(e.Len); ok && (k < 0 || fixed && k > room) {
		return false
	}
	l := g.layout(g.ctx.Canon(types.NewArray(elem, room)))
	if !g.inFrameObj(e.Esc, l) {
		return false
	}
	n := g.val(e.Len)
	c := n
	if e.Cap != nil {
		c = g.val(e.Cap)
	}
	s, heap, end := g.words(3, 1), g.label(), g.label()
	if !fixed {
		g.condJump(bc.BULT, g.constReg(room), c, none, heap)
	}
	checked := e.Cap == nil
	if _, ok := g.konst(e.Len); ok && fixed {
		checked = true
	}
	if !checked {
		g.condJump(bc.BULT, c, n, none, heap)
	}
	o := g.newFrameObject(l)
	g.zero(o, l.Slots)
	p := g.leafOf(o)
	put := g.undef(s)
	g.move(s, p, 1)
	g.move(s.at(1), n, 1)
	g.move(s.at(2), c, 1)
	put()
	if !fixed || !checked { // heap is used
		g.jump(end)
		g.bind(heap)
		g.heapSlice(e, elem, s, n, c)
		g.bind(end)
	}
	g.move(dst, s, 3)
	return true
}

// constReg returns a register that holds k.
func (g *gen) constReg(k int64) ref {
	t := g.word()
	g.ldi(t, k)
	return t
}

// Facts about internal/runtime/maps and internal/abi that code for maps in frames is made of. Room surface compares
// MapGroupSlots with the installed Go; the empty control byte is the format's.
const (
	mapGroup = 8                   // slots of a group
	mapEmpty = -0x7f7f7f7f7f7f7f80 // control word of a group without entries: 0x80 in each byte
	mapSeed  = 1                   // word of the seed in a Map
	mapDir   = 2                   // word of the pointer to the group in a Map
)

// frameMap makes a map whose header, and first group if it is small, lie in the frame. With asked, whether it is small is
// only known when it is made.
func (g *gen) frameMap(e *tree.MakeMap, dst ref, small, asked bool) {
	header := g.layout(g.ctx.FuncBySym("runtime.makemap_small").Results[0].T.Underlying().(*types.Pointer).Elem())
	var hint ref
	if !small {
		hint = g.val(e.Hint)
	}
	m := g.newFrameObject(header)
	g.zero(m, header.Slots)
	if small || asked {
		skip := g.label()
		if asked {
			op := bc.BULT
			if g.layout(e.Hint.Type()).Signed {
				op = bc.BLT
			}
			g.condJump(op, g.constReg(mapGroup), hint, none, skip)
		}
		group := g.layout(g.ctx.MapGroup(e.T))
		o := g.newFrameObject(group)
		g.zero(o, group.Slots)
		g.ldi(o, mapEmpty)
		g.leaf(m.at(mapDir), o, 0)
		g.bind(skip)
	}
	p := g.leafOf(m)
	if small {
		a := g.guestArea("runtime.rand", 0, 1)
		r := a.result(0, 1, 0)
		a.call()
		g.move(m.at(mapSeed), r, 1)
		g.move(dst, p, 1)
		return
	}
	g.move(dst, g.sizedMap(e.T, func(d ref) { g.move(d, hint, 1) }, p), 1)
}

// # Buffers of appends
//
// If the result of an append does not escape, the first growth of the slice is to a buffer in the frame, which is used once per
// call of the function, since an older slice may still have it. A variable whose elements move to the heap later (v.Buffer)
// has one buffer for all its appends, and a register with its address.

// clearBuffers clears those registers.
func (g *gen) clearBuffers() {
	for _, list := range [][]*tree.Var{g.f.Params, g.f.Results, g.f.Locals} {
		for _, v := range list {
			if v.Buffer {
				p := g.ptr()
				g.ldi(p, 0)
				g.variable(v).buffer = p.v
			}
		}
	}
}

// appendBuffer gives the slice in dst a buffer if it has not room for n elements and may have one.
func (g *gen) appendBuffer(e *tree.Builtin, el *Layout, n int64, dst ref) {
	if !g.framed(e.Esc) || el.Size == 0 || n*el.Size > escape.AppendBuffer || g.buffers >= 64 {
		return
	}
	x := &variable{buffer: -1}
	if r := rootVar(e.Args[0]); r != nil && r.Kind != tree.Global {
		if x = g.variable(r); x.heap || x.frame { // appended to in place
			return
		}
	}
	if _, ok := e.Args[0].(*tree.Ref); !ok {
		x = &variable{buffer: -1}
	}
	if x.buffered && !e.Step {
		return
	}
	l := g.layout(g.ctx.Canon(types.NewArray(el.Type, escape.AppendBuffer/el.Size)))
	if !x.buffered && !g.inFrameObj(e.Esc, l) {
		return
	}
	if e.Step {
		g.stepBuffer(x, el, l, n, dst)
		return
	}
	x.buffered = true
	if g.used == none {
		g.used = g.word()
		g.code[g.usedAt] = ins{op: bc.LDI, a: g.used, b: none, c: none, x: none, fix: -1, area: -1, pos: g.f.Pos}
	}
	bit := int64(1) << g.buffers
	g.buffers++
	skip := g.label()
	g.condJump(bc.BR, dst.at(1), none, none, skip)
	g.condJump(bc.BLT, g.constReg(n-1), dst.at(2), none, skip)
	t := g.word()
	g.op(bc.AND, t, g.used, g.constReg(bit))
	g.condJump(bc.BR, t, none, none, skip)
	o := g.newFrameObject(l)
	g.zero(o, l.Slots)
	g.op(bc.OR, g.used, g.used, g.constReg(bit))
	g.leaf(dst, o, 0)
	g.ldi(dst.at(2), escape.AppendBuffer/el.Size)
	if x.buffer >= 0 {
		g.move(ref{x.buffer, 0}, dst, 1)
	}
	g.bind(skip)
}

// stepBuffer is appendBuffer for an append whose capacity goes up in steps; x is the variable.
func (g *gen) stepBuffer(x *variable, el, l *Layout, n int64, dst ref) {
	if !x.buffered {
		x.buffered, x.bufferObj = true, g.newFrameObject(l).v
	}
	o, p, skip, have := ref{x.bufferObj, 0}, ref{x.buffer, 0}, g.label(), g.label()
	m := g.word()
	g.opI(bc.ADDI, m, dst.at(1), n)
	g.condJump(bc.BULE, m, dst.at(2), none, skip)
	g.condJump(bc.BULT, g.constReg(escape.AppendBuffer/el.Size), m, none, skip)
	g.condJump(bc.BR, p, none, none, have)
	g.zero(o, l.Slots)
	g.leaf(p, o, 0)
	g.bind(have)
	a := g.nativeArea("go:stepbuffer", 9)
	g.move(a.arg(0, 3, 1), dst, 3)
	g.move(a.arg(3, 1, 0), m, 1)
	g.move(a.arg(4, 1, 1), p, 1)
	g.ldiFix(a.arg(5, 1, 0), Fixup{Kind: FixTypeID, Type: el.Type})
	r := a.result(6, 3, 1)
	a.call()
	g.move(dst, r, 3)
	g.bind(skip)
}

// toHeap is the builtin of that name: it moves the elements of a slice from the buffer of its variable to the heap.
func (g *gen) toHeap(e *tree.Builtin, dst ref) {
	el := g.layout(e.T.Underlying().(*types.Slice).Elem())
	p := ref{g.variable(e.Args[0].(*tree.Ref).V).buffer, 0}
	g.into(e.Args[0], dst)
	skip, off := g.label(), g.word()
	g.condJump(bc.BRZ, p, none, none, skip)
	g.op(bc.SUB, off, dst, p)
	g.condJump(bc.BULT, g.constReg(escape.AppendBuffer/el.Size*el.Size), off, none, skip) // an empty rest is in the buffer too
	keep := int64(0)
	if e.Name == "toheapcap" {
		keep = 1
	}
	a := g.nativeArea("go:toheap", 8)
	g.move(a.arg(0, 3, 1), dst, 3)
	g.ldiFix(a.arg(3, 1, 0), Fixup{Kind: FixTypeID, Type: el.Type})
	g.ldi(a.arg(4, 1, 0), keep)
	r := a.result(5, 3, 1)
	a.call()
	g.move(dst, r, 3)
	g.bind(skip)
}
