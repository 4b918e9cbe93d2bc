package tree

// Package-level variables and initialisation
//
// Every initialiser of package variables is a function of its own (Init.F, symbol
// pkg.init.vN), built when asked for, so that whoever links the program can leave
// out those that have no effect and whose variables nothing refers to. What static.go
// can turn into data has no code at all.

import (
	"crypto/sha256"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"github.com/terrarium-go/terrarium/internal/load"
)

// PackageInit is the initialisation of one package: variables first, then the init functions in source order.
type PackageInit struct {
	Path  string
	Vars  []*Init
	Funcs []*Func
}

// Init is one initialiser of package-level variables.
type Init struct {
	Pkg string
	Lhs []*Var // nil entries are blank
	F   *Func  // its body is the assignment
	Rhs Expr   // the right side in full form, nil before BuildInit
	// Plain means that the syntax has no calls (but conversions), receives, divisions or anything else that
	// could have an effect: without references to Lhs the initialiser can be left out unbuilt.
	Plain bool
}

// Global returns the package-level variable of v. Variables tied together by linkname are one Var.
func (p *Program) Global(v *types.Var) *Var {
	if g, ok := p.globals[v]; ok {
		return g
	}
	sym := p.load.Symbol(v)
	g, ok := p.varSym[sym]
	if !ok {
		g = &Var{Name: v.Name(), T: p.Canon(v.Type()), Kind: Global, Pos: v.Pos(), Sym: sym}
		p.varSym[sym] = g
	}
	p.globals[v] = g
	return g
}

// Inits returns the initialisation of all packages in the order in which they run.
func (p *Program) Inits() []*PackageInit {
	if p.inits != nil {
		return p.inits
	}
	for _, pkg := range p.load.Packages {
		pi := &PackageInit{Path: pkg.Path}
		lits := 0
		for _, in := range pkg.Info.InitOrder {
			pi.Vars = append(pi.Vars, p.varInit(pkg, in, len(pi.Vars), lits))
			ast.Inspect(in.Rhs, func(n ast.Node) bool {
				_, ok := n.(*ast.FuncLit)
				if ok {
					lits++
				}
				return !ok
			})
		}
		for _, file := range pkg.Files {
			for _, d := range file.Decls {
				switch d := d.(type) {
				case *ast.GenDecl:
					pi.Vars = append(pi.Vars, p.embeds(pkg, d, len(pi.Vars))...)
				case *ast.FuncDecl:
					if d.Recv == nil && d.Name.Name == "init" && d.Body != nil {
						obj := pkg.Info.Defs[d.Name].(*types.Func)
						pi.Funcs = append(pi.Funcs, p.initFunc(obj, len(pi.Funcs)))
					}
				}
			}
		}
		p.inits = append(p.inits, pi)
	}
	return p.inits
}

// initFunc is the n-th func init of a package.
func (p *Program) initFunc(obj *types.Func, n int) *Func {
	key := funcKey{obj, ""}
	if f, ok := p.funcs[key]; ok {
		return f
	}
	decl := p.load.FuncDecl(obj)
	sym := obj.Pkg().Path() + ".init." + strconv.Itoa(n)
	f := &Func{Sym: sym, Name: sym, Obj: obj, Pkg: obj.Pkg().Path(), Pos: decl.Type.Func, End: decl.Body.Rbrace, Flags: InitFunc}
	p.funcs[key] = f
	p.addSym(f)
	f.build = func(f *Func) { p.buildDecl(f, decl, nil) }
	return f
}

// varInit makes the n-th initialiser of a package, before which lits function literals were counted.
func (p *Program) varInit(pkg *loadPackage, in *types.Initializer, n, lits int) *Init {
	i := &Init{Pkg: pkg.Path, Plain: plain(pkg.Info, in.Rhs)}
	for _, v := range in.Lhs {
		if v.Name() == "_" {
			i.Lhs = append(i.Lhs, nil)
		} else {
			i.Lhs = append(i.Lhs, p.Global(v))
		}
	}
	i.F = p.initializer(pkg, n, in.Rhs.Pos())
	i.F.build = func(f *Func) {
		b := p.initBuilder(pkg, f, in.Rhs)
		f.nested.lits = lits
		pos := in.Lhs[0].Pos()
		lhs := make([]Expr, len(i.Lhs))
		for k, v := range i.Lhs {
			if v != nil {
				lhs[k] = b.ref(v, pos)
			}
		}
		f.Body = b.block(func() {
			if len(lhs) == 1 {
				x := b.exprTo(in.Rhs, p.Canon(in.Lhs[0].Type()))
				i.Rhs = x
				b.emit(&Assign{At{pos}, lhs, []Expr{x}})
				return
			}
			i.Rhs = b.expr(in.Rhs)
			b.assignTuple(pos, lhs, i.Rhs)
		})
		b.nest.finish()
	}
	return i
}

// initializer declares the function of a variable initialiser.
func (p *Program) initializer(pkg *loadPackage, n int, pos token.Pos) *Func {
	path := pkg.Types.Path()
	f := &Func{Sym: path + ".init.v" + strconv.Itoa(n), Name: path + ".init", Pkg: path, Pos: pos, End: pos, Flags: InitFunc}
	p.addSym(f)
	return f
}

func (p *Program) initBuilder(pkg *loadPackage, f *Func, e ast.Expr) *builder {
	n := p.newNest(pkg, nil, e.Pos())
	n.root = e
	return &builder{p: p, pkg: pkg, info: pkg.Info, fn: f, nest: n}
}

// BuildInit builds the initialiser and returns its right side, a tuple when it has several variables.
func (p *Program) BuildInit(i *Init) Expr {
	p.Build(i.F)
	return i.Rhs
}

// plain reports whether evaluating e has no effect and cannot panic, judged by syntax.
func plain(info *types.Info, e ast.Expr) bool {
	switch e := e.(type) {
	case nil, *ast.BasicLit, *ast.Ident, *ast.FuncLit:
		return true
	case *ast.ParenExpr:
		return plain(info, e.X)
	case *ast.SelectorExpr:
		s := info.Selections[e]
		if s == nil || s.Kind() == types.MethodExpr {
			return true
		}
		return s.Kind() == types.FieldVal && !s.Indirect() && plain(info, e.X)
	case *ast.CompositeLit:
		_, isMap := info.Types[e].Type.Underlying().(*types.Map)
		for _, el := range e.Elts {
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				if isMap {
					kt := info.Types[e].Type.Underlying().(*types.Map).Key()
					if isIface(kt) || !plain(info, kv.Key) { // an unhashable key panics
						return false
					}
				}
				el = kv.Value
			}
			if !plain(info, el) {
				return false
			}
		}
		return true
	case *ast.UnaryExpr:
		return e.Op != token.ARROW && plain(info, e.X)
	case *ast.BinaryExpr:
		tv := info.Types[e]
		if tv.Value != nil {
			return true
		}
		if e.Op == token.QUO || e.Op == token.REM || e.Op == token.SHL || e.Op == token.SHR {
			return false
		}
		if isIface(info.Types[e.X].Type) || isIface(info.Types[e.Y].Type) {
			return false
		}
		return plain(info, e.X) && plain(info, e.Y)
	case *ast.CallExpr:
		tv := info.Types[e.Fun]
		if info.Types[e].Value != nil {
			return true
		}
		if tv.IsType() && len(e.Args) == 1 {
			if _, ok := tv.Type.Underlying().(*types.Array); ok {
				return false
			}
			if p, ok := tv.Type.Underlying().(*types.Pointer); ok {
				if _, ok := p.Elem().Underlying().(*types.Array); ok {
					return false
				}
			}
			return plain(info, e.Args[0])
		}
		if id, ok := ast.Unparen(e.Fun).(*ast.Ident); ok && len(e.Args) == 1 {
			if b, ok := info.Uses[id].(*types.Builtin); ok && (b.Name() == "new" || b.Name() == "make") {
				return info.Types[e.Args[0]].IsType()
			}
		}
	}
	return false
}

// embeds makes the initialisers of the variables of a declaration that go:embed fills.
func (p *Program) embeds(pkg *loadPackage, d *ast.GenDecl, n int) []*Init {
	if d.Tok != token.VAR || len(pkg.Embeds) == 0 {
		return nil
	}
	var out []*Init
	for _, spec := range d.Specs {
		for _, id := range spec.(*ast.ValueSpec).Names {
			v, ok := pkg.Info.Defs[id].(*types.Var)
			if !ok || pkg.Embeds[v] == nil {
				continue
			}
			files := pkg.Embeds[v].Files
			i := &Init{Pkg: pkg.Path, Lhs: []*Var{p.Global(v)}, Plain: true, F: p.initializer(pkg, n+len(out), id.Pos())}
			i.F.build = func(f *Func) {
				b := p.initBuilder(pkg, f, id)
				i.Rhs = b.embed(p.Canon(v.Type()), files, id.Pos())
				f.Body = []Stmt{&Assign{At{id.Pos()}, []Expr{b.ref(i.Lhs[0], id.Pos())}, []Expr{i.Rhs}}}
			}
			out = append(out, i)
		}
	}
	return out
}

// embed is the value of a go:embed variable of type t (string, []byte or embed.FS).
func (b *builder) embed(t types.Type, files []load.EmbedFile, pos token.Pos) Expr {
	str := func(s string) Expr {
		return &Const{Typed: Typed{At{pos}, types.Typ[types.String]}, Val: constant.MakeString(s)}
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return b.convert(str(string(files[0].Data)), t)
	case *types.Slice:
		return &Convert{Typed: Typed{At{pos}, t}, X: str(string(files[0].Data))}
	case *types.Struct: // embed.FS{files *[]file}, file{name, data string; hash [16]byte}
		ptr := b.p.Canon(u.Field(0).Type())
		list := b.p.Elem(ptr)
		file := b.p.Elem(list)
		hash := b.p.FieldType(file, 2)
		lit := &ArrayLit{Typed: Typed{At{pos}, list}}
		for i, f := range files {
			v := &StructLit{Typed: Typed{At{pos}, file}, Vals: []Expr{str(f.Name), nil, nil}}
			if !strings.HasSuffix(f.Name, "/") {
				v.Vals[1] = str(string(f.Data))
				sum := sha256.Sum256(f.Data)
				h := &ArrayLit{Typed: Typed{At{pos}, hash}, Len: 16}
				for k := range 16 {
					h.Index = append(h.Index, int64(k))
					h.Elems = append(h.Elems, b.intConst(int64(sum[k]), types.Typ[types.Uint8], pos))
				}
				v.Vals[2] = h
			}
			lit.Index = append(lit.Index, int64(i))
			lit.Elems = append(lit.Elems, v)
		}
		lit.Len = int64(len(lit.Elems))
		return &StructLit{Typed: Typed{At{pos}, t}, Vals: []Expr{&New{Typed: Typed{At{pos}, ptr}, Init: lit}}}
	}
	b.bug(pos, "go:embed into %s", t)
	return nil
}
