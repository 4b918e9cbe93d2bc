package terrarium_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terrarium-go/terrarium"
)

// fragile touches whatever allocates: objects, maps, strings, slices, interfaces, closures, channels,
// goroutines and their stacks, timers, defers, panics, finalizers, cleanups, weak pointers.
const fragile = `package main

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"
	"weak"
)

type tree struct {
	left, right *tree
	name        string
}

func build(n int) *tree {
	if n == 0 {
		return nil
	}
	return &tree{build(n - 1), build(n - 1), fmt.Sprint("tree", n)}
}

func (t *tree) size() int {
	if t == nil {
		return 0
	}
	return 1 + t.left.size() + t.right.size()
}

func deep(n int) int {
	var a [16]int
	a[n%16] = n
	if n == 0 {
		return 0
	}
	return deep(n-1) + a[n%16]
}

func caught() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("caught %v", r)
		}
	}()
	var p *tree
	_ = p.left
	return nil
}

func main() {
	t := build(6)
	m := map[string]int{}
	for i := range 200 {
		m[fmt.Sprint(i%50)] += i
	}
	var wg sync.WaitGroup
	c := make(chan []byte, 4)
	for i := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			deep(200)
			c <- make([]byte, 1000*i)
		}()
	}
	total := 0
	for range 8 {
		total += len(<-c)
	}
	wg.Wait()
	select {
	case <-time.After(time.Millisecond):
	case c <- nil:
	}
	o := &tree{name: strings.Repeat("o", 40)}
	w := weak.Make(o)
	runtime.SetFinalizer(&tree{}, func(*tree) {})
	runtime.AddCleanup(&tree{}, func(int) {}, 1)
	runtime.GC()
	big := make([]byte, 300_000)
	fmt.Println(t.size(), len(m), total, caught(), len(o.name), w.Value() == o, len(big))
}
`

const fragileWant = "63 50 28000 caught runtime error: invalid memory address or nil pointer dereference 40 true 300000\n"

func compile(t *testing.T, text string) *terrarium.Program {
	t.Helper()
	file := filepath.Join(t.TempDir(), "prog.go")
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	p, err := terrarium.Compile(t.Context(), terrarium.Options{Args: []string{file}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// endsWell runs a program that may run out of memory, and reports whether it did not. Anything but success or
// a proper fatal error fails the test.
func endsWell(t *testing.T, p *terrarium.Program, cfg terrarium.Config, what string) bool {
	t.Helper()
	var out, errs bytes.Buffer
	cfg.Stdout, cfg.Stderr, cfg.Procs = &out, &errs, 2
	res, err := p.Run(context.Background(), cfg)
	switch {
	case err != nil:
		t.Errorf("%s: %v\n%s", what, err, &errs)
	case res.ExitCode == 0 && out.String() == fragileWant:
		return true
	case res.End == terrarium.Fatal && res.ExitCode == 2 && strings.Contains(errs.String(), "out of memory"):
	default:
		t.Errorf("%s: exit code %d, end %v, output %q\n%s", what, res.ExitCode, res.End, &out, &errs)
	}
	return false
}

// TestFailEach refuses the k-th allocation of a program for good, for every k: it runs out of memory, with Go's
// words, and its heap is whole (the flag check).
func TestFailEach(t *testing.T) {
	p := compile(t, fragile)
	for _, collector := range []string{"marksweep", "concurrent"} {
		t.Run(collector, func(t *testing.T) {
			failed := 0
			for k := 1; ; k += 1 + k/150 {
				if endsWell(t, p, terrarium.Config{Collector: collector, Debug: fmt.Sprintf("oom=%d,check,poison", k)}, fmt.Sprint("allocation ", k)) {
					if k > 300 {
						break
					}
				} else {
					failed++
				}
				if k > 100_000 || t.Failed() {
					t.Fatalf("still failing at allocation %d", k)
				}
			}
			if failed < 150 {
				t.Errorf("only %d runs were out of memory", failed)
			}
		})
	}
}

// TestLimitEach runs the program under every limit from too small to enough, in small steps, so that charges
// for all kinds of memory are the one that is refused.
func TestLimitEach(t *testing.T) {
	p := compile(t, fragile)
	good, bad := 0, 0
	for limit := uint64(64 << 10); good < 5; limit += 8<<10 - 520 {
		if endsWell(t, p, terrarium.Config{Memory: limit, Debug: "check"}, fmt.Sprint("limit ", limit)) {
			good++
		} else {
			bad++
		}
		if limit > 64<<20 || t.Failed() {
			t.Fatalf("still failing with %d bytes", limit)
		}
	}
	if bad < 20 {
		t.Errorf("only %d runs were out of memory", bad)
	}
}

// TestPprofReadsProfiles gives a heap profile of the guest to the real go tool pprof.
func TestPprofReadsProfiles(t *testing.T) {
	p := compile(t, `package main

import (
	"os"
	"runtime"
	"runtime/pprof"
)

type item struct{ next *item; pad [5]int }

var kept *item

//go:noinline
func keep(n int) {
	for range n {
		kept = &item{next: kept}
	}
}

func main() {
	runtime.MemProfileRate = 1
	keep(1234)
	runtime.GC()
	pprof.WriteHeapProfile(os.Stdout)
}
`)
	var out, errs bytes.Buffer
	res, err := p.Run(t.Context(), terrarium.Config{Stdout: &out, Stderr: &errs})
	if err != nil || res.ExitCode != 0 {
		t.Fatalf("%v, exit code %d\n%s", err, res.ExitCode, &errs)
	}
	file := filepath.Join(t.TempDir(), "heap.pb.gz")
	if err := os.WriteFile(file, out.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, want string }{
		{"-raw", "inuse_space/bytes"},
		{"-top -sample_index=inuse_space", "main.keep"},
		{"-traces", "main.main"},
	} {
		args := append(append([]string{"tool", "pprof"}, strings.Fields(c.args)...), file)
		text, err := exec.Command("go", args...).CombinedOutput()
		if err != nil || !strings.Contains(string(text), c.want) {
			t.Errorf("go tool pprof %s: %v, want %q in\n%s", c.args, err, c.want, text)
		}
	}
}
