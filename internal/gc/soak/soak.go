// Package soak runs random programs against heap and collectors for as long as one
// likes, with a model in the host's memory that knows what must be alive.
//
// # A run
//
// A run is a list of rounds, each on a new heap. The seed and the number of the round
// decide everything about it: the collector, the debug flags, the limit, the types, the
// number of mutators, and every choice of theirs. A round goes through some phases:
//
//	mutators run, each on a goroutine of the host, for some thousand operations
//	all of them stand still; then
//	  every reachable word is read and compared with the model,
//	  a collection is run,
//	  the objects of the heap are compared with those that must be alive,
//	  finalizers, cleanups and weak pointers with those that had to be due,
//	  heap.Check
//
// A round with one mutator and a collector that stops the world does the same every
// time; with several, the same operations meet in another order.
//
// # What must be alive
//
//	M = what is reached from globals, stacks, the mutators' hands, the queue of
//	    finalizers, the mailbox, and from what objects with finalizers point to
//	D = objects with finalizers outside of M: their finalizers must be queued now
//	alive = M ∪ D ∪ handles of weak pointers that are held, or whose object is in M
//	a cleanup is due:       its object is not in M ∪ D
//	a weak pointer is nil:  its object was not in M
//
// Objects under 16 bytes share blocks, so M is a set of blocks.
package soak

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/gc/concurrent"
	"github.com/terrarium-go/terrarium/internal/gc/marksweep"
	"github.com/terrarium-go/terrarium/internal/gc/nogc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Options say how long to run and with which choices.
type Options struct {
	Seed       uint64
	Round      int           // the first round, from 1
	Rounds     int           // how many; 0: until Time is over
	Time       time.Duration // 0: until Rounds are done
	Collectors []string      // to choose from; nil: all
	Log        io.Writer     // gets a line for each round, before it runs
}

// Counts are what has been done.
type Counts struct {
	Rounds, Phases                        int
	Ops, Allocs, Bytes                    uint64
	Collections                           uint64
	Finalizers, Cleanups, Weaks           uint64 // run, run, found nil
	Resurrected, Stacks, Given, OutOfMem  uint64
	ObjectsCompared, WordsRead, Allocated uint64
}

func (c *Counts) add(d *Counts) {
	c.Ops += d.Ops
	c.Allocs += d.Allocs
	c.Bytes += d.Bytes
	c.Finalizers += d.Finalizers
	c.Cleanups += d.Cleanups
	c.Weaks += d.Weaks
	c.Resurrected += d.Resurrected
	c.Stacks += d.Stacks
	c.Given += d.Given
	c.OutOfMem += d.OutOfMem
	c.WordsRead += d.WordsRead
}

// String is one line.
func (c *Counts) String() string {
	return fmt.Sprintf("%d rounds, %d phases, %d operations, %d objects of %d MB, %d collections, %d finalizers (%d objects came back), %d cleanups, %d weak pointers gone, %d stacks, %d objects given, %d times out of memory; compared %d objects and %d words",
		c.Rounds, c.Phases, c.Ops, c.Allocs, c.Bytes>>20, c.Collections, c.Finalizers, c.Resurrected, c.Cleanups, c.Weaks, c.Stacks, c.Given, c.OutOfMem, c.ObjectsCompared, c.WordsRead)
}

// Run runs rounds until one fails, the time is over, or ctx ends. The error names the seed
// and the round.
func Run(ctx context.Context, o Options) (c Counts, err error) {
	begun := time.Now()
	for n := max(o.Round, 1); ctx.Err() == nil; n++ {
		if o.Rounds > 0 && c.Rounds >= o.Rounds || o.Time > 0 && time.Since(begun) >= o.Time {
			break
		}
		if err := round(o, n, &c); err != nil {
			return c, fmt.Errorf("seed %d, round %d: %w", o.Seed, n, err)
		}
		c.Rounds++
	}
	return c, nil
}

var makers = map[string]func(*heap.Heap, gc.World, gc.Config) gc.Collector{
	"marksweep": marksweep.New, "concurrent": concurrent.New, "nogc": nogc.New,
}

// plan is what the seed decides about a round.
type plan struct {
	collector string
	flags     debug.Flags
	limit     uint64
	percent   int
	soft      int64
	scavenger bool // in the background
	mutators  int
	phases    int
	ops       int // of a mutator in a phase
	large     int // one allocation in this many is large
}

func newPlan(r *rand.Rand, collectors []string) plan {
	if len(collectors) == 0 {
		collectors = []string{"marksweep", "concurrent", "concurrent", "marksweep", "nogc"}
	}
	p := plan{
		collector: collectors[r.IntN(len(collectors))],
		percent:   []int{100, 100, 20, 400, -1}[r.IntN(5)],
		mutators:  1 + r.IntN(4),
		phases:    2 + r.IntN(4),
		ops:       2000 + r.IntN(15000),
		large:     []int{30, 100, 1000}[r.IntN(3)],
		soft:      int64(1<<63 - 1),
	}
	p.flags.Seed = int64(r.Uint64() >> 1)
	p.scavenger = r.IntN(2) == 0
	p.flags.Poison = r.IntN(2) == 0
	p.flags.Check = r.IntN(4) == 0
	switch r.IntN(6) {
	case 0:
		p.flags.GCEvery = 1 + r.IntN(200)
		p.ops /= 10
	case 1:
		p.flags.FailAlloc = 1 + r.Int64N(5000)
	case 2:
		p.flags.OOM = 1 + r.Int64N(5000)
	}
	switch r.IntN(4) {
	case 0:
		p.limit = uint64(3+r.IntN(12)) << 20
	case 1:
		p.soft = int64(2+r.IntN(20)) << 20
	}
	if p.collector == "nogc" {
		p.limit, p.phases, p.ops = 512<<20, 2, min(p.ops, 5000)
		p.flags.GCEvery, p.flags.Check = 0, false
	} else if p.limit == 0 {
		p.limit = 512 << 20 // a round is not to eat the machine
	}
	return p
}

func (p *plan) String() string {
	return fmt.Sprintf("%s, %d mutators, %d phases of %d operations, limit %d MB, percent %d, flags %q", p.collector, p.mutators, p.phases, p.ops, p.limit>>20, p.percent, p.flags.String())
}

// round runs one round.
func round(o Options, n int, c *Counts) error {
	r := rand.New(rand.NewPCG(o.Seed, uint64(n)))
	p := newPlan(r, o.Collectors)
	if o.Log != nil {
		fmt.Fprintf(o.Log, "seed %d round %d: %s\n", o.Seed, n, &p)
	}
	w, err := newWorld(&p, r)
	if err != nil {
		return err
	}
	defer w.close()
	for range p.phases {
		var wg sync.WaitGroup
		for _, m := range w.mutators {
			wg.Go(func() { m.phase(p.ops) })
		}
		wg.Wait()
		if w.err == nil {
			w.fail(w.compare(c))
		}
		if w.err != nil {
			return fmt.Errorf("%s: %w", &p, w.err)
		}
		c.Phases++
	}
	for _, m := range w.mutators {
		c.add(&m.Counts)
	}
	c.Collections += uint64(w.gc.Cycles())
	return nil
}

// shape is a type and where its pointers are.
type shape struct {
	size     uint64   // bytes of an element
	pointers []uint64 // offsets
	id       uint32
}

// newShapes registers random types: dense and thin ones, small ones and wide.
func newShapes(h *heap.Heap, r *rand.Rand) (list []shape, ok bool) {
	list = []shape{{size: 8, pointers: []uint64{0}}} // the unknown type
	for i := range 24 {
		s := shape{size: uint64(1+r.IntN(4)) * 8}
		switch {
		case i%4 == 1:
			s.size = uint64(1+r.IntN(40)) * 8
		case i%8 == 2:
			s.size = uint64(60+r.IntN(200)) * 8
		}
		one := 1 + r.IntN(5)
		for off := uint64(0); off < s.size; off += 8 {
			if r.IntN(one) == 0 {
				s.pointers = append(s.pointers, off)
			}
		}
		if s.pointers == nil {
			s.pointers = []uint64{s.size - 8}
		}
		t, ok := addType(h, fmt.Sprintf("shape %d", i), s.size, s.pointers)
		if !ok {
			return nil, false
		}
		s.id = t
		list = append(list, s)
	}
	return list, true
}

// size draws the bytes of an object: every size class has its turn, and so have
// large objects and those that share a block.
func (m *mutator) size() uint64 {
	r := m.r
	switch {
	case r.IntN(m.w.plan.large) == 0:
		return 32<<10 + 1 + uint64(r.IntN(1<<uint(16+r.IntN(5))))
	case r.IntN(8) == 0:
		return 1 + uint64(r.IntN(15))
	}
	class := 1 + r.IntN(heap.NumClasses-1)
	if r.IntN(4) != 0 {
		class = 1 + r.IntN(24)
	}
	size, below := heap.ClassSize(uint8(class)), heap.ClassSize(uint8(class-1))
	return size - uint64(r.IntN(int(size-below)))
}

// pattern is what word i of object id holds where no pointer is: no address.
func pattern(id, i uint64) uint64 { return 1<<63 | (id*0x9e3779b97f4a7c15+i*0x2545f4914f6cdd1d)>>1 }

// globals of mutator i begin here.
func globalsOf(i int) mem.Addr { return mem.DataBase + uint64(i)*words*8 }
