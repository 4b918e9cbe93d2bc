//judge:skip nogc it counts collections
//judge:skip gcevery it counts collections
//judge:skip beside it counts collections
//judge:skip storm it counts collections

// What programs set and read of their memory: the settings' old values, the counts and the rings of collections, and what
// FreeOSMemory and the soft limit do. Figures that differ from machine to machine are compared with one another.
package main

import (
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"sort"
	"time"
)

type node struct {
	next *node
	data [7]int
}

var (
	list  *node
	keep  any
	bytes []byte
)

func stats() (m runtime.MemStats) {
	runtime.ReadMemStats(&m)
	return m
}

func check(what string, ok bool, values ...any) {
	if !ok {
		fmt.Println("WRONG", what, values)
	}
}

// sums are equations that hold at any moment.
func sums(when string) {
	m := stats()
	is := func(what string, ok bool) {
		if !ok {
			fmt.Printf("WRONG %s: %s: %+v\n", when, what, m)
		}
	}
	is("Sys", m.Sys == m.HeapSys+m.StackSys+m.MSpanSys+m.MCacheSys+m.BuckHashSys+m.GCSys+m.OtherSys)
	is("HeapSys", m.HeapSys == m.HeapIdle+m.HeapInuse)
	is("Alloc", m.Alloc == m.HeapAlloc)
	is("HeapObjects", m.HeapObjects == m.Mallocs-m.Frees)
	is("HeapReleased", m.HeapReleased <= m.HeapIdle)
	is("HeapInuse", m.HeapAlloc <= m.HeapInuse)
	is("in use", m.StackInuse <= m.StackSys && m.MSpanInuse <= m.MSpanSys && m.MCacheInuse <= m.MCacheSys)
	is("TotalAlloc", m.TotalAlloc >= m.Alloc)
	is("NumForcedGC", m.NumForcedGC <= m.NumGC)
	is("GCCPUFraction", m.GCCPUFraction >= 0 && m.GCCPUFraction <= 1)
	is("flags", m.EnableGC && !m.DebugGC && m.Lookups == 0)
	var mallocs, frees, live uint64
	for i, b := range m.BySize {
		is("BySize in order", i == 0 || b.Size > m.BySize[i-1].Size)
		is("BySize frees", b.Frees <= b.Mallocs)
		mallocs += b.Mallocs
		frees += b.Frees
		live += (b.Mallocs - b.Frees) * uint64(b.Size)
	}
	is("BySize", mallocs <= m.Mallocs && frees <= m.Frees && live <= m.HeapAlloc)
	var pauses uint64
	for i, p := range m.PauseNs {
		pauses += p
		is("rings", (p == 0) == (m.PauseEnd[i] == 0) || p == 0)
		is("rings beyond", uint32(i) < m.NumGC || p == 0 && m.PauseEnd[i] == 0)
	}
	is("PauseTotalNs", m.NumGC > 256 || pauses == m.PauseTotalNs)
	if m.NumGC > 0 {
		last := m.PauseEnd[(m.NumGC+255)%256]
		is("LastGC", m.LastGC == last && time.Since(time.Unix(0, int64(last))) < time.Hour)
	}

	var g debug.GCStats
	g.PauseQuantiles = make([]time.Duration, 5)
	debug.ReadGCStats(&g)
	n := stats().NumGC
	check(when+": NumGC", int64(m.NumGC) <= g.NumGC && g.NumGC <= int64(n), m.NumGC, g.NumGC, n)
	if m.NumGC == n {
		check(when+": LastGC", g.LastGC.UnixNano() == int64(m.LastGC))
		check(when+": PauseTotal", g.PauseTotal == time.Duration(m.PauseTotalNs))
		check(when+": lengths", len(g.Pause) == int(min(n, 256)) && len(g.PauseEnd) == len(g.Pause), len(g.Pause), n)
		for i, p := range g.Pause {
			check(when+": Pause, newest first", p == time.Duration(m.PauseNs[(n+255-uint32(i))%256]), i)
		}
		check(when+": PauseEnd", sort.SliceIsSorted(g.PauseEnd, func(i, j int) bool { return g.PauseEnd[i].After(g.PauseEnd[j]) }))
		check(when+": quantiles", slices.IsSorted(g.PauseQuantiles) && (n == 0 || g.PauseQuantiles[0] == slices.Min(g.Pause) && g.PauseQuantiles[4] == slices.Max(g.Pause)))
	}
}

func main() {
	debug.SetGCPercent(100) // whatever the mode says
	sums("at first")

	// Settings answer with what was set before; negative limits only ask.
	fmt.Println(debug.SetGCPercent(50), debug.SetGCPercent(-5), debug.SetGCPercent(200), debug.SetGCPercent(100))
	fmt.Println(debug.SetMemoryLimit(-1) == math.MaxInt64, debug.SetMemoryLimit(1<<40) == math.MaxInt64, debug.SetMemoryLimit(-100), debug.SetMemoryLimit(math.MaxInt64))
	fmt.Println(debug.SetMaxStack(1<<20), debug.SetMaxStack(1e9), debug.SetMaxThreads(5000), debug.SetMaxThreads(10000), debug.SetPanicOnFault(true), debug.SetPanicOnFault(false))

	// Without collections nothing is collected, whatever is allocated; asked for, one is.
	debug.SetGCPercent(-1)
	runtime.GC()
	before := stats()
	for range 1000 {
		bytes = make([]byte, 50_000)
	}
	m := stats()
	fmt.Println("off:", m.NumGC == before.NumGC, m.Frees == before.Frees, m.HeapAlloc-before.HeapAlloc >= 50_000_000, m.NextGC > 1<<62, m.NextGC <= math.MaxInt64, m.Mallocs-before.Mallocs >= 1000)
	sums("off")
	runtime.GC()
	m = stats()
	fmt.Println("asked for:", m.NumGC == before.NumGC+1, m.NumForcedGC == before.NumForcedGC+1, m.Frees-before.Frees >= 999, m.HeapAlloc < 10_000_000)

	// With a soft limit there are collections all the same.
	debug.SetMemoryLimit(int64(m.Sys-m.HeapReleased) + 10<<20)
	before = stats()
	for range 2000 {
		bytes = make([]byte, 50_000)
	}
	m = stats()
	fmt.Println("limit:", m.NumGC > before.NumGC)
	debug.SetMemoryLimit(math.MaxInt64)
	sums("limit")

	// The goal follows what is alive.
	debug.SetGCPercent(100)
	for range 200_000 {
		list = &node{next: list}
	}
	runtime.GC()
	m = stats()
	live := m.HeapAlloc
	fmt.Println("goal:", m.NextGC >= live*3/2, m.NextGC <= live*5/2)
	debug.SetGCPercent(300)
	m = stats()
	fmt.Println("goal:", m.NextGC >= live*3, m.NextGC <= live*5)
	debug.SetGCPercent(100)
	list = nil

	// Dead memory goes back when it is asked for.
	keep = make([]byte, 64<<20)
	clear(keep.([]byte))
	keep = nil
	before = stats()
	debug.FreeOSMemory()
	m = stats()
	fmt.Println("free:", m.NumGC > before.NumGC, m.NumForcedGC > before.NumForcedGC, m.HeapReleased >= 60<<20, m.HeapIdle-m.HeapReleased < 8<<20, m.HeapAlloc < 8<<20)
	sums("free")

	// More collections than the rings hold.
	for range 300 {
		runtime.GC()
	}
	sums("many")
	var g debug.GCStats
	debug.ReadGCStats(&g)
	fmt.Println("rings:", len(g.Pause), len(g.PauseEnd), len(g.PauseQuantiles))

	// Counts are exact.
	var a, b runtime.MemStats
	var objs [100]*[10]int
	runtime.GC()
	runtime.ReadMemStats(&a)
	for i := range objs {
		objs[i] = new([10]int)
	}
	runtime.ReadMemStats(&b)
	fmt.Println("exact:", b.Mallocs-a.Mallocs, b.TotalAlloc-a.TotalAlloc, b.HeapObjects-a.HeapObjects, b.BySize[7].Size, b.BySize[7].Mallocs-a.BySize[7].Mallocs)
	runtime.KeepAlive(&objs)
}
