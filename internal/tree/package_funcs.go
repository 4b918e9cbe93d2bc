package tree

import (
	"go/ast"
	"go/types"
)

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
