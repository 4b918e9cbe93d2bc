package main

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "")

func TestMain(m *testing.M) {
	fmt.Println("before", *update, flag.Args())
	code := m.Run()
	fmt.Println("after", code)
	if *update {
		code = 3
	}
	os.Exit(code)
}

func TestArgs(t *testing.T) { fmt.Println(len(os.Args) > 0) }
