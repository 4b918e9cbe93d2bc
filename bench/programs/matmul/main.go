package main

import (
	"fmt"
	"os"
	"time"
)

func matrix(n int) [][]float64 {
	m := make([][]float64, n)
	scale := 1 / float64(n) / float64(n)
	for i := range m {
		m[i] = make([]float64, n)
		for j := range m[i] {
			m[i][j] = scale * float64(i-j) * float64(i+j)
		}
	}
	return m
}

func multiply(a, b [][]float64) [][]float64 {
	n := len(a)
	c := make([][]float64, n)
	for i := range c {
		ci := make([]float64, n)
		ai := a[i]
		for j := range ci {
			s := 0.0
			for k := 0; k < n; k++ {
				s += ai[k] * b[k][j]
			}
			ci[j] = s
		}
		c[i] = ci
	}
	return c
}

func main() {
	t := time.Now()
	const n = 300
	c := multiply(matrix(n), matrix(n))
	fmt.Println(c[n/2][n/2])
	fmt.Fprintln(os.Stderr, "ns", time.Since(t).Nanoseconds())
}
