package terrarium

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"

	"github.com/terrarium-go/terrarium/internal/cache"
	"github.com/terrarium-go/terrarium/internal/load"
	"github.com/terrarium-go/terrarium/internal/lower"
	"github.com/terrarium-go/terrarium/internal/surface"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// Tests is a list of packages whose tests can be compiled, each to a program of its own.
type Tests struct {
	set  *load.TestSet
	opts Options
}

// TestProgram is the test program of one package. It takes the flags of a test
// binary (-test.v, -test.run …) and expects to run in Dir.
type TestProgram struct {
	*Program        // nil if the package has no tests
	Path     string // import path of the package
	Dir      string // its folder
	GOROOT   string // the Go distribution it was compiled with
}

// ListTests finds the packages that Options.Args name (patterns as go test takes them).
func ListTests(opts Options) (*Tests, error) {
	set, err := load.ListTests(&load.Config{Dir: opts.Dir, Tags: opts.Tags, Env: opts.Env, Progress: opts.Progress}, opts.Args...)
	if err != nil {
		return nil, err
	}
	return &Tests{set, opts}, nil
}

// Paths are the import paths of the packages, in the order in which they are tested.
func (t *Tests) Paths() []string { return t.set.Paths }

// Compile compiles the tests of one package of the list, or takes them from the cache.
func (t *Tests) Compile(ctx context.Context, path string) (p *TestProgram, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, bug("compiling the tests of "+path, r)
		}
	}()
	opts := t.opts
	opts.Args = []string{"the tests of", path}
	if path == load.CommandLine { // what it is the command line tells
		opts.Args = append(opts.Args, t.opts.Args...)
	}
	req := newRequest(&opts)
	if p := req.getTests(path); p != nil {
		return p, nil
	}
	l, err := t.set.Load(path)
	if err != nil {
		return nil, err
	}
	if err := surface.Check(l); err != nil {
		return nil, err
	}
	p = &TestProgram{Path: path, Dir: l.Test.Dir, GOROOT: l.GOROOT}
	if l.Test.Empty() {
		return p, nil
	}
	var in *cache.Inputs
	if req != nil {
		in = req.inputs(l)
		in.Note = p.GOROOT + "\x00" + p.Dir
	}
	code, err := lower.Compile(tree.NewProgram(l), lower.Options{GoVersion: l.GoVersion, GOROOT: l.GOROOT, GODEBUG: l.GODEBUG, BuildInfo: l.BuildInfo, Main: path, NoEscape: opts.NoEscape, NoInline: opts.NoInline, Columns: opts.Columns, Context: ctx})
	if err != nil {
		return nil, err
	}
	p.Program = newProgram(code)
	if req != nil {
		req.put(in, p.Program)
	}
	return p, nil
}

// getTests is get for the tests of a package.
func (r *request) getTests(path string) *TestProgram {
	p, note := r.getNote()
	goroot, dir, ok := strings.Cut(note, "\x00")
	if p == nil || !ok {
		return nil
	}
	return &TestProgram{Program: p, Path: path, Dir: dir, GOROOT: goroot}
}

// Sum identifies the program: equal programs have equal sums.
func (p *TestProgram) Sum() (sum [32]byte, err error) {
	h := sha256.New()
	if err := p.WriteImage(h); err != nil {
		return sum, err
	}
	return [32]byte(h.Sum(nil)), nil
}

// BuildReport is what the go command prints about an error of Compile: what the compiler says of a package stands below a
// line "# package".
func BuildReport(err error) string {
	var list *load.Errors
	if errors.As(err, &list) {
		return list.Report()
	}
	return err.Error() + "\n"
}

// SetupMessages are the single messages of an error for which SetupFailed holds.
func SetupMessages(err error) []string {
	var list *load.Errors
	if errors.As(err, &list) {
		return slices.Collect(list.Each)
	}
	return []string{err.Error()}
}

// FailedPackage is the name of the package whose source an error of Compile is about, as the go command has it, or "". A
// package as compiled for the tests of another, or its own, is "p [q.test]".
func FailedPackage(err error) string {
	var list *load.Errors
	if errors.As(err, &list) && len(list.List) > 0 {
		return list.List[0].Pkg
	}
	return ""
}

// SetupFailed reports whether an error of Compile says that the files of a program, or packages that they import, were not
// found, as opposed to source that does not compile.
func SetupFailed(err error) bool {
	var list *load.Errors
	return !errors.As(err, &list) || list.Setup
}
