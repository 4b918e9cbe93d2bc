// Sorting by interface, by function and by constraint; heaps, maps, binary search.
package main

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"sort"
	"strings"
)

type record struct {
	name string
	n    int
}

type byName []record

func (r byName) Len() int           { return len(r) }
func (r byName) Less(i, j int) bool { return r[i].name < r[j].name }
func (r byName) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }

type queue []int

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i] < q[j] }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(int)) }
func (q *queue) Pop() any          { n := len(*q) - 1; x := (*q)[n]; *q = (*q)[:n]; return x }

func main() {
	x := uint32(1)
	next := func() int { x ^= x << 13; x ^= x >> 17; x ^= x << 5; return int(x % 100_000) }
	var list []record
	count := map[string]int{}
	for range 20_000 {
		n := next()
		r := record{fmt.Sprintf("n%05d", n), n}
		list = append(list, r)
		count[r.name]++
	}
	sort.Sort(byName(list))
	sort.Slice(list, func(i, j int) bool { return list[i].n > list[j].n })
	slices.SortStableFunc(list, func(a, b record) int { return cmp.Or(strings.Compare(a.name, b.name), a.n-b.n) })
	var ints []int
	q := &queue{}
	for _, r := range list {
		ints = append(ints, r.n^0x5555)
		heap.Push(q, r.n)
	}
	slices.Sort(ints)
	sum := 0
	for q.Len() > 0 {
		n := heap.Pop(q).(int)
		if i, ok := slices.BinarySearch(ints, n^0x5555); ok {
			sum += i
		}
	}
	keys := make([]string, 0, len(count))
	for k := range count {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	fmt.Println(sum, len(keys))
}
