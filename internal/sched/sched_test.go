package sched

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// each runs a test with one P, with several, and deterministically.
func each(t *testing.T, main func(t *testing.T) script) {
	for _, c := range []struct {
		name string
		cfg  Config
		fuel int
	}{
		{"procs=1", Config{Procs: 1}, 0},
		{"procs=4", Config{Procs: 4}, 0},
		{"deterministic", Config{Deterministic: true, VirtualTime: true}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMachine(t, c.cfg, main(t))
			m.fuel = c.fuel
			m.ok()
		})
	}
}

func TestMainExits(t *testing.T) {
	m := newMachine(t, Config{}, func(t *task) { t.exit(3) })
	if e := m.run(); e.Code != 3 || e.Reason != ExitNormal {
		t.Fatalf("ended with %+v", e)
	}
}

func TestManyGoroutines(t *testing.T) {
	const n = 2000
	each(t, func(*testing.T) script {
		return func(t *task) {
			ch := t.makechan(0)
			for i := range uint64(n) {
				t.spawn(func(t *task) { t.gosched(); t.send(ch, i) })
			}
			var sum uint64
			for range n {
				v, ok := t.recv(ch)
				if !ok {
					t.fail("receive says closed")
				}
				sum += v
			}
			if sum != n*(n-1)/2 {
				t.fail("sum is %d", sum)
			}
			for t.m.NumGoroutine() > 1 {
				t.gosched()
			}
			t.exit(0)
		}
	})
}

func TestDeadlock(t *testing.T) {
	for _, c := range []struct {
		main  script
		text  string
		state string
	}{
		{func(t *task) { t.recv(t.makechan(0)) }, "all goroutines are asleep - deadlock!", "chan receive"},
		{func(t *task) { t.recv(0) }, "all goroutines are asleep - deadlock!", "chan receive (nil chan)"},
		{func(t *task) { t.choose(false, nil, nil) }, "all goroutines are asleep - deadlock!", "select (no cases)"},
		{func(t *task) { t.sleep(time.Millisecond); t.acquire(t.alloc(64), false) }, "all goroutines are asleep - deadlock!", "semacquire"},
		{func(t *task) {}, "no goroutines (main called runtime.Goexit) - deadlock!", ""},
	} {
		var states []string
		var m *machine
		m = newMachine(t, Config{Procs: 2, Report: func(Exit) {
			m.Goroutines(func(g *G) bool {
				if !g.System {
					states = append(states, g.StateText())
				}
				return true
			})
		}}, c.main)
		e := m.run()
		if e.Code != 2 || e.Reason != ExitDeadlock || e.Text != c.text {
			t.Errorf("ended with %+v, want %q", e, c.text)
		}
		if got := strings.Join(states, ","); got != c.state {
			t.Errorf("goroutines are in [%s], want [%s]", got, c.state)
		}
	}
}

func TestPreemption(t *testing.T) {
	// The spinner never parks; the others need its P.
	m := newMachine(t, Config{Procs: 1}, func(t *task) {
		var stop atomic.Bool
		t.spawn(func(t *task) {
			for !stop.Load() {
				t.poll()
			}
		})
		t.sleep(5 * time.Millisecond)
		for range 3 {
			t.gosched()
		}
		stop.Store(true)
		t.exit(0)
	})
	m.ok()
}

func TestPingPongDoesNotStarve(t *testing.T) {
	m := newMachine(t, Config{Deterministic: true}, func(t *task) {
		a, b := t.makechan(0), t.makechan(0)
		t.spawn(func(t *task) {
			for {
				t.send(a, 1)
				t.recv(b)
			}
		})
		t.spawn(func(t *task) {
			for {
				t.recv(a)
				t.send(b, 1)
			}
		})
		for range 10 {
			t.gosched()
		}
		t.exit(0)
	})
	m.fuel = 10
	m.ok()
}

func TestDeterministic(t *testing.T) {
	trace := func(seed int64) string {
		var b strings.Builder
		m := newMachine(t, Config{Deterministic: true, VirtualTime: true, Seed: seed}, func(t *task) {
			ch, quit := t.makechan(0), t.makechan(0)
			for i := range uint64(5) {
				t.spawn(func(t *task) {
					for range 5 {
						t.sleep(time.Hour)
						t.choose(false, []Case{{Ch: ch, Send: true}, {Ch: quit, Send: true}}, []uint64{i, i})
					}
				})
			}
			for range 25 {
				c, v, _, _ := t.choose(false, []Case{{Ch: ch}, {Ch: quit}}, nil)
				b.WriteByte(byte('a' + int(v)*2 + c))
			}
			t.exit(0)
		})
		m.fuel = 2
		m.ok()
		if m.Nanotime() < int64(5*time.Hour) {
			t.Errorf("virtual clock stands at %v", time.Duration(m.Nanotime()))
		}
		return b.String()
	}
	a, b, c := trace(7), trace(7), trace(8)
	if a != b {
		t.Errorf("the same seed gave\n%s\n%s", a, b)
	}
	if a == c {
		t.Errorf("seeds 7 and 8 both gave %s", a)
	}
}

func TestStopTheWorld(t *testing.T) {
	m := newMachine(t, Config{Procs: 4}, func(t *task) {
		var running atomic.Int32
		var stopped atomic.Bool
		var quit atomic.Bool
		left := t.makechan(8)
		for range 6 {
			t.spawn(func(t *task) {
				for !quit.Load() {
					t.do(func(p *P, g *G) answer {
						running.Add(1)
						if stopped.Load() {
							t.m.t.Error("guest code runs in a stopped world")
						}
						running.Add(-1)
						return done
					})
					t.gosched()
				}
				t.send(left, 0)
			})
		}
		for range 3 { // several stoppers
			t.spawn(func(t *task) {
				for range 30 {
					t.do(func(p *P, g *G) answer {
						t.m.StopTheWorld(p)
						t.m.StopTheWorld(p)
						stopped.Store(true)
						if n := running.Load(); n != 0 {
							t.m.t.Errorf("%d goroutines run in a stopped world", n)
						}
						time.Sleep(50 * time.Microsecond)
						stopped.Store(false)
						t.m.StartTheWorld(p)
						t.m.StartTheWorld(p)
						return done
					})
				}
				t.send(left, 0)
			})
		}
		for range 20 {
			t.do(func(p *P, g *G) answer { t.m.Collect(p, g, gc.Request{Reason: gc.Forced}); return done })
		}
		for range 3 {
			t.recv(left)
		}
		quit.Store(true)
		for range 6 {
			t.recv(left)
		}
		t.exit(0)
	})
	m.ok()
}

func TestStoppedWorldRunsItsOwner(t *testing.T) {
	m := newMachine(t, Config{Procs: 2}, func(t *task) {
		var others atomic.Int32
		for range 4 {
			t.spawn(func(t *task) {
				for {
					others.Add(1)
					t.poll()
				}
			})
		}
		t.sleep(time.Millisecond)
		t.do(func(p *P, g *G) answer { t.m.StopTheWorld(p); return done })
		n := others.Load()
		for range 10 {
			t.gosched()
			t.do(func(p *P, g *G) answer { t.m.Collect(p, g, gc.Request{Reason: gc.Forced}); return done })
		}
		if others.Load() != n {
			t.fail("others ran")
		}
		t.do(func(p *P, g *G) answer { t.m.StartTheWorld(p); return done })
		t.sleep(time.Millisecond)
		if others.Load() == n {
			t.fail("others do not run any more")
		}
		t.exit(0)
	})
	m.ok()
}

func TestPin(t *testing.T) {
	m := newMachine(t, Config{Procs: 2}, func(t *task) {
		var owner [2]atomic.Int64
		end := t.makechan(0)
		for i := range int64(6) {
			t.spawn(func(t *task) {
				for range 200 {
					var id int
					t.do(func(p *P, g *G) answer { id = t.m.Pin(p, g); return done })
					if !owner[id].CompareAndSwap(0, i+1) {
						t.fail("two goroutines are pinned to P %d", id)
					}
					for range 3 {
						t.gosched()
					}
					owner[id].Store(0)
					t.do(func(p *P, g *G) answer { t.m.Unpin(g); return done })
					t.gosched()
				}
				t.send(end, 0)
			})
		}
		for range 5 {
			t.do(func(p *P, g *G) answer { t.m.Collect(p, g, gc.Request{Reason: gc.Forced}); return done })
			t.gosched()
		}
		for range 6 {
			t.recv(end)
		}
		t.exit(0)
	})
	m.ok()
}

func TestProcs(t *testing.T) {
	m := newMachine(t, Config{Procs: 2}, func(t *task) {
		quit := t.makechan(0)
		for range 20 {
			t.spawn(func(t *task) {
				for {
					if c, _, _, _ := t.choose(true, []Case{{Ch: quit}}, nil); c == 0 {
						return
					}
					t.gosched()
				}
			})
		}
		for i := range 60 {
			want := 1 + i*5%9
			t.do(func(p *P, g *G) answer {
				t.m.SetProcs(p, want)
				for i, q := range t.m.Ps() {
					if q.ID != i {
						t.m.t.Errorf("P %d has number %d", i, q.ID)
					}
				}
				return done
			})
			if got := t.m.Procs(); got != want {
				t.fail("%d Ps, want %d", got, want)
			}
			t.gosched()
		}
		t.close(quit)
		for t.m.NumGoroutine() > 1 {
			t.gosched()
		}
		t.exit(0)
	})
	m.ok()
}

func TestBlock(t *testing.T) {
	each(t, func(*testing.T) script {
		return func(t *task) {
			ch := t.makechan(0)
			for i := range uint64(10) {
				t.spawn(func(t *task) {
					got := uint64(0)
					t.do(func(p *P, g *G) answer {
						if g.TakeResumed() {
							return done
						}
						if !t.m.Block(g, WaitIO, func() { time.Sleep(time.Millisecond); got = i }) {
							panic("refused")
						}
						return park
					})
					t.send(ch, got)
				})
			}
			sum := uint64(0)
			for range 10 {
				v, _ := t.recv(ch)
				sum += v
			}
			if sum != 45 {
				t.fail("sum is %d", sum)
			}
			t.exit(0)
		}
	})
}

func TestDeadGoroutinesAreLetGo(t *testing.T) {
	const n = 5000
	m := newMachine(t, Config{Procs: 2}, func(t *task) {
		ch := t.makechan(0)
		for range n {
			t.spawn(func(t *task) { t.recv(ch) })
		}
		for t.m.NumGoroutine() < n+1 {
			t.gosched()
		}
		full := t.m.space.UsedBy(mem.KindRecord) + t.m.space.UsedBy(mem.KindStack)
		t.close(ch)
		for t.m.NumGoroutine() > 1 {
			t.gosched()
		}
		t.do(func(p *P, g *G) answer { t.m.Collect(p, g, gc.Request{Reason: gc.Forced}); return done })
		left := t.m.space.UsedBy(mem.KindRecord) + t.m.space.UsedBy(mem.KindStack)
		if per := full / n; per > 4000 {
			t.fail("a goroutine costs %d bytes", per)
		}
		if left > full/8 {
			t.fail("of %d bytes %d are left", full, left)
		}
		t.exit(0)
	})
	m.ok()
}

func TestCoroutines(t *testing.T) {
	each(t, func(*testing.T) script {
		return func(t *task) {
			c := t.alloc(16)
			var value int
			sw := func(t *task) {
				t.do(func(p *P, g *G) answer {
					switch t.m.CoroSwitch(p, g, c) {
					case CoroPark:
						return park
					case CoroBad:
						panic("nobody there")
					}
					return done
				})
			}
			n := t.m.number(func(t *task) {
				for i := range 10 {
					value = i
					sw(t)
				}
				value = -1
				t.do(func(p *P, g *G) answer { t.m.CoroExit(p, c); return done })
			})
			t.do(func(p *P, g *G) answer {
				fn, _ := p.Cache.Alloc(16, 0, true, 0)
				t.m.space.Store64(fn, n)
				t.m.CoroStart(p, g, fn, c, 0)
				return done
			})
			for i := range 10 {
				sw(t)
				if value != i {
					t.fail("value %d, want %d", value, i)
				}
			}
			sw(t)
			if value != -1 {
				t.fail("coroutine has not ended")
			}
			t.do(func(p *P, g *G) answer {
				if t.m.CoroSwitch(p, g, c) != CoroBad {
					t.m.t.Error("switch to a coroutine that has ended")
				}
				return done
			})
			t.exit(0)
		}
	})
}

func TestKill(t *testing.T) {
	m := newMachine(t, Config{Procs: 3}, func(t *task) {
		for range 5 {
			t.spawn(func(t *task) {
				for {
					t.poll()
				}
			})
		}
		t.recv(t.makechan(0))
	})
	time.AfterFunc(5*time.Millisecond, func() { m.Exit(Exit{Code: 137, Reason: ExitKilled}) })
	if e := m.run(); e.Reason != ExitKilled {
		t.Fatalf("ended with %+v", e)
	}
}

func TestLimitRefusesGoroutines(t *testing.T) {
	m := newMachine(t, Config{Procs: 1}, func(t *task) {
		t.m.space.SetLimit(t.m.space.Used() + 1<<20)
		refused := false
		t.do(func(p *P, g *G) answer {
			fn, _ := p.Cache.Alloc(16, 0, true, 0)
			for range 10000 {
				if _, st := t.m.NewG(p, g, fn, 0, 0); st != 0 {
					refused = true
					break
				}
			}
			return done
		})
		if !refused || t.m.space.Used() > t.m.space.Limit() {
			t.fail("refused: %v, used %d of %d", refused, t.m.space.Used(), t.m.space.Limit())
		}
		t.exit(0)
	})
	m.ok()
}
