package randprog

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"testing"
)

// Every seed gives a program that type-checks, and always the same.
func TestPrograms(t *testing.T) {
	fset := token.NewFileSet()
	conf := types.Config{Importer: importer.ForCompiler(fset, "source", nil), GoVersion: "go1.26"}
	prelude, err := parser.ParseFile(fset, "main.go", Prelude([]string{Prefix}), parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(60) {
		text := Program(seed)
		if text != Program(seed) {
			t.Fatalf("seed %d gives two programs", seed)
		}
		f, err := parser.ParseFile(fset, "p.go", text, parser.SkipObjectResolution)
		if err == nil {
			_, err = conf.Check("main", fset, []*ast.File{prelude, f}, nil)
		}
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	for seed := uint64(30000); seed < 31000; seed++ {
		Program(seed) // ends
	}
}
