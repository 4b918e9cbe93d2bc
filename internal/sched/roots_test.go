package sched

import (
	"testing"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/stack"
)

// A parked goroutine with frames: what its maps name lives, the rest dies, and its
// large stack shrinks.
func TestRootsOfFrames(t *testing.T) {
	m := newMachine(t, Config{Procs: 1}, func(t *task) {
		prog := t.m.cfg.Prog
		prog.Funcs = append(prog.Funcs, abi.Func{Sym: "f", Entry: 6, End: 8, Frame: 8, Safe: []uint32{0}, Maps: []uint32{0}})
		prog.MapPool = []uint64{1<<1 | 1<<3}
		objects := make([]mem.Addr, 8)
		for i := range objects {
			objects[i] = t.alloc(64)
		}
		var g *G
		t.do(func(p *P, _ *G) answer {
			fn, _ := p.Cache.Alloc(16, 0, true, 0)
			g, _ = t.m.NewG(p, nil, fn, 0, 0)
			g.PC = t.m.code.PC(6)
			if r := t.m.GrowStack(p, g, 40000, 0); r != GrowDone || g.Stack.Size() != 65536 {
				t.m.t.Errorf("GrowStack says %d, %d bytes", r, g.Stack.Size())
			}
			for i, o := range objects[:5] {
				t.m.space.Store64(g.Stack.Lo+uint64(i)*8, o)
			}
			t.m.space.Store64(g.Stack.Lo+3*8, g.Stack.Lo+16) // into the stack itself
			if !t.m.PushDefer(g, Defer{Fn: objects[5]}) {
				t.m.t.Error("PushDefer refused")
			}
			g.Labels = objects[6]
			return done
		})
		for range 2 {
			t.do(func(p *P, g *G) answer { t.m.Collect(p, g, gc.Request{Reason: gc.Forced}); return done })
		}
		for i, o := range objects {
			_, _, _, _, alive := t.m.heap.Object(o)
			if want := i == 1 || i == 5 || i == 6; alive != want {
				t.fail("object %d: alive is %v", i, alive)
			}
		}
		if g.Stack.Size() != heap.MinStack || t.m.space.Load64(g.Stack.Lo+3*8) != g.Stack.Lo+16 {
			t.fail("stack has %d bytes", g.Stack.Size())
		}
		if g.Ctx != 0 && g.PC == 0 {
			t.fail("the goroutine has moved")
		}
		t.m.SetMaxStack(32768)
		t.do(func(p *P, _ *G) answer {
			if r := t.m.GrowStack(p, g, 40000, 0); r != GrowOverflow {
				t.m.t.Errorf("growing beyond the maximum says %d", r)
			}
			return done
		})
		t.exit(0)
	})
	m.ok()
}

// Finalizers and globals.
func TestGlobalsAndFinalizers(t *testing.T) {
	m := newMachine(t, Config{Procs: 2}, func(t *task) {
		kept, lost := t.alloc(64), t.alloc(64)
		t.m.space.Store64(t.m.cfg.Prog.RWBase+8, kept)
		t.m.space.Store64(t.m.cfg.Prog.RWBase+16, lost)
		fin := t.alloc(64)
		for _, o := range []mem.Addr{kept, lost} {
			if ok, st := t.m.heap.SetFinalizer(o, heap.Finalizer{Fn: fin}); !ok {
				t.fail("SetFinalizer: %v", st)
			}
		}
		t.do(func(p *P, g *G) answer { t.m.Collect(p, g, gc.Request{Reason: gc.Forced}); return done })
		for t.m.finalized.Load() == 0 {
			t.gosched()
		}
		if got := t.m.finalized.Load(); got != lost {
			t.fail("finalized %#x, want %#x", got, lost)
		}
		if n := t.m.NumGoroutine(); n != 1 {
			t.fail("%d goroutines", n)
		}
		t.exit(0)
	})
	prog := m.cfg.Prog
	prog.RWBase = mem.DataBase
	prog.BSS = 64
	prog.RWPtrs = []uint64{1 << 1}
	if !m.space.Commit(prog.RWBase, 4096, mem.KindData) {
		t.Fatal("no memory")
	}
	m.ok()
}

func BenchmarkNewG(b *testing.B) {
	m := newBench(b, 1, func(t *task) {
		t.do(func(p *P, g *G) answer {
			b.ResetTimer()
			for range b.N {
				h, st := t.m.NewG(p, g, 0, 0, 0)
				if st != heap.OK {
					b.Fatal(st)
				}
				t.m.bury(p, h)
			}
			return done
		})
		t.exit(0)
	})
	m.ok()
}

func TestStartSizeFollowsUse(t *testing.T) {
	for _, c := range []struct{ used, n, want uint64 }{
		{0, 0, stack.MinSize}, {100, 1, stack.MinSize}, {1300 * 7, 7, stack.MinSize}, {3000 * 9, 9, 8 << 10}, {1 << 30, 2, startMost},
	} {
		if got := startSize(c.used, c.n); got != c.want {
			t.Errorf("%d goroutines that use %d bytes: stacks of %d, want %d", c.n, c.used, got, c.want)
		}
	}
}

// counter counts the pointers it is shown.
type counter int

func (c *counter) Kind(gc.RootKind)              {}
func (c *counter) Range(mem.Addr, int, []uint64) {}
func (c *counter) Pointer(mem.Addr)              { *c++ }

// TestManyTimers: the first pause of a collection beside the program shows no timers, pieces show them all although
// some stop meanwhile, and the records of dead ones are dropped in pieces.
func TestManyTimers(t *testing.T) {
	const n = 5000
	m := newMachine(t, Config{Procs: 1}, func(t *task) {
		t.do(func(p *P, g *G) answer {
			s := t.m.Sched
			var addrs []mem.Addr
			for i := range n {
				a, _ := p.Cache.Alloc(64, 0, true, 0)
				addrs = append(addrs, a)
				if st := s.TimerStart(p, a, 1<<62+int64(i), 0, 0, 0); st != heap.OK {
					t.m.t.Errorf("TimerStart says %v", st)
				}
			}
			w := (*world)(s)
			s.StopTheWorld(p)
			var pause, beside counter
			w.Snapshot(&pause, &beside)
			s.StartTheWorld(p)
			if pause > 100 {
				t.m.t.Errorf("the pause shows %d roots", pause)
			}
			for i := 0; w.ShowRoots(&beside, nil); i++ {
				s.TimerStop(addrs[i*100], 0)
			}
			stopped := n - len(s.timers.byAddr)
			if int(beside) < n-stopped || w.RootsLeft() || stopped == 0 {
				t.m.t.Errorf("%d roots are shown, with %d timers of which %d stopped", beside, n, stopped)
			}
			s.timers.beginForget()
			pieces := 1
			for s.forgetSome() {
				pieces++
			}
			if len(s.timers.list) != n-stopped || len(s.timers.byAddr) != n-stopped || pieces < n/timerPiece/2 {
				t.m.t.Errorf("%d of %d timers are left after %d pieces", len(s.timers.list), n-stopped, pieces)
			}
			return done
		})
		t.exit(0)
	})
	m.ok()
}
