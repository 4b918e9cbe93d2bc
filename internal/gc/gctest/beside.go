package gctest

import (
	"runtime"
	"time"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
)

// The machine as a collector sees it that runs beside the program: at every allocation the
// collector has a turn, of a length that a generator of its own decides, so that a cycle may end
// at any allocation after the one at which it began. What the host holds is shown with the
// stack: it stands for variables of the program.

// turn gives the collector a turn, in which the machine does what a scheduler must before
// the program goes on.
func (m *machine) turn(help bool) {
	bg, ok := m.gc.(gc.Background)
	if !ok {
		return
	}
	if bg.Busy() {
		left := m.lengths.IntN(40)
		t := &gc.Turn{Help: help, Idle: m.lengths.IntN(4) == 0, Stop: m.Stop, Start: m.Start}
		t.Yield = func() bool { left--; return left < 0 && !help }
		bg.Work(t)
	}
	m.showStack()
}

// Snapshot implements gc.Beside.
func (m *machine) Snapshot(k, stacks gc.Marker) {
	k.Kind(gc.RootHost)
	m.queueRoots(k)
	m.unshown, m.stacks = 2, stacks
}

// ShowRoots implements gc.Beside: globals first, then the stack.
func (m *machine) ShowRoots(k gc.Marker, _ *heap.Cache) bool {
	switch m.unshown {
	case 2:
		m.unshown--
		k.Kind(gc.RootGlobals)
		k.Range(globals, globalsN, nil)
		return true
	case 1:
		if m.stacks != nil {
			m.stacks = nil
			m.stackRoots(k)
		}
		m.unshown--
		return true
	}
	return false
}

// showStack shows the stack before the program goes on.
func (m *machine) showStack() {
	if k := m.stacks; k != nil {
		m.stacks = nil
		m.stackRoots(k)
	}
}

func (m *machine) stackRoots(k gc.Marker) {
	k.Kind(gc.RootStacks)
	k.Range(m.stack, stackWords, m.stackMask)
	k.Kind(gc.RootHost)
	for _, p := range m.host {
		k.Pointer(p)
	}
}

// RootsLeft implements gc.Beside.
func (m *machine) RootsLeft() bool { return m.unshown > 0 }

func (m *machine) Wake()                   {}
func (m *machine) Forget() bool            { return false }
func (m *machine) Swept(*heap.Cache)       {}
func (m *machine) Stopping() bool          { return false }
func (m *machine) IdleTime() time.Duration { return 0 }
func (m *machine) Deterministic() bool     { return m.fixed }

// idle waits until no cycle is under way.
func (m *machine) idle() {
	if bg, ok := m.gc.(gc.Background); ok {
		for bg.Busy() || m.heap.WantGC() {
			if !bg.Busy() {
				bg.Ask(gc.Request{Reason: gc.Trigger})
			}
			m.turn(true)
		}
	}
}

// many has turns of several processors at once.

// turn gives the collector a turn of processor p.
func (w *many) turn(p int, help bool) {
	bg, ok := w.gc.(gc.Background)
	if !ok || !bg.Busy() {
		return
	}
	left := 20
	bg.Work(&gc.Turn{
		P: p, Help: help, Yield: func() bool { left--; return left < 0 || w.wanted.Load() > 0 },
		Stop: func(r string) {
			w.mu.RUnlock()
			w.Stop(r)
		},
		Start: func() {
			w.Start()
			w.mu.RLock()
		},
	})
}

// Snapshot implements gc.Beside.
func (w *many) Snapshot(k, stacks gc.Marker) { w.Roots(k) }

func (w *many) ShowRoots(gc.Marker, *heap.Cache) bool { return false }
func (w *many) RootsLeft() bool                       { return false }
func (w *many) Stopping() bool                        { return w.wanted.Load() > 0 }
func (w *many) Deterministic() bool                   { return false }

// help works for the collector until cycle n is over.
func (w *many) help(p int, n uint32) {
	for bg := w.gc.(gc.Background); n > 0 && !bg.Done(n); {
		w.turn(p, true)
		w.mu.RUnlock()
		runtime.Gosched()
		w.mu.RLock()
	}
}
