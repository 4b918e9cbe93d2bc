package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"sort"
	"strings"
)

const src = `package p

import "strings"

// T is documented.
type T struct{ a,b int; s string }

func (t *T) Sum(k ...int) (n int) { for _,x:=range k { n+=x }; return n+t.a+t.b }

func helper[K comparable](m map[K]int, k K) int { if v,ok:=m[k];ok {return v}; return strings.Count("x","y") }
`

type lookup map[string]*types.Package

func (l lookup) Import(path string) (*types.Package, error) {
	if p := l[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("no package %q", path)
}

func main() {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", src, parser.ParseComments)
	if err != nil {
		fmt.Println(err)
		return
	}
	var buf bytes.Buffer
	fmt.Println(format.Node(&buf, fset, f))
	fmt.Print(buf.String())
	counts := map[string]int{}
	ast.Inspect(f, func(n ast.Node) bool {
		if n != nil {
			counts[strings.TrimPrefix(fmt.Sprintf("%T", n), "*ast.")]++
		}
		return true
	})
	var names []string
	for k := range counts {
		names = append(names, k)
	}
	sort.Strings(names)
	for _, k := range names {
		fmt.Print(k, ":", counts[k], " ")
	}
	fmt.Println()
	str := types.NewPackage("strings", "strings")
	sig := types.NewSignatureType(nil, nil, nil,
		types.NewTuple(types.NewVar(0, str, "s", types.Typ[types.String]), types.NewVar(0, str, "sub", types.Typ[types.String])),
		types.NewTuple(types.NewVar(0, str, "", types.Typ[types.Int])), false)
	str.Scope().Insert(types.NewFunc(0, str, "Count", sig))
	str.MarkComplete()
	conf := types.Config{Importer: lookup{"strings": str}, Sizes: types.SizesFor("gc", "amd64")}
	pkg, err := conf.Check("p", fset, []*ast.File{f}, nil)
	fmt.Println(pkg, err)
	for _, n := range pkg.Scope().Names() {
		o := pkg.Scope().Lookup(n)
		fmt.Println(o, conf.Sizes.Sizeof(o.Type()))
	}
	_, err = parser.ParseExpr("a + (b * ")
	fmt.Println(err)
	out, err := format.Source([]byte("package q\nfunc  f( ){x:=1;_=x}"))
	fmt.Printf("%s %v\n", out, err)
}
