package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"strings"

	"github.com/terrarium-go/terrarium"
	"github.com/terrarium-go/terrarium/internal/load"
)

// imageSuffix is what the name of an image ends in.
const imageSuffix = ".terra"

func runBuild(c *command, args []string) int {
	fs := c.flags()
	out := fs.String("o", "", "write the image to this `file` (default: the program's name with "+imageSuffix+")")
	var m machineFlags
	m.registerCompile(fs)
	fs.BoolVar(&m.verbose, "v", false, "say what is being done")
	noCache := fs.Bool("no-cache", false, "compile anew and do not keep the compiled program")
	if code, done := parse(fs, args); done {
		return code
	}
	names, rest := load.SplitArgs(fs.Args())
	if len(rest) > 0 {
		fmt.Fprintf(os.Stderr, "terrarium build: one program at a time; %q is left over\n", rest[0])
		return 2
	}
	if len(names) == 0 {
		names = []string{"."}
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	report, stop := m.progress()
	opts := m.options(names)
	opts.Progress, opts.Cache = report, cacheDir(*noCache)
	p, err := terrarium.Compile(ctx, opts)
	stop()
	if err != nil {
		return notBuilt(err)
	}
	file := imageName(p, names) + imageSuffix
	if info, err := os.Stat(*out); strings.HasSuffix(*out, "/") || err == nil && info.IsDir() {
		if err := os.MkdirAll(*out, 0o777); err != nil {
			return fail(1, err)
		}
		*out = filepath.Join(*out, file)
	} else if *out == "" {
		*out = file
	}
	if err := writeImage(p, *out); err != nil {
		return fail(1, err)
	}
	return 0
}

// imageName is what go build calls a program: by the last element of its path, or by its first file.
func imageName(p *terrarium.Program, names []string) string {
	if main := p.Main(); main != load.CommandLine {
		base := path.Base(main)
		if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" && path.Dir(main) != "." { // a major version
			base = path.Base(path.Dir(main))
		}
		return base
	}
	return programName(names)
}

// writeImage writes under a temporary name first: a file of the final name is whole. What is no file, such as /dev/null,
// is written to and not replaced.
func writeImage(p *terrarium.Program, name string) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(p.WriteImage(f), f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".image-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := p.WriteImage(f); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// openProgram reads an image or compiles what opts name.
func openProgram(ctx context.Context, opts terrarium.Options) (*terrarium.Program, error) {
	if len(opts.Args) != 1 || !strings.HasSuffix(opts.Args[0], imageSuffix) && !isImage(opts.Args[0]) {
		return terrarium.Compile(ctx, opts)
	}
	f, err := os.Open(opts.Args[0])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := terrarium.ReadImage(f, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", opts.Args[0], err)
	}
	return p, nil
}

// isImage reports whether a file of another name than usual begins as images do.
func isImage(name string) bool {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || strings.HasSuffix(name, ".go") {
		return false
	}
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, len(terrarium.ImageMagic))
	_, err = io.ReadFull(f, head)
	return err == nil && string(head) == terrarium.ImageMagic
}
