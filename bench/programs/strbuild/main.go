package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	t := time.Now()
	total := 0
	for round := 0; round < 20; round++ {
		var b strings.Builder
		for i := 0; i < 50_000; i++ {
			b.WriteString("item ")
			b.WriteString(strconv.Itoa(i * round))
			b.WriteByte(',')
		}
		s := b.String()
		parts := strings.Split(s, ",")
		joined := strings.Join(parts[:100], ";")
		up := strings.ToUpper(joined)
		total += len(s) + len(parts) + len(up) + strings.Count(s, "9")
		acc := ""
		for i := 0; i < 200; i++ {
			acc += strconv.Itoa(i)
		}
		total += len(acc)
	}
	fmt.Println(total)
	fmt.Fprintln(os.Stderr, "ns", time.Since(t).Nanoseconds())
}
