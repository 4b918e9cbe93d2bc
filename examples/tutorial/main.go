package main

import "fmt"

func main() {
	var a int = 10
	b := &a
	c := make([]byte, 1024*1024)
	fmt.Println(*b)
	fmt.Printf("%T\n", b)
	fmt.Printf("Slice Length: %d\n", len(c))
	fmt.Printf("Slice Capacity: %d\n", cap(c))
}
