//judge:frames off
package main

import "fmt"

type key struct {
	a any
	b int
}

func main() {
	m := map[any]int{1: 1, "a": 2, 2.5: 3, key{1, 2}: 4, [2]int{1, 2}: 5}
	fmt.Println(m[1], m["a"], m[2.5], m[key{1, 2}], m[[2]int{1, 2}], m[int8(1)], m[nil])
	try := func(f func()) {
		defer func() { fmt.Println(recover()) }()
		f()
	}
	try(func() { m[[]int{1}] = 1 })
	try(func() { _ = m[key{map[int]int{}, 1}] })
	try(func() { delete(m, any(func() {})) })
	try(func() { fmt.Println(any(key{[]int{1}, 1}) == any(key{[]int{1}, 1})) })
	try(func() { fmt.Println(any(key{[]int{1}, 1}) == any(key{[]int{1}, 2})) })
	var nilmap map[string]*int
	fmt.Println(len(nilmap), nilmap["x"] == nil)
	delete(nilmap, "x")
	for range nilmap {
		fmt.Println("never")
	}
	defer fmt.Println("deferred")
	nilmap["boom"] = nil
}
