package syscall

// Numbers of the process and its user. The host gives its own to programs that see its files, invented ones to others.

func hostID(which int) int

func Getpid() int  { return hostID(0) }
func Getppid() int { return hostID(1) }
func Getuid() int  { return hostID(2) }
func Geteuid() int { return hostID(3) }
func Getgid() int  { return hostID(4) }
func Getegid() int { return hostID(5) }
