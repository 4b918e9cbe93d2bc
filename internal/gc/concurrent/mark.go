package concurrent

import (
	"math/bits"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// # Marking by many
//
// The order is that of marksweep (its mark.go): the queue holds spans, first in
// first out, and a span's grey objects are scanned together. What is different
// is that others mark at the same time.
//
// A mark bit is set by an atomic or; who set it, counts the object. Queued goes
// from 0 to 1 by compare-and-swap; who moved it, queues the span. The worker that
// takes a span owns its scan bits until it stores 0 in Queued, and then looks
// again for marks without scans:
//
//	marker: set mark; if Queued == 0 …          worker: Queued = 0; if mark != scan …
//
// so that one of the two sees the other.
//
// A worker has a list of its own; it gives half of it away when the list is full,
// or when somebody waits.
const localSize = 256

type worker struct {
	*tables
	q          *queue
	local      [localSize]uint32 // ring
	head, tail uint64
	bytes      uint64 // of objects that this worker marked
	objects    uint64
	told       uint64        // bytes reported
	paid       *atomic.Int64 // credit for what is reported, or nil
	sharedKind
}

// tables are what resolving a pointer needs; made when marking begins.
type tables struct {
	heap    *heap.Heap
	base    unsafe.Pointer // host address of guest address 0
	table   unsafe.Pointer // page → span id
	records unsafe.Pointer // span id → record
	roots   [gc.NumRootKinds]atomic.Uint64
	bytes   atomic.Uint64 // marked by workers that have reported
	objects atomic.Uint64
}

func newTables(h *heap.Heap) *tables {
	table, _ := h.PageTable()
	return &tables{heap: h, base: h.Space().Base(), table: table, records: unsafe.Pointer(h.SpanByID(0))}
}

// sharedKind is the kind of root that is being shown.
type sharedKind struct{ kind gc.RootKind }

// Kind implements gc.Marker.
func (w *worker) Kind(k gc.RootKind) { w.kind = k }

// Pointer implements gc.Marker.
func (w *worker) Pointer(p mem.Addr) {
	w.roots[w.kind].Add(8)
	w.mark(p)
}

// Range implements gc.Marker.
func (w *worker) Range(base mem.Addr, words int, mask []uint64) {
	w.roots[w.kind].Add(uint64(words) * 8)
	p := unsafe.Add(w.base, base&mem.Mask)
	for i := 0; i < words; i += 64 {
		m := ^uint64(0)
		if mask != nil {
			m = mask[i/64]
		}
		if left := words - i; left < 64 {
			m &= 1<<left - 1
		}
		for ; m != 0; m &= m - 1 {
			w.mark(load(unsafe.Add(p, (i+bits.TrailingZeros64(m))*8)))
		}
	}
}

// load reads a word that the program may be writing.
func load(p unsafe.Pointer) uint64 { return atomic.LoadUint64((*uint64)(p)) }

// set marks the object p points into, if it points into an object, and reports
// whether its span must be queued.
func (t *tables) set(p uint64, bytes, objects *uint64) (id uint32, enqueue bool) {
	off := p - mem.HeapBase
	if off >= mem.HeapEnd-mem.HeapBase {
		return 0, false
	}
	if _, pages := t.heap.PageTable(); off>>heap.PageShift >= pages {
		return 0, false
	}
	id = atomic.LoadUint32((*uint32)(unsafe.Add(t.table, off>>heap.PageShift*4)))
	s := (*heap.Span)(unsafe.Add(t.records, uintptr(id)*heap.RecordUnit))
	i := (p - s.Base) * uint64(s.DivMagic) >> 32
	if i >= uint64(s.NSlots) {
		return 0, false
	}
	b := s.Bits(uint32(i / 64))
	bit := uint64(1) << (i % 64)
	if atomic.LoadUint64(&b.Alloc)&^atomic.LoadUint64(&b.Mark)&bit == 0 {
		return 0, false
	}
	if atomic.OrUint64(&b.Mark, bit)&bit != 0 {
		return 0, false
	}
	*bytes += s.Size
	*objects++
	return id, atomic.LoadUint32(&s.Queued) == 0 && atomic.CompareAndSwapUint32(&s.Queued, 0, 1)
}

func (w *worker) mark(p uint64) {
	if id, enqueue := w.set(p, &w.bytes, &w.objects); enqueue {
		w.push(id)
	}
}

func (w *worker) push(id uint32) {
	if n := w.tail - w.head; n == localSize || n > 2 && w.q.hungry.Load() > 0 {
		w.give(n / 2)
	}
	w.local[w.tail%localSize] = id
	w.tail++
}

// give puts the n oldest spans of the list into the queue.
func (w *worker) give(n uint64) {
	var out [localSize]uint32
	for i := range n {
		out[i] = w.local[w.head%localSize]
		w.head++
	}
	w.q.put(out[:n]...)
}

// report adds what the worker has marked to the cycle's count.
func (w *worker) report() {
	w.tables.bytes.Add(w.bytes)
	w.tables.objects.Add(w.objects)
	if w.paid != nil {
		w.paid.Add(int64(w.bytes))
	}
	w.told += w.bytes
	w.bytes, w.objects = 0, 0
}

// finish gives everything back.
func (w *worker) finish() {
	if n := w.tail - w.head; n > 0 {
		w.give(n)
	}
	w.report()
}

// drain scans until the queue is dry.
func (w *worker) drain() {
	q := w.q
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		for !q.take(w) {
			if q.active == 0 {
				q.more.Broadcast()
				return
			}
			q.hungry.Add(1)
			q.more.Wait()
			q.hungry.Add(-1)
		}
		q.active++
		q.mu.Unlock()
		w.empty(q.closing.Load)
		w.report()
		q.mu.Lock()
		if q.active--; q.closing.Load() {
			w.head, q.head = w.tail, q.tail
		}
	}
}

// some scans spans until stop says so or nothing is at hand, and gives back what
// is left.
func (w *worker) some(stop func() bool) {
	q := w.q
	for {
		q.mu.Lock()
		ok := q.take(w)
		if ok {
			q.active++
		}
		q.mu.Unlock()
		if !ok {
			return
		}
		w.empty(stop)
		if n := w.tail - w.head; n > 0 {
			w.give(n)
		}
		w.report()
		q.mu.Lock()
		if q.active--; q.active == 0 {
			q.more.Broadcast()
		}
		q.mu.Unlock()
		if stop() {
			return
		}
	}
}

// until is a stop condition.
func until(t time.Time) func() bool { return func() bool { return time.Now().After(t) } }

// empty scans the spans of the list.
func (w *worker) empty(stop func() bool) {
	for w.head != w.tail {
		id := w.local[w.head%localSize]
		w.head++
		s := (*heap.Span)(unsafe.Add(w.records, uintptr(id)*heap.RecordUnit))
		n := s.Windows()
		for i := range n {
			w.window(s, i)
		}
		atomic.StoreUint32(&s.Queued, 0)
		for i := range n {
			b := s.Bits(i)
			if atomic.LoadUint64(&b.Mark)&^atomic.LoadUint64(&b.Scan) != 0 {
				if atomic.CompareAndSwapUint32(&s.Queued, 0, 1) {
					w.push(id)
				}
				break
			}
		}
		if stop != nil && stop() {
			return
		}
	}
}

// window scans the grey objects of a window, and those that turn grey meanwhile.
func (w *worker) window(s *heap.Span, at uint32) {
	b := s.Bits(at)
	types := w.heap.Types()
	for {
		todo := atomic.LoadUint64(&b.Mark) &^ atomic.LoadUint64(&b.Scan)
		if todo == 0 {
			return
		}
		atomic.OrUint64(&b.Scan, todo)
		for ; todo != 0; todo &= todo - 1 {
			slot := at*64 + uint32(bits.TrailingZeros64(todo))
			w.scan(s, slot, types)
		}
	}
}

// scan follows the pointers of the object in a slot.
func (w *worker) scan(s *heap.Span, slot uint32, types []heap.TypeInfo) {
	if s.NoScan() {
		return
	}
	id := int(s.TypeID(slot))
	if id >= len(types) {
		id = 0
	}
	t := &types[id]
	if t.Words == 0 {
		return
	}
	obj, n := unsafe.Add(w.base, s.SlotAddr(slot)), s.Extent
	for e := uint64(0); e+t.Words*8 <= n; e += t.Size {
		for m := t.Mask0; m != 0; m &= m - 1 {
			if p := load(unsafe.Add(obj, e+uint64(bits.TrailingZeros64(m))*8)); p != 0 {
				w.mark(p)
			}
		}
		for word := uint64(64); word < t.Words; word += 64 {
			m := t.Type.Mask[word/64]
			if left := t.Words - word; left < 64 {
				m &= 1<<left - 1
			}
			for ; m != 0; m &= m - 1 {
				if p := load(unsafe.Add(obj, e+(word+uint64(bits.TrailingZeros64(m)))*8)); p != 0 {
					w.mark(p)
				}
			}
		}
	}
}

// shader marks for the program: goroutines that overwrite pointers, and those
// that scan a stack before it runs. Any number may use it at once.
type shader struct {
	*tables
	q *queue
}

// Kind implements gc.Marker: what is shown here is of goroutines.
func (*shader) Kind(gc.RootKind) {}

// Pointer implements gc.Marker.
func (h *shader) Pointer(p mem.Addr) { h.shade(p) }

// Range implements gc.Marker.
func (h *shader) Range(base mem.Addr, words int, mask []uint64) {
	w := worker{tables: h.tables, q: h.q, sharedKind: sharedKind{gc.RootStacks}}
	w.Range(base, words, mask)
	w.finish()
}

// shade marks one object.
func (h *shader) shade(p mem.Addr) {
	var bytes, objects uint64
	if id, enqueue := h.set(p, &bytes, &objects); enqueue {
		h.q.put(id)
	}
	if objects > 0 {
		h.tables.bytes.Add(bytes)
		h.tables.objects.Add(objects)
	}
}
