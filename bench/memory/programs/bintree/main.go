// Bintree is binary-trees 18: much short-lived garbage beside one long-lived tree.
package main

import "fmt"

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
	const n = 18
	long := build(n)
	for depth := 4; depth <= n; depth += 4 {
		rounds := 1 << (n - depth + 4)
		sum := 0
		for range rounds {
			sum += build(depth).check()
		}
		fmt.Println(rounds, depth, sum)
	}
	fmt.Println(long.check())
}
