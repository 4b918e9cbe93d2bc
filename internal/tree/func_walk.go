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
