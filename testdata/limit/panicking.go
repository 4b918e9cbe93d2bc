// Deferred functions that panic in deferred functions that panic.
package main

func recur(n int) {
	defer func() { recur(n + 1) }()
	panic(make([]int, 100))
}

func main() { recur(0) }
