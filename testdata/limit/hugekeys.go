// A map with keys of 64 KiB, and lookups that convert them.
package main

type key [64 << 10]byte

func main() {
	m := map[any]int{}
	var k key
	for i := 0; ; i++ {
		k[i%len(k)]++
		m[k] = i
		m[string(k[:])] = i
	}
}
