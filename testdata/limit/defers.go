// A chain of deferred calls in each frame of a recursion, run while it unwinds and grows again.
package main

func chain(n int, m map[int][]byte) {
	for i := range 64 {
		defer func() { m[n*64+i] = make([]byte, 100) }()
	}
	chain(n+1, m)
}

func main() { chain(0, map[int][]byte{}) }
