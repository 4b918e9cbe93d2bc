package main

import _ "embed"

//go:embed nowhere.txt
var text string

func main() { println(text) }
