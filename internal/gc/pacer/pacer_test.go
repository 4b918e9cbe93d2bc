package pacer

import "testing"

const mib = 1 << 20

func TestGoal(t *testing.T) {
	for _, c := range []struct {
		percent int
		limit   int64
		f       Figures
		want    uint64
	}{
		{100, NoLimit, Figures{}, 4 * mib},
		{50, NoLimit, Figures{}, 2 * mib},
		{400, NoLimit, Figures{Live: mib}, 16 * mib},
		{100, NoLimit, Figures{Live: 10 * mib}, 20 * mib},
		{100, NoLimit, Figures{Live: 10 * mib, Stacks: 2 * mib, Globals: mib}, 23 * mib},
		{0, NoLimit, Figures{Live: 10 * mib}, 10 * mib},
		{Off, NoLimit, Figures{Live: 10 * mib}, Never},
		{Off, 100 * mib, Figures{Live: 10 * mib, Used: 30 * mib, Free: 15 * mib}, 95*mib - 95*mib/100*3},
		{100, 100 * mib, Figures{Live: 10 * mib, Used: 30 * mib, Free: 15 * mib}, 20 * mib},
		{100, 30 * mib, Figures{Live: 20 * mib, Used: 32 * mib, Free: 5 * mib}, 20 * mib},
		{100, 5 * mib, Figures{Live: 20 * mib, Used: 40 * mib, Free: 5 * mib}, 20 * mib},
		{100, 0, Figures{Live: 3}, 3},
		{1 << 30, NoLimit, Figures{Live: 1 << 34}, 1 << 34 / 100 * (1 << 30)},
	} {
		got := Goal(c.percent, c.limit, c.f)
		if c.percent == 1<<30 {
			if got < 1<<55 || got > Never {
				t.Errorf("huge percent: %d", got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("Goal(%d, %d, %+v) = %d, want %d", c.percent, c.limit, c.f, got, c.want)
		}
	}
}

func TestTrigger(t *testing.T) {
	for _, c := range []struct {
		beside  bool
		percent int
		limit   int64
		f       Figures
		cons    float64
		want    uint64
	}{
		{false, 100, NoLimit, Figures{}, 0, 4 * mib},
		{false, 100, NoLimit, Figures{Live: 64 * mib}, 0, 128 * mib},
		{false, Off, NoLimit, Figures{Live: 64 * mib}, 0, Never},
		{true, Off, NoLimit, Figures{Live: 64 * mib}, 9, Never},
		{true, 100, NoLimit, Figures{Live: 64 * mib, Scan: 64 * mib}, 0, 125 * mib},        // the latest
		{true, 100, NoLimit, Figures{Live: 64 * mib, Scan: 64 * mib}, 9, 109 * mib},        // the earliest
		{true, 100, NoLimit, Figures{Live: 64 * mib, Scan: 64 * mib}, 1.0 / 24, 120 * mib}, // a runway of 8 MiB
		{true, 0, NoLimit, Figures{Live: 64 * mib, Scan: 64 * mib}, 0, 64*mib + 64<<10},    // as often as possible
		{true, 100, 40 * mib, Figures{Live: 64 * mib, Used: 64 * mib}, 0, 68 * mib},        // the limit is behind us
		{false, 100, 40 * mib, Figures{Live: 64 * mib, Used: 64 * mib}, 0, 68 * mib},
	} {
		p := New(c.percent, c.limit, c.beside)
		p.figures, p.consMark = c.f, c.cons
		if got := p.Trigger(); got != c.want {
			t.Errorf("%+v: trigger %d, want %d", c, got, c.want)
		}
	}
}

// A hard limit gives a goal a sixteenth lower; what the program has set is told as it was set.
func TestCeiling(t *testing.T) {
	f := Figures{Live: 40 * mib, Scan: 40 * mib, Used: 50 * mib, Free: 5 * mib} // 5 MiB are not the heap's
	p := New(100, NoLimit, true)
	p.SetCeiling(64 * mib)
	p.End(f, nil)
	if p.Goal() != 55*mib || p.Trigger() >= 55*mib || p.Trigger() < 42*mib || p.Limit() != NoLimit || p.Ruling() != 60*mib {
		t.Errorf("goal %d, trigger %d, limit %d, ruling %d", p.Goal(), p.Trigger(), p.Limit(), p.Ruling())
	}
	p.SetPercent(Off)
	if p.Goal() != 55*mib {
		t.Errorf("goal %d with percent off", p.Goal())
	}
	p.SetPercent(100)
	p.SetLimit(52 * mib)
	if p.Ruling() != 52*mib || p.Goal() != Goal(100, 52*mib, f) {
		t.Errorf("ruling %d, goal %d under a soft limit", p.Ruling(), p.Goal())
	}
	p.SetLimit(NoLimit)
	p.SetCeiling(40 * mib) // all is taken
	if p.Goal() != f.Live || p.Trigger() != f.Live+f.Live/distance {
		t.Errorf("goal %d, trigger %d beyond the ceiling", p.Goal(), p.Trigger())
	}
	p.SetCeiling(NoLimit)
	if p.Ruling() != NoLimit || p.Goal() != Goal(100, NoLimit, f) {
		t.Errorf("ruling %d, goal %d", p.Ruling(), p.Goal())
	}
}

func TestShare(t *testing.T) {
	for procs, want := range map[int]Plan{
		1: {0, 0.25}, 2: {0, 0.25}, 3: {0, 0.25}, 4: {1, 0}, 5: {1, 0}, 6: {1, 1.0 / 12}, 7: {2, 0}, 8: {2, 0}, 64: {16, 0},
	} {
		got := Share(procs)
		if got.Dedicated != want.Dedicated || got.Fraction < want.Fraction-1e-9 || got.Fraction > want.Fraction+1e-9 {
			t.Errorf("%d processors: %+v, want %+v", procs, got, want)
		}
		if sum := float64(got.Dedicated) + got.Fraction*float64(procs); sum > Background*float64(procs)*1.35 || sum < Background*float64(procs)*0.7 {
			t.Errorf("%d processors: %+v is not a quarter", procs, got)
		}
	}
}

func TestRatio(t *testing.T) {
	p := New(100, NoLimit, true)
	p.figures = Figures{Live: 40 * mib, Scan: 30 * mib, Stacks: mib, Globals: mib}
	p.Begin(70*mib, 4)
	if goal := p.Goal(); goal != 82*mib {
		t.Fatal(goal)
	}
	for _, c := range []struct {
		now  Progress
		want float64
	}{
		{Progress{Live: 70 * mib, Scan: 60 * mib}, 32.0 / 12},                         // all of it on the way to the goal
		{Progress{Live: 76 * mib, Scan: 66 * mib, Work: 16 * mib}, 16.0 / 6},          // half way
		{Progress{Live: 76 * mib, Scan: 66 * mib, Work: 40 * mib}, 28.0 / 19.5},       // more than expected: the goal is stretched
		{Progress{Live: 85 * mib, Scan: 66 * mib, Work: 16 * mib}, 52.0 / 5.2},        // past the goal: a tenth more
		{Progress{Live: 70 * mib, Scan: 60 * mib, Work: 32 * mib}, 1000.0 / 12 / mib}, // next to nothing
	} {
		if got := p.Ratio(c.now); got < c.want*0.999 || got > c.want*1.001 {
			t.Errorf("%+v: %f, want %f", c.now, got, c.want)
		}
	}
	if New(Off, NoLimit, true).Ratio(Progress{}) != 0 {
		t.Error("a ratio without a goal")
	}
}

func TestLimiter(t *testing.T) {
	var l Limiter
	l.SetProcs(2)
	for range 4 {
		l.Add(5e8, 1e8)
	}
	if l.Limiting() {
		t.Error("limits before it is full")
	}
	l.Add(5e8, 1e8)
	if !l.Limiting() {
		t.Error("does not limit when full")
	}
	l.Add(1e9, 1e9)
	if !l.Limiting() {
		t.Error("half of the time empties the bucket")
	}
	l.Add(0, 1e6)
	if l.Limiting() {
		t.Error("limits after the program had time")
	}
	l.Add(1e7, 0)
	if !l.Limiting() {
		t.Error("forgets that it was nearly full")
	}
	l.Add(0, 1e12)
	l.Add(1e8, 0)
	if l.Limiting() || l.fill != 1e8 {
		t.Error("owes time that the program had before")
	}
}
