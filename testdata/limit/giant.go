// One allocation larger than the limit.
package main

import "fmt"

func main() {
	defer func() { fmt.Println("never: out of memory is no panic", recover()) }()
	n := 1 << 30
	b := make([]byte, n)
	fmt.Println(len(b))
}
