//judge:skip nogc nothing is ever freed

// A file that is forgotten is closed by its finalizer, also one made from a descriptor.
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

//go:noinline
func wrap(fd uintptr) string { return os.NewFile(fd, "again").Name() }

func main() {
	f, err := os.CreateTemp("", "finalizer")
	if err != nil {
		panic(err)
	}
	defer os.Remove(f.Name())
	fmt.Println(wrap(f.Fd()))
	for range 5 {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	_, err = f.Write([]byte("x"))
	fmt.Println(err != nil)
}
