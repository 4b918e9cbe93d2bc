package host

import (
	"math"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/gc/pacer"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Goroutines, processors, collections and the statistics that need a stopped world.

func init() {
	Register([]Entry{
		{"runtime.Gosched", func(c *Call) Status { return Yield }},
		{"runtime.goid", func(c *Call) Status { c.Set(0, c.G.ID); return OK }},
		{"runtime.procs", func(c *Call) Status { c.SetInt(0, c.Sched.Procs()); return OK }},
		{"runtime.setprocs", func(c *Call) Status { c.SetInt(1, c.Sched.SetProcs(c.P, c.Int(0))); return OK }},
		{"runtime.NumGoroutine", func(c *Call) Status { c.SetInt(0, c.Sched.NumGoroutine()); return OK }},
		{"runtime.stopTheWorld", func(c *Call) Status { c.Sched.PauseWorld(c.P); return OK }},
		{"runtime.startTheWorld", func(c *Call) Status { c.Sched.ResumeWorld(c.P); return OK }},
		{"runtime.collect", func(c *Call) Status {
			if !c.G.TakeResumed() && c.Sched.Await(c.P, c.G) {
				return Park
			}
			return Yield // to the goroutine of finalizers
		}},
		{"runtime.gcSetting", gcSetting},
		{"runtime.finqNext", finqNext},
		{"runtime.finqIdle", func(c *Call) Status { c.SetBool(0, c.Sched.FinqIdle()); return OK }},
		{"runtime.setProfLabels", func(c *Call) Status { c.G.Labels = c.Arg(0); return OK }},
		{"runtime.profLabels", func(c *Call) Status { c.Set(0, c.G.Labels); return OK }},
		{"runtime.pin", pin},
		{"sync.runtime_procPin", func(c *Call) Status { c.SetInt(0, c.Sched.Pin(c.P, c.G)); return OK }},
		{"sync.runtime_procUnpin", func(c *Call) Status { c.Sched.Unpin(c.G); return OK }},
		{"sync/atomic.runtime_procPin", func(c *Call) Status { c.SetInt(0, c.Sched.Pin(c.P, c.G)); return OK }},
		{"sync/atomic.runtime_procUnpin", func(c *Call) Status { c.Sched.Unpin(c.G); return OK }},
		{"internal/sync.runtime_canSpin", func(c *Call) Status { c.SetBool(1, false); return OK }},
		{"internal/sync.runtime_doSpin", func(c *Call) Status { return OK }},
		{"sync.runtime_canSpin", func(c *Call) Status { c.SetBool(1, false); return OK }},
		{"sync.runtime_doSpin", func(c *Call) Status { return OK }},
	})
}

// gcSetting(which int, v int64) int64
func gcSetting(c *Call) Status {
	col, v := c.Sched.Collector(), int64(c.Arg(1))
	var old int64
	switch c.Int(0) {
	case 0:
		p := pacer.Off
		if v >= 0 {
			p = int(v)
		}
		old = int64(col.SetPercent(p))
		if old == pacer.Off {
			old = -1
		}
	case 1:
		if v < 0 {
			old = col.SetMemoryLimit(math.MinInt64)
		} else {
			old = col.SetMemoryLimit(v)
		}
	case 2:
		old = int64(c.Sched.SetMaxStack(uint64(v)))
	case 3:
		c.State.Mu.Lock()
		old = int64(c.State.maxThreads)
		c.State.maxThreads = int(v)
		c.State.Mu.Unlock()
		if old == 0 {
			old = 10000
		}
	}
	c.Set(2, uint64(old))
	return OK
}

// finqNext() (kind int, fn, p unsafe.Pointer, in, ptr *abi.Type)
func finqNext(c *Call) Status {
	it, ok := c.Sched.FinqNext(c.G)
	if !ok {
		return Park
	}
	c.SetInt(0, it.Kind)
	c.Set(1, it.Fn)
	c.Set(2, it.Object)
	c.Set(3, it.FnType)
	c.Set(4, it.PtrType)
	return OK
}

// pinCost is the bytes charged for a pinned object.
const pinCost = 64

// pin(p unsafe.Pointer, n int)
func pin(c *Call) Status {
	base, _, _, _, ok := c.Heap.Object(c.Arg(0))
	if !ok {
		return OK
	}
	c.State.Mu.Lock()
	defer c.State.Mu.Unlock()
	if c.State.pins == nil {
		c.State.pins = map[mem.Addr]int{}
	}
	old, n := c.State.pins[base], c.Int(1)
	switch now := old + n; {
	case now > 0 && old == 0:
		if !c.Space.Charge(pinCost, mem.KindRecord) {
			return Collect
		}
		c.State.pins[base] = now
	case now > 0:
		c.State.pins[base] = now
	case old > 0:
		delete(c.State.pins, base)
		c.Space.Uncharge(pinCost, mem.KindRecord)
	}
	return OK
}

// readStats(words *[28]uint64, pauseNs, pauseEnd *[256]uint64, bySize *[61 * 3]uint64)
func readStats(c *Call) Status {
	f := c.figures()
	s, h, g := c.Space, &f.heap, &f.gc
	words := [...]uint64{
		h.HeapAlloc, h.TotalAlloc, f.sys(), 0, h.Mallocs, h.Frees,
		h.HeapAlloc, h.HeapSys, h.HeapIdle, h.HeapInuse, h.HeapReleased, h.HeapObjects,
		h.StackInuse, h.StackInuse, h.Records - h.FreeRecords, h.Records, f.caches, f.caches,
		f.profile, f.metadata(), f.other, f.goal(), lastEnd(g), uint64(g.PauseTotal),
		uint64(g.Cycles), uint64(g.Forced), math.Float64bits(g.CPU),
	}
	for i, w := range words {
		s.Store64(c.Arg(0)+uint64(i)*8, w)
	}
	for i := range g.Pauses {
		s.Store64(c.Arg(1)+uint64(i)*8, uint64(g.Pauses[i]))
		if !g.Ends[i].IsZero() {
			s.Store64(c.Arg(2)+uint64(i)*8, uint64(g.Ends[i].UnixNano()))
		}
	}
	for i := range 61 {
		s.Store64(c.Arg(3)+uint64(i)*24, 0)
		s.Store64(c.Arg(3)+uint64(i)*24+8, 0)
		s.Store64(c.Arg(3)+uint64(i)*24+16, 0)
		if i > 0 && i < len(h.Classes) { // class 0, large objects, has no row of its own
			cl := &h.Classes[i]
			s.Store64(c.Arg(3)+uint64(i)*24, cl.Size)
			s.Store64(c.Arg(3)+uint64(i)*24+8, cl.Allocs)
			s.Store64(c.Arg(3)+uint64(i)*24+16, cl.Frees)
		}
	}
	return OK
}

func lastEnd(g *gc.Stats) uint64 {
	if g.Cycles == 0 {
		return 0
	}
	return uint64(g.Ends[(g.Cycles+255)%256].UnixNano())
}
