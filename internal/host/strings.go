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
		{"go:concatbytes", concatBytes},
		{"go:bytes2str", bytes2str},
		{"go:str2bytes", str2bytes},
		{"go:runes2str", runes2str},
		{"go:str2runes", str2runes},
		{"go:int2str", int2str},
		{"go:strcmp", func(c *Call) Status { c.SetInt(4, bytes.Compare(c.Bytes(0), c.Bytes(2))); return OK }},
		{"go:copy", copySlice},
		{"go:append", appendSlice},
		{"go:extend", extendSlice},
		{"go:stepbuffer", stepBuffer},
		{"go:toheap", toHeap},
		{"go:memclr", func(c *Call) Status { c.wipe(c.Arg(0), c.Arg(1)); return OK }},
		{"runtime.rawBytes", rawBytes},
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

// # Buffers
//
// What makes strings and slices of bytes is told of a buffer in the caller's frame, if its result does not escape; 0 if
// it does. A result that fits is made there. A string may be a part of a frame or of a string that is in
// one, so that a function whose result escapes must not hand on a string from a stack.

// BufferSize is the bytes of a buffer for strings and bytes.
const BufferSize = 32

// room is n bytes for a result: the buffer's size bytes at buf, if they are enough, or a new object.
func (c *Call) room(n uint64, buf mem.Addr, size uint64) (a mem.Addr, dst []byte, st Status) {
	if buf != 0 && n <= size {
		dst, ok := c.Space.Bytes(buf, n)
		if !ok {
			return 0, nil, c.Fatal("BUG: host: a buffer outside of memory")
		}
		return buf, dst, OK
	}
	a, ok := c.AllocBytes(n)
	if !ok {
		return 0, nil, Collect
	}
	dst, _ = c.Space.Bytes(a, n)
	return a, dst, OK
}

// operands adds up the n strings from slot 2 on: their bytes, how many are not empty, and the last of those.
func (c *Call) operands(n int) (total uint64, parts, only int, st Status) {
	if n < 0 || 2*n+4 > c.Slots() {
		return 0, 0, 0, c.Fatal("BUG: go:concat with a bad area")
	}
	for i := range n {
		if l := c.Arg(3 + 2*i); l > 0 {
			if total += l; l > tooLong || total > tooLong {
				return 0, 0, 0, c.Fatal("string concatenation too long")
			}
			only = 2 + 2*i
			parts++
		}
	}
	return total, parts, only, OK
}

// concat: [0] n, [1] buffer, [2..2n+1] strings → [2n+2..2n+3]. A single non-empty operand is the result.
func concat(c *Call) Status {
	n, buf := c.Int(0), c.Arg(1)
	total, parts, only, st := c.operands(n)
	if st != OK {
		return st
	}
	switch {
	case parts == 0:
		c.SetString(2*n+2, 0, 0)
		return OK
	case parts == 1 && (buf != 0 || !c.G.Stack.Contains(c.Arg(only))):
		c.SetString(2*n+2, c.Arg(only), c.Int(only+1))
		return OK
	}
	p, dst, st := c.room(total, buf, BufferSize)
	if st != OK {
		return st
	}
	at := 0
	for i := range n {
		at += copy(dst[at:], c.Bytes(2+2*i))
	}
	c.SetString(2*n+2, p, int(total))
	return OK
}

// concatBytes is concat for []byte(a + b): [0] n, [1] buffer, [2..2n+1] strings → [2n+2..2n+4].
func concatBytes(c *Call) Status {
	n := c.Int(0)
	total, _, _, st := c.operands(n)
	if st == OK && 2*n+5 > c.Slots() {
		st = c.Fatal("BUG: go:concatbytes with a bad area")
	}
	if st != OK {
		return st
	}
	dst, st := c.byteSlice(total, c.Arg(1), 2*n+2)
	if st != OK {
		return st
	}
	at := 0
	for i := range n {
		at += copy(dst[at:], c.Bytes(2+2*i))
	}
	return OK
}

// byteSlice makes the result of n bytes at a slot, zero from n on, and returns its bytes.
func (c *Call) byteSlice(n uint64, buf mem.Addr, slot int) ([]byte, Status) {
	if n == 0 {
		p := buf
		if p == 0 {
			p = c.Heap.ZeroBase()
		}
		c.SetSlice(slot, p, 0, 0)
		return nil, OK
	}
	room := uint64(BufferSize)
	if buf == 0 || n > room {
		room = roundBytes(n)
	}
	p, dst, st := c.room(room, buf, BufferSize)
	if st != OK {
		return nil, st
	}
	clear(dst[n:])
	c.SetSlice(slot, p, int(n), int(room))
	return dst[:n], OK
}

// rawBytes: [0] n → [1..3].
func rawBytes(c *Call) Status {
	n := c.Arg(0)
	if n > tooLong {
		return c.PanicRuntime("makeslice: len out of range")
	}
	if n == 0 {
		c.SetSlice(1, c.Heap.ZeroBase(), 0, 0)
		return OK
	}
	room := roundBytes(n)
	p, ok := c.AllocBytes(room)
	if !ok {
		return Collect
	}
	c.SetSlice(1, p, int(n), int(room))
	return OK
}

// bytes2str: [0..2] bytes, [3] buffer, [4] table of the words 0 to 255 → [5..6].
func bytes2str(c *Call) Status {
	n := c.Arg(1)
	src, ok := c.Space.Bytes(c.Arg(0), n)
	switch {
	case !ok:
		return c.Fatal("conversion of a slice outside of memory")
	case n == 0:
		c.SetString(5, 0, 0)
		return OK
	case n == 1:
		c.SetString(5, c.Arg(4)+8*uint64(src[0]), 1)
		return OK
	}
	p, dst, st := c.room(n, c.Arg(3), BufferSize)
	if st != OK {
		return st
	}
	copy(dst, src)
	c.SetString(5, p, int(n))
	return OK
}

// str2bytes: [0..1] string, [2] buffer → [3..5].
func str2bytes(c *Call) Status {
	src, ok := c.Space.Bytes(c.Arg(0), c.Arg(1))
	if !ok {
		return c.Fatal("conversion of a string outside of memory")
	}
	dst, st := c.byteSlice(uint64(len(src)), c.Arg(2), 3)
	if st == OK {
		copy(dst, src)
	}
	return st
}

// runes2str: [0..2] runes, [3] buffer → string at [4]. An object has 3 bytes more than needed, as the real runtime's.
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
	p, dst, st := c.room(uint64(b.Len())+3, c.Arg(3), BufferSize)
	if st != OK {
		return st
	}
	clear(dst[copy(dst, b.String()):])
	c.SetString(4, p, b.Len())
	return OK
}

// str2runes: [0..1] string, [2] buffer of BufferSize runes → []rune at [3].
func str2runes(c *Call) Status {
	s := c.Bytes(0)
	n, buf := uint64(utf8.RuneCount(s)), c.Arg(2)
	room := uint64(4 * BufferSize)
	if buf == 0 || n > BufferSize {
		room = roundBytes(4 * n)
	}
	if n == 0 {
		if buf == 0 {
			buf = c.Heap.ZeroBase()
		}
		c.SetSlice(3, buf, 0, 0)
		return OK
	}
	p, _, st := c.room(room, buf, 4*BufferSize)
	if st != OK {
		return st
	}
	at := p
	for len(s) > 0 {
		r, k := utf8.DecodeRune(s)
		c.Space.Store32(at, uint32(r))
		at += 4
		s = s[k:]
	}
	c.Space.Zero(at, p+room-at)
	c.SetSlice(3, p, int(n), int(room/4))
	return OK
}

// int2str: [0] integer, [1] buffer → string of that code point at [2]. An object has 4 bytes.
func int2str(c *Call) Status {
	v := int64(c.Arg(0))
	r := rune(v)
	if int64(r) != v {
		r = utf8.RuneError
	}
	p, dst, st := c.room(utf8.UTFMax, c.Arg(1), utf8.UTFMax)
	if st != OK {
		return st
	}
	clear(dst)
	c.SetString(2, p, copy(dst, string(r)))
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

// extendSlice appends zero elements: [0..2] slice, [3] n, [4] element type id → [5..7].
func extendSlice(c *Call) Status {
	p, n, room, k := c.Arg(0), c.Arg(1), c.Arg(2), c.Arg(3)
	id := abi.TypeID(c.Arg(4))
	if int(id) >= len(c.Prog.Types) {
		return c.Fatal("BUG: go:extend with a bad area")
	}
	gt := &c.Prog.Types[id]
	if int64(k) < 0 || gt.Size > 0 && k > tooLong {
		return c.PanicRuntime("makeslice: len out of range")
	}
	if n+k > room {
		q, newRoom, st := c.Grow(gt.Size, id, gt.PtrBytes == 0, p, n, room, n+k)
		if st != OK {
			return st
		}
		p, room = q, newRoom
	} else if k > 0 && gt.Size > 0 {
		at, bytes := p+n*gt.Size, k*gt.Size
		if _, ok := c.Space.Bytes(at, bytes); !ok {
			return c.Fatal("append outside of memory")
		}
		c.wipe(at, bytes)
	}
	c.SetSlice(5, p, int(n+k), int(room))
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
