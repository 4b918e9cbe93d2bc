// Package terrarium runs Go programs inside of a Go program: compiled from source
// by its own compiler, on its own stacks and its own garbage-collected heap, in
// one bounded region of memory that they cannot leave.
//
//	p, err := terrarium.Compile(ctx, terrarium.Options{Args: []string{"prog.go"}})
//	...
//	res, err := p.Run(ctx, terrarium.Config{Memory: 64 << 20, Stdout: os.Stdout, Stderr: os.Stderr})
//
// A program gets nothing that is not granted in its Config: no files, no
// environment, no streams. Several programs may run at once in one process,
// and whatever they do, the host process goes on.
//
// # Four kinds of failure
//
//	a guest panic       prints its report to Stderr as Go does; Result.ExitCode is 2, Result.End is Panic
//	a guest-fatal error out of memory, deadlock, stack overflow: the same with End Fatal or Deadlock
//	misuse by the host  an error: a program that does not compile, an option out of range
//	our own bug         an error and a report that begin with "BUG: "
//
// An exit code that is not 0 is no error: err is nil whenever the program has
// run to an end of its own.
package terrarium

import (
	"context"
	"io"
	"sync"

	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/cache"
	"github.com/terrarium-go/terrarium/internal/load"
	"github.com/terrarium-go/terrarium/internal/lower"
	"github.com/terrarium-go/terrarium/internal/surface"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// Options say what to compile.
type Options struct {
	Args []string // Go files of one folder, a package path, or a folder; none: the current folder
	Dir  string   // folder that Args are relative to; "" is the current one
	Tags []string // build tags
	Env  []string // environment of the compilation (GOROOT, GOFLAGS); nil: that of the process

	// Cache is a folder that keeps compiled programs; "" keeps none. CacheLimit
	// is the most bytes in it, 0 means 512 MiB.
	Cache      string
	CacheLimit int64

	// NoEscape puts on the heap everything whose address is taken and everything that expressions
	// allocate. The program means the same; it is for comparison.
	NoEscape bool
	// NoInline leaves every call in place, for comparison.
	NoInline bool

	// Columns keeps the columns of source positions, so that Config.Sites can tell allocations of one line apart.
	// Such a program is not cached.
	Columns bool

	// Progress is told when a phase begins.
	Progress func(phase string)
}

// Program is a compiled program. It may be run any number of times, also
// at the same time.
type Program struct {
	code   *bytecode.Program
	verify func() error
}

func newProgram(code *bytecode.Program) *Program {
	return &Program{code: code, verify: sync.OnceValue(func() error { return bytecode.Verify(code) })}
}

// Compile compiles a program with the standard library of the installed Go
// distribution. Errors in the source come as one error, a line for each,
// position first.
//
// When ctx is done, Compile returns its cause at once. What it was doing ends between two packages or two functions; checking
// the types of one package cannot be interrupted.
func Compile(ctx context.Context, opts Options) (*Program, error) {
	if ctx.Done() == nil {
		return compile(ctx, opts)
	}
	type outcome struct {
		p   *Program
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		p, err := compile(ctx, opts)
		done <- outcome{p, err}
	}()
	select {
	case o := <-done:
		if o.err != nil && o.err == ctx.Err() {
			o.err = context.Cause(ctx)
		}
		return o.p, o.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func compile(ctx context.Context, opts Options) (p *Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, bug("compiling", r)
		}
	}()
	req := newRequest(&opts)
	if p := req.get(); p != nil {
		return p, nil
	}
	l, err := load.Load(&load.Config{Dir: opts.Dir, Tags: opts.Tags, Env: opts.Env, Progress: opts.Progress, Context: ctx}, opts.Args...)
	if err != nil {
		return nil, err
	}
	if err := surface.Check(l); err != nil {
		return nil, err
	}
	var in *cache.Inputs
	if req != nil {
		in = req.inputs(l)
	}
	if opts.Progress != nil {
		opts.Progress("compile")
	}
	name := l.Main.Path
	code, err := lower.Compile(tree.NewProgram(l), lower.Options{GoVersion: l.GoVersion, GOROOT: l.GOROOT, GODEBUG: l.GODEBUG, BuildInfo: l.BuildInfo, Main: name, NoEscape: opts.NoEscape, NoInline: opts.NoInline, Columns: opts.Columns, Context: ctx})
	if err != nil {
		return nil, err
	}
	p = newProgram(code)
	if req != nil {
		req.put(in, p)
	}
	return p, nil
}

// ReadImage reads a program that WriteImage wrote, of at most limit bytes (0: 1 GiB).
// The image is checked: a damaged or hostile one is an error, here or when it is run.
func ReadImage(r io.Reader, limit int64) (*Program, error) {
	if limit <= 0 {
		limit = 1 << 30
	}
	code, err := bytecode.Read(r, limit)
	if err != nil {
		return nil, err
	}
	return newProgram(code), nil
}

// WriteImage writes the program in its file form, which runs on machines
// without a Go distribution.
func (p *Program) WriteImage(w io.Writer) error { return p.code.Write(w) }

// Disassemble writes the program's bytecode as text, function by function.
func (p *Program) Disassemble(w io.Writer) error {
	for i := range p.code.Funcs {
		if err := p.code.Disassemble(w, &p.code.Funcs[i]); err != nil {
			return err
		}
	}
	return nil
}

// ImageMagic is what every image begins with.
const ImageMagic = bytecode.Magic

// Main is the import path of the program's main package, "command-line-arguments" if files were compiled.
func (p *Program) Main() string { return p.code.Main }

// Functions is the number of functions in the program.
func (p *Program) Functions() int { return len(p.code.Funcs) }

// Instructions is the number of bytecode instructions in the program.
func (p *Program) Instructions() int { return len(p.code.Code) }

// Missing lists the host functions that the program refers to and this version does
// not have. Calling one ends the program.
func (p *Program) Missing() []string { return missing(p.code) }

// Verify checks the bytecode. Start does it, once per program.
func (p *Program) Verify() error { return p.verify() }
