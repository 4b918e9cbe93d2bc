package stack

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Objects in frames
//
// A variable whose address is taken, a composite literal, a closure that does not
// escape lies in its function's frame as an object: a run of slots that code reaches
// only by pointers. Stack maps do not name the slots of objects. An object is alive
// while some live pointer leads to it: from a slot that a map names, from a record of
// the host, or from another live object. So it is found as the collector finds
// objects in the heap, and what a dead one points to is garbage although the frame
// is still there. A pointer to an object is in the same frame, in one that the
// frame called, or in the goroutine's records, never in the heap.
//
// So one walk from the newest frame to the oldest is enough. A pointer into an older frame leaves a mark, a bit
// for the word of the stack that it leads to; when the walk comes to that frame, an object with a mark
// in it is alive. A pointer into the frame at hand is followed at once. Were there ever
// one into a newer frame, the walk would be repeated. What is needed besides the stack is a
// 64th of its size, however many objects there are, and is charged with the stack (Alloc).
//
// Frames do not overlap where objects are: those of a frame lie between its FP and that of the frame it
// called.

// tracer goes through the live pointers of one stack.
type tracer struct {
	c      *Code
	s      *Stack
	lo, hi mem.Addr // pointers into the stack have these values
	delta  uint64   // what is to be added to them to find what they mean
	space  *mem.Space
	visit  func(slot mem.Addr)                           // each live pointer; nil: not wanted
	rng    func(base mem.Addr, words int, mask []uint64) // each part of a live object; nil: not wanted
	st     State

	marks []uint64           // by word of s: a live pointer leads there; made when the first is met
	few   [smallMarks]uint64 // marks of a small stack
	fp    mem.Addr           // of the frame that is being looked at
	end   mem.Addr           // FP of the one it called
	here  []abi.StackObject  // its objects, by slot
	met   []bool             // those of here that are known to be alive
	todo  []int              // those of met that are not yet looked at
	again bool               // a mark has come into a frame that has been looked at
}

const smallMarks = 32

// markBytes is the bytes that marks take for a stack of size bytes.
func markBytes(size uint64) uint64 { return size / 64 }

// Objects calls rng for every live object of the stack's frames that holds pointers: words words from base on, of which mask
// names the pointers. held shows the pointers that the host holds for the goroutine; it may be nil.
func Objects(c *Code, s *Stack, st State, space *mem.Space, held func(func(*uint64)), rng func(base mem.Addr, words int, mask []uint64)) {
	t := tracer{c: c, s: s, lo: s.Lo, hi: s.Hi, space: space, rng: rng, st: st}
	t.run(held)
}

func (t *tracer) run(held func(func(*uint64))) {
	t.fp, t.end = t.s.Hi, t.s.Hi
	if held != nil {
		held(func(p *uint64) { t.found(*p) })
	}
	for first := true; first || t.again; first = false {
		t.again, t.end = false, t.s.Hi
		Walk(t.c, t.s, t.st, func(f *Frame) bool {
			t.frame(f, first)
			t.end = f.FP
			return true
		})
	}
}

// frame looks at a frame, at its slots only for the first time. One that stands at its function's entry has no
// objects yet.
func (t *tracer) frame(f *Frame, first bool) {
	t.fp, t.here = f.FP, f.Func.Objects
	if f.Entry {
		t.here = nil
	}
	t.met = append(t.met[:0], make([]bool, len(t.here))...)
	if first {
		t.words(f.FP, f.Map)
	}
	for i := range t.here {
		if o := &t.here[i]; !t.met[i] && t.marked(f.FP+uint64(o.Slot)*8, o.Size) {
			t.meet(i)
		}
		for len(t.todo) > 0 {
			o := &t.here[t.todo[len(t.todo)-1]]
			t.todo = t.todo[:len(t.todo)-1]
			t.object(f.FP+uint64(o.Slot)*8, o.Size, &t.c.Prog.Types[o.Type])
		}
	}
}

// object looks at a live object.
func (t *tracer) object(base mem.Addr, size uint64, typ *abi.GCType) {
	for at := uint64(0); at+typ.PtrBytes <= size; at += typ.Size {
		if t.rng != nil {
			t.rng(base+at, int(typ.PtrBytes/8), typ.Mask)
		}
		t.words(base+at, typ.Mask)
	}
}

// words visits the words from base on that mask names.
func (t *tracer) words(base mem.Addr, mask []uint64) {
	for i, m := range mask {
		for ; m != 0; m &= m - 1 {
			slot := base + uint64(i*64+bits.TrailingZeros64(m))*8
			v := t.space.Load64(slot)
			if t.visit != nil {
				t.visit(slot)
			}
			t.found(v)
		}
	}
}

// found takes up the pointer v.
func (t *tracer) found(v uint64) {
	if v-t.lo >= t.hi-t.lo {
		return
	}
	v += t.delta
	if t.fp <= v && v < t.end {
		i, ok := slices.BinarySearchFunc(t.here, (v-t.fp)/8, func(o abi.StackObject, slot uint64) int { return cmp.Compare(uint64(o.Slot), slot) })
		if !ok {
			i--
		}
		if i >= 0 && v-t.fp < uint64(t.here[i].Slot)*8+t.here[i].Size && !t.met[i] {
			t.meet(i)
		}
		return
	}
	if t.marks == nil {
		if t.marks = t.few[:]; t.s.Size() > smallMarks*512 {
			t.marks = make([]uint64, (markBytes(t.s.Size())+7)/8)
		}
	}
	w := (v - t.s.Lo) / 8
	if w/64 >= uint64(len(t.marks)) { // not of a frame: a stack that has become smaller
		return
	}
	if bit := uint64(1) << (w % 64); t.marks[w/64]&bit == 0 {
		t.marks[w/64] |= bit
		t.again = t.again || v >= t.end
	}
}

func (t *tracer) meet(i int) {
	t.met[i] = true
	t.todo = append(t.todo, i)
}

// marked reports whether one of the bytes from base on has a mark.
func (t *tracer) marked(base mem.Addr, size uint64) bool {
	lo, hi := (base-t.s.Lo)/8, (base+size-t.s.Lo+7)/8
	for hi = min(hi, uint64(len(t.marks))*64); lo < hi; lo = (lo | 63) + 1 {
		m := t.marks[lo/64] >> (lo % 64)
		if n := hi - lo; n < 64 {
			m &= 1<<n - 1
		}
		if m != 0 {
			return true
		}
	}
	return false
}
