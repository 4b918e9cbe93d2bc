package os

import (
	"internal/poll"
	"syscall"
)

// open opens a file. Its absolute name is kept, because File.Chdir goes to where the file was by name.
func open(name string, flag int, perm uint32) (int, poll.SysFile, error) {
	if name == "" {
		return -1, poll.SysFile{}, syscall.ENOENT
	}
	at := name
	if name[0] != '/' {
		dir, err := syscall.Getwd()
		if err != nil {
			return -1, poll.SysFile{}, err
		}
		at = joinPath(dir, name)
	}
	fd, err := syscall.Open(at, flag, perm)
	return fd, poll.SysFile{Path: at}, err
}
