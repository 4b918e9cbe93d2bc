package p

func keep(t *T) { sink = t } // want `leaking param: t`

func content(t *T) { sink = t.next } // want `leaking param content: t`

func result(t *T) *T { return t } // want `leaking param: t to result ~r0 level=0`

func inner(t *T) *T { return t.next } // want `leaking param: t to result ~r0 level=1`

func both(a, b *T) (*T, *T) { return b, a } // want `leaking param: a to result ~r1 level=0` `leaking param: b to result ~r0 level=0`

func quiet(t *T) int { return t.value } // want `t does not escape`

func write(t *T) { t.value = 1 } // want `t does not escape`

func cut(t *T) { t.buf = t.buf[1:] } // want `cut ignoring self-assignment in t.buf = t.buf[1:]` `t does not escape`

func fill(t *T, b []byte) { t.buf = b } // want `t does not escape` `leaking param: b`

func recursive(t *T, n int) *T { // want `leaking param: t to result ~r0 level=0`
	if n == 0 {
		return t
	}
	return recursive(t.next, n-1)
}

func even(t *T, n int) int { // want `t does not escape`
	if n == 0 {
		return 0
	}
	return odd(t, n-1)
}

func odd(t *T, n int) int { // want `t does not escape`
	if n == 0 {
		return 1
	}
	return even(t.next, n-1)
}

func many(a, b, c, d, e, f *T) (*T, *T, *T, *T, *T, *T) { // BAD: a summary has room for five results // want `leaking param: a to result ~r0 level=0` `leaking param: b to result ~r1 level=0` `leaking param: c to result ~r2 level=0` `leaking param: d to result ~r3 level=0` `leaking param: e to result ~r4 level=0` `leaking param: f`
	return a, b, c, d, e, f
}

func callers() int {
	var a, b, c, d T // want `moved to heap: a` `moved to heap: c`
	keep(&a)
	u := result(&b)
	content(&T{next: &c})     // want `&T{...} does not escape`
	fill(&d, make([]byte, 8)) // want `make([]byte, 8) escapes to heap`
	return u.value + quiet(&d)
}

func variadic(ts ...*T) int { return len(ts) } // want `ts does not escape`

func pass() int {
	return variadic(&T{}, &T{}) // want `... argument does not escape` `&T{} does not escape`
}

func unknown(f func(*T)) { // want `f does not escape`
	var t T // want `moved to heap: t` // why `is passed to f` `a func value, of whose body nothing is known`
	f(&t)
}

type Visitor interface{ Visit(*T) }

func visit(v Visitor) { // want `leaking param: v`
	var t T // want `moved to heap: t` // why `a method of an interface` `call the method on the concrete type`
	v.Visit(&t)
}

type printer struct{ last *T }

func (p *printer) Visit(t *T) { p.last = t } // want `p does not escape` `leaking param: t`

func known() {
	var v Visitor = &printer{} // want `&printer{} does not escape`
	v.Visit(&T{})              // want `devirtualizing v.Visit to *printer` `&T{} escapes to heap`
}
