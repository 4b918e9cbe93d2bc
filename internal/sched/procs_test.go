package sched

import (
	"sync/atomic"
	"testing"
	"time"
)

// TestSetProcsAtStop lowers GOMAXPROCS while the P that it takes away waits to stop the world itself. That P
// then has the world for itself like any other, is stopped like any other by the next, and ends.
func TestSetProcsAtStop(t *testing.T) {
	const want = 50
	hits, stops := 0, 0
	var over atomic.Bool
	m := newMachine(t, Config{Procs: 2}, func(t *task) {
		t.spawn(func(t *task) {
			for !over.Load() {
				t.do(func(p *P, g *G) answer { t.m.StopTheWorld(p); return done })
				t.do(func(p *P, g *G) answer {
					if p.Wants()&WantStop != 0 {
						t.m.t.Errorf("P %d has stopped the world and is to stop itself", p.ID)
					}
					if stops++; t.m.active != 1 {
						t.m.t.Errorf("%d Ps are active in a stopped world", t.m.active)
					}
					return done
				})
				t.do(func(p *P, g *G) answer { t.m.StartTheWorld(p); return done })
			}
		})
		for end := time.Now().Add(10 * time.Second); hits < want && time.Now().Before(end); {
			t.do(func(p *P, g *G) answer {
				t.m.StopTheWorld(p)
				for range 1000 {
					if t.m.stoppers.Load() > 0 {
						hits++
						t.m.SetProcs(p, 1)
						break
					}
				}
				t.m.StartTheWorld(p)
				return done
			})
			t.poll()
			t.do(func(p *P, g *G) answer { t.m.SetProcs(p, 2); return done })
			t.gosched()
		}
		over.Store(true)
		for range 100 {
			t.gosched()
		}
		t.exit(0)
	})
	m.ok()
	if hits < want {
		t.Errorf("only %d times a P waited to stop the world", hits)
	}
	t.Logf("%d hits, %d stops", hits, stops)
	if n := len(m.Ps()); n > 2+1 {
		t.Errorf("%d Ps are left", n)
	}
	if n := m.spinning.Load(); n != 0 {
		t.Errorf("%d workers are counted as searching when all have ended", n)
	}
}

// TestSetProcsWhileAsleep lowers GOMAXPROCS while the others sleep: what is left is enough to see a deadlock.
func TestSetProcsWhileAsleep(t *testing.T) {
	m := newMachine(t, Config{Procs: 4}, func(t *task) {
		ch := t.makechan(0)
		for n := range 200 {
			t.do(func(p *P, g *G) answer { t.m.SetProcs(p, n%4+1); return done })
			t.spawn(func(t *task) { t.send(ch, 7) })
			if v, _ := t.recv(ch); v != 7 {
				t.fail("received %d", v)
			}
		}
		t.recv(ch)
	})
	if e := m.run(); e.Reason != ExitDeadlock {
		t.Errorf("ended with %+v, want a deadlock", e)
	}
	if n := m.spinning.Load(); n != 0 {
		t.Errorf("%d workers are counted as searching when all have ended", n)
	}
}

// A P that goes while it searches for work leaves the search to others: who sleeps is woken when a host call
// comes back.
func TestSetProcsBesideSearches(t *testing.T) {
	m := newMachine(t, Config{Procs: 4}, func(t *task) {
		for i := range 400 {
			t.do(func(p *P, g *G) answer { t.m.SetProcs(p, 1+i%4); return done })
			if i%3 == 0 {
				t.spawn(func(t *task) { t.gosched() })
			}
		}
		t.do(func(p *P, g *G) answer { t.m.SetProcs(p, 2); t.m.Hold(); return done })
		for range 3 {
			t.do(func(p *P, g *G) answer {
				if g.TakeResumed() {
					return done
				}
				t.m.Block(g, WaitIO, func() { time.Sleep(5 * time.Millisecond) })
				return park
			})
		}
		t.exit(0)
	})
	m.ok()
}
