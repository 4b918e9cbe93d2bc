// Package builtin does to values in guest memory what the Go runtime does to
// values in its own: it reads type descriptors, compares and hashes values of
// any type, and looks keys up in maps.
//
// # Type descriptors
//
// A type descriptor is an internal/abi.Type in guest memory, followed by the
// words of its kind. The compile hall writes static ones from the layout of the
// guest's own internal/abi; package reflect makes more at run time. Either way
// it is guest memory: every field is read masked, and what a field leads to is
// used only through further masked reads, so a damaged descriptor gives a wrong
// answer or a fault that ends the guest, never harm to the host.
package builtin

import "github.com/terrarium-go/terrarium/internal/mem"

// Byte offsets of the fields of internal/abi's descriptors on a 64-bit target
// (Go 1.26). abi_test.go compares them with the sources in GOROOT.
const (
	TypeSize      = 0
	TypePtrBytes  = 8
	TypeHash      = 16
	TypeTFlag     = 20
	TypeAlign     = 21
	TypeKind      = 23
	TypeEqual     = 24
	TypeGCData    = 32
	TypeStr       = 40
	TypePtrToThis = 44
	TypeBytes     = 48 // size of abi.Type, where the fields of the kind begin

	ElemOff      = 48 // Elem of array, chan, pointer, slice; Key of a map
	ArraySlice   = 56
	ArrayLen     = 64
	ChanDir      = 56
	FuncIn       = 48 // uint16
	FuncOut      = 50 // uint16, top bit: variadic
	IfacePkg     = 48
	IfaceMethods = 56 // slice of {name, type int32}
	MapElem      = 56
	MapGroup     = 64
	MapHasher    = 72
	MapGroupSize = 80
	MapSlotSize  = 88
	MapElemOff   = 96
	MapFlags     = 104
	StructPkg    = 48
	StructFields = 56 // slice of {name, type pointer, offset}
	FieldBytes   = 24

	ItabInter = 0
	ItabType  = 8
	ItabHash  = 16
	ItabFun   = 24
)

// Flags of a descriptor (abi.TFlag).
const (
	TFlagUncommon       = 1 << 0
	TFlagExtraStar      = 1 << 1
	TFlagNamed          = 1 << 2
	TFlagRegularMemory  = 1 << 3
	TFlagGCMaskOnDemand = 1 << 4 // GCData is no mask: it follows from the type's parts
	TFlagDirectIface    = 1 << 5
)

// Kinds (abi.Kind).
const (
	Invalid = iota
	Bool
	Int
	Int8
	Int16
	Int32
	Int64
	Uint
	Uint8
	Uint16
	Uint32
	Uint64
	Uintptr
	Float32
	Float64
	Complex64
	Complex128
	Array
	Chan
	Func
	Interface
	Map
	Pointer
	Slice
	String
	Struct
	UnsafePointer
)

// Types reads descriptors of one guest.
type Types struct {
	Space *mem.Space
	Base  uint64                 // what name and type offsets count from (Program.TypesBase)
	Text  uint64                 // what text offsets count from (mem.TextBase)
	Dyn   func(off int32) uint64 // negative offsets: names and types that reflect has added

	// Overwritten is told of a pointer word before it is overwritten, for the write
	// barrier. May be nil.
	Overwritten func(a mem.Addr)
}

func (t *Types) overwritten(a mem.Addr) {
	if t.Overwritten != nil {
		t.Overwritten(a)
	}
}

// Size is the size of a value in bytes.
func (t *Types) Size(typ uint64) uint64 { return t.Space.Load64(typ + TypeSize) }

// PtrBytes is the length of the prefix that holds pointers.
func (t *Types) PtrBytes(typ uint64) uint64 { return t.Space.Load64(typ + TypePtrBytes) }

// Kind is the abi.Kind.
func (t *Types) Kind(typ uint64) uint8 { return t.Space.Load8(typ+TypeKind) & 31 }

// TFlag is the abi.TFlag.
func (t *Types) TFlag(typ uint64) uint8 { return t.Space.Load8(typ + TypeTFlag) }

// Direct reports whether an interface holds values of the type in its data word itself.
func (t *Types) Direct(typ uint64) bool { return t.TFlag(typ)&TFlagDirectIface != 0 }

// Comparable reports whether values of the type can be compared without a panic decided by the type alone.
func (t *Types) Comparable(typ uint64) bool { return t.Space.Load64(typ+TypeEqual) != 0 }

// Elem is the element type of an array, channel, pointer or slice.
func (t *Types) Elem(typ uint64) uint64 {
	if t.Kind(typ) == Map {
		return t.Space.Load64(typ + MapElem)
	}
	return t.Space.Load64(typ + ElemOff)
}

// Len is the length of an array type.
func (t *Types) Len(typ uint64) uint64 { return t.Space.Load64(typ + ArrayLen) }

// Fields gives the address of the field records of a struct type and their number.
func (t *Types) Fields(typ uint64) (addr, n uint64) {
	return t.Space.Load64(typ + StructFields), t.Space.Load64(typ + StructFields + 8)
}

// Field is one field record: name, type and byte offset.
func (t *Types) Field(fields, i uint64) (name, typ, off uint64) {
	f := fields + i*FieldBytes
	return t.Space.Load64(f), t.Space.Load64(f + 8), t.Space.Load64(f + 16)
}

// NameAt is the address of the name with an offset.
func (t *Types) NameAt(off int32) uint64 {
	if off < 0 && t.Dyn != nil {
		return t.Dyn(off)
	}
	return t.Base + uint64(off)
}

// TextAt is the code pointer with a text offset; 0 for -1, code that is not in the program.
func (t *Types) TextAt(off int32) uint64 {
	switch {
	case off == -1:
		return 0
	case off < 0 && t.Dyn != nil:
		return t.Dyn(off)
	}
	return t.Text + uint64(uint32(off))
}

// TypeAt is the address of the descriptor with an offset; 0 for offset 0 or -1.
func (t *Types) TypeAt(off int32) uint64 {
	if off == 0 || off == -1 {
		return 0
	}
	return t.NameAt(off)
}

// varint reads the length that begins at a.
func (t *Types) varint(a uint64) (n, bytes uint64) {
	for shift := uint(0); shift < 35; shift += 7 {
		b := t.Space.Load8(a + bytes)
		bytes++
		n |= uint64(b&127) << shift
		if b < 128 {
			break
		}
	}
	return n, bytes
}

// NameBytes gives the address and length of the text of a name record.
func (t *Types) NameBytes(name uint64) (addr, n uint64) {
	if name == 0 {
		return 0, 0
	}
	n, k := t.varint(name + 1)
	return name + 1 + k, n
}

// Name is the text of a name record.
func (t *Types) Name(name uint64) string {
	a, n := t.NameBytes(name)
	if n > 1<<20 {
		return ""
	}
	s, _ := t.Space.ReadString(a, n)
	return s
}

// NameExported and NameEmbedded are flags of a name record.
func (t *Types) NameExported(name uint64) bool { return t.Space.Load8(name)&1 != 0 }
func (t *Types) NameEmbedded(name uint64) bool { return t.Space.Load8(name)&8 != 0 }

// NamePkg is the import path that a name record of an unexported name carries, or "".
func (t *Types) NamePkg(name uint64) string {
	flags := t.Space.Load8(name)
	if name == 0 || flags&4 == 0 {
		return ""
	}
	a, n := t.NameBytes(name)
	a += n
	if flags&2 != 0 {
		tag, k := t.varint(a)
		a += k + tag
	}
	var off uint32
	for i := uint64(0); i < 4; i++ {
		off |= uint32(t.Space.Load8(a+i)) << (8 * i)
	}
	return t.Name(t.NameAt(int32(off)))
}

// StringBytes gives the address and length of the type's string in guest memory.
func (t *Types) StringBytes(typ uint64) (addr, n uint64) {
	addr, n = t.NameBytes(t.NameAt(int32(t.Space.Load32(typ + TypeStr))))
	if t.TFlag(typ)&TFlagExtraStar != 0 && n > 0 {
		addr, n = addr+1, n-1
	}
	return addr, n
}

// String is the type as reflect prints it: "main.T", "map[string]int".
func (t *Types) String(typ uint64) string {
	if typ == 0 {
		return "nil"
	}
	a, n := t.StringBytes(typ)
	if n > 1<<20 {
		return ""
	}
	s, _ := t.Space.ReadString(a, n)
	return s
}

// uncommonOff is where the UncommonType of a kind begins.
func (t *Types) uncommonOff(typ uint64) uint64 {
	switch t.Kind(typ) {
	case Pointer, Slice:
		return 56
	case Array:
		return 72
	case Chan:
		return 64
	case Func:
		return 56
	case Interface:
		return 80
	case Map:
		return 112
	case Struct:
		return 80
	}
	return TypeBytes
}

// Uncommon is the address of the type's UncommonType, 0 if it has none.
func (t *Types) Uncommon(typ uint64) uint64 {
	if t.TFlag(typ)&TFlagUncommon == 0 {
		return 0
	}
	return typ + t.uncommonOff(typ)
}

// Method is one entry of a type's method table, sorted by name; offsets as in internal/abi.
type Method struct {
	Name, Typ int32
	Ifn, Tfn  int32
}

// Methods gives the address and number of the method table.
func (t *Types) Methods(typ uint64) (addr uint64, n int) {
	u := t.Uncommon(typ)
	if u == 0 {
		return 0, 0
	}
	return u + uint64(t.Space.Load32(u+8)), int(t.Space.Load16(u + 4))
}

// MethodAt reads entry i of a method table.
func (t *Types) MethodAt(table uint64, i int) Method {
	a := table + uint64(i)*16
	return Method{int32(t.Space.Load32(a)), int32(t.Space.Load32(a + 4)), int32(t.Space.Load32(a + 8)), int32(t.Space.Load32(a + 12))}
}

// PkgPath is the import path of a named type's package, or "".
func (t *Types) PkgPath(typ uint64) string {
	if typ == 0 {
		return ""
	}
	if u := t.Uncommon(typ); u != 0 {
		return t.Name(t.NameAt(int32(t.Space.Load32(u))))
	}
	switch t.Kind(typ) {
	case Interface, Struct:
		if p := t.Space.Load64(typ + StructPkg); p != 0 {
			return t.Name(p)
		}
	}
	return ""
}

// IfaceMethodCount is the number of methods of an interface type.
func (t *Types) IfaceMethodCount(typ uint64) int {
	return int(uint32(t.Space.Load64(typ + IfaceMethods + 8)))
}

// IfaceMethod is method i of an interface type: name record and type.
func (t *Types) IfaceMethod(typ uint64, i int) (name, mtyp uint64) {
	a := t.Space.Load64(typ+IfaceMethods) + uint64(i)*8
	return t.NameAt(int32(t.Space.Load32(a))), t.TypeAt(int32(t.Space.Load32(a + 4)))
}

// Implements looks the methods of an interface type up in typ's method table.
// It returns the code pointers in the interface's order, or the name of the
// first method that typ lacks. Both tables are sorted by name.
func (t *Types) Implements(inter, typ uint64) (fun []uint64, missing string) {
	n := t.IfaceMethodCount(inter)
	if n > 1<<16 {
		return nil, "?"
	}
	table, have := t.Methods(typ)
	j := 0
next:
	for i := 0; i < n; i++ {
		name, mtyp := t.IfaceMethod(inter, i)
		text := t.Name(name)
		exported := t.NameExported(name)
		for ; j < have; j++ {
			m := t.MethodAt(table, j)
			mn := t.NameAt(m.Name)
			if t.Name(mn) != text || t.TypeAt(m.Typ) != mtyp {
				continue
			}
			if !exported && !t.samePkg(inter, name, typ, mn) {
				continue
			}
			fun = append(fun, t.TextAt(m.Ifn)) // 0: nobody in the program calls the method
			j++
			continue next
		}
		return nil, text
	}
	return fun, ""
}

// samePkg compares the packages of an unexported interface method and a method of a type.
func (t *Types) samePkg(inter, iname, typ, mname uint64) bool {
	ip := t.NamePkg(iname)
	if ip == "" {
		ip = t.Name(t.Space.Load64(inter + IfacePkg))
	}
	mp := t.NamePkg(mname)
	if mp == "" {
		mp = t.PkgPath(typ)
	}
	return ip == mp
}

// PointerMask reads the pointer mask of a descriptor: bit i of word i/64 for
// word i of the first PtrBytes bytes. ok is false if the descriptor makes no sense.
func (t *Types) PointerMask(typ uint64) (mask []uint64, ok bool) {
	words := t.PtrBytes(typ) / 8
	if words > 1<<27 || t.PtrBytes(typ) > t.Size(typ) {
		return nil, false
	}
	mask = make([]uint64, (words+63)/64)
	if t.TFlag(typ)&TFlagGCMaskOnDemand != 0 {
		return mask, t.maskOf(typ, 0, words, mask, 0)
	}
	data, good := t.Space.Bytes(t.Space.Load64(typ+TypeGCData), (words+7)/8)
	if !good && words > 0 {
		return nil, false
	}
	for i := uint64(0); i < words; i++ {
		if data[i/8]>>(i%8)&1 != 0 {
			mask[i/64] |= 1 << (i % 64)
		}
	}
	return mask, true
}

// maskOf adds the pointer mask of a type that begins at word w to a mask of so many words, part by part.
func (t *Types) maskOf(typ, w, words uint64, mask []uint64, depth int) bool {
	n := t.PtrBytes(typ) / 8
	switch {
	case n == 0:
		return true
	case w+n > words || depth > maxDepth:
		return false
	case t.TFlag(typ)&TFlagGCMaskOnDemand == 0:
		part, ok := t.PointerMask(typ)
		for i := uint64(0); ok && i < n; i++ {
			if part[i/64]>>(i%64)&1 != 0 {
				mask[(w+i)/64] |= 1 << ((w + i) % 64)
			}
		}
		return ok
	}
	switch t.Kind(typ) {
	case Array:
		elem := t.Elem(typ)
		for i := range t.Len(typ) {
			if !t.maskOf(elem, w+i*t.Size(elem)/8, words, mask, depth+1) {
				return false
			}
		}
		return true
	case Struct:
		fields, n := t.Fields(typ)
		for i := range n {
			if _, ft, off := t.Field(fields, i); !t.maskOf(ft, w+off/8, words, mask, depth+1) {
				return false
			}
		}
		return true
	}
	return false
}
