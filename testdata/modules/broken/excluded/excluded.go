//go:build never

package main

func main() {}
