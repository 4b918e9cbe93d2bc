// Values of megabytes as arguments, results and receivers of calls of all kinds, in interfaces, maps and closures.
package main

import (
	"fmt"
	"reflect"
	"runtime"
)

type T [1 << 18]int
type P struct {
	a [1 << 16]*int
	s string
	b [1 << 16]*int
}

//go:noinline
func two(a P, n int, b P) (x P, m int, y P) {
	runtime.GC()
	return b, n + 1, a
}

//go:noinline
func rec(n int, p P) (q P, depth int) {
	defer func() {
		if r := recover(); r != nil {
			q.s += fmt.Sprint("r", r)
			depth = n
		}
	}()
	if n == 0 {
		panic("deep")
	}
	q, depth = rec(n-1, p)
	k := n
	q.a[n] = &k
	return
}

type S struct{ big T }

func (s S) Get(i int) int { return s.big[i] }
func (s S) With(i, v int) S {
	s.big[i] = v
	return s
}

type G interface{ Get(i int) int }

func gen[A any](a A, f func(A) A) A { return f(a) }

var global T
var m = map[string]T{}

func variadic(xs ...T) int { return xs[1][3] }

func main() {
	k := 5
	var a, b P
	a.a[3], a.s = &k, "a"
	b.b[4], b.s = &k, "b"
	x, n, y := two(a, 1, b)
	fmt.Println(x.s, *x.b[4], n, y.s, *y.a[3])
	runtime.GC()
	q, d := rec(4, a)
	runtime.GC()
	fmt.Println(q.s, d, *q.a[1], *q.a[3], a.a[1])
	var s S
	s = s.With(3, 4).With(4, 5)
	var g G = s
	s.big[3] = 99
	fmt.Println(g.Get(3), g.Get(4))
	global = gen(T(s.big), func(t T) T { t[0] = t[3] + 1; return t })
	fmt.Println(global[0], len(global))
	fmt.Println(variadic(global, s.big))
	global2 := func() T { return global }
	if global2()[0] == global2()[3] {
		fmt.Println("eq")
	}
	fmt.Println(global2() == global, T{} == global)
	for i, v := range global2() {
		if v != 0 {
			fmt.Println(i, v)
			break
		}
	}
	ch := make(chan *T, 1)
	t := global2()
	ch <- &t
	fmt.Println((<-ch)[0])
	defer func() {
		fmt.Println(recover())
		fmt.Println(reflect.ValueOf(g).Method(0).Call([]reflect.Value{reflect.ValueOf(3)})[0])
		var e any = global
		fmt.Println(e.(T)[0])
	}()
	large()
	panic("end")
}

//go:noinline
func (s S) swap(x S) (S, S) { return x, s }

func same(a, b any) bool { return a == b }

// large values where they are neither arguments nor variables
func large() {
	m["one"] = global
	m["two"] = T{1, 2, 3}
	fmt.Println(m["one"][3], m["two"][2], m["three"][1], len(m))
	v, ok := m["two"]
	v[1] = 50
	w, ok2 := m["three"]
	fmt.Println(ok, v[1], m["two"][1], ok2, w[1])
	var e any = v
	x, ok := e.(T)
	_, no := e.(S)
	fmt.Println(ok, x[1], no, e.(T)[2], same(e, v), same(e, m["two"]))
	func() {
		defer func() { fmt.Println(recover()) }()
		fmt.Println(e.(S).big[0])
	}()
	y := S{x}
	z := S{T{7, 8}}
	y, z = y.swap(z)
	fmt.Println(y.big[1], z.big[1], S(y) == y, y == z)
	switch t := e.(type) {
	case S:
		fmt.Println("S", t.big[0])
	case T:
		t[0] = 3
		fmt.Println("T", t[0], e.(T)[0])
	}
	f := func() (int, T) { return len(x), x }
	x[9] = 9
	n, a := f()
	a = rotate(a)
	fmt.Println(n, a[8], x[9])
	ps := []struct {
		T
		n int
	}{{a, 1}, {x, 2}}
	fmt.Println(ps[0].T[8], ps[1].T[9], ps[1].n)
	pair := [2]T{a, x}
	pair[0], pair[1] = pair[1], pair[0]
	fmt.Println(pair[0][9], pair[1][8])
	g := z.swap
	z.big[1] = 0
	_, old := g(y)
	fmt.Println(old.big[1])
	c := make(chan int)
	go func(t T, k int) { c <- t[k] }(a, 8)
	fmt.Println(<-c)
	for i := range 2 {
		defer func(t T) { fmt.Println("deferred", i, t[8]) }(a)
		a[8]++
	}
}

//go:noinline
func rotate(t T) (r T) {
	copy(r[:], t[1:])
	r[len(r)-1] = t[0]
	return
}
