// Goroutines that wait for mutexes, conditions, wait groups and semaphores at addresses of their own.
package main

import "sync"

func main() {
	for {
		mu, wg := new(sync.Mutex), new(sync.WaitGroup)
		mu.Lock()
		wg.Add(1)
		c := sync.NewCond(new(sync.Mutex))
		go mu.Lock()
		go wg.Wait()
		go func() { c.L.Lock(); c.Wait() }()
		go new(sync.RWMutex).RLock()
	}
}
