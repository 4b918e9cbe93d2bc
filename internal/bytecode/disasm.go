package bytecode

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/terrarium-go/terrarium/internal/abi"
)

// Text form
//
// Every instruction is one line:
//
//	0012  ADD       r3, r1, r2                    ; main.go:12
//	0013  LBLTI     r3, #10, 0010                 ; main.go:12
//	0014  CALL      @6, strconv.Itoa              ; main.go:13
//
// The number is the instruction index relative to the function's header. rN is
// slot N, rN+k a run of k slots, #n a number, @N an outgoing area, a bare number
// of four digits a branch target. The position is printed when it differs from
// that of the line before. The operands follow the order A, B, C, D, Imm; fields
// that the opcode's row does not use are printed only when they are not 0, as
// "A=…", so that a wrong encoding is visible.

// Format returns the text of the instruction at index at relative to the header of f.
// p may be nil, then symbols are printed as numbers.
func Format(p *Program, at int, i Ins) string {
	in := &Table[i.Op]
	if in.Name == "" {
		return fmt.Sprintf("op%d?     A=%d B=%d C=%d D=%d Imm=%d", i.Op, i.A, i.B, i.C, i.D, i.Imm)
	}
	var args []string
	add := func(format string, a ...any) { args = append(args, fmt.Sprintf(format, a...)) }
	field := func(name string, o Operand, v uint16) {
		switch o.Role {
		case Out:
			add("@%d", v)
		case Num:
			if in.Flags&Jump != 0 || i.Op == LDIST64 {
				add("#%d", int16(v))
			} else {
				add("#%d", v)
			}
		case None:
			if v != 0 {
				add("%s=%d", name, v)
			}
		default:
			if w := o.width(i); w != 1 {
				add("r%d+%d", v, w)
			} else {
				add("r%d", v)
			}
		}
	}
	field("A", in.A, i.A)
	field("B", in.B, i.B)
	field("C", in.C, i.C)
	if name := kindName(i); name != "" {
		add("%s", name)
	} else if i.D != 0 {
		add("D=%d", i.D)
	}
	switch {
	case in.Flags&Jump != 0:
		add("%04d", int64(at)+i.Imm/InsBytes)
	case i.Op == CALL:
		if f := p.callee(i.Imm); f != nil {
			add("%s", f.Sym)
		} else {
			add("text+%#x", i.Imm)
		}
	case i.Op == CALLN:
		if p != nil && i.Imm >= 0 && i.Imm < int64(len(p.Natives)) {
			add("%s", p.Natives[i.Imm])
		} else {
			add("native %d", i.Imm)
		}
	case in.Flags&TypeImm != 0:
		if p != nil && i.Imm >= 0 && i.Imm < int64(len(p.Types)) {
			add("%s", p.Types[i.Imm].Name)
		} else {
			add("type %d", i.Imm)
		}
	case in.Flags&AddrImm != 0:
		add("[%#x]", i.Imm)
	case i.Op == LDI:
		switch {
		case i.Imm >= -1<<20 && i.Imm <= 1<<20:
			add("%d", i.Imm)
		default:
			s := fmt.Sprintf("%#x", uint64(i.Imm))
			if f := math.Float64frombits(uint64(i.Imm)); math.Abs(f) > 1e-9 && math.Abs(f) < 1e15 {
				s += fmt.Sprintf(" (%g)", f)
			}
			add("%s", s)
		}
	case i.Op == LEAA || i.Op == SLICEARR:
		add("size %d len %d", uint32(i.Imm), i.Imm>>32)
	case i.Op == LD64LD64:
		add("%d, %d", int32(i.Imm), i.Imm>>32)
	case i.Op == LDXFMA:
		add("r%d", i.Imm)
	case i.Imm != 0 || usesImm(i.Op):
		add("%d", i.Imm)
	}
	return strings.TrimRight(fmt.Sprintf("%-9s %s", in.Name, strings.Join(args, ", ")), " ")
}

// usesImm reports whether a zero Imm of op is worth printing.
func usesImm(op Op) bool {
	switch op {
	case ADDI, MULI, ANDI, ORI, XORI, SHLI, SHRI, USHRI, EQI, NEI, LTI, LEI, GTI, GEI, FLD, FST, IDXI:
		return true
	}
	return false
}

func (p *Program) callee(off int64) *abi.Func {
	if p == nil || off < 0 || off%InsBytes != 0 || off/InsBytes >= int64(len(p.Code)) {
		return nil
	}
	if f := p.FuncAt(uint32(off / InsBytes)); f != nil && int64(f.Entry) == off/InsBytes {
		return f
	}
	return nil
}

// The names of the D kinds, by opcode.
var (
	fieldNames = []string{"u8", "s8", "u16", "s16", "u32", "s32", "w64"}
	bitsNames  = []string{"len", "trailing", "ones", "reverse", "bytes", "bytes32", "mul", "rotl", "rotl32",
		"addcarry", "subborrow", "rotl16", "rotl8", "bytes16", "mulhi"}
	cvtNames = []string{"f64→f32", "f32→f64", "i64→f32", "u64→f64", "u64→f32", "f64→u64", "f32→i64",
		"f32→u64", "-f32", "f64→i32", "f64→u32", "f32→i32", "f32→u32"}
	floatNames = []string{"==32", "!=32", "<32", "<=32", "floor", "ceil", "trunc", "roundeven", "copysign",
		"max", "min", "max32", "min32", "sqrt32"}
	trapNames = []string{"", "nil", "index", "slice", "divide", "shift", "makelen", "makecap", "slice2arr",
		"nilmap", "unreachable", "rangestate"}
)

// kindNames is the list of valid D values of an opcode whose D selects an operation, else nil.
func kindNames(op Op) []string {
	switch op {
	case FLD, FST:
		return fieldNames
	case BITS:
		return bitsNames
	case CVT:
		return cvtNames
	case FLOAT:
		return floatNames
	case TRAP:
		return trapNames
	}
	return nil
}

func kindName(i Ins) string {
	if n := kindNames(i.Op); int(i.D) < len(n) {
		return n[i.D]
	}
	return ""
}

// Disassemble writes the text form of one function.
func (p *Program) Disassemble(w io.Writer, f *abi.Func) error {
	_, err := fmt.Fprintf(w, "func %s  frame %d  args %d  %s:%d\n", f.Sym, f.Frame, (f.ArgEnd+7)/8, f.File, f.Line)
	if err != nil {
		return err
	}
	last := ""
	for rel := uint32(1); f.Entry+rel < f.End; rel++ {
		i := p.Code[f.Entry+rel]
		pos := ""
		if l := f.LineAt(rel); l.Line != 0 {
			name := f.File
			if int(l.File) < len(p.Files) && l.File >= 0 {
				name = p.Files[l.File]
			}
			if k := strings.LastIndexByte(name, '/'); k >= 0 {
				name = name[k+1:]
			}
			pos = fmt.Sprintf("; %s:%d", name, l.Line)
			if int(l.Inl) >= 0 && int(l.Inl) < len(f.Inl) {
				pos += " (" + f.Inl[l.Inl].Name + ")"
			}
		}
		text := Format(p, int(rel), i)
		if pos != last && pos != "" {
			text = fmt.Sprintf("%-40s %s", text, pos)
			last = pos
		}
		if _, err := fmt.Fprintf(w, "%04d  %s\n", rel, text); err != nil {
			return err
		}
	}
	return nil
}

// DisassembleMaps writes the stack maps of one function: one line per safepoint with the slots that hold pointers.
func (p *Program) DisassembleMaps(w io.Writer, f *abi.Func) error {
	show := func(label string, off uint32) error {
		var b strings.Builder
		for s := uint32(0); s < f.Frame; s++ {
			if k := uint64(off) + uint64(s/64); k < uint64(len(p.MapPool)) && p.MapPool[k]>>(s%64)&1 != 0 {
				fmt.Fprintf(&b, " r%d", s)
			}
		}
		_, err := fmt.Fprintf(w, "%s %s\n", label, b.String())
		return err
	}
	for k, rel := range f.Safe {
		if err := show(fmt.Sprintf("map %04d", rel), f.Maps[k]); err != nil {
			return err
		}
	}
	if f.Flags&abi.HasDefer != 0 {
		return show("deferred", f.DeferMap)
	}
	return nil
}
