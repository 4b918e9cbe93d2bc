package main

import (
	"fmt"
	"math"
	"math/cmplx"
)

type poly []complex128

func (p poly) at(x complex128) (y complex128) {
	for i := len(p) - 1; i >= 0; i-- {
		y = y*x + p[i]
	}
	return
}

func fft(a []complex128) []complex128 {
	n := len(a)
	if n == 1 {
		return a
	}
	even, odd := make([]complex128, n/2), make([]complex128, n/2)
	for i := range even {
		even[i], odd[i] = a[2*i], a[2*i+1]
	}
	even, odd = fft(even), fft(odd)
	out := make([]complex128, n)
	for k := range even {
		t := cmplx.Exp(complex(0, -2*math.Pi*float64(k)/float64(n))) * odd[k]
		out[k], out[k+n/2] = even[k]+t, even[k]-t
	}
	return out
}

func main() {
	var c64 complex64 = complex(1.5, -2)
	c := complex128(c64) * (3 + 4i)
	fmt.Println(c64, c, real(c), imag(c), c == 12.5+0i, cmplx.Abs(3+4i))
	fmt.Println(c/(1-1i), -c, c-2, c64*c64, c64/complex64(2i))
	inf := math.Inf(1)
	zero := 0.0
	fmt.Println(complex(1, 2)/complex(zero, zero), complex(inf, 1)/complex(2, 3), complex(1, 1)/complex(inf, zero))
	fmt.Println(poly{1, -3i, 2}.at(2 + 1i))
	roots := []complex128{cmplx.Sqrt(-1), cmplx.Pow(2i, 3), cmplx.Log(1i)}
	for _, r := range roots {
		fmt.Printf("%.6f %8.3f|%v\n", r, r, cmplx.IsNaN(r))
	}
	for i, x := range fft([]complex128{1, 2, 3, 4, 0, 0, 0, 0}) {
		fmt.Printf("%d %.4f\n", i, x)
	}
	m := map[complex128]string{1i: "i", 2: "two"}
	m[complex(0, 1)] += "!"
	fmt.Println(m[1i], m[2+0i], len(m))
	var a any = c64
	_, ok := a.(complex64)
	fmt.Println(ok, a == any(complex64(1.5-2i)))
	arr := [3]complex64{1, 2i, 3 + 3i}
	var sum complex64
	for _, v := range arr {
		sum += v
	}
	fmt.Println(sum, arr)
}
