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

// forget lays a fresh reservation over the pages. Advice to drop them would
// not promise zeroes later on this system.
func forget(b []byte) error {
	_, _, e := syscall.Syscall6(syscall.SYS_MMAP, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
		syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE|syscall.MAP_FIXED, ^uintptr(0), 0)
	if e != 0 {
		return e
	}
	return nil
}

// adviseHuge does nothing: this system chooses its page sizes itself.
func adviseHuge([]byte) {}

// Populate does nothing: pages come by faults here.
func Populate([]byte) {}
