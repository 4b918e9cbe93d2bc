// A map without end.
package main

import "strconv"

func main() {
	m := map[string][]int{}
	for i := 0; ; i++ {
		m[strconv.Itoa(i)] = []int{i}
	}
}
