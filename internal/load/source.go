package load

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// source is the parsed text of one import path, before type checking. Plain
// packages, test variants and external tests are made from the same source.
type source struct {
	path   string
	dir    string // absolute
	std    bool   // below GOROOT/src
	guest  bool   // our own package runtime
	module string
	lang   string            // language version, "go1.26"
	idents map[string]string // import path as written → import path; what go list calls ImportMap

	listed *listed // what the go command said, nil for std and for named files
	named  bool    // the files were named on the command line: no file selection
	hasAsm bool

	refused   bool // imports what can never work here, or as the language forbids: we say why
	files     []*file
	errs      errorList
	parseErrs errorList // of named files, which are parsed before loading
	loading   bool      // guarded by loader.mu
	loaded    bool

	underTest     bool
	testOnce      sync.Once
	tests, xtests []*file
	testErrs      errorList
}

// file is one parsed file.
type file struct {
	name     string // absolute, or below "guest/"
	ast      *ast.File
	overlay  bool
	cut      []span          // what an overlay took away from this file
	replaced map[string]bool // names whose declaration an overlay took away from this package
}

// onlyTests reports whether s is under test and may have no other files.
func (s *source) onlyTests() bool {
	return s.underTest && (s.listed == nil || s.listed.Error == nil || noGoFiles(s.listed))
}

// imports yields each import of the files with its path as written, except unsafe and "C".
func (s *source) imports(files []*file) iter.Seq2[*ast.ImportSpec, string] {
	return func(yield func(*ast.ImportSpec, string) bool) {
		for _, file := range files {
			for _, spec := range file.ast.Imports {
				path, err := strconv.Unquote(spec.Path.Value)
				if err != nil || path == "unsafe" || path == "C" {
					continue
				}
				if !yield(spec, path) {
					return
				}
			}
		}
	}
}

// load selects and parses the files of s.
func (l *loader) load(s *source) {
	s.errs = errorList{fset: l.fset, pkg: s.path}
	switch {
	case s.guest:
		s.files = l.parseFS(s, l.runtimeFS(), "guest/"+s.path, &s.errs)
	case s.named:
		s.errs.list = append(s.errs.list, s.parseErrs.list...)
	case s.listed != nil:
		if s.listed.Error != nil && len(s.listed.GoFiles) == 0 && !s.onlyTests() {
			l.explainEmpty(s)
		}
		for _, name := range s.listed.GoFiles {
			l.parseInto(&s.files, s, absJoin(s.dir, name), nil, &s.errs)
		}
		s.hasAsm = len(s.listed.SFiles) > 0
	default:
		l.scan(s)
	}
	if s.std && !s.guest {
		l.overlay(s)
	}
	if !s.std {
		l.reject(s, s.files, &s.errs)
		embedErrors(s, s.files, &s.errs)
	}
	if s.listed != nil && s.listed.Error != nil && (len(s.errs.list) == 0 || len(s.listed.GoFiles) > 0 && !s.refused) && !s.onlyTests() {
		s.errs.list = []Error{l.listError(s.listed)}
	} else {
		packageNames(s, s.files, &s.errs)
	}
	if len(s.files) == 0 && len(s.errs.list) == 0 && !s.onlyTests() {
		if p := s.listed; p != nil && p.Error == nil && len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 {
			s.errs.add(token.Position{}, "package %s is not a main package", s.path)
			return
		}
		s.errs.add(token.Position{}, "package %s: build constraints exclude all Go files in %s", s.path, s.dir)
	}
	s.loaded = true
}

// scan reads the folder of a std package.
func (l *loader) scan(s *source) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		s.errs.add(token.Position{}, "package %s: %v", s.path, err)
		return
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case strings.HasSuffix(name, "_test.go"):
		case strings.HasSuffix(name, ".go"):
			if text := l.selected(s.dir, name, &s.errs); text != nil {
				l.parseInto(&s.files, s, filepath.Join(s.dir, name), text, &s.errs)
			}
		case strings.HasSuffix(name, ".s") && !s.hasAsm:
			s.hasAsm = l.selected(s.dir, name, &s.errs) != nil
		}
	}
}

// loadTests selects and parses the _test.go files of s.
func (l *loader) loadTests(s *source) {
	s.testOnce.Do(func() {
		s.testErrs = errorList{fset: l.fset, pkg: s.path}
		var all []*file
		if s.listed != nil {
			for _, name := range s.listed.TestGoFiles {
				l.parseInto(&all, s, absJoin(s.dir, name), nil, &s.testErrs)
			}
			for _, name := range s.listed.XTestGoFiles {
				l.parseInto(&all, s, absJoin(s.dir, name), nil, &s.testErrs)
			}
		} else {
			entries, err := os.ReadDir(s.dir)
			if err != nil {
				s.testErrs.add(token.Position{}, "package %s: %v", s.path, err)
			}
			for _, e := range entries {
				if name := e.Name(); strings.HasSuffix(name, "_test.go") {
					if text := l.selected(s.dir, name, &s.testErrs); text != nil {
						l.parseInto(&all, s, filepath.Join(s.dir, name), text, &s.testErrs)
					}
				}
			}
		}
		for _, f := range all {
			if strings.HasSuffix(f.ast.Name.Name, "_test") {
				s.xtests = append(s.xtests, f)
			} else {
				s.tests = append(s.tests, f)
			}
		}
		packageNames(s, append(s.files[:len(s.files):len(s.files)], s.tests...), &s.testErrs)
		packageNames(s, s.xtests, &s.testErrs)
		if s.listed != nil && s.listed.cycle != nil {
			s.testErrs.list = append(s.testErrs.list, l.listError(s.listed.cycle))
		}
		if !s.std {
			l.reject(s, all, &s.testErrs)
			embedErrors(s, s.tests, &s.testErrs)
			embedErrors(s, s.xtests, &s.testErrs)
		}
	})
}

// selected returns the text of a file that the build constraints let in, else nil.
func (l *loader) selected(dir, name string, errs *errorList) []byte {
	full := filepath.Join(dir, name)
	var text []byte
	c := l.context
	c.OpenFile = func(string) (io.ReadCloser, error) {
		var err error
		text, err = os.ReadFile(full)
		return io.NopCloser(bytes.NewReader(text)), err
	}
	ok, err := c.MatchFile(dir, name)
	if err != nil {
		errs.add(token.Position{Filename: full}, "%v", err)
		return nil
	}
	if !ok {
		return nil
	}
	return text
}

// parseFS parses the files of a folder of embedded source; prefix is what their names begin with.
func (l *loader) parseFS(s *source, fsys fs.FS, prefix string, errs *errorList) []*file {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		errs.add(token.Position{}, "package %s: %v", s.path, err)
	}
	var files []*file
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			errs.add(token.Position{}, "%s/%s: %v", prefix, name, err)
			continue
		}
		c := l.context
		c.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
		if ok, err := c.MatchFile(prefix, name); err != nil {
			errs.add(token.Position{}, "%v", err)
		} else if ok {
			l.parseInto(&files, s, prefix+"/"+name, text, errs)
		}
	}
	return files
}

// parseInto parses one file and appends it. Text nil means: read name. A std file
// that imports "C" is left out, as the go command does without cgo.
func (l *loader) parseInto(files *[]*file, s *source, name string, text []byte, errs *errorList) {
	if text == nil {
		var err error
		if text, err = os.ReadFile(name); err != nil {
			errs.add(token.Position{Filename: name}, "%v", err)
			return
		}
	}
	tree, err := parser.ParseFile(l.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		errs.parseError(name, text, err)
		if tree == nil {
			return
		}
	}
	if s.std && importsC(tree) {
		return
	}
	*files = append(*files, &file{name: name, ast: tree})
}

func importsC(f *ast.File) bool {
	for _, spec := range f.Imports {
		if spec.Path.Value == `"C"` {
			return true
		}
	}
	return false
}

// reject reports imports of a user's package that can never work here.
func (l *loader) reject(s *source, files []*file, errs *errorList) {
	before := len(errs.list)
	defer func() { s.refused = s.refused || len(errs.list) > before }()
	for _, f := range files {
		for _, spec := range f.ast.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			switch {
			case err != nil:
			case path == "C":
				errs.at(spec.Pos(), `import "C": cgo is not supported`)
			case path == "plugin":
				errs.at(spec.Pos(), `import "plugin": plugins are not supported`)
			case l.isStd(path) && isInternal(path) && !l.cfg.Unlinked:
				errs.add(token.Position{}, "package %s\n\t%s: use of internal package %s not allowed", s.path, l.fset.Position(spec.Pos()), path)
			case strings.HasPrefix(path, "./") || strings.HasPrefix(path, "../"):
				errs.at(spec.Pos(), "%q is relative, but relative import paths are not supported in module mode", path)
			}
		}
	}
}

// explainEmpty reports the use of cgo if that is why the go command found no files in a package.
func (l *loader) explainEmpty(s *source) {
	for _, name := range s.listed.IgnoredGoFiles {
		f, err := parser.ParseFile(l.fset, absJoin(s.dir, name), nil, parser.ImportsOnly)
		if err != nil {
			continue
		}
		for _, spec := range f.Imports {
			if spec.Path.Value == `"C"` {
				s.errs.at(spec.Pos(), `import "C": cgo is not supported, and package %s has no files without it`, s.path)
				return
			}
		}
	}
}

// isInternal reports whether path has an element "internal" or is vendored.
func isInternal(path string) bool {
	return strings.Contains("/"+path+"/", "/internal/") || strings.HasPrefix(path, "vendor/")
}

// isStd reports whether GOROOT has a package of this path. The first element of std paths has no dot.
func (l *loader) isStd(path string) bool {
	if path == "unsafe" || path == "C" {
		return true
	}
	first, _, _ := strings.Cut(path, "/")
	if first == "" || strings.Contains(first, ".") || first == "cmd" || first == "testdata" {
		return false
	}
	return l.hasDir(path)
}

// inStd reports whether GOROOT has a folder of this path, with or without Go files directly in it.
func (l *loader) inStd(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	if first == "" || strings.Contains(first, ".") || first == "cmd" {
		return false
	}
	info, err := os.Stat(filepath.Join(l.target.goroot, "src", filepath.FromSlash(path)))
	return err == nil && info.IsDir()
}

// hasDir reports whether GOROOT/src has a folder of this path with Go files.
func (l *loader) hasDir(path string) bool {
	if v, ok := l.dirs.Load(path); ok {
		return v.(bool)
	}
	ok := false
	if entries, err := os.ReadDir(filepath.Join(l.target.goroot, "src", filepath.FromSlash(path))); err == nil {
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".go") {
				ok = true
				break
			}
		}
	}
	l.dirs.Store(path, ok)
	return ok
}

// resolve returns the import path that path means in a file of s.
func (l *loader) resolve(s *source, path string) string {
	if to, ok := s.idents[path]; ok {
		return to
	}
	if s.std && strings.Contains(path[:strings.IndexByte(path+"/", '/')], ".") && l.hasDir("vendor/"+path) {
		return "vendor/" + path
	}
	return path
}

// locate returns the unloaded source of an import path.
func (l *loader) locate(path string) (*source, error) {
	if path == "runtime" {
		return &source{path: path, dir: filepath.Join(l.target.goroot, "src", "runtime"), std: true, guest: true, lang: l.target.lang}, nil
	}
	if strings.HasPrefix(path, "vendor/") && l.hasDir(path) || l.isStd(path) {
		return &source{path: path, dir: filepath.Join(l.target.goroot, "src", filepath.FromSlash(path)), std: true, lang: l.target.lang}, nil
	}
	if p := l.listed[path]; p != nil {
		s := &source{path: path, dir: p.Dir, std: p.Standard, listed: p, idents: p.ImportMap, lang: l.target.lang}
		if m := p.Module; m != nil {
			s.module = m.Path
			s.lang = langOf(m.GoVersion)
		} else if path == CommandLine {
			s.module, s.lang = moduleOf(s.dir, s.lang)
		}
		return s, nil
	}
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return nil, fmt.Errorf("package %s is not in std (%s)", path, filepath.Join(l.target.goroot, "src", filepath.FromSlash(path)))
	}
	return nil, fmt.Errorf("no required module provides package %s", path)
}

// langOf is the language version that a go directive asks for; modules without one have go 1.16.
func langOf(directive string) string {
	if directive == "" {
		return "go1.16"
	}
	return "go" + directive
}

func absJoin(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}
