// Graph links 200 MB of 32-byte objects at random, then drops and replaces some of them
// while allocating garbage.
package main

import "fmt"

type node struct {
	a, b *node
	id   int
	pad  int
}

func main() {
	const n = 6_500_000
	list := make([]*node, n)
	x := uint64(1)
	random := func() uint64 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		return x
	}
	for i := range list {
		list[i] = &node{id: i}
		list[i].a = list[random()%uint64(i+1)]
		list[i].b = list[random()%uint64(i+1)]
	}
	for i := range n {
		at := random() % n
		list[at] = &node{a: list[random()%n].b, id: i}
		if i%1000 == 0 {
			list[random()%n].b = list[random()%n]
		}
	}
	sum := 0
	for _, p := range list {
		sum += p.id
	}
	fmt.Println(sum)
}
