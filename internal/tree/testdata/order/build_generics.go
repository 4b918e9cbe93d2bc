package main

// Generic functions and types.

type Number interface {
	~int | ~int8 | ~uint8 | ~float64
}

type MyInt int

func (m MyInt) String() string { return "MyInt" }

func Sum[T Number](xs ...T) (s T) {
	for _, x := range xs {
		s += x
	}
	return
}

func Wrap[T Number](x T) T { return x*100 + 1 }

type List[T any] struct {
	head *node[T]
	size int
}
type node[T any] struct {
	v    T
	next *node[T]
}

func (l *List[T]) Push(v T) *List[T] {
	l.head = &node[T]{v, l.head}
	l.size++
	return l
}
func (l *List[T]) Each(f func(T)) {
	for n := l.head; n != nil; n = n.next {
		f(n.v)
	}
}
func MapList[T, U any](l *List[T], f func(T) U) *List[U] {
	r := new(List[U])
	l.Each(func(v T) { r.Push(f(v)) })
	return r
}

type Pair[K comparable, V any] struct {
	Key K
	Val V
}

func (p Pair[K, V]) Swap() Pair[string, K] { return Pair[string, K]{"s", p.Key} }

type Tree[K any] struct {
	l, r *Tree[K]
	k    K
	cmp  func(a, b K) int
}

func (t *Tree[K]) Insert(k K) *Tree[K] {
	if t == nil {
		return &Tree[K]{k: k}
	}
	return t
}

func Kind[T any](x T) string {
	switch any(x).(type) {
	case int:
		return "int"
	case MyInt:
		return "MyInt"
	case []T:
		return "[]T"
	case func(T) T:
		return "func"
	case interface{ String() string }:
		return "stringer"
	}
	return "other"
}

func Local[T any](x T) any {
	type box struct{ v T }
	return box{x}
}

func SameLocal[T, U any](x T, y U) bool { return Local(x) == Local(y) }

type Setter[T any] interface {
	*T
	Set(int)
}
type S struct{ n int }

func (s *S) Set(n int) { s.n = n }

func Make[T any, P Setter[T]](n int) T {
	var t T
	P(&t).Set(n)
	f := P(&t).Set
	f(n * 2)
	P.Set(&t, n*3)
	return t
}

type Stringer interface{ String() string }

func Join[T Stringer](xs []T) (s string) {
	for i, x := range xs {
		if i > 0 {
			s += ","
		}
		f := x.String
		s += f()
	}
	return
}

func Ptr[T any](x T) *T { return &x }

func Zero[T any]() (z T) { return }

func Conv[To, From Number](x From) To { return To(x) }

func Bytes[T ~string | ~[]byte](s T) int {
	n := 0
	for i := 0; i < len(s); i++ {
		n += int(s[i])
	}
	n += len(s[1:])
	n += len(string(s)) + len([]byte(s))
	return n
}

func Keys[M ~map[K]V, K comparable, V any](m M) int {
	n := 0
	for range m {
		n++
	}
	return n
}

func Chan[T any](xs ...T) T {
	c := make(chan T, len(xs))
	for _, x := range xs {
		c <- x
	}
	close(c)
	var last T
	for x := range c {
		last = x
	}
	return last
}

func Apply[F ~func(A) B, A, B any](f F, a A) B { return f(a) }

type Num[T Number] struct{ v T }

func (n Num[T]) Add(o Num[T]) Num[T] { return Num[T]{n.v + o.v} }

type Adder[T any] interface{ Add(T) T }

func AddAll[T Adder[T]](xs ...T) T {
	t := xs[0]
	for _, x := range xs[1:] {
		t = t.Add(x)
	}
	return t
}

type Embeds[T any] struct {
	List[T]
	*Pair[string, T]
}

func Eq[T comparable](a, b T) bool { return a == b }

func Arr[T any](x T) (n int) {
	var a [3]T
	for range a {
		n++
	}
	return n + len(a) + cap(a[:2])
}

type Op[T any] func(T) T

func (o Op[T]) Twice(x T) T { return o(o(x)) }

type Alias[T any] = Pair[string, List[T]]

func main() {
	println(Sum(1, 2, 3), int(Sum[MyInt](4, 5)), Sum[int8](100, 100))
	println(Wrap(int8(2)), Wrap(uint8(3)), Wrap(3))
	var l List[string]
	l.Push("a").Push("bb")
	MapList(&l, func(s string) int { return len(s) }).Each(func(n int) { print(n, " ") })
	println(l.size)
	p := Pair[int, string]{1, "x"}
	println(p.Swap().Key, p.Swap().Swap().Val)
	println((*Tree[int])(nil).Insert(3).k)
	println(Kind(1), Kind(MyInt(1)), Kind("s"), Kind(func(int) int { return 0 }))
	println(SameLocal(1, 1), SameLocal(1, "x"), SameLocal(1, 2), SameLocal(int8(1), 1))
	println(Make[S](2).n)
	println(Join([]MyInt{1, 2}), Join([]Stringer{MyInt(1)}))
	println(*Ptr(5), *Ptr("p"), Zero[int](), Zero[string]() == "", Zero[*int]() == nil, Zero[error]() == nil)
	println(Conv[int8](300))
	println(Bytes("abc"), Bytes([]byte{1, 2}))
	println(Keys(map[string]bool{"a": true, "b": false}))
	println(Chan(1, 2, 3), Chan("x"))
	println(Apply(func(n int) string { return "n" }, 1))
	println(AddAll(Num[int]{1}, Num[int]{2}, Num[int]{3}).v)
	e := Embeds[int]{Pair: &Pair[string, int]{"k", 9}}
	e.Push(1).Push(2)
	println(e.size, e.Key, e.Val, e.Swap().Val)
	f := e.Push
	f(3)
	println(e.size)
	println(Eq(1, 1), Eq("a", "b"), Eq[any](1, "a"), Eq[any](2, 2), Eq(Pair[int, int]{1, 2}, Pair[int, int]{1, 2}))
	println(Arr(1), Arr(""))
	println(Op[int](func(n int) int { return n * 3 }).Twice(2))
	g := Sum[int]
	println(g(1, 2))
	var a Alias[int]
	a.Val.Push(1)
	println(a.Val.size, a.Key == "")
	var i interface{ Push(int) *List[int] } = &a.Val
	println(i.Push(2).size)
}
