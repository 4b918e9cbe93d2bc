package builtin

import (
	"math/bits"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// Maps in guest memory
//
// Maps are std's: internal/runtime/maps, a Swiss table. The guest has the Go
// source of all of it, and that source is the definition; the functions here walk
// the same tables natively for what needs neither memory nor guest code:
//
//	Find    lookup
//	Put     the element slot of a present key, or a free slot for a new one;
//	        it declines when the table must grow, when tombstones are in the way or
//	        key or element live in objects of their own, and the Go source does it
//	Delete  removal
//	Move    the inner loop of growing and splitting a table
//
// Layout (Go 1.26, 64-bit):
//
//	Map    used 0 · seed 8 · dirPtr 16 · dirLen 24 · globalDepth 32 · globalShift 33 ·
//	       writing 34 · tombstonePossible 35 · clearSeq 40
//	       dirLen 0: dirPtr is one group; else an array of dirLen pointers to tables
//	table  used u16 0 · capacity u16 2 · growthLeft u16 4 · localDepth 6 · index 8 ·
//	       groups 16 · lengthMask 24
//	group  8 control bytes, then 8 slots of SlotSize bytes: key, element at ElemOff
//
// A control byte is 0x80 for empty, 0xfe for deleted, else the low 7 bits of the
// hash. A probe visits groups (h>>7) & mask, then at triangular distances, and
// ends at a group with an empty slot.
//
// The tables are guest memory. Probe lengths are bounded by the table's own mask,
// itself cut to what a table can have, so that a damaged map ends the walk.

// Offsets, control bytes, and the flags of map types. The interpreter's loop has Find and Put for words and short strings
// inline (interp/loop.txt), from the exported ones.
const (
	mapUsed      = 0
	MapSeed      = 8
	MapDir       = 16
	MapDirLen    = 24
	MapShift     = 33
	MapWriting   = 34
	mapTombstone = 35

	TabUsed     = 0
	tabCapacity = 2
	TabGrowth   = 4
	TabGroups   = 16
	TabMask     = 24

	CtrlEmpty   = 0x80
	ctrlDeleted = 0xfe
	CtrlLow     = 0x0101010101010101
	CtrlHigh    = 0x8080808080808080
	GroupSlots  = 8
	MaxGroups   = 1 << 20 // no table has more: Go's have 128

	needKeyUpdate = 1 << 0
	hashMayPanic  = 1 << 1
	indirectKey   = 1 << 2
	indirectElem  = 1 << 3
)

// Key is a key to look for: a word (Bits 32 or 64), a string (Bits 1: address W,
// length N) or a value in memory at W (Bits 0).
type Key struct {
	Bits uint8
	W, N uint64
}

// HashKey hashes a key with a map's seed. bad is a type that cannot be hashed.
func (t *Types) HashKey(mt uint64, k Key, seed uint64, random func() uint64) (h, bad uint64) {
	switch k.Bits {
	case 32, 64:
		return fold(HashWord(k.W, seed)), 0
	case 1:
		return fold(t.HashMem(k.W, k.N, seed)), 0
	}
	return t.Hash(t.Space.Load64(mt+ElemOff), k.W, seed, random)
}

// matches compares the key with the one in a slot.
func (t *Types) matches(mt uint64, k Key, slot mem.Addr) bool {
	s := t.Space
	switch k.Bits {
	case 64:
		return s.Load64(slot) == k.W
	case 32:
		return uint64(s.Load32(slot)) == k.W
	case 1:
		return t.EqualStrings(k.W, k.N, s.Load64(slot), s.Load64(slot+8))
	}
	eq, bad := t.Equal(s.Load64(mt+ElemOff), k.W, slot)
	return eq && bad == 0
}

// Writing reports whether a map is marked as being written.
func (t *Types) Writing(m uint64) bool { return m != 0 && t.Space.Load8(m+MapWriting) != 0 }

// Flip changes the mark of a map as being written, at the beginning and the end of a write, and returns what it was. Others may do
// so at the same time: then one of them finds the mark other than it left it.
func (t *Types) Flip(m uint64) bool {
	was := t.Space.Load8(m + MapWriting)
	t.Space.Store8(m+MapWriting, was^1)
	return was != 0
}

// Used is the number of entries of a map.
func (t *Types) Used(m uint64) uint64 {
	if m == 0 {
		return 0
	}
	return t.Space.Load64(m + mapUsed)
}

// Seed is the hash seed of a map.
func (t *Types) Seed(m uint64) uint64 { return t.Space.Load64(m + MapSeed) }

// groups gives the first group, the group mask, and the table (0 for a small map) that a hash belongs to.
func (t *Types) groups(m, hash uint64) (data, mask, table uint64) {
	s := t.Space
	data = s.Load64(m + MapDir)
	n := s.Load64(m + MapDirLen)
	if n == 0 {
		return data, 0, 0
	}
	i := uint64(0)
	if n > 1 {
		i = hash >> (s.Load8(m+MapShift) & 63)
		if i >= n {
			return 0, 0, 0
		}
	}
	table = s.Load64(data + i*8)
	return s.Load64(table + TabGroups), s.Load64(table+TabMask) & (MaxGroups - 1), table
}

// Find looks a key up: the address of its element, 0 if it is absent.
func (t *Types) Find(mt, m uint64, k Key, hash uint64) mem.Addr {
	s := t.Space
	data, mask, _ := t.groups(m, hash)
	if data == 0 {
		return 0
	}
	size, slot := s.Load64(mt+MapGroupSize), s.Load64(mt+MapSlotSize)
	flags := s.Load32(mt + MapFlags)
	h2 := (hash & 0x7f) * CtrlLow
	off := hash >> 7 & mask
	for i := uint64(1); i <= mask+1; i++ {
		g := data + off*size
		ctrl := s.Load64(g)
		v := ctrl ^ h2
		for match := (v - CtrlLow) &^ v & CtrlHigh; match != 0; match &= match - 1 {
			key := g + 8 + uint64(bits.TrailingZeros64(match)>>3)*slot
			at := key
			if flags&indirectKey != 0 {
				at = s.Load64(key)
			}
			if t.matches(mt, k, at) {
				elem := key + s.Load64(mt+MapElemOff)
				if flags&indirectElem != 0 {
					elem = s.Load64(elem)
				}
				return elem
			}
		}
		if ctrl&^(ctrl<<6)&CtrlHigh != 0 {
			return 0
		}
		off = (off + i) & mask
	}
	return 0
}

// Put finds the element slot for a key: of the entry that has it, or of a new
// entry for which it has stored the key. 0 means that the guest's own code has to do it.
// store writes the key into a slot (with the type's pointers, through the barrier).
func (t *Types) Put(mt, m uint64, k Key, hash uint64, store func(slot mem.Addr)) mem.Addr {
	s := t.Space
	if s.Load64(m+MapDir) == 0 {
		return 0
	}
	data, mask, table := t.groups(m, hash)
	if data == 0 || table == 0 && s.Load64(m+mapUsed) >= GroupSlots { // a full small map grows, even if it has the key
		return 0
	}
	flags := s.Load32(mt + MapFlags)
	size, slot := s.Load64(mt+MapGroupSize), s.Load64(mt+MapSlotSize)
	h2 := (hash & 0x7f) * CtrlLow
	off := hash >> 7 & mask
	for i := uint64(1); i <= mask+1; i++ {
		g := data + off*size
		ctrl := s.Load64(g)
		v := ctrl ^ h2
		for match := (v - CtrlLow) &^ v & CtrlHigh; match != 0; match &= match - 1 {
			key := g + 8 + uint64(bits.TrailingZeros64(match)>>3)*slot
			at := key
			if flags&indirectKey != 0 {
				at = s.Load64(key)
			}
			if t.matches(mt, k, at) {
				if flags&needKeyUpdate != 0 {
					store(at)
				}
				elem := key + s.Load64(mt+MapElemOff)
				if flags&indirectElem != 0 {
					elem = s.Load64(elem)
				}
				return elem
			}
		}
		free := ctrl & CtrlHigh
		if free == 0 {
			off = (off + i) & mask
			continue
		}
		if flags&(indirectKey|indirectElem) != 0 {
			return 0
		}
		j := uint64(bits.TrailingZeros64(free) >> 3)
		if uint8(ctrl>>(8*j)) == ctrlDeleted {
			return 0
		}
		if table != 0 {
			left := s.Load16(table + TabGrowth)
			if left == 0 {
				return 0
			}
			s.Store16(table+TabGrowth, left-1)
			s.Store16(table+TabUsed, s.Load16(table+TabUsed)+1)
		} else if s.Load64(m+mapUsed) >= GroupSlots {
			return 0
		}
		key := g + 8 + j*slot
		store(key)
		s.Store8(g+j, uint8(hash&0x7f))
		s.Store64(m+mapUsed, s.Load64(m+mapUsed)+1)
		return key + s.Load64(mt+MapElemOff)
	}
	return 0
}

// Delete removes the entry of a key. clear clears a value of a type in memory
// (through the barrier). It reports whether the map has become empty, in which
// case the caller gives it a new seed.
func (t *Types) Delete(mt, m uint64, k Key, hash uint64, clear func(typ uint64, p mem.Addr)) (empty bool) {
	s := t.Space
	data, mask, table := t.groups(m, hash)
	if data == 0 {
		return false
	}
	flags := s.Load32(mt + MapFlags)
	size, slot := s.Load64(mt+MapGroupSize), s.Load64(mt+MapSlotSize)
	h2 := (hash & 0x7f) * CtrlLow
	off := hash >> 7 & mask
	for i := uint64(1); i <= mask+1; i++ {
		g := data + off*size
		ctrl := s.Load64(g)
		v := ctrl ^ h2
		for match := (v - CtrlLow) &^ v & CtrlHigh; match != 0; match &= match - 1 {
			j := uint64(bits.TrailingZeros64(match) >> 3)
			key := g + 8 + j*slot
			at := key
			if flags&indirectKey != 0 {
				at = s.Load64(key)
			}
			if !t.matches(mt, k, at) {
				continue
			}
			elem := key + s.Load64(mt+MapElemOff)
			kt, et := s.Load64(mt+ElemOff), s.Load64(mt+MapElem)
			if flags&indirectKey != 0 {
				t.overwritten(key)
				s.Store64(key, 0)
			} else if t.PtrBytes(kt) != 0 {
				clear(kt, key)
			}
			if flags&indirectElem != 0 {
				t.overwritten(elem)
				s.Store64(elem, 0)
			} else {
				clear(et, elem)
			}
			used := s.Load64(m+mapUsed) - 1
			s.Store64(m+mapUsed, used)
			if table == 0 {
				s.Store8(g+j, CtrlEmpty)
				return used == 0
			}
			s.Store16(table+TabUsed, s.Load16(table+TabUsed)-1)
			if ctrl&^(ctrl<<6)&CtrlHigh != 0 {
				s.Store8(g+j, CtrlEmpty)
				s.Store16(table+TabGrowth, s.Load16(table+TabGrowth)+1)
			} else {
				s.Store8(g+j, ctrlDeleted)
				s.Store8(m+mapTombstone, 1)
			}
			return used == 0
		}
		if ctrl&^(ctrl<<6)&CtrlHigh != 0 {
			return false
		}
		off = (off + i) & mask
	}
	return false
}

// Reseed gives an empty map a new hash seed.
func (t *Types) Reseed(m, seed uint64) { t.Space.Store64(m+MapSeed, seed) }

// Move enters all entries of a table into left, or into right if their hash has
// the bit mask set. The new tables are empty and large enough. move copies a value of a
// type (through the barrier). bad is a type that cannot be hashed.
func (t *Types) Move(mt, seed, old, left, right, bit uint64, random func() uint64, move func(typ uint64, dst, src mem.Addr)) (bad uint64) {
	s := t.Space
	kt, et := s.Load64(mt+ElemOff), s.Load64(mt+MapElem)
	size, slot, eoff := s.Load64(mt+MapGroupSize), s.Load64(mt+MapSlotSize), s.Load64(mt+MapElemOff)
	flags := s.Load32(mt + MapFlags)
	data, mask := s.Load64(old+TabGroups), s.Load64(old+TabMask)&(MaxGroups-1)
	for i := uint64(0); i <= mask; i++ {
		g := data + i*size
		for full := ^s.Load64(g) & CtrlHigh; full != 0; full &= full - 1 {
			key := g + 8 + uint64(bits.TrailingZeros64(full)>>3)*slot
			at := key
			if flags&indirectKey != 0 {
				at = s.Load64(key)
			}
			hash, b := t.Hash(kt, at, seed, random)
			if b != 0 {
				return b
			}
			to := left
			if hash&bit != 0 {
				to = right
			}
			dst := t.enter(to, hash, size, slot)
			if dst == 0 {
				continue
			}
			if flags&indirectKey != 0 {
				s.Store64(dst, at)
			} else {
				move(kt, dst, key)
			}
			if flags&indirectElem != 0 {
				s.Store64(dst+eoff, s.Load64(key+eoff))
			} else {
				move(et, dst+eoff, key+eoff)
			}
		}
	}
	return 0
}

// enter takes the first free slot of a hash's probe sequence in a table without tombstones.
func (t *Types) enter(table, hash, size, slot uint64) mem.Addr {
	s := t.Space
	data, mask := s.Load64(table+TabGroups), s.Load64(table+TabMask)&(MaxGroups-1)
	off := hash >> 7 & mask
	for i := uint64(1); i <= mask+1; i++ {
		g := data + off*size
		if free := s.Load64(g) & CtrlHigh; free != 0 {
			j := uint64(bits.TrailingZeros64(free) >> 3)
			s.Store8(g+j, uint8(hash&0x7f))
			s.Store16(table+TabGrowth, s.Load16(table+TabGrowth)-1)
			s.Store16(table+TabUsed, s.Load16(table+TabUsed)+1)
			return g + 8 + j*slot
		}
		off = (off + i) & mask
	}
	return 0
}
