package heap

import (
	"sync/atomic"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// # Specials
//
// A special is a record that hangs on an object: a finalizer, cleanups, the
// handle of its weak pointers, a heap-profile sample. It is attached to a byte
// of the object, not to the object, because objects in a tiny block share it.
// The records live host-side, by span, sorted by offset, then by the order of
// Kind, then the newest first (specialtree.go); objects without specials cost nothing.
//
// At a collection a special keeps alive what it needs, never its object:
//
//	finalizer: its function and everything the object points to
//	cleanup:   its three words
//	weak:      the handle
//	sample:    nothing
//
// The sweep then meets each unreached object that has specials. If one is a
// finalizer, the object lives on: its finalizers are queued and removed, its weak
// handles are cleared and removed, the rest waits for the object's real death.
// Otherwise the object dies and all its specials are carried out. So weak
// pointers are nil before a finalizer can make the object reachable again, a
// finalizer runs once, objects that point at one another are finalized in
// pointing order, and a cleanup runs after the last finalizer.
//
//	an object has at most one finalizer and one weak handle per byte

// SpecialKind says what a special does.
type SpecialKind uint8

const (
	SpecialFinalizer SpecialKind = iota
	SpecialWeak
	SpecialCleanup
	SpecialSample
)

// Special is one record.
type Special struct {
	Offset uint64 // of the byte it hangs on, from the span's base
	Kind   SpecialKind
	state  uint8     // while its span is swept, else specialSet
	ID     uint64    // of a cleanup
	Words  [4]uint64 // meaning depends on Kind
}

// States of a special while its span is swept.
const (
	specialSet  = iota
	specialLost // its object has not been reached
	specialDone // carried out
)

const (
	immortalCost = 160 // bytes charged for the handle of what is not in the heap, with its share of the map
	queueCost    = 96  // bytes charged for a finalizer or cleanup until it is queued: the queue takes as much
)

// queued is the bytes charged for a special besides its record.
func (k SpecialKind) queued() int64 {
	if k == SpecialFinalizer || k == SpecialCleanup {
		return queueCost
	}
	return 0
}

// Finalizer is what SetFinalizer was told.
type Finalizer struct {
	Fn      mem.Addr // func value
	NRet    uint64   // bytes of its results
	FnType  mem.Addr // type of its argument
	PtrType mem.Addr // type of the pointer it was set for
}

// Cleanup is three guest words that the runtime's own code interprets; all of
// them are kept alive as pointers.
type Cleanup struct{ Call, Fn, Arg mem.Addr }

// addSpecial hangs a special on the byte at p. With unique it refuses a second
// one of the kind. It also refuses when p is in no object; NoMemory says that
// the limit refuses.
func (h *Heap) addSpecial(p mem.Addr, sp Special, unique bool) (bool, Status) {
	_, _, s, _, ok := h.Object(p)
	if !ok {
		return false, OK
	}
	sp.Offset = p - s.Base
	h.specialMu.Lock()
	defer h.specialMu.Unlock()
	t := &h.specials
	if unique && t.find(s.first, sp.Offset, sp.Kind) != nil {
		return false, OK
	}
	if s.first == 0 && !t.bear(s.id, true) {
		return false, NoMemory
	}
	ok = h.space.Charge(sp.Kind.queued(), mem.KindMetadata)
	if ok {
		if i := t.make(&sp); i != 0 {
			s.first = t.insert(s.first, i)
			return true, OK
		}
		h.space.Uncharge(sp.Kind.queued(), mem.KindMetadata)
	}
	if s.first == 0 {
		t.bear(s.id, false)
	}
	return false, NoMemory
}

// removeSpecial takes the first special of kind k off the byte at p that match
// accepts.
func (h *Heap) removeSpecial(p mem.Addr, k SpecialKind, match func(*Special) bool) bool {
	s := h.SpanOf(p)
	if s == nil || s.state != spanObjects {
		return false
	}
	h.specialMu.Lock()
	defer h.specialMu.Unlock()
	rest, done := h.specials.cut(s.first, p-s.Base, k, match)
	if done {
		h.setSpecials(s, rest)
		h.space.Uncharge(k.queued(), mem.KindMetadata)
	}
	return done
}

func (h *Heap) setSpecials(s *Span, root uint32) {
	if s.first = root; root == 0 {
		h.specials.bear(s.id, false)
	}
}

func always(*Special) bool { return true }

// SetFinalizer sets the finalizer of the object byte at p. It reports false when
// there is one already or p is in no object.
func (h *Heap) SetFinalizer(p mem.Addr, f Finalizer) (bool, Status) {
	return h.addSpecial(p, Special{Kind: SpecialFinalizer, Words: [4]uint64{f.Fn, f.NRet, f.FnType, f.PtrType}}, true)
}

// RemoveFinalizer removes the finalizer of the byte at p, if there is one.
func (h *Heap) RemoveFinalizer(p mem.Addr) bool {
	return h.removeSpecial(p, SpecialFinalizer, always)
}

// AddCleanup attaches a cleanup to the byte at p and returns its id, which is
// never 0. It returns 0 and OK when p is in no object: there is nothing to wait
// for then.
func (h *Heap) AddCleanup(p mem.Addr, c Cleanup) (uint64, Status) {
	id := atomic.AddUint64(&h.specialID, 1)
	ok, st := h.addSpecial(p, Special{Kind: SpecialCleanup, ID: id, Words: [4]uint64{c.Call, c.Fn, c.Arg}}, false)
	if !ok {
		return 0, st
	}
	return id, OK
}

// StopCleanup removes a cleanup of the byte at p that has not been queued.
func (h *Heap) StopCleanup(p mem.Addr, id uint64) bool {
	return h.removeSpecial(p, SpecialCleanup, func(s *Special) bool { return s.ID == id })
}

// AddSample marks the object at p as sampled; value goes to Sampler.Free.
func (h *Heap) AddSample(p mem.Addr, value uint64) (bool, Status) {
	return h.addSpecial(p, Special{Kind: SpecialSample, Words: [4]uint64{value}}, true)
}

// WeakHandle is the handle of weak pointers to the byte at p: the address of a
// word that holds p until the object is unreachable, and 0 then. All weak
// pointers to a byte share the handle. A pointer to memory outside the heap,
// which never dies, has a handle too. p must stay reachable during the call.
func (c *Cache) WeakHandle(p mem.Addr, f Flags) (mem.Addr, Status) {
	h := c.heap
	_, _, s, _, inHeap := h.Object(p)
	if a := h.findWeak(p, s); a != 0 {
		return a, OK
	}
	// The handle has a slot of its own: in a tiny block its neighbours would
	// keep it, and it them.
	a, st := c.Alloc(tinyMax, 0, true, f)
	if st != OK {
		return 0, st
	}
	*(*uint64)(unsafe.Add(h.base, a)) = p
	if inHeap {
		ok, st := h.addSpecial(p, Special{Kind: SpecialWeak, Words: [4]uint64{a}}, true)
		if ok || st != OK {
			return a, st
		}
		return h.findWeak(p, s), OK // another P was faster
	}
	h.specialMu.Lock()
	defer h.specialMu.Unlock()
	if b, ok := h.immortal[p]; ok {
		return b, OK
	}
	if !h.space.Charge(immortalCost, mem.KindMetadata) {
		return 0, NoMemory
	}
	h.immortal[p] = a
	return a, OK
}

// findWeak is the handle of the byte at p in span s (nil: outside the heap), or 0.
func (h *Heap) findWeak(p mem.Addr, s *Span) mem.Addr {
	h.specialMu.Lock()
	defer h.specialMu.Unlock()
	if s == nil {
		return h.immortal[p]
	}
	if sp := h.specials.find(s.first, p-s.Base, SpecialWeak); sp != nil {
		return sp.Words[0]
	}
	return 0
}

// Strong is the pointer behind a weak handle, or 0 when its object is gone. The
// handle comes from guest memory and is not trusted.
func (h *Heap) Strong(handle mem.Addr) mem.Addr {
	base, size, s, _, ok := h.Object(handle)
	if !ok || !s.NoScan() || handle+8 > base+size || handle&7 != 0 {
		return 0
	}
	return h.strong(handle)
}

// SpecialRoots shows every special to a collector with the world stopped: the
// span, the slot of its object, the special. Spans come in the order of their ids.
// Handles of weak pointers to memory outside the heap come with a nil span.
func (h *Heap) SpecialRoots(f func(s *Span, slot uint32, sp *Special)) {
	h.immortalRoots(f)
	h.bearers(0, func(s *Span) bool { h.specialsOf(s, f); return true })
}

func (h *Heap) immortalRoots(f func(s *Span, slot uint32, sp *Special)) {
	for _, a := range h.immortal {
		f(nil, 0, &Special{Kind: SpecialWeak, Words: [4]uint64{a}})
	}
}

// bearers calls g for the spans with specials, from span id on, until it reports false, and returns the id to go on with;
// 0 at the end.
func (h *Heap) bearers(id uint32, g func(s *Span) bool) uint32 {
	for {
		next, ok := h.specials.bearer(id)
		if !ok {
			return 0
		}
		id = next + 1
		if !g(h.SpanByID(next)) {
			return id
		}
	}
}

// slotOf is the slot that a special hangs on.
func (s *Span) slotOf(sp *Special) uint32 { return uint32(sp.Offset * uint64(s.DivMagic) >> 32) }

func (h *Heap) specialsOf(s *Span, f func(s *Span, slot uint32, sp *Special)) int {
	return h.specials.each(s.first, func(sp *Special) { f(s, s.slotOf(sp), sp) })
}

// SpecialWalk is SpecialRoots beside the program, in pieces. What is set on an object after the walk has begun it may
// leave out. The zero value is at the beginning.
type SpecialWalk struct {
	begun bool
	next  uint32 // span id
}

// Some shows some hundred specials, of one collection, and reports whether there are more. f must not ask for
// specials itself.
func (w *SpecialWalk) Some(h *Heap, f func(s *Span, slot uint32, sp *Special)) bool {
	h.specialMu.Lock()
	defer h.specialMu.Unlock()
	if !w.begun {
		w.begun = true
		h.immortalRoots(f)
	}
	n := 0
	w.next = h.bearers(w.next, func(s *Span) bool {
		n += h.specialsOf(s, f)
		return n < mournPiece
	})
	return w.next != 0
}

// Mourner hears of the dead before they are swept. What is queued must be kept alive by whoever queues it. The functions
// are called with the world stopped, or beside the program by a processor that allocates or
// works for the collector, with locks of the heap held: they must not allocate.
type Mourner struct {
	Finalize func(object mem.Addr, f Finalizer)
	Clean    func(c Cleanup)

	// Forget is called before the others when a collection beside the program has marked, until it reports false,
	// without locks and one call at a time. Each call drops some of the machine's records of objects that are
	// dead (Heap.Alive).
	Forget func() bool
}

// sweepSpecials carries out the specials of the unreached objects of s, which
// may set mark bits again; those objects are counted in r. It returns how many specials there were.
func (h *Heap) sweepSpecials(s *Span, m *Mourner, r *Swept) int {
	t := &h.specials
	lost := false
	n := t.each(s.first, func(sp *Special) {
		slot := s.slotOf(sp)
		if s.Bits(slot/64).Mark>>(slot%64)&1 == 0 {
			sp.state, lost = specialLost, true
		}
	})
	if !lost {
		return n
	}
	t.each(s.first, func(sp *Special) {
		if sp.state != specialLost || sp.Kind != SpecialFinalizer {
			return
		}
		slot := s.slotOf(sp)
		if b, bit := s.Bits(slot/64), uint64(1)<<(slot%64); b.Mark&bit == 0 {
			b.Mark |= bit
			r.LiveObjects++
			r.LiveBytes += s.Size
			if !s.NoScan() {
				r.ScanBytes += s.Size
			}
		}
		h.space.Uncharge(queueCost, mem.KindMetadata)
		if m.Finalize != nil {
			m.Finalize(s.Base+sp.Offset, Finalizer{sp.Words[0], sp.Words[1], sp.Words[2], sp.Words[3]})
		}
		sp.state = specialDone
	})
	t.each(s.first, func(sp *Special) {
		if sp.state != specialLost {
			return
		}
		slot := s.slotOf(sp)
		revived := s.Bits(slot/64).Mark>>(slot%64)&1 != 0
		if sp.Kind == SpecialWeak {
			// The handle was a root, so it is still an object.
			if _, _, _, _, ok := h.Object(sp.Words[0]); ok {
				atomic.StoreUint64((*uint64)(unsafe.Add(h.base, sp.Words[0])), 0)
			}
		} else if revived {
			sp.state = specialSet
			return
		}
		h.space.Uncharge(sp.Kind.queued(), mem.KindMetadata)
		switch {
		case sp.Kind == SpecialCleanup && m.Clean != nil:
			m.Clean(Cleanup{sp.Words[0], sp.Words[1], sp.Words[2]})
		case sp.Kind == SpecialSample && h.sample.Free != nil:
			h.sample.Free(sp.Words[0], s.Size)
		}
		sp.state = specialDone
	})
	h.setSpecials(s, t.prune(s.first))
	return n
}
