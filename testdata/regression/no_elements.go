// Arrays without elements, and elements without size, in variables: the index is
// checked, nothing is read. All things without size have one address.
package main

type empty struct{}

var g1, g2 = new([0]int), new(empty)

func text(f func(i int), i int) string {
	defer func() {}()
	return try(f, i)
}

func try(f func(i int), i int) (s string) {
	defer func() {
		if r := recover(); r != nil {
			s = r.(error).Error()
		}
	}()
	f(i)
	return "no panic"
}

func main() {
	println(text(func(i int) { var a [0]int; a[i] = 1 }, 0))
	println(text(func(i int) { var a [0]int; println(a[i]) }, 0))
	println(text(func(i int) { var a [0]int; a[i]++ }, 0))
	println(text(func(i int) { var a [3]empty; _ = a[i] }, 2))
	println(text(func(i int) { var a [3][0]int; a[i][i] = 2 }, 0))
	println(text(func(i int) { var a [0]int; _ = a[:i] }, 3))

	var a [0]int
	for i := range a {
		a[i] = 1
	}
	b := a
	println(a == b, len(a), any(g1) == any(g2))
}
