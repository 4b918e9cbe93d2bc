// Package gctest is the suite that every collector passes: programs that build,
// change and drop graphs of objects, with a model beside them that knows what
// must be alive.
package gctest

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Make is a collector's New.
type Make func(h *heap.Heap, w gc.World, cfg gc.Config) gc.Collector

// Options say what to expect of a collector.
type Options struct {
	Collects bool // it frees memory at all
}

// Words that the machine's program has as globals and as a stack.
const (
	globals    = mem.DataBase
	globalsN   = 256
	stackWords = 128
)

// machine is the smallest world that a collector can work in: one P, some
// globals, a stack, pointers held by the host.
type machine struct {
	t     testing.TB
	space *mem.Space
	heap  *heap.Heap
	cache *heap.Cache
	gc    gc.Collector
	trace bytes.Buffer

	stack     mem.Addr
	stackMask []uint64
	host      []mem.Addr // pointers held by the host

	fixed   bool       // runs repeat
	lengths *rand.Rand // of turns
	unshown int        // root jobs that are left
	stacks  gc.Marker  // the stack has to be shown to it before the program goes on

	stopped    bool
	finalizers []finalized
	cleanups   []heap.Cleanup
	cycles     []gc.Cycle
	pools      int

	node, list, wide abi.TypeID
}

type finalized struct {
	object mem.Addr
	heap.Finalizer
}

// Types of the programs. A node is a tag, two pointers and a number; a wide
// object has more words than a mask word, with pointers at words 1, 70 and 129.
const (
	nodeSize = 32
	wideSize = 1040
)

func newMachine(t testing.TB, mk Make, limit uint64, f debug.Flags) *machine {
	t.Helper()
	sp, err := mem.New(limit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sp.Close() })
	h, err := heap.New(sp, heap.Config{Flags: f})
	if err != nil {
		t.Fatal(err)
	}
	if !sp.Commit(globals, globalsN*8, mem.KindData) {
		t.Fatal("no room for globals")
	}
	m := &machine{t: t, space: sp, heap: h, cache: h.NewCache(), lengths: rand.New(rand.NewPCG(7, uint64(f.GCEvery)))}
	cfg := gc.Default
	cfg.Trace = &m.trace
	m.gc = mk(h, m, cfg)
	t.Cleanup(m.gc.Close)
	var st heap.Status
	if m.stack, st = m.cache.AllocStack(stackWords*8*2, heap.AfterGC); st != heap.OK {
		t.Fatal("no stack:", st)
	}
	sp.Zero(m.stack, stackWords*8)
	m.stackMask = make([]uint64, stackWords/64)
	for i := range m.stackMask {
		m.stackMask[i] = 0x5555555555555555 // every other word is a pointer
	}
	add := func(g abi.GCType) abi.TypeID {
		id, ok := h.AddType(&g)
		if !ok {
			t.Fatal("no room for types")
		}
		return id
	}
	m.node = add(abi.GCType{Size: nodeSize, PtrBytes: 24, Mask: []uint64{0b110}, Name: "node"})
	m.list = add(abi.GCType{Size: 8, PtrBytes: 8, Mask: []uint64{1}, Name: "*node"})
	m.wide = add(abi.GCType{Size: wideSize, PtrBytes: 130 * 8, Mask: []uint64{1 << 1, 1 << 6, 1 << 1}, Name: "wide"})
	return m
}

// machine implements gc.World.

func (m *machine) Stop(string) {
	if m.stopped {
		m.t.Fatal("world stopped twice")
	}
	m.stopped = true
}

func (m *machine) Start() {
	if !m.stopped {
		m.t.Fatal("world started twice")
	}
	m.stopped = false
}

func (m *machine) Procs() int         { return 1 }
func (m *machine) CheckFrames() error { return nil }
func (m *machine) ClearPools()        { m.pools++ }

func (m *machine) Roots(k gc.Marker) {
	if !m.stopped {
		m.t.Fatal("roots of a running world")
	}
	k.Kind(gc.RootGlobals)
	k.Range(globals, globalsN, nil)
	k.Kind(gc.RootStacks)
	k.Range(m.stack, stackWords, m.stackMask)
	k.Kind(gc.RootHost)
	for _, p := range m.host {
		k.Pointer(p)
	}
	m.queueRoots(k)
}

// queueRoots shows what the queues hold.
func (m *machine) queueRoots(k gc.Marker) {
	for _, f := range m.finalizers {
		k.Pointer(f.object)
		k.Pointer(f.Fn)
	}
	for _, c := range m.cleanups {
		k.Pointer(c.Fn)
		k.Pointer(c.Arg)
	}
}

func (m *machine) QueueFinalizer(o mem.Addr, f heap.Finalizer) {
	m.finalizers = append(m.finalizers, finalized{o, f})
}

func (m *machine) QueueCleanup(c heap.Cleanup) { m.cleanups = append(m.cleanups, c) }

func (m *machine) CycleDone(c *gc.Cycle) { m.cycles = append(m.cycles, *c) }

// alloc allocates as the interpreter does: it collects when the trigger or the
// limit says so, with everything the program uses on its stack.
func (m *machine) alloc(size uint64, t abi.TypeID, noscan bool) (mem.Addr, bool) {
	m.t.Helper()
	if m.heap.WantGC() {
		m.ask(gc.Trigger)
	}
	m.turn(false)
	seen := m.gc.Cycles()
	a, st := m.cache.Alloc(size, t, noscan, 0)
	if st == heap.NeedGC {
		r := gc.Request{Reason: gc.Limit, Seen: seen}
		if m.heap.Flags().GCEvery > 0 {
			r.Reason = gc.Debug
		}
		if r.Reason == gc.Debug {
			m.ask(r.Reason)
			m.turn(false)
		} else {
			m.gc.Collect(r)
		}
		a, st = m.cache.Alloc(size, t, noscan, heap.AfterGC)
	}
	if st != heap.OK {
		return 0, false
	}
	return a, true
}

// ask asks for a cycle, which begins at the next turn if it runs beside the program.
func (m *machine) ask(why gc.Reason) {
	if bg, ok := m.gc.(gc.Background); ok {
		bg.Ask(gc.Request{Reason: why})
	} else {
		m.gc.Collect(gc.Request{Reason: why})
	}
}

func (m *machine) must(size uint64, t abi.TypeID, noscan bool) mem.Addr {
	m.t.Helper()
	a, ok := m.alloc(size, t, noscan)
	if !ok {
		m.t.Fatal("out of memory: ", m.space.Breakdown())
	}
	return a
}

func (m *machine) collect() {
	m.t.Helper()
	m.gc.Collect(gc.Request{Reason: gc.Forced})
	m.check()
}

func (m *machine) check() {
	m.t.Helper()
	m.idle()
	m.heap.FlushAll()
	if err := m.heap.Check(); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) store(a mem.Addr, v uint64) {
	m.gc.Barrier().Word(a)
	m.space.Store64(a, v)
}

func (m *machine) load(a mem.Addr) uint64 { return m.space.Load64(a) }

// alive reports whether an object is at a.
func (m *machine) alive(a mem.Addr) bool {
	_, _, _, _, ok := m.heap.Object(a)
	return ok
}
