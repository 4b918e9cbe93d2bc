package host

import (
	"sync"

	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
)

// # The profile of processor time
//
// The scheduler asks for samples (sched/sampling.go); each is a record of 8-byte words, in the form that runtime/pprof reads:
//
//	length in words · time in ns · 1 · return PCs of the logical frames, newest first
//
// together with the goroutine's profiler labels. Records wait here until the guest takes them, which it does ten times a
// second; what finds no room, on the account or within cpuMost, is lost.

// cpuMost is how many words may wait.
const cpuMost = 1 << 18

// cpuProfile is the profile of one machine.
type cpuProfile struct {
	mu     sync.Mutex
	words  []uint64   // records, oldest first
	labels []mem.Addr // one for each; shown to the collector
}

func init() {
	Register([]Entry{
		{"runtime.cpuProfileRate", cpuProfileRate},
		{"runtime.cpuProfileRead", cpuProfileRead},
	})
}

// SampleCPU records where g, which is saved, is executing.
func (vm *VM) SampleCPU(g *sched.G) {
	p := &vm.State.cpu
	var pcs [profileDepth / 2]uint64
	n := vm.Machine.Callers(g, 0, pcs[:])
	p.mu.Lock()
	defer p.mu.Unlock()
	if n == 0 || len(p.words)+3+n > cpuMost || !vm.Space.Charge(int64(4+n)*8, mem.KindRecord) {
		return
	}
	p.words = append(p.words, uint64(3+n), uint64(vm.Sched.Nanotime()), 1)
	p.words = append(p.words, pcs[:n]...)
	p.labels = append(p.labels, g.Labels)
}

// cpuProfileRate(hz int)
func cpuProfileRate(c *Call) Status {
	c.Sched.Sample(max(0, min(c.Int(0), 1000)))
	return OK
}

// cpuProfileRead(data []uint64, tags []unsafe.Pointer) (words, records int)
func cpuProfileRead(c *Call) Status {
	p := &c.State.cpu
	p.mu.Lock()
	defer p.mu.Unlock()
	n, k := uint64(0), uint64(0)
	for n < uint64(len(p.words)) && k < c.Arg(4) && n+p.words[n] <= c.Arg(1) {
		for _, w := range p.words[n : n+p.words[n]] {
			c.Space.Store64(c.Arg(0)+n*8, w)
			n++
		}
		c.Space.Store64(c.Arg(3)+k*8, p.labels[k]) // the list is new, and the labels are a root or young
		k++
	}
	c.Space.Uncharge(int64(n+k)*8, mem.KindRecord)
	p.words, p.labels = p.words[n:], p.labels[k:]
	if len(p.words) == 0 {
		p.words, p.labels = nil, nil
	}
	c.Set(6, n)
	c.Set(7, k)
	return OK
}
