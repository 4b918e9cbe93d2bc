package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium"
	"github.com/terrarium-go/terrarium/internal/cache"
)

// Test
//
// What go test does with each package, in this order, one package after the other:
//
//	1. compile the test program, or take it from the cache (package terrarium)
//	2. a passing run of the same program with the same flags is in the cache, and what it looked at
//	   is unchanged: print what it printed, "(cached)" behind it (testresult.go)
//	3. what go vet finds fails the package (vet.go)
//	4. run it in the package's folder; print its output as it comes, or only if it fails
//	5. with -json, turn the output into events (testjson.go)
//
// The next package is compiled while one runs. Output that programs read follows the go
// command's: the lines ok, FAIL, ? and # and the exit codes 0, 1 (a test or a build failed) and 2 (wrong usage).

// testFlags are the flags of go test that go to the test binary, with their kinds.
var testFlags = []struct{ name, kind, doc string }{
	{"run", "string", "run only tests and examples that match the `regexp`"},
	{"skip", "string", "do not run tests, examples and benchmarks that match the `regexp`"},
	{"bench", "string", "run benchmarks that match the `regexp`"},
	{"benchmem", "bool", "print allocations of benchmarks"},
	{"benchtime", "string", "run each benchmark for a `duration` or Nx times"},
	{"count", "string", "run everything `n` times; also turns cached results off"},
	{"cpu", "string", "comma-separated `list` of GOMAXPROCS values"},
	{"failfast", "bool", "stop after the first failure"},
	{"fullpath", "bool", "show full file names in error messages"},
	{"parallel", "string", "run at most `n` tests in parallel"},
	{"short", "bool", "tell long tests to be short"},
	{"shuffle", "string", "off, on or a `seed`"},
	{"timeout", "string", "end the tests after a `duration` (default 10m)"},
	{"list", "string", "list what matches the `regexp`"},
}

// cacheable are the flags with which a result may be kept, as go test has them.
var cacheable = map[string]bool{"run": true, "skip": true, "benchtime": true, "cpu": true, "failfast": true, "fullpath": true,
	"parallel": true, "short": true, "timeout": true, "list": true}

// unsupportedTestFlags are flags of go test that have no meaning here, with the reason.
var unsupportedTestFlags = map[string]string{
	"race": "the race detector needs native code", "msan": "it needs native code", "asan": "it needs native code",
	"cover": "coverage is not measured", "coverprofile": "coverage is not measured", "covermode": "coverage is not measured", "coverpkg": "coverage is not measured",
	"fuzz": "use go test -fuzz; seed inputs run as tests", "fuzztime": "use go test -fuzz", "fuzzminimizetime": "use go test -fuzz",
	"exec":       "there is no binary to execute; -c writes an image that terrarium run executes",
	"cpuprofile": "there is no CPU profile", "trace": "execution traces are not recorded",
	"blockprofile": "blocking is not profiled", "blockprofilerate": "blocking is not profiled",
	"mutexprofile": "mutexes are not profiled", "mutexprofilefraction": "mutexes are not profiled",
}

// testRun is one command.
type testRun struct {
	m        machineFlags
	set      *terrarium.Tests
	args     []string // of the test programs
	packages []string // as named on the command line
	json     bool
	marked   bool // events are marked in the output, for -json and -v=test2json
	list     bool // the output of passing packages is shown
	bench    bool
	results  *cache.Cache // nil: results are not kept
	timeout  time.Duration
	vetMode  string // -vet
}

func runTest(c *command, args []string) int {
	t := &testRun{}
	fs := c.flags()
	t.m.register(fs)
	strs, bools := map[string]*string{}, map[string]*bool{}
	for _, f := range testFlags {
		if f.kind == "bool" {
			bools[f.name] = fs.Bool(f.name, false, f.doc)
		} else {
			strs[f.name] = fs.String(f.name, "", f.doc)
		}
	}
	fs.BoolVar(&t.json, "json", false, "print events, as go test -json does")
	compileOnly := fs.Bool("c", false, "compile the tests to an image and do not run them")
	image := fs.String("o", "", "write the image of the tests to this `file` or folder")
	noCache := fs.Bool("no-cache", false, "compile anew, run anew, and keep nothing")
	fs.StringVar(&t.vetMode, "vet", "", "`checks` of go vet, comma-separated, that are made first, off, or all (default: those of go test)")
	fs.Int("p", 1, "accepted and ignored: packages are tested one after the other")

	extra, code, done := t.parse(fs, args)
	if done {
		return code
	}
	t.marked = t.marked || t.json
	t.timeout = 10 * time.Minute
	if *strs["timeout"] != "" {
		var err error
		if t.timeout, err = time.ParseDuration(*strs["timeout"]); err != nil {
			fmt.Fprintf(os.Stderr, "terrarium test: invalid value %q for flag -timeout: %v\n", *strs["timeout"], err)
			return 2
		}
	} else {
		*strs["timeout"] = t.timeout.String()
	}
	for _, name := range []string{"count", "parallel"} {
		if v := *strs[name]; v != "" {
			if _, err := strconv.Atoi(v); err != nil {
				fmt.Fprintf(os.Stderr, "terrarium test: invalid value %q for flag -%s: it is a number\n", v, name)
				return 2
			}
		}
	}
	if err := checkVet(t.vetMode); err != nil {
		fmt.Fprintf(os.Stderr, "terrarium test: %v\n", err)
		return 2
	}
	warnVet(t.vetMode)
	keep := len(t.packages) > 0 && len(extra) == 0 && !*noCache && t.machineDecides()
	t.args = []string{"-test.paniconexit0"}
	if t.marked {
		t.args = append(t.args, "-test.v=test2json")
	} else if t.m.verbose {
		t.args = append(t.args, "-test.v=true")
	}
	for _, f := range testFlags {
		value := ""
		if b := bools[f.name]; b != nil && *b {
			value = "true"
		} else if s := strs[f.name]; s != nil {
			value = *s
		}
		if value != "" {
			t.args = append(t.args, "-test."+f.name+"="+value)
			keep = keep && cacheable[f.name]
		}
	}
	t.args = append(t.args, extra...)
	t.bench = *strs["bench"] != ""
	t.list = t.m.verbose || *strs["list"] != ""
	dir := cacheDir(*noCache)
	if keep && dir != "" {
		t.results, _ = cache.Open(dir, 0)
	}

	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	var err error
	opts := t.m.options(t.packages)
	opts.Cache = dir
	t.set, err = terrarium.ListTests(opts)
	if err != nil {
		return fail(1, err)
	}
	if *compileOnly || *image != "" {
		if code := t.writeImages(ctx, *image); code != 0 || *compileOnly {
			return code
		}
	}
	return t.all(ctx, *bools["failfast"])
}

// parse takes the command line apart as go test does: flags may stand before and behind the packages, what is
// behind -args and flags that nobody knows go to the test program, and so do words behind those.
func (t *testRun) parse(fs *flag.FlagSet, args []string) (extra []string, code int, done bool) {
	named, unknown := false, false // the list of packages is over; an unknown flag was seen
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		if a == "-args" || a == "--args" {
			return append(extra, args...), 0, false
		}
		if len(a) < 2 || a[0] != '-' || a == "--" {
			if named || unknown {
				extra = append(extra, a)
			} else if a != "--" {
				t.packages = append(t.packages, a)
			}
			continue
		}
		named = len(t.packages) > 0
		name, value, given := strings.Cut(strings.TrimPrefix(a[1:], "-"), "=")
		name = strings.TrimPrefix(name, "test.")
		if name == "h" || name == "help" {
			fs.SetOutput(os.Stdout)
			fs.Usage()
			return nil, 0, true
		}
		why, bad := unsupportedTestFlags[name]
		if !bad {
			why, bad = unsupportedBuildFlags[name]
		}
		if bad {
			fmt.Fprintf(os.Stderr, "terrarium test: -%s is not supported: %s\n", name, why)
			return nil, 2, true
		}
		if name == "v" && value == "test2json" {
			t.m.verbose, t.marked = true, true
			continue
		}
		f := fs.Lookup(name)
		if f == nil {
			extra, unknown = append(extra, a), true
			continue
		}
		if b, ok := f.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() {
			if !given {
				value = "true"
			}
		} else if !given {
			if len(args) == 0 {
				fmt.Fprintf(os.Stderr, "terrarium test: flag needs an argument: -%s\n", name)
				return nil, 2, true
			}
			value, args = args[0], args[1:]
		}
		if err := fs.Set(name, value); err != nil {
			fmt.Fprintf(os.Stderr, "terrarium test: invalid value %q for flag -%s: %v\n", value, name, err)
			return nil, 2, true
		}
	}
	return extra, 0, false
}

// compiled is a test program, or why there is none.
type compiled struct {
	*terrarium.TestProgram
	path   string
	err    error
	vet    *vetting
	result *result
	kept   []byte // what the same run printed before
	known  bool   // kept is set
}

// compile compiles the tests of a package, looks for a kept result and begins to vet.
func (t *testRun) compile(ctx context.Context, path string) *compiled {
	c := &compiled{path: path, vet: t.vet(ctx, path)}
	c.TestProgram, c.err = t.set.Compile(ctx, path)
	if c.err == nil && c.Program != nil {
		c.result = t.result(c.TestProgram)
		c.kept, c.known = c.result.get()
	}
	if c.err != nil || c.known {
		c.vet.cancel()
		c.vet = nil
	} else if c.vet != nil {
		c.vet.start()
	}
	return c
}

// all tests the packages. One is compiled ahead.
func (t *testRun) all(ctx context.Context, failfast bool) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ready := make(chan *compiled)
	go func() {
		defer close(ready)
		for _, path := range t.set.Paths() {
			select {
			case ready <- t.compile(ctx, path):
			case <-ctx.Done():
				return
			}
		}
	}()
	code := 0
	for p := range ready {
		if !t.one(ctx, p) {
			code = 1
			if failfast {
				break
			}
		}
		if ctx.Err() != nil {
			return 1
		}
	}
	if code != 0 && !t.json && len(t.packages) > 0 {
		fmt.Println("FAIL")
	}
	return code
}

// one tests a package and prints go test's lines.
func (t *testRun) one(ctx context.Context, p *compiled) (ok bool) {
	var out io.Writer = os.Stdout
	var buf bytes.Buffer
	var events *converter
	if found := p.vet.wait(); found != "" {
		p.err = &vetError{found}
	}
	if t.json {
		if p.err != nil {
			buildEvents(os.Stdout, p.path, p.err)
		}
		events = newConverter(os.Stdout, p.path)
		if p.err != nil {
			events.failedBuild = failedBuild(p.path, p.err)
		}
		defer func() { events.close(ok) }()
		out = io.MultiWriter(events, &buf)
	} else if p.err != nil {
		fmt.Fprint(os.Stderr, buildReport(p.path, p.err))
	}
	switch {
	case p.err != nil:
		why := "build failed"
		if setupFailed(p.err) {
			why = "setup failed"
		}
		fmt.Fprintf(out, "FAIL\t%s [%s]\n", p.path, why)
		return false
	case p.Program == nil:
		fmt.Fprintf(out, "?   \t%s\t[no test files]\n", p.path)
		return true
	}
	shown := t.list || t.json // what a passing package prints is shown
	switch {
	case t.json:
	case len(t.packages) == 0 || t.bench: // as it comes, and nothing is kept
	case shown:
		out = io.MultiWriter(os.Stdout, &buf)
	default:
		out = &buf
	}
	result := p.result
	if p.known {
		if out != io.Writer(&buf) {
			out.Write(p.kept)
		} else {
			os.Stdout.Write(p.kept)
		}
		return true
	}
	args := append([]string{p.path + ".test"}, t.args...)
	if log := result.log(); log != "" {
		args = append(args[:1:1], append([]string{"-test.testlogfile=" + log}, t.args...)...)
	}
	cfg := t.m.config(args, out)
	cfg.Stderr = out
	if !t.m.sealed { // as go test has it
		cfg.Env = append(cfg.Env, "GOROOT="+p.GOROOT)
	}
	if p.Dir != "" {
		cfg.Env = append(cfg.Env, "PWD="+p.Dir)
	}
	limit := t.timeout + time.Minute // testing ends itself; this is for a program that does not come to that
	if t.timeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, limit)
		defer stop()
	}
	start := time.Now()
	res, err := p.Run(ctx, cfg)
	took := fmt.Sprintf("%.3fs", time.Since(start).Seconds())
	text := buf.Bytes()
	if len(text) > 0 && text[len(text)-1] != '\n' {
		fmt.Fprintln(out)
	}
	if t.m.stats {
		defer printStats(os.Stderr, res)
	}
	if err == nil && res.ExitCode == 0 {
		line := fmt.Sprintf("ok  \t%s\t%s", p.path, took)
		note := ""
		if bytes.HasPrefix(text, noTests[1:]) || bytes.Contains(text, noTests) {
			note = " [no tests to run]"
		}
		if !shown {
			text = nil
		}
		result.put(text, fmt.Sprintf("ok  \t%s\t(cached)%s\n", p.path, note))
		if out == io.Writer(&buf) {
			out = os.Stdout
		}
		fmt.Fprintln(out, line+note)
		return true
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Fprintf(out, "*** Test killed: ran too long (%v).\n", limit)
	case err != nil:
		fmt.Fprintln(out, err)
	case res.End == terrarium.Killed:
		fmt.Fprintf(out, "*** Test killed: %s\n", res.Text)
	case len(text) == 0:
		fmt.Fprintf(out, "exit status %d\n", res.ExitCode)
	}
	mark := ""
	if t.marked {
		mark = "\x16"
	}
	fmt.Fprintf(out, "%sFAIL\t%s\t%s\n", mark, p.path, took)
	if out == io.Writer(&buf) {
		os.Stdout.Write(buf.Bytes())
	}
	return false
}

// noTests is what package testing says when nothing matched.
var noTests = []byte("\ntesting: warning: no tests to run\n")

// buildReport is what is printed about the tests of a package that are not to be had.
func buildReport(path string, err error) string {
	if !setupFailed(err) {
		return terrarium.BuildReport(err)
	}
	text := ""
	for _, m := range terrarium.SetupMessages(err) {
		text += "# " + path + "\n" + m + "\n"
	}
	return text
}

// setupFailed reports whether the files of a package were not to be had, as opposed to what is wrong in them.
func setupFailed(err error) bool {
	var vet *vetError
	return !errors.As(err, &vet) && terrarium.SetupFailed(err)
}

// writeImages writes the images of the test programs to a folder, or that of the only one to a file.
func (t *testRun) writeImages(ctx context.Context, name string) int {
	folder := strings.HasSuffix(name, "/")
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		folder = true
	}
	paths := t.set.Paths()
	if len(paths) > 1 && !folder && name != "" {
		fmt.Fprintf(os.Stderr, "terrarium test: -o %s is no folder, and there are %d packages\n", name, len(paths))
		return 2
	}
	code := 0
	for _, path := range paths {
		p, err := t.set.Compile(ctx, path)
		if err != nil {
			fmt.Fprint(os.Stderr, buildReport(path, err))
			code = 1
			continue
		}
		if p.Program == nil {
			fmt.Printf("?   \t%s\t[no test files]\n", path)
			continue
		}
		file := name
		if folder || name == "" {
			file = filepath.Join(name, filepath.Base(path)+".test"+imageSuffix)
		}
		if err := writeImage(p.Program, file); err != nil {
			return fail(1, err)
		}
	}
	return code
}
