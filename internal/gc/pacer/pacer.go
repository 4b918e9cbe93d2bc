// Package pacer decides when to collect and how hard to work at it. It is
// arithmetic only: figures in, figures out, no clock and no heap.
//
// # The goal
//
// The goal is the size the heap may reach before the next collection is done.
// Two rules give one each, and the smaller wins:
//
//	percent: live + (live + stacks + globals) * Percent/100, at least 4 MiB * Percent/100
//	limit:   what MemoryLimit leaves for the heap, less 3 % (1 MiB at least) of headroom
//
// where live is the bytes the last collection found reachable. Percent is GOGC
// and MemoryLimit is GOMEMLIMIT; both rules are the Go runtime's, so that
// figures carry over.
//
// An account with a hard limit has a ceiling a sixteenth below it, which is like a MemoryLimit that nobody has set; the
// sixteenth is its headroom. Without it the first to know of the hard limit would be an allocation that is refused: its goroutine would wait for a
// whole collection, and what can only be let go between collections (sync.Pool) would be held against the program.
//
// # The trigger
//
// A collector that stops the world triggers at the goal. One that runs beside
// the program must trigger earlier, by the bytes that the program will allocate
// while it marks: the runway. What is measured is a ratio of two speeds that
// does not change when the processors are shared in another way:
//
//	cons/mark = bytes allocated per second of the program's processor time
//	          / bytes scanned per second of the collector's processor time
//
//	          = (allocated * u) / (scanned * (1-u))     u: the collector's share of the time
//
// With a collector that takes its fixed share u = Background, the runway is
// cons/mark * (1-u)/u * (bytes to scan); the largest cons/mark of the last
// cycles counts, because to start late costs the program assists, to start
// early only some collections. The trigger is kept between seven tenths of the way
// from live to goal and nineteen twentieths of it.
//
// # Assists
//
// In a cycle, each byte that the program allocates owes some bytes of scanning:
//
//	ratio = (work expected - work done) / (goal - heap now)
//
// so that work and room come to an end together. Expected is what the last
// cycle scanned. When there turns out to be more, it is all there could be, and
// the goal is stretched in proportion; past the goal, by a tenth more.
//
// # Close to the limit
//
// Near the memory limit the goal may be no larger than what is live. A
// collection that follows at once would free nothing and the program would do
// nothing else; so the trigger that the limit gives keeps a distance of a sixteenth of the live heap,
// which bounds the cost of marking to a constant per byte allocated, and the
// limiter (limiter.go) takes the assists away when collections have taken
// more than half of the processor time. Then the heap outgrows the soft limit, and
// the hard one decides.
package pacer

import "math"

const (
	minHeap     = 4 << 20  // bytes; the least goal at Percent 100
	minHeadroom = 1 << 20  // bytes kept free below the memory limit
	minDistance = 64 << 10 // bytes from live to trigger, and from trigger to goal once a cycle runs
	distance    = 16       // the trigger is at least live/distance above live when the limit rules
	memory      = 4        // measured cycles that the runway looks back on, besides the latest

	// Background is the share of the processors' time that marking beside the program takes.
	Background = 0.25

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
	Scan    uint64 // of Live, in objects with pointers
	Stacks  uint64 // scanned on goroutine stacks
	Globals uint64 // scanned in globals
	Used    uint64 // on the whole account: heap, free pages, stacks, image, bookkeeping
	Free    uint64 // of Used, free for the heap to use: idle pages, free slots
}

// Work is the bytes that the next cycle is expected to scan.
func (f *Figures) Work() uint64 { return f.Scan + f.Stacks + f.Globals }

// Pacer paces one collector.
//
//	trigger <= goal, unless the goal is within the distance of live
//	live < trigger
type Pacer struct {
	percent int
	limit   int64
	ceiling int64
	beside  bool // the collector runs beside the program
	figures Figures

	recent   [memory]float64 // cons/mark of the last cycles, oldest first
	consMark float64         // the largest of recent

	cycle     bool   // one is under way
	triggered uint64 // live bytes when it began
}

// New makes a pacer; beside says that the collector runs beside the program.
func New(percent int, limit int64, beside bool) *Pacer {
	return &Pacer{percent: max(percent, Off), limit: limit, ceiling: NoLimit, beside: beside}
}

// Percent and Limit are the settings; Off and NoLimit switch a rule off.
func (p *Pacer) Percent() int { return p.percent }

// Limit is the soft memory limit in bytes.
func (p *Pacer) Limit() int64 { return p.limit }

// SetPercent changes GOGC.
func (p *Pacer) SetPercent(percent int) { p.percent = max(percent, Off) }

// SetLimit changes the soft memory limit.
func (p *Pacer) SetLimit(limit int64) { p.limit = limit }

// SetCeiling says what hard limit the account has, in bytes; NoLimit for none.
func (p *Pacer) SetCeiling(hard int64) {
	if hard != NoLimit {
		hard -= hard / 16
	}
	p.ceiling = hard
}

// Ruling is the limit that goals keep: the soft one or, if that is lower, the ceiling.
func (p *Pacer) Ruling() int64 { return min(p.limit, p.ceiling) }

// ConsMark is the ratio of speeds that the next runway is made from.
func (p *Pacer) ConsMark() float64 { return p.consMark }

// limitGoal is the smaller of what the soft limit and the ceiling give.
func (p *Pacer) limitGoal() uint64 {
	goal := limitGoal(p.limit, p.figures)
	if p.ceiling != NoLimit {
		goal = min(goal, max(left(p.ceiling, p.figures), p.figures.Live))
	}
	return goal
}

func (p *Pacer) goal() uint64 { return min(percentGoal(p.percent, p.figures), p.limitGoal()) }

// Goal is the heap size to reach before the next collection is done, or the
// one that is under way.
func (p *Pacer) Goal() uint64 { return p.atLeast(p.goal()) }

// Told is the goal as the program's own settings give it, without the ceiling.
func (p *Pacer) Told() uint64 { return p.atLeast(Goal(p.percent, p.limit, p.figures)) }

func (p *Pacer) atLeast(goal uint64) uint64 {
	if p.cycle && goal < p.triggered+minDistance {
		goal = p.triggered + minDistance // a new setting cannot ask for the past
	}
	return goal
}

// Runway is the bytes that the program is expected to allocate while the next cycle marks.
func (p *Pacer) Runway() uint64 {
	r := p.consMark * (1 - Background) / Background * float64(p.figures.Work())
	if r >= Never {
		return Never
	}
	return uint64(r)
}

// Trigger is the live bytes at which the next cycle is to begin.
func (p *Pacer) Trigger() uint64 {
	f := p.figures
	goal := p.goal()
	least := f.Live + minDistance
	if p.limitGoal() < percentGoal(p.percent, f) {
		least = f.Live + max(minDistance, f.Live/distance)
	}
	switch {
	case goal >= Never:
		return Never
	case goal <= least || !p.beside:
		return max(goal, least)
	}
	return max(runwayTrigger(goal, p.Runway(), f.Live), least)
}

// Plan is how a cycle shares the processors.
//
//	Dedicated + Fraction*procs = Background*procs, as nearly as whole processors allow
type Plan struct {
	Dedicated int     // processors that do nothing but mark
	Fraction  float64 // share of its time that each processor marks besides
}

// Begin begins a cycle with live bytes allocated.
func (p *Pacer) Begin(live uint64, procs int) Plan {
	p.cycle, p.triggered = true, live
	return Share(procs)
}

// Share divides the background's share among processors: whole ones when that comes
// within three tenths of the share, else as many whole ones as fit and a fraction of each.
func Share(procs int) (s Plan) {
	total := float64(procs) * Background
	s.Dedicated = int(total + 0.5)
	if off := float64(s.Dedicated)/total - 1; off < -0.3 || off > 0.3 {
		if float64(s.Dedicated) > total {
			s.Dedicated--
		}
		s.Fraction = (total - float64(s.Dedicated)) / float64(procs)
	}
	return s
}

// Progress is how far a cycle is, in bytes.
type Progress struct {
	Live uint64 // allocated now
	Scan uint64 // of Live, in objects with pointers: what there is to scan at most
	Work uint64 // scanned so far: objects, stacks, globals
}

// Ratio is the bytes to scan for each byte allocated from now on.
func (p *Pacer) Ratio(now Progress) float64 {
	goal := p.Goal()
	if goal >= Never {
		return 0
	}
	expected := p.figures.Work()
	most := max(now.Scan+p.figures.Stacks+p.figures.Globals, expected)
	if now.Work > expected {
		if expected > 0 {
			stretched := float64(p.triggered) + float64(goal-min(goal, p.triggered))*float64(most)/float64(expected)
			hard := float64(goal) * (1 + float64(p.hardPercent())/100)
			goal = uint64(min(stretched, hard, Never))
		}
		expected = most
	}
	if now.Live > goal {
		goal += goal / 10
		expected = most
	}
	left := max(goal-min(goal, now.Live), 1)
	todo := max(expected-min(expected, now.Work), 1000)
	return float64(todo) / float64(left)
}

// hardPercent bounds by how much more than planned a cycle may let the heap grow.
func (p *Pacer) hardPercent() int {
	if p.percent < 0 {
		return 100000
	}
	return p.percent
}

// Measured is what a cycle beside the program turned out to be.
type Measured struct {
	Live   uint64  // bytes allocated when marking ended
	Work   uint64  // bytes scanned
	Used   float64 // share of the processors' time that marking took, background and assists; 0 to 1
	Idling float64 // share that was spent marking by processors with nothing else to do
}

// End ends a cycle: f is the state after it. m is nil for one that stopped the world.
func (p *Pacer) End(f Figures, m *Measured) {
	p.cycle = false
	p.figures = f
	if m == nil || m.Live <= p.triggered || m.Work == 0 || m.Used >= 1 {
		return
	}
	now := float64(m.Live-p.triggered) * (m.Used + m.Idling) / (float64(m.Work) * (1 - m.Used))
	p.consMark = now
	for _, c := range p.recent {
		p.consMark = max(p.consMark, c)
	}
	copy(p.recent[:], p.recent[1:])
	p.recent[memory-1] = now
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
	goal := left(limit, f)
	if goal == 0 {
		return f.Live
	}
	headroom := max(goal/100*3, minHeadroom)
	if goal < 2*headroom {
		goal = headroom
	} else {
		goal -= headroom
	}
	return max(goal, f.Live)
}

// left is the bytes of a limit that the heap can have.
func left(limit int64, f Figures) uint64 {
	l := uint64(limit)
	taken := f.Used - min(f.Used, f.Live+f.Free)
	if f.Used > l {
		taken += f.Used - l
	}
	return l - min(l, taken)
}

// runwayTrigger is runway bytes before the goal, within bounds.
func runwayTrigger(goal, runway, live uint64) uint64 {
	way := goal - live
	early, late := live+way/64*45, live+way/64*61
	late = max(early, late, goal-min(goal, minHeap)) // 4 MiB are runway enough for any heap that has them
	return min(max(goal-min(goal, runway), early), late)
}
