package unix

import (
	"syscall"
	"unsafe"
)

// Permissions below an open directory; see files.go of package syscall.

//go:noescape
func path_mkdir(dirFd int32, path *byte, pathLen size, perm uint32) syscall.Errno

//go:noescape
func path_chmod(dirFd int32, flags uint32, path *byte, pathLen size, perm uint32) syscall.Errno

func Mkdirat(dirfd int, path string, mode uint32) error {
	if path == "" {
		return syscall.ENOENT
	}
	return errnoErr(path_mkdir(int32(dirfd), unsafe.StringData(path), size(len(path)), mode))
}

func Fchmodat(dirfd int, path string, mode uint32, flags int) error {
	if path == "" {
		return syscall.ENOENT
	}
	var follow uint32 = syscall.LOOKUP_SYMLINK_FOLLOW
	if flags&AT_SYMLINK_NOFOLLOW != 0 {
		follow = 0
	}
	return errnoErr(path_chmod(int32(dirfd), follow, unsafe.StringData(path), size(len(path)), mode))
}
