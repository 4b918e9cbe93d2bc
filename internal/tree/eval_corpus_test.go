package tree

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/terrarium-go/terrarium/internal/load"
)

// TestCorpusRun runs those programs of the Go distribution's own tests that import nothing (but unsafe) on the core
// form. They check themselves and panic, or print what a .out file holds. It needs TREE_CORPUS as TestCorpus.
func TestCorpusRun(t *testing.T) {
	pattern := os.Getenv("TREE_CORPUS")
	if pattern == "" {
		t.Skip("TREE_CORPUS is not set")
	}
	files, _ := filepath.Glob(filepath.Join(runtime.GOROOT(), "test", pattern))
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil || !bytes.HasPrefix(bytes.TrimLeft(src, "\n"), []byte("// run\n")) || bytes.Contains(src, []byte("\nimport")) {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			l, err := load.Load(&load.Config{}, file)
			if err != nil {
				t.Skip(err)
			}
			p := NewProgram(l)
			ev := &evaluator{p: p, globals: map[*Var]*cell{}}
			defer func() {
				if e := recover(); e != nil {
					if g, ok := e.(*guestPanic); ok {
						e = fmt.Sprintf("%#v", g.v)
					}
					t.Errorf("panic: %.300v\n%s", e, tail(ev.out.String()))
				}
			}()
			for _, pi := range p.Inits() {
				if pi.Path == l.Main.Path {
					for _, i := range pi.Vars {
						ev.call(i.F, nil, nil)
					}
					for _, f := range pi.Funcs {
						ev.call(f, nil, nil)
					}
				}
			}
			ev.call(p.FuncBySym("main.main"), nil, nil)
			if want, err := os.ReadFile(strings.TrimSuffix(file, ".go") + ".out"); err == nil && string(want) != ev.out.String() {
				t.Errorf("output: %s\nwant: %s", tail(ev.out.String()), tail(string(want)))
			}
		})
	}
}

func tail(s string) string { return s[max(0, len(s)-300):] }
