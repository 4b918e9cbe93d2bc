// Values that are too large for a frame, in temporaries of expressions and initialisers.
package main

type large [100_000]int

type holder struct {
	a large
	s []int
	m [10]int
}

var (
	source large
	small  = []int{1, 2}
	tens   [10]int
	value  = holder{source, small, tens}
	ptr    = &holder{source, small, tens}
)

func pick(c bool) *large {
	if c {
		return &source
	}
	return &value.a
}

func main() {
	source[5] = 5
	value = holder{source, small, tens}
	*pick(false), source[5] = *pick(true), 6
	println(value.a[5], ptr.a[5], source[5], len(value.s), source == value.a)
	list := []holder{{a: source}, {m: tens}}
	list[0], list[1] = list[1], list[0]
	println(list[1].a[5], list[0].a[5])
	for i, h := range list {
		h.a[5]++
		println(i, h.a[5], list[i].a[5])
	}
}
