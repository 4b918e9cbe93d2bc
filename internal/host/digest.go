package host

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding"
	"encoding/binary"
	"hash"
	"hash/crc32"
	"math/bits"
	"sync"
)

// Checksums and hash functions
//
// What is assembly in the distribution on most machines is here a host function: the step over whole blocks.
// The four old hash functions go through the host's own packages, which use the processor's instructions
// for them: a hash's saved state (encoding.BinaryMarshaler) is
//
//	magic · state words, big endian · chunk bytes not yet hashed · length, 8 bytes
//
// so that the guest's state words are put into the saved state of a new hash, which is loaded, given the
// blocks, and saved again. Keccak's permutation has no such door and is written out below.

// blockHash is a hash function whose state is words of the same width.
type blockHash struct {
	fresh func() hash.Hash
	words int
	width int // bytes of a word
	once  sync.Once
	saved []byte // the state of a new hash
	pool  sync.Pool
}

// hasher is a hash of the host with its saved state.
type hasher struct {
	h     hash.Hash
	saved []byte
}

var (
	md5Hash    = &blockHash{fresh: md5.New, words: 4, width: 4}
	sha1Hash   = &blockHash{fresh: sha1.New, words: 5, width: 4}
	sha256Hash = &blockHash{fresh: sha256.New, words: 8, width: 4}
	sha512Hash = &blockHash{fresh: sha512.New, words: 8, width: 8}
)

const magicBytes = 4

// blocks hashes p, whose length is a multiple of the chunk's, on the state words in state.
func (b *blockHash) blocks(state, p []byte) {
	b.once.Do(func() { b.saved = save(b.fresh(), nil) })
	w, _ := b.pool.Get().(*hasher)
	if w == nil {
		w = &hasher{h: b.fresh(), saved: append([]byte(nil), b.saved...)}
	}
	for i := 0; i < len(state); i += b.width {
		at := w.saved[magicBytes+i:]
		if b.width == 8 {
			binary.BigEndian.PutUint64(at, binary.LittleEndian.Uint64(state[i:]))
		} else {
			binary.BigEndian.PutUint32(at, binary.LittleEndian.Uint32(state[i:]))
		}
	}
	if err := w.h.(encoding.BinaryUnmarshaler).UnmarshalBinary(w.saved); err != nil {
		panic("BUG: host: saved state of a hash: " + err.Error())
	}
	w.h.Write(p)
	out := save(w.h, w.saved[:0])
	for i := 0; i < len(state); i += b.width {
		at := out[magicBytes+i:]
		if b.width == 8 {
			binary.LittleEndian.PutUint64(state[i:], binary.BigEndian.Uint64(at))
		} else {
			binary.LittleEndian.PutUint32(state[i:], binary.BigEndian.Uint32(at))
		}
	}
	w.saved = append(out[:0], b.saved...) // no length of this guest's stays behind
	b.pool.Put(w)
}

func save(h hash.Hash, b []byte) []byte {
	b, err := h.(encoding.BinaryAppender).AppendBinary(b)
	if err != nil {
		panic("BUG: host: saving the state of a hash: " + err.Error())
	}
	return b
}

// step is the host function block(digest *T, p []byte), T beginning with the state words.
func (b *blockHash) step(c *Call) Status {
	state, ok := c.Space.Bytes(c.Arg(0), uint64(b.words*b.width))
	p, ok2 := c.Space.Bytes(c.Arg(1), c.Arg(2))
	if !ok || !ok2 {
		return c.badOperand()
	}
	b.blocks(state, p)
	return OK
}

// badOperand ends a program whose operands, which come from unsafe arithmetic then, are not in memory.
func (c *Call) badOperand() Status { return c.Fatal(c.Sym + ": operand outside of memory") }

func init() {
	crc := func(t *crc32.Table) Func {
		return func(c *Call) Status {
			c.Set(4, uint64(crc32.Update(c.U32(0), t, c.Bytes(1))))
			return OK
		}
	}
	Register([]Entry{
		{"crypto/md5.block", md5Hash.step},
		{"crypto/sha1.block", sha1Hash.step},
		{"crypto/internal/fips140/sha256.block", sha256Hash.step},
		{"crypto/internal/fips140/sha512.block", sha512Hash.step},
		{"crypto/internal/fips140/sha3.keccakF1600", func(c *Call) Status {
			b, ok := c.Space.Bytes(c.Arg(0), 200)
			if !ok {
				return c.badOperand()
			}
			var a [25]uint64
			for i := range a {
				a[i] = binary.LittleEndian.Uint64(b[i*8:])
			}
			keccak(&a)
			for i := range a {
				binary.LittleEndian.PutUint64(b[i*8:], a[i])
			}
			return OK
		}},
		{"hash/crc32.archUpdateIEEE", crc(crc32.IEEETable)},
		{"hash/crc32.archUpdateCastagnoli", crc(crc32.MakeTable(crc32.Castagnoli))},
	})
}

// keccakRound and keccakTurn are tables of FIPS 202: round constants, and the rotation and the next lane of each step
// of the walk through the lanes.
var keccakRound, keccakTurn, keccakLane = keccakTables()

// keccakTables works the tables out. Round constants are the bits of a shift register over x^8+x^6+x^5+x^4+1; the walk is
// (x, y) → (y, 2x+3y), with triangular numbers as rotations.
func keccakTables() (round [24]uint64, turn, lane [24]uint8) {
	r := uint(1)
	for i := range round {
		for j := range 7 {
			if r&1 != 0 {
				round[i] |= 1 << (1<<j - 1)
			}
			r <<= 1
			if r&0x100 != 0 {
				r ^= 0x171
			}
		}
	}
	x, y := 1, 0
	for t := range lane {
		x, y = y, (2*x+3*y)%5
		lane[t] = uint8(x + 5*y)
		turn[t] = uint8((t + 1) * (t + 2) / 2 % 64)
	}
	return round, turn, lane
}

// keccak is the permutation Keccak-f[1600] of 25 lanes, lane x+5y at column x and row y.
func keccak(a *[25]uint64) {
	for _, rc := range keccakRound {
		// theta: each lane takes the parities of the columns beside it.
		var p [5]uint64
		for y := 0; y < 25; y += 5 {
			row := (*[5]uint64)(a[y:])
			p[0] ^= row[0]
			p[1] ^= row[1]
			p[2] ^= row[2]
			p[3] ^= row[3]
			p[4] ^= row[4]
		}
		d0 := p[4] ^ bits.RotateLeft64(p[1], 1)
		d1 := p[0] ^ bits.RotateLeft64(p[2], 1)
		d2 := p[1] ^ bits.RotateLeft64(p[3], 1)
		d3 := p[2] ^ bits.RotateLeft64(p[4], 1)
		d4 := p[3] ^ bits.RotateLeft64(p[0], 1)
		for y := 0; y < 25; y += 5 {
			row := (*[5]uint64)(a[y:])
			row[0] ^= d0
			row[1] ^= d1
			row[2] ^= d2
			row[3] ^= d3
			row[4] ^= d4
		}
		// rho and pi: the lanes but the first move along the walk, and turn.
		moved := a[1]
		for t, to := range &keccakLane {
			a[to], moved = bits.RotateLeft64(moved, int(keccakTurn[t])), a[to]
		}
		// chi: within the rows.
		for y := 0; y < 25; y += 5 {
			row := (*[5]uint64)(a[y:])
			r0, r1, r2, r3, r4 := row[0], row[1], row[2], row[3], row[4]
			row[0] = r0 ^ ^r1&r2
			row[1] = r1 ^ ^r2&r3
			row[2] = r2 ^ ^r3&r4
			row[3] = r3 ^ ^r4&r0
			row[4] = r4 ^ ^r0&r1
		}
		a[0] ^= rc
	}
}
