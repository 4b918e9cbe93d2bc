package main

import (
	"fmt"
	"os"
	"time"
)

func sieve(n int) int {
	composite := make([]bool, n+1)
	count := 0
	for i := 2; i <= n; i++ {
		if composite[i] {
			continue
		}
		count++
		for j := i + i; j <= n; j += i {
			composite[j] = true
		}
	}
	return count
}

func main() {
	t := time.Now()
	total := 0
	for i := 0; i < 5; i++ {
		total += sieve(5_000_000)
	}
	fmt.Println(total)
	fmt.Fprintln(os.Stderr, "ns", time.Since(t).Nanoseconds())
}
