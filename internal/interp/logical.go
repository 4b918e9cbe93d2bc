package interp

import (
	"sort"
	"strings"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/host"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Logical frames
//
// A frame of the machine stands for as many calls of the source as were inlined around its instruction, plus one. The
// guest sees each as a frame with a program counter of its own: what runtime.Callers returns can be cut and skipped
// frame by frame. The innermost has the PC of the instruction. For the others there is no instruction, so they
// get numbers behind the text:
//
//	mem.TextBase                                                  unit: one instruction
//	┌──────────────┬─────────────────────┬─────────────────────┐
//	│ instructions │ places of the calls │ functions inlined   │
//	└──────────────┴─────────────────────┴─────────────────────┘
//	  the text       one per inlined call of the program, each
//
// The inlined calls of all functions are counted through (base of the function + index in abi.Func.Inl). Number
// i of the middle part is the place in the caller where inlined call i was made; number i of the last part
// stands for the function that was inlined, where the guest has a *runtime.Func.

// inlined counts the inlined calls through.
type inlined struct {
	base  []uint32 // per function, the number of its first; one more at the end
	total uint32
}

func countInlined(funcs []abi.Func) inlined {
	n := inlined{base: make([]uint32, len(funcs)+1)}
	for i := range funcs {
		n.base[i] = n.total
		n.total += uint32(len(funcs[i].Inl))
	}
	n.base[len(funcs)] = n.total
	return n
}

// call is inlined call number i.
func (m *Machine) inlinedCall(i uint32) (fn *abi.Func, c *abi.InlCall) {
	k := sort.Search(len(m.prog.Funcs), func(k int) bool { return m.inlined.base[k+1] > i })
	fn = &m.prog.Funcs[k]
	return fn, &fn.Inl[i-m.inlined.base[k]]
}

// baseOf is the number of fn's first inlined call.
func (m *Machine) baseOf(fn *abi.Func) uint32 {
	k := sort.Search(len(m.prog.Funcs), func(k int) bool { return m.prog.Funcs[k].Entry >= fn.Entry })
	return m.inlined.base[k]
}

// expand gives the logical frames at an instruction of fn, innermost first.
func (m *Machine) expand(fn *abi.Func, ins uint32) []host.Frame {
	out := []host.Frame{m.innermost(fn, ins)}
	l := fn.LineAt(ins - fn.Entry)
	if l.Inl < 0 {
		return out
	}
	base := uint32(len(m.code)) + m.baseOf(fn)
	for i := l.Inl; i >= 0 && int(i) < len(fn.Inl); {
		in := &fn.Inl[i]
		out = append(out, m.frame(fn, in.Parent, m.pcOf(base+uint32(i)), m.file(in.File), in.Line))
		i = in.Parent
	}
	return out
}

// innermost is the first of these frames.
func (m *Machine) innermost(fn *abi.Func, ins uint32) host.Frame {
	l := fn.LineAt(ins - fn.Entry)
	if len(fn.Lines) == 0 || ins-fn.Entry < fn.Lines[0].Start {
		return m.frame(fn, -1, m.pcOf(ins), fn.File, l.Line)
	}
	return m.frame(fn, l.Inl, m.pcOf(ins), m.file(l.File), l.Line)
}

// frame is a logical frame in fn: inlined call inl, or fn itself.
func (m *Machine) frame(fn *abi.Func, inl int32, pc uint64, file string, line int32) host.Frame {
	f := host.Frame{PC: pc, Func: fn.Name, File: file, Line: int(line), StartLine: int(fn.Line), Entry: m.codePointer(fn)}
	if inl >= 0 && int(inl) < len(fn.Inl) {
		f.Func, f.StartLine, f.Inlined = fn.Inl[inl].Name, int(fn.Inl[inl].Start), true
	}
	f.System = system(f.Func)
	return f
}

// hidden reports whether fn is a wrapper whose frame is not shown: one that panics itself (defer panic(x)) is.
func (m *Machine) hidden(fn *abi.Func, ins uint32) bool {
	return fn.Flags&abi.Wrapper != 0 && !m.panics(ins)
}

// panics reports whether an instruction is a panic of the program.
func (m *Machine) panics(ins uint32) bool {
	in := &m.prog.Code[ins]
	return in.Op == bytecode.CALL && in.Imm == int64(m.prog.Funcs[m.hooks["runtime.gopanic"]].Entry)*bytecode.InsBytes
}

// visibleFrames is expand without the frame of a wrapper.
func (m *Machine) visibleFrames(fn *abi.Func, ins uint32) []host.Frame {
	hidden := m.hidden(fn, ins)
	if hidden && fn.LineAt(ins-fn.Entry).Inl < 0 {
		return nil
	}
	fs := m.expand(fn, ins)
	if hidden {
		fs = fs[:len(fs)-1]
	}
	return fs
}

// visiblePCs calls f for the program counters of visibleFrames until it says false, and reports whether it never did. Nothing
// is allocated: profiles ask at every event.
func (m *Machine) visiblePCs(fn *abi.Func, ins uint32, f func(pc uint64) bool) bool {
	i, hidden := fn.LineAt(ins-fn.Entry).Inl, m.hidden(fn, ins)
	if i < 0 && hidden {
		return true
	}
	return f(m.pcOf(ins)) && m.outerPCs(fn, i, hidden, f)
}

// outerPCs calls f likewise for the logical frames around inlined call i of fn, which is hidden or not.
func (m *Machine) outerPCs(fn *abi.Func, i int32, hidden bool, f func(pc uint64) bool) bool {
	if i < 0 {
		return true
	}
	base := uint32(len(m.code)) + m.baseOf(fn)
	for i >= 0 && int(i) < len(fn.Inl) {
		parent := fn.Inl[i].Parent
		if parent < 0 && hidden {
			break
		}
		if !f(m.pcOf(base + uint32(i))) {
			return false
		}
		i = parent
	}
	return true
}

// system reports whether a function is left out of tracebacks: package runtime's
// own, exported ones excepted.
func system(name string) bool {
	rest, ok := strings.CutPrefix(name, "runtime.")
	if !ok || rest == "runFinalizers" || rest == "runCleanups" { // say what a goroutine of the machine is about
		return false
	}
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "("), "*")
	return rest == "" || rest[0] < 'A' || rest[0] > 'Z'
}

// Symbolize implements host.Frames.
func (m *Machine) Symbolize(pc uint64) (host.Frame, bool) {
	off := pc - mem.TextBase
	if off == 0 {
		return host.Frame{}, false
	}
	n := (off - 1) / bytecode.InsBytes
	if fn := m.target(pc); fn != nil {
		n = uint64(fn.Entry)
	}
	if text := uint64(len(m.code)); n >= text {
		if n -= text; n >= uint64(m.inlined.total) {
			return host.Frame{}, false
		}
		fn, c := m.inlinedCall(uint32(n))
		return m.frame(fn, c.Parent, pc, m.file(c.File), c.Line), true
	}
	fn := m.prog.FuncAt(uint32(n))
	if fn == nil {
		return host.Frame{}, false
	}
	f := m.innermost(fn, uint32(n))
	f.Col = m.prog.ColumnAt(uint32(n))
	return f, true
}

// Around implements host.Frames.
func (m *Machine) Around(pc uint64, pcs []uint64) int {
	f, ok := m.Symbolize(pc)
	if !ok || !f.Inlined {
		return 0
	}
	fn := m.target(f.Entry)
	n := 0
	m.outerPCs(fn, m.inlOf(fn, pc), fn.Flags&abi.Wrapper != 0, func(pc uint64) bool {
		if n == len(pcs) {
			return false
		}
		pcs[n] = pc
		n++
		return true
	})
	return n
}

// FuncForPC implements host.Frames. A code pointer is its own function's.
func (m *Machine) FuncForPC(pc uint64) (host.Frame, bool) {
	if fn := m.target(pc); fn != nil {
		f := m.frame(fn, -1, m.pcOf(fn.Entry), fn.File, fn.Line)
		f.Handle = f.Entry
		return f, true
	}
	first := uint64(len(m.code)) + uint64(m.inlined.total)
	if off := pc - mem.TextBase; off%bytecode.InsBytes == 0 && off/bytecode.InsBytes >= first && off/bytecode.InsBytes-first < uint64(m.inlined.total) {
		fn, c := m.inlinedCall(uint32(off/bytecode.InsBytes - first))
		f := host.Frame{Func: c.Name, File: m.file(c.Callee), Line: int(c.Start), StartLine: int(c.Start), Entry: m.codePointer(fn), Handle: pc, Inlined: true}
		return f, true
	}
	f, ok := m.Symbolize(pc)
	if !ok {
		return f, false
	}
	f.Handle = f.Entry
	if f.Inlined {
		fn := m.target(f.Entry)
		f.Handle = mem.TextBase + (first+uint64(m.baseOf(fn))+uint64(m.inlOf(fn, pc)))*bytecode.InsBytes
	} else if fn := m.target(f.Entry); fn != nil && fn.File != "" {
		f.File = fn.File
	}
	f.Line = f.StartLine
	return f, true
}

// inlOf is the inlined call that the innermost logical frame at pc is in.
func (m *Machine) inlOf(fn *abi.Func, pc uint64) int32 {
	n := (pc - mem.TextBase - 1) / bytecode.InsBytes
	if text := uint64(len(m.code)); n >= text {
		_, c := m.inlinedCall(uint32(n - text))
		return c.Parent
	}
	return fn.LineAt(uint32(n) - fn.Entry).Inl
}
