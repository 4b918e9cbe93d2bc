package interp

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/terrarium-go/terrarium/internal/abi"
	. "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/gc/nogc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/host"
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
)

// builder assembles programs by hand. Function i has a captureless func value at
// funcVal(i); words of writable data start at word(0).
type builder struct {
	p      Program
	index  map[string]int
	native map[string]int
	code   [][]Ins
}

func newBuilder() *builder {
	return &builder{index: map[string]int{}, native: map[string]int{}, p: Program{Types: make([]abi.GCType, 1), TypeIDs: map[uint64]abi.TypeID{}, Files: []string{"t.go"}}}
}

func (b *builder) declare(name string) int {
	i, ok := b.index[name]
	if !ok {
		i = len(b.code)
		b.index[name] = i
		b.code = append(b.code, nil)
		b.p.Funcs = append(b.p.Funcs, abi.Func{Sym: name, Name: name, File: "t.go"})
	}
	return i
}

func (b *builder) call(a uint16, name string) Ins {
	return Ins{Op: CALL, A: a, Imm: int64(b.declare(name))}
}

func (b *builder) calln(a, args, slots uint16, name string) Ins {
	i, ok := b.native[name]
	if !ok {
		i = len(b.p.Natives)
		b.native[name] = i
		b.p.Natives = append(b.p.Natives, name)
	}
	return Ins{Op: CALLN, A: a, B: args, C: slots, Imm: int64(i)}
}

func funcVal(i int) int64 { return int64(mem.DataBase + 16*i) }

const dataBase = mem.DataBase + 1<<16

func word(i int) int64 { return int64(dataBase + 8*i) }

// fn defines a function; branch targets are instruction numbers, 1 the first.
func (b *builder) fn(name string, flags abi.FuncFlag, frame uint32, code ...Ins) {
	i := b.declare(name)
	b.code[i] = append([]Ins{{Op: FUNC, A: uint16(frame), Imm: int64(i)}}, code...)
	f := &b.p.Funcs[i]
	f.Frame, f.Flags = frame, flags
	for k, in := range b.code[i] {
		if in.Op == RUNDEFERS {
			f.DeferReturn = uint32(k)
			f.Flags |= abi.HasDefer
		}
		f.Lines = append(f.Lines, abi.Line{Start: uint32(k), Line: int32(k), Inl: -1})
	}
	f.MapAt(0)
}

func (b *builder) program() *Program {
	b.p.Hooks = map[string]int32{}
	for _, h := range abi.Hooks {
		if _, ok := b.index[h]; !ok {
			b.fn(h, abi.System, 16, Ins{Op: TRAP, D: TrapUnreachable})
		}
		b.p.Hooks[h] = int32(b.index[h])
	}
	b.p.RO = make([]byte, 1<<16)
	b.p.ROBase, b.p.RWBase, b.p.BSS = mem.DataBase, dataBase, 1<<16
	b.p.MapPool = make([]uint64, 64)
	at := 0
	for i := range b.code {
		b.p.Funcs[i].Entry = uint32(at)
		at += len(b.code[i])
		b.p.Funcs[i].End = uint32(at)
	}
	for i, code := range b.code {
		f := &b.p.Funcs[i]
		binary.LittleEndian.PutUint64(b.p.RO[16*i:], mem.TextBase+uint64(f.Entry)*InsBytes)
		for k, in := range code {
			switch {
			case in.Op == CALL:
				g := &b.p.Funcs[in.Imm]
				in.C = in.A + uint16(g.Frame)
				in.Imm = int64(g.Entry) * InsBytes
			case Table[in.Op].Flags&Jump != 0:
				in.Imm = (in.Imm - int64(k)) * InsBytes
			}
			b.p.Code = append(b.p.Code, in)
		}
	}
	return &b.p
}

type testRun struct {
	exit sched.Exit
	errs string
	data []uint64
}

func run(t *testing.T, p *Program, cfg Config, procs int) testRun {
	t.Helper()
	space, err := mem.New(256 << 20)
	if err != nil {
		t.Fatal(err)
	}
	defer space.Close()
	h, err := heap.New(space, heap.Config{Flags: cfg.Flags})
	if err != nil {
		t.Fatal(err)
	}
	if err := LoadImage(space, p); err != nil {
		t.Fatal(err)
	}
	h.RegisterTypes(p.Types[1:])
	m, err := New(p, space, h, cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := sched.New(sched.Config{Procs: procs, Deterministic: cfg.Deterministic, Space: space, Heap: h, Prog: p, Code: m.Code(), Runner: m, Report: m.Report})
	c := nogc.New(h, s.World(), gc.Default)
	s.SetCollector(c)
	var errs bytes.Buffer
	m.Bind(&host.VM{Space: space, Heap: h, GC: c, Sched: s, Prog: p, Flags: cfg.Flags, Sys: &host.Sys{Stderr: &errs}, State: &host.State{}})
	if miss := m.Missing(); len(miss) > 0 {
		t.Fatal("missing host functions", miss)
	}
	if err := s.Start("runtime.main"); err != nil {
		t.Fatal(err)
	}
	r := testRun{exit: s.Wait(), errs: errs.String()}
	for i := range 16 {
		r.data = append(r.data, space.Load64(uint64(word(i))))
	}
	return r
}

// panics defines gopanic and goexit0 as the guest's runtime has them.
func (b *builder) panics() {
	b.fn("runtime.gopanic", abi.PanicFunc|abi.System, 24,
		Ins{Op: MOV2, A: 8, B: 0}, Ins{Op: LDI, A: 10}, b.calln(8, 3, 3, "runtime.panicStart"),
		b.calln(8, 0, 1, "runtime.nextDefer"), // 4
		Ins{Op: BRZ, A: 8, Imm: 9},
		Ins{Op: CALLC, A: 16, B: 8},
		b.calln(8, 0, 0, "runtime.panicDone"),
		Ins{Op: LJMP, Imm: 4},
		b.calln(8, 0, 0, "runtime.fatalPanic"), Ins{Op: RET})
	b.fn("runtime.goexit", abi.System, 8, Ins{Op: RET})
	b.fn("runtime.goexit0", abi.System, 24,
		Ins{Op: LDI, A: 8}, Ins{Op: LDI, A: 9}, Ins{Op: LDI, A: 10, Imm: 1}, b.calln(8, 3, 3, "runtime.panicStart"),
		b.calln(8, 0, 1, "runtime.nextDefer"), // 5
		Ins{Op: BRZ, A: 8, Imm: 10},
		Ins{Op: CALLC, A: 16, B: 8},
		b.calln(8, 0, 0, "runtime.panicDone"),
		Ins{Op: LJMP, Imm: 5},
		b.calln(8, 0, 0, "runtime.goexitDone"), Ins{Op: RET})
	// trap(kind, code, x, y): panics with type word 77, data = kind
	b.fn("runtime.trap", abi.System, 16, Ins{Op: LDI, A: 5, Imm: 77},
		Ins{Op: STG64, A: 0, Imm: word(8)}, Ins{Op: STG64, A: 1, Imm: word(9)}, Ins{Op: STG64, A: 2, Imm: word(10)}, Ins{Op: STG64, A: 3, Imm: word(11)},
		Ins{Op: MOV, A: 6, B: 0}, Ins{Op: PANIC, A: 5})
}

func (b *builder) exit(code int64) []Ins {
	return []Ins{{Op: LDI, A: 4, Imm: code}, b.calln(4, 1, 1, "runtime.exit"), {Op: RET}}
}

var testConfigs = map[string]Config{
	"plain":         {},
	"deterministic": {Deterministic: true, Quantum: 7},
	"movestack":     {Flags: debug.Flags{MoveStack: true}},
	"yield":         {Flags: debug.Flags{Yield: true}},
}

func each(t *testing.T, build func(*builder), check func(t *testing.T, r testRun)) {
	for name, cfg := range testConfigs {
		t.Run(name, func(t *testing.T) {
			b := newBuilder()
			b.panics()
			build(b)
			check(t, run(t, b.program(), cfg, 2))
		})
	}
}

func TestDeepRecursionGrowsTheStack(t *testing.T) {
	each(t, func(b *builder) {
		// sum(n) = n == 0 ? 0 : n + sum(n-1)
		b.fn("main.sum", 0, 10, Ins{Op: BNEI, A: 0, C: 0, Imm: 4}, Ins{Op: LDI, A: 1}, Ins{Op: RET},
			Ins{Op: ADDI, A: 4, B: 0, Imm: -1}, b.call(4, "main.sum"), Ins{Op: ADD, A: 1, B: 5, C: 0}, Ins{Op: RET})
		b.fn("runtime.main", abi.System, 16, append([]Ins{{Op: LDI, A: 4, Imm: 5000}, b.call(4, "main.sum"), {Op: STG64, A: 5, Imm: word(0)}}, b.exit(3)...)...)
	}, func(t *testing.T, r testRun) {
		if r.exit.Code != 3 || r.data[0] != 5000*5001/2 {
			t.Errorf("exit %+v, sum %d\n%s", r.exit, r.data[0], r.errs)
		}
	})
}

func TestPanicRunsDefersAndRecovers(t *testing.T) {
	each(t, func(b *builder) {
		// deferred: word 0 = recovered type word, word 1 = data
		d := b.declare("main.f.func1")
		b.fn("main.f.func1", 0, 8, Ins{Op: RECOVER, A: 4}, Ins{Op: STG64, A: 4, Imm: word(0)}, Ins{Op: STG64, A: 5, Imm: word(1)}, Ins{Op: RET})
		b.fn("main.g", 0, 8, Ins{Op: LDI, A: 4, Imm: 11}, Ins{Op: LDI, A: 5, Imm: 22}, Ins{Op: PANIC, A: 4})
		b.fn("main.f", 0, 16, Ins{Op: LDI, A: 4, Imm: funcVal(d)}, Ins{Op: DEFER, A: 4}, b.call(8, "main.g"),
			Ins{Op: LDI, A: 5, Imm: 1}, Ins{Op: STG64, A: 5, Imm: word(2)},
			Ins{Op: RUNDEFERS, A: 8}, Ins{Op: LDI, A: 0, Imm: 5}, Ins{Op: RET})
		b.fn("runtime.main", abi.System, 16, append([]Ins{b.call(4, "main.f"), {Op: STG64, A: 4, Imm: word(3)}}, b.exit(0)...)...)
	}, func(t *testing.T, r testRun) {
		if r.data[0] != 11 || r.data[1] != 22 || r.data[2] != 0 || r.data[3] != 5 {
			t.Errorf("exit %+v, words %v\n%s", r.exit, r.data[:4], r.errs)
		}
	})
}

func TestUnrecoveredPanicPrintsATraceback(t *testing.T) {
	each(t, func(b *builder) {
		b.fn("main.g", 0, 16, Ins{Op: LDI, A: 4}, Ins{Op: LD64, A: 5, B: 4, Imm: 8}, Ins{Op: RET})
		b.fn("main.main", 0, 16, b.call(4, "main.g"), Ins{Op: RET})
		b.fn("runtime.main", abi.System, 16, append([]Ins{b.call(4, "main.main")}, b.exit(0)...)...)
	}, func(t *testing.T, r testRun) {
		want := "goroutine 1 [running]:\nmain.g()\n\t?:2 +0x30\nmain.main()\n\t?:1 +0x20\n"
		if r.exit.Code != 2 || r.exit.Reason != sched.ExitPanic || !strings.Contains(strings.ReplaceAll(r.errs, "t.go", "?"), want) || !strings.HasPrefix(r.errs, "[signal SIGSEGV") {
			t.Errorf("exit %+v\n%s", r.exit, r.errs)
		}
		if r.data[8] != TrapNil {
			t.Errorf("trap %d", r.data[8])
		}
	})
}

func TestTrapOperands(t *testing.T) {
	for _, c := range []struct {
		name string
		ins  []Ins
		want [4]int64
	}{
		{"index", []Ins{{Op: LDI, A: 6, Imm: 5}, {Op: LDI, A: 9, Imm: 3}, {Op: LDX64, A: 4, B: 8, C: 6}}, [4]int64{TrapIndex, 256, 5, 3}},
		{"negative", []Ins{{Op: LDI, A: 6, Imm: -1}, {Op: IDXI, A: 6, Imm: 4}}, [4]int64{TrapIndex, 256, -1, 4}},
		{"divide", []Ins{{Op: LDI, A: 6}, {Op: DIV, A: 4, B: 6, C: 6}}, [4]int64{TrapDivide, 0, 0, 0}},
		{"slice cap", []Ins{{Op: LDI, A: 10, Imm: 3}, {Op: LDI, A: 6}, {Op: LDI, A: 7, Imm: 5}, {Op: SLICE, A: 4, B: 8, C: 6, D: 2, Imm: 8}}, [4]int64{TrapSlice, 256 + 2, 5, 3}},
		{"slice order", []Ins{{Op: LDI, A: 10, Imm: 9}, {Op: LDI, A: 6, Imm: 6}, {Op: LDI, A: 7, Imm: 5}, {Op: SLICE, A: 4, B: 8, C: 6, D: 2, Imm: 8}}, [4]int64{TrapSlice, 256 + 3, 6, 5}},
		{"convert", []Ins{{Op: LDI, A: 9, Imm: 2}, {Op: SLICE2ARR, A: 4, B: 8, Imm: 4}}, [4]int64{TrapSlice2Arr, 256 + 8, 4, 2}},
		{"shift", []Ins{{Op: LDI, A: 6, Imm: -2}, {Op: SHCHK, A: 6}}, [4]int64{TrapShift, 0, 0, 0}},
		{"makeslice", []Ins{{Op: LDI, A: 6, Imm: -2}, {Op: LDI, A: 7, Imm: 1}, {Op: MKSLICE, A: 8, B: 6, C: 7, Imm: 1}}, [4]int64{TrapMakeLen, 0, -2, 0}},
	} {
		b := newBuilder()
		b.p.Types = append(b.p.Types, abi.GCType{Size: 8, Name: "int"})
		b.panics()
		b.fn("runtime.main", abi.System, 16, append(c.ins, Ins{Op: RET})...)
		r := run(t, b.program(), Config{}, 1)
		for i, w := range c.want {
			if int64(r.data[8+i]) != w {
				t.Errorf("%s: trap arguments %v, want %v\n%s", c.name, r.data[8:12], c.want, r.errs)
				break
			}
		}
	}
}

func TestGoroutineIsPreemptedAndSeen(t *testing.T) {
	each(t, func(b *builder) {
		w := b.declare("main.worker")
		b.fn("main.worker", 0, 8, Ins{Op: LDI, A: 4, Imm: 9}, Ins{Op: STG64, A: 4, Imm: word(0)}, Ins{Op: RET})
		b.fn("runtime.main", abi.System, 16, append([]Ins{{Op: LDI, A: 5, Imm: funcVal(w)}, {Op: GO, A: 5},
			{Op: LDG64, A: 4, Imm: word(0)}, {Op: LBRZ, A: 4, Imm: 3}}, b.exit(7)...)...)
	}, func(t *testing.T, r testRun) {
		if r.exit.Code != 7 {
			t.Errorf("exit %+v\n%s", r.exit, r.errs)
		}
	})
}

func TestGoexitRunsDefers(t *testing.T) {
	each(t, func(b *builder) {
		d := b.declare("main.worker.func1")
		// The deferred call panics; the panic is recovered by an earlier one; the goroutine ends all the same.
		b.fn("main.worker.func1", 0, 8, Ins{Op: LDI, A: 4, Imm: 1}, Ins{Op: LDI, A: 5, Imm: 2}, Ins{Op: PANIC, A: 4})
		e := b.declare("main.worker.func2")
		b.fn("main.worker.func2", 0, 8, Ins{Op: RECOVER, A: 4}, Ins{Op: STG64, A: 5, Imm: word(0)}, Ins{Op: RET})
		w := b.declare("main.worker")
		b.fn("main.worker", 0, 16, Ins{Op: LDI, A: 4, Imm: funcVal(e)}, Ins{Op: DEFER, A: 4}, Ins{Op: LDI, A: 4, Imm: funcVal(d)}, Ins{Op: DEFER, A: 4},
			b.call(8, "runtime.goexit0"), Ins{Op: RUNDEFERS, A: 8}, Ins{Op: STG64, A: 4, Imm: word(1)}, Ins{Op: RET})
		b.fn("runtime.main", abi.System, 16, append([]Ins{{Op: LDI, A: 5, Imm: funcVal(w)}, {Op: GO, A: 5},
			{Op: LDG64, A: 4, Imm: word(0)}, {Op: LBRZ, A: 4, Imm: 3}}, b.exit(7)...)...)
	}, func(t *testing.T, r testRun) {
		if r.exit.Code != 7 || r.data[0] != 2 || r.data[1] != 0 {
			t.Errorf("exit %+v, words %v\n%s", r.exit, r.data[:2], r.errs)
		}
	})
}

func TestEndlessRecursionOverflows(t *testing.T) {
	b := newBuilder()
	b.panics()
	b.fn("main.f", 0, 1000, b.call(800, "main.f"), Ins{Op: RET})
	b.fn("runtime.main", abi.System, 16, b.call(4, "main.f"), Ins{Op: RET})
	r := run(t, b.program(), Config{}, 1)
	if r.exit.Code != 2 || !strings.Contains(r.errs, "out of memory") && !strings.Contains(r.errs, "stack overflow") || !strings.Contains(r.errs, "frames elided...") {
		t.Errorf("exit %+v\n%.600s", r.exit, r.errs)
	}
}

func TestStepLimit(t *testing.T) {
	b := newBuilder()
	b.panics()
	b.fn("runtime.main", abi.System, 16, Ins{Op: LDI, A: 4}, Ins{Op: ADDI, A: 4, B: 4, Imm: 1}, Ins{Op: STG64, A: 4, Imm: word(0)}, Ins{Op: LJMP, Imm: 2})
	r := run(t, b.program(), Config{Steps: 1000}, 1)
	if r.exit.Reason != sched.ExitKilled || r.data[0] < 990 || r.data[0] > 1010 {
		t.Errorf("exit %+v after %d rounds\n%s", r.exit, r.data[0], r.errs)
	}
}

func TestGuestFaultLeavesTheHostAlive(t *testing.T) {
	b := newBuilder()
	b.panics()
	b.fn("runtime.main", abi.System, 16, Ins{Op: LDI, A: 4, Imm: 30 << 30}, Ins{Op: LD64, A: 5, B: 4}, Ins{Op: RET})
	r := run(t, b.program(), Config{}, 1)
	if r.exit.Code != 2 || !strings.Contains(r.errs, "unexpected fault address 0x780000000") {
		t.Errorf("exit %+v\n%s", r.exit, r.errs)
	}
}

// The host's collector must be able to stop a worker that is in the loop.
func TestHostCollectsWhileTheGuestLoops(t *testing.T) {
	b := newBuilder()
	b.panics()
	b.fn("runtime.main", abi.System, 16, append([]Ins{{Op: LDI, A: 4}, {Op: LDI, A: 5, Imm: 1 << 40},
		{Op: LADDIBLT, A: 4, B: 5, C: 1, Imm: 3}}, b.exit(0)...)...)
	done := make(chan testRun)
	go func() { done <- run(t, b.program(), Config{Steps: 2e8}, 1) }()
	start := time.Now()
	for range 20 {
		runtime.GC()
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("20 host collections took %v", d)
	}
	<-done
}
