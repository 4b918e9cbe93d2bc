package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium"
	"github.com/terrarium-go/terrarium/internal/bytecode"
)

// Pairs
//
// Which instructions should the interpreter have? Those that programs execute. This verb runs programs with the
// debug flag pairs and prints instructions, pairs and triples of neighbours by their share of what is
// executed. In the mean over all programs each program weighs the same, however long it runs. The
// programs are those of bench/programs and of testdata/count, which put the standard library to work:
// parsing Go, JSON, regular expressions, templates, sorting, compression, text, goroutines.

func pairs(ctx context.Context, args []string) int {
	fs := flags("pairs")
	top := fs.Int("top", 40, "lines of each table")
	each := fs.Bool("each", false, "also print the tables of each program")
	fused := fs.Bool("fused", false, "count with the pairs that the interpreter fuses")
	fs.Parse(args)
	files := fs.Args()
	if len(files) == 0 {
		for _, pattern := range []string{"bench/programs/*/main.go", "testdata/count/*.go"} {
			found, err := filepath.Glob(pattern)
			if err != nil || len(found) == 0 {
				return misuse(fmt.Errorf("no programs match %s: run this from the module's folder", pattern))
			}
			files = append(files, found...)
		}
	}
	mode := "pairs=1"
	if *fused {
		mode = "pairs=2"
	}
	mean := &bytecode.Counts{}
	failed := 0
	for _, name := range files {
		start := time.Now()
		c, err := countProgram(ctx, name, mode)
		if err != nil {
			failed++
			fmt.Printf("%s: %v\n", name, err)
			continue
		}
		fmt.Fprintf(os.Stderr, "%s: %d instructions, %ds\n", name, c.Total(), int(time.Since(start).Seconds()))
		if *each {
			fmt.Printf("\n# %s\n", name)
			c.Write(os.Stdout, *top)
		}
		mean.Merge(c, 1e9/float64(max(c.Total(), 1)))
	}
	if len(files) > failed {
		fmt.Printf("\n# mean of %d programs, 1,000,000,000 for each\n", len(files)-failed)
		mean.Write(os.Stdout, *top)
	}
	fmt.Printf("%d passed, %d failed, 0 skipped\n", len(files)-failed, failed)
	return min(failed, 1)
}

func countProgram(ctx context.Context, name, mode string) (*bytecode.Counts, error) {
	p, err := terrarium.Compile(ctx, terrarium.Options{Args: []string{name}})
	if err != nil {
		return nil, err
	}
	var stdout, stderr strings.Builder
	res, err := p.Run(ctx, terrarium.Config{Args: []string{name, runtime.GOROOT()}, Dirs: []terrarium.Dir{{Guest: "/", Host: "/"}},
		Stdout: &stdout, Stderr: &stderr, Debug: mode})
	if err != nil {
		return nil, err
	}
	if res.ExitCode != 0 {
		return nil, fmt.Errorf("exit code %d: %s", res.ExitCode, stderr.String())
	}
	return res.Stats.Executed, nil
}
