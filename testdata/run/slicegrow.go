package main

import (
	"fmt"
	"slices"
)

type big struct {
	a [5]int
	s string
}

// sink keeps backing arrays out of frames, where the compiler chooses capacities freely.
var sink any

func caps[T any](name string, n int) {
	var s []T
	last := -1
	fmt.Print(name, ":")
	for range n {
		var v T
		s = append(s, v)
		sink = s
		if cap(s) != last {
			last = cap(s)
			fmt.Print(" ", last)
		}
	}
	fmt.Println()
}

func try(name string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Println(name, r)
		}
	}()
	f()
}

//go:noinline
func id(n int) int { return n }

func main() {
	caps[byte]("byte", 5000)
	caps[int16]("int16", 3000)
	caps[int]("int", 3000)
	caps[string]("string", 2000)
	caps[[3]byte]("[3]byte", 1000)
	caps[big]("big", 1000)
	caps[struct{}]("empty", 100)
	caps[*int]("pointer", 600)
	fmt.Println(cap(append([]int(nil), make([]int, 7)...)), cap(append([]byte("abc"), "defgh"...)), cap(append(make([]int, 3, 4), 1, 2, 3)), cap(append(make([]int, 300), make([]int, 500)...)))
	fmt.Println(cap(slices.Grow([]int{1, 2}, 10)), cap(slices.Clip(make([]int, 2, 9))), cap([]rune("héllo, 世界, more than thirty-two runes here")) >= 40)

	a := [8]int{0, 1, 2, 3, 4, 5, 6, 7}
	s := a[2:5]
	t := append(s, 50)
	u := append(a[2:5:5], 60)
	fmt.Println(a, s, t, u, len(s), cap(s), cap(a[1:3:4]))
	s = s[:cap(s)]
	s[5] = 70
	fmt.Println(s, a[7], len(a[8:]), cap(a[8:]))
	fmt.Println(copy(a[1:], a[:]), a, copy(a[:], a[3:]), a, copy(make([]byte, 3), "héy"))
	s = append(s[:1], s[2:]...)
	fmt.Println(s, a)
	clear(s[1:3])
	fmt.Println(s, a)
	var self []any
	self = append(self, 1, nil)
	self[1] = self[:1]
	fmt.Println(self...)
	m := make([][]int, 3)
	for i := range m {
		m[i] = make([]int, i+1, 10)
		for j := range m[i] {
			m[i][j] = i * j
		}
	}
	m[0], m[2] = m[2], m[0]
	fmt.Println(m, len(m[0][1:]), m[0][1:2:3])
	p := (*[3]int)(m[0])
	p[1] = 99
	fmt.Println(m[0], *p, [2]int(m[0]))

	try("make", func() { _ = make([]int, id(-1)) })
	try("cap", func() { _ = make([]int, id(3), id(2)) })
	try("huge", func() { _ = make([]int, id(1<<62)) })
	try("index", func() { _ = a[id(8)] })
	try("neg", func() { _ = s[id(-1)] })
	try("hi", func() { _ = a[:id(9)] })
	try("order", func() { _ = s[id(3):id(2)] })
	try("three", func() { _ = s[id(1):id(5):id(4)] })
	try("str", func() { _ = "abc"[id(2):id(1)] })
	try("arr", func() { _ = [4]int(s[:id(3)]) })
	try("chan", func() { _ = make(chan int, id(-5)) })
	try("grow", func() { _ = slices.Grow(s, -1) })
	for i, v := range a[:3] {
		a[i+1] = v + 10
	}
	fmt.Println(a)
	for i, v := range a {
		a[7-i] = v
	}
	fmt.Println(a)
	x := []int{1, 2, 3}
	for i, v := range x {
		x = append(x, v*i)
	}
	fmt.Println(x, slices.Index(x, 6))
}
