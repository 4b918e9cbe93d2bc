package soak

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Sizes of a mutator.
const (
	words = 64 // words of globals, and of the stack that are roots
	hands = 48 // objects that a mutator has at hand
	most  = 48 // pointers of an object that are used
)

// stackMask: every other word of the stack is dead, whatever it holds.
const stackMask = 0x5555555555555555

// object is what the model knows of an object.
type object struct {
	addr  mem.Addr
	size  uint64
	id    uint64
	shape *shape    // nil: no pointers
	at    []uint64  // offsets of the pointers that are used
	to    []*object // what they point to
	off   []uint64  // and how far into it

	owner  *mutator // whose graph it belongs to
	fin    uint64   // number of its finalizer, 0 for none; guarded by world.mu
	weak   []*weak
	clean  int   // cleanups that are not due
	cleans []ids // their names
	gone   bool  // a cleanup was due: nobody may see it again
	seen   uint64
}

// ids are a cleanup's number here and in the heap.
type ids struct{ fn, id uint64 }

// weak is the handle of weak pointers to a byte of an object.
type weak struct {
	handle mem.Addr
	o      *object
	off    uint64
	nil    bool // the object was given up
}

// mutator is one goroutine's program.
type mutator struct {
	Counts
	w       *world
	r       *rand.Rand
	cache   *heap.Cache
	globals mem.Addr
	global  [words]*object

	stack     mem.Addr
	stackSize uint64
	onStack   [words]*object

	pool  []*object
	keep  []*object // needed by the step that runs
	weaks []*weak   // held
	spare []spare

	place     int // index in world.mutators
	scanMu    sync.Mutex
	unscanned gc.Marker // guarded by scanMu
}

// spare is a stack that nobody uses, filled with a pattern.
type spare struct {
	addr mem.Addr
	size uint64
	id   uint64
}

// failure is the panic that ends a mutator.
type failure struct{ error }

func (m *mutator) fail(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

// phase does n operations.
func (m *mutator) phase(n int) {
	m.w.run.RLock()
	m.scan()
	defer m.w.run.RUnlock()
	defer func() {
		if r := recover(); r != nil {
			if f, ok := r.(failure); ok {
				m.w.fail(f.error)
				return
			}
			m.w.fail(fmt.Errorf("%v", r))
		}
	}()
	for i := 0; i < n && !m.w.failed.Load(); i++ {
		m.step()
		m.Ops++
	}
}

// roots shows what the mutator holds. The world is stopped, or the mutator calls.
func (m *mutator) roots(k gc.Marker) {
	k.Kind(gc.RootStacks)
	k.Range(m.stack, words, []uint64{stackMask})
	k.Kind(gc.RootHost)
	for _, o := range m.pool {
		k.Pointer(o.addr)
	}
	for _, o := range m.keep {
		k.Pointer(o.addr)
	}
	for _, w := range m.weaks {
		k.Pointer(w.handle)
	}
}

// scan shows the mutator's roots to a cycle that has not seen them.
func (m *mutator) scan() { m.show(nil) }

// show is scan with another marker.
func (m *mutator) show(to gc.Marker) {
	m.scanMu.Lock()
	defer m.scanMu.Unlock()
	if k := m.unscanned; k != nil {
		m.unscanned = nil
		if to != nil {
			k = to
		}
		m.roots(k)
	}
}

// turn gives a collector that runs beside the program some of the mutator's time.
func (m *mutator) turn(help bool) {
	w := m.w
	bg, ok := w.gc.(gc.Background)
	if !ok || !bg.Busy() {
		return
	}
	left := m.r.IntN(30)
	bg.Work(&gc.Turn{
		P: m.place, Help: help, Idle: m.r.IntN(8) == 0, Brief: m.r.IntN(2) == 0,
		Yield: func() bool { left--; return left < 0 || w.want.Load() > 0 },
		Stop:  func(why string) { w.run.RUnlock(); w.Stop(why) },
		Start: func() { w.Start(); w.run.RLock() },
	})
	m.scan()
}

// collect asks for a collection, and waits for it if it must.
func (m *mutator) collect(q gc.Request) {
	bg, ok := m.w.gc.(gc.Background)
	if !ok || q.Reason == gc.Forced && m.r.IntN(2) == 0 {
		m.outside(func() { m.w.gc.Collect(q) })
		return
	}
	for n := bg.Ask(q); n > 0 && !bg.Done(n); {
		m.turn(true)
		m.outside(runtime.Gosched)
	}
}

// outside calls f with the mutator stopped.
func (m *mutator) outside(f func()) {
	m.w.run.RUnlock()
	f()
	m.w.run.RLock()
	m.scan()
}

func (m *mutator) safepoint() {
	if m.w.want.Load() > 0 {
		m.outside(func() {})
	}
	if m.w.heap.WantGC() {
		m.collect(gc.Request{Reason: gc.Trigger})
	}
	m.turn(false)
}

// retry calls f until it has memory; without, the mutator lets go of half of what it
// has, and retry reports false.
func (m *mutator) retry(f func(heap.Flags) heap.Status) bool {
	m.safepoint()
	flags := heap.Flags(0)
	for try := 0; ; try++ {
		seen := m.w.gc.Cycles()
		st := f(flags)
		if st == heap.OK {
			return true
		}
		if st == heap.NoMemory && (flags == 0 || try > 3) {
			m.OutOfMem++
			m.drop(2)
			return false
		}
		q := gc.Request{Reason: gc.Limit, Seen: seen}
		if m.w.plan.flags.GCEvery > 0 {
			q.Reason = gc.Debug
		}
		m.collect(q)
		flags = heap.AfterGC
	}
}

// drop lets go of one in n of the mutator's roots and hands.
func (m *mutator) drop(n int) {
	for i := range words {
		if m.r.IntN(n) == 0 {
			m.setGlobal(i, nil)
			m.setStack(i, nil)
		}
	}
	for i := len(m.pool) - 1; i >= 0; i-- {
		if m.r.IntN(n) == 0 {
			m.pool = append(m.pool[:i], m.pool[i+1:]...)
		}
	}
}

func addrOf(o *object) uint64 {
	if o == nil {
		return 0
	}
	return o.addr
}

func (m *mutator) store(a mem.Addr, v uint64) {
	m.w.barrier.Word(a)
	m.w.space.Store64(a, v)
}

func (m *mutator) setGlobal(i int, o *object) {
	m.store(m.globals+uint64(i)*8, addrOf(o))
	m.global[i] = o
}

// setStack writes a stack word, for which no barrier is needed. In a dead word an
// address keeps nothing alive.
func (m *mutator) setStack(i int, o *object) {
	m.w.space.Store64(m.stack+uint64(i)*8, addrOf(o))
	if stackMask>>i&1 == 0 {
		o = nil
	}
	m.onStack[i] = o
}

// hold puts an object into the mutator's hands, in the place of another one if they are full.
func (m *mutator) hold(o *object) {
	if o.gone {
		m.fail("object %d of %d bytes at %#x is at hand after its cleanup was due", o.id, o.size, o.addr)
	}
	if len(m.pool) < hands {
		m.pool = append(m.pool, o)
		return
	}
	m.pool[m.r.IntN(hands)] = o
}

// any is an object at hand, or nil.
func (m *mutator) any() *object {
	if len(m.pool) == 0 {
		return nil
	}
	return m.pool[m.r.IntN(len(m.pool))]
}

// step does one random thing.
func (m *mutator) step() {
	r := m.r
	o := m.any()
	if o == nil {
		m.alloc()
		return
	}
	switch k := r.IntN(100); {
	case k < 30:
		m.alloc()
	case k < 50:
		m.link(o)
	case k < 65:
		m.follow(o)
	case k < 72:
		m.setGlobal(r.IntN(words), o)
	case k < 78:
		m.setStack(r.IntN(words), o)
	case k < 82:
		m.setGlobal(r.IntN(words), nil)
		m.setStack(r.IntN(words), nil)
	case k < 85:
		m.pool = append(m.pool[:0], m.pool[r.IntN(len(m.pool)):]...)
	case k < 87:
		m.copy(o)
	case k < 90:
		m.weakTo(o)
	case k < 92:
		m.finalizer(o)
	case k < 94:
		m.cleanup(o)
	case k < 96:
		m.stacks()
	case k < 97:
		m.exchange()
	case k < 98:
		m.queue()
	default:
		m.rare()
	}
}

// alloc makes an object, checks that it is zero, and fills it.
func (m *mutator) alloc() *object {
	o := &object{size: m.size(), id: m.w.ids.Add(1), owner: m}
	var t abi.TypeID
	if m.r.IntN(3) != 0 {
		s := &m.w.shapes[m.r.IntN(len(m.w.shapes))]
		n := max(1, o.size/s.size)
		o.shape, o.size, t = s, n*s.size, abi.TypeID(s.id)
		if all := n * uint64(len(s.pointers)); all <= most {
			for e := range n {
				for _, p := range s.pointers {
					o.at = append(o.at, e*s.size+p)
				}
			}
		} else {
			for i := range uint64(most) {
				k := i * (all - 1) / (most - 1)
				o.at = append(o.at, k/uint64(len(s.pointers))*s.size+s.pointers[k%uint64(len(s.pointers))])
			}
		}
		o.to, o.off = make([]*object, len(o.at)), make([]uint64, len(o.at))
	}
	if !m.retry(func(f heap.Flags) (st heap.Status) {
		o.addr, st = m.cache.Alloc(o.size, t, o.shape == nil, f)
		return st
	}) {
		return nil
	}
	b, _ := m.w.space.Bytes(o.addr, o.size)
	for i := 0; i < len(b); i++ {
		if i%8 == 0 && i+8 <= len(b) && binary.LittleEndian.Uint64(b[i:]) == 0 {
			i += 7
		} else if b[i] != 0 {
			m.fail("byte %d of a new object of %d bytes at %#x is %#x", i, o.size, o.addr, b[i])
		}
	}
	m.hold(o)
	o.each(func(i uint64) { binary.LittleEndian.PutUint64(b[i*8:], pattern(o.id, i)) })
	if o.shape == nil {
		for i := o.size &^ 7; i < o.size; i++ {
			b[i] = byte(pattern(o.id, i))
		}
	}
	m.Allocs++
	m.Bytes += o.size
	return o
}

// each calls f for some of the words that are no pointers, the first and the last among them.
func (o *object) each(f func(i uint64)) {
	n := o.size / 8
	step := n/64 + 1
	if o.shape == nil {
		for i := uint64(0); i < n; i += step {
			f(i)
		}
		if n > 0 {
			f(n - 1)
		}
		return
	}
	if o.shape.id == 0 {
		return // every word of the unknown type may be a pointer
	}
	per := o.shape.size / 8
	e := uint64(0)
	for {
		k := 0
		for i := range per {
			if k < len(o.shape.pointers) && o.shape.pointers[k] == i*8 {
				k++
				continue
			}
			f(e*per + i)
		}
		last := n/per - 1
		if e == last {
			return
		}
		e = min(e+max(1, step/per), last)
	}
}

// link changes a pointer of o, often to the middle of an object.
func (m *mutator) link(o *object) {
	if len(o.at) == 0 {
		return
	}
	i := m.r.IntN(len(o.at))
	to := m.any()
	if m.r.IntN(4) == 0 {
		to = nil
	}
	v := addrOf(to)
	o.off[i] = 0
	if to != nil && m.r.IntN(3) == 0 {
		o.off[i] = m.r.Uint64N(to.size)
		v += o.off[i]
	}
	m.store(o.addr+o.at[i], v)
	o.to[i] = to
}

// follow loads a pointer of o and takes what it leads to in hand.
func (m *mutator) follow(o *object) {
	if len(o.at) == 0 {
		return
	}
	i := m.r.IntN(len(o.at))
	want := addrOf(o.to[i])
	if want != 0 {
		want += o.off[i]
	}
	if got := m.w.space.Load64(o.addr + o.at[i]); got != want {
		m.fail("object %d of %d bytes at %#x: pointer at %d is %#x, want %#x", o.id, o.size, o.addr, o.at[i], got, want)
	}
	if o.to[i] != nil {
		m.check(o.to[i])
		m.hold(o.to[i])
	}
}

// check reads the words of o that are no pointers.
func (m *mutator) check(o *object) {
	base, size, _, _, ok := m.w.heap.Object(o.addr)
	if !ok || o.addr+o.size > base+size || base != o.addr && (o.shape != nil || o.size >= 16) {
		m.fail("object %d of %d bytes at %#x has become %#x+%d", o.id, o.size, o.addr, base, size)
	}
	o.each(func(i uint64) {
		m.WordsRead++
		if got := m.w.space.Load64(o.addr + i*8); got != pattern(o.id, i) {
			m.fail("object %d of %d bytes at %#x: word %d is %#x, want %#x", o.id, o.size, o.addr, i, got, pattern(o.id, i))
		}
	})
	if o.shape == nil {
		for i := o.size &^ 7; i < o.size; i++ {
			if got := m.w.space.Load8(o.addr + i); got != byte(pattern(o.id, i)) {
				m.fail("object %d of %d bytes at %#x: byte %d is %#x", o.id, o.size, o.addr, i, got)
			}
		}
	}
}

// copy moves all pointers of o to another object of the same form.
func (m *mutator) copy(o *object) {
	for _, p := range m.pool {
		if p != o && p.shape == o.shape && p.size == o.size && len(o.at) > 0 {
			m.w.barrier.Bulk(p.addr, p.size)
			m.w.space.Copy(p.addr, o.addr, o.size)
			copy(p.to, o.to)
			copy(p.off, o.off)
			p.each(func(i uint64) { m.w.space.Store64(p.addr+i*8, pattern(p.id, i)) })
			return
		}
	}
}

// weakTo makes a weak pointer to o, or uses or drops an older one.
func (m *mutator) weakTo(o *object) {
	if len(m.weaks) > 200 || m.r.IntN(4) == 0 && len(m.weaks) > 0 {
		i := m.r.IntN(len(m.weaks))
		m.weaks[i] = m.weaks[len(m.weaks)-1]
		m.weaks = m.weaks[:len(m.weaks)-1]
		return
	}
	if len(m.weaks) > 0 && m.r.IntN(2) == 0 {
		m.strong(m.weaks[m.r.IntN(len(m.weaks))])
		return
	}
	if o.shape == nil && o.size < 16 {
		return // what becomes of its handle depends on its neighbours in the block
	}
	off := uint64(0)
	if m.r.IntN(2) == 0 {
		off = m.r.Uint64N(o.size)
	}
	var h mem.Addr
	// The object stays at hand meanwhile: retry may only forget it when there is no memory.
	if !m.retry(func(f heap.Flags) (st heap.Status) {
		h, st = m.cache.WeakHandle(o.addr+off, f)
		return st
	}) {
		return
	}
	for _, w := range o.weak {
		if w.off == off && !w.nil {
			if w.handle != h {
				m.fail("object %d at %#x+%d has two weak handles, %#x and %#x", o.id, o.addr, off, w.handle, h)
			}
			m.weaks = append(m.weaks, w)
			return
		}
	}
	w := &weak{handle: h, o: o, off: off}
	o.weak = append(o.weak, w)
	m.weaks = append(m.weaks, w)
}

// strong looks behind a weak pointer.
func (m *mutator) strong(w *weak) {
	p := m.w.heap.Strong(w.handle)
	m.w.barrier.Shade(p)
	switch {
	case p == 0:
		if !w.nil && slices.Contains(m.pool, w.o) {
			m.fail("weak pointer to object %d is nil, the object is at hand", w.o.id)
		}
		m.lost(w)
		m.Weaks++
	case p != w.o.addr+w.off || w.nil:
		m.fail("weak pointer to object %d at %#x+%d is %#x (was nil: %v)", w.o.id, w.o.addr, w.off, p, w.nil)
	default:
		m.check(w.o)
		m.hold(w.o)
	}
}

// lost notes that a weak pointer is nil.
func (m *mutator) lost(w *weak) {
	w.nil = true
	w.o.weak = slices.DeleteFunc(w.o.weak, func(x *weak) bool { return x == w })
}

// unweak notes that all weak pointers to o are nil.
func (o *object) unweak() {
	for _, w := range o.weak {
		w.nil = true
	}
	o.weak = nil
}

// finalizer sets or removes o's finalizer.
func (m *mutator) finalizer(o *object) {
	w := m.w
	w.mu.Lock()
	old := o.fin
	w.mu.Unlock()
	if old != 0 {
		if m.r.IntN(2) == 0 {
			if !w.heap.RemoveFinalizer(o.addr) {
				m.fail("object %d at hand has lost its finalizer", o.id)
			}
			w.mu.Lock()
			delete(w.fins, old)
			o.fin = 0
			w.mu.Unlock()
		}
		return
	}
	id := w.ids.Add(1)
	w.mu.Lock()
	w.fins[id] = o
	o.fin = id
	w.mu.Unlock()
	if ok, _ := w.heap.SetFinalizer(o.addr, heap.Finalizer{Fn: id}); !ok {
		w.mu.Lock()
		delete(w.fins, id)
		o.fin = 0
		w.mu.Unlock()
	}
}

// cleanup adds or stops a cleanup of o.
func (m *mutator) cleanup(o *object) {
	w := m.w
	if n := len(o.cleans); n > 0 && m.r.IntN(3) == 0 {
		c := o.cleans[n-1]
		o.cleans = o.cleans[:n-1]
		if !w.heap.StopCleanup(o.addr, c.id) {
			m.fail("object %d at hand has lost its cleanup", o.id)
		}
		w.mu.Lock()
		delete(w.cleans, c.fn)
		w.mu.Unlock()
		return
	}
	fn := w.ids.Add(1)
	w.mu.Lock()
	w.cleans[fn] = o
	w.mu.Unlock()
	id, _ := w.heap.AddCleanup(o.addr, heap.Cleanup{Fn: fn})
	if id == 0 {
		w.mu.Lock()
		delete(w.cleans, fn)
		w.mu.Unlock()
		return
	}
	o.cleans = append(o.cleans, ids{fn, id})
}
