//judge:gcevery 1
package main

import (
	"fmt"
	"reflect"
	"unsafe"
)

type (
	empty struct{}
	mixed struct {
		a bool
		b int64
		c uint16
		d float32
		e string
		f []int
		g any
		h error
		i func()
		j chan int
		k map[int]int
		l complex64
		m complex128
		n [3]uint8
		o empty
	}
	tail struct {
		a int32
		z empty
	}
	nested struct {
		x byte
		mixed
		y [2]tail
		*tail
	}
	padded struct {
		a byte
		_ [7]byte
		b byte
		_ int32
	}
	bits struct {
		a, b, c bool
		d       int32
		e       bool
		f       int16
		g       uint64
		h       byte
	}
)

func show[T any](v T) {
	t := reflect.TypeFor[T]()
	fmt.Println(t, unsafe.Sizeof(v), unsafe.Alignof(v), t.Size(), t.Align(), t.FieldAlign(), t.Comparable())
	if t.Kind() == reflect.Struct {
		for i := range t.NumField() {
			f := t.Field(i)
			fmt.Print(" ", f.Name, "@", f.Offset, ":", f.Type.Size())
		}
		fmt.Println()
	}
}

func main() {
	show(empty{})
	show(mixed{})
	show(tail{})
	show(nested{})
	show(padded{})
	show(bits{})
	show([0]int{})
	show([5]bits{})
	show([2][3]tail{})
	show(int8(1))
	show(uintptr(0))
	show(complex64(0))
	show("")
	show(any(nil))
	show(struct {
		a [0]func()
		b int8
	}{})
	var n nested
	fmt.Println(unsafe.Offsetof(n.mixed), unsafe.Offsetof(n.c), unsafe.Offsetof(n.y), unsafe.Offsetof(n.tail), unsafe.Sizeof(n.y[0]), unsafe.Alignof(n.mixed.n))
	b := bits{a: true, c: true, d: -1, f: 300, g: 1 << 60, h: 9}
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&b)), unsafe.Sizeof(b))
	fmt.Println(raw)
	*(*int16)(unsafe.Add(unsafe.Pointer(&b), unsafe.Offsetof(b.f))) = -2
	fmt.Println(b.f, *(*uint32)(unsafe.Pointer(&raw[4])))
	p1, p2 := padded{a: 1, b: 2}, padded{a: 1, b: 2}
	*(*int32)(unsafe.Add(unsafe.Pointer(&p1), 12)) = 77
	fmt.Println(p1 == p2, map[padded]int{p1: 5}[p2], any(p1) == any(p2))
	arr := [4]int32{1, 2, 3, 4}
	fmt.Println(*(*int64)(unsafe.Pointer(&arr[1])), *(*[2]int32)(unsafe.Pointer(&arr[2])), [2]int32(arr[:2]), *(*[3]int32)(arr[1:]))
	f := 1.5
	fmt.Println(*(*uint64)(unsafe.Pointer(&f)), *(*[8]byte)(unsafe.Pointer(&f)))
	var e any = b
	words := (*[2]uintptr)(unsafe.Pointer(&e))
	fmt.Println(words[0] != 0, (*bits)(unsafe.Pointer(words[1])).d)
	s := "hello"
	hdr := (*struct {
		p *byte
		n int
	})(unsafe.Pointer(&s))
	fmt.Println(hdr.n, *hdr.p, string(unsafe.Slice(hdr.p, 2)))
	const k = unsafe.Sizeof(mixed{}) + unsafe.Offsetof(n.y)
	var a [k % 7]int
	fmt.Println(k, len(a))
}
