package heap

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// The equations of the report hold for a heap of random objects, and what can be known exactly is right.
func TestReport(t *testing.T) {
	space, err := mem.New(0)
	if err != nil {
		t.Fatal(err)
	}
	defer space.Close()
	h, err := New(space, Config{KeepTypes: true})
	if err != nil {
		t.Fatal(err)
	}
	c := h.NewCache()
	r := rand.New(rand.NewPCG(1, 9))
	types := map[uint64]abi.TypeID{}
	var live []mem.Addr
	rounding, most := uint64(0), uint64(0)
	for range 30000 {
		n := uint64(r.IntN(300)+2) * 8
		if r.IntN(300) == 0 {
			n = uint64(r.IntN(20000)+5000) * 8
		}
		if types[n] == 0 {
			types[n], _ = h.AddType(&abi.GCType{Size: n, Name: "t"})
		}
		a, st := c.Alloc(n, types[n], true, 0)
		if st != OK {
			t.Fatal(st)
		}
		if r.IntN(3) == 0 {
			live = append(live, a)
			rounding += Size(n, true) - n
		}
	}
	stack, _ := c.AllocStack(16<<10, 0)
	markAll(h, live...)
	rep := h.Report()
	sum := ClassReport{}
	for _, k := range rep.Classes {
		if k.Bytes != k.Live+k.Free+k.Tail {
			t.Errorf("class %d: Bytes = %d, Live + Free + Tail = %d", k.Size, k.Bytes, k.Live+k.Free+k.Tail)
		}
		if k.Rounding > k.RoundingMost || k.RoundingMost > k.Live {
			t.Errorf("class %d: rounding %d to %d of %d", k.Size, k.Rounding, k.RoundingMost, k.Live)
		}
		spans := uint64(0)
		for _, n := range k.Tenths {
			spans += n
		}
		if spans != k.Spans {
			t.Errorf("class %d: %d spans, by tenths %d", k.Size, k.Spans, spans)
		}
		sum.add(&k)
		most += k.RoundingMost
	}
	if sum != rep.Total {
		t.Errorf("total %+v, sum %+v", rep.Total, sum)
	}
	if rep.Total.Rounding != rounding || rounding > most {
		t.Errorf("rounding %d, want %d, at most %d", rep.Total.Rounding, rounding, most)
	}
	if rep.Total.Objects != uint64(len(live)) {
		t.Errorf("%d objects, want %d", rep.Total.Objects, len(live))
	}
	const zeroBase = PageSize // is no span
	if got, want := rep.Total.Bytes+rep.Stacks.Spans+rep.Idle+rep.Away+zeroBase, h.pages.top<<PageShift; got != want {
		t.Errorf("pages of the report %d bytes, of the heap %d", got, want)
	}
	free := uint64(0)
	for _, run := range rep.Runs {
		free += run.Bytes
		if run.Bytes < run.Runs*run.Pages<<PageShift || run.Bytes >= 2*run.Runs*run.Pages<<PageShift {
			t.Errorf("%d runs of %d pages and more have %d bytes", run.Runs, run.Pages, run.Bytes)
		}
	}
	if free != rep.Idle+rep.Away || rep.Longest > free || rep.External() < 0 || rep.External() >= 1 {
		t.Errorf("runs have %d bytes, %d are free, the longest %d; external %v", free, rep.Idle+rep.Away, rep.Longest, rep.External())
	}
	c.FreeStack(stack, 16<<10)

	var text strings.Builder
	if err := rep.Write(&text); err != nil || strings.Count(text.String(), "\n") != 9+len(rep.Classes)+len(rep.Runs) {
		t.Errorf("%v\n%s", err, text.String())
	}
	b, err := json.Marshal(&rep)
	var back Report
	if err != nil || json.Unmarshal(b, &back) != nil || back.Total != rep.Total {
		t.Error("the report does not survive JSON:", err)
	}
}

// cheese is a heap that is measured while a program builds holes.
type cheese struct {
	t *testing.T
	h *Heap
	c *Cache
}

// fill allocates bytes of objects of a size.
func (c *cheese) fill(bytes, size uint64) (list []mem.Addr) {
	for range bytes / size {
		a, st := c.c.Alloc(size, 0, true, 0)
		if st != OK {
			c.t.Fatal(st)
		}
		list = append(list, a)
	}
	return list
}

// footprint is the committed bytes of the heap.
func (c *cheese) footprint() uint64 {
	c.h.FlushAll()
	return c.h.space.UsedBy(mem.KindHeap) + c.h.space.UsedBy(mem.KindIdle)
}

func (c *cheese) want(what string, got, low, high uint64) {
	c.t.Helper()
	c.t.Logf("%-60s %6.2f MiB", what, float64(got)/(1<<20))
	if got < low || got > high {
		c.t.Errorf("%s: %d bytes, want %d to %d", what, got, low, high)
	}
}

func every(list []mem.Addr, n int) (out []mem.Addr) {
	for i := 0; i < len(list); i += n {
		out = append(out, list[i])
	}
	return out
}

// The classical case: fill the heap, free every other object, then want another size.
// What each remedy gives back, and the bound of report.go.
func TestSwissCheese(t *testing.T) {
	const m = 16 << 20                       // bytes held at the most
	const slack = maxGrow<<PageShift + 1<<20 // committed ahead, tails, spans begun
	unit, n := uint64(16), uint64(8)         // blocks of 16 to 128 bytes
	bound := Robson(m, unit, n)
	c := &cheese{t: t, h: newHeap(t, 0, debug.Flags{})}
	c.c = c.h.NewCache()

	small := c.fill(m, 64)
	c.want("16 MiB of 64-byte objects", c.footprint(), m, m+slack)
	holes := every(small, 2)
	markAll(c.h, holes...)
	c.want("every other one freed", c.footprint(), m, m+slack)
	if r := c.h.Report(); r.Total.Lone != 0 || r.Total.Free < m/2-slack {
		t.Errorf("%d bytes in free slots, %d spans held by one object", r.Total.Free, r.Total.Lone)
	}
	c.h.ReleaseFree()
	c.want("FreeOSMemory: each page has an object", c.footprint(), m, m+slack)

	again := c.fill(m/2, 64)
	c.want("remedy 1, sweep and reuse: 8 MiB of the same size", c.footprint(), m, m+slack)
	markAll(c.h, holes...)
	large := c.fill(m/2, 128)
	c.want("8 MiB of another size instead", c.footprint(), m*3/2, m*3/2+slack)
	if f := c.footprint(); f > bound {
		t.Errorf("footprint %d passes Robson's bound %d = M(1 + ½ log2 n) - (n-1)u", f, bound)
	}
	_ = again

	markAll(c.h, large...)
	c.want("the small ones freed", c.footprint(), m*3/2, m*3/2+slack)
	c.fill(m/2, 64)
	c.want("remedy 2, free pages go to any size: 8 MiB of 64 again", c.footprint(), m*3/2, m*3/2+slack)
	markAll(c.h, large...)
	c.h.SetGoal(10<<20, math.MaxInt64)
	c.h.pages.scav.inuse.Store(0)
	c.h.Scavenge()
	c.want("remedy 3, scavenger, goal of 10 MiB", c.footprint(), 11<<20-hugePages<<PageShift, 11<<20+hugePages<<PageShift)
	c.h.ReleaseFree()
	c.want("remedy 4, FreeOSMemory", c.footprint(), m/2, m/2+256<<10)

	// Large objects leave holes that can be given back, but for the granules at their ends.
	markAll(c.h)
	c.h.ReleaseFree()
	big := c.fill(m, 256<<10)
	markAll(c.h, every(big, 2)...)
	c.want("every other one of 256 KiB freed", c.footprint(), m, m+slack)
	c.h.ReleaseFree()
	c.want("FreeOSMemory gives three quarters of each hole back", c.footprint(), m/2, m/2+m/8+256<<10)
	if r := c.h.Report(); len(r.Runs) == 0 || r.Runs[0].Pages != 32 || r.Runs[0].Runs < m/(512<<10)-1 {
		t.Errorf("free runs %+v", r.Runs)
	}
	check(t, c.h)
}

// The bad case for classes with spans of their own: one object in each span is kept, class
// after class. It passes the bound of the best allocator, and stays below its own.
func TestOneObjectHoldsASpan(t *testing.T) {
	const m = 8 << 20
	c := &cheese{t: t, h: newHeap(t, 0, debug.Flags{})}
	c.c = c.h.NewCache()
	var kept []mem.Addr
	live, classes := uint64(0), uint64(0)
	for size := uint64(16); size <= 2048; size *= 2 {
		list := c.fill(m-live, size)
		one := every(list, int(PageSize/size))
		kept = append(kept, one...)
		live += uint64(len(one)) * size
		classes++
		markAll(c.h, kept...)
		c.want("one object kept in each span", c.footprint(), 0, classes*m+maxGrow<<PageShift+1<<20)
	}
	f, robson := c.footprint(), Robson(m, 16, 128)
	t.Logf("footprint %.2f M, Robson's bound %.2f M, bound of segregated classes %d M", float64(f)/m, float64(robson)/m, classes)
	if f < robson {
		t.Errorf("footprint %d is below %d: the case is not as bad as it says", f, robson)
	}
	r := c.h.Report()
	if r.Total.Lone*10 < r.Total.Spans*9 || r.Total.LoneBytes != r.Total.Lone*PageSize {
		t.Errorf("%d of %d spans are held by one object", r.Total.Lone, r.Total.Spans)
	}
	markAll(c.h)
	c.h.ReleaseFree()
	c.want("all freed, FreeOSMemory", c.footprint(), 0, 128<<10)
	check(t, c.h)
}

func TestRobson(t *testing.T) {
	for _, c := range []struct{ live, unit, n, want uint64 }{
		{1000, 1, 1, 1000}, {1024, 1, 2, 1024*3/2 - 1}, {1 << 20, 16, 2048, 1<<20*13/2 - 2047*16},
	} {
		if got := Robson(c.live, c.unit, c.n); got != c.want {
			t.Errorf("Robson(%d, %d, %d) = %d, want %d", c.live, c.unit, c.n, got, c.want)
		}
	}
}
