package main

import (
	"os"
	"strings"
	"syscall"
)

// # GODEBUG is the program's
//
// GODEBUG=gctrace=1 asks for the trace of the program that is run. But the Go runtime of
// this process reads the same variable when it starts, and would print lines of its own
// collector between. So a process that finds such a setting starts itself again
// without it, and puts it back when its own runtime no longer looks.

// kept is the variable that holds GODEBUG meanwhile.
const kept = "TERRARIUM_GODEBUG"

// traces are the settings that make a runtime print by itself.
var traces = []string{"gctrace", "scavtrace", "gcpacertrace", "inittrace", "schedtrace"}

// takeGodebug keeps the runtime of this process quiet.
func takeGodebug() {
	if v, ok := os.LookupEnv(kept); ok {
		os.Unsetenv(kept)
		os.Setenv("GODEBUG", v)
		return
	}
	v := os.Getenv("GODEBUG")
	var rest []string
	loud := false
	for _, s := range strings.Split(v, ",") {
		name, _, _ := strings.Cut(s, "=")
		found := false
		for _, t := range traces {
			found = found || t == name
		}
		if found {
			loud = true
		} else {
			rest = append(rest, s)
		}
	}
	if !loud {
		return
	}
	self, err := os.Executable()
	if err != nil {
		return
	}
	os.Setenv("GODEBUG", strings.Join(rest, ","))
	env := append(os.Environ(), kept+"="+v)
	syscall.Exec(self, os.Args, env) // returns only if it fails; then the two traces mix
	os.Setenv("GODEBUG", v)
}
