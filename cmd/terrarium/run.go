package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	debugruntime "runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/terrarium-go/terrarium"
	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/huge"
	"github.com/terrarium-go/terrarium/internal/load"
)

// machineFlags are the flags that say how a program runs.
type machineFlags struct {
	memory  size
	procs   int
	seed    int64
	gc      string
	gogc    int
	stack   size
	steps   int64
	debug   string
	sealed  bool
	dirs    dirs
	stats   bool
	heap    reportFlag
	build   buildFlags
	verbose bool
	escape  onOff
	inline  onOff
}

func (m *machineFlags) register(fs *flag.FlagSet) {
	fs.Var(&m.memory, "memory", "hard limit of all memory the program can use, as `bytes` with an optional unit: 64MiB, 1GiB (default: no limit)")
	fs.IntVar(&m.procs, "procs", 0, "processors that run goroutines in parallel (default: GOMAXPROCS, or all)")
	fs.Int64Var(&m.seed, "seed", 0, "make every random choice of the machine from this `number`; with -procs 1 runs repeat exactly")
	fs.StringVar(&m.gc, "gc", "concurrent", "garbage collector: concurrent, marksweep, nogc")
	fs.IntVar(&m.gogc, "gogc", gogcDefault(), "heap growth in percent between collections, -1: off")
	fs.Var(&m.stack, "maxstack", "most `bytes` of one goroutine's stack (default 1GB)")
	fs.Int64Var(&m.steps, "steps", 0, "end the program after this `number` of calls and loop rounds (default: no limit)")
	fs.BoolVar(&m.sealed, "sealed", false, "grant only arguments and the standard streams: no files, no environment")
	fs.Var(&m.dirs, "dir", "grant a directory, as `guest=host` or host; may be repeated; with it only the named ones are granted")
	fs.BoolVar(&m.stats, "stats", false, "print a summary of memory at exit")
	fs.Var(&m.heap, "heap", "print at exit where the bytes of the heap are: objects, free slots, tails, rounding, idle pages, stacks, by size class; -heap=json as JSON")
	m.registerCompile(fs)
	fs.BoolVar(&m.verbose, "v", false, "say what is being done")
	var names []string
	for _, f := range debug.Table {
		names = append(names, f.Name)
	}
	fs.StringVar(&m.debug, "debug", "", "comma-separated debug `flags` name=value: "+strings.Join(names, " "))
}

// reportFlag is -heap: nothing, "text" or "json".
type reportFlag string

func (r *reportFlag) String() string   { return string(*r) }
func (r *reportFlag) IsBoolFlag() bool { return true }
func (r *reportFlag) Set(s string) error {
	switch s {
	case "true", "text":
		*r = "text"
	case "false", "":
		*r = ""
	case "json":
		*r = "json"
	default:
		return fmt.Errorf("%q is no form of the report; there are text and json", s)
	}
	return nil
}

func (r reportFlag) write(w io.Writer, h *terrarium.HeapReport) {
	if r == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "\t")
		e.Encode(h)
		return
	}
	fmt.Fprintln(w)
	h.Write(w)
}

// registerCompile adds the flags that change what is compiled.
func (m *machineFlags) registerCompile(fs *flag.FlagSet) {
	m.escape, m.inline = true, true
	m.build.register(fs)
	fs.Var(&m.escape, "escape", "`on`: objects that do not escape live in frames; off: on the heap, like everything whose address is taken")
	fs.Var(&m.inline, "inline", "`on`: calls are replaced by bodies within the real compiler's budget; off: every call stays")
}

// onOff is a switch with the values on and off.
type onOff bool

// Set reads a switch.
func (o *onOff) Set(text string) error {
	if text != "on" && text != "off" {
		return fmt.Errorf("want on or off, got %q", text)
	}
	*o = text == "on"
	return nil
}

// String is the switch's value.
func (o *onOff) String() string {
	if o != nil && *o {
		return "on"
	}
	return "off"
}

func gogcDefault() int {
	switch v := os.Getenv("GOGC"); v {
	case "":
		return 100
	case "off":
		return -1
	default:
		if n, err := strconv.Atoi(v); err == nil {
			return n
		}
		return 100
	}
}

// config makes the machine's configuration: like go run, unless sealed or with -dir.
func (m *machineFlags) config(args []string, stdout io.Writer) terrarium.Config {
	cfg := terrarium.Config{
		Memory: uint64(m.memory), Procs: m.procs, Seed: m.seed, Collector: m.gc, GCPercent: m.gogc,
		MaxStack: uint64(m.stack), Steps: m.steps, Debug: m.debug, Heap: m.heap != "",
		Deterministic: m.procs == 1 && m.seed != 0,
		Args:          args, Stdin: os.Stdin, Stdout: stdout, Stderr: os.Stderr,
	}
	if v := os.Getenv("GOMEMLIMIT"); v != "" && v != "off" && !m.sealed {
		var n size
		if n.Set(v) == nil {
			cfg.SoftLimit = int64(n)
		}
	}
	if m.gogc == 0 {
		cfg.GCPercent = 1
	}
	if cfg.Procs == 0 {
		if n, err := strconv.Atoi(os.Getenv("GOMAXPROCS")); err == nil && n > 0 {
			cfg.Procs = n
		}
	}
	if !m.sealed {
		cfg.Env = os.Environ()
		if len(m.dirs) == 0 {
			cfg.Dirs = []terrarium.Dir{{Guest: "/", Host: "/"}}
			if wd, err := os.Getwd(); err == nil {
				cfg.Env = append(cfg.Env, "PWD="+wd)
			}
		}
	}
	cfg.Dirs = append(cfg.Dirs, m.dirs...)
	return cfg
}

// options are those of compiling what names say.
func (m *machineFlags) options(names []string) terrarium.Options {
	return terrarium.Options{Args: names, NoEscape: !bool(m.escape), NoInline: !bool(m.inline), Tags: m.build.tagList(), Env: m.build.env()}
}

// progress names the phase on standard error when compiling takes longer than two seconds, if that is a terminal.
func (m *machineFlags) progress() (report func(string), stop func()) {
	terminal := false
	if fi, err := os.Stderr.Stat(); err == nil {
		terminal = fi.Mode()&os.ModeCharDevice != 0
	}
	var mu sync.Mutex
	phase, start := "start", time.Now()
	var room sync.Once
	done := make(chan struct{})
	go func() {
		select {
		case <-done:
		case <-time.After(2 * time.Second):
			mu.Lock()
			if terminal {
				fmt.Fprintf(os.Stderr, "terrarium: compiling (%s) …\n", phase)
			}
			mu.Unlock()
		}
	}()
	report = func(p string) {
		mu.Lock()
		defer mu.Unlock()
		if m.verbose {
			fmt.Fprintf(os.Stderr, "terrarium: %6d ms  %s\n", time.Since(start).Milliseconds(), p)
		}
		phase = p
		if p == "find" { // it was not in the cache
			room.Do(func() { huge.Reserve(compileRoom) })
		}
	}
	return report, sync.OnceFunc(func() { close(done) })
}

// compileGC is the host's GOGC while a program is read or compiled: most of what that allocates is kept.
const compileGC = 400

// compileRoom is how much of the host's heap, in bytes, has huge pages when a program is compiled: more than
// most compilations need.
const compileRoom = 1 << 30

func runRun(c *command, args []string) int {
	var m machineFlags
	fs := c.flags()
	m.register(fs)
	noCache := fs.Bool("no-cache", false, "compile anew and do not keep the compiled program")
	if code, done := parse(fs, args); done {
		return code
	}
	if fs.NArg() == 0 {
		fs.Usage()
		return 2
	}
	names, rest := load.SplitArgs(fs.Args())
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	seldom := debugruntime.SetGCPercent(compileGC)
	report, stop := m.progress()
	opts := m.options(names)
	opts.Progress, opts.Cache = report, cacheDir(*noCache)
	p, err := openProgram(ctx, opts)
	if err == nil {
		report("verify")
		err = p.Verify()
	}
	stop()
	if err != nil {
		return notBuilt(err)
	}
	if m.verbose {
		for _, s := range p.Missing() {
			fmt.Fprintf(os.Stderr, "terrarium: host function %s is missing; calling it ends the program\n", s)
		}
	}
	report("run")
	debugruntime.SetGCPercent(seldom)
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	flush := &flusher{w: out}
	cfg := m.config(append([]string{programName(names)}, rest...), flush)
	cfg.Stderr = &ordered{flush: flush, w: os.Stderr}
	stopFlush := flush.every(20 * time.Millisecond)
	res, err := p.Run(ctx, cfg)
	stopFlush()
	flush.Flush()
	if m.stats {
		printStats(os.Stderr, res)
	}
	if res.Heap != nil {
		m.heap.write(os.Stderr, res.Heap)
	}
	if res.Stats.Executed != nil {
		res.Stats.Executed.Write(os.Stderr, 40)
	}
	if err != nil {
		if ctx.Err() != nil {
			return 130
		}
		return fail(2, err)
	}
	if res.End == terrarium.Killed {
		fmt.Fprintf(os.Stderr, "terrarium: program ended: %s\n", res.Text)
	}
	return res.ExitCode
}

// programName is os.Args[0]: where go run would have put the binary is of no use to anybody.
func programName(names []string) string {
	base := filepath.Base(names[0])
	if base == "." || base == ".." {
		if abs, err := filepath.Abs(names[0]); err == nil {
			base = filepath.Base(abs)
		}
	}
	return strings.TrimSuffix(strings.TrimSuffix(base, ".go"), imageSuffix)
}

// flusher gathers small writes to standard output and passes them on soon.
type flusher struct {
	mu sync.Mutex
	w  *bufio.Writer
}

func (f *flusher) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.w.Write(b)
}

// Stat tells the program what its standard output is.
func (f *flusher) Stat() (fs.FileInfo, error) { return os.Stdout.Stat() }

func (f *flusher) Flush() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.w.Flush()
}

func (f *flusher) every(d time.Duration) (stop func()) {
	t := time.NewTicker(d)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-t.C:
				f.Flush()
			case <-done:
				return
			}
		}
	}()
	return func() { t.Stop(); close(done) }
}

// ordered writes to standard error after what was written to standard output before.
type ordered struct {
	flush *flusher
	w     io.Writer
}

func (o *ordered) Write(b []byte) (int, error) {
	o.flush.Flush()
	return o.w.Write(b)
}

// Stat tells the program what its standard error is.
func (o *ordered) Stat() (fs.FileInfo, error) { return os.Stderr.Stat() }

func printStats(w io.Writer, r terrarium.Result) {
	s := &r.Stats
	fmt.Fprintf(w, "\nmemory: %s at the end, %s at the most\n", size(s.Used).text(), size(s.Peak).text())
	fmt.Fprintf(w, "  by kind      %s\n", s.Breakdown)
	fmt.Fprintf(w, "heap:   %s live; %d objects of %s allocated, %d freed\n", size(s.HeapLive).text(), s.Mallocs, size(s.TotalAlloc).text(), s.Frees)
	fmt.Fprintf(w, "stacks: %s\n", size(s.StackInuse).text())
	fmt.Fprintf(w, "gc:     %d collections, %v stopped in all, %v at the most\n", s.Collections, s.PauseTotal.Round(time.Microsecond), s.MaxPause.Round(time.Microsecond))
	fmt.Fprintf(w, "allocations by size class:\n  %9s %12s %12s %12s\n", "bytes", "allocated", "freed", "live bytes")
	for _, c := range s.Classes {
		name := fmt.Sprint(c.Size)
		if c.Size == 0 {
			fmt.Fprintf(w, "  %9s %12d %12d %12s\n", "large", c.Allocs, c.Frees, "")
			continue
		}
		fmt.Fprintf(w, "  %9s %12d %12d %12d\n", name, c.Allocs, c.Frees, (c.Allocs-c.Frees)*c.Size)
	}
}
