package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	t := time.Now()
	const n = 500
	inside := 0
	for y := range n {
		for x := range n {
			cr, ci := 2*float64(x)/n-1.5, 2*float64(y)/n-1
			var zr, zi, r2, i2 float64
			k := 0
			for ; k < 60 && r2+i2 <= 4; k++ {
				zi = 2*zr*zi + ci
				zr = r2 - i2 + cr
				r2, i2 = zr*zr, zi*zi
			}
			if k == 60 {
				inside++
			}
		}
	}
	fmt.Println(inside)
	fmt.Fprintln(os.Stderr, "ns", time.Since(t).Nanoseconds())
}
