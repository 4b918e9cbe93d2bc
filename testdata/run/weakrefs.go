//judge:skip nogc nothing is ever collected
package main

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"unique"
	"weak"
)

type node struct {
	name string
	next *node
	data [8]int
}

//go:noinline
func garbage(n int, fin chan<- string) {
	for i := range n {
		x := &node{name: fmt.Sprint("n", i)}
		runtime.SetFinalizer(x, func(x *node) { fin <- x.name })
	}
}

//go:noinline
func cycle(count *atomic.Int32) weak.Pointer[node] {
	a, b := &node{name: "a"}, &node{name: "b"}
	a.next, b.next = b, a
	runtime.AddCleanup(a, func(n int) { count.Add(int32(n)) }, 5)
	runtime.AddCleanup(b, func(n int) { count.Add(int32(n)) }, 7)
	c := runtime.AddCleanup(a, func(n int) { count.Add(int32(n)) }, 1000)
	c.Stop()
	return weak.Make(a)
}

// until collects until the condition holds.
func until(what string, f func() bool) {
	for range 200 {
		runtime.GC()
		if f() {
			fmt.Println(what, "ok")
			return
		}
		time.Sleep(time.Millisecond)
	}
	fmt.Println(what, "timed out")
}

var saved *node

//go:noinline
func revive() {
	x := &node{name: "revived", next: &node{name: "child"}}
	runtime.SetFinalizer(x, func(x *node) { saved = x })
}

//go:noinline
func intern(i int) unique.Handle[string] { return unique.Make(strings.Repeat("v", i%10)) }

func main() {
	fin := make(chan string, 100)
	garbage(50, fin)
	seen := map[string]bool{}
	until("finalizers", func() bool {
		for {
			select {
			case s := <-fin:
				seen[s] = true
				continue
			default:
			}
			return len(seen) >= 49
		}
	})

	var count atomic.Int32
	w := cycle(&count)
	until("cleanups", func() bool { return count.Load() == 12 })
	fmt.Println(w.Value() == nil, count.Load())

	revive()
	until("revived", func() bool { return saved != nil })
	fmt.Println(saved.name, saved.next.name)

	keep := &node{name: "kept"}
	wk := weak.Make(keep)
	inner := weak.Make(&keep.data)
	for range 5 {
		runtime.GC()
	}
	fmt.Println(wk.Value() == keep, wk == weak.Make(keep), inner.Value() == &keep.data, weak.Pointer[node]{}.Value() == nil)
	runtime.KeepAlive(keep)
	keep = nil
	until("weak", func() bool { return wk.Value() == nil })

	h1, h2 := intern(5), intern(15)
	fmt.Println(h1 == h2, h1.Value(), h1 == intern(6))
	for i := range 1000 {
		_ = unique.Make(fmt.Sprint("temp", i))
	}
	runtime.GC()
	fmt.Println(h1 == unique.Make("vvvvv"), unique.Make([2]int{1, 2}) == unique.Make([2]int{1, 2}))

	func() {
		defer func() { fmt.Println(recover() != nil) }()
		defer func() { println("fatal errors of misuse are not tried here") }()
		var p *node
		_ = p.name
	}()
	cache := map[string]weak.Pointer[[1 << 12]byte]{}
	for i := range 100 {
		cache[fmt.Sprint(i)] = weak.Make(new([1 << 12]byte))
	}
	until("cache", func() bool {
		live := 0
		for _, p := range cache {
			if p.Value() != nil {
				live++
			}
		}
		return live <= 1
	})
	var ms1, ms2 runtime.MemStats
	runtime.ReadMemStats(&ms1)
	runtime.GC()
	runtime.ReadMemStats(&ms2)
	fmt.Println(ms2.NumGC > ms1.NumGC, ms2.HeapAlloc > 0, ms2.Mallocs >= ms2.Frees, runtime.NumGoroutine() >= 1)
}
