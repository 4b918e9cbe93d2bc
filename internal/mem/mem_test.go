package mem

import (
	"runtime/debug"
	"strings"
	"sync"
	"testing"
)

func space(t testing.TB, limit uint64) *Space {
	t.Helper()
	s, err := New(limit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

var sink uint64 // keeps loads that only matter for their fault

// faults reports whether f touches memory it may not touch.
func faults(f func()) (yes bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { yes = recover() != nil }()
	f()
	return false
}

func TestCommitLoadStore(t *testing.T) {
	s := space(t, 0)
	a := Addr(HeapBase)
	if !faults(func() { sink = uint64(s.Load8(a)) }) {
		t.Error("reserved memory can be read")
	}
	if !s.Commit(a, 10, KindHeap) {
		t.Fatal("commit refused")
	}
	if got := s.Used(); got != s.OSPage() {
		t.Errorf("used %d after committing 10 bytes, want one OS page", got)
	}
	s.Store64(a+8, 0x1122334455667788)
	if s.Load8(a+8) != 0x88 || s.Load16(a+8) != 0x7788 || s.Load32(a+12) != 0x11223344 || s.Load64(a+Size+8) != 0x1122334455667788 {
		t.Error("loads disagree with the store")
	}
	s.StoreF64(a, 1.5)
	if s.LoadF64(a) != 1.5 {
		t.Error("float64 lost")
	}
	if err := s.Seal(a, s.OSPage()); err != nil {
		t.Fatal(err)
	}
	if !faults(func() { s.Store8(a, 1) }) {
		t.Error("sealed memory can be written")
	}
	if s.Load64(a+8) != 0x1122334455667788 {
		t.Error("sealing changed the contents")
	}
	if !s.Decommit(a, s.OSPage(), KindHeap) || s.Used() != 0 {
		t.Error("decommit did not clear the account")
	}
	if !faults(func() { sink = uint64(s.Load8(a)) }) {
		t.Error("decommitted memory can be read")
	}
	if !s.Commit(a, 1, KindHeap) || s.Load64(a+8) != 0 {
		t.Error("recommitted memory is not zero")
	}
}

func TestNothingOutsideTheRegion(t *testing.T) {
	s := space(t, 0)
	for _, a := range []Addr{0, 8, Floor - 8, Mask, Mask - 3, Size - 1, 1<<63 + 5, ^Addr(0), TextBase} {
		if !faults(func() { sink = s.Load64(a) }) {
			t.Errorf("address %#x can be read", a)
		}
	}
}

func TestBytesChecksGuestRanges(t *testing.T) {
	s := space(t, 0)
	if !s.Commit(DataBase, 4096, KindData) {
		t.Fatal("commit refused")
	}
	if !s.Write(DataBase, []byte("terrarium")) {
		t.Fatal("write refused")
	}
	if got, ok := s.ReadString(DataBase+2, 3); !ok || got != "rra" {
		t.Errorf("ReadString = %q, %v", got, ok)
	}
	if !s.Copy(DataBase+1, DataBase, 9) {
		t.Error("copy refused")
	}
	if got, _ := s.ReadString(DataBase, 10); got != "tterrarium" {
		t.Errorf("overlapping copy gives %q", got)
	}
	s.Zero(DataBase, 2)
	if got, _ := s.ReadString(DataBase, 3); got != "\x00\x00e" {
		t.Errorf("after Zero %q", got)
	}
	for _, r := range [][2]uint64{{0, 1}, {DataBase, 1 << 63}, {DataBase, ^uint64(0)}, {TextBase - 4, 5}, {Size, 1}, {^uint64(0), 2}, {Floor - 1, 2}} {
		if _, ok := s.Bytes(r[0], r[1]); ok {
			t.Errorf("Bytes(%#x, %#x) accepted", r[0], r[1])
		}
	}
	if _, ok := s.Bytes(0, 0); !ok {
		t.Error("empty range refused")
	}
}

func TestLimit(t *testing.T) {
	s := space(t, 1<<20)
	if s.Commit(HeapBase, 1<<20+1, KindHeap) {
		t.Error("commit over the limit")
	}
	if !s.Charge(1<<20/3, KindRecord) || s.UsedBy(KindRecord) != 1<<20/3+1<<20/6 {
		t.Error("records are not charged with half again:", s.Breakdown())
	}
	s.Uncharge(1<<20/3, KindRecord)
	if !s.Charge(1<<19, KindMetadata) || s.Charge(1<<19+1, KindMetadata) || s.Charge(-1, KindRecord) || s.Charge(1<<62, KindRecord) {
		t.Error("charge does not keep the limit")
	}
	if !s.Commit(HeapBase, 1<<19, KindIdle) || s.Commit(HeapBase+1<<19, 1, KindHeap) {
		t.Error("commit does not keep the limit")
	}
	s.Shift(1<<19, KindIdle, KindStack)
	if s.UsedBy(KindStack) != 1<<19 || s.UsedBy(KindIdle) != 0 || s.Used() != 1<<20 || s.Peak() != 1<<20 {
		t.Error("wrong figures:", s.Breakdown())
	}
	if b := s.Breakdown(); !strings.Contains(b, "stack 524288") || !strings.Contains(b, "metadata 524288") {
		t.Error("breakdown", b)
	}
	s.Uncharge(1<<19, KindMetadata)
	if s.Used() != 1<<19 || s.Peak() != 1<<20 {
		t.Error("wrong figures after Uncharge:", s.Breakdown())
	}
}

func TestAccountFromManyGoroutines(t *testing.T) {
	s := space(t, 1000)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10000 {
				if s.Charge(300, KindRecord) {
					if s.Used() > 1000 {
						t.Error("over the limit")
					}
					s.Uncharge(300, KindRecord)
				}
			}
		})
	}
	wg.Wait()
	if s.Used() != 0 || s.Peak() > 1000 {
		t.Error(s.Breakdown(), "peak", s.Peak())
	}
}

func TestLazy(t *testing.T) {
	s := space(t, 1<<16)
	l, err := s.Lazy(1<<30, KindMetadata)
	if err != nil {
		t.Fatal(err)
	}
	if !l.Grow(1) || l.Committed() != s.OSPage() || s.UsedBy(KindMetadata) != s.OSPage() {
		t.Error("first page:", l.Committed(), s.Breakdown())
	}
	*(*byte)(l.Base()) = 1
	if l.Grow(1<<16 + 1) {
		t.Error("grew over the limit")
	}
	if !l.Grow(1<<16) || *(*byte)(l.Base()) != 1 {
		t.Error("growing lost the contents")
	}
}
