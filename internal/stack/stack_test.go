package stack

import (
	"fmt"
	"strings"
	"testing"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// fixture is a program of three functions and a stack on which they have called
// one another:
//
//	outer (0–10): frame 10 slots, safepoint at 3 with slots 1 and 5
//	middle (10–20): frame 70 slots, safepoint at 4 with slots 0 and 65; defers, DeferMap slot 2
//	inner (20–30): frame 8 slots, parameters 0 and 1, the second a pointer; safepoint at 5 with slot 3
type fixture struct {
	space *mem.Space
	cache *heap.Cache
	code  *Code
	stack Stack
	state State
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	space, err := mem.New(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { space.Close() })
	h, err := heap.New(space, heap.Config{})
	if err != nil {
		t.Fatal(err)
	}
	prog := &bytecode.Program{
		Code: make([]bytecode.Ins, 30),
		Funcs: []abi.Func{
			{Sym: "outer", Entry: 0, End: 10, Frame: 10, Safe: []uint32{3}, Maps: []uint32{0}},
			{Sym: "middle", Entry: 10, End: 20, Frame: 70, Safe: []uint32{4}, Maps: []uint32{1}, Flags: abi.HasDefer, DeferMap: 3},
			{Sym: "inner", Entry: 20, End: 30, Frame: 8, ArgEnd: 16, ArgMap: []uint64{2}, Safe: []uint32{5}, Maps: []uint32{5}},
		},
		MapPool: []uint64{1<<1 | 1<<5, 1, 1 << 1, 1 << 2, 0, 1 << 3},
	}
	f := &fixture{space: space, cache: h.NewCache(), code: NewCode(prog, prog.Code, space)}
	var st heap.Status
	if f.stack, st = Alloc(space, f.cache, MinSize, 0); st != heap.OK {
		t.Fatal(st)
	}
	f.state = f.stack.Start(space)
	return f
}

// at puts the goroutine at instruction i with nothing on its stack.
func (f *fixture) at(i uint32) { f.state.PC = f.code.PC(i) }

// call calls the instruction to at slot a, from where the goroutine stands.
func (f *fixture) call(a uint64, to uint32) {
	n := int(f.state.CSP-f.stack.ControlBase()) / 8
	f.stack.Control[n] = uint64(f.state.PC)<<16 | a
	f.state.CSP += 8
	f.state.FP += uintptr(a) * 8
	f.state.PC = f.code.PC(to)
}

func (f *fixture) walk() string {
	var b strings.Builder
	Walk(f.code, &f.stack, f.state, func(fr *Frame) bool {
		fmt.Fprintf(&b, "%s+%d fp=%d depth=%d", fr.Func.Sym, fr.Ins-fr.Func.Entry, fr.FP-f.stack.Lo, fr.Depth)
		if fr.Top {
			b.WriteString(" top")
		}
		if fr.Entry {
			b.WriteString(" entry")
		}
		for i := range len(fr.Map) * 64 {
			if fr.Map[i/64]>>(i%64)&1 != 0 {
				fmt.Fprintf(&b, " %d", i)
			}
		}
		b.WriteString("\n")
		return true
	})
	return b.String()
}

func TestWalk(t *testing.T) {
	f := newFixture(t)
	if s := f.walk(); s != "" {
		t.Errorf("a goroutine that has not started has frames:\n%s", s)
	}
	f.at(3)
	f.call(6, 14)
	f.call(66, 21)
	want := "inner+1 fp=576 depth=3 top entry 1\nmiddle+4 fp=48 depth=2 0 65\nouter+3 fp=0 depth=1 1 5\n"
	if s := f.walk(); s != want {
		t.Errorf("walk gives\n%swant\n%s", s, want)
	}
	if used := f.stack.Used(f.code, f.state); used != 576+64 {
		t.Errorf("used %d", used)
	}
	// No map: nothing is live in a function without defers, DeferMap in others.
	f = newFixture(t)
	f.at(4)
	f.call(6, 16)
	want = "middle+6 fp=48 depth=2 top 2\nouter+4 fp=0 depth=1\n"
	if s := f.walk(); s != want {
		t.Errorf("walk gives\n%swant\n%s", s, want)
	}
	// A word with the machine's mark is a call like any other.
	f.stack.Control[1] |= 1 << 63
	if s := f.walk(); s != want {
		t.Errorf("walk gives\n%swant\n%s", s, want)
	}
}

func TestMove(t *testing.T) {
	f := newFixture(t)
	f.at(3)
	f.call(6, 14)
	f.call(66, 25)
	word := func(off uint64) uint64 { return f.space.Load64(f.stack.Lo + off) }
	const heapPtr = mem.HeapBase + 12345
	old := f.stack
	live := map[uint64]uint64{ // offset → value before
		1 * 8:         old.Lo + 40,
		5 * 8:         heapPtr,
		48 + 0*8:      old.Hi - 8,
		48 + 65*8:     old.Lo,
		48 + 528 + 24: old.Hi, // not in the stack
	}
	for off, v := range live {
		f.space.Store64(f.stack.Lo+off, v)
	}
	f.space.Store64(f.stack.Lo+2*8, old.Lo+8) // no pointer by its map
	held := []uint64{old.Lo + 16, heapPtr, 0}

	for _, size := range []uint64{4096, 8192, 8192, 2048} {
		from := f.stack
		st := f.stack.Move(f.code, f.space, f.cache, &f.state, size, 0, func(visit func(*uint64)) {
			for i := range held {
				visit(&held[i])
			}
		})
		if st != heap.OK || f.stack.Size() != size {
			t.Fatalf("moving to %d bytes: %v", size, st)
		}
		if f.stack.Lo == from.Lo {
			t.Fatal("the stack has not moved")
		}
		for off, v := range live {
			if old.Contains(v) {
				v += f.stack.Lo - old.Lo
			} else if v == old.Hi && word(off) != v {
				t.Errorf("a pointer behind the stack changed to %#x", word(off))
			}
			if word(off) != v {
				t.Errorf("size %d: word at %d is %#x, want %#x", size, off, word(off), v)
			}
		}
		if word(16) != old.Lo+8 {
			t.Errorf("a slot without pointer changed to %#x", word(16))
		}
		if held[0] != f.stack.Lo+16 || held[1] != heapPtr || held[2] != 0 {
			t.Errorf("held pointers are %#x", held)
		}
		want := "inner+5 fp=576 depth=3 top 3\nmiddle+4 fp=48 depth=2 0 65\nouter+3 fp=0 depth=1 1 5\n"
		if s := f.walk(); s != want {
			t.Errorf("walk gives\n%swant\n%s", s, want)
		}
	}
	f.stack.Free(f.space, f.cache)
	if n := f.space.UsedBy(mem.KindRecord); n != 0 {
		t.Errorf("%d bytes of control stacks are left", n)
	}
}

func TestMoveRefused(t *testing.T) {
	f := newFixture(t)
	f.at(3)
	before := f.stack
	f.space.SetLimit(f.space.Used())
	if st := f.stack.Move(f.code, f.space, f.cache, &f.state, 1<<20, 0, nil); st != heap.NeedGC {
		t.Errorf("refused move says %v", st)
	}
	if st := f.stack.Move(f.code, f.space, f.cache, &f.state, 1<<20, heap.AfterGC, nil); st != heap.NoMemory {
		t.Errorf("refused move after a collection says %v", st)
	}
	if f.stack.Lo != before.Lo || f.walk() != "outer+3 fp=0 depth=1 top 1 5\n" {
		t.Error("a refused move changed the stack")
	}
}

func TestExtend(t *testing.T) {
	f := newFixture(t)
	f.at(3)
	f.call(6, 14)
	f.call(66, 25)
	if f.stack.Extend(f.space, f.cache, &f.state, 2*MinSize) {
		t.Error("a stack that shares its span was extended")
	}
	if st := f.stack.Move(f.code, f.space, f.cache, &f.state, 64<<10, 0, nil); st != heap.OK {
		t.Fatal(st)
	}
	want, lo := f.walk(), f.stack.Lo
	if !f.stack.Extend(f.space, f.cache, &f.state, 256<<10) || f.stack.Lo != lo || f.stack.Size() != 256<<10 || len(f.stack.Control) != ControlLen(256<<10) {
		t.Errorf("extended from %#x to %+v", lo, f.stack)
	}
	if s := f.walk(); s != want {
		t.Errorf("walk gives\n%swant\n%s", s, want)
	}
	if f.space.SetLimit(f.space.Used()); f.stack.Extend(f.space, f.cache, &f.state, 1<<20) {
		t.Error("extended beyond the limit")
	}
	f.stack.Free(f.space, f.cache)
	if n := f.space.UsedBy(mem.KindRecord); n != 0 {
		t.Errorf("%d bytes of control stacks are left", n)
	}
}

// What Used finds by looking at a few frames is what all frames say.
func TestUsedStopsEarly(t *testing.T) {
	f := newFixture(t)
	f.at(3)
	for range 20 {
		f.call(6, 3) // frames of 10 slots, 6 apart
	}
	if used, want := f.stack.Used(f.code, f.state), uint64(20*48+80); used != want {
		t.Errorf("used %d, want %d", used, want)
	}
	f = newFixture(t)
	f.at(14)
	f.call(5, 3) // the caller's frame reaches farther than the newest
	if used, want := f.stack.Used(f.code, f.state), uint64(70*8); used != want {
		t.Errorf("used %d, want %d", used, want)
	}
}

func TestSizeFor(t *testing.T) {
	for _, c := range []struct{ need, size uint64 }{{0, 2048}, {2048, 2048}, {2049, 4096}, {1 << 20, 1 << 20}, {1 << 62, 0}} {
		if got := SizeFor(c.need); got != c.size {
			t.Errorf("SizeFor(%d) = %d, want %d", c.need, got, c.size)
		}
	}
}

func BenchmarkWalk(b *testing.B) {
	f := newFixture(b)
	f.at(3)
	for range 20 {
		f.call(6, 3)
	}
	for b.Loop() {
		Walk(f.code, &f.stack, f.state, func(*Frame) bool { return true })
	}
}
