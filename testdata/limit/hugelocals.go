// Locals of 40 KiB, copied by value through calls, interfaces, channels and closures.
package main

type block [40 << 10]byte

func pass(b block, n int) any {
	c := make(chan block, 1)
	c <- b
	f := func() block { return b }
	if n > 0 {
		return []any{f(), <-c, pass(b, n-1)}
	}
	return b
}

func main() {
	var keep []any
	for n := 0; ; n++ {
		keep = append(keep, pass(block{}, n))
	}
}
