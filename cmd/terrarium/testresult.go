package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium"
	"github.com/terrarium-go/terrarium/internal/cache"
)

// Results of tests
//
// A run that passed need not be repeated while nothing has changed that it depends on: the
// program, the flags, and what it asked the system for. Package testing writes the latter to a log, one
// line for each: "getenv NAME", "open FILE", "stat FILE", "chdir DIR". A result is kept with these
// inputs, as far as files belong to the module or the distribution; others (temporary files, /proc)
// do not count, as with go test. Only plain flags allow it; -count=1 is the usual way to say no.

// result is the kept result of one package.
type result struct {
	store *cache.Cache
	key   cache.Key
	prog  *terrarium.TestProgram
	file  string // the log
	start time.Time
}

// machineDecides reports whether nothing but the program and its inputs decides what tests print.
func (t *testRun) machineDecides() bool {
	return !t.m.sealed && len(t.m.dirs) == 0 && t.m.debug == "" && t.m.seed == 0 && !t.m.stats && t.m.steps == 0
}

// result finds the place of a package's result; nil if results are not kept.
func (t *testRun) result(p *terrarium.TestProgram) *result {
	if t.results == nil {
		return nil
	}
	sum, err := p.Sum()
	if err != nil {
		return nil
	}
	log, err := os.CreateTemp("", "terrarium-testlog")
	if err != nil {
		return nil
	}
	log.Close()
	m := &t.m
	checks, vetted := t.vetFlags()
	machine := strings.Join([]string{fmt.Sprint("vet ", vetted, checks), size(m.memory).text(), m.gc, size(m.stack).text()}, " ")
	parts := append([]string{"result", string(sum[:]), p.Path, p.Dir, machine, os.Getenv("GOMAXPROCS"), os.Getenv("GODEBUG")}, t.args...)
	return &result{t.results, cache.KeyOf(parts...), p, log.Name(), time.Now()}
}

// get returns what the run printed.
func (r *result) get() ([]byte, bool) {
	if r == nil {
		return nil, false
	}
	text, ok := r.store.Get(r.key)
	if ok {
		os.Remove(r.file)
	}
	return text, ok
}

// log is the file for package testing's log, or "".
func (r *result) log() string {
	if r == nil {
		return ""
	}
	return r.file
}

// put keeps what a passing run printed, with line as its last.
func (r *result) put(text []byte, line string) {
	if r == nil {
		return
	}
	log, err := os.ReadFile(r.file)
	os.Remove(r.file)
	if err != nil {
		return
	}
	in := &cache.Inputs{}
	in.State(r.prog.Dir)
	r.inputs(in, log)
	if !in.ChangedSince(r.start) {
		r.store.Put(r.key, in, append(bytes.Clone(text), line...))
	}
}

// inputs adds what the log names.
func (r *result) inputs(in *cache.Inputs, log []byte) {
	root := moduleRoot(r.prog.Dir)
	below := func(name, dir string) bool {
		rel, err := filepath.Rel(dir, name)
		return err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
	}
	wd := r.prog.Dir
	for line := range bytes.Lines(log) {
		what, name, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
		if what == "getenv" {
			if name != "PWD" && name != "GOROOT" { // set by us
				in.Variable(name)
			}
			continue
		}
		if name == "" {
			continue
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(wd, name)
		}
		if name = filepath.Clean(name); !below(name, root) && !below(name, r.prog.GOROOT) {
			continue
		}
		switch what {
		case "chdir":
			wd = name
			in.State(name)
		case "stat":
			in.State(name)
		case "open":
			if info, err := os.Stat(name); err == nil && info.IsDir() {
				in.Folder(name)
			} else if err == nil && !info.Mode().IsRegular() {
				in.State(name)
			} else {
				in.File(name)
			}
		}
	}
}

// moduleRoot is the folder of the go.mod that a folder belongs to, or the folder itself.
func moduleRoot(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}
