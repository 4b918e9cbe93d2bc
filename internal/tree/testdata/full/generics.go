package main

import "unsafe"

type Number interface{ ~int | ~float64 | ~uint8 }

type List[T any] struct {
	head *node[T]
	n    int
}
type node[T any] struct {
	v    T
	next *node[T]
}

func (l *List[T]) Push(v T) { l.head = &node[T]{v, l.head}; l.n++ }
func (l *List[T]) All() func(func(int, T) bool) {
	return func(yield func(int, T) bool) {}
}

func Sum[T Number](xs ...T) (s T) {
	for _, x := range xs {
		s += x*2 + 1
	}
	return s
}

func Size[T any]() uintptr {
	var x struct {
		a byte
		b T
	}
	return unsafe.Sizeof(x) + unsafe.Offsetof(x.b)
}

func Local[T any](x T) any {
	type pair struct {
		a, b T
		next *pair
	}
	f := func() any { return pair{a: x} }
	return f()
}

type Stringer interface{ String() string }
type N int

func (n N) String() string { return "n" }

type PS[T any] interface {
	*T
	Set(string)
}
type W struct{ s string }

func (w *W) Set(s string) { w.s = s }

func FromStrings[T any, P PS[T]](ss []string) []T {
	out := make([]T, len(ss))
	for i, s := range ss {
		p := P(&out[i])
		p.Set(s)
	}
	return out
}

func Str[T Stringer](x T) string {
	f := x.String
	g := T.String
	return x.String() + f() + g(x)
}

func Conv[To, From Number](x From) To { return To(x) + To(1.0) }

func Kind[T any](x T) string {
	switch any(x).(type) {
	case int:
		return "int"
	case []T:
		return "slice"
	}
	return ""
}

func Map[K comparable, V any](m map[K]V, f func(K, V) bool) {
	for k, v := range m {
		if f(k, v) {
			delete(m, k)
		}
	}
	var zero K
	if _, ok := m[zero]; ok {
		clear(m)
	}
}

func Bytes[S ~string | ~[]byte](s S) int {
	n := 0
	for i := 0; i < len(s); i++ {
		n += int(s[i])
	}
	_ = string(s)
	_ = s[1:]
	return n
}

type Alias[T any] = List[[]T]

func main() {
	var l List[string]
	l.Push("a")
	Sum(1, 2)
	Sum[float64]()
	Size[int64]()
	Local("x")
	Local(1)
	FromStrings[W]([]string{"a"})
	Str(N(1))
	Str[Stringer](N(1))
	Conv[float64](3)
	Conv[uint8](1.5)
	Kind(1)
	Map(map[string]int{}, func(string, int) bool { return true })
	Bytes("x")
	Bytes([]byte("x"))
	f := Sum[uint8]
	f(1)
	var a Alias[int]
	a.Push(nil)
}
