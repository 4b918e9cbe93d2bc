package escape

import (
	"go/types"

	"github.com/terrarium-go/terrarium/internal/tree"
)

func (e *builder) stmts(list []tree.Stmt) {
	for _, s := range list {
		e.stmt(s)
	}
}

// block is stmts for the body of a statement: loops that its labels open end with it.
func (e *builder) block(list []tree.Stmt) {
	old := e.depth
	e.stmts(list)
	e.depth = old
}

func (e *builder) declare(v *tree.Var) dest {
	l := e.loc(v)
	l.depth = e.depth
	return l.dest()
}

func (e *builder) stmt(s tree.Stmt) {
	switch s := s.(type) {
	case *tree.ExprStmt:
		e.effect(s.X)
	case *tree.Declare:
		d := e.declare(s.V)
		if s.Init != nil {
			e.expr(d.note(s, "assign"), s.Init)
		}
	case *tree.Assign:
		e.assign(s)
	case *tree.AssignOp:
		e.store([]tree.Expr{s.X}, []tree.Expr{s.Y}, "assign", s)
	case *tree.If:
		e.discard(s.Cond)
		e.block(s.Then)
		e.block(s.Else)
	case *tree.For:
		e.depth++
		e.stmts(s.CondPre)
		e.discard(s.Cond)
		e.stmts(s.Post)
		e.block(s.Body)
		e.depth--
	case *tree.Range:
		e.rangeOver(s)
	case *tree.Switch:
		e.discard(s.Tag)
		for _, c := range s.Cases {
			for _, v := range c.Vals {
				e.discard(v)
			}
			e.block(c.Body)
		}
	case *tree.TypeSwitch:
		var ds []dest
		for _, c := range s.Cases {
			if c.V == nil {
				continue
			}
			d := e.declare(c.V)
			if e.a.hasPointers(c.V.T) {
				ds = append(ds, e.dotType(d, c.V.T, s, "switch case"))
			}
		}
		e.expr(e.tee(ds...), s.X)
		for _, c := range s.Cases {
			e.block(c.Body)
		}
	case *tree.Select:
		for _, c := range s.Cases {
			e.comm(c)
			e.block(c.Body)
		}
	case *tree.Labeled:
		if e.loops[s.L] {
			e.depth++
		}
	case *tree.Jump:
	case *tree.Return:
		e.returns(s)
	case *tree.Go:
		e.a.held[s.Fn] = s
		e.expr(e.toHeap(), s.Fn)
	case *tree.Defer:
		d := e.toHeap()
		if e.depth == 1 && s.Token == nil {
			d = e.later(e.discarded()) // runs before the frame goes
			s.Esc = tree.EscNone
		} else {
			s.Esc = tree.EscHeap
			e.a.held[s.Fn] = s
		}
		e.discard(s.Token)
		e.expr(d, s.Fn)
	case *tree.Send:
		e.discard(s.Ch)
		e.expr(e.toHeap().note(s, "send"), s.X)
	case *tree.Group:
		e.stmts(s.Stmts)
	case *tree.KeepAlive:
	default:
		e.bug(s, "statement")
	}
}

// effect evaluates x for its effect.
func (e *builder) effect(x tree.Expr) {
	switch x := x.(type) {
	case *tree.Call:
		e.call(nil, x)
	case *tree.Builtin:
		e.builtin(nil, x)
	case *tree.Block:
		e.stmts(x.Stmts)
		if x.X != nil {
			e.effect(x.X)
		}
	default:
		e.discard(x)
	}
}

func (e *builder) assign(s *tree.Assign) {
	if len(s.Rhs) == len(s.Lhs) {
		why := "assign"
		if len(s.Lhs) > 1 {
			why = "assign-pair"
		}
		e.store(s.Lhs, s.Rhs, why, s)
		return
	}
	ds := e.places(s.Lhs)
	if c, ok := s.Rhs[0].(*tree.Call); ok {
		e.call(ds, c)
	} else {
		e.expr(ds[0].note(s, "assign-pair"), s.Rhs[0])
	}
	reassigned(ds)
}

// store is lhs... = rhs... .
func (e *builder) store(lhs, rhs []tree.Expr, why string, where tree.Node) {
	ds := e.places(lhs)
	for i, d := range ds {
		switch {
		case headerData(lhs[i]):
			e.address(e.toHeap().note(where, why), rhs[i])
			continue
		case selfAssign(lhs[i], rhs[i]):
			e.a.note(e.fn, where.Pos(), SelfAssign, "%s ignoring self-assignment in %s", e.a.funcName(e.fn), e.a.text(where))
			d = e.discarded()
		}
		e.expr(d.note(where, why), rhs[i])
	}
	reassigned(ds)
}

// reassigned notes the assignment to variables that are assigned after their declaration.
func reassigned(ds []dest) {
	for _, d := range ds {
		if v := d.dst.v; v != nil && (v.Reassigned || v.Kind == tree.Result) {
			d.dst.reassigned = true
		}
	}
}

func (e *builder) returns(s *tree.Return) {
	if len(s.Vals) == 0 {
		return
	}
	f := e.fn
	ds := make([]dest, len(f.Results))
	for i, r := range f.Results {
		ds[i] = e.loc(r).dest()
	}
	if len(s.Vals) == 1 && len(ds) > 1 {
		x := s.Vals[0]
		if blk, ok := x.(*tree.Block); ok {
			e.stmts(blk.Stmts)
			x = blk.X
		}
		if c, ok := x.(*tree.Call); ok {
			e.call(ds, c)
		} else {
			e.expr(ds[0].note(s, "return"), x)
		}
	} else {
		for i, v := range s.Vals {
			e.expr(ds[i].note(s, "return"), v)
		}
	}
	reassigned(ds)
}

func (e *builder) rangeOver(s *tree.Range) {
	x := s.X
	deref := false
	if d, ok := x.(*tree.Deref); ok {
		x, deref = d.X, true
	}
	tmp := e.newLoc(nil, true)
	e.expr(tmp.dest(), x)
	inner := func(v *tree.Var) bool { return v.Addrtaken || v.Captured }
	for _, v := range s.Decl {
		if !inner(v) {
			e.declare(v)
		}
	}
	e.depth++
	for _, v := range s.Decl {
		if inner(v) {
			e.declare(v)
		}
	}
	ds := e.places([]tree.Expr{s.Key, s.Val})
	if _, ok := x.Type().Underlying().(*types.Array); ok && !deref {
		e.flow(ds[1].note(s, "range"), tmp)
	} else {
		e.flow(ds[1].deref(s, "range-deref"), tmp)
	}
	reassigned(ds)
	e.block(s.Body)
	e.depth--
}

func (e *builder) comm(c *tree.Comm) {
	if c.Default {
		return
	}
	if c.Send {
		e.discard(c.Ch)
		e.expr(e.toHeap().note(c, "send"), c.Val)
		return
	}
	for _, v := range c.Decl {
		e.declare(v)
	}
	ds := e.places([]tree.Expr{c.Lhs, c.Ok})
	e.discard(c.Ch)
	reassigned(ds)
}

// places are the destinations of the left sides of an assignment; nil is blank.
func (e *builder) places(list []tree.Expr) []dest {
	ds := make([]dest, len(list))
	for i, x := range list {
		ds[i] = e.place(x)
	}
	return ds
}

func (e *builder) place(x tree.Expr) dest {
	switch x := x.(type) {
	case nil:
		return e.discarded()
	case *tree.Ref:
		if x.V.Kind == tree.Global {
			return e.toHeap()
		}
		return e.loc(x.V).dest()
	case *tree.Field:
		if d, ok := x.X.(*tree.Deref); ok {
			e.expr(e.toMutator(), d.X)
			return e.toHeap()
		}
		return e.place(x.X)
	case *tree.Index:
		e.discard(x.I)
		if _, ok := x.X.Type().Underlying().(*types.Array); ok {
			return e.place(x.X)
		}
		e.expr(e.toMutator(), x.X)
	case *tree.Deref:
		e.expr(e.toMutator(), x.X)
	case *tree.MapIndex:
		e.discard(x.M)
		e.expr(e.toHeap().note(x, "key of map put"), x.K)
	case *tree.Convert: // change of name of a place
		return e.place(x.X)
	case *tree.Block:
		e.stmts(x.Stmts)
		return e.place(x.X)
	default:
		e.bug(x, "place")
	}
	return e.toHeap()
}

// headerData reports whether x is the field Data of a reflect.SliceHeader or StringHeader behind a pointer.
func headerData(x tree.Expr) bool {
	f, ok := x.(*tree.Field)
	if !ok {
		return false
	}
	if _, ok := f.X.(*tree.Deref); !ok {
		return false
	}
	n, ok := types.Unalias(f.X.Type()).(*types.Named)
	if !ok || n.Obj().Pkg() == nil || n.Obj().Pkg().Path() != "reflect" || n.Obj().Name() != "SliceHeader" && n.Obj().Name() != "StringHeader" {
		return false
	}
	return n.Underlying().(*types.Struct).Field(f.I).Name() == "Data"
}

// selfAssign reports whether dst = src stores no pointer that was not there before:
// p.buf = p.buf[i:j], x.a = x.b, x.a[i] = x.a[j].
func selfAssign(dst, src tree.Expr) bool {
	if sl, ok := src.(*tree.Slice); ok {
		base := func(x tree.Expr) *tree.Var {
			if f, ok := x.(*tree.Field); ok {
				x = f.X
			}
			if d, ok := x.(*tree.Deref); ok {
				if r, ok := d.X.(*tree.Ref); ok {
					return r.V
				}
			}
			return nil
		}
		v := base(dst)
		return v != nil && v == base(sl.X)
	}
	switch d := dst.(type) {
	case *tree.Field:
		s, ok := src.(*tree.Field)
		if !ok {
			return false
		}
		dp, isPtr := d.X.(*tree.Deref)
		sp, isPtr2 := s.X.(*tree.Deref)
		if isPtr != isPtr2 {
			return false
		}
		if isPtr {
			return same(dp.X, sp.X)
		}
		return same(d.X, s.X)
	case *tree.Index:
		s, ok := src.(*tree.Index)
		return ok && quiet(d.I) && quiet(s.I) && same(d.X, s.X)
	}
	return false
}

// same reports whether x and y are the same expression, without effects.
func same(x, y tree.Expr) bool {
	switch x := x.(type) {
	case *tree.Ref:
		y, ok := y.(*tree.Ref)
		return ok && x.V == y.V
	case *tree.Field:
		y, ok := y.(*tree.Field)
		return ok && x.I == y.I && same(x.X, y.X)
	case *tree.Deref:
		y, ok := y.(*tree.Deref)
		return ok && same(x.X, y.X)
	case *tree.Index:
		y, ok := y.(*tree.Index)
		return ok && same(x.X, y.X) && same(x.I, y.I)
	case *tree.Convert:
		y, ok := y.(*tree.Convert)
		return ok && x.T == y.T && same(x.X, y.X)
	case *tree.Unary:
		y, ok := y.(*tree.Unary)
		return ok && x.Op == y.Op && same(x.X, y.X)
	case *tree.Const:
		y, ok := y.(*tree.Const)
		return ok && x.Val.ExactString() == y.Val.ExactString()
	}
	return false
}

// quiet reports whether evaluating x reads only.
func quiet(x tree.Expr) bool {
	switch x := x.(type) {
	case *tree.Ref, *tree.Const, *tree.Zero:
		return true
	case *tree.Binary:
		return quiet(x.X) && quiet(x.Y)
	case *tree.Unary:
		return quiet(x.X)
	case *tree.Index:
		return quiet(x.X) && quiet(x.I)
	case *tree.Convert:
		return quiet(x.X)
	case *tree.Field:
		return quiet(x.X)
	case *tree.Deref:
		return quiet(x.X)
	case *tree.Builtin:
		return (x.Name == "len" || x.Name == "cap") && quiet(x.Args[0])
	}
	return false
}
