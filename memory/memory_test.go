package memory_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/terrarium-go/terrarium/memory"
)

var collectors = []string{"marksweep", "concurrent", "nogc"}

// open makes a heap and a mutator that are closed, and checked, with the test.
func open(t testing.TB, cfg memory.Config) (*memory.Heap, *memory.Mutator) {
	t.Helper()
	h, err := memory.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	m, err := h.NewMutator()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Check(); err != nil {
			t.Error(err)
		}
		m.Close()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h, m
}

func define(t testing.TB, h *memory.Heap, name string, size int, pointers ...int) memory.Type {
	t.Helper()
	typ, err := h.Define(name, size, pointers...)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

func must(t testing.TB, a memory.Addr, err error) memory.Addr {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// list makes a list of n pairs numbered from n down to 1 in a new local.
func list(t testing.TB, m *memory.Mutator, pair memory.Type, n int) memory.Local {
	t.Helper()
	l := m.Push(memory.Nil)
	for i := 1; i <= n; i++ {
		a, err := m.New(pair)
		must(t, a, err)
		m.StoreNum(a, uint64(i))
		m.Store(a+8, uint64(m.Get(l)))
		m.Set(l, a)
	}
	return l
}

// length checks a list made by list and counts it.
func length(t testing.TB, m *memory.Mutator, l memory.Local) (n int) {
	t.Helper()
	last := uint64(0)
	for a := m.Get(l); a != memory.Nil; a = memory.Addr(m.Load(a + 8)) {
		if v := m.Load(a); last != 0 && v != last-1 {
			t.Fatalf("pair %d after pair %d", v, last)
		} else {
			last = v
		}
		n++
	}
	return n
}

func TestCollect(t *testing.T) {
	for _, c := range collectors {
		for _, flags := range []string{"", "poison", "gcevery=5,check,poison"} {
			t.Run(c+"/"+flags, func(t *testing.T) {
				h, m := open(t, memory.Config{Collector: c, Debug: flags})
				pair := define(t, h, "pair", 16, 8)
				l := list(t, m, pair, 1000)
				top := m.Top()
				list(t, m, pair, 5000)
				m.Pop(top)
				m.Collect()
				m.Collect() // what died while the first one marked
				if n := length(t, m, l); n != 1000 {
					t.Errorf("%d pairs", n)
				}
				st := m.Stats()
				if c == "nogc" {
					if st.Objects != 6000 || st.Collections != 0 {
						t.Errorf("%d objects, %d collections", st.Objects, st.Collections)
					}
					return
				}
				if st.Objects != 1000 || st.Live != 16000 || st.Allocations != 6000 || st.Collections < 2 {
					t.Errorf("%+v", st)
				}
			})
		}
	}
}

func TestTypes(t *testing.T) {
	h, m := open(t, memory.Config{})
	for _, bad := range []func() (memory.Type, error){
		func() (memory.Type, error) { return h.Define("empty", 0) },
		func() (memory.Type, error) { return h.Define("negative", -8) },
		func() (memory.Type, error) { return h.Define("crooked", 16, 4) },
		func() (memory.Type, error) { return h.Define("odd", 12, 0) },
		func() (memory.Type, error) { return h.Define("past", 16, 16) },
		func() (memory.Type, error) { return h.Define("before", 16, -8) },
	} {
		if typ, err := bad(); err == nil {
			t.Errorf("type %s was accepted", h.Name(typ))
		}
	}
	wide := define(t, h, "wide", 1040, 8, 560, 1032)
	small := define(t, h, "small", 3)
	want := map[memory.Addr]string{}
	keep := func(a memory.Addr, err error) memory.Addr {
		must(t, a, err)
		m.Push(a)
		return a
	}
	w := keep(m.New(wide))
	for i, off := range []memory.Addr{8, 560, 1032} {
		a, err := m.New(small)
		must(t, a, err)
		m.Store(w+off, uint64(a))
		want[a] = "small"
		if b, ok := m.Bytes(a, 3); !ok {
			t.Error("no bytes")
		} else {
			b[0] = byte(i + 1)
		}
	}
	m.StoreNum(w+16, uint64(must(t, m.Get(0), nil))) // no pointer by type
	arr := keep(m.NewArray(wide, 3))
	inner := keep(m.NewArray(memory.Bytes, 100))
	m.Store(arr+2*1040+1032, uint64(inner+99))
	m.Pop(m.Top() - 1)
	words := keep(m.NewArray(memory.Words, 7))
	m.Store(words+48, uint64(w))
	want[w], want[arr], want[inner], want[words] = "wide", "wide", "", ""
	m.Collect()
	got := map[memory.Addr]string{}
	m.Each(func(a memory.Addr, size int, typ memory.Type) bool {
		got[a] = h.Name(typ)
		return true
	})
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("objects %v, want %v", got, want)
	}
	if base, size, typ, ok := m.Object(w + 700); base != w || size < 1040 || typ != wide || !ok {
		t.Errorf("object at %#x: %#x+%d", w+700, base, size)
	}
	if _, ok := m.Bytes(inner+90, 200); ok {
		t.Error("bytes behind an object")
	}
	if _, ok := m.Bytes(inner, -1); ok {
		t.Error("a negative number of bytes")
	}
	if _, err := m.New(memory.Type{}); err == nil {
		t.Error("object of the zero type")
	}
	if _, err := m.NewArray(wide, -1); err == nil {
		t.Error("array of -1 elements")
	}
	if _, err := m.NewArray(wide, 1<<62); !errors.Is(err, memory.ErrNoMemory) {
		t.Errorf("array of 1<<62 elements: %v", err)
	}
}

func TestLimit(t *testing.T) {
	for _, c := range collectors {
		t.Run(c, func(t *testing.T) {
			const limit = 4 << 20
			h, m := open(t, memory.Config{Collector: c, Limit: limit, Percent: -1})
			pair := define(t, h, "pair", 16, 8)
			// Garbage without end fits, if anybody collects.
			for i := range 2_000_000 {
				if _, err := m.New(pair); err != nil {
					if c == "nogc" && errors.Is(err, memory.ErrNoMemory) && i > limit/40 {
						return
					}
					t.Fatalf("pair %d: %v", i, err)
				}
			}
			if c == "nogc" {
				t.Fatal("never out of memory")
			}
			for round := range 3 {
				l := m.Push(memory.Nil)
				n := 0
				var err error
				for ; ; n++ {
					var a memory.Addr
					if a, err = m.New(pair); err != nil {
						break
					}
					m.Store(a+8, uint64(m.Get(l)))
					m.Set(l, a)
				}
				if !errors.Is(err, memory.ErrNoMemory) || !strings.Contains(err.Error(), "limit 4194304") {
					t.Fatal(err)
				}
				if n < limit/16/2 {
					t.Errorf("round %d: only %d pairs fit %d bytes: %s", round, n, limit, err)
				}
				if h.Used() > limit {
					t.Errorf("%d bytes used", h.Used())
				}
				m.Pop(l)
				m.Collect()
			}
			// Roots count as well.
			for i := 0; ; i++ {
				m.Push(memory.Nil)
				if _, err := m.New(pair); err != nil {
					break
				} else if i > limit/8 {
					t.Fatal("locals are free")
				}
			}
			m.Pop(0)
			if _, err := m.New(pair); err != nil {
				t.Errorf("after the locals are gone: %v", err)
			}
			for i := 0; ; i++ {
				if _, err := h.NewGlobal(memory.Nil); err != nil {
					break
				} else if i > limit/8 {
					t.Fatal("globals are free")
				}
			}
		})
	}
}

// TestFailEach fails each allocation of a program in turn, for good.
func TestFailEach(t *testing.T) {
	for _, c := range collectors {
		for k := 1; ; k++ {
			h, m := open(t, memory.Config{Collector: c, Debug: fmt.Sprintf("oom=%d,poison,check", k)})
			pair := define(t, h, "pair", 16, 8)
			l := m.Push(memory.Nil)
			failed := 0
			for i := range 60 {
				a, err := m.New(pair)
				if err != nil {
					failed++
					if !errors.Is(err, memory.ErrNoMemory) {
						t.Fatal(err)
					}
					continue
				}
				m.StoreNum(a, uint64(i))
				m.Store(a+8, uint64(m.Get(l)))
				m.Set(l, a)
			}
			if err := m.Check(); err != nil {
				t.Fatal(err)
			}
			n := 0
			for a := m.Get(l); a != memory.Nil; a = memory.Addr(m.Load(a + 8)) {
				n++
			}
			if failed > 1 || n != 60-failed {
				t.Fatalf("%s, allocation %d: %d failed, %d pairs", c, k, failed, n)
			}
			if failed == 0 {
				if k < 60 {
					t.Errorf("%s: no allocation fails from the %d-th on", c, k)
				}
				break
			}
		}
	}
}

func TestWeakAndCleanups(t *testing.T) {
	for _, c := range collectors[:2] {
		t.Run(c, func(t *testing.T) {
			h, m := open(t, memory.Config{Collector: c, Debug: "check,poison"})
			pair := define(t, h, "pair", 16, 8)
			a, err := m.New(pair)
			must(t, a, err)
			l := m.Push(a)
			w, err := m.NewWeak(a + 8)
			if err != nil {
				t.Fatal(err)
			}
			ran := 0
			if err := m.AddCleanup(a, func() { ran++ }); err != nil {
				t.Fatal(err)
			}
			m.Collect()
			if w.Get() != a+8 || h.RunCleanups() != 0 {
				t.Error("a live object is gone")
			}
			m.Set(l, memory.Nil)
			m.Collect()
			m.Collect()
			if w.Get() != memory.Nil || h.RunCleanups() != 1 || ran != 1 || h.RunCleanups() != 0 {
				t.Errorf("weak %#x, cleanup ran %d times", w.Get(), ran)
			}
			w.Free()
			w.Free()
			if _, err := m.NewWeak(12345); err == nil {
				t.Error("weak pointer to nothing")
			}
			if err := m.AddCleanup(12345, nil); err == nil {
				t.Error("cleanup of nothing")
			}
			m.Collect()
			if st := m.Stats(); st.Objects != 0 {
				t.Errorf("%d objects are left", st.Objects)
			}
		})
	}
}

func TestProtect(t *testing.T) {
	h, m := open(t, memory.Config{})
	a := must(t, memory.Nil, nil)
	for _, bad := range []memory.Addr{0, 8, 1 << 20, 1 << 40, 1 << 63, 30 << 30} {
		if err := m.Protect(func() { m.Store(bad, 1) }); err == nil {
			t.Errorf("store at %#x goes through", uint64(bad))
		} else if !strings.Contains(err.Error(), fmt.Sprintf("%#x", uint64(bad))) {
			t.Errorf("store at %#x: %v", uint64(bad), err)
		}
	}
	func() {
		defer func() {
			if recover() != "mine" {
				t.Error("somebody else's panic is lost")
			}
		}()
		m.Protect(func() { panic("mine") })
	}()
	if err := m.Protect(func() { a, _ = m.New(memory.Words); m.Store(a, 7) }); err != nil || m.Load(a) != 7 {
		t.Error(err)
	}
	if m.Copy(a, 1<<20, 8) || m.Copy(a, a, -1) || m.Copy(1<<40, a, 8) {
		t.Error("copies outside the heap")
	}
	_ = h
}

// TestMutators runs mutators in parallel that share a table of lists, each under a
// lock of its own; run it with -race.
func TestMutators(t *testing.T) {
	for _, c := range collectors {
		t.Run(c, func(t *testing.T) {
			cfg := memory.Config{Collector: c, Limit: 8 << 20, Debug: "poison"}
			rounds := 4000
			if c == "nogc" {
				cfg.Limit, rounds = 0, 400
			}
			h, err := memory.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			pair := define(t, h, "pair", 16, 8)
			const lists = 8
			var locks [lists]sync.Mutex
			var roots [lists]*memory.Global
			for i := range roots {
				if roots[i], err = h.NewGlobal(memory.Nil); err != nil {
					t.Fatal(err)
				}
			}
			var wg sync.WaitGroup
			for p := range 4 {
				wg.Go(func() {
					m, err := h.NewMutator()
					if err != nil {
						t.Error(err)
						return
					}
					defer m.Close()
					for i := range rounds {
						k := (i*7 + p) % lists
						// Waiting for a lock while others wait for this goroutine's safepoint would
						// be a deadlock.
						m.Outside(locks[k].Lock)
						n := uint64(1)
						if a := roots[k].Get(); a != memory.Nil {
							n = m.Load(a) + 1
						}
						if n > 200 {
							want := n - 1
							for a := roots[k].Get(); a != memory.Nil; a = memory.Addr(m.Load(a + 8)) {
								if m.Load(a) != want {
									t.Errorf("pair %d is %d", want, m.Load(a))
								}
								want--
							}
							roots[k].Set(memory.Nil)
							n = 1
						}
						a, err := m.New(pair)
						if err != nil {
							t.Error(err)
						} else {
							m.StoreNum(a, n)
							m.Store(a+8, uint64(roots[k].Get()))
							roots[k].Set(a)
						}
						locks[k].Unlock()
						if i%97 == 0 {
							m.NewArray(memory.Bytes, 50000)
						}
						if i%1000 == 999 && p == 0 {
							if err := m.Check(); err != nil {
								t.Error(err)
							}
						}
					}
				})
			}
			wg.Wait()
			m, err := h.NewMutator()
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Check(); err != nil {
				t.Error(err)
			}
			if h.Close() == nil {
				t.Error("a heap was closed under a mutator")
			}
			m.Close()
			m.Close()
			if err := h.Close(); err != nil {
				t.Error(err)
			}
			if err := h.Close(); err != nil {
				t.Error(err)
			}
			if _, err := h.NewMutator(); err == nil {
				t.Error("mutator of a closed heap")
			}
		})
	}
}

func TestConfig(t *testing.T) {
	if _, err := memory.New(memory.Config{Collector: "magic"}); err == nil || !strings.Contains(err.Error(), `"magic"`) {
		t.Error(err)
	}
	if _, err := memory.New(memory.Config{Debug: "nonsense"}); err == nil {
		t.Error("unknown flag")
	}
	if _, err := memory.New(memory.Config{Limit: 1000}); err == nil {
		t.Error("a heap in 1000 bytes")
	}
	var trace bytes.Buffer
	h, m := open(t, memory.Config{Trace: &trace})
	m.Collect()
	if !strings.HasPrefix(trace.String(), "gc 1 @") {
		t.Errorf("trace %q", trace.String())
	}
	if h.SetPercent(50) != 100 || h.SetPercent(100) != 50 {
		t.Error("SetPercent")
	}
	h.SetSoft(1 << 20)
	h.SetSoft(0)
}

// TestFragmentation frees every second object and reads the figures.
func TestFragmentation(t *testing.T) {
	h, m := open(t, memory.Config{Percent: -1})
	cell := define(t, h, "cell", 64, 0)
	l := m.Push(memory.Nil)
	for range 1024 {
		a, err := m.New(cell)
		must(t, a, err)
		m.Store(a, uint64(m.Get(l)))
		m.Set(l, a)
		b, err := m.New(cell)
		must(t, b, err)
	}
	m.Collect()
	st := m.Stats()
	var c memory.Class
	for _, x := range st.Classes {
		if x.Size == 64 {
			c = x
		}
	}
	if c.Objects != 1024 || c.Slots != 2048 || c.Spans != 16 || c.Free() != 64<<10 || c.Tail != 0 || c.Pages != 128<<10 {
		t.Errorf("%+v", c)
	}
	if f := st.Fragmentation(); f < 0.49 || f > 0.51 {
		t.Errorf("fragmentation %v", f)
	}
	m.Pop(l)
	if n := m.Release(); n < 128<<10 {
		t.Errorf("%d bytes released", n)
	}
	if st := m.Stats(); st.Idle >= 64<<10 || st.Objects != 0 {
		t.Errorf("%+v", st)
	}
}

func BenchmarkNew(b *testing.B) {
	for _, size := range []int{16, 64} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			h, m := open(b, memory.Config{})
			typ := define(b, h, "t", size, 8)
			for b.Loop() {
				if _, err := m.New(typ); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%d/go", size), func(b *testing.B) {
			for b.Loop() {
				switch size {
				case 16:
					sink = new([2]*int)
				case 64:
					sink = new([8]*int)
				}
			}
		})
	}
}

var sink any
