// GOMAXPROCS goes up and down while goroutines collect, stop the world, build trees and talk.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

type tree struct {
	l, r *tree
	n    int
}

func build(depth, n int) *tree {
	if depth == 0 {
		return &tree{n: n}
	}
	return &tree{build(depth-1, 2*n), build(depth-1, 2*n+1), n}
}

func (t *tree) check(n int) int {
	if t == nil {
		return 0
	}
	if t.n != n {
		panic(fmt.Sprint("tree ", t.n, " want ", n))
	}
	return 1 + t.l.check(2*n) + t.r.check(2*n+1)
}

func main() {
	var wg sync.WaitGroup
	nodes := make([]int, 6)
	for i := range 2 {
		wg.Go(func() {
			for n := range 60 {
				runtime.GOMAXPROCS((n+i)%4 + 1)
				if n%3 == 0 {
					time.Sleep(50 * time.Microsecond)
				}
			}
		})
	}
	for i := range 2 {
		wg.Go(func() {
			var m runtime.MemStats
			for n := range 24 {
				if n%4 == i {
					runtime.GC()
				} else {
					runtime.ReadMemStats(&m)
				}
			}
		})
	}
	for i := range 3 {
		wg.Go(func() {
			for range 10 {
				nodes[i] += build(8, 1).check(1)
			}
		})
	}
	for i := range 3 {
		c := make(chan *tree)
		wg.Go(func() {
			for range 50 {
				c <- build(3, 1)
			}
			close(c)
		})
		wg.Go(func() {
			for t := range c {
				nodes[3+i] += t.check(1)
			}
		})
	}
	wg.Wait()
	fmt.Println(nodes)
}
