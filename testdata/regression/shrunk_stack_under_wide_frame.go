// A collection halves the stack while the newest frame lies low in the frame of
// its caller; the caller then uses the rest of its own frame.
package main

import (
	"fmt"
	"runtime"
)

type wide [200]int

//go:noinline
func fill(n int) (w wide) {
	for i := range w {
		w[i] = n + i
	}
	return w
}

//go:noinline
func sum(a, b wide) (s int) {
	for i := range a {
		s += a[i] - b[i]/2
	}
	return s
}

func work(n int) int {
	runtime.GC()
	runtime.Gosched()
	s := sum(fill(n), fill(n/2))
	runtime.GC()
	runtime.Gosched()
	return s + sum(fill(s), fill(n))
}

func main() {
	results := make([]int, 8)
	done := make(chan bool)
	for i := range results {
		go func() {
			results[i] = work(i * 10)
			done <- true
		}()
	}
	for range results {
		<-done
	}
	fmt.Println(results)
}
