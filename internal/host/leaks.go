package host

import (
	"fmt"
	"strings"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// # Finalizers and cleanups that keep their object
//
// With the debug flag checkfinalizers, each collection looks at every finalizer and cleanup that is left and finds what
// it alone keeps alive. If its own object is among that, the object will never be freed. If the object shares a
// tiny block with others, it will not be freed before they are. Either ends the program with a report of the first
// fifty. What the report says of the place where they were set is noted then, with the flag alone:
//
//	origins[(object's address, id)], id 0 for the finalizer; charged to the account, dropped with its special

// originCost is the bytes charged for an origin.
const originCost = 128

// mostSuspects is how many finalizers and cleanups a report lists.
const mostSuspects = 50

// originKey names a finalizer or cleanup.
type originKey struct {
	at mem.Addr
	id uint64 // of a cleanup; 0 for the finalizer
}

// origin is where a finalizer or cleanup comes from.
type origin struct {
	code uint64 // code pointer of the function that will be called
	pc   uint64 // of the call that set it, as runtime.Callers gives it
	typ  string // of the object
	tiny bool   // objects of the type lie in tiny blocks
}

// noteOrigin remembers where a finalizer or cleanup was set: by the caller of the function that makes the present
// call. fn is the func value that it will call, ptr the type of pointers to the object.
func (c *Call) noteOrigin(key originKey, fn, ptr mem.Addr) {
	if c.Flags.CheckFinalizers == 0 || !c.Space.Charge(originCost, mem.KindRecord) {
		return
	}
	o := origin{}
	if mem.InRegion(fn, 8) {
		o.code = c.Space.Load64(fn)
	}
	var pcs [1]uint64
	if c.Machine.Callers(c.G, 1, pcs[:]) == 1 {
		o.pc = pcs[0]
	}
	if t := c.types(); ptr != 0 {
		elem := t.Elem(ptr)
		o.typ, _ = c.Space.ReadString(t.StringBytes(elem))
		o.tiny = t.Size(elem) < 16 && t.PtrBytes(elem) == 0
	}
	c.State.Mu.Lock()
	defer c.State.Mu.Unlock()
	if c.State.origins == nil {
		c.State.origins = map[originKey]origin{}
	}
	if _, again := c.State.origins[key]; again {
		c.Space.Uncharge(originCost, mem.KindRecord)
	}
	c.State.origins[key] = o
}

// CheckFinalizers returns the report, or "" if there is nothing to report. A collection has just ended and the
// world is stopped.
func (vm *VM) CheckFinalizers() string {
	var b strings.Builder
	found := 0
	last := mem.Addr(0)
	left := map[originKey]origin{}
	vm.Heap.SpecialRoots(func(s *heap.Span, slot uint32, sp *heap.Special) {
		if sp.Kind != heap.SpecialFinalizer && sp.Kind != heap.SpecialCleanup {
			return
		}
		at := s.Base + sp.Offset
		key := originKey{at, sp.ID}
		o := vm.State.origins[key]
		left[key] = o
		if !vm.Heap.Alive(at) {
			return // it is about to be told
		}
		kept := gc.Kept(vm.Heap, s, slot, sp)[s.SlotAddr(slot)]
		tiny := o.tiny && s.NoScan() && s.Size == 16
		if !kept && !tiny {
			return
		}
		if found++; found > mostSuspects {
			return
		}
		kind, means := "finalizer", "finalizer"
		if sp.Kind == heap.SpecialCleanup {
			kind, means = "cleanup", "cleanup or cleanup argument"
		}
		if at != last {
			last = at
			fmt.Fprintf(&b, "Value of type %s at %#x\n", o.typ, at)
			if kept {
				fmt.Fprintf(&b, "  is reachable from %s\n", means)
			}
			if tiny {
				b.WriteString("  is in a tiny block with other (possibly long-lived) values\n")
			}
			if kept && tiny {
				fmt.Fprintf(&b, "  may be in the same tiny block as %s\n", means)
			}
		}
		fmt.Fprintf(&b, "\nHas %s at %#x\n", kind, at)
		vm.place(&b, o.code)
		b.WriteString("created at: \n")
		vm.place(&b, o.pc)
		b.WriteByte('\n')
	})
	for key := range vm.State.origins {
		if _, ok := left[key]; !ok {
			vm.Space.Uncharge(originCost, mem.KindRecord)
			delete(vm.State.origins, key)
		}
	}
	if found == 0 {
		return ""
	}
	if found > mostSuspects {
		b.WriteString("... too many potential issues ...\n")
	}
	return "WARNING: LIKELY CLEANUP/FINALIZER ISSUES\n\n" + b.String()
}

// place writes a function, which pc is the code pointer of or a place in.
func (vm *VM) place(b *strings.Builder, pc uint64) {
	f, ok := vm.Machine.FuncForPC(pc)
	if ok && f.Entry != pc {
		if at, found := vm.Machine.Symbolize(pc); found {
			f = at
		}
	}
	if !ok {
		fmt.Fprintf(b, "  <bad pc %#x>\n", pc)
		return
	}
	fmt.Fprintf(b, "  %s()\n      %s:%d +%#x\n", f.Func, f.File, f.Line, pc-min(pc, f.Entry))
}
