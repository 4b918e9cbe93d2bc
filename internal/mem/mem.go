// Package mem is the guest's address space: one reserved region of host
// addresses per machine, parts of which are committed as the guest needs them,
// and the account against which everything the guest makes us allocate is
// charged.
//
// # The region
//
// A machine owns Size bytes (a power of two) of host address space, reserved
// without access and without backing. A guest address is an offset in that
// region, so the whole space can be copied elsewhere and stays valid. Every
// access is base + (addr & Mask): whatever number the guest computes, the
// access lands inside the region or in the guard behind it, which is never
// mapped and is wider than the widest single access.
//
//	0            64 KiB      1 MiB        1 GiB+1 MiB   4 GiB         32 GiB     64 GiB
//	| never mapped | (unused) | image      | (unused)   | heap, stacks | text     | guard
//	0              Floor      DataBase     DataEnd      HeapBase       TextBase   Size
//	                                                                   =HeapEnd
//
// Addresses below Floor are never mapped, so that a nil dereference with a small
// offset faults. Addresses from TextBase up are code pointers; code lives on the
// host's side and nothing is ever mapped there.
//
// # Commit, decommit, seal
//
// A range of OS pages is in one of three states:
//
//	reserved  --Commit-->  committed (read, write)  --Seal-->  sealed (read)
//	reserved <-Decommit--  committed, sealed
//
// Committed memory reads as zero until it is written; decommitted memory loses
// its contents and its access rights, so that it cannot come back without being
// charged. The space does not remember which pages are in which state: the room
// that commits a range owns it and commits it once.
//
// # The account
//
// Used = committed bytes + charged host bookkeeping, split by Kind. Used never
// exceeds Limit: a Commit or Charge that would cross it does nothing and says
// false. Peak is the highest Used seen. The sum over kinds equals Used whenever
// no call is in progress.
package mem

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"unsafe"
)

// Addr is a guest address: an offset in the region. 0 is nil.
type Addr = uint64

// The layout of every region, in bytes.
const (
	SizeBits = 36
	Size     = 1 << SizeBits // bytes of guest address space
	Mask     = Size - 1      // applied to every address before an access
	Guard    = 64 << 10      // bytes behind the region that are never mapped

	Floor    = 64 << 10 // nothing below is ever mapped
	DataBase = 1 << 20  // program image: rodata, data, bss
	DataEnd  = 4 << 30  // first address behind the image's room
	HeapBase = 4 << 30  // spans and goroutine stacks
	HeapEnd  = 1 << 35  // first address behind the heap's room
	TextBase = 1 << 35  // addresses from here up are code pointers
)

// hugePage is the alignment of the region's base, so that guest and host agree
// about which ranges can be backed by one huge page.
const hugePage = 2 << 20

// Space is the address space and the account of one machine. Its methods may be
// called from any goroutine; loads and stores are as atomic as the host's plain
// accesses of that width.
type Space struct {
	base    unsafe.Pointer // host address of guest address 0; nil after Close
	mapping []byte         // the whole reservation, as the host gave it
	osPage  uint64         // bytes, a power of two
	account account
	reclaim func(n uint64) uint64 // see SetReclaim

	lazyMu sync.Mutex
	lazy   [][]byte // host-side reservations; guarded by lazyMu

	closeOnce sync.Once
}

// New reserves a space whose account is limited to limit bytes; 0 means that
// only the region's size limits it. The error is the host's refusal to reserve
// the addresses.
func New(limit uint64) (*Space, error) {
	m, err := reserve(Size + Guard + hugePage)
	if err != nil {
		return nil, fmt.Errorf("reserving %d GiB of address space: %w", Size>>30, err)
	}
	start := unsafe.Pointer(unsafe.SliceData(m))
	skip := -uintptr(start) & (hugePage - 1)
	s := &Space{
		base:    unsafe.Add(start, skip),
		mapping: m,
		osPage:  uint64(os.Getpagesize()),
	}
	if limit == 0 || limit > Size {
		limit = Size
	}
	s.account.limit.Store(int64(limit))
	adviseHuge(s.host(HeapBase, HeapEnd-HeapBase))
	return s, nil
}

// Close gives the region back to the host. No access may be in progress or
// follow.
func (s *Space) Close() error {
	var err error
	s.closeOnce.Do(func() {
		s.base = nil
		err = release(s.mapping)
		s.mapping = nil
		for _, b := range s.lazy {
			err = errors.Join(err, release(b))
		}
		s.lazy = nil
	})
	return err
}

// Base is the host address of guest address 0. It does not change until Close.
func (s *Space) Base() unsafe.Pointer { return s.base }

// OSPage is the host's page size in bytes, the granularity of Commit, Decommit
// and Seal.
func (s *Space) OSPage() uint64 { return s.osPage }

// host returns the host bytes of [a, a+n), which lie inside the region.
func (s *Space) host(a Addr, n uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(s.base, a)), n)
}

// pages checks a range given by the host side of the machine and rounds its
// length up to whole OS pages. A bad range is our own bug.
func (s *Space) pages(op string, a Addr, n uint64) uint64 {
	up := (n + s.osPage - 1) &^ (s.osPage - 1)
	if a&(s.osPage-1) != 0 || a < Floor || n > Size || a > Size-up {
		panic(fmt.Sprintf("BUG: mem: %s of [%#x, +%#x): not whole OS pages of the region", op, a, n))
	}
	return up
}

// Commit makes the n bytes at a readable, writable and zero, and charges them
// as kind k; n is rounded up to whole OS pages and a must be the start of one.
// It reports false, with nothing changed, when the limit or the host refuses.
func (s *Space) Commit(a Addr, n uint64, k Kind) bool {
	n = s.pages("commit", a, n)
	if n == 0 {
		return true
	}
	if !s.TryCharge(int64(n), k) {
		return false
	}
	if err := allow(s.host(a, n)); err != nil {
		s.Uncharge(int64(n), k)
		return false
	}
	return true
}

// Decommit gives the backing of the n bytes at a back to the host and takes
// them off the account of kind k. The addresses stay reserved. It reports
// false, with the range still committed and charged, when the host refuses
// (for example because the process has too many mappings).
func (s *Space) Decommit(a Addr, n uint64, k Kind) bool {
	n = s.pages("decommit", a, n)
	if n == 0 {
		return true
	}
	if err := forget(s.host(a, n)); err != nil {
		return false
	}
	s.Uncharge(int64(n), k)
	return true
}

// Seal makes the n committed bytes at a read-only. A write then faults.
func (s *Space) Seal(a Addr, n uint64) error {
	n = s.pages("seal", a, n)
	if n == 0 {
		return nil
	}
	return readOnly(s.host(a, n))
}
