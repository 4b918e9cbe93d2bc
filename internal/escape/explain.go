package escape

import (
	"cmp"
	"fmt"
	"go/token"
	"slices"
	"strings"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// Options say what findings to ask for.
type Options struct {
	Explain   bool // with the paths
	Mutations bool
	Prepare   func(a *Analyzer, f *tree.Func) // see Analyzer
}

// Package analyses all functions of the package with the path pkg (as in linker symbols) and returns what there is
// to say about its source, in the order of the source.
func Package(p *tree.Program, pkg string, opts Options) []Finding {
	a := New(p)
	a.Package, a.Explain, a.Mutations = pkg, opts.Explain, opts.Mutations
	a.Prepare = opts.Prepare
	var out []Finding
	type key struct {
		pos  token.Pos
		text string
	}
	seen := map[key]bool{}
	a.Report = func(f Finding) {
		if f.Fn != nil && f.Fn.Pkg != pkg || !f.Pos.IsValid() {
			return
		}
		f.Pos = p.Site(f.Pos)
		if k := (key{f.Pos, f.Text}); !seen[k] {
			seen[k] = true
			out = append(out, f)
		}
	}
	for _, f := range p.PackageFuncs(pkg) {
		a.Func(f)
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
			out = append(out, fmt.Sprintf("    from %s (%s) at %s", n.Text, n.Why, at(n.Node.Pos())))
		}
	}
	return out
}

// Why is f as one sentence for people, with the statement that makes it so.
func (f *Finding) Why(at func(token.Pos) string) string {
	what := strings.TrimSuffix(strings.TrimPrefix(f.Text, "moved to heap: "), " escapes to heap")
	if f.Kind != Moved && f.Kind != Escapes {
		return f.Text
	}
	var b strings.Builder
	b.WriteString(what + " goes to the heap because ")
	if len(f.Path) == 0 {
		b.WriteString("of what it is")
		return b.String()
	}
	for i, h := range f.Path {
		if i > 0 {
			b.WriteString(", and ")
		}
		src := strings.TrimSuffix(strings.TrimPrefix(h.From, "{storage for "), "}")
		what := "its value"
		if h.Derefs < 0 {
			what = "its address"
		} else if h.Derefs > 0 {
			what = "what it points to"
		}
		switch {
		case i == 0:
			b.WriteString(what)
		default:
			b.WriteString(what + " (of " + src + ")")
		}
		if last := len(h.Notes) - 1; last >= 0 {
			n := h.Notes[last]
			for k := range h.Notes {
				if h.Notes[k].Why != "spill" && h.Notes[k].Why != "address-of" {
					n = h.Notes[k]
					break
				}
			}
			fmt.Fprintf(&b, " goes by %s (%s at %s)", n.Text, n.Why, at(n.Node.Pos()))
		}
		switch h.To {
		case "{heap}":
			b.WriteString(" to the heap")
		case "{temp}":
		default:
			b.WriteString(" to " + strings.TrimSuffix(strings.TrimPrefix(h.To, "{storage for "), "}"))
		}
	}
	b.WriteString(", which outlives it")
	return b.String()
}
