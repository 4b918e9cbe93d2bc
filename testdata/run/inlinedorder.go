package main

// Evaluation order, results and variables of calls that the compiler inlines.

import "fmt"

var g = 1

func bump() int        { g++; return g }
func get() int         { return g }
func add(a, b int) int { return a + b }
func pair() (int, int) { return bump(), g }
func swap(a, b int) (int, int) {
	return b, a
}
func named(n int) (r int) {
	if n > 2 {
		r = 7
		return
	}
	r = n
	return r * 2
}
func capture(n int) (f func() int) {
	f = func() int { n++; return n }
	return
}
func search(s []int, x int) int {
	i := 0
next:
	if i < len(s) {
		if s[i] == x {
			goto found
		}
		i++
		goto next
	}
	return -1
found:
	return i
}
func kind(x any) string {
	switch y := x.(type) {
	case int:
		return fmt.Sprint("int ", y)
	case nil:
		return "nil"
	case error:
		return "error " + y.Error()
	}
	return "?"
}
func sum(xs ...int) (s int) {
	for _, x := range xs {
		s += x
	}
	return
}
func at(s []int, i int) *int   { return &s[i] }
func address(x int) *int       { return &x }
func deref(p *int) int         { return *p }
func index(s []int, i int) int { return s[i] }
func loop(n int) int {
	for i := 0; ; i++ {
		if i*i > n {
			return i
		}
	}
}
func choose(b bool) int {
	if b {
		return 1
	} else if get() > 100 {
		return 2
	}
	return 3
}

type point struct{ x, y int }

func (p point) moved(d int) point { p.x += d; return p }
func (p *point) shift(d int)      { p.x += d }
func (p *point) self() *point     { return p }

type visitor interface{ visit(int) bool }
type counter struct{ n int }

func (c *counter) visit(x int) bool { c.n += x; return c.n < 10 }
func walk(v visitor, n int) int {
	for i := range n {
		if !v.visit(i) {
			return i
		}
	}
	return -1
}

func evens(n int) func(func(int, string) bool) {
	return func(yield func(int, string) bool) {
		defer fmt.Println("evens done")
		for i := 0; i < n; i += 2 {
			if !yield(i, fmt.Sprint("#", i)) {
				return
			}
		}
	}
}
func count(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := 0; i < n; i++ {
			if !yield(i) {
				return
			}
		}
	}
}
func find(n int) (int, string) {
	for i, s := range evens(n) {
		if i > 4 {
			return i, s
		}
	}
	return -1, ""
}
func nested() (out []int) {
outer:
	for i := range count(5) {
		for j := range count(5) {
			switch {
			case j == i:
				continue outer
			case i == 4:
				break outer
			}
			defer func() { out = append(out, i*10+j) }()
		}
	}
	return append(out, 99)
}
func closures() (fs []func() int) {
	for i := range count(3) {
		fs = append(fs, func() int { i++; return i })
	}
	return
}
func generic[T any](x T, f func(T) T) T { return f(f(x)) }

func protect(f func()) (s string) {
	defer func() {
		if r := recover(); r != nil {
			s = fmt.Sprint(r)
		}
	}()
	f()
	return "fine"
}
func must(b bool, what string) {
	if !b {
		panic("must: " + what)
	}
}

func main() {
	fmt.Println(get()+bump(), bump()+get(), g+bump(), add(g, bump()), add(bump(), g))
	x := 1
	inc := func() int { x++; return x }
	fmt.Println(x+inc(), inc()+x, add(x, inc()), add(inc(), x), x)
	a, b := pair()
	a, b = swap(a, b)
	fmt.Println(a, b, named(2), named(3))
	f := capture(5)
	fmt.Println(f(), f(), capture(1)())
	s := []int{3, 1, 4}
	fmt.Println(search(s, 4), search(s, 9), kind(2), kind(nil), kind(fmt.Errorf("e")), kind(2.5))
	fmt.Println(sum(), sum(1), sum(1, 2, 3), sum(s...))
	*at(s, 1) = bump()
	s[index(s, 2)-4] += deref(at(s, 1))
	p, q := address(x), address(x)
	*p = 50
	fmt.Println(s, *p, *q, x, p == q, loop(30), choose(true), choose(false))
	pt := point{1, 2}
	m := pt.moved(10)
	pt.self().shift(5)
	fmt.Println(pt, m, pt.moved(1).moved(2), walk(&counter{}, 9), walk(&counter{}, 3))
	fmt.Println(find(20))
	fmt.Println(find(3))
	fmt.Println(nested())
	for _, f := range closures() {
		fmt.Print(f(), f(), " ")
	}
	fmt.Println(generic(3, func(n int) int { return n * n }), generic("a", func(s string) string { return s + s }))
	fmt.Println(protect(func() { must(true, "a") }), protect(func() { must(false, "b") }), protect(func() { _ = index(nil, 2) }))
	var np *point
	fmt.Println(protect(func() { np.shift(1) }), protect(func() { _ = deref(nil) }), protect(func() { var v visitor; walk(v, 1) }))
	var h func(int) int
	h = func(n int) int {
		if n == 0 {
			return 0
		}
		return n + h(n-1)
	}
	i := 0
	for i = 0; add(i, 1) < 4; i++ {
		defer func(n int) { fmt.Print(n, " ") }(add(i, i))
	}
	fmt.Println(h(5), i, func() int { i += 2; return i }(), i)
}
