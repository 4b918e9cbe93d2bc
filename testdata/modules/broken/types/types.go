package main

import (
	"fmt"
	"os"

	"example.com/broken/types/a"
	"example.com/broken/types/b"
)

func main() {
	n := a.One + b.Two
}
