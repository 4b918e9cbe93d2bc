package tree

// Made functions
//
//	T.M        for an embedded M: selects the embedded field and calls M there
//	(*T).M     for a value method M: loads the receiver (and panics with a helpful text when it is nil)
//	T.M-fm     a method value: the receiver is captured
//	I.M        a method expression of an interface type
//
// A wrapper has the flag Wrapper: tracebacks hide it and recover looks through it.

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
)

// Method returns the function with the code of method m of MethodSet(recv), taking the receiver as a
// value of type recv. recv is not an interface type. It is the declared method where that fits, otherwise a wrapper.
func (p *Program) Method(recv types.Type, m MethodInfo) *Func {
	recv = p.Canon(recv)
	if len(m.Index) == 1 {
		_, isPtr := types.Unalias(recv).(*types.Pointer)
		if isPtr == hasPtrRecv(m.Fn) {
			return p.methodFunc(m.Fn, recv)
		}
	}
	return p.wrapper(recv, m.Fn, m.Index[:len(m.Index)-1])
}

// IfaceMethod returns the function that itabs and method tables hold for method m of MethodSet(recv): its
// receiver is the data word of the interface. For a type whose values are stored in the word itself that is
// Method, for other value types the wrapper that takes a pointer.
func (p *Program) IfaceMethod(recv types.Type, m MethodInfo) *Func {
	recv = p.Canon(recv)
	if p.DirectIface(recv) {
		return p.Method(recv, m)
	}
	return p.Method(p.PointerTo(recv), m)
}

// DirectIface reports whether values of t are stored in the data word of an interface: t is a pointer-shaped
// type, or a struct or array of one word that is one.
func (p *Program) DirectIface(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer, *types.Chan, *types.Map, *types.Signature:
		return true
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	case *types.Array:
		return u.Len() == 1 && p.DirectIface(u.Elem())
	case *types.Struct:
		if p.Sizes.Sizeof(u) == 8 {
			for i := range u.NumFields() { // the others have no size
				if p.DirectIface(u.Field(i).Type()) {
					return true
				}
			}
		}
		return false
	}
	return false
}

// recvName is a receiver type in symbols: "pkg.T" or "pkg.(*T)".
func (p *Program) recvName(t types.Type) string {
	star := ""
	if e, ok := types.Unalias(t).(*types.Pointer); ok {
		star, t = "(*", types.Unalias(e.Elem())
	}
	name := p.TypeName(t)
	if star == "" {
		return name
	}
	if n, ok := t.(*types.Named); ok && n.Obj().Pkg() != nil {
		path := n.Obj().Pkg().Path()
		return path + ".(*" + name[len(path)+1:] + ")"
	}
	return "go.(*" + name + ")"
}

// madeFunc returns the made function with this symbol and key, declared by init at the first call.
func (p *Program) madeFunc(key, sym string, init func(f *Func)) *Func {
	if f, ok := p.made[key]; ok {
		return f
	}
	f := &Func{Sym: sym, Name: sym, Flags: Wrapper | HasCalls}
	p.made[key] = f
	init(f)
	p.addSym(f)
	return f
}

func (p *Program) key(kind string, t types.Type, fn *types.Func) string {
	return p.typesKey([]types.Type{t}) + kind + fn.Id()
}

// methodSig gives f the parameters and results of fn's signature after the given first parameters.
func (p *Program) methodSig(f *Func, fn *types.Func, first ...*Var) {
	sig := p.plainSig(fn)
	p.signature(f, sig, nil)
	f.Params = append(first, f.Params...)
	for i, v := range f.Params {
		if v.Name == "" || v.Name == "_" {
			v.Name = "~p" + strconv.Itoa(i)
		}
	}
	f.Pos, f.End = fn.Pos(), fn.Pos()
	if fn.Pkg() != nil {
		f.Pkg = fn.Pkg().Path()
	}
}

// wrapper makes the method fn, reached from type recv by path, as a function of recv.
func (p *Program) wrapper(recv types.Type, fn *types.Func, path []int) *Func {
	sym := p.recvName(recv) + "." + fn.Name()
	return p.madeFunc(p.key("w", recv, fn), sym, func(f *Func) {
		this := &Var{Name: ".this", T: recv, Kind: Param, Pos: fn.Pos(), Func: f}
		p.methodSig(f, fn, this)
		f.build = func(f *Func) {
			b := p.builderOf(f)
			pos := fn.Pos()
			x := b.ref(this, pos)
			var check []Stmt
			if _, ok := derefPtr(recv); ok && len(path) == 0 {
				// A value method called through a nil pointer: the panic names the method.
				if pw := p.FuncBySym("runtime.panicwrap"); pw != nil {
					cond := &Binary{Typed{At{pos}, types.Typ[types.Bool]}, token.EQL, x, b.zero(recv, pos)}
					call := &Call{Typed: Typed{At{pos}, noResult}, F: pw, Args: wrapNames(recv, fn, pos)}
					check = []Stmt{&If{At: At{pos}, Cond: cond, Then: []Stmt{&ExprStmt{At{pos}, call}}}}
				}
			}
			b.forward(x, fn, path, f.Params[1:])
			f.Body = append(check, f.Body...)
		}
	})
}

// builderOf is a builder for a made function.
func (p *Program) builderOf(f *Func) *builder {
	n := &nest{p: p, vars: map[types.Object]*Var{}}
	return &builder{p: p, fn: f, nest: n}
}

// forward makes the body of a wrapper: call fn, reached from x by path, with the parameters.
func (b *builder) forward(x Expr, fn *types.Func, path []int, params []*Var) {
	pos := fn.Pos()
	c := &Call{Typed: Typed{At: At{pos}}}
	f, recv := b.receiver(x, fn, path, pos)
	if f != nil {
		c.F, b.fn.Wraps = f, f
	} else {
		c.Method = b.p.ifaceMethod(recv.Type(), fn)
	}
	c.Args = append(c.Args, recv)
	for _, v := range params {
		c.Args = append(c.Args, b.ref(v, pos))
	}
	sig := b.p.plainSig(fn)
	c.Dots = sig.Variadic()
	c.T = b.p.resultType(sig)
	if sig.Results().Len() == 0 {
		b.fn.Body = []Stmt{&ExprStmt{At{pos}, c}}
	} else {
		b.fn.Body = []Stmt{&Return{At{pos}, []Expr{c}}}
	}
}

// Promoted is what a call of method m of MethodSet(type of x) on x calls without a wrapper: embedded fields are selected and
// pointers loaded for the receiver. For a method of an embedded interface f is nil and the receiver that interface.
func (p *Program) Promoted(x Expr, m MethodInfo, pos token.Pos) (f *Func, iface *types.Func, recv Expr) {
	b := &builder{p: p, nest: &nest{p: p}}
	f, recv = b.receiver(x, m.Fn, m.Index[:len(m.Index)-1], pos)
	if f == nil {
		iface = p.ifaceMethod(recv.Type(), m.Fn)
	}
	return f, iface, recv
}

// methodValue builds x.M: a closure that holds the receiver, evaluated now.
func (b *builder) methodValue(e *ast.SelectorExpr) Expr {
	pos := e.Sel.Pos()
	x := b.expr(e.X)
	fn, path := b.method(e, x.Type())
	f, recv := b.receiver(x, fn, path, pos)
	if f == nil {
		recv = &Builtin{Typed: Typed{At{pos}, recv.Type()}, Name: "nilcheck", Args: []Expr{recv}}
	}
	m := b.p.bound(recv.Type(), fn)
	return &Closure{Typed: Typed{At{pos}, b.typeOf(e)}, F: m, Vals: []Expr{recv}}
}

// bound makes the function of method values of fn with a receiver of type recv (as fn takes it).
func (p *Program) bound(recv types.Type, fn *types.Func) *Func {
	sym := p.recvName(recv) + "." + fn.Name() + "-fm"
	return p.madeFunc(p.key("m", recv, fn), sym, func(f *Func) {
		p.methodSig(f, fn)
		this := &Var{Name: ".this", T: recv, Kind: Capture, Pos: fn.Pos(), Func: f}
		f.Captures = []*Var{this}
		f.build = func(f *Func) {
			b := p.builderOf(f)
			b.forward(b.ref(this, fn.Pos()), fn, nil, f.Params)
		}
	})
}

// methodExpr resolves T.M: the function that takes the receiver as its first argument, and for an interface type the method.
func (b *builder) methodExpr(e *ast.SelectorExpr) (*Func, *types.Func) {
	recv := b.typeOf(e.X)
	fn, path := b.method(e, recv)
	if isIface(recv) {
		m := b.p.ifaceMethod(recv, fn)
		return b.p.ifaceWrapper(recv, m), m
	}
	_, isPtr := types.Unalias(recv).(*types.Pointer)
	if len(path) == 0 && isPtr == hasPtrRecv(fn) {
		return b.p.methodFunc(fn, recv), nil
	}
	return b.p.wrapper(recv, fn, path), nil
}

// ifaceWrapper makes the function of the method expression I.M.
func (p *Program) ifaceWrapper(t types.Type, m *types.Func) *Func {
	return p.madeFunc(p.key("i", t, m), p.recvName(t)+"."+m.Name(), func(f *Func) {
		this := &Var{Name: ".this", T: t, Kind: Param, Pos: m.Pos(), Func: f}
		p.methodSig(f, m, this)
		f.build = func(f *Func) {
			b := p.builderOf(f)
			b.forward(b.ref(this, token.NoPos), m, nil, f.Params[1:])
		}
	})
}

// wrapNames are the arguments of runtime.panicwrap: package, type and method.
func wrapNames(recv types.Type, fn *types.Func, pos token.Pos) []Expr {
	elem, _ := derefPtr(recv)
	pkg, typ := "", types.TypeString(elem, func(*types.Package) string { return "" })
	if n, ok := types.Unalias(elem).(*types.Named); ok && n.Obj().Pkg() != nil {
		pkg = n.Obj().Pkg().Path()
	}
	var out []Expr
	for _, s := range []string{pkg, typ, fn.Name()} {
		out = append(out, &Const{Typed: Typed{At{pos}, types.Typ[types.String]}, Val: constant.MakeString(s)})
	}
	return out
}
