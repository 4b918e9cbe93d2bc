// Tracebacks of all goroutines, kept.
package main

import (
	"bytes"
	"runtime/pprof"
)

func main() {
	for range 20000 {
		go func() { select {} }()
	}
	var keep []*bytes.Buffer
	for {
		b := new(bytes.Buffer)
		pprof.Lookup("goroutine").WriteTo(b, 2)
		keep = append(keep, b)
	}
}
