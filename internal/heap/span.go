package heap

import (
	"fmt"
	"math/bits"
	"sync/atomic"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// # Spans
//
// A span is a run of pages cut into slots of one size class, or one large
// object, or goroutine stacks. Its record is host memory outside both the
// guest's region and the host's heap:
//
//	0         64                          64+24*words          (id*64 = offset in the table of records)
//	| header  | alloc mark scan | … | …  | type id per slot … |
//
// One triple of bitmap words describes a window of 64 slots; the three stand side
// by side because the marker reads one and writes another of the same slot.
// Records are recycled by size and named by a 32-bit id, which is what the page
// table holds: page → id → record, two loads without a lock.
//
//	alloc bit i = slot i holds an object, or is in the window of a cache
//	scan ⊆ mark ⊆ alloc;  mark = scan = 0 outside a collection
//	no bit is set for slots >= NSlots
//
// A span moves through
//
//	free record --new--> owned by a cache <--> central (partial or full) --last slot swept--> free record
//
// and while a cache owns it nobody else touches its alloc bits.

// Bits is the state of a window of 64 slots. Collectors own Mark and Scan, but for
// the windows of caches while they mark beside the program (beside.go).
type Bits struct {
	Alloc uint64 // the slot holds an object
	Mark  uint64 // the object has been reached in this cycle
	Scan  uint64 // its pointers have been followed
}

// Span describes a run of pages. The exported fields are for collectors and
// walkers; only Queued is theirs to write.
type Span struct {
	Base     mem.Addr       // first byte
	Size     uint64         // bytes of a slot; for a large object all its pages
	Extent   uint64         // bytes of a slot that may hold pointers; Size except for large objects
	Types    unsafe.Pointer // *[NSlots]abi.TypeID, nil when none are kept
	NSlots   uint32         // 0: no objects here (stacks)
	DivMagic uint32         // offset*DivMagic>>32 = slot; 0 for large objects
	NPages   uint32
	id       uint32 // offset of the record / 64
	all      uint32 // index in Heap.all
	Queued   uint32 // 1: the marker has it in its queue, or never needs to (noscan); atomic while marking beside the program
	Class    SpanClass
	gen      uint8  // generation of sweeping, see beside.go
	state    uint8  // spanFree, spanObjects, spanStacks
	flags    uint8  // needZero, owned; guarded by who owns the span or central.mu
	first    uint32 // root of the tree of specials, 0: none; guarded by specialMu
}

const (
	spanFree = iota
	spanObjects
	spanStacks
)

const (
	needZero = 1 << iota // free slots outside caches may hold old bytes
	owned                // a cache holds the span
)

const (
	RecordUnit = 64 // bytes; the record of span id starts at id*RecordUnit
	spanHeader = 64 // bytes before the bitmaps
	maxRecord  = spanHeader + 16*24 + 1024*4
)

// static check that the header fits
var _ [spanHeader - unsafe.Sizeof(Span{})]byte

// Bits is window w of the span: slots 64w to 64w+63.
func (s *Span) Bits(w uint32) *Bits {
	return (*Bits)(unsafe.Add(unsafe.Pointer(s), spanHeader+uintptr(w)*unsafe.Sizeof(Bits{})))
}

// Windows is the number of windows.
func (s *Span) Windows() uint32 { return (s.NSlots + 63) / 64 }

// valid is the mask of the slots of window w that exist.
func (s *Span) valid(w uint32) uint64 {
	if n := s.NSlots - w*64; n < 64 {
		return 1<<n - 1
	}
	return ^uint64(0)
}

// TypeID is the type id of slot i, 0 when none are kept. It is only meaningful
// for allocated slots.
func (s *Span) TypeID(i uint32) abi.TypeID {
	if s.Types == nil {
		return 0
	}
	return *(*abi.TypeID)(unsafe.Add(s.Types, uintptr(i)*4))
}

// SlotAddr is the first byte of slot i.
func (s *Span) SlotAddr(i uint32) mem.Addr { return s.Base + uint64(i)*s.Size }

// ID names the span as long as it lives; ids are used again.
func (s *Span) ID() uint32 { return s.id }

// NoScan reports whether the objects hold no pointers.
func (s *Span) NoScan() bool { return s.Class.NoScan() }

// Large reports whether the span is one large object.
func (s *Span) Large() bool { return s.Class.Class() == 0 && s.state == spanObjects }

// live counts the allocated slots.
func (s *Span) live() (n uint32) {
	for w := range s.Windows() {
		n += uint32(bits.OnesCount64(s.Bits(w).Alloc))
	}
	return n
}

// slotCount is the slots and windows of a span of class c.
func slotCount(c uint8) uint32 {
	if c == 0 {
		return 1
	}
	return uint32(classPages[c]) * PageSize / uint32(classSize[c])
}

// recordSize is the bytes of the record of a span with n slots.
func recordSize(n uint32, types bool) uint64 {
	size := spanHeader + uint64((n+63)/64)*uint64(unsafe.Sizeof(Bits{}))
	if types {
		size += uint64(n) * 4
	}
	return (size + RecordUnit - 1) &^ (RecordUnit - 1)
}

// SpanByID is the span of an id found in the page table.
func (h *Heap) SpanByID(id uint32) *Span {
	return (*Span)(unsafe.Add(h.recordBase, uintptr(id)*RecordUnit))
}

// PageTable is the address of the table that maps page (a-mem.HeapBase)>>PageShift
// to a span id, and the number of pages it covers now. Id 0 is no span.
func (h *Heap) PageTable() (unsafe.Pointer, uint64) { return h.tableBase, h.tablePages.Load() }

// SpanOf is the span whose pages hold address a, or nil. Any number may be
// asked about.
func (h *Heap) SpanOf(a mem.Addr) *Span {
	p := (a - mem.HeapBase) >> PageShift
	if p >= h.tablePages.Load() {
		return nil
	}
	id := atomic.LoadUint32((*uint32)(unsafe.Add(h.tableBase, p*4)))
	if id == 0 {
		return nil
	}
	return h.SpanByID(id)
}

// InStack reports whether an address lies in a goroutine's stack, or a free one.
func (h *Heap) InStack(a mem.Addr) bool {
	s := h.SpanOf(a)
	return s != nil && s.state == spanStacks
}

// Object resolves a pointer into an object, also an interior one: its first
// byte, its slot's bytes, its span and slot number. It reports false for
// anything else. Slots in the window of a cache count as objects, so the answer
// for a dangling pointer is only reliable when caches are flushed.
func (h *Heap) Object(a mem.Addr) (base mem.Addr, size uint64, s *Span, slot uint32, ok bool) {
	s = h.SpanOf(a)
	if s == nil {
		return
	}
	i := uint32((a - s.Base) * uint64(s.DivMagic) >> 32)
	if i >= s.NSlots || s.Bits(i/64).Alloc>>(i%64)&1 == 0 {
		return 0, 0, nil, 0, false
	}
	return s.SlotAddr(i), s.Size, s, i, true
}

// newRecord takes the record of a span with n slots. Its header and bitmaps are
// zero. h.mu is held.
func (h *Heap) newRecord(n uint32, types bool) *Span {
	size := recordSize(n, types)
	list := &h.freeRecords[size/RecordUnit]
	var s *Span
	if k := len(*list); k > 0 {
		s = h.SpanByID((*list)[k-1])
		*list = (*list)[:k-1]
		id := s.id
		clear(unsafe.Slice((*byte)(unsafe.Pointer(s)), spanHeader+uintptr((n+63)/64)*unsafe.Sizeof(Bits{})))
		s.id = id
	} else {
		end := h.recordTop + size
		if end > h.records.Committed() {
			ahead := max(recordGrow, min(uint64(1)<<bits.Len64(end/8), recordGrowMost))
			if !h.records.Grow((end+ahead-1)&^(ahead-1)) && !h.records.Grow(end) {
				return nil
			}
		}
		s = h.SpanByID(uint32(h.recordTop / RecordUnit))
		s.id = uint32(h.recordTop / RecordUnit)
		h.recordTop = end
	}
	s.NSlots = n
	if types {
		s.Types = unsafe.Add(unsafe.Pointer(s), spanHeader+uintptr((n+63)/64)*unsafe.Sizeof(Bits{}))
	}
	return s
}

// The table of records is committed in steps of an eighth of its size, between
// these numbers of bytes.
const (
	recordGrow     = 32 << 10
	recordGrowMost = 2 << 20
)

// freeRecord gives a record back. h.mu is held.
func (h *Heap) freeRecord(s *Span, n uint32, types bool) {
	s.state = spanFree
	s.NSlots = 0
	list := &h.freeRecords[recordSize(n, types)/RecordUnit]
	*list = append(*list, s.id)
}

// newSpan takes npages pages for objects of class c. extent is the bytes that a
// large object may use. It returns nil when the limit or the region has no room.
func (ca *Cache) newSpan(c SpanClass, npages, extent uint64) *Span {
	h, n := ca.heap, slotCount(c.Class())
	types := !c.NoScan() || h.keepTypes
	p, zero, ok := ca.allocPages(npages, mem.KindHeap)
	if !ok {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.newRecord(n, types)
	if s == nil || !h.mapPages(p+npages) || !h.addSpan(s) {
		if s != nil {
			h.freeRecord(s, n, types)
		}
		h.pages.release(p, npages, mem.KindHeap)
		return nil
	}
	s.Base = pageAddr(p)
	s.NPages = uint32(npages)
	s.Class = c
	s.state = spanObjects
	s.gen = h.gen
	if s.Queued = 0; c.NoScan() {
		s.Queued = 1
	}
	s.Size, s.Extent = ClassSize(c.Class()), ClassSize(c.Class())
	s.DivMagic = classMagic[c.Class()]
	if c.Class() == 0 {
		s.Size, s.Extent = npages<<PageShift, extent
	}
	if !zero {
		s.flags = needZero
	}
	h.setPages(p, npages, s.id)
	return s
}

// listCost is the bytes charged for a span's places in the lists of all spans,
// of partial spans, of free records and in a mark queue.
const listCost = 24

// addSpan puts s on the list of all spans. h.mu is held.
func (h *Heap) addSpan(s *Span) bool {
	if len(h.all) == cap(h.all) {
		n := max(256, cap(h.all)*2)
		if !h.space.Charge(int64(n-cap(h.all))*listCost, mem.KindMetadata) {
			return false
		}
		h.all = append(make([]uint32, 0, n), h.all...)
	}
	s.all = uint32(len(h.all))
	h.all = append(h.all, s.id)
	return true
}

// freeSpan gives the pages and the record of s back. No slot is allocated, no
// list and no cache has it.
func (h *Heap) freeSpan(s *Span) {
	p, n, k := addrPage(s.Base), uint64(s.NPages), mem.KindHeap
	if s.state == spanStacks {
		k = mem.KindStack
	} else if s.state != spanObjects {
		panic(fmt.Sprintf("BUG: heap: freeing span %d at %#x in state %d", s.id, s.Base, s.state))
	}
	h.mu.Lock()
	h.setPages(p, n, 0)
	last := h.all[len(h.all)-1]
	h.SpanByID(last).all = s.all
	h.all[s.all] = last
	h.all = h.all[:len(h.all)-1]
	if s.state == spanStacks {
		h.freeRecord(s, stackSlots, false)
	} else {
		h.freeRecord(s, s.NSlots, s.Types != nil)
	}
	h.mu.Unlock()
	h.pages.release(p, n, k)
}

// mapPages makes the page table cover the pages below top. h.mu is held.
func (h *Heap) mapPages(top uint64) bool {
	if top <= h.tablePages.Load() {
		return true
	}
	if !h.table.Grow(top * 4) {
		return false
	}
	h.tablePages.Store(min(h.table.Committed()/4, maxPages))
	return true
}

func (h *Heap) setPages(p, n uint64, id uint32) {
	for i := range n {
		atomic.StoreUint32((*uint32)(unsafe.Add(h.tableBase, (p+i)*4)), id)
	}
}

// SpanCount is the number of spans in use.
func (h *Heap) SpanCount() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.all)
}
