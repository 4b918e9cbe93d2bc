// A recursion whose frames hold a list of objects, each leading to the one before.
package main

type object struct {
	next *object
	v    [3]int
}

var sink []byte

//go:noinline
func allocate() { sink = make([]byte, 10000) }

//go:noinline
func recur(n int, p *object) int {
	o := object{next: p}
	o.v[n%3] = n
	if n%1000 == 0 {
		allocate()
	}
	return recur(n+1, &o) + o.v[0]
}

func main() { println(recur(0, nil)) }
