// The stacks of more and more goroutines, as text and as records, into buffers that grow.
package main

import (
	"bytes"
	"runtime"
	"runtime/pprof"
)

func deep(n int) int {
	if n == 0 {
		select {}
	}
	return deep(n-1) + 1
}

func main() {
	var keep []bytes.Buffer
	for {
		for range 500 {
			go deep(50)
		}
		runtime.GoroutineProfile(make([]runtime.StackRecord, 20000))
		var b bytes.Buffer
		pprof.Lookup("goroutine").WriteTo(&b, 2)
		keep = append(keep, b)
	}
}
