// Package debug holds the build-tag constant for internal checks and the table
// of run-time debug flags: one row per flag with its name, default and one
// paragraph of explanation. The rooms read the flags; only the command line and
// the embedding API write them, before a machine starts.
package debug

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// Flags are the run-time debug switches of one machine. The zero value is
// production behaviour.
type Flags struct {
	GCEvery   int   // collect at every n-th slow-path allocation; 0: off
	MoveStack bool  // copy the stack to a new place at every function-entry check
	Poison    bool  // fill freed slots with 0xdb and verify the fill on reuse
	Yield     bool  // yield the processor at every safepoint poll
	FailAlloc int64 // fail the n-th allocation attempt once; 0: off
	OOM       int64 // refuse the n-th allocation attempt and what is tried in its place, as if memory were out; 0: off
	Seed      int64 // seed of every random choice the scheduler and the guest make; 0: random
	Check     bool  // run the heap checker after every collection
	GCTrace   int   // print one line per collection, in Go's gctrace format
	Pairs     int   // count executed instructions and their neighbours: 1 without fused pairs, 2 with them
	ScavTrace int   // print one line per collection about memory given back, in Go's scavtrace format

	PacerTrace      int  // print a line for each time the pacer sets a goal, in Go's gcpacertrace format
	CheckFinalizers int  // report finalizers and cleanups that keep their objects
	Ancestors       int  // tracebacks show where the goroutine's ancestors started the next one, up to so many
	TracebackLabels bool // tracebacks show the goroutine's profiler labels
}

// Flag is one row of the table.
type Flag struct {
	Name  string // as written on the command line: name=value
	Doc   string
	set   func(*Flags, int64)
	value func(*Flags) int64
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Table lists every debug flag.
var Table = []Flag{
	{"gcevery", "Collect at every n-th allocation that leaves the fast path; the fast path is switched off, so 1 collects at every allocation.",
		func(f *Flags, v int64) { f.GCEvery = int(v) }, func(f *Flags) int64 { return int64(f.GCEvery) }},
	{"movestack", "Copy every goroutine stack to another address at each function-entry check, so that a pointer into a stack that the maps miss is found at once.",
		func(f *Flags, v int64) { f.MoveStack = v != 0 }, func(f *Flags) int64 { return b2i(f.MoveStack) }},
	{"poison", "Fill freed slots with a pattern and verify the pattern when a slot is handed out again.",
		func(f *Flags, v int64) { f.Poison = v != 0 }, func(f *Flags) int64 { return b2i(f.Poison) }},
	{"yield", "Yield to another goroutine at every safepoint poll.",
		func(f *Flags, v int64) { f.Yield = v != 0 }, func(f *Flags) int64 { return b2i(f.Yield) }},
	{"failalloc", "Fail the n-th allocation attempt once, as if the limit had been reached; the program must survive by collecting.",
		func(f *Flags, v int64) { f.FailAlloc = v }, func(f *Flags) int64 { return f.FailAlloc }},
	{"oom", "Refuse the n-th allocation attempt that leaves the fast path for good, as if the limit were reached and a collection had not helped; the fast path is switched off. The program is out of memory, the machine must survive.",
		func(f *Flags, v int64) { f.OOM = v }, func(f *Flags) int64 { return f.OOM }},
	{"seed", "Seed every random choice (scheduler, select, map iteration); 0 takes a random seed.",
		func(f *Flags, v int64) { f.Seed = v }, func(f *Flags) int64 { return f.Seed }},
	{"check", "Run the heap checker after every collection, mark everything twice and compare, and look for pointers into stacks that may outlive what they point to.",
		func(f *Flags, v int64) { f.Check = v != 0 }, func(f *Flags) int64 { return b2i(f.Check) }},
	{"gctrace", "Print one line per collection to standard error, in the format of GODEBUG=gctrace=1.",
		func(f *Flags, v int64) { f.GCTrace = int(v) }, func(f *Flags) int64 { return int64(f.GCTrace) }},
	{"pairs", "Count executed instructions, pairs and triples of neighbours, and print the most frequent at exit; 2 counts with the pairs that the interpreter fuses.",
		func(f *Flags, v int64) { f.Pairs = int(v) }, func(f *Flags) int64 { return int64(f.Pairs) }},
	{"scavtrace", "Print one line per collection about memory given back to the host, in the format of GODEBUG=scavtrace=1.",
		func(f *Flags, v int64) { f.ScavTrace = int(v) }, func(f *Flags) int64 { return int64(f.ScavTrace) }},
	{"gcpacertrace", "Print a line about how the pacer has set assists, trigger and goal, at the beginning and the end of each collection, as GODEBUG=gcpacertrace=1 does.",
		func(f *Flags, v int64) { f.PacerTrace = int(v) }, func(f *Flags) int64 { return int64(f.PacerTrace) }},
	{"checkfinalizers", "At each collection, look for finalizers and cleanups whose object is reachable from themselves or shares a tiny block, as GODEBUG=checkfinalizers=1 does; a find ends the program.",
		func(f *Flags, v int64) { f.CheckFinalizers = int(v) }, func(f *Flags) int64 { return int64(f.CheckFinalizers) }},
	{"tracebackancestors", "Show in tracebacks the stacks at which the goroutine's ancestors started the next one, up to so many, as GODEBUG=tracebackancestors=N does.",
		func(f *Flags, v int64) { f.Ancestors = int(v) }, func(f *Flags) int64 { return int64(f.Ancestors) }},
	{"tracebacklabels", "Show in tracebacks the profiler labels of goroutines, as GODEBUG=tracebacklabels=1 does.",
		func(f *Flags, v int64) { f.TracebackLabels = v == 1 }, func(f *Flags) int64 { return b2i(f.TracebackLabels) }},
}

// Parse reads a comma-separated list name=value (a bare name means 1) into f.
// The error names the unknown flag and lists the known ones.
func (f *Flags) Parse(s string) error {
	for _, kv := range strings.Split(s, ",") {
		if kv = strings.TrimSpace(kv); kv == "" {
			continue
		}
		name, val, ok := strings.Cut(kv, "=")
		n := int64(1)
		if ok {
			var err error
			if n, err = strconv.ParseInt(val, 0, 64); err != nil {
				return fmt.Errorf("debug flag %s: value %q is not a number", name, val)
			}
		}
		found := false
		for i := range Table {
			if Table[i].Name == name {
				Table[i].set(f, n)
				found = true
			}
		}
		if !found {
			var names []string
			for i := range Table {
				names = append(names, Table[i].Name)
			}
			sort.Strings(names)
			return fmt.Errorf("unknown debug flag %q; known: %s", name, strings.Join(names, " "))
		}
	}
	return nil
}

// String prints the flags that differ from the default, in the form Parse reads.
func (f *Flags) String() string {
	var out []string
	for i := range Table {
		if v := Table[i].value(f); v != 0 {
			out = append(out, fmt.Sprintf("%s=%d", Table[i].Name, v))
		}
	}
	return strings.Join(out, ",")
}
