package builtin

import (
	"bytes"
	"math"
	"math/bits"
	"unsafe"
)

// Equality and hashing of values in guest memory, by structure: the kind of the
// type says how, field by field, so no guest code runs. Comparing interface
// values whose dynamic type has no equality is the one thing that can fail; the
// offending type is returned and the caller raises the guest's panic.

const maxDepth = 1 << 10 // nesting of types and interfaces, against descriptors that contain themselves

// Equal compares the values of type typ at p and q. bad is the type that cannot
// be compared, 0 if all went well.
func (t *Types) Equal(typ, p, q uint64) (eq bool, bad uint64) { return t.equal(typ, p, q, 0) }

func (t *Types) equal(typ, p, q uint64, depth int) (bool, uint64) {
	s := t.Space
	if depth > maxDepth {
		return false, typ
	}
	switch t.Kind(typ) {
	case Bool, Int8, Uint8:
		return s.Load8(p) == s.Load8(q), 0
	case Int16, Uint16:
		return s.Load16(p) == s.Load16(q), 0
	case Int32, Uint32:
		return s.Load32(p) == s.Load32(q), 0
	case Int, Uint, Int64, Uint64, Uintptr, Pointer, UnsafePointer, Chan:
		return s.Load64(p) == s.Load64(q), 0
	case Float32:
		return s.LoadF32(p) == s.LoadF32(q), 0
	case Float64:
		return s.LoadF64(p) == s.LoadF64(q), 0
	case Complex64:
		return s.LoadF32(p) == s.LoadF32(q) && s.LoadF32(p+4) == s.LoadF32(q+4), 0
	case Complex128:
		return s.LoadF64(p) == s.LoadF64(q) && s.LoadF64(p+8) == s.LoadF64(q+8), 0
	case String:
		return t.EqualStrings(s.Load64(p), s.Load64(p+8), s.Load64(q), s.Load64(q+8)), 0
	case Interface:
		a, b := s.Load64(p), s.Load64(q)
		if a != b {
			return false, 0
		}
		if a == 0 {
			return true, 0
		}
		if t.IfaceMethodCount(typ) > 0 {
			a = s.Load64(a + ItabType)
		}
		return t.equalData(a, s.Load64(p+8), s.Load64(q+8), depth+1)
	case Array:
		elem := t.Elem(typ)
		size, n := t.Size(elem), t.Len(typ)
		if t.TFlag(elem)&TFlagRegularMemory != 0 {
			return t.equalMem(p, q, size*n), 0
		}
		if size == 0 {
			n = min(n, 1)
		}
		for i := uint64(0); i < n; i++ {
			if eq, bad := t.equal(elem, p+i*size, q+i*size, depth+1); !eq || bad != 0 {
				return false, bad
			}
		}
		return true, 0
	case Struct:
		if t.TFlag(typ)&TFlagRegularMemory != 0 {
			return t.equalMem(p, q, t.Size(typ)), 0
		}
		fields, n := t.Fields(typ)
		for i := uint64(0); i < n && i < 1<<16; i++ {
			name, ft, off := t.Field(fields, i)
			if a, k := t.NameBytes(name); k == 1 && s.Load8(a) == '_' {
				continue
			}
			if eq, bad := t.equal(ft, p+off, q+off, depth+1); !eq || bad != 0 {
				return false, bad
			}
		}
		return true, 0
	}
	return false, typ
}

// equalData compares the data words of two interface values of dynamic type typ.
func (t *Types) equalData(typ, x, y uint64, depth int) (bool, uint64) {
	if !t.Comparable(typ) {
		return false, typ
	}
	if t.Direct(typ) {
		return x == y, 0
	}
	if x == y && t.Kind(typ) != Float32 && t.Kind(typ) != Float64 && t.TFlag(typ)&TFlagRegularMemory != 0 {
		return true, 0
	}
	return t.equal(typ, x, y, depth)
}

// EqualIfaces compares two interface values, words (x0, x1) and (y0, y1); itab
// tells that the first words are method tables and not types.
func (t *Types) EqualIfaces(x0, x1, y0, y1 uint64, itab bool) (eq bool, bad uint64) {
	if x0 != y0 {
		return false, 0
	}
	if x0 == 0 {
		return true, 0
	}
	if itab {
		x0 = t.Space.Load64(x0 + ItabType)
	}
	return t.equalData(x0, x1, y1, 0)
}

// EqualStrings compares two strings by address and length.
func (t *Types) EqualStrings(p, n, q, m uint64) bool {
	return n == m && (p == q || t.equalMem(p, q, n))
}

func (t *Types) equalMem(p, q, n uint64) bool {
	if n == 0 {
		return true
	}
	a, ok := t.Space.Bytes(p, n)
	b, ok2 := t.Space.Bytes(q, n)
	return ok && ok2 && bytes.Equal(a, b)
}

// Hash hashes the value of type typ at p with a seed, for maps: 32 bits, because
// std's maps take their directory index from bit 31 downwards on this target.
// Equal values hash alike (floats: +0 and -0 alike, a NaN differently each time
// with the given random word). bad is a type that cannot be hashed.
func (t *Types) Hash(typ, p, seed uint64, random func() uint64) (h, bad uint64) {
	h, bad = t.hash(typ, p, seed, random, 0)
	return fold(h), bad
}

// fold makes a map's hash of a 64-bit one.
func fold(h uint64) uint64 { return (h ^ h>>32) & 0xffffffff }

func (t *Types) hash(typ, p, seed uint64, random func() uint64, depth int) (uint64, uint64) {
	s := t.Space
	if depth > maxDepth {
		return 0, typ
	}
	switch t.Kind(typ) {
	case Bool, Int8, Uint8:
		return HashWord(uint64(s.Load8(p)), seed), 0
	case Int16, Uint16:
		return HashWord(uint64(s.Load16(p)), seed), 0
	case Int32, Uint32:
		return HashWord(uint64(s.Load32(p)), seed), 0
	case Int, Uint, Int64, Uint64, Uintptr, Pointer, UnsafePointer, Chan:
		return HashWord(s.Load64(p), seed), 0
	case Float32:
		return hashFloat(float64(s.LoadF32(p)), seed, random), 0
	case Float64:
		return hashFloat(s.LoadF64(p), seed, random), 0
	case Complex64:
		return hashFloat(float64(s.LoadF32(p+4)), hashFloat(float64(s.LoadF32(p)), seed, random), random), 0
	case Complex128:
		return hashFloat(s.LoadF64(p+8), hashFloat(s.LoadF64(p), seed, random), random), 0
	case String:
		return t.HashMem(s.Load64(p), s.Load64(p+8), seed), 0
	case Interface:
		a := s.Load64(p)
		if a == 0 {
			return seed, 0
		}
		if t.IfaceMethodCount(typ) > 0 {
			a = s.Load64(a + ItabType)
		}
		if !t.Comparable(a) {
			return 0, a
		}
		seed = mix(seed^HashMul1, HashMul2) // so that a value without a size counts too
		if t.Direct(a) {
			return t.hash(a, p+8, seed, random, depth+1)
		}
		return t.hash(a, s.Load64(p+8), seed, random, depth+1)
	case Array:
		if h, ok := t.hashRegular(typ, p, seed); ok {
			return h, 0
		}
		elem := t.Elem(typ)
		size, n := t.Size(elem), t.Len(typ)
		if size == 0 {
			n = min(n, 1)
		}
		for i := uint64(0); i < n; i++ {
			var bad uint64
			if seed, bad = t.hash(elem, p+i*size, seed, random, depth+1); bad != 0 {
				return 0, bad
			}
		}
		return seed, 0
	case Struct:
		if h, ok := t.hashRegular(typ, p, seed); ok {
			return h, 0
		}
		fields, n := t.Fields(typ)
		for i := uint64(0); i < n && i < 1<<16; i++ {
			name, ft, off := t.Field(fields, i)
			if a, k := t.NameBytes(name); k == 1 && s.Load8(a) == '_' {
				continue
			}
			var bad uint64
			if seed, bad = t.hash(ft, p+off, seed, random, depth+1); bad != 0 {
				return 0, bad
			}
		}
		return seed, 0
	}
	return 0, typ
}

// hashRegular hashes a struct or array whose equality is that of its bytes. One of 4 or 8
// bytes is hashed as the integer of that size, since the map functions for
// such keys get nothing but the word.
func (t *Types) hashRegular(typ, p, seed uint64) (h uint64, ok bool) {
	if t.TFlag(typ)&TFlagRegularMemory == 0 {
		return 0, false
	}
	switch n := t.Size(typ); n {
	case 4:
		return HashWord(uint64(t.Space.Load32(p)), seed), true
	case 8:
		return HashWord(t.Space.Load64(p), seed), true
	default:
		return t.HashMem(p, n, seed), true
	}
}

// Factors of the hash; the interpreter's loop has HashWord and HashBytes inline.
const (
	HashMul1 = 0x9E3779B97F4A7C15
	HashMul2 = 0xD6E8FEB86659FD93
)

// mix folds the 128-bit product of two words.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// HashWord hashes one word.
func HashWord(x, seed uint64) uint64 { return mix(x^seed^HashMul1, seed^HashMul2|1) ^ x>>32 }

func hashFloat(f float64, seed uint64, random func() uint64) uint64 {
	switch {
	case f == 0:
		return HashWord(0, seed)
	case f != f:
		return HashWord(random(), seed)
	}
	return HashWord(math.Float64bits(f), seed)
}

// HashMem hashes n bytes of guest memory at p.
func (t *Types) HashMem(p, n, seed uint64) uint64 {
	b, ok := t.Space.Bytes(p, n)
	if !ok {
		return seed
	}
	return HashBytes(b, seed)
}

// HashBytes hashes bytes, eight at a time.
func HashBytes(b []byte, seed uint64) uint64 {
	h := seed ^ uint64(len(b))*HashMul1
	for len(b) >= 16 {
		x, y := word(b), word(b[8:])
		h = mix(x^HashMul1^h, y^HashMul2)
		b = b[16:]
	}
	var x, y uint64
	switch {
	case len(b) >= 8:
		x = word(b)
		y = tail(b[8:])
	default:
		x = tail(b)
	}
	return mix(x^HashMul2^h, y^HashMul1^h>>32|1) ^ h
}

func word(b []byte) uint64 { return *(*uint64)(unsafe.Pointer(unsafe.SliceData(b))) }

func tail(b []byte) (w uint64) {
	for i, c := range b {
		w |= uint64(c) << (8 * i)
	}
	return w
}
