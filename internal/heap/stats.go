package heap

import (
	"time"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// counters are objects and bytes allocated and freed since the heap began. A
// cache has its own; they are added up when somebody asks.
type counters struct {
	allocs, frees         [NumSpanClasses]uint64 // objects
	tiny                  uint64                 // tiny objects that shared a block with an earlier one
	largeAlloc, largeFree uint64                 // bytes
}

func (c *counters) add(d *counters) {
	for i := range c.allocs {
		c.allocs[i] += d.allocs[i]
		c.frees[i] += d.frees[i]
	}
	c.tiny += d.tiny
	c.largeAlloc += d.largeAlloc
	c.largeFree += d.largeFree
}

// ClassStats is the traffic of one size class.
type ClassStats struct {
	Size          uint64 // bytes of a slot; 0 for large objects
	Allocs, Frees uint64 // objects
	Spans         uint64 // in use now
}

// Stats is the heap in figures, with the meanings of runtime.MemStats: objects
// that are dead but not swept count as live. Bytes unless said otherwise.
type Stats struct {
	Classes    [NumClasses]ClassStats
	LargeAlloc uint64 // allocated in large objects so far
	LargeFree  uint64
	Tiny       uint64 // tiny objects that shared a block; they count as allocated and as freed

	TotalAlloc  uint64 // allocated so far
	Mallocs     uint64 // objects allocated so far, tiny ones included
	Frees       uint64 // objects
	HeapAlloc   uint64 // in allocated objects
	HeapObjects uint64 // objects

	HeapSys      uint64 // HeapInuse + HeapIdle
	HeapInuse    uint64 // in spans with at least one object
	HeapIdle     uint64 // in free pages, HeapReleased included
	HeapReleased uint64 // of HeapIdle, not committed
	Scavenged    uint64 // decommitted so far, in total

	ScavengeAssist     time.Duration // that allocators have spent on decommitting for a limit, or because the heap grew
	ScavengeBackground time.Duration // that the background has spent on it

	StackInuse  uint64 // in stack spans
	Metadata    uint64 // charged for records and tables
	SpanCount   uint64 // spans in use
	Records     uint64 // in records of spans, free ones included
	FreeRecords uint64 // of Records
}

// Stats adds everything up. The world is stopped.
func (h *Heap) Stats() Stats {
	h.cachesMu.Lock()
	sum := h.settled
	for _, c := range h.caches {
		for i := range c.Slots {
			c.settle(SpanClass(i), &c.Slots[i])
		}
		sum.add(&c.counts)
	}
	h.cachesMu.Unlock()

	var st Stats
	freed := uint64(0)
	for i := range sum.allocs {
		c := &st.Classes[i>>1]
		c.Allocs += sum.allocs[i]
		c.Frees += sum.frees[i]
	}
	for i := range st.Classes {
		c := &st.Classes[i]
		c.Size = ClassSize(uint8(i))
		st.TotalAlloc += c.Size * c.Allocs
		freed += c.Size * c.Frees
		st.Mallocs += c.Allocs
		st.Frees += c.Frees
	}
	st.LargeAlloc, st.LargeFree, st.Tiny = sum.largeAlloc, sum.largeFree, sum.tiny
	st.TotalAlloc += st.LargeAlloc
	freed += st.LargeFree
	st.HeapAlloc = st.TotalAlloc - freed
	st.HeapObjects = st.Mallocs - st.Frees
	st.Mallocs += st.Tiny
	st.Frees += st.Tiny

	h.mu.Lock()
	st.SpanCount = uint64(len(h.all))
	st.Records = h.recordTop
	for i, list := range h.freeRecords {
		st.FreeRecords += uint64(len(list)*i) * RecordUnit
	}
	for _, id := range h.all {
		if s := h.SpanByID(id); s.state == spanObjects {
			st.Classes[s.Class.Class()].Spans++
		}
	}
	h.mu.Unlock()

	p := &h.pages
	p.mu.Lock()
	st.HeapInuse = uint64(p.busyPages[mem.KindHeap].Load()) << PageShift
	st.StackInuse = uint64(p.busyPages[mem.KindStack].Load()) << PageShift
	st.HeapReleased = p.away() << PageShift
	st.HeapIdle = st.HeapReleased + (p.readyPages+p.coming+uint64(p.reserved.Load()))<<PageShift
	p.mu.Unlock()
	st.HeapSys = st.HeapInuse + st.HeapIdle
	for i := range p.scav.released {
		st.Scavenged += p.scav.released[i].Load()
	}
	spent := func(why int) time.Duration { return time.Duration(p.scav.spent[why].Load()) }
	st.ScavengeAssist, st.ScavengeBackground = spent(releaseLimit)+spent(releaseEager), spent(releaseBackground)
	st.Metadata = h.space.UsedBy(mem.KindMetadata)
	return st
}
