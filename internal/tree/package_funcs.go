package tree

import (
	"go/ast"
	"go/token"
	"go/types"
)

// HeadPos is where the messages of the real compiler about f as a whole point: behind the keyword of a declaration, at
// its receiver or its name, or at the keyword of a literal.
func (p *Program) HeadPos(f *Func) token.Pos {
	if f.Obj == nil {
		return f.Pos
	}
	if d := p.load.FuncDecl(f.Obj); d != nil && d.Recv != nil {
		return d.Recv.Opening
	}
	return f.Obj.Pos()
}

// PackageFuncs returns the functions of a package: the initialisers of its variables and every declared
// function and method that is not generic, in source order. path is the package's path in linker symbols.
func (p *Program) PackageFuncs(path string) []*Func {
	var out []*Func
	for _, in := range p.Inits() {
		if in.Path != path && !(path == "main" && p.load.Main != nil && in.Path == p.load.Main.Path) {
			continue
		}
		for _, v := range in.Vars {
			out = append(out, v.F)
		}
	}
	for _, pkg := range p.load.Packages {
		if pkg.LinkPath != path {
			continue
		}
		inits := 0
		pkg.FuncDecls(func(obj *types.Func, d *ast.FuncDecl) {
			sig := obj.Type().(*types.Signature)
			switch {
			case sig.TypeParams().Len() > 0 || sig.RecvTypeParams().Len() > 0:
			case d.Recv == nil && d.Name.Name == "init" && d.Body != nil:
				out = append(out, p.initFunc(obj, inits))
				inits++
			default:
				out = append(out, p.FuncOf(obj, nil))
			}
		})
	}
	return out
}
