// Objects and bytes that small programs allocate, as natively. Nothing here uses a sync.Pool, whose
// contents depend on when collections come.
//
//judge:skip beside a collection between two tiny objects puts them into blocks of their own
//judge:skip storm a collection between two tiny objects puts them into blocks of their own
package main

import (
	"cmp"
	"container/heap"
	"container/list"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

type key struct{ a, b int }

type rec struct {
	id    int
	name  string
	score float64
	tags  []string
}

type shape interface{ area() float64 }
type rect struct{ w, h float64 }
type circle struct{ r float64 }

func (r rect) area() float64    { return r.w * r.h }
func (c *circle) area() float64 { return c.r * c.r * 3 }

type ints []int

func (h ints) Len() int           { return len(h) }
func (h ints) Less(i, j int) bool { return h[i] < h[j] }
func (h ints) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *ints) Push(x any)        { *h = append(*h, x.(int)) }
func (h *ints) Pop() any {
	o := *h
	x := o[len(o)-1]
	*h = o[:len(o)-1]
	return x
}

type coded struct{ code int }

func (e *coded) Error() string { return "code " + strconv.Itoa(e.code) }

type tree[K cmp.Ordered, V any] struct {
	k    K
	v    V
	l, r *tree[K, V]
}

func (t *tree[K, V]) put(k K, v V) *tree[K, V] {
	switch {
	case t == nil:
		return &tree[K, V]{k: k, v: v}
	case k < t.k:
		t.l = t.l.put(k, v)
	case k > t.k:
		t.r = t.r.put(k, v)
	}
	return t
}

func mapped[T, U any](l []T, f func(T) U) []U {
	out := make([]U, 0, len(l))
	for _, x := range l {
		out = append(out, f(x))
	}
	return out
}

func filtered[T any](l []T, f func(T) bool) []T {
	var out []T
	for _, x := range l {
		if f(x) {
			out = append(out, x)
		}
	}
	return out
}

func compose(fs ...func(int) int) func(int) int {
	return func(x int) int {
		for _, f := range fs {
			x = f(x)
		}
		return x
	}
}

func adder(n int) func(int) int { return func(x int) int { return x + n } }

var (
	kept  any
	text  string
	count int
	sh    shape
)

func measure(name string, f func()) {
	const rounds = 20
	f()
	objects, bytes := uint64(1)<<63, uint64(1)<<63
	for range 4 { // the least counts: the real runtime allocates for itself now and then
		var a, b runtime.MemStats
		runtime.ReadMemStats(&a)
		for range rounds {
			f()
		}
		runtime.ReadMemStats(&b)
		objects, bytes = min(objects, b.Mallocs-a.Mallocs), min(bytes, b.TotalAlloc-a.TotalAlloc)
	}
	fmt.Println(name, objects/rounds, bytes/rounds&^7)
}

func main() {
	runtime.GOMAXPROCS(1)
	long := strings.Repeat("the quick brown fox jumps over the lazy dog. ", 8)

	measure("builder", func() {
		var b strings.Builder
		for i := range 50 {
			b.WriteString("abc")
			b.WriteByte(byte(i))
		}
		text = b.String()
	})
	measure("concatenations", func() {
		s := ""
		for i := range 20 {
			s += strconv.Itoa(i)
		}
		s += ":" + strconv.Itoa(len(s)) + "!"
		text = s
	})
	measure("fields", func() { count = len(strings.Fields(long)) })
	measure("words", func() {
		m := map[string]int{}
		for _, w := range strings.Fields(long) {
			m[strings.ToLower(strings.Trim(w, "."))]++
		}
		keys := make([]string, 0, len(m))
		for k := range m {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		count = len(keys)
	})
	measure("reverse", func() {
		r := []rune("hello, wörld, this is a somewhat longer text")
		slices.Reverse(r)
		text = string(r)
	})
	measure("map of structs", func() {
		m := map[key]rec{}
		for i := range 100 {
			m[key{i, i * 2}] = rec{id: i, name: "n"}
		}
		count = len(m)
	})
	measure("full small map", func() {
		m := map[int]int{}
		for i := range 8 {
			m[i] = i
		}
		m[3]++
		kept = m
	})
	measure("map of slices", func() {
		m := map[string][]int{}
		for i := range 60 {
			k := string(rune('a' + i%7))
			m[k] = append(m[k], i)
		}
		kept = m
	})
	measure("map clone", func() { kept = maps.Clone(map[int]int{1: 2, 3: 4}) })
	measure("large values", func() {
		m := map[int][40]int{}
		for i := range 10 {
			m[i] = [40]int{i}
		}
		count = len(m)
	})
	measure("closures", func() { count = compose(adder(1), adder(2), func(x int) int { return x * 3 })(4) })
	measure("closure list", func() {
		var fs []func() int
		for i := range 10 {
			fs = append(fs, func() int { return i })
		}
		for _, f := range fs {
			count += f()
		}
	})
	measure("method value", func() { c := &circle{2}; kept = c.area })
	measure("defers in a loop", func() {
		for i := range 5 {
			defer func(n int) { count += n }(i)
		}
	})
	measure("recovered panic", func() {
		defer func() { kept = recover() }()
		panic("boom")
	})
	measure("constant literals", func() {
		kept = key{1, 2}
		sh = rect{1, 2}
		kept = [2]key{{1, 2}, {3, 4}}
		kept = []shape{rect{1, 2}, &circle{1}, rect{3, 4}}
	})
	measure("known constant", func() {
		n := 12345
		kept = n
		kept = time.Duration(n)
	})
	measure("small numbers", func() {
		for i := range 300 {
			kept = i
		}
	})
	measure("strings in interfaces", func() { kept, kept, kept = long[:5], "constant", "" })
	measure("errors", func() {
		err := errors.Join(&coded{5}, io.EOF)
		var e *coded
		if errors.As(err, &e) {
			text = err.Error()
		}
	})
	recs := make([]rec, 100)
	for i := range recs {
		recs[i] = rec{id: i * 7919 % 100, name: strconv.Itoa(i), score: float64(i)}
	}
	measure("sort.Slice", func() {
		l := slices.Clone(recs)
		sort.Slice(l, func(i, j int) bool { return l[i].id < l[j].id })
		kept = l
	})
	measure("slices.SortFunc", func() {
		l := slices.Clone(recs)
		slices.SortFunc(l, func(a, b rec) int { return cmp.Compare(a.id, b.id) })
		count = l[0].id
	})
	measure("heap", func() {
		h := &ints{}
		for i := range 300 {
			heap.Push(h, 600-i)
		}
		for h.Len() > 0 {
			count = heap.Pop(h).(int)
		}
	})
	measure("list", func() {
		l := list.New()
		for i := range 20 {
			l.PushBack(i)
		}
		count = l.Len()
	})
	measure("generics", func() {
		l := mapped(recs, func(r rec) string { return r.name + "!" })
		count = len(filtered(l, func(s string) bool { return len(s) > 2 }))
	})
	measure("generic tree", func() {
		var t *tree[string, int]
		for _, r := range recs[:30] {
			t = t.put(r.name, r.id)
		}
		kept = t
	})
	measure("bytes", func() {
		var b []byte
		for i := range 30 {
			b = strconv.AppendInt(b, int64(i), 10)
			b = append(b, ' ')
		}
		text = string(b)
	})
	measure("insertions", func() {
		l := []int{1, 2, 3}
		l = slices.Insert(l, 1, 9, 8)
		kept = slices.Delete(l, 0, 1)
	})
	measure("nested slices", func() {
		m := make([][]float64, 10)
		for i := range m {
			m[i] = make([]float64, 10)
		}
		count = len(m)
	})
	measure("channels", func() {
		a, b := make(chan int, 1), make(chan rec, 2)
		a <- 1
		b <- recs[0]
		count = <-a + (<-b).id
		kept = make(chan struct{})
	})
	measure("timers", func() {
		t := time.NewTimer(time.Hour)
		t.Stop()
		time.AfterFunc(time.Hour, func() {}).Stop()
	})
	measure("formatted times", func() { text = time.Unix(1e9, 5).UTC().Format(time.RFC3339Nano) })
	measure("sizes", func() {
		for _, n := range []int{0, 1, 3, 9, 17, 33, 100, 513, 1000, 1025, 5000, 20000, 33000, 70000} {
			kept = make([]byte, n)
			kept = make([]*int, n/8)
		}
	})
	measure("tiny", func() {
		type pair struct{ a, b byte }
		for range 10 {
			kept = new(pair)
			kept = new(int32)
		}
	})
}
