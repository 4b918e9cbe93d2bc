package main

import (
	"bufio"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"
)

func main() {
	t := time.Now()
	var b strings.Builder
	x := uint32(7)
	for i := range 200_000 {
		x = x*1664525 + 1013904223
		fmt.Fprintf(&b, "w%d", x>>22)
		if i%11 == 10 {
			b.WriteByte('\n')
		} else {
			b.WriteByte(' ')
		}
	}
	text := b.String()
	counts := map[string]int{}
	sc := bufio.NewScanner(strings.NewReader(text))
	sc.Split(bufio.ScanWords)
	for sc.Scan() {
		counts[sc.Text()]++
	}
	lines := 0
	for _, l := range strings.Split(text, "\n") {
		for _, f := range strings.Fields(l) {
			counts[strings.ToUpper(f)]++
		}
		lines++
	}
	type kv struct {
		k string
		n int
	}
	var all []kv
	for k, n := range counts {
		all = append(all, kv{k, n})
	}
	sort.Slice(all, func(i, j int) bool {
		if all[i].n != all[j].n {
			return all[i].n > all[j].n
		}
		return all[i].k < all[j].k
	})
	fmt.Println(lines, len(all), all[0], all[len(all)-1])
	fmt.Fprintln(os.Stderr, "ns", time.Since(t).Nanoseconds())
}
