//judge:frames off
//judge:gcevery 9973
//judge:skip nogc the strings of the recursion take the square of its depth
//judge:skip movestack copying a deep stack at every call is quadratic
//judge:skip storm copying a deep stack at every call is quadratic
package main

import (
	"fmt"
	"runtime/debug"
)

type link struct {
	next *link
	pad  [4]int
}

func depth(l *link, n int) int {
	if n == 0 {
		return 0
	}
	here := link{next: l}
	return depth(&here, n-1) + len(here.pad)/4
}

func endless(n int, s string) int { return endless(n+1, s+"x"[:n%2]) + 1 }

func main() {
	fmt.Println(depth(nil, 100000))
	debug.SetMaxStack(1 << 20)
	defer fmt.Println("never: a stack overflow is fatal")
	defer func() { fmt.Println("never", recover()) }()
	fmt.Println(endless(0, ""))
}
