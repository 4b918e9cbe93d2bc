//judge:gcevery 9973
package main

import (
	"fmt"
	"sync"
)

func main() {
	const n = 100_000
	var wg sync.WaitGroup
	start := make(chan struct{})
	out := make(chan int, 64)
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-start
			out <- i
		}()
	}
	go func() { wg.Wait(); close(out) }()
	close(start)
	sum := 0
	for v := range out {
		sum += v
	}
	fmt.Println(sum == n*(n-1)/2)
}
