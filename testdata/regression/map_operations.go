//judge:frames off
package main

// Assignment operations on map elements find the place of the element once, after their operands and before
// the operation; and what a map says of keys without a hash depends on whether it has entries.

import "fmt"

type pair struct{ a, b any }
type list struct{ l []int }

func try(name string, f func()) {
	defer func() {
		e := recover()
		fmt.Printf("%s: %T %v\n", name, e, e)
	}()
	f()
}

func main() {
	m := map[int]int{}
	a, z := []int{1}, 0
	var p *int
	try("index", func() { m[1] += a[z+3] })
	try("nil", func() { m[2] += *p })
	try("division", func() { m[3] /= z })
	try("remainder", func() { m[4] %= z })
	fmt.Println(m)
	try("shift", func() { m[5] <<= z - 1 })
	try("call", func() { m[6] += func() int { panic("x") }() })
	fmt.Println(m)

	var none map[any]int
	try("none ++", func() { none[a]++ })
	try("none +=", func() { none[1] += 3 })
	try("none /=", func() { none[a] /= z })
	try("none append", func() {
		var none map[any][]int
		none[a] = append(none[a], 1)
	})
	some := map[any]int{}
	try("read", func() { _ = some[pair{1, []int{}}] })
	try("read 2", func() { _, _ = some[pair{list{}, 1}] })
	try("delete", func() { delete(some, list{}) })
	try("assign", func() { some[a] = 1 })
	try("none read", func() { _ = none[a] })
	some[1] = 1
	try("read", func() { _ = some[pair{1, []int{}}] })
	try("read 2", func() { _, _ = some[pair{list{}, 1}] })
	try("delete", func() { delete(some, list{}) })
	try("operation", func() { some[a]++ })

	words := map[string]int{}
	floats := map[string]float64{}
	texts := map[string]string{}
	bits := map[[2]string]uint8{}
	complexes := map[int]complex128{}
	structs := map[string]struct{ n, m int32 }{}
	for i := range 1000 {
		w := fmt.Sprint("w", i%37)
		words[w]++
		words[w] += len(floats)
		floats[w] *= 0.5
		floats[w] += float64(i)
		texts[w] += string(rune('a' + i%26))
		bits[[2]string{w, w}] |= 1 << (i % 8)
		bits[[2]string{w}] &^= 1
		bits[[2]string{w}]--
		complexes[i%5] += complex(float64(i), 1)
		complexes[i%5] *= 1i
		s := structs[w]
		s.m += int32(i)
		structs[w] = s
	}
	fmt.Println(words)
	fmt.Println(floats)
	fmt.Println(texts)
	fmt.Println(len(bits), bits[[2]string{"w3", "w3"}], bits[[2]string{"w3"}])
	fmt.Println(complexes, structs["w9"])
}
