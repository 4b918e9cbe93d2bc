package gc

import (
	"sync"
	"time"

	"github.com/terrarium-go/terrarium/internal/gc/pacer"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Book keeps a collector's settings, cycle records and statistics, and asks the
// pacer on its behalf. Begin and End are called with the world stopped (Begin
// takes the time before it is).
type Book struct {
	heap *heap.Heap
	born time.Time
	lax  bool // Config.Lax

	mu     sync.Mutex // guards the rest
	pacer  *pacer.Pacer
	spent  time.Duration // processor time in cycles
	stats  Stats
	last   pacer.Figures // after the last cycle
	beside bool          // the collector runs beside the program
	barren int           // cycles for the limit in a row that hardly anything was allocated before
}

// barrenMost is how many barren cycles in a row are futile.
const barrenMost = 8

// NewBook begins a book and sets the first trigger. beside says that cycles run beside the program.
func NewBook(h *heap.Heap, cfg Config, beside bool) *Book {
	b := &Book{heap: h, born: time.Now(), lax: cfg.Lax, beside: beside, pacer: pacer.New(cfg.Percent, cfg.MemoryLimit, beside)}
	b.pace()
	return b
}

// Ratio is the bytes to scan for each byte allocated, for a cycle that has come so far.
func (b *Book) Ratio(now pacer.Progress) float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pacer.Ratio(now)
}

// Expected is what the pacer expects of the cycle that begins: bytes to scan, and the ratio of speeds cons/mark.
func (b *Book) Expected() (work uint64, consMark float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last.Work(), b.pacer.ConsMark()
}

// pace, with mu held, asks for goal and trigger.
func (b *Book) pace() {
	if hard := b.heap.Space().Limit(); !b.lax && hard < mem.Size {
		b.pacer.SetCeiling(int64(hard))
	} else {
		b.pacer.SetCeiling(pacer.NoLimit)
	}
	b.stats.Goal = b.pacer.Told()
	b.heap.SetGoal(b.pacer.Goal(), b.pacer.Ruling())
	b.heap.SetTrigger(b.pacer.Trigger())
}

// SetPercent changes GOGC; see Collector.
func (b *Book) SetPercent(percent int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.pacer.Percent()
	b.pacer.SetPercent(percent)
	b.pace()
	return old
}

// SetMemoryLimit changes the soft limit; a negative one only asks.
func (b *Book) SetMemoryLimit(bytes int64) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.pacer.Limit()
	if bytes >= 0 {
		b.pacer.SetLimit(bytes)
		b.pace()
	}
	return old
}

// Begin starts the record of a cycle that was asked for at the given time, and plans it.
func (b *Book) Begin(r Reason, asked time.Time, procs int) (Cycle, pacer.Plan) {
	b.mu.Lock()
	defer b.mu.Unlock()
	live := b.heap.Live()
	plan := b.pacer.Begin(live, procs)
	b.stats.Goal = b.pacer.Told()
	return Cycle{
		Number: b.stats.Cycles + 1,
		Reason: r,
		At:     asked.Sub(b.born),
		Stop:   time.Since(asked),
		Before: live,
		Goal:   b.pacer.Goal(),
		Procs:  procs,
	}, plan
}

// End completes the record after the sweep (or, when that is done beside the
// program, before it), and sets the next trigger. m is what the pacer is to learn of
// a cycle beside the program, else nil.
func (b *Book) End(c *Cycle, sw heap.Swept, asked time.Time, m *pacer.Measured) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c.Marked, c.Objects = sw.LiveBytes, sw.LiveObjects
	c.Freed, c.FreedN = sw.FreedBytes, sw.Freed
	if !b.beside {
		c.Sweep = time.Since(asked) - c.Stop - c.Mark
		c.After = c.Before
	}

	if grown := c.Before - min(c.Before, b.last.Live); c.Reason == Limit && grown < c.Marked/64 {
		b.barren++
	} else {
		b.barren = 0
	}
	c.Futile = b.barren >= barrenMost
	sp := b.heap.Space()
	b.last = pacer.Figures{
		Live:    sw.LiveBytes,
		Scan:    b.heap.LiveScan(),
		Stacks:  c.Roots[RootStacks],
		Globals: c.Roots[RootGlobals],
		Used:    sp.Used(),
		Free:    sp.UsedBy(mem.KindIdle) + sp.UsedBy(mem.KindHeap) - min(sp.UsedBy(mem.KindHeap), sw.LiveBytes),
	}
	b.pacer.End(b.last, m)
	b.pace()
	c.Next = b.pacer.Goal()
	b.spent += c.Pause()*time.Duration(c.Procs) + c.Background + c.Assist
	st := &b.stats
	st.Cycles = c.Number
	if c.Reason == Forced {
		st.Forced++
	}
	now := time.Now()
	if alive := now.Sub(b.born) * time.Duration(c.Procs); alive > 0 {
		st.CPU = min(float64(b.spent)/float64(alive), 1)
	}
	c.CPU = st.CPU
	st.PauseTotal += c.Pause()
	st.Paused += c.Pause() * time.Duration(c.Procs)
	st.Assist += c.Assist
	st.Background += c.Background
	st.Idle += c.Idle
	st.Pauses[(c.Number+255)%256] = c.Pause()
	st.Ends[(c.Number+255)%256] = now
	st.Last = *c
}

// Longer adds to the last pause of the cycle that has just ended.
func (b *Book) Longer(c *Cycle, d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c.Sweep += d
	b.spent += d * time.Duration(c.Procs)
	b.stats.PauseTotal += d
	b.stats.Paused += d * time.Duration(c.Procs)
	b.stats.Pauses[(c.Number+255)%256] += d
	b.stats.Last = *c
}

// Stats is the statistics so far.
func (b *Book) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	st := b.stats
	st.Percent, st.Limit = b.pacer.Percent(), b.pacer.Limit()
	return st
}
