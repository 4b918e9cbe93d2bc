package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/constant"
	"go/format"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"sort"
	"strings"
	"text/scanner"
)

const src = `// Package demo is parsed, checked and printed.
package demo

type   List[T any] struct { head *node[T]; n int }
type node[T any] struct { v T; next *node[T] }

func (l *List[T]) Push(v T)  { l.head = &node[T]{v, l.head}; l.n++ }

type Shape interface { Area() float64; ~struct{ W, H float64 } }

const ( A = iota*10; B; C = "s"+"t" )

func Sum[N int|float64](xs ...N) (t N) { for _, x := range xs { t += x }; return }

var X, Y = Sum(1,2,3), Sum[float64]()
var bad int = "oops"
func unused() { z := 1; if A>3 {return}; undefined() }
`

func main() {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "demo.go", src, parser.ParseComments)
	if err != nil {
		fmt.Println(err)
		return
	}
	counts := map[string]int{}
	ast.Inspect(f, func(n ast.Node) bool {
		if n != nil {
			counts[strings.TrimPrefix(fmt.Sprintf("%T", n), "*ast.")]++
		}
		return true
	})
	names := make([]string, 0, len(counts))
	for n := range counts {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		fmt.Print(n, "=", counts[n], " ")
	}
	fmt.Println()

	out, err := format.Source([]byte(src))
	fmt.Println(string(out), err)

	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Instances: map[*ast.Ident]types.Instance{}}
	conf := types.Config{Error: func(err error) { fmt.Println("error:", err) }}
	pkg, err := conf.Check("demo", fset, []*ast.File{f}, info)
	fmt.Println(err)
	for _, name := range pkg.Scope().Names() {
		fmt.Println(types.ObjectString(pkg.Scope().Lookup(name), types.RelativeTo(pkg)))
	}
	list := pkg.Scope().Lookup("List").Type()
	inst, err := types.Instantiate(nil, list, []types.Type{types.Typ[types.String]}, true)
	ms := types.NewMethodSet(types.NewPointer(inst))
	fmt.Println(inst, err, ms)
	var insts []string
	for id, in := range info.Instances {
		insts = append(insts, fmt.Sprint(fset.Position(id.Pos()), " ", id.Name, " ", in.TypeArgs.At(0)))
	}
	sort.Strings(insts)
	fmt.Println(strings.Join(insts, "\n"))

	for _, e := range []string{"1<<70 / 3", "0.1+0.2 == 0.3", `len("héllo")*2`, "1/0", "'a'+1.0", "1 + 2i*2i"} {
		tv, err := types.Eval(fset, nil, token.NoPos, e)
		fmt.Println(e, "=", tv.Value, tv.Type, err)
	}
	v := constant.BinaryOp(constant.MakeInt64(1<<40), token.MUL, constant.MakeFromLiteral("0x1p100", token.FLOAT, 0))
	fmt.Println(v, v.Kind(), v.ExactString())

	_, err = parser.ParseFile(fset, "broken.go", "package p\nfunc f( {\n x := \n}\nvar = 3", parser.AllErrors)
	fmt.Println(err)
	expr, _ := parser.ParseExpr("a*( b+c[ 3 ] )-func(x int)int{return x}(1)")
	var buf bytes.Buffer
	printer.Fprint(&buf, token.NewFileSet(), expr)
	fmt.Println(buf.String())

	var s scanner.Scanner
	s.Init(strings.NewReader("x := 3.14 + \"str\" // note\n'c' >= 0x1F"))
	s.Mode = scanner.GoTokens &^ scanner.SkipComments
	for tok := s.Scan(); tok != scanner.EOF; tok = s.Scan() {
		fmt.Print(s.Position, " ", scanner.TokenString(tok), " ", s.TokenText(), "; ")
	}
	fmt.Println()
}
