package lower

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/terrarium-go/terrarium/internal/abi"
	bc "github.com/terrarium-go/terrarium/internal/bytecode"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Every function that the tests of this package compile has its slots verified.
func init() { checkAlloc = true }

// kernelSource is what the benchmarks of the bench folder live on, and a few shapes with pitfalls.
const kernelSource = `package main

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func sieve(n int) int {
	flags := make([]bool, n+1)
	count := 0
	for i := 2; i <= n; i++ {
		if !flags[i] {
			count++
			for j := i + i; j <= n; j += i {
				flags[j] = true
			}
		}
	}
	return count
}

func matmul(a, b, c [][]float64, n int) {
	for i := 0; i < n; i++ {
		for j := 0; j < n; j++ {
			s := 0.0
			for k := 0; k < n; k++ {
				s += a[i][k] * b[k][j]
			}
			c[i][j] = s
		}
	}
}

type body struct{ x, y, z, v, mass float64 }

func pull(bs []body, dt float64) {
	b, c := &bs[0], &bs[1]
	dx, dy, dz := b.x-c.x, b.y-c.y, b.z-c.z
	d := dx*dx + dy*dy + dz*dz
	b.v -= dx * c.mass * d * dt
}

type node struct{ l, r *node }

func tree(d int) *node {
	if d == 0 {
		return &node{}
	}
	return &node{tree(d - 1), tree(d - 1)}
}

func small(a int8, b uint16, c bool) (int8, bool) { return a + int8(b), !c }

func named() (n int, err error) {
	defer func() { recover() }()
	n = len(tree(3).l.l.String())
	return n, nil
}

func (n *node) String() string { return "node" }

type point struct {
	x    int32
	y    uint8
	name string
}

func fields(p point) point {
	p.y += 3
	p.x = int32(p.y)
	return point{p.x, p.y, p.name + "!"}
}

func sum(m map[string]int, ch chan int8) (s int) {
	for k, v := range m {
		s += len(k) * v
	}
	select {
	case x := <-ch:
		s += int(x)
	default:
	}
	return s
}

func main() {
	println(fib(3), sieve(10), tree(2).String())
	matmul(nil, nil, nil, 0)
	pull(make([]body, 2), 1)
	println(small(1, 2, true))
	n, _ := named()
	println(n, fields(point{}).name, sum(nil, nil))
}
`

var addresses = regexp.MustCompile(`\b0x[0-9a-f]{5,}|\[0x[0-9a-f]+\]`)

// The goldens show the instructions; addresses are blanked, they change with everything else.
func TestKernels(t *testing.T) {
	u := compileWith(t, kernelSource, Options{NoInline: true}) // one function each
	var got bytes.Buffer
	for _, name := range []string{"fib", "sieve", "matmul", "pull", "tree", "small", "named", "fields", "sum"} {
		for i := range u.Program.Funcs {
			if f := &u.Program.Funcs[i]; f.Sym == "main."+name {
				var b bytes.Buffer
				g := *f
				g.File = filepath.Base(g.File)
				if err := u.Program.Disassemble(&b, &g); err != nil {
					t.Fatal(err)
				}
				got.Write(addresses.ReplaceAll(b.Bytes(), []byte("ADDR")))
				got.WriteByte('\n')
			}
		}
	}
	file := filepath.Join("testdata", "kernels.txt")
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the code has changed (go test -run TestKernels -update writes it anew):\n%s", got.Bytes())
	}
}

// A slot in a stack map must have been written on every way to the instruction. This is found here by a forward
// walk over the finished code, which shares nothing with the backward one that makes the maps.
func TestMapsHoldWrittenSlots(t *testing.T) {
	u := compile(t, `package main
import ("fmt"; "os"; "sort"; "strings"; "encoding/json")
func main() {
	s := strings.Fields("a b c")
	sort.Strings(s)
	b, err := json.Marshal(map[string]any{"a": s})
	fmt.Fprintln(os.Stdout, string(b), err)
}
`)
	p := u.Program
	for i := range p.Funcs {
		checkWritten(t, p, &p.Funcs[i])
	}
	maps := 0
	for i := range p.Funcs {
		maps += len(p.Funcs[i].Safe)
	}
	t.Logf("%d functions, %d instructions, %d safepoints, %d words of maps", len(p.Funcs), len(p.Code), maps, len(p.MapPool))
}

func checkWritten(t *testing.T, p *bc.Program, f *abi.Func) {
	n := int(f.End - f.Entry)
	words := int(abi.MapWords(f.Frame))
	if words == 0 {
		return
	}
	state := make([][]uint64, n) // written before the instruction, nil: not reached
	flow := func(i int, s []uint64) bool {
		if state[i] == nil {
			state[i] = append([]uint64{}, s...)
			return true
		}
		changed := false
		for j := range s {
			if v := state[i][j] & s[j]; v != state[i][j] {
				state[i][j], changed = v, true
			}
		}
		return changed
	}
	set := func(s []uint64, slot, n int) {
		for i := slot; i < slot+n && i < int(f.Frame); i++ {
			s[i/64] |= 1 << (i % 64)
		}
	}
	start := make([]uint64, words)
	set(start, 0, int(f.ParamEnd+7)/8)
	work := []int{1}
	flow(1, start)
	if f.DeferReturn != 0 {
		// A recovered panic resumes there with what DeferMap says, which is checked at the safepoints.
		s := make([]uint64, words)
		copy(s, p.MapPool[f.DeferMap:][:words])
		set(s, 0, int(f.ParamEnd+7)/8)
		flow(int(f.DeferReturn), s)
		work = append(work, int(f.DeferReturn))
	}
	cur := make([]uint64, words)
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		in := p.Code[int(f.Entry)+i]
		info := &bc.Table[in.Op]
		copy(cur, state[i])
		in.Operands(func(o bc.Operand, slot, width int) {
			if o.Role == bc.Def || o.Role == bc.UseDef {
				set(cur, slot, width)
			}
		})
		if info.Flags&bc.Call != 0 || in.Op == bc.CALLN {
			set(cur, int(in.A), int(f.Frame)-int(in.A)) // results
		}
		if info.Flags&bc.Jump != 0 {
			if to := i + int(in.Imm/bc.InsBytes); flow(to, cur) {
				work = append(work, to)
			}
		}
		if info.Flags&bc.End == 0 && flow(i+1, cur) {
			work = append(work, i+1)
		}
	}
	for k, at := range f.Safe {
		s := state[at]
		if s == nil {
			continue
		}
		m := p.MapPool[f.Maps[k]:][:words]
		for j := range m {
			if bad := m[j] &^ s[j]; bad != 0 {
				t.Errorf("%s: the map of instruction %d (%s) has slots %x of word %d that may not have been written",
					f.Sym, at, bc.Table[p.Code[f.Entry+at].Op].Name, bad, j)
			}
		}
		in := p.Code[f.Entry+at]
		if bc.Table[in.Op].Flags&bc.Call != 0 {
			for s := int(in.A); s < int(f.Frame); s++ {
				if m[s/64]>>(s%64)&1 != 0 {
					t.Errorf("%s: slot %d lives across the call at %d, whose frame begins at %d", f.Sym, s, at, in.A)
				}
			}
		}
	}
}

// BenchmarkGen generates the code of hello world's functions.
func BenchmarkGen(b *testing.B) {
	u := compile(b, `package main
import "fmt"
func main() { fmt.Println("hello, world") }
`)
	checkAlloc = false
	defer func() { checkAlloc = true }()
	ctx := genCtx{u.k}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, k := range u.k.nodes {
			if k.fn.Body == nil {
				continue
			}
			frag, err := Gen(ctx, k.fn)
			if err != nil {
				b.Fatal(err)
			}
			n += len(frag.Code)
		}
		b.ReportMetric(float64(n), "instructions")
	}
}
