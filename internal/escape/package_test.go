package escape

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terrarium-go/terrarium/internal/load"
	"github.com/terrarium-go/terrarium/internal/tree"
)

const messages = `package p

type T struct{ next *T; buf []byte }

var sink any

func keep(t *T) { sink = t }              // leaking param: t
func first(t *T) *T { return t.next }     // leaking param: t to result ~r0 level=1
func size(t *T) int { return len(t.buf) } // t does not escape
func cut(t *T) { t.buf = t.buf[1:] }      // t does not escape|cut ignoring self-assignment in t.buf = t.buf[1:]

func local() int {
	var t T
	u := &T{next: &t} // &T{...} does not escape
	return size(u)
}

func moved() *T {
	var t T // moved to heap: t
	return &t
}

func literals(n int) func() int {
	s := make([]int, n)        // make([]int, n) does not escape
	func() { s[0]++ }()        // func literal does not escape
	return func() int { return n } // func literal escapes to heap
}
`

// TestPackage holds the messages against those written on the lines.
func TestPackage(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte(messages), 0o666); err != nil {
		t.Fatal(err)
	}
	l, err := load.Load(&load.Config{Dir: dir, Library: true}, "x.go")
	if err != nil {
		t.Fatal(err)
	}
	got := map[int][]string{}
	for _, f := range Package(tree.NewProgram(l), l.Roots[0].LinkPath, Options{}) {
		n := l.Fset.Position(f.Pos).Line
		got[n] = append(got[n], f.Text)
	}
	for i, line := range strings.Split(messages, "\n") {
		_, want, _ := strings.Cut(line, "// ")
		if have := strings.Join(got[i+1], "|"); have != want {
			t.Errorf("line %d: have %q, want %q", i+1, have, want)
		}
	}
}
