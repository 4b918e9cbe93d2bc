package lower

import (
	"go/token"
	"go/types"

	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// scan finds the variables of the function and where each lives.
func (g *gen) scan() {
	g.vars = make([]variable, 0, len(g.f.Params)+len(g.f.Results)+len(g.f.Locals)+len(g.f.Captures))
	for _, list := range [][]*tree.Var{g.f.Params, g.f.Results, g.f.Captures} {
		for _, v := range list {
			g.variable(v)
		}
	}
	// Statement lists form a tree: parent[i] is the list that list i is part of.
	// loop[i] is the innermost loop around list i.
	parent, loop := []int32{-1, 0}, []int32{0, 0}
	block := int32(1)
	enter := func(in int32) {
		parent, loop = append(parent, block), append(loop, in)
		block = int32(len(parent) - 1)
	}
	labels := map[*tree.Label]bool{}
	backward := false // some goto makes a loop
	sees := func(def int32) bool {
		for b := block; b > 0; b = parent[b] {
			if b == def {
				return true
			}
		}
		return false
	}
	var expr func(e tree.Expr)
	place := func(e tree.Expr) {
		if r, ok := e.(*tree.Ref); ok {
			if r.V.Kind != tree.Global {
				v := g.variable(r.V)
				v.defs++
				v.block = block
				v.split = v.split || v.cross && loop[block] != 0
			}
			return
		}
		root := e
		for {
			if f, ok := root.(*tree.Field); ok {
				root = f.X
			} else if x, ok := root.(*tree.Index); ok {
				root = x.X
			} else {
				break
			}
		}
		if r, ok := root.(*tree.Ref); ok && r.V.Kind != tree.Global {
			g.variable(r.V).defs += 2
		}
		expr(e)
	}
	expr = func(e tree.Expr) {
		switch e := e.(type) {
		case *tree.Ref:
			if e.V.Kind != tree.Global {
				v := g.variable(e.V)
				v.uses++
				v.split = v.split || !sees(v.block)
				v.cross = v.cross || v.block > 0 && loop[v.block] != loop[block]
			}
			return
		case *tree.Addr:
			if r := rootVar(e.X); r != nil && r.Kind != tree.Global {
				v := g.variable(r)
				v.heap = v.v.Kind != tree.Capture
			}
		case *tree.Closure:
			for i, c := range e.F.Captures {
				if r, ok := e.Vals[i].(*tree.Ref); ok && c.ByRef && r.V.Kind != tree.Global {
					v := g.variable(r.V)
					v.heap = v.heap || v.v.Kind != tree.Capture
				}
			}
		case *tree.Builtin:
			if e.Name == "deferrangefunc" {
				g.hasDef = true
			}
		}
		eachExpr(e, expr)
	}
	var stmt func(s tree.Stmt)
	list := func(ss []tree.Stmt) {
		enter(loop[block])
		for _, s := range ss {
			stmt(s)
		}
		block = parent[block]
	}
	stmt = func(s tree.Stmt) {
		switch s := s.(type) {
		case *tree.If:
			expr(s.Cond)
			list(s.Then)
			list(s.Else)
			return
		case *tree.For:
			outer := block
			enter(int32(len(parent)))
			in := block
			for _, x := range s.CondPre {
				stmt(x)
			}
			if s.Cond != nil {
				expr(s.Cond)
			}
			for _, part := range [][]tree.Stmt{s.Body, s.Post} {
				block = outer
				enter(in)
				for _, x := range part {
					stmt(x)
				}
			}
			block = outer
			return
		case *tree.AssignOp:
			if r, ok := s.X.(*tree.Ref); ok && r.V.Kind != tree.Global {
				g.variable(r.V).split = true
			}
		case *tree.Labeled:
			labels[s.L] = true
		case *tree.Jump:
			backward = backward || s.Tok == token.GOTO && labels[s.L]
		case *tree.Select:
			for _, c := range s.Cases {
				for _, x := range []tree.Expr{c.Ch, c.Val} {
					if x != nil {
						expr(x)
					}
				}
			}
			for _, c := range s.Cases {
				for _, x := range []tree.Expr{c.Lhs, c.Ok} {
					if x != nil {
						place(x)
					}
				}
				list(c.Body)
			}
			return
		case *tree.Declare:
			x := g.variable(s.V)
			x.defs++
			x.declared = true
		case *tree.Defer:
			if s.Token == nil {
				g.hasDef = true
			}
		}
		eachStmt(s, stmt, expr, place)
	}
	for _, s := range g.f.Body {
		stmt(s)
	}
	byRef := map[*tree.Var]bool{}
	for i, v := range g.f.Params {
		byRef[v] = g.sig.Params[i].Ref != nil
	}
	for i, v := range g.f.Results {
		byRef[v] = g.sig.Results[i].Ref != nil
	}
	room := int32(maxFrameVars)
	for i := range g.vars {
		v := &g.vars[i]
		if v.v.Kind == tree.Capture {
			v.heap = v.v.ByRef
			continue
		}
		if byRef[v.v] {
			v.heap = true
			continue
		}
		v.frame = v.v.Esc == tree.EscFrame || v.heap && v.v.Esc == tree.EscNone && g.f.Flags&tree.Decided != 0
		v.large = large(v.l)
		if v.v.Esc >= tree.EscHeap || v.v.Esc == tree.EscUnknown && v.v.Addrtaken || v.large {
			v.heap = true
		}
		v.frame = v.frame && v.l.Size > 0 && v.l.Slots <= maxFrameVar
		if !v.heap && v.v.Kind == tree.Local {
			if v.l.Slots > 64 && v.l.Slots > room {
				v.heap, v.large = true, true
			} else {
				room -= min(room, v.l.Slots)
			}
		}
		v.alias = !v.heap && v.defs == 1 && v.v.Kind == tree.Local
		v.rebind = !v.heap && v.v.Temp && v.v.Kind == tree.Local && !v.split && !backward
	}
}

// rootVar is the variable that a place is part of, or nil.
func rootVar(e tree.Expr) *tree.Var {
	for {
		switch x := e.(type) {
		case *tree.Ref:
			return x.V
		case *tree.Field:
			e = x.X
		case *tree.Index:
			if _, ok := x.X.Type().Underlying().(*types.Array); !ok {
				return nil
			}
			e = x.X
		default:
			return nil
		}
	}
}

// variable returns the record of a variable of this function. The pointer is valid until the next new one.
func (g *gen) variable(v *tree.Var) *variable {
	if i := int(v.Slot); i < len(g.vars) && g.vars[i].v == v {
		return &g.vars[i]
	}
	if v.Kind == tree.Global {
		g.bug("global %s used as a local variable", v.Name)
	}
	v.Slot = int32(len(g.vars))
	g.vars = append(g.vars, variable{v: v, l: g.layout(v.T), reg: -1, obj: -1, buffer: -1})
	return &g.vars[v.Slot]
}

// home returns the register of a variable, making it if need be.
func (g *gen) home(v *tree.Var) *variable {
	x := g.variable(v)
	if x.reg < 0 && !x.frame {
		if x.heap {
			x.reg = g.ptr().v
		} else {
			x.reg = g.newReg(x.l).v
		}
	}
	return x
}

// entry generates what happens before the body: parameters, results and captures get their homes.
func (g *gen) entry() {
	if len(g.f.Captures) > 0 {
		c := g.ptr()
		g.op(bc.GETCTX, c, none, none)
		g.ctxReg = c.v
		g.captures(c)
	}
	g.rawParam = g.rawRuns(g.sig.Params)
	for i, v := range g.f.Params {
		x := g.variable(v)
		p := g.sig.Params[i]
		if x.uses+x.defs == 0 && !p.Lone || p.L.Size == 0 {
			continue
		}
		if p.Ref != nil {
			r := g.newReg(p.L)
			g.regs[r.v].fixed = int32(p.Off / 8)
			g.variable(v).reg = r.v
			continue
		}
		var r ref
		if p.Lone {
			r = g.newReg(p.L)
			g.regs[r.v].fixed = int32(p.Off / 8)
		} else {
			raw, off := g.rawAt(g.rawParam, p.Off)
			r = g.newReg(p.L)
			g.fld(r, raw, off, p.L)
		}
		if !x.heap {
			x.reg = r.v
			continue
		}
		if x.frame {
			g.move(g.objectOf(x), r, x.l.Slots)
			continue
		}
		box := g.ptr()
		g.object(box, x.l, x.frame)
		g.storeMem(box, 0, r, x.l)
		g.variable(v).reg = box.v
	}
	g.rawResult = g.rawRuns(g.sig.Results)
	g.retRegs = make([]ref, len(g.f.Results))
	for i, v := range g.f.Results {
		p := g.sig.Results[i]
		g.retRegs[i] = none
		r := g.newReg(p.L)
		if p.Lone && p.L.Size > 0 {
			g.regs[r.v].fixed = int32(p.Off / 8)
		}
		g.retRegs[i] = r
		x := g.variable(v)
		if x.frame {
			o := g.objectOf(x)
			g.zero(o, x.l.Slots)
			g.regs[o.v].defer_ = g.hasDef
			continue
		}
		if x.heap {
			box := g.ptr()
			g.object(box, x.l, x.frame)
			g.variable(v).reg = box.v
			if g.hasDef {
				g.regs[box.v].defer_ = true
			}
			continue
		}
		x.reg = r.v
		if g.hasDef {
			g.regs[r.v].defer_ = true
		} else if g.namedResults() {
			g.zero(r, p.L.Slots)
		}
	}
	for i := range g.vars { // temporaries without a declaration, too large for the frame
		if x := &g.vars[i]; x.large && !x.declared && x.v.Kind == tree.Local {
			box := g.ptr()
			g.object(box, x.l, false)
			g.vars[i].reg = box.v
		}
	}
}

// rawRuns makes one register for every run of words that several small parameters share.
func (g *gen) rawRuns(ps []Place) map[int64]int32 {
	var runs map[int64]int32
	for i := 0; i < len(ps); i++ {
		if ps[i].Lone || ps[i].L.Size == 0 {
			continue
		}
		start := ps[i].Off / 8
		end := (ps[i].Off + ps[i].L.Size + 7) / 8
		var l Layout
		l.addMask(ps[i].Off-start*8, ps[i].L)
		for i+1 < len(ps) && (ps[i+1].L.Size == 0 || ps[i+1].Off/8 < end) {
			i++
			end = max(end, (ps[i].Off+ps[i].L.Size+7)/8)
			l.addMask(ps[i].Off-start*8, ps[i].L)
		}
		l.Slots = int32(end - start)
		if runs == nil {
			runs = map[int64]int32{}
		}
		r := g.newReg(&l)
		g.regs[r.v].fixed = int32(start)
		runs[start*8] = r.v
	}
	return runs
}

// rawAt finds the run that holds the byte offset, and the offset in it.
func (g *gen) rawAt(runs map[int64]int32, off int64) (ref, int64) {
	for s, r := range runs {
		if off >= s && off < s+int64(g.regs[r].n)*8 {
			return ref{r, 0}, off - s
		}
	}
	g.bug("no packed run at offset %d", off)
	return none, 0
}

// closureStruct is the layout of the closure object of f: code pointer, then captures.
func (g *gen) closureStruct(f *tree.Func) *types.Struct {
	fields := make([]*types.Var, 0, len(f.Captures)+1)
	fields = append(fields, types.NewField(0, nil, "F", types.Typ[types.Uintptr], false))
	for _, c := range f.Captures {
		t := c.T
		if c.ByRef {
			t = types.NewPointer(t)
		}
		fields = append(fields, types.NewField(0, nil, c.Name, t, false))
	}
	for i := range fields {
		fields[i] = types.NewField(0, nil, "X"+string(rune('0'+i%10))+string(rune('a'+i/10%26))+string(rune('a'+i/260)), fields[i].Type(), false)
	}
	return types.NewStruct(fields, nil)
}

// captures loads the captured variables that the body uses.
func (g *gen) captures(c ref) {
	l := g.ls.compute(g.closureStruct(g.f))
	for i, v := range g.f.Captures {
		x := g.variable(v)
		off := l.Fields[i+1]
		if x.heap { // by reference: the pointer
			if x.uses+x.defs == 0 {
				continue
			}
			p := g.ptr()
			x.reg = p.v
			g.opI(bc.LD64, p, c, off)
			continue
		}
		if x.uses == 0 || x.l.Slots == 0 {
			continue
		}
		if x.l.Slots > 3 {
			x.cap = off
			continue
		}
		r := g.newReg(x.l)
		g.variable(v).reg = r.v
		g.loadMem(r, c, off, x.l)
	}
}

// maxObject is the most bytes that an object with pointers may be long if its type says so. Its mask takes a 64th of that.
const maxObject = 4 << 30

// newObject allocates a zeroed object of layout l.
func (g *gen) newObject(dst ref, l *Layout) {
	if l.Size == 0 {
		g.ldiFix(dst, Fixup{Kind: FixData, Data: zeroBase})
		return
	}
	if l.PtrBytes > maxObject {
		g.fail("type %s of %d bytes is larger than any object with pointers can be (%d)", l.Type, l.Size, int64(maxObject))
	}
	g.emit(ins{op: bc.NEW, a: dst, b: none, c: none, fix: g.addFix(Fixup{Kind: FixTypeID, Type: l.Type})})
}

// object makes a zeroed object of layout l, in the frame or on the heap.
func (g *gen) object(dst ref, l *Layout, frame bool) {
	if !frame || l.Size == 0 {
		g.newObject(dst, l)
		return
	}
	o := g.newFrameObject(l)
	g.zero(o, l.Slots)
	g.leaf(dst, o, 0)
}

// framed reports whether what a site with decision e makes lies in the frame.
func (g *gen) framed(e tree.Esc) bool { return e == tree.EscNone && g.frames }

// zeroBase is where pointers to objects of no size point.
var zeroBase = &Data{Bytes: make([]byte, 8), Align: 8, Name: "runtime.zerobase"}

// leave ends the function: results are in their variables.
func (g *gen) leave() {
	if g.hasDef {
		g.jump(g.exit)
		return
	}
	g.copyOut()
	g.op(bc.RET, none, none, none)
}

// copyOut brings the results from their variables to the result area.
func (g *gen) copyOut() {
	for _, r := range sortedRuns(g.rawResult) {
		g.zero(ref{r, 0}, g.regs[r].n)
	}
	for i, v := range g.f.Results {
		p := g.sig.Results[i]
		if p.L.Size == 0 {
			continue
		}
		x := g.variable(v)
		r := g.retRegs[i]
		switch {
		case p.Ref != nil:
			g.move(r, ref{x.reg, 0}, 1)
		case x.heap:
			g.loadPlace(g.homePlace(x), r)
		}
		if !p.Lone {
			raw, off := g.rawAt(g.rawResult, p.Off)
			g.fst(raw, off, r, p.L)
		}
	}
}

func sortedRuns(m map[int64]int32) []int32 {
	var out []int32
	for _, r := range m {
		i := len(out)
		out = append(out, r)
		for i > 0 && out[i-1] > r {
			out[i], i = out[i-1], i-1
		}
		out[i] = r
	}
	return out
}

// deferExit is the common exit of a function with defers; a recovered panic resumes here.
func (g *gen) deferExit() {
	g.bind(g.exit)
	a := g.newArea(nil, nil, 0, true)
	g.deferReturn = g.emit(ins{op: bc.RUNDEFERS, a: none, b: none, c: none, area: a + 1})
	g.area[a].at = g.deferReturn
	g.copyOut()
	g.op(bc.RET, none, none, none)
}
