package host

import (
	"encoding/binary"
	"sync"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// # Allocations by site
//
// A machine that is asked to (CountSites) counts every allocation at the place in the program that made it. The
// heap's sampler shows each object, since its rate is 1, and the sweep shows each again when it dies; between the two
// the object carries a special with the number of its site and of the collections that were done when it was
// made. Machines that are not asked to have no sampler and pay nothing.
//
//	site = the call stack from the allocating function out to the first one that the caller of CountSites is interested in,
//	       and on to the function whose frame it shares, if it was inlined
//	Objects = Freed + alive;  Young ≤ Freed
//	Young: freed by the first collection after the allocation
//
// The stack ends there because recursion would otherwise make as many stacks as there are paths. What no
// interesting function has asked for is counted at the allocating function alone, and what no function has asked for at an empty stack.
//
// When the program ends by itself a last collection is made, so that what was garbage by then is known. Sites are charged to the
// account; objects of sites that found no room are counted in Lost.

// siteDepth is the most frames between an allocation and an interesting function.
const siteDepth = 32

// Site is what was allocated at one place.
type Site struct {
	Stack          []Frame // logical frames, innermost first
	Objects, Bytes uint64  // allocated; bytes are those of slots
	Freed          uint64  // objects
	Young          uint64  // objects
	YoungBytes     uint64

	pcs []uint64
}

// sites counts for one machine.
type sites struct {
	rate int64 // 1, for the heap
	own  func(function string) bool

	mu      sync.Mutex // guards the rest; after the heap's locks
	list    []Site
	byStack map[string]uint32 // index in list by the bytes of the stack
	kinds   map[uint64]kind   // by pc
	lost    uint64
}

// CountSites makes the machine count its allocations. own says of a function, by its name in tracebacks, whether
// allocations are to be told apart by the place in it. Nothing has been allocated yet.
func (vm *VM) CountSites(own func(function string) bool) {
	s := &sites{rate: 1, own: own, byStack: map[string]uint32{}, kinds: map[uint64]kind{}}
	vm.State.sites = s
	vm.Heap.SetSampler(heap.Sampler{
		Rate: &s.rate, Exact: true,
		Alloc: func(c *heap.Cache, a mem.Addr, size uint64) {
			for _, q := range vm.Sched.Ps() {
				if g := q.Current(); q.Cache == c && g != nil {
					var pcs [siteDepth]uint64
					s.count(vm, a, size, pcs[:vm.Machine.Callers(g, 0, pcs[:])])
					return
				}
			}
			s.count(vm, a, size, nil) // the machine's own, before the first goroutine runs
		},
		Free: func(value, size uint64) {
			n := vm.GC.Cycles() // before the one that has found it dead
			if vm.Heap.Mourning() {
				n--
			}
			s.freed(value, size, n)
		},
	})
}

// Sites are the counts, in the order of first allocations, and the number of objects that found no site. The
// program has ended.
func (vm *VM) Sites() (list []Site, lost uint64) {
	s := vm.State.sites
	if s == nil {
		return nil, 0
	}
	for i := range s.list {
		x := &s.list[i]
		for _, pc := range x.pcs {
			if f, ok := vm.Machine.Symbolize(pc); ok {
				x.Stack = append(x.Stack, f)
			}
		}
	}
	return s.list, s.lost
}

// lastCollection ends the count of a program that ends by itself.
func (s *sites) lastCollection(c *Call) {
	if s != nil {
		c.Sched.Collect(c.P, c.G, gc.Request{Reason: gc.Forced})
	}
}

// count counts an object of size bytes at a, allocated at the stack pcs.
func (s *sites) count(vm *VM, a mem.Addr, size uint64, pcs []uint64) {
	s.mu.Lock()
	k := s.index(vm, pcs)
	if k < 0 {
		s.lost++
		s.mu.Unlock()
		return
	}
	s.list[k].Objects++
	s.list[k].Bytes += size
	s.mu.Unlock()
	value := uint64(k) | uint64(vm.GC.Cycles())<<32
	if ok, _ := vm.Heap.AddSample(a, value); !ok {
		s.mu.Lock()
		s.lost++
		s.mu.Unlock()
	}
}

// index is the place in list of the stack pcs, -1 when there is no room for another one. mu is held.
func (s *sites) index(vm *VM, pcs []uint64) int {
	n := 0
	for n < len(pcs) && s.kind(vm, pcs[n])&interesting == 0 {
		n++
	}
	if n == len(pcs) {
		n = min(1, len(pcs)) - 1
	}
	for n >= 0 && n+1 < len(pcs) && s.kind(vm, pcs[n])&inlined != 0 {
		n++
	}
	pcs = pcs[:n+1]
	var buf [siteDepth * 8]byte
	key := buf[:0]
	for _, pc := range pcs {
		key = binary.LittleEndian.AppendUint64(key, pc)
	}
	if k, ok := s.byStack[string(key)]; ok {
		return int(k)
	}
	if len(s.list) > 1<<31 || !vm.Space.Charge(int64(2*len(key)+256), mem.KindRecord) {
		return -1
	}
	k := len(s.list)
	s.list = append(s.list, Site{pcs: append([]uint64(nil), pcs...)})
	s.byStack[string(key)] = uint32(k)
	return k
}

// kind is what index wants to know of the function at a pc.
type kind uint8

const (
	interesting kind = 1 << iota
	inlined
)

func (s *sites) kind(vm *VM, pc uint64) kind {
	k, ok := s.kinds[pc]
	if !ok {
		if f, known := vm.Machine.Symbolize(pc); known {
			if s.own(f.Func) {
				k |= interesting
			}
			if f.Inlined {
				k |= inlined
			}
		}
		s.kinds[pc] = k
	}
	return k
}

// freed counts an object's death while cycles collections are done, that one not included.
func (s *sites) freed(value, size uint64, cycles uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, born := uint32(value), uint32(value>>32)
	if int(k) >= len(s.list) {
		return
	}
	x := &s.list[k]
	x.Freed++
	if cycles == born {
		x.Young++
		x.YoungBytes += size
	}
}
