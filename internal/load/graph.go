package load

// The graph
//
// A graph turns sources into the packages of one program. Most packages are plain:
// one Package per source, shared by all programs of a loader. While a package with
// _test files is under test it is a variant, and so is every package that reaches
// it by imports; variants belong to one program. The syntax trees are shared, for
// type checking does not write to them.
//
// Packages are ordered as they are initialised: package runtime and what it needs
// come first, because every other package relies on them without an import. For
// each of the two groups: of the packages whose imports are all placed, place the
// one with the smallest path, until none is left.

import (
	"container/heap"
	"go/token"
	"go/types"
	"strings"
)

type graph struct {
	l     *loader
	main  string // path of the package that is linked as "main", or ""
	under string // path of the package under test, or ""
	units map[string]*Package
	path  []string // packages being made, for import cycles
	errs  errorList
}

func newGraph(l *loader) *graph {
	return &graph{l: l, units: map[string]*Package{}, errs: errorList{fset: l.fset}}
}

// name is the package name that the files of s declare, "" if there are none.
func (s *source) name() string {
	if len(s.files) == 0 {
		return ""
	}
	return s.files[0].ast.Name.Name
}

// program makes the program with the given roots, all gathered.
func (g *graph) program(roots []string) (*Program, error) {
	if err := g.l.sourceErrors(append([]string{"runtime"}, roots...), g.under); err != nil {
		return nil, err
	}
	if !g.l.cfg.Library && g.under == "" && g.main == "" {
		s := g.l.sources[roots[0]]
		return nil, &Errors{List: []Error{{Msg: "package " + s.path + " is not a main package", Pkg: s.path}}, Dir: g.l.dir, Setup: true}
	}
	p := g.newProgram()
	p.Runtime = g.get("runtime", nil, token.NoPos)
	for _, path := range roots {
		p.Roots = append(p.Roots, g.get(path, nil, token.NoPos))
	}
	if g.main != "" {
		p.Main = g.units[g.main]
		p.GODEBUG = g.l.godebug[g.main]
	}
	if _, err := g.finish(p); err != nil {
		return nil, err
	}
	if g.main != "" {
		p.BuildInfo = g.buildInfo(p, g.main, g.main)
	}
	return p, nil
}

func (g *graph) newProgram() *Program {
	return &Program{
		Fset:      g.l.fset,
		ByPath:    map[string]*Package{},
		Sizes:     targetSizes(),
		GOROOT:    g.l.target.goroot,
		GoVersion: g.l.target.version,
		byTypes:   map[*types.Package]*Package{},
	}
}

// finish orders, checks and links the packages that p names.
func (g *graph) finish(p *Program) (*Program, error) {
	if len(g.errs.list) > 0 {
		return nil, &Errors{List: g.errs.sorted(), Dir: g.l.dir}
	}
	p.Packages = initOrder(p.Runtime, p.Roots)
	g.l.progress("check")
	errs := g.l.check(p.Packages)
	if err := g.l.stopped(); err != nil {
		return nil, err
	}
	if len(errs) > 0 {
		return nil, &Errors{List: errs, Dir: g.l.dir}
	}
	for _, pkg := range p.Packages {
		p.ByPath[pkg.Path] = pkg
		p.byTypes[pkg.Types] = pkg
	}
	g.l.progress("link")
	if errs := p.link(); len(errs) > 0 {
		return nil, &Errors{List: errs, Dir: g.l.dir}
	}
	if m := p.Main; m != nil {
		if f, ok := m.Types.Scope().Lookup("main").(*types.Func); !ok || f == nil {
			return nil, &Errors{List: []Error{{Msg: "runtime.main_main·f: function main is undeclared in the main package", Pkg: m.Path}}, Dir: g.l.dir}
		}
	}
	return p, nil
}

// get returns the package of a path, made with its imports. from and pos say who asks, for messages.
func (g *graph) get(path string, from *source, pos token.Pos) *Package {
	if p, ok := g.units[path]; ok {
		if p == nil {
			what := "import cycle not allowed"
			if g.under != "" {
				what += " in test"
			}
			start := 0
			for i, s := range g.path {
				if s == path {
					start = i
				}
			}
			g.errs.pkg = from.path
			g.errs.at(pos, "%s: %s", what, strings.Join(append(g.path[start:len(g.path):len(g.path)], path), " → "))
		}
		return p
	}
	src := g.l.sources[path]
	if src == nil {
		panic("BUG: load: package " + path + " was not gathered")
	}
	files := src.files
	variant := false
	if path == g.under && len(src.tests) > 0 {
		files = append(files[:len(files):len(files)], src.tests...)
		variant = true
	}
	link := path
	if path == g.main {
		link = "main"
	}
	p := g.make(src, path, link, files, variant)
	if !p.Variant {
		if have := g.l.plain[path]; have != nil {
			p = have
		} else {
			g.l.plain[path] = p
		}
	}
	g.units[path] = p
	return p
}

// make returns a new package of the given files, with its imports made first.
// It is a variant if asked for or if an import is one.
func (g *graph) make(src *source, path, link string, files []*file, variant bool) *Package {
	g.units[path] = nil
	g.path = append(g.path, path)
	p := &Package{
		Path:      path,
		LinkPath:  link,
		Name:      files[0].ast.Name.Name,
		Dir:       src.dir,
		Std:       src.std,
		Guest:     src.guest,
		Variant:   variant,
		GoVersion: src.lang,
		Module:    src.module,
		HasAsm:    src.hasAsm,
		src:       src,
		files:     files,
		imports:   map[string]*Package{},
	}
	seen := map[*Package]bool{}
	for spec, as := range src.imports(files) {
		if p.imports[as] != nil {
			continue
		}
		dep := g.get(g.l.resolve(src, as), src, spec.Path.Pos())
		if dep == nil {
			continue
		}
		p.imports[as] = dep
		if dep.Variant {
			p.Variant = true
		}
		if !seen[dep] {
			seen[dep] = true
			p.Imports = append(p.Imports, dep)
		}
	}
	sortPackages(p.Imports)
	if p.Variant && path != g.under+".test" {
		p.ForTest = g.under
	}
	g.path = g.path[:len(g.path)-1]
	return p
}

// sourceErrors returns what is wrong with the files of the roots and of everything they import, apart from syntax.
func (l *loader) sourceErrors(roots []string, under string) error {
	var all []Error
	seen := map[string]bool{}
	var walk func(path string)
	walk = func(path string) {
		s := l.sources[path]
		if seen[path] || s == nil {
			return
		}
		seen[path] = true
		files := s.files
		if path == under {
			files = append(append(files[:len(files):len(files)], s.tests...), s.xtests...)
		}
		for _, as := range s.imports(files) {
			walk(l.resolve(s, as))
		}
		_, errs := s.errs.split()
		all = append(all, errs...)
		if path == under {
			_, errs := s.testErrs.split()
			all = append(all, errs...)
		}
	}
	for _, path := range roots {
		walk(path)
	}
	if len(all) > 0 {
		return &Errors{List: all, Dir: l.dir, Setup: true}
	}
	return nil
}

// initOrder returns everything below the runtime and the roots in the order of initialisation.
func initOrder(rt *Package, roots []*Package) []*Package {
	placed := map[*Package]bool{}
	var order []*Package
	place := func(roots []*Package) {
		waits := map[*Package]int{} // imports not yet placed
		users := map[*Package][]*Package{}
		var ready pathHeap
		var walk func(p *Package)
		walk = func(p *Package) {
			if _, ok := waits[p]; ok || placed[p] {
				return
			}
			waits[p] = 0
			for _, dep := range p.Imports {
				if !placed[dep] {
					walk(dep)
					waits[p]++
					users[dep] = append(users[dep], p)
				}
			}
			if waits[p] == 0 {
				ready = append(ready, p)
			}
		}
		for _, p := range roots {
			walk(p)
		}
		heap.Init(&ready)
		for len(ready) > 0 {
			p := heap.Pop(&ready).(*Package)
			placed[p] = true
			order = append(order, p)
			for _, u := range users[p] {
				if waits[u]--; waits[u] == 0 {
					heap.Push(&ready, u)
				}
			}
		}
	}
	place([]*Package{rt})
	place(roots)
	return order
}

// pathHeap is a heap of packages by path.
type pathHeap []*Package

func (h pathHeap) Len() int           { return len(h) }
func (h pathHeap) Less(i, j int) bool { return h[i].Path < h[j].Path }
func (h pathHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *pathHeap) Push(x any)        { *h = append(*h, x.(*Package)) }
func (h *pathHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
