package main

// Logical frames: what runtime.Callers, Caller, FuncForPC, log and tracebacks say of calls that the compiler inlines.

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

func where(skip int) string {
	pc, file, line, _ := runtime.Caller(skip)
	return fmt.Sprint(runtime.FuncForPC(pc).Name(), " ", filepath.Base(file), ":", line)
}

func one() string { return where(1) }
func two() string { return one() }
func up() string {
	return where(2)
}

type box struct{ x *int }

func (b box) value() int    { return *b.x }
func (b *box) pointer() int { return b.value() }

//go:noinline
func stands() { first() }
func first()  { second() }
func second() { third() }
func third() {
	pcs := make([]uintptr, 20)
	for skip := 1; skip <= 5; skip++ {
		k := runtime.Callers(skip, pcs)
		frames := runtime.CallersFrames(pcs[:k])
		for {
			f, more := frames.Next()
			if strings.HasPrefix(f.Function, "main.") {
				fmt.Print(f.Function, ":", f.Line, " ", f.Func != nil, " ", runtime.FuncForPC(f.PC).Name(), "; ")
			}
			if !more {
				break
			}
		}
		fmt.Println()
	}
}

func literal() func() string { return func() string { return func() string { return where(1) }() } }

func call(f func() string) string { return f() }

func each(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func main() {
	fmt.Println(one(), two(), up())
	fmt.Println(literal()(), call(literal()), call(func() string { return where(1) }))
	stands()
	for i := range each(2) {
		fmt.Println(i, where(1), where(2))
	}
	log.SetFlags(log.Lshortfile)
	log.SetOutput(os.Stdout)
	log.Print("logged")
	var b box
	func() {
		defer func() { fmt.Println(recover(), where(1)) }()
		b.pointer()
	}()
	b.pointer()
}
