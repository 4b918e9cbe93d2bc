package abi

// # Pointer maps of types
//
// The collector learns where the pointers of an object are from the object's
// type: the allocator stores one TypeID per slot, host-side, and the marker
// looks the type's mask up. The mask has a bit for every 8-byte word of the
// first PtrBytes bytes; words behind them hold no pointers. An object that is
// larger than its type holds several elements, Size bytes apart.

// TypeID names a GCType that has been registered with a heap. 0 is the unknown
// type: every word of the object may be a pointer.
type TypeID uint32

// GCType is what the collector must know about a type.
//
//	PtrBytes <= Size, both multiples of 8 when PtrBytes > 0
//	len(Mask) = ceil(PtrBytes/8/64)
//	bit i of Mask (bit i%64 of Mask[i/64]) = word i of the element is a pointer
type GCType struct {
	Size     uint64   // bytes from one element to the next
	PtrBytes uint64   // bytes of an element up to and including its last pointer
	Mask     []uint64 // pointer bits of the words in PtrBytes
	Name     string   // as the guest would print the type
	RType    uint64   // guest address of the type descriptor, or 0
}

// Pointer reports whether word i (of 8 bytes) of an element is a pointer.
func (t *GCType) Pointer(i uint64) bool {
	return i < t.PtrBytes/8 && t.Mask[i/64]>>(i%64)&1 != 0
}
