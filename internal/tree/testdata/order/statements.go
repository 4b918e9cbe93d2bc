// Loops, switches, labels and select.
package main

type E struct{ s string }

func (e E) Error() string   { return e.s }
func (e *E) String() string { return e.s }

type Big struct{ a [4]int }

func ranges() {
	s := []int{1, 2, 3}
	for i, v := range s {
		s[2] = 10
		s = append(s, v)
		print(i, ":", v, " ")
	}
	println(len(s))
	a := [3]int{1, 2, 3}
	for i, v := range a {
		a[2] = 10
		print(i, ":", v, " ")
	}
	for i, v := range &a {
		a[2] = 20
		print(i, ":", v, " ")
	}
	pa := &a
	for i, v := range *pa {
		pa[2] = 30
		print(i, ":", v, " ")
	}
	for i := range a {
		a[i] = i
	}
	println(a[0], a[1], a[2])
	for i, r := range "aé日\xffz" {
		print(i, ":", r, " ")
	}
	for i := range "é日" {
		print(i, " ")
	}
	for range "日本" {
		print(".")
	}
	println()
	for i := range 3 {
		i *= 2
		print(i, " ")
	}
	var n8 int8 = 3
	for i := range n8 {
		print(i, " ")
	}
	for range 2 {
		print("x ")
	}
	println()
	m := map[int]string{7: "x"}
	for k, v := range m {
		print(k, v, " ")
	}
	for k := range m {
		print(k, " ")
		m[8] = "y"
		break
	}
	for range m {
		print("m ")
	}
	for k := range m {
		delete(m, k)
	}
	println(len(m))
	c := make(chan int, 3)
	c <- 1
	c <- 2
	close(c)
	for v := range c {
		print(v, " ")
	}
	println()
	var k int
	var v any
	for k, v = range []string{"a", "b"} {
	}
	println(k, v.(string))
	var arr [2]int
	for arr[0], arr[1] = range []int{5, 6} {
		print(arr[0], arr[1], " ")
	}
	var np *[3]int
	for i := range np {
		print(i)
	}
	for i := range len(np) {
		print(i)
	}
	z := []int{1, 2, 3}
	for i := range z {
		z[i] = 0
	}
	println(z[0], z[1], z[2])
	for i, b := range []byte("hi") {
		print(i, b, " ")
	}
	var fs []func() int
	for i, v := range []int{4, 5} {
		fs = append(fs, func() int { v++; return i*100 + v })
	}
	println(fs[0](), fs[1](), fs[0]())
}

func tag(n int) int { print("<", n, ">"); return n }

func switches(n int, s string) {
	switch tag(n) {
	case tag(1), tag(2):
		print("one-two ")
		fallthrough
	case 3:
		print("three ")
	default:
		print("default ")
		if n > 100 {
			break
		}
		print("small ")
	case 4:
		print("four ")
	}
	switch {
	case n < 2:
		print("<2 ")
	case n < 4:
		print("<4 ")
	}
	switch n {
	case 10, 20, 30, 40, 50, 60:
		print("tens ")
	case 11, 21, 31, 41, 51, -5:
		print("ones ")
	}
	switch s {
	case "a", "bb", "ccc":
		print("A ")
	case "b", "cc", "dddd", "":
		print("B ")
	case "c", "dd", "eeeee":
		print("C ")
	default:
		print("? ")
	}
	switch x := n * 2; x {
	}
	switch b := []byte(s); string(b) {
	case "a":
		print("bytes-a ")
	}
	println()
}

func typeName(v any) {
	switch v := v.(type) {
	case nil:
		print("nil ")
	case int, int8:
		_, ok := v.(int)
		print("int ", ok, " ")
	case error:
		print("error ", v.Error(), " ")
	case interface{ String() string }:
		print("stringer ", v.String(), " ")
	case []int:
		print("slice ", len(v), " ")
	case Big:
		v.a[0]++
		print("big ", v.a[0], " ")
	case func() int:
		print("func ", v(), " ")
	default:
		print("other ")
	}
}

func labels() {
outer:
	for i := 0; i < 3; i++ {
		for j := 0; ; j++ {
			switch {
			case j == 1:
				continue
			case j == 2 && i == 1:
				continue outer
			case j > 2:
				break outer
			case j == 3:
				break
			}
			print(i, j, " ")
		}
	}
	i := 0
again:
	i++
	if i < 3 {
		goto again
	}
	for {
		if i++; i > 5 {
			goto done
		}
	}
done:
	println(i)
sw:
	switch i {
	case 6:
		for {
			break sw
		}
		println("not here")
	}
	for i, n := 0, 3; i < n; i, n = i+1, n {
		print(i, " ")
	}
	println()
}

func get(c chan int, s string) chan int { print(s, " "); return c }

func selects() {
	a, b := make(chan int, 1), make(chan int, 1)
	arr := []int{0, 0}
	a <- 5
	select {
	case arr[tag(1)] = <-get(a, "a"):
		println(arr[1])
	case get(nil, "b") <- tag(7):
	}
	select {
	case v, ok := <-a:
		println(v, ok)
	default:
		println("default")
	}
	select {
	case get(b, "b") <- tag(3):
	}
	select {
	case v, ok := <-b:
		println(v, ok)
	}
	b <- 4
loop:
	for {
		select {
		case v := <-b:
			print(v, " ")
			if v == 4 {
				b <- 6
				continue
			}
			break loop
		}
	}
	close(b)
	var e any
	select {
	case e = <-b:
	}
	println(e.(int))
	for {
		select {
		case _, ok := <-b:
			if !ok {
				break
			}
			println("not here")
		default:
			println("not here")
		}
		break
	}
}

func results() (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			n, err = n*2, E{"recovered"}
		}
	}()
	n = 21
	var p *int
	return *p, nil
}

func deferOrder() {
	for i := range 3 {
		defer print(i, " ")
	}
	defer func() { print("first ") }()
}

func main() {
	ranges()
	switches(1, "a")
	switches(2, "b")
	switches(4, "c")
	switches(7, "bb")
	switches(200, "")
	switches(30, "dddd")
	switches(-5, "zz")
	typeName(nil)
	typeName(1)
	typeName(int8(1))
	typeName(E{"e"})
	typeName(&E{"p"})
	typeName([]int{1})
	b := Big{}
	typeName(b)
	typeName(func() int { return b.a[0] })
	typeName(1.5)
	println()
	labels()
	selects()
	n, err := results()
	println(n, err.Error())
	deferOrder()
	println()
}
