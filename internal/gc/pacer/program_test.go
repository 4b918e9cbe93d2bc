package pacer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// # Invented programs
//
// A program is described by what it does in each cycle: how fast it allocates, how
// fast its objects are scanned, how much stays alive, how large its stacks and globals
// are. The simulation runs it against the pacer, 64 KiB of allocation at a time:
//
//	the background takes a quarter of the time and scans; that is credit
//	each allocated byte owes Ratio bytes of scanning; what credit does not pay, the
//	program scans itself, in its own time
//
// so what comes out is what a collector would measure: when the cycle ends, how large
// the heap is by then, and how much of the time went to collecting.

// spell is what a program does during one cycle.
type spell struct {
	alloc   float64 // bytes allocated per second of the program's time
	scan    float64 // bytes scanned per second of the collector's time
	live    float64 // bytes alive at the end of the cycle
	noscan  float64 // share of them without pointers
	stacks  float64 // bytes
	globals float64 // bytes
}

// outcome is what a cycle turned out to be.
type outcome struct {
	cycle         int
	goal, trigger float64
	live          float64 // alive afterwards
	peak          float64 // heap when marking ended
	share         float64 // of the time during marking that went to collecting
	total         float64 // of the time since the end of the last cycle
	spent, time   float64 // seconds: collecting, and all since the end of the last cycle
	limited       bool    // the limiter took assists away
}

// program is one scenario.
type program struct {
	name    string
	percent int
	limit   int64 // bytes; 0 is none
	other   float64
	cycle   func(c int, r *rand.Rand) spell
	check   func(t *testing.T, o []outcome)
}

const (
	cycles = 60
	step   = 64 << 10
)

func simulate(p *program) (out []outcome) {
	limit := int64(NoLimit)
	if p.limit > 0 {
		limit = p.limit
	}
	pc := New(p.percent, limit, true)
	var lim Limiter
	lim.SetProcs(1)
	r := rand.New(rand.NewPCG(1, 1))
	heap, live := 0.0, 0.0 // bytes
	figures := func(s spell) Figures {
		used := max(heap, live) + s.stacks + s.globals + p.other
		return Figures{Live: uint64(live), Scan: uint64(live * (1 - s.noscan)), Stacks: uint64(s.stacks), Globals: uint64(s.globals),
			Used: uint64(used), Free: uint64(max(heap, live) - live)}
	}
	for c := range cycles {
		s := p.cycle(c, r)
		trigger := float64(pc.Trigger())
		if trigger > 1<<40 {
			trigger = 1 << 40
		}
		grow := max(trigger-heap, 0)
		mutator := grow / s.alloc // seconds before the cycle
		lim.Add(0, int64(mutator*1e9))
		heap += grow
		pc.Begin(uint64(heap), 1)
		goal := float64(pc.Goal())
		todo := live*(1-s.noscan) + s.stacks + s.globals // what was there when the snapshot was taken
		if s.live > live {
			todo = min(s.live, heap)*(1-s.noscan) + s.stacks + s.globals
		}
		begun := heap
		wall, collecting, work, credit, limited := 0.0, 0.0, 0.0, 0.0, false
		for work < todo {
			ratio := pc.Ratio(Progress{Live: uint64(heap), Scan: uint64(heap * (1 - s.noscan)), Work: uint64(work)})
			own := step / s.alloc
			heap += step
			// The program's own time is three quarters of the wall's, and so is that of assists.
			pass := func(own, assist float64) {
				span := (own + assist) / (1 - Background)
				done := span * Background * s.scan
				work += done + assist*s.scan
				credit += done
				wall += span
				collecting += span*Background + assist
				lim.Add(int64((span-own)*1e9), int64(own*1e9))
			}
			pass(own, 0)
			credit -= step * ratio
			for credit < 0 && work < todo && !lim.Limiting() {
				bytes := min(-credit, todo-work, 256<<10)
				credit += bytes
				pass(0, bytes/s.scan)
			}
			limited = limited || lim.Limiting()
		}
		o := outcome{cycle: c, goal: goal, trigger: begun, peak: heap, share: collecting / wall, total: collecting / (wall + mutator), spent: collecting, time: wall + mutator, limited: limited}
		// What was alive at the end stays; the rest is garbage but for what was allocated black.
		live = min(s.live+(heap-begun)*0.1, heap)
		f := figures(s)
		heap = live
		pc.End(f, &Measured{Live: uint64(o.peak), Work: uint64(work), Used: o.share})
		o.live = live
		out = append(out, o)
	}
	return out
}

// settled are the outcomes after the pacer has had time to learn.
func settled(o []outcome) []outcome { return o[12:] }

// near wants every settled cycle to end within tolerance of its goal and not to take more than
// share of the time while marking.
func near(under, over, share float64) func(t *testing.T, o []outcome) {
	return func(t *testing.T, o []outcome) {
		for _, c := range settled(o) {
			if c.peak > c.goal*(1+over) || c.peak < c.goal*(1-under) || c.share > share {
				t.Errorf("cycle %d: goal %.1f MB, trigger %.1f, peak %.1f (%.3f of the goal), collecting %.2f of the time", c.cycle, c.goal/mib, c.trigger/mib, c.peak/mib, c.peak/c.goal, c.share)
			}
		}
	}
}

func steady(c int, _ *rand.Rand) spell {
	return spell{alloc: 80 * mib, scan: 1000 * mib, live: 50 * mib, stacks: mib / 4, globals: mib / 8}
}

var programs = []program{
	{"steady", 100, 0, 0, steady, near(0.05, 0.02, 0.30)},
	{"steady small", 100, 0, 0, func(c int, r *rand.Rand) spell {
		s := steady(c, r)
		s.live = mib
		return s
	}, near(0.40, 0.03, 0.60)},
	{"steady gogc 50", 50, 0, 0, steady, near(0.05, 0.02, 0.45)},
	{"steady gogc 400", 400, 0, 0, steady, near(0.06, 0.02, 0.30)},
	{"step of the allocation rate", 100, 0, 0, func(c int, r *rand.Rand) spell {
		s := steady(c, r)
		if c >= 30 {
			s.alloc *= 5
		}
		return s
	}, func(t *testing.T, o []outcome) {
		near(0.05, 0.02, 0.30)(t, o[:30])
		for _, c := range o[30:] { // the first one pays with assists
			if c.peak > c.goal*1.1 {
				t.Errorf("cycle %d: peak is %.2f of the goal", c.cycle, c.peak/c.goal)
			}
		}
		near(0.30, 0.02, 0.60)(t, o[30-12+8:])
	}},
	{"step of the live heap", 100, 0, 0, func(c int, r *rand.Rand) spell {
		s := steady(c, r)
		if c >= 30 {
			s.live = 400 * mib
		}
		return s
	}, func(t *testing.T, o []outcome) {
		for _, c := range o[1:] {
			if c.peak > c.goal*2.05 {
				t.Errorf("cycle %d: peak is %.2f of the goal", c.cycle, c.peak/c.goal)
			}
		}
		near(0.1, 0.02, 0.30)(t, o[:30])
	}},
	{"ramp", 100, 0, 0, func(c int, r *rand.Rand) spell {
		s := steady(c, r)
		s.live = float64(10+3*c) * mib
		return s
	}, near(0.10, 0.05, 0.40)},
	{"oscillation", 100, 0, 0, func(c int, r *rand.Rand) spell {
		s := steady(c, r)
		s.alloc *= 1 + 0.8*math.Sin(float64(c)*math.Pi/4)
		return s
	}, near(0.30, 0.05, 0.45)},
	{"jitter of the allocation rate", 100, 0, 0, func(c int, r *rand.Rand) spell {
		s := steady(c, r)
		s.alloc *= 0.6 + 0.8*r.Float64()
		return s
	}, near(0.15, 0.05, 0.40)},
	{"jitter of the live heap", 100, 0, 0, func(c int, r *rand.Rand) spell {
		s := steady(c, r)
		s.live *= 0.9 + 0.2*r.Float64()
		return s
	}, near(0.20, 0.10, 0.45)},
	{"big stacks", 100, 0, 0, func(c int, r *rand.Rand) spell {
		s := steady(c, r)
		s.stacks = 128 * mib
		return s
	}, func(t *testing.T, o []outcome) {
		near(0.10, 0.02, 0.45)(t, o)
		for _, c := range settled(o) {
			if c.goal < 200*mib {
				t.Errorf("cycle %d: goal of %.0f MB leaves 128 MB of stacks out", c.cycle, c.goal/mib)
			}
		}
	}},
	{"big globals", 100, 0, 0, func(c int, r *rand.Rand) spell {
		s := steady(c, r)
		s.globals = 128 * mib
		return s
	}, func(t *testing.T, o []outcome) {
		near(0.10, 0.02, 0.45)(t, o)
		for _, c := range settled(o) {
			if c.goal < 200*mib {
				t.Errorf("cycle %d: goal of %.0f MB leaves 128 MB of globals out", c.cycle, c.goal/mib)
			}
		}
	}},
	{"nothing to scan", 100, 0, 0, func(c int, r *rand.Rand) spell {
		s := steady(c, r)
		s.noscan = 1
		return s
	}, near(0.20, 0.02, 0.60)},
	{"limit steady", 100, 128 * mib, 4 * mib, func(c int, r *rand.Rand) spell {
		s := steady(c, r)
		s.live = 80 * mib
		return s
	}, func(t *testing.T, o []outcome) {
		near(0.12, 0.03, 0.60)(t, o)
		for _, c := range settled(o) {
			if total := c.peak + 4*mib; total > 128*mib {
				t.Errorf("cycle %d: %.0f MB under a limit of 128", c.cycle, total/mib)
			}
		}
	}},
	{"limit far away", 100, 1 << 40, 4 * mib, steady, near(0.05, 0.02, 0.30)},
	{"limit with gogc off", Off, 128 * mib, 4 * mib, func(c int, r *rand.Rand) spell {
		s := steady(c, r)
		s.live = 20 * mib
		return s
	}, func(t *testing.T, o []outcome) {
		near(0.06, 0.03, 0.30)(t, o)
		for _, c := range settled(o) {
			if c.peak+4*mib > 128*mib || c.peak < 90*mib {
				t.Errorf("cycle %d: peak of %.0f MB under a limit of 128", c.cycle, c.peak/mib)
			}
		}
	}},
	{"limit exceeded", 100, 60 * mib, 4 * mib, func(c int, r *rand.Rand) spell {
		s := steady(c, r)
		s.live = 80 * mib
		return s
	}, func(t *testing.T, o []outcome) {
		for _, c := range settled(o) {
			if c.trigger < c.live*0.9 || c.total > 0.95 {
				t.Errorf("cycle %d: trigger %.1f MB for %.1f alive, collecting %.2f of the time", c.cycle, c.trigger/mib, c.live/mib, c.total)
			}
		}
	}},
	{"limit exceeded, slow marking", Off, 60 * mib, 4 * mib, func(c int, r *rand.Rand) spell {
		s := steady(c, r)
		s.live, s.scan = 80*mib, 50*mib
		return s
	}, func(t *testing.T, o []outcome) {
		spent, time, limited := 0.0, 0.0, false
		for _, c := range settled(o) {
			spent, time, limited = spent+c.spent, time+c.time, limited || c.limited
		}
		if !limited || spent > 0.52*time {
			t.Errorf("collecting %.2f of the time; limited: %v", spent/time, limited)
		}
	}},
}

func TestInventedPrograms(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			out := simulate(&p)
			p.check(t, out)
			if t.Failed() || testing.Verbose() {
				for _, c := range out {
					t.Log(fmt.Sprintf("%2d: goal %6.1f trigger %6.1f peak %6.1f live %6.1f share %.2f total %.2f limited %v", c.cycle, c.goal/mib, c.trigger/mib, c.peak/mib, c.live/mib, c.share, c.total, c.limited))
				}
			}
		})
	}
}
