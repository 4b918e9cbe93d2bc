// A panic with a text that is nearly all of the memory, after printing it in every way.
package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	s := strings.Repeat("long ", 5<<20)
	if len(os.Args) > 5 {
		print(s)
	}
	os.Open(s)
	os.Setenv("X", s)
	os.Stat(s[1:])
	defer func() {
		e := recover()
		panic(fmt.Sprint(e, s[:10]))
	}()
	t := s + s[1:]
	panic(t + s)
}
