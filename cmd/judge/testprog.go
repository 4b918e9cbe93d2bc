package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium/internal/vmtest"
)

// The real runtime's test programs
//
// The folder src/runtime/testdata/testprog of the Go distribution is one program of many functions, which its first
// argument chooses. The runtime's own tests run it as a process of its own for what cannot be done inside
// of a test: deadlocks, fatal errors, panics that end the program, memory limits.
//
// It is built once natively, as it is, and once for us, as a module: without the files of progLeftOut, and with the
// imports of progStandIns replaced by packages that say the same. Each function runs both ways. What is expected is
// what the runtime's tests (crash_test.go, gc_test.go …) expect of the output, standard output and
// standard error together; besides, both exit codes must be the same. Functions of which nothing more is
// known, or of which also more can be said, are compared: standard output, message and functions of
// the traceback (vmtest.PanicText). A function that does not keep to its expectation natively on this machine
// is not judged.

// progCase is a function with its environment and what is expected.
type progCase struct {
	fn     string
	env    []string
	procs  int                     // GOMAXPROCS at the start, where it matters
	same   bool                    // standard output, panic message and traceback as natively
	begins string                  // the output begins so
	all    string                  // the output is this
	holds  []string                // the output contains each of these
	check  func(out string) string // says what is wrong
	slow   bool                    // takes seconds
}

// modes is the modes with the function's number of processors, without those that are about one.
func (c *progCase) modes(all []vmtest.Mode) (list []vmtest.Mode) {
	if c.procs == 0 {
		return all
	}
	for _, m := range all {
		if m.Procs > 1 {
			m.Procs = c.procs
			list = append(list, m)
		}
	}
	return list
}

// name is the function's and the environment's.
func (c *progCase) name() string { return strings.Join(append([]string{c.fn}, c.env...), " ") }

const (
	deadlockText = "fatal error: all goroutines are asleep - deadlock!\n"
	goexitText   = "fatal error: no goroutines (main called runtime.Goexit) - deadlock!"
)

// progCases are the functions.
var progCases = []progCase{
	{fn: "GCSys", all: "OK\n"}, {fn: "GCPhys", all: "OK\n"}, {fn: "GCFairness", all: "OK\n"}, {fn: "GCFairness2", all: "OK\n"},
	{fn: "GCZombie", env: []string{"GODEBUG=invalidptr=0"}, holds: []string{"found pointer to free object"}},
	{fn: "GCMemoryLimit", procs: 4, all: "OK\n", slow: true}, {fn: "GCMemoryLimitNoGCPercent", procs: 4, all: "OK\n", slow: true},
	{fn: "DeferLiveness", env: []string{"GODEBUG=clobberfree=1"}, same: true},

	{fn: "SimpleDeadlock", begins: deadlockText, same: true}, {fn: "InitDeadlock", begins: deadlockText},
	{fn: "LockedDeadlock", begins: deadlockText}, {fn: "LockedDeadlock2", begins: deadlockText},
	{fn: "GoexitDeadlock", holds: []string{goexitText[len("fatal error: "):]}},
	{fn: "StackOverflow", begins: "runtime: goroutine stack exceeds 1474560-byte limit\n",
		holds: []string{"fatal error: stack overflow", "runtime: sp=", "stack=["}},
	{fn: "RecursivePanic", begins: "wrap: bad\npanic: again\n\n", same: true},
	{fn: "RecursivePanic2", begins: "first panic\nsecond panic\npanic: third panic\n\n", same: true},
	{fn: "RecursivePanic3", begins: "panic: first panic\n\n", same: true},
	{fn: "RecursivePanic4", begins: "panic: first panic [recovered]\n\tpanic: second panic\n", same: true},
	{fn: "RecursivePanic5", begins: "first panic\nsecond panic\npanic: third panic\n", same: true},
	{fn: "GoexitExit", holds: []string{goexitText[len("fatal error: "):]}},
	{fn: "GoNil", holds: []string{"go of nil func value"}},
	{fn: "MainGoroutineID", begins: "panic: test\n\ngoroutine 1 [running]:\n", same: true},
	{fn: "NoHelperGoroutines", check: func(out string) string {
		if m := regexp.MustCompile(`goroutine [0-9]+ \[`).FindAllString(out, -1); len(m) != 1 || m[0] != "goroutine 1 [" {
			return fmt.Sprintf("want goroutine 1 alone, have %q", m)
		}
		return ""
	}},
	{fn: "GoexitInPanic", begins: goexitText}, {fn: "PanicAfterGoexit", begins: "panic: hello", same: true},
	{fn: "RecoveredPanicAfterGoexit", begins: goexitText}, {fn: "RecoverBeforePanicAfterGoexit", begins: goexitText},
	{fn: "RecoverBeforePanicAfterGoexit2", begins: goexitText},
	{fn: "PanicTraceback", begins: "panic: hello\n\tpanic: panic pt2\n\tpanic: panic pt1\n", same: true,
		check: inOrder("main.pt1.func1", "panic", "main.pt2.func1", "panic", "main.pt2", "main.pt1")},
	{fn: "GoschedInPanic", begins: "panic: errorThatGosched\n\n", same: true},
	{fn: "SyscallInPanic", begins: "1\n2\npanic: 3\n\n", same: true},
	{fn: "PanicLoop", holds: []string{"panic while printing panic value"}},

	{fn: "Crash", all: "main: recovered done\nnew-thread: recovered done\nsecond-new-thread: recovered done\nmain-again: recovered done\n"},
	{fn: "DoublePanic", env: []string{"GODEBUG=clobberfree=1"}, holds: []string{"panic: XXX", "panic: YYY"}},
	{fn: "ErrorPanic", holds: []string{"panic while printing panic value: important multi-line\n\terror message"}},
	{fn: "StringerPanic", holds: []string{"panic while printing panic value: important multi-line\n\tstringer message"}},
	{fn: "DoubleErrorPanic", holds: []string{"panic while printing panic value: type"}},
	{fn: "DoubleStringerPanic", holds: []string{"panic while printing panic value: type"}},
	{fn: "CircularPanic", holds: []string{"panic while printing panic value: type"}},
	{fn: "StringPanic", holds: []string{"important multi-line\n\tstring message"}, same: true},
	{fn: "NilPanic", holds: []string{"nil"}, same: true},
	{fn: "RepanickedPanic", begins: "panic: message [recovered, repanicked]\n", same: true},
	{fn: "RepanickedMiddlePanic", begins: "panic: inner [recovered]\n\tpanic: middle [recovered, repanicked]\n\tpanic: outer\n", same: true},
	{fn: "RepanickedPanicSandwich", begins: "panic: outer [recovered]\n\tpanic: inner [recovered]\n\tpanic: outer\n", same: true},
	{fn: "DoublePanicWithSameValue", begins: "panic: message\n", same: true},
	{fn: "panicOnNilAndEleSizeIsZero", holds: []string{"unsafe.Slice: ptr is nil and len is not zero"}, same: true},
	{fn: "PanicRace", holds: []string{"panic: crash", "PanicRace", "created by "}},

	{fn: "panicCustomBool", begins: `panic: main.MyBool(true)`, same: true},
	{fn: "panicCustomComplex128", begins: `panic: main.MyComplex128(32.1+10i)`, same: true},
	{fn: "panicCustomComplex64", begins: `panic: main.MyComplex64(0.11+3i)`, same: true},
	{fn: "panicCustomFloat32", begins: `panic: main.MyFloat32(-93.7)`, same: true},
	{fn: "panicCustomFloat64", begins: `panic: main.MyFloat64(-93.7)`, same: true},
	{fn: "panicCustomInt", begins: `panic: main.MyInt(93)`, same: true},
	{fn: "panicCustomInt8", begins: `panic: main.MyInt8(93)`, same: true},
	{fn: "panicCustomInt16", begins: `panic: main.MyInt16(93)`, same: true},
	{fn: "panicCustomInt32", begins: `panic: main.MyInt32(93)`, same: true},
	{fn: "panicCustomInt64", begins: `panic: main.MyInt64(93)`, same: true},
	{fn: "panicCustomString", begins: "panic: main.MyString(\"Panic\n\tline two\")", same: true},
	{fn: "panicCustomUint", begins: `panic: main.MyUint(93)`, same: true},
	{fn: "panicCustomUint8", begins: `panic: main.MyUint8(93)`, same: true},
	{fn: "panicCustomUint16", begins: `panic: main.MyUint16(93)`, same: true},
	{fn: "panicCustomUint32", begins: `panic: main.MyUint32(93)`, same: true},
	{fn: "panicCustomUint64", begins: `panic: main.MyUint64(93)`, same: true},
	{fn: "panicCustomUintptr", begins: `panic: main.MyUintptr(93)`, same: true},
	{fn: "panicDeferFatal", begins: "panic: runtime.errorString(\"invalid memory address or nil pointer dereference\")\n\tfatal error: sync: unlock of unlocked mutex"},
	{fn: "panicDoublieDeferFatal", begins: "panic: runtime.errorString(\"invalid memory address or nil pointer dereference\") [recovered, repanicked]\n\tfatal error: sync: unlock of unlocked mutex"},

	{fn: "FinalizerDeadlock", env: []string{"GOTRACEBACK=all", "GO_TEST_FINALIZER_DEADLOCK=panic"}, holds: []string{"runtime.runFinalizers()"}},
	{fn: "FinalizerDeadlock", env: []string{"GO_TEST_FINALIZER_DEADLOCK=stack"}, holds: []string{"runtime.runFinalizers()"}},
	{fn: "FinalizerDeadlock", env: []string{"GO_TEST_FINALIZER_DEADLOCK=pprof_proto"}, check: profiled("runtime.runFinalizers")},
	{fn: "FinalizerDeadlock", env: []string{"GO_TEST_FINALIZER_DEADLOCK=pprof_debug1"}, holds: []string{"runtime.runFinalizers+"}},
	{fn: "FinalizerDeadlock", env: []string{"GO_TEST_FINALIZER_DEADLOCK=pprof_debug2"}, holds: []string{"runtime.runFinalizers()"}},
	{fn: "CleanupDeadlock", env: []string{"GOTRACEBACK=all", "GO_TEST_FINALIZER_DEADLOCK=panic"}, holds: []string{"runtime.runCleanups()"}},
	{fn: "CleanupDeadlock", env: []string{"GO_TEST_FINALIZER_DEADLOCK=stack"}, holds: []string{"runtime.runCleanups()"}},
	{fn: "CleanupDeadlock", env: []string{"GO_TEST_FINALIZER_DEADLOCK=pprof_proto"}, check: profiled("runtime.runCleanups")},
	{fn: "CleanupDeadlock", env: []string{"GO_TEST_FINALIZER_DEADLOCK=pprof_debug1"}, holds: []string{"runtime.runCleanups+"}},
	{fn: "CleanupDeadlock", env: []string{"GO_TEST_FINALIZER_DEADLOCK=pprof_debug2"}, holds: []string{"runtime.runCleanups()"}},
	{fn: "DetectFinalizerAndCleanupLeaks", env: []string{"GODEBUG=checkfinalizers=1"}, check: leaksFound},
	{fn: "MemProf", check: func(out string) string {
		file := strings.TrimSpace(out)
		defer os.Remove(file)
		return pprofSays(file, "MemProf", "-alloc_space")
	}},

	{fn: "CoroLockOSThreadIterLock", check: asAnnounced}, {fn: "CoroLockOSThreadIterLockYield", check: asAnnounced}, {fn: "CoroLockOSThreadLock", check: asAnnounced},
	{fn: "CoroLockOSThreadLockIterNested", check: asAnnounced}, {fn: "CoroLockOSThreadLockIterLock", check: asAnnounced},
	{fn: "CoroLockOSThreadLockIterYieldNewG", check: asAnnounced}, {fn: "CoroLockOSThreadLockAfterPull", check: asAnnounced},
	{fn: "CoroLockOSThreadStopLocked", check: asAnnounced}, {fn: "CoroLockOSThreadStopLockedIterNested", check: asAnnounced},

	{fn: "AsyncPreempt", all: "OK\n"}, {fn: "NumGoroutine", all: "1\n"}, {fn: "mexitSTW", all: "OK\n"}, {fn: "After1", same: true},
	{fn: "TracebackAncestors", env: []string{"GODEBUG=tracebackancestors=0"}, check: ancestors(0)},
	{fn: "TracebackAncestors", env: []string{"GODEBUG=tracebackancestors=1"}, check: ancestors(1)},
	{fn: "TracebackAncestors", env: []string{"GODEBUG=tracebackancestors=5"}, check: ancestors(3)},
	{fn: "TracebackAncestors", env: []string{"GODEBUG=tracebackancestors=50"}, check: ancestors(3)},
	{fn: "stringconcat", begins: "panic: " + strings.Repeat("0", 1<<10) + strings.Repeat("1", 1<<10) + strings.Repeat("2", 1<<10) + strings.Repeat("3", 1<<10)},
	{fn: "SynctestCond/signal/no_bubble", holds: []string{"fatal error: semaphore wake of synctest goroutine from outside bubble"}},
	{fn: "SynctestCond/broadcast/no_bubble", holds: []string{"fatal error: semaphore wake of synctest goroutine from outside bubble"}},
	{fn: "SynctestCond/signal/other_bubble", holds: []string{"fatal error: semaphore wake of synctest goroutine from outside bubble"}},
	{fn: "SynctestCond/broadcast/other_bubble", holds: []string{"fatal error: semaphore wake of synctest goroutine from outside bubble"}},
}

// progLeftOut are files whose functions are not judged, with the reason.
var progLeftOut = map[string]string{
	"abort.go":              "the machine's instruction to stop",
	"badtraceback.go":       "destroys return addresses, which the stack of a guest does not hold",
	"checkptr.go":           "the compiler's flag -d=checkptr",
	"crashdump.go":          "a signal to each thread",
	"cpuflags_amd64.go":     "assembly",
	"framepointer.go":       "assembly",
	"gomaxprocs.go":         "CPU affinity and groups of processes",
	"gomaxprocs_windows.go": "Windows",
	"lockosthread.go":       "threads of the system, and new processes",
	"lockosthread_linux.go": "threads of the system",
	"numcpu_freebsd.go":     "FreeBSD",
	"pipe_unix.go":          "pipes, for the files left out",
	"pipe_windows.go":       "Windows",
	"schedmetrics.go":       "counts threads of the system",
	"segv.go":               "signals",
	"segv_linux.go":         "signals",
	"setcgotraceback.go":    "cgo",
	"signal.go":             "signals",
	"stw_trace.go":          "execution traces", // but for what stw_mexit.go needs
	"syscall_windows.go":    "Windows (StackMemory among them)",
	"syscalls_linux.go":     "threads of the system, for the files left out",
	"syscalls.go":           "threads of the system, for the files left out",
	"syscalls_none.go":      "threads of the system, for the files left out",
	"timeprof.go":           "the CPU profile",
	"vdso.go":               "the CPU profile",
}

// progStandIns are packages in the place of imports that only std may have.
var progStandIns = map[string]string{
	"internal/asan": "package asan\n\nconst Enabled = false\n",
	"internal/race": "package race\n\nconst Enabled = false\n",
	"internal/synctest": "package synctest\n\nimport _ \"unsafe\"\n\n//go:linkname Run internal/synctest.Run\nfunc Run(f func())\n\n" +
		"//go:linkname Wait internal/synctest.Wait\nfunc Wait()\n",
}

// traceTarget is what stw_mexit.go takes from a file that is left out.
const traceTarget = `package main

import "sync/atomic"

var (
	stop atomic.Bool
	ping atomic.Uint32
	pong [2]atomic.Uint32
)

func traceSTWTarget(i int) {
	for !stop.Load() {
		pong[i].Store(ping.Load())
	}
}
`

func testprog(ctx context.Context, args []string) int {
	fs := flags("testprog")
	run := fs.String("run", "", "only functions that match the `regexp`")
	modeNames := fs.String("modes", "default", "modes: default, all, or names")
	timeout := fs.Duration("timeout", 60*time.Second, "for each function")
	workers := fs.Int("p", 2, "functions at the same time")
	short := fs.Bool("short", false, "leave out what takes seconds")
	verbose := fs.Bool("v", false, "name every function")
	asJSON := fs.Bool("json", false, "print a JSON line for each function")
	junit := fs.String("junit", "", "write a JUnit report to this `file`")
	fs.Parse(args)
	match, err := regexp.Compile(*run)
	if err != nil {
		return misuse(err)
	}
	modes, err := vmtest.Modes(*modeNames, 0)
	if err != nil {
		return misuse(err)
	}
	tc, err := vmtest.Toolchain()
	if err != nil {
		return misuse(err)
	}
	tmp, err := os.MkdirTemp("", "testprog")
	if err != nil {
		return misuse(err)
	}
	defer os.RemoveAll(tmp)
	dir := filepath.Join(tc.Root, "src", "runtime", "testdata", "testprog")
	native := filepath.Join(tmp, "native")
	build := exec.CommandContext(ctx, filepath.Join(tc.Root, "bin", "go"), "build", "-o", native, ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		return misuse(fmt.Errorf("go build in %s: %w\n%s", dir, err, out))
	}
	module := filepath.Join(tmp, "testprog")
	if err := layOutProg(dir, module); err != nil {
		return misuse(err)
	}
	v := newVerdicts(*verbose, *asJSON, "testprog")
	for name, why := range progLeftOut {
		v.skip(name, why)
	}
	var jobs []vmtest.Job
	var of []*progCase
	for i := range progCases {
		c := &progCases[i]
		if !match.MatchString(c.name()) || *short && c.slow {
			continue
		}
		jobs = append(jobs, vmtest.Job{Files: []string{module}, Dir: module, Args: []string{c.fn}, Env: c.env, Modes: c.modes(modes), Timeout: *timeout, Memory: 3 << 30, Keep: true})
		of = append(of, c)
		v.total += len(jobs[len(jobs)-1].Modes)
	}
	real := map[*progCase]*vmtest.Outcome{}
	pool := vmtest.Pool{Verb: []string{workerVerb}, Workers: *workers, Env: []string{"GOROOT=" + tc.Root}, Outcome: func(j *vmtest.Job, o vmtest.Outcome) {
		c := of[j.ID]
		name := c.name()
		if len(modes) > 1 {
			name += " [" + o.Mode + "]"
		}
		want := real[c]
		if want == nil {
			want = runNative(ctx, native, c, *timeout)
			real[c] = want
		}
		if text := c.judge(want, nil); text != "" {
			v.skip(name, "natively on this machine: "+text)
			return
		}
		v.add(name, c.judge(&o, want), o.Compile+o.Run)
	}}
	if err := pool.Run(ctx, jobs); err != nil {
		return misuse(err)
	}
	return v.endJUnit(*junit)
}

// layOutProg writes the module that is run here.
func layOutProg(dir, module string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	write := func(name, text string) error {
		name = filepath.Join(module, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		return os.WriteFile(name, []byte(text), 0o666)
	}
	for _, file := range files {
		if progLeftOut[filepath.Base(file)] != "" {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		text := string(b)
		for path := range progStandIns {
			text = strings.ReplaceAll(text, `"`+path+`"`, `"testprog/`+path+`"`)
		}
		if err := write(filepath.Base(file), text); err != nil {
			return err
		}
	}
	for path, text := range progStandIns {
		if err := write(path+"/standin.go", text); err != nil {
			return err
		}
	}
	if err := write("standin.go", traceTarget); err != nil {
		return err
	}
	return write("go.mod", "module testprog\n\ngo 1.26\n")
}

// runNative runs the function with the program that the real toolchain built.
func runNative(ctx context.Context, exe string, c *progCase, timeout time.Duration) *vmtest.Outcome {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, c.fn)
	cmd.Env = append(os.Environ(), c.env...)
	if c.procs > 0 {
		cmd.Env = append(cmd.Env, fmt.Sprintf("GOMAXPROCS=%d", c.procs))
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	o := &vmtest.Outcome{Stdout: stdout.String(), Stderr: stderr.String(), ExitCode: cmd.ProcessState.ExitCode()}
	if ctx.Err() != nil {
		o.Err = fmt.Sprintf("%v: %v", ctx.Err(), err)
	}
	return o
}

// judge says what is wrong with an outcome; native is nil if it is the native one itself.
func (c *progCase) judge(o, native *vmtest.Outcome) string {
	out := o.Stdout + o.Stderr
	tail := "\n" + lines(out, 40)
	switch {
	case o.Err != "":
		return o.Err
	case !strings.HasPrefix(out, c.begins):
		return fmt.Sprintf("output does not begin with %q%s", lines(c.begins, 4), tail)
	case c.all != "" && out != c.all:
		return fmt.Sprintf("output, want %q%s", c.all, tail)
	}
	for _, s := range c.holds {
		if !strings.Contains(out, s) {
			return fmt.Sprintf("output does not contain %q%s", s, tail)
		}
	}
	if c.check != nil {
		if text := c.check(out); text != "" {
			return text + tail
		}
	}
	if native == nil {
		return ""
	}
	if o.ExitCode != native.ExitCode {
		return fmt.Sprintf("exit code %d, natively %d%s", o.ExitCode, native.ExitCode, tail)
	}
	if c.same {
		if o.Stdout != native.Stdout {
			return "stdout: " + vmtest.FirstDifference(native.Stdout, o.Stdout) + tail
		}
		if w, g := vmtest.PanicText(native.Stderr), vmtest.PanicText(o.Stderr); w != g {
			return "stderr: " + vmtest.FirstDifference(w, g) + tail
		}
	}
	return ""
}

// asAnnounced checks that what the first line announces ("expect: …") comes.
func asAnnounced(out string) string {
	first, rest, _ := strings.Cut(out, "\n")
	want, ok := strings.CutPrefix(first, "expect: ")
	if !ok || !strings.Contains(rest, want) {
		return fmt.Sprintf("output does not contain what its first line says, %q", first)
	}
	return ""
}

// inOrder checks that lines that begin with calls of these functions come in this order.
func inOrder(fns ...string) func(string) string {
	return func(out string) string {
		for _, fn := range fns {
			at := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(fn) + `\(.*\n`).FindStringIndex(out)
			if at == nil {
				return "no call of " + fn + " in the traceback"
			}
			out = out[at[1]:]
		}
		return ""
	}
}

// ancestors checks the traceback of three goroutines, each made by the one before, with n of its ancestors.
func ancestors(n int) func(string) string {
	return func(out string) string {
		if m := regexp.MustCompile(`goroutine [0-9]+ \[`).FindAllString(out, -1); len(m) != 2 {
			return fmt.Sprintf("%d goroutines, want 2", len(m))
		}
		for _, fn := range []string{"main.recurseThenCallGo", "main.main", "main.printStack", "main.TracebackAncestors"} {
			if !strings.Contains(out, "\n"+fn+"(") {
				return "no call of " + fn
			}
		}
		if k := strings.Count(out, "originating from goroutine"); k != n {
			return fmt.Sprintf("%d ancestors, want %d", k, n)
		}
		_, of, _ := strings.Cut(out, "originating from goroutine") // the one goroutine that has any comes last; natively frames of others show their arguments
		if k := strings.Count(of, "main.recurseThenCallGo(...)"); k != n*3 {
			return fmt.Sprintf("%d calls in ancestors, want %d", k, n*3)
		}
		return ""
	}
}

// leaksFound checks the report of the flag checkfinalizers.
func leaksFound(out string) string {
	before, _, ok := strings.Cut(out, "detected possible issues with cleanups and/or finalizers")
	switch {
	case !ok:
		return "no report"
	case strings.Count(before, "is reachable from") != 2:
		return "want two that are reachable"
	case strings.Count(before, "is in a tiny block") != 1:
		return "want one in a tiny block"
	case strings.Count(before, "main.DetectFinalizerAndCleanupLeaks()") != 3:
		return "want three places"
	}
	return ""
}

// profiled checks that the output is a profile with a sample in a function.
func profiled(fn string) func(string) string {
	return func(out string) string {
		f, err := os.CreateTemp("", "profile")
		if err != nil {
			return err.Error()
		}
		defer os.Remove(f.Name())
		f.WriteString(out)
		f.Close()
		return pprofSays(f.Name(), fn)
	}
}

// pprofSays checks that a profile names a function.
func pprofSays(file, fn string, flags ...string) string {
	cmd := exec.Command("go", append(append([]string{"tool", "pprof", "-top"}, flags...), file)...)
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte(fn)) {
		return fmt.Sprintf("go tool pprof does not name %s: %v\n%s", fn, err, out)
	}
	return ""
}
