package interp

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/host"
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
	"github.com/terrarium-go/terrarium/internal/stack"
)

// Tracebacks, in Go's format:
//
//	goroutine 1 [running]:
//	main.f(...)
//		/home/u/f.go:12 +0x1d
//	main.main()
//		/home/u/f.go:5 +0x20
//	created by main.g in goroutine 1
//		/home/u/f.go:7 +0x10
//
// A PC as the guest sees it is mem.TextBase + the byte offset of the call's last byte, so that none is
// the code pointer of the function behind. Wrappers and unexported functions of package runtime are left
// out, but runtime.gopanic in the middle is shown as "panic". Inlined calls are
// frames of their own, without an offset.

// most frames of one traceback: so many innermost, so many outermost
const (
	innerFrames = 50
	outerFrames = 50
)

func (m *Machine) pcOf(ins uint32) uint64 {
	return mem.TextBase + uint64(ins+1)*bytecode.InsBytes - 1
}

// physical calls f for each frame of g, newest first, with the instruction it
// stands at.
func (m *Machine) physical(g *sched.G, f func(fn *abi.Func, ins uint32) bool) {
	stack.Walk(m.at, &g.Stack, g.State, func(fr *stack.Frame) bool { return f(fr.Func, fr.Ins) })
}

func (m *Machine) file(i int32) string {
	if i >= 0 && int(i) < len(m.prog.Files) {
		return m.prog.Files[i]
	}
	return "?"
}

// Callers implements host.Frames. A goroutine that has not run yet stands at the entry of its function.
func (m *Machine) Callers(g *sched.G, skip int, pcs []uint64) int {
	n := 0
	add := func(pc uint64) bool {
		if skip > 0 {
			skip--
			return true
		}
		if n == len(pcs) {
			return false
		}
		pcs[n] = pc
		n++
		return true
	}
	all := true
	m.physical(g, func(fn *abi.Func, ins uint32) bool {
		all = m.visiblePCs(fn, ins, add)
		return all
	})
	if fn := m.closure(g.StartFn); g.PC == 0 && fn != nil {
		add(m.pcOf(fn.Entry))
	}
	if all {
		add(m.Hook("runtime.goexit"))
	}
	return n
}

// Allocator implements host.Frames.
func (m *Machine) Allocator(g *sched.G) string {
	if g.PC == 0 {
		return ""
	}
	switch m.prog.Code[m.at.Index(g.PC)].Op {
	case bytecode.NEW:
		return "runtime.newobject"
	case bytecode.MKSLICE:
		return "runtime.makeslice"
	case bytecode.APPENDN, bytecode.APPEND8, bytecode.APPEND64, bytecode.APPENDP:
		return "runtime.growslice"
	}
	return ""
}

// Hook implements host.Frames.
func (m *Machine) Hook(name string) uint64 { return m.pcOf(m.prog.Funcs[m.hooks[name]].Entry) }

// shown is a logical frame as it is printed.
type shown struct {
	host.Frame
	args   bool
	offset uint64 // bytes into the function; 0 for inlined calls
}

// text is what tracebacks are written to, one behind the other.
type text struct {
	bytes.Buffer
	inner, outer []shown // of visible, to be used again
}

// visible lists the frames of g that a traceback prints, those of package runtime among them if all:
// the innermost and the outermost ones, with the number of those between. A stack may be deep and the
// host's memory short, so that no more frames than these are kept at any time.
func (m *Machine) visible(t *text, g *sched.G, all bool) (inner, outer []shown, elided int) {
	inner, outer = t.inner[:0], t.outer[:0]
	n := 0 // frames found; outer is a ring of the last outerFrames of those behind inner
	first := true
	var recent [16]struct { // what a deep recursion comes back to
		fn  *abi.Func
		ins uint32
		fs  []host.Frame
	}
	m.physical(g, func(fn *abi.Func, ins uint32) bool {
		r := &recent[ins%uint32(len(recent))]
		if r.fn != fn || r.ins != ins {
			r.fn, r.ins, r.fs = fn, ins, m.visibleFrames(fn, ins)
		}
		for i, f := range r.fs {
			if f.Func == "runtime.gopanic" && (!first || all) {
				f.Func, f.System = "panic", false
			}
			asked := first && f.Func == "runtime.Stack" // shows what is above it
			first = false
			if f.System && !all || asked {
				continue
			}
			s := shown{Frame: f, args: true}
			if i == len(r.fs)-1 && !f.Inlined {
				s.args = fn.ParamEnd > 0
				s.offset = uint64(ins+1-fn.Entry) * bytecode.InsBytes
			}
			switch {
			case n < innerFrames:
				inner = append(inner, s)
			case len(outer) < outerFrames:
				outer = append(outer, s)
			default:
				outer[(n-innerFrames)%outerFrames] = s
			}
			n++
		}
		return true
	})
	t.inner, t.outer = inner, outer
	if elided = n - len(inner) - len(outer); elided > 0 {
		at := (n - innerFrames) % outerFrames
		outer = slices.Concat(outer[at:], outer[:at])
	}
	return inner, outer, elided
}

func (f *shown) write(b *bytes.Buffer) {
	args := "()"
	if f.args {
		args = "(...)"
	}
	fmt.Fprintf(b, "%s%s\n\t%s:%d", f.Func, args, f.File, f.Line)
	if f.offset > 0 {
		fmt.Fprintf(b, " +%#x", f.offset)
	}
	b.WriteByte('\n')
}

// traceback writes one goroutine.
func (m *Machine) traceback(b *text, g *sched.G, running, known bool) {
	state := g.StateText()
	if running {
		state = "running"
	}
	fmt.Fprintf(b, "goroutine %d [%s", g.ID, state)
	if g.Leaked() {
		b.WriteString(" (leaked)")
	}
	if minutes := m.vm.Sched.WaitingFor(g) / 60e9; minutes >= 1 && !running {
		fmt.Fprintf(b, ", %d minutes", minutes)
	}
	if g.Local[2] != 0 {
		b.WriteString(", locked to thread")
	}
	if id := g.BubbleID(); id != 0 {
		fmt.Fprintf(b, ", synctest bubble %d", id)
	}
	if m.vm.Flags.TracebackLabels {
		m.labels(&b.Buffer, g.Labels)
	}
	b.WriteString("]:\n")
	switch {
	case !known:
		b.WriteString("\t(frames not known: it did not stop at a safepoint)\n")
	case g.PC == 0:
		if fn := m.closure(g.StartFn); fn != nil {
			(&shown{Frame: host.Frame{Func: fn.Name, File: fn.File, Line: int(fn.Line)}}).write(&b.Buffer)
		}
	default:
		level, _ := m.level()
		inner, outer, elided := m.visible(b, g, level > 1)
		if len(inner) == 0 {
			inner, outer, elided = m.visible(b, g, true)
		}
		for i := range inner {
			inner[i].write(&b.Buffer)
		}
		if elided > 0 {
			fmt.Fprintf(b, "...%d frames elided...\n", elided)
		}
		for i := range outer {
			outer[i].write(&b.Buffer)
		}
	}
	m.createdBy(&b.Buffer, g.CreatedBy, g.ParentID)
	if gs, ok := g.Run.(*goroutine); ok {
		for i := range gs.ancestors {
			m.ancestor(&b.Buffer, &gs.ancestors[i])
		}
	}
}

// createdBy writes where a goroutine was started, and by which one unless that is 0.
func (m *Machine) createdBy(b *bytes.Buffer, pc uintptr, parent uint64) {
	if pc == 0 {
		return
	}
	ins := m.index(pc)
	fn := m.prog.FuncAt(ins)
	if fn == nil || system(fn.Name) {
		return
	}
	f := m.innermost(fn, ins)
	fmt.Fprintf(b, "created by %s", f.Func)
	if parent != 0 {
		fmt.Fprintf(b, " in goroutine %d", parent)
	}
	fmt.Fprintf(b, "\n\t%s:%d +%#x\n", f.File, f.Line, uint64(ins+1-fn.Entry)*bytecode.InsBytes)
}

// tracebacks is what follows a report: an empty line and g, then with all every other
// goroutine. g may be nil. The world is stopped. A destroyed stack does not keep
// the rest from being printed.
func (m *Machine) tracebacks(g *sched.G, all, known bool) []byte {
	var b text
	level, others := m.level()
	if level == 0 {
		return nil
	}
	one := func(g *sched.G, running, known bool) {
		defer func() {
			if r := recover(); r != nil {
				fmt.Fprintf(&b, "\t(%v)\n", r)
			}
		}()
		b.WriteByte('\n')
		m.traceback(&b, g, running, known)
	}
	if g != nil {
		one(g, true, known)
	}
	if all || others {
		m.vm.Sched.Goroutines(func(o *sched.G) bool {
			if o != g && o.Shown() {
				one(o, false, true)
			}
			return b.Len() < 1<<20
		})
	}
	return b.Bytes()
}

// Stack implements host.Frames. The text of one goroutine at a time is in the host's memory.
func (m *Machine) Stack(g *sched.G, all bool, buf []byte) int {
	var b text
	n := 0
	one := func(o *sched.G) bool {
		m.traceback(&b, o, o == g, true)
		n += copy(buf[n:], b.Bytes())
		b.Reset()
		return n < len(buf)
	}
	if one(g) && all {
		m.vm.Sched.Goroutines(func(o *sched.G) bool {
			if o == g || !o.Shown() {
				return true
			}
			b.WriteByte('\n')
			return one(o)
		})
	}
	return n
}

// print writes to the guest's standard error.
func (m *Machine) print(b []byte) {
	if w := m.vm.Sys.Stderr; w != nil {
		w.Write(b)
	}
}

// Report prints how the scheduler ended the program; see sched.Config.Report.
func (m *Machine) Report(e sched.Exit) {
	m.print([]byte(e.Before + "fatal error: " + e.Text + "\n"))
	m.print(m.tracebacks(nil, true, true))
}

// fatalPanic() ends the program after an unrecovered panic has been printed.
func fatalPanic(c *host.Call) host.Status {
	w := of(c)
	m := w.m
	s := c.Sched
	s.StopTheWorld(c.P)
	if !s.Exiting() {
		var head string
		if pc := w.gs.signal; pc != 0 {
			head = fmt.Sprintf("[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=%#x]\n", mem.TextBase+uint64(m.index(pc))*bytecode.InsBytes)
		}
		m.print(append([]byte(head), m.tracebacks(w.g, false, true)...))
		s.Exit(sched.Exit{Code: 2, Reason: sched.ExitPanic})
	}
	s.StartTheWorld(c.P)
	w.ended, w.out = true, sched.Exited
	return host.Machine
}
