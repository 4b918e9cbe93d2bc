// Goroutines, channels, select, mutexes and interfaces with small methods.
package main

import (
	"fmt"
	"sync"
)

type shape interface {
	area() float64
	name() string
}
type square struct{ side float64 }
type circle struct{ r float64 }

func (s square) area() float64  { return s.side * s.side }
func (s square) name() string   { return "square" }
func (c *circle) area() float64 { return 3 * c.r * c.r }
func (c *circle) name() string  { return "circle" }

type tally struct {
	mu  sync.Mutex
	sum map[string]float64
}

func (t *tally) add(s shape) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum[s.name()] += s.area()
}

func main() {
	jobs, done := make(chan int, 8), make(chan shape)
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := range jobs {
				if n%2 == 0 {
					done <- square{float64(n)}
				} else {
					done <- &circle{float64(n)}
				}
			}
		}()
	}
	go func() {
		for i := range 60_000 {
			jobs <- i
		}
		close(jobs)
		wg.Wait()
		close(done)
	}()
	t := &tally{sum: map[string]float64{}}
	for s := range done {
		t.add(s)
	}
	fmt.Println(t.sum["square"] > 0, t.sum["circle"] > 0)
}
