// Go source nested deeper and deeper, parsed: a deep recursion with many objects in its frames, and deferred calls.
package main

import (
	"go/parser"
	"go/token"
	"strings"
)

var keep []any

func main() {
	for n := 100; ; n *= 2 {
		f, err := parser.ParseFile(token.NewFileSet(), "x", "package p; var x = "+strings.Repeat("(1+", n)+"1"+strings.Repeat(")", n), 0)
		keep = append(keep, f, err)
	}
}
