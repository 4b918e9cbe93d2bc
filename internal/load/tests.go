package load

// Tests
//
// A package p under test gives up to three packages of one program:
//
//	p        its files and the _test.go files of the same package: a variant of p
//	p_test   the _test.go files of package p_test, which import the variant
//	p.test   the generated main package, which hands the tests to package testing
//
// Whatever p_test or p.test reach that imports p is compiled again against the
// variant, so that there is one p in the program. If p has no in-package tests, p
// is the plain package and nothing is compiled twice.

import (
	"cmp"
	"fmt"
	"go/token"
	"slices"
	"strings"
	"sync"
)

// TestSet is a list of packages to test, with the packages that their programs
// share. Loading many tests from one set checks each plain package once.
type TestSet struct {
	// Paths are the import paths of the packages that the patterns match, in the
	// go command's order, including those without tests.
	Paths []string

	mu sync.Mutex
	l  *loader
}

// ListTests finds the packages that patterns name; no pattern means the current folder. Files named instead are one package.
func ListTests(cfg *Config, patterns ...string) (*TestSet, error) {
	l, err := newLoader(cfg)
	if err != nil {
		return nil, err
	}
	l.cfg.Library, l.tests = true, true
	l.progress("find")
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	var std, ask, paths []string
	if slices.ContainsFunc(patterns, isGoFile) {
		for _, a := range patterns {
			if !isGoFile(a) {
				return nil, fmt.Errorf("load: named files must be .go files: %s", a)
			}
		}
		ask, patterns = patterns, nil
	}
	for _, a := range patterns {
		prefix, _, wild := strings.Cut(a, "/...")
		switch {
		case !isPattern(a) && l.isStd(a):
			paths = append(paths, a)
		case a == "std" || wild && l.inStd(prefix):
			std = append(std, a)
		default:
			ask = append(ask, a)
		}
	}
	for i, args := range [][]string{std, ask} {
		if len(args) == 0 {
			continue
		}
		// std packages are read by ourselves, so only others need what their tests import.
		named, err := l.golist(i == 1, args)
		if err != nil {
			return nil, err
		}
		asNamed(named, args)
		for _, p := range named {
			if noGoFiles(p) && len(p.TestGoFiles)+len(p.XTestGoFiles) == 0 && matchedByWildcard(p) {
				continue
			}
			if !slices.Contains(paths, p.ImportPath) {
				paths = append(paths, p.ImportPath)
			}
		}
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("load: %s matched no packages", strings.Join(patterns, " "))
	}
	return &TestSet{Paths: paths, l: l}, nil
}

// asNamed brings packages, which stand behind what they import, into the order of the patterns that match them, those of
// one pattern into that of a walk through the folders.
func asNamed(list []*listed, patterns []string) {
	first := func(p *listed) int {
		for i, a := range patterns {
			if slices.Contains(p.Match, a) {
				return i
			}
		}
		return len(patterns)
	}
	slices.SortStableFunc(list, func(a, b *listed) int {
		return cmp.Or(cmp.Compare(first(a), first(b)), slices.Compare(strings.Split(a.ImportPath, "/"), strings.Split(b.ImportPath, "/")))
	})
}

// Load loads the test program of one package of the set. Program.Test tells what
// it tests; a package without tests gives a program for which Test.Empty holds.
func (s *TestSet) Load(path string) (*Program, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.l
	if path == "runtime" {
		return nil, fmt.Errorf("load: package runtime is the guest's own; the distribution's tests for it do not apply")
	}
	src := l.sources[path]
	if src == nil {
		var err error
		if src, err = l.locate(path); err != nil {
			return nil, err
		}
		l.sources[path] = src
	}
	if p := src.listed; p != nil && p.Error != nil && noGoFiles(p) && len(p.TestGoFiles)+len(p.XTestGoFiles) == 0 {
		return nil, &Errors{List: []Error{l.listError(p)}, Dir: l.dir, Setup: true}
	}
	l.progress("parse")
	src.underTest = true
	l.loadTests(src)
	roots := []string{"runtime", path, "os", "reflect", "testing", "testing/internal/testdeps"}
	for spec, as := range src.imports(append(slices.Clone(src.tests), src.xtests...)) {
		to := l.resolve(src, as)
		if l.sources[to] == nil {
			if _, err := l.locate(to); err != nil {
				if to != path+"_test" {
					src.testErrs.at(spec.Path.Pos(), "%v", err)
				}
				continue
			}
		}
		roots = append(roots, to)
	}
	l.gather(roots)
	if err := l.sourceErrors(roots, path); err != nil {
		return nil, err
	}
	return s.program(src)
}

// program makes the test program of a gathered package.
func (s *TestSet) program(src *source) (*Program, error) {
	l, path := s.l, src.path
	t := &Test{Path: path, Dir: src.dir, Files: len(src.tests) + len(src.xtests)}
	main, err := l.testMain(src, t)
	if err != nil {
		return nil, err
	}
	g := newGraph(l)
	g.under = path
	if len(src.files)+len(src.tests) > 0 {
		t.Package = g.get(path, nil, token.NoPos)
	}
	if len(src.xtests) > 0 {
		t.XTest = g.make(src, path+"_test", path+"_test", src.xtests, true)
		t.XTest.XTest = true
		g.units[t.XTest.Path] = t.XTest
	}
	p := g.newProgram()
	p.Runtime = g.get("runtime", nil, token.NoPos)
	p.Main = g.make(main, main.path, "main", main.files, true)
	p.Main.Std = false
	p.Roots = []*Package{p.Main}
	if t.Empty() && t.Package != nil { // nothing imports it, but it has to compile
		p.Roots = append(p.Roots, t.Package)
	}
	p.Test, p.GODEBUG = t, l.godebug[path]
	if _, err := g.finish(p); err != nil {
		return nil, err
	}
	p.BuildInfo = g.buildInfo(p, main.path, path)
	return p, nil
}

// LoadTests loads the test programs of all packages that patterns name, those
// without tests included. It stops at the first package that does not load.
func LoadTests(cfg *Config, patterns ...string) ([]*Program, error) {
	set, err := ListTests(cfg, patterns...)
	if err != nil {
		return nil, err
	}
	var programs []*Program
	for _, path := range set.Paths {
		p, err := set.Load(path)
		if err != nil {
			return programs, err
		}
		programs = append(programs, p)
	}
	return programs, nil
}
