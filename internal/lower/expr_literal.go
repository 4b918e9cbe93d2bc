package lower

// Composite literals, new, and storing a value in a place
//
// A literal that goes to a new object is stored part by part, its zero parts are left out. Elsewhere it is built
// in registers first, unless none of its parts can trap: an assignment that panics must not have happened in part.

import (
	"go/types"

	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// structLit builds a struct value in dst.
func (g *gen) structLit(e *tree.StructLit, dst ref) {
	l := g.layout(e.T)
	g.aggregate(dst, l, len(e.Vals), func(i int) (tree.Expr, int64, *Layout) {
		return e.Vals[i], l.Fields[i], l.FieldLs[i]
	})
}

// aggregate builds a struct or array value in dst from its parts; absent parts are zero.
func (g *gen) aggregate(dst ref, l *Layout, n int, part func(i int) (tree.Expr, int64, *Layout)) {
	if l.Slots == 0 {
		for i := range n {
			if e, _, _ := part(i); e != nil {
				g.val(e)
			}
		}
		return
	}
	// Whole words that are all written need no zero before.
	full := true
	var covered int64
	for i := range n {
		e, _, fl := part(i)
		if e == nil || fl.Size%8 != 0 {
			full = full && fl.Size == 0
			continue
		}
		covered += fl.Size
	}
	full = full && covered == int64(l.Slots)*8
	end := func() {}
	if full {
		end = g.undef1(dst, l.Slots)
	} else {
		g.zero(dst, l.Slots)
	}
	for i := range n {
		e, off, fl := part(i)
		if e == nil || isZero(e) && !full {
			continue
		}
		if off%8 == 0 && fl.Size%8 == 0 {
			g.into(e, dst.at(off/8))
		} else {
			g.fst(dst, off, g.val(e), fl)
		}
	}
	end()
}

func isZero(e tree.Expr) bool {
	_, ok := e.(*tree.Zero)
	return ok
}

// arrayLit builds an array value, or a slice with a new backing array.
func (g *gen) arrayLit(e *tree.ArrayLit, dst ref) {
	l := g.layout(e.T)
	if l.Class == ClassArray {
		if l.Slots > 16 {
			if d := g.ctx.StaticExpr(e); d != nil {
				g.loadMem(dst, g.addr(Fixup{Kind: FixData, Data: d}), 0, l)
				return
			}
		}
		if l.Elem.Size%8 != 0 || int64(len(e.Elems)) < l.Len {
			g.zero(dst, l.Slots)
			for i, x := range e.Elems {
				if !isZero(x) {
					g.fst(dst, e.Index[i]*l.Elem.Size, g.val(x), l.Elem)
				}
			}
			return
		}
		g.aggregate(dst, l, len(e.Elems), func(i int) (tree.Expr, int64, *Layout) {
			return e.Elems[i], e.Index[i] * l.Elem.Size, l.Elem
		})
		return
	}
	elem := e.T.Underlying().(*types.Slice).Elem()
	el := g.layout(elem)
	arr := g.ctx.Canon(types.NewArray(elem, e.Len))
	al := g.layout(arr)
	p := g.ptr()
	if g.inFrameObj(e.Esc, al) {
		o := g.newFrameObject(al)
		g.zero(o, al.Slots)
		g.leaf(p, o, 0)
	} else {
		g.newObject(p, al)
	}
	if d := g.staticArray(e, arr, el); d != nil {
		if al.Size > 0 {
			g.copyMem(p, g.addr(Fixup{Kind: FixData, Data: d}), al)
		}
	} else {
		for i, x := range e.Elems {
			if !isZero(x) {
				g.storeExpr(place{kind: inMem, l: el, r: p, off: e.Index[i] * el.Size, nonnil: true}, x)
			}
		}
	}
	end := g.undef1(dst, 3)
	g.move(dst, p, 1)
	g.ldi(dst.at(1), e.Len)
	g.ldi(dst.at(2), e.Len)
	end()
}

// staticArray returns the read-only elements of a literal made of constants, worth a copy.
func (g *gen) staticArray(e *tree.ArrayLit, arr types.Type, el *Layout) *Data {
	if len(e.Elems) < 4 {
		return nil
	}
	return g.ctx.StaticExpr(&tree.ArrayLit{Typed: tree.Typed{At: e.At, T: arr}, Len: e.Len, Index: e.Index, Elems: e.Elems})
}

// newValue allocates an object with the value of e.
func (g *gen) newValue(e tree.Expr, l *Layout, dst ref, frame bool) {
	p := g.ptr()
	g.object(p, l, frame)
	if e != nil && !isZero(e) {
		g.storeExpr(place{kind: inMem, l: l, r: p, nonnil: true, canon: true}, e)
	}
	g.move(dst, p, 1)
}

func (g *gen) newExpr(e *tree.New, dst ref) {
	l := g.layout(e.T.Underlying().(*types.Pointer).Elem())
	if g.inFrameObj(e.Esc, l) {
		g.newFrame(e.Init, l, dst)
		return
	}
	if e.Init == nil || isZero(e.Init) {
		g.object(dst, l, g.framed(e.Esc))
		return
	}
	g.newValue(e.Init, l, dst, g.framed(e.Esc))
}

// bigLiteral is the number of slots above which a literal is built where it is to be.
const bigLiteral = 64

// storeExpr stores the value of e in p. For a fresh object (p.canon in memory) the parts of literals are stored one by one
// and zero parts are left out.
func (g *gen) storeExpr(p place, e tree.Expr) {
	old := g.at(e)
	defer func() { g.pos = old }()
	l := p.l
	if p.kind == inMem && p.nonnil {
		switch x := e.(type) {
		case *tree.StructLit:
			if p.canon {
				for i, v := range x.Vals {
					if v != nil && !isZero(v) {
						g.storeExpr(place{kind: inMem, l: l.FieldLs[i], r: p.r, off: p.off + l.Fields[i], nonnil: true, canon: true}, v)
					}
				}
				return
			}
		case *tree.ArrayLit:
			if p.canon && l.Class == ClassArray {
				if len(x.Elems) >= 8 {
					if d := g.ctx.StaticExpr(x); d != nil {
						g.copyMem(g.address(p), g.addr(Fixup{Kind: FixData, Data: d}), l)
						return
					}
				}
				for i, v := range x.Elems {
					if !isZero(v) {
						g.storeExpr(place{kind: inMem, l: l.Elem, r: p.r, off: p.off + x.Index[i]*l.Elem.Size, nonnil: true, canon: true}, v)
					}
				}
				return
			}
		}
	}
	if lit, ok := e.(*tree.StructLit); ok && p.kind == inMem && complete(lit) {
		g.storeParts(p, lit)
		return
	}
	switch e.(type) {
	case *tree.StructLit, *tree.ArrayLit:
		if l.Slots > bigLiteral && (p.kind == inMem || p.kind == inGlobal || p.kind == inElem) && !(p.kind == inMem && p.canon) {
			a := g.address(p)
			g.zeroMem(a, l)
			g.storeExpr(place{kind: inMem, l: l, r: a, nonnil: true, canon: true}, e)
			return
		}
	}
	if l.Slots > 4 && p.kind != inFrame && p.kind != inFrameAt {
		if isZero(e) {
			g.zeroMem(g.address(p), l)
			return
		}
		switch e.(type) {
		case *tree.Ref, *tree.Deref, *tree.Field, *tree.Index:
			src := g.place(e)
			if src.kind == inMem || src.kind == inGlobal || src.kind == inElem {
				s := g.address(src)
				g.copyMem(g.address(p), s, l)
				return
			}
			g.storePlace(p, g.valPlace(src))
			return
		}
	}
	defer g.atPlace(p)()
	if k, ok := g.konst(e); ok && l.Size == 8 && fits16(k) && p.kind == inMem && (l.PtrBytes == 0) {
		g.emit(ins{op: bc.LDIST64, a: p.r, b: none, c: num(k), imm: p.off})
		return
	} else if ok && p.kind == inElem && l.Size == 1 && l.Scalar() {
		g.emit(ins{op: bc.STXI8, d: p.idxD, a: num(k & 0xff), b: p.r, c: p.idx})
		return
	}
	g.pos = old
	g.at(e)
	v := g.val(e)
	g.storePlace(p, v)
}

// complete reports whether a struct literal gives every field a value that cannot trap, so that it can be stored
// field by field.
func complete(e *tree.StructLit) bool {
	if len(e.Vals) == 0 || len(e.Vals) > 16 {
		return false
	}
	for _, v := range e.Vals {
		if v == nil {
			return false
		}
		switch x := v.(type) {
		case *tree.Const, *tree.Zero, *tree.Ref, *tree.FuncRef:
		case *tree.StructLit:
			if !complete(x) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func (g *gen) storeParts(p place, e *tree.StructLit) {
	for i, v := range e.Vals {
		f := place{kind: inMem, l: p.l.FieldLs[i], r: p.r, off: p.off + p.l.Fields[i], nonnil: true}
		if x, ok := v.(*tree.StructLit); ok {
			g.storeParts(f, x)
			continue
		}
		g.storeExpr(f, v)
	}
}
