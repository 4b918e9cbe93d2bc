//judge:ends

// Fifty goroutines that make garbage and collect it: within the limit.
package main

import (
	"runtime"
	"sync"
)

func main() {
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for range 40 {
				x := make([]byte, 200000)
				x[0] = 1
				runtime.GC()
			}
		})
	}
	wg.Wait()
}
