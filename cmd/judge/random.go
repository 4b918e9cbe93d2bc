package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium"
	"github.com/terrarium-go/terrarium/internal/randprog"
	"github.com/terrarium-go/terrarium/internal/vmtest"
)

// randomVerb makes this program run one batch of random programs.
const randomVerb = "run-batch"

// Random programs
//
// Programs of package randprog are put into one package by the hundred, which is
// built once natively and compiled once by us; both print what each program prints
// below a line with its index. A batch runs in a process of its own: if it dies, the
// program that it died in has failed, and the batch goes on behind it.
//
// What differs is shrunk (randomshrink.go) and written to a folder, with its seed.

// batch is a folder with programs that form one package.
type batch struct {
	dir   string
	count int
	flags []string // of randomRun
}

// outcomes are what the programs of a batch printed, by index; a missing one was not run.
type outcomes map[int]string

func random(ctx context.Context, args []string) int {
	fs := flags("random")
	n := fs.Int("n", 1000, "number of programs")
	seed := fs.Uint64("seed", 1, "seed of the first program; the others follow")
	size := fs.Int("batch", 200, "programs in one build")
	keep := fs.String("keep", "", "`folder` for programs that differ, shrunk (default: print them)")
	noShrink := fs.Bool("noshrink", false, "do not shrink what differs")
	debug := fs.String("debug", "", "debug flags of the machine")
	flow := fs.Bool("flow", false, "only programs about where pointers go")
	show := fs.Bool("show", false, "print the program of the seed and exit")
	most := fs.Int("max", 5, "stop after so many differences")
	fs.Parse(args)
	program := randprog.Program
	if *flow {
		program = randprog.Flow
	}
	if *show {
		fmt.Print(program(*seed))
		return 0
	}
	start := time.Now()
	agreed, differed := 0, 0
	for first := uint64(0); first < uint64(*n) && differed < *most && ctx.Err() == nil; first += uint64(*size) {
		count := min(*size, *n-int(first))
		texts := make([]string, count)
		for i := range texts {
			texts[i] = program(*seed + first + uint64(i))
		}
		diffs, err := compareBatch(ctx, texts, *debug)
		if err != nil {
			return misuse(fmt.Errorf("seeds %d to %d: %w", *seed+first, *seed+first+uint64(count)-1, err))
		}
		agreed += count - len(diffs)
		for i, what := range diffs {
			differed++
			at := *seed + first + uint64(i)
			text := texts[i]
			if !*noShrink && differed <= *most {
				text, what = shrink(ctx, text, what, *debug)
			}
			fmt.Printf("seed %d: %s\n", at, what)
			if *keep == "" {
				if !*noShrink {
					fmt.Println(text)
				}
				continue
			}
			if err := writeAlone(*keep, at, text); err != nil {
				return misuse(err)
			}
		}
		fmt.Fprintf(os.Stderr, "random: seeds %d to %d: %d agree, %d differ, %ds\n", *seed, *seed+first+uint64(count)-1, agreed, differed, int(time.Since(start).Seconds()))
	}
	fmt.Printf("%d passed, %d failed, 0 skipped\n", agreed, differed)
	if differed > 0 || ctx.Err() != nil {
		return 1
	}
	return 0
}

// writeAlone writes a program and the prelude as one folder that can be run.
func writeAlone(dir string, seed uint64, text string) error {
	dir = filepath.Join(dir, fmt.Sprintf("seed%d", seed))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(randprog.Prelude([]string{randprog.Prefix})), 0o644)
	return errors.Join(err, os.WriteFile(filepath.Join(dir, "program.go"), []byte(text), 0o644))
}

// writeBatch writes the programs as one package.
func writeBatch(texts []string, flags ...string) (*batch, error) {
	dir, err := os.MkdirTemp("", "judge-random")
	if err != nil {
		return nil, err
	}
	b := &batch{dir, len(texts), flags}
	var prefixes []string
	for i, t := range texts {
		p := fmt.Sprintf("p%d_", i+1)
		prefixes = append(prefixes, p)
		t = strings.ReplaceAll(t, randprog.Prefix, p)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("p%04d.go", i)), []byte(t), 0o644); err != nil {
			return nil, err
		}
	}
	err = os.WriteFile(filepath.Join(dir, "main.go"), []byte(randprog.Prelude(prefixes)), 0o644)
	return b, errors.Join(err, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module random\n\ngo 1.26\n"), 0o644))
}

func (b *batch) remove() { os.RemoveAll(b.dir) }

// buildError is what the real toolchain says of the programs: the generator's fault.
type buildError struct{ text string }

func (e *buildError) Error() string { return "go build: " + e.text }

// native builds and runs the batch with the real toolchain.
func (b *batch) native(ctx context.Context) (outcomes, error) {
	build := exec.CommandContext(ctx, "go", "build", "-gcflags=-N -l", "-o", "native", ".") // optimising takes most of the time of large packages
	build.Dir = b.dir
	if out, err := build.CombinedOutput(); err != nil {
		return nil, &buildError{string(out)}
	}
	return b.all(ctx, func(first int) *exec.Cmd {
		return exec.CommandContext(ctx, filepath.Join(b.dir, "native"), strconv.Itoa(first))
	}), nil
}

// ours runs the batch on the machine.
func (b *batch) ours(ctx context.Context) outcomes {
	exe, err := os.Executable()
	if err != nil {
		return nil
	}
	return b.all(ctx, func(first int) *exec.Cmd {
		args := append([]string{randomVerb}, b.flags...)
		return exec.CommandContext(ctx, exe, append(args, "-dir", b.dir, "-first", strconv.Itoa(first))...)
	})
}

// all runs the programs, in one process as long as that lives.
func (b *batch) all(ctx context.Context, command func(first int) *exec.Cmd) outcomes {
	res := outcomes{}
	for first := 0; first < b.count && ctx.Err() == nil; {
		cmd := command(first)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		timer := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() })
		err := cmd.Run()
		timer.Stop()
		last := -1
		for part := range strings.SplitSeq("\n"+stdout.String(), "\n== ") {
			head, text, _ := strings.Cut(part, "\n")
			if i, err := strconv.Atoi(head); err == nil {
				res[i], last = text, i
			}
		}
		if err == nil {
			break
		}
		report := stderr.String()
		if len(report) > 3000 {
			report = report[:3000]
		}
		if last < 0 { // it did not even start
			res[first] = fmt.Sprintf("%v\n%s", err, report)
			if first > 0 {
				first++
				continue
			}
			break
		}
		res[last] += fmt.Sprintf("%v\n%s", err, report)
		first = last + 1
	}
	return res
}

// compareBatch returns what differs, by index. A batch that we do not compile is halved.
func compareBatch(ctx context.Context, texts []string, debug string) (map[int]string, error) {
	b, err := writeBatch(texts, "-debug", debug)
	if err != nil {
		return nil, err
	}
	defer b.remove()
	want, err := b.native(ctx)
	if err != nil {
		return nil, err
	}
	got := b.ours(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	diffs := map[int]string{}
	if len(got) == 1 && len(texts) > 1 && !strings.HasPrefix(got[0], want[0]) {
		half := len(texts) / 2
		for _, part := range []struct{ from, to int }{{0, half}, {half, len(texts)}} {
			sub, err := compareBatch(ctx, texts[part.from:part.to], debug)
			if err != nil {
				return nil, err
			}
			for i, what := range sub {
				diffs[i+part.from] = what
			}
			if len(diffs) > 0 { // one such program is enough
				break
			}
		}
		return diffs, nil
	}
	for i := range texts {
		g, ran := got[i]
		if !ran {
			diffs[i] = "did not run"
		} else if g != want[i] {
			diffs[i] = vmtest.FirstDifference(want[i], g)
		}
	}
	return diffs, nil
}

// randomRun is the process that runs a batch on the machine.
func randomRun(args []string) int {
	fs := flag.NewFlagSet(randomVerb, flag.ExitOnError)
	dir := fs.String("dir", "", "folder of the batch")
	first := fs.String("first", "0", "index of the first program")
	debug := fs.String("debug", "", "debug flags")
	fs.Parse(args)
	files, err := filepath.Glob(filepath.Join(*dir, "*.go"))
	if err != nil {
		return misuse(err)
	}
	ctx := context.Background()
	p, err := terrarium.Compile(ctx, terrarium.Options{Args: files, Dir: *dir, Cache: filepath.Join(*dir, "cache")})
	if err != nil {
		return misuse(err)
	}
	res, err := p.Run(ctx, terrarium.Config{Args: []string{"random", *first}, Stdout: os.Stdout, Stderr: os.Stderr, Debug: *debug})
	if err != nil {
		return misuse(err)
	}
	return res.ExitCode
}
