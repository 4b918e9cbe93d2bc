package tree

import (
	"go/ast"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/terrarium-go/terrarium/internal/load"
)

// loadSource loads a single-file program.
func loadSource(t testing.TB, src string) *Program {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte(src), 0o666); err != nil {
		t.Fatal(err)
	}
	l, err := load.Load(&load.Config{Dir: dir}, "x.go")
	if err != nil {
		t.Fatal(err)
	}
	return NewProgram(l)
}

// reach builds everything that may run, as a linker would: from roots through calls, func values, and
// the methods of types that become interface values.
type reach struct {
	p     *Program
	seen  map[*Func]bool
	types map[types.Type]bool
	work  []*Func
	nodes int
	t     testing.TB
	bad   int

	mainOnly bool // leave out what belongs to other packages
}

func newReach(t testing.TB, p *Program) *reach {
	return &reach{p: p, t: t, seen: map[*Func]bool{}, types: map[types.Type]bool{}}
}

func (r *reach) add(f *Func) {
	if f != nil && !r.seen[f] && !(r.mainOnly && f.Pkg != "main" && len(f.Args) == 0) {
		r.seen[f] = true
		r.work = append(r.work, f)
	}
}

func (r *reach) run() {
	for len(r.work) > 0 {
		f := r.work[len(r.work)-1]
		r.work = r.work[:len(r.work)-1]
		r.p.Build(f)
		if err := r.p.CheckFull(f); err != nil && r.bad < 20 {
			r.bad++
			r.t.Error(err)
		}
		Walk(f.Body, r.visit)
	}
}

func (r *reach) visit(n Node) bool {
	r.nodes++
	switch n := n.(type) {
	case *FuncRef:
		r.add(n.F)
	case *Closure:
		r.add(n.F)
	case *Call:
		r.add(n.F)
	case *ToIface:
		r.methods(n.X.Type())
	}
	return true
}

func (r *reach) methods(t types.Type) {
	if r.types[t] {
		return
	}
	r.types[t] = true
	for _, m := range r.p.MethodSet(t) {
		r.add(r.p.IfaceMethod(t, m))
		r.add(r.p.Method(t, m))
	}
}

// inits adds all initialisers.
func (r *reach) inits() {
	for _, pi := range r.p.Inits() {
		for _, i := range pi.Vars {
			r.add(i.F)
		}
		for _, f := range pi.Funcs {
			r.add(f)
		}
	}
}

func (r *reach) program() {
	r.inits()
	r.add(r.p.FuncBySym("main.main"))
	r.run()
}

func TestHello(t *testing.T) {
	p := loadSource(t, `package main
import "fmt"
func main() { fmt.Println("hello") }
`)
	start := time.Now()
	r := newReach(t, p)
	r.program()
	t.Logf("%d functions, %d nodes, %v", len(r.seen), r.nodes, time.Since(start))
}

// TestStd builds every function of every package of std.
func TestStd(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	list := exec.Command("go", "list", "-e", "-f", "{{if .GoFiles}}{{.ImportPath}}{{end}}", "std")
	list.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	l, err := load.Load(&load.Config{Library: true}, strings.Fields(string(out))...)
	if err != nil {
		t.Fatal(err)
	}
	p := NewProgram(l)
	start := time.Now()
	r := newReach(t, p)
	for _, pkg := range l.Packages {
		for _, f := range declared(p, pkg) {
			r.add(f)
		}
		for _, name := range pkg.Types.Scope().Names() {
			if tn, ok := pkg.Types.Scope().Lookup(name).(*types.TypeName); ok && !tn.IsAlias() {
				if n, ok := tn.Type().(*types.Named); ok && n.TypeParams().Len() == 0 && !isIface(n) {
					r.methods(p.Canon(n))
					r.methods(p.PointerTo(n))
				}
			}
		}
	}
	r.inits()
	r.run()
	t.Logf("%d functions, %d nodes, %v", len(r.seen), r.nodes, time.Since(start))
}

// declared returns the functions and methods of a package that are not generic.
func declared(p *Program, pkg *load.Package) (fs []*Func) {
	pkg.FuncDecls(func(f *types.Func, _ *ast.FuncDecl) {
		sig := f.Type().(*types.Signature)
		if sig.TypeParams().Len() == 0 && sig.RecvTypeParams().Len() == 0 && f.Name() != "init" && f.Name() != "_" {
			fs = append(fs, p.FuncOf(f, nil))
		}
	})
	return fs
}
