package main

import (
	"fmt"
	"os"
)

func main() {
	defer fmt.Println("never")
	defer func() {
		fmt.Println("recovered:", recover())
		defer func() {
			fmt.Println("exit 3")
			os.Exit(3)
		}()
		panic("lost")
	}()
	panic("first")
}
