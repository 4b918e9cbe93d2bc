package interp

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/terrarium-go/terrarium/internal/host"
	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
)

// How much a traceback shows
//
// GOTRACEBACK in the guest's environment and debug.SetTraceback choose it; the latter cannot go below the former.
//
//	none    0, this goroutine     no traceback
//	single  1, this goroutine     the frames of the program
//	all     1, all goroutines
//	system  2, all goroutines     also frames of package runtime, and its goroutines
//	crash   as system; there is no core to dump
//	n       n, all goroutines
//
// Ancestors
//
// With the flag tracebackancestors each goroutine keeps the stacks at which the goroutine that started it, the one
// that started that, and so on stood, nearest first. They are charged to the account and go when the
// goroutine ends; what finds no room is not shown.

// traceLevel is a row of the table.
type traceLevel struct {
	level int
	all   bool
}

func parseLevel(s string) traceLevel {
	switch s {
	case "none":
		return traceLevel{0, false}
	case "", "single":
		return traceLevel{1, false}
	case "all":
		return traceLevel{1, true}
	case "system", "crash", "wer":
		return traceLevel{2, true}
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return traceLevel{0, true}
	}
	return traceLevel{int(n), true}
}

// level is what was asked for.
func (m *Machine) level() (level int, all bool) {
	l := parseLevel("")
	for _, kv := range m.vm.Sys.Env {
		if v, ok := strings.CutPrefix(kv, "GOTRACEBACK="); ok {
			l = parseLevel(v)
		}
	}
	if told := m.told.Load(); told != nil {
		l.level, l.all = max(l.level, told.level), l.all || told.all
	}
	return l.level, l.all
}

// setTraceback(level string)
func setTraceback(c *host.Call) host.Status {
	l := parseLevel(c.String(0))
	of(c).m.told.Store(&l)
	return host.OK
}

func init() { host.Register([]host.Entry{{Sym: "runtime/debug.SetTraceback", Fn: setTraceback}}) }

// ancestor is where a goroutine stood when it started another one.
type ancestor struct {
	id        uint64
	createdBy uintptr  // PC of the GO instruction that started it; 0 for main
	pcs       []uint64 // logical frames, newest first; innerFrames at most
}

const ancestorCost = 64

func (a *ancestor) cost() int64 { return ancestorCost + int64(len(a.pcs))*8 }

// inherit gives g, which parent starts, its ancestors. parent is saved and stands at the go statement.
func (m *Machine) inherit(g, parent *sched.G) {
	var pcs [innerFrames]uint64
	own := ancestor{id: parent.ID, createdBy: parent.CreatedBy}
	own.pcs = append(own.pcs, pcs[:m.Callers(parent, 0, pcs[:])]...)
	list := []ancestor{own}
	if gs, ok := parent.Run.(*goroutine); ok {
		list = append(list, gs.ancestors[:min(len(gs.ancestors), m.vm.Flags.Ancestors-1)]...)
	}
	gs := &goroutine{}
	for i := range list {
		if !m.vm.Space.Charge(list[i].cost(), mem.KindRecord) {
			break
		}
		gs.ancestors = append(gs.ancestors, list[i])
	}
	g.Run = gs
}

// dropAncestors forgets the ancestors of a goroutine that ends.
func (m *Machine) dropAncestors(gs *goroutine) {
	for i := range gs.ancestors {
		m.vm.Space.Uncharge(gs.ancestors[i].cost(), mem.KindRecord)
	}
	gs.ancestors = nil
}

// ancestor writes an ancestor.
func (m *Machine) ancestor(b *bytes.Buffer, a *ancestor) {
	level, _ := m.level()
	fmt.Fprintf(b, "[originating from goroutine %d]:\n", a.id)
	for _, pc := range a.pcs {
		f, ok := m.Symbolize(pc)
		if !ok || f.System && level < 2 {
			continue
		}
		fmt.Fprintf(b, "%s(...)\n\t%s:%d", f.Func, f.File, f.Line)
		if fn := m.target(f.Entry); fn != nil && !f.Inlined && pc > f.Entry {
			fmt.Fprintf(b, " +%#x", pc-f.Entry)
		}
		b.WriteByte('\n')
	}
	if len(a.pcs) == innerFrames {
		b.WriteString("...additional frames elided...\n")
	}
	if a.id != 1 {
		m.createdBy(b, a.createdBy, 0)
	}
}

// labels writes profiler labels: a slice of pairs of strings, which guest memory holds.
func (m *Machine) labels(b *bytes.Buffer, set mem.Addr) {
	const most, longest = 64, 1 << 12 // labels, bytes of each part
	sp := m.vm.Space
	text := func(a mem.Addr) string {
		s, _ := sp.ReadString(sp.Load64(a), min(sp.Load64(a+8), longest))
		return s
	}
	if set == 0 || !mem.InRegion(set, 16) {
		return
	}
	list, n := sp.Load64(set), min(sp.Load64(set+8), most)
	if n == 0 || !mem.InRegion(list, n*32) {
		return
	}
	b.WriteString(" labels:{")
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(b, "%q: %q", text(list+i*32), text(list+i*32+16))
	}
	b.WriteString("}")
}
