package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// What go test says of a package of std is the same for the same Go version, but for tests
// that depend on the machine and its mood. It is kept in the user's cache folder; a test that fails natively
// gets a second chance before that is kept.

// stdRun is how packages are run.
type stdRun struct {
	tool      string // the go command
	version   string // of Go
	short     bool
	run       string
	timeout   time.Duration
	memory    uint64 // bytes
	collector string
	debug     string
}

// verdictOf a test: "pass", "fail" or "skip", with what it printed.
type verdictOf struct {
	Verdict, Text string
	Took          time.Duration
}

// stdNative is what go test says of a package.
type stdNative struct {
	Took  time.Duration
	Tests map[string]verdictOf
}

func (r *stdRun) nativeFile(path string) string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "1 %s %v %q %q", r.version, r.short, r.run, path))
	return filepath.Join(dir, "terrarium", "judge", fmt.Sprintf("std-%x.json", sum[:12]))
}

// kept is the native result in the cache.
func (r *stdRun) kept(path string) (n stdNative, ok bool) {
	b, err := os.ReadFile(r.nativeFile(path))
	return n, err == nil && json.Unmarshal(b, &n) == nil && n.Tests != nil
}

// native runs the tests with go test, or looks the verdicts up.
func (r *stdRun) native(ctx context.Context, path string) (stdNative, error) {
	if n, ok := r.kept(path); ok {
		return n, nil
	}
	start := time.Now()
	tests, err := r.goTest(ctx, path, r.run)
	n := stdNative{time.Since(start), tests}
	if err != nil || ctx.Err() != nil {
		return n, err
	}
	for name, t := range tests {
		if t.Verdict == "fail" {
			if second, err := r.goTest(ctx, path, "^"+name+"$"); err == nil && second[name].Verdict == "pass" {
				tests[name] = second[name]
			}
		}
	}
	if file := r.nativeFile(path); file != "" && os.MkdirAll(filepath.Dir(file), 0o777) == nil {
		if b, err := json.Marshal(n); err == nil {
			tmp := fmt.Sprintf("%s.%d", file, os.Getpid())
			if os.WriteFile(tmp, b, 0o666) == nil {
				os.Rename(tmp, file)
			}
		}
	}
	return n, nil
}

func (r *stdRun) goTest(ctx context.Context, path, run string) (map[string]verdictOf, error) {
	args := []string{"test", "-json", "-vet=off", "-timeout=" + (wallFactor * r.timeout).String()}
	if r.short {
		args = append(args, "-short")
	}
	if run != "" {
		args = append(args, "-run="+run)
	}
	cmd := exec.CommandContext(ctx, r.tool, append(args, path)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	b, err := cmd.Output()
	res := map[string]verdictOf{}
	for line := range bytes.Lines(b) {
		var e struct {
			Action, Test string
			Elapsed      float64
		}
		if json.Unmarshal(line, &e) != nil || e.Test == "" || strings.Contains(e.Test, "/") {
			continue
		}
		switch e.Action {
		case "pass", "fail", "skip":
			res[e.Test] = verdictOf{Verdict: e.Action, Took: time.Duration(e.Elapsed * float64(time.Second))}
		}
	}
	if len(res) == 0 && err != nil {
		return nil, fmt.Errorf("%v %s", err, lastLine(stderr.String()))
	}
	return res, nil
}

// cheapestFirst sorts packages by the time of their tests natively; those of which
// it is not known come last, as they are.
func (r *stdRun) cheapestFirst(paths []string) {
	took := map[string]time.Duration{}
	for _, path := range paths {
		took[path] = time.Hour
		if n, ok := r.kept(path); ok {
			took[path] = 0
			for _, t := range n.Tests {
				took[path] += t.Took
			}
		}
	}
	sort.SliceStable(paths, func(i, j int) bool { return took[paths[i]] < took[paths[j]] })
}
