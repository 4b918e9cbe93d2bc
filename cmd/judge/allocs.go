package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium/internal/vmtest"
)

// Allocations
//
// What the real compiler keeps off the heap, ours must too, and where it allocates, in
// objects of the same size. Two things of the standard library count:
//
//   - its benchmarks: each runs for the same number of rounds natively and here, and reports objects and
//     bytes per round. They must be equal, the bytes within 5 %.
//   - its tests that call testing.AllocsPerRun.
//
// The rounds of a benchmark are chosen by what one takes natively, so that a package takes minutes here. They
// are few, and the real runtime allocates now and then on its own account: each benchmark runs several times and
// the least counts, on both sides. A benchmark runs here in a machine of its own, with a time of its own: one that
// does not end has no result. In the real runtime sync.Pool loses what it keeps when a collection comes, which is a
// matter of chance in so few rounds; both sides run with one processor and collect as they like.
//
// With -results, what came of a package is kept in a file, and a package that is there is not run again.

// allocsPackages are the packages whose benchmarks are judged.
var allocsPackages = []string{"strings", "bytes", "strconv", "fmt", "encoding/json", "sort", "regexp", "bufio", "errors", "time"}

// perRound is what a benchmark reports.
type perRound struct{ Bytes, Allocs float64 }

// near reports whether two numbers of bytes are within 5 %.
func near(a, b float64) bool { return a-b <= 0.05*b && b-a <= 0.05*b }

// compared is one benchmark.
type compared struct {
	Name       string
	Here, Real perRound
}

// text is how the two sides disagree, "" if they agree.
func (c *compared) text() string {
	switch {
	case c.Here.Allocs != c.Real.Allocs:
		return fmt.Sprintf("%v objects, natively %v; %v bytes, natively %v", c.Here.Allocs, c.Real.Allocs, c.Here.Bytes, c.Real.Bytes)
	case !near(c.Here.Bytes, c.Real.Bytes):
		return fmt.Sprintf("%v bytes, natively %v", c.Here.Bytes, c.Real.Bytes)
	}
	return ""
}

// allocsRow is what came of a package, and a line of the file of results.
type allocsRow struct {
	Path       string
	Date       string
	Benchmarks []compared   `json:",omitempty"`
	Missing    []string     `json:",omitempty"` // benchmarks without a result here
	Slow       []string     `json:",omitempty"` // benchmarks that take too long natively
	Calls      int          // of testing.AllocsPerRun in its tests
	Passed     int          // tests that count
	Failed     []stdFailure `json:",omitempty"`
	Native     []string     `json:",omitempty"` // tests that count and do not pass natively, or are not part of a wasip1 build
	Skipped    []string     `json:",omitempty"` // tests that skip themselves here
}

func judgeAllocs(ctx context.Context, args []string) int {
	f := flags("allocs")
	j := &allocsJudge{}
	f.IntVar(&j.rounds, "n", 100, "at most so many rounds of each benchmark")
	f.IntVar(&j.count, "count", 3, "`times` that each benchmark runs; the least counts")
	f.DurationVar(&j.budget, "budget", 5*time.Millisecond, "time of a benchmark's rounds natively")
	f.DurationVar(&j.limit, "timeout", time.Minute, "for each benchmark, on each side")
	f.StringVar(&j.run, "run", "", "only benchmarks and tests that match the `regexp`")
	what := f.String("kinds", "benchmarks,tests", "what is judged")
	verbose := f.Bool("v", false, "name every verdict")
	results := f.String("results", "", "keep each package's result in this `file`, and do not run what is there again")
	redo := f.String("redo", "", "run packages whose path matches the `regexp` again although -results has them")
	out := f.String("o", "", "write the table to this `file`")
	f.Parse(args)
	tc, err := vmtest.Toolchain()
	if err != nil {
		return misuse(err)
	}
	j.root, j.tool, j.version = tc.Root, filepath.Join(tc.Root, "bin", "go"), tc.Version
	if j.match, err = regexp.Compile(j.run); err != nil {
		return misuse(err)
	}
	again, err := regexp.Compile(*redo)
	if err != nil {
		return misuse(err)
	}
	kept, err := readAllocsResults(*results)
	if err != nil {
		return misuse(err)
	}
	benchmarks, tests := f.Args(), f.Args()
	if len(f.Args()) == 0 {
		benchmarks = allocsPackages
		if tests, err = j.countingPackages(ctx); err != nil {
			return misuse(err)
		}
	}
	if !strings.Contains(*what, "benchmarks") {
		benchmarks = nil
	}
	if !strings.Contains(*what, "tests") {
		tests = nil
	}
	paths := slices.Clone(benchmarks)
	for _, path := range tests {
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	v := newVerdicts(*verbose, false, "allocs")
	for _, path := range paths {
		row := kept.rows[path]
		if row == nil || *redo != "" && again.MatchString(path) {
			row, err = j.pkg(ctx, path, slices.Contains(benchmarks, path), slices.Contains(tests, path))
			if ctx.Err() != nil {
				break
			}
			if err == nil {
				err = kept.add(row)
			}
			if err != nil {
				v.add(path, err.Error(), 0)
				continue
			}
		}
		for _, c := range row.Benchmarks {
			v.add(path+"."+c.Name, c.text(), 0)
		}
		for _, name := range row.Missing {
			v.add(path+"."+name, "no result", 0)
		}
		for _, name := range row.Slow {
			v.skip(path+"."+name, "too long natively")
		}
		for range row.Passed {
			v.add(path, "", 0)
		}
		for _, c := range row.Failed {
			v.add(path+"."+c.Test, c.Text, 0)
		}
		fmt.Println(row)
	}
	code := v.end()
	if *out != "" {
		if err := os.WriteFile(*out, kept.table(args), 0o644); err != nil {
			return misuse(err)
		}
	}
	return code
}
