package pacer

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

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

// program invents how live memory goes from cycle to cycle.
type program struct {
	name string
	live func(cycle int, r *rand.Rand) uint64
}

var programs = []program{
	{"steady", func(int, *rand.Rand) uint64 { return 50 * mib }},
	{"ramp", func(c int, _ *rand.Rand) uint64 { return uint64(c+1) * mib }},
	{"step", func(c int, _ *rand.Rand) uint64 { return uint64(1+99*(c/50%2)) * mib }},
	{"oscillation", func(c int, _ *rand.Rand) uint64 { return uint64(20+15*((c%8)-4)/4) * mib }},
	{"jitter", func(_ int, r *rand.Rand) uint64 { return uint64(40*mib + r.IntN(20*mib)) }},
	{"nothing", func(int, *rand.Rand) uint64 { return 0 }},
}

func TestInventedPrograms(t *testing.T) {
	for _, p := range programs {
		for _, limit := range []int64{NoLimit, 64 * mib} {
			t.Run(fmt.Sprintf("%s/%d", p.name, limit), func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 1))
				for c := range 200 {
					f := Figures{Live: p.live(c, r), Stacks: mib / 4, Globals: mib / 8}
					f.Used = f.Live + 2*mib
					f.Free = mib
					goal := Goal(100, limit, f)
					trigger := Trigger(goal, f)
					if goal < f.Live || trigger < f.Live+minDistance || trigger < goal {
						t.Fatalf("cycle %d: live %d, goal %d, trigger %d", c, f.Live, goal, trigger)
					}
					if limit != NoLimit && f.Live < 40*mib && trigger+mib > uint64(limit) {
						t.Fatalf("cycle %d: trigger %d ignores the limit", c, trigger)
					}
					if limit == NoLimit && f.Live > 4*mib && (goal < 2*f.Live || goal > 2*f.Live+mib) {
						t.Fatalf("cycle %d: goal %d for live %d", c, goal, f.Live)
					}
					for _, runway := range []uint64{0, mib, 1 << 40} {
						if tr := RunwayTrigger(goal, runway, f); goal > f.Live+2*minDistance && (tr < f.Live || tr >= goal) {
							t.Fatalf("cycle %d: runway %d gives trigger %d of goal %d", c, runway, tr, goal)
						}
					}
				}
			})
		}
	}
}
