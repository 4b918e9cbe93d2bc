package main

import (
	"fmt"

	"example.com/lib"
)

func main() { fmt.Println(lib.Sum(1, 2, 3)) }
