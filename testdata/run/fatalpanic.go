// A fatal error while panics run: they are printed first, errors as the values that they are.
package main

import (
	"fmt"
	"sync"
)

type bad struct{ s string }

func (b bad) Error() string { return "error of " + b.s }

type text string

func (t text) Error() string { return "error of " + string(t) }

func main() {
	var mu sync.Mutex
	defer mu.Unlock()
	defer func() {
		r := recover()
		fmt.Println(r)
		panic(text("again\nand again"))
	}()
	defer func() {
		fmt.Println("first", recover())
		panic(r2())
	}()
	var p *int
	*p = 1
}

func r2() any { return 3.5 }
