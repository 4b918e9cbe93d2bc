// Program has a large heap, many goroutines that allocate, write pointers, talk over channels and
// sleep, and prints at the end how long its own clock stood still at the most.
//
//	program [MB of live heap] [goroutines] [seconds]
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

type node struct {
	left, right *node
	pad         [4]int
}

const nodeSize = 48

func build(n int) *node {
	if n <= 0 {
		return nil
	}
	n--
	return &node{left: build(n / 2), right: build(n - n/2)}
}

func number(i, otherwise int) int {
	if i < len(os.Args) {
		if n, err := strconv.Atoi(os.Args[i]); err == nil {
			return n
		}
	}
	return otherwise
}

func main() {
	mb, goroutines, seconds := number(1, 1024), number(2, 1000), number(3, 20)
	each := mb << 20 / nodeSize / goroutines
	roots := make([]*node, goroutines)
	for i := range roots {
		roots[i] = build(each)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprintf(os.Stderr, "heap %d MB, %d goroutines\n", m.HeapAlloc>>20, goroutines)

	end := time.Now().Add(time.Duration(seconds) * time.Second)
	var ops atomic.Int64
	var wg sync.WaitGroup
	for i := range goroutines {
		talk := make(chan *node, 1)
		wg.Go(func() {
			x := uint64(i) + 1
			for round := 0; time.Now().Before(end); round++ {
				// Replace a small subtree somewhere below the root.
				x ^= x << 13
				x ^= x >> 7
				x ^= x << 17
				p := roots[i]
				for d := uint64(0); d < 6 && p.left != nil && p.right != nil; d++ {
					if x>>d&1 == 0 {
						p = p.left
					} else {
						p = p.right
					}
				}
				size := 0
				for q := p.left; q != nil; q = q.left {
					size++
				}
				p.left = build(min(1<<size-1, each/64))
				select {
				case talk <- p:
				case q := <-talk:
					q.pad[0]++
				}
				ops.Add(1)
				if round%8 == 0 {
					time.Sleep(time.Duration(x%20) * time.Millisecond)
				}
			}
		})
	}
	longest, last := time.Duration(0), time.Now()
	for time.Now().Before(end) {
		now := time.Now()
		longest, last = max(longest, now.Sub(last)), now
		runtime.Gosched()
	}
	longest = max(longest, time.Since(last)) // the last wait may have been the whole time
	wg.Wait()
	fmt.Fprintf(os.Stderr, "%d rounds, a goroutine that yields all the time waits %v at most\n", ops.Load(), longest)
}
