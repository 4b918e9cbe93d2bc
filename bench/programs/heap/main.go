package main

import (
	"cmp"
	"fmt"
	"os"
	"time"
)

type heap[T any] struct {
	v    []T
	less func(a, b T) bool
}

func (h *heap[T]) push(x T) {
	h.v = append(h.v, x)
	i := len(h.v) - 1
	for i > 0 {
		p := (i - 1) / 2
		if !h.less(h.v[i], h.v[p]) {
			break
		}
		h.v[i], h.v[p] = h.v[p], h.v[i]
		i = p
	}
}

func (h *heap[T]) pop() T {
	top := h.v[0]
	n := len(h.v) - 1
	h.v[0] = h.v[n]
	h.v = h.v[:n]
	i := 0
	for {
		c := 2*i + 1
		if c >= n {
			return top
		}
		if c+1 < n && h.less(h.v[c+1], h.v[c]) {
			c++
		}
		if !h.less(h.v[c], h.v[i]) {
			return top
		}
		h.v[i], h.v[c] = h.v[c], h.v[i]
		i = c
	}
}

type task struct {
	due  int
	name string
}

func main() {
	t := time.Now()
	h := &heap[task]{less: func(a, b task) bool { return a.due < b.due }}
	g := &heap[int]{less: cmp.Less[int]}
	x := uint32(5)
	for range 150_000 {
		x = x*1664525 + 1013904223
		h.push(task{int(x >> 9), "t"})
		g.push(int(x >> 7))
	}
	sum := 0
	for i := range 150_000 {
		sum ^= h.pop().due * i
		sum ^= g.pop()
	}
	fmt.Println(sum)
	fmt.Fprintln(os.Stderr, "ns", time.Since(t).Nanoseconds())
}
