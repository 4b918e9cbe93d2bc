package main

// Closures, loop variables, method values, deferred calls.

type T struct{ n int }

func (t T) Val(x int) int  { println("Val", t.n, x); return t.n + x }
func (t *T) Ptr(x int) int { println("Ptr", t.n, x); t.n += x; return t.n }
func (t *T) Nop()          { println("Nop") }

type I interface{ Val(int) int }

type Outer struct {
	*T
	I
	name string
}

type Emb struct{ T }

func counter() (inc func() int, get func() int) {
	n := 0
	return func() int { n++; return n }, func() int { return n }
}

func loops() {
	var fs []func()
	for i := 0; i < 3; i++ {
		fs = append(fs, func() { i += 10; print(i, " ") })
		if i == 1 {
			continue
		}
		i := i
		fs = append(fs, func() { print("inner", i, " ") })
	}
	for i, j := 0, 10; i < j; i, j = i+1, j-3 {
		fs = append(fs, func() { print(i, ",", j, " ") })
	}
	for k, v := range []string{"a", "b"} {
		fs = append(fs, func() { print(k, v, " "); k++ })
	}
	for k := range 2 {
		fs = append(fs, func() { print(k, " ") })
	}
	var p []*int
	for i := 0; i < 3; i++ {
		p = append(p, &i)
	}
	for _, f := range fs {
		f()
	}
	for _, f := range fs {
		f()
	}
	for _, q := range p {
		print(*q, " ")
	}
	println()
	// A loop whose body changes the variable through the closure.
	for i := 0; i < 6; i++ {
		f := func() { i++ }
		f()
		print(i, " ")
	}
	println()
outer:
	for i := 0; i < 3; i++ {
		for j := 0; ; j++ {
			defer func() { print("d", i, j, " ") }()
			if j == 1 {
				continue outer
			}
			if i == 2 {
				break outer
			}
		}
	}
}

func values() {
	t := T{1}
	f := t.Val
	g := t.Ptr
	t.n = 5
	println(f(1), g(2), t.n)
	p := &t
	h := p.Val
	p.n = 100
	println(h(1))
	var i I = t
	k := i.Val
	i = T{-1}
	println(k(1), i.Val(2))
	println(T.Val(t, 1), (*T).Val(p, 2), (*T).Ptr(p, 3), I.Val(i, 4))
	o := Outer{T: p, I: T{50}, name: "o"}
	println(o.Ptr(1), o.I.Val(1), o.T.Val(2))
	m := o.Ptr
	o.T = nil
	println(m(7))
	e := Emb{T{9}}
	e.Ptr(1)
	var j I = e
	println(j.Val(1))
	j = &e
	e.n = 20
	println(j.Val(1))
	q := (*Emb).Ptr
	println(q(&e, 1), Emb.Val(e, 2))
	func() {
		defer func() { println("recovered", recover() != nil) }()
		var pt *T
		pt.Nop()
		_ = pt.Ptr
		println("still fine")
		_ = pt.Val
		println("not reached")
	}()
	func() {
		defer func() { println("recovered", recover() != nil) }()
		var i I
		_ = i.Val
		println("not reached")
	}()
}

func arg(s string, n int) int { println("arg", s); return n }

func deferred() (res int) {
	t := T{3}
	p := &t
	defer println("first deferred, last run", arg("a", 1))
	defer p.Val(arg("b", 2))
	defer t.Ptr(arg("c", 3))
	t.n = 30
	defer func(n int) { res += n; println("res", res) }(arg("d", 4))
	var f func(int) = func(n int) { println("old f", n) }
	defer f(5)
	f = func(n int) { println("new f", n) }
	x := [3]int{1, 2, 3}
	defer func(a [3]int, s ...int) { println(a[0], x[0], len(s)) }(x, x[:]...)
	x[0] = 9
	m := map[string]int{"k": 1}
	defer func() { println(len(m)) }()
	defer delete(m, "k")
	defer two(pair())
	return 7
}

func pair() (int, string) { println("pair"); return 1, "x" }
func two(a int, b any)    { println("two", a, b.(string)) }

func recovers() (s string) {
	defer func() {
		if r := recover(); r != nil {
			s = "got " + r.(string)
		}
	}()
	defer println("on the way")
	panic("first")
}

func recursive() int {
	var fib func(int) int
	fib = func(n int) int {
		if n < 2 {
			return n
		}
		return fib(n-1) + fib(n-2)
	}
	return fib(12)
}

type big [40]int

func bigCapture() int {
	var b big
	f := func() int { return b[3] }
	b[3] = 4
	c := b
	g := func() int { return c[3] + len(c) }
	return f() + g()
}

func main() {
	inc, get := counter()
	inc()
	inc()
	println(get())
	loops()
	println()
	values()
	println(deferred())
	println(recovers())
	println(recursive(), bigCapture())
}
