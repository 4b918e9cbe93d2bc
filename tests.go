package terrarium

import (
	"context"

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

// Compile compiles the tests of one package of the list.
func (t *Tests) Compile(ctx context.Context, path string) (p *TestProgram, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, bug("compiling the tests of "+path, r)
		}
	}()
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
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	code, err := lower.Compile(tree.NewProgram(l), lower.Options{GoVersion: l.GoVersion, Main: path, NoEscape: t.opts.NoEscape, NoInline: t.opts.NoInline})
	if err != nil {
		return nil, err
	}
	p.Program = newProgram(code)
	return p, nil
}
