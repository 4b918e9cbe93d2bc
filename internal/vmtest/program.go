// Package vmtest runs Go programs on the machine and compares what they do with what
// they should do: our own programs under testdata/run with the real toolchain,
// the Go distribution's tests with their expected output, and programs that ask
// for too much with the limits they were given.
//
// The same program runs in many modes – collectors, numbers of processors, and
// stress switches that make rare things constant – and must do the same in all of
// them. cmd/judge is the command line; the tests here run a fast part of the same.
package vmtest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Program is one of our own programs: a file or a folder of testdata. Directives in
// front of the package clause say how to judge it:
//
//	//judge:gcevery 7            stress number: the modes with gcevery collect at every 7th allocation
//	//judge:skip mode reason     is not run in this mode
//	//judge:stdin text           standard input, a Go string
//	//judge:args a b             arguments
//	//judge:frames off           the functions in the traceback are not compared
//	//judge:ends                 a limit program that keeps to its limit
type Program struct {
	Name    string // file name without .go
	Path    string
	Stress  int
	Skip    map[string]string // mode: reason
	Stdin   string
	Args    []string
	Frames  bool // compare the functions in a traceback
	Ends    bool // a limit program: it ends by itself, with exit code 0
	Timeout time.Duration
}

// Programs lists the programs in a folder whose names match.
func Programs(dir string, match *regexp.Regexp) ([]Program, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []Program
	for _, e := range entries {
		file := filepath.Join(dir, e.Name())
		name := strings.TrimSuffix(e.Name(), ".go")
		p := Program{Name: name, Path: file, Stress: defaultStress, Skip: map[string]string{}, Frames: true, Timeout: 2 * time.Minute}
		if e.IsDir() {
			file = filepath.Join(file, "main.go")
		} else if name == e.Name() {
			continue
		}
		if match != nil && !match.MatchString(name) {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if err := p.directives(string(src)); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		out = append(out, p)
	}
	return out, nil
}

func (p *Program) directives(src string) (err error) {
	for line := range strings.Lines(src) {
		if strings.HasPrefix(line, "package ") {
			break
		}
		text, ok := strings.CutPrefix(strings.TrimSpace(line), "//judge:")
		if !ok {
			continue
		}
		key, value, _ := strings.Cut(text, " ")
		switch key {
		case "gcevery":
			p.Stress, err = strconv.Atoi(value)
		case "skip":
			mode, why, _ := strings.Cut(value, " ")
			if _, merr := Modes(mode, 0); merr != nil || why == "" {
				return fmt.Errorf("want //judge:skip mode reason, have %q", line)
			}
			p.Skip[mode] = why
		case "stdin":
			p.Stdin, err = strconv.Unquote(value)
		case "args":
			p.Args = strings.Fields(value)
		case "frames":
			p.Frames = value != "off"
		case "ends":
			p.Ends = true
		default:
			return fmt.Errorf("unknown directive %q", line)
		}
		if err != nil {
			return fmt.Errorf("directive %q: %w", line, err)
		}
	}
	return nil
}

// Job makes the job that runs the program in modes, except for those that it skips.
func (p *Program) Job(modes []Mode) Job {
	j := Job{Files: []string{p.Path}, Dir: filepath.Dir(p.Path), Args: p.Args, Stdin: p.Stdin, Timeout: p.Timeout, Memory: 3 << 30}
	for _, m := range modes {
		if p.Skip[m.Name] == "" {
			j.Modes = append(j.Modes, m)
		}
	}
	return j
}

// Judge compares an outcome with the real toolchain's; "" if they agree.
func (p *Program) Judge(want, got *Outcome) string {
	if got.Err != "" {
		return got.Err
	}
	if want.Stdout != got.Stdout {
		return "stdout: " + FirstDifference(want.Stdout, got.Stdout) + died(got)
	}
	if want.ExitCode != got.ExitCode {
		return fmt.Sprintf("exit code %d, want %d%s", got.ExitCode, want.ExitCode, died(got))
	}
	w, g := PanicText(want.Stderr), PanicText(got.Stderr)
	if !p.Frames {
		w, _, _ = strings.Cut(w, "\ngoroutine [")
		g, _, _ = strings.Cut(g, "\ngoroutine [")
	}
	if w != g {
		return "stderr: " + FirstDifference(w, g) + "\n" + got.Stderr
	}
	return ""
}

// died shows the end of a program that should have gone on.
func died(o *Outcome) string {
	if o.ExitCode == 0 {
		return ""
	}
	return "\n" + failureText(o.Stderr)
}
