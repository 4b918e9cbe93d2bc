// Cleanups without end, many on one object.
package main

import "runtime"

func main() {
	p := new([16]int)
	for i := 0; ; i++ {
		runtime.AddCleanup(p, func(int) {}, i)
		if i%1000 == 0 {
			runtime.KeepAlive(p)
		}
	}
}
