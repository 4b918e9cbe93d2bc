package bytecode

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"

	"github.com/terrarium-go/terrarium/internal/abi"
)

// Image
//
// The file form of a program:
//
//	+----------+---------+---------+-----------------+----------+
//	| magic 8  | version | length  | payload         | sha-256  |
//	| "TERRARM"| 4 bytes | 8 bytes | length bytes    | 32 bytes |
//	+----------+---------+---------+-----------------+----------+
//
// The payload is the fields of Program in declaration order. Numbers are unsigned
// varints (signed ones zigzag), strings and lists carry their length first, maps are
// written in ascending order of their keys, so that equal programs are equal bytes.
// Instructions and bitmaps are little-endian words.
//
// Reading is bounded: a list cannot claim more elements than the bytes that are left
// could hold, so a damaged or hostile file costs at most a small multiple of its own
// size. The checksum finds damage, not malice: whoever runs an image of doubtful
// origin calls Verify, which the loader does anyway.

const (
	imageMagic   = "TERRARM\x00"
	imageVersion = 1
	imageHeader  = len(imageMagic) + 4 + 8
)

// ErrImage is wrapped by every error about the contents of an image.
var ErrImage = errors.New("not a valid program image")

// Write writes p as an image.
func (p *Program) Write(w io.Writer) error {
	e := &encoder{}
	e.program(p)
	head := append([]byte(imageMagic), make([]byte, 12)...)
	binary.LittleEndian.PutUint32(head[8:], imageVersion)
	binary.LittleEndian.PutUint64(head[12:], uint64(len(e.b)))
	sum := sha256.Sum256(e.b)
	for _, part := range [][]byte{head, e.b, sum[:]} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// Read reads an image of at most limit bytes. The program has passed its checksum but not Verify.
func Read(r io.Reader, limit int64) (*Program, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrImage, limit)
	}
	return Decode(data)
}

// Decode reads an image from memory. The program shares no memory with data.
func Decode(data []byte) (*Program, error) {
	if len(data) < imageHeader+sha256.Size || string(data[:8]) != imageMagic {
		return nil, fmt.Errorf("%w: no program image header", ErrImage)
	}
	if v := binary.LittleEndian.Uint32(data[8:]); v != imageVersion {
		return nil, fmt.Errorf("%w: version %d, want %d", ErrImage, v, imageVersion)
	}
	body := data[imageHeader : len(data)-sha256.Size]
	if n := binary.LittleEndian.Uint64(data[12:]); n != uint64(len(body)) {
		return nil, fmt.Errorf("%w: payload of %d bytes, header says %d", ErrImage, len(body), n)
	}
	if sum := sha256.Sum256(body); string(sum[:]) != string(data[len(data)-sha256.Size:]) {
		return nil, fmt.Errorf("%w: checksum", ErrImage)
	}
	return decodePayload(body)
}

func decodePayload(body []byte) (*Program, error) {
	d := &decoder{b: body}
	p := d.program()
	if d.err == nil && len(d.b) != 0 {
		d.fail("bytes after the end")
	}
	if d.err != nil {
		return nil, d.err
	}
	return p, nil
}

type encoder struct{ b []byte }

func (e *encoder) num(n uint64)      { e.b = binary.AppendUvarint(e.b, n) }
func (e *encoder) signed(n int64)    { e.b = binary.AppendVarint(e.b, n) }
func (e *encoder) str(s string)      { e.num(uint64(len(s))); e.b = append(e.b, s...) }
func (e *encoder) bytes(s []byte)    { e.num(uint64(len(s))); e.b = append(e.b, s...) }
func (e *encoder) words(ws []uint64) { list(e, ws, e.fixed) }
func (e *encoder) fixed(w uint64)    { e.b = binary.LittleEndian.AppendUint64(e.b, w) }

func list[T any](e *encoder, s []T, each func(T)) {
	e.num(uint64(len(s)))
	for _, x := range s {
		each(x)
	}
}

func (e *encoder) program(p *Program) {
	e.str(p.GoVersion)
	e.str(p.Main)
	list(e, p.Code, func(i Ins) {
		e.b = append(e.b, byte(i.Op), i.D)
		e.b = binary.LittleEndian.AppendUint16(e.b, i.A)
		e.b = binary.LittleEndian.AppendUint16(e.b, i.B)
		e.b = binary.LittleEndian.AppendUint16(e.b, i.C)
		e.fixed(uint64(i.Imm))
	})
	e.num(uint64(len(p.Funcs)))
	for i := range p.Funcs {
		e.function(&p.Funcs[i])
	}
	list(e, p.Types, func(t abi.GCType) {
		e.num(t.Size)
		e.num(t.PtrBytes)
		e.words(t.Mask)
		e.str(t.Name)
		e.num(t.RType)
	})
	e.words(p.MapPool)
	list(e, p.Files, e.str)
	list(e, p.Natives, e.str)
	e.num(p.ROBase)
	e.bytes(p.RO)
	e.num(p.RWBase)
	e.bytes(p.RW)
	e.num(p.BSS)
	e.words(p.RWPtrs)
	list(e, keys(p.Syms), func(k string) { e.str(k); e.num(p.Syms[k]) })
	list(e, keys(p.Hooks), func(k string) { e.str(k); e.signed(int64(p.Hooks[k])) })
	e.num(p.TypesBase)
	e.num(p.TypesEnd)
	list(e, p.Typelinks, e.num)
	list(e, p.Itabs, e.num)
	list(e, keys(p.TypeIDs), func(k uint64) { e.num(k); e.num(uint64(p.TypeIDs[k])) })
}

func (e *encoder) function(f *abi.Func) {
	e.str(f.Sym)
	e.str(f.Name)
	e.str(f.File)
	e.signed(int64(f.Line))
	for _, n := range []uint32{f.Entry, f.End, f.Frame, f.ParamEnd, f.RetOff, f.ArgEnd, uint32(f.Flags), f.DeferReturn, f.DeferMap} {
		e.num(uint64(n))
	}
	e.words(f.ArgMap)
	list(e, f.Small, func(s abi.Small) {
		e.num(uint64(s.Off))
		sign := uint64(0)
		if s.Signed {
			sign = 1
		}
		e.num(uint64(s.Size)<<1 | sign)
	})
	short := func(n uint32) { e.num(uint64(n)) }
	list(e, f.Safe, short)
	list(e, f.Maps, short)
	list(e, f.Objects, func(o abi.StackObject) { short(o.Slot); short(uint32(o.Type)); e.num(o.Size) })
	list(e, f.Lines, func(l abi.Line) {
		short(l.Start)
		e.signed(int64(l.Line))
		e.signed(int64(l.File))
		e.signed(int64(l.Inl))
	})
	list(e, f.Inl, func(c abi.InlCall) {
		e.str(c.Name)
		e.signed(int64(c.File))
		e.signed(int64(c.Line))
		e.signed(int64(c.Parent))
	})
}

func keys[K string | uint64, V any](m map[K]V) []K {
	s := make([]K, 0, len(m))
	for k := range m {
		s = append(s, k)
	}
	sort.Slice(s, func(i, j int) bool { return s[i] < s[j] })
	return s
}

// decoder reads a payload; after the first fault every read gives zero.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail(what string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s, %d bytes before the end", ErrImage, what, len(d.b))
	}
	d.b = nil
}

func (d *decoder) num() uint64 {
	n, k := binary.Uvarint(d.b)
	if k <= 0 {
		d.fail("number")
		return 0
	}
	d.b = d.b[k:]
	return n
}

func (d *decoder) signed() int64 {
	n, k := binary.Varint(d.b)
	if k <= 0 {
		d.fail("number")
		return 0
	}
	d.b = d.b[k:]
	return n
}

func (d *decoder) n32() uint32 {
	n := d.num()
	if n > 1<<32-1 {
		d.fail("number of 32 bits")
		return 0
	}
	return uint32(n)
}

func (d *decoder) s32() int32 {
	n := d.signed()
	if n != int64(int32(n)) {
		d.fail("number of 32 bits")
		return 0
	}
	return int32(n)
}

func (d *decoder) fixed() uint64 {
	if len(d.b) < 8 {
		d.fail("word")
		return 0
	}
	w := binary.LittleEndian.Uint64(d.b)
	d.b = d.b[8:]
	return w
}

// count reads the length of a list whose elements take at least least bytes each.
func (d *decoder) count(least int) int {
	n := d.num()
	if n > uint64(len(d.b)/least) {
		d.fail("length of a list")
		return 0
	}
	return int(n)
}

func (d *decoder) bytes() []byte {
	n := d.count(1)
	s := append([]byte(nil), d.b[:n]...)
	d.b = d.b[n:]
	return s
}

func (d *decoder) str() string {
	n := d.count(1)
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

func (d *decoder) words() []uint64 { return decodeList(d, 8, d.fixed) }

func decodeList[T any](d *decoder, least int, each func() T) []T {
	n := d.count(least)
	if n == 0 {
		return nil
	}
	s := make([]T, 0, n)
	for ; n > 0 && d.err == nil; n-- {
		s = append(s, each())
	}
	return s
}

func (d *decoder) program() *Program {
	p := &Program{}
	p.GoVersion = d.str()
	p.Main = d.str()
	p.Code = decodeList(d, InsBytes, func() (i Ins) {
		b := d.b
		i = Ins{Op(b[0]), b[1], binary.LittleEndian.Uint16(b[2:]), binary.LittleEndian.Uint16(b[4:]),
			binary.LittleEndian.Uint16(b[6:]), int64(binary.LittleEndian.Uint64(b[8:]))}
		d.b = b[InsBytes:]
		return i
	})
	p.Funcs = decodeList(d, 20, d.function)
	p.Types = decodeList(d, 5, func() (t abi.GCType) {
		t.Size = d.num()
		t.PtrBytes = d.num()
		t.Mask = d.words()
		t.Name = d.str()
		t.RType = d.num()
		return t
	})
	p.MapPool = d.words()
	p.Files = decodeList(d, 1, d.str)
	p.Natives = decodeList(d, 1, d.str)
	p.ROBase = d.num()
	p.RO = d.bytes()
	p.RWBase = d.num()
	p.RW = d.bytes()
	p.BSS = d.num()
	p.RWPtrs = d.words()
	p.Syms = decodeMap(d, d.str, d.num)
	p.Hooks = decodeMap(d, d.str, d.s32)
	p.TypesBase = d.num()
	p.TypesEnd = d.num()
	p.Typelinks = decodeList(d, 1, d.num)
	p.Itabs = decodeList(d, 1, d.num)
	p.TypeIDs = decodeMap(d, d.num, func() abi.TypeID { return abi.TypeID(d.n32()) })
	return p
}

func decodeMap[K comparable, V any](d *decoder, key func() K, val func() V) map[K]V {
	n := d.count(2)
	m := make(map[K]V, n)
	for ; n > 0 && d.err == nil; n-- {
		k := key()
		m[k] = val()
	}
	return m
}

func (d *decoder) function() (f abi.Func) {
	f.Sym = d.str()
	f.Name = d.str()
	f.File = d.str()
	f.Line = d.s32()
	var flags uint32
	for _, n := range []*uint32{&f.Entry, &f.End, &f.Frame, &f.ParamEnd, &f.RetOff, &f.ArgEnd, &flags, &f.DeferReturn, &f.DeferMap} {
		*n = d.n32()
	}
	f.Flags = abi.FuncFlag(flags)
	f.ArgMap = d.words()
	f.Small = decodeList(d, 2, func() (s abi.Small) {
		s.Off = d.n32()
		n := d.num()
		s.Size, s.Signed = uint8(n>>1), n&1 != 0
		return s
	})
	f.Safe = decodeList(d, 1, d.n32)
	f.Maps = decodeList(d, 1, d.n32)
	f.Objects = decodeList(d, 3, func() abi.StackObject {
		return abi.StackObject{Slot: d.n32(), Type: abi.TypeID(d.n32()), Size: d.num()}
	})
	f.Lines = decodeList(d, 4, func() abi.Line {
		return abi.Line{Start: d.n32(), Line: d.s32(), File: d.s32(), Inl: d.s32()}
	})
	f.Inl = decodeList(d, 4, func() abi.InlCall {
		return abi.InlCall{Name: d.str(), File: d.s32(), Line: d.s32(), Parent: d.s32()}
	})
	return f
}
