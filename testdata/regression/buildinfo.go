// A program finds out what it was built from.
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

func main() {
	in, ok := debug.ReadBuildInfo()
	fmt.Println(ok)
	fmt.Println(in.GoVersion == runtime.Version(), in.Path, in.Main, len(in.Deps))
	for _, s := range in.Settings {
		if s.Key == "-compiler" || s.Key == "-buildmode" {
			fmt.Println(s)
		}
	}
}
