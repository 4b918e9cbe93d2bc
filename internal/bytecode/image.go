package bytecode

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Image
//
// The file form of a program:
//
//	+----------+---------+-------+---------+---------+----------------------+----------+
//	| magic 8  | version | zero  | length  | text    | payload:             | sha-256  |
//	| "TERRARM"| 4 bytes | 4     | 8 bytes | 8 bytes | text, then the rest  | 32 bytes |
//	+----------+---------+-------+---------+---------+----------------------+----------+
//
// length counts the bytes of the payload, text the instructions at its start. The
// header is two instructions long, so that the text lies aligned in a buffer that is.
// The rest is the other fields of Program in declaration order. Numbers are unsigned
// varints (signed ones zigzag), strings and lists carry their length first, maps are
// written in ascending order of their keys, so that equal programs are equal bytes.
// Instructions and bitmaps are little-endian words.
//
// Reading is what a start waits for, and fresh memory is what it costs. So the program keeps
// the buffer it was read from: its strings, its data and, on a little-endian
// host, its instructions are parts of the image. The checksum is computed beside the decoding.
//
// Reading is bounded: a list cannot claim more elements than the bytes that are left
// could hold, so a damaged or hostile file costs at most a small multiple of its own
// size. The checksum finds damage, not malice: whoever runs an image of doubtful
// origin calls Verify, which the loader does anyway.

const (
	Magic        = "TERRARM\x00" // what every image begins with
	imageVersion = 5
	imageHeader  = 2 * InsBytes
)

// ErrImage is wrapped by every error about the contents of an image.
var ErrImage = errors.New("not a valid program image")

// Write writes p as an image.
func (p *Program) Write(w io.Writer) error {
	e := &encoder{}
	e.program(p)
	head := append([]byte(Magic), make([]byte, imageHeader-len(Magic))...)
	binary.LittleEndian.PutUint32(head[8:], imageVersion)
	binary.LittleEndian.PutUint64(head[16:], uint64(len(e.b)))
	binary.LittleEndian.PutUint64(head[24:], uint64(len(p.Code)))
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
	data, err := readAll(io.LimitReader(r, limit+1), sizeHint(r, limit))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrImage, limit)
	}
	return Decode(data)
}

// sizeHint is how many bytes r says it has, at most limit: files and buffers know.
func sizeHint(r io.Reader, limit int64) int64 {
	n := int64(0)
	switch r := r.(type) {
	case interface{ Stat() (fs.FileInfo, error) }:
		if info, err := r.Stat(); err == nil && info.Mode().IsRegular() {
			n = info.Size()
		}
	case interface{ Len() int }:
		n = int64(r.Len())
	}
	return max(0, min(n, limit))
}

// readAll is io.ReadAll with a first guess of the size, which spares copies.
func readAll(r io.Reader, guess int64) ([]byte, error) {
	b := make([]byte, 0, guess+512)
	mem.Populate(b[:guess])
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == io.EOF {
			return b, nil
		} else if err != nil {
			return nil, err
		}
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
	}
}

// Decode reads an image from memory. The program keeps data, which must not change any more.
func Decode(data []byte) (*Program, error) {
	if len(data) < imageHeader+sha256.Size || string(data[:8]) != Magic {
		return nil, fmt.Errorf("%w: no program image header", ErrImage)
	}
	if v := binary.LittleEndian.Uint32(data[8:]); v != imageVersion {
		return nil, fmt.Errorf("%w: version %d, want %d", ErrImage, v, imageVersion)
	}
	body := data[imageHeader : len(data)-sha256.Size]
	if n := binary.LittleEndian.Uint64(data[16:]); n != uint64(len(body)) || binary.LittleEndian.Uint32(data[12:]) != 0 {
		return nil, fmt.Errorf("%w: payload of %d bytes, header says %d", ErrImage, len(body), n)
	}
	sound := make(chan bool, 1)
	go func() {
		sum := sha256.Sum256(body)
		sound <- string(sum[:]) == string(data[len(data)-sha256.Size:])
	}()
	p, err := decodePayload(body, binary.LittleEndian.Uint64(data[24:]))
	if !<-sound {
		return nil, fmt.Errorf("%w: checksum", ErrImage)
	}
	return p, err
}

// decodePayload decodes a payload that begins with so many instructions.
func decodePayload(body []byte, text uint64) (*Program, error) {
	if text > uint64(len(body)/InsBytes) {
		return nil, fmt.Errorf("%w: text of %d instructions in %d bytes", ErrImage, text, len(body))
	}
	d := &decoder{b: body[text*InsBytes:]}
	p := d.program()
	if d.err == nil && len(d.b) != 0 {
		d.fail("bytes after the end")
	}
	if d.err != nil {
		return nil, d.err
	}
	p.Code = instructions(body[:text*InsBytes])
	return p, nil
}

// littleEndian tells that the host's words are the image's.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// instructions are the bytes of a text as instructions: the same memory if the host's Ins looks like the image's.
func instructions(b []byte) []Ins {
	n := len(b) / InsBytes
	if n == 0 {
		return nil
	}
	if first := unsafe.Pointer(unsafe.SliceData(b)); littleEndian && uintptr(first)%unsafe.Alignof(Ins{}) == 0 {
		return unsafe.Slice((*Ins)(first), n)
	}
	code := make([]Ins, n)
	for i := range code {
		w := b[i*InsBytes:]
		code[i] = Ins{Op(w[0]), w[1], binary.LittleEndian.Uint16(w[2:]), binary.LittleEndian.Uint16(w[4:]),
			binary.LittleEndian.Uint16(w[6:]), int64(binary.LittleEndian.Uint64(w[8:]))}
	}
	return code
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
	for _, i := range p.Code {
		e.b = append(e.b, byte(i.Op), i.D)
		e.b = binary.LittleEndian.AppendUint16(e.b, i.A)
		e.b = binary.LittleEndian.AppendUint16(e.b, i.B)
		e.b = binary.LittleEndian.AppendUint16(e.b, i.C)
		e.fixed(uint64(i.Imm))
	}
	e.str(p.GoVersion)
	e.str(p.GOROOT)
	e.str(p.GODEBUG)
	e.str(p.BuildInfo)
	e.str(p.Main)
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
		e.signed(int64(c.Callee))
		e.signed(int64(c.Start))
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

// decoder reads a payload; after the first fault every read gives zero. The short
// lists of functions are cut from slabs, for they are many.
type decoder struct {
	b     []byte
	err   error
	short slab[uint32]
	maps  slab[uint64]
	lines slab[abi.Line]
	calls slab[abi.InlCall]
	small slab[abi.Small]
	objs  slab[abi.StackObject]
}

// slab hands out short slices of one array.
type slab[T any] struct{ free []T }

const slabSize = 32 << 10 // bytes

func (s *slab[T]) take(n int) []T {
	if n == 0 {
		return nil
	}
	size := slabSize / int(unsafe.Sizeof(*new(T)))
	if n > size/4 {
		return make([]T, n)
	}
	if n > len(s.free) {
		s.free = make([]T, size)
	}
	out := s.free[:n:n]
	s.free = s.free[n:]
	return out
}

func (d *decoder) fail(what string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s, %d bytes before the end", ErrImage, what, len(d.b))
	}
	d.b = nil
}

func (d *decoder) num() uint64 {
	if len(d.b) > 0 && d.b[0] < 0x80 {
		n := d.b[0]
		d.b = d.b[1:]
		return uint64(n)
	}
	n, k := binary.Uvarint(d.b)
	if k <= 0 {
		d.fail("number")
		return 0
	}
	d.b = d.b[k:]
	return n
}

func (d *decoder) signed() int64 {
	n := d.num()
	return int64(n>>1) ^ -int64(n&1)
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
	if n == 0 {
		return nil
	}
	s := d.b[:n:n]
	d.b = d.b[n:]
	return s
}

func (d *decoder) str() string {
	s := d.bytes()
	return unsafe.String(unsafe.SliceData(s), len(s))
}

// words reads a bitmap.
func (d *decoder) words() []uint64 {
	n := d.count(8)
	s := d.maps.take(n)
	for i := range s {
		s[i] = binary.LittleEndian.Uint64(d.b[i*8:])
	}
	d.b = d.b[n*8:]
	return s
}

// n32s reads a list of numbers of 32 bits.
func (d *decoder) n32s() []uint32 {
	s := d.short.take(d.count(1))
	for i := range s {
		s[i] = d.n32()
	}
	return s
}

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
	p.GOROOT = d.str()
	p.GODEBUG = d.str()
	p.BuildInfo = d.str()
	p.Main = d.str()
	p.Funcs = make([]abi.Func, d.count(20))
	for i := range p.Funcs {
		if d.err != nil {
			break
		}
		d.function(&p.Funcs[i])
	}
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

func (d *decoder) function(f *abi.Func) {
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
	f.Small = d.small.take(d.count(2))
	for i := range f.Small {
		off, n := d.n32(), d.num()
		f.Small[i] = abi.Small{Off: off, Size: uint8(n >> 1), Signed: n&1 != 0}
	}
	f.Safe = d.n32s()
	f.Maps = d.n32s()
	f.Objects = d.objs.take(d.count(3))
	for i := range f.Objects {
		f.Objects[i] = abi.StackObject{Slot: d.n32(), Type: abi.TypeID(d.n32()), Size: d.num()}
	}
	f.Lines = d.lines.take(d.count(4))
	for i := range f.Lines {
		f.Lines[i] = abi.Line{Start: d.n32(), Line: d.s32(), File: d.s32(), Inl: d.s32()}
	}
	f.Inl = d.calls.take(d.count(6))
	for i := range f.Inl {
		f.Inl[i] = abi.InlCall{Name: d.str(), File: d.s32(), Line: d.s32(), Callee: d.s32(), Start: d.s32(), Parent: d.s32()}
	}
}
