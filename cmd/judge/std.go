package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

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
//	fail       any               not compared
//	absent     (wasip1 only)     by what happens here alone
//
// A native test that the wasip1 build leaves out does not count: the list of tests
// is ours. A test that ends its process (a fatal error, a crash, the time limit)
// fails; the rest of the package then runs again without it. A test that fails is run
// once more, alone: if it passes then it counts as passed, and the table names it, because
// tests that look at clocks fail on a busy machine.
//
// A run over everything takes an hour or more, so that it can be done in parts: with
// -results, each package's row is kept in a file as soon as it is complete, a package that is
// there is not run again (except for -redo), and -for ends the run between two packages.

// stdVerb makes this program run the tests of one package.
const stdVerb = "run-std-tests"

// stdRequired are the packages that have to pass whole. The pattern "required" names them.
var stdRequired = []string{"errors", "strings", "bytes", "sort", "slices", "maps", "strconv", "unicode/utf8",
	"container/heap", "container/list", "container/ring", "bufio", "cmp", "iter", "math/bits", "text/template", "regexp",
	"encoding/json", "encoding/binary", "sync", "sync/atomic", "context", "reflect", "fmt"}

// stdSkipped are packages that are not judged, with the reason.
var stdSkipped = map[string]string{
	"runtime":                 "tests of the runtime that is replaced, through its own variables; judge testprog has its programs",
	"internal/runtime/gc":     "tables of the runtime that is replaced",
	"internal/runtime/maps":   "reaches into the runtime that is replaced",
	"internal/coverage/cfile": "coverage counters are the linker's",
	"plugin":                  "plugins are native code",
}

// stdLeft is the exit code of a run that -for has cut short.
const stdLeft = 3

func judgeStd(ctx context.Context, args []string) int {
	fs := flags("std")
	r := &stdRun{}
	fs.BoolVar(&r.short, "short", true, "tell long tests to be short, natively and here")
	fs.StringVar(&r.run, "run", "", "only tests that match the `regexp`")
	fs.DurationVar(&r.timeout, "timeout", 5*time.Minute, "for each package: processor time here, ten times as long on the clock natively")
	memory := fs.Int("memory", 3072, "limit of each package's machine in `MiB`")
	fs.StringVar(&r.collector, "gc", "", "the collector")
	fs.StringVar(&r.debug, "debug", "", "debug `flags`")
	verbose := fs.Bool("v", false, "name every test")
	asJSON := fs.Bool("json", false, "print a JSON line for each test")
	junit := fs.String("junit", "", "write a JUnit report to this `file`")
	out := fs.String("o", "", "write the table to this `file`, as docs/judges-std.md, after each package")
	results := fs.String("results", "", "keep each package's result in this `file`, and do not run what is there again")
	redo := fs.String("redo", "", "run packages whose path matches the `regexp` again although -results has them; \"failed\": those with failures")
	part := fs.Duration("for", 0, "begin no further package after this `time`; the exit code is then 3")
	workers := fs.Int("j", 1, "packages at the same time")
	fs.Parse(args)
	r.memory = uint64(*memory) << 20

	tc, err := vmtest.Toolchain()
	if err != nil {
		return misuse(err)
	}
	r.tool, r.version = filepath.Join(tc.Root, "bin", "go"), tc.Version
	paths, err := stdPackages(ctx, r.tool, fs.Args())
	if err != nil {
		return misuse(err)
	}
	kept, err := readStdResults(*results)
	if err != nil {
		return misuse(err)
	}
	again, err := regexp.Compile(*redo)
	if err != nil {
		return misuse(err)
	}
	v := newVerdicts(*verbose, *asJSON, "std")
	var todo []string
	for _, path := range paths {
		row := kept.rows[path]
		switch {
		case stdSkipped[path] != "":
			v.skip(path, stdSkipped[path])
		case row == nil, *redo == "failed" && row.Failed > 0, *redo != "" && *redo != "failed" && again.MatchString(path):
			todo = append(todo, path)
		}
	}
	r.cheapestFirst(todo)
	v.total = len(todo)

	var mu sync.Mutex // of kept and the output
	start, left, code := time.Now(), 0, 0
	next := make(chan string)
	var wg sync.WaitGroup
	for range max(1, *workers) {
		wg.Go(func() {
			for path := range next {
				row := r.pkg(ctx, path, v)
				if ctx.Err() != nil { // interrupted: half a package is no verdict
					return
				}
				mu.Lock()
				if !*asJSON {
					fmt.Println(row)
				}
				if err := kept.add(row); err != nil {
					code = misuse(err)
				}
				if *out != "" {
					if err := os.WriteFile(*out, kept.table(args), 0o644); err != nil {
						code = misuse(err)
					}
				}
				mu.Unlock()
			}
		})
	}
	for i, path := range todo {
		if ctx.Err() != nil || *part > 0 && time.Since(start) > *part {
			left = len(todo) - i
			break
		}
		select {
		case next <- path:
		case <-ctx.Done():
		}
	}
	close(next)
	wg.Wait()
	if *out != "" && len(todo) == 0 {
		if err := os.WriteFile(*out, kept.table(args), 0o644); err != nil {
			return misuse(err)
		}
	}
	if end := v.end(); code == 0 {
		code = end
	}
	if err := v.writeJUnit(*junit); err != nil {
		return misuse(err)
	}
	if left > 0 {
		fmt.Printf("%d packages left\n", left)
		return stdLeft
	}
	return code
}

// stdPackages expands patterns to the packages with tests that a wasip1 build admits; all of std if
// there is none.
func stdPackages(ctx context.Context, goTool string, patterns []string) ([]string, error) {
	if len(patterns) == 0 {
		patterns = []string{"std"}
	}
	if i := slices.Index(patterns, "required"); i >= 0 {
		patterns = slices.Concat(patterns[:i], stdRequired, patterns[i+1:])
	}
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

// pkg judges one package.
func (r *stdRun) pkg(ctx context.Context, path string, v *verdicts) *stdRow {
	row := &stdRow{Path: path, Date: time.Now().UTC().Format("2006-01-02")}
	native, err := r.native(ctx, path)
	row.NativeTook = native.Took
	if err != nil {
		row.Note = "natively: " + err.Error()
	}
	names, ours, took, fatal := r.ours(ctx, path)
	row.Took = took
	fail := func(name, text string, took time.Duration) {
		row.Failed++
		row.Failures = append(row.Failures, stdFailure{name, text})
		v.add(path+"."+name, text, took)
	}
	if fatal != "" && len(names) == 0 {
		// It does not even list its tests: all that pass natively fail.
		for name, n := range native.Tests {
			if n.Verdict == "pass" {
				fail(name, fatal, 0)
			}
		}
		if row.Failed == 0 {
			fail("(package)", fatal, 0)
		}
		return row
	}
	for _, name := range names {
		want, known := native.Tests[name]
		got, ran := ours[name]
		switch {
		case !ran && r.run != "" && !known:
			continue
		case known && want.Verdict == "fail":
			row.Native = append(row.Native, name)
			v.skip(path+"."+name, "fails natively")
		case !ran && fatal != "":
			fail(name, "did not run: "+fatal, 0)
		case !ran:
			fail(name, "no result", 0)
		case got.Verdict == "skip":
			row.Skipped++
			v.skip(path+"."+name, strings.TrimSpace(lastLine(got.Text)))
		case got.Verdict == "fail":
			if r.again(ctx, path, name, got.Took) {
				row.Second = append(row.Second, name)
				row.Passed++
				v.add(path+"."+name, "", got.Took)
				continue
			}
			fail(name, got.Text, got.Took)
		default:
			row.Passed++
			v.add(path+"."+name, "", got.Took)
		}
	}
	return row
}

// again runs a test that has failed alone, and reports whether it passes; one that takes long is not worth it.
func (r *stdRun) again(ctx context.Context, path, name string, took time.Duration) bool {
	if took > r.timeout {
		return false
	}
	p := r.process(ctx, path, []string{"-test.run=^" + regexp.QuoteMeta(name) + "$"}, r.timeout/2)
	return p.whole && p.verdicts[name].Verdict == "pass"
}

func lastLine(s string) string {
	s = strings.TrimRight(s, "\n")
	return s[strings.LastIndexByte(s, '\n')+1:]
}
