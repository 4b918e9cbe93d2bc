package escape

import (
	"fmt"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/terrarium-go/terrarium/internal/inline"
	"github.com/terrarium-go/terrarium/internal/load"
	"github.com/terrarium-go/terrarium/internal/tree"
)

const goldens = "../../testdata/escape"

// lines are strings by file and line.
type lines map[string][]string

func (l lines) add(file string, line int, text string) {
	k := fmt.Sprintf("%s:%d", filepath.Base(file), line)
	if !slices.Contains(l[k], text) {
		l[k] = append(l[k], text)
	}
}

// expectations reads the comments of the goldens: what stands behind // want, and behind // why.
func expectations(t *testing.T) (files []string, wants, whys lines) {
	t.Helper()
	files, err := filepath.Glob(goldens + "/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no goldens", err)
	}
	quoted := regexp.MustCompile("`([^`]*)`")
	wants, whys = lines{}, lines{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			line, why, _ := strings.Cut(line, "// why ")
			_, want, _ := strings.Cut(line, "// want ")
			for _, m := range quoted.FindAllStringSubmatch(want, -1) {
				wants.add(name, n, m[1])
			}
			for _, m := range quoted.FindAllStringSubmatch(why, -1) {
				whys.add(name, n, m[1])
			}
			if strings.Contains(line, "// BAD: ") && want == "" {
				t.Errorf("%s:%d: BAD without a message", name, n)
			}
		}
	}
	return files, wants, whys
}

func loadFiles(t *testing.T, files ...string) *load.Program {
	t.Helper()
	l, err := load.Load(&load.Config{Library: true}, files...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// differ reports what have and want do not have in common.
func differ(t *testing.T, have, want lines) {
	t.Helper()
	for k, list := range want {
		for _, text := range list {
			if !slices.Contains(have[k], text) {
				t.Errorf("%s: missing: %s (have %q)", k, text, have[k])
			}
		}
	}
	for k, list := range have {
		for _, text := range list {
			if !slices.Contains(want[k], text) {
				t.Errorf("%s: unexpected: %s", k, text)
			}
		}
	}
}

// TestGoldens holds the messages and the explanations against the comments in testdata/escape.
func TestGoldens(t *testing.T) {
	files, wants, whys := expectations(t)
	l := loadFiles(t, files...)
	pos := func(p token.Pos) string { return fmt.Sprint(l.Fset.Position(p).Line) }
	have, said := lines{}, lines{}
	p := tree.NewProgram(l)
	var writer *Analyzer
	direct := inline.New(p, inline.Options{Off: true, Report: func(n inline.Note) {
		if text := n.Text(writer, 1); n.Kind == inline.Devirtualizing && n.Caller.Pkg == l.Roots[0].LinkPath {
			at := p.Position(n.Pos)
			have.add(at.Filename, at.Line, text)
		}
	}})
	prepare := func(a *Analyzer, f *tree.Func) {
		writer = a
		direct.Func(f)
	}
	for _, f := range Package(p, l.Roots[0].LinkPath, Options{Explain: true, Prepare: prepare}) {
		if f.Kind == Captured || f.To != "" {
			continue
		}
		p := l.Fset.Position(f.Pos)
		have.add(p.Filename, p.Line, f.Text)
		if f.Kind == Moved || f.Kind == Escapes || f.Kind == Stays {
			e := f.Explain(pos)
			said.add(p.Filename, p.Line, e.Sentence+"; change: "+e.Change)
		}
	}
	differ(t, have, wants)
	for k, list := range whys {
		for _, part := range list {
			if !slices.ContainsFunc(said[k], func(s string) bool { return strings.Contains(s, part) }) {
				t.Errorf("%s: no explanation has %q:\n\t%s", k, part, strings.Join(said[k], "\n\t"))
			}
		}
	}
}

// TestGoldensAreTrue asks the real compiler whether the comments are what it says. Shapes stand for the
// types of instances there.
func TestGoldensAreTrue(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles with the real toolchain")
	}
	files, wants, _ := expectations(t)
	args := []string{"build", "-gcflags=-m -l"}
	for _, f := range files {
		args = append(args, filepath.Base(f))
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = goldens
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	have := lines{}
	for _, m := range regexp.MustCompile(`(?m)^(?:\./)?([a-z]+\.go):(\d+):\d+: (.*)$`).FindAllStringSubmatch(string(out), -1) {
		var n int
		fmt.Sscan(m[2], &n)
		have.add(m[1], n, m[3])
	}
	differ(t, have, wants)
}

// TestOneDecision analyses a program with its packages, std's among them, and looks at every allocation site and variable: each is
// decided once, in the tree and in what is reported.
func TestOneDecision(t *testing.T) {
	l, err := load.Load(&load.Config{}, "../../examples/tutorial/main.go")
	if err != nil {
		t.Fatal(err)
	}
	p := tree.NewProgram(l)
	a := New(p)
	reported := map[any]int{}
	var kinds [len(kindNames)]int
	a.Report = func(f Finding) {
		kinds[f.Kind]++
		switch {
		case f.Kind == Moved:
			reported[f.Var]++
		case f.Kind == Escapes || f.Kind == Stays:
			reported[f.Node]++
		}
	}
	funcs := map[*tree.Func]bool{}
	var reach func(f *tree.Func)
	reach = func(f *tree.Func) {
		if funcs[f] || f.Extern {
			return
		}
		funcs[f] = true
		a.Func(f)
		tree.Walk(f.Body, func(n tree.Node) bool {
			switch n := n.(type) {
			case *tree.Call:
				if n.F != nil {
					reach(n.F)
				}
			case *tree.FuncRef:
				reach(n.F)
			case *tree.Closure:
				reach(n.F)
			}
			return true
		})
	}
	for _, pkg := range l.Packages {
		for _, f := range p.PackageFuncs(pkg.LinkPath) {
			reach(f)
		}
	}
	sites := 0
	for f := range funcs {
		Sites(f, func(s Site) {
			if c, ok := s.Node.(*tree.Convert); ok && !spills(c.T.Underlying(), c.X.Type().Underlying()) {
				return // allocates nothing
			}
			if i, ok := s.Node.(*tree.ToIface); ok && p.DirectIface(i.X.Type()) {
				return
			}
			if lit, ok := s.Node.(*tree.ArrayLit); ok && !isSlice(lit.T) {
				return
			}
			sites++
			at := p.Fset.Position(s.Node.Pos())
			if *s.Esc != tree.EscNone && *s.Esc != tree.EscHeap {
				t.Errorf("%s: %T in %s has decision %d", at, s.Node, f.Sym, *s.Esc)
			}
			if n := reported[s.Node]; n > 1 {
				t.Errorf("%s: %T in %s is reported %d times", at, s.Node, f.Sym, n)
			} else if _, ok := s.Node.(*tree.Defer); !ok && n == 0 && f.Flags&tree.Wrapper == 0 && !a.static[s.Node] && !wrapped(s.Node) {
				t.Errorf("%s: %T in %s is not reported", at, s.Node, f.Sym)
			}
		})
		for _, list := range [][]*tree.Var{f.Params, f.Results, f.Locals} {
			for _, v := range list {
				if v.Esc == tree.EscUnknown {
					t.Errorf("%s: variable %s of %s has no decision", p.Fset.Position(v.Pos), v.Name, f.Sym)
				}
				if reported[v] > 1 {
					t.Errorf("%s: variable %s of %s is reported %d times", p.Fset.Position(v.Pos), v.Name, f.Sym, reported[v])
				}
			}
		}
	}
	if sites < 1000 || kinds[Moved] == 0 || kinds[Stays] == 0 {
		t.Errorf("only %d sites; by kind %v", sites, kinds)
	}
}

// wrapped reports whether n is a func value made for a go or defer statement, of which the real compiler does not speak.
func wrapped(n tree.Node) bool {
	f := literalOf(n)
	return f != nil && f.Flags&tree.Wrapper != 0
}
