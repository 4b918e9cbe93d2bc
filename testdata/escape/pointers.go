// Package p holds programs on which the decisions of escape analysis are known. Behind the word want stand all messages about a
// line, which are those of the real compiler without inlining; behind the word why parts of what is said about the line by terrarium
// escape --why. BAD marks what a more precise analysis would decide otherwise.
package p

type T struct {
	next  *T
	value int
	buf   []byte
}

var sink *T
var anySink any

func stays() int {
	t := &T{value: 1} // want `&T{...} does not escape`
	u := new(T)       // want `new(T) does not escape`
	p := &t
	return (*p).value + u.value
}

func returned() *T {
	var t T // want `moved to heap: t` // why `its address is returned` `the caller of returned may use it` `return the value instead of its address`
	return &t
}

func named() (t *T) {
	x := T{} // want `moved to heap: x`
	t = &x
	return
}

func global() {
	t := T{} // want `moved to heap: t` // why `is stored in the package variable sink`
	sink = &t
}

func chain() {
	a := T{}         // want `moved to heap: a`
	b := T{next: &a} // want `moved to heap: b`
	c := T{next: &b}
	sink = c.next
}

// The last write decides nothing: the order of statements is not looked at.
func flow() {
	t := T{} // BAD: the variable p holds u when it is stored // want `moved to heap: t`
	u := T{} // want `moved to heap: u`
	p := &t
	p = &u
	sink = p
}

func fields() {
	var pair struct{ a, b *T }
	x := T{} // want `moved to heap: x`
	y := T{} // BAD: fields are not told apart from the whole // want `moved to heap: y`
	pair.a, pair.b = &x, &y
	sink = pair.a
}

func elements() {
	x, y := T{}, T{} // BAD: nor are elements // want `moved to heap: x` `moved to heap: y`
	array := [2]*T{&x, &y}
	sink = array[0]
}

func through(p **T) { // want `p does not escape`
	t := T{} // want `moved to heap: t` // why `is stored through the pointer p`
	*p = &t
}

func throughLocal() {
	var p *T
	q := &p
	t := T{} // BAD: what a pointer points to is not followed, a store through it is one to the heap // want `moved to heap: t`
	*q = &t
}

func loop(n int) int {
	var best *T
	for i := range n {
		t := T{value: i} // want `moved to heap: t` // why `outlives the round of the loop` `declare best inside the loop`
		if best == nil || t.value > best.value {
			best = &t
		}
	}
	return best.value
}

func jump(n int) int {
	var last *T
again:
	t := T{value: n} // want `moved to heap: t`
	last = &t
	if n--; n > 0 {
		goto again
	}
	return last.value
}

func linked(n int) int {
	var list *T
	for range n {
		list = &T{next: list} // want `&T{...} escapes to heap`
	}
	return list.value
}

func large() int {
	var a [200 << 10]byte    // want `moved to heap: a` // why `it has 204800 bytes, and storage of this kind may have 131072`
	b := new([65 << 10]byte) // want `new([66560]byte) escapes to heap`
	c := [100 << 10]byte{}
	return int(a[1]) + int(b[1]) + int(c[1])
}

func channel(c chan *T) { // want `c does not escape`
	t := T{} // want `moved to heap: t` // why `is sent to a channel`
	c <- &t
}

func table(m map[string]*T, k string) { // want `m does not escape` `leaking param: k`
	m[k] = &T{} // want `&T{} escapes to heap` // why `is stored in a map` `keep values instead of pointers in the map`
}
