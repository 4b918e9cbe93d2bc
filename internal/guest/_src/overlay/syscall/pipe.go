package syscall

// WASI has no call that makes a pipe; the host of this machine has one.

func pipe(ends *[2]int32) Errno

// Pipe stores the reading and the writing descriptor of a new pipe in fd.
func Pipe(fd []int) error {
	if len(fd) != 2 {
		return EINVAL
	}
	var ends [2]int32
	if e := pipe(&ends); e != 0 {
		return errnoErr(e)
	}
	fd[0], fd[1] = int(ends[0]), int(ends[1])
	return nil
}
