package load

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/types"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// check type-checks the packages of a list in which every package follows its
// imports, several at a time, and returns what is wrong, in the order of the list.
// A package is checked once in its life; those above a broken one are not checked.
func (l *loader) check(pkgs []*Package) []Error {
	waits := map[*Package]int{}
	users := map[*Package][]*Package{}
	ready := make(chan *Package, len(pkgs))
	left := 0
	for _, p := range pkgs {
		if p.checked {
			continue
		}
		left++
		waits[p] = 0
		for _, dep := range p.Imports {
			if !dep.checked {
				waits[p]++
				users[dep] = append(users[dep], p)
			}
		}
		if waits[p] == 0 {
			ready <- p
		}
	}
	if left > 0 {
		var mu sync.Mutex // guards waits and left
		var wg sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			wg.Go(func() {
				for p := range ready {
					if l.stopped() == nil {
						l.checkPackage(p)
					}
					mu.Lock()
					for _, u := range users[p] {
						if waits[u]--; waits[u] == 0 {
							ready <- u
						}
					}
					if left--; left == 0 {
						close(ready)
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
	}
	var all []Error
	for _, p := range pkgs {
		all = append(all, p.errs...)
	}
	return all
}

// importer answers imports of one package from its own table.
type importer struct{ pkg *Package }

func (im importer) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	dep := im.pkg.imports[path]
	if dep == nil || dep.Types == nil {
		return nil, fmt.Errorf("BUG: load: import %q of %s was not loaded", path, im.pkg.Path)
	}
	return dep.Types, nil
}

// checkPackage type-checks p and collects its directives.
func (l *loader) checkPackage(p *Package) {
	p.checked = true
	for _, dep := range p.Imports {
		if dep.broken {
			p.broken = true
			return
		}
	}
	if p.errs = p.syntaxErrors(); len(p.errs) > 0 {
		p.broken = true
		if words := l.compilerWords(p); len(words) > 0 {
			p.errs = words
		}
		return
	}
	errs := errorList{fset: l.fset, pkg: p.label()}
	size := 0
	for _, f := range p.files {
		p.Files = append(p.Files, f.ast)
		size += int(f.ast.FileEnd - f.ast.FileStart)
	}
	// One identifier in about twelve bytes of source and one typed expression in
	// about ten, measured over std; maps that fit from the start save rehashing.
	p.Info = &types.Info{
		Types:        make(map[ast.Expr]types.TypeAndValue, size/10),
		Instances:    map[*ast.Ident]types.Instance{},
		Defs:         make(map[*ast.Ident]types.Object, size/40),
		Uses:         make(map[*ast.Ident]types.Object, size/14),
		Implicits:    map[ast.Node]types.Object{},
		Selections:   make(map[*ast.SelectorExpr]*types.Selection, size/60),
		FileVersions: map[*ast.File]string{},
	}
	conf := types.Config{
		GoVersion: p.GoVersion,
		Importer:  importer{p},
		Sizes:     targetSizes(),
		Error:     errs.typeError,
	}
	p.Types = types.NewPackage(p.LinkPath, p.Name)
	types.NewChecker(&conf, l.fset, p.Types, p.Info).Files(p.Files)
	if len(errs.list) == 0 {
		p.decls = map[*types.Func]*ast.FuncDecl{}
		p.FuncDecls(func(f *types.Func, d *ast.FuncDecl) { p.decls[f] = d })
		p.directives(&errs, l.cfg.Unlinked)
	}
	if p.errs = errs.sorted(); len(p.errs) > 0 {
		p.broken = true
		if names := p.leftOut(); len(names) > 0 {
			p.errs = append(p.errs, Error{Pkg: p.label(), Msg: fmt.Sprintf("package %s is compiled for GOOS=%s GOARCH=%s here, without %s", p.Path, goos, goarch, strings.Join(names, ", "))})
		}
	}
}

// label is how the go command names p above what the compiler says of it.
func (p *Package) label() string {
	if p.ForTest != "" {
		return p.Path + " [" + p.ForTest + ".test]"
	}
	return p.Path
}

// syntaxErrors returns where the files of p do not parse.
func (p *Package) syntaxErrors() (all []Error) {
	take := func(list *errorList) {
		syntax, _ := list.split()
		for _, e := range syntax {
			e.Pkg = p.label()
			all = append(all, e)
		}
	}
	if !p.XTest {
		take(&p.src.errs)
	}
	if p.XTest || p.ForTest == p.Path {
		take(&p.src.testErrs)
	}
	return all
}

// leftOut names the files that a build for the host has and one for the guest's system has not, when names are undefined.
func (p *Package) leftOut() (names []string) {
	undefined := func(e Error) bool { return strings.Contains(e.Msg, "undefined") }
	if p.src == nil || p.src.listed == nil || !slices.ContainsFunc(p.errs, undefined) {
		return nil
	}
	for _, name := range p.src.listed.IgnoredGoFiles {
		if ok, err := build.Default.MatchFile(p.Dir, name); ok && err == nil {
			names = append(names, name)
		}
	}
	return names
}
