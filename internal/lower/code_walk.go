package lower

import "github.com/terrarium-go/terrarium/internal/tree"

// eachExpr calls f for the direct operands of e.
func eachExpr(e tree.Expr, f func(tree.Expr)) {
	one := func(x tree.Expr) {
		if x != nil {
			f(x)
		}
	}
	list := func(xs []tree.Expr) {
		for _, x := range xs {
			one(x)
		}
	}
	switch e := e.(type) {
	case *tree.Closure:
		list(e.Vals)
	case *tree.Unary:
		one(e.X)
	case *tree.Binary:
		one(e.X)
		one(e.Y)
	case *tree.Deref:
		one(e.X)
	case *tree.Addr:
		one(e.X)
	case *tree.Field:
		one(e.X)
	case *tree.Index:
		one(e.X)
		one(e.I)
	case *tree.MapIndex:
		one(e.M)
		one(e.K)
	case *tree.Slice:
		one(e.X)
		one(e.Lo)
		one(e.Hi)
		one(e.Max)
	case *tree.Call:
		one(e.Fn)
		list(e.Args)
		list(e.Keep)
	case *tree.Builtin:
		list(e.Args)
	case *tree.New:
		one(e.Init)
	case *tree.MakeSlice:
		one(e.Len)
		one(e.Cap)
	case *tree.MakeMap:
		one(e.Hint)
	case *tree.MakeChan:
		one(e.Size)
	case *tree.StructLit:
		list(e.Vals)
	case *tree.ArrayLit:
		list(e.Elems)
	case *tree.MapLit:
		list(e.Keys)
		list(e.Vals)
	case *tree.Convert:
		one(e.X)
	case *tree.ToIface:
		one(e.X)
	case *tree.IfaceConv:
		one(e.X)
	case *tree.Assert:
		one(e.X)
	case *tree.IsType:
		one(e.X)
	case *tree.IfaceData:
		one(e.X)
	case *tree.Recv:
		one(e.X)
	case *tree.Concat:
		list(e.Xs)
	}
}

// eachStmt calls fs for the direct substatements of s and fe for its expressions. Places on the
// left of an assignment are reported through lhs when it is not nil, else through fe.
func eachStmt(s tree.Stmt, fs func(tree.Stmt), fe, lhs func(tree.Expr)) {
	if lhs == nil {
		lhs = fe
	}
	body := func(ss []tree.Stmt) {
		for _, s := range ss {
			fs(s)
		}
	}
	one := func(x tree.Expr) {
		if x != nil {
			fe(x)
		}
	}
	switch s := s.(type) {
	case *tree.ExprStmt:
		one(s.X)
	case *tree.Declare:
		one(s.Init)
	case *tree.Assign:
		for _, x := range s.Rhs {
			one(x)
		}
		for _, x := range s.Lhs {
			if x != nil {
				lhs(x)
			}
		}
	case *tree.AssignOp:
		one(s.Y)
		lhs(s.X)
	case *tree.If:
		one(s.Cond)
		body(s.Then)
		body(s.Else)
	case *tree.For:
		body(s.CondPre)
		one(s.Cond)
		body(s.Body)
		body(s.Post)
	case *tree.Select:
		for _, c := range s.Cases {
			one(c.Ch)
			one(c.Val)
			if c.Lhs != nil {
				lhs(c.Lhs)
			}
			if c.Ok != nil {
				lhs(c.Ok)
			}
			body(c.Body)
		}
	case *tree.Return:
		for _, x := range s.Vals {
			one(x)
		}
	case *tree.Go:
		one(s.Fn)
	case *tree.Defer:
		one(s.Fn)
		one(s.Token)
	case *tree.Send:
		one(s.Ch)
		one(s.X)
	case *tree.Group:
		body(s.Stmts)
	}
}

// mentions reports whether e reads the variable v.
func mentions(e tree.Expr, v *tree.Var) bool {
	if e == nil {
		return false
	}
	if r, ok := e.(*tree.Ref); ok {
		return r.V == v
	}
	found := false
	eachExpr(e, func(x tree.Expr) { found = found || mentions(x, v) })
	return found
}
