package heap

import (
	"fmt"
	"io"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// # The scavenger
//
// Ready pages cost the host memory and are good for nothing but the next allocation. The
// scavenger gives those back to the host that the next allocations will hardly
// need. There are four occasions:
//
//	limit       a commit or a charge that the hard limit refuses: idle pages elsewhere pay for it
//	eager       a commit that would cross the soft limit (GOMEMLIMIT): the same, by the allocator;
//	            and pages at the end of the heap, when it holds more than it will want: the holes were too small, and will stay so
//	background  a goroutine of the host, after collections
//	forced      debug.FreeOSMemory: everything
//
// # How much stays
//
// The heap will grow again to its goal before the next collection. Its spans then
// take what they took when the last collection had marked, scaled by the change of
// the goal (which counts the fragmentation in), and a tenth is kept on top, so that
// pages do not go to and fro:
//
//	keep = max(goal, in use at the last mark * goal / goal then) * 11/10
//	surplus = max(heap + idle - keep, used - soft limit * 19/20), at most idle
//
// # How fast
//
// Giving memory back costs two calls of the host for a piece, and taking it again a fault for
// each of its pages. The background works for a hundred microseconds and sleeps for
// a hundred times as long as the work took: 1 % of one processor. That
// is also the hysteresis in time: pages that the program takes again soon are
// seldom reached.
//
// # What goes first
//
// Huge pages of which nothing is in use go first, whole, from high addresses down, since
// allocation takes low ones. Then granules in others; but the background leaves huge
// pages alone that are used to more than 15/16, where there is little to be had
// and much to be lost: the host breaks the huge page and does not mend it.
//
// Go's scavenger (2019, 2022) is built on the same three ideas: a retained tenth over the
// goal, 1 % of the time, dense chunks spared. It gives single pages back and keeps them
// accessible; ours must not be, since the guest could fill them without being charged.

// Releases are the occasions on which memory is given back.
const (
	releaseLimit = iota
	releaseEager
	releaseBackground
	releaseForced
	numReleases
)

const (
	scavengeWork  = 100 * time.Microsecond // of the background between sleeps
	scavengeShare = 100                    // it sleeps so many times as long
	scavengeStep  = 4 * granuleBytes       // bytes wanted at once
	dense         = hugePages - hugePages/16
)

// scavenger is the part of the page heap that gives memory back.
type scavenger struct {
	goal  atomic.Uint64 // live bytes that the heap may grow to; see SetGoal
	soft  atomic.Uint64 // bytes on the account that should not be crossed; 0: none
	inuse atomic.Uint64 // bytes in spans of objects when the last collection had marked
	base  atomic.Uint64 // goal at that time

	released [numReleases]atomic.Uint64 // bytes, so far
	spent    [numReleases]atomic.Int64  // ns, so far
	told     [numReleases]uint64        // of those, in earlier lines of the trace; guarded by mu
	trace    io.Writer                  // nil: no trace

	mu   sync.Mutex // guards what follows
	wake chan struct{}
	quit chan struct{} // nil: no background
	done chan struct{}
}

// SetGoal tells the heap how far it may grow until the next collection is done, in live
// bytes, and which soft limit its account has; math.MaxInt64 means none. Collectors
// call it when they set the trigger.
func (h *Heap) SetGoal(goal uint64, soft int64) {
	s := &h.pages.scav
	s.goal.Store(goal)
	h.pages.barren.Store(false)
	if soft == math.MaxInt64 {
		s.soft.Store(0)
	} else {
		s.soft.Store(uint64(max(soft, 1)))
	}
}

// marked notes what is in use at the end of marking.
func (s *scavenger) marked(h *pageHeap) {
	s.inuse.Store(uint64(h.busyPages[mem.KindHeap].Load()) << PageShift)
	s.base.Store(s.goal.Load())
}

// most is the bytes that the account should hold at the most.
func (s *scavenger) most(space *mem.Space) uint64 {
	most := space.Limit()
	if soft := s.soft.Load(); soft > 0 {
		most = min(most, soft)
	}
	return most
}

// over is by how many bytes size more would cross the soft limit.
func (s *scavenger) over(space *mem.Space, size uint64) uint64 {
	soft := s.soft.Load()
	if soft == 0 {
		return 0
	}
	used := space.Used() + size
	return used - min(used, soft)
}

// keep is the bytes of spans and idle pages that the next cycle will want.
func (s *scavenger) keep() uint64 {
	goal := s.goal.Load()
	if goal == 0 || goal >= math.MaxInt64 {
		return math.MaxUint64
	}
	want := float64(goal)
	if base := s.base.Load(); base > 0 && base < math.MaxInt64 {
		want = max(want, float64(s.inuse.Load())/float64(base)*float64(goal))
	}
	return uint64(min(want*1.1, math.MaxInt64))
}

// held is the bytes of spans and idle pages.
func (h *pageHeap) held() uint64 { return h.space.UsedBy(mem.KindHeap) + h.space.UsedBy(mem.KindIdle) }

// shed gives the surplus back when the heap has grown at its end. mu is held.
func (h *pageHeap) shed() {
	if n := h.surplus(); n >= granuleBytes {
		h.decommit(n, 1, 0, releaseEager)
	}
}

// surplus is the bytes that the background should give back.
func (h *pageHeap) surplus() uint64 {
	idle := h.space.UsedBy(mem.KindIdle)
	have, keep := h.held(), h.scav.keep()
	n := have - min(have, keep)
	if soft := h.scav.soft.Load(); soft > 0 {
		used := h.space.Used()
		n = max(n, used-min(used, soft/20*19))
	}
	return min(n, idle)
}

// decommit gives at least want bytes of idle granules back, if there are so many,
// sparing those from keepFirst to keepLast. It returns the bytes given back. mu is held.
func (h *pageHeap) decommit(want, keepFirst, keepLast uint64, why int) (done uint64) {
	began := time.Now()
	defer func() { h.scav.spent[why].Add(int64(time.Since(began))) }()
	for _, whole := range []bool{true, false} {
		for c := uint64(len(h.ready.tree[0])); done < want; {
			var ok bool
			if c, ok = h.ready.highest(c, granulePages); !ok {
				break
			}
			for p := min((c+1)*chunkPages, h.top); p > c*chunkPages && done < want; {
				end := p
				p = (p - 1) &^ (hugePages - 1)
				empty := allSet(h.free.bits, p, end-p)
				if whole != empty || why == releaseBackground && !empty && end-p-h.freePages(p, end) > dense {
					continue
				}
				need := want - done
				if whole {
					need = math.MaxUint64
				}
				n, ok := h.decommitIn(p/granulePages, end/granulePages, need, keepFirst, keepLast)
				if done += n; !ok {
					h.scav.released[why].Add(done)
					return done
				}
			}
		}
	}
	h.scav.released[why].Add(done)
	return done
}

// freePages counts the free pages in [p, end), both multiples of granulePages.
func (h *pageHeap) freePages(p, end uint64) (n uint64) {
	for ; p < end; p += granulePages {
		n += uint64(bits.OnesCount64(h.free.bits[p/64] >> (p % 64) & (1<<granulePages - 1)))
	}
	return n
}

// decommitIn gives at least want bytes of the idle granules in [first, end) back, the
// last first. It reports false when the host refuses.
func (h *pageHeap) decommitIn(first, end, want, keepFirst, keepLast uint64) (done uint64, ok bool) {
	idle := func(g uint64) bool {
		w, i := g*granulePages/64, g*granulePages%64
		return h.ready.bits[w]>>i&(1<<granulePages-1) == 1<<granulePages-1 && (g < keepFirst || g > keepLast)
	}
	for e := end; e > first && done < want; e-- {
		if !idle(e - 1) {
			continue
		}
		g := e - 1
		for g > first && (e-g)*granuleBytes < want-done && idle(g-1) {
			g--
		}
		p, n := g*granulePages, (e-g)*granulePages
		if !h.space.Decommit(pageAddr(p), n<<PageShift, mem.KindIdle) {
			return done, false
		}
		h.ready.set(p, n, false)
		setRange(h.dirty, p, n, false)
		h.readyPages -= n
		done += n << PageShift
		e = g + 1
	}
	return done, true
}

// scavenge gives up to want bytes back, and returns how many.
func (h *pageHeap) scavenge(want uint64, why int) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.decommit(want, 1, 0, why)
}

// reclaim is what the account calls when the limit refuses a charge.
func (h *Heap) reclaim(want uint64) uint64 { return h.pages.scavenge(want, releaseLimit) }

// ReleaseFree gives all idle pages back to the host but those in granules that are in use, and those
// in reserve for the caches, which a collection has flushed. It returns the bytes given back.
func (h *Heap) ReleaseFree() uint64 {
	n := h.pages.scavenge(math.MaxUint64, releaseForced)
	h.scavTrace(true)
	return n
}

// Scavenge lets the scavenger look for surplus pages: the background if there is one, else
// at once. Collectors call it when they have swept.
func (h *Heap) Scavenge() {
	s := &h.pages.scav
	s.mu.Lock()
	wake := s.wake
	s.mu.Unlock()
	if wake == nil {
		if n := h.pages.surplus(); n > 0 {
			h.pages.scavenge(n, releaseBackground)
		}
	} else {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	h.scavTrace(false)
}

// StartScavenger starts the background. StopScavenger must be called before the space is closed.
func (h *Heap) StartScavenger() {
	s := &h.pages.scav
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.quit != nil {
		return
	}
	s.wake, s.quit, s.done = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	go h.pages.background(s.wake, s.quit, s.done)
}

// StopScavenger ends the background, if it runs, and waits for its end.
func (h *Heap) StopScavenger() {
	s := &h.pages.scav
	s.mu.Lock()
	quit, done := s.quit, s.done
	s.wake, s.quit = nil, nil
	s.mu.Unlock()
	if quit != nil {
		close(quit)
		<-done
	}
}

// background gives surplus pages back, a little at a time.
func (h *pageHeap) background(wake, quit, done chan struct{}) {
	defer close(done)
	for {
		select {
		case <-quit:
			return
		case <-wake:
		}
		for {
			start, n := time.Now(), uint64(1)
			for n > 0 && time.Since(start) < scavengeWork {
				n = 0
				if want := h.surplus(); want >= granuleBytes {
					n = h.scavenge(min(want, scavengeStep), releaseBackground)
				}
			}
			if n == 0 {
				break
			}
			select {
			case <-quit:
				return
			case <-time.After(time.Since(start) * scavengeShare):
			}
		}
	}
}

// scavTrace prints what was given back since the last line, in the words of GODEBUG=scavtrace=1:
//
//	scav 128 KiB work (bg), 64 KiB work (eager), 4096 KiB now, 81% util
//
// now is what is away at present, and util the part of the committed pages that is in use.
// A page that the hard limit made us give back counts as eager.
func (h *Heap) scavTrace(forced bool) {
	s, p := &h.pages.scav, &h.pages
	if s.trace == nil {
		return
	}
	p.mu.Lock()
	away := p.away() << PageShift
	p.mu.Unlock()
	inuse := h.space.UsedBy(mem.KindHeap)
	kept := max(inuse+h.space.UsedBy(mem.KindIdle), 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	var since [numReleases]uint64
	for i := range since {
		n := s.released[i].Load()
		since[i], s.told[i] = n-s.told[i], n
	}
	end := "\n"
	if forced {
		end = " (forced)\n"
	}
	fmt.Fprintf(s.trace, "scav %d KiB work (bg), %d KiB work (eager), %d KiB now, %d%% util%s",
		since[releaseBackground]>>10, (since[releaseEager]+since[releaseLimit])>>10, away>>10, inuse*100/kept, end)
}
