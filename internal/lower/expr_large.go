package lower

// Values that no frame has room for
//
// A value of more than maxFrameVar slots is never in registers. It is *behind* its register: that has
// the value's layout and a name, but no slots and no instruction that reads or writes it; gen.behind has the register
// of its address. The address leads to the variable or element that the expression names, or to a temporary object on
// the heap. Whoever takes values apart or stores them (storePlace, place, unbox) looks there first; what does not is
// refused by checkBehind, so that nothing is compiled wrongly.

import (
	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// large reports whether values of layout l are behind their registers.
func large(l *Layout) bool { return l.Slots > maxFrameVar }

// behindAddr is the value of layout l at an address, in a register of its own if it is not large.
func (g *gen) behindAddr(addr ref, l *Layout) ref {
	r := g.newReg(l)
	if !large(l) {
		g.loadMem(r, addr, 0, l)
		return r
	}
	if g.behind == nil {
		g.behind = map[int32]ref{}
	}
	g.behind[r.v] = addr
	return r
}

// largeVal is val for a large value.
func (g *gen) largeVal(e tree.Expr, l *Layout) ref {
	switch e := e.(type) {
	case *tree.MapIndex:
		return g.mapIndex2(e)[0]
	case *tree.Assert:
		return g.assert2(e)[0]
	case *tree.IfaceData:
		return g.behindAddr(g.val(e.X).at(1), l)
	}
	return g.largeCopy(e, l)
}

// largeCopy is the value of e in an object that nothing else leads to.
func (g *gen) largeCopy(e tree.Expr, l *Layout) ref {
	box := g.ptr()
	g.newObject(box, l)
	if !isZero(e) {
		g.storeExpr(place{kind: inMem, l: l, r: box, nonnil: true, canon: true}, e)
	}
	return g.behindAddr(box, l)
}

// largeIf is the value of layout l at an address if ok, else a zero one. The address is a field of some
// register, valid only where ok holds.
func (g *gen) largeIf(ok, addr ref, l *Layout) ref {
	t := g.ptr()
	end, none1 := g.label(), g.label()
	g.condJump(bc.BRZ, ok, none, none, none1)
	g.move(t, addr, 1)
	g.jump(end)
	g.bind(none1)
	g.newObject(t, l)
	g.bind(end)
	return g.behindAddr(t, l)
}

// checkBehind refuses what takes a large value into the frame.
func (g *gen) checkBehind() {
	if g.behind == nil {
		return
	}
	var uses []int32
	for i := range g.code {
		uses, _ = g.operands(&g.code[i], uses[:0], nil)
		for _, r := range uses {
			if _, ok := g.behind[r]; ok {
				g.pos = g.code[i].pos
				g.fail("a value of %d bytes is too large for a frame", int64(g.regs[r].n)*8)
			}
		}
	}
}
