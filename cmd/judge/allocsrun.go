package main

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium"
)

// allocsVerb makes this program run benchmarks of one package.
const allocsVerb = "run-benchmarks"

// allocsJudge is how packages are judged.
type allocsJudge struct {
	root, tool, version string // of the Go distribution
	rounds, count       int
	budget, limit       time.Duration
	run                 string
	match               *regexp.Regexp // run
}

// pkg judges one package.
func (j *allocsJudge) pkg(ctx context.Context, path string, benchmarks, tests bool) (*allocsRow, error) {
	row := &allocsRow{Path: path, Date: time.Now().UTC().Format("2006-01-02")}
	if benchmarks {
		rounds, real, slow, err := j.native(ctx, path)
		if err != nil {
			return nil, fmt.Errorf("natively: %w", err)
		}
		row.Slow = slow
		here, err := j.ours(ctx, path, rounds)
		if err != nil {
			return nil, err
		}
		for _, b := range real {
			if i := slices.IndexFunc(here, func(h reported) bool { return h.name == b.name }); i >= 0 {
				row.Benchmarks = append(row.Benchmarks, compared{b.name, here[i].perRound, b.perRound})
			} else {
				row.Missing = append(row.Missing, b.name)
			}
		}
	}
	if tests {
		return row, j.tests(ctx, row)
	}
	return row, nil
}

// tests judges the tests that count.
func (j *allocsJudge) tests(ctx context.Context, row *allocsRow) error {
	names, calls := j.counting(row.Path)
	row.Calls = calls
	if len(names) == 0 {
		return nil
	}
	r := &stdRun{tool: j.tool, version: j.version, run: "^(" + strings.Join(names, "|") + ")$", timeout: 5 * time.Minute, memory: 3 << 30}
	native, err := r.native(ctx, row.Path)
	if err != nil {
		return fmt.Errorf("natively: %w", err)
	}
	all, ours, _, fatal := r.ours(ctx, row.Path)
	for _, name := range names {
		got, ok := ours[name]
		switch {
		case native.Tests[name].Verdict != "pass" || !slices.Contains(all, name) && len(all) > 0:
			row.Native = append(row.Native, name)
		case !ok:
			row.Failed = append(row.Failed, stdFailure{name, "no result " + fatal})
		case got.Verdict == "fail":
			row.Failed = append(row.Failed, stdFailure{name, strings.TrimSpace(got.Text)})
		case got.Verdict == "skip":
			row.Skipped = append(row.Skipped, name)
		default:
			row.Passed++
		}
	}
	return nil
}

// countingPackages are the packages of std, runtime and what is not there on wasip1 excepted, with tests that count.
func (j *allocsJudge) countingPackages(ctx context.Context) (paths []string, err error) {
	all, err := stdPackages(ctx, j.tool, nil)
	for _, path := range all {
		if names, _ := j.counting(path); len(names) > 0 && stdSkipped[path] == "" {
			paths = append(paths, path)
		}
	}
	return paths, err
}

// counting are the tests of a package that call testing.AllocsPerRun, themselves or through functions of the test files, and the
// number of calls in the text.
func (j *allocsJudge) counting(path string) (names []string, calls int) {
	dir := filepath.Join(j.root, "src", filepath.FromSlash(path))
	files, _ := fs.Glob(os.DirFS(dir), "*_test.go")
	uses := map[string][]string{} // function: identifiers in its body
	counts := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			continue
		}
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if n.Sel.Name == "AllocsPerRun" {
						calls++
						counts[fn.Name.Name] = true
					}
				case *ast.Ident:
					uses[fn.Name.Name] = append(uses[fn.Name.Name], n.Name)
				}
				return true
			})
		}
	}
	for again := true; again; {
		again = false
		for fn, list := range uses {
			if !counts[fn] && slices.ContainsFunc(list, func(s string) bool { return counts[s] }) {
				counts[fn], again = true, true
			}
		}
	}
	for fn := range counts {
		if strings.HasPrefix(fn, "Test") && fn != "TestMain" && j.match.MatchString(fn) {
			names = append(names, fn)
		}
	}
	slices.Sort(names)
	return names, calls
}

// reported is a benchmark's result: the least of several.
type reported struct {
	name string
	ns   float64 // per round
	perRound
}

var benchmarkLine = regexp.MustCompile(`^(Benchmark\S+?)\s+\d+\s+([\d.]+) ns/op\s.*?\s*([\d.]+) B/op\s+(\d+) allocs/op`)

// benchmarks reads what a test binary prints.
func benchmarks(text []byte) (list []reported) {
	for line := range bytes.Lines(text) {
		m := benchmarkLine.FindSubmatch(line)
		if m == nil {
			continue
		}
		r := reported{name: string(m[1])}
		r.ns, _ = strconv.ParseFloat(string(m[2]), 64)
		r.Bytes, _ = strconv.ParseFloat(string(m[3]), 64)
		r.Allocs, _ = strconv.ParseFloat(string(m[4]), 64)
		i := slices.IndexFunc(list, func(x reported) bool { return x.name == r.name })
		if i < 0 {
			list = append(list, r)
			continue
		}
		x := &list[i]
		x.ns, x.Bytes, x.Allocs = min(x.ns, r.ns), min(x.Bytes, r.Bytes), min(x.Allocs, r.Allocs)
	}
	return list
}

// benchmarkArgs are the flags that run one benchmark.
func benchmarkArgs(name string, rounds, count int) []string {
	return []string{"-test.paniconexit0", "-test.run=^$", "-test.bench=^" + name + "$", "-test.benchmem", "-test.cpu=1",
		fmt.Sprintf("-test.benchtime=%dx", rounds), fmt.Sprintf("-test.count=%d", count)}
}

// native builds the test binary and runs its benchmarks: first one round of each, which tells how many rounds they get. Those that
// take longer than the time that they have here are slow.
func (j *allocsJudge) native(ctx context.Context, path string) (rounds map[string]int, results []reported, slow []string, err error) {
	dir, err := os.MkdirTemp("", "allocs")
	if err != nil {
		return nil, nil, nil, err
	}
	defer os.RemoveAll(dir)
	exe := filepath.Join(dir, "bench.test")
	if text, err := exec.CommandContext(ctx, j.tool, "test", "-c", "-vet=off", "-o", exe, path).CombinedOutput(); err != nil {
		return nil, nil, nil, fmt.Errorf("%v %s", err, lastLine(string(text)))
	}
	run := func(args ...string) []byte {
		ctx, cancel := context.WithTimeout(ctx, j.limit)
		defer cancel()
		cmd := exec.CommandContext(ctx, exe, args...)
		cmd.Dir = filepath.Join(j.root, "src", filepath.FromSlash(path))
		text, _ := cmd.CombinedOutput() // what has a result counts
		return text
	}
	rounds = map[string]int{}
	for name := range strings.FieldsSeq(string(run("-test.list=^Benchmark"))) {
		if !strings.HasPrefix(name, "Benchmark") || !j.match.MatchString(name) {
			continue
		}
		start, longest := time.Now(), 1.0
		for _, r := range benchmarks(run(benchmarkArgs(name, 1, 1)...)) {
			longest = max(longest, r.ns)
		}
		if time.Since(start) > j.limit {
			slow = append(slow, name)
			continue
		}
		rounds[name] = min(max(int(math.Ceil(float64(j.budget)/longest)), 1), j.rounds)
		results = append(results, benchmarks(run(benchmarkArgs(name, rounds[name], j.count)...))...)
	}
	return rounds, results, slow, ctx.Err()
}

// ours runs the benchmarks here, in a process of their own.
func (j *allocsJudge) ours(ctx context.Context, path string, rounds map[string]int) ([]reported, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{allocsVerb, path, j.limit.String(), strconv.Itoa(j.count)}
	for name, n := range rounds {
		args = append(args, fmt.Sprintf("%s=%d", name, n))
	}
	slices.Sort(args[4:])
	text, err := exec.CommandContext(ctx, exe, args...).CombinedOutput()
	found := benchmarks(text)
	if err != nil && len(found) == 0 {
		return nil, fmt.Errorf("%v %s", err, lastLine(string(text)))
	}
	return found, nil
}

// runBenchmarks is allocsVerb: package, time for each benchmark, count, and benchmarks with their rounds.
func runBenchmarks(ctx context.Context, args []string) int {
	if len(args) < 3 {
		return misuse(fmt.Errorf("%s wants at least 3 arguments", allocsVerb))
	}
	limit, err := time.ParseDuration(args[1])
	if err != nil {
		return misuse(err)
	}
	count, err := strconv.Atoi(args[2])
	if err != nil {
		return misuse(err)
	}
	tests, err := terrarium.ListTests(terrarium.Options{Args: args[:1]})
	if err != nil {
		return misuse(err)
	}
	p, err := tests.Compile(ctx, args[0])
	if err != nil {
		return misuse(err)
	}
	if p.Program == nil {
		return 0
	}
	cfg := terrarium.Config{Memory: 4 << 30, Procs: 1, Dirs: []terrarium.Dir{{Guest: "/", Host: "/"}}, Env: append(os.Environ(), "GOROOT="+p.GOROOT, "PWD="+p.Dir),
		Stdout: os.Stdout, Stderr: os.Stderr}
	for _, arg := range args[3:] {
		if ctx.Err() != nil {
			break
		}
		name, n, _ := strings.Cut(arg, "=")
		rounds, err := strconv.Atoi(n)
		if err != nil {
			return misuse(err)
		}
		cfg.Args = append([]string{args[0] + ".test"}, benchmarkArgs(name, rounds, count)...)
		one, cancel := context.WithTimeout(ctx, limit)
		if _, err := p.Run(one, cfg); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		}
		cancel()
	}
	return 0
}
