package host

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
)

// # Profiles of contention
//
// The block profile has the stacks of goroutines that have waited, the mutex profile those of goroutines that have made others wait
// (sched/contention.go). Times are nanoseconds; what the real runtime calls cycles.
//
//	block, rate r      a wait of r ns and more counts as it is; a shorter one, of ns, with the probability ns/r, and
//	                   then for r/ns waits, so that sums are right on average
//	mutex, fraction n  one event in n, which counts for n
//
// What waits in the loop (channels, select) has no function of the runtime that waits in its place: the profile puts
// one on top (runtime.chanrecv1 and others), and drops the inner functions of mutexes, as the real runtime does.
//
// Buckets are charged to the account, as those of the memory profile.

// The two profiles.
const (
	profileBlock = iota
	profileMutex
	numContentions
)

// contentions is one of the two.
type contentions struct {
	mu      sync.Mutex // guards the rest
	buckets []*contention
	byStack map[string]*contention
	pcs     [profileDepth + 8]uint64 // of the event that is being counted; some are dropped
	key     [profileDepth * 8]byte   // likewise
}

// contention is what has happened at one stack.
type contention struct {
	stack string // the pcs, 8 bytes each
	count float64
	ns    float64
}

func init() {
	Register([]Entry{
		{"runtime.blockevent", blockevent},
		{"runtime.setBlockRate", setBlockRate},
		{"runtime.setMutexFraction", setMutexFraction},
		{"runtime.contentionCount", contentionCount},
		{"runtime.contentionRecord", contentionRecord},
	})
}

// watchContention tells the scheduler who wants to know.
func (vm *VM) watchContention() {
	c := &vm.Sched.Contention
	c.Blocked = func(_ *sched.P, g *sched.G, ns int64) {
		top := ""
		switch g.Reason() {
		case sched.WaitChanRecv, sched.WaitChanRecvDurable:
			top = "runtime.chanrecv1"
		case sched.WaitChanSend, sched.WaitChanSendDurable:
			top = "runtime.chansend1"
		case sched.WaitSelect, sched.WaitSelectDurable:
			top = "runtime.selectgo"
		}
		vm.blocked(g, 0, top, ns)
	}
	c.Contended = func(p *sched.P, ns int64) {
		rate, g := c.MutexRate.Load(), p.Current()
		if g == nil || rate <= 0 || rand.Int64N(rate) != 0 {
			return
		}
		vm.contended(profileMutex, g, 0, "", float64(rate), float64(rate)*float64(ns))
	}
}

// blocked counts a wait of g, or does not, as the rate says.
func (vm *VM) blocked(g *sched.G, skip int, top string, ns int64) {
	rate := vm.Sched.Contention.BlockRate.Load()
	if rate <= 0 || ns <= 0 || rate > ns && rand.Int64N(rate) > ns {
		return
	}
	count, sum := 1.0, float64(ns)
	if ns < rate {
		count, sum = float64(rate)/float64(ns), float64(rate)
	}
	vm.contended(profileBlock, g, skip, top, count, sum)
}

// contended counts an event at g's stack without the newest skip frames, with the function of a hook on top.
func (vm *VM) contended(which int, g *sched.G, skip int, top string, count, ns float64) {
	p := &vm.State.contentions[which]
	p.mu.Lock()
	defer p.mu.Unlock()
	pcs := p.pcs[1:]
	pcs = pcs[:vm.Machine.Callers(g, skip, pcs)]
	if top != "" {
		pcs = p.pcs[:len(pcs)+1]
		pcs[0] = vm.Machine.Hook(top)
	}
	for len(pcs) > 1 {
		if f, ok := vm.Machine.Symbolize(pcs[0]); !ok || !strings.HasPrefix(f.Func, "internal/sync.") && f.Func != "sync.(*RWMutex).rUnlockSlow" {
			break
		}
		pcs = pcs[1:]
	}
	pcs = pcs[:min(len(pcs), profileDepth)]
	key := p.key[:0]
	for _, pc := range pcs {
		key = binary.LittleEndian.AppendUint64(key, pc)
	}
	b := p.byStack[string(key)]
	if b == nil {
		if !vm.Space.Charge(int64(len(key))+bucketCost, mem.KindRecord) {
			return
		}
		b = &contention{stack: string(key)}
		if p.byStack == nil {
			p.byStack = map[string]*contention{}
		}
		p.byStack[b.stack] = b
		p.buckets = append(p.buckets, b)
	}
	b.count += count
	b.ns += ns
}

// blockevent(cycles int64, skip int) counts a wait that the guest reports itself; with skip 1 its caller is the newest frame.
func blockevent(c *Call) Status {
	skip := min(max(c.Int(1), 1)-1, profileDepth)
	c.blocked(c.G, skip, "", max(1, int64(c.Int(0))))
	return OK
}

// setBlockRate(rate int)
func setBlockRate(c *Call) Status {
	c.Sched.Contention.BlockRate.Store(max(0, int64(c.Int(0))))
	return OK
}

// setMutexFraction(rate int) int
func setMutexFraction(c *Call) Status {
	rate := &c.Sched.Contention.MutexRate
	old := rate.Load()
	if n := int64(c.Int(0)); n >= 0 {
		old = rate.Swap(n)
	}
	c.Set(1, uint64(old))
	return OK
}

// contentionCount(which int) int
func contentionCount(c *Call) Status {
	n := 0
	if which := c.Arg(0); which < numContentions {
		p := &c.State.contentions[which]
		p.mu.Lock()
		n = len(p.buckets)
		p.mu.Unlock()
	}
	c.SetInt(1, n)
	return OK
}

// contentionRecord(which, i int, words *[2]int64, stk []uintptr) int
func contentionRecord(c *Call) Status {
	c.SetInt(6, 0)
	which, i := c.Arg(0), c.Arg(1)
	if which >= numContentions {
		return OK
	}
	p := &c.State.contentions[which]
	p.mu.Lock()
	defer p.mu.Unlock()
	if i >= uint64(len(p.buckets)) {
		return OK
	}
	b := p.buckets[i]
	c.Space.Store64(c.Arg(2), uint64(int64(b.count)))
	c.Space.Store64(c.Arg(2)+8, uint64(int64(b.ns)))
	n := min(uint64(len(b.stack)/8), c.Arg(4))
	if dst, ok := c.Space.Bytes(c.Arg(3), n*8); ok {
		copy(dst, b.stack)
	}
	c.Set(6, n)
	return OK
}
