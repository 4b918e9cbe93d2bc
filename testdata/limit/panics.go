// Panics in deferred calls without end.
package main

func again(n int) {
	defer func() { again(n + 1) }()
	panic(n)
}

func main() { again(0) }
