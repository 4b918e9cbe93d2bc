package main

import (
	"fmt"
	"os"

	"example.com/dep"
)

func main() {
	fmt.Println(dep.Answer, os.Args[1:])
	os.Exit(3)
}
