package heap

import (
	"math"
	"sync"
	"testing"

	"github.com/terrarium-go/terrarium/internal/debug"
)

// A heap that goes ahead never takes a page that was not touched before, is whole while pages are
// coming, and stops at its goal and its limit.
func TestAhead(t *testing.T) {
	h := newHeap(t, 0, debug.Flags{})
	c := h.NewCache()
	asked := 0
	c.Behind = func() { asked++ }
	last := h.pages.top
	late := 0
	for range 64 << 20 / PageSize {
		was := h.pages.top
		if _, st := c.Alloc(PageSize, 0, true, 0); st != OK {
			t.Fatal(st)
		}
		if was > aheadFrom && h.pages.top != was {
			late++ // the allocator had to grow the heap itself
		}
		if h.Short() {
			h.GoAhead()
			if h.pages.top <= last || h.pages.top%hugePages != 0 {
				t.Fatalf("top went from page %d to %d, want the end of a huge page", last, h.pages.top)
			}
		}
		last = h.pages.top
	}
	if asked < 16 || late > 0 {
		t.Errorf("asked %d times for 48 MiB, allocators grew the heap %d times; want at least 16, and never", asked, late)
	}
	check(t, h)

	h.SetGoal(uint64(h.Live()), math.MaxInt64)
	h.pages.short.Store(true)
	top := h.pages.top
	for range 64 {
		h.pages.short.Store(true)
		h.GoAhead()
	}
	if got := (h.pages.top - top) << PageShift; got > h.Live()/8 {
		t.Errorf("grew by %d bytes although the goal is what lives, %d bytes", got, h.Live())
	}
	if !h.pages.barren.Load() {
		t.Error("there was no room, and the heap would ask again")
	}
	check(t, h)

	h.space.SetLimit(h.space.Used() + 4<<20)
	h.SetGoal(math.MaxInt64, math.MaxInt64)
	h.pages.short.Store(true)
	top = h.pages.top
	if h.GoAhead(); h.pages.top != top {
		t.Errorf("grew by %d pages with 4 MiB to the limit", h.pages.top-top)
	}
}

// Allocators and those who go ahead, all at once; the heap is whole whenever somebody looks.
func TestAheadBeside(t *testing.T) {
	h := newHeap(t, 0, debug.Flags{})
	var wg sync.WaitGroup
	for range 3 {
		c := h.NewCache()
		wg.Go(func() {
			for i := range 3000 {
				if _, st := c.Alloc(uint64(i%7+1)*1000, 0, true, 0); st != OK {
					t.Error(st)
					return
				}
				if h.Short() {
					h.GoAhead()
				}
				if i%100 == 0 {
					h.pages.mu.Lock()
					err := h.pages.free.check("free")
					h.pages.mu.Unlock()
					if err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	check(t, h)
}
