package main

import (
	"fmt"
	"runtime"
)

type tree struct {
	left, right *tree
	val         int
}

func (t *tree) sum(depth int) int {
	return t.left.sum(depth+1) + t.right.sum(depth+1) + t.val
}

func main() {
	defer fmt.Println("deferred before the end")
	defer func() {
		r := recover()
		e := r.(runtime.Error)
		fmt.Println(e)
		var s []int
		i := 5
		fmt.Println(s[i])
	}()
	t := &tree{val: 1, left: &tree{}}
	fmt.Println(t.sum(0))
}
