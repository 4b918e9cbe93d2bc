package runtime

import (
	"internal/abi"
	"unsafe"
)

// Memory as the program sees it: statistics, collection on demand, finalizers,
// cleanups, pins.

// MemStats are the statistics of the allocator and the collector; the fields
// mean what they mean in the Go runtime.
type MemStats struct {
	Alloc         uint64 // bytes of live and not yet swept heap objects
	TotalAlloc    uint64 // bytes ever allocated for heap objects
	Sys           uint64 // bytes of address space in use, all kinds together
	Lookups       uint64 // always 0
	Mallocs       uint64 // heap objects ever allocated
	Frees         uint64 // heap objects freed
	HeapAlloc     uint64 // = Alloc
	HeapSys       uint64 // bytes of heap address space
	HeapIdle      uint64 // bytes in spans without objects
	HeapInuse     uint64 // bytes in spans with objects
	HeapReleased  uint64 // bytes given back to the system
	HeapObjects   uint64 // = Mallocs - Frees
	StackInuse    uint64 // bytes in stack spans
	StackSys      uint64 // bytes of stack memory from the system
	MSpanInuse    uint64 // bytes of span records in use
	MSpanSys      uint64
	MCacheInuse   uint64 // bytes of allocation caches in use
	MCacheSys     uint64
	BuckHashSys   uint64 // bytes of profile tables
	GCSys         uint64 // bytes of collector metadata
	OtherSys      uint64 // bytes of other records
	NextGC        uint64 // heap size at which the next collection starts
	LastGC        uint64 // ns since 1970 of the end of the last collection
	PauseTotalNs  uint64
	PauseNs       [256]uint64 // recent pauses, most recent at (NumGC+255)%256
	PauseEnd      [256]uint64
	NumGC         uint32
	NumForcedGC   uint32
	GCCPUFraction float64
	EnableGC      bool
	DebugGC       bool
	BySize        [61]struct {
		Size    uint32
		Mallocs uint64
		Frees   uint64
	}
}

// statWords is what the host fills: the uint64 fields in order up to
// PauseTotalNs, then NumGC, NumForcedGC and the bits of GCCPUFraction.
const statWords = 28

// readStats fills the words, the pauses and, per size class, three words size, mallocs, frees.
//
//go:noescape
func readStats(words *[statWords]uint64, pauseNs, pauseEnd *[256]uint64, bySize *[61 * 3]uint64)

// ReadMemStats fills m.
func ReadMemStats(m *MemStats) {
	var w [statWords]uint64
	var by [61 * 3]uint64
	readStats(&w, &m.PauseNs, &m.PauseEnd, &by)
	fields := [...]*uint64{&m.Alloc, &m.TotalAlloc, &m.Sys, &m.Lookups, &m.Mallocs, &m.Frees,
		&m.HeapAlloc, &m.HeapSys, &m.HeapIdle, &m.HeapInuse, &m.HeapReleased, &m.HeapObjects,
		&m.StackInuse, &m.StackSys, &m.MSpanInuse, &m.MSpanSys, &m.MCacheInuse, &m.MCacheSys,
		&m.BuckHashSys, &m.GCSys, &m.OtherSys, &m.NextGC, &m.LastGC, &m.PauseTotalNs}
	for i, f := range fields {
		*f = w[i]
	}
	m.NumGC = uint32(w[24])
	m.NumForcedGC = uint32(w[25])
	m.GCCPUFraction = frombits(w[26])
	m.EnableGC = true
	for i := range m.BySize {
		b := &m.BySize[i]
		b.Size = uint32(by[3*i])
		b.Mallocs = by[3*i+1]
		b.Frees = by[3*i+2]
	}
}

// collect runs one whole collection and sweeps; forced by the program.
func collect()

// stopTheWorld stops every other processor at a safepoint; the caller goes on alone.
func stopTheWorld()
func startTheWorld()

var poolCleanup func()

//go:linkname sync_registerPoolCleanup sync.runtime_registerPoolCleanup
func sync_registerPoolCleanup(f func()) { poolCleanup = f }

// bcaches are the caches of crypto/internal/boring/bcache, each a pointer that a collection clears.
var bcaches []*unsafe.Pointer

//go:linkname bcache_registerCache crypto/internal/boring/bcache.registerCache
func bcache_registerCache(p unsafe.Pointer) { bcaches = append(bcaches, (*unsafe.Pointer)(p)) }

func clearPools() {
	if poolCleanup != nil || len(bcaches) > 0 {
		stopTheWorld()
		if poolCleanup != nil {
			poolCleanup()
		}
		for _, p := range bcaches {
			*p = nil
		}
		startTheWorld()
	}
}

// GC runs a collection and returns when it is complete.
func GC() {
	clearPools()
	collect()
}

// finqIdle reports whether all finalizers and cleanups that were queued have been called.
func finqIdle() bool

// blockUntilEmptyFinalizerQueue waits for finqIdle, at most timeout ns.
//
//go:linkname blockUntilEmptyFinalizerQueue
func blockUntilEmptyFinalizerQueue(timeout int64) bool {
	for start := nanotime(); !finqIdle(); {
		if nanotime()-start > timeout {
			return false
		}
		sleep(20_000)
	}
	return true
}

//go:linkname sync_test_blockUntilEmptyCleanupQueue sync_test.runtime_blockUntilEmptyCleanupQueue
func sync_test_blockUntilEmptyCleanupQueue(timeout int64) bool {
	return blockUntilEmptyFinalizerQueue(timeout)
}

//go:linkname unique_blockUntilEmptyCleanupQueue unique.runtime_blockUntilEmptyCleanupQueue
func unique_blockUntilEmptyCleanupQueue(timeout int64) bool {
	return blockUntilEmptyFinalizerQueue(timeout)
}

//go:linkname runtime_debug_freeOSMemory runtime/debug.freeOSMemory
func runtime_debug_freeOSMemory() {
	GC()
	releaseMemory()
}

// releaseMemory gives free pages back to the system.
func releaseMemory()

// gcSetting changes a setting of the collector and returns the former value:
// 0 GOGC percent, 1 memory limit, 2 maximum stack size, 3 maximum threads (kept, not used).
func gcSetting(which int, v int64) int64

//go:linkname setGCPercent runtime/debug.setGCPercent
func setGCPercent(v int32) int32 {
	old := int32(gcSetting(0, int64(v)))
	return old
}

//go:linkname setMemoryLimit runtime/debug.setMemoryLimit
func setMemoryLimit(v int64) int64 { return gcSetting(1, v) }

//go:linkname setMaxStack runtime/debug.setMaxStack
func setMaxStack(v int) int { return int(gcSetting(2, int64(v))) }

//go:linkname setMaxThreads runtime/debug.setMaxThreads
func setMaxThreads(v int) int { return int(gcSetting(3, int64(v))) }

//go:linkname setPanicOnFault runtime/debug.setPanicOnFault
func setPanicOnFault(v bool) bool {
	old := getgLocal(3) != 0
	n := uint64(0)
	if v {
		n = 1
	}
	setgLocal(3, n)
	return old
}

// gcPauses appends the recent pauses (most recent first), their end times, the time of
// the last collection, the number of collections and the total pause, as debug.ReadGCStats wants them.
//
//go:linkname readGCStats runtime/debug.readGCStats
func readGCStats(pauses *[]uint64) {
	var m MemStats
	ReadMemStats(&m)
	n := int(m.NumGC)
	if n > len(m.PauseNs) {
		n = len(m.PauseNs)
	}
	p := (*pauses)[:0]
	for i := 0; i < n; i++ {
		p = append(p, m.PauseNs[(int(m.NumGC)-1-i)%len(m.PauseNs)])
	}
	for i := 0; i < n; i++ {
		p = append(p, m.PauseEnd[(int(m.NumGC)-1-i)%len(m.PauseEnd)])
	}
	*pauses = append(p, m.LastGC, uint64(m.NumGC), m.PauseTotalNs)
}

//go:linkname runtime_debug_WriteHeapDump runtime/debug.WriteHeapDump
func runtime_debug_WriteHeapDump(fd uintptr) {
	throw("runtime/debug.WriteHeapDump is not supported")
}

// Finalizers and cleanups. The host keeps the tables and decides what is
// unreachable; finq below is the goroutine that calls.

// findObject returns the start and size of the heap object that p points into; 0 if p is not in the heap.
//
//go:noescape
func findObject(p unsafe.Pointer) (base, size uintptr)

// static reports whether p lies in the program's data.
//
//go:noescape
func static(p unsafe.Pointer) bool

// addFinalizer registers fn, a func value of one pointer-shaped or interface argument,
// for the object at p; false if there is one already. tiny: p may be inside a shared block.
func addFinalizer(p unsafe.Pointer, fn unsafe.Pointer, fint, ptr *abi.Type) bool
func removeFinalizer(p unsafe.Pointer)

// addCleanup registers fn to be called when the object at p, to which pointers of type ptr lead, is gone, and names it. calls
// is the func value of the program that fn calls.
func addCleanup(p unsafe.Pointer, fn func(), calls unsafe.Pointer, ptr *abi.Type) uint64
func removeCleanup(p uintptr, id uint64)

// SetFinalizer sets the finalizer of obj, a pointer to the beginning of an object.
func SetFinalizer(obj, finalizer any) {
	e := efaceOf(&obj)
	if e.typ == nil {
		throw("runtime.SetFinalizer: first argument is nil")
	}
	t := (*abi.Type)(e.typ)
	if t.Kind() != abi.Pointer {
		throw("runtime.SetFinalizer: first argument is " + typeName(t) + ", not pointer")
	}
	elem := t.Elem()
	if e.data == nil {
		throw("nil elem type!")
	}
	base, _ := findObject(e.data)
	if base == 0 {
		if static(e.data) {
			return
		}
		throw("runtime.SetFinalizer: pointer not in allocated block")
	}
	if uintptr(e.data) != base && (elem.PtrBytes != 0 || elem.Size_ >= 16) {
		throw("runtime.SetFinalizer: pointer not at beginning of allocated block")
	}
	f := efaceOf(&finalizer)
	if f.typ == nil {
		removeFinalizer(e.data)
		return
	}
	ft := (*abi.Type)(f.typ)
	if ft.Kind() != abi.Func {
		throw("runtime.SetFinalizer: second argument is " + typeName(ft) + ", not a function")
	}
	fn := (*abi.FuncType)(unsafe.Pointer(ft))
	if fn.IsVariadic() {
		throw("runtime.SetFinalizer: cannot pass " + typeName(t) + " to finalizer " + typeName(ft) + " because dotdotdot")
	}
	if fn.InCount != 1 || !finalizerTakes(fn.In(0), t) {
		throw("runtime.SetFinalizer: cannot pass " + typeName(t) + " to finalizer " + typeName(ft))
	}
	if !addFinalizer(e.data, f.data, fn.In(0), t) {
		throw("runtime.SetFinalizer: finalizer already set")
	}
}

// finalizerTakes reports whether a parameter of type in takes a pointer of type t.
func finalizerTakes(in, t *abi.Type) bool {
	switch {
	case in == t:
		return true
	case in.Kind() == abi.Pointer:
		return (in.Uncommon() == nil || t.Uncommon() == nil) && in.Elem() == t.Elem()
	case in.Kind() == abi.Interface:
		it := (*abi.InterfaceType)(unsafe.Pointer(in))
		return len(it.Methods) == 0 || itabFor(it, t) != nil
	}
	return false
}

// itabFor returns the method table of t for the interface, or nil.
func itabFor(it *abi.InterfaceType, t *abi.Type) unsafe.Pointer

// finqNext blocks until the host has work for the finalizer goroutine.
// kind 1: call fn, a func value, with p converted from pointer type ptr to type in;
// kind 2: call fn, a func(); kind 3: a collection has ended, clear the pools.
func finqNext() (kind int, fn unsafe.Pointer, p unsafe.Pointer, in, ptr *abi.Type)

// finqWork is what the goroutine of finalizers is about to do.
var finqWork struct {
	fn, p   unsafe.Pointer
	in, ptr *abi.Type
}

// finq is the goroutine that runs finalizers and cleanups.
func finq() {
	for {
		var kind int
		w := &finqWork
		switch kind, w.fn, w.p, w.in, w.ptr = finqNext(); kind {
		case 1:
			runFinalizers()
		case 2:
			runCleanups()
		case 3:
			clearPools()
		}
	}
}

// runFinalizers and runCleanups show in tracebacks, under these names, while they call code of the program.
//
//go:noinline
func runFinalizers() {
	w := finqWork
	finqWork.fn, finqWork.p = nil, nil // the object may go as soon as the finalizer forgets it
	runFinalizer(w.fn, w.p, w.in, w.ptr)
}

//go:noinline
func runCleanups() {
	fn := finqWork.fn
	finqWork.fn = nil
	(*(*func())(unsafe.Pointer(&fn)))()
}

func runFinalizer(fn, p unsafe.Pointer, in, ptr *abi.Type) {
	if in.Kind() != abi.Interface {
		(*(*func(unsafe.Pointer))(unsafe.Pointer(&fn)))(p)
		return
	}
	var arg any
	e := efaceOf(&arg)
	e.data = p
	if it := (*abi.InterfaceType)(unsafe.Pointer(in)); len(it.Methods) == 0 {
		e.typ = unsafe.Pointer(ptr)
	} else {
		e.typ = itabFor(it, ptr)
		(*(*func(stringer))(unsafe.Pointer(&fn)))(*(*stringer)(unsafe.Pointer(&arg)))
		return
	}
	(*(*func(any))(unsafe.Pointer(&fn)))(arg)
}

// Cleanup names one registered cleanup.
type Cleanup struct {
	id  uint64
	ptr uintptr
}

// AddCleanup arranges for cleanup(arg) to run some time after ptr is unreachable.
// It keeps arg and whatever cleanup refers to alive, so neither may lead to ptr.
func AddCleanup[T, S any](ptr *T, cleanup func(S), arg S) Cleanup {
	p := unsafe.Pointer(ptr)
	if p == nil {
		panic(plainError("runtime.AddCleanup: ptr is nil"))
	}
	base, size := findObject(p)
	if base == 0 {
		if static(p) {
			return Cleanup{}
		}
		panic(plainError("runtime.AddCleanup: ptr not in allocated block"))
	}
	if a := any(arg); a != nil {
		e := efaceOf(&a)
		if (*abi.Type)(e.typ).Kind() == abi.Pointer {
			if e.data == p {
				panic(plainError("runtime.AddCleanup: ptr is equal to arg, cleanup will never run"))
			}
			if uintptr(e.data) >= base && uintptr(e.data) < base+size && size > 16 {
				panic(plainError("runtime.AddCleanup: ptr is within arg, cleanup will never run"))
			}
		}
	}
	var own any = ptr
	id := addCleanup(p, func() { cleanup(arg) }, *(*unsafe.Pointer)(unsafe.Pointer(&cleanup)), (*abi.Type)(efaceOf(&own).typ))
	KeepAlive(ptr)
	return Cleanup{id, uintptr(p)}
}

// Stop cancels the cleanup if it has not been queued yet.
func (c Cleanup) Stop() {
	if c.id != 0 {
		removeCleanup(c.ptr, c.id)
	}
}

// A Pinner keeps objects from being freed (nothing moves here) until Unpin.
type Pinner struct {
	refs []unsafe.Pointer
}

// Pin pins the object that pointer, a pointer or unsafe.Pointer, refers to.
func (p *Pinner) Pin(pointer any) {
	e := efaceOf(&pointer)
	if e.typ == nil {
		panic(errorString("runtime.Pinner: argument is nil"))
	}
	if k := (*abi.Type)(e.typ).Kind(); k != abi.Pointer && k != abi.UnsafePointer {
		panic(errorString("runtime.Pinner: argument is not a pointer: " + typeName((*abi.Type)(e.typ))))
	}
	if p.refs == nil {
		p.refs = make([]unsafe.Pointer, 0, 5)
	}
	p.refs = append(p.refs, e.data)
	pin(e.data, 1)
}

// Unpin lets go of all pinned objects.
func (p *Pinner) Unpin() {
	for i, q := range p.refs {
		pin(q, -1)
		p.refs[i] = nil
	}
	p.refs = nil
}

// pin adds n to the pin count of the object at p; pinned objects are roots.
func pin(p unsafe.Pointer, n int)
