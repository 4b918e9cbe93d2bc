package main

import (
	"fmt"
	"runtime"
	"sync"
)

type id uint32

func check(ok bool, what string, args ...any) {
	if !ok {
		fmt.Printf(what+"\n", args...)
	}
}

func main() {
	// Words of 64 bits against a slice that remembers.
	const n = 5000
	m := map[int]int{}
	ref := make([]int, n)
	has := make([]bool, n)
	x := uint64(1)
	next := func(k int) int {
		x = x*6364136223846793005 + 1442695040888963407
		return int(x>>33) % k
	}
	for i := range 200000 {
		k := next(n)
		switch next(4) {
		case 0:
			delete(m, k)
			has[k], ref[k] = false, 0
		case 1:
			m[k] += i
			has[k], ref[k] = true, ref[k]+i
		default:
			v, ok := m[k]
			check(ok == has[k] && v == ref[k] && m[k] == ref[k], "%d: %d %v, want %d %v", k, v, ok, ref[k], has[k])
		}
	}
	count := 0
	for _, h := range has {
		if h {
			count++
		}
	}
	fmt.Println(len(m) == count)

	// 32 bits, elements of several sizes, negative keys.
	m32 := map[int32]uint8{}
	mid := map[id][3]uint16{}
	for i := range int32(3000) {
		m32[-i*7919] = uint8(i)
		mid[id(i)<<20|id(i)] = [3]uint16{uint16(i), 1, 2}
	}
	for i := range int32(3000) {
		v, ok := m32[-i*7919]
		check(ok && v == uint8(i), "32: %d", i)
		_, ok = m32[-i*7919+1]
		check(!ok, "32 absent: %d", i)
		check(mid[id(i)<<20|id(i)][0] == uint16(i), "id: %d", i)
	}
	fmt.Println(len(m32), len(mid))

	// Strings of all lengths around the steps of the hash and the comparison; keys built anew.
	ms := map[string]int{}
	b := make([]byte, 600)
	for i := range b {
		b[i] = byte('a' + i*7%26)
	}
	for round := range 3 {
		for l := range len(b) {
			ms[string(b[:l])] += l
			c := append([]byte(nil), b[:l]...)
			if l > 0 {
				c[l-1]++
				ms[string(c)] -= l
				c[l-1]--
				c[0]--
				_, ok := ms[string(c)]
				check(!ok, "string %d: first byte ignored", l)
			}
		}
		runtime.GC()
		for l := range len(b) {
			v, ok := ms[string(b[:l])]
			check(ok && v == (round+1)*l, "string %d: %d %v", l, v, ok)
		}
	}
	fmt.Println(len(ms))

	// Pointers as keys, with objects that die; nil and empty maps.
	mp := map[*int]int{}
	var keep []*int
	for i := range 20000 {
		p := new(int)
		*p = i
		mp[p] = i
		if i%10 == 0 {
			keep = append(keep, p)
		} else if i%3 == 0 {
			delete(mp, p)
		}
	}
	runtime.GC()
	for _, p := range keep {
		check(mp[p] == *p, "pointer %d", *p)
	}
	var null map[int]int
	_, ok := null[3]
	fmt.Println(len(mp), ok, null[4], map[string]bool{}["x"])

	// Each goroutine its own map, while the collector runs.
	var wg sync.WaitGroup
	var sums [4]int
	for g := range sums {
		wg.Add(1)
		go func() {
			defer wg.Done()
			words := map[string][]int{}
			for i := range 20000 {
				w := fmt.Sprint("word", i%977)
				words[w] = append(words[w], i)
			}
			for i := range 977 {
				for _, v := range words[fmt.Sprint("word", i)] {
					sums[g] += v
				}
			}
		}()
	}
	wg.Wait()
	fmt.Println(sums)
	defer func() { fmt.Println(recover()) }()
	null[1] = 2
}
