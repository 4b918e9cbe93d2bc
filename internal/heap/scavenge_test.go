package heap

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// idle makes a heap with n bytes of idle pages, the lowest of which are behind live bytes of
// large objects.
func idle(t *testing.T, h *Heap, live, n uint64) {
	t.Helper()
	c := h.NewCache()
	var keep []mem.Addr
	for used := uint64(0); used < live+n; used += 64 << 10 {
		a, st := c.Alloc(64<<10, 0, true, 0)
		if st != OK {
			t.Fatal(st)
		}
		if used < live {
			keep = append(keep, a)
		}
	}
	markAll(h, keep...)
	if got := h.space.UsedBy(mem.KindIdle); got < n {
		t.Fatalf("%d bytes are idle, want %d", got, n)
	}
}

func TestScavengerKeepsATenthOverTheGoal(t *testing.T) {
	const mib = 1 << 20
	for _, background := range []bool{false, true} {
		h := newHeap(t, 0, debug.Flags{})
		if background {
			h.StartScavenger()
			defer h.StopScavenger()
		}
		idle(t, h, 8*mib, 56*mib)
		h.pages.scav.inuse.Store(0) // as if the peak were forgotten
		h.SetGoal(20*mib, math.MaxInt64)
		h.Scavenge()
		heap := func() uint64 { return h.space.UsedBy(mem.KindHeap) + h.space.UsedBy(mem.KindIdle) }
		for end := time.Now().Add(20 * time.Second); background && heap() > 22*mib && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		// A background may be at its last piece still.
		h.StopScavenger()
		if got := heap(); got > 22*mib+granuleBytes || got < 22*mib-2*hugePages*PageSize {
			t.Errorf("background %v: %d KiB are kept, want about %d", background, got>>10, 22*mib>>10)
		}
		check(t, h)
		// What the last cycle had in use is kept, in proportion to the goal.
		idle(t, h, 8*mib, 56*mib)
		h.SetGoal(20*mib, math.MaxInt64)
		before := heap()
		h.pages.scav.base.Store(20 * mib)
		h.Scavenge()
		if heap() != before {
			t.Errorf("%d of %d KiB are kept, although all were in use at the last mark", heap()>>10, before>>10)
		}
		h.SetGoal(10*mib, math.MaxInt64)
		h.Scavenge()
		if got, want := heap(), uint64(float64(before)/2*1.1); got > want+4*mib || got+4*mib < want {
			t.Errorf("after the goal was halved %d KiB are kept, want about %d", got>>10, want>>10)
		}
		check(t, h)
	}
}

func TestSoftLimitIsPaidByIdlePages(t *testing.T) {
	const mib = 1 << 20
	h := newHeap(t, 0, debug.Flags{})
	c := h.NewCache()
	var middle mem.Addr
	for i := range 30 {
		a, st := c.Alloc(mib, 0, true, 0)
		if st != OK {
			t.Fatal(st)
		}
		if i == 15 {
			middle = a
		}
	}
	markAll(h, middle)
	h.SetGoal(math.MaxInt64, 32*mib)
	// Too large for either hole: pages of the lower one have to go.
	if _, st := c.Alloc(20*mib, 0, true, 0); st != OK {
		t.Fatal(st)
	}
	if used := h.space.Used(); used > 33*mib {
		t.Errorf("%d KiB are used with a soft limit of %d", used>>10, 32*mib>>10)
	}
	if h.pages.scav.released[releaseEager].Load() == 0 {
		t.Error("nothing counts as released by an allocator")
	}
	check(t, h)
	markAll(h)
	h.SetGoal(math.MaxInt64, 10*mib)
	h.Scavenge()
	if used := h.space.Used(); used > 10*mib {
		t.Errorf("%d KiB are used with a soft limit of %d", used>>10, 10*mib>>10)
	}
	check(t, h)
}

func TestHugePagesGoWholeAndDenseOnesStay(t *testing.T) {
	h := newHeap(t, 0, debug.Flags{})
	const blocks = 6
	a, _, ok := h.AllocPages(blocks*hugePages, mem.KindRecord)
	if !ok {
		t.Fatal("no pages")
	}
	first := (addrPage(a) + hugePages - 1) / hugePages * hugePages // of whole huge pages
	free := func(p, n uint64) { h.FreePages(pageAddr(p), n, mem.KindRecord) }
	free(first, granulePages)               // dense
	free(first+hugePages, hugePages/2)      // half
	free(first+2*hugePages, hugePages)      // empty
	free(first+3*hugePages, 2*granulePages) // 15/16, which is not dense
	away := func(p uint64) bool { return h.pages.isAway(p / granulePages) }
	h.pages.scavenge(1, releaseBackground)
	if !away(first+2*hugePages) || !away(first+3*hugePages-1) || away(first+hugePages) || away(first) {
		t.Error("the empty huge page does not go first, and whole")
	}
	h.pages.scavenge(math.MaxUint64, releaseBackground)
	if !away(first+hugePages) || !away(first+3*hugePages) {
		t.Error("sparse huge pages stay")
	}
	if away(first) {
		t.Error("a dense huge page was broken by the background")
	}
	if h.ReleaseFree(); !away(first) {
		t.Error("a dense huge page is not given back when everything is asked for")
	}
	check(t, h)
}

func TestScavTrace(t *testing.T) {
	var out strings.Builder
	space, err := mem.New(0)
	if err != nil {
		t.Fatal(err)
	}
	defer space.Close()
	h, err := New(space, Config{Flags: debug.Flags{ScavTrace: 1}, Trace: &out})
	if err != nil {
		t.Fatal(err)
	}
	idle(t, h, 1<<20, 3<<20)
	h.SetGoal(1<<20, math.MaxInt64)
	h.pages.scav.inuse.Store(0)
	h.Scavenge()
	h.ReleaseFree()
	lines := strings.Split(out.String(), "\n")
	var bg, eager, now, util int
	if n, _ := fmt.Sscanf(lines[0], "scav %d KiB work (bg), %d KiB work (eager), %d KiB now, %d%% util", &bg, &eager, &now, &util); n != 4 || bg == 0 || eager != 0 || now != bg || util < 50 {
		t.Errorf("%q", lines[0])
	}
	if len(lines) != 3 || !strings.HasSuffix(lines[1], "% util (forced)") || !strings.HasPrefix(lines[1], "scav 0 KiB work (bg), 0 KiB") {
		t.Errorf("%q", lines)
	}
}

// What lies in a P's reserve is nobody else's, is idle on the account, and comes back.
func TestReserve(t *testing.T) {
	h := newHeap(t, 0, debug.Flags{})
	c, d := h.NewCache(), h.NewCache()
	owner := map[uint64]string{}
	for i := range 200 {
		who, ca := "c", c
		if i%3 == 0 {
			who, ca = "d", d
		}
		n := uint64(i%5) + 1
		p, zero, ok := ca.allocPages(n, mem.KindHeap)
		if !ok {
			t.Fatal("no pages")
		}
		for q := p; q < p+n; q++ {
			if owner[q] != "" || zero && h.space.Load64(pageAddr(q)) != 0 {
				t.Fatalf("page %d for %s is of %q; said to be zero: %v", q, who, owner[q], zero)
			}
			owner[q] = who
			h.space.Store64(pageAddr(q), 1)
		}
		if i%7 == 6 {
			h.pages.release(p, n, mem.KindHeap)
			for q := p; q < p+n; q++ {
				delete(owner, q)
			}
		}
	}
	if got := h.space.UsedBy(mem.KindHeap); got != uint64(len(owner))*PageSize {
		t.Errorf("%d bytes on the account, %d pages taken", got, len(owner))
	}
	if h.pages.reserved.Load() == 0 {
		t.Error("nothing comes from a reserve")
	}
	for q := range owner {
		h.pages.release(q, 1, mem.KindHeap)
	}
	check(t, h)
	if n := h.pages.reserved.Load(); n != 0 {
		t.Errorf("%d pages in reserve after a flush", n)
	}
}

// A large object clears the pages that were used before, and no others.
func TestOnlyDirtyPagesAreCleared(t *testing.T) {
	h := newHeap(t, 0, debug.Flags{})
	a, _, _ := h.AllocPages(700, mem.KindRecord)
	p := (addrPage(a) + granulePages - 1) &^ (granulePages - 1)
	h.FreePages(a, 700, mem.KindRecord)
	h.ReleaseFree() // now nothing is dirty
	h.pages.mu.Lock()
	h.pages.commit(p, 690)
	h.pages.mu.Unlock()
	want := map[uint64]bool{}
	for _, r := range [][2]uint64{{3, 1}, {60, 10}, {130, 1}, {600, 90}} {
		setRange(h.pages.dirty, p+r[0], r[1], true)
		for i := range r[1] {
			want[p+r[0]+i] = true
		}
	}
	h.pages.eachDirty(p, 690, func(p, n uint64) {
		for q := p; q < p+n; q++ {
			if !want[q] {
				t.Errorf("page %d is not dirty", q)
			}
			delete(want, q)
		}
	})
	if len(want) > 0 {
		t.Errorf("dirty pages not named: %v", want)
	}
}

func BenchmarkPages(b *testing.B) {
	for _, way := range []string{"reserve", "heap"} {
		b.Run(way, func(b *testing.B) {
			h := newHeap(b, 0, debug.Flags{})
			c := h.NewCache()
			var held [512]uint64
			for i := range held {
				held[i], _, _ = h.pages.alloc(1, mem.KindHeap)
			}
			for i := 0; b.Loop(); i++ {
				at := &held[i*37%len(held)]
				h.pages.release(*at, 1, mem.KindHeap)
				if way == "heap" {
					*at, _, _ = h.pages.alloc(1, mem.KindHeap)
				} else {
					*at, _, _ = c.allocPages(1, mem.KindHeap)
				}
			}
		})
	}
}
