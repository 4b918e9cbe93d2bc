package terrarium

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/gc/concurrent"
	"github.com/terrarium-go/terrarium/internal/gc/marksweep"
	"github.com/terrarium-go/terrarium/internal/gc/nogc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/host"
	"github.com/terrarium-go/terrarium/internal/interp"
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
)

// Config says how to run a program and what it gets. The zero value grants
// nothing and limits nothing.
type Config struct {
	Memory    uint64 // bytes the program may make us use, guest memory and bookkeeping; 0: only the region's size (64 GiB) limits it
	Procs     int    // GOMAXPROCS; 0: as many as the host has
	Collector string // "concurrent" (or ""), "marksweep", "nogc"
	GCPercent int    // GOGC; 0: 100, negative: off
	SoftLimit int64  // GOMEMLIMIT, bytes; collections get frequent as the program comes close. 0: none
	MaxStack  uint64 // most bytes of one goroutine's stack; 0: 1 GB, as Go has it
	Steps     int64  // calls and loop iterations before the program is ended; 0: no limit

	// Deterministic makes runs repeatable: one P, preemption by count, every
	// random choice from Seed. VirtualTime, in deterministic runs, lets the clock
	// jump when all goroutines sleep.
	Deterministic bool
	VirtualTime   bool
	Seed          int64

	Args   []string // os.Args, the program's name first
	Env    []string // "name=value"; of two with one name the last counts
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Dirs   []Dir // folders the program may open
	Now    func() time.Time
	Random io.Reader // entropy; nil: the host's

	Debug string // debug flags, "name=value,…"

	// Heap asks for Result.Heap. Types of pointer-free objects are kept for it, which costs 4 bytes
	// for each.
	Heap bool

	// Sites, if not nil, makes the machine count every allocation for Result.Sites. It says of a function, by its name in
	// tracebacks, whether allocations are to be told apart by the place in it that made them or made the calls
	// that led to them. Counting costs time and memory for every object, and a program that reads its own
	// heap profile finds it empty.
	Sites func(function string) bool
}

// HeapReport says where the bytes of a program's heap are: objects, free slots, tails, rounding, idle pages,
// stacks, per size class and in all.
type HeapReport = heap.Report

// Dir is a granted folder.
type Dir = host.Dir

// End says how a program ended.
type End uint8

// The ends of programs.
const (
	Normal   End = iota // main returned, or os.Exit
	Panic               // unrecovered panic
	Fatal               // guest-fatal error: out of memory, stack overflow, concurrent map writes …
	Deadlock            // all goroutines are asleep
	Killed              // cancelled, or out of steps
)

var endNames = [...]string{"normal", "panic", "fatal", "deadlock", "killed"}

// String is the end's name.
func (e End) String() string {
	if int(e) < len(endNames) {
		return endNames[e]
	}
	return fmt.Sprintf("end %d", uint8(e))
}

// Result is how a program ended.
type Result struct {
	ExitCode int // as a process would exit with
	End      End
	Text     string // of a fatal error
	Stats    Stats
	Heap     *HeapReport // at the end; nil unless Config.Heap asks for it

	// Sites is what was allocated where, if Config.Sites asked for it, in no particular order. Lost is the number
	// of objects that no site could be found for.
	Sites []Site
	Lost  uint64
}

// Site is what was allocated at one place of a program. Bytes are those of the heap's slots.
type Site struct {
	Stack          []Frame // innermost first, out to a function that Config.Sites accepts and the one whose frame that shares
	Objects, Bytes uint64
	Freed          uint64 // objects found dead, by the end of the program if it ended by itself
	Young          uint64 // objects that did not live until the first collection after they were made
	YoungBytes     uint64
}

// Frame is one call of a stack, calls that were inlined included.
type Frame struct {
	Func string // as in tracebacks
	File string
	Line int
	Col  int // if the program was compiled with Options.Columns and the call, if it is one, was not inlined; else 0

	Inlined bool // it shares the frame of the next one
}

// Stats are figures about one run. Memory is in bytes.
type Stats struct {
	Collections uint32
	PauseTotal  time.Duration
	Used        uint64 // on the account at the end
	Peak        uint64 // most that was ever on the account
	Mallocs     uint64 // objects allocated
	Frees       uint64
	TotalAlloc  uint64 // bytes of objects ever allocated
	HeapLive    uint64
	Breakdown   string // of Used, by kind
	Classes     []ClassStats
	StackInuse  uint64
	MaxPause    time.Duration // of the recent 256

	Executed *bytecode.Counts // executed instructions, with the debug flag pairs; else nil
}

// ClassStats is the traffic of one size class of the heap; Size 0 stands for large objects, by pages.
type ClassStats struct {
	Size          uint64 // bytes of a slot
	Allocs, Frees uint64 // objects
}

// VM is a running program.
type VM struct {
	space   *mem.Space
	heap    *heap.Heap
	sched   *sched.Sched
	gc      gc.Collector
	host    *host.VM
	done    chan struct{}
	once    sync.Once
	ctx     context.Context
	result  Result
	err     error
	missing []string
	machine *interp.Machine
	report  bool
}

// HeapReport measures the heap of the running program, which is stopped meanwhile. Objects that have died since
// the last collection count as objects.
func (v *VM) HeapReport() *HeapReport {
	if v.sched == nil {
		return &HeapReport{}
	}
	v.sched.StopTheWorld(nil)
	defer v.sched.StartTheWorld(nil)
	return v.heapReport()
}

// heapReport is HeapReport with the world stopped.
func (v *VM) heapReport() *HeapReport {
	v.heap.FlushAll()
	v.heap.SweepAll()
	r := v.heap.Report()
	s := &r.Stacks
	s.Goroutines, s.Size, s.Used, s.Control = v.sched.Stacks()
	return &r
}

// Run runs the program to its end. A cancelled context ends it; then the error is the
// context's.
func (p *Program) Run(ctx context.Context, cfg Config) (Result, error) {
	v, err := p.Start(ctx, cfg)
	if err != nil {
		return Result{}, err
	}
	return v.Wait()
}

func bug(doing string, r any) error {
	if s := fmt.Sprint(r); strings.HasPrefix(s, "BUG: ") {
		return fmt.Errorf("BUG: %s: %s", doing, s[5:])
	}
	buf := make([]byte, 4096)
	return fmt.Errorf("BUG: %s: %v\n%s", doing, r, buf[:runtime.Stack(buf, false)])
}

// lastOfEach takes away the entries of an environment that a later one of the same name replaces.
func lastOfEach(env []string) []string {
	last := map[string]int{}
	for i, kv := range env {
		name, _, _ := strings.Cut(kv, "=")
		last[name] = i
	}
	var out []string
	for i, kv := range env {
		if name, _, _ := strings.Cut(kv, "="); last[name] == i {
			out = append(out, kv)
		}
	}
	return out
}

// godebug takes the traces that the program's own environment asks for.
func godebug(f *debug.Flags, env []string) {
	for _, kv := range lastOfEach(env) {
		list, ok := strings.CutPrefix(kv, "GODEBUG=")
		if !ok {
			continue
		}
		for _, s := range strings.Split(list, ",") {
			name, value, _ := strings.Cut(s, "=")
			n, err := strconv.Atoi(value)
			if err != nil {
				continue
			}
			switch name {
			case "gctrace":
				f.GCTrace = max(f.GCTrace, n)
			case "scavtrace":
				f.ScavTrace = max(f.ScavTrace, n)
			case "gcpacertrace":
				f.PacerTrace = max(f.PacerTrace, n)
			case "checkfinalizers":
				f.CheckFinalizers = max(f.CheckFinalizers, n)
			case "tracebackancestors":
				f.Ancestors = max(f.Ancestors, n)
			case "tracebacklabels":
				f.TracebackLabels = f.TracebackLabels || n == 1
			}
		}
	}
}

func missing(p *bytecode.Program) (out []string) {
	for _, s := range p.Natives {
		if _, ok := host.Lookup(s); !ok {
			out = append(out, s)
		}
	}
	return out
}

// Start starts the program. Wait must be called to free what it uses.
func (p *Program) Start(ctx context.Context, cfg Config) (v *VM, err error) {
	defer func() {
		if r := recover(); r != nil {
			v, err = nil, bug("starting the program", r)
		}
	}()
	if err := p.verify(); err != nil {
		return nil, err
	}
	var flags debug.Flags
	if err := flags.Parse(cfg.Debug); err != nil {
		return nil, err
	}
	if cfg.Seed != 0 {
		flags.Seed = cfg.Seed
	}
	switch {
	case cfg.Procs < 0 || cfg.Procs > sched.MaxProcs:
		return nil, fmt.Errorf("Procs is %d, want 0 to %d", cfg.Procs, sched.MaxProcs)
	case cfg.VirtualTime && !cfg.Deterministic:
		return nil, errors.New("VirtualTime needs Deterministic")
	case cfg.SoftLimit < 0:
		return nil, fmt.Errorf("SoftLimit is %d", cfg.SoftLimit)
	case cfg.Steps < 0:
		return nil, fmt.Errorf("Steps is %d", cfg.Steps)
	case cfg.Procs == 0:
		cfg.Procs = runtime.GOMAXPROCS(0)
	}
	godebug(&flags, cfg.Env)
	collectors := map[string]func(*heap.Heap, gc.World, gc.Config) gc.Collector{"": concurrent.New, "concurrent": concurrent.New, "marksweep": marksweep.New, "nogc": nogc.New}
	collector := collectors[cfg.Collector]
	if collector == nil {
		return nil, fmt.Errorf("unknown collector %q; known: concurrent, marksweep, nogc", cfg.Collector)
	}

	space, err := mem.New(cfg.Memory)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			space.Close()
		}
	}()
	defer func() {
		if errors.Is(err, mem.ErrLimit) {
			v, err = refused(&cfg, space, err), nil
			space.Close()
		}
	}()
	if err := interp.LoadImage(space, p.code); err != nil {
		return nil, err
	}
	h, err := heap.New(space, heap.Config{Flags: flags, Trace: cfg.Stderr, KeepTypes: cfg.Heap})
	if err != nil {
		return nil, err
	}
	if first, ok := h.RegisterTypes(p.code.Types[1:]); !ok || first != 1 {
		return nil, fmt.Errorf("%w: types of the program", mem.ErrLimit)
	}
	m, err := interp.New(p.code, space, h, interp.Config{Flags: flags, Deterministic: cfg.Deterministic, Steps: cfg.Steps})
	if err != nil {
		return nil, err
	}
	state := &host.State{}
	cycleDone := func() {}
	s := sched.New(sched.Config{
		Procs: cfg.Procs, Seed: flags.Seed, Deterministic: cfg.Deterministic, VirtualTime: cfg.VirtualTime,
		Space: space, Heap: h, Prog: p.code, Code: m.Code(), Runner: m, Report: m.Report,
		Roots:     func(g gc.Marker) { state.Roots(g.Pointer) },
		CycleDone: func(*gc.Cycle) { cycleDone() },
	})
	if cfg.MaxStack > 0 {
		s.SetMaxStack(cfg.MaxStack)
	}
	gcCfg := gc.Default
	switch {
	case cfg.GCPercent < 0:
		gcCfg.Percent = -1
	case cfg.GCPercent > 0:
		gcCfg.Percent = cfg.GCPercent
	}
	if cfg.SoftLimit > 0 {
		gcCfg.MemoryLimit = cfg.SoftLimit
	}
	if flags.GCTrace > 0 || flags.PacerTrace > 0 {
		gcCfg.Trace = cfg.Stderr
	}
	c := collector(h, s.World(), gcCfg)
	s.SetCollector(c)
	vm := &host.VM{
		Space: space, Heap: h, GC: c, Sched: s, Prog: p.code, Flags: flags, State: state,
		Sys: &host.Sys{Args: cfg.Args, Env: lastOfEach(cfg.Env), Stdin: cfg.Stdin, Stdout: cfg.Stdout, Stderr: cfg.Stderr,
			Dirs: cfg.Dirs, Now: cfg.Now, Random: cfg.Random},
	}
	m.Bind(vm)
	if flags.CheckFinalizers > 0 {
		cycleDone = func() {
			if report := vm.CheckFinalizers(); report != "" {
				s.Fail(sched.Exit{Text: "detected possible issues with cleanups and/or finalizers", Before: report})
			}
		}
	}
	if cfg.Sites != nil {
		vm.CountSites(cfg.Sites)
	} else {
		vm.StartProfile()
	}
	if !cfg.Deterministic { // which collects and gives back at the same moments in every run
		h.StartScavenger()
	}
	if err := s.Start("runtime.main"); err != nil {
		h.StopScavenger()
		c.Close()
		return nil, err
	}
	v = &VM{space: space, heap: h, sched: s, gc: c, host: vm, ctx: ctx, done: make(chan struct{}), missing: m.Missing(), machine: m, report: cfg.Heap}
	go v.watch()
	return v, nil
}

// refused is a program for which the limit leaves no room: it is out of memory before its first instruction.
func refused(cfg *Config, space *mem.Space, why error) *VM {
	if cfg.Stderr != nil {
		fmt.Fprintf(cfg.Stderr, "runtime: %v: %s\nfatal error: %v\n", why, space.Breakdown(), mem.ErrLimit)
	}
	v := &VM{result: Result{ExitCode: 2, End: Fatal, Text: mem.ErrLimit.Error(), Stats: Stats{Used: space.Used(), Peak: space.Peak(), Breakdown: space.Breakdown()}}}
	if cfg.Heap {
		v.result.Heap = &HeapReport{}
	}
	v.once.Do(func() {}) // there is nothing to wait for
	return v
}

// watch ends the program when its context does.
func (v *VM) watch() {
	select {
	case <-v.ctx.Done():
		v.Kill()
	case <-v.done:
	}
}

// Kill ends the program at the next safepoint of each of its goroutines.
func (v *VM) Kill() {
	if v.sched != nil {
		v.sched.Exit(sched.Exit{Code: 2, Reason: sched.ExitKilled, Text: "killed"})
	}
}

// Wait waits for the program's end, frees its memory, and says how it ended. It may be called again.
func (v *VM) Wait() (Result, error) {
	v.once.Do(func() {
		e := v.sched.Wait()
		close(v.done)
		st, hs := v.gc.Stats(), v.heap.Stats()
		v.result = Result{ExitCode: e.Code, End: End(e.Reason), Text: e.Text, Stats: Stats{
			Collections: st.Cycles, PauseTotal: st.PauseTotal, Used: v.space.Used(), Peak: v.space.Peak(),
			Mallocs: hs.Mallocs, Frees: hs.Frees, TotalAlloc: hs.TotalAlloc, HeapLive: hs.HeapAlloc, Breakdown: v.space.Breakdown(), StackInuse: hs.StackInuse,
			Executed: v.machine.Executed(),
		}}
		for i := range hs.Classes {
			if c := &hs.Classes[i]; c.Allocs > 0 {
				v.result.Stats.Classes = append(v.result.Stats.Classes, ClassStats{c.Size, c.Allocs, c.Frees})
			}
		}
		for _, p := range st.Pauses {
			v.result.Stats.MaxPause = max(v.result.Stats.MaxPause, p)
		}
		list, lost := v.host.Sites()
		for _, s := range list {
			site := Site{Objects: s.Objects, Bytes: s.Bytes, Freed: s.Freed, Young: s.Young, YoungBytes: s.YoungBytes}
			for _, f := range s.Stack {
				site.Stack = append(site.Stack, Frame{f.Func, f.File, f.Line, f.Col, f.Inlined})
			}
			v.result.Sites = append(v.result.Sites, site)
		}
		v.result.Lost = lost
		switch {
		case e.Reason == sched.ExitKilled && v.ctx.Err() != nil:
			v.err = context.Cause(v.ctx)
		case strings.HasPrefix(e.Text, "BUG: "):
			v.err = errors.New(e.Text)
		}
		v.gc.Close()
		v.heap.StopScavenger()
		if v.report {
			v.result.Heap = v.heapReport()
		}
		v.host.Close()
		v.space.Close()
	})
	return v.result, v.err
}
