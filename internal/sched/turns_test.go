package sched

import (
	"strings"
	"testing"

	"github.com/terrarium-go/terrarium/internal/gc"
)

// broken is a collector whose turns panic with the world stopped.
type broken struct{ gc.Collector }

func (broken) Ask(gc.Request) uint32                  { return 1 }
func (broken) Done(uint32) bool                       { return false }
func (broken) Busy() bool                             { return true }
func (broken) Due(int) bool                           { return true }
func (broken) CollectStopped(gc.Request) (c gc.Cycle) { return }
func (broken) Work(t *gc.Turn) bool {
	t.Stop("test")
	panic("the heap is broken")
}

// TestBrokenTurn: a panic in a turn ends the program with a report, not the process; also in one that a P works because
// the limit holds up its goroutine.
func TestBrokenTurn(t *testing.T) {
	wait := func(t *task) { t.recv(0) }
	limit := func(t *task) {
		t.do(func(p *P, g *G) answer { t.m.Collect(p, g, gc.Request{Reason: gc.Limit}); return done })
		t.recv(0)
	}
	for i, procs := range []int{1, 4, 1, 4} {
		reports := 0
		m := newMachine(t, Config{Procs: procs, Report: func(Exit) { reports++ }}, []script{wait, limit}[i/2])
		m.SetCollector(broken{m.Collector()})
		if e := m.run(); e.Reason != ExitFatal || e.Code != 2 || !strings.Contains(e.Text, "the heap is broken") || reports != 1 {
			t.Errorf("procs=%d: ended with %+v and %d reports", procs, e, reports)
		}
	}
}

// TestBrokenCollection is the same for a goroutine whose allocation was refused, and which works for the collector itself.
func TestBrokenCollection(t *testing.T) {
	m := newMachine(t, Config{Procs: 1, Report: func(Exit) {}}, func(t *task) {
		t.do(func(p *P, g *G) answer {
			b := idleUntilAsked{broken{t.m.Collector()}}
			t.m.SetCollector(b)
			t.m.Collect(p, g, gc.Request{Reason: gc.Limit})
			return done
		})
		t.poll()
		t.fail("the program goes on")
	})
	if e := m.run(); e.Reason != ExitFatal || !strings.Contains(e.Text, "the heap is broken") {
		t.Errorf("ended with %+v", e)
	}
}

// idleUntilAsked wants no turns.
type idleUntilAsked struct{ broken }

func (idleUntilAsked) Busy() bool { return false }
