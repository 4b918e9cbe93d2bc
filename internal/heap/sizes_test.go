package heap

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// goTable reads a table from the installed Go's own size classes.
func goTable(t *testing.T, src, name string) []int {
	m := regexp.MustCompile(`(?s)var ` + name + ` = \[[^\]]*(?:\[[^\]]*\][^\]]*)?\]uint\d+\{([^}]*)\}`).FindStringSubmatch(src)
	if m == nil {
		t.Fatalf("no table %s in the installed Go", name)
	}
	var list []int
	for _, f := range strings.Split(m[1], ",") {
		if f = strings.TrimSpace(f); f == "" {
			continue
		}
		n, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
}

func TestSizeClassesAreGos(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(runtime.GOROOT(), "src/internal/runtime/gc/sizeclasses.go"))
	if err != nil {
		t.Skip(err)
	}
	src := string(b)
	if got, want := fmt.Sprint(classSize), fmt.Sprint(goTable(t, src, "SizeClassToSize")); got != want {
		t.Errorf("sizes\n%s, want\n%s", got, want)
	}
	if got, want := fmt.Sprint(classPages), fmt.Sprint(goTable(t, src, "SizeClassToNPages")); got != want {
		t.Errorf("pages\n%s, want\n%s", got, want)
	}
	if got, want := fmt.Sprint(fineClass), fmt.Sprint(goTable(t, src, "SizeToSizeClass8")); got != want {
		t.Errorf("small lookup\n%s, want\n%s", got, want)
	}
	if got, want := fmt.Sprint(coarseClass), fmt.Sprint(goTable(t, src, "SizeToSizeClass128")); got != want {
		t.Errorf("large lookup\n%s, want\n%s", got, want)
	}
}

// grow makes the host's runtime round n elements up, as append does.
func grow[T any](n int) int {
	return cap(append([]T(nil), make([]T, n)...))
}

func TestRoundUpIsAppends(t *testing.T) {
	for n := 1; n < 70000; n += 1 + n/50 {
		if got, want := RoundUp(uint64(n), true), uint64(grow[byte](n)); got != want {
			t.Errorf("RoundUp(%d, noscan) = %d, Go grows to %d", n, got, want)
		}
		if got, want := RoundUp(uint64(n)*8, false)/8, uint64(grow[*byte](n)); got != want {
			t.Errorf("RoundUp(%d, pointers) = %d words, Go grows to %d", n*8, got, want)
		}
	}
}

var keep any

// bytesPer measures what the host's runtime counts for one allocation: the least
// of several tries, because something else may allocate meanwhile.
func bytesPer(f func()) uint64 {
	const n = 64
	least := uint64(math.MaxUint64)
	for range 5 {
		var a, b runtime.MemStats
		runtime.ReadMemStats(&a)
		for range n {
			f()
		}
		runtime.ReadMemStats(&b)
		least = min(least, (b.TotalAlloc-a.TotalAlloc)/n)
	}
	return least
}

func TestSizeIsWhatGoCounts(t *testing.T) {
	for _, n := range []int{16, 17, 32, 33, 500, 512, 513, 520, 1016, 1017, 1024, 1025, 2000, 9000, 32752, 32760, 32761, 32768, 32769, 40000, 40960, 40961} {
		b := make([]byte, 0)
		if got, want := Size(uint64(n), true), bytesPer(func() { b = make([]byte, n) }); got != want {
			t.Errorf("Size(%d, noscan) = %d, Go counts %d", n, got, want)
		}
		keep = b
	}
	for _, n := range []int{1, 2, 3, 5, 63, 64, 65, 66, 127, 128, 129, 255, 1000, 4094, 4095, 4096, 4097, 5000} {
		p := make([]*int, 0)
		if got, want := Size(uint64(n*8), false), bytesPer(func() { p = make([]*int, n) }); got != want {
			t.Errorf("Size(%d, pointers) = %d, Go counts %d", n*8, got, want)
		}
		keep = p
	}
}
