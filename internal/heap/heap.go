// Package heap is the guest's allocator: pages, spans, size classes, per-P
// caches, large objects, stacks, and the records that hang on objects.
//
// It descends from tcmalloc by way of the Go runtime, whose sizes it reproduces
// byte for byte. An allocation goes down this ladder until something has room:
//
//  1. The cache of the P holds a window of up to 64 slots of a span of the right
//     span class, as a mask of free slots. Allocating is: take the lowest bit,
//     store the type id. The memory is already zero. (Cache.New, and inline in
//     the interpreter.)
//  2. The next window with free slots of the same span; its free slots are
//     cleared in bulk. (Cache.Refill.)
//  3. A span of that class that the last sweep found to have free slots. (central)
//  4. A new span from the page heap. (pages.go)
//  5. New memory, charged to the account. (mem)
//
// Pointer-free objects under 16 bytes share 16-byte blocks; objects above 32 KiB
// have spans of their own.
//
// Nothing here collects. When live bytes pass the trigger, WantGC becomes true
// and the machine collects at its next safepoint; when the limit refuses,
// allocation answers NeedGC and the caller collects and tries again, saying
// AfterGC.
//
// # Host-side metadata
//
// The guest is not trusted, so what describes its memory is out of its reach:
// span records with bitmaps and type ids, the page table, specials. All of it is
// charged to the account as metadata. Instead of a bitmap of pointers each slot
// has a type id: one store of 4 bytes when allocating, and a snapshot knows the
// type of every object.
//
// # Counting
//
// The fast path counts nothing. A cache knows the slots it was given and those
// still free; the difference is settled when the window is used up or flushed.
//
//	live = bytes of slots whose alloc bit is set (a cached window counts in full until it is flushed)
//	     + bytes of large objects
//
// # Locks
//
//	central[c].mu → mu → pages.mu
//	specialMu
//	stacks.mu → mu → pages.mu
//	cachesMu
//
// Charging the account may decommit idle pages, so pages.mu comes after every
// lock that is held while charging, and the page heap itself charges without.
package heap

import (
	"fmt"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Config says how a heap behaves.
type Config struct {
	Flags debug.Flags
	// ZeroBase is the address given for objects of no bytes. 0 lets the heap
	// take a page of its own for it.
	ZeroBase mem.Addr
	// Trace takes the lines of the flag scavtrace; nil for nobody.
	Trace io.Writer
	// KeepTypes keeps type ids of pointer-free objects too, for snapshots.
	KeepTypes bool
}

// Heap is the allocator of one machine.
type Heap struct {
	space     *mem.Space
	base      unsafe.Pointer // host address of guest address 0
	flags     debug.Flags
	keepTypes bool
	gated     bool // GCEvery, FailAlloc or OOM is on: every allocation passes gate
	single    bool // the fast path is off: slots are handed out one by one
	zeroBase  mem.Addr

	pages pageHeap
	types types

	mu          sync.Mutex // guards records, all and the page table's growth
	records     *mem.Lazy
	recordBase  unsafe.Pointer
	recordTop   uint64 // bytes of records ever handed out
	freeRecords [maxRecord/RecordUnit + 2][]uint32
	all         []uint32 // ids of the spans in use, in no order
	table       *mem.Lazy
	tableBase   unsafe.Pointer
	tablePages  atomic.Uint64 // pages the table covers

	central [NumSpanClasses]central
	stacks  stackPool

	live    atomic.Int64 // bytes; see "Counting"
	scan    atomic.Int64 // bytes; of live, in spans with pointers
	trigger atomic.Int64 // bytes; live at or above wants a collection
	want    atomic.Bool
	onWant  func()

	cachesMu sync.Mutex
	caches   []*Cache
	settled  counters // of released caches, and of sweeps; guarded by cachesMu

	beside

	specialMu sync.Mutex
	specials  specialTable
	immortal  map[mem.Addr]mem.Addr
	specialID uint64

	attempts atomic.Int64 // allocations seen by gate
	sample   Sampler
}

// central is the spans of one span class that no cache owns and that have free
// slots. Full spans are on no list.
type central struct {
	mu      sync.Mutex
	partial []uint32 // ids; taken from the end
}

// New makes a heap in an address space. The error is the host's refusal to
// reserve the tables, or a limit too small for the first of them.
func New(space *mem.Space, cfg Config) (*Heap, error) {
	h := &Heap{
		space:     space,
		base:      space.Base(),
		flags:     cfg.Flags,
		keepTypes: cfg.KeepTypes,
		gated:     cfg.Flags.GCEvery > 0 || cfg.Flags.FailAlloc > 0 || cfg.Flags.OOM > 0,
		immortal:  map[mem.Addr]mem.Addr{},
		recordTop: RecordUnit, // record 0 stays zero: a span without slots, for pages without one
	}
	h.single = h.gated
	h.gen = 1
	h.pages.space = space
	h.types.init()
	h.trigger.Store(math.MaxInt64)
	space.SetReclaim(h.reclaim)
	if cfg.Flags.ScavTrace > 0 {
		h.pages.scav.trace = cfg.Trace
	}
	var err error
	if h.records, err = space.Lazy(maxPages*maxRecord, mem.KindMetadata); err != nil {
		return nil, err
	}
	if h.table, err = space.Lazy(maxPages*4, mem.KindMetadata); err != nil {
		return nil, err
	}
	if err = h.specials.init(space); err != nil {
		return nil, err
	}
	h.recordBase, h.tableBase = h.records.Base(), h.table.Base()
	if !h.records.Grow(RecordUnit) {
		return nil, fmt.Errorf("%w: the limit of %d bytes is too small for a heap", mem.ErrLimit, space.Limit())
	}
	if h.zeroBase = cfg.ZeroBase; h.zeroBase == 0 {
		p, _, ok := h.pages.alloc(1, mem.KindData)
		if !ok {
			return nil, fmt.Errorf("%w: the limit of %d bytes is too small for a heap", mem.ErrLimit, space.Limit())
		}
		h.zeroBase = pageAddr(p)
	}
	return h, nil
}

// Space is the address space the heap lives in.
func (h *Heap) Space() *mem.Space { return h.space }

// ZeroBase is the address of every object of no bytes.
func (h *Heap) ZeroBase() mem.Addr { return h.zeroBase }

// Flags are the debug flags the heap was made with.
func (h *Heap) Flags() *debug.Flags { return &h.flags }

// Live is the bytes of allocated slots, as "Counting" defines them.
func (h *Heap) Live() uint64 { return uint64(max(0, h.live.Load())) }

// LiveScan is the bytes of Live in objects that may hold pointers.
func (h *Heap) LiveScan() uint64 { return uint64(max(0, h.scan.Load())) }

// WantGC reports whether live bytes have passed the trigger since the last
// sweep.
func (h *Heap) WantGC() bool { return h.want.Load() }

// OnWantGC sets the function that is called once each time WantGC becomes true.
// It must be set before the heap is used, may be called with locks held, and
// must not allocate from the heap.
func (h *Heap) OnWantGC(f func()) { h.onWant = f }

// SetTrigger sets the live bytes at which a collection is wanted. 0 switches
// the trigger off.
func (h *Heap) SetTrigger(bytes uint64) {
	if bytes == 0 || bytes > math.MaxInt64 {
		bytes = math.MaxInt64
	}
	h.trigger.Store(int64(bytes))
	h.want.Store(false)
	h.addLive(0, true)
}

// Trigger is the live bytes at which a collection is wanted, or the largest
// int64 when the trigger is off.
func (h *Heap) Trigger() uint64 { return uint64(h.trigger.Load()) }

func (h *Heap) addLive(n int64, noscan bool) {
	if !noscan {
		h.scan.Add(n)
	}
	if h.live.Add(n) >= h.trigger.Load() && !h.want.Load() && h.want.CompareAndSwap(false, true) && h.onWant != nil {
		h.onWant()
	}
}

// bytes is the guest bytes [a, a+n), which the heap knows to be committed.
func (h *Heap) bytes(a mem.Addr, n uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(h.base, a)), n)
}

// get takes a span with free slots, or nil.
func (c *central) get(h *Heap) *Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.partial)
	if n == 0 {
		return nil
	}
	s := h.SpanByID(c.partial[n-1])
	c.partial = c.partial[:n-1]
	s.flags |= owned
	return s
}

// put gives a span that a cache owned back.
func (c *central) put(s *Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.flags &^= owned
	for w := range s.Windows() {
		if ^s.Bits(w).Alloc&s.valid(w) != 0 {
			c.partial = append(c.partial, s.id)
			return
		}
	}
}
