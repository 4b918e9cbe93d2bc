package load

import (
	"slices"
	"strings"
	"testing"
)

func TestTests(t *testing.T) {
	dir := files(t, `
-- go.mod --
module example.com/m

go 1.24
-- a/a.go --
package a

func A() int { return 1 }
-- a/a_test.go --
package a

import "testing"

func TestA(t *testing.T)      { A() }
func Testlower(t *testing.T)  {}
func BenchmarkA(b *testing.B) {}
func Export() int             { return 2 }
-- a/x_test.go --
package a_test

import (
	"fmt"
	"testing"

	"example.com/m/a"
	"example.com/m/b"
)

func TestX(t *testing.T) { println(a.Export(), b.B()) }
func FuzzX(f *testing.F) {}

func ExampleX() {
	fmt.Println(b.B())
	// Output: 1
}

func ExampleSilent() {}

func TestMain(m *testing.M) { m.Run() }
-- b/b.go --
package b

import "example.com/m/a"

func B() int { return a.A() }
-- c/c_test.go --
package c_test

import "testing"

func TestC(t *testing.T) {}
-- cycle/c.go --
package cycle
-- cycle/c_test.go --
package cycle

import _ "example.com/m/cycle/up"
-- cycle/up/up.go --
package up

import _ "example.com/m/cycle"
-- wrong/w.go --
package wrong
-- wrong/w_test.go --
package wrong

func TestW() {}
`)
	set, err := ListTests(&Config{Dir: dir, Runtime: hostRuntime()}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	want := "example.com/m/a example.com/m/b example.com/m/c example.com/m/cycle example.com/m/cycle/up example.com/m/wrong"
	if got := strings.Join(set.Paths, " "); got != want {
		t.Errorf("packages %s", got)
	}
	a, err := set.Load("example.com/m/a")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(slices.Concat(a.Test.Tests, a.Test.Benchmarks, a.Test.Fuzz, a.Test.Examples), " "); got != "TestA TestX BenchmarkA FuzzX ExampleX" || !a.Test.TestMain {
		t.Errorf("tests of a: %s, %v", got, a.Test.TestMain)
	}
	if b := a.ByPath["example.com/m/b"]; b == nil || !b.Variant || b.Imported("example.com/m/a") != a.Test.Package {
		t.Errorf("b is not compiled against the variant of a")
	}
	if a.Main.Path != "example.com/m/a.test" || a.Main.LinkPath != "main" || a.Test.XTest.LinkPath != "example.com/m/a_test" {
		t.Errorf("main %s %s", a.Main.Path, a.Main.LinkPath)
	}
	b, err := set.Load("example.com/m/b")
	if err != nil {
		t.Fatal(err)
	}
	if !b.Test.Empty() || b.Test.Package.Variant || b.Test.Package.Types == a.ByPath["example.com/m/b"].Types {
		t.Errorf("b: %+v", b.Test)
	}
	if b.ByPath["testing"] != a.ByPath["testing"] {
		t.Errorf("testing is checked twice")
	}
	if c, err := set.Load("example.com/m/c"); err != nil || len(c.Test.Tests) != 1 || c.Test.Package != nil {
		t.Errorf("c: %v", err)
	}
	for path, want := range map[string]string{
		"cycle": "package example.com/m/cycle\n\timports example.com/m/cycle/up from c_test.go\n\timports example.com/m/cycle from up.go: import cycle not allowed in test",
		"wrong": dir + "/wrong/w_test.go:3:1: wrong signature for TestW, must be: func TestW(t *testing.T)",
	} {
		if _, err := set.Load("example.com/m/" + path); err == nil || err.Error() != want {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestStdTests loads tests of std packages; strings is one that package testing itself imports.
func TestStdTests(t *testing.T) {
	set, err := ListTests(&Config{Runtime: hostRuntime()}, "strings", "container/...", "sort")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range set.Paths {
		p, err := set.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if p.Test.Empty() {
			t.Errorf("%s has no tests", path)
		}
		if path == "strings" && (!p.ByPath["testing"].Variant || p.ByPath["testing"].Imported("strings") != p.Test.Package) {
			t.Errorf("testing is not compiled against the variant of strings")
		}
	}
	if len(set.Paths) != 5 {
		t.Errorf("packages %v", set.Paths)
	}
}

func TestOrderOfPackages(t *testing.T) {
	list := []*listed{
		{ImportPath: "m/z/inner", Match: []string{"./..."}},
		{ImportPath: "m/a-b", Match: []string{"./..."}},
		{ImportPath: "m/a/c", Match: []string{"./...", "./a/c"}},
		{ImportPath: "m", Match: []string{"./..."}},
		{ImportPath: "m/a", Match: []string{"./..."}},
		{ImportPath: "other", Match: []string{"other"}},
	}
	asNamed(list, []string{"other", "./..."})
	var got []string
	for _, p := range list {
		got = append(got, p.ImportPath)
	}
	if want := "other m m/a m/a/c m/a-b m/z/inner"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
