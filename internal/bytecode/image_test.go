package bytecode

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/terrarium-go/terrarium/internal/abi"
)

// sample is a small valid program: main counts to 10 and calls leaf.
func sample() *Program {
	p := &Program{GoVersion: "go1.26", GODEBUG: "panicnil=1", Main: "main", Files: []string{"/src/main.go"}, Natives: []string{"go:printnl"},
		ROBase: 1 << 20, RO: make([]byte, 64), RWBase: 1<<20 + 4096, RW: make([]byte, 8), BSS: 56, RWPtrs: []uint64{1},
		Syms: map[string]uint64{"runtime.x": 1<<20 + 4096}, Hooks: map[string]int32{"runtime.main": 0},
		TypesBase: 1 << 20, TypesEnd: 1<<20 + 64, Typelinks: []uint64{1 << 20}, Itabs: []uint64{1<<20 + 32},
		TypeIDs: map[uint64]abi.TypeID{1 << 20: 1}, MapPool: []uint64{0, 2}}
	p.Types = []abi.GCType{{}, {Size: 16, PtrBytes: 8, Mask: []uint64{1}, Name: "main.T", RType: 1 << 20}}
	p.Code = []Ins{
		{Op: FUNC, A: 8, B: 0, Imm: 0},
		{Op: LDI, A: 0},
		{Op: NEW, A: 1, Imm: 1},
		{Op: CALL, A: 4, C: 8, Imm: 8 * InsBytes},
		{Op: LDG64, A: 2, Imm: 1<<20 + 4096},
		{Op: LBLTI, A: 0, C: 10, Imm: -2 * InsBytes},
		{Op: CALLN, A: 4},
		{Op: RET},
		{Op: FUNC, A: 4, B: 1, Imm: 1},
		{Op: ADDI, A: 0, B: 0, Imm: 1},
		{Op: RET},
	}
	p.Funcs = []abi.Func{
		{Sym: "main.main", Name: "main.main", File: "/src/main.go", Line: 3, Entry: 0, End: 8, Frame: 8,
			Safe: []uint32{2, 3, 5, 6}, Maps: []uint32{0, 1, 1, 0}, Lines: []abi.Line{{Start: 1, Line: 4, Inl: -1}, {Start: 3, Line: 5}},
			Inl: []abi.InlCall{{Name: "main.inl", Line: 2, Parent: -1}}},
		{Sym: "main.leaf", Name: "main.leaf", Entry: 8, End: 11, Frame: 4, ParamEnd: 1, RetOff: 8, ArgEnd: 8,
			Small: []abi.Small{{Off: 0, Size: 1, Signed: true}}},
	}
	return p
}

func TestImageRoundTrip(t *testing.T) {
	p := sample()
	if err := Verify(p); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	q, err := Read(bytes.NewReader(b.Bytes()), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p, q) {
		t.Errorf("read back:\n%+v\nwant:\n%+v", q, p)
	}
	data := b.Bytes()
	for i := range data {
		damaged := bytes.Clone(data)
		damaged[i] ^= 0x41
		if _, err := Decode(damaged); err == nil {
			t.Fatalf("damage at byte %d was not noticed", i)
		}
	}
	if _, err := Read(bytes.NewReader(data), 10); err == nil {
		t.Error("an image above the limit was read")
	}
}

func TestVerifyFaults(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(p *Program)
		want string
	}{
		{"type size", func(p *Program) { p.Types[1].Size = 17 }, "size 17, pointer bytes 8"},
		{"slot", func(p *Program) { p.Code[1].A = 8 }, "slots [8, 9) in a frame of 8"},
		{"branch out", func(p *Program) { p.Code[5].Imm = -5 * InsBytes }, "branch to 0"},
		{"branch odd", func(p *Program) { p.Code[5].Imm = -7 }, "branch"},
		{"unpolled loop", func(p *Program) { p.Code[5] = Ins{Op: BLTI, C: 10, Imm: -2 * InsBytes} }, "polling false"},
		{"call low", func(p *Program) { p.Code[3].A, p.Code[3].C = 3, 7 }, "call frame at slot 3"},
		{"call C", func(p *Program) { p.Code[3].C = 9 }, "C is 9, want 8"},
		{"call into the middle", func(p *Program) { p.Code[3].Imm += InsBytes }, "no function"},
		{"native", func(p *Program) { p.Code[6].Imm = 1 }, "no such host function"},
		{"type id", func(p *Program) { p.Code[2].Imm = 2 }, "type id 2 of 2"},
		{"address", func(p *Program) { p.Code[4].Imm = 1<<20 + 4096 + 57 }, "outside"},
		{"store to constants", func(p *Program) { p.Code[4] = Ins{Op: STG64, A: 2, Imm: 1 << 20} }, "outside"},
		{"no map", func(p *Program) { p.Funcs[0].Safe[0] = 1 }, "no stack map"},
		{"map beyond frame", func(p *Program) { p.MapPool[0] = 1 << 8 }, "beyond the frame"},
		{"falls off", func(p *Program) { p.Code[7] = Ins{Op: LDI} }, "falls off"},
		{"kind", func(p *Program) { p.Code[1] = Ins{Op: CVT, D: 99} }, "kind 99"},
		{"header", func(p *Program) { p.Code[8].A = 5 }, "FUNC header"},
		{"hole", func(p *Program) { p.Funcs[1].Entry = 9 }, "covers"},
		{"hook", func(p *Program) { p.Hooks["runtime.main"] = 2 }, "hook"},
		{"huge width", func(p *Program) { p.Code[1] = Ins{Op: ZERON, Imm: 1 << 62} }, "slots"},
		{"context late", func(p *Program) { p.Code[4] = Ins{Op: GETCTX, A: 2} }, "not the first"},
	} {
		p := sample()
		c.harm(p)
		err := Verify(p)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestDisassemble(t *testing.T) {
	p := sample()
	var b strings.Builder
	if err := p.Disassemble(&b, &p.Funcs[0]); err != nil {
		t.Fatal(err)
	}
	if err := p.DisassembleMaps(&b, &p.Funcs[0]); err != nil {
		t.Fatal(err)
	}
	want := `func main.main  frame 8  args 0  /src/main.go:3
0001  LDI       r0, 0                          ; main.go:4
0002  NEW       r1, #0, #0, main.T
0003  CALL      @4, #0, #8, main.leaf          ; main.go:5 (main.inl)
0004  LDG64     r2, [0x101000]
0005  LBLTI     r0, #10, 0003
0006  CALLN     @4, #0, #0, go:printnl
0007  RET
map 0002 
map 0003  r1
map 0005  r1
map 0006 
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// TestTable checks the rows against each other.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for op := FUNC; op < NumDefined; op++ {
		in := &Table[op]
		switch {
		case in.Name == "":
			t.Errorf("opcode %d has no row", op)
		case seen[in.Name]:
			t.Errorf("%s twice", in.Name)
		case in.Flags&Poll != 0 && in.Flags&Safe == 0:
			t.Errorf("%s polls without map", in.Name)
		case in.Flags&Barrier != 0 && in.Flags&Safe == 0 && op != MCOPY:
			t.Errorf("%s has a barrier without map", in.Name)
		}
		seen[in.Name] = true
	}
	for _, names := range []struct{ got, want int }{
		{len(fieldNames), Kind64 + 1}, {len(bitsNames), BitsMulHiS + 1}, {len(cvtNames), CvtF32U32 + 1},
		{len(floatNames), FloatSqrt32 + 1}, {len(trapNames), TrapRangeState + 1},
	} {
		if names.got != names.want {
			t.Errorf("list of %d kind names, want %d", names.got, names.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	e := &encoder{}
	e.program(sample())
	f.Add(e.b, uint64(len(sample().Code)))
	f.Fuzz(func(t *testing.T, body []byte, text uint64) {
		p, err := decodePayload(body, text)
		if err != nil {
			return
		}
		if Verify(p) == nil {
			for i := range p.Funcs {
				var b strings.Builder
				p.Disassemble(&b, &p.Funcs[i])
			}
		}
	})
}
