//judge:skip nogc nothing is ever freed

// Profiles: what the memory profile counts at rate 1, and what the others say of goroutines that stand
// where they stand. The profile is written in the form that go tool pprof reads, and read again.
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"runtime"
	"runtime/pprof"
	"sort"
	"strings"
	"sync"
)

type node struct {
	next *node
	pad  [6]int
}

var (
	kept  *node
	block []byte
	strs  []string
)

//go:noinline
func keepNodes(n int) {
	for range n {
		kept = &node{next: kept}
	}
}

//go:noinline
func dropNodes(n int) {
	for range n {
		sink = &node{}
	}
	sink = nil
}

//go:noinline
func large(n int) {
	for range n {
		block = make([]byte, 100_000)
	}
}

//go:noinline
func medium(n int) {
	for range n {
		strs = append(strs, strings.Repeat("x", 1000))
	}
}

var sink *node

//go:noinline
func deeper(n int, f func()) {
	if n > 0 {
		deeper(n-1, f)
		return
	}
	f()
}

// fields splits a message of protocol buffers.
func fields(b []byte, f func(tag int, n uint64, b []byte)) {
	varint := func() (v uint64) {
		for shift := 0; ; shift += 7 {
			c := b[0]
			b = b[1:]
			v |= uint64(c&0x7f) << shift
			if c < 0x80 {
				return v
			}
		}
	}
	for len(b) > 0 {
		key := varint()
		switch key & 7 {
		case 0:
			f(int(key>>3), varint(), nil)
		case 2:
			n := varint()
			f(int(key>>3), 0, b[:n])
			b = b[n:]
		default:
			panic("wire type")
		}
	}
}

func varints(b []byte) (list []uint64) {
	v, shift := uint64(0), 0
	for _, c := range b {
		v |= uint64(c&0x7f) << shift
		if shift += 7; c < 0x80 {
			list = append(list, v)
			v, shift = 0, 0
		}
	}
	return list
}

// sample is a row of a profile: the functions of the stack, innermost first, and its values.
type sample struct {
	stack  []string
	values []uint64
}

func read(compressed []byte) (types []string, samples []sample) {
	z, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		panic(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		panic(err)
	}
	var strs []string
	funcs := map[uint64]uint64{}
	locs := map[uint64][]uint64{}
	var rows [][2][]uint64
	var typ []uint64
	fields(b, func(tag int, n uint64, b []byte) {
		switch tag {
		case 1:
			fields(b, func(tag int, n uint64, b []byte) {
				if tag == 1 {
					typ = append(typ, n)
				}
			})
		case 2:
			var row [2][]uint64
			fields(b, func(tag int, n uint64, b []byte) {
				if tag <= 2 {
					if b == nil {
						row[tag-1] = append(row[tag-1], n)
					}
					row[tag-1] = append(row[tag-1], varints(b)...)
				}
			})
			rows = append(rows, row)
		case 4:
			id, lines := uint64(0), []uint64(nil)
			fields(b, func(tag int, n uint64, b []byte) {
				switch tag {
				case 1:
					id = n
				case 4:
					fields(b, func(tag int, n uint64, b []byte) {
						if tag == 1 {
							lines = append(lines, n)
						}
					})
				}
			})
			locs[id] = lines
		case 5:
			id, name := uint64(0), uint64(0)
			fields(b, func(tag int, n uint64, b []byte) {
				switch tag {
				case 1:
					id = n
				case 2:
					name = n
				}
			})
			funcs[id] = name
		case 6:
			strs = append(strs, string(b))
		}
	})
	for _, t := range typ {
		types = append(types, strs[t])
	}
	for _, r := range rows {
		s := sample{values: r[1]}
		for _, l := range r[0] {
			for _, f := range locs[l] {
				s.stack = append(s.stack, strs[funcs[f]])
			}
		}
		samples = append(samples, s)
	}
	return types, samples
}

// show prints the sums of the samples whose stacks have a function of this program, by that function
// and the depth of deeper.
func show(what string, compressed []byte) {
	types, samples := read(compressed)
	sums := map[string][]uint64{}
	for _, s := range samples {
		key, depth := "", 0
		for _, f := range s.stack {
			switch {
			case f == "main.deeper":
				depth++
			case strings.HasPrefix(f, "main.") && key == "" && f != "main.show" && f != "main.read" && f != "main.fields" && f != "main.write":
				key = f
			}
		}
		switch key {
		case "main.keepNodes", "main.dropNodes", "main.large", "main.medium":
			key = fmt.Sprint(key, " under ", depth)
			if sums[key] == nil {
				sums[key] = make([]uint64, len(s.values))
			}
			for i, v := range s.values {
				sums[key][i] += v
			}
		}
	}
	var keys []string
	for k := range sums {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	fmt.Println(what, types)
	for _, k := range keys {
		fmt.Println("   ", k, sums[k])
	}
}

func write(name string, debug int) string {
	var b bytes.Buffer
	p := pprof.Lookup(name)
	if p == nil {
		return "none"
	}
	if err := p.WriteTo(&b, debug); err != nil {
		return err.Error()
	}
	return b.String()
}

func main() {
	runtime.MemProfileRate = 1
	keepNodes(1000)
	deeper(3, func() { keepNodes(10) })
	deeper(5, func() { keepNodes(20) })
	dropNodes(3000)
	large(7)
	medium(30)
	runtime.GC()
	runtime.GC()
	var b bytes.Buffer
	if err := pprof.WriteHeapProfile(&b); err != nil {
		fmt.Println(err)
	}
	show("heap", b.Bytes())
	show("allocs", []byte(write("allocs", 0)))

	// The records behind it agree with one another.
	n, ok := runtime.MemProfile(nil, true)
	for !ok || n == 0 {
		p := make([]runtime.MemProfileRecord, n+50)
		if n, ok = runtime.MemProfile(p, true); ok {
			for _, r := range p[:n] {
				if r.InUseBytes() < 0 || r.InUseObjects() < 0 || len(r.Stack()) == 0 {
					fmt.Println("bad record", r.AllocBytes, r.FreeBytes, r.AllocObjects, r.FreeObjects)
				}
			}
		}
	}
	text := write("heap", 1)
	fmt.Println(strings.HasPrefix(text, "heap profile: "), strings.Contains(text, "main.keepNodes"), strings.Contains(text, "# HeapAlloc = "))

	// Goroutines that stand at one place are one row.
	var wg, up sync.WaitGroup
	stop := make(chan bool)
	for range 6 {
		wg.Add(1)
		up.Add(1)
		go stand(stop, &up, &wg)
	}
	up.Wait()
	for range 100 {
		runtime.Gosched()
	}
	_, samples := read([]byte(write("goroutine", 0)))
	total, standing := uint64(0), uint64(0)
	for _, s := range samples {
		total += s.values[0]
		for _, f := range s.stack {
			if f == "main.stand" {
				standing += s.values[0]
			}
		}
	}
	fmt.Println("goroutines:", standing, total >= 7, pprof.Lookup("goroutine").Count() >= 7)
	text = write("goroutine", 1)
	fmt.Println(strings.HasPrefix(text, "goroutine profile: total "), strings.Contains(text, "\n6 @ "), strings.Contains(text, "main.stand"))
	text = write("goroutine", 2)
	fmt.Println(strings.Count(text, "main.stand("), strings.Contains(text, "goroutine 1 [running]:"))
	close(stop)
	wg.Wait()

	// The others exist, and a profile of one's own.
	for _, name := range []string{"threadcreate", "block", "mutex", "goroutineleak", "nothing"} {
		first, _, _ := strings.Cut(write(name, 1), "\n")
		first, _, _ = strings.Cut(first, ":")
		fmt.Println(name, first)
	}
	own := pprof.NewProfile("own")
	own.Add(&kept, 0)
	own.Add(&strs, 0)
	own.Remove(&strs)
	fmt.Println(own.Count(), own.Name(), pprof.Lookup("own") == own, strings.HasPrefix(write("own", 1), "own profile: total 1\n1 @ "))
}

//go:noinline
func stand(stop chan bool, up, wg *sync.WaitGroup) {
	up.Done()
	<-stop
	wg.Done()
}
