package interp

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
)

// Fatal ends
//
// A host fault at an address of the region is the guest's doing (unsafe code, a
// data race, a destroyed slice header); any other host panic while guest code
// or a host function runs is our own bug. Both end the program and leave the host
// process alone. Inside the loop the state is in registers, so the report cannot
// say where the goroutine was.

// guarded runs the goroutine and turns host panics into a fatal end.
func (w *worker) guarded() (out sched.Outcome) {
	old := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(old)
		if r := recover(); r != nil {
			out = w.crash(r, debug.Stack())
		}
	}()
	return w.steps()
}

// crash reports a host panic.
func (w *worker) crash(r any, trace []byte) sched.Outcome {
	if f, ok := r.(interface{ Addr() uintptr }); ok {
		a := uint64(f.Addr()) - w.st.region
		if a < mem.Size+mem.Guard {
			w.end(fmt.Sprintf("unexpected fault address %#x\nfatal error: fault\n[signal SIGSEGV: segmentation violation addr=%#x]\n", a, a), "fault", true)
			return w.out
		}
	}
	where := "between instructions"
	switch {
	case w.inside:
		where = "in the loop"
	case w.call.Sym != "":
		where = "in or after " + w.call.Sym
	}
	w.end(fmt.Sprintf("fatal error: BUG: host panic %s: %v\n\n%s", where, r, trace), fmt.Sprint("BUG: ", r), true)
	return w.out
}

// fatal ends the program with a fatal error; the state is saved.
func (w *worker) fatal(text string) bool { return w.endFatal(text, true) }

// endFatal is fatal; all goroutines are shown or, unless more was asked for, this one.
func (w *worker) endFatal(text string, all bool) bool {
	return w.end("fatal error: "+strings.ReplaceAll(text, "\n", "\n\t")+"\n", text, all)
}

// fault ends the program because an instruction's operand lies outside of guest
// memory.
func (w *worker) fault(what string) bool {
	w.save()
	return w.fatal("fault: " + what + " outside of memory")
}

// outOfMemory ends the program because the limit is reached; the state is saved.
func (w *worker) outOfMemory(doing string) bool {
	sp := w.m.vm.Space
	return w.end("runtime: out of memory: "+doing+": "+sp.Breakdown()+"\nfatal error: out of memory\n", "out of memory", true)
}

// stackOverflow ends the program because a stack would pass the maximum.
func (w *worker) stackOverflow(most uint64) bool {
	st := w.g.Stack
	return w.end(fmt.Sprintf("runtime: goroutine stack exceeds %d-byte limit\nruntime: sp=%#x stack=[%#x, %#x]\nfatal error: stack overflow\n",
		most, w.guest(w.st.fp), st.Lo, st.Hi), "stack overflow", true)
}

// overBudget ends the program because it has made all its steps.
func (w *worker) overBudget() bool {
	w.m.vm.Sched.Exit(sched.Exit{Code: 2, Reason: sched.ExitKilled, Text: "step limit reached"})
	return w.leave(sched.Exited)
}

// end prints a report and tracebacks, of all goroutines or w's, and ends the program with exit code 2.
func (w *worker) end(report, text string, all bool) bool {
	s := w.m.vm.Sched
	if s.Exiting() {
		return w.leave(sched.Exited)
	}
	s.StopTheWorld(w.p)
	if !s.Exiting() {
		known := !w.inside
		w.inside = false
		w.m.print(append([]byte(report), w.m.tracebacks(w.g, all, known)...))
		s.Exit(sched.Exit{Code: 2, Reason: sched.ExitFatal, Text: text})
	}
	s.StartTheWorld(w.p)
	return w.leave(sched.Exited)
}
