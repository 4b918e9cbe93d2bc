package load

import (
	"fmt"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// hostRuntime is the distribution's own package runtime, a stand-in that lets loading be judged apart from the guest's.
func hostRuntime() fs.FS { return os.DirFS(filepath.Join(runtime.GOROOT(), "src", "runtime")) }

// files writes a txtar archive into a new folder and returns the folder.
func files(t testing.TB, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func load(t testing.TB, archive string, args ...string) (*Program, error) {
	t.Helper()
	return Load(&Config{Dir: files(t, archive), Runtime: hostRuntime()}, args...)
}

func mustLoad(t testing.TB, archive string, args ...string) *Program {
	t.Helper()
	p, err := load(t, archive, args...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const hello = `
-- hello.go --
package main

import "fmt"

func main() { fmt.Println("hello") }
`

func TestHello(t *testing.T) {
	p := mustLoad(t, hello, "hello.go")
	if p.Main == nil || p.Main.Path != CommandLine || p.Main.Types.Path() != "main" {
		t.Fatalf("main is %+v", p.Main)
	}
	if p.Packages[len(p.Packages)-1] != p.Main {
		t.Errorf("main is not the last package")
	}
	at := map[*Package]int{}
	for i, pkg := range p.Packages {
		at[pkg] = i
		for _, dep := range pkg.Imports {
			if j, ok := at[dep]; !ok || j >= i {
				t.Errorf("%s comes before its import %s", pkg.Path, dep.Path)
			}
		}
		if len(pkg.Info.Uses) == 0 && len(pkg.decls) > 0 {
			t.Errorf("%s has no type information", pkg.Path)
		}
	}
	if at[p.Runtime] > at[p.ByPath["fmt"]] {
		t.Errorf("runtime comes after fmt")
	}
	if s := p.Sizes.Sizeof(types.Typ[types.Uintptr]); s != 8 {
		t.Errorf("uintptr has %d bytes", s)
	}
}

func TestSymbols(t *testing.T) {
	p := mustLoad(t, hello, "hello.go")
	for sym, want := range map[string]string{
		"sync.runtime_Semacquire":            "runtime.sync_runtime_Semacquire", // pushed
		"reflect.unsafe_New":                 "runtime.reflect_unsafe_New",
		"runtime.zeroVal":                    "runtime.zeroVal", // pulled variable
		"math/bits.overflowError":            "",                // that symbol does not exist after the pull
		"runtime.overflowError":              "runtime.overflowError",
		"reflect.(*rtype).Method":            "reflect.Method",
		"sync.runtime_notifyListWait":        "runtime.notifyListWait",
		"internal/runtime/maps.errNilAssign": "runtime.maps_errNilAssign",
		"no.such":                            "",
	} {
		got := ""
		if obj := p.Provider(sym); obj != nil {
			got = obj.Pkg().Path() + "." + obj.Name()
		}
		if got != want {
			t.Errorf("provider of %s is %q, want %q", sym, got, want)
		}
	}
	reflect := p.ByPath["reflect"]
	zero := reflect.Types.Scope().Lookup("zeroVal").(*types.Var)
	if got := p.ResolveVar(zero); got.Pkg().Path() != "runtime" {
		t.Errorf("reflect.zeroVal stands for %v", got)
	}
	for f := range reflect.decls {
		if impl, sym := p.Resolve(f); impl == nil && reflect.decls[f].Body != nil {
			t.Errorf("%s (%s) has a body and no provider", f, sym)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct{ name, src, want string }{
		{"undefined", "package main\nfunc main() { x() }\n", "./x.go:2:15: undefined: x"},
		{"head", "package main\nimport \"fmt\nfunc main() {}\n", "x.go:2:8: string literal not terminated"},
		{"unused", "package main\nimport \"os\"\nfunc main() {}\n", `./x.go:2:8: "os" imported and not used`},
		{"syntax", "package main\nfunc main() { if }\n", "./x.go:2:18: syntax error: unexpected }, expected expression"},
		{"syntax without imports", "package main\nimport \"fmt\"\nfunc main() { defer fmt.Println }\n", "./x.go:3:21: expression in defer must be function call"},
		{"missing", "package main\nimport \"nosuch\"\nfunc main() { nosuch.X() }\n", "x.go:2:8: package nosuch is not in std"},
		{"internal", "package main\nimport _ \"internal/abi\"\nfunc main() {}\n", "package command-line-arguments\n\tx.go:2:8: use of internal package internal/abi not allowed"},
		{"cgo", "package main\nimport \"C\"\nfunc main() {}\n", `x.go:2:8: import "C": cgo is not supported`},
		{"plugin", "package main\nimport _ \"plugin\"\nfunc main() {}\n", `x.go:2:8: import "plugin": plugins are not supported`},
		{"library", "package lib\n", "package command-line-arguments is not a main package"},
		{"nomain", "package main\n", "runtime.main_main·f: function main is undeclared in the main package"},
		{"nobody", "package main\nfunc f()\nfunc main() { f() }\n", "./x.go:2:6: missing function body"},
		{"linkname", "package main\n//go:linkname f runtime.f\nfunc f()\nfunc main() { f() }\n", `./x.go:2:3: //go:linkname only allowed in Go files that import "unsafe"`},
		{"embed", "package main\nimport _ \"embed\"\n//go:embed nofile\nvar s string\nfunc main() {}\n", "x.go:3:12: pattern nofile: no matching files found"},
		{"dup", "package main\nfunc f() {}\nfunc f() {}\nfunc main() {}\n", "./x.go:3:6: f redeclared in this block\n\t"},
	} {
		_, err := load(t, "-- x.go --\n"+test.src, "x.go")
		if err == nil {
			t.Errorf("%s: no error", test.name)
		} else if !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: %v\nwant %s", test.name, err, test.want)
		}
	}
	var many strings.Builder
	many.WriteString("package main\nfunc main() {\n")
	for range 20 {
		many.WriteString("x()\n")
	}
	_, err := load(t, "-- x.go --\n"+many.String()+"}\n", "x.go")
	if err == nil || strings.Count(err.Error(), "\n") != 10 || !strings.HasSuffix(err.Error(), ": too many errors") {
		t.Errorf("many errors: %v", err)
	}
}

func TestModule(t *testing.T) {
	archive := `
-- go.mod --
module example.com/m

go 1.21
-- main.go --
package main

import "example.com/m/lib"

func main() { println(lib.Name, tagged, plain) }
-- wasm.go --
//go:build wasip1 && wasm

package main

const plain = "wasip1"
-- other.go --
//go:build !wasip1

package main

const plain = "other"
-- tag.go --
//go:build extra

package main

const tagged = true
-- notag.go --
//go:build !extra

package main

const tagged = false
-- lib/lib.go --
package lib

const Name = "lib"
`
	dir := files(t, archive)
	for _, tags := range [][]string{nil, {"extra"}} {
		p, err := Load(&Config{Dir: dir, Tags: tags, Runtime: hostRuntime()}, ".")
		if err != nil {
			t.Fatal(err)
		}
		got := p.Main.Types.Scope().Lookup("tagged").(*types.Const).Val().String()
		if want := fmt.Sprint(tags != nil); got != want {
			t.Errorf("tags %v: tagged is %s", tags, got)
		}
		if v := p.Main.Types.Scope().Lookup("plain").(*types.Const).Val().String(); v != `"wasip1"` {
			t.Errorf("plain is %s", v)
		}
		if p.Main.GoVersion != "go1.21" || p.Main.Module != "example.com/m" || p.Main.Path != "example.com/m" || p.Main.LinkPath != "main" {
			t.Errorf("main package is %s %s %s %s", p.Main.Path, p.Main.LinkPath, p.Main.Module, p.Main.GoVersion)
		}
		if p.ByPath["example.com/m/lib"] == nil {
			t.Errorf("lib is not loaded")
		}
	}
	p, err := Load(&Config{Dir: dir, Runtime: hostRuntime()}, "main.go", "wasm.go", "notag.go")
	if err != nil {
		t.Fatal(err)
	}
	if p.Main.Path != CommandLine || p.Main.GoVersion != "go1.21" {
		t.Errorf("main package is %s %s", p.Main.Path, p.Main.GoVersion)
	}
	if _, err := Load(&Config{Dir: dir, Runtime: hostRuntime()}, "./lib"); err == nil || !strings.Contains(err.Error(), "is not a main package") {
		t.Errorf("library as program: %v", err)
	}
	if p, err = Load(&Config{Dir: dir, Runtime: hostRuntime(), Library: true}, "./..."); err != nil || len(p.Roots) != 2 {
		t.Errorf("library: %v", err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("lib/lib.go", "package lib\n\nimport \"example.com/elsewhere\"\n\nconst Name = elsewhere.Name\n")
	if _, err := Load(&Config{Dir: dir, Runtime: hostRuntime()}, "."); err == nil || !strings.HasPrefix(err.Error(), "lib/lib.go:3:8: no required module provides package example.com/elsewhere") {
		t.Errorf("missing module: %v", err)
	}
	write("lib/lib.go", "package lib\n\n// #include <x.h>\nimport \"C\"\n\nconst Name = \"c\"\n")
	if _, err := Load(&Config{Dir: dir, Runtime: hostRuntime()}, "."); err == nil || !strings.HasPrefix(err.Error(), "lib/lib.go:4:8: import \"C\": cgo is not supported") {
		t.Errorf("cgo in a module: %v", err)
	}
}

func TestPragmas(t *testing.T) {
	p := mustLoad(t, `
-- x.go --
package main

import _ "unsafe"

//go:noinline
//go:nosplit

func a() {}

func b() {
	//go:noinline
}

//go:wasmimport env host_add
func c(x int32) int32

type T struct{}

// M is a method.
//
//go:noinline
func (*T) M() {}

//go:linkname now time.now
func now() (sec int64, nsec int32, mono int64)

func main() { a(); b(); c(1); now() }
`, "x.go")
	scope := p.Main.Types.Scope()
	pragma := func(name string) Pragma { return p.Pragma(scope.Lookup(name)) }
	if !pragma("a").Has(NoInline | NoSplit) {
		t.Errorf("a: %+v", pragma("a"))
	}
	if pragma("b") != (Pragma{}) {
		t.Errorf("b: %+v", pragma("b"))
	}
	if got := pragma("c"); got != (Pragma{ImportModule: "env", ImportName: "host_add"}) {
		t.Errorf("c: %+v", got)
	}
	m, _, _ := types.LookupFieldOrMethod(scope.Lookup("T").Type(), true, p.Main.Types, "M")
	if !p.Pragma(m).Has(NoInline) {
		t.Errorf("M: %+v", p.Pragma(m))
	}
	if got := p.Symbol(m); got != "main.(*T).M" {
		t.Errorf("symbol of M is %s", got)
	}
	if got := p.Symbol(scope.Lookup("now")); got != "time.now" {
		t.Errorf("symbol of now is %s", got)
	}
}

func TestEmbed(t *testing.T) {
	p := mustLoad(t, `
-- x.go --
package main

import "embed"

var (
	//go:embed a.txt
	text string

	//go:embed "b c.txt"
	bytes []byte
)

//go:embed dir
//go:embed a.txt all:dir/_b
var tree embed.FS

func main() { println(text, bytes, tree) }
-- a.txt --
A
-- b c.txt --
B
-- dir/.hidden --
-- dir/_b/x --
-- dir/z/y --
-- dir/k --
`, "x.go")
	names := func(v string) string {
		e := p.Embed(p.Main.Types.Scope().Lookup(v).(*types.Var))
		if e == nil {
			return "none"
		}
		var list []string
		for _, f := range e.Files {
			list = append(list, f.Name)
		}
		return strings.Join(list, " ")
	}
	for v, want := range map[string]string{
		"text": "a.txt", "bytes": "b c.txt", "tree": "a.txt dir/ dir/_b/ dir/k dir/z/ dir/_b/x dir/z/y",
	} {
		if got := names(v); got != want {
			t.Errorf("%s: %s, want %s", v, got, want)
		}
	}
	if e := p.Embed(p.Main.Types.Scope().Lookup("text").(*types.Var)); string(e.Files[0].Data) != "A\n" {
		t.Errorf("text holds %q", e.Files[0].Data)
	}
}

func TestOverlay(t *testing.T) {
	add := os.DirFS(files(t, `
-- add.go --
package errors

type errorString struct{ text string }

func (e *errorString) Error() string { return "overlaid: " + e.text }

func Is(err, target error) bool { return err == target }
`))
	p, err := Load(&Config{Dir: files(t, hello), Runtime: hostRuntime(), Overlay: func(path string) fs.FS {
		if path == "errors" {
			return add
		}
		return nil
	}}, "hello.go")
	if err != nil {
		t.Fatal(err)
	}
	pkg := p.ByPath["errors"]
	for _, name := range []string{"Is", "errorString"} {
		if pos := p.Fset.Position(pkg.Types.Scope().Lookup(name).Pos()); pos.Filename != "guest/errors/add.go" {
			t.Errorf("%s is declared at %s", name, pos)
		}
	}
	if pos := p.Fset.Position(pkg.Types.Scope().Lookup("As").Pos()); !strings.HasPrefix(pos.Filename, p.GOROOT) {
		t.Errorf("As is declared at %s", pos)
	}
}

func TestSplitArgs(t *testing.T) {
	for args, want := range map[string]string{
		"a.go b.go c": "a.go b.go|c", ". x y": ".|x y", "": "|", "-": "-|", "a.go": "a.go|",
	} {
		n, rest := SplitArgs(strings.Fields(args))
		if got := strings.Join(n, " ") + "|" + strings.Join(rest, " "); got != want {
			t.Errorf("%q: %s, want %s", args, got, want)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, path := range []string{"fmt", "net/http"} {
		b.Run(strings.ReplaceAll(path, "/", "_"), func(b *testing.B) {
			dir := files(b, "-- x.go --\npackage main\nimport _ \""+path+"\"\nfunc main() {}\n")
			took := map[string]time.Duration{}
			var last string
			var since time.Time
			mark := func(phase string) {
				now := time.Now()
				if last != "" {
					took[last] += now.Sub(since)
				}
				last, since = phase, now
			}
			for b.Loop() {
				last = ""
				if _, err := Load(&Config{Dir: dir, Runtime: hostRuntime(), Progress: mark}, "x.go"); err != nil {
					b.Fatal(err)
				}
				mark("")
			}
			for phase, d := range took {
				b.ReportMetric(float64(d.Milliseconds())/float64(b.N), phase+"-ms/op")
			}
		})
	}
}

// TestGuest loads with the guest's own runtime and overlays.
func TestGuest(t *testing.T) {
	p, err := Load(&Config{Dir: files(t, hello)}, "hello.go")
	if err != nil {
		t.Fatal(err)
	}
	if pos := p.Fset.Position(p.Runtime.Files[0].Pos()); !strings.HasPrefix(pos.Filename, "guest/runtime/") {
		t.Errorf("package runtime comes from %s", pos)
	}
}

// TestStd loads every std package that the target has, with the guest's runtime.
func TestStd(t *testing.T) {
	if testing.Short() {
		t.Skip("two seconds of type checking")
	}
	p, err := Load(&Config{Library: true}, "std")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Packages) < 300 {
		t.Errorf("%d packages", len(p.Packages))
	}
}

func TestGraphErrors(t *testing.T) {
	for _, test := range []struct{ archive, want string }{
		{"-- a.go --\npackage main\nimport _ \"m.x/m/b\"\nfunc main() {}\n-- b/b.go --\npackage b\nimport _ \"m.x/m/c\"\n-- c/c.go --\npackage c\nimport _ \"m.x/m/b\"\n",
			"package m.x/m\n\timports m.x/m/b from a.go\n\timports m.x/m/c from b.go\n\timports m.x/m/b from c.go: import cycle not allowed"},
		{"-- a.go --\npackage main\nfunc main() {}\n-- b.go --\npackage lib\n", "found packages main (a.go) and lib (b.go) in DIR"},
		{"-- a.go --\npackage main\nimport _ \"m.x/m/b/internal/c\"\nfunc main() {}\n-- b/internal/c/c.go --\npackage c\n",
			"package m.x/m\n\ta.go:2:8: use of internal package m.x/m/b/internal/c not allowed"},
		{"-- a.go --\npackage main\nimport _ \"./b\"\nfunc main() {}\n", "a.go:2:8: \"./b\" is relative, but relative import paths are not supported in module mode"},
		{"-- a.go --\npackage main\nimport _ \"m.x/m/b\"\nfunc main() {}\n-- b/b.go --\npackage b\nvar x int = \"\"\n",
			"b/b.go:2:13: cannot use \"\" (untyped string constant) as int value in variable declaration"},
	} {
		dir := files(t, "-- go.mod --\nmodule m.x/m\n"+test.archive)
		_, err := Load(&Config{Dir: dir, Runtime: hostRuntime()}, ".")
		if want := strings.ReplaceAll(test.want, "DIR", dir); err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, test.want)
		}
	}
}

// A name that only files for other systems declare is undefined, and the message says which of them a native build has.
func TestLeftOut(t *testing.T) {
	const archive = `
-- go.mod --
module example.com/m

go 1.26
-- main.go --
package main

func main() { println(name()) }
-- name.go --
//go:build !wasip1

package main

func name() string { return "elsewhere" }
-- name_plan9.go --
package main

func name() string { return "plan9" }
`
	_, err := load(t, archive, ".")
	const want = "./main.go:3:23: undefined: name\npackage example.com/m is compiled for GOOS=wasip1 GOARCH=wasm here, without name.go"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
