package vmtest

import (
	"fmt"
	"strings"
)

// modes are the ways to run a program. In a mode whose debug flags hold N, N is
// replaced by the program's own stress number.
var modes = []Mode{
	{Name: "default", Procs: 2},
	{Name: "nogc", Collector: "nogc", Procs: 2},
	{Name: "marksweep", Collector: "marksweep", Procs: 2},
	{Name: "one", Procs: 1},
	{Name: "gcevery", Collector: "marksweep", Procs: 2, Debug: "gcevery=N"},
	{Name: "movestack", Procs: 2, Debug: "movestack=1"},
	{Name: "poison", Procs: 2, Debug: "poison=1,check=1", GCPercent: 20},
	{Name: "yield", Procs: 2, Debug: "yield=1"},
	{Name: "beside", Procs: 2, GCPercent: 10, Debug: "gcevery=N,yield=1,poison=1"},
	{Name: "storm", Procs: 1, Debug: "gcevery=N,movestack=1,poison=1", Seed: 1, Single: true},
}

// defaultStress is the stress number of programs that name none: a collection at every
// 97th allocation.
const defaultStress = 97

// Modes finds modes by name: "default", "all", or names with commas between.
// stress is the program's stress number; 0: the default one.
func Modes(names string, stress int) ([]Mode, error) {
	if stress == 0 {
		stress = defaultStress
	}
	if names == "all" {
		names = ModeNames()
	}
	var out []Mode
next:
	for _, name := range strings.Split(names, ",") {
		for _, m := range modes {
			if m.Name == name {
				m.Debug = strings.ReplaceAll(m.Debug, "=N", fmt.Sprint("=", stress))
				out = append(out, m)
				continue next
			}
		}
		return nil, fmt.Errorf("unknown mode %q", name)
	}
	return out, nil
}

// ModeNames are the names of all modes, with commas between.
func ModeNames() string {
	var names []string
	for _, m := range modes {
		names = append(names, m.Name)
	}
	return strings.Join(names, ",")
}
