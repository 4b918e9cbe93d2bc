// Types without end, made at run time.
package main

import "reflect"

func main() {
	t := reflect.TypeFor[int]()
	for i := 0; ; i++ {
		t = reflect.ArrayOf(1, reflect.PointerTo(t))
	}
}
