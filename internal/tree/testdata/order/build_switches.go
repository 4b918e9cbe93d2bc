package main

// Constant conditions, switches, labels, tuples, conversions.

type MyErr struct{ s string }

func (e *MyErr) Error() string { return e.s }

type B bool
type Str string
type Color int

const (
	Red Color = iota
	Green
)

func (c Color) String() string { return [...]string{"red", "green"}[c] }

const debug = false

func say(s string) bool { println(s); return true }

func constants() {
	if debug && say("no") {
		println("never")
	}
	if !debug || say("no") {
		println("yes")
	}
	switch debug {
	case true:
		println("never")
	default:
		println("default")
	}
	switch x := 5; {
	case x > 7, say("evaluated") && x == 5:
		println("second")
		fallthrough
	case x == 0:
		println("fallen")
	default:
		println("never")
	}
	switch {
	default:
		println("last resort")
	case debug:
		println("never")
	}
	for debug {
		println("never")
	}
	const big = 1 << 40
	println(big>>38, len("abc"), 7/2, -7/2, 7.0/2 == 3.5, 'a'+1, "x"+"y")
}

func types(x any) string {
	switch y := x.(type) {
	case nil:
		return "nil"
	case int, int8:
		return "int"
	case Color:
		return y.String()
	case error:
		return "error " + y.Error()
	case func() string:
		return y()
	case interface{ String() string }:
		return "never"
	case []int:
		if len(y) > 0 {
			break
		}
		return "empty"
	case *int:
		*y++
		return "ptr"
	default:
		_ = y
		return "default"
	}
	return "broke out"
}

func fail(f bool) (int, *MyErr) {
	if f {
		return 1, &MyErr{"failed"}
	}
	return 0, nil
}

func tuple(f bool) (n int, err error) {
	n, err = fail(f)
	return
}

func direct(f bool) (any, error) { return fail(f) }

func mixed(i int, e error, x any) {
	switch i {
	case 1, 2, 3:
		println("small")
	case x:
		println("x")
	}
	switch e {
	case nil:
		println("nil error")
	case (*MyErr)(nil):
		println("typed nil")
	}
	switch x {
	case 4:
		println("int 4")
	case "4":
		println("string 4")
	case int8(4):
		println("int8 4")
	}
	println(x == i, x != nil, e == nil)
}

func labels(n int) (trace string) {
	i := 0
loop:
	if i < n {
		i++
		trace += "a"
		goto loop
	}
outer:
	for i := 0; ; i++ {
		switch {
		case i == 1:
			continue
		case i == 2:
			for {
				continue outer
			}
		case i > 3:
			break outer
		}
		trace += "b"
		for range 3 {
			if i == 0 {
				break
			}
			trace += "c"
		}
	}
sel:
	select {
	default:
		if n > 2 {
			break sel
		}
		trace += "d"
	}
sw:
	switch {
	case n > 1:
		for {
			break sw
		}
	default:
		trace += "e"
	}
	goto end
end:
	return trace
}

type point struct{ x, y int }

func order(s string, n int) int { print(s, " "); return n }

func literals() {
	p := point{y: order("y", 1), x: order("x", 2)}
	println(p.x, p.y)
	a := [...]int{2: order("two", 2), 0: order("zero", 0)}
	println(len(a), a[2])
	m := map[string][]point{"a": {{1, 2}, {3, 4}}, "b": nil}
	println(len(m["a"]), m["a"][1].y, len(m["b"]))
	pp := []*point{{1, 2}, {y: 5}}
	println(pp[0].x, pp[1].y)
	s := struct {
		point
		name string
	}{point{1, 2}, "n"}
	s.x++
	println(s.x, s.name, s.point == point{2, 2})
	x, y := new(int), &[]int{1, 2}
	*x = len(*y)
	println(*x, *new(3 + 4))
	arr := [4]int{1, 2, 3, 4}
	q := &arr
	for i, v := range q {
		q[3] = 10
		print(i, v, " ")
	}
	for i, v := range arr {
		arr[3] = 20
		print(i, v, " ")
	}
	println(len(q), cap(q[1:2]), cap(q[1:2:3]), q[1:][0])
	var i8 int8 = -128
	var u8 uint8 = 200
	println(-i8, i8-1, u8+100, u8<<1, ^u8, i8>>1, uint16(i8), int8(u8))
	var sh uint = 70
	println(1<<sh == 0, int32(-1)>>sh, u8>>sh)
	println(string(rune(0x4e16)), []byte("hé")[1], string([]byte{65, 66}), Str("s")+"t")
	println(min(3, 1, 2), max("a", "b"), min(2.5, 1) == 1)
	var ok B
	_, ok = m["zz"]
	println(bool(ok))
	var e any = p
	v, is := e.(point)
	_, not := e.(Str)
	println(v.x, is, not)
}

func swaps() {
	a := []int{0, 1, 2}
	i := 0
	i, a[i] = 1, 9
	println(i, a[0], a[1])
	a[0], a[1], a[2] = a[2], a[0], a[1]
	println(a[0], a[1], a[2])
	m := map[string]int{}
	m["a"]++
	m["a"] += 5
	m["b"], m["a"] = m["a"], m["b"]
	println(m["a"], m["b"])
	s := "x"
	s += "y" + s
	println(s)
	x, y := 1, 2
	x, z := y, x
	println(x, y, z)
}

func main() {
	constants()
	n := 1
	for _, x := range []any{nil, 1, int8(1), Green, &MyErr{"e"}, func() string { return "f" }, []int{}, []int{1}, &n, "s"} {
		println(types(x))
	}
	println(n)
	_, err := tuple(false)
	println(err == nil)
	_, err = tuple(true)
	println(err.Error())
	v, err := direct(true)
	println(v.(int), err != nil)
	mixed(1, nil, 4)
	mixed(4, (*MyErr)(nil), 4)
	mixed(5, nil, "4")
	mixed(5, nil, int8(4))
	println(labels(1), labels(2), labels(3))
	literals()
	swaps()
}
