// Pointers passed as uintptr to functions that say so live until the call returns.
package main

import (
	"runtime"
	"unsafe"
)

func object(text string) unsafe.Pointer {
	s := text
	runtime.SetFinalizer(&s, func(p *string) { *p = "finalized" })
	return unsafe.Pointer(&s)
}

//go:noinline
//go:uintptrescapes
func read(p uintptr, rest ...uintptr) (n int) {
	runtime.GC()
	runtime.GC()
	for _, q := range append(rest, p) {
		println(*(*string)(unsafe.Pointer(q)))
		n++
	}
	return n
}

func main() {
	println(read(uintptr(object("a")), uintptr(object("b")), uintptr(object("c"))))
	defer read(uintptr(object("d")))
	done := make(chan bool)
	go func() {
		defer close(done)
		defer read(uintptr(object("e")), uintptr(object("f")))
	}()
	<-done
}
