package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/terrarium-go/terrarium/internal/load"
)

// Vet
//
// go test has a few of go vet's checks made before it runs a package's tests, and what they find fails the package like
// an error of the compiler. The checks are the toolchain's, so they are left to it: the go command is asked for them
// while the package is compiled, in the user's own environment, so that its cache is of use and the messages are those
// of a native run. A package whose passing result is kept (testresult.go) had nothing to be found and is not asked about
// again. Where there is no go command, or where it cannot build what we can, nothing is found.

// vetChecks are the checks that go test asks for, by name.
var vetChecks = []string{"atomic", "bool", "buildtags", "directive", "errorsas", "ifaceassert", "nilfunc", "printf", "stringintconv", "tests"}

// vetAfter is how long a compilation lasts before vet runs beside it: what comes from the cache takes less, and its
// result mostly too.
const vetAfter = 200 * time.Millisecond

// vetting is one run of go vet.
type vetting struct {
	cmd    *exec.Cmd
	stop   context.CancelFunc
	start  func() // idempotent
	timer  *time.Timer
	done   chan struct{}
	report string // when done: what was found, "" for nothing
}

// vetFlags are the checks as flags of go vet; ok is false if there are to be none.
func (t *testRun) vetFlags() (flags []string, ok bool) {
	names := vetChecks
	switch t.vetMode {
	case "off":
		return nil, false
	case "all":
		return nil, true
	case "":
	default:
		names = strings.Split(t.vetMode, ",")
	}
	for _, name := range names {
		flags = append(flags, "-"+name)
	}
	return flags, true
}

// vet prepares the checks on a package; nil if there is nothing to check with.
func (t *testRun) vet(ctx context.Context, path string) *vetting {
	tool, err := exec.LookPath("go")
	flags, ok := t.vetFlags()
	if !ok || err != nil {
		return nil
	}
	args := append([]string{"vet", "-json"}, flags...)
	if t.m.build.tags != "" {
		args = append(args, "-tags="+t.m.build.tags)
	}
	if len(t.packages) > 0 && strings.HasSuffix(t.packages[0], ".go") {
		args = append(args, t.packages...)
	} else {
		args = append(args, path)
	}
	ctx, stop := context.WithCancel(ctx)
	v := &vetting{cmd: exec.CommandContext(ctx, tool, args...), stop: stop, done: make(chan struct{})}
	v.cmd.Env = t.m.build.env()
	v.cmd.WaitDelay = time.Second
	v.start = sync.OnceFunc(func() { go v.run() })
	v.timer = time.AfterFunc(vetAfter, v.start)
	return v
}

// vetFinding is one message of go vet -json.
type vetFinding struct {
	Posn    string // "/dir/file.go:5:24"
	Message string
}

func (v *vetting) run() {
	defer close(v.done)
	out, err := v.cmd.Output()
	if err != nil { // it does not build, and if it does for us there is nothing to be found
		var exit *exec.ExitError
		if errors.As(err, &exit) && bytes.Contains(exit.Stderr, []byte("flag provided but not defined")) {
			v.report, _, _ = strings.Cut(string(exit.Stderr), "usage:")
		}
		return
	}
	dir, _ := os.Getwd()
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var packages map[string]map[string]json.RawMessage // by check: findings, or an object with the field error
		if dec.Decode(&packages) != nil {
			return
		}
		for _, id := range slices.Sorted(maps.Keys(packages)) {
			path, _, _ := strings.Cut(id, " [")
			head := "# " + path + "\n# [" + path + "]\n"
			for _, check := range slices.Sorted(maps.Keys(packages[id])) {
				var list []vetFinding
				json.Unmarshal(packages[id][check], &list)
				for _, f := range list {
					v.report += head + load.ShortName(dir, f.Posn) + ": " + f.Message + "\n"
					head = ""
				}
			}
		}
	}
}

// cancel ends the checks; nobody asks for what they find.
func (v *vetting) cancel() {
	if v != nil {
		v.timer.Stop()
		v.stop()
	}
}

// wait returns what the checks have found.
func (v *vetting) wait() string {
	if v == nil {
		return ""
	}
	v.start()
	<-v.done
	v.cancel()
	return v.report
}

// vetError is a package that compiles and that vet is not content with.
type vetError struct{ report string }

func (e *vetError) Error() string { return strings.TrimSuffix(e.report, "\n") }

// checkVet reports a value of -vet that is none.
func checkVet(mode string) error {
	for name := range strings.SplitSeq(mode, ",") {
		if mode != "" && (name == "" || strings.ContainsAny(name, "-= ./") || name == "off" && mode != "off" || name == "all" && mode != "all") {
			return fmt.Errorf("invalid value %q for flag -vet: it is off, all, or a list of checks", mode)
		}
	}
	return nil
}

// warnVet is said once if vet was asked for and cannot be had.
func warnVet(mode string) {
	if _, err := exec.LookPath("go"); err != nil && mode != "" && mode != "off" {
		fmt.Fprintln(os.Stderr, "terrarium test: -vet: no go command in PATH; nothing is checked")
	}
}
