//go:build unix

package host

import (
	"io/fs"
	"syscall"
	"time"
)

// identity is what distinguishes a file on its device.
func identity(fi fs.FileInfo) (dev, ino, nlink uint64, atime time.Time) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, 1, fi.ModTime()
	}
	return uint64(st.Dev), st.Ino, uint64(st.Nlink), accessTime(st)
}

// owner is the user and the group that a file belongs to.
func owner(fi fs.FileInfo) (uid, gid uint32) {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return st.Uid, st.Gid
	}
	return 0, 0
}
