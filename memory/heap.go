package memory

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/gc/concurrent"
	"github.com/terrarium-go/terrarium/internal/gc/marksweep"
	"github.com/terrarium-go/terrarium/internal/gc/nogc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Addr is an address in a heap: an offset in its region.
type Addr uint64

// Nil is the address of nothing.
const Nil Addr = 0

// Config says how a heap behaves. The zero Config is a heap without limit,
// collected when it has doubled, with the world stopped.
type Config struct {
	Limit     uint64    // bytes, hard; 0: only the size of the region, 28 GiB, limits the heap
	Collector string    // "marksweep" (or ""), "concurrent", "nogc"
	Percent   int       // growth before the next collection, in percent of what lives; 0: 100; negative: collect for the limit only
	Soft      uint64    // bytes that the collector works harder to stay below; 0: none
	Trace     io.Writer // gets one line for each collection, in the format of Go's gctrace; nil: nobody

	// Debug is a list of debug flags, "name=value,…", as docs/memory.md describes them:
	// gcevery, poison, check, failalloc, oom.
	Debug string
}

// ErrNoMemory says that the limit leaves no room for an object, or for a heap at all.
var ErrNoMemory = mem.ErrLimit

// Heap is a region with objects in it.
//
//	running mutators hold run for reading; whoever holds it for writing has stopped the world
//	charged host bytes = globalCost*len(globals) + cleanupCost*len(cleanups) + locals of mutators
type Heap struct {
	space   *mem.Space
	heap    *heap.Heap
	gc      gc.Collector
	side    gc.Background // gc, if it runs beside the mutators
	barrier *gc.Barrier
	debug   bool   // gcevery is on: refusals are no sign of the limit
	number  uint64 // of this heap, from 1; 32 bits

	run  sync.RWMutex
	want atomic.Int32 // who waits to stop the world

	mu       sync.Mutex // guards the rest; after run
	mutators []*Mutator
	globals  []*Global
	cleanups map[uint64]func() // by id
	lastID   uint64
	due      []uint64    // ids of cleanups whose objects are gone
	closed   atomic.Bool // written with mu held
}

// heaps counts the heaps that were ever made.
var heaps atomic.Uint32

// New reserves the region of a heap and makes its first tables.
func New(cfg Config) (*Heap, error) {
	collectors := map[string]func(*heap.Heap, gc.World, gc.Config) gc.Collector{
		"": marksweep.New, "marksweep": marksweep.New, "concurrent": concurrent.New, "nogc": nogc.New,
	}
	collector := collectors[cfg.Collector]
	if collector == nil {
		return nil, fmt.Errorf("memory: unknown collector %q; known: marksweep, concurrent, nogc", cfg.Collector)
	}
	var flags debug.Flags
	if err := flags.Parse(cfg.Debug); err != nil {
		return nil, fmt.Errorf("memory: %w", err)
	}
	if cfg.Trace != nil {
		flags.GCTrace = max(1, flags.GCTrace)
	}
	space, err := mem.New(cfg.Limit)
	if err != nil {
		return nil, fmt.Errorf("memory: %w", err)
	}
	hp, err := heap.New(space, heap.Config{Flags: flags, KeepTypes: true})
	if err != nil {
		space.Close()
		return nil, fmt.Errorf("memory: %w", err)
	}
	set := gc.Default
	set.Trace = cfg.Trace
	if cfg.Percent != 0 {
		set.Percent = max(cfg.Percent, -1)
	}
	if cfg.Soft != 0 {
		set.MemoryLimit = int64(min(cfg.Soft, mem.Size))
	}
	h := &Heap{space: space, heap: hp, debug: flags.GCEvery > 0, number: uint64(heaps.Add(1)), cleanups: map[uint64]func(){}}
	h.gc = collector(hp, world{h}, set)
	h.side, _ = h.gc.(gc.Background)
	h.barrier = h.gc.Barrier()
	return h, nil
}

// Close gives the region back to the host. Every mutator must be closed; no address
// of this heap may be used any more.
func (h *Heap) Close() error {
	h.mu.Lock()
	n, closed := len(h.mutators), h.closed.Load()
	h.closed.Store(closed || n == 0)
	h.mu.Unlock()
	switch {
	case n > 0:
		return fmt.Errorf("memory: closing a heap with %d open mutators", n)
	case closed:
		return nil
	}
	h.gc.Close()
	return h.space.Close()
}

// open panics when the heap is closed: its tables are gone.
func (h *Heap) open() {
	if h.closed.Load() {
		panic("memory: a heap is used that is closed")
	}
}

// Type says where an object has pointers. It belongs to the heap that it was defined for.
type Type struct {
	id      uint64 // number of its heap << 32 | id there; 0: every heap has it
	size    uint64 // bytes of an element
	noscan  bool
	defined bool
}

// typeKey is Type.id of one of h's types.
func (h *Heap) typeKey(id abi.TypeID) uint64 { return h.number<<32 | uint64(id) }

// Types that every heap has.
var (
	Bytes = Type{size: 1, noscan: true, defined: true} // no pointers; an element is a byte
	Words = Type{size: 8, defined: true}               // any word may be a pointer; an element is a word
)

// Define makes a type: its bytes, and the offsets of the words that hold pointers.
// The name is for messages and censuses. A type with pointers has a size that is
// a multiple of 8, and so are the offsets. ErrNoMemory says that the limit has no
// room for the type's record.
func (h *Heap) Define(name string, size int, pointers ...int) (Type, error) {
	h.open()
	t := &abi.GCType{Name: name, Size: uint64(max(size, 0))}
	if size <= 0 || uint64(size) > mem.HeapEnd-mem.HeapBase {
		return Type{}, fmt.Errorf("memory: type %s of %d bytes", name, size)
	}
	for _, p := range pointers {
		if p < 0 || p%8 != 0 || p+8 > size || size%8 != 0 {
			return Type{}, fmt.Errorf("memory: type %s of %d bytes with a pointer at %d: want whole words of 8 bytes", name, size, p)
		}
		t.PtrBytes = max(t.PtrBytes, uint64(p)+8)
	}
	t.Mask = make([]uint64, (t.PtrBytes/8+63)/64)
	for _, p := range pointers {
		t.Mask[p/512] |= 1 << (p / 8 % 64)
	}
	id, ok := h.heap.AddType(t)
	if !ok {
		return Type{}, h.noMemory(fmt.Sprintf("defining type %s", name))
	}
	return Type{id: h.typeKey(id), size: t.Size, noscan: t.PtrBytes == 0, defined: true}, nil
}

// Name is the name that t was defined with; "" for Bytes and Words, and for types of other heaps.
func (h *Heap) Name(t Type) string {
	if t.id>>32 != h.number {
		return ""
	}
	if g := h.heap.TypeOf(abi.TypeID(t.id)); g != nil {
		return g.Name
	}
	return ""
}

func (h *Heap) noMemory(doing string) error {
	return fmt.Errorf("memory: %s: %w (%s)", doing, ErrNoMemory, h.space.Breakdown())
}

// Limit is the bytes that may be used.
func (h *Heap) Limit() uint64 { return h.space.Limit() }

// SetLimit changes the limit; 0 means the size of the region. A limit below what is
// used refuses allocations until enough is gone.
func (h *Heap) SetLimit(bytes uint64) {
	h.space.SetLimit(bytes)
	h.gc.SetMemoryLimit(h.gc.SetMemoryLimit(-1)) // has it look at the limit
}

// Used is the bytes that count against the limit now.
func (h *Heap) Used() uint64 { return h.space.Used() }

// SetPercent changes Config.Percent; negative switches collections off but for the
// limit. It returns the former value.
func (h *Heap) SetPercent(percent int) int { return h.gc.SetPercent(percent) }

// SetSoft changes Config.Soft; 0 means none.
func (h *Heap) SetSoft(bytes uint64) {
	if bytes == 0 || bytes > mem.Size {
		bytes = 1<<63 - 1
	}
	h.gc.SetMemoryLimit(int64(bytes))
}

// A Global is a root that does not belong to a mutator.
type Global struct {
	heap *Heap
	addr atomic.Uint64
	i    int // index in heap.globals; guarded by heap.mu
}

// globalCost is the bytes charged for a global and its place in the list.
const globalCost = 64

// NewGlobal makes a global that holds a. The caller has a mutator, or a is Nil.
func (h *Heap) NewGlobal(a Addr) (*Global, error) {
	h.open()
	if !h.space.Charge(globalCost, mem.KindRecord) {
		return nil, h.noMemory("making a global root")
	}
	g := &Global{heap: h}
	g.addr.Store(uint64(a))
	h.mu.Lock()
	defer h.mu.Unlock()
	g.i = len(h.globals)
	h.globals = append(h.globals, g)
	return g, nil
}

// Get is the address that the global holds. The caller has a mutator.
func (g *Global) Get() Addr { return Addr(g.addr.Load()) }

// Set makes the global hold a. The caller has a mutator, or a is Nil.
func (g *Global) Set(a Addr) { g.addr.Store(uint64(a)) }

// Free ends the global.
func (g *Global) Free() {
	h := g.heap
	h.mu.Lock()
	defer h.mu.Unlock()
	if g.i < 0 {
		return
	}
	last := h.globals[len(h.globals)-1]
	last.i = g.i
	h.globals[g.i] = last
	h.globals = h.globals[:len(h.globals)-1]
	g.i = -1
	g.Set(Nil)
	h.space.Uncharge(globalCost, mem.KindRecord)
}

// RunCleanups calls the functions of AddCleanup whose objects are gone, and says how
// many. They run on the caller's goroutine and may use its mutator, if it has one.
func (h *Heap) RunCleanups() int {
	h.mu.Lock()
	due := h.due
	h.due = nil
	list := make([]func(), len(due))
	for i, id := range due {
		list[i] = h.cleanups[id]
		delete(h.cleanups, id)
	}
	h.mu.Unlock()
	h.space.Uncharge(int64(len(due))*cleanupCost, mem.KindRecord)
	for _, f := range list {
		f()
	}
	return len(list)
}
