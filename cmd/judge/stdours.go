package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium"
)

// ours runs the tests here: the names of all tests, the verdicts of those that ran, the processor time, and
// what kept the package from running whole.
func (r *stdRun) ours(ctx context.Context, path string) (names []string, res map[string]verdictOf, took time.Duration, fatal string) {
	res = map[string]verdictOf{}
	var skip []string
	for range 10 {
		if r.timeout-took < time.Second {
			return names, res, took, fmt.Sprintf("time over after %v of processor time", r.timeout)
		}
		var args []string
		if r.run != "" {
			args = append(args, "-test.run="+r.run)
		}
		if len(skip) > 0 {
			args = append(args, "-test.skip=^("+strings.Join(skip, "|")+")$")
		}
		p := r.process(ctx, path, args, r.timeout-took)
		took += p.took
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
			return names, res, took, ""
		}
		for _, name := range p.open { // what was running when the process ended
			if _, ok := res[name]; !ok {
				res[name], done = verdictOf{Verdict: "fail", Text: p.end}, done+1
				skip = append(skip, regexp.QuoteMeta(name))
			}
		}
		if done == 0 {
			return names, res, took, p.end
		}
	}
	return names, res, took, "too many tests end the process"
}

// stdProcess is what came of one process with stdVerb.
type stdProcess struct {
	names    []string
	verdicts map[string]verdictOf
	open     []string      // tests without a verdict, as they were running
	whole    bool          // the run came to its end
	end      string        // if not: how the process ended
	took     time.Duration // processor time
}

var (
	runLine     = regexp.MustCompile(`^\x16=== (RUN|PAUSE|CONT)\s+(\S+)`)
	verdictLine = regexp.MustCompile(`\x16\s*--- (PASS|FAIL|SKIP): (\S+) \(([0-9.]+)s\)`)
)

// process runs the tests of a package in a process of their own, with more flags of a test binary and a budget of
// processor time.
func (r *stdRun) process(ctx context.Context, path string, more []string, budget time.Duration) (p stdProcess) {
	p.verdicts = map[string]verdictOf{}
	args := []string{stdVerb, "-memory=" + fmt.Sprint(r.memory), "-gc=" + r.collector, "-debug=" + r.debug, path, "-test.timeout=" + (wallFactor * budget).String()}
	if r.short {
		args = append(args, "-test.short")
	}
	args = append(args, more...)
	exe, err := os.Executable()
	if err != nil {
		p.end = err.Error()
		return p
	}
	cmd := exec.CommandContext(ctx, exe, args...)
	pr, pw := io.Pipe()
	cmd.Stdout, cmd.Stderr = pw, pw
	if err := cmd.Start(); err != nil {
		p.end = err.Error()
		return p
	}
	running, ended := context.WithCancel(ctx)
	killed := make(chan string, 1)
	go func() { killed <- watch(running, cmd, budget) }()
	go func() {
		err := cmd.Wait()
		ended()
		pw.CloseWithError(err)
	}()

	state := map[string]string{} // of top-level tests: RUN, PAUSE, CONT
	text := map[string]*strings.Builder{}
	var order []string
	var tail, report []string // the last lines, and those from the last beginning of a panic's or fatal error's report on
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
			if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
				report = []string{}
			}
			if report != nil && len(report) < 60 {
				report = append(report, line)
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
	if why := <-killed; why != "" {
		tail = append(tail, "\n", why)
	} else if report != nil { // whose beginning other goroutines' stacks may have driven out of the tail
		tail = report
	}
	if st := cmd.ProcessState; st != nil {
		p.took = st.UserTime() + st.SystemTime()
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
	p.end = strings.Join(tail, "")
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
	fs := flag.NewFlagSet(stdVerb, flag.ExitOnError)
	memory := fs.Uint64("memory", 0, "bytes")
	collector := fs.String("gc", "", "collector")
	flags := fs.String("debug", "", "debug flags")
	fs.Parse(args)
	if args = fs.Args(); len(args) == 0 {
		return fail(errors.New("no package"))
	}
	debug.SetMemoryLimit(int64(*memory) + 2<<30) // the host's own garbage is collected in time
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
		Memory: *memory, Collector: *collector, Debug: *flags,
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
