package host

import (
	"encoding/binary"
	"sync"

	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
)

// # The memory profile
//
// The heap shows a sample of the allocations (heap.Sampler), on average one in
// runtime.MemProfileRate bytes; the word is the guest's own variable and is read
// at every refill. Each sample goes to the bucket of its call stack and hangs on
// its object as a special, so that the sweep can say which bucket it leaves.
//
// A program that has no way to read the profile is not sampled at all: nothing
// but runtime.MemProfile and runtime/pprof calls runtime.memProfileCount.
//
//	bucket = call stack and size → objects and bytes, allocated and freed
//	a bucket is never dropped, and its number never changes
//
// On top of the stack stand functions of the runtime (abi.Hooks), as in the real one, where they do the work: mallocgc, and
// newobject, makeslice or growslice under it.
//
// Buckets are charged to the account. When there is no room for another one, its
// samples are lost.

// bucketCost is the bytes charged for a bucket besides its stack.
const bucketCost = 192

// profileDepth is the most frames that a bucket tells apart.
const profileDepth = 128

// memProfile is the profile of one machine.
type memProfile struct {
	mu      sync.Mutex // guards the rest; after the heap's locks
	buckets []*memBucket
	bytes   uint64                       // charged for them
	byStack map[string]uint64            // index in buckets by the bytes of the stack and the size
	pcs     [profileDepth + 2]uint64     // of the sample that is being taken
	key     [(profileDepth + 3) * 8]byte // likewise
}

// memBucket is what was allocated at one stack, as far as it was sampled.
type memBucket struct {
	stack                  string // the pcs, 8 bytes each
	allocs, frees          int64  // objects
	allocBytes, freedBytes int64
}

func init() {
	Register([]Entry{
		{"runtime.memProfileCount", memProfileCount},
		{"runtime.memProfileRecord", memProfileRecord},
	})
}

// StartProfile makes the heap show samples, if the program can read the profile.
// Nothing has been allocated yet.
func (vm *VM) StartProfile() {
	vm.watchContention()
	word := vm.Prog.Syms["runtime.MemProfileRate"]
	reads := false
	for _, sym := range vm.Prog.Natives {
		reads = reads || sym == "runtime.memProfileCount"
	}
	if word == 0 || !reads {
		return
	}
	p := &vm.State.profile
	p.byStack = map[string]uint64{}
	vm.Heap.SetSampler(heap.Sampler{
		Rate: (*int64)(vm.Space.Ptr(word)),
		Alloc: func(c *heap.Cache, a mem.Addr, size uint64) {
			for _, q := range vm.Sched.Ps() {
				if g := q.Current(); q.Cache == c && g != nil && !q.Own() {
					p.sample(vm, g, a, size)
					return
				}
			}
		},
		Free: p.freed,
	})
}

// sample counts an object of size bytes at a that g allocates.
func (p *memProfile) sample(vm *VM, g *sched.G, a mem.Addr, size uint64) {
	p.mu.Lock()
	pcs := append(p.pcs[:0], vm.Machine.Hook("runtime.mallocgc"))
	if name := vm.Machine.Allocator(g); name != "" {
		pcs = append(pcs, vm.Machine.Hook(name))
	}
	n := len(pcs)
	pcs = p.pcs[:n+vm.Machine.Callers(g, 0, p.pcs[n:profileDepth+n])]
	key := p.key[:0]
	for _, pc := range pcs {
		key = binary.LittleEndian.AppendUint64(key, pc)
	}
	key = binary.LittleEndian.AppendUint64(key, size)
	b, ok := p.byStack[string(key)]
	if !ok {
		if !vm.Space.Charge(int64(len(key))+bucketCost, mem.KindRecord) {
			p.mu.Unlock()
			return
		}
		p.bytes += uint64(int64(len(key)) + bucketCost)
		b = uint64(len(p.buckets))
		text := string(key)
		p.buckets = append(p.buckets, &memBucket{stack: text[:len(pcs)*8]})
		p.byStack[text] = b
	}
	p.buckets[b].allocs++
	p.buckets[b].allocBytes += int64(size)
	p.mu.Unlock()
	if ok, _ := vm.Heap.AddSample(a, b); !ok {
		p.freed(b, size)
	}
}

// freed counts an object of a bucket that is gone.
func (p *memProfile) freed(b, size uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b < uint64(len(p.buckets)) {
		p.buckets[b].frees++
		p.buckets[b].freedBytes += int64(size)
	}
}

// shown is the index of the i-th bucket that a reader sees, or the number of
// those, which is at most i. mu is held.
func (p *memProfile) shown(i int, inuseZero bool) (index, count int) {
	for k := range p.buckets {
		if b := p.buckets[k]; inuseZero || b.allocs != b.frees {
			if count == i {
				return k, count + 1
			}
			count++
		}
	}
	return -1, count
}

// memProfileCount(inuseZero bool) int
func memProfileCount(c *Call) Status {
	p := &c.State.profile
	p.mu.Lock()
	defer p.mu.Unlock()
	_, n := p.shown(len(p.buckets), c.U8(0) != 0)
	c.SetInt(1, n)
	return OK
}

// memProfileRecord(i int, inuseZero bool, words *[4]int64, stk []uintptr) int
func memProfileRecord(c *Call) Status {
	p := &c.State.profile
	p.mu.Lock()
	defer p.mu.Unlock()
	c.SetInt(6, 0)
	k, _ := p.shown(c.Int(0), c.U8(8) != 0)
	if k < 0 {
		return OK
	}
	b := p.buckets[k]
	for i, w := range []int64{b.allocBytes, b.freedBytes, b.allocs, b.frees} {
		c.Space.Store64(c.Arg(2)+uint64(i)*8, uint64(w))
	}
	n := min(uint64(len(b.stack)/8), c.Arg(4))
	if dst, ok := c.Space.Bytes(c.Arg(3), n*8); ok {
		copy(dst, b.stack)
	}
	c.Set(6, n)
	return OK
}
