package p

type List[E any] struct {
	head *node[E]
}

type node[E any] struct {
	value E
	next  *node[E]
}

func (l *List[E]) Push(v E) {
	l.head = &node[E]{v, l.head} // want `&node[go.shape.int]{...} escapes to heap`
}

func (l *List[E]) Len() (n int) {
	for e := l.head; e != nil; e = e.next {
		n++
	}
	return n
}

func Map[A, B any](in []A, f func(A) B) []B {
	out := make([]B, 0, len(in)) // want `make([]go.shape.string, 0, len(in)) escapes to heap`
	for _, v := range in {
		out = append(out, f(v)) // want `append escapes to heap`
	}
	return out
}

func Pointer[E any](v E) *E { return &v } // want `moved to heap: v`

func use() int {
	var l List[int]
	l.Push(1)
	return l.Len() + len(Map([]int{1, 2}, func(n int) string { return "x" })) + *Pointer(3) // want `[]int{...} does not escape` `func literal does not escape`
}
