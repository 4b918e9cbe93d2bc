package huge

import (
	"math"
	"os"
	"syscall"
)

// adviceCollapse is MADV_COLLAPSE (Linux 6.1): make the range huge pages now.
const adviceCollapse = 25

// advise asks for huge pages in [from, from+n) where memory is touched first from now on.
func advise(from, n uintptr) { syscall.Syscall(syscall.SYS_MADVISE, from, n, syscall.MADV_HUGEPAGE) }

func collapse(from, n uintptr) { syscall.Syscall(syscall.SYS_MADVISE, from, n, adviceCollapse) }

// room is how many bytes of address space may be taken and not be used: a quarter of the machine's memory, none
// where address space is rationed (a limit of the process, or a kernel that counts what is mapped and not what is used).
func room() int {
	for _, limit := range []int{syscall.RLIMIT_AS, syscall.RLIMIT_DATA} {
		var l syscall.Rlimit
		if syscall.Getrlimit(limit, &l) != nil || l.Cur < math.MaxInt64 {
			return 0
		}
	}
	if mode, err := os.ReadFile("/proc/sys/vm/overcommit_memory"); err != nil || len(mode) == 0 || mode[0] == '2' {
		return 0
	}
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) != nil {
		return 0
	}
	return int(min(uint64(info.Totalram)*uint64(info.Unit)/4, math.MaxInt32))
}
