//judge:skip nogc stacks shrink at collections

// Goroutines that have used much stack wait on channels, with the places of elements in their frames,
// while their peers serve them and collections halve their stacks.
package main

import (
	"fmt"
	"runtime"
	"sync"
)

//go:noinline
func deep(n int) int {
	var room [32]int
	if n == 0 {
		return 0
	}
	room[n%32] = n
	return deep(n-1) + room[n%32]
}

type element struct{ a, b, c int }

func inUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.StackInuse
}

func main() {
	const goroutines, rounds = 64, 30
	in, out, back := make(chan element), make(chan element), make(chan element)
	never := make(chan int)
	var ready, wg sync.WaitGroup
	ready.Add(goroutines)
	for range goroutines {
		wg.Go(func() {
			deep(200)
			ready.Done()
			for {
				var e element
				select {
				case e = <-in:
				case <-never:
				}
				if e.a < 0 {
					return
				}
				deep(100 + e.a%50)
				out <- element{e.a, e.a + 1, e.a + 2}
				x, ok := <-back
				if !ok || x.a != x.c {
					panic(fmt.Sprint("received ", x, ok))
				}
			}
		})
	}
	ready.Wait()
	before := inUse()
	for range 10 {
		runtime.GC()
	}
	fmt.Println("smaller:", inUse() < before/2)

	stop := make(chan bool)
	var collecting sync.WaitGroup
	collecting.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	})
	sum := 0
	for r := range rounds {
		for i := range goroutines {
			in <- element{r*goroutines + i, 0, 0}
		}
		for range goroutines {
			e := <-out
			if e.b != e.a+1 || e.c != e.a+2 {
				panic(fmt.Sprint("sent ", e))
			}
			sum += e.a
			back <- element{e.a, 0, e.a}
		}
	}
	close(stop)
	collecting.Wait()
	for range goroutines {
		in <- element{a: -1}
	}
	wg.Wait()
	fmt.Println(sum)
}
