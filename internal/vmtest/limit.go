package vmtest

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium"
)

// The programs of testdata/limit ask for more than they get. Each is compiled to an image
// here and run in a process of its own, so that the compiler's memory is not
// in the way; the process then runs a second, innocent program. Judged are
//
//	the end        exit code 2 and a "fatal error: " text, unless the program says //judge:ends
//	the account    the machine's own peak is at most the limit
//	the process    its largest resident set is at most that of the innocent program
//	               alone + the limit + LimitSlack
//	the host       the second program runs and ends well

// LimitSlack is what the host's own garbage may add to a process, in bytes.
const LimitSlack = 24 << 20

// LimitReport is what came of one of these programs.
type LimitReport struct {
	First, Second Outcome
	RSS           uint64 // bytes, largest resident set of the process; 0: unknown
}

const innocent = `package main

func main() {
	s := 0
	for i := range 1000 {
		b := make([]int, i)
		s += len(append(b, i))
	}
	println("fine", s)
}
`

// Limits runs limit programs.
type Limits struct {
	Verb   []string // arguments that make this executable call ServeLimit
	Memory uint64   // bytes

	dir      string
	innocent string // image
	base     uint64 // resident set of the innocent program alone
}

// Start compiles the innocent program and measures it. End removes what it made.
func (l *Limits) Start(ctx context.Context) (err error) {
	if l.dir, err = os.MkdirTemp("", "limits"); err != nil {
		return err
	}
	src := filepath.Join(l.dir, "innocent.go")
	if err := os.WriteFile(src, []byte(innocent), 0o666); err != nil {
		return err
	}
	if l.innocent, err = l.image(ctx, src, "innocent"); err != nil {
		return err
	}
	r, err := l.process(ctx, l.innocent, time.Minute)
	if err == nil && (r.First.Err != "" || r.First.ExitCode != 0) {
		err = fmt.Errorf("the innocent program: exit code %d, %s", r.First.ExitCode, r.First.Err)
	}
	l.base = r.RSS
	return err
}

// End removes the images.
func (l *Limits) End() { os.RemoveAll(l.dir) }

// Base is the largest resident set of a process that runs only the innocent program, in bytes.
func (l *Limits) Base() uint64 { return l.base }

func (l *Limits) image(ctx context.Context, src, name string) (string, error) {
	p, err := terrarium.Compile(ctx, terrarium.Options{Args: []string{src}})
	if err != nil {
		return "", err
	}
	file := filepath.Join(l.dir, name+".image")
	f, err := os.Create(file)
	if err != nil {
		return "", err
	}
	return file, errors.Join(p.WriteImage(f), f.Close())
}

// Run runs one program and judges it; text "" is a pass.
func (l *Limits) Run(ctx context.Context, p *Program) (r LimitReport, text string) {
	image, err := l.image(ctx, p.Path, p.Name)
	if err != nil {
		return r, err.Error()
	}
	defer os.Remove(image)
	if r, err = l.process(ctx, image, p.Timeout); err != nil {
		return r, err.Error()
	}
	var wrong []string
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	o := &r.First
	switch {
	case o.Err != "":
		add("%s", o.Err)
	case p.Ends && o.ExitCode != 0:
		add("exit code %d, want 0", o.ExitCode)
	case !p.Ends && (o.ExitCode != 2 || !strings.Contains("\n"+o.Stderr, "\nfatal error: ")):
		add("exit code %d and no \"fatal error: \", or not both", o.ExitCode)
	}
	if o.Peak > l.Memory {
		add("account: %d bytes, limit %d", o.Peak, l.Memory)
	}
	if r.RSS > 0 && r.RSS > l.base+l.Memory+LimitSlack {
		add("resident set: %d MiB, base %d, limit %d, slack %d", r.RSS>>20, l.base>>20, l.Memory>>20, LimitSlack>>20)
	}
	if s := &r.Second; s.Err != "" || s.ExitCode != 0 || !strings.HasPrefix(s.Stderr, "fine ") {
		add("next program in the same process: exit code %d, %s %s", s.ExitCode, s.Err, s.Stderr)
	}
	if len(wrong) == 0 {
		return r, ""
	}
	return r, strings.Join(wrong, "\n") + "\n" + clip(o.Stderr)
}

// process runs an image, then the innocent program, in a process of their own.
func (l *Limits) process(ctx context.Context, image string, timeout time.Duration) (r LimitReport, err error) {
	exe, err := os.Executable()
	if err != nil {
		return r, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout+20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, append(l.Verb, image, l.innocent, fmt.Sprint(l.Memory), timeout.String())...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	rerr := cmd.Run()
	derr := gob.NewDecoder(&stdout).Decode(&r)
	if rerr != nil || derr != nil {
		return r, fmt.Errorf("BUG: crash: %s: %w\n%s", crashLine(stderr.String()), errors.Join(rerr, derr), stderr.Bytes())
	}
	return r, nil
}

// ServeLimit is the life of such a process. Its arguments are those that Limits gives.
func ServeLimit(out io.Writer, args []string) error {
	var memory uint64
	var timeout time.Duration
	if len(args) != 4 {
		return fmt.Errorf("%d arguments, want image, image, memory, timeout", len(args))
	}
	_, err1 := fmt.Sscan(args[2], &memory)
	timeout, err2 := time.ParseDuration(args[3])
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	var r LimitReport
	for i, o := range []*Outcome{&r.First, &r.Second} {
		f, err := os.Open(args[i])
		if err != nil {
			return err
		}
		p, err := terrarium.ReadImage(f, 0)
		f.Close()
		if err != nil {
			return err
		}
		*o = runMode(p, &Job{Timeout: timeout, Memory: memory, NoEnv: true}, Mode{Name: "limit", Procs: 2})
		o.Stdout, o.Stderr = lastBytes(o.Stdout, 1<<16), firstBytes(o.Stderr, 1<<16)
	}
	r.RSS = peakRSS()
	return gob.NewEncoder(out).Encode(&r)
}

// peakRSS is the largest resident set that this process has had, in bytes; 0 where the
// system does not tell. (The figure that a parent gets of its child counts
// the parent's own memory, which the child had between fork and exec.)
func peakRSS() uint64 {
	b, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(b)) {
		var kib uint64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}

func firstBytes(s string, n int) string { return s[:min(n, len(s))] }
func lastBytes(s string, n int) string  { return s[max(0, len(s)-n):] }
