//go:build !race

// The race detector's own memory would be counted.

package gctest

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"testing"

	flags "github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/gc/marksweep"
	"github.com/terrarium-go/terrarium/internal/heap"
)

// resident is the process's resident bytes.
func resident(t *testing.T) uint64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	var kb uint64
	_, line, _ := bytes.Cut(b, []byte("VmRSS:"))
	fmt.Sscan(string(line), &kb)
	return kb << 10
}

// TestResidentMemoryStaysBelowTheLimit runs a program that fills its limit with
// small objects, which cost the most bookkeeping, and looks at the process.
func TestResidentMemoryStaysBelowTheLimit(t *testing.T) {
	const limit = 96 << 20
	debug.FreeOSMemory()
	before := resident(t)
	m := newMachine(t, marksweep.New, limit, flags.Flags{})
	cleanups := 0
	for i := 0; ; i++ {
		a, st := m.cache.Alloc(16, m.node, false, heap.AfterGC)
		if st != heap.OK {
			break
		}
		m.store(a+8, uint64(i))
		if i%50 == 0 {
			if id, _ := m.heap.AddCleanup(a, heap.Cleanup{}); id != 0 {
				cleanups++
			}
		}
	}
	m.gc.SetPercent(-1)
	runtime.GC()
	grown := resident(t) - before
	t.Logf("limit %d MiB, resident %d MiB more, %d cleanups: %s", limit>>20, grown>>20, cleanups, m.space.Breakdown())
	if grown > limit+limit/20 {
		t.Errorf("resident memory grew by %d bytes under a limit of %d", grown, limit)
	}
	if n := m.space.Used(); n < limit*9/10 {
		t.Errorf("only %d bytes used", n)
	}
	m.gc.Collect(gc.Request{Reason: gc.Forced})
	m.heap.ReleaseFree()
	debug.FreeOSMemory()
	if left := resident(t) - before; left > limit/2 {
		t.Logf("metadata and the rest: %s", m.space.Breakdown())
		t.Errorf("%d bytes stay resident after everything was released", left)
	}
}
