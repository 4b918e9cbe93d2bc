package mem

import (
	"math"
	"unsafe"
)

// Ptr is the host address of guest address a, masked into the region. The byte
// there may be uncommitted; touching it then faults.
func (s *Space) Ptr(a Addr) unsafe.Pointer { return unsafe.Add(s.base, a&Mask) }

// Load8 reads the byte at a.
func (s *Space) Load8(a Addr) uint8 { return *(*uint8)(s.Ptr(a)) }

// Load16 reads the two bytes at a, in the host's (little-endian) order.
func (s *Space) Load16(a Addr) uint16 { return *(*uint16)(s.Ptr(a)) }

// Load32 reads the four bytes at a.
func (s *Space) Load32(a Addr) uint32 { return *(*uint32)(s.Ptr(a)) }

// Load64 reads the eight bytes at a.
func (s *Space) Load64(a Addr) uint64 { return *(*uint64)(s.Ptr(a)) }

// LoadF32 reads the float32 at a.
func (s *Space) LoadF32(a Addr) float32 { return math.Float32frombits(s.Load32(a)) }

// LoadF64 reads the float64 at a.
func (s *Space) LoadF64(a Addr) float64 { return math.Float64frombits(s.Load64(a)) }

// Store8 writes the byte at a.
func (s *Space) Store8(a Addr, v uint8) { *(*uint8)(s.Ptr(a)) = v }

// Store16 writes the two bytes at a.
func (s *Space) Store16(a Addr, v uint16) { *(*uint16)(s.Ptr(a)) = v }

// Store32 writes the four bytes at a.
func (s *Space) Store32(a Addr, v uint32) { *(*uint32)(s.Ptr(a)) = v }

// Store64 writes the eight bytes at a.
func (s *Space) Store64(a Addr, v uint64) { *(*uint64)(s.Ptr(a)) = v }

// StoreF32 writes the float32 at a.
func (s *Space) StoreF32(a Addr, v float32) { s.Store32(a, math.Float32bits(v)) }

// StoreF64 writes the float64 at a.
func (s *Space) StoreF64(a Addr, v float64) { s.Store64(a, math.Float64bits(v)) }

// InRegion reports whether [a, a+n) lies between Floor and TextBase, where
// guest memory can be. It says nothing about the range being committed.
func InRegion(a Addr, n uint64) bool {
	return n == 0 || a >= Floor && a < TextBase && n <= TextBase-a
}

// Bytes is the guest bytes [a, a+n) as a host slice that shares their memory.
// It reports false when the range does not lie where guest memory can be; an
// empty range is always good. Address and length may come from the guest. The
// range may still be uncommitted: touching it then faults.
func (s *Space) Bytes(a Addr, n uint64) ([]byte, bool) {
	if n == 0 {
		return nil, true
	}
	if !InRegion(a, n) {
		return nil, false
	}
	return s.host(a, n), true
}

// ReadString copies the guest bytes [a, a+n) into a host string. It reports
// false as Bytes does.
func (s *Space) ReadString(a Addr, n uint64) (string, bool) {
	b, ok := s.Bytes(a, n)
	return string(b), ok
}

// Write copies b to guest address a. It reports false, with nothing written,
// when the range does not lie where guest memory can be.
func (s *Space) Write(a Addr, b []byte) bool {
	dst, ok := s.Bytes(a, uint64(len(b)))
	copy(dst, b)
	return ok
}

// Copy moves n bytes from src to dst; the ranges may overlap. It reports false,
// with nothing moved, when a range does not lie where guest memory can be.
func (s *Space) Copy(dst, src Addr, n uint64) bool {
	d, ok1 := s.Bytes(dst, n)
	f, ok2 := s.Bytes(src, n)
	if !ok1 || !ok2 {
		return false
	}
	copy(d, f)
	return true
}

// Zero clears n bytes at a. It reports false, with nothing cleared, when the
// range does not lie where guest memory can be.
func (s *Space) Zero(a Addr, n uint64) bool {
	b, ok := s.Bytes(a, n)
	clear(b)
	return ok
}

// Touch has the host back the n committed bytes at a, which nobody has written yet and nobody else
// uses.
func (s *Space) Touch(a Addr, n uint64) {
	b := s.host(a, n)
	for i := uint64(0); i < n; i += s.osPage {
		b[i] = 0
	}
}
