// Slices that are built by append in the frame and go to the heap where they escape: contents, capacities and objects as natively.
package main

import (
	"fmt"
	"testing"
)

var sinkI []int
var sinkS []string
var sinkB []byte

//go:noinline
func build(n int) []int {
	var s []int
	for i := range n {
		s = append(s, i)
	}
	return s
}

//go:noinline
func buildCap(n int) []int {
	var s []int
	for i := range n {
		s = append(s, i)
	}
	if cap(s) > 1000 {
		panic("x")
	}
	return s
}

//go:noinline
func named(n int) (s []string) {
	for range n {
		s = append(s, "x")
	}
	return
}

//go:noinline
func named2(n int) (s []string, err error) {
	for range n {
		s = append(s, "x")
	}
	return s, nil
}

func inl(n int) []byte {
	var s []byte
	for i := range n {
		s = append(s, byte(i))
	}
	return s
}

//go:noinline
func param(s []byte, n int) []byte {
	for i := range n {
		s = append(s, byte(i))
	}
	return s
}

//go:noinline
func lit(n int) []byte {
	s := []byte{1, 2}
	for i := range n {
		s = append(s, byte(i))
	}
	return s
}

//go:noinline
func reslice(n int) []*int {
	var s []*int
	for i := range n {
		s = append(s, &i)
		if len(s) > 2 {
			s = s[1:]
		}
	}
	return s
}

func two(n int) ([]int, []int) {
	var a, b []int
	for i := range n {
		if i%2 == 0 {
			a = append(a, i)
		} else {
			b = append(b, i)
		}
	}
	return a, b
}

func filter[T any](l []T, f func(T) bool) []T {
	var out []T
	for _, x := range l {
		if f(x) {
			out = append(out, x)
		}
	}
	return out
}

type T struct {
	s []int
}

// ranged grows what it ranges over: the range sees the old array.
//
//go:noinline
func ranged() []byte {
	s := []byte{1, 2, 3, 4, 5}
	for i, x := range s {
		s = append(s, x)
		s[len(s)-5+i] = 9
	}
	for i := range s {
		s = append(s, byte(i))
	}
	return s
}

// recovered gives its result after a panic.
//
//go:noinline
func recovered(n int) (s []byte) {
	defer func() { recover() }()
	for i := range n {
		s = append(s, byte(i))
		if i == 5 {
			panic("five")
		}
	}
	return
}

// around has the return before the append.
//
//go:noinline
func around(n int) []string {
	var s []string
	i := 0
again:
	if i == n {
		return s
	}
	s = append(s, "x")
	s = append(s, "y")
	i++
	goto again
}

var last []byte

//go:noinline
func keepLast(s []byte) int { last = s; return len(s) }

//go:noinline
func passed(n int) []byte {
	var s []byte
	for i := range n {
		s = append(s, byte(i))
	}
	keepLast(s)
	return s
}

//go:noinline
func total(s []byte) (n int) {
	for _, x := range s {
		n += int(x)
	}
	return
}

//go:noinline
func read(n int) []byte {
	var s []byte
	for i := range n {
		s = append(s, byte(i), byte(total(s)))
	}
	return s
}

//go:noinline
func field(n int) *T {
	var s []int
	for i := range n {
		s = append(s, i)
	}
	return &T{s: s}
}

//go:noinline
func assignTo(t *T, n int) {
	var s []int
	for i := range n {
		s = append(s, i)
	}
	t.s = s
}

func main() {
	for _, n := range []int{0, 1, 2, 3, 4, 5, 8, 9, 20, 32, 33, 40, 100} {
		c := func(name string, f func()) {
			fmt.Println(n, name, testing.AllocsPerRun(100, f))
		}
		c("build", func() { sinkI = build(n) })
		fmt.Println(sinkI, cap(sinkI))
		c("buildCap", func() { sinkI = buildCap(n) })
		fmt.Println(sinkI, cap(sinkI))
		c("named", func() { sinkS = named(n) })
		fmt.Println(sinkS, cap(sinkS))
		c("named2", func() { sinkS, _ = named2(n) })
		fmt.Println(sinkS, cap(sinkS))
		c("inl", func() { sinkB = inl(n) })
		fmt.Println(sinkB, cap(sinkB))
		c("param", func() { sinkB = param(nil, n) })
		fmt.Println(sinkB, cap(sinkB))
		var buf [3]byte
		c("param2", func() { sinkB = param(buf[:1], n) })
		fmt.Println(sinkB, cap(sinkB))
		c("lit", func() { sinkB = lit(n) })
		fmt.Println(sinkB, cap(sinkB))
		c("reslice", func() { reslice(n) })
		l := reslice(n)
		for _, p := range l {
			fmt.Print(*p, " ")
		}
		fmt.Println(cap(l))
		c("two", func() { sinkI, _ = two(n) })
		a, b := two(n)
		fmt.Println(a, cap(a), b, cap(b))
		c("filter", func() { sinkI = filter(a, func(i int) bool { return i%4 == 0 }) })
		fmt.Println(sinkI, cap(sinkI))
		c("passed", func() { passed(n) })
		fmt.Println(last)
		c("read", func() { last = read(n) })
		fmt.Println(last, cap(last))
		c("around", func() { sinkS = around(n) })
		fmt.Println(len(sinkS), cap(sinkS))
		c("recovered", func() { sinkB = recovered(n) })
		fmt.Println(sinkB)
		fmt.Println(ranged())
		var t *T
		c("field", func() { t = field(n) })
		fmt.Println(t.s, cap(t.s))
		c("assignTo", func() { assignTo(t, n) })
		fmt.Println(t.s, cap(t.s))
	}
}
