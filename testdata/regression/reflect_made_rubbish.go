// A function made by reflection got a copy of all words that its caller had room for, old ones included, in an object of the heap; and
// the closure register of an earlier call was a root wherever a goroutine stood at a function's entry.
package main

import "reflect"

type T struct{ a, b int }

func (t *T) Get(x *int, s []int) (int, []int) {
	s[0] += *x + t.a
	return s[0], s
}

//go:noinline
func method(n int) func(*int, []int) (int, []int) {
	t := T{a: n}
	return reflect.ValueOf(&t).MethodByName("Get").Interface().(func(*int, []int) (int, []int))
}

//go:noinline
func made(n int) func(*int, int) *int {
	x := n
	p := &x
	f := reflect.MakeFunc(reflect.TypeFor[func(*int, int) *int](), func(in []reflect.Value) []reflect.Value {
		*p += in[0].Elem().Interface().(int) + int(in[1].Int())
		return []reflect.Value{reflect.ValueOf(p)}
	})
	return f.Interface().(func(*int, int) *int)
}

// locals has pointers to its own frame in words that its calls find above their arguments.
//
//go:noinline
func locals(n int, f func(*int, []int) (int, []int), g func(*int, int) *int) int {
	var a [3]int
	p, q, r := &a[0], &a[1], &a[2]
	*p, *q, *r = n, n+1, n+2
	through(p, q, r)
	k, s := f(&[]int{n}[0], []int{1, 2})
	return k + len(s) + *p + *q + *r + *g(&s[1], n)
}

//go:noinline
func through(p, q, r *int) (*int, *int, *int, *int) { return r, q, p, p }

func main() {
	for i := range 4 {
		println(locals(i, method(i), made(i)))
	}
	f := reflect.ValueOf(func(p *int) *int { return p })
	for i := range 4 {
		x := i
		println(*f.Call([]reflect.Value{reflect.ValueOf(&x)})[0].Interface().(*int))
	}
}
