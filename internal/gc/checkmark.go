package gc

import (
	"fmt"

	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// CheckMark finds everything reachable once more, with the plainest algorithm
// there is, and compares with the mark bits. With exact, what is not reachable must
// not be marked. The world is stopped, marking is done, nothing is swept.
func CheckMark(h *heap.Heap, w World, exact bool) error {
	m := &plain{heap: h, seen: map[mem.Addr]bool{}}
	w.Roots(m)
	MarkSpecials(h, m, m.scan)
	m.drain()
	var err error
	h.Objects(func(a mem.Addr, s *heap.Span, slot uint32) {
		if marked := s.Bits(slot/64).Mark>>(slot%64)&1 != 0; marked != m.seen[a] && (exact || !marked) && err == nil {
			err = fmt.Errorf("BUG: gc: object at %#x (%d bytes, type %d): marked %v, reachable %v", a, s.Size, s.TypeID(slot), marked, m.seen[a])
		}
	})
	return err
}

// Strict reports whether a word of a stack that leads to a free slot ends the program as one of the heap or a global does. A stack
// map that says too much does no harm but to keep a little garbage; so only runs that look for mistakes take it amiss.
func Strict(h *heap.Heap) bool {
	f := h.Flags()
	return f.Check || f.Poison || debug.Checks
}

// Kept is what a special alone keeps alive, by the objects' addresses. The world is stopped.
func Kept(h *heap.Heap, s *heap.Span, slot uint32, sp *heap.Special) map[mem.Addr]bool {
	m := &plain{heap: h, seen: map[mem.Addr]bool{}}
	MarkSpecial(s, slot, sp, m, m.scan)
	m.drain()
	return m.seen
}

// plain marks with a map and a stack.
type plain struct {
	heap *heap.Heap
	seen map[mem.Addr]bool
	grey []mem.Addr
}

func (m *plain) Kind(RootKind) {}

func (m *plain) Range(base mem.Addr, words int, mask []uint64) {
	for i := range words {
		if mask == nil || mask[i/64]>>(i%64)&1 != 0 {
			m.Pointer(m.heap.Space().Load64(base + uint64(i)*8))
		}
	}
}

func (m *plain) Pointer(p mem.Addr) {
	if a, _, _, _, ok := m.heap.Object(p); ok && !m.seen[a] {
		m.seen[a] = true
		m.grey = append(m.grey, a)
	}
}

func (m *plain) drain() {
	for len(m.grey) > 0 {
		a := m.grey[len(m.grey)-1]
		m.grey = m.grey[:len(m.grey)-1]
		_, _, s, i, _ := m.heap.Object(a)
		m.scan(s, i)
	}
}

func (m *plain) scan(s *heap.Span, i uint32) {
	if s.NoScan() {
		return
	}
	types := m.heap.Types()
	id := int(s.TypeID(i))
	if id >= len(types) {
		id = 0
	}
	types[id].Pointers(s.SlotAddr(i), s.Extent, func(w mem.Addr) { m.Pointer(m.heap.Space().Load64(w)) })
}

// MarkSpecials shows a marker what specials keep alive. scan follows the
// pointers of an object without marking the object itself. The world is stopped.
func MarkSpecials(h *heap.Heap, m Marker, scan func(s *heap.Span, slot uint32)) {
	h.SpecialRoots(func(s *heap.Span, slot uint32, sp *heap.Special) { MarkSpecial(s, slot, sp, m, scan) })
}

// MarkSpecial is MarkSpecials for one of them.
func MarkSpecial(s *heap.Span, slot uint32, sp *heap.Special, m Marker, scan func(s *heap.Span, slot uint32)) {
	switch sp.Kind {
	case heap.SpecialFinalizer:
		scan(s, slot)
		m.Pointer(sp.Words[0])
		m.Pointer(sp.Words[2])
		m.Pointer(sp.Words[3])
	case heap.SpecialCleanup:
		m.Pointer(sp.Words[0])
		m.Pointer(sp.Words[1])
		m.Pointer(sp.Words[2])
	case heap.SpecialWeak:
		m.Pointer(sp.Words[0])
	}
}
