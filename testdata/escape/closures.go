package p

import "sync"

func called() int {
	n := 1
	f := func() int { n++; return n } // want `func literal does not escape`
	return f() + f()
}

func counter() func() int {
	n := 0                              // want `moved to heap: n` // why `is captured by reference by a func literal` `is returned`
	return func() int { n++; return n } // want `func literal escapes to heap`
}

func byValue(n int) func() int {
	return func() int { return n } // want `func literal escapes to heap`
}

func goroutine() int {
	var wg sync.WaitGroup // want `moved to heap: wg`
	total := 0            // want `moved to heap: total` // why `the go statement starts it` `pass total to the goroutine as an argument`
	wg.Add(1)
	go func() { // want `func literal escapes to heap`
		defer wg.Done()
		total++
	}()
	wg.Wait()
	return total
}

func deferred(mu *sync.Mutex) { // want `leaking param: mu`
	n := 0
	mu.Lock()
	defer func() { // want `func literal does not escape`
		n++
		mu.Unlock()
	}()
}

func deferLoop(n int) {
	for i := range n {
		defer func() { println(i) }() // want `func literal escapes to heap` // why `the defer statement, which may run more than once` `put the body of the loop into a function of its own`
	}
}

func results() int {
	x := 1
	p := func() *int { return &x }() // want `func literal does not escape`
	return *p
}

func outward() int {
	var p *T
	func() { // want `func literal does not escape`
		t := T{value: 3} // want `moved to heap: t` // why `belongs to the function around`
		p = &t
	}()
	return p.value
}

func methodValue(t *T) func() int { return t.get } // want `leaking param: t` `t.get escapes to heap`

func (t *T) get() int { return t.value } // want `t does not escape`

func localMethod() int {
	var t T
	f := t.get // want `t.get does not escape`
	return f()
}

func seq(yield func(int) bool) { // want `yield does not escape`
	for i := range 3 {
		if !yield(i) {
			return
		}
	}
}

func rangeFunc() int {
	sum := 0
	for i := range seq { // want `func literal does not escape`
		sum += i
	}
	return sum
}

func rangeUnknown(f func(func(int) bool)) (int, bool) { // want `f does not escape` `moved to heap: #rv1` `moved to heap: #rv2`
	for i := range f { // want `moved to heap: #state1` `func literal escapes to heap`
		return i, true
	}
	return 0, false
}

func (t *T) each(yield func(int) bool) { // want `t does not escape` `yield does not escape`
	for range 3 {
		if !yield(t.value) {
			return
		}
	}
}

func rangeMethod(t *T) int { // want `t does not escape`
	sum := 0
	for i := range t.each { // want `func literal does not escape`
		sum += i
	}
	return sum
}
