// Slices, maps and channels made by reflection, with lengths that grow.
package main

import "reflect"

func main() {
	var keep []reflect.Value
	for n := 1; ; n *= 2 {
		keep = append(keep, reflect.MakeSlice(reflect.TypeFor[[]*int](), n, n))
		keep = append(keep, reflect.MakeMapWithSize(reflect.TypeFor[map[int]string](), n))
		keep = append(keep, reflect.MakeChan(reflect.TypeFor[chan [16]int](), n))
	}
}
