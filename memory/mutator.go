package memory

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Mutator is one goroutine's way to a heap.
type Mutator struct {
	heap   *Heap
	cache  *heap.Cache
	locals []Addr
	place  int   // a number that no other open mutator has, from 0
	debt   int64 // bytes of locals that the limit refused to charge; allocations fail till they are
	out    bool  // in Outside
	closed bool
}

// mutatorCost is the bytes charged for a mutator: its cache above all.
const mutatorCost = 16 << 10

// NewMutator makes a mutator for the calling goroutine, which has none.
func (h *Heap) NewMutator() (*Mutator, error) {
	if h.closed.Load() {
		return nil, errors.New("memory: the heap is closed")
	}
	if !h.space.Charge(mutatorCost, mem.KindRecord) {
		return nil, h.noMemory("making a mutator")
	}
	m := &Mutator{heap: h, cache: h.heap.NewCache()}
	h.run.RLock()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed.Load() {
		m.cache.Release()
		h.run.RUnlock()
		return nil, errors.New("memory: the heap is closed")
	}
	for taken := true; taken; {
		taken = slices.ContainsFunc(h.mutators, func(x *Mutator) bool { return x.place == m.place })
		if taken {
			m.place++
		}
	}
	h.mutators = append(h.mutators, m)
	return m, nil
}

// Close ends the mutator; its locals are roots no longer.
func (m *Mutator) Close() {
	h := m.heap
	if m.closed {
		return
	}
	m.closed = true
	m.cache.Release()
	h.mu.Lock()
	for i, x := range h.mutators {
		if x == m {
			last := len(h.mutators) - 1
			h.mutators[i] = h.mutators[last]
			h.mutators = h.mutators[:last]
			break
		}
	}
	h.mu.Unlock()
	h.space.Uncharge(mutatorCost+int64(cap(m.locals))*8-m.debt, mem.KindRecord)
	h.run.RUnlock()
}

// use panics when the mutator must not be used for more than to read.
func (m *Mutator) use() {
	m.open()
	if m.out {
		panic("memory: a mutator is used that is outside")
	}
}

// open panics when the mutator is closed.
func (m *Mutator) open() {
	if m.closed {
		panic("memory: a mutator is used that is closed")
	}
}

// Heap is the mutator's heap.
func (m *Mutator) Heap() *Heap { return m.heap }

// Outside calls f, during which the mutator counts as stopped: f does not touch the
// heap or the mutator. It collects.
func (m *Mutator) Outside(f func()) {
	m.use()
	m.out = true
	m.heap.run.RUnlock()
	defer func() {
		m.heap.run.RLock()
		m.out = false
	}()
	f()
}

// Safepoint lets others stop the world, and collects if the heap has grown enough.
func (m *Mutator) Safepoint() {
	m.use()
	h := m.heap
	if h.want.Load() != 0 {
		m.Outside(func() {})
	}
	if h.heap.WantGC() {
		m.collect(gc.Request{Reason: gc.Trigger})
	}
	if h.side != nil && h.side.Busy() {
		m.turn(false)
	}
}

// turn gives some of the mutator's time to a collector that runs beside it.
func (m *Mutator) turn(help bool) {
	m.use()
	h := m.heap
	h.side.Work(&gc.Turn{
		P: m.place, Brief: true, Help: help,
		Yield: func() bool { return h.want.Load() != 0 },
		Stop: func(why string) {
			h.run.RUnlock()
			world{h}.Stop(why)
		},
		Start: func() {
			world{h}.Start()
			h.run.RLock()
		},
	})
}

func (m *Mutator) collect(r gc.Request) (cy gc.Cycle, ok bool) {
	if side := m.heap.side; side != nil {
		n := side.Ask(r)
		if n == 0 {
			return gc.Cycle{}, false
		}
		for !side.Done(n) {
			m.turn(true)
			m.Outside(runtime.Gosched)
		}
		return side.Stats().Last, true
	}
	m.Outside(func() { cy, ok = m.heap.gc.Collect(r) })
	return
}

// New allocates an object of type t, all zero. It collects. The error is ErrNoMemory.
func (m *Mutator) New(t Type) (Addr, error) { return m.alloc(t, t.size) }

// NewArray allocates n elements of type t, one behind the other, all zero. It
// collects. The error is ErrNoMemory.
func (m *Mutator) NewArray(t Type, n int) (Addr, error) {
	if n < 0 {
		return Nil, fmt.Errorf("memory: array of %d elements", n)
	}
	if t.size != 0 && uint64(n) > (mem.HeapEnd-mem.HeapBase)/t.size {
		return Nil, m.heap.noMemory(fmt.Sprintf("allocating %d elements of %d bytes", n, t.size))
	}
	return m.alloc(t, t.size*uint64(n))
}

// retries is how often an allocation collects because of the limit. Once is enough
// for a single mutator; another one may take what a collection has freed.
const retries = 4

func (m *Mutator) alloc(t Type, size uint64) (Addr, error) {
	if !t.defined {
		return Nil, errors.New("memory: the zero Type is no type")
	}
	h := m.heap
	if t.id != 0 && t.id>>32 != h.number {
		return Nil, errors.New("memory: the type belongs to another heap")
	}
	m.Safepoint()
	if m.debt > 0 && !m.pay() {
		m.collect(gc.Request{Reason: gc.Limit, Seen: h.gc.Cycles()}) // fits the locals as well
		if !m.pay() {
			return Nil, h.noMemory("keeping local roots")
		}
	}
	if t.noscan && size < 16 && t.id != 0 {
		size = 16 // tiny objects share a slot, and with it a type
	}
	flags := heap.Flags(0)
	for try := 0; ; try++ {
		seen := h.gc.Cycles()
		a, st := m.cache.Alloc(size, abi.TypeID(t.id), t.noscan, flags)
		if st == heap.OK {
			return Addr(a), nil
		}
		if flags != 0 && try >= retries || st == heap.NoMemory && flags == 0 {
			return Nil, h.noMemory(fmt.Sprintf("allocating %d bytes", size))
		}
		r := gc.Request{Reason: gc.Limit, Seen: seen}
		if h.debug {
			r.Reason = gc.Debug
		}
		if cy, ok := m.collect(r); cy.Futile && (ok || try > 0) {
			return Nil, h.noMemory(fmt.Sprintf("allocating %d bytes", size))
		}
		flags = heap.AfterGC
	}
}

// Collect runs a whole collection. It collects, of course.
func (m *Mutator) Collect() Collection {
	cy, _ := m.collect(gc.Request{Reason: gc.Forced})
	return collection(&cy)
}

// outside is the panic of an access to an address that is not in the heap.
type outside Addr

func (a outside) Error() string {
	return fmt.Sprintf("memory: address %#x is outside the heap", uint64(a))
}

// word is where the word at a is, if that can be in the heap.
func (m *Mutator) word(a Addr) *uint64 {
	m.open()
	if a-mem.HeapBase >= mem.HeapEnd-mem.HeapBase {
		panic(outside(a))
	}
	return (*uint64)(m.heap.space.Ptr(uint64(a)))
}

// Load reads the word of 8 bytes at a.
func (m *Mutator) Load(a Addr) uint64 { return *m.word(a) }

// Store writes a word that may hold a pointer, or held one.
func (m *Mutator) Store(a Addr, v uint64) {
	w := m.word(a)
	if b := m.heap.barrier; b.On() {
		b.Word(uint64(a))
	}
	*w = v
}

// StoreNum writes a word that holds no pointer, neither before nor after.
func (m *Mutator) StoreNum(a Addr, v uint64) { *m.word(a) = v }

// Copy moves n bytes, which may hold pointers; the ranges may overlap. It reports
// false, with nothing moved, when a range does not lie in the heap.
func (m *Mutator) Copy(dst, src Addr, n int) bool {
	m.use()
	for _, a := range []Addr{dst, src} {
		if n < 0 || a < mem.HeapBase || a >= mem.HeapEnd || uint64(n) > uint64(mem.HeapEnd-a) {
			return false
		}
	}
	m.heap.barrier.Bulk(uint64(dst), uint64(n))
	return m.heap.space.Copy(uint64(dst), uint64(src), uint64(n))
}

// Bytes is n bytes of an object, from a on, as a slice that shares their memory as
// long as the object lives. It reports false when they are not all in one object. Pointers
// are not stored through it.
func (m *Mutator) Bytes(a Addr, n int) ([]byte, bool) {
	m.open()
	base, size, _, _, ok := m.heap.heap.Object(uint64(a))
	if n == 0 {
		return nil, true
	}
	if !ok || n < 0 || uint64(n) > base+size-uint64(a) {
		return nil, false
	}
	return m.heap.space.Bytes(uint64(a), uint64(n))
}

// Object says what is at a, which may point anywhere into an object: where the object begins,
// the bytes it may use, its type. Objects of type Words, and the smallest of type Bytes,
// have the type that has no name.
func (m *Mutator) Object(a Addr) (base Addr, size int, t Type, ok bool) {
	m.open()
	b, n, s, slot, ok := m.heap.heap.Object(uint64(a))
	if !ok {
		return
	}
	return Addr(b), int(n), m.heap.typeOf(s, slot), true
}

func (h *Heap) typeOf(s *heap.Span, slot uint32) Type {
	id := s.TypeID(slot)
	t := h.heap.TypeOf(id)
	switch {
	case t != nil:
		return Type{id: h.typeKey(id), size: t.Size, noscan: t.PtrBytes == 0, defined: true}
	case s.NoScan():
		return Bytes
	}
	return Words
}

// Protect calls f. If it panics because an address leads to memory that is not in use, or
// outside the heap, the panic ends here and is the error.
func (m *Mutator) Protect(f func()) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch r := recover().(type) {
		case nil:
		case outside:
			err = r
		case interface{ Addr() uintptr }: // a fault of the host
			at := uint64(r.Addr()) - uint64(uintptr(m.heap.space.Base()))
			if at >= mem.Size+mem.Guard {
				panic(r)
			}
			err = fmt.Errorf("memory: no memory at address %#x", at)
		default:
			panic(r)
		}
	}()
	f()
	return nil
}

// A Local is a place on a mutator's stack of roots.
type Local int

// Push makes a new local that holds a.
func (m *Mutator) Push(a Addr) Local {
	if len(m.locals) == cap(m.locals) {
		n := max(64, 2*cap(m.locals))
		m.debt += int64(n-cap(m.locals)) * 8
		m.pay()
		m.locals = append(make([]Addr, 0, n), m.locals...)
	}
	m.locals = append(m.locals, a)
	return Local(len(m.locals) - 1)
}

// fit makes the stack of locals smaller if most of it is not used. The world is stopped.
func (m *Mutator) fit() {
	n := max(64, 2*len(m.locals))
	if cap(m.locals) <= 2*n {
		return
	}
	less := int64(cap(m.locals)-n) * 8
	owed := min(less, m.debt)
	m.debt -= owed
	m.heap.space.Uncharge(less-owed, mem.KindRecord)
	m.locals = append(make([]Addr, 0, n), m.locals...)
}

// pay charges the locals that are not charged.
func (m *Mutator) pay() bool {
	if !m.heap.space.Charge(m.debt, mem.KindRecord) {
		return false
	}
	m.debt = 0
	return true
}

// Get is what a local holds.
func (m *Mutator) Get(l Local) Addr { return m.locals[l] }

// Set makes a local hold a.
func (m *Mutator) Set(l Local, a Addr) { m.locals[l] = a }

// Top is the local that the next Push will make.
func (m *Mutator) Top() Local { return Local(len(m.locals)) }

// Pop ends the locals from l on.
func (m *Mutator) Pop(l Local) { m.locals = m.locals[:l] }

// Weak is a pointer that does not keep its object alive. It belongs to the heap and may be
// used by any mutator.
type Weak struct{ handle *Global }

// NewWeak makes a weak pointer to the object at a, interior or not; a is in a root. It collects.
func (m *Mutator) NewWeak(a Addr) (*Weak, error) {
	m.use()
	h := m.heap
	if _, _, _, _, ok := h.heap.Object(uint64(a)); !ok {
		return nil, fmt.Errorf("memory: weak pointer to %#x, where no object is", uint64(a))
	}
	for try := 0; ; try++ {
		f := heap.Flags(0)
		if try > 0 {
			f = heap.AfterGC
		}
		seen := h.gc.Cycles()
		w, st := m.cache.WeakHandle(uint64(a), f)
		if st == heap.OK {
			if g, err := h.NewGlobal(Addr(w)); err == nil {
				return &Weak{g}, nil
			}
		}
		if st != heap.NeedGC && try >= retries {
			return nil, h.noMemory("making a weak pointer")
		}
		m.collect(gc.Request{Reason: gc.Limit, Seen: seen})
	}
}

// Get is the address that the weak pointer was made with, or Nil when the object is gone.
func (w *Weak) Get() Addr {
	h := w.handle.heap
	h.open()
	p := h.heap.Strong(uint64(w.handle.Get()))
	h.barrier.Shade(p) // a snapshot of the heap may not have it
	return Addr(p)
}

// Free ends the weak pointer.
func (w *Weak) Free() { w.handle.Free() }

// cleanupCost is the bytes charged for a cleanup here, beside what the heap charges.
const cleanupCost = 96

// AddCleanup makes f due when the object at a is gone; Heap.RunCleanups calls it. f must not lead
// to a root that keeps the object; a is in a root. It collects.
func (m *Mutator) AddCleanup(a Addr, f func()) error {
	m.use()
	h := m.heap
	if _, _, _, _, ok := h.heap.Object(uint64(a)); !ok {
		return fmt.Errorf("memory: cleanup of %#x, where no object is", uint64(a))
	}
	for try := 0; ; try++ {
		seen := h.gc.Cycles()
		if h.addCleanup(a, f) {
			return nil
		}
		if try >= retries {
			return h.noMemory("adding a cleanup")
		}
		m.collect(gc.Request{Reason: gc.Limit, Seen: seen})
	}
}

// addCleanup reports false, with nothing changed, when the limit refuses.
func (h *Heap) addCleanup(a Addr, f func()) bool {
	if !h.space.Charge(cleanupCost, mem.KindRecord) {
		return false
	}
	h.mu.Lock()
	h.lastID++
	id := h.lastID
	h.cleanups[id] = f
	h.mu.Unlock()
	if _, st := h.heap.AddCleanup(uint64(a), heap.Cleanup{Fn: id}); st == heap.OK {
		return true
	}
	h.mu.Lock()
	delete(h.cleanups, id)
	h.mu.Unlock()
	h.space.Uncharge(cleanupCost, mem.KindRecord)
	return false
}
