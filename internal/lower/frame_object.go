package lower

// Objects in the frame
//
// What escape analysis found not to outlive its function (or its round of a loop) lives in the frame: variables
// whose address is taken or that closures share, and what New, slice literals, make, closures and
// conversions to interfaces allocate. Such an object is a register with slots of its own from beginning to end
// of the function, because nobody knows when the last pointer to it is used. Its slots have the
// memory layout of its type; LEAF makes a pointer to it.
//
// # Who keeps its pointers alive
//
// As for any register, the stack maps name the pointer words of an object while the code itself still mentions
// it: from the last time that it is written in full to the last access by name or LEAF. Beyond that it is alive as long
// as a live pointer into it is: abi.Func.Objects tells the collector and the mover of
// stacks where it lies. An object that no pointer reaches is not looked at.
//
// # Access by name
//
// A variable of few slots is read where it lies, like one in a register. It is written in one piece by the last
// instruction of an assignment, since the parts of the right side may be read through pointers. Large ones are
// accessed through a pointer.
//
// # Invariants
//
//	an object is zeroed or written in full each time its declaration or expression is executed, before LEAF
//	what may hold pointers to frames is never moved to the heap by this package: sizes are limited by the
//	analysis, and only things without pointers may be too large for a frame here

import (
	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

const (
	namedObject = 16      // slots up to which a variable is accessed by name
	frameObject = 1 << 13 // slots up to which an object without pointers is in the frame
	frameTotal  = 1 << 15 // slots of all objects of a function above which those without pointers go to the heap
)

// inFrameObj reports whether what an expression with decision esc allocates lives in the frame.
func (g *gen) inFrameObj(esc tree.Esc, l *Layout) bool {
	if !g.framed(esc) || l.Size == 0 {
		return false
	}
	return l.PtrBytes > 0 || l.Slots <= frameObject && g.objSlots+l.Slots <= frameTotal
}

// newFrameObject makes a register for an object of layout l.
func (g *gen) newFrameObject(l *Layout) ref {
	o := g.newReg(l)
	g.regs[o.v].object = true
	g.objSlots += l.Slots
	if l.PtrBytes > 0 {
		g.objects = append(g.objects, frameObj{o.v, l})
	}
	return o
}

// frameObj is an object with pointers.
type frameObj struct {
	reg int32
	l   *Layout
}

// leaf makes the address of an object, plus off bytes.
func (g *gen) leaf(dst, o ref, off int64) {
	g.emit(ins{op: bc.LEAF, a: dst, b: o.at(off / 8), c: none, imm: off % 8})
}

// leafOf returns a register with the address of an object.
func (g *gen) leafOf(o ref) ref {
	t := g.ptr()
	g.leaf(t, o, 0)
	return t
}

// objectOf returns the register of a variable that is an object of the frame.
func (g *gen) objectOf(x *variable) ref {
	if x.obj < 0 {
		o := g.newFrameObject(x.l)
		x.obj = o.v
	}
	return ref{x.obj, 0}
}

// homePlace is the place of a variable that closures share or whose address is taken.
func (g *gen) homePlace(x *variable) place {
	if !x.frame {
		return place{kind: inMem, l: x.l, r: ref{x.reg, 0}, nonnil: true}
	}
	o := g.objectOf(x)
	if x.l.Slots <= namedObject {
		return place{kind: inFrame, l: x.l, r: o, obj: true}
	}
	return place{kind: inMem, l: x.l, r: g.leafOf(o), nonnil: true}
}

// homeAddr returns a register with the address of such a variable.
func (g *gen) homeAddr(x *variable) ref {
	if !x.frame {
		return ref{x.reg, 0}
	}
	return g.leafOf(g.objectOf(x))
}

// declareObject begins the life of a variable in the frame.
func (g *gen) declareObject(v *tree.Var, init tree.Expr) {
	x := g.variable(v)
	o, l := g.objectOf(x), x.l
	switch {
	case init == nil || isZero(init):
		g.zero(o, l.Slots)
	case l.Slots > namedObject && !mentions(init, v):
		g.zero(o, l.Slots)
		g.storeExpr(place{kind: inMem, l: l, r: g.leafOf(o), nonnil: true, canon: true}, init)
	default:
		g.move(o, g.val(init), l.Slots)
	}
}

// newFrame is newValue in the frame.
func (g *gen) newFrame(e tree.Expr, l *Layout, dst ref) {
	o := g.newFrameObject(l)
	switch {
	case e == nil || isZero(e):
		g.zero(o, l.Slots)
	case l.Slots <= namedObject:
		g.move(o, g.val(e), l.Slots)
	default:
		g.zero(o, l.Slots)
		p := g.leafOf(o)
		g.storeExpr(place{kind: inMem, l: l, r: p, nonnil: true, canon: true}, e)
		g.move(dst, p, 1)
		return
	}
	g.leaf(dst, o, 0)
}

// boxFrame is the value v of layout l in a new object of the frame.
func (g *gen) boxFrame(v ref, l *Layout) ref {
	o := g.newFrameObject(l)
	g.move(o, v, l.Slots)
	return g.leafOf(o)
}

// closureFrame makes the closure object of e in the frame.
func (g *gen) closureFrame(e *tree.Closure, l *Layout, dst ref) {
	vals := make([]ref, len(e.F.Captures))
	for i, c := range e.F.Captures {
		if c.ByRef {
			vals[i] = g.captured(e, i)
		} else {
			vals[i] = g.val(e.Vals[i])
		}
	}
	o := g.newFrameObject(l)
	g.op(opUndef, o, none, none)
	g.ldiFix(o, Fixup{Kind: FixCode, Fn: e.F})
	for i := range vals {
		fl := l.FieldLs[i+1]
		if off := l.Fields[i+1]; off%8 == 0 && fl.Slots == 1 && fl.Scalar() && (i+1 == len(vals) || l.Fields[i+2] >= off+8) {
			g.move(o.at(off/8), vals[i], 1)
		} else {
			g.fst(o, off, vals[i], fl)
		}
	}
	g.leaf(dst, o, 0)
}
