// Pools without end, and things put into them by goroutines that come and go.
package main

import "sync"

func main() {
	var keep []*sync.Pool
	for {
		p := &sync.Pool{}
		keep = append(keep, p)
		for range 10 {
			p.Put(new([64]int))
		}
		var wg sync.WaitGroup
		wg.Go(func() { p.Put(new([64]int)) })
		wg.Wait()
	}
}
