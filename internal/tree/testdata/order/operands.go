// The sequence in which the operands of one statement are read and evaluated.
package main

type T struct{ a, b int }

func (t *T) inc() int       { t.a++; return t.a }
func (t T) sum() int        { return t.a + t.b }
func (t *T) set(n int) *T   { t.a = n; return t }
func two(a, b int) int      { return a*1000 + b }
func three(a, b, c int) int { return a*1000000 + b*1000 + c }

var (
	x    int
	arr  [4]int
	sl   []int
	m    map[int]int
	p    *T
	tt   T
	log  string
	i8m  map[int8]int
	fv   func(int) int
	ifc  interface{ sum() int }
	strs []string
)

func reset() {
	x, arr, sl, m = 1, [4]int{1, 2, 3, 4}, []int{1, 2, 3, 4}, map[int]int{0: 1, 1: 2, 2: 3}
	p, tt, log = &T{1, 2}, T{1, 2}, ""
	i8m = map[int8]int{1: 5, 2: 6}
	fv = func(n int) int { return n }
	ifc = T{1, 1}
	strs = []string{"a", "b"}
}

func f() int {
	x++
	arr[0] += 10
	sl[0] += 10
	m[0] += 10
	p = &T{p.a + 10, p.b}
	tt.a += 10
	return x
}
func say(s string, n int) int {
	log += s
	return n
}
func say2(s string, n, k int) (int, int) {
	log += s
	return n, k
}
func swap() int {
	fv = func(n int) int { return -n }
	ifc = T{50, 50}
	return 1
}

func r2() (int, int)      { return x, f() }
func r3() (int, int, int) { return arr[0], f(), sl[0] }
func rmut() (int, int)    { t := T{1, 2}; return t.a, t.inc() }
func rlen() (int, int)    { return len(sl), grow() }
func grow() int           { sl = append(sl, 9); return len(sl) }
func named() (a, b int)   { a, b = 1, 2; return b, a }
func nameddefer() (a, b int) {
	defer func() { recover(); a += 100 }()
	a, b = 1, 2
	return b, a / zero()
}
func zero() int               { return 0 }
func okay(v bool) (bool, int) { return v, f() }

func caught(name string, f func()) {
	defer func() {
		if recover() != nil {
			println(name, "panics", log, x)
		}
	}()
	reset()
	f()
	println(name, "returns", log, x)
}

func main() {
	reset()
	println(r2())
	reset()
	println(r3())
	println(rmut())
	reset()
	println(rlen())
	println(named())
	println(nameddefer())

	reset()
	println("add", x+f(), f()+x, x+f()+x+f())
	reset()
	println("arr", arr[0]+f(), f()+arr[0])
	reset()
	println("sl", sl[0]+f(), f()+sl[0], len(sl)+grow())
	reset()
	println("map", m[0]+f(), f()+m[0])
	reset()
	println("ptr", p.a+f(), f()+p.a)
	reset()
	println("struct", tt.a+f(), f()+tt.a)
	reset()
	println("call", two(x, f()), two(f(), x), three(x, f(), x))
	reset()
	println("lit", func(s []int) int { return three(s[0], s[1], s[2]) }([]int{x, f(), x}))
	reset()
	println("structlit", T{x, f()}.sum(), (&T{x, f()}).sum())
	reset()
	a := [...]int{x, f(), x, f()}
	println("arraylit", a[0], a[1], a[2], a[3])
	reset()
	mm := map[int]int{x: f(), x + 10: f()}
	println("maplit", mm[1], mm[2], mm[12], mm[13], len(mm))
	reset()
	println("slice", len(sl[x:f()+1]))
	reset()
	println("cmp", x == f(), f() == x, tt == T{1, 2}, tt == T{f(), 2})
	reset()
	println("fv", fv(swap()))
	reset()
	println("ifc", two(ifc.sum(), swap()))
	reset()
	println("concat", strs[0]+func() string { strs[0] = "z"; return "c" }()+strs[0])
	reset()
	println("and", x == 1 && f() == 2, x == 1 || f() == 0, x == 2 && x == 2)
	reset()
	println("and2", two(b2i(x == 1 && arr[0] == 1), f()))
	reset()
	println("i8", i8m[int8(x)]+f(), i8m[int8(x)])
	reset()
	println("conv", two(int(int8(x)), int(uint8(f()))))
	reset()
	println("iface", any(x) == any(f()), any(tt) == any(T{f(), 2}))
	reset()
	println("method", two(tt.inc(), tt.inc()), two(tt.a, tt.inc()), tt.set(5).set(x).a)
	reset()
	s2 := append(sl[:1:1], x, f(), x)
	println("append", s2[0], s2[1], s2[2], s2[3])
	reset()
	println("min", min(x, f(), x), max(f(), x))
	reset()
	println(okay(x == 1))

	// Assignments.
	reset()
	sl[x] = f()
	println("sl[x]=", sl[1], sl[2])
	reset()
	arr[x] = f()
	println("arr[x]=", arr[1], arr[2])
	reset()
	p.a = f() + p.a
	println("p.a=", p.a)
	reset()
	m[x] = f()
	println("m[x]=", m[1], m[2])
	reset()
	x += f()
	println("x+=", x)
	reset()
	arr[x] += f()
	println("arr[x]+=", arr[1], arr[2])
	reset()
	m[x] += f()
	println("m[x]+=", m[1], m[2])
	reset()
	sl[say("a", 0)] += say("b", 1)
	println("op", log, sl[0])
	reset()
	m[say("a", 7)]++
	println("inc", log, m[7])
	reset()
	i := 0
	i, sl[i] = 1, 50
	println("par", i, sl[0], sl[1])
	i = 1
	sl[0], sl[i], i = sl[i], sl[0], 3
	println("swap", sl[0], sl[1], i)
	tt.a, tt.b = tt.b, tt.a
	println("fields", tt.a, tt.b)
	x, arr[x] = 2, 77
	println("global", x, arr[0], arr[1], arr[2])
	reset()
	arr[say("a", 0)], sl[say("b", 1)] = say2("c", 5, 6)
	println("tuple", log, arr[0], sl[1])
	reset()
	x, sl[x] = say2("d", 3, 4)
	println("tuple2", x, sl[1], sl[3])
	reset()
	p, p.a = &T{7, 8}, 9
	println("ptrpar", p.a, p.b)
	reset()
	tt = T{tt.b, tt.a}
	println("self", tt.a, tt.b)
	reset()
	*p = T{p.b, p.a}
	println("selfptr", p.a, p.b)
	reset()
	arr = [4]int{arr[3], arr[2], arr[1], arr[0]}
	println("selfarr", arr[0], arr[1], arr[2], arr[3])
	reset()
	sl = append(sl, sl[0], len(sl), x)
	println("selfapp", sl[4], sl[5], sl[6])
	reset()
	ms := map[string][]int{}
	ms["a"] = append(ms["a"], x, f())
	ms["a"] = append(ms["a"], len(ms["a"]))
	println("mapapp", ms["a"][0], ms["a"][1], ms["a"][2])
	reset()
	v, ok := m[say("k", 2)]
	println("commaok", v, ok, log)
	var e any = x
	x, ok = e.(int)
	m[5], ok = e.(int)
	println("assert", x, ok, m[5])
	_, ok = e.(string)
	println("assert2", ok)
	reset()
	if x == 1 && f() == 2 && x == 2 {
		println("if", x)
	}
	if x == 1 || f() == 3 || f() == 100 {
		println("if2", x)
	} else {
		println("else", x)
	}
	for x < 5 && f() > 0 {
	}
	println("for", x)

	// What happens before a panic.
	var nilm map[int]int
	var nils []int
	var nilp *T
	var nili interface{ sum() int }
	caught("nil map", func() { nilm[say("a", 0)] = say("b", 1) })
	caught("nil map op", func() { nilm[say("a", 0)] += say("b", 1) })
	caught("nil slice", func() { nils[say("a", 0)] = say("b", 1) })
	caught("nil ptr", func() { nilp.a = say("b", 1) })
	caught("nil ptr add", func() { x = nilp.a + say("b", 1) })
	caught("nil iface", func() { x = nili.sum() + say("b", 1) })
	caught("nil iface args", func() { x = say("a", 1) + nili.sum() + say("b", 1) })
	caught("div", func() { x = 1/zero() + say("b", 1) })
	caught("div map", func() { m[9] = say("a", 1) / zero() })
	caught("div map op", func() { m[9] /= zero() })
	println(len(m))
	caught("assert", func() { x = any("s").(int) + say("b", 1) })
	caught("index", func() { x = arr[say("a", 9)] + say("b", 1) })
	caught("slice", func() { sl = sl[say("a", 3):say("b", 2)] })
	caught("tuple", func() { nilp.a, x = say2("a", 1, 2) })
	caught("par", func() { x, nilp.a = 5, 6 })
	caught("defer iface", func() { defer nili.sum(); say("b", 1) })
	caught("defer nil", func() { var g func(); defer g(); say("b", 1) })
	caught("mv iface", func() { g := nili.sum; say("b", 1); g() })
	caught("mv ptr", func() { g := nilp.sum; say("b", 1); g() })
	caught("blank", func() { _ = nilp.a; say("b", 1) })
	caught("blank2", func() { _ = *nilp; say("b", 1) })
	caught("blank3", func() { _ = arr[say("a", 9)]; say("b", 1) })
	caught("clear", func() { clear(m); say("c", len(m)); delete(nilm, say("d", 1)) })

	// Deferred calls keep their operands.
	reset()
	func() {
		defer show("deferred", x, f(), x)
		x = 100
	}()
	func() {
		g := tt.sum
		h := p.inc
		tt.a, p = 1000, &T{500, 500}
		println("method values", g(), h(), p.a)
	}()
	var fs []func() int
	for i := 0; i < 3; i++ {
		fs = append(fs, func() int { i += 10; return i })
	}
	println("loopvar", fs[0](), fs[1](), fs[2](), fs[0]())
}

func show(s string, a, b, c int) { println(s, a, b, c) }

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
