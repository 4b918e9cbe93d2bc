// Functions that return literals which call them again: inlining each into the other's copy would not end.
package main

import (
	"fmt"
	"iter"
)

func nest(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		if n == 4 || !yield(n) {
			return
		}
		next, stop := iter.Pull(nest(n + 1))
		defer stop()
		for {
			v, ok := next()
			if !ok || !yield(v) {
				return
			}
		}
	}
}

func even(n int) func() bool { return func() bool { return n == 0 || odd(n-1)() } }
func odd(n int) func() bool  { return func() bool { return n != 0 && even(n-1)() } }

func count(n int) func() int {
	return func() int {
		if n == 0 {
			return 0
		}
		return 1 + count(n-1)()
	}
}

func main() {
	for v := range nest(0) {
		fmt.Print(v, " ")
	}
	fmt.Println(even(10)(), odd(10)(), count(7)())
}
