// Call stacks of all depths, recorded by runtime.Callers and by the memory profile at rate 1.
package main

import "runtime"

func init() { runtime.MemProfileRate = 1 }

var keep []*[]uintptr
var records []runtime.MemProfileRecord

func deep(n, m int) {
	if n > 0 {
		if m&1 == 0 {
			deep(n-1, m/2)
		} else {
			func() { deep(n-1, m/2) }()
		}
		return
	}
	pcs := make([]uintptr, 200)
	pcs = pcs[:runtime.Callers(0, pcs)]
	keep = append(keep, &pcs)
}

func main() {
	for i := 0; ; i++ {
		deep(60, i*2654435761)
		if i%1000 == 0 {
			n, _ := runtime.MemProfile(nil, true)
			records = make([]runtime.MemProfileRecord, n+50)
			runtime.MemProfile(records, true)
		}
	}
}
