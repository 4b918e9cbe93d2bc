package gctest

import (
	"runtime"
	"time"

	"github.com/terrarium-go/terrarium/internal/gc"
)

// The machine as a collector sees it that runs beside the program. The test
// holds running; at every allocation it lets go for a moment if somebody wants to
// stop it.

// StopAll implements gc.Beside.
func (m *machine) StopAll(r string) {
	m.wanted.Add(1)
	m.running.Lock()
	m.wanted.Add(-1)
	m.Stop(r)
}

// StartAll implements gc.Beside.
func (m *machine) StartAll() {
	m.Start()
	m.running.Unlock()
}

// Wait implements gc.Beside.
func (m *machine) Wait(f func()) {
	m.running.Unlock()
	f()
	m.running.Lock()
	m.ScanStacks()
}

// safepoint stands still if somebody wants it.
func (m *machine) safepoint() {
	for m.wanted.Load() > 0 {
		m.running.Unlock()
		runtime.Gosched()
		m.running.Lock()
	}
	m.ScanStacks()
}

// FirstRoots implements gc.Beside. What the host holds is shown with the stack:
// it stands for variables of the program.
func (m *machine) FirstRoots(k, stacks gc.Marker) {
	k.Kind(gc.RootGlobals)
	k.Range(globals, globalsN, nil)
	k.Kind(gc.RootHost)
	m.queueRoots(k)
	m.scanMu.Lock()
	defer m.scanMu.Unlock()
	m.unscanned = stacks
}

// ScanStacks implements gc.Beside.
func (m *machine) ScanStacks() {
	m.scanMu.Lock()
	defer m.scanMu.Unlock()
	if k := m.unscanned; k != nil {
		m.unscanned = nil
		k.Range(m.stack, stackWords, m.stackMask)
		for _, p := range m.host {
			k.Pointer(p)
		}
	}
}

// idle waits until no cycle is under way.
func (m *machine) idle() {
	if _, ok := m.gc.(gc.Background); !ok {
		return
	}
	for {
		m.safepoint()
		if !m.heap.WantGC() && !m.heap.Marking() && !m.heap.Unswept() {
			return
		}
		m.running.Unlock()
		time.Sleep(time.Millisecond)
		m.running.Lock()
	}
}

// StopAll implements gc.Beside.
func (w *many) StopAll(r string) { w.Stop(r) }

// StartAll implements gc.Beside.
func (w *many) StartAll() { w.Start() }

// Wait implements gc.Beside: who collects has let go of mu.
func (w *many) Wait(f func()) { f() }

// FirstRoots implements gc.Beside.
func (w *many) FirstRoots(k, stacks gc.Marker) { w.Roots(k) }

// ScanStacks implements gc.Beside.
func (w *many) ScanStacks() {}
