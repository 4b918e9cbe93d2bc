package main

import (
	"example.com/broken/nowhere"
	"example.org/unknown"
	"fmtt"
)

func main() { nowhere.F(unknown.X, fmtt.Y) }
