package main

import (
	"fmt"
	"os"
	"time"
)

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func main() {
	t := time.Now()
	fmt.Println(fib(35))
	fmt.Fprintln(os.Stderr, "ns", time.Since(t).Nanoseconds())
}
