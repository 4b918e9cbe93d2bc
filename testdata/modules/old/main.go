// In a module for Go 1.20, panic(nil) is recovered as nil.
package main

import (
	"fmt"
	"os"
)

func try(v any) (r any) {
	defer func() { r = recover() }()
	panic(v)
}

func main() {
	fmt.Println(try(nil), try(1))
	os.Setenv("GODEBUG", "panicnil=0")
	fmt.Println(try(nil))
}
