package heap

import (
	"fmt"
	"io"
	"math/bits"
	"strings"
)

// # Where the bytes of a heap are
//
// An allocator that does not move objects loses memory in five places. A Report measures
// each, per size class and for the whole heap:
//
//	 span of 8 KiB, slots of 48 bytes, objects of 40 bytes
//	+--------+--------+--------+--------+- - - -+--------+----+
//	| object |r| free | object |r| free | …     | object |r|  |
//	+--------+--------+--------+--------+- - - -+--------+----+
//
//	rounding   r: behind an object in its slot; internal fragmentation
//	free       slots without object: of use for this class only, until the last object of the span dies
//	tail       behind the last slot, too short for another
//	lone       of the spans, those that one object keeps from being given back
//	idle       pages without span, committed: of use for everything
//
//	Bytes = Live + Free + Tail;  Live = wanted + rounding, Rounding <= rounding <= RoundingMost
//	pages below the highest ever used = spans + Idle + Away
//
// Idle pages can be in pieces that are too short: external fragmentation. Its measure
// is 1 - longest free run / all free pages, and the list of runs by length tells the rest.
//
// # What can be known of rounding
//
// Nobody notes how many bytes an object was asked for. The type of an object tells the size of its
// elements; a slot holds a whole number of them, so that the remainder is lost for
// certain. A slice made shorter than its slot may lose more: Rounding is the least it
// can be. RoundingMost is the most: an object is larger than the slots of the class
// below. Pointer-free objects have a type only with Config.KeepTypes.
//
// # Robson's bound
//
// How bad can it get? J. M. Robson (1971, 1974): let a program hold M bytes at the most
// at any time, in blocks of 1, 2, 4, … n units of u bytes. Whatever allocator that does not move
// blocks serves it, there is such a program for which it needs
//
//	M * (1 + ½ log2 n) - (n-1)*u   bytes
//
// and there is one allocator that never needs more. For n = 2048 (16 bytes to 32 KiB) that is
// 6.5 times what is ever held at once. First fit needs about twice as much in the worst case. An allocator
// with classes in spans of their own, like this one, has another worst case: a program that
// fills the heap with objects of one class, keeps one in each span, and goes on with the
// next class, gets the whole of M for each class, 12 M for the powers of two. The test
// TestSwissCheese builds the classical case and the bad one, and holds them against the bounds.

// Report says where the bytes of a heap are. Bytes unless said otherwise.
type Report struct {
	Classes []ClassReport // those with spans, by size; large objects, of Size 0, first
	Total   ClassReport   // the sum; Size is 0

	Idle    uint64 // committed and in no span
	Away    uint64 // given back to the host, below the highest page ever used
	Runs    []RunReport
	Longest uint64 // longest run of free pages, committed or not

	Stacks Stacks

	Released Released
	Metadata uint64 // records of spans and tables, on the host's side
}

// Stacks is the memory of goroutine stacks. Who knows the goroutines adds what they use.
type Stacks struct {
	Spans      uint64 // bytes of the spans
	Taken      uint64 // of those, in stacks that goroutines have or caches keep
	Goroutines uint64 // number
	Size       uint64 // of their stacks
	Used       uint64 // of Size, in frames
	Control    uint64 // in control words, on the host's side
}

// Released is what was given back to the host so far, by occasion; see scavenge.go.
type Released struct{ Limit, Soft, Background, Forced uint64 }

// ClassReport is how one size class uses its spans.
type ClassReport struct {
	Size         uint64 // bytes of a slot; 0: large objects
	Spans        uint64 // number
	Slots        uint64 // number
	Objects      uint64 // number; dead ones that no collection has found count
	Bytes        uint64 // of the spans
	Live         uint64 // of slots with objects
	Free         uint64 // of slots without
	Tail         uint64 // behind the last slots
	Rounding     uint64 // of Live, not wanted by anybody: at least
	RoundingMost uint64 // at the most
	Lone         uint64 // number of spans of several slots with one object
	LoneBytes    uint64 // of those spans

	// Tenths[i] is the number of spans of which i tenths, rounded down, are taken; Tenths[10]: all.
	Tenths [11]uint64
}

// RunReport is the free runs of at least Pages pages and less than twice as many.
type RunReport struct {
	Pages uint64
	Runs  uint64 // number
	Bytes uint64
}

// External is the share of the free pages that the longest run does not have.
func (r *Report) External() float64 {
	if all := r.Idle + r.Away; all > 0 {
		return 1 - float64(r.Longest)/float64(all)
	}
	return 0
}

// Report measures the heap. The world is stopped, every cache flushed, every span swept.
func (h *Heap) Report() Report {
	var r Report
	var classes [NumClasses]ClassReport
	types := h.Types()
	h.Spans(func(s *Span) bool {
		c := &classes[s.Class.Class()]
		c.count(s, types)
		return true
	})
	for i := range classes {
		c := &classes[i]
		if c.Spans == 0 {
			continue
		}
		c.Size = ClassSize(uint8(i))
		r.Classes = append(r.Classes, *c)
		r.Total.add(c)
	}

	st := h.Stats()
	r.Idle, r.Away = st.HeapIdle-st.HeapReleased, st.HeapReleased
	r.Stacks.Spans, r.Metadata = st.StackInuse, st.Metadata
	h.mu.Lock()
	for _, id := range h.all {
		if s := h.SpanByID(id); s.state == spanStacks {
			r.Stacks.Taken += uint64(bits.OnesCount64(s.Bits(0).Alloc)) * s.Size
		}
	}
	h.mu.Unlock()
	p := &h.pages
	p.mu.Lock()
	defer p.mu.Unlock()
	var runs [32]RunReport
	p.free.each(p.top, func(first, n uint64) {
		at := &runs[bits.Len64(n)-1]
		at.Runs++
		at.Bytes += n << PageShift
		r.Longest = max(r.Longest, n<<PageShift)
	})
	for i := range runs {
		if runs[i].Runs > 0 {
			runs[i].Pages = 1 << i
			r.Runs = append(r.Runs, runs[i])
		}
	}
	s := &p.scav.released
	r.Released = Released{s[releaseLimit].Load(), s[releaseEager].Load(), s[releaseBackground].Load(), s[releaseForced].Load()}
	return r
}

// count adds a span.
func (c *ClassReport) count(s *Span, types []TypeInfo) {
	objects := uint64(s.live())
	bytes := uint64(s.NPages) << PageShift
	c.Spans++
	c.Slots += uint64(s.NSlots)
	c.Objects += objects
	c.Bytes += bytes
	c.Live += objects * s.Size
	c.Free += (uint64(s.NSlots) - objects) * s.Size
	c.Tail += bytes - uint64(s.NSlots)*s.Size
	if objects == 1 && s.NSlots > 1 {
		c.Lone++
		c.LoneBytes += bytes
	}
	c.Tenths[objects*10/uint64(s.NSlots)]++
	if s.Large() { // what was asked for is known, but for 7 bytes
		c.Rounding += s.Size - s.Extent
		c.RoundingMost += s.Size - s.Extent
		return
	}
	c.RoundingMost += objects * (s.Size - ClassSize(s.Class.Class()-1) - 1)
	if s.Types == nil {
		return
	}
	for w := range s.Windows() {
		for m := s.Bits(w).Alloc; m != 0; m &= m - 1 {
			id := int(s.TypeID(w*64 + uint32(bits.TrailingZeros64(m))))
			if id > 0 && id < len(types) && types[id].Size > 0 {
				c.Rounding += s.Size % types[id].Size
			}
		}
	}
}

func (c *ClassReport) add(d *ClassReport) {
	c.Spans += d.Spans
	c.Slots += d.Slots
	c.Objects += d.Objects
	c.Bytes += d.Bytes
	c.Live += d.Live
	c.Free += d.Free
	c.Tail += d.Tail
	c.Rounding += d.Rounding
	c.RoundingMost += d.RoundingMost
	c.Lone += d.Lone
	c.LoneBytes += d.LoneBytes
	for i, n := range d.Tenths {
		c.Tenths[i] += n
	}
}

// each calls f for the runs of set bits below page top, in order.
func (r *runs) each(top uint64, f func(first, n uint64)) {
	start, run := uint64(0), uint64(0)
	for p := uint64(0); p < top; {
		w := r.bits[p/64] >> (p % 64)
		left := 64 - p%64
		if w&1 == 0 {
			if run > 0 {
				f(start, run)
				run = 0
			}
			p += min(uint64(bits.TrailingZeros64(w)), left)
			continue
		}
		n := min(uint64(bits.TrailingZeros64(^w)), left)
		if run == 0 {
			start = p
		}
		run += n
		p += n
	}
	if run > 0 {
		f(start, run)
	}
}

// Robson is the bytes that the best allocator that does not move blocks needs for the worst program
// that holds live bytes at the most, in blocks of unit to unit*n bytes, n a power of two.
func Robson(live, unit, n uint64) uint64 {
	half := live / 2 * uint64(bits.Len64(n)-1)
	return live + half - (n-1)*unit
}

// Write prints the report as a table:
//
//	heap 12.0 MiB in spans: 9.1 MiB objects, 2.4 MiB free slots, 0.5 MiB tails
//	…
//	   size    spans  objects   live KiB  free KiB  tail KiB  rounding KiB  lone  occupancy of spans by tenths
func (r *Report) Write(w io.Writer) error {
	var b strings.Builder
	kib := func(n uint64) uint64 { return (n + 512) >> 10 }
	percent := func(n, of uint64) float64 { return float64(n) * 100 / float64(max(of, 1)) }
	t := &r.Total
	fmt.Fprintf(&b, "heap     %d KiB in %d spans: %.1f %% objects, %.1f %% free slots, %.1f %% tails\n", kib(t.Bytes), t.Spans,
		percent(t.Live, t.Bytes), percent(t.Free, t.Bytes), percent(t.Tail, t.Bytes))
	fmt.Fprintf(&b, "rounding %.1f to %.1f %% of the objects' bytes\n", percent(t.Rounding, t.Live), percent(t.RoundingMost, t.Live))
	fmt.Fprintf(&b, "lone     %d spans of %d KiB are held by one object each\n", t.Lone, kib(t.LoneBytes))
	fmt.Fprintf(&b, "pages    %d KiB idle, %d KiB away, longest free run %d KiB, external fragmentation %.1f %%\n", kib(r.Idle), kib(r.Away), kib(r.Longest), r.External()*100)
	fmt.Fprintf(&b, "given    back %d KiB by the background, %d by the soft limit, %d by the hard limit, %d by force\n",
		kib(r.Released.Background), kib(r.Released.Soft), kib(r.Released.Limit), kib(r.Released.Forced))
	s := &r.Stacks
	fmt.Fprintf(&b, "stacks   %d KiB in spans, %d KiB of it taken; %d goroutines have %d KiB and use %d KiB\n", kib(s.Spans), kib(s.Taken), s.Goroutines, kib(s.Size), kib(s.Used))
	fmt.Fprintf(&b, "tables   %d KiB\n", kib(r.Metadata))
	fmt.Fprintf(&b, "%8s %8s %10s %10s %9s %9s %14s %7s  %s\n", "size", "spans", "objects", "live KiB", "free KiB", "tail KiB", "rounding KiB", "lone", "spans by tenths taken, 0 to 10")
	for i := range r.Classes {
		c := &r.Classes[i]
		name := "large"
		if c.Size > 0 {
			name = fmt.Sprint(c.Size)
		}
		fmt.Fprintf(&b, "%8s %8d %10d %10d %9d %9d %14s %7d  %s\n", name, c.Spans, c.Objects, kib(c.Live), kib(c.Free), kib(c.Tail),
			fmt.Sprintf("%d–%d", kib(c.Rounding), kib(c.RoundingMost)), c.Lone, strings.Trim(fmt.Sprint(c.Tenths), "[]"))
	}
	if len(r.Runs) > 0 {
		fmt.Fprintf(&b, "%8s %8s %10s\n", "pages", "free runs", "KiB")
		for _, run := range r.Runs {
			fmt.Fprintf(&b, "%8s %8d %10d\n", fmt.Sprintf("%d+", run.Pages), run.Runs, kib(run.Bytes))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
