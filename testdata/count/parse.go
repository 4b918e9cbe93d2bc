// Parses and prints the sources of some of std's packages.
package main

import (
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
)

func main() {
	bytes, nodes := 0, 0
	for _, pkg := range []string{"strings", "sort", "fmt", "bufio"} {
		files, _ := filepath.Glob(filepath.Join(os.Args[1], "src", pkg, "*.go"))
		for _, name := range files {
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
			if err != nil {
				panic(err)
			}
			nodes += len(f.Decls)
			text, err := os.ReadFile(name)
			if err != nil {
				panic(err)
			}
			if bytes < 60_000 {
				if text, err = format.Source(text); err != nil {
					panic(err)
				}
			}
			bytes += len(text)
		}
	}
	if bytes == 0 {
		panic("no sources below " + os.Args[1])
	}
	fmt.Println(nodes > 100)
}
