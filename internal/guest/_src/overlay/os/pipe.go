package os

import "syscall"

// Pipe makes a pipe of this machine, which lives in the machine's own descriptor
// table. Its ends are pollable, so deadlines work and Close wakes who waits.
func Pipe() (r *File, w *File, err error) {
	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil {
		return nil, nil, NewSyscallError("pipe2", err)
	}
	return newFile(ends[0], "|0", kindPipe, false), newFile(ends[1], "|1", kindPipe, false), nil
}
