// Package runtime is the guest's runtime: what std and programs see as package
// runtime, written for the machine that runs them. It is guest code, compiled
// like any other package; the work below it (stacks, heap, collector,
// scheduler) is done by the machine, which this package reaches through
// functions without a body: host functions, bound by their linker symbol.
//
// What lives here rather than in the host is what needs to call other guest code
// (printing a panic value, running finalizers and timers) or is simply clearer in
// Go (error texts, stack frames, statistics).
package runtime

import "unsafe"

// Compiler, GOOS and GOARCH name the target as std was compiled for it.
const Compiler = "gc"

const (
	GOOS   string = "wasip1"
	GOARCH string = "wasm"
)

// MemProfileRate is the mean number of allocated bytes per sample of the memory profile.
var MemProfileRate int = 512 * 1024

// zeroVal backs the zero values that map lookups of absent keys return.
var zeroVal [1024]byte

// eface is the shape of an empty interface value.
type eface struct {
	typ  unsafe.Pointer
	data unsafe.Pointer
}

func efaceOf(p *any) *eface { return (*eface)(unsafe.Pointer(p)) }

func add(p unsafe.Pointer, x uintptr) unsafe.Pointer { return unsafe.Pointer(uintptr(p) + x) }

// noescape hides p from escape analysis.
//
//go:nosplit
func noescape(p unsafe.Pointer) unsafe.Pointer {
	x := uintptr(p)
	return unsafe.Pointer(x ^ 0)
}
