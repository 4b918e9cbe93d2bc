// Append without end.
package main

type big [1 << 10]byte

func main() {
	var keep []*big
	for {
		keep = append(keep, new(big))
	}
}
