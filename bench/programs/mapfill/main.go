package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	t := time.Now()
	const n = 1_000_000
	m := map[int]int{}
	x := 1
	for i := 0; i < n; i++ {
		x = (x*1103515245 + 12345) & 0x7fffffff
		m[x] = i
	}
	hits, sum := 0, 0
	for i := 0; i < 2*n; i++ {
		if v, ok := m[i*1021&0x7fffffff]; ok {
			hits++
			sum += v
		}
	}
	y := 1
	for i := 0; i < n; i++ {
		y = (y*1103515245 + 12345) & 0x7fffffff
		sum += m[y]
	}
	fmt.Println(len(m), hits, sum)
	fmt.Fprintln(os.Stderr, "ns", time.Since(t).Nanoseconds())
}
