package interp

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/debug"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/host"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Loading
//
// The loop wants instructions that need no further look-up, so it runs a copy of
// the program's text with these fields changed; indexes stay the same.
//
//	branches   Imm is the distance to 16 bytes before the target: the loop always adds 16
//	CALL       Imm is the distance to the FUNC header; behind it lies the first instruction
//	NEW        C is the span class of the type
//	D          is shifted left by one bit; its highest bit is lost (STPN, which looks it up in the program)
//	Op         with the lowest bit of the byte of D above it is the number of the instruction's case:
//
//	            15              9 8 7             0
//	           +-----------------+-+---------------+
//	           |        D        |    case number  |
//	           +-----------------+-+---------------+
//
//	           0 … 255     the opcode
//	           256, 257    none: the byte Op of a FUNC is that of no other case
//	           258 …       sequences: two to four instructions that the loop executes as one. The first has the
//	                       number; the others stay as they are, for jumps to them
//	           …           calls of host functions that the loop has inline
//	           511         farCall: a CALL with C=0, whose frame is too large for C, is made outside the loop
//
// Outside the loop the first byte still tells what the instruction was (worker.ins).
//
// The image is written to its guest addresses and its read-only part sealed.

// firstOf is the opcode of the instructions that have a case number from 256 on, by number - 256. startsWith[a][b] says
// where in starts the sequences are that begin with a, b: the longest first, 0 for none.
var (
	firstOf    [256]bytecode.Op
	startsWith [256][256]uint8
	starts     [][]sequence
)

// sequence is a run of instructions with a case of its own in the loop.
type sequence struct {
	rest   []bytecode.Op // behind the first two
	number uint16        // of the case
}

// farCall is the number of a case that the loop does not have.
const farCall = 511

func init() {
	starts = make([][]sequence, 1, len(sequences)+1)
	for i, of := range sequences {
		firstOf[firstCase+i-256] = of[0]
		k := &startsWith[of[0]][of[1]]
		if *k == 0 {
			*k = uint8(len(starts))
			starts = append(starts, nil)
		}
		starts[*k] = append(starts[*k], sequence{of[2:], uint16(firstCase + i)})
	}
	for _, n := range inLoop {
		firstOf[n.number-256] = bytecode.CALLN
	}
	firstOf[farCall-256] = bytecode.CALL
	for _, list := range starts {
		slices.SortStableFunc(list, func(a, b sequence) int { return len(b.rest) - len(a.rest) })
	}
}

// number is the case number of the first instruction of code: that of the longest sequence, or its opcode.
// All of code is as the program has it.
func number(code []bytecode.Ins) uint16 {
	own := uint16(code[0].Op)
	if len(code) < 2 {
		return own
	}
	k := startsWith[code[0].Op][code[1].Op]
	if k == 0 || far(&code[1]) {
		return own
	}
next:
	for _, s := range starts[k] {
		if len(s.rest)+2 > len(code) {
			continue
		}
		for i, op := range s.rest {
			if in := &code[i+2]; in.Op != op || far(in) {
				continue next
			}
		}
		return s.number
	}
	return own
}

// far says that an instruction is a call that is made outside the loop, because the frame is too large for C.
func far(in *bytecode.Ins) bool { return in.Op == bytecode.CALL && in.C == 0 }

// setCase gives an instruction of the loop's text a case number.
func setCase(in *bytecode.Ins, n uint16, d uint8) {
	in.Op, in.D = bytecode.Op(n), d<<1|uint8(n>>8)
}

// caseOf is the number of an instruction of the loop's text.
func caseOf(in *bytecode.Ins) uint16 { return uint16(in.D&1)<<8 | uint16(in.Op) }

// The places that the program format and the address space both name.
var (
	_ = [1]int{}[abi.DataBase-mem.DataBase]
	_ = [1]int{}[abi.DataEnd-mem.DataEnd]
	_ = [1]int{}[abi.TextBase-mem.TextBase]
)

// LoadImage commits the program's image in the space and fills it. The error is
// the limit's or the host's refusal, or an image that does not fit.
func LoadImage(space *mem.Space, p *bytecode.Program) error {
	page := space.OSPage()
	ro, rw := uint64(len(p.RO)), uint64(len(p.RW))+p.BSS
	if p.ROBase%page != 0 || p.RWBase%page != 0 {
		return fmt.Errorf("image parts at %#x and %#x do not start OS pages of %d bytes", p.ROBase, p.RWBase, page)
	}
	if ro > 0 && (p.ROBase < mem.DataBase || p.ROBase+ro > p.RWBase && rw > 0) || p.RWBase+rw > mem.DataEnd || uint64(len(p.RW)) > rw {
		return fmt.Errorf("image [%#x, +%#x), [%#x, +%#x) does not fit its place", p.ROBase, ro, p.RWBase, rw)
	}
	for _, part := range []struct {
		base, n uint64
		bytes   []byte
		seal    bool
	}{{p.ROBase, ro, p.RO, true}, {p.RWBase, rw, p.RW, false}} {
		if part.n == 0 {
			continue
		}
		if !space.Commit(part.base, part.n, mem.KindData) {
			return fmt.Errorf("%w: globals and constants of the program, %d bytes", mem.ErrLimit, ro+rw)
		}
		if b, ok := space.Bytes(part.base, uint64(len(part.bytes))); ok {
			mem.Populate(b)
			copy(b, part.bytes)
		}
		if part.seal {
			if err := space.Seal(part.base, part.n); err != nil {
				return fmt.Errorf("sealing the image: %w", err)
			}
		}
	}
	return nil
}

// Config says how a machine runs.
type Config struct {
	Flags         debug.Flags
	Deterministic bool  // preempt by count, not by time
	Quantum       int64 // calls and back-branches of a time slice in deterministic runs; 0: 20000
	Steps         int64 // the program may make so many calls and back-branches; 0: no limit
}

// New makes a machine for a program whose types are registered with heap h
// under their own ids. The rest of vm is filled in by the caller before Bind.
func New(prog *bytecode.Program, space *mem.Space, h *heap.Heap, cfg Config) (*Machine, error) {
	if len(prog.Code) == 0 || len(prog.Funcs) == 0 {
		return nil, errors.New("the program has no code")
	}
	m := &Machine{prog: prog, quantum: cfg.Quantum, hooks: map[string]uint32{}, inlined: countInlined(prog.Funcs)}
	m.metered = cfg.Deterministic || cfg.Steps > 0 || cfg.Flags.Yield || cfg.Flags.MoveStack || cfg.Flags.Pairs > 0
	m.counting = cfg.Flags.Pairs
	switch {
	case cfg.Flags.Yield || cfg.Flags.MoveStack:
		m.quantum = 1
	case !cfg.Deterministic:
		m.quantum = math.MaxInt64
	case m.quantum <= 0:
		m.quantum = 20000
	}
	m.budget.Store(math.MaxInt64)
	if cfg.Steps > 0 {
		m.budget.Store(cfg.Steps)
	}
	for _, name := range abi.Hooks {
		i, ok := prog.Hooks[name]
		if !ok || i < 0 || int(i) >= len(prog.Funcs) {
			return nil, fmt.Errorf("the program lacks %s", name)
		}
		m.hooks[name] = uint32(i)
	}
	if !space.Charge(int64(len(prog.Code)*bytecode.InsBytes), mem.KindCode) {
		return nil, fmt.Errorf("%w: code of the program, %d bytes", mem.ErrLimit, len(prog.Code)*bytecode.InsBytes)
	}
	if err := m.patch(); err != nil {
		return nil, err
	}
	for _, sym := range prog.Natives {
		fn, ok := host.Lookup(sym)
		if !ok {
			m.missing = append(m.missing, sym)
			fn = host.Missing(sym)
		}
		n := native{sym: sym, fn: fn, raw: sym == "reflect.makeFuncStub" || sym == "reflect.methodValueCall"}
		switch {
		case strings.HasSuffix(sym, "procPin"):
			n.pin = 1
		case strings.HasSuffix(sym, "procUnpin"):
			n.pin = -1
		}
		m.natives = append(m.natives, n)
	}
	return m, nil
}

// Code is the instructions that PCs point into.
func (m *Machine) Code() []bytecode.Ins { return m.code }

// Missing lists the host functions that the program names and nothing provides;
// calling one is a guest-fatal error.
func (m *Machine) Missing() []string { return m.missing }

// Bind completes the machine when the scheduler exists.
func (m *Machine) Bind(vm *host.VM) {
	m.vm = vm
	m.at = vm.Sched.Code()
	vm.Machine = m
}

func (m *Machine) codePointer(f *abi.Func) uint64 {
	return mem.TextBase + uint64(f.Entry)*bytecode.InsBytes
}

// patch makes the loop's copy of the text.
func (m *Machine) patch() error {
	code := make([]bytecode.Ins, len(m.prog.Code)+1)
	mem.Populate(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(code))), len(code)*bytecode.InsBytes))
	copy(code, m.prog.Code)
	code = code[:len(m.prog.Code)]
	for i := range code {
		in := &code[i]
		n, d := uint16(in.Op), in.D
		if m.counting != 1 {
			n = number(m.prog.Code[i:])
		}
		switch {
		case bytecode.Table[in.Op].Flags&bytecode.Jump != 0:
			in.Imm -= bytecode.InsBytes
		case in.Op == bytecode.CALL:
			in.Imm -= int64(i) * bytecode.InsBytes
			if far(in) {
				n = farCall
			}
		case in.Op == bytecode.CALLN:
			if in.Imm < 0 || in.Imm >= int64(len(m.prog.Natives)) {
				return fmt.Errorf("instruction %d: host function %d of %d", i, in.Imm, len(m.prog.Natives))
			}
			if k, ok := inLoop[m.prog.Natives[in.Imm]]; ok && in.C >= k.slots && m.counting != 1 {
				n, d = k.number, k.d
			}
		case in.Op == bytecode.NEW:
			in.C = 0
			if in.Imm < 0 || in.Imm >= int64(len(m.prog.Types)) {
				return fmt.Errorf("instruction %d: type id %d of %d", i, in.Imm, len(m.prog.Types))
			}
			t := &m.prog.Types[in.Imm]
			noscan := t.PtrBytes == 0
			if c, ok := heap.ClassFor(t.Size, noscan); ok && !(noscan && t.Size < 16) {
				in.C = uint16(c)
			}
		}
		setCase(in, n, d)
	}
	m.code = code
	if uintptr(unsafe.Pointer(unsafe.SliceData(code)))>>47 != 0 {
		return errors.New("BUG: the host placed code above 2^47")
	}
	return nil
}
