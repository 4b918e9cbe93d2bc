package inline

import (
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/terrarium-go/terrarium/internal/load"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// names prints functions and types as the tests spell them.
type names struct{}

func (names) FuncName(f *tree.Func) string      { return f.BaseName() }
func (names) RealName(f *tree.Func) string      { return "wrapper of " + f.Name }
func (names) SignatureText(f *tree.Func) string { return "" }
func (names) Devirtualization(c *tree.Call, t types.Type, partial bool) string {
	return "devirtualizing " + c.Method.Name() + " to " + types.TypeString(t, func(*types.Package) string { return "" })
}

// inlined goes through all functions of a program and returns the notes on package main, and the functions.
func inlined(t *testing.T, source string, opts Options) (notes []string, fs map[string]*tree.Func, p *tree.Program) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := load.Load(&load.Config{Dir: dir, Library: true, Unlinked: true}, "main.go")
	if err != nil {
		t.Fatal(err)
	}
	p = tree.NewProgram(l)
	opts.Explain = true
	opts.Report = func(n Note) {
		f := n.Caller
		if f == nil {
			f = n.F
		}
		if s := n.Text(names{}, 2); s != "" && f.Pkg == "main" {
			notes = append(notes, strings.TrimSuffix(s, " as: "))
		}
	}
	in := New(p, opts)
	fs = map[string]*tree.Func{}
	for _, f := range p.PackageFuncs("main") {
		in.Func(f)
		fs[f.BaseName()] = f
		if err := p.CheckFull(f); err != nil {
			t.Error(err)
		}
	}
	return notes, fs, p
}

// calls counts the calls that are left in f and its literals, and the literals.
func calls(f *tree.Func) (calls, literals int) {
	var body func(f *tree.Func)
	body = func(f *tree.Func) {
		tree.Walk(f.Body, func(n tree.Node) bool {
			var g *tree.Func
			switch n := n.(type) {
			case *tree.Call:
				calls++
				g = n.F
			case *tree.FuncRef:
				g = n.F
			case *tree.Closure:
				g = n.F
			}
			if g != nil && g.Outer != nil {
				literals++
				body(g)
			}
			return true
		})
	}
	body(f)
	return
}

// The costs are those that go build -gcflags=-m=2 prints.
func TestCost(t *testing.T) {
	notes, _, _ := inlined(t, `package main
type node struct { l, r *node; n int64 }
type shape interface { area() int }
type square struct { a int }
func (s square) area() int { return s.a * s.a }
func leaf(x int) int { return x + 1 }
func mid(x int) int { return leaf(x) + leaf(x) }
func tree(d int) *node { if d == 0 { return &node{} }; return &node{l: tree(d-1), r: tree(d-1)} }
func size(b []byte) int64 { return int64(len(b)) }
func multi() (int, error) { return 1, nil }
func use() int { a, err := multi(); if err != nil { panic(err) }; return a }
func param(f func(int) int) int { return f(1) + f(2) }
func iface(s shape) int { return s.area() }
func loop(s []int) (t int) { for _, x := range s { t += x }; return }
func sw(x any) int { switch y := x.(type) { case int: return y; case nil: return 0 }; return len("abc") }
func lit(n int) func() int { return func() int { n++; return n } }
func deferred() { defer leaf(1) }
func recovers() any { return recover() }
func fact(n int) int { if n <= 1 { return 1 }; return n * fact(n-1) }
//go:noinline
func never() {}
func empty() {}
func main() {}
`, Options{})
	for _, want := range []string{
		"can inline leaf with cost 4", "can inline mid with cost 16",
		"cannot inline tree: function too complex: cost 136 exceeds budget 80",
		"can inline size with cost 3", "can inline use with cost 21", "can inline param with cost 42",
		"can inline iface with cost 61", "can inline loop with cost 10",
		"can inline sw with cost 15", "can inline lit with cost 17", "can inline lit.func1 with cost 5",
		"cannot inline deferred: unhandled op DEFER", "cannot inline recovers: call to recover",
		"can inline fact with cost 71",
		"cannot inline never: marked go:noinline", "can inline empty with cost 0",
		"inlining call to leaf", "inlining call to multi", "inlining call to fact",
	} {
		if !slices.Contains(notes, want) {
			t.Errorf("no message %q", want)
		}
	}
	if t.Failed() {
		t.Log(strings.Join(notes, "\n"))
	}
}

// An iterator loop ends as a loop: neither the iterator nor the body is a function any longer.
func TestIterator(t *testing.T) {
	_, fs, _ := inlined(t, `package main
func seq(n int) func(func(int) bool) {
	return func(yield func(int) bool) { for i := 0; i < n; i++ { if !yield(i) { return } } }
}
func sum(n int) (s int) { for x := range seq(n) { if x == 7 { continue }; s += x }; return s }
func main() {}
`, Options{})
	f := fs["sum"]
	n, literals := calls(f)
	if literals > 0 || n > 2 { // panicrangestate, twice
		t.Errorf("%d calls and %d literals are left in sum", n, literals)
	}
	if f.Results[0].Captured {
		t.Error("the result of sum counts as captured")
	}
}

// Interleaving: inlining the constructor reveals the type, so that the method call becomes direct and is inlined too.
func TestDevirtualize(t *testing.T) {
	notes, fs, _ := inlined(t, `package main
type shape interface { area() int }
type square struct { a int }
func (s *square) area() int { return s.a * s.a }
func mk(a int) shape { return &square{a} }
func f() int { return mk(2).area() }
func g() int { s := mk(3); t := s; return t.area() }
func h(s shape) int { s = mk(1); return s.area() }
func main() {}
`, Options{})
	for _, name := range []string{"f", "g"} {
		if n, _ := calls(fs[name]); n > 0 {
			t.Errorf("%d calls are left in %s", n, name)
		}
	}
	if n, _ := calls(fs["h"]); n != 1 {
		t.Errorf("%d calls are left in h, want the one of the interface", n)
	}
	if !slices.Contains(notes, "devirtualizing area to *square") {
		t.Errorf("no message about area: %q", notes)
	}
}

// Positions carry the inlined calls.
func TestPositions(t *testing.T) {
	_, fs, p := inlined(t, `package main
func a(p *int) int { return *p }
func b(p *int) int { return a(p) + 1 }
func f(p *int) int {
	return b(p)
}
func main() {}
`, Options{})
	found := false
	tree.Walk(fs["f"].Body, func(n tree.Node) bool {
		d, ok := n.(*tree.Deref)
		if !ok {
			return true
		}
		found = true
		at := tree.InlinedAt(d.P)
		if at == 0 || p.Inlined[at-1].F.BaseName() != "a" {
			t.Fatalf("the load is at %v, not in a", p.Position(d.P))
		}
		call := p.Inlined[at-1].Call
		if up := tree.InlinedAt(call); up == 0 || p.Inlined[up-1].F.BaseName() != "b" {
			t.Errorf("a was called at %v, not in b", p.Position(call))
		}
		if l := p.Position(d.P).Line; l != 2 {
			t.Errorf("the load is on line %d, want 2", l)
		}
		if l := p.Fset.Position(p.Site(d.P)).Line; l != 5 {
			t.Errorf("the outermost call is on line %d, want 5", l)
		}
		return true
	})
	if !found {
		t.Error("the load is not in f")
	}
}
