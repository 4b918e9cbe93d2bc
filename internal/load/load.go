// Package load turns what a person writes on the command line — files, a package
// path, a folder — into parsed and type-checked packages with everything that is
// needed to compile them.
//
// # Steps
//
//  1. Arguments become root packages (roots.go). Files and std packages are found
//     by looking; everything else is asked of the go command, once, because
//     modules, workspaces and vendoring are its business (golist.go).
//  2. From the roots, imports are followed; every package is selected for the
//     target (target.go) and parsed, several at a time (source.go). Package
//     runtime is the guest's own, and guest overlays replace single declarations
//     of std (overlay.go).
//  3. The graph is built and ordered as Go initialises packages (graph.go).
//  4. Packages are type-checked after their imports, several at a time, from
//     source only, never from export data (check.go). What does not parse is
//     reported in the compiler's words (words.go).
//  5. Directives are collected (pragma.go, embed.go), and linknames joined into
//     the symbol table (symbol.go).
//
// Tests (tests.go, testmain.go) change steps 1 and 3: a tested package is compiled
// together with its _test files, packages between it and its external tests are
// compiled again against that variant, and a main package is generated.
//
// # What was turned down
//
// go/packages runs the go command for every load and takes a hundred
// milliseconds before the first file is read; most programs one tries import std
// only. Export data would save type checking, but the bodies are wanted anyway.
//
// # Errors
//
// Faults of the source are an *Errors, position first. Anything else (no Go
// distribution, a go command that fails) is an ordinary error.
package load

import (
	"context"
	"go/build"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/terrarium-go/terrarium/internal/guest"
)

// Config says where and how to load. The zero value loads for the current folder.
type Config struct {
	Dir  string   // folder that arguments are relative to; "" is the current one
	Tags []string // build tags besides the target's; nil takes those of GOFLAGS

	// Env is the environment for GOROOT, GOFLAGS and GOEXPERIMENT and for the go
	// command; nil is that of the process.
	Env []string

	// Library admits packages that are not commands and several roots.
	Library bool

	// Unlinked is for programs that are looked at and not run: it admits functions without a body and imports of
	// internal packages.
	Unlinked bool

	// Context ends loading between two packages when it is done; nil never does.
	Context context.Context

	// Progress is told when a phase begins: "find", "parse", "check", "link".
	Progress func(phase string)

	// Runtime holds the files of package runtime; nil takes the guest's own.
	Runtime fs.FS

	// Overlay returns the overlay of a std package or nil; nil takes the guest's own.
	Overlay func(path string) fs.FS
}

// Load loads the program that args name: Go files of one folder, or a package
// path or folder; no argument means the current folder.
func Load(cfg *Config, args ...string) (*Program, error) {
	l, err := newLoader(cfg)
	if err != nil {
		return nil, err
	}
	l.progress("find")
	roots, err := l.roots(args)
	if err != nil {
		return nil, err
	}
	l.progress("parse")
	l.gather(append([]string{"runtime"}, roots...))
	if err := l.stopped(); err != nil {
		return nil, err
	}
	g := newGraph(l)
	if !l.cfg.Library || len(roots) == 1 {
		if s := l.sources[roots[0]]; s != nil && s.name() == "main" {
			g.main = roots[0]
		}
	}
	return g.program(roots)
}

// SplitArgs divides the arguments of a run command into those that name the
// program — all leading Go files, or one package — and those for the program.
func SplitArgs(args []string) (names, rest []string) {
	n := 0
	for n < len(args) && isGoFile(args[n]) {
		n++
	}
	if n == 0 && len(args) > 0 {
		n = 1
	}
	return args[:n], args[n:]
}

// loader holds what is shared by the programs of one Load or one TestSet.
type loader struct {
	cfg       Config
	dir       string // absolute
	target    *target
	context   build.Context
	fset      *token.FileSet
	overlayFS func(path string) fs.FS
	tests     bool // what is loaded are test programs

	dirs    sync.Map           // std path → bool, see hasDir
	godebug map[string]string  // default settings by main or tested package, from the go command
	listed  map[string]*listed // what the go command said, by import path; not written while gathering
	mu      sync.Mutex         // guards sources while gathering
	sources map[string]*source
	plain   map[string]*Package // packages that are not variants, by path
}

func newLoader(cfg *Config) (*loader, error) {
	l := &loader{
		fset:    token.NewFileSet(),
		godebug: map[string]string{},
		listed:  map[string]*listed{},
		sources: map[string]*source{},
		plain:   map[string]*Package{},
	}
	if cfg != nil {
		l.cfg = *cfg
	}
	l.overlayFS = l.cfg.Overlay
	dir := l.cfg.Dir
	if dir == "" {
		var err error
		if dir, err = os.Getwd(); err != nil {
			return nil, err
		}
	}
	var err error
	if l.dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	if l.target, err = newTarget(&l.cfg); err != nil {
		return nil, err
	}
	l.context = l.target.context()
	return l, nil
}

// stopped is why loading is to end early, or nil.
func (l *loader) stopped() error {
	if l.cfg.Context == nil {
		return nil
	}
	return l.cfg.Context.Err()
}

func (l *loader) progress(phase string) {
	if l.cfg.Progress != nil {
		l.cfg.Progress(phase)
	}
}

func (l *loader) runtimeFS() fs.FS {
	if l.cfg.Runtime != nil {
		return l.cfg.Runtime
	}
	return guest.Runtime()
}

// gather loads the named packages and all that they import, directly or not.
func (l *loader) gather(paths []string) {
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	var visit func(s *source)
	want := func(path string) error {
		l.mu.Lock()
		defer l.mu.Unlock()
		s := l.sources[path]
		if s == nil {
			var err error
			if s, err = l.locate(path); err != nil {
				return err
			}
			l.sources[path] = s
		} else if s.loading || s.loaded {
			return nil
		}
		s.loading = true
		wg.Go(func() { visit(s) })
		return nil
	}
	visit = func(s *source) {
		slots <- struct{}{}
		if l.stopped() == nil {
			l.load(s)
		}
		<-slots
		if l.stopped() != nil {
			return
		}
		l.follow(s, s.files, &s.errs, want)
	}
	for _, path := range paths {
		if err := want(path); err != nil {
			s := &source{path: path, loaded: true, errs: errorList{fset: l.fset, pkg: path}}
			s.errs.add(token.Position{}, "%v", err)
			l.mu.Lock()
			l.sources[path] = s
			l.mu.Unlock()
		}
	}
	wg.Wait()
}

// follow asks want for each package that the files import and reports those that do not exist.
func (l *loader) follow(s *source, files []*file, errs *errorList, want func(path string) error) {
	bad := map[string]bool{}
	for spec, path := range s.imports(files) {
		to := l.resolve(s, path)
		if bad[to] || strings.HasPrefix(path, "./") || strings.HasPrefix(path, "../") { // reject has reported relative paths
			continue
		}
		if err := want(to); err != nil {
			bad[to] = true
			errs.at(spec.Pos(), "%v", err)
		}
	}
}
