// Bubbles of testing/synctest: a clock that moves when all are blocked, Wait, timers, everything that blocks durably.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func since(start time.Time) time.Duration { return time.Since(start) }

func sleeping(t *testing.T) {
	start := time.Now()
	fmt.Println(start.UTC(), start.UnixNano())
	var order [4]time.Duration
	for i := range order {
		go func() {
			time.Sleep(time.Duration(len(order)-i) * time.Hour)
			order[i] = since(start)
		}()
	}
	time.Sleep(30 * time.Minute)
	synctest.Wait()
	fmt.Println(order)
	time.Sleep(24 * time.Hour)
	fmt.Println(order, since(start))
}

func timers(t *testing.T) {
	start := time.Now()
	tick := time.NewTicker(7 * time.Second)
	after := time.AfterFunc(10*time.Second, func() {
		fmt.Println("after", since(start))
		time.Sleep(time.Second)
		fmt.Println("later", since(start))
	})
	stopped := time.AfterFunc(time.Second, func() { fmt.Println("never") })
	fmt.Println(stopped.Stop(), stopped.Stop())
	for range 3 {
		fmt.Println((<-tick.C).Sub(start))
	}
	tick.Stop()
	fmt.Println(after.Stop(), since(start))
	tm := time.NewTimer(time.Minute)
	time.Sleep(2 * time.Minute)
	fmt.Println(tm.Reset(time.Minute), len(tm.C))
	fmt.Println((<-tm.C).Sub(start))
	select {
	case <-time.After(time.Hour):
		fmt.Println("hour")
	case <-time.After(time.Minute):
		fmt.Println("minute", since(start))
	}
	now := time.NewTimer(0)
	select {
	case <-now.C:
		fmt.Println("at once")
	default:
		fmt.Println("not yet")
	}
}

func blocking(t *testing.T) {
	var states []string
	note := func(s string) { states = append(states, s) }
	ch, full, never := make(chan int), make(chan int, 1), chan int(nil)
	full <- 1
	var mu sync.Mutex
	cond := sync.NewCond(&mu)
	var wg sync.WaitGroup
	wg.Add(1)
	done := make(chan string)
	go func() { <-ch; done <- "recv" }()
	synctest.Wait()
	note("recv")
	go func() { full <- 2; done <- "send" }()
	go func() {
		select {
		case <-ch:
		case full <- 3:
		case <-never:
		}
		done <- "select"
	}()
	synctest.Wait()
	note("select")
	go func() { mu.Lock(); cond.Wait(); mu.Unlock(); done <- "cond" }()
	go func() { wg.Wait(); done <- "wait" }()
	synctest.Wait()
	note("cond, wait")
	fmt.Println(states)
	mu.Lock()
	cond.Broadcast()
	mu.Unlock()
	fmt.Println(<-done)
	wg.Done()
	fmt.Println(<-done)
	close(ch)
	seen := map[string]bool{<-done: true, <-done: true}
	<-full
	seen[<-done] = true
	fmt.Println(seen)
}

func contexts(t *testing.T) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var called atomic.Bool
	context.AfterFunc(ctx, func() { called.Store(true) })
	time.Sleep(time.Minute - 1)
	synctest.Wait()
	fmt.Println(ctx.Err(), called.Load())
	time.Sleep(1)
	synctest.Wait()
	fmt.Println(ctx.Err(), called.Load(), errors.Is(context.Cause(ctx), context.DeadlineExceeded), since(start))
}

func coroutines(t *testing.T) {
	start := time.Now()
	next, stop := iter.Pull(func(yield func(time.Duration) bool) {
		for yield(since(start)) {
			time.Sleep(time.Second)
		}
	})
	defer stop()
	for range 3 {
		fmt.Println(next())
		runtime.GC()
	}
}

func many(t *testing.T) {
	ch := make(chan int)
	var sum atomic.Int64
	for i := range 50 {
		go func() {
			for v := range ch {
				time.Sleep(time.Duration(i) * time.Millisecond)
				sum.Add(int64(v))
			}
		}()
	}
	for v := range 1000 {
		ch <- v
	}
	close(ch)
	synctest.Wait()
	time.Sleep(time.Second)
	fmt.Println(sum.Load())
}

func deadlock(f func(t *testing.T)) func(t *testing.T) {
	return func(t *testing.T) {
		defer func() { fmt.Println(recover()) }()
		synctest.Test(t, f)
	}
}

func main() {
	testing.Init()
	flag.Parse()
	tests := []testing.InternalTest{}
	for _, c := range []struct {
		name string
		f    func(t *testing.T)
	}{{"sleeping", sleeping}, {"timers", timers}, {"blocking", blocking}, {"contexts", contexts}, {"coroutines", coroutines}, {"many", many}} {
		tests = append(tests, testing.InternalTest{Name: c.name, F: func(t *testing.T) { synctest.Test(t, c.f) }})
	}
	tests = append(tests,
		testing.InternalTest{Name: "stuck", F: deadlock(func(t *testing.T) { <-make(chan int) })},
		testing.InternalTest{Name: "left", F: deadlock(func(t *testing.T) {
			go func() { select {} }()
		})},
		testing.InternalTest{Name: "outside", F: func(t *testing.T) {
			defer func() { fmt.Println(recover()) }()
			synctest.Wait()
		}},
		testing.InternalTest{Name: "parallel", F: func(t *testing.T) {
			var wg sync.WaitGroup
			var ended atomic.Int32
			for i := range 20 {
				wg.Go(func() {
					synctest.Test(t, func(t *testing.T) {
						start := time.Now()
						time.Sleep(time.Duration(i) * time.Hour)
						if since(start) == time.Duration(i)*time.Hour {
							ended.Add(1)
						}
					})
				})
			}
			wg.Wait()
			fmt.Println(ended.Load())
		}})
	if !testing.RunTests(func(pat, str string) (bool, error) { return true, nil }, tests) {
		os.Exit(1)
	}
}
