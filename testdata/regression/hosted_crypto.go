package main

// Hash steps, field products and elementary functions are the host's; their results are those of the library's own code.

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"fmt"
	"hash"
	"hash/crc32"
	"math"
	"math/big"
)

func main() {
	text := make([]byte, 1000)
	for i := range text {
		text[i] = byte(i * 7)
	}
	for _, h := range []hash.Hash{md5.New(), sha1.New(), sha256.New224(), sha256.New(), sha512.New384(), sha512.New512_256(), sha3.New384()} {
		for i := 0; i < len(text); i += 100 + i/3 {
			h.Write(text[i:min(len(text), i+100+i/3)])
			fmt.Printf("%x\n", h.Sum(nil))
		}
	}
	fmt.Println(crc32.ChecksumIEEE(text), crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli)), crc32.Checksum(text, crc32.MakeTable(crc32.Koopman)))

	for _, n := range []int{16, 24, 32} {
		block, err := aes.NewCipher(text[:n])
		if err != nil {
			panic(err)
		}
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			panic(err)
		}
		sealed := gcm.Seal(nil, text[:12], text[:137], text[:33])
		back, err := gcm.Open(nil, text[:12], sealed, text[:33])
		fmt.Printf("%x %v %v\n", sealed, bytes.Equal(back, text[:137]), err)
		out := make([]byte, 160)
		cipher.NewCBCDecrypter(block, text[:16]).CryptBlocks(out, text[:160])
		fmt.Printf("%x\n", out)
	}

	for _, c := range []elliptic.Curve{elliptic.P224(), elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		x, y := c.ScalarBaseMult(text[:29])
		x2, y2 := c.ScalarMult(x, y, text[29:50])
		fmt.Println(x, y, x2, y2)
		key, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			panic(err)
		}
		sig, err := ecdsa.SignASN1(rand.Reader, key, text[:32])
		fmt.Println(err, ecdsa.VerifyASN1(&key.PublicKey, text[:32], sig), ecdsa.VerifyASN1(&key.PublicKey, text[1:33], sig))
	}
	key := ed25519.NewKeyFromSeed(text[:32])
	fmt.Printf("%x\n", ed25519.Sign(key, text))
	x, err := ecdh.X25519().NewPrivateKey(text[:32])
	if err != nil {
		panic(err)
	}
	shared, err := x.ECDH(x.PublicKey())
	fmt.Printf("%x %v\n", shared, err)

	n := new(big.Int).SetBytes(text[:128])
	n.SetBit(n, 0, 1)
	fmt.Println(new(big.Int).Exp(big.NewInt(3), n, n))

	v := 0.37
	for _, f := range []func(float64) float64{math.Acos, math.Asin, math.Atan, math.Atanh, math.Cbrt, math.Cos, math.Cosh, math.Erf, math.Erfc,
		math.Exp, math.Exp2, math.Expm1, math.Log, math.Log10, math.Log1p, math.Log2, math.Sin, math.Sinh, math.Tan, math.Tanh, math.Gamma} {
		fmt.Println(f(v), f(v*1e-9), f(math.NaN()))
	}
	fmt.Println(math.Atan2(v, -2), math.Hypot(v, 2), math.Mod(7.5, -v), math.Pow(v, 2.5), math.Remainder(7.5, v), math.Acosh(1.5), math.Asinh(-v))
}
