package host

import (
	"math/bits"
	"unsafe"
)

// Arithmetic of public-key cryptography
//
// Signatures and key exchange spend nearly all of their time in multiplications of a few hundred bits,
// which the distribution has in assembly for most machines: rows of big numbers (bigmod), products of
// field elements (nistec/fiat, edwards25519/field). Here each is a host function. None of them branches on its
// operands or takes an index from them.

// words is the n 64-bit words at the guest address in slot i, shared with the guest.
func (c *Call) words(i, n int) ([]uint64, bool) {
	b, ok := c.Space.Bytes(c.Arg(i), uint64(n)*8)
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/8), ok
}

// prime is an odd modulus below R = 2^(64·len(m)), for multiplication in Montgomery form.
type prime struct {
	m   []uint64 // low word first
	inv uint64   // -1/m[0] modulo 2^64
}

const primeWords = 9 // of the largest

func newPrime(m ...uint64) *prime {
	inv := uint64(1)
	for range 6 { // each step doubles the bits that are right
		inv *= 2 - m[0]*inv
	}
	return &prime{m, -inv}
}

var (
	p224 = newPrime(1, 0xffffffff00000000, 0xffffffffffffffff, 0xffffffff)                          // 2^224 - 2^96 + 1
	p256 = newPrime(0xffffffffffffffff, 0xffffffff, 0, 0xffffffff00000001)                          // 2^256 - 2^224 + 2^192 + 2^96 - 1
	p384 = newPrime(0xffffffff, 0xffffffff00000000, 1<<64-2, 1<<64-1, 1<<64-1, 1<<64-1)             // 2^384 - 2^128 - 2^96 + 2^32 - 1
	p521 = newPrime(1<<64-1, 1<<64-1, 1<<64-1, 1<<64-1, 1<<64-1, 1<<64-1, 1<<64-1, 1<<64-1, 1<<9-1) // 2^521 - 1
)

// mul stores x·y/R modulo m in z, which may be x or y: word by word of y, the row x·y[i] is added, then the multiple of
// m that makes the low word 0, and everything moves down a word.
func (p *prime) mul(z, x, y []uint64) {
	n := len(p.m)
	var t [primeWords + 1]uint64
	for i := range n {
		yi := y[i]
		var carry, top uint64
		for j := range n {
			t[j], carry = mulAdd(x[j], yi, t[j], carry)
		}
		t[n], top = bits.Add64(t[n], carry, 0)
		q := t[0] * p.inv
		_, carry = mulAdd(q, p.m[0], t[0], 0)
		for j := 1; j < n; j++ {
			t[j-1], carry = mulAdd(q, p.m[j], t[j], carry)
		}
		var c uint64
		t[n-1], c = bits.Add64(t[n], carry, 0)
		t[n] = top + c
	}
	// t is below 2m: m is subtracted, and the difference taken unless it is negative.
	var d [primeWords]uint64
	var borrow uint64
	for i := range n {
		d[i], borrow = bits.Sub64(t[i], p.m[i], borrow)
	}
	_, borrow = bits.Sub64(t[n], 0, borrow)
	keep := -borrow
	for i := range n {
		z[i] = t[i]&keep | d[i]&^keep
	}
}

// mulAdd is x·y + a + b, which fits into two words, low word first.
func mulAdd(x, y, a, b uint64) (lo, hi uint64) {
	hi, lo = bits.Mul64(x, y)
	lo, c := bits.Add64(lo, a, 0)
	hi += c
	lo, c = bits.Add64(lo, b, 0)
	return lo, hi + c
}

// product is the host function mul(z, x, y *element); with square, of z, x.
func (p *prime) product(square bool) Func {
	return func(c *Call) Status {
		last := 2
		if square {
			last = 1
		}
		z, ok := c.words(0, len(p.m))
		x, ok2 := c.words(1, len(p.m))
		y, ok3 := c.words(last, len(p.m))
		if !ok || !ok2 || !ok3 {
			return c.badOperand()
		}
		p.mul(z, x, y)
		return OK
	}
}

// edwards is the product modulo 2^255 - 19 of numbers in five words of 51 bits (and a little more). Words of weight 2^255 and more
// come back 19 times at the low end; one round of carries leaves words of 52 bits.
func edwards(z, x, y []uint64) {
	const low = 1<<51 - 1
	var a, b, sum, carry [5]uint64
	for i := range a {
		a[i], b[i] = x[i], y[i]
	}
	for k := range sum {
		var hi, lo, c uint64
		for i := range a {
			j, f := k-i, a[i]
			if j < 0 {
				j, f = j+5, f*19
			}
			h, l := bits.Mul64(f, b[j])
			lo, c = bits.Add64(lo, l, 0)
			hi += h + c
		}
		sum[k], carry[k] = lo&low, hi<<13|lo>>51
	}
	sum = [5]uint64{sum[0] + carry[4]*19, sum[1] + carry[0], sum[2] + carry[1], sum[3] + carry[2], sum[4] + carry[3]}
	for k, v := range sum { // these carries are small
		sum[k], carry[k] = v&low, v>>51
	}
	z[0] = sum[0] + carry[4]*19
	for k := 1; k < 5; k++ {
		z[k] = sum[k] + carry[k-1]
	}
}

func edwardsProduct(square bool) Func {
	return func(c *Call) Status {
		last := 2
		if square {
			last = 1
		}
		z, ok := c.words(0, 5)
		x, ok2 := c.words(1, 5)
		y, ok3 := c.words(last, 5)
		if !ok || !ok2 || !ok3 {
			return c.badOperand()
		}
		edwards(z, x, y)
		return OK
	}
}

// rowProduct is the host function that adds x·y to z, numbers of n words, and gives the carry.
func rowProduct(n int) Func {
	return func(c *Call) Status {
		z, ok := c.words(0, n)
		x, ok2 := c.words(1, n)
		if !ok || !ok2 {
			return c.badOperand()
		}
		y, carry := c.Arg(2), uint64(0)
		for i, v := range x {
			z[i], carry = mulAdd(v, y, z[i], carry)
		}
		c.Set(3, carry)
		return OK
	}
}

func init() {
	const fiat, bigmod, field = "crypto/internal/fips140/nistec/fiat.", "crypto/internal/fips140/bigmod.", "crypto/internal/fips140/edwards25519/field."
	Register([]Entry{
		{fiat + "p224Mul", p224.product(false)},
		{fiat + "p224Square", p224.product(true)},
		{fiat + "p256Mul", p256.product(false)},
		{fiat + "p256Square", p256.product(true)},
		{fiat + "p384Mul", p384.product(false)},
		{fiat + "p384Square", p384.product(true)},
		{fiat + "p521Mul", p521.product(false)},
		{fiat + "p521Square", p521.product(true)},
		{field + "feMul", edwardsProduct(false)},
		{field + "feSquare", edwardsProduct(true)},
		{bigmod + "addMulVVW1024", rowProduct(1024 / 64)},
		{bigmod + "addMulVVW1536", rowProduct(1536 / 64)},
		{bigmod + "addMulVVW2048", rowProduct(2048 / 64)},
	})
}
