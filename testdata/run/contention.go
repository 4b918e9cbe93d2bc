// The profiles of waits and of mutexes: who has waited, and for whom.
package main

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/pprof"
	"sort"
	"strings"
	"sync"
	"time"
)

const pause = 20 * time.Millisecond

func receive() {
	c := make(chan bool)
	go func() { time.Sleep(pause); c <- true }()
	<-c
}

func send() {
	c := make(chan bool)
	go func() { time.Sleep(pause); <-c }()
	c <- true
}

func choose() {
	c := make(chan bool)
	go func() { time.Sleep(pause); close(c) }()
	select {
	case <-c:
	case <-make(chan int):
	}
}

func lock() {
	var mu sync.Mutex
	mu.Lock()
	go func() { time.Sleep(pause); mu.Unlock() }()
	mu.Lock()
	mu.Unlock()
}

func read() {
	var mu sync.RWMutex
	mu.Lock()
	go func() { time.Sleep(pause); mu.Unlock() }()
	mu.RLock()
	mu.RUnlock()
}

func write() {
	var mu sync.RWMutex
	mu.RLock()
	go func() { time.Sleep(pause); mu.RUnlock() }()
	mu.Lock()
	mu.Unlock()
}

func wait() {
	var mu sync.Mutex
	c := sync.NewCond(&mu)
	mu.Lock()
	go func() { time.Sleep(pause); mu.Lock(); c.Signal(); mu.Unlock() }()
	c.Wait()
	mu.Unlock()
}

func group() {
	var w sync.WaitGroup
	w.Add(1)
	go func() { time.Sleep(pause); w.Done() }()
	w.Wait()
}

// show prints the functions of each stack of a profile that has one of this program.
func show(name string) {
	var b bytes.Buffer
	pprof.Lookup(name).WriteTo(&b, 1)
	var out []string
	for _, rec := range strings.Split(b.String(), "\n\n") {
		var fns []string
		for _, l := range strings.Split(rec, "\n") {
			if f := strings.Fields(l); len(f) > 2 && f[0] == "#" {
				fn, _, _ := strings.Cut(f[2], "+")
				fns = append(fns, fn)
			}
		}
		if s := strings.Join(fns, " < "); strings.Contains(s, "main.") {
			out = append(out, s)
		}
	}
	sort.Strings(out)
	fmt.Println(name)
	fmt.Println(strings.Join(out, "\n"))
}

func main() {
	runtime.SetBlockProfileRate(1)
	fmt.Println(runtime.SetMutexProfileFraction(1), runtime.SetMutexProfileFraction(-1))
	for _, f := range []func(){receive, send, choose, lock, read, write, wait, group} {
		f()
	}
	runtime.SetBlockProfileRate(0)
	receive()
	show("block")
	show("mutex")
	r := make([]runtime.BlockProfileRecord, 100)
	n, ok := runtime.BlockProfile(r)
	short := 0
	for _, x := range r[:n] {
		if x.Count < 1 || x.Cycles < 1000 {
			short++
		}
	}
	fmt.Println(ok, n >= 8, short)
}
