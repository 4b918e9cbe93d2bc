package host

import (
	"math/bits"
	"unsafe"
)

// The vector loops of math/big, which are assembly in the real library. Vectors
// are slices of words; z decides the length.

func init() {
	Register([]Entry{
		{"math/big.addVV", func(c *Call) Status {
			z, x, y, ok := c.vectors(true)
			if !ok {
				return c.badVector()
			}
			var carry uint64
			for i := range z {
				z[i], carry = bits.Add64(x[i], y[i], carry)
			}
			c.Set(9, carry)
			return OK
		}},
		{"math/big.subVV", func(c *Call) Status {
			z, x, y, ok := c.vectors(true)
			if !ok {
				return c.badVector()
			}
			var borrow uint64
			for i := range z {
				z[i], borrow = bits.Sub64(x[i], y[i], borrow)
			}
			c.Set(9, borrow)
			return OK
		}},
		{"math/big.lshVU", func(c *Call) Status {
			z, x, _, ok := c.vectors(false)
			if !ok {
				return c.badVector()
			}
			s := c.Arg(6) & 63
			var out uint64
			if s == 0 {
				copy(z, x)
			} else if len(z) > 0 {
				out = x[len(z)-1] >> (64 - s)
				for i := len(z) - 1; i > 0; i-- {
					z[i] = x[i]<<s | x[i-1]>>(64-s)
				}
				z[0] = x[0] << s
			}
			c.Set(7, out)
			return OK
		}},
		{"math/big.rshVU", func(c *Call) Status {
			z, x, _, ok := c.vectors(false)
			if !ok {
				return c.badVector()
			}
			s := c.Arg(6) & 63
			var out uint64
			if s == 0 {
				copy(z, x)
			} else if len(z) > 0 {
				out = x[0] << (64 - s)
				for i := 0; i < len(z)-1; i++ {
					z[i] = x[i]>>s | x[i+1]<<(64-s)
				}
				z[len(z)-1] = x[len(z)-1] >> s
			}
			c.Set(7, out)
			return OK
		}},
		{"math/big.mulAddVWW", func(c *Call) Status {
			z, x, _, ok := c.vectors(false)
			if !ok {
				return c.badVector()
			}
			m, carry := c.Arg(6), c.Arg(7)
			for i := range z {
				hi, lo := bits.Mul64(x[i], m)
				sum, cc := bits.Add64(lo, carry, 0)
				z[i], carry = sum, hi+cc
			}
			c.Set(8, carry)
			return OK
		}},
		{"math/big.addMulVVWW", func(c *Call) Status {
			z, x, y, ok := c.vectors(true)
			if !ok {
				return c.badVector()
			}
			m, carry := c.Arg(9), c.Arg(10)
			for i := range z {
				hi, lo := bits.Mul64(y[i], m)
				sum, c1 := bits.Add64(lo, x[i], 0)
				sum, c2 := bits.Add64(sum, carry, 0)
				z[i], carry = sum, hi+c1+c2
			}
			c.Set(11, carry)
			return OK
		}},
	})
}

// vectors reads z and x, and y if there are three, at slots 0, 3 and 6; x and y
// must be as long as z.
func (c *Call) vectors(three bool) (z, x, y []uint64, ok bool) {
	n := c.Arg(1)
	vec := func(slot int) []uint64 {
		b, good := c.Space.Bytes(c.Arg(slot), n*8)
		if !good || n > tooLong || c.Arg(slot+1) < n {
			ok = false
			return nil
		}
		return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(b))), n)
	}
	ok = true
	z, x = vec(0), vec(3)
	if three {
		y = vec(6)
	}
	return z, x, y, ok
}

func (c *Call) badVector() Status { return c.Fatal("math/big vector outside of memory") }
