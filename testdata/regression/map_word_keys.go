// Keys of one word that are structs or arrays: the map functions for words and those
// for any key must hash alike, also after growth.
//
//judge:gcevery 1
package main

import "fmt"

type (
	pair  struct{ x, y int32 }
	bytes [8]byte
	short struct{ a, b int16 }
	one   struct{ s string }
	wrap  struct{ p pair }
	wide  struct{ a, b, c int64 }
)

func count[K comparable](name string, key func(i int) K) {
	m := map[K]int{}
	for round := range 3 {
		for i := range 500 {
			m[key(i)] += round
		}
	}
	hits := 0
	for i := range 500 {
		if v, ok := m[key(i)]; ok && v == 3 {
			hits++
		}
		if i%2 == 0 {
			delete(m, key(i))
		}
	}
	fmt.Println(name, hits, len(m), any(key(3)) == any(key(3)))
}

func main() {
	count("pair", func(i int) pair { return pair{int32(i), -int32(i)} })
	count("bytes", func(i int) bytes { return bytes{1: byte(i), 7: byte(i >> 8)} })
	count("short", func(i int) short { return short{int16(i), 7} })
	count("array", func(i int) [2]int32 { return [2]int32{int32(i), int32(i)} })
	count("one", func(i int) one { return one{fmt.Sprint(i)} })
	count("wrap", func(i int) wrap { return wrap{pair{int32(i), 1}} })
	count("wide", func(i int) wide { return wide{int64(i), 0, int64(-i)} })
	count("any", func(i int) any { return pair{int32(i), 0} })
	count("pointer array", func(i int) [1]any { return [1]any{short{int16(i), 1}} })
}
