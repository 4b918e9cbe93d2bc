// Package huge gives a command's own Go heap huge pages.
//
// A compiler touches fresh memory all the time, and each fresh page is a fault: a third of a microsecond on bare metal, ten
// to twenty in a virtual machine whose page tables are shadowed. Compiling hello world without a cache touched 30,000
// pages of 4 KiB, which was half of its processor time there. With pages of 2 MiB the same memory is 150 faults.
//
// Go's runtime leaves the choice to the kernel, and kernels are commonly set to ask for
// advice (transparent_hugepage/enabled: madvise). So we advise, at two moments:
//
//	Here      the block of the heap that is in use becomes huge at once (its few pages are moved together), and so
//	          does the block behind it when it is touched. Importing huge/early does that before anything else
//	Reserve   the heap grows by one object of the given size, which is advised and dropped at once: a collection
//	          makes it free memory, from which everything allocated later comes. Nothing of it is touched before
//	          it is used, so it costs address space only
//
// Only commands call this: how the heap of a host is mapped is for the host to decide. Where the kernel
// refuses, nothing is lost but the time.
package huge

import (
	"runtime"
	"unsafe"
)

// Page is the size of a huge page in bytes.
const Page = 2 << 20

// anchor is an object of the heap that stays: what Here advises lies around it.
var anchor *[64]byte

// Here advises the heap around the object that was allocated last.
func Here() {
	anchor = new([64]byte)
	block := uintptr(unsafe.Pointer(anchor)) &^ (Page - 1)
	advise(block, 2*Page)
	collapse(block, Page)
}

// Reserve makes the heap about n bytes larger, with huge pages where they are touched; fewer on a small
// machine, and none where address space is rationed. It runs a collection of the host, which is short while the heap is small.
func Reserve(n int) {
	n = min(n, room()) &^ (Page - 1)
	if n < 2*Page {
		return
	}
	b := make([]byte, n)
	from := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	advise((from+Page-1)&^(Page-1), uintptr(n)-Page)
	runtime.KeepAlive(&b[0])
	b = nil
	runtime.GC()
}
