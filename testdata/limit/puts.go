// Puts into a pool from which nothing is taken: each collection lets go what the last but one found there, and the program ends by itself.
//
//judge:ends
package main

import "sync"

func main() {
	var p sync.Pool
	for range 1_000_000 {
		p.Put(new([100]int))
	}
}
