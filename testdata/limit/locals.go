// Values of 1 MiB in frames, with a limit on the stack beyond the memory limit.
package main

func fill(n int) (a [16 << 10]int) {
	var b [128 << 10]int
	b[n] = n
	if c := fill(n + 1); c[n] > 0 {
		a[n] = b[n] + c[n]
	}
	return a
}

func main() { println(fill(0)[5]) }
