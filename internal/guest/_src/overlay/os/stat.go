package os

import (
	"internal/filepathlite"
	"syscall"
	"time"
)

// filetypeFIFO is this machine's file type of pipes, for which WASI has no number.
const filetypeFIFO = 8

func fillFileStatFromSys(fs *fileStat, name string) {
	fs.name = filepathlite.Base(name)
	fs.size = int64(fs.sys.Size)
	fs.modTime = time.Unix(0, int64(fs.sys.Mtime))
	fs.mode = FileMode(fs.sys.Mode) & ModePerm
	if fs.sys.Mode&syscall.S_ISUID != 0 {
		fs.mode |= ModeSetuid
	}
	if fs.sys.Mode&syscall.S_ISGID != 0 {
		fs.mode |= ModeSetgid
	}
	if fs.sys.Mode&syscall.S_ISVTX != 0 {
		fs.mode |= ModeSticky
	}
	switch fs.sys.Filetype {
	case syscall.FILETYPE_DIRECTORY:
		fs.mode |= ModeDir
	case syscall.FILETYPE_SYMBOLIC_LINK:
		fs.mode |= ModeSymlink
	case syscall.FILETYPE_CHARACTER_DEVICE:
		fs.mode |= ModeDevice | ModeCharDevice
	case syscall.FILETYPE_BLOCK_DEVICE:
		fs.mode |= ModeDevice
	case syscall.FILETYPE_SOCKET_STREAM, syscall.FILETYPE_SOCKET_DGRAM:
		fs.mode |= ModeSocket
	case filetypeFIFO:
		fs.mode |= ModeNamedPipe
	}
}
