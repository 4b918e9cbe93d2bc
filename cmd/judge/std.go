package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium"
	"github.com/terrarium-go/terrarium/internal/vmtest"
)

// The standard library's own tests
//
// Each package's tests run twice: natively by go test, and by us in a process of
// our own (this executable with stdVerb). What is compared is the verdict of each
// test function, example and fuzz seed set:
//
//	natively   here              verdict
//	pass       pass              passed
//	pass       fail, no result   failed
//	pass       skip              skipped, with the test's words
//	skip       pass              passed
//	skip       fail              failed
//	skip       skip              skipped
//	fail       any               skipped: nothing to compare with
//	absent     (wasip1 only)     by what happens here alone
//
// A native test that the wasip1 build leaves out does not count: the list of tests
// is ours. A test that ends its process (a fatal error, a crash, the time limit)
// fails; the rest of the package then runs again without it.

// stdVerb makes this program run the tests of one package.
const stdVerb = "run-std-tests"

// stdRequired are the packages that have to pass whole; they are the default.
var stdRequired = []string{"errors", "strings", "bytes", "sort", "slices", "maps", "strconv", "unicode/utf8",
	"container/heap", "container/list", "container/ring", "bufio", "cmp", "iter", "math/bits", "text/template", "regexp",
	"encoding/json", "encoding/binary", "sync", "sync/atomic", "context", "reflect", "fmt"}

// stdSkipped are packages that are not judged, with the reason.
var stdSkipped = map[string]string{
	"runtime":             "replaced by our own",
	"runtime/cgo":         "cgo",
	"runtime/race":        "the race detector needs native code",
	"internal/runtime/gc": "tables of the runtime that is replaced",
}

// stdRow is a row of the table.
type stdRow struct {
	path                            string
	passed, failed, skipped, native int // native: fails natively, not compared
	took, nativeTook                time.Duration
	failures                        []failure
	note                            string
}

func judgeStd(ctx context.Context, args []string) int {
	fs := flags("std")
	short := fs.Bool("short", true, "tell long tests to be short, natively and here")
	run := fs.String("run", "", "only tests that match the `regexp`")
	timeout := fs.Duration("timeout", 3*time.Minute, "for each package")
	verbose := fs.Bool("v", false, "name every test")
	asJSON := fs.Bool("json", false, "print a JSON line for each test")
	out := fs.String("o", "", "write the table to this `file`, as docs/judges-std.md")
	fs.Parse(args)

	tc, err := vmtest.Toolchain()
	if err != nil {
		return misuse(err)
	}
	goTool := filepath.Join(tc.Root, "bin", "go")
	patterns := fs.Args()
	if len(patterns) == 0 {
		patterns = stdRequired
	}
	paths, err := stdPackages(ctx, goTool, patterns)
	if err != nil {
		return misuse(err)
	}
	v := newVerdicts(*verbose, *asJSON, "std")
	v.total = len(paths)
	r := &stdRun{tool: goTool, short: *short, run: *run, timeout: *timeout}
	var rows []*stdRow
	for _, path := range paths {
		if ctx.Err() != nil {
			break
		}
		if why := stdSkipped[path]; why != "" {
			v.skip(path, why)
			continue
		}
		row := r.pkg(ctx, path, v)
		if ctx.Err() != nil { // interrupted: half a package is no verdict
			break
		}
		rows = append(rows, row)
		if !*asJSON {
			fmt.Printf("%-28s %4d passed %3d failed %3d skipped %3d fail natively  %6.1fs (native %.1fs) %s\n",
				row.path, row.passed, row.failed, row.skipped, row.native, row.took.Seconds(), row.nativeTook.Seconds(), row.note)
		}
	}
	code := v.end()
	if *out != "" {
		if err := os.WriteFile(*out, stdTable(rows, args), 0o644); err != nil {
			return misuse(err)
		}
	}
	return code
}

// stdPackages expands patterns to the packages with tests that a wasip1 build admits.
func stdPackages(ctx context.Context, goTool string, patterns []string) ([]string, error) {
	cmd := exec.CommandContext(ctx, goTool, append([]string{"list", "-e", "-f",
		`{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}`}, patterns...)...)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	b, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, fmt.Errorf("go list: %s", exit.Stderr)
		}
		return nil, err
	}
	var paths []string
	for _, p := range strings.Fields(string(b)) {
		if !strings.HasPrefix(p, "vendor/") && !strings.HasPrefix(p, "cmd/") {
			paths = append(paths, p)
		}
	}
	return paths, nil
}

// stdRun is how packages are run.
type stdRun struct {
	tool    string // the go command
	short   bool
	run     string
	timeout time.Duration
}

// verdictOf a test: "pass", "fail" or "skip", with what it printed.
type verdictOf struct {
	verdict, text string
	took          time.Duration
}

func (r *stdRun) pkg(ctx context.Context, path string, v *verdicts) *stdRow {
	row := &stdRow{path: path}
	start := time.Now()
	native, err := r.native(ctx, path)
	row.nativeTook = time.Since(start)
	if err != nil {
		row.note = "natively: " + err.Error()
	}
	start = time.Now()
	names, ours, fatal := r.ours(ctx, path)
	row.took = time.Since(start)
	fail := func(name, text string, took time.Duration) {
		row.failed++
		row.failures = append(row.failures, failure{name, text})
		v.add(path+"."+name, text, took)
	}
	if fatal != "" {
		fail("(package)", fatal, 0)
	}
	for _, name := range names {
		want, known := native[name]
		got, ran := ours[name]
		switch {
		case !ran && r.run != "" && !known:
			continue
		case known && want.verdict == "fail":
			row.native++
			v.skip(path+"."+name, "fails natively")
		case !ran && fatal != "":
			row.failed++
			row.failures = append(row.failures, failure{name, "did not run"})
			v.add(path+"."+name, "did not run", 0)
		case !ran:
			fail(name, "no result", 0)
		case got.verdict == "skip":
			row.skipped++
			v.skip(path+"."+name, strings.TrimSpace(lastLine(got.text)))
		case got.verdict == "fail":
			fail(name, got.text, got.took)
		default:
			row.passed++
			v.add(path+"."+name, "", got.took)
		}
	}
	return row
}

func lastLine(s string) string {
	s = strings.TrimRight(s, "\n")
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// native runs the tests with go test.
func (r *stdRun) native(ctx context.Context, path string) (map[string]verdictOf, error) {
	args := []string{"test", "-json", "-vet=off", "-timeout=" + r.timeout.String()}
	if r.short {
		args = append(args, "-short")
	}
	if r.run != "" {
		args = append(args, "-run="+r.run)
	}
	cmd := exec.CommandContext(ctx, r.tool, append(args, path)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	b, err := cmd.Output()
	res := map[string]verdictOf{}
	for line := range bytes.Lines(b) {
		var e struct {
			Action, Test string
			Elapsed      float64
		}
		if json.Unmarshal(line, &e) != nil || e.Test == "" || strings.Contains(e.Test, "/") {
			continue
		}
		switch e.Action {
		case "pass", "fail", "skip":
			res[e.Test] = verdictOf{verdict: e.Action}
		}
	}
	if len(res) == 0 && err != nil {
		return nil, fmt.Errorf("%v %s", err, lastLine(stderr.String()))
	}
	return res, nil
}

// ours runs the tests here: the names of all tests, the verdicts of those that ran, and
// what kept the package from running whole.
func (r *stdRun) ours(ctx context.Context, path string) (names []string, res map[string]verdictOf, fatal string) {
	res = map[string]verdictOf{}
	deadline := time.Now().Add(r.timeout)
	var skip []string
	for range 10 {
		left := time.Until(deadline)
		if left < time.Second {
			return names, res, fmt.Sprintf("time over after %v", r.timeout)
		}
		args := []string{stdVerb, path, "-test.timeout=" + left.String()}
		if r.short {
			args = append(args, "-test.short")
		}
		if r.run != "" {
			args = append(args, "-test.run="+r.run)
		}
		if len(skip) > 0 {
			args = append(args, "-test.skip=^("+strings.Join(skip, "|")+")$")
		}
		p := stdProcess(ctx, args, left+10*time.Second)
		if len(names) == 0 {
			names = p.names
		}
		done := 0
		for name, verdict := range p.verdicts {
			if _, ok := res[name]; !ok {
				res[name], done = verdict, done+1
			}
			skip = append(skip, regexp.QuoteMeta(name))
		}
		if p.whole {
			return names, res, ""
		}
		for _, name := range p.open { // what was running when the process ended
			if _, ok := res[name]; !ok {
				res[name], done = verdictOf{verdict: "fail", text: p.end}, done+1
				skip = append(skip, regexp.QuoteMeta(name))
			}
		}
		if done == 0 {
			return names, res, p.end
		}
	}
	return names, res, "too many tests end the process"
}

// stdProcess is one run of stdVerb.
type stdProcessResult struct {
	names    []string
	verdicts map[string]verdictOf
	open     []string // tests without a verdict, as they were running
	whole    bool     // the run came to its end
	end      string   // if not: how the process ended
}

var (
	runLine     = regexp.MustCompile(`^\x16=== (RUN|PAUSE|CONT)\s+(\S+)`)
	verdictLine = regexp.MustCompile(`\x16\s*--- (PASS|FAIL|SKIP): (\S+) \(([0-9.]+)s\)`)
)

func stdProcess(ctx context.Context, args []string, limit time.Duration) (p stdProcessResult) {
	p.verdicts = map[string]verdictOf{}
	exe, err := os.Executable()
	if err != nil {
		p.end = err.Error()
		return p
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, args...)
	pr, pw := io.Pipe()
	cmd.Stdout, cmd.Stderr = pw, pw
	if err := cmd.Start(); err != nil {
		p.end = err.Error()
		return p
	}
	go func() { pw.CloseWithError(cmd.Wait()) }()

	state := map[string]string{} // of top-level tests: RUN, PAUSE, CONT
	text := map[string]*strings.Builder{}
	var order []string
	var tail []string
	current := ""
	in := bufio.NewReader(pr)
	for {
		line, err := in.ReadString('\n')
		if m := runLine.FindStringSubmatch(line); m != nil {
			current, _, _ = strings.Cut(m[2], "/")
			if state[current] == "" {
				order = append(order, current)
			}
			if m[2] == current || m[1] != "PAUSE" {
				state[current] = m[1]
			}
			if text[current] == nil {
				text[current] = new(strings.Builder)
			}
		} else if m := verdictLine.FindStringSubmatch(line); m != nil && !strings.Contains(m[2], "/") {
			d, _ := time.ParseDuration(m[3] + "s")
			said := ""
			if b := text[m[2]]; b != nil {
				said = b.String()
			}
			p.verdicts[m[2]] = verdictOf{strings.ToLower(m[1]), said, d}
			delete(state, m[2])
		} else if rest, ok := strings.CutPrefix(line, "\x16=== LIST "); ok {
			p.names = strings.Fields(rest)
		} else if strings.HasPrefix(line, "\x16=== END ") {
			p.whole = strings.TrimSpace(line[len("\x16=== END "):]) == "whole"
		} else if line != "" && !strings.HasPrefix(line, "\x16=== NAME") {
			if b := text[current]; b != nil && b.Len() < 8<<10 {
				b.WriteString(strings.TrimPrefix(line, "\x16"))
			}
			if tail = append(tail, line); len(tail) > 60 {
				tail = tail[1:]
			}
		}
		if err != nil {
			if err != io.EOF {
				tail = append(tail, err.Error())
			}
			break
		}
	}
	if ctx.Err() != nil {
		tail = append(tail, fmt.Sprintf("killed after %v", limit))
	}
	paused := []string{}
	for _, name := range order {
		switch state[name] {
		case "RUN", "CONT":
			p.open = append(p.open, name)
		case "PAUSE":
			paused = append(paused, name)
		}
	}
	if len(p.open) == 0 {
		p.open = paused
	}
	from := 0
	for i, line := range tail { // the report of a panic or fatal error, not what came before
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			from = i
			break
		}
	}
	p.end = strings.Join(tail[from:], "")
	if len(p.end) > 4000 {
		p.end = p.end[:4000] + "…"
	}
	return p
}

// runStdTests is stdVerb: it runs one package's tests and marks what it prints for
// stdProcess. Its exit code is the tests'.
func runStdTests(ctx context.Context, args []string) int {
	fail := func(err error) int {
		fmt.Printf("fatal error: %v\n", err)
		return 2
	}
	if len(args) == 0 {
		return fail(errors.New("no package"))
	}
	tests, err := terrarium.ListTests(terrarium.Options{Args: args[:1]})
	if err != nil {
		return fail(err)
	}
	p, err := tests.Compile(ctx, args[0])
	if err != nil {
		return fail(err)
	}
	if p.Program == nil {
		fmt.Println("\x16=== LIST")
		fmt.Println("\x16=== END whole")
		return 0
	}
	cfg := terrarium.Config{
		Dirs: []terrarium.Dir{{Guest: "/", Host: "/"}},
		Env:  append(os.Environ(), "GOROOT="+p.GOROOT, "PWD="+p.Dir),
	}
	var list bytes.Buffer
	cfg.Stdout, cfg.Stderr = &list, os.Stdout
	cfg.Args = []string{args[0] + ".test", "-test.list=^(Test|Example|Fuzz)"}
	if res, err := p.Run(ctx, cfg); err == nil && res.ExitCode == 0 {
		fmt.Println("\x16=== LIST " + strings.Join(strings.Fields(list.String()), " "))
	} else {
		os.Stdout.Write(list.Bytes())
	}
	cfg.Stdin, cfg.Stdout = strings.NewReader(""), os.Stdout
	cfg.Args = append([]string{args[0] + ".test", "-test.paniconexit0", "-test.v=test2json"}, args[1:]...)
	res, err := p.Run(ctx, cfg)
	if err != nil {
		return fail(err)
	}
	how := "whole"
	if res.ExitCode > 1 || res.End != terrarium.Normal {
		how = "broken"
	}
	fmt.Printf("\n\x16=== END %s\n", how)
	return res.ExitCode
}

// stdTable is the table as a document.
func stdTable(rows []*stdRow, args []string) []byte {
	var b bytes.Buffer
	var sum stdRow
	for _, r := range rows {
		sum.passed += r.passed
		sum.failed += r.failed
		sum.skipped += r.skipped
		sum.native += r.native
	}
	fmt.Fprintf(&b, "# The standard library's own tests\n\n%s, `judge std %s`, %s natively on %s/%s.\n\n", time.Now().UTC().Format("2006-01-02"),
		strings.Join(args, " "), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	fmt.Fprintf(&b, "Test functions, examples and fuzz seeds: %d passed, %d failed, %d skipped here, %d fail natively on this machine and are not compared", sum.passed, sum.failed, sum.skipped, sum.native)
	if n := sum.passed + sum.failed; n > 0 {
		fmt.Fprintf(&b, "; %.1f %% of those that count pass", 100*float64(sum.passed)/float64(n))
	}
	b.WriteString(".\nA skip is the test's own decision on wasip1 (no processes, no network), or with -short.\n\n")
	b.WriteString("| package | passed | failed | skipped | fail natively | s here | s native |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %.1f | %.1f |\n", r.path, r.passed, r.failed, r.skipped, r.native, r.took.Seconds(), r.nativeTook.Seconds())
	}
	b.WriteString("\n## What fails\n\n")
	for _, r := range rows {
		sort.SliceStable(r.failures, func(i, j int) bool { return r.failures[i].name < r.failures[j].name })
		for _, f := range r.failures {
			first, _, _ := strings.Cut(strings.TrimSpace(f.text), "\n")
			if len(first) > 160 {
				first = first[:160] + "…"
			}
			fmt.Fprintf(&b, "- %s.%s: `%s`\n", r.path, f.name, strings.ReplaceAll(first, "`", "'"))
		}
	}
	return b.Bytes()
}
