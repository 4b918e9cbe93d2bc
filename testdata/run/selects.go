package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

type key string

func fair() {
	a, b := make(chan int, 2000), make(chan int, 2000)
	for i := range 2000 {
		a <- i
		b <- i
	}
	na, nb := 0, 0
	for range 2000 {
		select {
		case <-a:
			na++
		case <-b:
			nb++
		}
	}
	fmt.Println("fair", na > 200 && nb > 200, na+nb)
}

func pipeline() {
	gen := func(n int) <-chan int {
		c := make(chan int)
		go func() {
			defer close(c)
			for i := 2; i < n; i++ {
				c <- i
			}
		}()
		return c
	}
	filter := func(in <-chan int, p int) <-chan int {
		out := make(chan int, p%4)
		go func() {
			defer close(out)
			for v := range in {
				if v%p != 0 {
					out <- v
				}
			}
		}()
		return out
	}
	c := gen(400)
	var primes []int
	for p, ok := <-c; ok; p, ok = <-c {
		primes = append(primes, p)
		c = filter(c, p)
	}
	fmt.Println(len(primes), primes[len(primes)-3:])
}

func contexts() {
	root, cancel := context.WithCancelCause(context.WithValue(context.Background(), key("user"), "ann"))
	var wg sync.WaitGroup
	var ended atomic.Int32
	for i := range 5 {
		child, stop := context.WithTimeout(context.WithValue(root, key("n"), i), time.Hour)
		wg.Go(func() {
			defer stop()
			grand, stop2 := context.WithDeadline(child, time.Now().Add(2*time.Hour))
			defer stop2()
			<-grand.Done()
			if context.Cause(grand).Error() == "shutdown" && grand.Value(key("n")) == i && grand.Value(key("user")) == "ann" {
				ended.Add(1)
			}
		})
	}
	after := make(chan string, 1)
	context.AfterFunc(root, func() { after <- "after" })
	cancel(errors.New("shutdown"))
	wg.Wait()
	fmt.Println(ended.Load(), root.Err(), context.Cause(root), <-after)
	ctx, stop := context.WithTimeoutCause(context.WithoutCancel(root), time.Millisecond, errors.New("slow"))
	defer stop()
	<-ctx.Done()
	fmt.Println(ctx.Err(), context.Cause(ctx), ctx.Value(key("user")), errors.Is(ctx.Err(), context.DeadlineExceeded))
	fmt.Println(context.Background(), context.WithValue(context.TODO(), key("a"), 1))
}

func main() {
	fair()
	pipeline()
	contexts()

	var nilc chan int
	select {
	case <-nilc:
	case nilc <- 1:
	case <-time.After(time.Millisecond):
		fmt.Println("timeout")
	}
	closed := make(chan struct{ a, b int })
	close(closed)
	v, ok := <-closed
	select {
	case w, ok := <-closed:
		fmt.Println(v, w, ok)
	}
	fmt.Println(ok, len(closed), cap(closed))
	buf := make(chan [3]string, 2)
	for i := range 4 {
		select {
		case buf <- [3]string{fmt.Sprint(i)}:
			fmt.Print("sent ", i, " ")
		default:
			fmt.Print("full ", i, " ")
		}
	}
	fmt.Println(len(buf), (<-buf)[0], len(buf))
	func() {
		defer func() { fmt.Println(recover()) }()
		c := make(chan int)
		close(c)
		select {
		case c <- 1:
		default:
		}
	}()

	var mu sync.RWMutex
	cond := sync.NewCond(mu.RLocker())
	ready := false
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			mu.RLock()
			for !ready {
				cond.Wait()
			}
			mu.RUnlock()
		})
	}
	mu.Lock()
	ready = true
	mu.Unlock()
	cond.Broadcast()
	wg.Wait()
	once := sync.OnceValue(func() int { fmt.Println("once"); return 42 })
	fmt.Println(once()+once(), mu.TryLock(), mu.TryRLock())
	bad := sync.OnceFunc(func() { panic("in once") })
	for range 2 {
		func() {
			defer func() { fmt.Println(recover()) }()
			bad()
		}()
	}
	counter, gate := 0, make(chan bool, 1)
	for range 50 {
		wg.Go(func() {
			for range 20 {
				gate <- true
				counter++
				<-gate
			}
		})
	}
	wg.Wait()
	fmt.Println(counter)
}
