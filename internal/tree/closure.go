package tree

// Closures
//
// A function literal is built right where it stands, by a child builder. A use of
// a variable of an enclosing function makes a Capture variable in every function
// on the way from the owner to the user, so each closure takes from the one around
// it. Whether a capture is by value or by reference is decided when the whole nest
// is built (finish), with the rule of the real compiler: by value if the variable is
// never assigned after its declaration, its address is not taken, and it is at most
// 128 bytes long. The decision is made at the source variable and holds for all
// captures that lead to it. The tree has the same shape either way; only Var.ByRef differs.
//
// Go and defer statements whose call has arguments get a closure too (deferredCall):
// what the call needs is evaluated when the statement runs, kept as values in the
// closure, and used when the closure is called. Such captures have no Outer variable.
//
// Names are those of the real compiler: literals in main.main are main.main.func1,
// those inside it main.main.func1.1, deferred calls main.main.deferwrap1 and
// main.main.gowrap1 (one counter), range-over-func bodies main.main-range1; those in
// initialisers of package variables are numbered over the package: main.init.func1.

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
)

// closureKind says what a nested function is made for.
type closureKind uint8

const (
	literal   closureKind = iota // a function literal
	rangeBody                    // the body of a range-over-func loop
	goCall                       // the call of a go statement
	deferCall                    // the call of a defer statement
)

// nameCounts numbers the nested functions of one function.
type nameCounts struct{ lits, wraps, ranges int }

// child starts the builder of a function nested in b, without parameters yet. For rangeBody the new
// builder goes on with b's stack of targets, so that branches to enclosing statements can be told
// (target.owner), and exits must be set by the caller.
func (b *builder) child(kind closureKind, pos, end token.Pos) *builder {
	sym, name := b.fn.nestedName(kind, nil)
	f := &Func{Sym: sym, Name: name, Pkg: b.fn.Pkg, Pos: pos, End: end, Outer: b.fn, Args: b.fn.Args, State: Built, kind: kind}
	c := &builder{p: b.p, pkg: b.pkg, info: b.info, fn: f, outer: b, nest: b.nest}
	switch kind {
	case rangeBody:
		f.Flags |= RangeBody
		c.targets = b.targets
		c.extent = [2]token.Pos{pos, end}
	case goCall, deferCall:
		f.Flags |= Wrapper
	}
	b.p.addSym(f)
	b.nest.closures = append(b.nest.closures, f)
	return c
}

// nestedName names the next nested function of f. via are the functions, outermost first, whose inlined
// bodies the literal stands in.
func (f *Func) nestedName(kind closureKind, via []string) (sym, name string) {
	for f.Flags&RangeBody != 0 && f.Outer != nil {
		f = f.Outer
	}
	suffix := ""
	for _, v := range via {
		suffix += "." + v
	}
	switch kind {
	case literal:
		f.nested.lits++
		if f.Outer == nil {
			suffix += ".func" + strconv.Itoa(f.nested.lits)
		} else {
			suffix += "." + strconv.Itoa(f.nested.lits)
		}
	case rangeBody:
		f.nested.ranges++
		suffix += "-range" + strconv.Itoa(f.nested.ranges)
	case goCall:
		f.nested.wraps++
		suffix += ".gowrap" + strconv.Itoa(f.nested.wraps)
	case deferCall:
		f.nested.wraps++
		suffix += ".deferwrap" + strconv.Itoa(f.nested.wraps)
	}
	if f.Flags&InitFunc != 0 && f.Obj == nil { // an initialiser: its symbol is not that of the package's init
		return f.Name + suffix, f.Name + suffix
	}
	return f.Sym + suffix, f.Name + suffix
}

// closure makes the func value of the finished nested function c.fn: a FuncRef without captures.
func (b *builder) closure(c *builder) Expr {
	f := c.fn
	at := Typed{At{f.Pos}, b.p.Signature(f)}
	if len(f.Captures) == 0 {
		return &FuncRef{at, f}
	}
	cl := &Closure{Typed: at, F: f}
	for _, v := range f.Captures {
		cl.Vals = append(cl.Vals, &Ref{Typed: Typed{At{f.Pos}, v.T}, V: v.Outer})
	}
	return cl
}

// funcLit builds a function literal.
func (b *builder) funcLit(e *ast.FuncLit) Expr {
	t := b.typeOf(e)
	c := b.child(literal, e.Type.Func, e.Body.Rbrace)
	sig := b.tv(e).Type.(*types.Signature)
	b.p.signature(c.fn, sig, b.nest.sub)
	c.bindParams(sig, c.fn.Params, c.fn.Results)
	c.funcBody(e.Body)
	x := b.closure(c)
	switch x := x.(type) {
	case *FuncRef:
		x.T = t
	case *Closure:
		x.T = t
	}
	return x
}

// finish decides how the closures of the nest capture.
func (n *nest) finish() {
	for _, f := range n.closures {
		for _, v := range f.Captures {
			if v.Outer == nil {
				continue
			}
			s := v.source()
			v.ByRef = s.Addrtaken || s.Reassigned || n.p.Sizes.Sizeof(s.T) > 128
		}
	}
}

// hold adds to the nested function c a captured value x, and returns its use inside c. Constants and
// functions are not captured but repeated, and of literals the parts are captured.
func (c *builder) hold(cl *Closure, name string, x Expr) Expr {
	switch x := x.(type) {
	case *Const, *Zero, *FuncRef:
		return x
	case *New:
		if x.Init == nil {
			return x
		}
	case *ArrayLit:
		for i, y := range x.Elems {
			x.Elems[i] = c.hold(cl, name, y)
		}
		return x
	case *StructLit:
		if x.Order == nil {
			for i, y := range x.Vals {
				if y != nil {
					x.Vals[i] = c.hold(cl, name, y)
				}
			}
			return x
		}
	}
	v := &Var{Name: name, T: x.Type(), Kind: Capture, Pos: x.Pos(), Func: c.fn, Temp: true}
	c.fn.Captures = append(c.fn.Captures, v)
	cl.Vals = append(cl.Vals, x)
	return &Ref{Typed: Typed{At{x.Pos()}, v.T}, V: v}
}

// deferredCall makes the func() value of a go or defer statement. The statements must run before it is evaluated.
func (b *builder) deferredCall(e *ast.CallExpr, kind closureKind, at token.Pos) (pre []Stmt, fn Expr) {
	pos := e.Lparen
	unit := b.p.Canon(types.NewSignatureType(nil, nil, nil, nil, nil, false))
	x := b.callOrBuiltin(e)
	if blk, ok := x.(*Block); ok && blk.X != nil {
		pre, x = blk.Stmts, blk.X
	}
	if call, ok := x.(*Call); ok && len(call.Args) == 0 && call.T == noResult {
		if call.F != nil {
			return pre, &FuncRef{Typed{At{pos}, unit}, call.F}
		}
		return pre, b.convert(call.Fn, unit)
	}
	c := b.child(kind, at, pos)
	cl := &Closure{Typed: Typed{At{pos}, unit}, F: c.fn}
	switch x := x.(type) {
	case *Call:
		if x.Fn != nil {
			x.Fn = c.hold(cl, "fn", x.Fn)
		} else if x.F != nil && x.F.Outer != nil {
			// The real compiler keeps the literal there, which is not needed; closures are as large as its.
			c.fn.Captures = append(c.fn.Captures, &Var{Name: "fn", T: unit, Kind: Capture, Pos: pos, Func: c.fn, Temp: true})
			cl.Vals = append(cl.Vals, &Zero{Typed: cl.Typed})
		}
		for i, a := range x.Args {
			if x.Method != nil && i == 0 {
				a = &Builtin{Typed: Typed{At{pos}, a.Type()}, Name: "nilcheck", Args: []Expr{a}}
			}
			x.Args[i] = c.hold(cl, "arg", a)
		}
		for i, v := range x.Keep {
			x.Keep[i] = c.hold(cl, "keep", v)
		}
	case *Builtin:
		for i, a := range x.Args {
			x.Args[i] = c.hold(cl, "arg", a)
		}
		if x.Name == "recover" {
			c.fn.Flags |= HasRecover
		}
	default: // a conversion or another operation without effect
		x = c.hold(cl, "x", x)
	}
	c.fn.Body = []Stmt{&ExprStmt{At{pos}, x}}
	c.fn.Flags |= HasCalls
	if len(cl.Vals) == 0 {
		return pre, &FuncRef{cl.Typed, c.fn}
	}
	return pre, cl
}

// callOrBuiltin is call for the operand of go and defer; b.fn itself does not call recover then.
func (b *builder) callOrBuiltin(e *ast.CallExpr) Expr {
	flags := b.fn.Flags
	x := b.call(e)
	if y, ok := x.(*Builtin); ok && y.Name == "recover" {
		b.fn.Flags = flags
	}
	return x
}
