// Package randprog makes random Go programs that always end and always print the
// same, to be run by two implementations of Go and compared.
//
// # How a program is made
//
//  1. A few types are chosen: structs (some embedded in others), named basic types
//     with methods, an interface that they implement.
//  2. Functions are made one after the other; a function calls only those before
//     it, so that there is no recursion. Generic functions and types come from
//     templates with random parts.
//  3. Statements are made from the variables in scope, by a table of kinds with
//     weights (stmt.go), expressions by the type that is wanted (expr.go).
//
// # Why the output is determined
//
// Every loop counts to a small constant with a variable that nothing assigns to, and
// every function returns at once when the program's fuel is used up. Go
// leaves the order of variable reads and calls in an expression open, so
// expressions call only functions without effects; calls of generated functions are
// statements of their own. Operations that may panic stand alone in a statement.
// What depends on the order of a map or of goroutines is reduced to something that does
// not. Conversions from floating point that Go leaves open go through a clamp.
// Addresses are never printed.
package randprog

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Prefix begins the name of everything that a program declares at top level; callers
// replace it to put several programs into one package.
const Prefix = "p0_"

// Program returns the source of one file of package main that declares
// func p0_Main(). It uses what Prelude declares. Equal seeds give equal programs.
func Program(seed uint64) string {
	g := &gen{r: rand.New(rand.NewPCG(seed, 0x7e44a41c)), n: map[string]int{}}
	if g.chance(flowShare) {
		return g.flowProgram()
	}
	return g.program()
}

// Flow returns a program as Program does that is all about where pointers go (flow.go).
func Flow(seed uint64) string {
	g := &gen{r: rand.New(rand.NewPCG(seed, 0x71a6b0c5)), n: map[string]int{}}
	return g.flowProgram()
}

// flowShare is the percentage of Program's programs that are about where pointers go.
const flowShare = 20

// gen is the state of making one program.
type gen struct {
	r       *rand.Rand
	b       strings.Builder
	indent  int
	n       map[string]int // names given, by their first part
	structs []*typ
	nameds  []*typ // defined types with a basic underlying type
	iface   *typ   // implemented by all structs (by pointer) and nameds
	funcs   []*fn
	vars    []*variable
	f       *fn // being made
	depth   int // of nested statements
	loops   []loop
	inGo    bool // in a goroutine: no calls, no output, no assignments to captured variables
	closure int  // depth of function literals
}

type fn struct {
	name    string
	params  []*typ
	results []*typ
	variad  bool // the last parameter is ...T
}

type variable struct {
	name string
	t    *typ
	ro   bool // not to be assigned
}

// loop is a loop around the statement being made, inside of the same function.
type loop struct{ label string }

func (g *gen) pick(n int) int       { return g.r.IntN(n) }
func (g *gen) chance(p int) bool    { return g.r.IntN(100) < p }
func one[T any](g *gen, list []T) T { return list[g.pick(len(list))] }

func (g *gen) name(first string) string {
	g.n[first]++
	return fmt.Sprintf("%s%d", first, g.n[first])
}

func (g *gen) line(format string, args ...any) {
	g.b.WriteString(strings.Repeat("\t", g.indent))
	fmt.Fprintf(&g.b, format, args...)
	g.b.WriteByte('\n')
}

// block writes head, the body one step deeper in a scope of its own, and tail.
func (g *gen) block(head, tail string, body func()) {
	g.line("%s", head)
	n := len(g.vars)
	g.indent++
	body()
	g.indent--
	g.vars = g.vars[:n]
	g.line("%s", tail)
}

func (g *gen) program() string {
	g.line("package main")
	g.line("")
	g.line("import (\n\t\"cmp\"\n\t\"errors\"\n\t\"fmt\"\n\t\"sort\"\n\t\"strconv\"\n\t\"strings\"\n\t\"sync\"\n)")
	g.line("")
	g.line("var (\n\t_ = fmt.Sprint\n\t_ = sort.Ints\n\t_ = strconv.Itoa\n\t_ = strings.Repeat\n\t_ sync.Mutex\n\t_ = cmp.Compare[int]\n\t_ = errors.New\n)")
	g.types()
	g.generics()
	for range 2 + g.pick(2) {
		t := g.randomType(1)
		if !t.comparable() && g.chance(50) {
			t = one(g, basics)
		}
		v := &variable{name: Prefix + g.name("g"), t: t}
		g.line("var %s = %s", v.name, g.expr(t, 1))
		g.vars = append(g.vars, v)
	}
	for range 1 + g.pick(3) {
		g.function()
	}
	g.f = &fn{name: Prefix + "Main"}
	g.line("")
	g.block("func "+Prefix+"Main() {", "}", func() {
		for range 4 + g.pick(4) {
			g.stmt()
		}
		g.putAll()
	})
	return g.b.String()
}

// types declares the structs, the named types and the interface with its methods.
func (g *gen) types() {
	g.iface = &typ{kind: kIface, name: Prefix + "I"}
	g.line("")
	g.line("type %sI interface {\n\tSize() int\n\tBump(n int) string\n}", Prefix)
	for range 2 + g.pick(3) {
		t := &typ{kind: kStruct, name: Prefix + g.name("S")}
		g.line("")
		g.block("type "+t.name+" struct {", "}", func() {
			if len(g.structs) > 0 && g.chance(40) {
				e := one(g, g.structs)
				g.line("%s", e.name)
				t.fields = append(t.fields, field{strings.TrimPrefix(e.name, ""), e, true})
			}
			for range 1 + g.pick(5) {
				ft := g.randomType(1)
				if !ft.printable() {
					ft = one(g, basics)
				}
				f := field{g.name("F"), ft, false}
				t.fields = append(t.fields, f)
				g.line("%s %s", f.name, ft.name)
			}
		})
		g.structs = append(g.structs, t)
		f := one(g, t.fields)
		g.line("")
		ptr := "*"
		if g.chance(40) {
			ptr = ""
		}
		g.line("func (s %s%s) Size() int { return hash(s.%s) %% %d }", ptr, t.name, f.name, 3+g.pick(50))
		g.line("")
		g.block(fmt.Sprintf("func (s *%s) Bump(n int) string {", t.name), "}", func() {
			f := one(g, t.fields)
			g.vars = append(g.vars, &variable{"n", tInt, true})
			old := g.vars
			g.vars = g.vars[len(g.vars)-1:]
			g.line("s.%s = %s", f.name, g.expr(f.t, 1))
			g.vars = old
			g.line("return fmt.Sprint(s.%s, n)", one(g, t.fields).name)
		})
	}
	for range 1 + g.pick(2) {
		under := one(g, basics)
		t := &typ{kind: under.kind, name: Prefix + g.name("N"), bits: under.bits, named: true}
		g.nameds = append(g.nameds, t)
		g.line("")
		g.line("type %s %s", t.name, under.name)
		g.line("")
		g.line("func (s %s) Size() int { return hash(s) %% %d }", t.name, 2+g.pick(9))
		g.line("")
		g.line("func (s %s) Bump(n int) string { return fmt.Sprint(s, n) }", t.name)
	}
}

// generics declares generic functions and a generic type.
func (g *gen) generics() {
	p := Prefix
	ops := []string{"acc + x", "acc ^ x", "acc - x", "acc*3 + x", "(acc | x) - acc"}
	g.line("")
	g.line("type %sInt interface{ ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 }", p)
	g.line("")
	g.line("func %sFold[T %sInt](list ...T) (acc T) {\n\tfor i, x := range list {\n\t\tacc = %s\n\t\tif i > %d {\n\t\t\tbreak\n\t\t}\n\t}\n\treturn\n}", p, p, one(g, ops), g.pick(9))
	g.line("")
	g.line("func %sApply[T, U any](list []T, f func(T) U) []U {\n\tvar out []U\n\tfor _, x := range list {\n\t\tout = append(out, f(x))\n\t}\n\treturn out\n}", p)
	g.line("")
	g.line("type %sBox[K comparable, V any] struct {\n\tm map[K]V\n\tlast V\n\tn int8\n}", p)
	g.line("")
	g.line("func (b *%sBox[K, V]) Put(k K, v V) (V, bool) {\n\tif b.m == nil {\n\t\tb.m = map[K]V{}\n\t}\n\told, ok := b.m[k]\n\tb.m[k], b.last = v, old\n\tb.n++\n\treturn old, ok\n}", p)
	g.line("")
	g.line("func (b %sBox[K, V]) Each(yield func(K, V) bool) {\n\tfor _, k := range sorted(b.m) {\n\t\tif !yield(k, b.m[k]) {\n\t\t\treturn\n\t\t}\n\t}\n}", p)
	g.line("")
	g.line("func %sCount(n int) func(func(int) bool) {\n\treturn func(yield func(int) bool) {\n\t\tdefer put(\"end of count\", n)\n\t\tfor i := range n {\n\t\t\tif !yield(i * %d) {\n\t\t\t\treturn\n\t\t\t}\n\t\t}\n\t}\n}", p, 1+g.pick(9))
}

// function makes one function and declares it for later ones.
func (g *gen) function() {
	f := &fn{name: Prefix + g.name("f")}
	outer := g.vars
	g.vars = g.vars[:len(g.vars):len(g.vars)]
	var params, results []string
	for range g.pick(4) {
		t := g.randomType(2)
		v := &variable{name: g.name("a"), t: t}
		f.params = append(f.params, t)
		params = append(params, v.name+" "+t.name)
		g.vars = append(g.vars, v)
	}
	if g.chance(20) {
		t := one(g, basics)
		f.variad = true
		f.params = append(f.params, t)
		v := &variable{name: g.name("a"), t: sliceOf(t)}
		params = append(params, v.name+" ..."+t.name)
		g.vars = append(g.vars, v)
	}
	var zero []*variable
	for range 1 + g.pick(2) {
		t := g.randomType(1)
		v := &variable{name: g.name("r"), t: t}
		f.results = append(f.results, t)
		results = append(results, v.name+" "+t.name)
		zero = append(zero, v)
	}
	g.f = f
	g.line("")
	g.block(fmt.Sprintf("func %s(%s) (%s) {", f.name, strings.Join(params, ", "), strings.Join(results, ", ")), "}", func() {
		for _, v := range zero {
			if v.t.kind == kPtr || v.t.kind == kFunc || v.t.kind == kMap || v.t.kind == kIface {
				g.line("%s = %s", v.name, g.expr(v.t, 0))
			}
			g.vars = append(g.vars, v)
		}
		g.line("if !tick() {\n%s\treturn\n%s}", strings.Repeat("\t", g.indent), strings.Repeat("\t", g.indent))
		if g.chance(30) {
			g.deferred()
		}
		for range 2 + g.pick(3) {
			g.stmt()
		}
		if g.chance(50) {
			g.line("return")
			return
		}
		var list []string
		for _, t := range f.results {
			list = append(list, g.expr(t, 2))
		}
		g.line("return %s", strings.Join(list, ", "))
	})
	g.vars = outer
	g.funcs = append(g.funcs, f)
}
