package tree

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// push makes a target for a statement that break (and, for a loop, continue) can mean.
func (b *builder) push(pos token.Pos, name types.Object, isLoop bool) *target {
	l := &Label{Pos: pos}
	if name != nil {
		l.Name = name.Name()
	}
	t := &target{up: b.targets, label: l, name: name, isLoop: isLoop, owner: b}
	b.targets = t
	return t
}

func (b *builder) pop() { b.targets = b.targets.up }

// used is the label of a finished target, nil when nothing refers to it.
func (t *target) used() *Label {
	if t.label.Used {
		return t.label
	}
	return nil
}

func (b *builder) branch(s *ast.BranchStmt) {
	var name types.Object
	if s.Label != nil {
		name = b.info.Uses[s.Label]
	}
	switch s.Tok {
	case token.GOTO:
		if b.exits != nil && (name.Pos() < b.extent[0] || name.Pos() > b.extent[1]) {
			b.exits.branch(b, s.TokPos, token.GOTO, nil, name)
			return
		}
		b.emit(&Jump{At{s.TokPos}, token.GOTO, b.gotoLabel(name)})
	case token.BREAK, token.CONTINUE:
		t := b.targets
		for t != nil && (name != nil && t.name != name || name == nil && s.Tok == token.CONTINUE && !t.isLoop) {
			t = t.up
		}
		if t == nil {
			b.bug(s.TokPos, "%s without target", s.Tok)
		}
		if t.owner != b {
			b.exits.branch(b, s.TokPos, s.Tok, t, nil)
			return
		}
		t.label.Used = true
		b.emit(&Jump{At{s.TokPos}, s.Tok, t.label})
	case token.FALLTHROUGH: // noted by switchStmt
	}
}

// gotoLabel is the Label of a source label that goto names.
func (b *builder) gotoLabel(name types.Object) *Label {
	n := b.nest
	if n.labels == nil {
		n.labels = map[types.Object]*Label{}
	}
	l := n.labels[name]
	if l == nil {
		l = &Label{Name: name.Name(), Pos: name.Pos()}
		n.labels[name] = l
	}
	l.Used = true
	return l
}

// label builds a labelled statement; a place for goto is left only if some goto names it.
func (b *builder) label(s *ast.LabeledStmt) {
	obj := b.info.Defs[s.Label]
	n := b.nest
	if n.gotos == nil {
		n.gotos = map[types.Object]bool{}
		ast.Inspect(n.root, func(x ast.Node) bool {
			if br, ok := x.(*ast.BranchStmt); ok && br.Tok == token.GOTO {
				n.gotos[b.info.Uses[br.Label]] = true
			}
			return true
		})
	}
	if n.gotos[obj] {
		b.emit(&Labeled{At{s.Colon}, b.gotoLabel(obj)})
	}
	b.labeledStmt(s.Stmt, obj)
}

// switchStmt builds an expression switch.
func (b *builder) switchStmt(s *ast.SwitchStmt, name types.Object) {
	if s.Init != nil {
		b.stmt(s.Init)
	}
	sw := &Switch{At: At{s.Switch}}
	if s.Tag != nil {
		sw.Tag = b.expr(s.Tag)
	}
	clauses := make([]*ast.CaseClause, len(s.Body.List))
	for i, c := range s.Body.List {
		clauses[i] = c.(*ast.CaseClause)
	}
	live := b.caseValues(sw, clauses)
	t := b.push(s.Switch, name, false)
	for i, cl := range clauses {
		c := sw.Cases[i]
		if !live[i] {
			continue
		}
		c.Fall = fallsThrough(cl)
		c.Body = b.block(func() { b.stmts(cl.Body) })
	}
	b.pop()
	sw.Label = t.used()
	kept := sw.Cases[:0]
	for i, c := range sw.Cases {
		if live[i] {
			kept = append(kept, c)
		}
	}
	sw.Cases = kept
	if len(kept) == 1 && kept[0].Default && !kept[0].Fall && len(kept[0].Vals) == 0 && sw.Label == nil && (sw.Tag == nil || !hasEffects(sw.Tag)) {
		b.out = append(b.out, kept[0].Body...)
		return
	}
	b.emit(sw)
}

func fallsThrough(c *ast.CaseClause) bool {
	for i := len(c.Body) - 1; i >= 0; i-- {
		switch s := c.Body[i].(type) {
		case *ast.EmptyStmt:
			continue
		case *ast.BranchStmt:
			return s.Tok == token.FALLTHROUGH
		}
		return false
	}
	return false
}

// caseValues builds the case values of a switch, converted so that they compare with the tag, and tells
// which clauses can be reached. Clauses decided by constants become the default or disappear.
func (b *builder) caseValues(sw *Switch, clauses []*ast.CaseClause) (live []bool) {
	sw.Cases = make([]*Case, len(clauses))
	live = make([]bool, len(clauses))
	mixed := false
	hit := -1 // the clause that is taken for sure
	dflt := -1
	for i, cl := range clauses {
		c := &Case{At: At{cl.Case}, Default: cl.List == nil}
		sw.Cases[i] = c
		live[i] = true
		if c.Default {
			dflt = i
			continue
		}
		if hit >= 0 {
			live[i] = false
			continue
		}
		for _, e := range cl.List {
			var v Expr
			if sw.Tag == nil {
				v = b.expr(e)
				if isIface(v.Type()) { // compared with true
					pos := exprPos(e)
					x, y := b.unify(&Const{Typed: Typed{At{pos}, types.Typ[types.Bool]}, Val: constant.MakeBool(true)}, v)
					v = &Binary{Typed{At{pos}, types.Typ[types.Bool]}, token.EQL, x, y}
				}
			} else if b.isNil(e) {
				v = b.zero(sw.Tag.Type(), exprPos(e))
			} else {
				v = b.expr(e)
				_, y := b.unify(sw.Tag, v)
				if y.Type() != sw.Tag.Type() {
					mixed = true // the tag must be converted for this case
				} else {
					v = y
				}
			}
			switch k := b.decided(sw.Tag, v); k {
			case 0:
				c.Vals = append(c.Vals, v)
			case 1:
				if len(c.Vals) == 0 {
					hit = i
				}
				c.Vals = append(c.Vals, v)
			}
			if hit >= 0 {
				break
			}
		}
		if len(c.Vals) == 0 {
			live[i] = false
		}
	}
	if hit >= 0 {
		if dflt >= 0 {
			sw.Cases[dflt].Default = false
			live[dflt] = false
		}
		sw.Cases[hit].Default, sw.Cases[hit].Vals = true, nil
	}
	for i := range clauses { // a clause that is only fallen into
		if i+1 < len(clauses) && live[i] && !live[i+1] && fallsThrough(clauses[i]) {
			live[i+1] = true
		}
	}
	if mixed {
		b.untag(sw)
	} else if v, ok := boolConst(sw.Tag); ok && v {
		sw.Tag = nil
	}
	return live
}

// decided compares a constant case value with a constant tag: 1 equal, -1 different, 0 not known.
func (b *builder) decided(tag, v Expr) int {
	c, ok := v.(*Const)
	if !ok {
		return 0
	}
	if tag == nil {
		if val, ok := boolConst(c); ok && val {
			return 1
		}
		return -1
	}
	t, ok := tag.(*Const)
	if !ok {
		return 0
	}
	if constEqual(t, c) {
		return 1
	}
	return -1
}

// untag turns a switch with a tag that compares differently with different cases into one of conditions.
func (b *builder) untag(sw *Switch) {
	v := b.temp("tag", sw.Tag.Type(), sw.P)
	b.emit(&Declare{At: At{sw.P}, V: v, Init: sw.Tag})
	for _, c := range sw.Cases {
		for i, x := range c.Vals {
			l, r := b.unify(b.ref(v, x.Pos()), x)
			c.Vals[i] = &Binary{Typed{At{x.Pos()}, types.Typ[types.Bool]}, token.EQL, l, r}
		}
	}
	sw.Tag = nil
}

// typeSwitch builds a type switch.
func (b *builder) typeSwitch(s *ast.TypeSwitchStmt, name types.Object) {
	if s.Init != nil {
		b.stmt(s.Init)
	}
	sw := &TypeSwitch{At: At{s.Switch}}
	var x ast.Expr
	switch a := s.Assign.(type) {
	case *ast.ExprStmt:
		x = a.X
	case *ast.AssignStmt:
		x = a.Rhs[0]
	}
	sw.X = b.expr(ast.Unparen(x).(*ast.TypeAssertExpr).X)
	t := b.push(s.Switch, name, false)
	for _, cs := range s.Body.List {
		cl := cs.(*ast.CaseClause)
		c := &TypeCase{At: At{cl.Case}, Default: cl.List == nil}
		for _, e := range cl.List {
			if b.isNil(e) {
				c.Types = append(c.Types, nil)
			} else {
				c.Types = append(c.Types, b.typeOf(e))
			}
		}
		if obj := b.info.Implicits[cl]; obj != nil {
			c.V = b.declare(obj)
			c.V.Pos = cl.Case
			if n := len(cl.List); n > 0 {
				c.V.Pos = lastType(cl.List[n-1])
			}
			if len(c.Types) != 1 || c.Types[0] == nil {
				c.V.T = sw.X.Type()
			}
		}
		c.Body = b.block(func() { b.stmts(cl.Body) })
		sw.Cases = append(sw.Cases, c)
	}
	b.pop()
	sw.Label = t.used()
	b.emit(sw)
}

// selectStmt builds a select statement.
func (b *builder) selectStmt(s *ast.SelectStmt, name types.Object) {
	sel := &Select{At: At{s.Select}}
	t := b.push(s.Select, name, false)
	for _, cs := range s.Body.List {
		cl := cs.(*ast.CommClause)
		c := &Comm{At: At{cl.Case}, Default: cl.Comm == nil}
		var after []Stmt
		switch comm := cl.Comm.(type) {
		case *ast.SendStmt:
			c.Send = true
			c.Ch = b.expr(comm.Chan)
			c.Val = b.exprTo(comm.Value, b.p.Elem(c.Ch.Type()))
		case *ast.ExprStmt:
			c.Ch = b.expr(ast.Unparen(comm.X).(*ast.UnaryExpr).X)
		case *ast.AssignStmt:
			c.Ch = b.expr(ast.Unparen(comm.Rhs[0]).(*ast.UnaryExpr).X)
			c.Lhs, after = b.received(c, comm, 0, b.p.Elem(c.Ch.Type()), after)
			if len(comm.Lhs) > 1 {
				c.Ok, after = b.received(c, comm, 1, types.Typ[types.Bool], after)
			}
		}
		c.Body = b.block(func() {
			b.out = append(b.out, after...)
			b.stmts(cl.Body)
		})
		sel.Cases = append(sel.Cases, c)
	}
	b.pop()
	sel.Label = t.used()
	b.emit(sel)
}

// received makes the place for part i of a receive clause of type t: a place of another type gets a
// temporary and an assignment at the start of the body.
func (b *builder) received(c *Comm, s *ast.AssignStmt, i int, t types.Type, after []Stmt) (Expr, []Stmt) {
	e := s.Lhs[i]
	if isBlank(e) {
		return nil, after
	}
	if s.Tok == token.DEFINE {
		if obj := b.info.Defs[e.(*ast.Ident)]; obj != nil {
			v := b.declare(obj)
			c.Decl = append(c.Decl, v)
			return b.ref(v, e.Pos()), after
		}
	}
	x := b.place(e)
	if x.Type() == t {
		return x, after
	}
	v := b.temp("recv", t, e.Pos())
	c.Decl = append(c.Decl, v)
	r := b.ref(v, e.Pos())
	return r, append(after, &Assign{At{e.Pos()}, []Expr{x}, []Expr{b.convert(r, x.Type())}})
}

// lastType is the position of the last type in a type expression, where the real compiler has the variable of a clause.
func lastType(e ast.Expr) token.Pos {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ArrayType:
			e = x.Elt
		case *ast.ChanType:
			e = x.Value
		case *ast.MapType:
			e = x.Value
		case *ast.Ellipsis:
			e = x.Elt
		case *ast.IndexExpr:
			e = x.Index
		case *ast.IndexListExpr:
			e = x.Indices[len(x.Indices)-1]
		case *ast.FuncType:
			list := x.Params.List
			if x.Results != nil && len(x.Results.List) > 0 {
				list = x.Results.List
			}
			if len(list) == 0 {
				return x.Pos()
			}
			e = list[len(list)-1].Type
		default: // of a selector it is the package
			return e.Pos()
		}
	}
}
