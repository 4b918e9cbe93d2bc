package main

import (
	"fmt"
	"os"
	"time"
)

type node struct{ left, right *node }

func build(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{build(depth - 1), build(depth - 1)}
}

func (n *node) check() int {
	if n.left == nil {
		return 1
	}
	return 1 + n.left.check() + n.right.check()
}

func main() {
	t := time.Now()
	const n = 16
	long := build(n)
	for depth := 4; depth <= n; depth += 4 {
		rounds := 1 << (n - depth + 4)
		sum := 0
		for i := 0; i < rounds; i++ {
			sum += build(depth).check()
		}
		fmt.Println(rounds, depth, sum)
	}
	fmt.Println(long.check())
	fmt.Fprintln(os.Stderr, "ns", time.Since(t).Nanoseconds())
}
