// Values that no frame has room for: as arguments and results by name, through func values, interfaces and method
// values, in closures, maps, interfaces and slices, and many arrays in one frame.
package main

import "fmt"

type huge [8 << 18]byte

type pair struct {
	a  [100000]int
	p  *int
	s  string
	xs []int
}

//go:noinline
func use(x huge) int { return int(x[0]) + int(x[len(x)-1]) }

//go:noinline
func make1(n int) (h huge, ok bool) {
	h[0], h[len(h)-1] = byte(n), byte(n+1)
	return h, n > 2
}

//go:noinline
func twice(p pair, q pair, k int8, s string) (pair, int8, pair) {
	p.a[0], q.a[0] = q.a[0], p.a[0]
	*p.p += int(k)
	p.s += s
	return q, k + 1, p
}

//go:noinline
func named(n int) (r pair, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("recovered %v", e)
			r.a[5]++
			r.s += "!"
		}
	}()
	r.s = "named"
	r.a[5] = n
	if n > 3 {
		panic(n)
	}
	return
}

type doer interface {
	do(huge, int) huge
	val() int
}

func (h huge) do(x huge, n int) huge {
	x[1] = h[0] + byte(n)
	return x
}
func (h huge) val() int { return int(h[0]) }

type big struct{ huge }

func grow(n int) int {
	var buf huge
	buf[0], buf[len(buf)-1] = byte(n), 1
	if n == 0 {
		return 0
	}
	return use(buf) + grow(n-1)
}

func locals() int {
	var a, b, c, d, e, f, g [120 << 10]byte
	a[1], b[2], c[3], d[4], e[5], f[6], g[7] = 1, 2, 3, 4, 5, 6, 7
	x := [7][120 << 10]byte{a, b, c, d, e, f, g}
	t := 0
	for i := range x {
		t += int(x[i][i+1])
	}
	a = b
	return t + int(a[2]) + int(a[1])
}

func main() {
	var h huge
	h[0], h[len(h)-1] = 3, 4
	fmt.Println(use(h))
	fmt.Println(use(huge{0: 9}))
	h2, ok := make1(5)
	fmt.Println(h2[0], h2[len(h2)-1], ok, h[0])
	fmt.Println(use(func() huge { h, _ := make1(7); return h }()))
	n := 1
	p := pair{p: &n, s: "p"}
	q := pair{p: &n, s: "q", xs: []int{1, 2, 3}}
	p.a[0], q.a[0] = 10, 20
	r, k, s := twice(p, q, 4, "+")
	fmt.Println(r.a[0], r.s, r.xs, k, s.a[0], s.s, *s.p, p.a[0], q.a[0], p.s)
	for i := range 5 {
		r, err := named(i)
		fmt.Println(r.a[5], r.s, err)
	}
	var d doer = h
	x := d.do(h2, 3)
	fmt.Println(x[0], x[1], h2[1], d.val())
	d = big{h2}
	x = d.do(h, 1)
	fmt.Println(x[0], x[1], d.val())
	d = &h
	f := d.do
	x = f(h2, 9)
	fmt.Println(x[1])
	g := huge.do
	x = g(h, h2, 7)
	fmt.Println(x[1])
	m := map[string]func(huge) int{"use": use}
	fmt.Println(m["use"](h2))
	done := make(chan *huge, 1)
	go func(x huge) { x[2] = 22; done <- &x }(h)
	y := <-done
	fmt.Println(y[2], h[2], y[0])
	func() {
		defer func(x huge) { fmt.Println("deferred", x[0], h[0]) }(h)
		h[0] = 77
	}()
	go use(h)
	fmt.Println(grow(20))
	fmt.Println(locals())
	var z *huge
	func() {
		defer func() { fmt.Println(recover()) }()
		use(*z)
	}()
	var arr [3]huge
	arr[1], _ = make1(6)
	fmt.Println(arr[1][0], use(arr[1]))
	mm := map[int]huge{}
	mm[1], _ = make1(8)
	w, has := mm[1]
	fmt.Println(w[0], has, use(mm[1]), use(mm[2]))
	var e any = h2
	fmt.Println(use(e.(huge)))
	if v, ok := e.(huge); ok {
		fmt.Println(use(v))
	}
	fmt.Println(h2 == x, e == any(h2))
	more(h, h2)
}

func more(h, g huge) {
	m := map[string]huge{"h": h}
	m["g"], m["h"] = m["h"], g
	v, ok := m["none"]
	fmt.Println(use(m["g"]), use(m["h"]), use(v), ok)
	var e any = m["g"]
	switch x := e.(type) {
	case huge:
		fmt.Println(use(x))
	case int:
		fmt.Println(x)
	}
	if _, ok := e.(pair); !ok {
		fmt.Println("no pair")
	}
	func() {
		defer func() { fmt.Println(recover()) }()
		fmt.Println(e.(pair).s)
	}()
	xs := append([]huge(nil), h, g)
	xs = append(xs[:0], xs[1], xs[0])
	fmt.Println(use(xs[0]), use(xs[1]))
	h, g = g, h
	fmt.Println(use(h), use(g), use(huge{5: 1, len(h) - 1: 8}))
	for i, x := range [2]huge{h, g} {
		fmt.Println(i, use(x))
	}
	both := struct{ a, b huge }{g, h}
	fmt.Println(use(both.a), use(both.b))
	seven(h, 1, g, "s", 2.5, h, nil)
}

func seven(a huge, i int8, b huge, s string, f float32, c huge, p *int) {
	a[0], b[0], c[0] = 1, 2, 3
	fmt.Println(use(a), i, use(b), s, f, use(c), p)
}
