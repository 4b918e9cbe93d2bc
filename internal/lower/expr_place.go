package lower

// Places
//
// A place is where a value lies: in a register (whole, or part of an aggregate), in
// memory behind a pointer, in a global, in an element of a slice, or in an array in
// the frame at an index that is not constant. Reading a place that is a whole
// register, or whole words of one, costs nothing: the value is used where it lies.
//
// Nil checks are part of every load and store (the pointer is checked, not the sum
// of pointer and offset). Only taking an address needs one of its own.
//
// The bytes behind an aggregate's size in its last slot have no meaning: nobody may
// compare them, and nobody writes them to memory.

import (
	"go/token"
	"go/types"

	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

type placeKind uint8

const (
	inFrame   placeKind = iota // bytes [off, off+size) of the registers from r on
	inMem                      // M[r+off]
	inGlobal                   // global v + off
	inElem                     // element idx of the slice or string r
	inFrameAt                  // array in the frame: r + off, then steps
)

type step struct {
	idx  ref
	size int64 // bytes per index
	n    int64 // bound
	d    uint8 // indexKind
}

type place struct {
	kind   placeKind
	l      *Layout
	r      ref
	off    int64
	idx    ref
	idxD   uint8     // indexKind of idx
	pos    token.Pos // where a nil pointer or a bad index of the last step is reported, if valid
	v      *tree.Var
	canon  bool // a scalar that fills its register in canonical form
	nonnil bool
	obj    bool // in the frame: of an object, which has an address
	steps  []step
}

// place finds the place of an expression; the operands it needs are evaluated.
func (g *gen) place(e tree.Expr) place {
	l := g.layout(e.Type())
	switch e := e.(type) {
	case *tree.Ref:
		if e.V.Kind == tree.Global {
			return place{kind: inGlobal, l: l, v: e.V, nonnil: true}
		}
		if x := g.variable(e.V); x.cap != 0 {
			return place{kind: inMem, l: l, r: ref{g.ctxReg, 0}, off: x.cap, nonnil: true}
		}
		x := g.home(e.V)
		if x.heap {
			p := g.homePlace(x)
			p.l = l
			return p
		}
		return place{kind: inFrame, l: l, r: ref{x.reg, 0}, canon: l.Scalar()}
	case *tree.Deref:
		return place{kind: inMem, l: l, r: g.val(e.X), pos: e.Pos()}
	case *tree.Field:
		sl := g.layout(e.X.Type())
		p := g.place(e.X)
		if p.kind == inElem {
			p = g.elemAddr(p)
		}
		p.off += sl.Fields[e.I]
		p.l, p.canon = l, false
		return p
	case *tree.Index:
		xl := g.layout(e.X.Type())
		if xl.Class != ClassArray {
			s := g.val(e.X)
			return place{kind: inElem, l: l, r: s, idx: g.val(e.I), idxD: g.indexKind(e.I), pos: e.Pos()}
		}
		p := g.place(e.X)
		if p.kind == inElem {
			p = g.elemAddr(p)
		}
		if k, ok := g.konst(e.I); ok && k >= 0 && k < xl.Len {
			p.off += k * l.Size
			p.l, p.canon = l, false
			return p
		}
		idx := g.val(e.I)
		p.l, p.canon = l, false
		s := step{idx, l.Size, xl.Len, g.indexKind(e.I)}
		switch p.kind {
		case inFrame, inFrameAt:
			p.kind, p.pos = inFrameAt, e.Pos()
			p.steps = append(p.steps, s)
			return p
		case inGlobal:
			p = place{kind: inMem, r: g.addr(Fixup{Kind: FixGlobal, Var: p.v, Add: p.off}), l: l, nonnil: true}
		}
		old := g.at(e)
		p.r, p.nonnil = g.leaa(p.r, s), true
		g.pos = old
		return p
	}
	r := g.val(e)
	if a, ok := g.behind[r.v]; ok {
		return place{kind: inMem, l: l, r: a, nonnil: true}
	}
	return place{kind: inFrame, l: l, r: r, canon: l.Scalar()}
}

// indexKind is the D of an instruction with a bounds check of index e: how a report shows it.
func (g *gen) indexKind(e tree.Expr) uint8 {
	if l := g.layout(e.Type()); !l.Signed && l.Size == 8 {
		return bc.IndexUnsigned
	}
	return 0
}

// leaa computes the address of an array element.
func (g *gen) leaa(base ref, s step) ref {
	t := g.ptr()
	if s.size >= 1<<31 || s.n >= 1<<31 {
		g.opI(bc.NILCHK, base, none, 0)
		g.emit(ins{op: bc.IDXI, d: s.d, a: s.idx, b: none, c: none, imm: s.n})
		m := g.word()
		g.opI(bc.MULI, m, s.idx, s.size)
		g.op(bc.ADD, t, base, m)
		return t
	}
	g.emit(ins{op: bc.LEAA, d: s.d, a: t, b: base, c: s.idx, imm: s.n<<32 | s.size})
	return t
}

// atPlace sets the source position to that of a place; the result sets it back.
func (g *gen) atPlace(p place) func() {
	old := g.pos
	if p.pos.IsValid() {
		g.pos = p.pos
	}
	return func() { g.pos = old }
}

// elemAddr turns an element of a slice into a place in memory.
func (g *gen) elemAddr(p place) place {
	defer g.atPlace(p)()
	t := g.ptr()
	g.emit(ins{op: bc.LEAX, d: p.idxD, a: t, b: p.r, c: p.idx, imm: p.l.Size})
	return place{kind: inMem, l: p.l, r: t, nonnil: true}
}

// valPlace returns a register with the place's value.
func (g *gen) valPlace(p place) ref {
	if p.kind == inFrame && (p.canon || p.off%8 == 0 && (p.l.Size == 8 || !p.l.Scalar())) {
		return p.r.at(p.off / 8)
	}
	if large(p.l) && p.kind != inFrame && p.kind != inFrameAt {
		return g.behindAddr(g.address(p), p.l)
	}
	t := g.newReg(p.l)
	g.loadPlace(p, t)
	return t
}

// loadPlace loads the place's value into dst.
func (g *gen) loadPlace(p place, dst ref) {
	l := p.l
	switch p.kind {
	case inFrame:
		if p.canon {
			g.move(dst, p.r, 1)
			return
		}
		g.fld(dst, p.r, p.off, l)
	case inMem:
		if l.Size == 0 {
			if !p.nonnil {
				g.op(bc.NILCHK, p.r, none, none)
			}
			return
		}
		g.loadMem(dst, p.r, p.off, l)
	case inGlobal:
		f := Fixup{Kind: FixGlobal, Var: p.v, Add: p.off}
		switch {
		case l.Size == 0:
		case l.Size == 8:
			g.emit(ins{op: bc.LDG64, a: dst, b: none, c: none, fix: g.addFix(f)})
		case l.Size == 16:
			g.emit(ins{op: bc.LDG128, a: dst, b: none, c: none, fix: g.addFix(f)})
		case l.Size == 24:
			g.emit(ins{op: bc.LDG192, a: dst, b: none, c: none, fix: g.addFix(f)})
		default:
			g.loadMem(dst, g.addr(f), 0, l)
		}
	case inElem:
		if op := elemLoad(l); op != 0 {
			g.emit(ins{op: op, d: p.idxD, a: dst, b: p.r, c: p.idx})
			return
		}
		g.loadPlace(g.elemAddr(p), dst)
	case inFrameAt:
		if l.Size == 0 || g.regs[p.r.v].n == 0 {
			g.checkSteps(p)
			g.zero(dst, l.Slots) // of an element that does not exist
			return
		}
		if len(p.steps) == 1 && l.Size == 8 && p.off%8 == 0 && p.steps[0].size == 8 {
			g.emit(ins{op: bc.LDF64, d: p.steps[0].d, a: dst, b: p.r.at(p.off / 8), c: p.steps[0].idx, imm: p.steps[0].n})
			return
		}
		a := g.frameAddr(p)
		g.loadMem(dst, a, 0, l)
		g.op(opTouch, ref{p.r.v, 0}, none, none)
	}
}

// checkSteps checks the indexes of an element that takes no space, or of an array that has none.
func (g *gen) checkSteps(p place) {
	for _, s := range p.steps {
		g.emit(ins{op: bc.IDXI, d: s.d, a: s.idx, b: none, c: none, imm: s.n})
	}
}

// frameAddr makes the address of a place in the frame, to be used at once.
func (g *gen) frameAddr(p place) ref {
	t := g.word() // no pointer: it does not live across a safepoint
	g.emit(ins{op: bc.LEAF, a: t, b: p.r.at(p.off / 8), c: none, imm: p.off % 8})
	for _, s := range p.steps {
		n := g.word()
		g.emit(ins{op: bc.LEAA, d: s.d, a: n, b: t, c: s.idx, imm: s.n<<32 | s.size})
		t = n
	}
	return t
}

func elemLoad(l *Layout) bc.Op {
	if l.Scalar() {
		switch {
		case l.Size == 8:
			return bc.LDX64
		case l.Size == 4 && l.Signed:
			return bc.LDX32S
		case l.Size == 4:
			return bc.LDX32U
		case l.Size == 1 && !l.Signed:
			return bc.LDX8U
		}
		return 0
	}
	switch l.Size {
	case 8:
		return bc.LDX64
	case 16:
		return bc.LDX128
	case 24:
		return bc.LDX192
	}
	return 0
}

// storePlace stores the value in src.
func (g *gen) storePlace(p place, src ref) {
	defer g.atPlace(p)()
	l := p.l
	if from, ok := g.behind[src.v]; ok {
		g.copyMem(g.address(p), from, l)
		return
	}
	switch p.kind {
	case inFrame:
		if p.canon {
			g.move(p.r, src, 1)
			return
		}
		g.fst(p.r, p.off, src, l)
	case inMem:
		if l.Size == 0 {
			if !p.nonnil {
				g.op(bc.NILCHK, p.r, none, none)
			}
			return
		}
		g.storeMem(p.r, p.off, src, l)
	case inGlobal:
		f := Fixup{Kind: FixGlobal, Var: p.v, Add: p.off}
		switch {
		case l.Size == 0:
		case l.Size == 8 && l.PtrBytes == 0:
			g.emit(ins{op: bc.STG64, a: src, b: none, c: none, fix: g.addFix(f)})
		case l.Size == 8:
			g.emit(ins{op: bc.STGP, a: src, b: none, c: none, fix: g.addFix(f)})
		default:
			g.storeMem(g.addr(f), 0, src, l)
		}
	case inElem:
		op := bc.Op(0)
		switch {
		case l.Size == 8 && l.PtrBytes == 0 && (l.Scalar() || l.Slots == 1):
			op = bc.STX64
		case l.Size == 8:
			op = bc.STXP
		case l.Scalar() && l.Size == 4:
			op = bc.STX32
		case l.Scalar() && l.Size == 1:
			op = bc.STX8
		}
		if op != 0 {
			g.emit(ins{op: op, d: p.idxD, a: src, b: p.r, c: p.idx})
			return
		}
		g.storePlace(g.elemAddr(p), src)
	case inFrameAt:
		if l.Size == 0 || g.regs[p.r.v].n == 0 {
			g.checkSteps(p)
			return
		}
		if len(p.steps) == 1 && l.Size == 8 && p.off%8 == 0 && p.steps[0].size == 8 {
			g.emit(ins{op: bc.STF64, d: p.steps[0].d, a: p.r.at(p.off / 8), b: src, c: p.steps[0].idx, imm: p.steps[0].n})
			return
		}
		a := g.frameAddr(p)
		g.storeRaw(a, 0, src, l)
		g.op(opTouch, ref{p.r.v, 0}, none, none)
	}
}

// address returns a register with the address of the place. A place in the frame has none.
func (g *gen) address(p place) ref {
	switch p.kind {
	case inMem:
		if !p.nonnil {
			g.op(bc.NILCHK, p.r, none, none)
		}
		if p.off == 0 {
			return p.r
		}
		t := g.ptr()
		g.opI(bc.ADDI, t, p.r, p.off)
		return t
	case inGlobal:
		return g.addr(Fixup{Kind: FixGlobal, Var: p.v, Add: p.off})
	case inElem:
		return g.elemAddr(p).r
	case inFrame, inFrameAt:
		if !p.obj {
			break
		}
		t := g.ptr()
		g.leaf(t, p.r, p.off)
		for _, s := range p.steps {
			t = g.leaa(t, s)
		}
		return t
	}
	g.bug("address of a place in the frame")
	return none
}

// spill returns the address of a value that may lie in the frame: of the place itself if it is in
// memory, else of a copy on the heap.
func (g *gen) spill(e tree.Expr) ref {
	p := g.place(e)
	switch p.kind {
	case inMem, inGlobal, inElem:
		return g.address(p)
	}
	if p.obj {
		return g.address(p)
	}
	return g.spillRef(g.valPlace(p), p.l)
}

func (g *gen) spillRef(r ref, l *Layout) ref {
	if g.inFrameObj(tree.EscNone, l) {
		return g.boxFrame(r, l)
	}
	t := g.ptr()
	g.object(t, l, g.f.Flags&tree.Decided != 0)
	if l.Size > 0 {
		g.storeMem(t, 0, r, l)
	}
	return t
}

// loadMem loads a value of layout l from M[base+off].
func (g *gen) loadMem(dst, base ref, off int64, l *Layout) {
	if l.Slots == 0 {
		return
	}
	g.opI2(loadOp(l), dst, base, off, l)
}

func (g *gen) opI2(op bc.Op, dst, base ref, off int64, l *Layout) {
	i := ins{op: op, a: dst, b: base, c: none, imm: off}
	if op == bc.LDN {
		i.c, i.d = num(int64(l.Slots)), uint8(l.Size%8)
	}
	g.emit(i)
}

func loadOp(l *Layout) bc.Op {
	signed := l.Scalar() && l.Signed
	switch l.Size {
	case 1:
		if signed {
			return bc.LD8S
		}
		return bc.LD8U
	case 2:
		if signed {
			return bc.LD16S
		}
		return bc.LD16U
	case 4:
		if signed {
			return bc.LD32S
		}
		return bc.LD32U
	case 8:
		return bc.LD64
	case 16:
		return bc.LD128
	case 24:
		return bc.LD192
	}
	return bc.LDN
}

// storeRaw stores without a write barrier: into frames, or a value without pointers.
func (g *gen) storeRaw(base ref, off int64, src ref, l *Layout) {
	op := bc.STN
	switch l.Size {
	case 0:
		return
	case 1:
		op = bc.ST8
	case 2:
		op = bc.ST16
	case 4:
		op = bc.ST32
	case 8:
		op = bc.ST64
	case 16:
		op = bc.ST128
	case 24:
		op = bc.ST192
	}
	i := ins{op: op, a: base, b: src, c: none, imm: off}
	if op == bc.STN {
		i.c, i.d = num(int64(l.Slots)), uint8(l.Size%8)
	}
	g.emit(i)
}

// storeMem stores a value of layout l to M[base+off], with write barriers for its pointers. New objects need
// them too: they may be black already.
func (g *gen) storeMem(base ref, off int64, src ref, l *Layout) {
	if l.PtrBytes == 0 {
		g.storeRaw(base, off, src, l)
		return
	}
	if l.Slots == 1 {
		g.opI(bc.STP, base, src, off)
		return
	}
	// Words in groups of at most eight; a group without pointers is stored plainly.
	words := l.Size / 8
	ptrWords := l.PtrBytes / 8
	for w := int64(0); w < ptrWords; w += 8 {
		n := min(8, ptrWords-w)
		if w+n == ptrWords {
			n = min(8, words-w)
		}
		var mask uint8
		for i := range n {
			if l.Pointer(w + i) {
				mask |= 1 << i
			}
		}
		switch {
		case mask == 1 && n == 1:
			g.opI(bc.STP, base, src.at(w), off+w*8)
		case mask == 0:
			g.emit(ins{op: bc.STN, a: base, b: src.at(w), c: num(n), imm: off + w*8})
		default:
			g.emit(ins{op: bc.STPN, d: mask, a: base, b: src.at(w), c: num(n), imm: off + w*8})
		}
		if w+n > ptrWords {
			ptrWords = w + n
			break
		}
	}
	if rest := l.Size - ptrWords*8; rest > 0 {
		tail := &Layout{Class: ClassStruct, Size: rest, Slots: int32((rest + 7) / 8)}
		g.storeRaw(base, off+ptrWords*8, src.at(ptrWords), tail)
	}
}

// frameKind is the access kind of FLD and FST for a scalar of a size.
func frameKind(size int64, signed bool) uint8 {
	k := uint8(bc.KindU8)
	switch size {
	case 2:
		k = bc.KindU16
	case 4:
		k = bc.KindU32
	case 8:
		return bc.Kind64
	}
	if signed {
		k++
	}
	return k
}

// fld takes a value of layout l out of an aggregate in the frame, at byte off of agg.
func (g *gen) fld(dst, agg ref, off int64, l *Layout) {
	switch {
	case l.Slots == 0:
	case off%8 == 0 && (!l.Scalar() || l.Size == 8):
		g.move(dst, agg.at(off/8), l.Slots)
	case l.Scalar():
		g.fld1(dst, agg, off, l.Size, l.Signed)
	default:
		end := g.undef1(dst, l.Slots)
		g.chunks(dst, 0, agg, off, l.Size, l.Align)
		end()
	}
}

// undef1 is undef when dst is a whole register; a part of one has been begun by somebody else.
func (g *gen) undef1(dst ref, n int32) func() {
	if dst.o == 0 && g.regs[dst.v].n == n && g.regs[dst.v].fixed < 0 {
		return g.undef(dst)
	}
	return func() {}
}

func (g *gen) fld1(dst, agg ref, off, size int64, signed bool) {
	g.emit(ins{op: bc.FLD, d: frameKind(size, signed), a: dst, b: agg.at(off / 8), c: num(1), imm: off % 8})
}

func (g *gen) fst1(agg ref, off int64, src ref, size int64) {
	g.emit(ins{op: bc.FST, d: frameKind(size, false), a: agg.at(off / 8), b: src, c: num(1), imm: off % 8})
}

// fst puts a value of layout l into an aggregate in the frame, at byte off of agg.
func (g *gen) fst(agg ref, off int64, src ref, l *Layout) {
	switch {
	case l.Slots == 0:
	case l.Scalar() && l.Size == 8 || off%8 == 0 && l.Size%8 == 0:
		g.move(agg.at(off/8), src, l.Slots)
	case l.Scalar():
		g.fst1(agg, off, src, l.Size)
	case off%8 == 0:
		n := l.Size / 8
		g.move(agg.at(off/8), src, int32(n))
		g.chunks(agg, off+n*8, src, n*8, l.Size%8, l.Align)
	default:
		g.chunks(agg, off, src, 0, l.Size, l.Align)
	}
}

// chunks copies bytes between aggregates in the frame in pieces of their alignment.
func (g *gen) chunks(dst ref, doff int64, src ref, soff, n, align int64) {
	for i := int64(0); i < n; i += align {
		t := g.word()
		g.fld1(t, src, soff+i, align, false)
		g.fst1(dst, doff+i, t, align)
	}
}

// copyMem copies a large value between memory places.
func (g *gen) copyMem(dst, src ref, l *Layout) {
	i := ins{op: bc.MCOPY, a: dst, b: src, c: none, imm: l.Size}
	if l.PtrBytes > 0 {
		i.d = 1
		i.c = num(0)
		i.fix = g.addFix(Fixup{Kind: FixTypeIDC, Type: l.Type})
	}
	g.emit(i)
}

func (g *gen) zeroMem(dst ref, l *Layout) {
	i := ins{op: bc.MZERO, a: dst, b: none, c: none, imm: l.Size}
	if l.PtrBytes > 0 {
		i.d = 1
	}
	g.emit(i)
}

// isNilable reports whether the zero value of t is written nil.
func isNilable(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer, *types.Slice, *types.Map, *types.Chan, *types.Signature, *types.Interface:
		return true
	case *types.Basic:
		return u.Kind() == types.UnsafePointer || u.Kind() == types.UntypedNil
	}
	return false
}
