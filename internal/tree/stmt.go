package tree

// Statements
//
// Scopes are gone: every variable is a Var of its own, brought to life by Declare.
// A branch names its Label. Conditions that are constant choose at build time, and what
// they rule out is not built, so that functions used only there stay unreachable.
//
// # Range over functions
//
// The statement `for … := range f` is rewritten in rangefunc.go:
//
//	func (b *builder) rangeFunc(s *ast.RangeStmt, t *target) []Stmt
//
// t is the loop's entry on the stack of targets, already pushed (b.targets == t) and popped by the caller.
// rangeFunc makes the body function with c := b.child(rangeBody, pos, end), sets c.exits, c.fn.Params and
// c.fn.Results (and the variables of the loop: b.nest.vars[obj]), builds the body with
// c.fn.Body = c.block(func() { … c.stmts(s.Body.List) … }), and gets the func value from b.closure(c).
// While the body is built, statements that leave it come back through c.exits (bodyExits in build.go): a
// break or continue whose target's owner is not c, a goto to a label outside the body's extent, every
// return, and the token of a defer. Variables of b, and of functions around it, are used inside with c.ref(v, pos).

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// stmts builds the statements of list but for those that cannot be reached: what stands between one that terminates
// and the next label. Before the last label nothing is left out, as jumps may go around declarations there.
func (b *builder) stmts(list []ast.Stmt) {
	last := -1
	for i, s := range list {
		if _, ok := s.(*ast.LabeledStmt); ok {
			last = i
		}
	}
	dead := false
	for i, s := range list {
		if dead && i > last {
			return
		}
		b.stmt(s)
		dead = b.terminates(s)
	}
}

// terminates reports whether what follows s in its list is unreachable, in the simple cases in which the real compiler
// knows that before it decides anything: break, continue and loops do not count.
func (b *builder) terminates(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.BranchStmt:
		return s.Tok == token.GOTO
	case *ast.ReturnStmt:
		return true
	case *ast.ExprStmt:
		if c, ok := ast.Unparen(s.X).(*ast.CallExpr); ok {
			id, ok := ast.Unparen(c.Fun).(*ast.Ident)
			return ok && b.info.Uses[id] == types.Universe.Lookup("panic")
		}
	case *ast.IfStmt:
		cond := b.staticBool(s.Cond)
		return (cond < 0 || b.terminates(s.Body)) && (cond > 0 || s.Else != nil && b.terminates(s.Else))
	case *ast.BlockStmt:
		for i := len(s.List) - 1; i >= 0; i-- {
			if _, ok := s.List[i].(*ast.EmptyStmt); !ok {
				return b.terminates(s.List[i])
			}
		}
	}
	return false
}

// staticBool is the value that the condition e has whenever it is evaluated: 1 true, -1 false, 0 not known. Operands of && and ||
// that are not constant may still have effects.
func (b *builder) staticBool(e ast.Expr) int {
	if v := b.tv(e).Value; v != nil && v.Kind() == constant.Bool {
		if constant.BoolVal(v) {
			return 1
		}
		return -1
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.UnaryExpr:
		if e.Op == token.NOT {
			return -b.staticBool(e.X)
		}
	case *ast.BinaryExpr:
		switch e.Op {
		case token.LAND:
			return min(b.staticBool(e.X), b.staticBool(e.Y))
		case token.LOR:
			return max(b.staticBool(e.X), b.staticBool(e.Y))
		}
	}
	return 0
}

// stmt builds one statement.
func (b *builder) stmt(s ast.Stmt) { b.labeledStmt(s, nil) }

// labeledStmt builds s; name is the label that stands before it, or nil.
func (b *builder) labeledStmt(s ast.Stmt, name types.Object) {
	switch s := s.(type) {
	case *ast.EmptyStmt:
	case *ast.BadStmt:
		b.bug(s.Pos(), "bad statement")
	case *ast.BlockStmt:
		b.stmts(s.List)
	case *ast.ExprStmt:
		b.exprStmt(s)
	case *ast.DeclStmt:
		b.declStmt(s)
	case *ast.AssignStmt:
		b.assignStmt(s)
	case *ast.IncDecStmt:
		x := b.expr(s.X)
		markAssigned(x)
		op := token.ADD
		if s.Tok == token.DEC {
			op = token.SUB
		}
		b.emit(&AssignOp{At{s.TokPos}, op, x, b.constant(constant.MakeInt64(1), x.Type(), s.TokPos)})
	case *ast.SendStmt:
		ch := b.expr(s.Chan)
		b.emit(&Send{At{s.Arrow}, ch, b.exprTo(s.Value, b.p.Elem(ch.Type()))})
	case *ast.GoStmt:
		pre, fn := b.deferredCall(s.Call, goCall, s.Go)
		b.out = append(b.out, pre...)
		b.emit(&Go{At{s.Go}, fn})
	case *ast.DeferStmt:
		b.deferStmt(s)
	case *ast.ReturnStmt:
		b.returnStmt(s)
	case *ast.BranchStmt:
		b.branch(s)
	case *ast.LabeledStmt:
		b.label(s)
	case *ast.IfStmt:
		b.ifStmt(s)
	case *ast.SwitchStmt:
		b.switchStmt(s, name)
	case *ast.TypeSwitchStmt:
		b.typeSwitch(s, name)
	case *ast.SelectStmt:
		b.selectStmt(s, name)
	case *ast.ForStmt:
		b.forStmt(s, name)
	case *ast.RangeStmt:
		b.rangeStmt(s, name)
	default:
		b.bug(s.Pos(), "statement %T", s)
	}
}

func (b *builder) exprStmt(s *ast.ExprStmt) {
	x := b.expr(s.X)
	if blk, ok := x.(*Block); ok {
		b.out = append(b.out, blk.Stmts...)
		x = blk.X
	}
	if x != nil {
		b.emit(&ExprStmt{At{exprPos(s.X)}, x})
	}
}

func (b *builder) deferStmt(s *ast.DeferStmt) {
	f := b.fn
	for f.Flags&RangeBody != 0 && f.Outer != nil {
		f = f.Outer
	}
	f.Flags |= HasDefer
	pre, fn := b.deferredCall(s.Call, deferCall, s.Defer)
	b.out = append(b.out, pre...)
	d := &Defer{At: At{s.Defer}, Fn: fn}
	if b.exits != nil {
		d.Token = b.exits.deferToken(b, s.Defer)
	}
	b.emit(d)
}

func (b *builder) declStmt(s *ast.DeclStmt) {
	g, ok := s.Decl.(*ast.GenDecl)
	if !ok || g.Tok != token.VAR {
		return
	}
	for _, spec := range g.Specs {
		vs := spec.(*ast.ValueSpec)
		pos := vs.Names[0].Pos()
		if len(vs.Values) == 0 {
			for _, id := range vs.Names {
				if id.Name != "_" {
					b.emit(&Declare{At: At{id.Pos()}, V: b.declare(b.info.Defs[id])})
				}
			}
			continue
		}
		var t types.Type
		if vs.Type != nil {
			t = b.typ(b.tv(vs.Type).Type)
		}
		lhs := make([]ast.Expr, len(vs.Names))
		for i, id := range vs.Names {
			lhs[i] = id
		}
		b.define(pos, lhs, vs.Values, t)
	}
}

// define builds `var a, b T = …` and `a, b := …`; t is the declared type or nil.
func (b *builder) define(pos token.Pos, lhs, rhs []ast.Expr, t types.Type) {
	if len(lhs) == 1 && len(rhs) == 1 {
		id := lhs[0].(*ast.Ident)
		obj := b.info.Defs[id]
		if obj == nil || id.Name == "_" {
			b.assign(pos, lhs, rhs, t)
			return
		}
		x := b.exprTo(rhs[0], b.typ(obj.Type()))
		b.emit(&Declare{At: At{pos}, V: b.declare(obj), Init: x})
		return
	}
	b.assign(pos, lhs, rhs, t)
}

func (b *builder) assignStmt(s *ast.AssignStmt) {
	switch s.Tok {
	case token.DEFINE:
		b.define(s.TokPos, s.Lhs, s.Rhs, nil)
	case token.ASSIGN:
		b.assign(s.TokPos, s.Lhs, s.Rhs, nil)
	default:
		x := b.expr(s.Lhs[0])
		markAssigned(x)
		op := s.Tok - token.ADD_ASSIGN + token.ADD
		var y Expr
		if op == token.SHL || op == token.SHR {
			y = b.shiftCount(s.Rhs[0])
		} else {
			y = b.exprTo(s.Rhs[0], x.Type())
		}
		b.emit(&AssignOp{At{s.TokPos}, op, x, y})
	}
}

// isBlank reports whether e is _.
func isBlank(e ast.Expr) bool {
	id, ok := ast.Unparen(e).(*ast.Ident)
	return ok && id.Name == "_"
}

// place builds e as the left side of an assignment, nil for blank.
func (b *builder) place(e ast.Expr) Expr {
	if isBlank(e) {
		return nil
	}
	x := b.expr(e)
	markAssigned(x)
	return x
}

// assign builds an assignment whose left side may declare variables. t is the type of blank ones
// in a variable declaration, or nil.
func (b *builder) assign(pos token.Pos, lhs, rhs []ast.Expr, t types.Type) {
	// New variables come to life before the assignment but their names mean them only after it.
	var fresh []*Var
	var objs []types.Object
	places := func() []Expr {
		out := make([]Expr, len(lhs))
		for i, e := range lhs {
			if id, ok := e.(*ast.Ident); ok && id.Name != "_" {
				if obj := b.info.Defs[id]; obj != nil {
					v := b.newVar(obj.Name(), b.typ(obj.Type()), obj.Pos())
					fresh = append(fresh, v)
					objs = append(objs, obj)
					out[i] = &Ref{Typed: Typed{At{id.Pos()}, v.T}, V: v}
					continue
				}
			}
			out[i] = b.place(e)
		}
		return out
	}
	bind := func() {
		for i, v := range fresh {
			b.nest.vars[objs[i]] = v
			b.emit(&Declare{At: At{v.Pos}, V: v})
		}
	}
	if len(lhs) == len(rhs) {
		as := &Assign{At: At{pos}, Lhs: places()}
		for i, e := range rhs {
			switch {
			case as.Lhs[i] != nil:
				as.Rhs = append(as.Rhs, b.exprTo(e, as.Lhs[i].Type()))
			case t != nil:
				as.Rhs = append(as.Rhs, b.exprTo(e, t))
			case b.isNil(e):
				as.Rhs = append(as.Rhs, b.zero(types.Typ[types.UnsafePointer], pos))
			default:
				as.Rhs = append(as.Rhs, b.expr(e))
			}
		}
		bind()
		b.emit(as)
		return
	}
	l := places()
	x := b.expr(rhs[0])
	bind()
	b.assignTuple(pos, l, x)
}

// assignTuple assigns the parts of a tuple to places (nil: blank), with temporaries where the types differ.
func (b *builder) assignTuple(pos token.Pos, lhs []Expr, x Expr) {
	if blk, ok := x.(*Block); ok {
		b.out = append(b.out, blk.Stmts...)
		x = blk.X
	}
	tup := x.Type().(*types.Tuple)
	same := true
	for i, l := range lhs {
		if l != nil && l.Type() != b.p.Canon(tup.At(i).Type()) {
			same = false
		}
	}
	if same {
		b.emit(&Assign{At{pos}, lhs, []Expr{x}})
		return
	}
	first := &Assign{At: At{pos}, Rhs: []Expr{x}}
	second := &Assign{At: At{pos}}
	for i, l := range lhs {
		if l == nil {
			first.Lhs = append(first.Lhs, nil)
			continue
		}
		v := b.temp("tmp", b.p.Canon(tup.At(i).Type()), pos)
		b.emit(&Declare{At: At{pos}, V: v})
		first.Lhs = append(first.Lhs, b.ref(v, pos))
		second.Lhs = append(second.Lhs, l)
		second.Rhs = append(second.Rhs, b.convert(b.ref(v, pos), l.Type()))
	}
	b.emit(first)
	b.emit(second)
}

func (b *builder) returnStmt(s *ast.ReturnStmt) {
	results := b.results()
	var vals []Expr
	switch {
	case len(s.Results) == 1 && len(results) > 1:
		x := b.expr(s.Results[0])
		if blk, ok := x.(*Block); ok {
			b.out = append(b.out, blk.Stmts...)
			x = blk.X
		}
		tup := x.Type().(*types.Tuple)
		same := true
		for i, r := range results {
			same = same && r.T == b.p.Canon(tup.At(i).Type())
		}
		if same {
			vals = []Expr{x}
			break
		}
		pre, parts := b.spreadValue(x, s.Return)
		b.out = append(b.out, pre...)
		for i, v := range parts {
			vals = append(vals, b.convert(v, results[i].T))
		}
	default:
		for i, e := range s.Results {
			vals = append(vals, b.exprTo(e, results[i].T))
		}
	}
	if b.exits != nil {
		b.exits.ret(b, s.Return, vals)
		return
	}
	if len(vals) > 0 {
		for _, r := range b.fn.Results {
			r.Reassigned = true
		}
	}
	b.emit(&Return{At{s.Return}, vals})
}

// results are the result variables of the function that a return statement in b.fn leaves.
func (b *builder) results() []*Var {
	f := b.fn
	for f.Flags&RangeBody != 0 && f.Outer != nil {
		f = f.Outer
	}
	return f.Results
}

func (b *builder) ifStmt(s *ast.IfStmt) {
	if s.Init != nil {
		b.stmt(s.Init)
	}
	cond := b.expr(s.Cond)
	if v, ok := boolConst(cond); ok {
		if v {
			b.stmt(s.Body)
		} else if s.Else != nil {
			b.stmt(s.Else)
		}
		return
	}
	x := &If{At: At{s.If}, Cond: cond}
	static := b.staticBool(s.Cond)
	if static >= 0 {
		x.Then = b.block(func() { b.stmt(s.Body) })
	}
	if s.Else != nil && static <= 0 {
		x.Else = b.block(func() { b.stmt(s.Else) })
	}
	b.emit(x)
}
