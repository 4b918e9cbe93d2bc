package main

import "fmt"

type op struct {
	name string
	f    func(a, b int) int
}

func counter() (inc, get func() int) {
	n := 0
	inc = func() int { n++; return n }
	get = func() int { return n }
	return
}

func compose(fs ...func(int) int) func(int) int {
	return func(x int) int {
		for _, f := range fs {
			x = f(x)
		}
		return x
	}
}

func memo(f func(func(int) int, int) int) func(int) int {
	cache := map[int]int{}
	var self func(int) int
	self = func(n int) int {
		if v, ok := cache[n]; ok {
			return v
		}
		v := f(self, n)
		cache[n] = v
		return v
	}
	return self
}

func deferred() (s string) {
	for i := range 3 {
		defer func() { s += fmt.Sprint(i) }()
	}
	x := 1
	defer func(y int) { s += fmt.Sprint("x", x, "y", y) }(x)
	x = 2
	func() {
		defer func() { x *= 10 }()
		x++
	}()
	return fmt.Sprint("r", x, "-")
}

func loops() {
	var fs []func() int
	for i := 0; i < 3; i++ {
		fs = append(fs, func() int { i += 10; return i })
	}
	for _, f := range fs {
		fmt.Print(f(), f(), " ")
	}
	var ps []*int
	for i := range 3 {
		ps = append(ps, &i)
	}
	for _, p := range ps {
		fmt.Print(*p, " ")
	}
	fmt.Println()
}

func fib() func() int {
	a, b := 0, 1
	return func() int {
		defer func() { a, b = b, a+b }()
		return a
	}
}

func recursive(n int, visit func(int)) {
	if n == 0 {
		return
	}
	recursive(n-1, func(m int) { visit(m * n) })
	visit(n)
}

func main() {
	inc, get := counter()
	inc()
	inc()
	fmt.Println(get(), inc())
	ops := []op{{"+", func(a, b int) int { return a + b }}, {"-", func(a, b int) int { return a - b }}}
	for _, o := range ops {
		fmt.Println(o.name, o.f(7, 5))
	}
	fmt.Println(compose(func(x int) int { return x + 1 }, func(x int) int { return x * x })(4))
	fmt.Println(memo(func(self func(int) int, n int) int {
		if n < 2 {
			return n
		}
		return self(n-1) + self(n-2)
	})(80))
	fmt.Println(deferred())
	loops()
	f := fib()
	for range 10 {
		fmt.Print(f(), " ")
	}
	fmt.Println()
	recursive(4, func(m int) { fmt.Print(m, " ") })
	fmt.Println()
	table := map[string]func(...any) string{"p": fmt.Sprint, "l": fmt.Sprintln}
	fmt.Printf("%q %q\n", table["p"](1, 2, "x"), table["l"]("y"))
	goto end
end:
	func(xs ...int) { fmt.Println(len(xs), cap(xs), xs == nil) }()
}
