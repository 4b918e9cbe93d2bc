// The text of debug.Stack and runtime.Stack begins with the caller, not with runtime.Stack.
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

func main() {
	for _, s := range []string{string(debug.Stack()), own()} {
		for line := range strings.Lines(s) {
			if name, _, ok := strings.Cut(line, "("); ok && line[0] != '\t' {
				fmt.Println(name)
			}
		}
	}
}

func own() string {
	b := make([]byte, 4096)
	return string(b[:runtime.Stack(b, false)])
}
