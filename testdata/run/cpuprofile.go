//judge:gcevery 1009

// The CPU profile names the functions that take the time, and their labels.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"runtime/pprof"
	"time"
)

//go:noinline
func hot(n int) (s int) {
	for i := range n {
		s += i * i % 7
	}
	return s
}

func main() {
	for range 2 { // a second profile begins where the first has ended
		var b bytes.Buffer
		fmt.Println(pprof.StartCPUProfile(&b))
		fmt.Println(pprof.StartCPUProfile(io.Discard))
		pprof.Do(context.Background(), pprof.Labels("color", "of heat"), func(context.Context) {
			for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); {
				hot(100000)
			}
		})
		pprof.StopCPUProfile()
		z, err := gzip.NewReader(&b)
		if err != nil {
			fmt.Println(err)
			return
		}
		text, err := io.ReadAll(z)
		fmt.Println(err, bytes.Contains(text, []byte("main.hot")), bytes.Contains(text, []byte("of heat")), bytes.Contains(text, []byte("nanoseconds")))
	}
}
