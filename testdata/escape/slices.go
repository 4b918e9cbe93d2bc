package p

func sizes(n int) int {
	a := make([]int, 10)        // want `make([]int, 10) does not escape`
	b := make([]int, n)         // the frame has room for 32 bytes of it, known when it runs // want `make([]int, n) does not escape` // why `only what fits 32 bytes is in the frame`
	c := make([]byte, 64<<10)   // want `make([]byte, 65536) does not escape`
	d := make([]byte, 64<<10+1) // want `make([]byte, 65537) escapes to heap`
	e := make([]int, 0, 4)      // want `make([]int, 0, 4) does not escape`
	return len(a) + len(b) + len(c) + len(d) + len(e)
}

func constantSize() []int {
	const n = 4
	size := n
	s := make([]int, size) // want `make([]int, 4) escapes to heap`
	return s
}

func literals() int {
	a := []int{1, 2, 3}  // want `[]int{...} does not escape`
	b := [...]*T{{}, {}} // want `&T{} does not escape`
	c := []T{{}, {}}     // want `[]T{...} does not escape`
	return len(a) + len(b) + len(c)
}

func grow(words []string) []*T { // want `words does not escape`
	var out []*T
	for _, w := range words {
		out = append(out, &T{value: len(w)}) // want `&T{...} escapes to heap` `append escapes to heap` // why `is appended to a slice` `let the caller pass the slice to append to`
	}
	return out
}

func growLocal(words []string) int { // want `words does not escape`
	var out []int
	for _, w := range words {
		out = append(out, len(w)) // want `append does not escape`
	}
	return len(out)
}

func slicing() []byte {
	var a [16]byte // want `moved to heap: a`
	return a[:]
}

func slicingLocal() int {
	var a [16]byte
	s := a[2:4]
	return len(s)
}

func convert(s string) ([]byte, int) { // want `s does not escape`
	b := []byte(s) // want `([]byte)(s) escapes to heap`
	c := []byte(s) // want `([]byte)(s) does not escape` `zero-copy string->[]byte conversion`
	return b, len(c)
}

func concat(a, b string) (string, int) { // want `a does not escape` `b does not escape`
	s := a + b     // want `a + b escapes to heap`
	t := a + b + s // want `a + b + s does not escape`
	return s, len(t)
}

func maps() int {
	m := map[string]*T{"a": {}} // want `map[string]*T{...} does not escape` `&T{} escapes to heap`
	n := make(map[int]int)      // want `make(map[int]int) does not escape`
	n[1] = 2
	return len(m) + n[1]
}

func copies(dst, src []*T) { copy(dst, src) } // want `dst does not escape` `leaking param content: src`

func ranges(list []*T) *T { // want `leaking param: list to result ~r0 level=1`
	for _, t := range list {
		if t.value > 0 {
			return t
		}
	}
	return nil
}
