package sched

import (
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/gc/marksweep"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// The fake Runner. A goroutine's program is a Go function that asks for one
// operation after the other; the Runner executes an operation the way the
// interpreter executes a host function, again after each park, and polls in
// between. The first slots of the goroutine's stack serve as argument area.

// answer is what an operation says to the Runner.
type answer uint8

const (
	done answer = iota
	again
	yield
	park
	over // Exit has been called
)

type op func(p *P, g *G) answer

type script func(t *task)

// task is a running script, with the operations that scripts use.
type task struct {
	m    *machine
	next func() (op, bool)
	stop func()
	ask  func(op) bool
	op   op // in progress
}

func (t *task) Pointers(func(*uint64)) {}

// machine is a scheduler with scripts for code.
type machine struct {
	*Sched
	t         testing.TB
	mu        sync.Mutex
	scripts   []script // by number; a closure object holds the number
	tasks     []*task
	finalized atomic.Uint64 // object of the last finalizer
	fuel      int           // operations per run in deterministic machines, 0: no bound
}

func newMachine(t testing.TB, cfg Config, main script) *machine {
	t.Helper()
	space, err := mem.New(1 << 30)
	if err != nil {
		t.Fatal(err)
	}
	h, err := heap.New(space, heap.Config{})
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, scripts: []script{main, timerproc, finqproc}}
	cfg.Space, cfg.Heap, cfg.Runner = space, h, m
	cfg.Code = make([]bytecode.Ins, 8)
	cfg.Prog = &bytecode.Program{
		Code:  cfg.Code,
		Funcs: []abi.Func{{Sym: "rt0", Entry: 0, End: 2, Frame: 8}, {Sym: "timerproc", Entry: 2, End: 4, Frame: 8}, {Sym: "finq", Entry: 4, End: 6, Frame: 8}},
		Hooks: map[string]int32{"runtime.main": 0, "runtime.timerproc": 1, "runtime.finq": 2},
	}
	if cfg.Procs == 0 {
		cfg.Procs = 4
	}
	if cfg.Seed == 0 {
		cfg.Seed = 1
	}
	m.Sched = New(cfg)
	m.SetCollector(marksweep.New(h, m.World(), gc.Default))
	t.Cleanup(func() {
		for _, t := range m.tasks {
			t.stop()
		}
		space.Close()
	})
	return m
}

func newBench(b *testing.B, procs int, main script) *machine {
	return newMachine(b, Config{Procs: procs}, main)
}

// run runs the machine to its end.
func (m *machine) run() Exit {
	m.t.Helper()
	if err := m.Start("runtime.main"); err != nil {
		m.t.Fatal(err)
	}
	end := make(chan Exit, 1)
	go func() { end <- m.Wait() }()
	select {
	case e := <-end:
		return e
	case <-time.After(20 * time.Second):
		m.t.Fatal("the machine does not end")
	}
	return Exit{}
}

// ok runs the machine and wants a normal end.
func (m *machine) ok() {
	m.t.Helper()
	if e := m.run(); e.Code != 0 {
		m.t.Fatalf("machine ended with %+v", e)
	}
}

// number gives a script a number.
func (m *machine) number(f script) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.scripts = append(m.scripts, f)
	return uint64(len(m.scripts) - 1)
}

// begin starts the script of g.
func (m *machine) begin(g *G) *task {
	n := m.space.Load64(g.StartFn)
	if n >= mem.TextBase {
		n = (n - mem.TextBase) / bytecode.InsBytes / 2
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &task{m: m}
	f := m.scripts[n]
	t.next, t.stop = iter.Pull(func(ask func(op) bool) {
		t.ask = ask
		defer func() {
			if r := recover(); r != nil && r != machineClosed {
				panic(r)
			}
		}()
		f(t)
	})
	m.tasks = append(m.tasks, t)
	g.Run = t
	return t
}

// Run is the Runner.
func (m *machine) Run(p *P, g *G) Outcome {
	t, _ := g.Run.(*task)
	if t == nil {
		t = m.begin(g)
	}
	if p.Loop == nil {
		p.Loop = new(uintptr)
		p.SetLimit(p.Loop.(*uintptr))
	}
	fuel := m.fuel
	for {
		p.Arm(1)
		if t.op == nil {
			o, ok := t.next()
			if !ok {
				return Ended
			}
			t.op = o
		}
		switch t.op(p, g) {
		case done:
			t.op = nil
		case yield:
			t.op = nil
			return Yielded
		case again:
			return Yielded
		case park:
			return Parked
		case over:
			return Exited
		}
		if m.heap.WantGC() {
			m.Collect(p, g, gc.Request{Reason: gc.Trigger})
		}
		if fuel--; fuel == 0 || atomic.LoadUintptr(p.Loop.(*uintptr)) == 0 && p.Wants()&^WantGC != 0 {
			return Preempted
		}
	}
}

const machineClosed = "machine closed"

// do asks for an operation and returns when it is done. A machine that is closed
// ends the script.
func (t *task) do(o op) {
	if !t.ask(o) {
		panic(machineClosed)
	}
}

func (t *task) exit(code int) {
	t.do(func(p *P, g *G) answer { t.m.Exit(Exit{Code: code}); return over })
}

func (t *task) fail(format string, args ...any) {
	t.m.t.Errorf(format, args...)
	t.exit(1)
}

func (t *task) gosched() { t.do(func(p *P, g *G) answer { return yield }) }
func (t *task) poll()    { t.do(func(p *P, g *G) answer { return done }) }

func (t *task) spawn(f script) {
	n := t.m.number(f)
	t.do(func(p *P, g *G) answer {
		fn, st := p.Cache.Alloc(16, 0, true, 0)
		if st != heap.OK {
			panic("no memory")
		}
		t.m.space.Store64(fn, n)
		child, st := t.m.NewG(p, g, fn, 0, 0)
		if st != heap.OK {
			panic("no memory for a goroutine: " + t.m.space.Breakdown())
		}
		t.m.Queue(p, child)
		return done
	})
}

func (t *task) makechan(size int) (ch mem.Addr) {
	t.do(func(p *P, g *G) answer {
		var ok bool
		ch, _, ok = t.m.MakeChan(p, 0, 8, 0, false, int64(size), 0)
		if !ok || ch == 0 {
			panic("makechan")
		}
		return done
	})
	return ch
}

// send sends v from slot 0 and returns the result.
func (t *task) send(ch mem.Addr, v uint64) (res ChanResult) { return t.sendNB(ch, v, true) }

func (t *task) sendNB(ch mem.Addr, v uint64, block bool) (res ChanResult) {
	t.do(func(p *P, g *G) answer {
		if !g.Resumed {
			t.m.space.Store64(g.Stack.Lo, v)
		}
		if res = t.m.ChanSend(p, g, ch, g.Stack.Lo, block); res == ChanPark {
			return park
		}
		return done
	})
	return res
}

// recv receives into slot 1.
func (t *task) recv(ch mem.Addr) (v uint64, ok bool) {
	v, ok, _ = t.recvNB(ch, true)
	return
}

func (t *task) recvNB(ch mem.Addr, block bool) (v uint64, ok bool, res ChanResult) {
	t.do(func(p *P, g *G) answer {
		res, ok = t.m.ChanRecv(p, g, ch, g.Stack.Lo+8, block)
		switch res {
		case ChanPark:
			return park
		case ChanRetry:
			return again
		}
		v = t.m.space.Load64(g.Stack.Lo + 8)
		return done
	})
	return
}

func (t *task) close(ch mem.Addr) (res ChanResult) {
	t.do(func(p *P, g *G) answer { res = t.m.ChanClose(p, g, ch); return done })
	return res
}

// choose is a select: sends are of the values in vals, receives return in v.
func (t *task) choose(hasDefault bool, cases []Case, vals []uint64) (chosen int, v uint64, ok bool, res ChanResult) {
	t.do(func(p *P, g *G) answer {
		cs := p.Cases(len(cases))
		for i := range cases {
			cs[i] = cases[i]
			cs[i].Elem = g.Stack.Lo + 64 + uint64(i)*8
			if cs[i].Send && !g.Resumed {
				t.m.space.Store64(cs[i].Elem, vals[i])
			}
		}
		chosen, ok, res = t.m.Select(p, g, cs, hasDefault)
		switch res {
		case ChanPark:
			return park
		case ChanRetry:
			return again
		}
		if chosen >= 0 {
			v = t.m.space.Load64(g.Stack.Lo + 64 + uint64(chosen)*8)
		}
		return done
	})
	return
}

func (t *task) sleep(d time.Duration) {
	t.do(func(p *P, g *G) answer {
		if t.m.Sleep(p, g, int64(d)) {
			return done
		}
		return park
	})
}

// alloc allocates n bytes without pointers.
func (t *task) alloc(n uint64) (a mem.Addr) {
	t.do(func(p *P, g *G) answer {
		var st heap.Status
		if a, st = p.Cache.Alloc(n, 0, true, 0); st != heap.OK {
			panic("alloc: " + st.String())
		}
		return done
	})
	return a
}

func (t *task) acquire(a mem.Addr, lifo bool) {
	t.do(func(p *P, g *G) answer {
		if t.m.SemAcquire(g, a, lifo, WaitSemacquire) == SemaPark {
			return park
		}
		return done
	})
}

func (t *task) release(a mem.Addr, handoff bool) {
	t.do(func(p *P, g *G) answer {
		if t.m.SemRelease(p, a, handoff) == SemaYield {
			return yield
		}
		return done
	})
}

// timerproc is the fake of the guest's timer goroutine: a timer with a channel
// (word 1 of the guest timer) gets its sequence number sent, others count up word 2.
func timerproc(t *task) {
	for {
		var c TimerCall
		t.do(func(p *P, g *G) answer {
			var ok bool
			if c, ok = t.m.TimerNext(g); !ok {
				return park
			}
			return done
		})
		t.poll()
		if ch := t.m.space.Load64(c.Timer + 8); ch != 0 {
			t.sendNB(ch, c.Seq, false)
		} else {
			t.m.space.Store64(c.Timer+16, t.m.space.Load64(c.Timer+16)+1)
		}
	}
}

func finqproc(t *task) {
	for {
		t.do(func(p *P, g *G) answer {
			it, ok := t.m.FinqNext(g)
			if !ok {
				return park
			}
			if it.Kind == FinqFinalizer {
				t.m.finalized.Store(it.Object)
			}
			return done
		})
	}
}
