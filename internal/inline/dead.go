package inline

import "github.com/terrarium-go/terrarium/internal/tree"

// bury removes variables of f that hold functions, constants or other variables and that nothing mentions any longer, and then
// finds out anew which variables literals share.
func (w *work) bury(f *tree.Func) {
	uses := map[*tree.Var]int{}
	var count func(n tree.Node) bool
	count = func(n tree.Node) bool {
		switch n := n.(type) {
		case *tree.Ref:
			uses[n.V]++
		case *tree.Closure:
			for _, v := range n.F.Captures {
				if v.Outer != nil {
					uses[v.Outer]++ // also by Vals
				}
			}
		case *tree.KeepAlive:
			uses[n.V]++
		}
		return true
	}
	tree.Walk(f.Body, count)
	var drop func(x tree.Expr)
	drop = func(x tree.Expr) {
		tree.WalkExpr(x, func(n tree.Node) bool {
			switch n := n.(type) {
			case *tree.Ref:
				uses[n.V]--
			case *tree.Closure:
				for _, v := range n.F.Captures {
					if v.Outer != nil {
						uses[v.Outer]--
					}
				}
			}
			return true
		})
	}
	for again := true; again; {
		again = false
		editLists(f.Body, func(s tree.Stmt) bool {
			d, ok := s.(*tree.Declare)
			if !ok || d.Init == nil || uses[d.V] > 0 || !idle(d.Init) {
				return true
			}
			drop(d.Init)
			again = true
			return false
		}, &f.Body)
	}
	w.shared(f)
}

// idle reports whether evaluating x has no effect.
func idle(x tree.Expr) bool {
	switch x := x.(type) {
	case *tree.Const, *tree.Zero, *tree.Ref, *tree.FuncRef:
		return true
	case *tree.Closure:
		for _, y := range x.Vals {
			if !idle(y) {
				return false
			}
		}
		return true
	case *tree.Convert:
		return idle(x.X) && nameOnly(x)
	case *tree.Block:
		return len(x.Stmts) == 0 && x.X != nil && idle(x.X)
	}
	return false
}

// shared sets Captured of f's variables anew, and removes the copies for the rounds of loops whose variable is not shared any more.
func (w *work) shared(f *tree.Func) {
	for _, list := range [][]*tree.Var{f.Params, f.Results, f.Locals} {
		for _, v := range list {
			v.Captured = false
		}
	}
	tree.Walk(f.Body, func(n tree.Node) bool {
		if c, ok := n.(*tree.Closure); ok {
			for _, v := range c.F.Captures {
				if v.Outer != nil {
					v.Outer.Captured = true
				}
			}
		}
		return true
	})
	tree.Walk(f.Body, func(n tree.Node) bool {
		l, ok := n.(*tree.For)
		if !ok {
			return true
		}
		for i := 0; i+1 < len(l.Post); {
			a, ok := l.Post[i].(*tree.Declare)
			if !ok || !a.V.Temp {
				break
			}
			b := l.Post[i+1].(*tree.Declare)
			if b.V.Captured || b.V.Addrtaken {
				i += 2
				continue
			}
			l.Post = append(l.Post[:i:i], l.Post[i+2:]...)
		}
		return true
	})
}

// editLists removes from all statement lists in list the statements that keep does not want.
func editLists(list []tree.Stmt, keep func(tree.Stmt) bool, top *[]tree.Stmt) {
	filter := func(l *[]tree.Stmt) {
		out := (*l)[:0]
		for _, s := range *l {
			if keep(s) {
				out = append(out, s)
			}
		}
		*l = out
	}
	tree.Walk(list, func(n tree.Node) bool {
		switch n := n.(type) {
		case *tree.Block:
			filter(&n.Stmts)
		case *tree.If:
			filter(&n.Then)
			filter(&n.Else)
		case *tree.For:
			filter(&n.Body)
		case *tree.Range:
			filter(&n.Body)
		case *tree.Switch:
			for _, c := range n.Cases {
				filter(&c.Body)
			}
		case *tree.TypeSwitch:
			for _, c := range n.Cases {
				filter(&c.Body)
			}
		case *tree.Select:
			for _, c := range n.Cases {
				filter(&c.Body)
			}
		case *tree.Group:
			filter(&n.Stmts)
		}
		return true
	})
	filter(top)
}
