package heap

import (
	"math/bits"
	"math/rand/v2"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// # The table of specials
//
// A guest can make millions of specials, on one object or on as many. Their records lie in a table of their own,
// outside of the host's heap: what they take is known to the byte, they make no garbage while they grow in number, and the
// host's collector need not look at them. A free record is used again before the table grows.
//
//	record 0 is none;  records handed out = free ones + those in trees
//
// The records of a span are a treap (Seidel and Aragon): a search tree by (Offset, Kind), among equals the newest
// first, and a heap by priority, a hash of the record's number and of a number that no guest knows. So each operation takes
// logarithmic time with any number of specials on a span, and nobody can choose the order in which they come so that a tree becomes
// a list, along which the host would recurse. A bitmap by span id says which spans have a tree.
//
//	Span.first != 0  =  bit id of bearing is set
//	left < record <= right in order;  priority(record) > priority(left), priority(right)
//
// Turned down: sorted slices, one per span. Millions of specials on one object are copied again and
// again as its slice grows, and the old copies stand beside it until the host collects. Lists, as the real
// runtime has them: finding a place takes time in proportion to the specials of the span.

// record is a special in the table.
type record struct {
	Special
	left, right uint32 // of a free record, left is the next free one
}

// recordBytes is the bytes of a record.
const recordBytes = uint64(unsafe.Sizeof(record{}))

var _ [64 - recordBytes]byte // a cache line

// mostSpecials is the records that the table has room for.
const mostSpecials = 1 << 28

// The table is committed in steps of an eighth of its size, between these numbers of bytes.
const (
	specialGrow     = 8 << 10
	specialGrowMost = 1 << 20
)

// specialTable is guarded by specialMu.
type specialTable struct {
	records *mem.Lazy
	base    unsafe.Pointer // of record 0
	top     uint64         // bytes of records ever handed out
	free    uint32
	seed    uint32    // of priorities
	bearing *mem.Lazy // bit per span id
}

func (t *specialTable) init(space *mem.Space) (err error) {
	if t.records, err = space.Lazy(mostSpecials*recordBytes, mem.KindMetadata); err != nil {
		return err
	}
	t.base, t.top, t.seed = t.records.Base(), recordBytes, rand.Uint32()
	t.bearing, err = space.Lazy(maxPages*maxRecord/RecordUnit/8, mem.KindMetadata)
	return err
}

func (t *specialTable) at(i uint32) *record {
	return (*record)(unsafe.Add(t.base, uintptr(i)*uintptr(recordBytes)))
}

// make takes a record for sp; 0 when the limit refuses.
func (t *specialTable) make(sp *Special) uint32 {
	i := t.free
	if i != 0 {
		t.free = t.at(i).left
	} else {
		end := t.top + recordBytes
		if end > t.records.Committed() {
			step := max(specialGrow, min(uint64(1)<<bits.Len64(end/8), specialGrowMost))
			if !t.records.Grow((end+step-1)&^(step-1)) && !t.records.Grow(end) {
				return 0
			}
		}
		i = uint32(t.top / recordBytes)
		t.top = end
	}
	*t.at(i) = record{Special: *sp}
	return i
}

func (t *specialTable) drop(i uint32) {
	*t.at(i) = record{left: t.free}
	t.free = i
}

// bear says whether span id has a tree. It reports false when the limit refuses.
func (t *specialTable) bear(id uint32, has bool) bool {
	if uint64(id)/8 >= t.bearing.Committed() && (!has || !t.bearing.Grow(uint64(id)/8+1)) {
		return !has
	}
	w := (*uint64)(unsafe.Add(t.bearing.Base(), id/64*8))
	if has {
		*w |= 1 << (id % 64)
	} else {
		*w &^= 1 << (id % 64)
	}
	return true
}

// bearer is the first span id from id on that has a tree.
func (t *specialTable) bearer(id uint32) (uint32, bool) {
	for n := uint32(t.bearing.Committed() * 8); id < n; id = (id | 63) + 1 {
		if w := *(*uint64)(unsafe.Add(t.bearing.Base(), id/64*8)) >> (id % 64); w != 0 {
			return id + uint32(bits.TrailingZeros64(w)), true
		}
	}
	return 0, false
}

// priority of a record; the finalizer of MurmurHash3.
func (t *specialTable) priority(i uint32) uint32 {
	i ^= t.seed
	i = (i ^ i>>16) * 0x85ebca6b
	i = (i ^ i>>13) * 0xc2b2ae35
	return i ^ i>>16
}

// less orders specials.
func (s *Special) less(offset uint64, k SpecialKind) bool {
	return s.Offset < offset || s.Offset == offset && s.Kind < k
}

// split divides a tree into what is before (offset, k) and the rest.
func (t *specialTable) split(i uint32, offset uint64, k SpecialKind) (before, rest uint32) {
	if i == 0 {
		return 0, 0
	}
	r := t.at(i)
	if r.less(offset, k) {
		r.right, rest = t.split(r.right, offset, k)
		return i, rest
	}
	before, r.left = t.split(r.left, offset, k)
	return before, i
}

// merge makes one tree of two; all of a is before all of b.
func (t *specialTable) merge(a, b uint32) uint32 {
	switch {
	case a == 0:
		return b
	case b == 0:
		return a
	case t.priority(a) > t.priority(b):
		r := t.at(a)
		r.right = t.merge(r.right, b)
		return a
	}
	r := t.at(b)
	r.left = t.merge(a, r.left)
	return b
}

// insert puts record i into a tree, before its equals.
func (t *specialTable) insert(root, i uint32) uint32 {
	r := t.at(i)
	before, rest := t.split(root, r.Offset, r.Kind)
	return t.merge(t.merge(before, i), rest)
}

// first is the first record of a tree that is not before (offset, k), or 0.
func (t *specialTable) first(i uint32, offset uint64, k SpecialKind) (found uint32) {
	for i != 0 {
		if r := t.at(i); r.less(offset, k) {
			i = r.right
		} else {
			found, i = i, r.left
		}
	}
	return found
}

// find is the special of kind k at an offset, or nil.
func (t *specialTable) find(root uint32, offset uint64, k SpecialKind) *Special {
	if i := t.first(root, offset, k); i != 0 {
		if r := t.at(i); r.Offset == offset && r.Kind == k {
			return &r.Special
		}
	}
	return nil
}

// each calls f for the specials of a tree in order and returns how many they are.
func (t *specialTable) each(i uint32, f func(sp *Special)) (n int) {
	if i == 0 {
		return 0
	}
	r := t.at(i)
	n = t.each(r.left, f) + 1
	f(&r.Special)
	return n + t.each(r.right, f)
}

// cut removes the first special of kind k at an offset that match accepts, and returns what is left of the tree.
func (t *specialTable) cut(i uint32, offset uint64, k SpecialKind, match func(*Special) bool) (rest uint32, done bool) {
	if i == 0 {
		return 0, false
	}
	r := t.at(i)
	if !r.less(offset, k) { // equals may stand on both sides
		if r.left, done = t.cut(r.left, offset, k, match); done {
			return i, true
		}
		if r.Offset != offset || r.Kind != k {
			return i, false
		}
		if match(&r.Special) {
			rest = t.merge(r.left, r.right)
			t.drop(i)
			return rest, true
		}
	}
	r.right, done = t.cut(r.right, offset, k, match)
	return i, done
}

// prune removes the specials that are done with and returns what is left of the tree.
func (t *specialTable) prune(i uint32) uint32 {
	if i == 0 {
		return 0
	}
	r := t.at(i)
	r.left, r.right = t.prune(r.left), t.prune(r.right)
	if r.state != specialDone {
		return i
	}
	rest := t.merge(r.left, r.right)
	t.drop(i)
	return rest
}
