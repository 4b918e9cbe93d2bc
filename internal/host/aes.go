package host

import (
	"crypto/subtle"
	"encoding/binary"
	"math/bits"
	"sync"
)

// AES and GHASH
//
// The key schedule is the guest's, expanded by its own code:
//
//	+--------+-----------------+-----------------+
//	| rounds | enc [60]uint32  | dec [60]uint32  |
//	+--------+-----------------+-----------------+
//	0        8                 248               488
//
// dec is that of the equivalent inverse cipher (FIPS 197, 5.3.5), so that both ways are the same rounds with other
// tables and the columns taken in the other direction. A round of a column is four look-ups that do substitution
// and mixing at once. The tables are worked out when they are first used.

const (
	aesEnc   = 8
	aesDec   = aesEnc + 60*4
	aesBytes = aesDec + 60*4
)

// aesWay is one direction: encryption or decryption.
type aesWay struct {
	mix  [4][256]uint32 // of the byte in row r of a column
	box  [256]byte      // for the last round, which does not mix
	step int            // row r takes its byte from column i+r·step
	at   int            // of the round keys in the schedule
}

var aesWays = sync.OnceValue(func() *[2]aesWay {
	ways := &[2]aesWay{{step: 1, at: aesEnc}, {step: 3, at: aesDec}}
	// The S-box: the inverse in GF(2^8), found by walking through powers of 3 and of 1/3 together, then an affine map.
	p, q := byte(1), byte(1)
	box := &ways[0].box
	box[0] = 0x63
	for {
		p ^= double8(p)
		q ^= q << 1
		q ^= q << 2
		q ^= q << 4
		if q&0x80 != 0 {
			q ^= 9
		}
		box[p] = q ^ bits.RotateLeft8(q, 1) ^ bits.RotateLeft8(q, 2) ^ bits.RotateLeft8(q, 3) ^ bits.RotateLeft8(q, 4) ^ 0x63
		if p == 1 {
			break
		}
	}
	for i, s := range box {
		ways[1].box[s] = byte(i)
	}
	for w := range ways {
		for i, s := range ways[w].box {
			column := [4]byte{product8(2, s), s, s, product8(3, s)}
			if w == 1 {
				column = [4]byte{product8(14, s), product8(9, s), product8(13, s), product8(11, s)}
			}
			v := binary.BigEndian.Uint32(column[:])
			for r := range ways[w].mix {
				ways[w].mix[r][i] = bits.RotateLeft32(v, -8*r)
			}
		}
	}
	return ways
})

func double8(x byte) byte { return x<<1 ^ 0x1b&-(x>>7) }

// product8 is the product in GF(2^8) modulo x^8+x^4+x^3+x+1.
func product8(x, y byte) (p byte) {
	for ; x != 0; x >>= 1 {
		p ^= y & -(x & 1)
		y = double8(y)
	}
	return p
}

// block does one block with the schedule key of so many rounds; dst may be src.
func (w *aesWay) block(dst, src, key []byte, rounds int) {
	var s, t [4]uint32
	key = key[w.at:]
	for i := range s {
		s[i] = binary.BigEndian.Uint32(src[i*4:]) ^ binary.LittleEndian.Uint32(key[i*4:])
	}
	for range rounds - 1 {
		key = key[16:]
		for i := range t {
			t[i] = binary.LittleEndian.Uint32(key[i*4:]) ^ w.mix[0][s[i]>>24] ^ w.mix[1][s[(i+w.step)&3]>>16&0xff] ^
				w.mix[2][s[(i+2)&3]>>8&0xff] ^ w.mix[3][s[(i-w.step)&3]&0xff]
		}
		s = t
	}
	key = key[16:]
	for i := range t {
		v := uint32(w.box[s[i]>>24])<<24 | uint32(w.box[s[(i+w.step)&3]>>16&0xff])<<16 |
			uint32(w.box[s[(i+2)&3]>>8&0xff])<<8 | uint32(w.box[s[(i-w.step)&3]&0xff])
		binary.BigEndian.PutUint32(dst[i*4:], v^binary.LittleEndian.Uint32(key[i*4:]))
	}
}

// aesBlock is the host function (key *blockExpanded, dst, src []byte).
func aesBlock(way int) Func {
	return func(c *Call) Status {
		key, ok := c.Space.Bytes(c.Arg(0), aesBytes)
		dst, src := c.Bytes(1), c.Bytes(4)
		if !ok || len(dst) < 16 || len(src) < 16 {
			return c.badOperand()
		}
		rounds := binary.LittleEndian.Uint64(key)
		if rounds < 1 || rounds > 14 {
			return c.Fatal(c.Sym + ": key schedule of an impossible length")
		}
		aesWays()[way].block(dst, src, key, int(rounds))
		return OK
	}
}

// ghashFold is what four bits that leave the low end of a number become at its high end, modulo 1+x+x^2+x^7+x^128
// with the bits in GCM's order.
var ghashFold = func() (t [16]uint64) {
	for i := range t {
		for b := range 4 {
			if i>>b&1 != 0 {
				t[i] ^= 0xe1 << 56 >> (3 - b)
			}
		}
	}
	return t
}()

// ghashBlocks is the host function updateBlocks(table *[16]element, y *element, blocks []byte): y becomes
// (y + block)·H for each block, four bits at a time; table has the products of H with all four-bit numbers. An element
// is two words, low and high.
func ghashBlocks(c *Call) Status {
	table, ok := c.words(0, 32)
	y, ok2 := c.words(1, 2)
	p := c.Bytes(2)
	if !ok || !ok2 || uint64(len(p)) != c.Arg(3) {
		return c.badOperand()
	}
	var h [16][2]uint64
	for i := range h {
		h[i] = [2]uint64{table[i*2], table[i*2+1]}
	}
	low, high := y[0], y[1]
	for ; len(p) >= 16; p = p[16:] {
		half := [2]uint64{high ^ binary.BigEndian.Uint64(p[8:]), low ^ binary.BigEndian.Uint64(p)}
		low, high = 0, 0
		for _, bits4 := range half {
			for range 16 {
				out := high & 15
				high = high>>4 | low<<60
				low = low>>4 ^ ghashFold[out]
				low ^= h[bits4&15][0]
				high ^= h[bits4&15][1]
				bits4 >>= 4
			}
		}
	}
	y[0] = low
	y[1] = high
	return OK
}

func init() {
	const fips = "crypto/internal/fips140/"
	Register([]Entry{
		{fips + "aes.encryptHost", aesBlock(0)},
		{fips + "aes.decryptHost", aesBlock(1)},
		{fips + "aes/gcm.updateBlocks", ghashBlocks},
		{fips + "subtle.xorBytes", func(c *Call) Status {
			dst, ok := c.Space.Bytes(c.Arg(0), c.Arg(3))
			x, ok2 := c.Space.Bytes(c.Arg(1), c.Arg(3))
			y, ok3 := c.Space.Bytes(c.Arg(2), c.Arg(3))
			if !ok || !ok2 || !ok3 {
				return c.badOperand()
			}
			subtle.XORBytes(dst, x, y)
			return OK
		}},
	})
}
