//judge:skip nogc it counts collections
//judge:skip gcevery it switches collections off
//judge:skip beside it switches collections off
//judge:skip storm it switches collections off

// The runtime's figures: names, kinds and buckets are those of Go, and the figures agree with one another.
package main

import (
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync"
	"time"
)

type node struct {
	next *node
	data [5]int
}

var (
	list *node
	big  []byte
)

func read() map[string]metrics.Value {
	var s []metrics.Sample
	for _, d := range metrics.All() {
		s = append(s, metrics.Sample{Name: d.Name})
	}
	metrics.Read(s)
	values := map[string]metrics.Value{}
	for i, d := range metrics.All() {
		v := s[i].Value
		if v.Kind() != d.Kind {
			fmt.Println(d.Name, "has kind", v.Kind(), "want", d.Kind)
		}
		values[d.Name] = v
	}
	return values
}

func total(h *metrics.Float64Histogram) (n uint64) {
	for _, c := range h.Counts {
		n += c
	}
	return n
}

func main() {
	debug.SetGCPercent(100) // whatever the mode says
	// A hundred thousand nodes, half of which are dropped; large objects; finalizers and cleanups.
	for i := range 100_000 {
		n := &node{next: list}
		if i%2 == 0 {
			list = n
		}
	}
	for range 20 {
		big = make([]byte, 100_000)
	}
	for range 7 {
		o := new([3]*int)
		runtime.SetFinalizer(o, func(*[3]*int) {})
		p := new([4]*int)
		runtime.AddCleanup(p, func(int) {}, 1)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	mu.Lock()
	for range 5 {
		wg.Go(func() { mu.Lock(); time.Sleep(time.Millisecond); mu.Unlock() })
	}
	time.Sleep(5 * time.Millisecond)
	mu.Unlock()
	wg.Wait()
	runtime.GC()
	time.Sleep(10 * time.Millisecond)
	runtime.GC()

	v := read()
	u := func(name string) uint64 { return v[name].Uint64() }
	var names []string
	for _, d := range metrics.All() {
		names = append(names, d.Name)
		if d.Kind == metrics.KindFloat64Histogram {
			h := v[d.Name].Float64Histogram()
			mono := true
			for i := 1; i < len(h.Buckets); i++ {
				mono = mono && h.Buckets[i-1] < h.Buckets[i]
			}
			fmt.Println(d.Name, len(h.Counts), len(h.Buckets), mono, h.Buckets[:12], h.Buckets[len(h.Buckets)-5:])
		}
	}
	fmt.Println(len(names), "metrics")
	classes := uint64(0)
	for name, x := range v {
		if strings.HasPrefix(name, "/memory/classes/") && name != "/memory/classes/total:bytes" {
			classes += x.Uint64()
		}
	}
	fmt.Println("classes add up:", classes == u("/memory/classes/total:bytes"))
	fmt.Println("cycles:", u("/gc/cycles/total:gc-cycles") == u("/gc/cycles/automatic:gc-cycles")+u("/gc/cycles/forced:gc-cycles"), u("/gc/cycles/forced:gc-cycles"))
	fmt.Println("objects:", u("/gc/heap/objects:objects") == u("/gc/heap/allocs:objects")-u("/gc/heap/frees:objects"))
	fmt.Println("bytes:", u("/memory/classes/heap/objects:bytes") == u("/gc/heap/allocs:bytes")-u("/gc/heap/frees:bytes"))
	fmt.Println("by size:", total(v["/gc/heap/allocs-by-size:bytes"].Float64Histogram()) == u("/gc/heap/allocs:objects"),
		total(v["/gc/heap/frees-by-size:bytes"].Float64Histogram()) == u("/gc/heap/frees:objects"))
	h := v["/gc/heap/allocs-by-size:bytes"].Float64Histogram()
	fmt.Println("large:", h.Counts[len(h.Counts)-1] >= 20, "of 48 bytes:", h.Counts[4] >= 100_000, h.Buckets[4], h.Buckets[5])
	fmt.Println("pauses:", total(v["/gc/pauses:seconds"].Float64Histogram()) >= u("/gc/cycles/total:gc-cycles"))
	fmt.Println("scan:", u("/gc/scan/total:bytes") == u("/gc/scan/heap:bytes")+u("/gc/scan/stack:bytes")+u("/gc/scan/globals:bytes"))
	fmt.Println("queued:", u("/gc/finalizers/queued:finalizers") >= 7, u("/gc/cleanups/queued:cleanups") >= 7)
	fmt.Println("goroutines:", u("/sched/goroutines-created:goroutines") >= 6, u("/sched/goroutines/running:goroutines") >= 1)
	fmt.Println("settings:", u("/gc/gogc:percent"), u("/gc/gomemlimit:bytes") == math.MaxInt64, u("/gc/stack/starting-size:bytes") >= 2048)
	cpu := v["/cpu/classes/total:cpu-seconds"].Float64()
	parts := 0.0
	for _, c := range []string{"gc/total", "idle", "scavenge/total", "user"} {
		parts += v["/cpu/classes/"+c+":cpu-seconds"].Float64()
	}
	fmt.Println("cpu:", cpu > 0, math.Abs(parts-cpu) < cpu/100)
	fmt.Println("mutex:", v["/sync/mutex/wait/total:seconds"].Float64() >= 0)
	unknown := []metrics.Sample{{Name: "/no/such:thing"}, {Name: "/godebug/non-default-behavior/nothing:events"}, {Name: "/sched/gomaxprocs:threads"}}
	metrics.Read(unknown)
	fmt.Println(unknown[0].Value.Kind() == metrics.KindBad, unknown[1].Value.Kind() == metrics.KindBad, unknown[2].Value.Uint64() == uint64(runtime.GOMAXPROCS(0)))

	// A histogram's memory is used again.
	s := []metrics.Sample{{Name: "/gc/heap/allocs-by-size:bytes"}}
	metrics.Read(s)
	first := s[0].Value.Float64Histogram()
	metrics.Read(s)
	fmt.Println("used again:", first == s[0].Value.Float64Histogram())

	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Println(m.Sys == m.HeapSys+m.StackSys+m.MSpanSys+m.MCacheSys+m.BuckHashSys+m.GCSys+m.OtherSys,
		m.HeapSys == m.HeapIdle+m.HeapInuse, m.HeapAlloc == m.Alloc, m.Mallocs-m.Frees == m.HeapObjects,
		m.HeapReleased <= m.HeapIdle, m.HeapAlloc <= m.HeapInuse, m.StackInuse <= m.StackSys, m.MSpanInuse <= m.MSpanSys, m.MCacheInuse <= m.MCacheSys,
		m.Lookups, m.EnableGC, m.DebugGC, m.NumForcedGC, m.NumGC >= 2, m.GCCPUFraction >= 0, m.GCCPUFraction < 1)
	mallocs, bytes := uint64(0), uint64(0)
	for _, b := range m.BySize {
		fmt.Print(b.Size, " ")
		mallocs += b.Mallocs
		bytes += b.Mallocs * uint64(b.Size)
	}
	fmt.Println()
	fmt.Println("by size:", mallocs < m.Mallocs, bytes < m.TotalAlloc, m.BySize[0].Mallocs, m.BySize[5].Size, m.BySize[5].Mallocs >= 100_000, m.BySize[5].Frees >= 50_000)
	last, sumNs := m.PauseEnd[(m.NumGC+255)%256], uint64(0)
	for _, p := range m.PauseNs[:min(m.NumGC, 256)] {
		sumNs += p
	}
	fmt.Println("pauses:", last == m.LastGC, sumNs == m.PauseTotalNs || m.NumGC > 256, time.Since(time.Unix(0, int64(m.LastGC))) < time.Minute)

	var st debug.GCStats
	st.PauseQuantiles = make([]time.Duration, 5)
	debug.ReadGCStats(&st)
	fmt.Println("stats:", st.NumGC >= 2, len(st.Pause) == int(min(st.NumGC, 256)), len(st.PauseEnd) == len(st.Pause), !st.LastGC.IsZero(), st.PauseTotal > 0,
		st.PauseQuantiles[0] <= st.PauseQuantiles[2] && st.PauseQuantiles[2] <= st.PauseQuantiles[4], st.PauseEnd[0].Equal(st.LastGC))

	// Settings: each call returns the value before.
	fmt.Println(debug.SetGCPercent(50), debug.SetGCPercent(-1), debug.SetGCPercent(-7), debug.SetGCPercent(100))
	fmt.Println(debug.SetMemoryLimit(1<<30) == math.MaxInt64, debug.SetMemoryLimit(-1), debug.SetMemoryLimit(math.MaxInt64), debug.SetMemoryLimit(-1) == math.MaxInt64)
	fmt.Println(debug.SetMaxStack(1<<26), debug.SetMaxStack(1<<27), debug.SetMaxStack(1_000_000_000))
	fmt.Println(debug.SetMaxThreads(20000), debug.SetMaxThreads(10000))
	fmt.Println(debug.SetPanicOnFault(true), debug.SetPanicOnFault(false))
	debug.SetGCPercent(-1)
	runtime.ReadMemStats(&m)
	fmt.Println("off:", m.NextGC > 1<<60)
	before := m.NumGC
	for range 1000 {
		big = make([]byte, 50_000)
	}
	runtime.ReadMemStats(&m)
	fmt.Println("no collection:", m.NumGC == before)
	big = nil
	debug.FreeOSMemory()
	runtime.ReadMemStats(&m)
	fmt.Println("freed:", m.HeapIdle-m.HeapReleased < 8<<20, m.NumForcedGC)
}
