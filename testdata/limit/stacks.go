// Tracebacks of everything, kept.
package main

import "runtime"

func rec(n int, f func()) {
	if n == 0 {
		f()
		return
	}
	rec(n-1, f)
}

func main() {
	c := make(chan int)
	for range 1000 {
		go rec(30, func() { <-c })
	}
	var keep [][]byte
	for n := 1 << 10; ; n *= 2 {
		b := make([]byte, n)
		keep = append(keep, b[:runtime.Stack(b, true)])
	}
}
