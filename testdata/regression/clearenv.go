package main

// A setting in GODEBUG holds until the variable is changed, unset or cleared with all others.

import (
	"fmt"
	"os"
)

func try() (r any) {
	defer func() { r = recover() }()
	panic(nil)
}

func main() {
	show := func() { fmt.Printf("%T %q\n", try(), os.Getenv("GODEBUG")) }
	show()
	os.Setenv("GODEBUG", "panicnil=1")
	show()
	os.Clearenv()
	show()
	os.Setenv("GODEBUG", "panicnil=1")
	show()
	os.Unsetenv("GODEBUG")
	show()
	fmt.Println(len(os.Environ()))
}
