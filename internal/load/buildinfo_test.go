package load

import (
	"runtime/debug"
	"testing"
)

func TestBuildInfo(t *testing.T) {
	l := &loader{listed: map[string]*listed{
		"example.com/m":      {Module: &listedModule{Path: "example.com/m"}},
		"example.com/d/sub":  {Module: &listedModule{Path: "example.com/d", Version: "v1.2.3", Sum: "h1:x"}},
		"example.com/forked": {Module: &listedModule{Path: "example.com/forked", Version: "v1.0.0", Sum: "h1:y", Replace: &listedModule{Path: "../fork"}}},
	}, target: &target{}}
	p := &Program{GODEBUG: "panicnil=1", Packages: []*Package{{Path: "fmt", Std: true}, {Path: "example.com/d/sub"}, {Path: "example.com/forked"}, {Path: "example.com/m"}}}
	in, err := debug.ParseBuildInfo((&graph{l: l}).buildInfo(p, "example.com/m.test", "example.com/m"))
	if err != nil {
		t.Fatal(err)
	}
	if in.Path != "example.com/m.test" || in.Main != (debug.Module{Path: "example.com/m", Version: "(devel)"}) || len(in.Deps) != 2 {
		t.Fatalf("%+v", in)
	}
	if d := in.Deps[0]; d.Path != "example.com/d" || d.Version != "v1.2.3" || d.Sum != "h1:x" || d.Replace != nil {
		t.Errorf("%+v", d)
	}
	if d := in.Deps[1]; d.Path != "example.com/forked" || d.Sum != "" || d.Replace == nil || d.Replace.Path != "../fork" || d.Replace.Version != "(devel)" {
		t.Errorf("%+v", d)
	}
	for _, s := range in.Settings {
		if s.Key == "DefaultGODEBUG" && s.Value != "panicnil=1" {
			t.Errorf("%+v", s)
		}
	}
}
