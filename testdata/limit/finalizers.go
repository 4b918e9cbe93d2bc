// Finalizers that bring their objects back.
package main

import "runtime"

type node struct {
	next *node
	pad  [100]int
}

var list *node

func back(n *node) {
	n.next, list = list, n
}

func main() {
	for {
		n := new(node)
		runtime.SetFinalizer(n, back)
		n = nil
		runtime.Gosched()
	}
}
