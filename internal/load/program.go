package load

import (
	"go/ast"
	"go/token"
	"go/types"
	"sort"
)

// Program is a set of packages closed under imports, type-checked, with the
// symbol table that linkname directives weave across them.
//
// A Program does not change after it was returned and may be read concurrently.
// Several programs of one TestSet share packages, so a Package must be treated
// as read-only as well.
type Program struct {
	Fset *token.FileSet // file names are absolute; guest sources are "guest/<path>/<file>"

	// Packages are in the order of initialisation, every package after its
	// imports: first package runtime with everything below it, then the rest,
	// where among the packages that are ready the smallest path goes first.
	// "unsafe" is not among them.
	Packages []*Package

	ByPath  map[string]*Package // by Package.Path
	Main    *Package            // the command; nil for a library
	Roots   []*Package          // what the arguments named; Main if there is one
	Runtime *Package            // package runtime, always present

	Sizes     types.Sizes
	GOROOT    string // absolute
	GoVersion string // of GOROOT: "go1.26.8"
	GODEBUG   string // settings that the main module's Go version and //go:debug directives ask for: "panicnil=1,…"
	BuildInfo string // for debug.ReadBuildInfo
	Test      *Test  // set if Main is a generated test main

	byTypes map[*types.Package]*Package
	symbols symbolTable
}

// Package is one type-checked package.
type Package struct {
	// Path is the import path as the go command prints it: vendored packages of
	// std begin with "vendor/", files named on the command line are
	// "command-line-arguments", a test main is "p.test".
	Path string

	// LinkPath is the path in linker symbols and in Types.Path: "main" for the
	// program's main package, otherwise Path.
	LinkPath string

	Name    string
	Dir     string // absolute; of GOROOT for std; "" for a generated package
	Std     bool   // comes from GOROOT/src, package runtime included
	Guest   bool   // wholly ours: package runtime
	Variant bool   // compiled for a test: with its _test files, or against a package that is
	ForTest string // the path of the package whose test that is
	XTest   bool   // an external test package

	// GoVersion is the language version of files without one of their own: "go1.26".
	GoVersion string
	Module    string // module path; "" for std and outside modules

	Types   *types.Package
	Info    *types.Info // Types Instances Defs Uses Implicits Selections FileVersions InitOrder; no Scopes
	Files   []*ast.File // sorted by name, overlay files last; imports "C" never
	Imports []*Package  // direct, without unsafe, sorted by path
	HasAsm  bool        // the folder selects .s files

	Pragmas map[types.Object]Pragma // functions, methods, and the types they were written on
	Links   []Link                  // linkname directives in source order
	Embeds  map[*types.Var]*Embed

	src     *source
	files   []*file
	checked bool
	broken  bool // it or an import does not type-check
	errs    []Error
	imports map[string]*Package // by import path as written, unsafe excluded
	decls   map[*types.Func]*ast.FuncDecl
}

// Test describes what a generated test main tests.
type Test struct {
	Path    string   // import path of the tested package
	Package *Package // the tested package, with its in-package test files
	XTest   *Package // the external test package, or nil
	Dir     string   // folder of the package, in which tests expect to run

	// Names of what the main registers, in its order.
	Tests, Benchmarks, Fuzz, Examples []string
	TestMain                          bool
	Files                             int // test files
}

// Empty reports whether the package has no test files.
func (t *Test) Empty() bool { return t.Files == 0 }

// FuncDecl returns the declaration of f or, for an instance of a generic
// function or method, of its origin. It is nil for interface methods and for
// functions that have no declaration in the program.
func (p *Program) FuncDecl(f *types.Func) *ast.FuncDecl {
	f = f.Origin()
	if pkg := p.byTypes[f.Pkg()]; pkg != nil {
		return pkg.decls[f]
	}
	return nil
}

// Package returns the package of tp, or nil for unsafe and unknown packages.
func (p *Program) Package(tp *types.Package) *Package { return p.byTypes[tp] }

// PackageOf returns the package that declares obj, or nil for universe objects.
func (p *Program) PackageOf(obj types.Object) *Package { return p.byTypes[obj.Pkg()] }

// Pragma returns the pragma of obj, or the zero Pragma.
func (p *Program) Pragma(obj types.Object) Pragma {
	if f, ok := obj.(*types.Func); ok {
		obj = f.Origin()
	}
	if pkg := p.byTypes[obj.Pkg()]; pkg != nil {
		return pkg.Pragmas[obj]
	}
	return Pragma{}
}

// Embed returns what go:embed puts into v, or nil.
func (p *Program) Embed(v *types.Var) *Embed {
	if pkg := p.byTypes[v.Pkg()]; pkg != nil {
		return pkg.Embeds[v]
	}
	return nil
}

// File returns the file that holds pos, or nil.
func (p *Package) File(pos token.Pos) *ast.File {
	for _, f := range p.Files {
		if f.FileStart <= pos && pos <= f.FileEnd {
			return f
		}
	}
	return nil
}

// FuncDecls calls f for every function and method declaration in source order.
func (p *Package) FuncDecls(f func(*types.Func, *ast.FuncDecl)) {
	for _, file := range p.Files {
		for _, d := range file.Decls {
			if d, ok := d.(*ast.FuncDecl); ok {
				if obj, ok := p.Info.Defs[d.Name].(*types.Func); ok {
					f(obj, d)
				}
			}
		}
	}
}

// Imported returns the package that an import path written in p means.
func (p *Package) Imported(path string) *Package { return p.imports[path] }

func sortPackages(pkgs []*Package) {
	sort.Slice(pkgs, func(i, j int) bool { return pkgs[i].Path < pkgs[j].Path })
}
