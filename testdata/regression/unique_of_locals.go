// Values with pointers that unique.Make and maphash.Comparable look at by their bytes: they must not lie in frames, which move.
package main

import (
	"hash/maphash"
	"runtime"
	"unique"
)

type via struct{ s any }
type ptr struct{ p *int }

//go:noinline
func mk(n int) unique.Handle[via] {
	b := []byte("hello")
	b = append(b, byte('0'+n))
	return unique.Make(via{string(b)})
}

//go:noinline
func mkp(n int) unique.Handle[ptr] {
	x := n * 7
	return unique.Make(ptr{&x})
}

//go:noinline
func mkpp(n int) unique.Handle[*int] {
	x := n * 11
	return unique.Make(&x)
}

type arr [2]*int

//go:noinline
func mka(n int) unique.Handle[arr] {
	x, y := n, n+1
	return unique.Make(arr{&x, &y})
}

func generic[T comparable](v T) unique.Handle[T] { return unique.Make(v) }

//go:noinline
func mkg(n int) unique.Handle[any] {
	x := [3]int{n, n + 1, n + 2}
	return generic[any](&x)
}

//go:noinline
func deep(n int) int {
	var a [64]int
	for i := range a {
		a[i] = n + i
	}
	if n > 0 {
		return deep(n-1) + a[n]
	}
	runtime.GC()
	return a[3]
}

var seed = maphash.MakeSeed()

//go:noinline
func hash(n int) (uint64, func() uint64) {
	x := n
	p := &x
	h := maphash.Comparable(seed, p)
	return h, func() uint64 { return maphash.Comparable(seed, p) }
}

//go:noinline
func samehash() bool {
	x := 1
	p := &x
	h := maphash.Comparable(seed, ptr{p})
	deep(30)
	return h == maphash.Comparable(seed, ptr{p})
}

func main() {
	for i := 0; i < 3; i++ {
		a, b, c, d, g := mk(i), mkp(i), mkpp(i), mka(i), mkg(i)
		deep(20)
		println(a.Value().s.(string), *b.Value().p, *c.Value(), *d.Value()[0], *d.Value()[1], g.Value().(*[3]int)[2])
		println(mk(i) == a, mkp(i) == b)
		h, f := hash(i)
		deep(25)
		println(h == f(), samehash())
	}
}
