package escape

import (
	"cmp"
	"fmt"
	"go/token"
	"slices"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// Options say what findings to ask for.
type Options struct {
	Explain   bool // with the paths
	Mutations bool
	Prepare   func(a *Analyzer, f *tree.Func) // see Analyzer
	Graph     func(*Graph)                    // see Analyzer
	More      func() []*tree.Func             // functions to analyse after those of the package; nil: none
}

// Package analyses all functions of the package with the path pkg (as in linker symbols) and returns what there is
// to say about its source, in the order of the source.
func Package(p *tree.Program, pkg string, opts Options) []Finding {
	a := New(p)
	a.Package, a.Explain, a.Mutations = pkg, opts.Explain, opts.Mutations
	a.Prepare, a.Graph = opts.Prepare, opts.Graph
	var out []Finding
	type key struct {
		pos  token.Pos
		text string
	}
	seen := map[key]bool{}
	a.Report = func(f Finding) {
		if f.Fn != nil && f.Fn.Top().Pkg != pkg || !f.Pos.IsValid() {
			return
		}
		f.Pos = p.SiteIn(f.Fn, f.Pos)
		if k := (key{f.Pos, f.Text}); !seen[k] {
			seen[k] = true
			out = append(out, f)
		}
	}
	for _, f := range p.PackageFuncs(pkg) {
		a.Func(f)
	}
	if opts.More != nil {
		for _, f := range opts.More() {
			a.Func(f)
		}
	}
	Sort(out)
	return out
}

// Sort puts findings into the order of the source.
func Sort(fs []Finding) {
	slices.SortStableFunc(fs, func(x, y Finding) int { return cmp.Compare(x.Pos, y.Pos) })
}

// Flow returns the lines that tell how f comes about, as -m=2 does; at prints positions.
func (f *Finding) Flow(at func(token.Pos) string) []string {
	var out []string
	for _, h := range f.Path {
		out = append(out, "  flow: "+h.Flow()+":")
		for _, n := range h.Notes {
			out = append(out, fmt.Sprintf("    from %s (%s) at %s", n.Text, n.Why, at(n.Pos)))
		}
	}
	return out
}
