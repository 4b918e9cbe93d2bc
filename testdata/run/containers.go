package main

import (
	"cmp"
	"container/heap"
	"container/list"
	"container/ring"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
)

type item struct {
	name  string
	prio  int
	index int
}

type queue []*item

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].prio > q[j].prio }
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}
func (q *queue) Push(x any) {
	it := x.(*item)
	it.index = len(*q)
	*q = append(*q, it)
}
func (q *queue) Pop() any {
	old := *q
	it := old[len(old)-1]
	*q = old[:len(old)-1]
	return it
}

// lru is a cache of list and map.
type lru[K comparable, V any] struct {
	max   int
	order *list.List
	items map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key K
	val V
}

func (c *lru[K, V]) put(k K, v V) {
	if e, ok := c.items[k]; ok {
		e.Value = entry[K, V]{k, v}
		c.order.MoveToFront(e)
		return
	}
	c.items[k] = c.order.PushFront(entry[K, V]{k, v})
	if c.order.Len() > c.max {
		last := c.order.Back()
		delete(c.items, last.Value.(entry[K, V]).key)
		c.order.Remove(last)
	}
}

func (c *lru[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for e := c.order.Front(); e != nil; e = e.Next() {
			en := e.Value.(entry[K, V])
			if !yield(en.key, en.val) {
				return
			}
		}
	}
}

func main() {
	q := &queue{}
	for i, n := range strings.Fields("delta alpha echo bravo charlie") {
		heap.Push(q, &item{name: n, prio: (i * 7) % 5})
	}
	first := (*q)[len(*q)-1]
	first.prio = 100
	heap.Fix(q, first.index)
	heap.Remove(q, 2)
	for q.Len() > 0 {
		it := heap.Pop(q).(*item)
		fmt.Print(it.name, ":", it.prio, " ")
	}
	fmt.Println()

	c := &lru[string, int]{3, list.New(), map[string]*list.Element{}}
	for i, k := range []string{"a", "b", "c", "a", "d", "e", "a"} {
		c.put(k, i)
	}
	for k, v := range c.all() {
		fmt.Print(k, "=", v, " ")
		if k == "d" {
			break
		}
	}
	fmt.Println(len(c.items))

	r := ring.New(5)
	for i := range r.Len() {
		r.Value = i
		r = r.Next()
	}
	r.Move(2).Unlink(2)
	r.Do(func(v any) { fmt.Print(v, " ") })
	fmt.Println(r.Len())

	s := []int{5, 2, 8, 1, 9, 3, 7}
	sorted := slices.Sorted(slices.Values(s))
	at, found := slices.BinarySearch(sorted, 7)
	fmt.Println(sorted, at, found, slices.Max(s), slices.Index(s, 9), slices.Contains(s, 4), s)
	slices.SortStableFunc(s, func(a, b int) int { return cmp.Or(cmp.Compare(a%3, b%3), -cmp.Compare(a, b)) })
	fmt.Println(s, slices.Compact([]int{1, 1, 2, 2, 1}))
	s = slices.Insert(s, 2, 100, 200)
	s = slices.Delete(s, 0, 1)
	fmt.Println(s, slices.Equal(s, slices.Clone(s)), slices.Repeat([]string{"x"}, 3), slices.Concat(s[:1], s[1:2]))
	for ch := range slices.Chunk(s, 3) {
		fmt.Print(ch, cap(ch), " ")
	}
	fmt.Println()

	m := map[string]int{"one": 1, "two": 2, "three": 3, "four": 4}
	keys := slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Compare(len(a), len(b))*10 + strings.Compare(a, b) })
	fmt.Println(keys, maps.Equal(m, maps.Clone(m)), slices.Sorted(maps.Values(m)))
	maps.DeleteFunc(m, func(k string, v int) bool { return v%2 == 0 })
	fmt.Println(m, maps.Collect(slices.All([]string{"a", "b"})))

	people := []struct {
		Name string
		Age  int
	}{{"A", 30}, {"B", 25}, {"C", 30}, {"D", 25}}
	sort.SliceStable(people, func(i, j int) bool { return people[i].Age < people[j].Age })
	fmt.Println(people, sort.SearchInts([]int{1, 3, 5}, 4), sort.IsSorted(sort.Reverse(sort.StringSlice{"c", "b"})))

	var sm sync.Map
	for i := range 10 {
		sm.LoadOrStore(i%4, i)
	}
	v, loaded := sm.LoadAndDelete(2)
	n := 0
	sm.Range(func(k, v any) bool { n += v.(int); return true })
	fmt.Println(v, loaded, n, sm.CompareAndSwap(1, 1, 50))
	pool := sync.Pool{New: func() any { return new(strings.Builder) }}
	b := pool.Get().(*strings.Builder)
	b.WriteString("pooled")
	fmt.Println(b)
	b.Reset()
	pool.Put(b)
	next, stop := iter.Pull2(c.all())
	k, val, ok := next()
	stop()
	_, _, ok2 := next()
	fmt.Println(k, val, ok, ok2)
}
