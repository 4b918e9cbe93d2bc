// Types whose pointer masks are too long to be written down: some are only named, some are allocated.
package main

import (
	"fmt"
	"reflect"
	"runtime"
	"unsafe"
)

type cell struct {
	name string
	next *cell
	n    [3]int
}

type sheet struct {
	title string
	cells [4000]cell
	last  *cell
}

var global struct {
	pad  [100]byte
	rows [30000]*cell
	tail string
}

func main() {
	// Named, and never as large as they say.
	a := [2]*int{new(int), new(int)}
	s := (*[1 << 28]*int)(unsafe.Pointer(&a))[:2:2]
	*s[1] = 7
	var huge *[1 << 40]map[string]*int
	fmt.Println(len(s), *a[1], huge == nil, unsafe.Sizeof(*huge), reflect.TypeOf(huge).Elem().Len())

	// Allocated by their type, with everything behind them kept alive.
	p := new([20000]*cell)
	q := new(sheet)
	v := reflect.New(reflect.TypeOf(global.rows)).Interface().(*[30000]*cell)
	w := reflect.New(reflect.ArrayOf(25000, reflect.TypeFor[*cell]())).Elem()
	for i := 0; i < 20000; i += 1000 {
		p[i] = &cell{name: fmt.Sprint("p", i)}
		v[i] = &cell{name: fmt.Sprint("v", i)}
		w.Index(i).Set(reflect.ValueOf(&cell{name: fmt.Sprint("w", i)}))
		global.rows[i] = &cell{name: fmt.Sprint("g", i)}
		q.cells[i/5].next = &cell{name: fmt.Sprint("q", i)}
	}
	q.last = &cell{name: "last"}
	for range 3 {
		runtime.GC()
		for i := range 2000 {
			_ = append([]string(nil), fmt.Sprint("garbage", i))
		}
	}
	for i := 0; i < 20000; i += 5000 {
		fmt.Println(p[i].name, v[i].name, w.Index(i).Interface().(*cell).name, global.rows[i].name, q.cells[i/5].next.name)
	}
	fmt.Println(q.last.name)
}
