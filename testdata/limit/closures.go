// Deferred calls without end.
package main

func main() {
	for i := 0; ; i++ {
		defer func(a, b, c int) { println(a, b, c) }(i, i, i)
	}
}
