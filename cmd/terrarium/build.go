package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
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
	if *out == "" {
		*out = programName(names) + imageSuffix
	}
	if err := writeImage(p, *out); err != nil {
		return fail(1, err)
	}
	return 0
}

// writeImage writes under a temporary name first: a file of the final name is whole.
func writeImage(p *terrarium.Program, name string) error {
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
	if len(opts.Args) != 1 || !strings.HasSuffix(opts.Args[0], imageSuffix) {
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
