// Pinned objects, and interfaces of types that lack methods.
package main

import (
	"fmt"
	"reflect"
	"runtime"
)

func main() {
	var p runtime.Pinner
	for i := 0; ; i++ {
		p.Pin(new(int64))
		if i%64 == 0 {
			t := reflect.StructOf([]reflect.StructField{{Name: fmt.Sprintf("F%d", i), Type: reflect.TypeFor[int]()}})
			v := reflect.New(t).Interface()
			_, a := v.(fmt.Stringer)
			_, b := v.(error)
			if a || b {
				panic("a struct has methods")
			}
		}
	}
}
