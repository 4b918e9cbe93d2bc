package huge

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
)

// anonHuge is how many bytes of the process are huge pages.
func anonHuge(t *testing.T) int {
	f, err := os.Open("/proc/self/smaps_rollup")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kb int
		if n, _ := fmt.Sscanf(lines.Text(), "AnonHugePages: %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	t.Skip("the kernel does not tell")
	return 0
}

var kept [][]byte

// What is allocated behind a reservation lies on huge pages, and the reservation alone touches nothing.
func TestReserve(t *testing.T) {
	mode, _ := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	if !strings.Contains(string(mode), "[madvise]") || room() < 64<<20 {
		t.Skipf("transparent huge pages are set to %q", mode)
	}
	before := anonHuge(t)
	Reserve(64 << 20)
	reserved := anonHuge(t)
	for range 32 {
		b := make([]byte, 1<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		kept = append(kept, b)
	}
	after := anonHuge(t)
	if reserved-before > 4*Page {
		t.Errorf("reserving made %d bytes of huge pages", reserved-before)
	}
	if after-reserved < 24<<20 {
		t.Errorf("of 32 MiB that were allocated then, %d bytes are on huge pages", after-reserved)
	}
}
