package main

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"math/cmplx"
	"math/rand"
	randv2 "math/rand/v2"
)

// pi computes digits with Machin's formula on big integers.
func pi(digits int) *big.Int {
	unity := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits+10)), nil)
	arccot := func(x int64) *big.Int {
		sum := new(big.Int).Div(unity, big.NewInt(x))
		term := new(big.Int).Set(sum)
		x2 := big.NewInt(x * x)
		for n, sign := int64(3), int64(-1); term.Sign() != 0; n, sign = n+2, -sign {
			term.Div(term, x2)
			t := new(big.Int).Div(term, big.NewInt(n))
			sum.Add(sum, t.Mul(t, big.NewInt(sign)))
		}
		return sum
	}
	p := new(big.Int).Mul(arccot(5), big.NewInt(16))
	p.Sub(p, new(big.Int).Mul(arccot(239), big.NewInt(4)))
	return p.Div(p, new(big.Int).Exp(big.NewInt(10), big.NewInt(10), nil))
}

func main() {
	fmt.Println(pi(300))

	f := big.NewInt(1)
	for i := int64(1); i <= 200; i++ {
		f.Mul(f, big.NewInt(i))
	}
	fmt.Println(f, f.BitLen(), f.TrailingZeroBits())
	s := new(big.Int).Sqrt(f)
	d, m := new(big.Int).DivMod(f, s, new(big.Int))
	fmt.Println(s, d, m)
	p, _ := new(big.Int).SetString("170141183460469231731687303715884105727", 10)
	fmt.Println(p.ProbablyPrime(20), new(big.Int).ModInverse(big.NewInt(3), p), new(big.Int).Exp(big.NewInt(7), p, big.NewInt(1000003)))
	fmt.Println(new(big.Int).GCD(nil, nil, big.NewInt(1<<40*9), big.NewInt(6e15)), p.Text(36), p.Cmp(f))
	fmt.Printf("%x %d %+d %s\n", p, big.NewInt(-42), big.NewInt(42), new(big.Int).Not(p))

	r := big.NewRat(1, 3)
	r.Add(r, big.NewRat(1, 6)).Mul(r, big.NewRat(22, 7))
	q, ok := new(big.Rat).SetString("3.14159265358979")
	fmt.Println(r, r.FloatString(20), q, ok, r.Cmp(q))

	x := new(big.Float).SetPrec(200).SetInt64(2)
	x.Sqrt(x)
	fmt.Println(x.Text('g', 50), x.Prec(), x.Mode())
	y, _, err := big.ParseFloat("1e-1000", 10, 100, big.ToNearestEven)
	fmt.Println(y, err, y.MinPrec(), new(big.Float).Quo(x, y).Text('e', 30))
	defer func() { fmt.Println("recovered:", recover()) }()

	rnd := rand.New(rand.NewSource(42))
	fmt.Println(rnd.Int(), rnd.Intn(100), rnd.Float64(), rnd.Perm(8), rnd.NormFloat64(), rnd.ExpFloat64())
	v2 := randv2.New(randv2.NewPCG(1, 2))
	fmt.Println(v2.Uint64(), v2.IntN(1000), v2.Float32(), v2.Perm(5))
	c8 := randv2.NewChaCha8([32]byte{1, 2, 3})
	fmt.Println(c8.Uint64(), c8.Uint64())

	hi, lo := bits.Mul64(math.MaxUint64, 12345678901234567)
	quo, rem := bits.Div64(1, lo, 3<<60)
	fmt.Println(hi, lo, quo, rem, bits.Reverse32(1), bits.OnesCount64(lo), bits.LeadingZeros16(3), bits.RotateLeft8(0x81, 1))
	sum, carry := bits.Add64(lo, hi<<63, 1)
	diff, borrow := bits.Sub64(1, 2, 0)
	fmt.Println(sum, carry, diff, borrow)

	for _, v := range []float64{0, 0.5, 1, -1, 2.5, 100, 1e300, math.Inf(1), math.NaN(), math.Copysign(0, -1), 5e-324} {
		fmt.Println(v, math.Sin(v), math.Exp(v), math.Log1p(v), math.Cbrt(v), math.Round(v), math.RoundToEven(v), math.Trunc(v), math.Atan2(v, -1), math.Gamma(v), math.Float64bits(v))
	}
	fmt.Println(math.FMA(1e16, 1.0000000001, -1e16), math.Hypot(3e200, 4e200), math.Pow(2, -1074), math.Mod(-7, 3), math.Remainder(7, 4))
	fr, ex := math.Frexp(1234.5)
	fmt.Println(fr, ex, math.Ldexp(fr, ex), math.Nextafter(1, 2), math.Float32frombits(1))
	fmt.Println(cmplx.Sqrt(-1), cmplx.Exp(1i*math.Pi), cmplx.Abs(3+4i), cmplx.Pow(2i, 3), cmplx.Phase(-1))
	new(big.Int).Div(big.NewInt(1), new(big.Int))
}
