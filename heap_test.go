package terrarium

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// swiss frees every other of its objects, 256 KiB each, and prints what the runtime says has been given back
// before and after debug.FreeOSMemory, with a deep goroutine parked.
const swiss = `package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

var keep [64][]byte

//go:noinline
func deep(n int, c chan bool) {
	if n > 0 {
		deep(n-1, c)
		return
	}
	c <- true
	<-c
}

func main() {
	c := make(chan bool)
	go deep(1000, c)
	<-c
	debug.SetGCPercent(-1)
	for i := range keep {
		keep[i] = make([]byte, 256<<10)
	}
	for i := range keep {
		if i%2 == 0 {
			keep[i] = nil
		}
	}
	var a, b runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&a)
	debug.FreeOSMemory()
	runtime.ReadMemStats(&b)
	println(a.HeapReleased>>20, b.HeapReleased>>20, b.HeapIdle>=b.HeapReleased, b.HeapSys-b.HeapIdle == b.HeapInuse, b.StackInuse>>10)
	os.Stdout.WriteString("ready\n")
	select {}
}
`

type ready chan bool

func (r ready) Write(b []byte) (int, error) {
	r <- true
	return len(b), nil
}

// What the guest's runtime says about memory given back is what the report says, while the program runs.
func TestHeapReport(t *testing.T) {
	src := filepath.Join(t.TempDir(), "swiss.go")
	if err := os.WriteFile(src, []byte(swiss), 0o666); err != nil {
		t.Fatal(err)
	}
	p, err := Compile(context.Background(), Options{Args: []string{src}})
	if err != nil {
		t.Fatal(err)
	}
	for _, collector := range []string{"marksweep", "concurrent"} {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		var stderr bytes.Buffer
		at := make(ready, 1)
		v, err := p.Start(ctx, Config{Collector: collector, Stdout: at, Stderr: &stderr, Heap: true})
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-at:
		case <-ctx.Done():
			t.Fatal("the program is not ready: ", stderr.String())
		}
		r := v.HeapReport()
		v.Kill()
		res, _ := v.Wait()
		var before, after, stack int
		if n, _ := fmt.Sscanf(stderr.String(), "%d %d true true %d\n", &before, &after, &stack); n != 3 || before > 1 || after < 6 || stack < 32 {
			t.Errorf("%s: printed %q", collector, stderr.String())
		}
		large := r.Classes[0]
		if large.Size != 0 || large.Objects < 32 || large.Live < 8<<20 || large.Live > 9<<20 {
			t.Errorf("%s: large objects %+v", collector, large)
		}
		if r.Away < 6<<20 || r.Released.Forced != r.Away {
			t.Errorf("%s: %d bytes are away, released %+v", collector, r.Away, r.Released)
		}
		if s := r.Stacks; s.Goroutines < 2 || s.Used < 1000*32 || s.Used > s.Size || s.Size > s.Taken || s.Taken > s.Spans || s.Control == 0 {
			t.Errorf("%s: stacks %+v", collector, s)
		}
		if res.Heap == nil || res.Heap.Total.Bytes == 0 {
			t.Errorf("%s: no report at the end", collector)
		}
	}
}

// What the host knows of an open directory is charged: a guest that opens one again and again and
// reads a name of each ends for want of memory, not the host.
func TestDirectoriesAreCharged(t *testing.T) {
	const names = `package main

import "os"

var open []*os.File

func main() {
	for {
		f, err := os.Open("/d")
		if err != nil {
			println(err.Error(), len(open))
			os.Exit(3)
		}
		if _, err := f.Readdirnames(1); err != nil {
			panic(err)
		}
		open = append(open, f)
	}
}
`
	src, dir := filepath.Join(t.TempDir(), "names.go"), t.TempDir()
	if err := os.WriteFile(src, []byte(names), 0o666); err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint("file", i)), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Compile(context.Background(), Options{Args: []string{src}})
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	res, err := p.Run(ctx, Config{Memory: 24 << 20, Stderr: &stderr, Dirs: []Dir{{Guest: "/d", Host: dir, ReadOnly: true}}})
	if err != nil || res.End != Fatal {
		t.Errorf("end %v, %v\n%s", res.End, err, stderr.String())
	}
}
