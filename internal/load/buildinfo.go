package load

import (
	"maps"
	"runtime/debug"
	"slices"
	"strings"
)

// buildInfo is what debug.ReadBuildInfo gives the program called name, as text: the modules that its packages come
// from, main's among them, and the settings of the build.
func (g *graph) buildInfo(p *Program, name, main string) string {
	in := debug.BuildInfo{Path: name}
	if m := g.l.module(main); m != nil {
		in.Main = *m
	}
	deps := map[string]*debug.Module{}
	for _, pkg := range p.Packages {
		if m := g.l.module(strings.TrimSuffix(pkg.Path, "_test")); m != nil && m.Path != in.Main.Path && !pkg.Std {
			deps[m.Path] = m
		}
	}
	for _, path := range slices.Sorted(maps.Keys(deps)) {
		in.Deps = append(in.Deps, deps[path])
	}
	set := func(key, value string) {
		if value != "" {
			in.Settings = append(in.Settings, debug.BuildSetting{Key: key, Value: value})
		}
	}
	set("-buildmode", "exe")
	set("-compiler", "gc")
	set("-tags", strings.Join(g.l.target.tags, ","))
	set("DefaultGODEBUG", p.GODEBUG)
	set("CGO_ENABLED", "0")
	set("GOARCH", "wasm")
	set("GOOS", "wasip1")
	return in.String()
}

// module is where the package of the given path comes from, as the go command said; nil for std and for files outside of modules.
func (l *loader) module(path string) *debug.Module {
	p := l.listed[path]
	if p == nil || p.Module == nil {
		return nil
	}
	return p.Module.asInfo()
}

func (m *listedModule) asInfo() *debug.Module {
	in := &debug.Module{Path: m.Path, Version: m.Version, Sum: m.Sum}
	if in.Version == "" {
		in.Version = "(devel)"
	}
	if m.Replace != nil {
		in.Replace, in.Sum = m.Replace.asInfo(), ""
	}
	return in
}
