package sched

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/terrarium-go/terrarium/internal/gc"
)

// # Meters
//
// The scheduler measures what runtime/metrics shows of it: how long goroutines
// wait to run once they can, how long the world stands still and for whom, how long
// goroutines wait for mutexes, and how many goroutines, finalizers and cleanups there have been.
//
// Times go into histograms with the buckets of the Go runtime: four in each power of two from
// 2^8 ns to 2^47 ns, four below, and one for what is negative or larger.
//
// One in eight changes of a goroutine to runnable is timed; the others cost a counter.

// The buckets of a histogram of times.
const (
	histLow     = 9  // bits of the first power of two that has buckets of its own
	histHigh    = 48 // bits of the first that has none
	histSub     = 2  // bits that tell the buckets in a power of two apart
	HistBuckets = (histHigh-histLow+1)<<histSub + 2
)

// Histogram counts durations. The zero value is empty.
type Histogram struct{ counts [HistBuckets]atomic.Uint64 }

// Record counts a duration.
func (h *Histogram) Record(d time.Duration) { h.counts[histBucket(d)].Add(1) }

func histBucket(d time.Duration) int {
	if d < 0 {
		return 0
	}
	n := bits.Len64(uint64(d))
	row := 0
	if n >= histLow {
		row = n - histLow + 1
	}
	if n >= histHigh {
		return HistBuckets - 1
	}
	sub := uint64(d) >> (max(n, histLow) - 1 - histSub) & (1<<histSub - 1)
	return row<<histSub + int(sub) + 1
}

// Count is the number of durations in bucket i.
func (h *Histogram) Count(i int) uint64 { return h.counts[i].Load() }

// HistBound is the least duration of bucket i in seconds; that of bucket HistBuckets is
// the end of the last one.
func HistBound(i int) float64 {
	switch {
	case i == 0:
		return math.Inf(-1)
	case i >= HistBuckets:
		return math.Inf(1)
	}
	row, sub := (i-1)>>histSub, uint64(i-1)&(1<<histSub-1)
	ns := sub << (histLow - 1 - histSub)
	if row > 0 {
		n := histLow + row - 1
		ns = 1<<(n-1) | sub<<(n-1-histSub)
	}
	return float64(ns) / 1e9
}

// Meters are what has been measured so far.
type Meters struct {
	Latency    Histogram // from runnable to running
	StopGC     Histogram // stopping the world for a collection
	PauseGC    Histogram // the same, and while it stands still
	StopOther  Histogram // for other reasons
	PauseOther Histogram

	MutexWait  atomic.Int64     // ns that goroutines waited for sync.Mutex and sync.RWMutex
	Finalizers [2]atomic.Uint64 // queued, run
	Cleanups   [2]atomic.Uint64
}

// Meters is what has been measured so far.
func (s *Sched) Meters() *Meters { return &s.meters }

// due is the counters of finalizers or cleanups, or nil.
func (m *Meters) due(k int) *[2]atomic.Uint64 {
	switch k {
	case FinqFinalizer:
		return &m.Finalizers
	case FinqCleanup:
		return &m.Cleanups
	}
	return nil
}

// Created is the number of goroutines that have been made.
func (s *Sched) Created() uint64 { return s.lastID.Load() }

// NewStack is the bytes of a new goroutine's stack.
func (s *Sched) NewStack() uint64 { return s.newStack.Load() }

// Population is the goroutines of the program by what they do.
type Population struct{ Running, Runnable, Waiting, NotInGo int }

// Population counts the goroutines. Beside a running program it is an estimate.
func (s *Sched) Population() (n Population) {
	s.Goroutines(func(g *G) bool {
		switch st := g.Status(); {
		case g.System:
		case st == Running || st == Parking:
			n.Running++
		case st == Runnable || st == Woken:
			n.Runnable++
		case g.Reason() == WaitHost || g.Reason() == WaitIO:
			n.NotInGo++
		default:
			n.Waiting++
		}
		return true
	})
	return n
}

// latencyEvery is how many changes to runnable share one that is timed.
const latencyEvery = 8

// stamp notes when g became runnable. Whoever makes it runnable calls.
func (s *Sched) stamp(g *G) {
	if g.changes++; g.changes%latencyEvery == 0 {
		g.runnable = s.Nanotime()
	}
}

// PauseWorld is StopTheWorld for reasons other than collections, measured. p is not nil.
func (s *Sched) PauseWorld(p *P) {
	from := s.Nanotime()
	s.StopTheWorld(p)
	if p.depth == 1 {
		p.paused = from
		s.meters.StopOther.Record(time.Duration(s.Nanotime() - from))
	}
}

// ResumeWorld undoes PauseWorld.
func (s *Sched) ResumeWorld(p *P) {
	if p.depth == 1 {
		s.meters.PauseOther.Record(time.Duration(s.Nanotime() - p.paused))
	}
	s.StartTheWorld(p)
}

// cyclePauses counts the pauses of a collection.
func (m *Meters) cyclePauses(c *gc.Cycle) {
	m.StopGC.Record(c.Stop)
	if c.Mark != 0 || c.Beside == 0 {
		m.PauseGC.Record(c.Pause())
		return
	}
	m.PauseGC.Record(c.Stop)
	m.PauseGC.Record(c.Sweep)
}
