package main

import (
	"fmt"
	"runtime"
	"strings"
)

// Objects allocated by what may live in frames: as many as natively.

type pair struct{ a, b int }

//go:noinline
func sum(b []byte) (n int) {
	for _, c := range b {
		n += int(c)
	}
	return
}

//go:noinline
func use(m map[string]int) int { return m["a"] }

//go:noinline
func rest(list ...any) int { return len(list) }

//go:noinline
func call(f func() int) int { return f() }

var (
	sink int
	keep string
	n    = 5
	few  = []byte("hello")
	text = "hello, wörld"
)

func count(name string, f func()) {
	var m runtime.MemStats
	f()
	runtime.ReadMemStats(&m)
	before := m.Mallocs
	for range 100 {
		f()
	}
	runtime.ReadMemStats(&m)
	fmt.Println(name, (m.Mallocs-before)/100)
}

func main() {
	runtime.GOMAXPROCS(1)
	count("concatenation", func() { s := text + "x"; sink += len(s) })
	count("long concatenation", func() { s := text + strings.Repeat("y", 40); sink += len(s) })
	count("bytes of a string", func() { b := []byte(text); b[0] = 'x'; sink += sum(b) })
	count("bytes that are read", func() { sink += sum([]byte(text)) })
	count("bytes of a constant", func() { b := []byte("abc"); b[0] = 1; sink += sum(b) })
	count("string of bytes", func() { s := string(few); sink += len(s) })
	count("string of a byte", func() { keep = string(few[:1]) })
	count("runes", func() { r := []rune(text); r[0]++; sink += len(string(r)) })
	count("string of a rune", func() { s := string(rune(n + 65)); sink += len(s) })
	count("make", func() { s := make([]int, n-2); s[0] = 1; sink += len(s) })
	count("larger make", func() { s := make([]int, n); s[0] = 1; sink += len(s) })
	count("make of pointers", func() { s := make([]*int, n-2, n-1); s[0] = &sink; sink += len(s) })
	count("map", func() { m := map[string]int{"a": 1, "b": 2}; sink += use(m) })
	count("map of unknown size", func() {
		m := make(map[string]int, n)
		m["a"] = 1
		for k, v := range m {
			sink += len(k) + v
		}
	})
	count("append", func() {
		var s []int
		for i := range 4 {
			s = append(s, i)
		}
		sink += len(s)
	})
	count("more append", func() {
		var s []int
		for i := range 5 {
			s = append(s, i)
		}
		sink += len(s)
	})
	count("append of make", func() {
		s := append([]int(nil), make([]int, 3)...)
		s = append(s, make([]int, n-5)...)
		sink += len(s)
	})
	count("interface", func() {
		var x any = pair{n, n}
		if _, ok := x.(pair); ok {
			sink++
		}
	})
	count("variadic", func() { sink += rest(n, text, pair{n, 1}) })
	count("closure", func() { x := n; sink += call(func() int { x++; return x }) })
	count("builder", func() { var b strings.Builder; b.Grow(18); b.WriteString(text); keep = b.String() })
	count("key", func() { m := map[string]int{}; sink += m[string(few)] })
	count("empty", func() {
		b := []byte(text[:0])
		if b == nil {
			panic("nil")
		}
		sink += sum(b)
	})
}
