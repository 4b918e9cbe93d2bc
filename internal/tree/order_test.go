package tree

import (
	"flag"
	"fmt"
	"go/ast"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/terrarium-go/terrarium/internal/load"
)

// orderAll builds, and with order set orders and checks, everything that the functions refer to. It returns the functions.
func orderAll(t testing.TB, p *Program, order bool, roots ...*Func) []*Func {
	t.Helper()
	seen := map[*Func]bool{}
	var queue []*Func
	add := func(f *Func) {
		if f != nil && !seen[f] {
			seen[f] = true
			queue = append(queue, f)
		}
	}
	for _, f := range roots {
		add(f)
	}
	failed := 0
	for i := 0; i < len(queue); i++ {
		f := queue[i]
		func() {
			defer func() {
				if r := recover(); r != nil {
					failed++
					if failed < 30 {
						st := strings.Split(string(debug.Stack()), "\n")
						t.Errorf("%s (%s): %v\n%s", f.Sym, p.Fset.Position(f.Pos), r, strings.Join(st[6:min(len(st), 20)], "\n"))
					}
				}
			}()
			p.Build(f)
			refs(f, add)
			if !order {
				return
			}
			p.Order(f)
			if f.Body == nil {
				return
			}
			if err := CheckCore(p, f); err != nil {
				failed++
				if failed < 30 {
					t.Error(err)
				}
			}
		}()
	}
	if failed > 0 {
		t.Logf("%d of %d functions failed", failed, len(queue))
	}
	return queue
}

// refs calls f for every function that the body refers to.
func refs(fn *Func, f func(*Func)) {
	var stmts func(list []Stmt)
	expr := func(e Expr) {
		anyExpr(e, func(e Expr) bool {
			switch e := e.(type) {
			case *FuncRef:
				f(e.F)
			case *Closure:
				f(e.F)
			case *Call:
				f(e.F)
			case *Block:
				stmts(e.Stmts)
			}
			return false
		})
	}
	stmts = func(list []Stmt) { walkStmts(list, func(Stmt) {}, expr) }
	stmts(fn.Body)
}

// roots are the functions of a package that are not generic, and its initialisers.
func roots(p *Program, pkg *load.Package) []*Func {
	var out []*Func
	for _, file := range pkg.Files {
		for _, d := range file.Decls {
			fd, ok := d.(*ast.FuncDecl)
			if !ok || fd.Name.Name == "init" && fd.Recv == nil || fd.Name.Name == "_" {
				continue
			}
			obj, _ := pkg.Info.Defs[fd.Name].(*types.Func)
			sig := obj.Type().(*types.Signature)
			if sig.TypeParams().Len() == 0 && sig.RecvTypeParams().Len() == 0 {
				out = append(out, p.FuncOf(obj, nil))
			}
		}
	}
	for _, in := range p.Inits() {
		if in.Path == pkg.Path {
			for _, v := range in.Vars {
				out = append(out, v.F)
			}
			out = append(out, in.Funcs...)
		}
	}
	return out
}

func TestOrderStd(t *testing.T) {
	imports := []string{"fmt", "os", "sort", "strings", "encoding/json", "text/template", "net/http", "go/types", "iter", "slices", "maps",
		"math/big", "regexp", "compress/gzip", "archive/zip", "image/png", "database/sql", "log/slog", "testing"}
	if testing.Short() {
		imports = imports[:5]
	}
	var src strings.Builder
	src.WriteString("package main\n")
	for _, s := range imports {
		fmt.Fprintf(&src, "import _ %q\n", s)
	}
	src.WriteString("func main() {}\n")
	p := loadSource(t, src.String())
	var all []*Func
	for _, pkg := range p.load.Packages {
		all = append(all, roots(p, pkg)...)
	}
	start := time.Now()
	fs := orderAll(t, p, true, all...)
	n := 0
	for _, f := range fs {
		walkStmts(f.Body, func(Stmt) { n++ }, func(Expr) {})
	}
	t.Logf("%d packages, %d functions, %d statements, %v", len(p.load.Packages), len(fs), n, time.Since(start))
}

var updateOrder = flag.Bool("update-order", false, "run testdata/order with the real toolchain and keep its output")

// TestOrderRun runs the programs of testdata/order on the core form and compares with the output of the real toolchain.
func TestOrderRun(t *testing.T) {
	files, _ := filepath.Glob("testdata/order/*.go")
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			golden := strings.TrimSuffix(name, ".go") + ".out"
			if *updateOrder {
				out, err := exec.Command("go", "run", name).CombinedOutput()
				if err != nil {
					t.Fatalf("go run: %v\n%s", err, out)
				}
				if err := os.WriteFile(golden, out, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			p := loadSource(t, string(src))
			ev := &evaluator{p: p, globals: map[*Var]*cell{}}
			func() {
				defer func() {
					if r := recover(); r != nil {
						t.Errorf("%v\n%s", r, debug.Stack())
					}
				}()
				for _, in := range p.Inits() {
					if in.Path == p.load.Main.Path {
						for _, v := range in.Vars {
							ev.call(v.F, nil, nil)
						}
					}
				}
				ev.call(p.FuncBySym("main.main"), nil, nil)
			}()
			got, lines := strings.Split(ev.out.String(), "\n"), strings.Split(string(want), "\n")
			for i := range max(len(got), len(lines)) {
				g, w := "", ""
				if i < len(got) {
					g = got[i]
				}
				if i < len(lines) {
					w = lines[i]
				}
				if g != w {
					t.Errorf("line %d:\n got %s\nwant %s", i+1, g, w)
				}
			}
		})
	}
}

// BenchmarkOrder orders everything that a program with fmt may run; the time of building is not counted.
func BenchmarkOrder(b *testing.B) {
	src := "package main\nimport \"fmt\"\nfunc main() { fmt.Println(1) }\n"
	for range b.N {
		b.StopTimer()
		p := loadSource(b, src)
		var all []*Func
		for _, pkg := range p.load.Packages {
			all = append(all, roots(p, pkg)...)
		}
		fs := orderAll(b, p, false, all...)
		b.StartTimer()
		for _, f := range fs {
			p.Order(f)
		}
		b.ReportMetric(float64(len(fs)), "funcs")
	}
}
