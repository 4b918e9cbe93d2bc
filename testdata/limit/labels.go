// Goroutines with labels for the profiler, locked to threads, and a goroutine profile of all.
package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/pprof"
)

func main() {
	ctx := context.Background()
	for i := 0; ; i++ {
		pprof.Do(ctx, pprof.Labels("n", fmt.Sprint(i)), func(c context.Context) {
			go func() {
				runtime.LockOSThread()
				select {}
			}()
		})
		if i%2000 == 1999 {
			pprof.Lookup("goroutine").WriteTo(io.Discard, 1)
		}
	}
}
