package syscall

import "unsafe"

// The WASI structures hold 32-bit pointers; guest addresses have 64 bits. The
// iovec of this machine is a plain pointer and length, which the host knows.

type iovec struct {
	buf    *byte
	bufLen size
}

func makeIOVec(b []byte) *iovec {
	return &iovec{buf: unsafe.SliceData(b), bufLen: size(len(b))}
}
