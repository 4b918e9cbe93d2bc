// Every byte of a function's code has a line of this function, the last one too.
package main

import (
	"fmt"
	"reflect"
	"runtime"
)

//go:noinline
func short() int { return 1 } // line 11

//go:noinline
func long(n int) int { // lines 14 to 19
	for i := range n {
		n += short() + i
	}
	return n
}

//go:noinline
func behind() {}

func lines(f any, from, to int) bool {
	pc := reflect.ValueOf(f).Pointer()
	fn := runtime.FuncForPC(pc)
	n := 0
	for ; runtime.FuncForPC(pc) == fn; pc++ {
		if _, line := fn.FileLine(pc); line != 0 && (line < from || line > to) {
			fmt.Println("line", line, "in", fn.Name())
			return false
		}
		n++
	}
	return n > 1
}

func main() {
	behind()
	fmt.Println(long(3), lines(short, 11, 11), lines(long, 14, 19))
}
