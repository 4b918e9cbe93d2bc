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

// Objects of frames on a stack that goes round in a circle: every other frame's object leads to the one of the frame below,
// the newest has the only pointer that a map names. Each that can be reached is shown once, at the right
// place, also after the stack has moved; the others are not.
func TestObjects(t *testing.T) {
	f := newFixture(t)
	prog := f.code.Prog
	prog.Types = []abi.GCType{{}, {Size: 16, PtrBytes: 8, Mask: []uint64{1}}}
	prog.Funcs[1].Objects = []abi.StackObject{{Slot: 5, Type: 1, Size: 16}, {Slot: 8, Type: 1, Size: 32}, {Slot: 20, Type: 1, Size: 16}}
	big, st := Alloc(f.space, f.cache, 1<<20, 0)
	if st != heap.OK {
		t.Fatal(st)
	}
	f.stack.Free(f.space, f.cache)
	f.stack, f.state = big, big.Start(f.space)
	f.at(14)
	const depth = 1000
	slot := func(frame, n int) mem.Addr { return f.stack.Lo + uint64(frame*70+n)*8 }
	for i := range depth {
		if i > 0 {
			f.call(70, 14)
		}
		// Frame i: the object at 20 leads into the second half of the one at 8, that to the frame below, two frames at a time.
		f.space.Store64(slot(i, 20), slot(i, 10)+8)
		f.space.Store64(slot(i, 10), 0)
		if i > 1 {
			f.space.Store64(slot(i, 10), slot(i-2, 21))
		}
		f.space.Store64(slot(i, 5), slot(i, 5))
	}
	f.space.Store64(slot(depth-1, 0), slot(depth-1, 20))
	look := func() {
		t.Helper()
		got := map[mem.Addr]int{}
		Objects(f.code, &f.stack, f.state, f.space, nil, func(base mem.Addr, words int, mask []uint64) { got[base]++ })
		want := 0
		for i := depth - 1; i >= 0; i -= 2 {
			for _, n := range []int{8, 10, 20} {
				want++
				if got[slot(i, n)] != 1 {
					t.Fatalf("frame %d: slot %d shown %d times", i, n, got[slot(i, n)])
				}
			}
		}
		if len(got) != want {
			t.Errorf("%d objects shown, want %d", len(got), want)
		}
	}
	look()
	if st := f.stack.Move(f.code, f.space, f.cache, &f.state, 2<<20, 0, nil); st != heap.OK {
		t.Fatal(st)
	}
	look()

	// What the host holds keeps an object too; and a pointer into a newer frame, which no program has, is followed all the same.
	f.space.Store64(slot(depth-1, 0), 0)
	f.space.Store64(slot(1, 10), slot(depth-1, 20))
	held := slot(1, 5)
	n := 0
	Objects(f.code, &f.stack, f.state, f.space, func(visit func(*uint64)) { visit(&held) }, func(mem.Addr, int, []uint64) { n++ })
	if n != 1 {
		t.Errorf("%d objects shown, want the one that is held", n)
	}
	held = slot(1, 10)
	n = 0
	seen := map[mem.Addr]bool{}
	Objects(f.code, &f.stack, f.state, f.space, func(visit func(*uint64)) { visit(&held) }, func(a mem.Addr, _ int, _ []uint64) { seen[a] = true })
	if len(seen) != depth/2*3 {
		t.Errorf("%d objects shown, want all", len(seen))
	}
}

// BenchmarkObjects looks for the objects of a thousand frames, each with three that are alive.
func BenchmarkObjects(b *testing.B) {
	f := newFixture(b)
	prog := f.code.Prog
	prog.Types = []abi.GCType{{}, {Size: 16, PtrBytes: 8, Mask: []uint64{1}}}
	prog.Funcs[1].Objects = []abi.StackObject{{Slot: 8, Type: 1, Size: 16}, {Slot: 12, Type: 1, Size: 16}, {Slot: 20, Type: 1, Size: 16}}
	big, st := Alloc(f.space, f.cache, 1<<20, 0)
	if st != heap.OK {
		b.Fatal(st)
	}
	f.stack, f.state = big, big.Start(f.space)
	f.at(14)
	slot := func(frame, n int) mem.Addr { return f.stack.Lo + uint64(frame*70+n)*8 }
	for i := range 1000 {
		if i > 0 {
			f.call(70, 14)
			f.space.Store64(slot(i, 12), slot(i-1, 20))
		}
		f.space.Store64(slot(i, 0), slot(i, 20))
		f.space.Store64(slot(i, 20), slot(i, 8))
		f.space.Store64(slot(i, 8), slot(i, 12))
	}
	n := 0
	for b.Loop() {
		Objects(f.code, &f.stack, f.state, f.space, nil, func(mem.Addr, int, []uint64) { n++ })
	}
	if n != b.N*3000 {
		b.Fatal(n)
	}
}
