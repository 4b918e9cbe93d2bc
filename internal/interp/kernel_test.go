package interp

import (
	"math"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/abi"
	. "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// The kernels are hand-assembled, as a good compiler would write them, and run
// in the bare loop, so that what is measured is the loop.

// kernel is one program in the loop.
type kernel struct {
	code  []Ins
	space *mem.Space
	st    state
	fp    uintptr
	ctl   []uint64
}

// asm resolves branch distances: Imm of a jump is the index of its target.
func asm(code []Ins) []Ins {
	out := make([]Ins, len(code))
	for i, in := range code {
		if Table[in.Op].Flags&Jump != 0 || in.Op == CALL {
			in.Imm = (in.Imm - int64(i) - 1) * InsBytes
			if in.Op == CALL {
				in.Imm += InsBytes
			}
		}
		out[i] = in
	}
	return out
}

func newKernel(t testing.TB, code []Ins, heapBytes uint64) *kernel {
	space, err := mem.New(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { space.Close() })
	const stackBytes = 1 << 16
	if !space.Commit(mem.HeapBase, stackBytes+heapBytes+4096, mem.KindHeap) {
		t.Fatal("commit refused")
	}
	k := &kernel{code: asm(code), space: space, ctl: make([]uint64, stackBytes/32+64)}
	k.fp = uintptr(space.Ptr(mem.HeapBase))
	k.st = state{base: space.Base(), text: uintptr(unsafe.Pointer(&k.code[0])), textLen: uint64(len(code)) * 16,
		limit: k.fp + stackBytes, region: uint64(uintptr(space.Base())), fuel: 1 << 62}
	return k
}

const kernelHeap = mem.HeapBase + 1<<16

func (k *kernel) run(loop func(*state) exit, arg ...uint64) exit {
	for i, a := range arg {
		*(*uint64)(unsafe.Pointer(k.fp + uintptr(i)*8)) = a
	}
	k.st.fp = k.fp
	k.st.pc = k.st.text + 16
	k.st.csp = uintptr(unsafe.Pointer(&k.ctl[1]))
	r := loop(&k.st)
	runtime.KeepAlive(k)
	return r
}

func (k *kernel) slot(i int) uint64 { return *(*uint64)(unsafe.Pointer(k.fp + uintptr(i)*8)) }

func c16(n int16) uint16 { return uint16(n) }

var fibCode = []Ins{
	{Op: FUNC, A: 8, B: 1},
	{Op: BGEI, A: 0, C: 2, Imm: 4},
	{Op: MOV, A: 1, B: 0},
	{Op: RET},
	{Op: ADDI, A: 4, B: 0, Imm: -1},
	{Op: CALL, A: 4, C: 12, Imm: 0},
	{Op: MOV, A: 2, B: 5},
	{Op: ADDI, A: 4, B: 0, Imm: -2},
	{Op: CALL, A: 4, C: 12, Imm: 0},
	{Op: ADD, A: 1, B: 2, C: 5},
	{Op: RET},
}

// The inner loop with its test at the bottom, as lower writes it.
var sieveLoop = []Ins{
	{Op: FUNC, A: 10, B: 4},
	{Op: LDI, A: 4, Imm: 2},
	{Op: LDI, A: 6, Imm: 0},
	{Op: LDX8U, A: 7, B: 1, C: 4}, // 3 outer
	{Op: BR, A: 7, Imm: 11},
	{Op: ADDI, A: 6, B: 6, Imm: 1},
	{Op: ADD, A: 5, B: 4, C: 4},
	{Op: BLE, A: 0, B: 5, Imm: 11},
	{Op: STXI8, A: 1, B: 1, C: 5}, // 8 inner
	{Op: ADD, A: 5, B: 5, C: 4},
	{Op: LBLT, A: 5, B: 0, Imm: 8},
	{Op: LADDIBLT, A: 4, B: 0, C: 1, Imm: 3}, // 11 next
	{Op: RET},
}

// matmul(n, a, b, c [][]float64): slots 0 n, 1-3 a, 4-6 b, 7-9 c, 10 i, 11 j, 12 k, 13 s, 14-16 a[i], 17-19 c[i], 20-22 b[k], 23 x.
var matmulCode = []Ins{
	{Op: FUNC, A: 24, B: 10},
	{Op: LDI, A: 10},
	{Op: LDX192, A: 14, B: 1, C: 10}, // 2 i
	{Op: LDX192, A: 17, B: 7, C: 10},
	{Op: LDI, A: 11},
	{Op: LDI, A: 13}, // 5 j
	{Op: LDI, A: 12},
	{Op: LDX64, A: 23, B: 14, C: 12}, // 7 k
	{Op: LDX192, A: 20, B: 4, C: 12},
	{Op: LDXFMA, A: 13, B: 20, C: 11, Imm: 23},
	{Op: LADDIBLT, A: 12, B: 0, C: 1, Imm: 7},
	{Op: STX64, A: 13, B: 17, C: 11},
	{Op: LADDIBLT, A: 11, B: 0, C: 1, Imm: 5},
	{Op: LADDIBLT, A: 10, B: 0, C: 1, Imm: 2},
	{Op: RET},
}

// nbody(bodies [n]body, steps, dt): slots 0 n, 1,2,(9) bodies, 3 steps, 4 dt, 5 i, 6 j, 7 &b[i], 8 &b[j], 10-12 d, 13 dist2, 14 mag, 15 t, 16 m.
func nbodyCode() []Ins {
	c := []Ins{
		{Op: FUNC, A: 20, B: 5},
		{Op: LDI, A: 5},                       // 1 step
		{Op: LEAX, A: 7, B: 1, C: 5, Imm: 56}, // 2 i
		{Op: ADDI, A: 6, B: 5, Imm: 1},        // 3
		{Op: BLE, A: 0, B: 6, Imm: -1},        // 4 → done
		{Op: LEAX, A: 8, B: 1, C: 6, Imm: 56}, // 5 j
	}
	add := func(i ...Ins) { c = append(c, i...) }
	for k := range 3 {
		add(Ins{Op: FSUBLD, A: uint16(10 + k), B: 7, C: 8, Imm: int64(k * 8)})
	}
	add(Ins{Op: FMUL, A: 13, B: 10, C: 10}, Ins{Op: FMADD, A: 13, B: 11, C: 11}, Ins{Op: FMADD, A: 13, B: 12, C: 12},
		Ins{Op: FSQRT, A: 15, B: 13}, Ins{Op: FMUL, A: 15, B: 13, C: 15}, Ins{Op: FDIV, A: 14, B: 4, C: 15})
	add(Ins{Op: LD64, A: 16, B: 8, Imm: 48}, Ins{Op: FMUL, A: 16, B: 16, C: 14})
	for k := range 3 {
		o := int64(24 + k*8)
		add(Ins{Op: LD64, A: 15, B: 7, Imm: o}, Ins{Op: FMSUB, A: 15, B: uint16(10 + k), C: 16}, Ins{Op: ST64, A: 7, B: 15, Imm: o})
	}
	add(Ins{Op: LD64, A: 16, B: 7, Imm: 48}, Ins{Op: FMUL, A: 16, B: 16, C: 14})
	for k := range 3 {
		o := int64(24 + k*8)
		add(Ins{Op: LD64, A: 15, B: 8, Imm: o}, Ins{Op: FMADD, A: 15, B: uint16(10 + k), C: 16}, Ins{Op: ST64, A: 8, B: 15, Imm: o})
	}
	add(Ins{Op: LADDIBLT, A: 6, B: 0, C: 1, Imm: 5})
	c[4].Imm = int64(len(c))
	add(Ins{Op: LADDIBLT, A: 5, B: 0, C: 1, Imm: 2}, Ins{Op: LDI, A: 5})
	lp := int64(len(c))
	add(Ins{Op: LEAX, A: 7, B: 1, C: 5, Imm: 56})
	for k := range 3 {
		add(Ins{Op: LD64, A: 15, B: 7, Imm: int64(k * 8)}, Ins{Op: LD64, A: 16, B: 7, Imm: int64(24 + k*8)},
			Ins{Op: FMADD, A: 15, B: 4, C: 16}, Ins{Op: ST64, A: 7, B: 15, Imm: int64(k * 8)})
	}
	add(Ins{Op: LADDIBLT, A: 5, B: 0, C: 1, Imm: lp}, Ins{Op: ADDI, A: 3, B: 3, Imm: -1}, Ins{Op: LBGTI, A: 3, C: 0, Imm: 1}, Ins{Op: RET})
	return c
}

//go:noinline
func fibNative(n int) int {
	if n < 2 {
		return n
	}
	return fibNative(n-1) + fibNative(n-2)
}

//go:noinline
func sieveNative(n int, s []byte) int {
	count := 0
	for i := 2; i < n; i++ {
		if s[i] == 0 {
			count++
			for j := i + i; j < n; j += i {
				s[j] = 1
			}
		}
	}
	return count
}

//go:noinline
func matmulNative(n int, a, b, c [][]float64) {
	for i := range n {
		ai, ci := a[i], c[i]
		for j := range n {
			s := 0.0
			for k := range n {
				s += ai[k] * b[k][j]
			}
			ci[j] = s
		}
	}
}

type body struct{ x, y, z, vx, vy, vz, mass float64 }

//go:noinline
func nbodyNative(bs []body, steps int, dt float64) {
	for range steps {
		for i := range bs {
			b := &bs[i]
			for j := i + 1; j < len(bs); j++ {
				c := &bs[j]
				dx, dy, dz := b.x-c.x, b.y-c.y, b.z-c.z
				d := dx*dx + dy*dy + dz*dz
				mag := dt / (d * math.Sqrt(d))
				m := c.mass * mag
				b.vx -= dx * m
				b.vy -= dy * m
				b.vz -= dz * m
				m = b.mass * mag
				c.vx += dx * m
				c.vy += dy * m
				c.vz += dz * m
			}
		}
		for i := range bs {
			b := &bs[i]
			b.x += dt * b.vx
			b.y += dt * b.vy
			b.z += dt * b.vz
		}
	}
}

var planets = []body{{0, 0, 0, 0, 0, 0, 39.47}, {4.84, -1.16, -0.10, 0.6, 2.8, -0.02, 0.037}, {8.34, 4.12, -0.4, -1.01, 1.8, 0.008, 0.011},
	{12.89, -15.11, -0.22, 1.08, 0.86, -0.01, 0.0017}, {15.37, -25.9, 0.179, 0.97, 0.59, -0.03, 0.002}}

// kernels pairs each program with its native twin; both return a checksum.
func kernels(t testing.TB, scale int) map[string][2]func(loop func(*state) exit) uint64 {
	out := map[string][2]func(func(*state) exit) uint64{}
	add := func(name string, ours func(func(*state) exit) uint64, native func() uint64) {
		out[name] = [2]func(func(*state) exit) uint64{ours, func(func(*state) exit) uint64 { return native() }}
	}
	n := 20 + scale
	fib := newKernel(t, fibCode, 0)
	add("fib", func(l func(*state) exit) uint64 { fib.run(l, uint64(n)); return fib.slot(1) }, func() uint64 { return uint64(fibNative(n)) })

	sn := 10000 << scale / 2
	sieve := newKernel(t, sieveLoop, uint64(sn)+8)
	native := make([]byte, sn)
	add("sieve", func(l func(*state) exit) uint64 {
		sieve.space.Zero(kernelHeap, uint64(sn))
		sieve.run(l, uint64(sn), kernelHeap, uint64(sn), uint64(sn))
		return sieve.slot(6)
	}, func() uint64 { clear(native); return uint64(sieveNative(sn, native)) })

	mn := 20 + scale*18
	mat := newKernel(t, matmulCode, uint64(mn*mn*24+3*24*mn))
	at := uint64(kernelHeap)
	take := func(n int) uint64 { p := at; at += uint64(n); return p }
	var heads [3]uint64
	var nat [3][][]float64
	for m := range 3 {
		heads[m] = take(24 * mn)
		for i := range mn {
			r := take(8 * mn)
			row := make([]float64, mn)
			mat.space.Store64(heads[m]+uint64(i)*24, r)
			mat.space.Store64(heads[m]+uint64(i)*24+8, uint64(mn))
			for j := range row {
				if m < 2 {
					row[j] = float64(i-j) * float64(i+j) / float64(mn)
				}
				mat.space.StoreF64(r+uint64(j)*8, row[j])
			}
			nat[m] = append(nat[m], row)
		}
	}
	add("matmul", func(l func(*state) exit) uint64 {
		N := uint64(mn)
		mat.run(l, N, heads[0], N, N, heads[1], N, N, heads[2], N, N)
		return mat.space.Load64(mat.space.Load64(heads[2]+24*3) + 8*5)
	}, func() uint64 { matmulNative(mn, nat[0], nat[1], nat[2]); return math.Float64bits(nat[2][3][5]) })

	steps := 100 << scale / 2
	nb := newKernel(t, nbodyCode(), 4096)
	nbs := make([]body, len(planets))
	add("nbody", func(l func(*state) exit) uint64 {
		b, _ := nb.space.Bytes(kernelHeap, uint64(len(planets))*56)
		copy(b, unsafe.Slice((*byte)(unsafe.Pointer(&planets[0])), len(b)))
		nb.run(l, 5, kernelHeap, 5, uint64(steps), math.Float64bits(0.01))
		return nb.space.Load64(kernelHeap)
	}, func() uint64 { copy(nbs, planets); nbodyNative(nbs, steps, 0.01); return math.Float64bits(nbs[0].x) })
	return out
}

func TestKernelsAgreeWithNative(t *testing.T) {
	for name, k := range kernels(t, 1) {
		want := k[1](nil)
		if got := k[0](loop); got != want {
			t.Errorf("%s: %d, native %d", name, got, want)
		}
		if got := k[0](loopMetered); got != want {
			t.Errorf("%s metered: %d, native %d", name, got, want)
		}
	}
}

// TestKernelRatios reports how much slower than native code the loop is (-v shows it).
func TestKernelRatios(t *testing.T) {
	if testing.Short() {
		t.Skip("a measurement")
	}
	for name, k := range kernels(t, 10) {
		best := [3]time.Duration{1 << 62, 1 << 62, 1 << 62}
		for range 5 {
			for i, f := range []func(){func() { k[0](loop) }, func() { k[1](nil) }, func() { k[0](loopMetered) }} {
				start := time.Now()
				f()
				best[i] = min(best[i], time.Since(start))
			}
		}
		r := float64(best[0]) / float64(best[1])
		t.Logf("%-7s %5.2f × native, metered %5.2f (%v, native %v)", name, r, float64(best[2])/float64(best[1]), best[0], best[1])
	}
}

var _ abi.FuncFlag
