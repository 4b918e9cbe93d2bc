package marksweep

import (
	"math/bits"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// # Marking in span order
//
// Marking is bound by cache misses, not by arithmetic, so the order matters. The
// queue holds spans, not objects, first in first out. An object that is reached
// gets its mark bit; its span is queued if it is not. While a span waits, more
// of its objects are reached, and when its turn comes all that are marked and
// not scanned are scanned together, in address order: neighbours share cache
// lines and the prefetcher sees a stream. A depth-first stack of objects marks
// the same heap two to three times slower. (The idea is that of the Go runtime's
// "green tea" collector.)
//
//	Queued = span is in the queue, or holds no pointers and never needs to be
//	an object is white (no mark), grey (mark, no scan) or black (mark and scan)
//	a grey object's span is in the queue, or is being scanned
//
// Marking ends when the queue is empty: then nothing is grey.
//
// A pointer is resolved by two loads: the page table gives the span (no span is
// record 0, which has no slots), the span's reciprocal gives the slot. Numbers that are no pointers to an allocated slot
// fall out on the way, whatever they are. Type ids reach the heap through guest
// memory too: an unknown id means the unknown type, and no scan leaves its slot.
type marker struct {
	base    unsafe.Pointer // host address of guest address 0
	table   unsafe.Pointer // page → span id
	records unsafe.Pointer // span id → record
	span    uint64         // bytes of guest memory the page table covers, from mem.HeapBase
	types   []heap.TypeInfo

	queue      []uint32 // ring of span ids, a power of two, longer than the number of spans
	head, tail uint64   // taken, put; tail-head are in the queue

	strict bool   // words of stacks are never vague
	stray  uint64 // a pointer to a free slot, of those that cannot be vague; 0: none
	vague  bool   // what is looked at may be no pointers

	kind  gc.RootKind
	roots [gc.NumRootKinds]uint64 // bytes of roots shown
}

func (m *marker) begin(h *heap.Heap) {
	table, pages := h.PageTable()
	m.base, m.table, m.records = h.Space().Base(), table, unsafe.Pointer(h.SpanByID(0))
	m.span = pages << heap.PageShift
	m.types = h.Types()
	m.kind, m.roots = gc.RootGlobals, [gc.NumRootKinds]uint64{}
	m.head, m.tail = 0, 0
	m.strict, m.stray = gc.Strict(h), 0
	if n := h.SpanCount(); n > len(m.queue) {
		m.queue = make([]uint32, 1<<bits.Len(uint(max(n, 1023))))
	}
}

// Kind implements gc.Marker.
func (m *marker) Kind(k gc.RootKind) { m.kind = k }

// Pointer implements gc.Marker.
func (m *marker) Pointer(p mem.Addr) {
	m.roots[m.kind] += 8
	m.mark(p)
}

// Range implements gc.Marker.
func (m *marker) Range(base mem.Addr, words int, mask []uint64) {
	m.roots[m.kind] += uint64(words) * 8
	p := unsafe.Add(m.base, base&mem.Mask)
	m.vague = mask == nil || m.kind == gc.RootStacks && !m.strict
	defer func() { m.vague = false }()
	if mask == nil {
		for i := range words {
			m.try(*(*uint64)(unsafe.Add(p, i*8)))
		}
		return
	}
	for w := 0; w*64 < words; w++ {
		b := mask[w]
		if left := words - w*64; left < 64 {
			b &= 1<<left - 1
		}
		for ; b != 0; b &= b - 1 {
			m.try(*(*uint64)(unsafe.Add(p, (w*64+bits.TrailingZeros64(b))*8)))
		}
	}
}

// try marks the object p points into, if p can be a pointer at all.
func (m *marker) try(p uint64) {
	if p-mem.HeapBase < m.span {
		m.mark(p)
	}
}

// mark marks the object p points into.
func (m *marker) mark(p uint64) {
	off := p - mem.HeapBase
	if off >= m.span {
		return
	}
	id := *(*uint32)(unsafe.Add(m.table, off>>heap.PageShift*4))
	s := (*heap.Span)(unsafe.Add(m.records, uintptr(id)*heap.RecordUnit))
	i := (p - s.Base) * uint64(s.DivMagic) >> 32
	if i >= uint64(s.NSlots) {
		return
	}
	b := s.Bits(uint32(i / 64))
	bit := uint64(1) << (i % 64)
	if b.Alloc&^b.Mark&bit == 0 {
		if b.Alloc&bit == 0 && !m.vague {
			m.stray = p
		}
		return
	}
	b.Mark |= bit
	if s.Queued == 0 {
		m.enqueue(s, id)
	}
}

func (m *marker) enqueue(s *heap.Span, id uint32) {
	s.Queued = 1
	m.queue[m.tail&uint64(len(m.queue)-1)] = id
	m.tail++
}

// drain scans until nothing is grey.
func (m *marker) drain() {
	for m.head != m.tail {
		id := m.queue[m.head&uint64(len(m.queue)-1)]
		m.head++
		s := (*heap.Span)(unsafe.Add(m.records, uintptr(id)*heap.RecordUnit))
		n := s.Windows()
		for w := range n {
			m.window(s, w)
		}
		s.Queued = 0
		for w := range n {
			if b := s.Bits(w); b.Mark != b.Scan { // marked behind our back
				m.enqueue(s, id)
				break
			}
		}
	}
}

// window scans the grey objects of a window, and those that turn grey
// meanwhile.
func (m *marker) window(s *heap.Span, w uint32) {
	b := s.Bits(w)
	size := s.Size
	start := unsafe.Add(m.base, s.Base+uint64(w)*64*size)
	types := unsafe.Add(s.Types, uintptr(w)*64*4)
	span, table, records := m.span, m.table, m.records
	for {
		todo := b.Mark &^ b.Scan
		if todo == 0 {
			return
		}
		b.Scan |= todo
		for ; todo != 0; todo &= todo - 1 {
			i := uint64(bits.TrailingZeros64(todo))
			id := *(*uint32)(unsafe.Add(types, i*4))
			if int(id) >= len(m.types) {
				id = 0
			}
			t := &m.types[id]
			obj := unsafe.Add(start, i*size)
			if id == 0 || t.Size*2 <= size || t.Words > 64 || t.Words*8 > size {
				m.vague = id == 0
				m.elements(obj, s.Extent, t)
				m.vague = false
				continue
			}
			for mask := t.Mask0; mask != 0; mask &= mask - 1 {
				// mark, written out: the tables stay in registers.
				p := *(*uint64)(unsafe.Add(obj, bits.TrailingZeros64(mask)*8))
				off := p - mem.HeapBase
				if off >= span {
					continue
				}
				id := *(*uint32)(unsafe.Add(table, off>>heap.PageShift*4))
				to := (*heap.Span)(unsafe.Add(records, uintptr(id)*heap.RecordUnit))
				i := (p - to.Base) * uint64(to.DivMagic) >> 32
				if i >= uint64(to.NSlots) {
					continue
				}
				b := to.Bits(uint32(i / 64))
				bit := uint64(1) << (i % 64)
				if b.Alloc&^b.Mark&bit == 0 {
					if b.Alloc&bit == 0 {
						m.stray = p
					}
					continue
				}
				b.Mark |= bit
				if to.Queued == 0 {
					m.enqueue(to, id)
				}
			}
		}
	}
}

// elements scans the n bytes at obj, which hold elements of t back to back.
func (m *marker) elements(obj unsafe.Pointer, n uint64, t *heap.TypeInfo) {
	if t.Words == 0 {
		return
	}
	if t.Size == 8 { // pointers, nothing else
		for e := uint64(0); e+8 <= n; e += 8 {
			m.try(*(*uint64)(unsafe.Add(obj, e)))
		}
		return
	}
	for e := uint64(0); e+t.Words*8 <= n; e += t.Size {
		for mask := t.Mask0; mask != 0; mask &= mask - 1 {
			m.try(*(*uint64)(unsafe.Add(obj, e+uint64(bits.TrailingZeros64(mask))*8)))
		}
		for w := uint64(64); w < t.Words; w += 64 {
			mask := t.Type.Mask[w/64]
			if left := t.Words - w; left < 64 {
				mask &= 1<<left - 1
			}
			for ; mask != 0; mask &= mask - 1 {
				m.try(*(*uint64)(unsafe.Add(obj, e+(w+uint64(bits.TrailingZeros64(mask)))*8)))
			}
		}
	}
}

// scan follows the pointers of the object in a slot without marking it.
func (m *marker) scan(s *heap.Span, slot uint32) {
	if s.NoScan() {
		return
	}
	id := int(s.TypeID(slot))
	if id >= len(m.types) {
		id = 0
	}
	m.vague = id == 0
	m.elements(unsafe.Add(m.base, s.SlotAddr(slot)), s.Extent, &m.types[id])
	m.vague = false
}
