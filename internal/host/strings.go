package host

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Strings and slices: concatenation, conversion, comparison, copying, and the
// byte searches of internal/bytealg that are assembly in the real library.

func init() {
	Register([]Entry{
		{"go:concat", concat},
		{"go:bytes2str", func(c *Call) Status { return copyBytes(c, c.Arg(0), c.Arg(1), 3, false) }},
		{"go:str2bytes", func(c *Call) Status { return copyBytes(c, c.Arg(0), c.Arg(1), 2, true) }},
		{"go:runes2str", runes2str},
		{"go:str2runes", str2runes},
		{"go:int2str", int2str},
		{"go:strcmp", func(c *Call) Status { c.SetInt(4, bytes.Compare(c.Bytes(0), c.Bytes(2))); return OK }},
		{"go:copy", copySlice},
		{"go:append", appendSlice},
		{"go:memclr", func(c *Call) Status { c.wipe(c.Arg(0), c.Arg(1)); return OK }},
		{"runtime.memmove", memmove},
		{"reflect.memmove", memmove},
		{"internal/bytealg.Compare", func(c *Call) Status { c.SetInt(6, bytes.Compare(c.Bytes(0), c.Bytes(3))); return OK }},
		{"internal/bytealg.CompareString", func(c *Call) Status { c.SetInt(4, bytes.Compare(c.Bytes(0), c.Bytes(2))); return OK }},
		{"internal/bytealg.abigen_runtime_cmpstring", func(c *Call) Status { c.SetInt(4, bytes.Compare(c.Bytes(0), c.Bytes(2))); return OK }},
		{"runtime.cmpstring", func(c *Call) Status { c.SetInt(4, bytes.Compare(c.Bytes(0), c.Bytes(2))); return OK }},
		{"internal/bytealg.IndexByte", func(c *Call) Status { c.SetInt(4, bytes.IndexByte(c.Bytes(0), uint8(c.Arg(3)))); return OK }},
		{"internal/bytealg.IndexByteString", func(c *Call) Status { c.SetInt(3, bytes.IndexByte(c.Bytes(0), uint8(c.Arg(2)))); return OK }},
		{"internal/bytealg.Count", func(c *Call) Status {
			c.SetInt(4, bytes.Count(c.Bytes(0), []byte{uint8(c.Arg(3))}))
			return OK
		}},
		{"internal/bytealg.CountString", func(c *Call) Status {
			c.SetInt(3, bytes.Count(c.Bytes(0), []byte{uint8(c.Arg(2))}))
			return OK
		}},
		{"internal/bytealg.Equal", func(c *Call) Status { c.SetBool(6, bytes.Equal(c.Bytes(0), c.Bytes(3))); return OK }},
		{"runtime.memequal", func(c *Call) Status {
			a, _ := c.Space.Bytes(c.Arg(0), c.Arg(2))
			b, _ := c.Space.Bytes(c.Arg(1), c.Arg(2))
			c.SetBool(3, bytes.Equal(a, b))
			return OK
		}},
		{"runtime.memhash", func(c *Call) Status { c.Set(3, c.hash64(c.Arg(0), c.Arg(2), c.Arg(1))); return OK }},
		{"runtime.strhash", func(c *Call) Status {
			p := c.Arg(0)
			c.Set(2, c.hash64(c.Space.Load64(p), c.Space.Load64(p+8), c.Arg(1)))
			return OK
		}},
	})
}

const tooLong = 1 << 34 // bytes no slice or string can have: the heap is smaller

func (c *Call) hash64(p, n, seed uint64) uint64 { return c.types().HashMem(p, n, seed) }

// concat: [0] n, [1..2n] strings → [2n+1..2n+2]. A single non-empty operand is the result.
func concat(c *Call) Status {
	n := c.Int(0)
	if n < 0 || 2*n+3 > c.Slots() {
		return c.Fatal("BUG: go:concat with a bad area")
	}
	var total uint64
	only, parts := 0, 0
	for i := range n {
		if l := c.Arg(2 + 2*i); l > 0 {
			if total += l; l > tooLong || total > tooLong {
				return c.Fatal("string concatenation too long")
			}
			only = 1 + 2*i
			parts++
		}
	}
	switch parts {
	case 0:
		c.SetString(2*n+1, 0, 0)
		return OK
	case 1:
		c.SetString(2*n+1, c.Arg(only), c.Int(only+1))
		return OK
	}
	p, ok := c.AllocBytes(total)
	if !ok {
		return Collect
	}
	dst, _ := c.Space.Bytes(p, total)
	at := 0
	for i := range n {
		at += copy(dst[at:], c.Bytes(1+2*i))
	}
	c.SetString(2*n+1, p, int(total))
	return OK
}

// copyBytes makes a string or byte slice with the n bytes at p.
func copyBytes(c *Call, p, n uint64, result int, slice bool) Status {
	src, ok := c.Space.Bytes(p, n)
	if !ok {
		return c.Fatal("conversion of a string or slice outside of memory")
	}
	if n == 0 {
		if slice {
			c.SetSlice(result, c.Heap.ZeroBase(), 0, 0)
		} else {
			c.SetString(result, 0, 0)
		}
		return OK
	}
	room := n
	if slice {
		room = roundBytes(n)
	}
	a, ok := c.AllocBytes(room)
	if !ok {
		return Collect
	}
	dst, _ := c.Space.Bytes(a, room)
	clear(dst[copy(dst, src):])
	if slice {
		c.SetSlice(result, a, int(n), int(room))
	} else {
		c.SetString(result, a, int(n))
	}
	return OK
}

// runes2str: []rune → string at [3].
func runes2str(c *Call) Status {
	n := c.Arg(1)
	raw, ok := c.Space.Bytes(c.Arg(0), n*4)
	if !ok || n > tooLong {
		return c.Fatal("conversion of a slice outside of memory")
	}
	var b strings.Builder
	for i := uint64(0); i < n; i++ {
		b.WriteRune(rune(uint32(raw[4*i]) | uint32(raw[4*i+1])<<8 | uint32(raw[4*i+2])<<16 | uint32(raw[4*i+3])<<24))
	}
	p, ok := c.NewString(b.String())
	if !ok {
		return Collect
	}
	c.SetString(3, p, b.Len())
	return OK
}

// str2runes: string → []rune at [2].
func str2runes(c *Call) Status {
	s := c.Bytes(0)
	n := uint64(utf8.RuneCount(s))
	if n == 0 {
		c.SetSlice(2, c.Heap.ZeroBase(), 0, 0)
		return OK
	}
	room := roundBytes(4 * n)
	p, ok := c.AllocBytes(room)
	if !ok {
		return Collect
	}
	at := p
	for len(s) > 0 {
		r, k := utf8.DecodeRune(s)
		c.Space.Store32(at, uint32(r))
		at += 4
		s = s[k:]
	}
	c.Space.Zero(at, p+room-at)
	c.SetSlice(2, p, int(n), int(room/4))
	return OK
}

// int2str: integer → string of that code point at [1].
func int2str(c *Call) Status {
	v := int64(c.Arg(0))
	r := rune(v)
	if int64(r) != v {
		r = utf8.RuneError
	}
	s := string(r)
	p, ok := c.NewString(s)
	if !ok {
		return Collect
	}
	c.SetString(1, p, len(s))
	return OK
}

// copySlice: [0..2] dst, [3..4] src, [5] element type id, [6] element size → [7] n.
func copySlice(c *Call) Status {
	n := min(c.Arg(1), c.Arg(4))
	if int64(n) <= 0 {
		c.SetInt(7, 0)
		return OK
	}
	size := c.Arg(6)
	if id := abi.TypeID(c.Arg(5)); id != 0 && int(id) < len(c.Prog.Types) {
		size = c.Prog.Types[id].Size
	}
	if size > 0 && n > tooLong || size > tooLong {
		return c.Fatal("copy outside of memory")
	}
	c.overwrite(c.Arg(0), c.Arg(3), n*size)
	c.Set(7, n)
	return OK
}

// appendSlice: [0..2] dst, [3] src, [4] n, [5] element type id → [6..8].
func appendSlice(c *Call) Status {
	p, n, room := c.Arg(0), c.Arg(1), c.Arg(2)
	src, k := c.Arg(3), c.Arg(4)
	id := abi.TypeID(c.Arg(5))
	if int(id) >= len(c.Prog.Types) || c.Prog.Types[id].Size > 0 && k > tooLong {
		return c.Fatal("BUG: go:append with a bad area")
	}
	gt := &c.Prog.Types[id]
	if n+k > room { // unsigned: an int overflow is more than any capacity
		q, newRoom, st := c.Grow(gt.Size, id, gt.PtrBytes == 0, p, n, room, n+k)
		if st != OK {
			return st
		}
		p, room = q, newRoom
	}
	if k > 0 && gt.Size > 0 {
		c.overwrite(p+n*gt.Size, src, k*gt.Size)
	}
	c.SetSlice(6, p, int(n+k), int(room))
	return OK
}

// memmove(dst, src unsafe.Pointer, n uintptr)
func memmove(c *Call) Status {
	if c.Arg(2) > mem.Size {
		return c.Fatal("memmove outside of memory")
	}
	c.overwrite(c.Arg(0), c.Arg(1), c.Arg(2))
	return OK
}
