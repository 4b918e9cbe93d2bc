// Goroutines that wait for a mutex for ever.
package main

import "sync"

func main() {
	var mu sync.Mutex
	mu.Lock()
	for {
		go func() {
			mu.Lock()
		}()
	}
}
