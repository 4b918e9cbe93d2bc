package host

import (
	"maps"
	"math"
	"slices"
	"time"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/gc/pacer"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
)

// # Memory in figures
//
// runtime.MemStats and runtime/metrics show the same figures, taken with the world
// stopped (figures). All bytes of the account are in one of these places, and
// caches besides, which are not on the account:
//
//	Sys = HeapSys + StackSys + MSpanSys + MCacheSys + BuckHashSys + GCSys + OtherSys
//
//	HeapSys      spans of objects, idle pages, and pages given back but still reserved
//	MSpanSys     records of spans
//	GCSys        the other tables of the heap: page table, types, lists, specials
//	OtherSys     the program's image and code, goroutines, timers, waiters
//
// # Metrics
//
// One row per name that runtime/metrics of this Go version describes. The guest asks for
// each sample by name; the first of a Read takes new figures.

// figures is what the heap and the collector say at one moment. Bytes.
type figures struct {
	heap    heap.Stats
	gc      gc.Stats
	caches  uint64 // of all Ps
	profile uint64 // of the memory profile
	other   uint64 // image, code, records
	procs   int
	elapsed time.Duration // since the machine was made
	idle    time.Duration // of all Ps, as far as the scheduler says
	meters  *sched.Meters
	sched   *sched.Sched
}

// figures takes the figures.
func (c *Call) figures() *figures {
	c.Sched.PauseWorld(c.P)
	f := &figures{heap: c.Heap.Stats(), gc: c.Sched.Collector().Stats()}
	c.Sched.ResumeWorld(c.P)
	f.procs = c.Sched.Procs()
	f.caches = uint64(f.procs) * uint64(unsafe.Sizeof(heap.Cache{}))
	c.State.profile.mu.Lock()
	f.profile = c.State.profile.bytes
	c.State.profile.mu.Unlock()
	sp := c.Space
	f.other = sp.UsedBy(mem.KindRecord) + sp.UsedBy(mem.KindCode) + sp.UsedBy(mem.KindData)
	f.other -= min(f.other, f.profile)
	f.elapsed = time.Duration(c.Sched.Nanotime())
	if w, ok := c.Sched.World().(interface{ IdleTime() time.Duration }); ok {
		f.idle = w.IdleTime()
	}
	f.sched, f.meters = c.Sched, c.Sched.Meters()
	return f
}

// metadata is the heap's tables other than records.
func (f *figures) metadata() uint64 { return f.heap.Metadata - min(f.heap.Metadata, f.heap.Records) }

func (f *figures) sys() uint64 {
	return f.heap.HeapSys + f.heap.StackInuse + f.heap.Records + f.caches + f.profile + f.metadata() + f.other
}

// goal is the size of the heap at which the next collection is done; when there is none, what the
// soft limit leaves to the heap.
func (f *figures) goal() uint64 {
	if f.gc.Goal >= pacer.Never {
		return uint64(f.gc.Limit) - min(uint64(f.gc.Limit), f.sys()-f.heap.HeapSys)
	}
	return f.gc.Goal
}

// collecting is the processor time of collections.
func (f *figures) collecting() time.Duration {
	return f.gc.Assist + f.gc.Background + f.gc.Idle + f.gc.Paused
}

func (f *figures) scavenging() time.Duration {
	return f.heap.ScavengeAssist + f.heap.ScavengeBackground
}

// user is the processor time that is left for the program.
func (f *figures) user() time.Duration { return f.total() - f.idle - f.collecting() - f.scavenging() }

func (f *figures) total() time.Duration {
	return max(f.elapsed*time.Duration(f.procs), f.idle+f.collecting()+f.scavenging())
}

// The kinds of metrics, as runtime/metrics numbers them.
const (
	metricBad = iota
	metricUint64
	metricFloat64
	metricHistogram
)

// metric is one row: read gives a number (the bits of a float64), hist a histogram.
type metric struct {
	kind  int
	fresh bool // needs figures; else f has nothing but the scheduler
	read  func(f *figures) uint64
	hist  func(f *figures) histogram
}

// histogram is counts and the bounds between them, one more.
type histogram struct {
	n     int
	count func(i int) uint64
	bound func(i int) float64
}

func number(read func(f *figures) uint64) metric {
	return metric{kind: metricUint64, fresh: true, read: read}
}

func seconds(read func(f *figures) time.Duration) metric {
	return metric{kind: metricFloat64, fresh: true, read: func(f *figures) uint64 { return math.Float64bits(read(f).Seconds()) }}
}

// live is a number of the scheduler.
func live(read func(s *sched.Sched) uint64) metric {
	return metric{kind: metricUint64, read: func(f *figures) uint64 { return read(f.sched) }}
}

func times(h func(m *sched.Meters) *sched.Histogram) metric {
	return metric{kind: metricHistogram, hist: func(f *figures) histogram {
		return histogram{sched.HistBuckets, h(f.meters).Count, sched.HistBound}
	}}
}

// bySize is a histogram by size class: bucket i is class i+1, the last one is large objects.
func bySize(count func(c *heap.ClassStats) uint64) metric {
	return metric{kind: metricHistogram, fresh: true, hist: func(f *figures) histogram {
		return histogram{heap.NumClasses, func(i int) uint64 {
			return count(&f.heap.Classes[(i+1)%heap.NumClasses])
		}, func(i int) float64 {
			if i == heap.NumClasses {
				return math.Inf(1)
			}
			return float64(heap.ClassSize(uint8(i)) + 1)
		}}
	}}
}

var metrics = map[string]metric{
	"/cgo/go-to-c-calls:calls": live(func(*sched.Sched) uint64 { return 0 }),

	"/cpu/classes/gc/mark/assist:cpu-seconds":      seconds(func(f *figures) time.Duration { return f.gc.Assist }),
	"/cpu/classes/gc/mark/dedicated:cpu-seconds":   seconds(func(f *figures) time.Duration { return f.gc.Background }),
	"/cpu/classes/gc/mark/idle:cpu-seconds":        seconds(func(f *figures) time.Duration { return f.gc.Idle }),
	"/cpu/classes/gc/pause:cpu-seconds":            seconds(func(f *figures) time.Duration { return f.gc.Paused }),
	"/cpu/classes/gc/total:cpu-seconds":            seconds((*figures).collecting),
	"/cpu/classes/idle:cpu-seconds":                seconds(func(f *figures) time.Duration { return f.idle }),
	"/cpu/classes/scavenge/assist:cpu-seconds":     seconds(func(f *figures) time.Duration { return f.heap.ScavengeAssist }),
	"/cpu/classes/scavenge/background:cpu-seconds": seconds(func(f *figures) time.Duration { return f.heap.ScavengeBackground }),
	"/cpu/classes/scavenge/total:cpu-seconds":      seconds((*figures).scavenging),
	"/cpu/classes/total:cpu-seconds":               seconds((*figures).total),
	"/cpu/classes/user:cpu-seconds":                seconds((*figures).user),
	"/gc/cleanups/executed:cleanups":               live(func(s *sched.Sched) uint64 { return s.Meters().Cleanups[1].Load() }),
	"/gc/cleanups/queued:cleanups":                 live(func(s *sched.Sched) uint64 { return s.Meters().Cleanups[0].Load() }),
	"/gc/finalizers/executed:finalizers":           live(func(s *sched.Sched) uint64 { return s.Meters().Finalizers[1].Load() }),
	"/gc/finalizers/queued:finalizers":             live(func(s *sched.Sched) uint64 { return s.Meters().Finalizers[0].Load() }),
	"/gc/cycles/automatic:gc-cycles":               number(func(f *figures) uint64 { return uint64(f.gc.Cycles - f.gc.Forced) }),
	"/gc/cycles/forced:gc-cycles":                  number(func(f *figures) uint64 { return uint64(f.gc.Forced) }),
	"/gc/cycles/total:gc-cycles":                   number(func(f *figures) uint64 { return uint64(f.gc.Cycles) }),
	"/gc/gogc:percent":                             number(func(f *figures) uint64 { return uint64(int64(f.gc.Percent)) }),
	"/gc/gomemlimit:bytes":                         number(func(f *figures) uint64 { return uint64(f.gc.Limit) }),
	"/gc/heap/allocs-by-size:bytes":                bySize(func(c *heap.ClassStats) uint64 { return c.Allocs }),
	"/gc/heap/allocs:bytes":                        number(func(f *figures) uint64 { return f.heap.TotalAlloc }),
	"/gc/heap/allocs:objects":                      number(func(f *figures) uint64 { return f.heap.Mallocs - f.heap.Tiny }),
	"/gc/heap/frees-by-size:bytes":                 bySize(func(c *heap.ClassStats) uint64 { return c.Frees }),
	"/gc/heap/frees:bytes":                         number(func(f *figures) uint64 { return f.heap.TotalAlloc - f.heap.HeapAlloc }),
	"/gc/heap/frees:objects":                       number(func(f *figures) uint64 { return f.heap.Frees - f.heap.Tiny }),
	"/gc/heap/goal:bytes":                          number((*figures).goal),
	"/gc/heap/live:bytes":                          number(func(f *figures) uint64 { return f.gc.Last.Marked }),
	"/gc/heap/objects:objects":                     number(func(f *figures) uint64 { return f.heap.HeapObjects }),
	"/gc/heap/tiny/allocs:objects":                 number(func(f *figures) uint64 { return f.heap.Tiny }),
	"/gc/limiter/last-enabled:gc-cycle":            number(func(f *figures) uint64 { return uint64(f.gc.Limited) }),
	"/gc/pauses:seconds":                           times(func(m *sched.Meters) *sched.Histogram { return &m.PauseGC }),
	"/gc/scan/globals:bytes":                       number(func(f *figures) uint64 { return f.gc.Last.Roots[gc.RootGlobals] }),
	"/gc/scan/heap:bytes":                          number(func(f *figures) uint64 { return f.gc.Last.Marked }),
	"/gc/scan/stack:bytes":                         number(func(f *figures) uint64 { return f.gc.Last.Roots[gc.RootStacks] }),
	"/gc/scan/total:bytes": number(func(f *figures) uint64 {
		l := &f.gc.Last
		return l.Marked + l.Roots[gc.RootGlobals] + l.Roots[gc.RootStacks]
	}),
	"/gc/stack/starting-size:bytes":               live((*sched.Sched).NewStack),
	"/memory/classes/heap/free:bytes":             number(func(f *figures) uint64 { return f.heap.HeapIdle - f.heap.HeapReleased }),
	"/memory/classes/heap/objects:bytes":          number(func(f *figures) uint64 { return f.heap.HeapAlloc }),
	"/memory/classes/heap/released:bytes":         number(func(f *figures) uint64 { return f.heap.HeapReleased }),
	"/memory/classes/heap/stacks:bytes":           number(func(f *figures) uint64 { return f.heap.StackInuse }),
	"/memory/classes/heap/unused:bytes":           number(func(f *figures) uint64 { return f.heap.HeapInuse - f.heap.HeapAlloc }),
	"/memory/classes/metadata/mcache/free:bytes":  number(func(f *figures) uint64 { return 0 }),
	"/memory/classes/metadata/mcache/inuse:bytes": number(func(f *figures) uint64 { return f.caches }),
	"/memory/classes/metadata/mspan/free:bytes":   number(func(f *figures) uint64 { return f.heap.FreeRecords }),
	"/memory/classes/metadata/mspan/inuse:bytes":  number(func(f *figures) uint64 { return f.heap.Records - f.heap.FreeRecords }),
	"/memory/classes/metadata/other:bytes":        number((*figures).metadata),
	"/memory/classes/os-stacks:bytes":             number(func(f *figures) uint64 { return 0 }),
	"/memory/classes/other:bytes":                 number(func(f *figures) uint64 { return f.other }),
	"/memory/classes/profiling/buckets:bytes":     number(func(f *figures) uint64 { return f.profile }),
	"/memory/classes/total:bytes":                 number((*figures).sys),
	"/sched/gomaxprocs:threads":                   live(func(s *sched.Sched) uint64 { return uint64(s.Procs()) }),
	"/sched/goroutines-created:goroutines":        live((*sched.Sched).Created),
	"/sched/goroutines/not-in-go:goroutines":      live(func(s *sched.Sched) uint64 { return uint64(s.Population().NotInGo) }),
	"/sched/goroutines/runnable:goroutines":       live(func(s *sched.Sched) uint64 { return uint64(s.Population().Runnable) }),
	"/sched/goroutines/running:goroutines":        live(func(s *sched.Sched) uint64 { return uint64(s.Population().Running) }),
	"/sched/goroutines/waiting:goroutines":        live(func(s *sched.Sched) uint64 { return uint64(s.Population().Waiting) }),
	"/sched/goroutines:goroutines":                live(func(s *sched.Sched) uint64 { return uint64(s.NumGoroutine()) }),
	"/sched/latencies:seconds":                    times(func(m *sched.Meters) *sched.Histogram { return &m.Latency }),
	"/sched/pauses/stopping/gc:seconds":           times(func(m *sched.Meters) *sched.Histogram { return &m.StopGC }),
	"/sched/pauses/stopping/other:seconds":        times(func(m *sched.Meters) *sched.Histogram { return &m.StopOther }),
	"/sched/pauses/total/gc:seconds":              times(func(m *sched.Meters) *sched.Histogram { return &m.PauseGC }),
	"/sched/pauses/total/other:seconds":           times(func(m *sched.Meters) *sched.Histogram { return &m.PauseOther }),
	"/sched/threads/total:threads":                live(func(s *sched.Sched) uint64 { return uint64(s.Procs()) }),
	"/sync/mutex/wait/total:seconds": {kind: metricFloat64, read: func(f *figures) uint64 {
		return math.Float64bits(time.Duration(f.meters.MutexWait.Load()).Seconds())
	}},
}

func init() {
	Register([]Entry{
		{"runtime.metricRead", metricRead},
		{"runtime.metricBuckets", metricBuckets},
		{"runtime.metricName", metricName},
	})
}

// metricNames are the names of the table, sorted.
var metricNames = slices.Sorted(maps.Keys(metrics))

// metricName(i int) string
func metricName(c *Call) Status {
	name := ""
	if i := c.Arg(0); i < uint64(len(metricNames)) {
		name = metricNames[i]
	}
	return c.giveString(1, name)
}

// metric finds the row of a name and the figures for it. With fresh, older figures
// will not do.
func (c *Call) metric(name string, fresh bool) (metric, *figures) {
	if fresh {
		c.State.figures.Store(nil)
	}
	m, ok := metrics[name]
	if !ok {
		return metric{}, nil
	}
	if !m.fresh {
		return m, &figures{sched: c.Sched, meters: c.Sched.Meters()}
	}
	f := c.State.figures.Load()
	if f == nil {
		f = c.figures()
		c.State.figures.Store(f)
	}
	return m, f
}

// metricRead(name string, fresh bool) (kind int, value uint64, buckets int)
func metricRead(c *Call) Status {
	m, f := c.metric(c.String(0), c.U8(16) != 0)
	c.SetInt(3, m.kind)
	c.Set(4, 0)
	c.Set(5, 0)
	switch {
	case m.read != nil:
		c.Set(4, m.read(f))
	case m.hist != nil:
		c.SetInt(5, m.hist(f).n)
	}
	return OK
}

// metricBuckets(name string, counts []uint64, bounds []float64)
func metricBuckets(c *Call) Status {
	m, f := c.metric(c.String(0), false)
	if m.hist == nil {
		return OK
	}
	h := m.hist(f)
	put := func(slot int, n int, word func(i int) uint64) {
		if b, ok := c.Space.Bytes(c.Arg(slot), c.Arg(slot+1)*8); ok && c.Arg(slot+1) <= uint64(n) {
			for i := range len(b) / 8 {
				c.Space.Store64(c.Arg(slot)+uint64(i)*8, word(i))
			}
		}
	}
	put(2, h.n, h.count)
	put(5, h.n+1, func(i int) uint64 { return math.Float64bits(h.bound(i)) })
	return OK
}
