// Iterators pulled once and never stopped, each with a stack of its own.
package main

import "iter"

func deep(n int, yield func(int) bool) bool {
	if n == 0 {
		return yield(1)
	}
	return deep(n-1, yield)
}

func main() {
	var keep []func() (int, bool)
	for {
		next, _ := iter.Pull(func(yield func(int) bool) { deep(50, yield) })
		next()
		keep = append(keep, next)
	}
}
