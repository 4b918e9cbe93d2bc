package runtime

import (
	"internal/godebugs"
	"unsafe"
)

// Metrics. The host has the table of names; settings of GODEBUG are counted here.

// metricSample and metricHistogram are laid out as runtime/metrics has them.
type metricSample struct {
	name  string
	kind  int // metrics.ValueKind: 0 bad, 1 uint64, 2 float64, 3 histogram
	value uint64
	ptr   unsafe.Pointer
}

type metricHistogram struct {
	counts  []uint64
	buckets []float64
}

// metricRead reads a metric: its kind, 0 for unknown names, and its number or the buckets
// of its histogram. Figures of the heap are those of the last call with fresh.
func metricRead(name string, fresh bool) (kind int, value uint64, buckets int)

// metricBuckets fills in a histogram; bounds has one element more than counts.
func metricBuckets(name string, counts []uint64, bounds []float64)

//go:linkname readMetrics runtime/metrics.runtime_readMetrics
func readMetrics(p unsafe.Pointer, n, c int) {
	samples := unsafe.Slice((*metricSample)(p), n)
	for i := range samples {
		s := &samples[i]
		kind, value, buckets := metricRead(s.name, i == 0)
		switch kind {
		case 0:
			kind, value = readGodebug(s.name)
		case 3:
			h := (*metricHistogram)(s.ptr)
			if s.kind != 3 || h == nil || cap(h.counts) < buckets || cap(h.buckets) <= buckets {
				h = &metricHistogram{make([]uint64, buckets), make([]float64, buckets+1)}
			}
			h.counts, h.buckets = h.counts[:buckets], h.buckets[:buckets+1]
			metricBuckets(s.name, h.counts, h.buckets)
			s.kind, s.value, s.ptr = kind, 0, unsafe.Pointer(h)
			continue
		}
		s.kind, s.value, s.ptr = kind, value, nil
	}
}

// metricName is name number i of the host's table, or "".
func metricName(i int) string

// readMetricNames lists the metrics that there are.
//
//go:linkname readMetricNames runtime/metrics_test.runtime_readMetricNames
func readMetricNames() (list []string) {
	for i := 0; ; i++ {
		name := metricName(i)
		if name == "" {
			break
		}
		list = append(list, name)
	}
	for i := range godebugs.All {
		if g := &godebugs.All[i]; !g.Opaque {
			list = append(list, "/godebug/non-default-behavior/"+g.Name+":events")
		}
	}
	return list
}

// readGodebug is how often a setting of GODEBUG has changed what the program does.
func readGodebug(name string) (kind int, value uint64) {
	for i := range metricFuncs {
		if metricFuncs[i].name == name {
			return 1, metricFuncs[i].read()
		}
	}
	const before, after = "/godebug/non-default-behavior/", ":events"
	if len(name) < len(before)+len(after) || name[:len(before)] != before || name[len(name)-len(after):] != after {
		return 0, 0
	}
	name = name[len(before) : len(name)-len(after)]
	for i := range godebugs.All {
		if g := &godebugs.All[i]; g.Name == name && !g.Opaque {
			return 1, 0
		}
	}
	return 0, 0
}
