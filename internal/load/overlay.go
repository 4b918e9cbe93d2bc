package load

import (
	"go/ast"
	"go/token"
	"path"
	"strconv"
	"strings"

	"github.com/terrarium-go/terrarium/internal/guest"
)

// overlay adds the guest's files for the package to s and takes away what they
// replace. The rule is told in package guest.
func (l *loader) overlay(s *source) {
	fsys := guest.Overlay(s.path)
	if fsys == nil && l.tests {
		fsys = guest.TestOverlay(s.path)
	}
	if l.overlayFS != nil {
		fsys = l.overlayFS(s.path)
	}
	if fsys == nil {
		return
	}
	add := l.parseFS(s, fsys, "guest/"+s.path, &s.errs)
	replaced := map[string]bool{}
	for _, f := range add {
		f.overlay = true
		for _, d := range f.ast.Decls {
			declared(d, func(name string) { replaced[name] = true })
		}
	}
	for _, f := range s.files {
		f.replaced = replaced
		if f.cut = removeDecls(f.ast, replaced); len(f.cut) > 0 {
			dropUnusedImports(f.ast)
		}
	}
	s.files = append(s.files, add...)
}

// declared calls f with the name of each thing that d declares, "T.M" for a method.
func declared(d ast.Decl, f func(name string)) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if name := declName(d); name != "init" && name != "_" {
			f(name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				f(spec.Name.Name)
			case *ast.ValueSpec:
				for _, id := range spec.Names {
					if id.Name != "_" {
						f(id.Name)
					}
				}
			}
		}
	}
}

// declName returns "F" for a function and "T.M" for a method of T or *T.
func declName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	t := ast.Unparen(d.Recv.List[0].Type)
	if star, ok := t.(*ast.StarExpr); ok {
		t = ast.Unparen(star.X)
	}
	switch x := t.(type) {
	case *ast.IndexExpr:
		t = x.X
	case *ast.IndexListExpr:
		t = x.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name + "." + d.Name.Name
	}
	return "?." + d.Name.Name
}

// removeDecls takes the named declarations out of f and returns where they were, doc comments included.
func removeDecls(f *ast.File, names map[string]bool) (cut []span) {
	decls := f.Decls[:0:0]
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if names[declName(d)] {
				cut = append(cut, spanOf(d, d.Doc))
				continue
			}
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				break
			}
			specs := d.Specs[:0:0]
			for _, spec := range d.Specs {
				if keepSpec(d.Tok, spec, names, &cut) {
					specs = append(specs, spec)
				}
			}
			if len(specs) == 0 && len(d.Specs) > 0 {
				cut = append(cut, spanOf(d, d.Doc))
				continue
			}
			d.Specs = specs
		}
		decls = append(decls, d)
	}
	f.Decls = decls
	return cut
}

// span is a stretch of a file.
type span struct{ start, end token.Pos }

func spanOf(n ast.Node, doc *ast.CommentGroup) span {
	if doc != nil {
		return span{doc.Pos(), n.End()}
	}
	return span{n.Pos(), n.End()}
}

// keepSpec blanks the replaced names of a value spec and reports whether anything of the spec is left.
func keepSpec(tok token.Token, spec ast.Spec, names map[string]bool, cut *[]span) bool {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if names[spec.Name.Name] {
			*cut = append(*cut, spanOf(spec, spec.Doc))
			return false
		}
	case *ast.ValueSpec:
		left := false
		for _, id := range spec.Names {
			if names[id.Name] {
				*cut = append(*cut, span{id.Pos(), id.Pos()})
				id.Name = "_"
			} else {
				left = true
			}
		}
		return left || tok == token.CONST // a constant holds its place in the iota count
	}
	return true
}

// dropUnusedImports removes the imports of f that no identifier refers to any more.
func dropUnusedImports(f *ast.File) {
	used := map[string]bool{}
	for _, d := range f.Decls {
		ast.Inspect(d, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if id, ok := sel.X.(*ast.Ident); ok {
					used[id.Name] = true
				}
			}
			return true
		})
	}
	keep := func(spec *ast.ImportSpec) bool {
		if spec.Name != nil {
			return spec.Name.Name == "_" || spec.Name.Name == "." || used[spec.Name.Name]
		}
		p, err := strconv.Unquote(spec.Path.Value)
		return err != nil || used[importName(p)]
	}
	imports := f.Imports[:0:0]
	for _, spec := range f.Imports {
		if keep(spec) {
			imports = append(imports, spec)
		}
	}
	f.Imports = imports
	decls := f.Decls[:0:0]
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			specs := g.Specs[:0:0]
			for _, spec := range g.Specs {
				if keep(spec.(*ast.ImportSpec)) {
					specs = append(specs, spec)
				}
			}
			if len(specs) == 0 {
				continue
			}
			g.Specs = specs
		}
		decls = append(decls, d)
	}
	f.Decls = decls
}

// importName is the name of the std package with the given path: the last element that is not a version.
func importName(p string) string {
	base := path.Base(p)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		base = path.Base(path.Dir(p))
	}
	return base
}
