package runtime

import (
	"internal/profilerecord"
	"unsafe"
)

// Profiles. The host records memory, time, blocking and mutexes and knows every goroutine; what
// it does not record (threads, execution traces) is
// an empty profile, as in a program that has not switched it on.

// StackRecord is the stack of one profile entry.
type StackRecord struct {
	Stack0 [32]uintptr // return program counters, 0-terminated
}

// Stack is the part of Stack0 in use.
func (r *StackRecord) Stack() []uintptr { return cutZero(r.Stack0[:]) }

func cutZero(pcs []uintptr) []uintptr {
	for i, pc := range pcs {
		if pc == 0 {
			return pcs[:i]
		}
	}
	return pcs
}

// MemProfileRecord describes the live and freed objects allocated at one stack.
type MemProfileRecord struct {
	AllocBytes, FreeBytes     int64
	AllocObjects, FreeObjects int64
	Stack0                    [32]uintptr
}

// InUseBytes is AllocBytes - FreeBytes.
func (r *MemProfileRecord) InUseBytes() int64 { return r.AllocBytes - r.FreeBytes }

// InUseObjects is AllocObjects - FreeObjects.
func (r *MemProfileRecord) InUseObjects() int64 { return r.AllocObjects - r.FreeObjects }

// Stack is the part of Stack0 in use.
func (r *MemProfileRecord) Stack() []uintptr { return cutZero(r.Stack0[:]) }

// BlockProfileRecord describes blocking at one stack.
type BlockProfileRecord struct {
	Count  int64
	Cycles int64
	StackRecord
}

// memProfileCount is the number of records; memProfileRecord fills number i: four words alloc bytes,
// free bytes, alloc objects, free objects, and the stack; it returns the length of the stack.
func memProfileCount(inuseZero bool) int

//go:noescape
func memProfileRecord(i int, inuseZero bool, words *[4]int64, stk []uintptr) int

// takeGoroutines takes the stacks of all goroutines at one moment, or of those that findLeaks has found, and returns how many; the caller's comes
// first. takenGoroutine gives the stack of one and its profile labels. dropGoroutines frees them.
func takeGoroutines(leaked bool) int
func dropGoroutines()

//go:noescape
func takenGoroutine(i int, stk []uintptr) (n int, labels unsafe.Pointer)

// findLeaks looks for goroutines that can never go on, and returns how many there are.
func findLeaks() int

// MemProfile fills p with the memory profile.
func MemProfile(p []MemProfileRecord, inuseZero bool) (n int, ok bool) {
	n = memProfileCount(inuseZero)
	if n > len(p) {
		return n, false
	}
	for i := range p[:n] {
		var w [4]int64
		r := &p[i]
		*r = MemProfileRecord{}
		memProfileRecord(i, inuseZero, &w, r.Stack0[:])
		r.AllocBytes, r.FreeBytes, r.AllocObjects, r.FreeObjects = w[0], w[1], w[2], w[3]
	}
	return n, true
}

//go:linkname pprof_memProfileInternal
func pprof_memProfileInternal(p []profilerecord.MemProfileRecord, inuseZero bool) (n int, ok bool) {
	n = memProfileCount(inuseZero)
	if n > len(p) {
		return n, false
	}
	for i := range p[:n] {
		var w [4]int64
		stk := make([]uintptr, 130) // the two of the runtime are hidden
		stk = stk[:memProfileRecord(i, inuseZero, &w, stk)]
		p[i] = profilerecord.MemProfileRecord{AllocBytes: w[0], FreeBytes: w[1], AllocObjects: w[2], FreeObjects: w[3], Stack: stk}
	}
	return n, true
}

// GoroutineProfile fills p with the stacks of the live goroutines.
func GoroutineProfile(p []StackRecord) (n int, ok bool) {
	if n = NumGoroutine(); n > len(p) {
		return n, false
	}
	n = takeGoroutines(false)
	ok = n <= len(p)
	for i := 0; i < n && ok; i++ {
		p[i] = StackRecord{}
		takenGoroutine(i, p[i].Stack0[:])
	}
	dropGoroutines()
	return n, ok
}

func goroutineProfile(leaked bool, p []profilerecord.StackRecord, labels []unsafe.Pointer) (n int, ok bool) {
	n = takeGoroutines(leaked)
	ok = n <= len(p)
	for i := 0; i < n && ok; i++ {
		stk := make([]uintptr, 128)
		k, l := takenGoroutine(i, stk)
		p[i].Stack = stk[:k]
		if labels != nil {
			labels[i] = l
		}
	}
	dropGoroutines()
	return n, ok
}

//go:linkname pprof_goroutineProfileWithLabels
func pprof_goroutineProfileWithLabels(p []profilerecord.StackRecord, labels []unsafe.Pointer) (n int, ok bool) {
	return goroutineProfile(false, p, labels)
}

// The profile of leaked goroutines, which a program has that is compiled with GOEXPERIMENT=goroutineleakprofile.

//go:linkname pprof_goroutineLeakProfileWithLabels
func pprof_goroutineLeakProfileWithLabels(p []profilerecord.StackRecord, labels []unsafe.Pointer) (n int, ok bool) {
	return goroutineProfile(true, p, labels)
}

var leaked int // goroutines found last

//go:linkname goroutineLeakGC runtime/pprof.runtime_goroutineLeakGC
func goroutineLeakGC() {
	GC()
	leaked = findLeaks()
}

//go:linkname goroutineleakcount runtime/pprof.runtime_goroutineleakcount
func goroutineleakcount() int { return leaked }

// contentionCount is the number of records of a profile of contention (profileBlock, profileMutex); contentionRecord fills number i: two words,
// count and time, and the stack; it returns the length of the stack.
func contentionCount(which int) int

//go:noescape
func contentionRecord(which, i int, words *[2]int64, stk []uintptr) int

const (
	profileBlock = iota
	profileMutex
)

// BlockProfile fills p with the stacks at which goroutines have waited.
func BlockProfile(p []BlockProfileRecord) (n int, ok bool) { return contention(profileBlock, p) }

// MutexProfile fills p with the stacks at which mutexes were given back that others waited for.
func MutexProfile(p []BlockProfileRecord) (n int, ok bool) { return contention(profileMutex, p) }

func contention(which int, p []BlockProfileRecord) (n int, ok bool) {
	n = contentionCount(which)
	if n > len(p) {
		return n, false
	}
	for i := range p[:n] {
		var w [2]int64
		p[i] = BlockProfileRecord{}
		contentionRecord(which, i, &w, p[i].Stack0[:])
		p[i].Count, p[i].Cycles = w[0], w[1]
	}
	return n, true
}

func contentionInternal(which int, p []profilerecord.BlockProfileRecord) (n int, ok bool) {
	n = contentionCount(which)
	if n > len(p) {
		return n, false
	}
	for i := range p[:n] {
		var w [2]int64
		stk := make([]uintptr, 128)
		stk = stk[:contentionRecord(which, i, &w, stk)]
		p[i] = profilerecord.BlockProfileRecord{Count: w[0], Cycles: w[1], Stack: stk}
	}
	return n, true
}

// ThreadCreateProfile is empty.
func ThreadCreateProfile(p []StackRecord) (n int, ok bool) { return 0, true }

//go:linkname pprof_blockProfileInternal
func pprof_blockProfileInternal(p []profilerecord.BlockProfileRecord) (n int, ok bool) {
	return contentionInternal(profileBlock, p)
}

//go:linkname pprof_mutexProfileInternal
func pprof_mutexProfileInternal(p []profilerecord.BlockProfileRecord) (n int, ok bool) {
	return contentionInternal(profileMutex, p)
}

//go:linkname pprof_threadCreateInternal
func pprof_threadCreateInternal(p []profilerecord.StackRecord) (n int, ok bool) { return 0, true }

//go:linkname pprof_cyclesPerSecond runtime/pprof.runtime_cyclesPerSecond
func pprof_cyclesPerSecond() int64 { return 1e9 }

//go:linkname pprof_cyclesPerSecond2 runtime/pprof.pprof_cyclesPerSecond
func pprof_cyclesPerSecond2() int64 { return 1e9 }

//go:linkname pprof_fpunwindExpand
func pprof_fpunwindExpand(dst, src []uintptr) int { return copy(dst, src) }

//go:linkname pprof_makeProfStack
func pprof_makeProfStack() []uintptr { return make([]uintptr, 128) }

func setBlockRate(rate int)
func setMutexFraction(rate int) int

// SetBlockProfileRate records one wait for every rate nanoseconds of waiting on average; 1 records all, 0 none.
func SetBlockProfileRate(rate int) { setBlockRate(rate) }

// SetMutexProfileFraction records one in rate of the events at which a mutex had others wait, and returns the former
// rate; a negative one only asks.
func SetMutexProfileFraction(rate int) int { return setMutexFraction(rate) }

// cpuProfileRate has the machine sample running goroutines hz times a second; 0 ends that. cpuProfileRead takes records that have come,
// as many as fit, and the labels of each.
func cpuProfileRate(hz int)

//go:noescape
func cpuProfileRead(data []uint64, tags []unsafe.Pointer) (words, records int)

var (
	cpuHz     int  // samples per second; 0: off
	cpuHeader int  // rate that the reader has not been told; 0: none
	cpuUnread bool // the reader has not seen the end of the last profile
)

// SetCPUProfileRate begins a CPU profile of hz samples per second, or ends it with 0.
func SetCPUProfileRate(hz int) {
	switch {
	case hz > 1000000:
		hz = 1000000
	case hz < 0:
		hz = 0
	}
	if hz > 0 {
		if cpuHz != 0 || cpuUnread {
			print("runtime: cannot set cpu profile rate until previous profile has finished.\n")
			return
		}
		cpuHeader, cpuUnread = hz, true
	}
	cpuHz = hz
	cpuProfileRate(hz)
}

// CPUProfile is retired in Go as well.
func CPUProfile() []byte { panic("CPUProfile no longer available") }

// SetCgoTraceback does nothing: there is no cgo.
func SetCgoTraceback(version int, traceback, context, symbolizer unsafe.Pointer) {}

// runtime_pprof_readProfile waits for a tenth of a second and gives the records that have come since the last call, behind a header (three words, the last is
// the rate) in the first one.
//
//go:linkname runtime_pprof_readProfile runtime/pprof.readProfile
func runtime_pprof_readProfile() (data []uint64, tags []unsafe.Pointer, eof bool) {
	if cpuHz != 0 {
		sleep(1e8)
	}
	eof = cpuHz == 0
	if cpuHeader != 0 {
		data, tags = append(data, 3, uint64(nanotime()), uint64(cpuHeader)), append(tags, nil)
		cpuHeader = 0
	}
	words, labels := make([]uint64, 1<<11), make([]unsafe.Pointer, 1<<9)
	for {
		n, k := cpuProfileRead(words, labels)
		if n == 0 {
			break
		}
		data, tags = append(data, words[:n]...), append(tags, labels[:k]...)
	}
	if eof {
		cpuUnread = false
	}
	return data, tags, eof
}

//go:linkname runtime_setProfLabel runtime/pprof.runtime_setProfLabel
func runtime_setProfLabel(labels unsafe.Pointer) { setProfLabels(labels) }

//go:linkname runtime_getProfLabel runtime/pprof.runtime_getProfLabel
func runtime_getProfLabel() unsafe.Pointer { return profLabels() }

func setProfLabels(p unsafe.Pointer)
func profLabels() unsafe.Pointer

// Execution traces are not recorded.

// StartTrace refuses.
func StartTrace() error { return errorString("tracing is not supported") }

// StopTrace does nothing.
func StopTrace() {}

// ReadTrace returns nil: there is no trace.
func ReadTrace() []byte { return nil }

//go:linkname trace_readTrace runtime/trace.runtime_readTrace
func trace_readTrace() []byte { return nil }

//go:linkname traceAdvance runtime/trace.runtime_traceAdvance
func traceAdvance(stop bool) {}

//go:linkname traceClockNow runtime/trace.runtime_traceClockNow
func traceClockNow() uint64 { return uint64(nanotime()) }

//go:linkname traceClockUnits runtime/trace.runtime_traceClockUnitsPerSecond
func traceClockUnits() uint64 { return 1e9 }

//go:linkname trace_userTaskCreate runtime/trace.userTaskCreate
func trace_userTaskCreate(id, parent uint64, kind string) {}

//go:linkname trace_userTaskEnd runtime/trace.userTaskEnd
func trace_userTaskEnd(id uint64) {}

//go:linkname trace_userRegion runtime/trace.userRegion
func trace_userRegion(id, mode uint64, name string) {}

//go:linkname trace_userLog runtime/trace.userLog
func trace_userLog(id uint64, category, message string) {}
