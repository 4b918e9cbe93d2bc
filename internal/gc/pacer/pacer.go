// Package pacer decides when to collect. It is arithmetic only: figures in,
// figures out, no clock and no heap.
//
// The goal is the size the heap may reach before the next collection is done.
// Two rules give one each, and the smaller wins:
//
//	percent: live + (live + stacks + globals) * Percent/100, at least 4 MiB * Percent/100
//	limit:   what MemoryLimit leaves for the heap, less 3 % (1 MiB at least) of headroom
//
// where live is the bytes the last collection found reachable. Percent is GOGC
// and MemoryLimit is GOMEMLIMIT; both rules are the Go runtime's, so that
// figures carry over. A collector that stops the world triggers at the goal. One
// that runs beside the program must trigger earlier, by the runway it needs.
//
// Near the memory limit the goal may be no larger than what is live. A
// collection that follows at once would free nothing and the program would do
// nothing else; so the trigger keeps a distance of a sixteenth of the live heap,
// which bounds the cost of marking to a constant per byte allocated.
package pacer

import "math"

const (
	minHeap     = 4 << 20 // bytes; the least goal at Percent 100
	minHeadroom = 1 << 20 // bytes kept free below the memory limit
	minDistance = 64 << 10
	distance    = 16 // the trigger is at least live/distance above live

	// Off as a Percent switches its rule off.
	Off = -1
	// NoLimit as a MemoryLimit switches its rule off.
	NoLimit = math.MaxInt64
	// Never is the goal when no rule gives one.
	Never = math.MaxInt64
)

// Figures describe the state after a collection, in bytes.
type Figures struct {
	Live    uint64 // reachable heap
	Stacks  uint64 // scanned on goroutine stacks
	Globals uint64 // scanned in globals
	Used    uint64 // on the whole account: heap, free pages, stacks, image, bookkeeping
	Free    uint64 // of Used, free for the heap to use: idle pages, free slots
}

// Goal is the heap size to reach before the next collection.
func Goal(percent int, memoryLimit int64, f Figures) uint64 {
	return min(percentGoal(percent, f), limitGoal(memoryLimit, f))
}

func percentGoal(percent int, f Figures) uint64 {
	if percent < 0 {
		return Never
	}
	p := uint64(percent)
	goal := f.Live + scale(f.Live+f.Stacks+f.Globals, p)
	return min(max(goal, scale(minHeap, p)), Never)
}

// scale is n*percent/100 without overflow.
func scale(n, percent uint64) uint64 {
	if percent != 0 && n > Never/percent {
		return min(n/100, Never/percent) * percent
	}
	return n * percent / 100
}

func limitGoal(limit int64, f Figures) uint64 {
	if limit < 0 || limit == NoLimit {
		return Never
	}
	l := uint64(limit)
	taken := f.Used - min(f.Used, f.Live+f.Free) // bytes the heap cannot have
	if f.Used > l {
		taken += f.Used - l
	}
	if taken >= l {
		return f.Live
	}
	goal := l - taken
	headroom := max(goal/100*3, minHeadroom)
	if goal < 2*headroom {
		goal = headroom
	} else {
		goal -= headroom
	}
	return max(goal, f.Live)
}

// Trigger is the live bytes at which a collector that stops the world begins.
func Trigger(goal uint64, f Figures) uint64 {
	if goal >= Never {
		return Never
	}
	return max(goal, f.Live+max(minDistance, f.Live/distance))
}

// RunwayTrigger is the live bytes at which a collector that runs beside the
// program begins: runway bytes before the goal, but not before seven tenths of
// the way from live to the goal, nor after nineteen twentieths of it.
func RunwayTrigger(goal, runway uint64, f Figures) uint64 {
	if goal >= Never {
		return Never
	}
	if goal <= f.Live {
		return Trigger(goal, f)
	}
	way := goal - f.Live
	early, late := f.Live+way/10*7, f.Live+way/20*19
	return min(max(goal-min(goal, runway), early), late)
}

// AssistRatio is the bytes to mark for each byte allocated in a cycle that begins
// with live bytes allocated. All of them may have to be marked, before the
// allocations that are left till the goal; past the goal, before another tenth.
func AssistRatio(goal, live uint64) float64 {
	if goal >= Never {
		return 0
	}
	left := max(goal-min(goal, live), live/10, minDistance)
	return float64(live) / float64(left)
}
