// Waits at a new stack each time, all in the block and mutex profiles, and allocations, all in the heap profile.
package main

import (
	"io"
	"runtime"
	"runtime/pprof"
	"sync"
)

var (
	mu   sync.Mutex
	keep []*[4]int
)

func a(n int) { contend(); walk(n + 1) }
func b(n int) { contend(); walk(n + 1) }

func contend() {
	mu.Lock()
	runtime.Gosched()
	mu.Unlock()
	keep = append(keep, new([4]int))
}

//go:noinline
func walk(n int) {
	if n > 60 {
		return
	}
	a(n)
	b(n)
}

func main() {
	runtime.MemProfileRate = 1
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(1)
	go func() {
		for {
			mu.Lock()
			runtime.Gosched()
			mu.Unlock()
		}
	}()
	walk(0)
	pprof.Lookup("heap").WriteTo(io.Discard, 0)
}
