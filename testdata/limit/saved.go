// Objects that their finalizers save, as soon as they are dead.
package main

import "runtime"

type object struct {
	p *object
	b [100]byte
}

var keep []*object

func main() {
	for {
		runtime.SetFinalizer(&object{}, func(o *object) { keep = append(keep, o) })
	}
}
