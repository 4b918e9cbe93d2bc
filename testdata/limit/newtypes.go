// Types without end: arrays, structs, functions and maps that nobody has seen before.
package main

import (
	"fmt"
	"reflect"
)

func main() {
	for i := 1; ; i++ {
		a := reflect.ArrayOf(i, reflect.TypeFor[*int]())
		s := reflect.StructOf([]reflect.StructField{
			{Name: fmt.Sprintf("F%d", i), Type: a, Tag: reflect.StructTag(fmt.Sprintf(`n:"%d"`, i))},
			{Name: "G", Type: reflect.TypeFor[string]()},
		})
		f := reflect.FuncOf([]reflect.Type{reflect.PointerTo(s)}, []reflect.Type{a}, false)
		m := reflect.MapOf(reflect.TypeFor[int](), f)
		reflect.New(reflect.SliceOf(m))
		reflect.New(reflect.ChanOf(reflect.BothDir, reflect.PointerTo(a)))
	}
}
