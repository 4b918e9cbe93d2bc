package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
)

type T struct{ x int }

func (t *T) get() int { return t.x }

type I interface{ M() }
type A struct{}

func (A) M() {}

func try(name string, f func()) {
	defer func() {
		r := recover()
		if re, ok := r.(runtime.Error); ok {
			fmt.Printf("%s: runtime error: %v\n", name, re)
			return
		}
		fmt.Printf("%s: %T %v\n", name, r, r)
	}()
	f()
}

type myErr struct{ code int }

func (e myErr) Error() string { return fmt.Sprint("code ", e.code) }

func nested() (s string) {
	defer func() { s += fmt.Sprint(" outer:", recover()) }()
	defer func() {
		defer func() { s += fmt.Sprint("inner:", recover()) }()
		panic("second")
	}()
	panic("first")
}

func named() (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("wrapped: %v", r)
			n *= 2
		}
	}()
	n = 21
	panic(errors.New("boom"))
}

func order() {
	for i := range 3 {
		defer fmt.Println("deferred", i)
	}
	fmt.Println("body")
}

func goexit() {
	done := make(chan string)
	go func() {
		defer close(done)
		defer func() { done <- fmt.Sprint("recovered ", recover()) }()
		runtime.Goexit()
	}()
	for s := range done {
		fmt.Println(s)
	}
}

func main() {
	var s []int
	var m map[string]int
	var p *T
	var i I
	var e any = "str"
	zero := 0
	n := -1
	five := 5
	try("index", func() { _ = s[5] })
	try("index2", func() { _ = []int{1, 2, 3}[five] })
	try("neg", func() { _ = make([]int, n) })
	try("slice", func() { _ = "hello"[five : 2+zero] })
	try("slice2", func() { s = make([]int, 2, 4); _ = s[:five] })
	try("slice3", func() { _ = s[1:2:five] })
	try("string", func() { _ = "abc"[five] })
	try("nilmap", func() { m["a"] = 1 })
	try("nilptr", func() { _ = p.get() })
	try("niliface", func() { i.M() })
	try("div", func() { _ = 1 / zero })
	try("mod", func() { _ = 1 % zero })
	try("assert", func() { _ = e.(int) })
	try("assert2", func() { _ = e.(I) })
	try("assert3", func() { e = nil; _ = e.(int) })
	try("shift", func() { _ = 1 << n })
	try("closed", func() { c := make(chan int); close(c); close(c) })
	try("send", func() { c := make(chan int); close(c); c <- 1 })
	try("nilclose", func() { var c chan int; close(c) })
	try("array", func() { _ = [4]int(s) })
	try("unhash", func() { _ = map[any]int{[]int{}: 1} })
	try("uncomp", func() { var a, b any = []int{}, []int{}; _ = a == b })
	try("nilfunc", func() { var f func(); f() })
	try("custom", func() { panic(myErr{7}) })
	try("int", func() { panic(42) })
	try("nil", func() { panic(nil) })
	try("error", func() { panic(fmt.Errorf("w: %w", os.ErrNotExist)) })
	try("repeat", func() { strings.Repeat("x", n) })
	fmt.Println(nested())
	fmt.Println(named())
	order()
	goexit()
	try("none", func() {})
	panic(fmt.Sprintf("the end: %v", myErr{3}))
}
