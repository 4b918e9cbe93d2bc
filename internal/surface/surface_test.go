package surface

import (
	"slices"
	"strings"
	"testing"

	"github.com/terrarium-go/terrarium/internal/load"
)

func loaded(t *testing.T, paths ...string) *load.Program {
	t.Helper()
	p, err := load.Load(&load.Config{Library: true}, paths...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestInstalled(t *testing.T) {
	p := loaded(t, "fmt", "time", "reflect")
	if err := Check(p); err != nil {
		t.Error(err)
	}
	lines := Of(p)
	for _, want := range []string{"type internal/abi Type 48 Size_@0:uintptr", "body reflect unsafe_New ", "const internal/abi MapGroupSlots 8", "type internal/runtime/maps Map 48 used@0:uint64"} {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, want) }) {
			t.Errorf("no line begins with %q", want)
		}
	}
}

// TestNewVersion is the recipe for a new version of Go, gone through with an
// invented one: what the error names is what has to be looked at.
func TestNewVersion(t *testing.T) {
	p := loaded(t, "time")
	old := tableOf("go1.26")
	// A std in which a function without a body is new, a field has moved, and a function is gone.
	var next []string
	for _, line := range Of(p) {
		switch {
		case strings.HasPrefix(line, "type internal/abi FuncType "):
			line = strings.Replace(line, "InCount@48", "InCount@56", 1)
		case strings.HasPrefix(line, "body time Sleep "):
			continue
		}
		next = append(next, line)
	}
	next = append(next, "body time runtimeMoon func() int64")
	err := old.check("/go127", "go1.27", next)
	if err == nil {
		t.Fatal("another surface was accepted")
	}
	for _, want := range []string{"/go127 (go1.27)", "new:     body time runtimeMoon func() int64", "changed: type internal/abi FuncType", "InCount@56", "go1.26"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "Sleep") {
		t.Errorf("a function that is gone is no fault:\n%v", err)
	}
	// With a table of its own the new version is accepted.
	if err := parseTable(strings.Join(next, "\n")).check("/go127", "go1.27", next); err != nil {
		t.Error(err)
	}
	// A version without a table is refused by name.
	other := *p
	other.GoVersion = "go1.99.1"
	if err := Check(&other); err == nil || !strings.Contains(err.Error(), "go1.99.1") || !strings.Contains(err.Error(), "supported: go1.26") {
		t.Errorf("unknown version: %v", err)
	}
}

func TestMinor(t *testing.T) {
	for in, want := range map[string]string{"go1.26.8": "go1.26", "go1.26rc1": "go1.26", "go1.26": "go1.26"} {
		if got := minor(in); got != want {
			t.Errorf("minor(%q) = %q, want %q", in, got, want)
		}
	}
}
