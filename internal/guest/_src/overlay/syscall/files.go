package syscall

import "unsafe"

// Files as programs know them from the systems they usually run on: with permissions, and with no file of an empty name.
// WASI has no permissions. On this machine a filestat goes on, behind the 64 bytes of WASI, with the mode and the owner as Stat_t has
// them; path_open finds the permissions of a new file in the upper half of the rights that the descriptor inherits; the rest are calls of its own.

//go:noescape
func path_mkdir(dirFd int32, path *byte, pathLen size, perm uint32) Errno

//go:noescape
func path_chmod(dirFd int32, flags lookupflags, path *byte, pathLen size, perm uint32) Errno

func fd_chmod(fd int32, perm uint32) Errno

// setDefaultMode has nothing to do: the host has set the mode.
func setDefaultMode(st *Stat_t) {}

func Open(path string, openmode int, perm uint32) (int, error) {
	if path == "" {
		return -1, ENOENT
	}
	dir, p, n := preparePath(path)
	return openat(dir, p, n, openmode, perm)
}

func openat(dirFd int32, pathPtr *byte, pathLen size, openmode int, perm uint32) (int, error) {
	access := openmode & (O_WRONLY | O_RDWR)
	may := fileRights
	switch access {
	case O_RDONLY:
		may &^= writeRights
	case O_WRONLY:
		may &^= readRights
	}
	var of oflags
	if openmode&O_CREATE != 0 {
		of |= OFLAG_CREATE
	}
	if openmode&O_EXCL != 0 {
		of |= OFLAG_EXCL
	}
	if openmode&O_TRUNC != 0 {
		of |= OFLAG_TRUNC
	}
	if openmode&O_DIRECTORY != 0 {
		if access != O_RDONLY {
			return -1, EISDIR
		}
		of |= OFLAG_DIRECTORY
		may &= dirRights
	}
	var ff fdflags
	if openmode&O_APPEND != 0 {
		ff |= FDFLAG_APPEND
	}
	if openmode&O_SYNC != 0 {
		ff |= FDFLAG_SYNC
	}
	var follow lookupflags = LOOKUP_SYMLINK_FOLLOW
	if openmode&O_NOFOLLOW != 0 {
		follow = 0
	}
	var fd int32
	e := path_open(dirFd, follow, pathPtr, pathLen, of, may, fileRights|rights(perm)<<32, ff, &fd)
	return int(fd), errnoErr(e)
}

func Mkdir(path string, perm uint32) error {
	if path == "" {
		return ENOENT
	}
	dir, p, n := preparePath(path)
	return errnoErr(path_mkdir(dir, p, n, perm))
}

func Stat(path string, st *Stat_t) error { return stat(path, LOOKUP_SYMLINK_FOLLOW, st) }

func Lstat(path string, st *Stat_t) error { return stat(path, 0, st) }

func stat(path string, flags lookupflags, st *Stat_t) error {
	if path == "" {
		return ENOENT
	}
	dir, p, n := preparePath(path)
	return errnoErr(path_filestat_get(dir, flags, p, n, unsafe.Pointer(st)))
}

func Unlink(path string) error {
	if path == "" {
		return ENOENT
	}
	dir, p, n := preparePath(path)
	return errnoErr(path_unlink_file(dir, p, n))
}

func Rmdir(path string) error {
	if path == "" {
		return ENOENT
	}
	dir, p, n := preparePath(path)
	return errnoErr(path_remove_directory(dir, p, n))
}

func Rename(from, to string) error {
	if from == "" || to == "" {
		return ENOENT
	}
	dir, p, n := preparePath(from)
	toDir, q, m := preparePath(to)
	return errnoErr(path_rename(dir, p, n, toDir, q, m))
}

func Chmod(path string, mode uint32) error {
	if path == "" {
		return ENOENT
	}
	dir, p, n := preparePath(path)
	return errnoErr(path_chmod(dir, LOOKUP_SYMLINK_FOLLOW, p, n, mode))
}

func Fchmod(fd int, mode uint32) error { return errnoErr(fd_chmod(int32(fd), mode)) }

func Truncate(path string, length int64) error {
	fd, err := Open(path, O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer Close(fd)
	return Ftruncate(fd, length)
}

func Chdir(path string) error {
	var st Stat_t
	if err := Stat(path, &st); err != nil {
		return err
	}
	if st.Filetype != FILETYPE_DIRECTORY {
		return ENOTDIR
	}
	from := cwd
	if isAbs(path) {
		from = "/"
	}
	cwd = joinPath(from, path)
	return nil
}

func Readlink(path string, buf []byte) (n int, err error) {
	if path == "" {
		return 0, ENOENT
	}
	if len(buf) == 0 {
		return 0, nil
	}
	dir, p, m := preparePath(path)
	var got size
	e := path_readlink(dir, p, m, &buf[0], size(len(buf)), &got)
	return int(got), errnoErr(e)
}
