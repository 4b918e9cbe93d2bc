// GOMAXPROCS as large as can be, up and down, with goroutines that allocate on all.
package main

import "runtime"

func main() {
	runtime.GOMAXPROCS(1 << 20)
	var keep [1024][]*int
	for i := range keep {
		go func() {
			for j := 0; ; j++ {
				keep[i] = append(keep[i], &j)
				runtime.Gosched()
			}
		}()
	}
	for n := 0; ; n++ {
		runtime.GOMAXPROCS(1 + n*37%256)
		runtime.Gosched()
	}
}
