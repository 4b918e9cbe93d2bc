package main

// Results of inlined functions: the values of a return statement are read after the calls in it.

import "fmt"

type T struct{ s []byte }

//go:noinline
func (t *T) set(x string) error {
	t.s = []byte(x)
	return nil
}

func parse(x string) (T, error) {
	var o T
	return o, o.set(x)
}

//go:noinline
func inc(p *int) int { *p++; return *p }

func two() (int, int) {
	n := 1
	return n, inc(&n)
}

func three() (n int, m int) {
	n = 1
	return n, inc(&n)
}

func closure() (int, int) {
	n := 1
	f := func() int { n = 7; return 8 }
	return n, f()
}

func arr() (a [2]int, n int) {
	var b [2]int
	g := func() int { b[1] = 5; return 2 }
	return b, g()
}

func expr() (int, int) {
	n := 1
	return n + 1, inc(&n)
}

type S struct{ a, b int }

func field() (int, int) {
	s := &S{1, 2}
	return s.a, inc(&s.a)
}

func main() {
	o, err := parse("abc")
	fmt.Println(string(o.s), err)
	fmt.Println(two())
	fmt.Println(three())
	fmt.Println(closure())
	fmt.Println(arr())
	fmt.Println(expr())
	fmt.Println(field())
	a, b := two()
	c, d := three()
	e, f := closure()
	g, h := arr()
	i, j := expr()
	k, l := field()
	fmt.Println(a, b, c, d, e, f, g, h, i, j, k, l)
	n := 1
	x, y := n, inc(&n)
	fmt.Println(x, y)
	var z [2]int
	z[0], z[1] = n, inc(&n)
	fmt.Println(z)
	x, y = func() (int, int) { m := 3; return m, inc(&m) }()
	fmt.Println(x, y)
}
