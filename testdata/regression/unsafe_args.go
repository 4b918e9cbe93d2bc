// A pointer that comes as an integer out of a call lives on as an argument while the
// next argument is computed.
//
//judge:gcevery 97
package main

import (
	"fmt"
	"reflect"
	"runtime"
	"unsafe"
)

func value(x int) reflect.Value {
	for range 3 {
		runtime.GC()
		_ = make([]int, 100)
	}
	return reflect.ValueOf(&x)
}

func sum(a, b, c unsafe.Pointer) int { return *(*int)(a) + 10**(*int)(b) + 100**(*int)(c) }

func main() {
	fmt.Println(sum(unsafe.Pointer(value(1).Pointer()), unsafe.Pointer(value(2).Pointer()), unsafe.Pointer(value(3).Pointer())))
}
