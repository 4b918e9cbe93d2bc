package main

import "example.com/broken/cycle/a"

func main() { println(a.A) }
