package load

// Linker symbols
//
// Every function and package-level variable has a symbol: its linkname target if a
// two-argument linkname names it, else its own name,
//
//	pkgpath.Func   pkgpath.Type.Method   pkgpath.(*Type).Method   pkgpath.Var
//
// with the main package's path written "main" and the dots, quotes, percents and
// odd bytes after the last slash of a path as %xx. Two declarations with one symbol
// are one thing. Its body or variable comes from the provider:
//
//   - for a function, the one declaration that has a body. Runtime packages push
//     bodies into std this way, and std pulls them by declarations without a body;
//     both directions end in the same table. Two bodies are an error.
//   - for a variable, the declaration with an initialiser; without one, the
//     declaration whose own name the symbol is; else the first that claims it.
//
// A symbol without provider is the host's to provide, under the same name.

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

type symbolTable struct {
	renamed  map[types.Object]string // declarations with a two-argument linkname
	claimed  map[string]types.Object // their providers; own names are looked up
	prefixes map[string]*Package     // by escaped link path
}

// link builds the symbol table.
func (p *Program) link() []Error {
	t := symbolTable{
		renamed:  map[types.Object]string{},
		claimed:  map[string]types.Object{},
		prefixes: map[string]*Package{},
	}
	p.symbols = t
	for _, pkg := range p.Packages {
		t.prefixes[escapePath(pkg.LinkPath)] = pkg
		for _, l := range pkg.Links {
			if l.Target != "" && l.Target != p.ownSymbol(l.Obj) {
				t.renamed[l.Obj] = l.Target
			}
		}
	}
	var errs []Error
	for _, pkg := range p.Packages {
		inits := map[*types.Var]bool{}
		if len(pkg.Links) > 0 {
			for _, in := range pkg.Info.InitOrder {
				for _, v := range in.Lhs {
					inits[v] = true
				}
			}
		}
		for _, l := range pkg.Links {
			sym, ok := t.renamed[l.Obj]
			if !ok || sym != l.Target {
				continue
			}
			have := t.claimed[sym]
			if have == l.Obj {
				continue
			}
			if have == nil {
				have = p.own(sym)
			}
			switch obj := l.Obj.(type) {
			case *types.Func:
				if !hasBody(pkg, obj) {
					continue
				}
				if other, ok := have.(*types.Func); ok && hasBody(p.byTypes[other.Pkg()], other) {
					errs = append(errs, Error{Pos: p.Fset.Position(l.Pos), Pkg: pkg.Path, Msg: fmt.Sprintf(
						"duplicated definition of symbol %s, also defined at %s", sym, p.Fset.Position(other.Pos()))})
					continue
				}
				t.claimed[sym] = obj
			case *types.Var:
				if have == nil || inits[obj] {
					t.claimed[sym] = obj
				}
			}
		}
	}
	return errs
}

func hasBody(pkg *Package, f *types.Func) bool {
	return pkg != nil && pkg.decls[f] != nil && pkg.decls[f].Body != nil
}

// Symbol returns the linker symbol of a function, method or package-level
// variable; for an instance, that of its generic origin. It is "" for objects that
// have none.
func (p *Program) Symbol(obj types.Object) string {
	switch o := obj.(type) {
	case *types.Func:
		obj = o.Origin()
	case *types.Var:
		obj = o.Origin()
	}
	if s, ok := p.symbols.renamed[obj]; ok {
		return s
	}
	return p.ownSymbol(obj)
}

// ownSymbol is the symbol that obj has without linknames.
func (p *Program) ownSymbol(obj types.Object) string {
	if obj.Pkg() == nil {
		return ""
	}
	prefix := escapePath(obj.Pkg().Path()) + "."
	f, ok := obj.(*types.Func)
	if !ok {
		return prefix + obj.Name()
	}
	recv := f.Signature().Recv()
	if recv == nil {
		return prefix + f.Name()
	}
	t := types.Unalias(recv.Type())
	if ptr, ok := t.(*types.Pointer); ok {
		if n, ok := types.Unalias(ptr.Elem()).(*types.Named); ok {
			return prefix + "(*" + n.Obj().Name() + ")." + f.Name()
		}
	}
	if n, ok := t.(*types.Named); ok {
		return prefix + n.Obj().Name() + "." + f.Name()
	}
	return "" // a method of an interface literal
}

// Provider returns the function with a body, or the variable, that a symbol
// stands for; nil if the host has to provide it.
func (p *Program) Provider(sym string) types.Object {
	if obj := p.symbols.claimed[sym]; obj != nil {
		return obj
	}
	obj := p.own(sym)
	if f, ok := obj.(*types.Func); ok && !hasBody(p.byTypes[f.Pkg()], f) {
		return nil
	}
	return obj
}

// Resolve returns the declared function that provides the body of f (f itself, if
// it has one) and f's symbol. The function is nil if the host has to provide it.
func (p *Program) Resolve(f *types.Func) (impl *types.Func, sym string) {
	f = f.Origin()
	sym = p.Symbol(f)
	if hasBody(p.byTypes[f.Pkg()], f) {
		return f, sym
	}
	impl, _ = p.Provider(sym).(*types.Func)
	return impl, sym
}

// ResolveVar returns the variable that v stands for after linknames, v itself in most cases.
func (p *Program) ResolveVar(v *types.Var) *types.Var {
	if v.Pkg() == nil || v.Parent() != v.Pkg().Scope() {
		return v
	}
	if to, ok := p.Provider(p.Symbol(v)).(*types.Var); ok {
		return to
	}
	return v
}

// own returns the declaration whose own name a symbol is, unless linkname gave it another symbol.
func (p *Program) own(sym string) types.Object {
	slash := strings.LastIndexByte(sym, '/') + 1
	dot := strings.IndexByte(sym[slash:], '.')
	if dot < 0 {
		return nil
	}
	pkg := p.symbols.prefixes[sym[:slash+dot]]
	if pkg == nil {
		return nil
	}
	recv, name, isMethod := strings.Cut(sym[slash+dot+1:], ".")
	obj := pkg.Types.Scope().Lookup(strings.TrimSuffix(strings.TrimPrefix(recv, "(*"), ")"))
	if isMethod {
		tn, ok := obj.(*types.TypeName)
		if !ok {
			return nil
		}
		named, ok := types.Unalias(tn.Type()).(*types.Named)
		if !ok {
			return nil
		}
		obj = nil
		for m := range named.Methods() {
			if m.Name() == name && p.ownSymbol(m) == sym {
				obj = m
			}
		}
	}
	switch obj.(type) {
	case *types.Func, *types.Var:
		if _, renamed := p.symbols.renamed[obj]; !renamed {
			return obj
		}
	}
	return nil
}

// DeclOf returns the declaration that a symbol's provider has, with its package; nil for variables and host functions.
func (p *Program) DeclOf(sym string) (*Package, *ast.FuncDecl) {
	f, ok := p.Provider(sym).(*types.Func)
	if !ok {
		return nil, nil
	}
	pkg := p.byTypes[f.Pkg()]
	return pkg, pkg.decls[f]
}

// escapePath writes an import path as it stands in linker symbols.
func escapePath(path string) string {
	slash := strings.LastIndexByte(path, '/')
	plain := true
	for i := 0; i < len(path); i++ {
		plain = plain && !escapes(path[i], i > slash)
	}
	if plain {
		return path
	}
	const hex = "0123456789abcdef"
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if c := path[i]; escapes(c, i > slash) {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func escapes(c byte, last bool) bool {
	return c <= ' ' || c == '.' && last || c == '%' || c == '"' || c >= 0x7f
}
