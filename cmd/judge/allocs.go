package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium"
	"github.com/terrarium-go/terrarium/internal/vmtest"
)

// Allocations
//
// What the real compiler keeps off the heap, ours must too, and where it allocates, in
// objects of the same size. Two judges of the standard library count:
//
//   - its benchmarks: each runs for the same number of rounds natively and here, and reports objects and
//     bytes per round. Natively it runs a second time without inlining: who agrees only then disagrees because of inlining.
//   - its tests that call testing.AllocsPerRun.
//
// A benchmark runs in the process of its package, with a time of its own: one that does not end
// is not compared.

// allocsVerb makes this program run benchmarks of one package.
const allocsVerb = "run-benchmarks"

// allocsPackages are the packages that are judged unless others are named.
var allocsPackages = []string{"strings", "bytes", "strconv", "fmt", "encoding/json", "sort", "regexp", "bufio", "errors", "time"}

// allocsTests are packages of which only the tests that count allocations are judged besides.
var allocsTests = []string{"slices", "unicode/utf8", "maps", "net/netip", "log/slog", "sync", "unique", "reflect", "encoding/binary", "strings", "text/tabwriter", "math/big", "internal/fmtsort", "io", "path", "container/list"}

// perRound is what a benchmark reports.
type perRound struct{ Bytes, Allocs float64 }

// near reports whether two numbers of bytes are within 5 %.
func near(a, b float64) bool { return a-b <= 0.05*b && b-a <= 0.05*b }

// compared is one benchmark or test.
type compared struct {
	name             string
	here, real, bare perRound // bare: natively without inlining
	test             string   // of a test: how it failed here, "" if it passed
}

// allocsRow is a package.
type allocsRow struct {
	path        string
	benchmarks  []compared
	missing     int // benchmarks without a result here or there
	testsPassed int
	testsFailed []compared
}

func judgeAllocs(ctx context.Context, args []string) int {
	f := flags("allocs")
	rounds := f.Int("n", 100, "rounds of each benchmark")
	limit := f.Duration("timeout", 20*time.Second, "for each benchmark here")
	run := f.String("run", "", "only benchmarks and tests that match the `regexp`")
	verbose := f.Bool("v", false, "name every disagreement")
	out := f.String("o", "", "write the table to this `file`, as docs/judges-allocs.md")
	bare := f.Bool("bare", true, "run natively without inlining too, to find causes")
	f.Parse(args)
	tc, err := vmtest.Toolchain()
	if err != nil {
		return misuse(err)
	}
	paths, tests := f.Args(), map[string]bool{}
	if len(paths) == 0 {
		paths = append([]string(nil), allocsPackages...)
		for _, p := range allocsTests {
			if tests[p] = true; !contains(paths, p) {
				paths = append(paths, p)
			} else {
				delete(tests, p)
			}
		}
	}
	j := &allocsJudge{root: tc.Root, rounds: *rounds, limit: *limit, run: *run, bare: *bare}
	v := newVerdicts(*verbose, false, "allocs")
	var rows []*allocsRow
	for _, path := range paths {
		row, err := j.pkg(ctx, path, tests[path])
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			v.add(path, err.Error(), 0)
			continue
		}
		rows = append(rows, row)
		for _, c := range row.benchmarks {
			switch {
			case c.here.Allocs != c.real.Allocs:
				v.add(path+"."+c.name, fmt.Sprintf("%v objects, natively %v, without inlining %v", c.here.Allocs, c.real.Allocs, c.bare.Allocs), 0)
			case !near(c.here.Bytes, c.real.Bytes):
				v.add(path+"."+c.name, fmt.Sprintf("%v bytes, natively %v, without inlining %v", c.here.Bytes, c.real.Bytes, c.bare.Bytes), 0)
			default:
				v.add(path+"."+c.name, "", 0)
			}
		}
		for range row.testsPassed {
			v.add(path, "", 0)
		}
		for _, c := range row.testsFailed {
			v.add(path+"."+c.name, c.test, 0)
		}
		fmt.Println(row.line())
	}
	code := v.end()
	if *out != "" {
		if err := os.WriteFile(*out, allocsTable(rows, args), 0o644); err != nil {
			return misuse(err)
		}
	}
	return code
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

type allocsJudge struct {
	root   string
	rounds int
	limit  time.Duration
	run    string
	bare   bool
}

// pkg judges one package.
func (j *allocsJudge) pkg(ctx context.Context, path string, testsOnly bool) (*allocsRow, error) {
	row := &allocsRow{path: path}
	names := j.counting(path)
	if !testsOnly {
		real, err := j.native(ctx, path)
		if err != nil {
			return nil, fmt.Errorf("natively: %w", err)
		}
		var bare map[string]perRound
		if j.bare {
			if bare, err = j.native(ctx, path, "-gcflags=all=-l"); err != nil {
				return nil, fmt.Errorf("natively without inlining: %w", err)
			}
		}
		here, err := j.ours(ctx, path)
		if err != nil {
			return nil, err
		}
		var list []string
		for name := range real {
			list = append(list, name)
		}
		sort.Strings(list)
		for _, name := range list {
			if h, ok := here[name]; ok {
				row.benchmarks = append(row.benchmarks, compared{name: name, here: h, real: real[name], bare: bare[name]})
			} else {
				row.missing++
			}
		}
	}
	if len(names) > 0 {
		r := &stdRun{tool: filepath.Join(j.root, "bin", "go"), run: "^(" + strings.Join(names, "|") + ")$", timeout: 3 * time.Minute}
		native, err := r.native(ctx, path)
		if err != nil {
			return nil, fmt.Errorf("natively: %w", err)
		}
		_, ours, _, fatal := r.ours(ctx, path)
		for _, name := range names {
			switch got, ok := ours[name]; {
			case native.Tests[name].Verdict != "pass":
			case !ok:
				row.testsFailed = append(row.testsFailed, compared{name: name, test: "no result " + fatal})
			case got.Verdict == "fail":
				row.testsFailed = append(row.testsFailed, compared{name: name, test: strings.TrimSpace(got.Text)})
			default:
				row.testsPassed++
			}
		}
	}
	return row, nil
}

// counting are the tests of a package that call testing.AllocsPerRun in their own body.
func (j *allocsJudge) counting(path string) (names []string) {
	match, err := regexp.Compile(j.run)
	if err != nil {
		return nil
	}
	files, _ := fs.Glob(os.DirFS(filepath.Join(j.root, "src", filepath.FromSlash(path))), "*_test.go")
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(j.root, "src", filepath.FromSlash(path), name), nil, parser.SkipObjectResolution)
		if err != nil {
			continue
		}
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Test") || !match.MatchString(fn.Name.Name) {
				continue
			}
			counts := false
			ast.Inspect(fn, func(n ast.Node) bool {
				s, ok := n.(*ast.SelectorExpr)
				counts = counts || ok && s.Sel.Name == "AllocsPerRun"
				return true
			})
			if counts {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}

var benchmarkLine = regexp.MustCompile(`^(Benchmark\S+?)(?:-\d+)?\s+\d+\s.*?\s([\d.]+) B/op\s+(\d+) allocs/op`)

// benchmarks reads what a test binary prints.
func benchmarks(text []byte) map[string]perRound {
	out := map[string]perRound{}
	for line := range bytes.Lines(text) {
		if m := benchmarkLine.FindSubmatch(line); m != nil {
			b, _ := strconv.ParseFloat(string(m[2]), 64)
			n, _ := strconv.ParseFloat(string(m[3]), 64)
			out[string(m[1])] = perRound{b, n}
		}
	}
	return out
}

// native runs the benchmarks with go test.
func (j *allocsJudge) native(ctx context.Context, path string, more ...string) (map[string]perRound, error) {
	bench := j.run
	if bench == "" {
		bench = "."
	}
	args := append([]string{"test", "-run=^$", "-bench=" + bench, "-benchmem", "-cpu=2", fmt.Sprintf("-benchtime=%dx", j.rounds), "-vet=off", "-timeout=10m"}, more...)
	cmd := exec.CommandContext(ctx, filepath.Join(j.root, "bin", "go"), append(args, path)...)
	text, err := cmd.CombinedOutput()
	found := benchmarks(text)
	if err != nil && len(found) == 0 {
		return nil, fmt.Errorf("%v %s", err, lastLine(string(text)))
	}
	return found, nil
}

// ours runs the benchmarks here, in a process of their own.
func (j *allocsJudge) ours(ctx context.Context, path string) (map[string]perRound, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, exe, allocsVerb, path, strconv.Itoa(j.rounds), j.limit.String(), j.run)
	text, err := cmd.CombinedOutput()
	found := benchmarks(text)
	if err != nil && len(found) == 0 {
		return nil, fmt.Errorf("%v %s", err, lastLine(string(text)))
	}
	return found, nil
}

// runBenchmarks is allocsVerb: package, rounds, time for each benchmark, regexp.
func runBenchmarks(ctx context.Context, args []string) int {
	if len(args) != 4 {
		return misuse(fmt.Errorf("%s wants 4 arguments", allocsVerb))
	}
	limit, err := time.ParseDuration(args[2])
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
	cfg := terrarium.Config{Memory: 4 << 30, Procs: 2, Dirs: []terrarium.Dir{{Guest: "/", Host: "/"}}, Env: append(os.Environ(), "GOROOT="+p.GOROOT, "PWD="+p.Dir)}
	var list bytes.Buffer
	cfg.Stdout, cfg.Stderr = &list, os.Stderr
	cfg.Args = []string{args[0] + ".test", "-test.list=^Benchmark"}
	if _, err := p.Run(ctx, cfg); err != nil {
		return misuse(err)
	}
	match, err := regexp.Compile(args[3])
	if err != nil {
		return misuse(err)
	}
	cfg.Stdout = os.Stdout
	for _, name := range strings.Fields(list.String()) {
		if !match.MatchString(name) || ctx.Err() != nil {
			continue
		}
		cfg.Args = []string{args[0] + ".test", "-test.paniconexit0", "-test.run=^$", "-test.bench=^" + name + "$", "-test.benchmem", "-test.cpu=2", "-test.benchtime=" + args[1] + "x"}
		one, cancel := context.WithTimeout(ctx, limit)
		if _, err := p.Run(one, cfg); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		}
		cancel()
	}
	return 0
}

// counts of a row: benchmarks, those with the same number of objects, and of bytes within 5 %.
func (r *allocsRow) counts() (n, objects, bytes int) {
	for _, c := range r.benchmarks {
		n++
		if c.here.Allocs == c.real.Allocs {
			objects++
		}
		if near(c.here.Bytes, c.real.Bytes) {
			bytes++
		}
	}
	return n, objects, bytes
}

func (r *allocsRow) line() string {
	n, objects, bytes := r.counts()
	return fmt.Sprintf("%-18s %4d benchmarks, %4d equal objects, %4d bytes within 5 %%, %3d without result; tests %d passed, %d failed", r.path, n, objects, bytes, r.missing, r.testsPassed, len(r.testsFailed))
}

// cause is why a benchmark disagrees, as far as figures tell.
func (c *compared) cause() string {
	switch {
	case c.here.Allocs == c.real.Allocs && near(c.here.Bytes, c.real.Bytes):
		return ""
	case c.here.Allocs == c.bare.Allocs && near(c.here.Bytes, c.bare.Bytes):
		return "inlining: as natively without it"
	case c.here.Allocs == c.real.Allocs:
		return "bytes only"
	case c.here.Allocs < c.real.Allocs:
		return "fewer objects here"
	}
	return "more objects here"
}

// allocsTable is the report in Markdown.
func allocsTable(rows []*allocsRow, args []string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Allocations compared with the real toolchain\n\n%s, `judge allocs %s`.\n\n", time.Now().UTC().Format("2006-01-02"), strings.Join(args, " "))
	b.WriteString("Benchmarks of the standard library, the same number of rounds natively and here: objects per round equal, bytes per round within 5 %.\n\n")
	b.WriteString("| package | benchmarks | objects equal | % | bytes within 5 % | % | no result here | tests that count: passed | failed |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	var all allocsRow
	causes := map[string][]string{}
	for _, r := range rows {
		n, objects, bytes := r.counts()
		fmt.Fprintf(&b, "| %s | %d | %d | %s | %d | %s | %d | %d | %d |\n", r.path, n, objects, percent(objects, n), bytes, percent(bytes, n), r.missing, r.testsPassed, len(r.testsFailed))
		all.benchmarks = append(all.benchmarks, r.benchmarks...)
		all.missing += r.missing
		all.testsPassed += r.testsPassed
		all.testsFailed = append(all.testsFailed, r.testsFailed...)
		for _, c := range r.benchmarks {
			if why := c.cause(); why != "" {
				causes[why] = append(causes[why], fmt.Sprintf("%s.%s: %v objects, %v bytes; natively %v, %v", r.path, c.name, c.here.Allocs, c.here.Bytes, c.real.Allocs, c.real.Bytes))
			}
		}
	}
	n, objects, bytes := all.counts()
	fmt.Fprintf(&b, "| all | %d | %d | %s | %d | %s | %d | %d | %d |\n", n, objects, percent(objects, n), bytes, percent(bytes, n), all.missing, all.testsPassed, len(all.testsFailed))
	b.WriteString("\n## What disagrees, by cause\n")
	var list []string
	for why := range causes {
		list = append(list, why)
	}
	sort.Strings(list)
	for _, why := range list {
		fmt.Fprintf(&b, "\n### %s (%d)\n\n", why, len(causes[why]))
		for _, s := range causes[why] {
			fmt.Fprintf(&b, "- %s\n", s)
		}
	}
	b.WriteString("\n## Tests that fail\n\n")
	for _, r := range rows {
		for _, c := range r.testsFailed {
			first, _ := json.Marshal(lastLine(c.test))
			fmt.Fprintf(&b, "- %s.%s: %s\n", r.path, c.name, strings.Trim(string(first), `"`))
		}
	}
	return b.Bytes()
}

func percent(n, of int) string {
	if of == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", 100*float64(n)/float64(of))
}
