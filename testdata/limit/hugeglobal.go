// A global that is larger than the limit.
package main

var x [100 << 20]byte

func main() {
	for i := range x {
		x[i] = 1
	}
}
