package main

import (
	"fmt"
	"os"
	"time"
)

func fannkuch(n int) (int, int) {
	p, q, s := make([]int, n), make([]int, n), make([]int, n)
	sign, most, sum := 1, 0, 0
	for i := range p {
		p[i], s[i] = i, i
	}
	for {
		if q0 := p[0]; q0 != 0 {
			copy(q, p)
			flips := 1
			for {
				qq := q[q0]
				if qq == 0 {
					break
				}
				q[q0] = q0
				if q0 >= 3 {
					i, j := 1, q0-1
					for i < j {
						q[i], q[j] = q[j], q[i]
						i++
						j--
					}
				}
				q0 = qq
				flips++
			}
			most = max(most, flips)
			sum += sign * flips
		}
		if sign == 1 {
			p[0], p[1] = p[1], p[0]
			sign = -1
			continue
		}
		p[1], p[2] = p[2], p[1]
		sign = 1
		for i := 2; i < n; i++ {
			if s[i] != 0 {
				s[i]--
				break
			}
			if i == n-1 {
				return sum, most
			}
			s[i] = i
			t := p[0]
			for j := 0; j <= i; j++ {
				p[j] = p[j+1]
			}
			p[i+1] = t
		}
	}
}

func main() {
	t := time.Now()
	fmt.Println(fannkuch(9))
	fmt.Fprintln(os.Stderr, "ns", time.Since(t).Nanoseconds())
}
