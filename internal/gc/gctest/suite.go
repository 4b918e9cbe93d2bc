package gctest

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"testing"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Run runs the whole suite.
func Run(t *testing.T, mk Make, o Options) {
	for _, f := range []debug.Flags{{}, {Poison: true}, {Check: true}, {GCEvery: 37}, {GCEvery: 3, Poison: true, Check: true}} {
		t.Run("graph/"+f.String(), func(t *testing.T) { graph(t, mk, o, f) })
	}
	t.Run("failalloc", func(t *testing.T) { failAlloc(t, mk) })
	t.Run("parallel", func(t *testing.T) { parallel(t, mk, o) })
	t.Run("limit", func(t *testing.T) { limit(t, mk, o) })
	if !o.Collects {
		return
	}
	t.Run("interior", func(t *testing.T) { interior(t, mk) })
	t.Run("junk", func(t *testing.T) { junk(t, mk) })
	t.Run("deep", func(t *testing.T) { deep(t, mk) })
	t.Run("finalizers", func(t *testing.T) { finalizers(t, mk) })
	t.Run("tinyfinalizer", func(t *testing.T) { tinyFinalizer(t, mk) })
	t.Run("cleanups", func(t *testing.T) { cleanups(t, mk) })
	t.Run("weak", func(t *testing.T) { weak(t, mk) })
	t.Run("trigger", func(t *testing.T) { trigger(t, mk) })
	t.Run("requests", func(t *testing.T) { requests(t, mk) })
}

// graph runs random programs against the model.
func graph(t *testing.T, mk Make, o Options, f debug.Flags) {
	seeds, steps := 4, 6000
	if f.GCEvery > 0 {
		seeds, steps = 1, 3000
	}
	for seed := range seeds {
		m := &model{machine: newMachine(t, mk, 0, f), r: rand.New(rand.NewPCG(uint64(seed), 1))}
		for i := range steps {
			if i%50 == 0 {
				m.takePool()
			}
			if !m.step() {
				t.Fatal("out of memory without a limit")
			}
			if i%1000 == 999 {
				m.pool, m.host = nil, nil
				m.collect()
				list := m.verify()
				if n := m.count(); o.Collects && n != len(list) {
					t.Fatalf("seed %d, step %d: %d objects are alive, %d reachable", seed, i, n, len(list))
				} else if n < len(list) {
					t.Fatalf("seed %d, step %d: only %d of %d reachable objects are alive", seed, i, n, len(list))
				}
			}
		}
		for i := range m.roots {
			m.setRoot(i, nil)
		}
		m.pool, m.host = nil, nil
		m.collect()
		if n := m.count(); o.Collects && n != 0 {
			t.Fatalf("seed %d: %d objects survive without roots", seed, n)
		}
	}
}

// failAlloc fails the k-th allocation, for every k.
func failAlloc(t *testing.T, mk Make) {
	for k := int64(1); k <= 60; k++ {
		m := &model{machine: newMachine(t, mk, 0, debug.Flags{FailAlloc: k}), r: rand.New(rand.NewPCG(5, 6))}
		for range 80 {
			if !m.new(m.r.IntN(len(m.roots))) {
				t.Fatalf("allocation %d failed twice", k)
			}
			pool := m.reachable()
			for range 3 {
				if from := pool[m.r.IntN(len(pool))]; len(from.at) > 0 {
					m.link(from, m.r.IntN(len(from.at)), pool[m.r.IntN(len(pool))])
				}
			}
		}
		m.check()
		m.verify()
	}
}

// limit runs a program that makes much garbage under a hard limit.
func limit(t *testing.T, mk Make, o Options) {
	const bytes = 3 << 20
	m := newMachine(t, mk, bytes, debug.Flags{})
	m.gc.SetPercent(-1) // leave it to the limit
	total, ok := uint64(0), true
	for i := 0; ok && total < 20*bytes; i++ {
		size := uint64(nodeSize + i%40*64)
		if i%500 == 0 {
			size = 300 << 10
		}
		var a mem.Addr
		if a, ok = m.alloc(size, m.node, i%2 == 0); ok {
			total += size
			m.store(globals+uint64(i%globalsN)*8, a)
		}
		if m.space.Used() > bytes {
			t.Fatal("limit crossed: ", m.space.Breakdown())
		}
	}
	m.check()
	if ok != o.Collects {
		t.Errorf("allocated %d bytes under a limit of %d: %s", total, bytes, m.space.Breakdown())
	}
	if !o.Collects {
		return
	}
	// Now keep everything: it must end, soon, and leave the heap whole.
	futile := false
	last := mem.Addr(0)
	for ok {
		var a mem.Addr
		if a, ok = m.alloc(nodeSize, m.node, false); ok {
			m.store(a+8, last)
			last = a
			m.store(globals, a)
		}
		if n := len(m.cycles); n > 0 && m.cycles[n-1].Futile {
			futile = true
			break
		}
	}
	m.check()
	n := 0
	for p := last; p != 0; p = m.load(p + 8) {
		n++
	}
	if n*nodeSize < bytes/2 {
		t.Errorf("out of memory with %d bytes in a list, limit %d (futile %v): %s", n*nodeSize, bytes, futile, m.space.Breakdown())
	}
	if len(m.cycles) > 400 {
		t.Errorf("%d cycles before giving up", len(m.cycles))
	}
}

func interior(t *testing.T, mk Make) {
	m := newMachine(t, mk, 0, debug.Flags{})
	for _, size := range []uint64{8, 24, 48, 1000, 5000, 32768, 100000, 1 << 20} {
		a := m.must(size, m.list, false)
		b := m.must(size, 0, true)
		dead := m.must(size, m.list, false)
		m.store(globals, a+size-1)
		m.host = []mem.Addr{b + size/2}
		m.collect()
		if !m.alive(a) || !m.alive(b) || m.alive(dead) {
			t.Errorf("size %d: pointer to the last byte keeps: %v, to the middle: %v; unreferenced stays: %v", size, m.alive(a), m.alive(b), m.alive(dead))
		}
		m.store(globals, a+m.heapSize(a)) // one past the slot
		m.host = nil
		m.collect()
		if m.alive(a) {
			t.Errorf("size %d: a pointer one past the slot keeps it", size)
		}
	}
}

func (m *machine) heapSize(a mem.Addr) uint64 {
	_, n, _, _, _ := m.heap.Object(a)
	return n
}

// junk shows words that are no pointers.
func junk(t *testing.T, mk Make) {
	m := newMachine(t, mk, 0, debug.Flags{Check: true})
	a := m.must(nodeSize, m.node, false)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range uint64(globalsN) {
		v := r.Uint64()
		switch i % 4 {
		case 0:
			v = mem.HeapBase + v%(1<<30)
		case 1:
			v %= mem.Size
		case 2:
			v = m.stack + v%4096
		}
		m.store(globals+i*8, v)
	}
	m.store(a+8, ^uint64(0))
	m.store(a+16, a+nodeSize) // a free slot
	m.store(globals, a)
	for _, id := range []uint32{1 << 31, 77} { // ids nobody gave out
		b, _ := m.cache.Alloc(64, 0, false, 0)
		_, _, s, i, _ := m.heap.Object(b)
		if s.Types != nil {
			c, _ := m.cache.Alloc(64, m.node, false, 0)
			m.store(b, c)
			m.host = append(m.host, b)
			*(*uint32)(unsafe.Add(s.Types, uintptr(i)*4)) = id
		}
	}
	m.collect()
	if !m.alive(a) {
		t.Error("lost")
	}
}

// deep builds a list long enough to overflow any recursion.
func deep(t *testing.T, mk Make) {
	m := newMachine(t, mk, 0, debug.Flags{})
	const n = 300000
	for range n {
		a := m.must(nodeSize, m.node, false)
		m.store(a+8, m.load(globals))
		m.store(globals, a)
	}
	m.collect()
	if got := m.count(); got != n {
		t.Errorf("%d objects of a list of %d are alive", got, n)
	}
	m.store(globals, 0)
	m.collect()
	if got := m.count(); got != 0 {
		t.Errorf("%d objects of a dropped list are alive", got)
	}
}

func (m *machine) finalized() (list []mem.Addr) {
	for _, f := range m.finalizers {
		list = append(list, f.object)
	}
	return list
}

func finalizers(t *testing.T, mk Make) {
	m := newMachine(t, mk, 0, debug.Flags{Check: true})
	a, b, c := m.must(nodeSize, m.node, false), m.must(nodeSize, m.node, false), m.must(nodeSize, m.node, false)
	fn, kept := m.must(16, 0, true), m.must(16, 0, true)
	m.store(a+8, b)
	m.store(b+8, c)
	m.store(c+8, kept)
	for _, o := range []mem.Addr{c, a, b} {
		if ok, _ := m.heap.SetFinalizer(o, heap.Finalizer{Fn: fn}); !ok {
			t.Fatal("refused")
		}
	}
	// A cycle with a finalizer is never collected.
	x, y := m.must(nodeSize, m.node, false), m.must(nodeSize, m.node, false)
	m.store(x+8, y)
	m.store(y+8, x)
	m.heap.SetFinalizer(x, heap.Finalizer{Fn: fn})

	want := []mem.Addr{}
	for _, o := range []mem.Addr{a, b, c} { // in pointing order, one per cycle
		m.collect()
		want = append(want, o)
		if fmt.Sprint(m.finalized()) != fmt.Sprint(want) || m.finalizers[len(want)-1].Fn != fn {
			t.Fatalf("finalized %#x, want %#x", m.finalized(), want)
		}
		if !m.alive(kept) || !m.alive(fn) || !m.alive(o) {
			t.Fatal("finalizer's objects are gone")
		}
		m.finalizers[len(want)-1].Fn = fn
		// "Run" it: the queue forgets the object, the list here remembers the number.
		m.finalizers[len(want)-1].object = 0
		want[len(want)-1] = 0
		fn = m.finalizers[0].Fn
	}
	m.finalizers = nil
	m.collect()
	if m.alive(a) || m.alive(b) || m.alive(c) || m.alive(kept) || len(m.finalizers) != 0 {
		t.Error("objects outlive their finalizers, or are finalized twice")
	}
	if !m.alive(x) || !m.alive(y) {
		t.Error("a cycle with a finalizer was collected")
	}
	m.heap.RemoveFinalizer(x)
	m.collect()
	if m.alive(x) || m.alive(y) {
		t.Error("a cycle without a finalizer stays")
	}
}

func tinyFinalizer(t *testing.T, mk Make) {
	m := newMachine(t, mk, 0, debug.Flags{})
	fn := m.must(16, 0, true)
	a := m.must(4, 0, true)
	b := m.must(4, 0, true)
	m.host = []mem.Addr{fn, a}
	if ok, _ := m.heap.SetFinalizer(b, heap.Finalizer{Fn: fn}); !ok {
		t.Fatal("refused")
	}
	m.collect()
	if len(m.finalizers) != 0 {
		t.Error("finalized while its block is alive")
	}
	m.host = m.host[:1]
	m.collect()
	if len(m.finalizers) != 1 || m.finalizers[0].object != b {
		t.Errorf("finalized %#x, want %#x", m.finalized(), b)
	}
}

func cleanups(t *testing.T, mk Make) {
	m := newMachine(t, mk, 0, debug.Flags{Check: true})
	fn, arg, o, p := m.must(16, 0, true), m.must(16, 0, true), m.must(nodeSize, m.node, false), m.must(nodeSize, m.node, false)
	m.heap.AddCleanup(o, heap.Cleanup{Fn: fn, Arg: arg})
	id, _ := m.heap.AddCleanup(o+8, heap.Cleanup{Fn: fn, Arg: 2})
	m.heap.AddCleanup(o+8, heap.Cleanup{Fn: fn, Arg: 3})
	m.heap.SetFinalizer(p, heap.Finalizer{Fn: fn})
	m.heap.AddCleanup(p, heap.Cleanup{Fn: fn, Arg: 4})
	m.heap.StopCleanup(o+8, id)
	m.host = []mem.Addr{o}
	m.collect()
	if len(m.cleanups) != 0 || !m.alive(fn) || !m.alive(arg) {
		t.Fatal("cleanup of a live object")
	}
	m.host = nil
	m.collect()
	if len(m.cleanups) != 2 || m.cleanups[0].Arg != arg || m.cleanups[1].Arg != 3 || m.alive(o) {
		t.Fatalf("cleanups %v, object alive %v", m.cleanups, m.alive(o))
	}
	if len(m.finalizers) != 1 || !m.alive(p) {
		t.Fatal("finalizer must come before the cleanup")
	}
	m.finalizers, m.cleanups = nil, nil
	m.collect()
	if len(m.cleanups) != 1 || m.cleanups[0].Arg != 4 || m.alive(p) || m.alive(arg) {
		t.Fatalf("after the finalizer: cleanups %v", m.cleanups)
	}
}

func weak(t *testing.T, mk Make) {
	m := newMachine(t, mk, 0, debug.Flags{Check: true})
	o, p, fn := m.must(nodeSize, m.node, false), m.must(nodeSize, m.node, false), m.must(16, 0, true)
	w, _ := m.cache.WeakHandle(o, 0)
	v, _ := m.cache.WeakHandle(p+8, 0)
	m.heap.SetFinalizer(p, heap.Finalizer{Fn: fn})
	m.host = []mem.Addr{o, p}
	m.collect()
	if m.heap.Strong(w) != o || m.heap.Strong(v) != p+8 {
		t.Fatal("weak pointers to live objects lost")
	}
	m.host = []mem.Addr{w, v}
	m.collect()
	if m.heap.Strong(w) != 0 || m.alive(o) {
		t.Error("weak pointer keeps its object")
	}
	if m.heap.Strong(v) != 0 || len(m.finalizers) != 1 || !m.alive(p) {
		t.Error("weak pointer must be nil before the finalizer runs")
	}
	v2, _ := m.cache.WeakHandle(p+8, 0)
	if v2 == v {
		t.Error("a resurrected object has its old weak pointer")
	}
	// Handles nobody holds die with their objects.
	m.host, m.finalizers = nil, nil
	m.collect()
	m.collect()
	if m.alive(w) || m.alive(v) || m.alive(v2) {
		t.Error("handles leak")
	}
}

var traceLine = regexp.MustCompile(`^gc \d+ @\d+\.\d{3}s \d+%: [\d.]+\+[\d.]+\+[\d.]+ ms clock, [\d.]+\+[\d.]+/[\d.]+/[\d.]+\+[\d.]+ ms cpu, \d+->\d+->\d+ MB, \d+ MB goal, \d+ MB stacks, \d+ MB globals, \d+ P( \(forced\))?\n$`)

func trigger(t *testing.T, mk Make) {
	m := newMachine(t, mk, 0, debug.Flags{GCTrace: 1})
	var keep []mem.Addr
	for i := range 20 << 20 / 64 {
		a := m.must(64, m.list, false)
		if i%10 == 0 { // a list of 2 MiB stays
			m.store(a, m.load(globals))
			m.store(globals, a)
			keep = append(keep, a)
		}
	}
	m.idle()
	_, beside := m.gc.(gc.Background)
	st := m.gc.Stats()
	if len(m.cycles) < 3 || len(m.cycles) > 12 || int(st.Cycles) != len(m.cycles) || m.pools != len(m.cycles) {
		t.Errorf("%d cycles for 20 MiB of garbage at a goal of 4 MiB; stats say %d", len(m.cycles), st.Cycles)
	}
	for i, c := range m.cycles {
		if int(c.Number) != i+1 || c.Reason != gc.Trigger || !beside && (c.Before < c.Goal-64<<10 || c.Before > c.Goal+64<<10) || !beside && c.Marked > c.Before || c.Pause() <= 0 {
			t.Errorf("cycle %+v", c)
		}
		if !traceLine.MatchString(c.TraceLine()) {
			t.Errorf("trace %q", c.TraceLine())
		}
	}
	if c := m.cycles[0]; c.Roots[gc.RootGlobals] != globalsN*8 || c.Roots[gc.RootStacks] != stackWords*8 {
		t.Errorf("roots %v", c.Roots)
	}
	for _, a := range keep {
		if !m.alive(a) {
			t.Fatal("list lost")
		}
	}
	if m.trace.Len() == 0 {
		t.Error("no trace")
	}
	if m.gc.SetPercent(1000) != 100 || m.gc.SetPercent(-1) != 1000 || m.heap.WantGC() {
		t.Error("settings")
	}
}

func requests(t *testing.T, mk Make) {
	m := newMachine(t, mk, 0, debug.Flags{})
	if _, ok := m.gc.Collect(gc.Request{Reason: gc.Trigger}); ok {
		t.Error("collected without need")
	}
	if c, ok := m.gc.Collect(gc.Request{Reason: gc.Limit}); !ok || c.Number != 1 {
		t.Error("did not collect for the limit")
	}
	if _, ok := m.gc.Collect(gc.Request{Reason: gc.Limit}); ok {
		t.Error("collected again for an old refusal")
	}
	if c, ok := m.gc.Collect(gc.Request{Reason: gc.Forced}); !ok || c.Number != 2 || m.gc.Stats().Forced != 1 || m.gc.Cycles() != 2 {
		t.Error("did not collect when told to")
	}
}
