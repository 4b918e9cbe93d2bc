package terrarium_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terrarium-go/terrarium"
)

// Pointers into frames that escape analysis does not see are found by the check at the next collection.
func TestStray(t *testing.T) {
	const source = `package main

import (
	"os"
	"runtime"
	"unsafe"
)

type node struct{ p *int }

var global *int

func hide(p *int) *int { x := uintptr(unsafe.Pointer(p)); return (*int)(unsafe.Pointer(x ^ 0)) }

//go:noinline
func inner(n *node) { x := 2; n.p = hide(&x); runtime.GC(); runtime.KeepAlive(&x) }

func main() {
	x := 1
	var n node
	switch os.Args[1] {
	case "none":
		n.p = hide(&x)
		runtime.GC()
	case "global":
		global = hide(&x)
		runtime.GC()
	case "heap":
		m := &node{hide(&x)}
		runtime.SetFinalizer(m, func(*node) {})
		runtime.GC()
		runtime.KeepAlive(m)
	case "frame":
		inner(&n)
	}
	println(x, n.p != nil)
}
`
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := terrarium.Compile(context.Background(), terrarium.Options{Args: []string{"main.go"}, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for arg, want := range map[string]string{
		"none": "", "global": "the global at", "heap": "holds at offset 0 a pointer into a stack", "frame": "main.main, goroutine 1 holds a pointer to slot",
	} {
		var stderr bytes.Buffer
		res, err := p.Run(context.Background(), terrarium.Config{Args: []string{"stray", arg}, Debug: "check", Collector: "marksweep", Stderr: &stderr})
		text := stderr.String()
		if err != nil {
			text += err.Error()
		}
		if bug := strings.Contains(text, "BUG: "); bug != (want != "") || !strings.Contains(text, want) {
			t.Errorf("%s: exit code %d, want a report of %q, got\n%.2000s", arg, res.ExitCode, want, text)
		}
	}
}
