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
// # Waiting for memory
//
// A marker spends its time waiting for cache lines, one hundred nanoseconds each, and how many it
// waits for at once decides how fast it is. A processor looks a few hundred instructions ahead, but
// not past a locked instruction, which setting a mark is, and only by luck past a branch that depends on
// what it waits for. So each pass asks for all its lines before it needs one:
//
//	pointers of grey objects are loaded, one object after another, into found: no marks, hardly a branch
//	found pointers are resolved to mark words, all, without a branch on what those hold
//	then they are marked, those in a row that share a word by one instruction
//
// Found is marked when it is full, or when it has a pointer into the span under scan. For there
// a structure was likely built in one go, and following it now finds its lines in the cache; when
// that happens, the remaining lines of the window are asked for at once. And the record and the first objects of
// items further down the batch are touched while the one before is scanned. (An instruction that fetches
// without loading would do as well and is not to be had without assembly.)
//
// A large object is cut into pieces, which are items of their own: many can share
// it, and nobody works longer at an item than the world can wait.
const (
	batch      = 64        // items
	foundMost  = 128       // pointers; a power of two, at least 128
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

	found  [foundMost]uint64 // numbers within the page table, to be marked: found[:nfound]
	nfound int
	hits   [foundMost]hit // of found, while it is being marked
	touch  uint64         // sum of what was loaded only to have it in the cache

	cache *heap.Cache // Turn.Cache; nil without a turn

	counts
	unchecked uint64       // bytes scanned since the last look at stop
	mine      atomic.Int64 // ns of fractional work in the cycle
}

// hit is a found pointer as resolved.
type hit struct {
	span *heap.Span
	word *heap.Bits
	bit  uint64 // of word; 0 when there was nothing to mark
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
	limit   uint64         // bytes the page table covered when the cycle began; what lies beyond is newer, and black

	roots  [gc.NumRootKinds]atomic.Uint64
	sum    struct{ bytes, scan, objects, work atomic.Uint64 } // of counts of those who have reported
	strict bool                                               // words of stacks are never vague
	stray  atomic.Uint64                                      // a pointer to a free slot, of those that cannot be vague; 0: none
	credit atomic.Int64                                       // bytes scanned that nobody owed; may be spent by assists
}

func (t *tables) begin(h *heap.Heap) {
	table, pages := h.PageTable()
	t.heap, t.base, t.table, t.records = h, h.Space().Base(), table, unsafe.Pointer(h.SpanByID(0))
	t.limit = pages << heap.PageShift
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
	w.words(unsafe.Pointer(&p), 1)
}

// Range implements gc.Marker.
func (w *worker) Range(base mem.Addr, words int, mask []uint64) {
	w.roots[w.kind].Add(uint64(words) * 8)
	w.work += uint64(words) * 8
	w.doubt(mask == nil || w.kind == gc.RootStacks && !w.strict)
	p := unsafe.Add(w.base, base&mem.Mask)
	for i := 0; i < words; i += 64 {
		w.words(unsafe.Add(p, i*8), part64(mask, i, words))
	}
	w.doubt(false)
}

// doubt says whether what is found from now on may be no pointers.
func (w *worker) doubt(vague bool) {
	if w.vague != vague {
		w.markFound()
		w.vague = vague
	}
}

// part64 is the bits of mask, all if it is nil, for the words from i to i+63 of a range.
func part64(mask []uint64, i, words int) uint64 {
	m := ^uint64(0)
	if mask != nil {
		m = mask[i/64]
	}
	if left := words - i; left < 64 {
		m &= 1<<left - 1
	}
	return m
}

// each calls f for the words of a range that mask names.
func each(space unsafe.Pointer, base mem.Addr, words int, mask []uint64, f func(p uint64)) {
	p := unsafe.Add(space, base&mem.Mask)
	for i := 0; i < words; i += 64 {
		for m := part64(mask, i, words); m != 0; m &= m - 1 {
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
	if off >= t.limit {
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

// words takes the words at p that mask names, which may be pointers, to be marked soon.
func (w *worker) words(p unsafe.Pointer, mask uint64) {
	if w.nfound > foundMost-64 {
		w.markFound()
	}
	k, limit := w.nfound, w.limit
	for ; mask != 0; mask &= mask - 1 {
		v := load(unsafe.Add(p, bits.TrailingZeros64(mask)*8))
		w.found[k&(foundMost-1)] = v
		if v-mem.HeapBase < limit {
			k++
		}
	}
	w.nfound = k
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
	w.markFound()
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
	w.markFound()
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
		w.ahead()
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

// ahead touches what the next items will need.
func (w *worker) ahead() {
	if w.next+1 < w.n {
		s := w.spanOf(w.in[w.next+1])
		w.touch += s.Base + atomic.LoadUint64(&s.Bits(0).Mark)
	}
	if w.next < w.n {
		s := w.spanOf(w.in[w.next])
		start := unsafe.Add(w.base, s.Base)
		for i := range min(s.Windows(), 4) {
			b := s.Bits(i)
			todo := atomic.LoadUint64(&b.Mark) &^ atomic.LoadUint64(&b.Scan)
			w.fetch(unsafe.Add(start, uint64(i)*64*s.Size), s.Size, todo&-todo)
		}
	}
}

func (w *worker) spanOf(it item) *heap.Span {
	return (*heap.Span)(unsafe.Add(w.records, uintptr(uint32(it))*heap.RecordUnit))
}

func (w *worker) scanItem(it item) {
	s := w.spanOf(it)
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

// window scans the grey objects of a window. It comes back to those that turn grey meanwhile, if they do
// because of the span's own pointers.
func (w *worker) window(s *heap.Span, at uint32, types []heap.TypeInfo) {
	b := s.Bits(at)
	size, limit := s.Size, w.limit
	base, extent := s.Base, uint64(s.NPages)<<heap.PageShift
	start := unsafe.Add(w.base, s.SlotAddr(at*64))
	ids := unsafe.Add(s.Types, uintptr(at)*64*4)
	last, mask, whole := -1, uint64(0), false // of the object before
	for round := 0; ; round++ {
		scanned := atomic.LoadUint64(&b.Scan)
		todo := atomic.LoadUint64(&b.Mark) &^ scanned
		if todo == 0 {
			return
		}
		if round == 1 {
			w.fetch(start, size, atomic.LoadUint64(&b.Alloc)&^scanned)
		}
		atomic.OrUint64(&b.Scan, todo)
		w.work += uint64(bits.OnesCount64(todo)) * size
		nearest := ^uint64(0)
		k := w.nfound
		for ; todo != 0; todo &= todo - 1 {
			i := bits.TrailingZeros64(todo)
			if id := int(*(*uint32)(unsafe.Add(ids, uintptr(i)*4))); id != last {
				last = id
				if id >= len(types) {
					id = 0
				}
				t := &types[id]
				mask, whole = t.Mask0, id > 0 && t.Size*2 > size && t.Words <= 64 && t.Words*8 <= size
			}
			if !whole {
				w.nfound = k
				w.scan(s, at*64+uint32(i), types)
				k, nearest = w.nfound, 0
				continue
			}
			if k > foundMost-64 { // an object has 64 at most
				w.nfound = k
				w.markFound()
				k = 0
			}
			obj := unsafe.Add(start, uint64(i)*size)
			for m := mask; m != 0; m &= m - 1 {
				p := load(unsafe.Add(obj, bits.TrailingZeros64(m)*8))
				w.found[k&(foundMost-1)] = p
				nearest = min(nearest, p-base)
				if p-mem.HeapBase < limit {
					k++
				}
			}
		}
		w.nfound = k
		if nearest >= extent {
			return
		}
		w.markFound()
	}
}

// fetch loads a word of each of some objects of a window.
func (w *worker) fetch(start unsafe.Pointer, size, objects uint64) {
	sum := uint64(0)
	for ; objects != 0; objects &= objects - 1 {
		sum += load(unsafe.Add(start, uint64(bits.TrailingZeros64(objects))*size))
	}
	w.touch += sum
}

// markFound marks what the found pointers point to.
func (w *worker) markFound() {
	list, table, records := w.found[:w.nfound], w.table, w.records
	free := uint64(0) // not 0: one of them points to a free slot
	for j, p := range list {
		id := atomic.LoadUint32((*uint32)(unsafe.Add(table, (p-mem.HeapBase)>>heap.PageShift*4)))
		to := (*heap.Span)(unsafe.Add(records, uintptr(id)*heap.RecordUnit))
		i := (p - to.Base) * uint64(to.DivMagic) >> 32
		bit := uint64(1) << (i % 64)
		if i >= uint64(to.NSlots) {
			to, i, bit = (*heap.Span)(records), 0, 0 // a record without slots need not be followed by bits; that of no span is
		}
		x := to.Bits(uint32(i / 64))
		alloc := atomic.LoadUint64(&x.Alloc)
		free |= bit &^ alloc
		w.hits[j] = hit{to, x, bit & alloc &^ atomic.LoadUint64(&x.Mark)}
	}
	if free != 0 && !w.vague {
		w.strays(list)
	}
	w.nfound = 0
	var last hit // bit: of word, not yet marked
	for j := range list {
		h := &w.hits[j]
		if h.bit == 0 {
			continue
		}
		if h.word != last.word {
			w.markWord(&last)
			last = *h
		}
		last.bit |= h.bit
	}
	w.markWord(&last)
}

// strays notes a pointer of a list that points to a free slot.
func (w *worker) strays(list []uint64) {
	for _, p := range list {
		if s := w.heap.SpanOf(p); s != nil {
			i := (p - s.Base) * uint64(s.DivMagic) >> 32
			if i < uint64(s.NSlots) && atomic.LoadUint64(&s.Bits(uint32(i/64)).Alloc)>>(i%64)&1 == 0 {
				w.stray.CompareAndSwap(0, p)
			}
		}
	}
}

// markWord marks the objects that h names in a word of bits.
func (w *worker) markWord(h *hit) {
	if h.bit == 0 {
		return
	}
	s := h.span
	fresh := uint64(bits.OnesCount64(h.bit &^ atomic.OrUint64(&h.word.Mark, h.bit)))
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
		w.push(item(s.ID()))
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
	w.doubt(id == 0)
	w.elements(unsafe.Add(w.base, s.SlotAddr(slot)), 0, s.Extent, s.Extent, &types[id])
	w.doubt(false)
}

// part scans the bytes from lo to hi of a large object.
func (w *worker) part(s *heap.Span, lo, hi uint64, types []heap.TypeInfo) {
	id := int(s.TypeID(0))
	if id >= len(types) {
		id = 0
	}
	w.work += hi - lo
	w.doubt(id == 0)
	w.elements(unsafe.Add(w.base, s.Base), lo, hi, s.Extent, &types[id])
	w.doubt(false)
}

// elements scans the words from byte lo to byte hi of an object of n bytes, which holds
// elements of t back to back.
func (w *worker) elements(obj unsafe.Pointer, lo, hi, n uint64, t *heap.TypeInfo) {
	if t.Words == 0 {
		return
	}
	if t.Size == 8 { // pointers, nothing else
		for e := lo; e < hi; e += 64 * 8 {
			w.words(unsafe.Add(obj, e), part64(nil, 0, int((hi-e)/8)))
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
			w.words(unsafe.Add(obj, e+word*8), m)
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
