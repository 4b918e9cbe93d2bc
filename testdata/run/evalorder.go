//judge:gcevery 1
package main

import "fmt"

var trace []string

func t[T any](name string, v T) T {
	trace = append(trace, name)
	return v
}

func flush(what string) {
	fmt.Println(what, trace)
	trace = nil
}

type T struct {
	a, b int
	p    *int
}

func (v T) m(x ...int) T      { trace = append(trace, "m"); return v }
func (v *T) pm(x int) *T      { trace = append(trace, "pm"); v.a += x; return v }
func two(n string) (int, int) { trace = append(trace, n); return 1, 2 }
func sum(xs ...int) (s int) {
	for _, x := range xs {
		s += x
	}
	return
}

var (
	a = c + b
	b = f()
	c = 1
	d = func() int { trace = append(trace, "d"); return 4 }()
)

func f() int { trace = append(trace, "f"); c++; return c }

func named() (x int, err error) {
	defer func() {
		x *= 2
		if r := recover(); r != nil {
			err = fmt.Errorf("recovered %v", r)
		}
	}()
	x = 5
	defer func(v int) { x += v }(x)
	x = 7
	return x + 1, nil
}

func named2() (x int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("recovered %v", r)
		}
	}()
	x = 9
	panic("p")
}

func main() {
	fmt.Println(a, b, c, d)
	flush("package variables")

	i := 0
	arr := []int{10, 20, 30}
	i, arr[i] = 1, 99
	fmt.Println(i, arr)
	arr[0], arr[1], arr[2] = arr[2], arr[0], arr[1]
	fmt.Println(arr)
	arr[t("i", 0)], arr[t("j", 1)] = t("v", 5), t("w", 6)
	flush("assign")
	x, y := t("x", 1)+t("y", 2)*t("z", 3), t("q", 4)
	fmt.Println(x, y)
	flush("arith")
	m := map[string]int{t("k1", "a"): t("v1", 1), t("k2", "b"): t("v2", 2)}
	flush("map literal")
	m[t("key", "a")] += t("val", 5)
	fmt.Println(m)
	flush("map op")
	s := []int{t("e0", 0), 2: t("e2", 2), 1: t("e1", 1)}
	flush("slice literal")
	_ = t("l", false) && t("r", true) || t("o", true)
	flush("logic")
	v := T{b: t("fb", 2), a: t("fa", 1)}
	flush("struct literal")
	v.m(t("1", 1)).m(t("2", 2), t("3", 3)).m()
	(&v).pm(t("4", 4)).pm(t("5", 5))
	flush("chain")
	fmt.Println(v.a, sum(two("two")), sum(append(s, t("app", 7))...))
	flush("calls")
	ch := make(chan int, 3)
	t("ch", ch) <- t("sent", 1)
	ch <- <-t("recv", ch) + t("one", 1)
	fmt.Println(<-ch)
	flush("channels")
	switch t("tag", 2) {
	case t("c1", 1), t("c2", 2), t("c3", 3):
		fallthrough
	case t("c4", 4):
		flush("switch")
	}
	for i := t("init", 0); i < t("cond", 2); i += t("post", 1) {
	}
	flush("for")
	for _, e := range t("range", arr)[t("lo", 1):t("hi", 3)] {
		_ = e
		arr = nil
	}
	flush("range")

	list := make([]int, t("length", 2))
	var boxed any = t("in an interface", 7)
	fmt.Println(len(list), boxed)
	flush("known values")

	for i := range 3 {
		defer func() { fmt.Print("defer ", i, " ") }()
	}
	defer t("deferred callee", fmt.Println)(t("deferred arg", "\nfirst deferred runs last"))
	flush("defer")
	func() {
		defer func() {
			fmt.Println(recover(), trace)
			trace = nil
		}()
		var np *T
		np.a, trace = t("before fault", 1), append(trace, "after")
	}()
	func() {
		defer func() { fmt.Println(recover(), trace); trace = nil }()
		var fn func(int)
		defer fmt.Println("runs before the nil call")
		defer fn(t("arg of nil func", 1))
	}()
	fmt.Println(named())
	fmt.Println(named2())
	var funcs []func() int
	for i := 0; i < 3; i++ {
		i := i * 10
		funcs = append(funcs, func() int { i++; return i })
	}
	fmt.Println(funcs[0](), funcs[0](), funcs[1](), funcs[2]())
	p := &v.a
	v, *p = T{a: 1}, 50
	fmt.Println(v.a)
	g := v.m
	v.b = 77
	h := (&v).pm
	fmt.Println(g().b, h(1).b, T.m(v).b, (*T).pm(&v, 2).a)
}
