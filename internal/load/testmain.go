package load

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// testFunc is one function that a test main registers.
type testFunc struct {
	pkg       string // name under which the main imports its package
	name      string
	output    string // of an example
	unordered bool   // the lines of output may come in any order
}

// testMain generates the main package that runs the tests of s and fills in t. Its
// source is a file of the shape
//
//	package main
//	import ( "os"; "testing"; "testing/internal/testdeps"; _test "p"; _xtest "p_test" )
//	func main() {
//		testdeps.ImportPath = "p"
//		m := testing.MainStart(testdeps.TestDeps{}, []testing.InternalTest{…}, …)
//		os.Exit(m.Run())
//	}
func (l *loader) testMain(s *source, t *Test) (*source, error) {
	errs := errorList{fset: l.fset, pkg: s.path + ".test"}
	var tests, benchmarks, fuzz, examples []testFunc
	var start *testFunc
	collect := func(files []*file, pkg string) {
		for _, f := range files {
			for _, d := range f.ast.Decls {
				d, ok := d.(*ast.FuncDecl)
				if !ok || d.Recv != nil {
					continue
				}
				name := d.Name.Name
				fn := testFunc{pkg: pkg, name: name}
				switch {
				case name == "TestMain" && !takesTesting(d, "T"):
					if checkTest(d, "M", &errs) {
						if start != nil {
							errs.add(token.Position{}, "multiple definitions of TestMain")
						}
						start = &fn
					}
				case isTestName(name, "Test"):
					if checkTest(d, "T", &errs) {
						tests = append(tests, fn)
					}
				case isTestName(name, "Benchmark"):
					if checkTest(d, "B", &errs) {
						benchmarks = append(benchmarks, fn)
					}
				case isTestName(name, "Fuzz"):
					if checkTest(d, "F", &errs) {
						fuzz = append(fuzz, fn)
					}
				}
			}
			list := doc.Examples(f.ast)
			sort.SliceStable(list, func(i, j int) bool { return list[i].Order < list[j].Order })
			for _, e := range list {
				if e.Output != "" || e.EmptyOutput { // others are compiled and not run
					examples = append(examples, testFunc{pkg: pkg, name: "Example" + e.Name, output: e.Output, unordered: e.Unordered})
				}
			}
		}
	}
	collect(s.tests, "_test")
	collect(s.xtests, "_xtest")
	if len(errs.list) > 0 {
		return nil, &Errors{List: errs.list[:1], Dir: l.dir, Setup: true}
	}
	t.Tests, t.Benchmarks, t.Fuzz, t.Examples = names(tests), names(benchmarks), names(fuzz), names(examples)
	t.TestMain = start != nil

	used := map[string]bool{}
	for _, list := range [][]testFunc{tests, benchmarks, fuzz, examples} {
		for _, f := range list {
			used[f.pkg] = true
		}
	}
	if start != nil {
		used[start.pkg] = true
	}
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n\t\"os\"\n")
	if start != nil {
		b.WriteString("\t\"reflect\"\n")
	}
	b.WriteString("\t\"testing\"\n\t\"testing/internal/testdeps\"\n\n")
	importAs := func(name, path string) {
		if !used[name] {
			name = "_"
		}
		fmt.Fprintf(&b, "\t%s %q\n", name, path)
	}
	if len(s.tests) > 0 {
		importAs("_test", s.path)
	}
	if len(s.xtests) > 0 {
		importAs("_xtest", s.path+"_test")
	}
	b.WriteString(")\n\n")
	table := func(name, typ string, list []testFunc, row func(f testFunc) string) {
		fmt.Fprintf(&b, "var %s = []testing.%s{\n", name, typ)
		for _, f := range list {
			fmt.Fprintf(&b, "\t{%s},\n", row(f))
		}
		b.WriteString("}\n\n")
	}
	plain := func(f testFunc) string { return fmt.Sprintf("%q, %s.%s", f.name, f.pkg, f.name) }
	table("tests", "InternalTest", tests, plain)
	table("benchmarks", "InternalBenchmark", benchmarks, plain)
	table("fuzzTargets", "InternalFuzzTarget", fuzz, plain)
	table("examples", "InternalExample", examples, func(f testFunc) string {
		return fmt.Sprintf("%q, %s.%s, %q, %t", f.name, f.pkg, f.name, f.output, f.unordered)
	})
	b.WriteString("func main() {\n")
	fmt.Fprintf(&b, "\ttestdeps.ModulePath = %q\n\ttestdeps.ImportPath = %q\n", s.module, s.path)
	b.WriteString("\tm := testing.MainStart(testdeps.TestDeps{}, tests, benchmarks, fuzzTargets, examples)\n")
	if start != nil {
		// TestMain need not call os.Exit; the code that m.Run left behind is the program's.
		fmt.Fprintf(&b, "\t%s.%s(m)\n", start.pkg, start.name)
		b.WriteString("\tos.Exit(int(reflect.ValueOf(m).Elem().FieldByName(\"exitCode\").Int()))\n}\n")
	} else {
		b.WriteString("\tos.Exit(m.Run())\n}\n")
	}
	tree, err := parser.ParseFile(l.fset, "_testmain.go", b.String(), parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("BUG: load: generated test main of %s: %w", s.path, err)
	}
	return &source{path: s.path + ".test", std: true, lang: l.target.lang, files: []*file{{name: "_testmain.go", ast: tree}}, loaded: true}, nil
}

func names(list []testFunc) []string {
	var s []string
	for _, f := range list {
		s = append(s, f.name)
	}
	return s
}

// isTestName reports whether name is prefix followed by nothing or by something that does not begin in lower case.
func isTestName(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return false
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || !unicode.IsLower(r)
}

// takesTesting reports whether d is func(*X) or func(*p.X) for the given X, as far as syntax tells.
func takesTesting(d *ast.FuncDecl, x string) bool {
	if d.Type.Results.NumFields() > 0 || len(d.Type.Params.List) != 1 || len(d.Type.Params.List[0].Names) > 1 {
		return false
	}
	star, ok := d.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	switch t := star.X.(type) {
	case *ast.Ident:
		return t.Name == x
	case *ast.SelectorExpr:
		return t.Sel.Name == x
	}
	return false
}

// checkTest reports a test function with another signature than func(*testing.X).
func checkTest(d *ast.FuncDecl, x string, errs *errorList) bool {
	name := d.Name.Name
	if !takesTesting(d, x) {
		errs.add(token.Position{}, "%v: wrong signature for %s, must be: func %s(%s *testing.%s)", errs.fset.Position(d.Pos()), name, name, strings.ToLower(x), x)
		return false
	}
	if d.Type.TypeParams.NumFields() > 0 {
		errs.add(token.Position{}, "%v: wrong signature for %s, test functions cannot have type parameters", errs.fset.Position(d.Pos()), name)
		return false
	}
	return true
}

// packageNames reports the first in-package file whose package clause disagrees with the others'.
func packageNames(s *source, files []*file, errs *errorList) {
	for _, f := range files {
		if first := files[0]; f.ast.Name.Name != first.ast.Name.Name {
			errs.add(token.Position{}, "found packages %s (%s) and %s (%s) in %s", first.ast.Name.Name, filepath.Base(first.name), f.ast.Name.Name, filepath.Base(f.name), s.dir)
			return
		}
	}
}
