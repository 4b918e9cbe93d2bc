package gc

import (
	"sync"
	"time"

	"github.com/terrarium-go/terrarium/internal/gc/pacer"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Book keeps a collector's settings, cycle records and statistics. Begin and End
// are called with the world stopped (Begin takes the time before it is).
type Book struct {
	heap *heap.Heap
	born time.Time

	mu      sync.Mutex // guards the rest
	cfg     Config
	spent   time.Duration // in cycles
	stats   Stats
	figures pacer.Figures // after the last cycle
	beside  bool          // the collector runs beside the program
	runway  uint64        // bytes that the program allocates during a cycle
	barren  int           // cycles for the limit in a row that hardly anything was allocated before
}

// barrenMost is how many barren cycles in a row are futile.
const barrenMost = 8

// NewBook begins a book and sets the first trigger.
func NewBook(h *heap.Heap, cfg Config) *Book {
	b := &Book{heap: h, cfg: cfg, born: time.Now()}
	b.pace()
	return b
}

// Beside says that cycles run beside the program, which allocates about runway
// bytes in one.
func (b *Book) Beside(runway uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.beside, b.runway = true, runway
}

// Workers is the number of goroutines of the host that mark beside the program:
// one for each four Ps, at least one.
func Workers(procs int) int { return max(1, (procs+2)/4) }

// Ratio is the marking in bytes owed for each byte allocated, so that a cycle
// that begins now is done when the goal is reached.
func (b *Book) Ratio() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return pacer.AssistRatio(b.stats.Goal, b.heap.Live())
}

// pace, with mu held, computes goal and trigger from the last figures.
func (b *Book) pace() {
	b.stats.Goal = pacer.Goal(b.cfg.Percent, b.cfg.MemoryLimit, b.figures)
	b.heap.SetGoal(b.stats.Goal, b.cfg.MemoryLimit)
	if b.beside {
		b.heap.SetTrigger(pacer.RunwayTrigger(b.stats.Goal, b.runway, b.figures))
	} else {
		b.heap.SetTrigger(pacer.Trigger(b.stats.Goal, b.figures))
	}
}

// SetPercent changes GOGC; see Collector.
func (b *Book) SetPercent(percent int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.cfg.Percent
	b.cfg.Percent = max(percent, pacer.Off)
	b.pace()
	return old
}

// SetMemoryLimit changes the soft limit; a negative one only asks.
func (b *Book) SetMemoryLimit(bytes int64) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.cfg.MemoryLimit
	if bytes >= 0 {
		b.cfg.MemoryLimit = bytes
		b.pace()
	}
	return old
}

// Begin starts the record of a cycle that was asked for at the given time.
func (b *Book) Begin(r Reason, asked time.Time, procs int) Cycle {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Cycle{
		Number: b.stats.Cycles + 1,
		Reason: r,
		At:     asked.Sub(b.born),
		Stop:   time.Since(asked),
		Before: b.heap.Live(),
		Goal:   b.stats.Goal,
		Procs:  procs,
	}
}

// End completes the record after the sweep, whose end is now, and sets the next
// trigger.
func (b *Book) End(c *Cycle, sw heap.Swept, asked time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c.Marked, c.Objects = sw.LiveBytes, sw.LiveObjects
	c.Freed, c.FreedN = sw.FreedBytes, sw.Freed
	if !b.beside {
		c.Sweep = time.Since(asked) - c.Stop - c.Mark
	}

	if grown := c.Before - min(c.Before, b.figures.Live); c.Reason == Limit && grown < c.Marked/64 {
		b.barren++
	} else {
		b.barren = 0
	}
	c.Futile = b.barren >= barrenMost

	sp := b.heap.Space()
	b.figures = pacer.Figures{
		Live:    sw.LiveBytes,
		Stacks:  c.Roots[RootStacks],
		Globals: c.Roots[RootGlobals],
		Used:    sp.Used(),
		Free:    sp.UsedBy(mem.KindIdle) + sp.UsedBy(mem.KindHeap) - min(sp.UsedBy(mem.KindHeap), sw.LiveBytes),
	}
	b.pace()
	c.Next = b.stats.Goal

	b.spent += c.Pause() + c.Beside*time.Duration(Workers(c.Procs))/time.Duration(max(1, c.Procs))
	st := &b.stats
	st.Cycles = c.Number
	if c.Reason == Forced {
		st.Forced++
	}
	now := time.Now()
	if alive := now.Sub(b.born); alive > 0 {
		st.CPU = float64(b.spent) / float64(alive)
	}
	c.CPU = st.CPU
	st.PauseTotal += c.Pause()
	st.Pauses[(c.Number+255)%256] = c.Pause()
	st.Ends[(c.Number+255)%256] = now
	st.Last = *c
}

// Stats is the statistics so far.
func (b *Book) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	st := b.stats
	st.Percent, st.Limit = b.cfg.Percent, b.cfg.MemoryLimit
	return st
}
