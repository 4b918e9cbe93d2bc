package mem

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
)

// ErrLimit is what an error wraps that says that the limit leaves no room for something.
var ErrLimit = errors.New("out of memory")

// Kind says what charged bytes are for.
type Kind uint8

// The kinds of the account.
const (
	KindData     Kind = iota // program image
	KindHeap                 // heap spans in use
	KindStack                // goroutine stacks
	KindIdle                 // committed heap pages that hold nothing now
	KindMetadata             // host side: span table, type ids, mark bits, specials
	KindRecord               // host side: goroutines, timers, waiters, descriptors; see charged
	KindCode                 // host side: bytecode and tables of the program
	NumKinds
)

var kindNames = [NumKinds]string{"data", "heap", "stack", "idle", "metadata", "record", "code"}

// String is the kind's name as reports print it.
func (k Kind) String() string {
	if k < NumKinds {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Records are objects of the host's own heap. What becomes garbage there, among it the old
// halves of tables that grow, stands beside what lives until the host collects. So
// a byte of a record is charged as one and a half; the rest of the host's share
// at GOGC=100 is the overhead that embedders are told of.

// charged is the bytes on the account for n bytes of kind k. n is even, or what is given back
// in one piece is what was taken in one.
func charged(n int64, k Kind) int64 {
	if k == KindRecord && n > 0 {
		return n + n/2
	}
	return n
}

// account holds the figures of one space.
//
//	used = sum of kinds        (when no call is in progress)
//	used <= limit
//	peak >= used
type account struct {
	limit atomic.Int64 // bytes
	used  atomic.Int64 // bytes
	peak  atomic.Int64 // bytes
	kinds [NumKinds]atomic.Int64
}

// Charge takes n bytes of kind k from the account for host-side bookkeeping. If
// the limit is in the way, the heap is asked to give up idle pages first. It
// reports false, with nothing charged, when the limit would still be crossed or
// n is negative.
func (s *Space) Charge(n int64, k Kind) bool {
	if s.TryCharge(n, k) {
		return true
	}
	if n < 0 || s.reclaim == nil {
		return false
	}
	return s.reclaim(uint64(charged(n, k))) > 0 && s.TryCharge(n, k)
}

// SetReclaim sets the function that Charge calls when the limit is in the way:
// it decommits about n idle bytes and returns how many. It must be set before
// anything is charged, and must itself only use TryCharge.
func (s *Space) SetReclaim(f func(n uint64) uint64) { s.reclaim = f }

// TryCharge is Charge without asking for idle pages.
func (s *Space) TryCharge(n int64, k Kind) bool {
	if n < 0 || n > Size {
		return false
	}
	n = charged(n, k)
	a := &s.account
	for {
		old := a.used.Load()
		now := old + n
		if now > a.limit.Load() || now < old {
			return false
		}
		if a.used.CompareAndSwap(old, now) {
			a.kinds[k].Add(n)
			for {
				p := a.peak.Load()
				if p >= now || a.peak.CompareAndSwap(p, now) {
					return true
				}
			}
		}
	}
}

// Uncharge gives n bytes of kind k back to the account.
func (s *Space) Uncharge(n int64, k Kind) {
	n = charged(n, k)
	s.account.kinds[k].Add(-n)
	s.account.used.Add(-n)
}

// Shift moves n charged bytes from one kind to another; Used stays the same.
func (s *Space) Shift(n int64, from, to Kind) {
	s.account.kinds[from].Add(-n)
	s.account.kinds[to].Add(n)
}

// Limit is the most bytes the account may hold.
func (s *Space) Limit() uint64 { return uint64(s.account.limit.Load()) }

// SetLimit changes the limit; 0 means the region's size. A limit below Used
// refuses every further charge until enough is given back.
func (s *Space) SetLimit(n uint64) {
	if n == 0 || n > Size {
		n = Size
	}
	s.account.limit.Store(int64(n))
}

// Used is the bytes on the account now.
func (s *Space) Used() uint64 { return uint64(s.account.used.Load()) }

// Peak is the most bytes the account ever held.
func (s *Space) Peak() uint64 { return uint64(s.account.peak.Load()) }

// UsedBy is the bytes of one kind on the account now.
func (s *Space) UsedBy(k Kind) uint64 { return uint64(max(0, s.account.kinds[k].Load())) }

// Breakdown prints the account by kind, for out-of-memory reports:
//
//	limit 16777216, used 16773120: data 69632, heap 15728640, stack 65536, …
func (s *Space) Breakdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "limit %d, used %d:", s.Limit(), s.Used())
	sep := " "
	for k := Kind(0); k < NumKinds; k++ {
		if n := s.UsedBy(k); n != 0 {
			fmt.Fprintf(&b, "%s%s %d", sep, k, n)
			sep = ", "
		}
	}
	return b.String()
}
