package tree

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// funcKey identifies a function instance.
type funcKey struct {
	obj  *types.Func
	args string
}

// FuncOf returns the instance of a declared function or method for the given type arguments (for a
// method: those of its receiver type). A declaration without a body yields the function that
// provides the body by linkname, or one with Extern set. What the declaration promises of its parameters
// (NoEscape) then holds for the provider.
func (p *Program) FuncOf(obj *types.Func, targs []types.Type) *Func {
	obj = obj.Origin()
	targs = p.canonAll(targs)
	key := funcKey{obj, p.typesKey(targs)}
	if f, ok := p.funcs[key]; ok {
		return f
	}
	decl := p.load.FuncDecl(obj)
	sym := p.load.Symbol(obj)
	if decl == nil || decl.Body == nil {
		if prov, ok := p.load.Provider(sym).(*types.Func); ok && prov != nil && prov != obj {
			if d := p.load.FuncDecl(prov); d != nil && d.Body != nil {
				f := p.FuncOf(prov, nil)
				f.Flags |= Linked | p.pragma(obj)&NoEscape
				p.funcs[key] = f
				return f
			}
		}
		if f, ok := p.bySym[sym]; ok && f.Extern {
			p.funcs[key] = f
			return f
		}
	}
	name := sym
	if len(targs) > 0 {
		sym, name = p.instanceSym(obj, targs)
	}
	f := &Func{Sym: sym, Name: name, Obj: obj, Args: targs}
	if obj.Pkg() != nil {
		f.Pkg = obj.Pkg().Path()
	}
	p.funcs[key] = f
	sig := obj.Type().(*types.Signature)
	params := sig.TypeParams()
	if params.Len() == 0 {
		params = sig.RecvTypeParams()
	}
	var start, end token.Pos
	if decl != nil {
		start, end = decl.Pos(), decl.End()
		f.Pos, f.End = decl.Type.Func, decl.End()
		if decl.Body != nil {
			f.End = decl.Body.Rbrace
		}
	}
	sub := p.newSubstitution(params, targs, start, end)
	f.Flags = p.pragma(obj)
	p.signature(f, sig, sub)
	p.addSym(f)
	if decl == nil || decl.Body == nil {
		f.Extern = true
		return f
	}
	f.build = func(f *Func) { p.buildDecl(f, decl, sub) }
	return f
}

// addSym enters f by its symbol; a second function of the same symbol (local types of one name as
// type arguments, several functions called _ or init) gets a number.
func (p *Program) addSym(f *Func) {
	if _, taken := p.bySym[f.Sym]; taken {
		for i := 1; ; i++ {
			s := f.Sym + "·" + strconv.Itoa(i)
			if _, taken := p.bySym[s]; !taken {
				f.Sym = s
				break
			}
		}
	}
	p.bySym[f.Sym] = f
}

// FuncBySym returns the function with the given linker symbol, for a symbol of a declared function
// that is not generic, or of any function named before. It returns nil when there is none.
func (p *Program) FuncBySym(sym string) *Func {
	if f, ok := p.bySym[sym]; ok {
		return f
	}
	obj, ok := p.load.Provider(sym).(*types.Func)
	if dot := strings.LastIndexByte(sym, '.'); !ok && dot > 0 { // no body anywhere: the host's, if it is declared
		if pkg := p.load.ByPath[sym[:dot]]; pkg != nil {
			obj, ok = pkg.Types.Scope().Lookup(sym[dot+1:]).(*types.Func)
		}
	}
	if ok && obj != nil {
		if sig := obj.Type().(*types.Signature); sig.TypeParams().Len() == 0 && sig.RecvTypeParams().Len() == 0 {
			return p.FuncOf(obj, nil)
		}
	}
	return nil
}

// instanceSym makes the symbol ("pkg.F[int,string]", "pkg.(*T[int]).M") and the traceback name ("pkg.F[...]").
func (p *Program) instanceSym(obj *types.Func, targs []types.Type) (sym, name string) {
	base := p.load.Symbol(obj)
	at := len(base)
	if obj.Type().(*types.Signature).Recv() != nil {
		at = strings.LastIndexByte(base, '.')
		if base[at-1] == ')' {
			at--
		}
	}
	return base[:at] + p.argList(targs) + base[at:], base[:at] + "[...]" + base[at:]
}

// signature makes the parameters and results of f.
func (p *Program) signature(f *Func, sig *types.Signature, sub *substitution) {
	f.Params, f.Results = nil, nil
	if r := sig.Recv(); r != nil {
		f.Params = append(f.Params, p.paramVar(f, r, Param, sub))
	}
	for i := range sig.Params().Len() {
		f.Params = append(f.Params, p.paramVar(f, sig.Params().At(i), Param, sub))
	}
	for i := range sig.Results().Len() {
		v := p.paramVar(f, sig.Results().At(i), Result, sub)
		if v.Name == "" {
			v.Name = ResultName(i)
		}
		f.Results = append(f.Results, v)
	}
	f.Variadic = sig.Variadic()
}

// ResultName is what result i of a function is called that has no name.
func ResultName(i int) string { return "~r" + strconv.Itoa(i) }

func (p *Program) paramVar(f *Func, v *types.Var, kind VarKind, sub *substitution) *Var {
	return &Var{Name: v.Name(), T: p.Canon(sub.typ(v.Type())), Kind: kind, Pos: v.Pos(), Func: f}
}

// Signature returns the canonical type of f as a func value: no receiver (a method's receiver is the
// first parameter).
func (p *Program) Signature(f *Func) *types.Signature {
	if f.sig != nil {
		return f.sig
	}
	mk := func(vs []*Var) *types.Tuple {
		out := make([]*types.Var, len(vs))
		for i, v := range vs {
			out[i] = types.NewParam(v.Pos, nil, v.Name, v.T)
		}
		return types.NewTuple(out...)
	}
	f.sig = p.Canon(types.NewSignatureType(nil, nil, nil, mk(f.Params), mk(f.Results), f.Variadic)).(*types.Signature)
	return f.sig
}

// buildDecl builds a declared function and the literals inside it.
func (p *Program) buildDecl(f *Func, decl *ast.FuncDecl, sub *substitution) {
	pkg := p.pkgOf(f.Obj.Pkg())
	n := p.newNest(pkg, sub, decl.Pos())
	n.root = decl.Body
	b := &builder{p: p, pkg: pkg, info: pkg.Info, fn: f, nest: n}
	sig := f.Obj.Type().(*types.Signature)
	vars := f.Params
	if r := sig.Recv(); r != nil {
		n.vars[b.recvObj(decl, r)] = vars[0]
		vars = vars[1:]
	}
	b.bindParams(sig, vars, f.Results)
	b.funcBody(decl.Body)
	n.finish()
}

// recvObj is the object that the body of a method uses for its receiver.
func (b *builder) recvObj(decl *ast.FuncDecl, r *types.Var) types.Object {
	if l := decl.Recv.List; len(l) > 0 && len(l[0].Names) > 0 {
		if o := b.info.Defs[l[0].Names[0]]; o != nil {
			return o
		}
	}
	return r
}

// bindParams ties the objects of a signature to the variables of the function.
func (b *builder) bindParams(sig *types.Signature, params, results []*Var) {
	for i := range sig.Params().Len() {
		b.nest.vars[sig.Params().At(i)] = params[i]
	}
	for i := range sig.Results().Len() {
		b.nest.vars[sig.Results().At(i)] = results[i]
	}
}

// funcBody builds the statements of a body into b.fn.
func (b *builder) funcBody(body *ast.BlockStmt) {
	b.fn.Body = b.block(func() { b.stmts(body.List) })
	if b.fn.Body == nil {
		b.fn.Body = []Stmt{}
	}
}

func (p *Program) newNest(pkg *loadPackage, sub *substitution, pos token.Pos) *nest {
	n := &nest{p: p, sub: sub, vars: map[types.Object]*Var{}, perIter: true}
	for _, f := range pkg.Files {
		if f.FileStart <= pos && pos < f.FileEnd {
			n.file = f
			if v := pkg.Info.FileVersions[f]; v != "" {
				n.perIter = !versionBefore(v, 22)
			}
			break
		}
	}
	return n
}

// versionBefore reports whether a Go version "go1.N…" is before 1.minor.
func versionBefore(v string, minor int) bool {
	rest, ok := strings.CutPrefix(v, "go1.")
	if !ok {
		return v == "go1"
	}
	if i := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		rest = rest[:i]
	}
	n, err := strconv.Atoi(rest)
	return err == nil && n < minor
}

// newVar makes a local variable of b.fn.
func (b *builder) newVar(name string, t types.Type, pos token.Pos) *Var {
	v := &Var{Name: name, T: t, Kind: Local, Pos: pos, Func: b.fn}
	b.fn.Locals = append(b.fn.Locals, v)
	return v
}

// temp makes a local variable that has no source name.
func (b *builder) temp(name string, t types.Type, pos token.Pos) *Var {
	v := b.newVar(name, t, pos)
	v.Temp = true
	return v
}

// declare makes the local variable of a source object.
func (b *builder) declare(obj types.Object) *Var {
	v := b.newVar(obj.Name(), b.typ(obj.Type()), obj.Pos())
	b.nest.vars[obj] = v
	return v
}

// ref is the variable v as used in b.fn: captured when v belongs to an enclosing function.
func (b *builder) ref(v *Var, pos token.Pos) *Ref {
	v = b.capture(v, pos)
	return &Ref{Typed: Typed{At{pos}, v.T}, V: v}
}

// capture returns v itself when b.fn owns it (or it is global), else the captured variable of b.fn.
func (b *builder) capture(v *Var, pos token.Pos) *Var {
	if v.Kind == Global || v.Func == b.fn {
		return v
	}
	if c, ok := b.caps[v]; ok {
		return c
	}
	if b.outer == nil {
		b.bug(pos, "variable %s of %s used in %s", v.Name, v.Func.Sym, b.fn.Sym)
	}
	o := b.outer.capture(v, pos)
	o.Captured = true
	c := &Var{Name: v.Name, T: v.T, Kind: Capture, Pos: pos, Func: b.fn, Outer: o}
	b.fn.Captures = append(b.fn.Captures, c)
	if b.caps == nil {
		b.caps = map[*Var]*Var{}
	}
	b.caps[v] = c
	return c
}

// source follows captures to the variable where it was declared.
func (v *Var) source() *Var {
	for v.Outer != nil {
		v = v.Outer
	}
	return v
}
