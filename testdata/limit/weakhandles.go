// Weak pointers to the bytes of a global, and unique values, without end.
package main

import (
	"unique"
	"weak"
)

var global [8 << 20]byte

func main() {
	var keep []weak.Pointer[byte]
	var names []unique.Handle[int]
	for i := 0; ; i++ {
		keep = append(keep, weak.Make(&global[i%len(global)]))
		names = append(names, unique.Make(i))
	}
}
