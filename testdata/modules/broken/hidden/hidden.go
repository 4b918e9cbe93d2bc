package main

import "example.com/broken/names/internal/secret"

func main() { println(secret.S) }
