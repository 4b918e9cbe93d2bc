package vmtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/terrarium-go/terrarium"
)

// Job is one program and the ways to run it.
type Job struct {
	ID      int
	Files   []string      // what to compile: Go files of one folder, or a folder
	Dir     string        // folder that Files are relative to, and the program's working directory
	Args    []string      // arguments behind the program's name
	Env     []string      // added to the environment
	Stdin   string        // the program's standard input
	Modes   []Mode        // each makes one Outcome
	Timeout time.Duration // for each mode; compiling has the same again
	Memory  uint64        // bytes; 0: no limit
	Merge   bool          // standard error goes into Stdout, in order
	NoEnv   bool          // an empty environment, no folders
	Keep    bool          // the next job of the same worker may be the same program: it is not compiled again
	Prints  bool          // the program prints the program that is meant, which is run in Modes
	Heap    bool          // what does not escape lives on the heap too
}

// Mode is a way to run a program.
type Mode struct {
	Name      string
	Collector string
	Procs     int
	GCPercent int
	Debug     string // debug flags
	Seed      int64
	MaxStack  uint64 // bytes; 0: Go's own limit
	Single    bool   // deterministic
}

// Outcome is what came of running a program in one mode. Job and Mode say which.
type Outcome struct {
	Job      int
	Mode     string
	Stdout   string
	Stderr   string
	ExitCode int
	End      string // normal, panic, fatal, deadlock, killed; compile: it did not compile
	Err      string // misuse, our own bug, time over, or a crash of the host process
	Compile  time.Duration
	Run      time.Duration
	Peak     uint64 // bytes on the machine's account
	Live     uint64 // bytes of the heap's live objects at the end
	Cycles   uint32 // collections
}

// OutputLimit is the number of bytes kept of each stream; what is written behind is
// dropped, and says so.
const OutputLimit = 8 << 20

// output is a stream of the program. It keeps OutputLimit bytes.
type output struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	over int64 // bytes dropped
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := min(len(b), OutputLimit-o.buf.Len())
	o.buf.Write(b[:n])
	o.over += int64(len(b) - n)
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over > 0 {
		return o.buf.String() + fmt.Sprintf("\n[%d bytes dropped]\n", o.over)
	}
	return o.buf.String()
}

// crashMode is the name of a mode that crashes the process, for the pool's own test.
const crashMode = "crash this process"

// errTime is the cause of a run's end by its time limit.
var errTime = errors.New("time over")

// Execute compiles the job's program once, runs it in each of its modes, and
// calls done with each outcome. A program that does not compile has one outcome,
// of the first mode.
func Execute(j *Job, done func(Outcome)) { execute(j, compile, done) }

func execute(j *Job, compile func(*Job) (*terrarium.Program, error), done func(Outcome)) {
	first := ""
	if len(j.Modes) > 0 {
		first = j.Modes[0].Name
	}
	start := time.Now()
	p, err := compile(j)
	if err == nil && j.Prints {
		o := runMode(p, j, Mode{Procs: 2})
		if o.Err != "" || o.ExitCode != 0 {
			o.Mode = first
			done(o)
			return
		}
		dir, derr := os.MkdirTemp("", "judge")
		if derr != nil {
			done(Outcome{Job: j.ID, Mode: first, Err: derr.Error()})
			return
		}
		defer os.RemoveAll(dir)
		file := filepath.Join(dir, "printed.go")
		printed := *j
		printed.Files, printed.Args = []string{file}, nil
		if err = os.WriteFile(file, []byte(o.Stdout), 0o666); err == nil {
			p, err = compile(&printed)
		}
		j = &printed
	}
	took := time.Since(start)
	if err != nil {
		done(Outcome{Job: j.ID, Mode: first, End: "compile", Err: err.Error(), ExitCode: 1, Compile: took})
		return
	}
	for i, m := range j.Modes {
		if m.Name == crashMode {
			panic("asked to crash")
		}
		o := runMode(p, j, m)
		if i == 0 {
			o.Compile = took
		}
		done(o)
	}
}

func compile(j *Job) (*terrarium.Program, error) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), j.Timeout, errTime)
	defer cancel()
	p, err := terrarium.Compile(ctx, terrarium.Options{Args: j.Files, Dir: j.Dir, NoEscape: j.Heap})
	if err != nil {
		return nil, err
	}
	return p, p.Verify()
}

func runMode(p *terrarium.Program, j *Job, m Mode) Outcome {
	var stdout, stderr output
	name := "program"
	if len(j.Files) > 0 {
		name = strings.TrimSuffix(j.Files[0][strings.LastIndexByte(j.Files[0], '/')+1:], ".go")
	}
	cfg := terrarium.Config{
		Memory: j.Memory, Procs: m.Procs, Collector: m.Collector, GCPercent: m.GCPercent, Debug: m.Debug,
		MaxStack: m.MaxStack, Seed: m.Seed, Deterministic: m.Single,
		Args: append([]string{name}, j.Args...), Stdin: strings.NewReader(j.Stdin),
		Stdout: &stdout, Stderr: &stderr,
	}
	if j.Merge {
		cfg.Stderr = &stdout
	}
	if !j.NoEnv {
		cfg.Env = append(append(os.Environ(), "PWD="+j.Dir), j.Env...)
		cfg.Dirs = []terrarium.Dir{{Guest: "/", Host: "/"}}
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), j.Timeout, errTime)
	defer cancel()
	start := time.Now()
	res, err := p.Run(ctx, cfg)
	o := Outcome{
		Job: j.ID, Mode: m.Name, Run: time.Since(start), Stdout: stdout.String(), Stderr: stderr.String(),
		ExitCode: res.ExitCode, End: res.End.String(), Peak: res.Stats.Peak, Live: res.Stats.HeapLive, Cycles: res.Stats.Collections,
	}
	switch {
	case errors.Is(err, errTime):
		o.Err = fmt.Sprintf("time over after %v", j.Timeout)
	case err != nil:
		o.Err = err.Error()
	}
	return o
}

var _ io.Writer = (*output)(nil)
