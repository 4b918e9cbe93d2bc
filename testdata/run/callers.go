package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

type T struct{}

func (T) value() []string    { return trace() }
func (*T) pointer() []string { return trace() }

func trace() []string {
	pcs := make([]uintptr, 16)
	n := runtime.Callers(2, pcs)
	frames := runtime.CallersFrames(pcs[:n])
	var out []string
	for {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, "main.") {
			out = append(out, fmt.Sprintf("%s:%d", strings.TrimPrefix(f.Function, "main."), f.Line))
		}
		if !more {
			return out
		}
	}
}

func generic[E any](e E) []string { return trace() }

func where() string {
	_, file, line, ok := runtime.Caller(1)
	return fmt.Sprint(filepath.Base(file), ":", line, ok)
}

func main() {
	fmt.Println(where())
	fmt.Println(T{}.value(), new(T).pointer(), generic(1))
	defer func() {
		r := recover()
		fmt.Println(r)
		fmt.Println(strings.Contains(string(debug.Stack()), "main.boom"))
	}()
	ch := make(chan []string)
	go func() { ch <- trace() }()
	fmt.Println(<-ch)
	f := runtime.FuncForPC(func() uintptr { pc, _, _, _ := runtime.Caller(0); return pc }())
	fmt.Println(f.Name())
	boom(nil)
}

func boom(m map[string]int) {
	m["x"] = 1
}
