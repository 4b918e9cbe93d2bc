package main

import (
	"embed"
	"fmt"

	"example.com/plain/greet"
)

//go:embed data
var data embed.FS

//go:embed data/one.txt
var one string

//go:embed data/*.txt
var texts embed.FS

func main() {
	fmt.Println(greet.Hello("module"), len(one))
	for _, dir := range []string{"data", "data/sub"} {
		list, err := data.ReadDir(dir)
		fmt.Println(len(list), err)
	}
	list, _ := texts.ReadDir("data")
	fmt.Println(len(list))
	b, err := data.ReadFile("data/sub/deep.txt")
	fmt.Printf("%q %v\n", b, err)
}
