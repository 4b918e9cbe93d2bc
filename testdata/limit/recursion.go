// Recursion without end, with a stack limit beyond the memory limit.
package main

import "fmt"

func down(n int, s []int) int { return down(n+1, append(s[:0:0], n)) + len(s) }

func main() { fmt.Println(down(0, nil)) }
