package main

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sort"
	"strings"
)

type Number interface {
	~int | ~int64 | ~float64
}

func Sum[T Number](xs ...T) (s T) {
	for _, x := range xs {
		s += x
	}
	return
}

func Map[T, U any](xs []T, f func(T) U) []U {
	out := make([]U, 0, len(xs))
	for _, x := range xs {
		out = append(out, f(x))
	}
	return out
}

type Stack[T any] struct{ items []T }

func (s *Stack[T]) Push(x T) { s.items = append(s.items, x) }
func (s *Stack[T]) Pop() (T, error) {
	var zero T
	if len(s.items) == 0 {
		return zero, errors.New("empty")
	}
	x := s.items[len(s.items)-1]
	s.items = s.items[:len(s.items)-1]
	return x, nil
}

func (s *Stack[T]) All() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		for i, x := range s.items {
			if !yield(i, x) {
				return
			}
		}
	}
}

type Tree[K cmp.Ordered, V any] struct {
	root *node[K, V]
	n    int
}

type node[K cmp.Ordered, V any] struct {
	k           K
	v           V
	left, right *node[K, V]
}

func (t *Tree[K, V]) Put(k K, v V) {
	p := &t.root
	for *p != nil {
		switch c := cmp.Compare(k, (*p).k); {
		case c < 0:
			p = &(*p).left
		case c > 0:
			p = &(*p).right
		default:
			(*p).v = v
			return
		}
	}
	*p = &node[K, V]{k: k, v: v}
	t.n++
}

func (t *Tree[K, V]) All() iter.Seq2[K, V] {
	var walk func(n *node[K, V], yield func(K, V) bool) bool
	walk = func(n *node[K, V], yield func(K, V) bool) bool {
		return n == nil || walk(n.left, yield) && yield(n.k, n.v) && walk(n.right, yield)
	}
	return func(yield func(K, V) bool) { walk(t.root, yield) }
}

type MyInt int

func (m MyInt) String() string { return fmt.Sprintf("<%d>", int(m)) }

type Pair[A, B any] struct {
	First  A
	Second B
}

func MakePair[A, B any](a A, b B) Pair[A, B] { return Pair[A, B]{a, b} }

type List[T fmt.Stringer] []T

func (l List[T]) Join() string {
	var parts []string
	for _, x := range l {
		parts = append(parts, x.String())
	}
	return strings.Join(parts, "+")
}

func Filter[T any](seq iter.Seq[T], ok func(T) bool) iter.Seq[T] {
	return func(yield func(T) bool) {
		for x := range seq {
			if ok(x) && !yield(x) {
				return
			}
		}
	}
}

func count() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	}
}

func find(seq iter.Seq[int], want int) (pos int, err error) {
	defer func() { fmt.Println("find done", want, pos, err) }()
	i := 0
	for x := range seq {
		if x == want {
			return i, nil
		}
		if x > 100 {
			return -1, errors.New("too far")
		}
		i++
	}
	return -1, errors.New("ended")
}

func main() {
	fmt.Println(Sum(1, 2, 3), Sum(1.5, 2.5), Sum[MyInt](4, 5))
	fmt.Println(Map([]int{1, 2, 3}, func(i int) string { return strings.Repeat("x", i) }))
	s := &Stack[string]{}
	s.Push("a")
	s.Push("b")
	for i, x := range s.All() {
		fmt.Println(i, x)
	}
	x, err := s.Pop()
	fmt.Println(x, err)
	s.Pop()
	_, err = s.Pop()
	fmt.Println(err)
	var t Tree[string, int]
	for i, w := range strings.Fields("the quick brown fox jumps over the lazy dog") {
		t.Put(w, i)
	}
	for k, v := range t.All() {
		if k == "over" {
			break
		}
		fmt.Print(k, "=", v, " ")
	}
	fmt.Println(t.n)
	fmt.Printf("%+v %T\n", MakePair("k", 1.5), MakePair(1, []string{}))
	fmt.Println(List[MyInt]{1, 2}.Join())
	evens := Filter(count(), func(i int) bool { return i%2 == 0 })
	for x := range evens {
		if x > 10 {
			break
		}
		fmt.Print(x, " ")
	}
	fmt.Println()
	find(evens, 8)
	find(evens, 7)
	next, stop := iter.Pull(evens)
	for range 3 {
		fmt.Print(next())
		fmt.Print(" ")
	}
	stop()
	fmt.Println(next())
	m := map[string]int{"one": 1, "two": 2, "three": 3}
	keys := slices.Sorted(maps.Keys(m))
	fmt.Println(keys, slices.Max(slices.Collect(maps.Values(m))))
	people := []Pair[string, int]{{"Bob", 30}, {"Al", 25}, {"Cy", 30}}
	slices.SortStableFunc(people, func(a, b Pair[string, int]) int { return cmp.Compare(b.Second, a.Second) })
	fmt.Println(people)
	sort.Slice(people, func(i, j int) bool { return people[i].First < people[j].First })
	fmt.Println(people)
	idx, found := slices.BinarySearchFunc(people, "Bob", func(p Pair[string, int], n string) int { return strings.Compare(p.First, n) })
	fmt.Println(idx, found)
outer:
	for i := range 3 {
		for j := range count() {
			if j == 2 {
				continue outer
			}
			if i == 2 {
				break outer
			}
			fmt.Print(i, j, ";")
		}
	}
	fmt.Println()
}
