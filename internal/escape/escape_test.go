package escape

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terrarium-go/terrarium/internal/load"
	"github.com/terrarium-go/terrarium/internal/tree"
)

const source = `package main

type T struct{ a int }

func (t *T) inc() { t.a++ }

func main() {
	inFrame := 1
	var addressed int
	p := &addressed
	byValue := 2
	shared := 3
	var method T
	method.inc()
	func() { shared += byValue + inFrame2() }()
	*p = inFrame
	for i := range 3 {
		inFrame += i
	}
}

func inFrame2() int { return 0 }
`

// TestDecide holds the policy: variables whose address is taken or that a closure
// changes are on the heap, the others are not.
func TestDecide(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte(source), 0o666); err != nil {
		t.Fatal(err)
	}
	l, err := load.Load(&load.Config{Dir: dir}, "x.go")
	if err != nil {
		t.Fatal(err)
	}
	p := tree.NewProgram(l)
	f := p.FuncBySym("main.main")
	p.Build(f)
	Decide(f)
	var heap []string
	for _, v := range f.Locals {
		switch v.Esc {
		case tree.EscHeap:
			heap = append(heap, v.Name)
		case tree.EscUnknown:
			t.Errorf("%s has no decision", v.Name)
		}
	}
	if got, want := strings.Join(heap, " "), "addressed shared method"; got != want {
		t.Errorf("on the heap: %s, want %s", got, want)
	}
	Sites(f, func(s Site) {
		if *s.Esc != tree.EscHeap {
			t.Errorf("%T has decision %d", s.Node, *s.Esc)
		}
	})
}
