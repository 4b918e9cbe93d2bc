package main

import (
	"fmt"
	"math"
	"sort"
	"strings"
)

type pt struct{ x, y int32 }
type deep struct {
	name string
	at   pt
	tags [2]string
	any  any
}
type shape interface{ area() float64 }
type sq float64
type rc struct{ w, h float64 }

func (s sq) area() float64  { return float64(s * s) }
func (r *rc) area() float64 { return r.w * r.h }

type counter map[string]int

func (c counter) add(s string) counter { c[s]++; return c }

func main() {
	grid := map[pt][]string{}
	for i := range int32(100) {
		p := pt{i % 7, i % 3}
		grid[p] = append(grid[p], fmt.Sprint(i))
	}
	fmt.Println(len(grid), grid[pt{3, 1}], grid[pt{9, 9}] == nil)
	structs := map[string]pt{"a": {1, 2}}
	p := structs["a"]
	p.x = 50
	fmt.Println(structs, p)
	arrays := map[[2]int][3]byte{{1, 2}: {1}, {3, 4}: {2}}
	a := arrays[[2]int{1, 2}]
	a[1] = 9
	fmt.Println(arrays, a)

	deeps := map[deep]int{}
	for i := range 50 {
		deeps[deep{fmt.Sprint(i % 5), pt{int32(i % 2), 0}, [2]string{"x", strings.Repeat("y", i%3)}, i % 2}]++
	}
	fmt.Println(len(deeps), deeps[deep{"1", pt{1, 0}, [2]string{"x", "y"}, 1}])

	floats := map[float64]string{0: "zero", math.Inf(1): "inf", 1.5: "x"}
	nan := math.NaN()
	floats[nan] = "n1"
	floats[nan] = "n2"
	floats[math.Copysign(0, -1)] = "negzero"
	_, ok := floats[nan]
	fmt.Println(len(floats), floats[0], ok)
	delete(floats, nan)
	n := 0
	for k, v := range floats {
		if k != k {
			n += len(v)
		}
	}
	fmt.Println(len(floats), n)
	clear(floats)
	fmt.Println(len(floats), floats)

	shapes := map[shape]string{sq(2): "square"}
	r := &rc{1, 2}
	shapes[r] = "rect"
	fmt.Println(shapes[sq(2)], shapes[r], shapes[&rc{1, 2}] == "", shapes[sq(3)] == "")
	mixed := map[any]any{1: "int", int64(1): "int64", "1": 1, 1.0: 'r', [1]int{1}: nil, struct{}{}: struct{}{}, true: false, nil: "nil", pt{1, 1}: map[int]int{1: 2}, complex(1, 0): 3}
	fmt.Println(len(mixed), mixed[1], mixed[int64(1)], mixed[1.0], mixed[nil], mixed[pt{1, 1}], mixed[uint(1)], mixed[complex(1, 0)])
	chans := map[chan int]int{make(chan int): 1, make(chan int): 2, nil: 3}
	fmt.Println(len(chans), chans[nil])

	// Deleting and adding while iterating: every key that stays is seen once.
	big := map[int]int{}
	for i := range 5000 {
		big[i] = i * i
	}
	seen := map[int]int{}
	for k, v := range big {
		seen[k]++
		if v != k*k {
			fmt.Println("bad", k, v)
		}
		delete(big, k)
		if k%2 == 0 {
			delete(big, k+1)
		}
		if k < 5000 {
			big[k+100000] = (k + 100000) * (k + 100000)
			delete(big, k+100000)
		}
	}
	twice := 0
	for k, c := range seen {
		if c > 1 && k < 5000 {
			twice++
		}
	}
	fmt.Println(len(big), len(seen) >= 2500, twice)
	for i := range 100000 {
		big[i%1000*7]++
		if i%3 == 0 {
			delete(big, i%500*7)
		}
	}
	keys := make([]int, 0, len(big))
	sum := 0
	for k, v := range big {
		keys = append(keys, k)
		sum += v
	}
	sort.Ints(keys)
	fmt.Println(len(keys), keys[:3], sum)

	nested := map[string]map[string][]int{}
	for i, w := range strings.Fields("a b a c b a") {
		if nested[w] == nil {
			nested[w] = make(map[string][]int, 1)
		}
		nested[w]["n"] = append(nested[w]["n"], i)
	}
	fmt.Println(nested)
	c := counter{}
	c.add("x").add("y").add("x")["z"] += 10
	c["w"]--
	c["bits"] |= 5
	c["bits"] <<= 2
	fmt.Println(c, len(c))
	funcs := map[string]func(...int) int{"len": func(x ...int) int { return len(x) }, "first": func(x ...int) int { return x[0] }}
	fmt.Println(funcs["len"](1, 2, 3), funcs["first"](7), funcs["none"] == nil)
	pm := &c
	(*pm)["viaptr"] = 1
	v, present := (*pm)["viaptr"]
	fmt.Println(v, present, fmt.Sprintf("%#v %T", map[pt]bool{{1, 2}: true}, c))
	type big256 [256]byte
	large := map[int]big256{}
	var b big256
	for i := range 300 {
		b[i%256]++
		large[i] = b
	}
	fmt.Println(large[299][10], large[100][10], large[-1][0], len(large))
}
