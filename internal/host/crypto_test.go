package host

import (
	"bytes"
	"crypto/aes"
	"crypto/sha3"
	"encoding/binary"
	"math/big"
	"math/rand"
	"testing"
)

// What guests ask of the host's arithmetic, against the host's libraries and plain definitions.

func random(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	r.Read(b)
	return b
}

func TestBlockHashes(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for name, b := range map[string]*blockHash{"md5": md5Hash, "sha1": sha1Hash, "sha256": sha256Hash, "sha512": sha512Hash} {
		h := b.fresh()
		state := make([]byte, b.words*b.width)
		words := func() []byte { // of h, in the order that the guest's memory has
			out := bytes.Clone(save(h, nil)[magicBytes:][:len(state)])
			for i := 0; i < len(out); i += b.width {
				for j, k := i, i+b.width-1; j < k; j, k = j+1, k-1 {
					out[j], out[k] = out[k], out[j]
				}
			}
			return out
		}
		copy(state, words())
		for i := range 4 {
			p := random(r, i*h.BlockSize())
			h.Write(p)
			b.blocks(state, p)
			if want := words(); !bytes.Equal(state, want) {
				t.Fatalf("%s after %d blocks: want state %x, got %x", name, i, want, state)
			}
		}
	}
}

func TestKeccak(t *testing.T) {
	for _, text := range []string{"", "abc", "The quick brown fox jumps over the lazy dog"} {
		const rate = 136
		var block [200]byte
		copy(block[:], text)
		block[len(text)] ^= 6
		block[rate-1] ^= 0x80
		var a [25]uint64
		for i := range a {
			a[i] = binary.LittleEndian.Uint64(block[i*8:])
		}
		keccak(&a)
		var got [32]byte
		for i := range 4 {
			binary.LittleEndian.PutUint64(got[i*8:], a[i])
		}
		if want := sha3.Sum256([]byte(text)); got != want {
			t.Errorf("SHA3-256 of %q: want %x, got %x", text, want, got)
		}
	}
}

// aesSchedule expands a key as FIPS 197 has it, in the layout of the guest's.
func aesSchedule(key []byte) []byte {
	ways := aesWays()
	sub := func(w uint32) (v uint32) {
		for i := range 4 {
			v |= uint32(ways[0].box[w>>(8*i)&0xff]) << (8 * i)
		}
		return v
	}
	nk := len(key) / 4
	rounds := nk + 6
	var enc []uint32
	for i := range (rounds + 1) * 4 {
		if i < nk {
			enc = append(enc, binary.BigEndian.Uint32(key[i*4:]))
			continue
		}
		w := enc[i-1]
		switch rcon := byte(1); {
		case i%nk == 0:
			for range i/nk - 1 {
				rcon = double8(rcon)
			}
			w = sub(w<<8|w>>24) ^ uint32(rcon)<<24
		case nk > 6 && i%nk == 4:
			w = sub(w)
		}
		enc = append(enc, enc[i-nk]^w)
	}
	out := make([]byte, aesBytes)
	binary.LittleEndian.PutUint64(out, uint64(rounds))
	for i, w := range enc {
		binary.LittleEndian.PutUint32(out[aesEnc+i*4:], w)
		v, from := uint32(0), enc[(rounds-i/4)*4+i%4]
		if i < 4 || i >= rounds*4 {
			v = from
		} else {
			for r := range 4 { // the inverse mixing of a column
				v ^= ways[1].mix[r][ways[0].box[from>>(24-8*r)&0xff]]
			}
		}
		binary.LittleEndian.PutUint32(out[aesDec+i*4:], v)
	}
	return out
}

func TestAES(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	for _, n := range []int{16, 24, 32} {
		for range 20 {
			key, src := random(r, n), random(r, 16)
			c, err := aes.NewCipher(key)
			if err != nil {
				t.Fatal(err)
			}
			want, got := make([]byte, 16), make([]byte, 16)
			c.Encrypt(want, src)
			s := aesSchedule(key)
			aesWays()[0].block(got, src, s, n/4+6)
			if !bytes.Equal(got, want) {
				t.Fatalf("key %x, block %x: want %x, got %x", key, src, want, got)
			}
			aesWays()[1].block(got, got, s, n/4+6)
			if !bytes.Equal(got, src) {
				t.Fatalf("key %x, block %x decrypted: want %x, got %x", key, want, src, got)
			}
		}
	}
}

// integer is a little-endian list of words of so many bits.
func integer(words []uint64, bits uint) *big.Int {
	n := new(big.Int)
	for i := len(words) - 1; i >= 0; i-- {
		n.Add(n.Lsh(n, bits), new(big.Int).SetUint64(words[i]))
	}
	return n
}

func TestPrimes(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	one := big.NewInt(1)
	power := func(n uint) *big.Int { return new(big.Int).Lsh(one, n) }
	sum := func(first *big.Int, rest ...int) *big.Int { // first and signed powers of 2
		for _, e := range rest {
			if e < 0 {
				first.Sub(first, power(uint(-e)))
			} else {
				first.Add(first, power(uint(e)))
			}
		}
		return first
	}
	for _, c := range []struct {
		p    *prime
		want *big.Int
	}{
		{p224, sum(power(224), -96, 0)},
		{p256, sum(big.NewInt(-1), 256, -224, 192, 96)},
		{p384, sum(big.NewInt(-1), 384, -128, -96, 32)},
		{p521, sum(big.NewInt(-1), 521)},
	} {
		m, n := integer(c.p.m, 64), len(c.p.m)
		if m.Cmp(c.want) != 0 {
			t.Fatalf("want the modulus %x, have %x", c.want, m)
		}
		inverse := new(big.Int).ModInverse(power(uint(64*n)), m)
		top := new(big.Int).Sub(m, one)
		for i := range 200 {
			x, y, z := make([]uint64, n), make([]uint64, n), make([]uint64, n)
			for _, v := range [][]uint64{x, y} {
				b := new(big.Int).Rand(r, m)
				if i < 2 {
					b = top
				}
				for j := range v {
					v[j] = new(big.Int).Rsh(b, uint(64*j)).Uint64()
				}
			}
			want := new(big.Int).Mul(integer(x, 64), integer(y, 64))
			want.Mod(want.Mul(want, inverse), m)
			c.p.mul(z, x, y)
			if got := integer(z, 64); got.Cmp(want) != 0 {
				t.Fatalf("modulo %x: want %x, got %x", m, want, got)
			}
		}
	}
}

func TestEdwards(t *testing.T) {
	r := rand.New(rand.NewSource(4))
	m := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	for i := range 200 {
		x, y, z := make([]uint64, 5), make([]uint64, 5), make([]uint64, 5)
		for j := range x {
			x[j], y[j] = r.Uint64()>>12, r.Uint64()>>12
			if i == 0 {
				x[j], y[j] = 1<<52-1, 1<<52-1
			}
		}
		want := new(big.Int).Mul(integer(x, 51), integer(y, 51))
		want.Mod(want, m)
		edwards(z, x, y)
		if got := integer(z, 51); got.Mod(got, m).Cmp(want) != 0 {
			t.Fatalf("%x * %x: want %x, got %x", x, y, want, got)
		}
		for j, w := range z {
			if w>>52 != 0 {
				t.Fatalf("word %d of the product has %x: more than 52 bits", j, w)
			}
		}
	}
}

func TestGHASHFold(t *testing.T) {
	// One step of four bits is four steps of one: the bit that leaves comes back as 1+x+x^2+x^7.
	for i := range uint64(16) {
		low, high := uint64(0), i
		for range 4 {
			out := high & 1
			high = high>>1 | low<<63
			low = low>>1 ^ -out&(0xe1<<56)
		}
		if high != 0 || low != ghashFold[i] {
			t.Errorf("%#x: want %#x %#x, have %#x", i, low, high, ghashFold[i])
		}
	}
}

func BenchmarkP256(b *testing.B) {
	x := []uint64{1, 2, 3, 4}
	for b.Loop() {
		p256.mul(x, x, x)
	}
}

func BenchmarkEdwards(b *testing.B) {
	x := []uint64{1, 2, 3, 4, 5}
	for b.Loop() {
		edwards(x, x, x)
	}
}

func BenchmarkKeccak(b *testing.B) {
	var a [25]uint64
	for b.Loop() {
		keccak(&a)
	}
}

func BenchmarkAES(b *testing.B) {
	key, p := aesSchedule(make([]byte, 16)), make([]byte, 16)
	for b.Loop() {
		aesWays()[0].block(p, p, key, 10)
	}
}
