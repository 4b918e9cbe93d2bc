package main

import (
	"errors"
	"fmt"
)

type text string

func (t text) Error() string { return "text:" + string(t) }

type value struct{ a, b int }

func inner() {
	defer func() {
		defer func() {
			panic(errors.New("third"))
		}()
		panic(text("second\nline two"))
	}()
	panic("first")
}

func recovered() {
	defer func() {
		r := recover()
		fmt.Println("got", r)
		panic(fmt.Sprint("again: ", r))
	}()
	defer func() {
		defer func() { fmt.Println("inner", recover()) }()
		panic("hidden")
	}()
	var m map[string]int
	m["x"] = 1
}

func main() {
	func() {
		defer func() { fmt.Println(recover()) }()
		inner()
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		recovered()
	}()
	defer fmt.Println("main's deferred call")
	defer func() {
		panic(value{1, 2})
	}()
	defer inner()
	recovered()
}
