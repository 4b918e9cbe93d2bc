package inline

// The cost of a body
//
// The real compiler counts the nodes of its own syntax tree and allows 80. Our tree is close to that one but not
// the same, so cost counts, for each of our nodes, the nodes that the real compiler has for it:
//
//	x := e      an assignment, a declaration, and the name in each: 4 without e
//	a, b = f()  the temporaries that it makes are not counted; in f(g()) and return g() they are, 4 each and 1
//	T{f: x}     a key for each field; slice literals count twice; explicit indexes count
//	x.f         one, the dereference included; p[i] through a pointer to an array two
//	T(x)        nothing if only the name of the type changes
//	m.M(x)      the name of a method costs nothing, that of a function one
//
// Calls cost 57 more, but a call that would be inlined itself costs what the body of its function costs; one
// of a parameter or a captured variable 17 more, because inlining may reveal the function. Function
// literals cost 16, whatever is in them; panic one more.

import (
	"fmt"
	"go/types"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// Limits of the real compiler, in nodes.
const (
	maxBudget         = 80             // of a function
	callCost          = 57             // of a call that is not inlined, besides the node
	paramCallCost     = 17             // of a call of a parameter
	literalCost       = 15             // of a function literal, besides the node
	throwCost         = maxBudget      // of runtime.throw
	bigFunction       = 5000           // nodes from which on a function is big
	bigFunctionBudget = 20             // of what is inlined into a big function
	calledOnceBudget  = 10 * maxBudget // of a literal that is called in one place only
)

// visitor counts the nodes of a body.
type visitor struct {
	in     *Inliner
	f      *tree.Func
	big    bool
	cost   int
	limit  int    // counting may stop above it
	reason string // why the body cannot be inlined at any cost

}

// impossible is why f cannot be inlined whatever is in it, or "".
func impossible(f *tree.Func) string {
	switch {
	case f.Flags&tree.NoInline != 0:
		return "marked go:noinline"
	case f.Flags&tree.UintptrKeep != 0:
		return "marked as having a keep-alive uintptr argument"
	case f.Flags&tree.UintptrEsc != 0:
		return "marked as having an escaping uintptr argument"
	case f.Extern || f.Body == nil:
		return "no function body"
	}
	return ""
}

// measure computes what can be said of f before any call of it is looked at.
func (in *Inliner) measure(f *tree.Func, c *facts) {
	c.decided, c.reason = true, "recursive" // while it is being measured
	if r := impossible(f); r != "" {
		c.reason = r
		return
	}
	budget := maxBudget
	if f.Outer != nil {
		budget = calledOnceBudget
	}
	v := &visitor{in: in, f: f, limit: budget, big: in.big(f)}
	if in.opts.Explain {
		v.limit = 1 << 30
	}
	v.stmts(f.Body)
	c.cost, c.reason = v.cost, ""
	switch {
	case v.reason != "":
		c.reason = v.reason
	case v.cost > budget:
		c.reason = in.tooComplex(v.cost, budget)
	}
}

// big reports whether f is so long that less is inlined into it.
func (in *Inliner) big(f *tree.Func) bool {
	n := 0
	tree.Walk(f.Body, func(tree.Node) bool {
		n++
		return n < bigFunction
	})
	return n >= bigFunction
}

func (v *visitor) over() bool { return v.reason != "" || v.cost > v.limit }

func (v *visitor) stmts(list []tree.Stmt) {
	for i, s := range list {
		if v.over() {
			return
		}
		if d, ok := s.(*tree.Declare); ok && d.Init == nil && declaredBy(d.V, list[i+1:]) {
			v.cost += 2 // the assignment comes next
			continue
		}
		v.stmt(s)
	}
}

// declaredBy reports whether v gets its first value by the assignment or range loop that follows the declarations at the start of list.
func declaredBy(v *tree.Var, list []tree.Stmt) bool {
	for _, s := range list {
		switch s := s.(type) {
		case *tree.Declare:
			if s.Init == nil {
				continue
			}
		case *tree.Assign:
			for _, l := range s.Lhs {
				if r, ok := l.(*tree.Ref); ok && r.V == v && !s.Pos().IsValid() == !v.Pos.IsValid() {
					return s.Pos() >= v.Pos
				}
			}
		case *tree.Range: // variables of the whole loop, as before Go 1.22
			for _, l := range []tree.Expr{s.Key, s.Val} {
				if r, ok := l.(*tree.Ref); ok && r.V == v {
					return true
				}
			}
		}
		return false
	}
	return false
}

func (v *visitor) stmt(s tree.Stmt) {
	switch s := s.(type) {
	case *tree.Group:
		v.stmts(s.Stmts)
	case *tree.KeepAlive:
	case *tree.ExprStmt:
		v.expr(s.X)
	case *tree.Declare:
		v.cost += 4
		v.expr(s.Init)
	case *tree.Assign:
		v.cost++
		for _, l := range s.Lhs {
			if l == nil {
				v.cost++
			}
			v.expr(l)
		}
		v.exprs(s.Rhs)
	case *tree.AssignOp:
		v.cost++
		v.expr(s.X)
		v.expr(s.Y)
	case *tree.If:
		v.cost++
		v.expr(s.Cond)
		v.stmts(s.Then)
		v.stmts(s.Else)
	case *tree.For:
		v.cost += 1 + named(s.Label)
		v.expr(s.Cond)
		post := s.Post
		for len(post) >= 2 && isCopyOut(post[0]) {
			post = post[2:]
		}
		v.stmts(post)
		v.stmts(s.Body)
	case *tree.Range:
		v.cost += 1 + named(s.Label) + 2*len(s.Decl)
		if d, ok := s.X.(*tree.Deref); ok {
			v.expr(d.X)
		} else {
			v.expr(s.X)
		}
		if s.Key == nil && s.Val != nil {
			v.cost++
		}
		v.expr(s.Key)
		v.expr(s.Val)
		v.stmts(s.Body)
	case *tree.Switch:
		v.cost += 1 + named(s.Label)
		v.expr(s.Tag)
		for _, c := range s.Cases {
			v.cost++
			v.exprs(c.Vals)
			v.stmts(c.Body)
		}
	case *tree.TypeSwitch:
		v.cost += 2 + named(s.Label)
		v.expr(s.X)
		bound := false
		for _, c := range s.Cases {
			v.cost++
			if c.V != nil {
				bound = true
				v.cost++
			}
			for _, t := range c.Types {
				if t == nil {
					v.cost++
				}
			}
			v.stmts(c.Body)
		}
		if bound {
			v.cost++
		}
	case *tree.Select:
		v.cost += 1 + named(s.Label)
		for _, c := range s.Cases {
			v.cost++
			if !c.Default {
				v.cost++
				v.expr(c.Ch)
				v.expr(c.Val)
				if c.Lhs != nil || c.Ok != nil {
					v.cost += 1 + 2*len(c.Decl)
					v.expr(c.Lhs)
					v.expr(c.Ok)
				}
			}
			v.stmts(c.Body)
		}
	case *tree.Labeled, *tree.Jump:
		v.cost++
	case *tree.Return:
		v.cost++
		if len(s.Vals) == 1 {
			if t, ok := s.Vals[0].Type().(*types.Tuple); ok {
				v.cost += 1 + 4*t.Len()
			}
		}
		v.exprs(s.Vals)
	case *tree.Go:
		v.reason = "unhandled op GO"
	case *tree.Defer:
		v.reason = "unhandled op DEFER"
	case *tree.Send:
		v.cost++
		v.expr(s.Ch)
		v.expr(s.X)
	}
}

// isCopyOut reports whether s begins the making of a new variable for the next round of a loop, which the real compiler
// does later.
func isCopyOut(s tree.Stmt) bool {
	d, ok := s.(*tree.Declare)
	return ok && d.V.Temp
}

// named is the cost of a label of the source.
func named(l *tree.Label) int {
	if l != nil && l.Name != "" {
		return 1
	}
	return 0
}

func (v *visitor) exprs(list []tree.Expr) {
	for _, x := range list {
		v.expr(x)
	}
}

func (v *visitor) expr(x tree.Expr) {
	if x == nil || v.over() {
		return
	}
	v.cost++
	switch x := x.(type) {
	case *tree.FuncRef:
		switch {
		case x.F.Outer != nil:
			v.cost += literalCost
		case isMethod(x.F):
			v.cost--
		}
	case *tree.Closure:
		if x.F.Outer != nil {
			v.cost += literalCost
			return
		}
		v.cost++ // a method value
		v.exprs(x.Vals)
	case *tree.Unary:
		v.expr(x.X)
	case *tree.Binary:
		v.expr(x.X)
		v.expr(x.Y)
	case *tree.Deref:
		y := x.X
		for {
			c, ok := y.(*tree.Convert)
			if !ok || !nameOnly(c) {
				break
			}
			y = c.X
		}
		if _, ok := y.(*tree.Addr); ok {
			v.cost--
		}
		v.expr(x.X)
	case *tree.Addr:
		if f, ok := x.X.(*tree.Field); ok && v.in.p.FieldOffset(f) == 0 {
			base := f.X
			if d, ok := base.(*tree.Deref); ok {
				base = d.X
			}
			if _, ok := base.(*tree.Ref); ok {
				v.cost -= 2
			}
		}
		v.expr(x.X)
	case *tree.Field:
		if d, ok := x.X.(*tree.Deref); ok {
			v.expr(d.X)
			return
		}
		v.expr(x.X)
	case *tree.Index:
		v.expr(x.X)
		v.expr(x.I)
	case *tree.MapIndex:
		v.expr(x.M)
		v.expr(x.K)
	case *tree.Slice:
		if c, ok := x.Lo.(*tree.Const); ok && isInt(c, 0) {
			v.cost--
		}
		if l, ok := x.Hi.(*tree.Builtin); ok && l.Name == "len" && same(l.Args[0], x.X) {
			v.cost -= 2
		}
		v.expr(x.X)
		v.expr(x.Lo)
		v.expr(x.Hi)
		v.expr(x.Max)
	case *tree.Call:
		v.call(x)
	case *tree.Builtin:
		switch x.Name {
		case "nilcheck":
			v.cost--
		case "recover":
			v.reason = "call to recover"
		case "deferrangefunc":
			v.reason = "defer call in range func"
		case "panic":
			v.cost++
			switch x.Args[0].(type) {
			case *tree.ToIface, *tree.IfaceConv:
				v.cost--
			}
		}
		v.exprs(x.Args)
	case *tree.New:
		v.expr(x.Init)
	case *tree.MakeSlice:
		v.expr(x.Len)
		v.expr(x.Cap)
	case *tree.MakeMap:
		if x.Hint == nil {
			v.cost++
		}
		v.expr(x.Hint)
	case *tree.MakeChan:
		if x.Size == nil {
			v.cost++
		}
		v.expr(x.Size)
	case *tree.StructLit:
		for _, y := range x.Vals {
			if y != nil {
				v.cost++
				v.expr(y)
			}
		}
	case *tree.ArrayLit:
		if _, ok := x.T.Underlying().(*types.Slice); ok {
			v.cost++
		}
		next := int64(0)
		for i, y := range x.Elems {
			if x.Index[i] != next {
				v.cost += 2
			}
			next = x.Index[i] + 1
			v.expr(y)
		}
	case *tree.MapLit:
		v.cost += len(x.Keys)
		v.exprs(x.Keys)
		v.exprs(x.Vals)
	case *tree.Convert:
		if nameOnly(x) {
			v.cost--
		}
		v.expr(x.X)
	case *tree.ToIface:
		v.expr(x.X)
	case *tree.IfaceConv:
		if x.T == x.X.Type() || types.Identical(x.T.Underlying(), x.X.Type().Underlying()) {
			v.cost--
		}
		v.expr(x.X)
	case *tree.Assert:
		v.expr(x.X)
	case *tree.Recv:
		v.expr(x.X)
	case *tree.Concat:
		v.exprs(x.Xs)
	case *tree.Block:
		v.cost--
		v.stmts(x.Stmts)
		v.expr(x.X)
	}
}

// call counts a call, whose own node is counted already.
func (v *visitor) call(c *tree.Call) {
	defer v.exprs(c.Args)
	if c.Method != nil || c.Known.Nothing() {
		v.cost += 1 + callCost
		return
	}
	extra := callCost
	f := c.F
	switch {
	case f == nil:
		v.expr(c.Fn)
		if r, ok := c.Fn.(*tree.Ref); ok && (r.V.Kind == tree.Param || r.V.Kind == tree.Capture) {
			extra = paramCallCost
		}
		f = v.in.target(v.f, c)
	case f.Outer != nil:
		v.cost += 1 + literalCost
	case !isMethod(f):
		v.cost++
	}
	if f != nil {
		if len(f.Args) > 0 && f.Outer == nil { // the dictionary
			v.cost += 2
			if len(v.f.Args) > 0 {
				v.cost += 2
			}
		}
		switch path, name := origin(f); {
		case path == "internal/runtime/sys" && (name == "GetCallerPC" || name == "GetCallerSP"):
			v.reason = "call to " + name
			return
		case path == "runtime" && name == "throw":
			v.cost += throwCost
			return
		case isCheap(f), isIntrinsic(f):
			return
		}
		if g := v.in.known(f); g != nil && g.reason == "" && !foreign(f, v.f) && v.in.fits(c, v.f, f, g, v.big, false) {
			v.cost += g.cost
			return
		}
	}
	v.cost += extra
}

// foreign reports whether caller declares f without a body.
func foreign(f, caller *tree.Func) bool { return f.Flags&tree.Linked != 0 && f.Pkg != caller.Pkg }

// isMethod reports whether f is a method as the source names it.
func isMethod(f *tree.Func) bool {
	return f.Outer == nil && f.Obj != nil && f.Obj.Signature().Recv() != nil
}

// nameOnly reports whether a conversion makes no code.
func nameOnly(c *tree.Convert) bool {
	to, from := c.T.Underlying(), c.X.Type().Underlying()
	if types.Identical(to, from) {
		return true
	}
	t, ok := to.(*types.Basic)
	f, ok2 := from.(*types.Basic)
	unsafe := func(b *types.Basic, ok bool) bool { return ok && b.Kind() == types.UnsafePointer }
	uintptr := func(b *types.Basic, ok bool) bool { return ok && b.Kind() == types.Uintptr }
	pointer := func(t types.Type) bool { _, ok := t.(*types.Pointer); return ok }
	switch {
	case unsafe(t, ok):
		return pointer(from) || uintptr(f, ok2)
	case unsafe(f, ok2):
		return pointer(to) || uintptr(t, ok)
	case pointer(to) && pointer(from):
		return true
	case ok && ok2 && f.Info()&types.IsNumeric != 0:
		return sameKind(t.Kind()) == sameKind(f.Kind())
	}
	return false
}

// sameKind is the kind with a size in its name that k is the same as.
func sameKind(k types.BasicKind) types.BasicKind {
	switch k {
	case types.Int:
		return types.Int64
	case types.Uint, types.Uintptr:
		return types.Uint64
	}
	return k
}

func isInt(c *tree.Const, n int64) bool {
	return c.Val.ExactString() == fmt.Sprint(n)
}

// same reports whether a and b are the same variable or the same field of the same variable.
func same(a, b tree.Expr) bool {
	switch a := a.(type) {
	case *tree.Ref:
		b, ok := b.(*tree.Ref)
		return ok && a.V == b.V
	}
	return false
}
