// Weak pointers to objects that die, read while they do.
package main

import "weak"

type object struct{ a [4]int }

func main() {
	var list []weak.Pointer[object]
	for i := 0; ; i++ {
		list = append(list, weak.Make(&object{}))
		if i%1000 == 0 {
			for _, w := range list[:min(len(list), 1000)] {
				if p := w.Value(); p != nil {
					p.a[0]++
				}
			}
		}
	}
}
