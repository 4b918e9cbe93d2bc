package tree

// Walk calls visit for every expression and statement of the list in pre-order; visit returns false to
// leave out what is below. Nested functions are not entered (they are named by FuncRef and Closure).
func Walk(list []Stmt, visit func(Node) bool) {
	for _, s := range list {
		walkStmt(s, visit)
	}
}

// WalkExpr is Walk for one expression.
func WalkExpr(x Expr, visit func(Node) bool) { walkExpr(x, visit) }

func walkExprs(list []Expr, visit func(Node) bool) {
	for _, x := range list {
		walkExpr(x, visit)
	}
}

func walkExpr(x Expr, visit func(Node) bool) {
	if x == nil || !visit(x) {
		return
	}
	switch x := x.(type) {
	case *Closure:
		walkExprs(x.Vals, visit)
	case *Unary:
		walkExpr(x.X, visit)
	case *Binary:
		walkExpr(x.X, visit)
		walkExpr(x.Y, visit)
	case *Deref:
		walkExpr(x.X, visit)
	case *Addr:
		walkExpr(x.X, visit)
	case *Field:
		walkExpr(x.X, visit)
	case *Index:
		walkExpr(x.X, visit)
		walkExpr(x.I, visit)
	case *MapIndex:
		walkExpr(x.M, visit)
		walkExpr(x.K, visit)
	case *Slice:
		walkExpr(x.X, visit)
		walkExpr(x.Lo, visit)
		walkExpr(x.Hi, visit)
		walkExpr(x.Max, visit)
	case *Call:
		walkExpr(x.Fn, visit)
		walkExprs(x.Args, visit)
		walkExprs(x.Keep, visit)
	case *Builtin:
		walkExprs(x.Args, visit)
	case *New:
		walkExpr(x.Init, visit)
	case *MakeSlice:
		walkExpr(x.Len, visit)
		walkExpr(x.Cap, visit)
	case *MakeMap:
		walkExpr(x.Hint, visit)
	case *MakeChan:
		walkExpr(x.Size, visit)
	case *StructLit:
		walkExprs(x.Vals, visit)
	case *ArrayLit:
		walkExprs(x.Elems, visit)
	case *MapLit:
		walkExprs(x.Keys, visit)
		walkExprs(x.Vals, visit)
	case *Convert:
		walkExpr(x.X, visit)
	case *ToIface:
		walkExpr(x.X, visit)
	case *IfaceConv:
		walkExpr(x.X, visit)
	case *Assert:
		walkExpr(x.X, visit)
	case *IsType:
		walkExpr(x.X, visit)
	case *IfaceData:
		walkExpr(x.X, visit)
	case *Recv:
		walkExpr(x.X, visit)
	case *Concat:
		walkExprs(x.Xs, visit)
	case *Block:
		Walk(x.Stmts, visit)
		walkExpr(x.X, visit)
	}
}

func walkStmt(s Stmt, visit func(Node) bool) {
	if s == nil || !visit(s) {
		return
	}
	switch s := s.(type) {
	case *ExprStmt:
		walkExpr(s.X, visit)
	case *Declare:
		walkExpr(s.Init, visit)
	case *Assign:
		walkExprs(s.Lhs, visit)
		walkExprs(s.Rhs, visit)
	case *AssignOp:
		walkExpr(s.X, visit)
		walkExpr(s.Y, visit)
	case *If:
		walkExpr(s.Cond, visit)
		Walk(s.Then, visit)
		Walk(s.Else, visit)
	case *For:
		Walk(s.CondPre, visit)
		walkExpr(s.Cond, visit)
		Walk(s.Body, visit)
		Walk(s.Post, visit)
	case *Range:
		walkExpr(s.Key, visit)
		walkExpr(s.Val, visit)
		walkExpr(s.X, visit)
		Walk(s.Body, visit)
	case *Switch:
		walkExpr(s.Tag, visit)
		for _, c := range s.Cases {
			walkExprs(c.Vals, visit)
			Walk(c.Body, visit)
		}
	case *TypeSwitch:
		walkExpr(s.X, visit)
		for _, c := range s.Cases {
			Walk(c.Body, visit)
		}
	case *Select:
		for _, c := range s.Cases {
			walkExpr(c.Ch, visit)
			walkExpr(c.Val, visit)
			walkExpr(c.Lhs, visit)
			walkExpr(c.Ok, visit)
			Walk(c.Body, visit)
		}
	case *Return:
		walkExprs(s.Vals, visit)
	case *Go:
		walkExpr(s.Fn, visit)
	case *Defer:
		walkExpr(s.Fn, visit)
		walkExpr(s.Token, visit)
	case *Send:
		walkExpr(s.Ch, visit)
		walkExpr(s.X, visit)
	case *Group:
		Walk(s.Stmts, visit)
	}
}

// Edit replaces every expression of the list by what edit makes of it, operands first. Nested functions are not
// entered.
func Edit(list []Stmt, edit func(Expr) Expr) {
	e := editor(edit)
	e.stmts(list)
}

// EditExpr is Edit for one expression; it returns the new one.
func EditExpr(x Expr, edit func(Expr) Expr) Expr {
	editor(edit).expr(&x)
	return x
}

type editor func(Expr) Expr

func (e editor) list(xs []Expr) {
	for i := range xs {
		e.expr(&xs[i])
	}
}

func (e editor) expr(p *Expr) {
	switch x := (*p).(type) {
	case nil:
		return
	case *Closure:
		e.list(x.Vals)
	case *Unary:
		e.expr(&x.X)
	case *Binary:
		e.expr(&x.X)
		e.expr(&x.Y)
	case *Deref:
		e.expr(&x.X)
	case *Addr:
		e.expr(&x.X)
	case *Field:
		e.expr(&x.X)
	case *Index:
		e.expr(&x.X)
		e.expr(&x.I)
	case *MapIndex:
		e.expr(&x.M)
		e.expr(&x.K)
	case *Slice:
		e.expr(&x.X)
		e.expr(&x.Lo)
		e.expr(&x.Hi)
		e.expr(&x.Max)
	case *Call:
		e.expr(&x.Fn)
		e.list(x.Args)
		e.list(x.Keep)
	case *Builtin:
		e.list(x.Args)
	case *New:
		e.expr(&x.Init)
	case *MakeSlice:
		e.expr(&x.Len)
		e.expr(&x.Cap)
	case *MakeMap:
		e.expr(&x.Hint)
	case *MakeChan:
		e.expr(&x.Size)
	case *StructLit:
		e.list(x.Vals)
	case *ArrayLit:
		e.list(x.Elems)
	case *MapLit:
		for i := range x.Keys {
			e.expr(&x.Keys[i])
			e.expr(&x.Vals[i])
		}
	case *Convert:
		e.expr(&x.X)
	case *ToIface:
		e.expr(&x.X)
	case *IfaceConv:
		e.expr(&x.X)
	case *Assert:
		e.expr(&x.X)
	case *IsType:
		e.expr(&x.X)
	case *IfaceData:
		e.expr(&x.X)
	case *Recv:
		e.expr(&x.X)
	case *Concat:
		e.list(x.Xs)
	case *Block:
		e.stmts(x.Stmts)
		e.expr(&x.X)
	}
	*p = e(*p)
}

func (e editor) stmts(list []Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ExprStmt:
			e.expr(&s.X)
		case *Declare:
			e.expr(&s.Init)
		case *Assign:
			e.list(s.Lhs)
			e.list(s.Rhs)
		case *AssignOp:
			e.expr(&s.X)
			e.expr(&s.Y)
		case *If:
			e.expr(&s.Cond)
			e.stmts(s.Then)
			e.stmts(s.Else)
		case *For:
			e.stmts(s.CondPre)
			e.expr(&s.Cond)
			e.stmts(s.Post)
			e.stmts(s.Body)
		case *Range:
			e.expr(&s.X)
			e.expr(&s.Key)
			e.expr(&s.Val)
			e.stmts(s.Body)
		case *Switch:
			e.expr(&s.Tag)
			for _, c := range s.Cases {
				e.list(c.Vals)
				e.stmts(c.Body)
			}
		case *TypeSwitch:
			e.expr(&s.X)
			for _, c := range s.Cases {
				e.stmts(c.Body)
			}
		case *Select:
			for _, c := range s.Cases {
				e.expr(&c.Ch)
				e.expr(&c.Val)
				e.expr(&c.Lhs)
				e.expr(&c.Ok)
				e.stmts(c.Body)
			}
		case *Return:
			e.list(s.Vals)
		case *Go:
			e.expr(&s.Fn)
		case *Defer:
			e.expr(&s.Fn)
			e.expr(&s.Token)
		case *Send:
			e.expr(&s.Ch)
			e.expr(&s.X)
		case *Group:
			e.stmts(s.Stmts)
		}
	}
}
