package main

import "unsafe"

type P struct{ X, Y int }
type Q struct {
	*P
	Z string
}
type R struct {
	Q
	E error
}

func f() int                      { return 0 }
func g(a int, rest ...any)        {}
func three() (int, string, error) { return 0, "", nil }

func literals() {
	_ = P{Y: f(), X: f()}
	_ = []*P{{1, 2}, {X: 3}}
	_ = [...]string{2: "c", 0: "a"}
	_ = map[P]*Q{{1, 2}: {}}
	_ = &[]int{1}
	_ = []any{1, nil, "s", 'x', 1.5, 2i, P{}}
	_ = [][]int{{1}, {}}
	_ = struct{}{}
	_ = new(P)
	_ = new(42)
	_ = new(f())
}

func selectors(r R, pr *R) {
	_ = r.X
	pr.Y = 1
	_ = pr.E.Error()
	_ = r.Q.P.X
	_ = &pr.Z
}

func calls() {
	g(1)
	g(1, 2, "x")
	g(1, nil)
	g(three())
	g(1, []any{2}...)
	func(x int) {}(3)
}

func ops(a, b string, x uint8, n int, c64 complex64, fl float32, p *[4]int, arr [4]int, s []int) {
	_ = a + "1" + "2" + b + ("3" + a)
	_ = x<<n | 1<<x
	_ = 1 << n
	_ = complex(fl, 1)
	_ = real(c64) + 1
	_ = -x + ^x
	_ = p[1:2]
	_ = arr[n]
	_ = arr[3]
	_ = arr[:]
	_ = a[1:]
	_ = s[:3:4][0:1:2]
	_ = len(arr) + len(p) + cap(s)
	_ = min(n, 3) + max(n, 1, 2)
	_ = []byte(a)
	_ = string(s1())
	_ = string(rune(n))
	_ = [4]int(s)
	_ = (*[4]int)(s)
	_ = unsafe.Add(unsafe.Pointer(p), x)
	_ = unsafe.Slice(&arr[0], n)
	_ = unsafe.String(unsafe.StringData(a), 1)
	_ = append(s, 1, 2)
	_ = append([]byte(nil), a...)
	_ = append(s, s...)
	copy(s, p[:])
	clear(s)
	_ = make([]int, x)
	_ = make(map[string]int, 10)
	_ = make(chan int)
	_ = any(n).(int)
	_ = float32(1) / 3
	_ = interface{ Error() string }(error(nil))
	println(n, nil == s, 1<<40)
}
func s1() []byte { return nil }

func main() {}
