package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium"
)

// testFlags are the flags of go test that go to the test binary, with their kinds.
var testFlags = []struct{ name, kind, doc string }{
	{"run", "string", "run only tests and examples that match the `regexp`"},
	{"skip", "string", "do not run tests, examples and benchmarks that match the `regexp`"},
	{"bench", "string", "run benchmarks that match the `regexp`"},
	{"benchmem", "bool", "print allocations of benchmarks"},
	{"benchtime", "string", "run each benchmark for a `duration` or Nx times"},
	{"count", "string", "run everything `n` times"},
	{"cpu", "string", "comma-separated `list` of GOMAXPROCS values"},
	{"failfast", "bool", "stop after the first failure"},
	{"parallel", "string", "run at most `n` tests in parallel"},
	{"short", "bool", "tell long tests to be short"},
	{"shuffle", "string", "off, on or a `seed`"},
	{"timeout", "string", "end the tests after a `duration` (default 10m)"},
	{"list", "string", "list what matches the `regexp`"},
}

// unsupportedTestFlags are flags of go test that have no meaning here, with the reason.
var unsupportedTestFlags = map[string]string{
	"race": "the race detector needs native code", "msan": "it needs native code", "asan": "it needs native code",
	"cover": "coverage is not measured", "coverprofile": "coverage is not measured", "covermode": "coverage is not measured", "coverpkg": "coverage is not measured",
	"fuzz": "use go test -fuzz; seed inputs run as tests", "exec": "there is no binary to execute", "c": "there is no binary to keep",
	"cpuprofile": "there is no CPU profile", "trace": "execution traces are not recorded",
}

func runTest(c *command, args []string) int {
	var m machineFlags
	fs := c.flags()
	m.register(fs)
	strs, bools := map[string]*string{}, map[string]*bool{}
	for _, f := range testFlags {
		if f.kind == "bool" {
			bools[f.name] = fs.Bool(f.name, false, f.doc)
		} else {
			strs[f.name] = fs.String(f.name, "", f.doc)
		}
	}
	for _, a := range args {
		name, _, _ := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if why, bad := unsupportedTestFlags[name]; bad && strings.HasPrefix(a, "-") {
			fmt.Fprintf(os.Stderr, "terrarium test: -%s is not supported: %s\n", name, why)
			return 2
		}
		if a == "-args" || a == "--args" {
			break
		}
	}
	var extra []string
	for i, a := range args {
		if a == "-args" || a == "--args" {
			args, extra = args[:i], args[i+1:]
			break
		}
	}
	// Flags may stand behind packages, as with go test.
	var packages []string
	for rest := args; ; {
		if code, done := parse(fs, rest); done {
			return code
		}
		if rest = fs.Args(); len(rest) == 0 {
			break
		}
		packages, rest = append(packages, rest[0]), rest[1:]
	}
	pass := []string{"-test.paniconexit0"}
	if m.verbose {
		pass = append(pass, "-test.v=true")
	}
	for _, f := range testFlags {
		if b := bools[f.name]; b != nil && *b {
			pass = append(pass, "-test."+f.name+"=true")
		}
		if s := strs[f.name]; s != nil && *s != "" {
			pass = append(pass, "-test."+f.name+"="+*s)
		} else if f.name == "timeout" {
			pass = append(pass, "-test.timeout=10m0s")
		}
	}
	pass = append(pass, extra...)
	m.verbose = m.verbose || *strs["bench"] != "" || *strs["list"] != ""

	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	tests, err := terrarium.ListTests(terrarium.Options{Args: packages, NoEscape: !bool(m.escape), NoInline: !bool(m.inline), Tags: m.tagList()})
	if err != nil {
		return fail(1, err)
	}
	code := 0
	for _, path := range tests.Paths() {
		if ctx.Err() != nil {
			return 130
		}
		if !testPackage(ctx, &m, tests, path, pass, len(packages) > 0) {
			code = 1
			if *bools["failfast"] {
				break
			}
		}
	}
	if code != 0 && len(tests.Paths()) > 0 {
		fmt.Println("FAIL")
	}
	return code
}

// testPackage compiles and runs the tests of one package and prints go test's lines.
// quiet tells that the output of passing packages is not shown.
func testPackage(ctx context.Context, m *machineFlags, tests *terrarium.Tests, path string, args []string, quiet bool) bool {
	p, err := tests.Compile(ctx, path)
	if err != nil {
		fmt.Printf("# %s\n%v\nFAIL\t%s [build failed]\n", path, err, path)
		return false
	}
	if p.Program == nil {
		fmt.Printf("?   \t%s\t[no test files]\n", path)
		return true
	}
	var buf bytes.Buffer
	out := io.Writer(&buf)
	if m.verbose || !quiet {
		out = os.Stdout
	}
	cfg := m.config(append([]string{path + ".test"}, args...), out)
	cfg.Stderr = out
	if !m.sealed { // as go test has it
		cfg.Env = append(cfg.Env, "GOROOT="+p.GOROOT)
	}
	if p.Dir != "" {
		cfg.Env = append(cfg.Env, "PWD="+p.Dir)
	}
	start := time.Now()
	res, err := p.Run(ctx, cfg)
	took := time.Since(start)
	if err != nil {
		fmt.Fprintln(out, err)
	}
	ok := err == nil && res.ExitCode == 0
	if !ok {
		os.Stdout.Write(buf.Bytes())
		if res.End != terrarium.Normal || res.ExitCode > 1 {
			fmt.Printf("exit status %d\n", res.ExitCode)
		}
		fmt.Printf("FAIL\t%s\t%.3fs\n", path, took.Seconds())
	} else {
		note := ""
		if bytes.Contains(buf.Bytes(), []byte("testing: warning: no tests to run")) {
			note = " [no tests to run]"
		}
		fmt.Printf("ok  \t%s\t%.3fs%s\n", path, took.Seconds(), note)
	}
	if m.stats {
		printStats(os.Stderr, res)
	}
	return ok
}
