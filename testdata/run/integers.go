package main

import (
	"fmt"
	"math"
)

type number interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int | ~uint | ~uintptr
}

// ops applies every operator to every pair.
func ops[T number](name string, vals ...T) {
	for _, a := range vals {
		fmt.Print(name, " ", a, ": ", -a, " ", ^a, " ", a+1, " ", a-1, " ", a*a, " |")
		for _, b := range vals {
			fmt.Print(" ", a+b, ",", a-b, ",", a*b, ",", a&b, ",", a|b, ",", a^b, ",", a&^b, ",", a < b, a >= b)
			if b != 0 {
				fmt.Print(",", a/b, ",", a%b)
			} else {
				fmt.Print(",", try(func() { fmt.Print(a / b) }))
			}
		}
		fmt.Println()
		for _, s := range []uint{0, 1, 7, 8, 15, 16, 31, 32, 63, 64, 65, 1 << 40} {
			fmt.Print(" ", a<<s, "/", a>>s)
		}
		fmt.Println()
		for _, s := range []int8{3, -1, 127} {
			fmt.Print(" ", try(func() { fmt.Print(a << s) }))
		}
		fmt.Println()
		fmt.Println(" conv", int8(a), uint8(a), int16(a), uint16(a), int32(a), uint32(a), int64(a), uint64(a), float32(a), float64(a), uintptr(a))
	}
}

func try(f func()) (r any) {
	defer func() { r = recover() }()
	f()
	return nil
}

type small int8
type mask uint16

//go:noinline
func id[T any](v T) T { return v }

func main() {
	ops[int8]("int8", 0, 1, -1, 127, -128, 100)
	ops[small]("small", -128, 127)
	ops[uint8]("uint8", 0, 1, 255, 128)
	ops[int16]("int16", -1, 32767, -32768)
	ops[mask]("mask", 0, 65535, 32768)
	ops[int32]("int32", 3, -7, math.MaxInt32, math.MinInt32)
	ops[uint32]("uint32", 0, 7, math.MaxUint32)
	ops[int64]("int64", 5, -9, math.MaxInt64, math.MinInt64)
	ops[uint64]("uint64", 1, 1<<63, math.MaxUint64)
	ops[int]("int", 1, -1)

	// Division by constants and powers of two.
	for _, v := range []int{-17, -16, -1, 0, 1, 15, 16, 17, math.MinInt64, math.MaxInt64} {
		v = id(v)
		fmt.Println(v/16, v%16, v/7, v%7, v/-3, v%-3, v/1, v%1, v/-1, v%-1, v/math.MinInt64, uint(v)/10, uint(v)%10, uint8(v)/3, int8(v)/5, v*8, v*-8)
	}
	// Float to integer, within range.
	for _, f := range []float64{0.9, -0.9, 1e9, -1e9, 4294967295, 1 << 52, 255.99} {
		f = id(f)
		fmt.Println(int(f), int64(f), int32(int64(f)), uint8(int(f)), float32(f), uint32(int64(f)))
	}
	// Integers to floats round to even.
	for _, i := range []int64{1<<53 + 1, 1<<53 + 3, 1<<24 + 1, 1<<24 + 3, math.MaxInt64, math.MinInt64} {
		i = id(i)
		fmt.Println(float64(i), float32(i), float64(uint64(i)), float32(uint64(i)))
	}
	x := id(int8(127))
	x++
	y := id(uint16(0))
	y--
	z := id(int32(math.MinInt32))
	z = -z
	var a [4]uint8
	a[2] -= 1
	a[3] += 255
	a[3] += 2
	a[1] |= 0x0f
	a[1] <<= 5
	fmt.Println(x, y, z, a, id(uint8(200))+id(uint8(100)), id(int16(-32768))/id(int16(-1)))
	const big = 1 << 100
	fmt.Println(big>>98, uint64(big>>37), len("abc")<<id(2), 1<<id(uint(3)) == 8, ^uint(0)>>63)
	var s uint = 33
	var i64 int64 = 1 << s
	var i32 int32 = 1 << s
	var f = 1<<s == 2<<s
	var u = uint64(1<<s) != 0
	fmt.Println(i64, i32, f, u)
	fmt.Printf("%b %o %x %X %#x %08b %+d %c %U %q\n", id(-5), id(64), id(255), id(255), id(255), id(5), id(5), id('A'), id('☺'), id('\n'))
}
