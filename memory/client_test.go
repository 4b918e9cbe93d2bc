package memory_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/terrarium-go/terrarium/memory"
)

// A client that is no language: expressions over a few variables, each of which exists once (hash consing). The table
// that finds them has weak pointers only, with a cleanup for each, so that what nobody uses goes away; it is the
// client's own, as is the lock on it. Nodes have two types:
//
//	leaf  | variable |
//	op    | kind | left | right | hash |
type exprs struct {
	h        *memory.Heap
	leaf, op memory.Type
	mu       sync.Mutex
	table    map[uint64][]*memory.Weak // by hash; guarded by mu
	made     int                       // guarded by mu
}

func newExprs(h *memory.Heap) (*exprs, error) {
	leaf, err1 := h.Define("leaf", 8)
	op, err2 := h.Define("op", 32, 8, 16)
	return &exprs{h: h, leaf: leaf, op: op, table: map[uint64][]*memory.Weak{}}, errors.Join(err1, err2)
}

func mixed(k, l, r uint64) uint64 {
	h := (k*0x9e3779b97f4a7c15 ^ l) * 0xff51afd7ed558ccd
	return ((h^h>>33)+r)*0xc4ceb9fe1a85ec53 ^ h>>29
}

// node is the node of a kind with two operands, which are in roots, or Nil for a leaf. It is found or made.
func (e *exprs) node(m *memory.Mutator, kind uint64, l, r memory.Addr) (memory.Addr, error) {
	h := mixed(kind, uint64(l), uint64(r))
	e.mu.Lock()
	for _, w := range e.table[h] {
		if a := w.Get(); a != memory.Nil && m.Load(a) == kind && (l == memory.Nil || m.Load(a+8) == uint64(l) && m.Load(a+16) == uint64(r)) {
			e.mu.Unlock()
			return a, nil
		}
	}
	e.mu.Unlock() // to allocate is to wait for others, who may want the lock
	t := e.op
	if l == memory.Nil {
		t = e.leaf
	}
	a, err := m.New(t)
	if err != nil {
		return memory.Nil, err
	}
	m.StoreNum(a, kind)
	if l != memory.Nil {
		m.Store(a+8, uint64(l))
		m.Store(a+16, uint64(r))
		m.StoreNum(a+24, h)
	}
	root := m.Push(a)
	defer m.Pop(root)
	w, err := m.NewWeak(a)
	if err != nil {
		return memory.Nil, err
	}
	if err := m.AddCleanup(a, func() { e.forget(h, w) }); err != nil {
		w.Free()
		return memory.Nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.table[h] = append(e.table[h], w) // two goroutines may have made the same one: both stay right
	e.made++
	return a, nil
}

func (e *exprs) forget(h uint64, dead *memory.Weak) {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := e.table[h]
	for i, w := range list {
		if w == dead {
			list[i] = list[len(list)-1]
			if list = list[:len(list)-1]; len(list) == 0 {
				delete(e.table, h)
			} else {
				e.table[h] = list
			}
			break
		}
	}
	dead.Free()
}

// build makes an expression of a depth; equal seeds give equal ones. The result is in no root.
func (e *exprs) build(m *memory.Mutator, rnd *rand.Rand, depth int) (memory.Addr, error) {
	if depth == 0 {
		return e.node(m, uint64(1+rnd.IntN(5)), memory.Nil, memory.Nil)
	}
	l, err := e.build(m, rnd, depth-1)
	if err != nil {
		return memory.Nil, err
	}
	left := m.Push(l)
	defer m.Pop(left)
	r, err := e.build(m, rnd, depth-1)
	if err != nil {
		return memory.Nil, err
	}
	right := m.Push(r)
	return e.node(m, uint64(100+rnd.IntN(3)), m.Get(left), m.Get(right))
}

// value computes an expression.
func (e *exprs) value(m *memory.Mutator, a memory.Addr) uint64 {
	switch k := m.Load(a); k {
	case 100, 101, 102:
		l, r := e.value(m, memory.Addr(m.Load(a+8))), e.value(m, memory.Addr(m.Load(a+16)))
		return [...]uint64{l + r, l*r + 1, l ^ r<<1}[k-100]
	default:
		return k * 0x1234567
	}
}

// want is what build and value come to, without a heap.
func want(rnd *rand.Rand, depth int) uint64 {
	if depth == 0 {
		return uint64(1+rnd.IntN(5)) * 0x1234567
	}
	l, r := want(rnd, depth-1), want(rnd, depth-1)
	return [...]uint64{l + r, l*r + 1, l ^ r<<1}[rnd.IntN(3)]
}

func seeded(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 1)) }

func TestClient(t *testing.T) {
	for _, c := range []memory.Config{
		{Limit: 8 << 20},
		{Limit: 8 << 20, Collector: "concurrent"},
		{Limit: 4 << 20, Collector: "concurrent", Debug: "poison,check"},
		{Limit: 8 << 20, Collector: "concurrent", Debug: "gcevery=50,poison"},
		{Limit: 8 << 20, Debug: "gcevery=50,poison,check", Percent: -1},
	} {
		t.Run(fmt.Sprintf("%s %s", c.Collector, c.Debug), func(t *testing.T) {
			h, err := memory.New(c)
			if err != nil {
				t.Fatal(err)
			}
			e, err := newExprs(h)
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for g := range uint64(3) {
				wg.Go(func() {
					m, err := h.NewMutator()
					if err != nil {
						t.Error(err)
						return
					}
					defer m.Close()
					for i := range uint64(150) {
						a, err := e.build(m, seeded(g*1000+i), 6)
						if err != nil {
							t.Error(err)
							return
						}
						root := m.Push(a)
						b, err := e.build(m, seeded(g*1000+i), 6)
						if err != nil {
							t.Error(err)
							return
						}
						if w := want(seeded(g*1000+i), 6); e.value(m, a) != w || e.value(m, b) != w {
							t.Errorf("expression %d of goroutine %d: %d and %d, want %d", i, g, e.value(m, a), e.value(m, b), w)
							return
						}
						m.Pop(root)
						h.RunCleanups()
					}
				})
			}
			wg.Wait()
			m, err := h.NewMutator()
			if err != nil {
				t.Fatal(err)
			}
			for range 3 { // what was allocated while one marks dies in the next
				m.Collect()
				h.RunCleanups()
			}
			if len(e.table) != 0 {
				t.Errorf("%d of %d expressions are still in the table", len(e.table), e.made)
			}
			if err := m.Check(); err != nil {
				t.Error(err)
			}
			if st := m.Stats(); st.Peak > c.Limit || st.Collections == 0 {
				t.Errorf("peak %d, %d collections", st.Peak, st.Collections)
			}
			m.Close()
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// An expression that does not fit ends in an error, and the heap goes on.
func TestClientLimit(t *testing.T) {
	h, err := memory.New(memory.Config{Limit: 1 << 20, Collector: "concurrent"})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	e, err := newExprs(h)
	if err != nil {
		t.Fatal(err)
	}
	m, err := h.NewMutator()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for i := range uint64(5) {
		base := m.Top()
		if _, err := e.build(m, seeded(i), 14); !errors.Is(err, memory.ErrNoMemory) {
			t.Fatalf("16,000 leaves in a megabyte: %v", err)
		}
		if m.Top() != base {
			t.Fatalf("locals are left: %d, were %d", m.Top(), base)
		}
		m.Collect()
		h.RunCleanups()
		if a, err := e.build(m, seeded(i), 5); err != nil || e.value(m, a) != want(seeded(i), 5) {
			t.Fatal("a small one afterwards", err)
		}
	}
}

// Misuse is told, by an error or a panic that says what it was, and never harms the process.
func TestMisuse(t *testing.T) {
	h, err := memory.New(memory.Config{Limit: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	other, err := memory.New(memory.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	pair, _ := h.Define("pair", 16, 0, 8)
	m, _ := h.NewMutator()
	a, err := m.New(pair)
	if err != nil {
		t.Fatal(err)
	}
	w, err := m.NewWeak(a)
	if err != nil {
		t.Fatal(err)
	}

	om, _ := other.NewMutator()
	if _, err := om.New(pair); err == nil || !strings.Contains(err.Error(), "another heap") {
		t.Error("a type of another heap:", err)
	}
	if other.Name(pair) != "" {
		t.Error("the name of another heap's type")
	}
	om.Close()

	told := func(what, text string, f func()) {
		t.Helper()
		defer func() {
			if r := recover(); !strings.Contains(fmt.Sprint(r), text) {
				t.Errorf("%s: %v", what, r)
			}
		}()
		f()
	}
	m.Outside(func() {
		told("New outside", "outside", func() { m.New(pair) })
		told("Safepoint outside", "outside", m.Safepoint)
		told("Collect outside", "outside", func() { m.Collect() })
	})
	if err := h.Close(); err == nil || !strings.Contains(err.Error(), "1 open mutators") {
		t.Error("closing with a mutator:", err)
	}
	if _, err := m.NewWeak(12345); err == nil {
		t.Error("a weak pointer to nothing")
	}
	if err := m.AddCleanup(a+1000000, func() {}); err == nil {
		t.Error("a cleanup of nothing")
	}
	if _, err := h.Define("odd", 12, 8); err == nil {
		t.Error("a pointer beyond the end")
	}
	for _, n := range []int{-1, 1 << 62} {
		if _, err := m.NewArray(pair, n); err == nil {
			t.Errorf("an array of %d", n)
		}
	}
	if err := m.Protect(func() { m.Load(1 << 35) }); err == nil {
		t.Error("a load from nowhere")
	}

	m.Close()
	m.Close()
	for what, f := range map[string]func(){
		"New": func() { m.New(pair) }, "Load": func() { m.Load(a) }, "Store": func() { m.Store(a, 1) }, "Copy": func() { m.Copy(a, a, 8) },
		"Bytes": func() { m.Bytes(a, 8) }, "Object": func() { m.Object(a) }, "NewWeak": func() { m.NewWeak(a) },
		"Collect": func() { m.Collect() }, "Safepoint": m.Safepoint, "Stats": func() { m.Stats() }, "AddCleanup": func() { m.AddCleanup(a, nil) },
	} {
		told(what+" of a closed mutator", "closed", f)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Error("closing twice:", err)
	}
	told("Weak.Get", "closed", func() { w.Get() })
	told("Define", "closed", func() { h.Define("late", 8) })
	told("NewGlobal", "closed", func() { h.NewGlobal(memory.Nil) })
	if _, err := h.NewMutator(); err == nil {
		t.Error("a mutator of a closed heap")
	}
	w.Free()
	h.RunCleanups()
	h.SetLimit(1 << 20)
	h.SetPercent(50)

	if _, err := memory.New(memory.Config{Limit: 1000}); !errors.Is(err, memory.ErrNoMemory) {
		t.Error("a heap in a thousand bytes:", err)
	}
}
