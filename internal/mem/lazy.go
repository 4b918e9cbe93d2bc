package mem

import (
	"fmt"
	"unsafe"
)

// Lazy is host-side memory outside the region, reserved in full and committed
// from its start as it is needed: the tables that describe the guest's memory.
// The guest cannot address it. What is committed is charged.
type Lazy struct {
	space *Space
	bytes []byte
	done  uint64 // bytes committed and charged, a multiple of the OS page
	kind  Kind
}

// Lazy reserves n bytes of host-side memory, released by Close.
func (s *Space) Lazy(n uint64, k Kind) (*Lazy, error) {
	n = (n + s.osPage - 1) &^ (s.osPage - 1)
	b, err := reserve(int(n))
	if err != nil {
		return nil, fmt.Errorf("reserving %d MiB for tables: %w", n>>20, err)
	}
	s.lazyMu.Lock()
	s.lazy = append(s.lazy, b)
	s.lazyMu.Unlock()
	adviseHuge(b)
	return &Lazy{space: s, bytes: b, kind: k}, nil
}

// Base is the host address of the first byte.
func (l *Lazy) Base() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(l.bytes)) }

// Cap is the reserved bytes.
func (l *Lazy) Cap() uint64 { return uint64(len(l.bytes)) }

// Committed is the bytes from the start that may be used.
func (l *Lazy) Committed() uint64 { return l.done }

// Grow makes the first n bytes usable; new ones are zero. It reports false when
// the limit or the host refuses. Calls must not overlap one another.
func (l *Lazy) Grow(n uint64) bool {
	if n <= l.done {
		return true
	}
	n = (n + l.space.osPage - 1) &^ (l.space.osPage - 1)
	if n > uint64(len(l.bytes)) || !l.space.Charge(int64(n-l.done), l.kind) {
		return false
	}
	if allow(l.bytes[l.done:n]) != nil {
		l.space.Uncharge(int64(n-l.done), l.kind)
		return false
	}
	l.done = n
	return true
}
