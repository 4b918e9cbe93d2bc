package sched

import (
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Outcome is why Run returned.
type Outcome uint8

// Outcomes. In all but Ended the Runner has saved PC, FP, CSP and Ctx in the G.
const (
	Parked    Outcome = iota // a host function said Park: the goroutine is parked, or is already awake again
	Preempted                // stopped at a safepoint because of Wants, or because its fuel is used up
	Yielded                  // a host function said Yield: the goroutine goes on behind it after the others
	Ended                    // returned from its first function, or Goexit finished
	Exited                   // Exit has been called: the program is over
)

// Runner runs guest code; the interpreter is one. Run runs g on p until there is
// an outcome. A goroutine with PC 0 has not started: Run begins it with a call of
// the closure in StartFn at the bottom of its stack. Run never panics.
type Runner interface {
	Run(p *P, g *G) Outcome
}

// Config is what a scheduler needs.
type Config struct {
	Procs int   // GOMAXPROCS; at least 1
	Seed  int64 // of every random choice; 0 takes a random one
	// Deterministic runs one P without host clocks deciding anything: no
	// preemption tick (the Runner preempts by fuel).
	Deterministic bool
	// VirtualTime lets the clock stand still while goroutines run and jump to
	// the next timer when all of them wait. Requires Deterministic.
	VirtualTime bool
	Space       *mem.Space
	Heap        *heap.Heap
	Prog        *bytecode.Program
	Code        []bytecode.Ins // the instructions that PCs point into
	Runner      Runner
	Clock       func() int64 // nanoseconds, monotonic, never 0; nil: the host's
	// Report is called once, with the world stopped, when the program dies of a
	// fatal error found by the scheduler, before Wait returns.
	Report func(Exit)
}

// Exit is how the program ended.
type Exit struct {
	Code   int // process exit code
	Reason ExitReason
	Text   string // of a fatal error, "fatal error: " not included
}

// ExitReason is the kind of an end.
type ExitReason uint8

// Reasons.
const (
	ExitNormal   ExitReason = iota // os.Exit, or main returned
	ExitPanic                      // unrecovered panic
	ExitFatal                      // guest-fatal error
	ExitDeadlock                   // all goroutines are asleep
	ExitKilled                     // the embedding program ended it
)

// Sched schedules the goroutines of one machine.
type Sched struct {
	cfg Config
}
