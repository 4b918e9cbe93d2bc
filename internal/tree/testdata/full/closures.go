package main

type big [200]byte

func sink(...any) {}

func captures() func() int {
	a := 1    // by value
	b := 2    // assigned later: by reference
	c := 3    // address taken
	var d big // too long
	p := &c
	f := func() int {
		return a + b + *p + int(d[0]) + func() int { return a + c }()
	}
	b = 5
	return f
}

func loops() (fs []func()) {
	for i := 0; i < 3; i++ {
		fs = append(fs, func() { println(i) })
	}
	for i := 0; i < 3; i++ {
		println(i)
	}
	for i, s := range []string{"a"} {
		fs = append(fs, func() { println(i, s) })
	}
	for i := range 3 {
		defer func() { println(i) }()
	}
	return
}

type T struct{ n int }

func (t T) Val(x int) int     { return t.n + x }
func (t *T) Ptr(x ...int) int { return t.n }

type I interface{ Val(int) int }

func methods(t T, p *T, i I) {
	f1 := t.Val
	f2 := p.Val
	f3 := t.Ptr
	f4 := p.Ptr
	f5 := i.Val
	f6 := T.Val
	f7 := (*T).Val
	f8 := (*T).Ptr
	f9 := I.Val
	sink(f1, f2, f3, f4, f5, f6, f7, f8, f9)
	T.Val(t, 1)
	(*T).Val(p, 2)
	I.Val(i, 3)
}

func deferred(t T, p *T, i I, f func(), g func(int) int, m map[string]int, c chan int) {
	defer f()
	defer g(1)
	defer p.Val(2)
	defer t.Ptr()
	defer i.Val(3)
	defer delete(m, "k")
	defer close(c)
	defer recover()
	defer print("x", 1)
	defer panic("p")
	defer func() {}()
	defer func() { f() }()
	defer func(n int) { f() }(7)
	go captures()
	go f()
	go g(t.n)
	defer sink(two())
}

func two() (int, error) { return 0, nil }

var glob = func() int { return func() int { return 1 }() }

func main() {}
