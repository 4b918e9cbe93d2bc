package stack

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
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

// object is one object of a frame that holds pointers.
type object struct {
	addr  mem.Addr
	size  uint64
	typ   *abi.GCType
	found bool
}

// tracer goes through the live pointers of one stack.
type tracer struct {
	c       *Code
	s       *Stack
	lo, hi  mem.Addr // pointers into the stack have these values
	delta   uint64   // what is to be added to them to find what they mean
	space   *mem.Space
	visit   func(slot mem.Addr)                           // each live pointer; nil: not wanted
	rng     func(base mem.Addr, words int, mask []uint64) // each part of a live object; nil: not wanted
	st      State
	objects []object // by address; made when the first pointer into the stack is met
	made    bool
	todo    []*object
}

// Objects calls rng for every live object of the stack's frames that holds pointers: words words from base on, of which mask
// names the pointers. held shows the pointers that the host holds for the goroutine; it may be nil.
func Objects(c *Code, s *Stack, st State, space *mem.Space, held func(func(*uint64)), rng func(base mem.Addr, words int, mask []uint64)) {
	t := tracer{c: c, s: s, lo: s.Lo, hi: s.Hi, space: space, rng: rng, st: st}
	t.run(held)
}

func (t *tracer) run(held func(func(*uint64))) {
	Walk(t.c, t.s, t.st, func(f *Frame) bool {
		t.words(f.FP, f.Map)
		return true
	})
	if held != nil {
		held(func(p *uint64) { t.found(*p) })
	}
	for len(t.todo) > 0 {
		o := t.todo[len(t.todo)-1]
		t.todo = t.todo[:len(t.todo)-1]
		for at := uint64(0); at+o.typ.PtrBytes <= o.size; at += o.typ.Size {
			if t.rng != nil {
				t.rng(o.addr+at, int(o.typ.PtrBytes/8), o.typ.Mask)
			}
			t.words(o.addr+at, o.typ.Mask)
		}
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
	if !t.made {
		t.gather()
	}
	v += t.delta
	i, ok := slices.BinarySearchFunc(t.objects, v, func(o object, v uint64) int { return cmp.Compare(o.addr, v) })
	if !ok {
		i--
	}
	if i < 0 {
		return
	}
	if o := &t.objects[i]; v < o.addr+o.size && !o.found {
		o.found = true
		t.todo = append(t.todo, o)
	}
}

// gather lists the objects of all frames. A frame at its function's entry has none yet.
func (t *tracer) gather() {
	t.made = true
	prog := t.c.Prog
	Walk(t.c, t.s, t.st, func(f *Frame) bool {
		if f.Entry {
			return true
		}
		for _, o := range f.Func.Objects {
			t.objects = append(t.objects, object{addr: f.FP + uint64(o.Slot)*8, size: o.Size, typ: objectType(prog, o.Type)})
		}
		return true
	})
	slices.SortFunc(t.objects, func(a, b object) int { return cmp.Compare(a.addr, b.addr) })
}

func objectType(p *bytecode.Program, id abi.TypeID) *abi.GCType { return &p.Types[id] }
