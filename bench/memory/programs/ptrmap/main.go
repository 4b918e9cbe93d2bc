// Ptrmap fills a map of a million pointers to small objects, then replaces half of them.
package main

import "fmt"

type item struct {
	key  int
	next *item
	pad  [2]int
}

func main() {
	const n = 1_000_000
	m := map[int]*item{}
	for i := range n {
		m[i] = &item{key: i}
	}
	var last *item
	for i := 0; i < n; i += 2 {
		last = &item{key: -i, next: m[i+1]}
		m[i] = last
	}
	sum := 0
	for i := range n {
		it := m[i]
		sum += it.key
		if it.next != nil {
			sum += it.next.key
		}
	}
	fmt.Println(len(m), sum, last.key)
}
