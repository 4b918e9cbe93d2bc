// Measure allocates a number of objects that can be counted by reading it.
package main

import (
	"fmt"
	"os"
	"strconv"
)

type node struct {
	next *node
	key  int
}

var list *node

// Fill puts n nodes on the list.
func fill(n int) {
	for i := 0; i < n; i++ {
		list = &node{list, i}
	}
}

// Sum keeps its node in the frame.
func sum(n int) (s int) {
	for i := 0; i < n; i++ {
		t := &node{nil, i}
		s += t.key
	}
	return s
}

func main() {
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		os.Exit(3)
	}
	fill(n)
	if sum(n) < 0 {
		fmt.Println(list)
	}
}
