// The wrapper of a deferred panic panics itself and has a frame, in Callers and in tracebacks; that of another deferred call has none.
package main

import (
	"fmt"
	"runtime"
	"strings"
)

func names() {
	recover()
	pcs := make([]uintptr, 20)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	for {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, "main.") {
			fmt.Println(f.Function)
		}
		if !more {
			return
		}
	}
}

func recovered(x any) {
	defer names()
	defer panic(x)
	defer fmt.Println("first", x)
}

func closing() {
	defer names()
	defer close((chan int)(nil))
}

func main() {
	recovered("a")
	closing()
	defer panic("late")
	defer fmt.Println("before")
}
