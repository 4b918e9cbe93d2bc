// The line of a failed check is that of the index or the pointer, not that of the
// assigned value; line directives name files as they are written.
package main

import (
	"fmt"
	"runtime"
	"strings"
)

type T struct {
	p *T
	v int
}

var index = 9

func value(x int) int { return x }

func main() {
	var s []int
	var a [3]int
	var t T
	lines(func() {
		s[index] =
			value(1)
	})
	lines(func() {
		a[index] =
			value(1)
	})
	lines(func() {
		t.p.v =
			value(1)
	})
	lines(func() {
		a[0], s[index] =
			value(1),
			value(2)
	})
	lines(func() {
//line grammar.y:7
		s[index]++
	})
	lines(func() {
//line :12
		s[index]++
	})
}

func lines(f func()) {
	defer func() {
		fmt.Println(recover())
		var pcs [10]uintptr
		frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
		for {
			f, more := frames.Next()
			if strings.HasPrefix(f.Function, "main.main.func") {
				fmt.Println(f.Function, f.File[strings.LastIndexByte(f.File, '/')+1:], f.Line)
			}
			if !more {
				return
			}
		}
	}()
	f()
}
