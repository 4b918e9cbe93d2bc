// Channels without end, each with a buffer.
package main

func main() {
	var list []chan [64]int
	for {
		c := make(chan [64]int, 16)
		c <- [64]int{}
		list = append(list, c)
	}
}
