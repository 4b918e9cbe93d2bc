package bytecode

import (
	"errors"
	"fmt"
	"runtime"
	"sort"
	"sync"

	"github.com/terrarium-go/terrarium/internal/abi"
)

// Verification
//
// The loop of the interpreter trusts the operands of an instruction: a slot number
// is added to the frame pointer and used, a branch distance to the program counter.
// Verify is what that trust rests on. A program that it accepts cannot leave its
// frames, its text or its tables by any operand; what instructions read from guest
// memory stays untrusted and is checked where it is used.
//
// What holds afterwards:
//
//	text      Funcs cover Code without gap or overlap; Code[f.Entry] is its FUNC header and the only one in f
//	flow      a branch ends inside its function, never on the header; a branch without poll goes forward,
//	          one with poll backward; the last instruction of a function never falls through
//	slots     every run of slots that an operand names lies in [0, f.Frame)
//	calls     A >= 4, A + argument slots of the callee <= f.Frame, C = A + frame of the callee (0 when that
//	          does not fit); Imm is the byte offset of a FUNC header
//	numbers   type ids, native numbers, file numbers, hook indexes and D kinds are inside their tables;
//	          shift counts are 0..63, constant divisors are not 0
//	maps      Safe ascends; each opcode marked Safe has a map; maps lie in MapPool and name no slot >= f.Frame
//	data      addresses in AddrImm instructions lie in the image, stores in its writable part

// MinCall is the least advance of the frame pointer in a call, in slots. A guest stack of n bytes therefore holds at
// most n/32 frames, which bounds the host-side control stack.
const MinCall = 4

// Verify checks p and returns an error that lists the first faults (at most 20), or nil.
// Functions are checked on all processors, for a start waits for it.
func Verify(p *Program) error {
	tables := &verifier{p: p}
	tables.tables()
	if len(tables.errs) > 0 { // the functions are checked against the tables
		return errors.Join(tables.errs...)
	}
	parts := max(1, min(runtime.GOMAXPROCS(0), len(p.Code)/partSize))
	found := make([]verifier, parts)
	var wg sync.WaitGroup
	for k := range found {
		found[k].p = p
		from, to := funcAt(p, k, parts), funcAt(p, k+1, parts)
		check := func() {
			for i := from; i < to && len(found[k].errs) < maxFaults; i++ {
				found[k].function(i)
			}
		}
		if k == parts-1 {
			check()
		} else {
			wg.Go(check)
		}
	}
	wg.Wait()
	var errs []error
	for _, v := range found {
		errs = append(errs, v.errs...)
	}
	return errors.Join(errs[:min(len(errs), maxFaults)]...)
}

// partSize is the least number of instructions worth a goroutine.
const partSize = 4096

// funcAt is the first function of part k of parts, which are equal in instructions.
func funcAt(p *Program, k, parts int) int {
	at := uint32(uint64(len(p.Code)) * uint64(k) / uint64(parts))
	return sort.Search(len(p.Funcs), func(i int) bool { return p.Funcs[i].Entry >= at })
}

const maxFaults = 20

type verifier struct {
	p    *Program
	errs []error
	f    *abi.Func
	rel  int
}

func (v *verifier) fault(format string, args ...any) {
	if len(v.errs) >= maxFaults {
		return
	}
	msg := fmt.Sprintf(format, args...)
	if v.f != nil {
		at := ""
		if v.rel > 0 {
			at = fmt.Sprintf("+%d: %s", v.rel, Format(v.p, v.rel, v.p.Code[int(v.f.Entry)+v.rel]))
		}
		msg = fmt.Sprintf("%s%s: %s", v.f.Sym, at, msg)
	}
	v.errs = append(v.errs, errors.New("bytecode: "+msg))
}

// tables checks what does not belong to one function.
func (v *verifier) tables() {
	p := v.p
	next := uint32(0)
	for i := range p.Funcs {
		f := &p.Funcs[i]
		if f.Entry != next || f.End < f.Entry+2 || int64(f.End) > int64(len(p.Code)) {
			v.fault("function %d (%s) covers [%d, %d), want a start at %d and an end within %d instructions", i, f.Sym, f.Entry, f.End, next, len(p.Code))
			return
		}
		next = f.End
		if h := p.Code[f.Entry]; h.Op != FUNC || h.Imm != int64(i) {
			v.fault("function %d (%s) has no FUNC header at %d", i, f.Sym, f.Entry)
		}
	}
	if int(next) != len(p.Code) {
		v.fault("functions end at instruction %d, the text at %d", next, len(p.Code))
	}
	for name, i := range p.Hooks {
		if i < 0 || int(i) >= len(p.Funcs) {
			v.fault("hook %s is function %d of %d", name, i, len(p.Funcs))
		}
	}
	for i := range p.Types {
		t := &p.Types[i]
		if i == 0 {
			continue
		}
		if t.PtrBytes > t.Size || t.PtrBytes%8 != 0 || t.PtrBytes > 0 && t.Size%8 != 0 || uint64(len(t.Mask)) != (t.PtrBytes/8+63)/64 {
			v.fault("type id %d (%s): size %d, pointer bytes %d, %d mask words", i, t.Name, t.Size, t.PtrBytes, len(t.Mask))
		}
	}
	for a, id := range p.TypeIDs {
		if int64(id) >= int64(len(p.Types)) {
			v.fault("type descriptor %#x has type id %d of %d", a, id, len(p.Types))
		}
	}
	ro, rw := uint64(len(p.RO)), uint64(len(p.RW))
	const most = 1 << 32
	if p.ROBase%8 != 0 || p.RWBase%8 != 0 || p.ROBase >= most || p.RWBase >= most || p.BSS >= most || p.ROBase+ro > p.RWBase {
		v.fault("data image: RO %#x+%d, RW %#x+%d, BSS %d", p.ROBase, ro, p.RWBase, rw, p.BSS)
	} else if words := (rw + p.BSS + 7) / 8; uint64(len(p.RWPtrs)) != (words+63)/64 {
		v.fault("data image: %d words of pointer bits for %d words", len(p.RWPtrs), words)
	}
	if p.TypesBase > p.TypesEnd || p.TypesEnd > p.ROBase+ro || p.TypesBase < p.ROBase && p.TypesEnd != p.TypesBase {
		v.fault("type descriptors [%#x, %#x) are not in the read-only data", p.TypesBase, p.TypesEnd)
	}
}

func (v *verifier) function(n int) {
	p := v.p
	f := &p.Funcs[n]
	v.f, v.rel = f, 0
	args := argSlots(f)
	h := p.Code[f.Entry]
	if f.Frame < args || f.RetOff < f.ParamEnd || f.ArgEnd < f.RetOff || f.RetOff%8 != 0 && f.RetOff != f.ArgEnd {
		v.fault("frame of %d slots, parameters to %d, results %d to %d", f.Frame, f.ParamEnd, f.RetOff, f.ArgEnd)
	}
	if h.A != fit16(f.Frame) || h.B != fit16(args) || h.C != 0 || h.D != 0 {
		v.fault("FUNC header says frame %d, arguments %d; the table says %d and %d", h.A, h.B, f.Frame, args)
	}
	v.maps(f)
	if f.Flags&abi.HasDefer != 0 {
		if d := f.DeferReturn; d == 0 || uint64(f.Entry)+uint64(d) >= uint64(f.End) || p.Code[f.Entry+d].Op != RUNDEFERS {
			v.fault("DeferReturn %d is no RUNDEFERS", d)
		}
	} else if f.DeferReturn != 0 {
		v.fault("DeferReturn %d in a function without defers", f.DeferReturn)
	}
	last := uint64(0) // end of the objects so far, bytes
	for _, o := range f.Objects {
		if at := uint64(o.Slot) * 8; at < last || o.Size > uint64(f.Frame)*8-min(at, uint64(f.Frame)*8) || int64(o.Type) >= int64(len(p.Types)) || p.Types[o.Type].PtrBytes == 0 {
			v.fault("stack object at slot %d, %d bytes, type id %d", o.Slot, o.Size, o.Type)
		}
		last = uint64(o.Slot)*8 + o.Size
	}
	start := uint32(0)
	for i, l := range f.Lines {
		if i > 0 && l.Start <= start || l.File < 0 || int(l.File) >= len(p.Files) || l.Inl < -1 || int(l.Inl) >= len(f.Inl) {
			v.fault("line entry %d: start %d, file %d, inlined call %d", i, l.Start, l.File, l.Inl)
		}
		start = l.Start
	}
	for i, c := range f.Inl {
		if c.Parent < -1 || int(c.Parent) >= i || c.File < 0 || int(c.File) >= len(p.Files) || c.Callee < 0 || int(c.Callee) >= len(p.Files) {
			v.fault("inlined call %d: parent %d, file %d", i, c.Parent, c.File)
		}
	}
	end := int(f.End - f.Entry)
	si := 0
	for v.rel = 1; v.rel < end && len(v.errs) < maxFaults; v.rel++ {
		i := p.Code[int(f.Entry)+v.rel]
		v.ins(f, i, end)
		for si < len(f.Safe) && int(f.Safe[si]) < v.rel {
			si++
		}
		if Table[i.Op].Flags&Safe != 0 && (si == len(f.Safe) || int(f.Safe[si]) != v.rel) {
			v.fault("no stack map")
		}
	}
	if v.rel = end - 1; len(v.errs) == 0 && Table[p.Code[f.End-1].Op].Flags&End == 0 {
		v.fault("control falls off the end")
	}
	v.f, v.rel = nil, 0
}

func (v *verifier) maps(f *abi.Func) {
	words := uint64(abi.MapWords(f.Frame))
	pool := func(off uint32, what string, at uint32) {
		if uint64(off)+words > uint64(len(v.p.MapPool)) {
			v.fault("the map of %s %d lies outside the map pool", what, at)
		} else if r := f.Frame % 64; r != 0 && v.p.MapPool[uint64(off)+words-1]>>r != 0 {
			v.fault("the map of %s %d names a slot beyond the frame", what, at)
		}
	}
	if len(f.Safe) != len(f.Maps) {
		v.fault("%d safepoints, %d maps", len(f.Safe), len(f.Maps))
		return
	}
	for i, s := range f.Safe {
		if s == 0 || s >= f.End-f.Entry || i > 0 && s <= f.Safe[i-1] {
			v.fault("safepoint %d out of order or range", s)
		}
		pool(f.Maps[i], "safepoint", s)
	}
	if f.Flags&abi.HasDefer != 0 {
		pool(f.DeferMap, "DeferReturn", f.DeferReturn)
	}
	params := int((f.ParamEnd + 7) / 8)
	for w, bits := range f.ArgMap {
		if w > params/64 || w == params/64 && bits>>(params%64) != 0 {
			v.fault("ArgMap names a slot beyond the %d of the parameters", params)
		}
	}
	for _, s := range f.Small {
		if uint64(s.Off)+8 > uint64(argSlots(f))*8 || s.Size != 1 && s.Size != 2 && s.Size != 4 {
			v.fault("small parameter at %d, %d bytes", s.Off, s.Size)
		}
	}
}

// ins checks one instruction; end is the number of instructions of the function, header included.
func (v *verifier) ins(f *abi.Func, i Ins, end int) {
	in := &Table[i.Op]
	if in.Name == "" || i.Op == FUNC {
		v.fault("opcode %d inside a function", i.Op)
		return
	}
	i.Operands(func(o Operand, slot, width int) {
		if width < 0 || width > int(f.Frame) || slot+width > int(f.Frame) {
			v.fault("slots [%d, %d) in a frame of %d", slot, slot+width, f.Frame)
		}
	})
	if in.A.Role == None && i.A != 0 || in.B.Role == None && i.B != 0 || in.C.Role == None && i.C != 0 {
		v.fault("an unused field is not 0")
	}
	if names := kindNames(i.Op); names != nil && (int(i.D) >= len(names) || names[i.D] == "") {
		v.fault("kind %d", i.D)
	}
	if in.Flags&Jump != 0 {
		to := int64(v.rel) + i.Imm/InsBytes
		if i.Imm%InsBytes != 0 || to < 1 || to >= int64(end) {
			v.fault("branch to %d of %d", to, end)
		}
		if poll := in.Flags&Poll != 0; poll != (i.Imm <= 0) {
			v.fault("branch by %d bytes, polling %v", i.Imm, poll)
		}
	}
	if in.Flags&TypeImm != 0 && (i.Imm < 1 || i.Imm >= int64(len(v.p.Types))) {
		v.fault("type id %d of %d", i.Imm, len(v.p.Types))
		return
	}
	if in.Flags&AddrImm != 0 {
		v.address(i, in)
	}
	v.special(f, i, end)
}

func (v *verifier) address(i Ins, in *Info) {
	p := v.p
	lo, hi := p.ROBase, p.RWBase+uint64(len(p.RW))+p.BSS
	if in.A.Role == Use {
		lo = p.RWBase
	}
	if a := uint64(i.Imm); a < lo || a > hi || hi-a < uint64(in.A.Width)*8 {
		v.fault("address %#x outside [%#x, %#x)", a, lo, hi)
	}
}

// special checks the rules that single opcodes have beyond their rows.
func (v *verifier) special(f *abi.Func, i Ins, end int) {
	p := v.p
	if (i.Op == CALL || i.Op == CALLC || i.Op == CALLI || i.Op == RUNDEFERS) && (i.A < MinCall || uint32(i.A) > f.Frame) {
		v.fault("call frame at slot %d, frame of %d", i.A, f.Frame)
	}
	need := func(ok bool, what string) {
		if !ok {
			v.fault("%s", what)
		}
	}
	switch i.Op {
	case CALL:
		c := p.callee(i.Imm)
		if c == nil {
			v.fault("no function at text offset %#x", i.Imm)
			return
		}
		if i.C != fit16(uint32(i.A)+c.Frame) {
			v.fault("C is %d, want %d", i.C, fit16(uint32(i.A)+c.Frame))
		}
		need(uint32(i.A)+argSlots(c) <= f.Frame, "the arguments do not fit the frame")
	case CALLI:
		need(uint32(i.A) < f.Frame, "the receiver does not fit the frame")
	case CALLN:
		need(i.Imm >= 0 && i.Imm < int64(len(p.Natives)), "no such host function")
		need(i.B <= i.C && uint32(i.A)+uint32(i.C) <= f.Frame, "the argument area does not fit the frame")
	case RUNDEFERS:
		need(f.Flags&abi.HasDefer != 0 && int(f.DeferReturn) == v.rel, "RUNDEFERS away from DeferReturn")
	case GETCTX:
		need(v.rel == 1, "GETCTX is not the first instruction")
	case FLD, FST:
		size := int64(1) << (i.D / 2)
		need(i.Imm >= 0 && i.Imm+size <= int64(i.C)*8, "the field lies outside its aggregate")
	case LEAF:
		need(uint32(i.B) < f.Frame && i.Imm >= 0 && i.Imm <= int64(f.Frame-uint32(i.B))*8, "the address lies outside the frame")
	case LDF64, STF64:
		need(i.Imm > 0, "an array without elements")
	case MOVN, ZERON:
		need(i.Imm > 0, "no slots")
	case SHLI, SHRI, USHRI, SHLIU32, ROTLI:
		need(i.Imm >= 0 && i.Imm < 64, "shift count")
	case ROTLI32:
		need(i.Imm >= 0 && i.Imm < 32, "shift count")
	case DIVI, REMI, UDIVI, UREMI:
		need(i.Imm != 0, "division by the constant 0")
	case LDN, STN:
		need(i.C > 0 && i.D < 8, "bytes of the last word")
	case STPN:
		need(i.C > 0 && i.C <= 8 && int(i.D) < 1<<i.C, "pointer bits")
	case MCOPY:
		need(i.Imm >= 0 && i.D <= 2, "size or kind")
		need(i.D != 1 || i.C != 0 && int(i.C) < len(p.Types), "type id")
		need(i.D != 2 || uint32(i.C) < f.Frame, "slot of the type id")
	case MZERO:
		need(i.Imm >= 0 && i.D <= 1, "size or kind")
	case IDXI, LEAX, SLICE2ARR:
		need(i.Imm >= 0, "negative size or bound")
	case LEAA, SLICEARR:
		need(i.Imm >= 0, "negative bound")
		need(i.Op == LEAA || i.D == 2 || i.D == 3, "number of indexes")
	case SLICE:
		need(i.Imm >= 0 && (i.D == 2 || i.D == 3), "element size or number of indexes")
	case APPEND8:
		need(p.Types[i.Imm].Size == 1, "element size")
	case APPEND64:
		need(p.Types[i.Imm].Size == 8 && p.Types[i.Imm].PtrBytes == 0, "element type")
	case APPENDP:
		need(p.Types[i.Imm].Size == 8 && p.Types[i.Imm].PtrBytes == 8, "element type")
	case LDXFMA:
		need(i.Imm >= 0 && i.Imm < int64(f.Frame), "slot in Imm")
	case DEFER:
		need(f.Flags&abi.HasDefer != 0 || i.D == 1, "DEFER in a function without defers")
		need(i.D <= 1 && (i.D == 0 || uint32(i.B) < f.Frame), "token slot")
	case SWITCH:
		need(v.rel+1+int(i.C) < end, "the jump table leaves the function")
		for k := 1; k <= int(i.C) && v.rel+k < end; k++ {
			need(p.Code[int(f.Entry)+v.rel+k].Op == JMP, "the jump table holds something else than JMP")
		}
	}
}

// argSlots is the number of slots of parameters and results.
func argSlots(f *abi.Func) uint32 { return (f.ArgEnd + 7) / 8 }

// fit16 is n, or 0 where n does not fit a field of 16 bits.
func fit16(n uint32) uint16 {
	if n > 65535 {
		return 0
	}
	return uint16(n)
}
