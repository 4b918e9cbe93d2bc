package concurrent

import (
	"math/bits"
	"sync/atomic"
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
// A worker takes items from the queue's head in batches and puts what it finds
// at the tail in batches. It has no stack or ring of its own: the longer a span
// waits, the more of its objects turn grey before its turn comes.
//
// A large object is cut into pieces, which are items of their own: many can share
// it, and nobody works longer at an item than the world can wait.
const (
	batch      = 64        // items
	pieceBytes = 128 << 10 // of a large object
	checkEvery = 32 << 10  // bytes scanned between two looks at stop
)

type worker struct {
	*tables
	q    *queue
	in   [batch]item // taken: in[next:n]
	next int
	n    int
	out  [batch]item // found: out[:nout]
	nout int
	kind gc.RootKind // of the roots that are shown

	found [128]uint64 // pointers of objects under scan, to be marked

	counts
	unchecked uint64       // bytes scanned since the last look at stop
	mine      atomic.Int64 // ns of fractional work in the cycle
}

// counts is what a marker has done, in bytes and objects.
type counts struct {
	bytes   uint64 // marked
	scan    uint64 // of bytes, in spans with pointers
	objects uint64 // marked
	work    uint64 // scanned: objects, stacks, globals
	vague   bool   // what is looked at may be no pointers
}

// tables are what resolving a pointer needs, and the sums of a cycle.
type tables struct {
	heap    *heap.Heap
	base    unsafe.Pointer // host address of guest address 0
	table   unsafe.Pointer // page → span id
	records unsafe.Pointer // span id → record

	roots  [gc.NumRootKinds]atomic.Uint64
	sum    struct{ bytes, scan, objects, work atomic.Uint64 } // of counts of those who have reported
	strict bool                                               // words of stacks are never vague
	stray  atomic.Uint64                                      // a pointer to a free slot, of those that cannot be vague; 0: none
	credit atomic.Int64                                       // bytes scanned that nobody owed; may be spent by assists
}

func (t *tables) begin(h *heap.Heap) {
	table, _ := h.PageTable()
	t.heap, t.base, t.table, t.records = h, h.Space().Base(), table, unsafe.Pointer(h.SpanByID(0))
	for k := range t.roots {
		t.roots[k].Store(0)
	}
	t.sum.bytes.Store(0)
	t.sum.scan.Store(0)
	t.sum.objects.Store(0)
	t.sum.work.Store(0)
	t.credit.Store(0)
	t.strict = gc.Strict(h)
	t.stray.Store(0)
}

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
	w.work += uint64(words) * 8
	w.vague = mask == nil || w.kind == gc.RootStacks && !w.strict
	each(w.base, base, words, mask, w.mark)
	w.vague = false
}

// each calls f for the words of a range that mask names.
func each(space unsafe.Pointer, base mem.Addr, words int, mask []uint64, f func(p uint64)) {
	p := unsafe.Add(space, base&mem.Mask)
	for i := 0; i < words; i += 64 {
		m := ^uint64(0)
		if mask != nil {
			m = mask[i/64]
		}
		if left := words - i; left < 64 {
			m &= 1<<left - 1
		}
		for ; m != 0; m &= m - 1 {
			if v := load(unsafe.Add(p, (i+bits.TrailingZeros64(m))*8)); v != 0 {
				f(v)
			}
		}
	}
}

// load reads a word that the program may be writing.
func load(p unsafe.Pointer) uint64 { return atomic.LoadUint64((*uint64)(p)) }

// set marks the object p points into, if it points into an object, and reports
// whether its span must be queued.
func (t *tables) set(p uint64, n *counts) (id uint32, enqueue bool) {
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
	if alloc := atomic.LoadUint64(&b.Alloc); alloc&^atomic.LoadUint64(&b.Mark)&bit == 0 {
		if alloc&bit == 0 && !n.vague {
			t.stray.CompareAndSwap(0, p)
		}
		return 0, false
	}
	if atomic.OrUint64(&b.Mark, bit)&bit != 0 {
		return 0, false
	}
	n.bytes += s.Size
	n.objects++
	if s.NoScan() {
		return 0, false
	}
	n.scan += s.Size
	return id, atomic.LoadUint32(&s.Queued) == 0 && atomic.CompareAndSwapUint32(&s.Queued, 0, 1)
}

func (w *worker) mark(p uint64) {
	if id, enqueue := w.set(p, &w.counts); enqueue {
		w.push(item(id))
	}
}

func (w *worker) push(it item) {
	if w.nout == batch {
		w.flush()
	}
	w.out[w.nout] = it
	w.nout++
}

// flush puts what was found into the queue.
func (w *worker) flush() {
	if w.nout > 0 {
		w.q.put(w.out[:w.nout]...)
		w.nout = 0
	}
}

// fill takes a batch. What was found comes first, so that it is shared.
func (w *worker) fill() bool {
	w.flush()
	w.next, w.n = 0, w.q.take(w.in[:])
	return w.n > 0
}

// finish gives everything back and reports.
func (w *worker) finish() {
	if w.next < w.n {
		w.q.put(w.in[w.next:w.n]...)
		w.next, w.n = 0, 0
	}
	w.flush()
	w.report(true)
}

// report adds what the worker has done to the cycle's sums; paid says that it
// may be spent by those who owe.
func (w *worker) report(paid bool) {
	w.tables.add(&w.counts)
	if paid && w.counts.work > 0 {
		w.credit.Add(int64(w.counts.work))
	}
	w.counts = counts{}
}

func (t *tables) add(n *counts) {
	if n.objects > 0 {
		t.sum.bytes.Add(n.bytes)
		t.sum.scan.Add(n.scan)
		t.sum.objects.Add(n.objects)
	}
	if n.work > 0 {
		t.sum.work.Add(n.work)
	}
}

// empty scans the items of the batch until stop says so; it reports whether it came to the end.
func (w *worker) empty(stop func() bool) bool {
	for w.next < w.n {
		it := w.in[w.next]
		w.next++
		before := w.work
		w.scanItem(it)
		if w.unchecked += w.work - before + 256; w.unchecked >= checkEvery {
			w.unchecked = 0
			if stop() {
				return false
			}
		}
	}
	return true
}

func (w *worker) scanItem(it item) {
	s := (*heap.Span)(unsafe.Add(w.records, uintptr(uint32(it))*heap.RecordUnit))
	types := w.heap.Types()
	if piece := it >> 32; piece > 0 {
		from := (piece - 1) * pieceBytes
		w.part(s, from, min(from+pieceBytes, s.Extent), types)
		return
	}
	n := s.Windows()
	for i := range n {
		w.window(s, i, types)
	}
	atomic.StoreUint32(&s.Queued, 0)
	for i := range n {
		b := s.Bits(i)
		if atomic.LoadUint64(&b.Mark)&^atomic.LoadUint64(&b.Scan) != 0 {
			if atomic.CompareAndSwapUint32(&s.Queued, 0, 1) {
				w.push(it)
			}
			break
		}
	}
}

// window scans the grey objects of a window, and those that turn grey meanwhile.
//
// Pointers are gathered before they are marked: a locked instruction waits for all loads before
// it and holds up all behind it, so that between marks each object would be a cache miss of its own.
func (w *worker) window(s *heap.Span, at uint32, types []heap.TypeInfo) {
	b := s.Bits(at)
	size := s.Size
	start := unsafe.Add(w.base, s.SlotAddr(at*64))
	ids := unsafe.Add(s.Types, uintptr(at)*64*4)
	_, pages := w.heap.PageTable()
	limit := pages << heap.PageShift
	for {
		todo := atomic.LoadUint64(&b.Mark) &^ atomic.LoadUint64(&b.Scan)
		if todo == 0 {
			return
		}
		atomic.OrUint64(&b.Scan, todo)
		w.work += uint64(bits.OnesCount64(todo)) * size
		k := 0
		for ; todo != 0; todo &= todo - 1 {
			i := bits.TrailingZeros64(todo)
			id := int(*(*uint32)(unsafe.Add(ids, uintptr(i)*4)))
			if id >= len(types) {
				id = 0
			}
			t := &types[id]
			if id == 0 || t.Size*2 <= size || t.Words > 64 || t.Words*8 > size {
				w.scan(s, at*64+uint32(i), types)
				continue
			}
			obj := unsafe.Add(start, uint64(i)*size)
			for m := t.Mask0; m != 0; m &= m - 1 {
				p := load(unsafe.Add(obj, bits.TrailingZeros64(m)*8))
				w.found[k&127] = p
				if p-mem.HeapBase < limit {
					k++
				}
			}
			if k >= 64 { // an object has 64 at most
				w.markAll(w.found[:k])
				k = 0
			}
		}
		w.markAll(w.found[:k])
	}
}

// markAll marks what the pointers of a list point to, all within the page
// table. Those in a row that share a word of mark bits share its atomic or.
func (w *worker) markAll(list []uint64) {
	table, records := w.table, w.records
	var word *heap.Bits
	var span *heap.Span
	var spanID uint32
	grey := uint64(0) // of word, not yet marked
	for _, p := range list {
		off := p - mem.HeapBase
		id := atomic.LoadUint32((*uint32)(unsafe.Add(table, off>>heap.PageShift*4)))
		to := (*heap.Span)(unsafe.Add(records, uintptr(id)*heap.RecordUnit))
		i := (p - to.Base) * uint64(to.DivMagic) >> 32
		if i >= uint64(to.NSlots) {
			continue
		}
		x := to.Bits(uint32(i / 64))
		alloc := atomic.LoadUint64(&x.Alloc)
		bit := uint64(1) << (i % 64)
		if alloc&^atomic.LoadUint64(&x.Mark)&bit == 0 {
			if alloc&bit == 0 {
				w.stray.CompareAndSwap(0, p)
			}
			continue
		}
		if x != word {
			if grey != 0 {
				w.markWord(span, spanID, word, grey)
			}
			word, span, spanID, grey = x, to, id, 0
		}
		grey |= bit
	}
	if grey != 0 {
		w.markWord(span, spanID, word, grey)
	}
}

// markWord marks the objects of s that grey names in a word of bits.
func (w *worker) markWord(s *heap.Span, id uint32, word *heap.Bits, grey uint64) {
	fresh := uint64(bits.OnesCount64(grey &^ atomic.OrUint64(&word.Mark, grey)))
	if fresh == 0 {
		return
	}
	w.bytes += fresh * s.Size
	w.objects += fresh
	if s.NoScan() {
		return
	}
	w.counts.scan += fresh * s.Size
	if atomic.LoadUint32(&s.Queued) == 0 && atomic.CompareAndSwapUint32(&s.Queued, 0, 1) {
		w.push(item(id))
	}
}

// scan follows the pointers of the object in a slot; those of a large one
// piece by piece, later.
func (w *worker) scan(s *heap.Span, slot uint32, types []heap.TypeInfo) {
	if s.NoScan() {
		return
	}
	if s.Large() && s.Extent > pieceBytes {
		w.work -= min(w.work, s.Size)
		for piece := range (s.Extent + pieceBytes - 1) / pieceBytes {
			w.push(item(s.ID()) | (piece+1)<<32)
		}
		return
	}
	id := int(s.TypeID(slot))
	if id >= len(types) {
		id = 0
	}
	w.vague = id == 0
	w.elements(unsafe.Add(w.base, s.SlotAddr(slot)), 0, s.Extent, s.Extent, &types[id])
	w.vague = false
}

// part scans the bytes from lo to hi of a large object.
func (w *worker) part(s *heap.Span, lo, hi uint64, types []heap.TypeInfo) {
	id := int(s.TypeID(0))
	if id >= len(types) {
		id = 0
	}
	w.work += hi - lo
	w.vague = id == 0
	w.elements(unsafe.Add(w.base, s.Base), lo, hi, s.Extent, &types[id])
	w.vague = false
}

// elements scans the words from byte lo to byte hi of an object of n bytes, which holds
// elements of t back to back.
func (w *worker) elements(obj unsafe.Pointer, lo, hi, n uint64, t *heap.TypeInfo) {
	if t.Words == 0 {
		return
	}
	if t.Size == 8 { // pointers, nothing else
		for e := lo; e+8 <= hi; e += 8 {
			if p := load(unsafe.Add(obj, e)); p != 0 {
				w.mark(p)
			}
		}
		return
	}
	for e := lo / t.Size * t.Size; e < hi && e+t.Words*8 <= n; e += t.Size {
		first := uint64(0) // word of the element
		if e < lo {
			first = (lo - e) / 8
		}
		last := min(t.Words, (hi-e+7)/8)
		for word := first &^ 63; word < last; word += 64 {
			m := t.Mask0
			if word > 0 {
				m = t.Type.Mask[word/64]
			}
			if word < first {
				m &= ^uint64(0) << (first - word)
			}
			if left := last - word; left < 64 {
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
	n := counts{work: uint64(words) * 8, vague: mask == nil || !h.strict}
	each(h.base, base, words, mask, func(p uint64) {
		if id, enqueue := h.set(p, &n); enqueue {
			h.q.put(item(id))
		}
	})
	h.roots[gc.RootStacks].Add(n.work)
	h.add(&n)
}

// shade marks one object. Memory that is written for the first time may have held anything.
func (h *shader) shade(p mem.Addr) {
	n := counts{vague: true}
	if id, enqueue := h.set(p, &n); enqueue {
		h.q.put(item(id))
	}
	h.add(&n)
}
