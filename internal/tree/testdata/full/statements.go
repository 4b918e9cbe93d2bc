package main

import "unsafe"

type MyBool bool
type E struct{}

func (*E) Error() string { return "" }

func fail() (int, *E)     { return 0, nil }
func pair() (int, string) { return 1, "x" }

func assigns(m map[string]int, x any, c chan int) (n int, err error) {
	n, err = fail()
	a, err := pair1()
	var ok MyBool
	_, ok = m["k"]
	v, ok2 := x.(int)
	_, _ = <-c, a
	m["a"], m["b"] = m["b"], m["a"]
	m["c"]++
	var s string
	s += "x"
	var u8 uint8 = 255
	u8 <<= n
	_ = v
	_ = ok2 && bool(ok)
	var e1, e2 error
	_ = e1 == e2
	_ = x == 1
	_ = x == e1
	_ = e1 == nil
	if k := n; k > 1 {
		return fail()
	} else if n < 0 {
		return
	}
	return pair1()
}

func pair1() (int, error) { return 0, nil }

const debug = false

func dead() {
	if debug {
		unreachable()
	}
	if !debug || unreachable() {
		println("live")
	} else {
		unreachable()
	}
	for debug {
		unreachable()
	}
	switch unsafe.Sizeof(uintptr(0)) {
	case 4:
		unreachable()
	case 8:
		println(8)
	default:
		unreachable()
	}
	switch {
	case debug:
		unreachable()
	case dyn():
		println("dyn")
		fallthrough
	case debug:
		println("fallen into")
	case true:
		println("true")
	default:
		unreachable()
	}
}
func dyn() bool         { return true }
func unreachable() bool { return true }

func switches(x any, n int, e error, c, d chan int) int {
	switch y := x.(type) {
	case nil:
		_ = y
	case int, string:
		println(y != nil)
	case error:
		println(y.Error())
	case *E:
		return 1
	default:
		_ = y
	}
	switch n {
	case 1, 2:
		break
	case 3:
	outer:
		for {
			for i := range n {
				switch i {
				case 1:
					continue outer
				case 2:
					break outer
				}
				break
			}
		}
	}
	switch e {
	case nil:
	case (*E)(nil):
	}
	switch n {
	case x:
	}
	var a any
	arr := []int{1}
	select {
	case v := <-c:
		println(v)
	case a = <-c:
		println(a)
	case arr[0], _ = <-c:
	case d <- n:
	case <-d:
	default:
	}
	goto end
end:
	return 2
}

func ranges(s []int, a [3]string, p *[3]string, str string, m map[string]int, c chan int) {
	for range s {
	}
	for i := range a {
		println(i)
	}
	for i := range p {
		println(i)
	}
	for _, v := range p {
		println(v)
	}
	for _, r := range str {
		println(r)
	}
	for k, v := range m {
		println(k, v)
	}
	for v := range c {
		println(v)
	}
	var x any
	for x = range m {
		println(x)
	}
	for range 3 {
	}
	for i := range uint8(3) {
		println(i)
	}
	var i8 int8
	for i8 = range 5 {
	}
	_ = i8
}

func main() {}
