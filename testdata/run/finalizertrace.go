//judge:skip nogc nothing is ever finalized

// A goroutine of finalizers that calls code of the program shows in runtime.Stack and profiles; initialisers run locked to a thread.
package main

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"
)

func init() {
	done := make(chan bool)
	go func() {
		for {
			buf := make([]byte, 1<<16)
			s := string(buf[:runtime.Stack(buf, true)])
			if i := strings.Index(s, "goroutine 1 [chan receive, locked to thread]"); i >= 0 {
				done <- true
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	fmt.Println(<-done)
}

func shown(what string) (stack, profile bool) {
	buf := make([]byte, 1<<16)
	s := string(buf[:runtime.Stack(buf, true)])
	var b bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&b, 1)
	return strings.Contains(s, what+"()"), strings.Contains(b.String(), what+"+")
}

func main() {
	for _, cleanup := range []bool{false, true} {
		what := "runtime.runFinalizers"
		started, end := make(chan bool), make(chan bool)
		x := new([64]byte)
		if cleanup {
			what = "runtime.runCleanups"
			runtime.AddCleanup(x, func(int) { started <- true; <-end }, 1)
		} else {
			runtime.SetFinalizer(x, func(*[64]byte) { started <- true; <-end })
		}
		fmt.Println(shown(what))
		x = nil
		runtime.GC()
		<-started
		fmt.Println(shown(what))
		end <- true
	}
	runtime.LockOSThread()
	buf := make([]byte, 1<<12)
	s, _, _ := strings.Cut(string(buf[:runtime.Stack(buf, false)]), "\n")
	fmt.Println(s)
	runtime.UnlockOSThread()
	s, _, _ = strings.Cut(string(buf[:runtime.Stack(buf, false)]), "\n")
	fmt.Println(s)
}
