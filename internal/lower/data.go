package lower

// The data image
//
// An object is a run of bytes in the guest's data image: a type descriptor, a name,
// an itab, the closure object of a function without captures, the bytes of a string,
// a constant table, a global variable. Objects refer to one another and to functions
// by relocations, which are resolved when every object has its address:
//
//	DataBase                                                          HeapBase
//	| 8 zero bytes | types, names | itabs, closures, strings, tables | globals | zero globals |
//	                \_ TypesBase counts from DataBase                 |
//	 \______________ RO: sealed after loading ______________________/ \___ RW ___/\___ BSS ___/
//
// An object is in the image as soon as it exists: descriptors, itabs and tables are made
// when something refers to them. Only references to methods are weak (itab.go): they
// are completed when the method turns out to be needed and have a sentinel until then.

import (
	"encoding/binary"
	"fmt"

	"github.com/terrarium-go/terrarium/internal/tree"
)

type section uint8

const (
	secTypes section = iota // type descriptors and names: what int32 offsets reach
	secRO                   // other constants
	secRW                   // variables with initial contents
	secBSS                  // variables that start as zero
	numSections
)

// object is one run of bytes in the data image.
//
//	len(bytes) == size, or 0 in secBSS
//	addr % align == 0 once placed
type object struct {
	name   string // for dumps
	sect   section
	bytes  []byte
	size   int64
	align  int64
	relocs []reloc
	layout *Layout // pointer words, for globals
	addr   uint64  // set by place
}

type relocKind uint8

const (
	relAddr relocKind = iota // word: address of obj + add
	relOff                   // int32: address of obj - TypesBase
	relCode                  // word: code pointer of fn
	relText                  // int32: byte offset of fn's header in the text
)

// reloc completes the bytes of an object at off.
type reloc struct {
	off  int64
	kind relocKind
	obj  *object    // relAddr, relOff
	fn   *tree.Func // relCode, relText
	add  int64
}

func newObject(name string, sect section, size, align int64) *object {
	o := &object{name: name, sect: sect, size: size, align: align}
	if sect != secBSS {
		o.bytes = make([]byte, size)
	}
	return o
}

// put writes the low n bytes of v at off.
func (o *object) put(off int64, n int, v uint64) {
	switch n {
	case 1:
		o.bytes[off] = byte(v)
	case 2:
		binary.LittleEndian.PutUint16(o.bytes[off:], uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(o.bytes[off:], uint32(v))
	case 8:
		binary.LittleEndian.PutUint64(o.bytes[off:], v)
	default:
		panic(fmt.Sprintf("BUG: a number of %d bytes", n))
	}
}

func (o *object) addrOf(off int64, to *object, add int64) {
	o.relocs = append(o.relocs, reloc{off: off, kind: relAddr, obj: to, add: add})
}

func (o *object) offOf(off int64, to *object) {
	o.relocs = append(o.relocs, reloc{off: off, kind: relOff, obj: to})
}

func (o *object) codeOf(off int64, fn *tree.Func) {
	o.relocs = append(o.relocs, reloc{off: off, kind: relCode, fn: fn})
}

// align8 rounds up to a multiple of 8.
func align8(n int64) int64 { return (n + 7) &^ 7 }

func alignTo(n, a int64) int64 { return (n + a - 1) / a * a }

// image collects the objects of a program, in the order in which they were made.
type image struct {
	objs  [numSections][]*object
	start [numSections]uint64
	end   [numSections]uint64
}

func (im *image) add(o *object) *object {
	im.objs[o.sect] = append(im.objs[o.sect], o)
	return o
}

// place gives every object its address. RO begins at base; the writable part begins on a page of its own.
func (im *image) place(base uint64) {
	const page = 64 << 10 // above every host page size, so that RO can be sealed
	at := base + 8        // offset 0 means "none" in type descriptors
	for s := range im.objs {
		switch section(s) {
		case secTypes:
			im.start[s] = base
		case secRW:
			at = (at + page - 1) &^ (page - 1)
			im.start[s] = at
		default:
			at = (at + 7) &^ 7
			im.start[s] = at
		}
		for _, o := range im.objs[s] {
			a := uint64(max(o.align, 1))
			at = (at + a - 1) / a * a
			o.addr = at
			at += uint64(max(o.size, 0))
			if o.size == 0 {
				at++ // an object without size has an address of its own, inside the image
			}
		}
		at = (at + 7) &^ 7
		im.end[s] = at
	}
}

// bytesOf returns the contents of sections from..to as one run that starts at start[from].
func (im *image) bytesOf(from, to section) []byte {
	out := make([]byte, im.end[to]-im.start[from])
	for s := from; s <= to; s++ {
		for _, o := range im.objs[s] {
			copy(out[o.addr-im.start[from]:], o.bytes)
		}
	}
	return out
}
