package terrarium_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/terrarium-go/terrarium"
)

// tracePattern makes a regular expression of a line that the Go runtime's documentation
// describes with # for numbers. It differs from what the
// runtime prints in a space and a word.
func tracePattern(t *testing.T, begins string) *regexp.Regexp {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join(runtime.GOROOT(), "src/runtime/extern.go"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(doc)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, begins) {
			line = strings.NewReplacer("#MB", "# MB", "KiB total", "KiB now").Replace(line)
			return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(line), "#", `([\d.]+)`) + `( \(forced\))?$`)
		}
	}
	t.Fatalf("the runtime's documentation has no line that begins with %q", begins)
	return nil
}

const traced = `package main

import (
	"os"
	"runtime"
)

var keep [][]byte

func main() {
	for i := range 3000 {
		b := make([]byte, 100<<10)
		if i%100 == 0 {
			keep = append(keep, b)
		}
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	os.Stdout.WriteString(itoa(int(m.NumGC)))
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}
`

// TestGctrace holds the lines of GODEBUG=gctrace=1 and scavtrace=1 against the format that the
// runtime documents, ours and, so that the test is known to be right, those of the real one.
func TestGctrace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "traced.go")
	if err := os.WriteFile(file, []byte(traced), 0o666); err != nil {
		t.Fatal(err)
	}
	p, err := terrarium.Compile(t.Context(), terrarium.Options{Args: []string{file}})
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"GODEBUG=madvdontneed=1,gctrace=1,scavtrace=1"}
	runs := map[string]func() (stdout, stderr string){}
	for _, collector := range []string{"marksweep", "concurrent"} {
		runs[collector] = func() (string, string) {
			var out, errs bytes.Buffer
			res, err := p.Run(context.Background(), terrarium.Config{Collector: collector, Env: env, Stdout: &out, Stderr: &errs})
			if err != nil || res.ExitCode != 0 {
				t.Fatalf("%v, exit code %d\n%s", err, res.ExitCode, &errs)
			}
			return out.String(), errs.String()
		}
	}
	runs["native"] = func() (string, string) {
		exe := file + ".exe"
		if b, err := exec.Command("go", "build", "-o", exe, file).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		var out, errs bytes.Buffer
		cmd := exec.Command(exe)
		// The real runtime can stand still for ever with scavtrace=1: on two processors this program did, about once in ten runs.
		cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), "GODEBUG=madvdontneed=1,gctrace=1"), &out, &errs
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		return out.String(), errs.String()
	}
	gc, scav := tracePattern(t, "gc # @"), tracePattern(t, "scav # KiB")
	for name, run := range runs {
		t.Run(name, func(t *testing.T) {
			stdout, stderr := run()
			n, forced, last := 0, 0, 0.0
			for line := range strings.Lines(stderr) {
				line = strings.TrimSuffix(line, "\n")
				if scav.MatchString(line) {
					continue
				}
				m := gc.FindStringSubmatch(line)
				if m == nil {
					t.Errorf("line %q is not in the format %s", line, gc)
					continue
				}
				n++
				f := make([]float64, len(m))
				for i := 1; i < len(m)-1; i++ {
					var err error
					if f[i], err = strconv.ParseFloat(m[i], 64); err != nil {
						t.Errorf("line %q: field %d: %v", line, i, err)
					}
				}
				before, after, live, goal := f[12], f[13], f[14], f[15]
				if f[1] != float64(n) || f[2] < last || f[3] > 100 || name != "concurrent" && live > after || before > after || goal == 0 || f[18] == 0 {
					t.Errorf("line %q: %v", line, f)
				}
				last = f[2]
				if m[len(m)-1] != "" {
					forced++
				}
			}
			if fmt.Sprint(n) != stdout || n < 3 || forced != 1 {
				t.Errorf("%d lines, %d forced; MemStats counts %s collections\n%s", n, forced, stdout, stderr)
			}
		})
	}
}
