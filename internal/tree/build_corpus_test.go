package tree

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/terrarium-go/terrarium/internal/load"
)

// TestCorpus builds the single-file programs of the Go distribution's own tests. It needs TREE_CORPUS, a
// pattern below GOROOT/test ("typeparam/*.go"), because it takes long.
func TestCorpus(t *testing.T) {
	pattern := os.Getenv("TREE_CORPUS")
	if pattern == "" {
		t.Skip("TREE_CORPUS is not set")
	}
	files, _ := filepath.Glob(filepath.Join(runtime.GOROOT(), "test", pattern))
	n := 0
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil || !bytes.HasPrefix(bytes.TrimLeft(src, "\n"), []byte("// run\n")) {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			defer func() {
				if e := recover(); e != nil {
					t.Errorf("panic: %v", e)
				}
			}()
			l, err := load.Load(&load.Config{}, file)
			if err != nil {
				t.Skip(err)
			}
			n++
			p := NewProgram(l)
			r := newReach(t, p)
			r.mainOnly = true
			for _, pi := range p.Inits() {
				if pi.Path == l.Main.Path {
					for _, i := range pi.Vars {
						r.add(i.F)
					}
				}
			}
			for _, f := range declared(p, l.Main) {
				r.add(f)
			}
			r.run()
		})
	}
	t.Logf("%d programs", n)
}
