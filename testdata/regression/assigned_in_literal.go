package main

// An interface variable gets a value of one type in its function and one of another type in a literal; a method call on it must
// not be made a call of the first type's method. Besides, literals that are called in loops with three clauses see the loop
// variable of the round they were made in.

import "fmt"

type namer interface{ name() string }

type first struct{}
type second struct{}

func (*first) name() string  { return "first" }
func (*second) name() string { return "second" }

func before() string {
	var n namer
	n = &first{}
	func() {
		defer func() {}()
		n = &second{}
	}()
	return n.name()
}

func chosen(which bool) string {
	var n namer = &first{}
	set := func() { n = &second{} }
	if which {
		set = func() { func() { n = &second{} }() }
	}
	set()
	return n.name()
}

func nested() string {
	var n namer = &first{}
	set := func() func() {
		return func() {
			defer func() {}()
			n = &second{}
		}
	}
	set()()
	return n.name()
}

func rounds() {
	var f func() int
	for i := 0; i < 3; i++ {
		if i == 0 {
			f = func() int { return i }
		}
		fmt.Println("outside", i, f())
	}
	for i, f := 0, (func() int)(nil); i < 3; i++ {
		if f == nil {
			f = func() int { i += 0; return i }
		}
		fmt.Println("init", i, f())
	}
	for i, at := 0, func(p *int) func() int { return func() int { return *p } }; i < 3; i++ {
		g := at(&i)
		i++
		fmt.Println("address", g())
	}
}

func main() {
	fmt.Println(before(), chosen(false), chosen(true), nested())
	rounds()
}
