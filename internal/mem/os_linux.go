package mem

import (
	"syscall"
	"unsafe"
)

// reserve takes n bytes of address space without access or backing.
func reserve(n int) ([]byte, error) {
	return syscall.Mmap(-1, 0, n, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
}

func release(b []byte) error { return syscall.Munmap(b) }

// allow opens reserved pages for reading and writing; they read as zero.
func allow(b []byte) error { return syscall.Mprotect(b, syscall.PROT_READ|syscall.PROT_WRITE) }

func readOnly(b []byte) error { return syscall.Mprotect(b, syscall.PROT_READ) }

// forget closes pages and drops their backing. Closing comes first: it is the
// step that can be refused, and then nothing has changed.
func forget(b []byte) error {
	if err := syscall.Mprotect(b, syscall.PROT_NONE); err != nil {
		return err
	}
	return syscall.Madvise(b, syscall.MADV_DONTNEED)
}

// adviseHuge asks for huge pages where whole ones are committed. A kernel
// without them refuses, which does no harm.
func adviseHuge(b []byte) { _ = syscall.Madvise(b, syscall.MADV_HUGEPAGE) }

// populateWrite is MADV_POPULATE_WRITE (Linux 5.14).
const populateWrite = 23

// Populate gives b, memory of any kind that the caller is about to fill, its pages at once. Where a page
// fault costs microseconds that is most of the price of fresh memory; a kernel that does not know
// how lets the faults happen.
func Populate(b []byte) {
	page := uintptr(syscall.Getpagesize())
	from := (uintptr(unsafe.Pointer(unsafe.SliceData(b))) + page - 1) &^ (page - 1)
	to := (uintptr(unsafe.Pointer(unsafe.SliceData(b))) + uintptr(len(b))) &^ (page - 1)
	if to > from {
		syscall.Syscall(syscall.SYS_MADVISE, from, to-from, populateWrite)
	}
}
