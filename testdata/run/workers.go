package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	jobs := make(chan int)
	results := make(chan [2]int, 4)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := range jobs {
				results <- [2]int{j, j * j}
			}
			_ = w
		}()
	}
	go func() {
		for i := range 100 {
			jobs <- i
		}
		close(jobs)
		wg.Wait()
		close(results)
	}()
	sum := 0
	for r := range results {
		sum += r[1]
	}
	fmt.Println("sum", sum)

	var mu sync.RWMutex
	var once sync.Once
	m := map[int]int{}
	var n atomic.Int64
	for i := range 50 {
		wg.Go(func() {
			once.Do(func() { fmt.Println("once") })
			mu.Lock()
			m[i%10]++
			mu.Unlock()
			mu.RLock()
			_ = m[3]
			mu.RUnlock()
			n.Add(int64(i))
		})
	}
	wg.Wait()
	fmt.Println(len(m), m[3], n.Load())

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	select {
	case <-ctx.Done():
		fmt.Println(ctx.Err(), errors.Is(ctx.Err(), context.DeadlineExceeded))
	case <-time.After(5 * time.Second):
		fmt.Println("late")
	}

	tick := time.NewTicker(2 * time.Millisecond)
	for range 3 {
		<-tick.C
	}
	tick.Stop()
	t := time.AfterFunc(time.Hour, func() {})
	fmt.Println(t.Stop(), t.Stop())

	cond := sync.NewCond(&sync.Mutex{})
	ready := 0
	for range 5 {
		wg.Go(func() {
			cond.L.Lock()
			for ready == 0 {
				cond.Wait()
			}
			ready++
			cond.L.Unlock()
		})
	}
	time.Sleep(time.Millisecond)
	cond.L.Lock()
	ready = 1
	cond.Broadcast()
	cond.L.Unlock()
	wg.Wait()
	fmt.Println(ready)

	c1, c2 := make(chan int), make(chan string)
	quit := make(chan struct{})
	go func() {
		for i := range 3 {
			c1 <- i
			c2 <- fmt.Sprint("s", i)
		}
		close(quit)
	}()
	for done := false; !done; {
		select {
		case i := <-c1:
			fmt.Println("int", i)
		case s, ok := <-c2:
			fmt.Println("str", s, ok)
		case <-quit:
			done = true
		}
	}
	select {
	case c1 <- 1:
	default:
		fmt.Println("default")
	}
	pool := sync.Pool{New: func() any { return new([64]byte) }}
	b := pool.Get().(*[64]byte)
	pool.Put(b)
	fmt.Println(len(pool.Get().(*[64]byte)))
	var sm sync.Map
	for i := range 20 {
		sm.Store(i, i*i)
	}
	v, ok := sm.Load(7)
	fmt.Println(v, ok)

	prev := make(chan int)
	first := prev
	for range 1000 {
		next := make(chan int)
		go func(in, out chan int) { out <- 1 + <-in }(prev, next)
		prev = next
	}
	first <- 0
	fmt.Println(<-prev)
}
