// What is inlined into the function that a go statement with arguments makes is in
// tracebacks; a wrapper that is inlined has no line of its own; a timer's callback is no goroutine's child.
package main

import (
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

func receive(c chan int)   { <-c }
func send(c chan int)      { c <- 1 }
func wait(d time.Duration) { time.Sleep(d) }

type base struct{ name string }

func (b *base) hello(x int) { panic(fmt.Sprint("hello ", b.name, x)) }

type middle struct{ *base }
type outer struct{ middle }

var (
	address = regexp.MustCompile(`\([0x{][^)]*\)|\(\)|\(\.\.\.\)| \+0x[0-9a-f]+|0x[0-9a-f]+`)
	number  = regexp.MustCompile(`goroutine \d+`)
	file    = regexp.MustCompile(`\t.*/`)
)

func show(stack []byte) {
	s := address.ReplaceAllString(string(stack), "")
	s = file.ReplaceAllString(number.ReplaceAllString(s, "goroutine N"), "\t")
	all := strings.Split(strings.TrimSpace(s), "\n\n")
	slices.Sort(all)
	for _, g := range all {
		for line := range strings.Lines(g + "\n") {
			if !strings.Contains(line, "runtime") && !strings.Contains(line, "panic") && !strings.Contains(line, "sleep.go") && !strings.Contains(line, "time.go") && !strings.Contains(line, "timer.go") {
				fmt.Print(line)
			}
		}
	}
}

func main() {
	c := make(chan int)
	go receive(c)
	go send(make(chan int))
	go receive(nil)
	go wait(time.Hour)
	time.Sleep(20 * time.Millisecond)
	buf := make([]byte, 1<<16)
	show(buf[:runtime.Stack(buf, true)])

	o := outer{middle{&base{"n"}}}
	func() {
		defer func() {
			recover()
			show(debug.Stack())
		}()
		f := outer.hello
		f(o, 3)
	}()

	done := make(chan []byte)
	time.AfterFunc(0, func() { done <- debug.Stack() })
	show(<-done)
}
