package randprog

import (
	"fmt"
	"strings"
)

// # Programs about where pointers go
//
// A flow program makes pointers to variables, parts of variables, literals and closures and lets them go everywhere:
// through parameters and results, into nodes, slices, maps, closures, interfaces, method values, deferred calls,
// range-over-func bodies, and into a global node. Between statements smash overwrites the stack above. If
// something lived in a frame that a pointer outlived, a value printed later would differ.
//
// No pointer is ever nil and nothing is asserted that does not hold, by construction:
//
//	a node's p, f, arr and any are set by its literal; next may be nil and is read through nx
//	elements of lists and maps are read through at and look, with a default
//	an any holds a *int, or what get knows to find one in
//
// Closures read and write through pointers but call no other closures, so that every program ends.

// flowTypes are the types of a flow program's variables.
var flowTypes = []string{"int", "*int", "**int", "*NODE", "NODE", "[]*int", "map[int]*int", "func() int", "any", "[2]*int", "string", "[]byte", "func(*int) *int"}

// flow is the state of making a flow program.
type flow struct {
	*gen
	scope []flowVar
	funcs []flowFunc
	deep  int // of nested statements
	lits  int // of nested function literals
	loop  bool
	top   []flowFunc
}

type flowVar struct{ name, t string }

type flowFunc struct {
	name    string
	params  []string // types; the last may begin with ...
	results []string
}

const flowPrelude = `
type NODE struct {
	v    int
	p    *int
	next *NODE
	list []*int
	f    func() int
	arr  [2]*int
	any  any
	s    string
}

var Pkept = &NODE{p: new(int), f: func() int { return 3 }, arr: [2]*int{new(int), new(int)}, any: new(int)}

func Pmk(v int) *NODE {
	return &NODE{v: v, p: &v, f: func() int { return v }, arr: [2]*int{&v, new(int)}, any: &v}
}

func Pnx(n *NODE) *NODE {
	if n.next != nil {
		return n.next
	}
	return n
}

func Pat(l []*int, i int, d *int) *int {
	if i < len(l) {
		return l[i]
	}
	return d
}

func Plook(m map[int]*int, k int, d *int) *int {
	if p, ok := m[k]; ok {
		return p
	}
	return d
}

func Pget(x any, d *int) *int {
	switch x := x.(type) {
	case *int:
		return x
	case NODE:
		return x.p
	case *NODE:
		return x.p
	case [2]*int:
		return x[1]
	case func() int:
		*d += x()
	case int:
		*d ^= x
	case string:
		*d += len(x)
	}
	return d
}

func (n *NODE) inc() int      { n.v++; *n.p += n.v; return n.v }
func (n NODE) sum() int       { return n.v + *n.p + *n.arr[0] }
func (n *NODE) own() *int     { return &n.v }
func (n *NODE) set(p *int) *int { old := n.p; n.p = p; return old }
func (n NODE) pick(p *int) *int { if n.v&1 == 0 { return p }; return n.p }

func Peach(n *NODE, yield func(*int) bool) {
	for i := 0; n != nil && i < 3; i++ {
		if !yield(n.p) || !yield(&n.v) {
			return
		}
		n = n.next
	}
}

func Pvar(ps ...*int) *int {
	for i, p := range ps {
		if *p&1 == 1 {
			return ps[len(ps)-1-i]
		}
	}
	return new(int)
}

func Psmash(n int) int {
	var a [24]int
	for i := range a {
		a[i] = n*1000 + i
	}
	if n > 0 {
		return Psmash(n-1) ^ a[n%24]
	}
	return a[5]
}

func Pdig(n *NODE) (h int) {
	for i := 0; n != nil && i < 4; i++ {
		h = h*31 + n.v + *n.p*7 + n.f()*3 + *n.arr[0] + *n.arr[1]*5 + len(n.s)
		for _, p := range n.list {
			h = h*17 + *p
		}
		if p, ok := n.any.(*int); ok {
			h += *p
		}
		n = n.next
	}
	return h
}
`

// own gives the names of the program's own declarations.
func (w *flow) own(text string) string {
	return strings.NewReplacer("NODE", Prefix+"Node", "Pkept", Prefix+"kept", "Pmk", Prefix+"mk", "Pnx", Prefix+"nx", "Pat(", Prefix+"at(", "Plook", Prefix+"look",
		"Pget", Prefix+"get", "Peach", Prefix+"each", "Pvar", Prefix+"vars", "Psmash", Prefix+"smash", "Pdig", Prefix+"dig").Replace(text)
}

func (w *flow) say(format string, args ...any) { w.line("%s", w.own(fmt.Sprintf(format, args...))) }

// flowProgram makes a whole flow program.
func (g *gen) flowProgram() string {
	w := &flow{gen: g}
	g.line("package main")
	g.line("%s", w.own(flowPrelude))
	for range 2 + g.pick(4) {
		w.function()
	}
	w.scope = nil
	g.line("")
	g.line("func %sMain() {", Prefix)
	g.indent++
	w.start()
	for range 10 + g.pick(12) {
		w.stmt()
	}
	w.show()
	w.say("put(\"kept\", Pdig(Pkept))")
	g.indent--
	g.line("}")
	return g.b.String()
}

// start declares one variable of a few types, so that expressions have something to name.
func (w *flow) start() {
	for _, t := range []string{"int", "*int", "*NODE"} {
		w.declare(t)
	}
}

func (w *flow) function() {
	f := flowFunc{name: Prefix + w.name("w")}
	w.scope = nil
	var params, results []string
	for range 1 + w.pick(4) {
		t := one(w.gen, flowTypes)
		v := flowVar{w.name("a"), t}
		f.params = append(f.params, t)
		params = append(params, v.name+" "+t)
		w.scope = append(w.scope, v)
	}
	if w.chance(25) {
		v := flowVar{w.name("a"), "[]*int"}
		f.params = append(f.params, "...*int")
		params = append(params, v.name+" ...*int")
		w.scope = append(w.scope, v)
	}
	for range 1 + w.pick(2) {
		t := one(w.gen, flowTypes)
		f.results = append(f.results, t)
		results = append(results, t)
	}
	named := w.chance(30)
	if named {
		for i, t := range results {
			results[i] = w.name("r") + " " + t
		}
	}
	w.say("")
	w.say("func %s(%s) (%s) {", f.name, strings.Join(params, ", "), strings.Join(results, ", "))
	w.indent++
	w.start()
	if named {
		for i, r := range results {
			name, _, _ := strings.Cut(r, " ")
			w.say("%s = %s", name, w.expr(f.results[i], 1))
			w.scope = append(w.scope, flowVar{name, f.results[i]})
		}
	}
	for range 2 + w.pick(5) {
		w.stmt()
	}
	if named && w.chance(50) {
		w.say("return")
	} else {
		w.say("return %s", w.exprs(f.results, 2))
	}
	w.indent--
	w.say("}")
	w.funcs = append(w.funcs, f)
	w.top = w.funcs
}

func (w *flow) exprs(ts []string, depth int) string {
	var list []string
	for _, t := range ts {
		if t == "...*int" {
			for range w.pick(4) {
				list = append(list, w.expr("*int", depth-1))
			}
			continue
		}
		list = append(list, w.expr(t, depth))
	}
	return strings.Join(list, ", ")
}

func (w *flow) declare(t string) {
	v := flowVar{w.name("v"), t}
	w.say("var %s %s = %s", v.name, t, w.expr(t, 2))
	w.say("_ = %s", v.name)
	w.scope = append(w.scope, v)
}

// variable is one of type t in scope, or "".
func (w *flow) variable(t string) string {
	n, found := 0, ""
	for _, v := range w.scope {
		if v.t == t {
			if n++; w.pick(n) == 0 {
				found = v.name
			}
		}
	}
	return found
}

func (w *flow) node() string {
	if v := w.variable("*NODE"); v != "" && w.chance(60) {
		if w.chance(20) {
			return "Pnx(" + v + ")"
		}
		return v
	}
	if v := w.variable("NODE"); v != "" && w.chance(50) {
		return "(&" + v + ")"
	}
	return "Pkept"
}

// literal is a node literal.
func (w *flow) literal(depth int) string {
	s := fmt.Sprintf("NODE{v: %d, p: %s, f: %s, arr: %s, any: %s", w.pick(50), w.expr("*int", depth-1), w.expr("func() int", depth-1), w.expr("[2]*int", depth-1), w.expr("any", 0))
	if w.chance(30) {
		s += ", next: " + w.expr("*NODE", depth-1)
	}
	if w.chance(30) {
		s += ", list: " + w.expr("[]*int", depth-1)
	}
	if w.chance(20) {
		s += ", s: " + w.expr("string", depth-1)
	}
	return s + "}"
}

// expr makes an expression of type t that cannot panic.
func (w *flow) expr(t string, depth int) string {
	if v := w.variable(t); v != "" && (depth <= 0 || w.chance(35)) {
		return v
	}
	if depth <= 0 {
		switch t {
		case "**int":
			return "ptr(new(int))"
		case "[]*int", "map[int]*int", "[]byte":
			return t + "{}"
		case "string":
			return `"s"`
		case "any":
			return "any(" + w.expr("*int", 0) + ")"
		case "func(*int) *int":
			return "func(q *int) *int { return q }"
		}
	}
	x := func(t string) string { return w.expr(t, depth-1) }
	switch t {
	case "int":
		return w.integer(depth)
	case "*int":
		return w.pointer(depth)
	case "**int":
		if v := w.variable("*int"); v != "" {
			return "&" + v
		}
		return one(w.gen, []string{"&" + w.node() + ".p", "&" + w.node() + ".arr[1]", "ptr(" + x("*int") + ")"})
	case "*NODE":
		if v := w.variable("NODE"); v != "" && w.chance(50) {
			return "&" + v
		}
		switch w.pick(4) {
		case 0:
			return "Pmk(" + x("int") + ")"
		case 1:
			return w.node()
		}
		return "&" + w.literal(depth)
	case "NODE":
		if w.chance(30) {
			return "*" + w.node()
		}
		return w.literal(depth)
	case "[]*int":
		switch w.pick(6) {
		case 0:
			return w.node() + ".list"
		case 1:
			if v := w.variable("[2]*int"); v != "" {
				return v + "[:]"
			}
			return w.node() + ".arr[:]"
		case 2:
			return "append(" + x(t) + ", " + x("*int") + ")"
		case 3:
			return "append([]*int(nil), " + x(t) + "...)"
		}
		return "[]*int{" + x("*int") + ", " + x("*int") + "}"
	case "map[int]*int":
		return "map[int]*int{1: " + x("*int") + ", 2: " + x("*int") + "}"
	case "func() int":
		return w.closure(depth)
	case "func(*int) *int":
		switch w.pick(5) {
		case 0:
			return w.node() + ".set"
		case 1:
			return "(*" + w.node() + ").pick"
		}
		old := w.scope
		q := w.name("q")
		w.scope = append(w.scope[:len(w.scope):len(w.scope)], flowVar{q, "*int"})
		s := "func(" + q + " *int) *int { " + q + "2 := *" + q + "; _ = " + q + "2; " + one(w.gen, []string{"", w.node() + ".p = " + q + "; ", w.node() + ".any = &" + q + "2; ", "Pkept.arr[1] = " + q + "; "}) +
			"return " + one(w.gen, []string{q, "&" + q + "2", x("*int")}) + " }"
		w.scope = old
		return s
	case "any":
		switch w.pick(7) {
		case 0:
			return "any(*" + w.node() + ")"
		case 1:
			return "any(" + x("int") + ")"
		case 2:
			return "any(" + w.node() + ")"
		case 3:
			return "any(" + x("[2]*int") + ")"
		case 4:
			return "any(" + x("string") + ")"
		}
		return "any(" + x("*int") + ")"
	case "[2]*int":
		if w.chance(30) {
			return w.node() + ".arr"
		}
		return "[2]*int{" + x("*int") + ", " + x("*int") + "}"
	case "string":
		switch w.pick(6) {
		case 0:
			return "string(" + x("[]byte") + ")"
		case 1:
			return "cut(" + x(t) + " + " + x(t) + ", 0, 40)"
		case 2:
			return "string(rune(65 + " + x("int") + "&15))"
		case 3:
			return "(" + x(t) + " + \"\")"
		case 4:
			return w.node() + ".s"
		}
		return fmt.Sprintf("\"t%d\"", w.pick(99))
	case "[]byte":
		switch w.pick(4) {
		case 0:
			return "append(" + x(t) + ", 'x')"
		case 1:
			return "make([]byte, " + x("int") + "&31)"
		}
		return "[]byte(" + x("string") + ")"
	}
	panic("BUG: randprog: flow expression of type " + t)
}

func (w *flow) integer(depth int) string {
	switch w.pick(8) {
	case 0:
		if v := w.variable("*int"); v != "" {
			return "*" + v
		}
	case 1:
		if v := w.variable("**int"); v != "" {
			return "**" + v
		}
	case 2:
		return w.node() + ".v"
	case 3:
		return "*" + w.node() + ".p"
	case 4:
		if depth > 1 {
			return "(" + w.expr("int", depth-1) + " + " + w.expr("int", depth-1) + ")&0xffff"
		}
	case 5:
		if v := w.variable("string"); v != "" {
			return "len(" + v + ")"
		}
	}
	return fmt.Sprint(w.pick(100))
}

func (w *flow) pointer(depth int) string {
	if v := w.variable("int"); v != "" && w.chance(45) {
		return "&" + v
	}
	if depth <= 0 {
		return one(w.gen, []string{"new(int)", w.node() + ".p", "&" + w.node() + ".v", w.node() + ".arr[0]"})
	}
	x := func(t string) string { return w.expr(t, depth-1) }
	switch w.pick(9) {
	case 0:
		if v := w.variable("**int"); v != "" {
			return "*" + v
		}
	case 1:
		return "Pat(" + x("[]*int") + ", " + fmt.Sprint(w.pick(3)) + ", " + x("*int") + ")"
	case 2:
		return "Plook(" + x("map[int]*int") + ", " + fmt.Sprint(w.pick(4)) + ", " + x("*int") + ")"
	case 3:
		return "Pvar(" + x("*int") + ", " + x("*int") + ")"
	case 4:
		return w.node() + ".own()"
	case 5:
		if v := w.variable("any"); v != "" {
			return "Pget(" + v + ", new(int))"
		}
	case 6:
		if v := w.variable("[2]*int"); v != "" {
			return v + "[1]"
		}
	}
	return "ptr(" + x("int") + ")"
}

// closure is a literal of type func() int that reads and writes what it captures, or a method value.
func (w *flow) closure(depth int) string {
	switch w.pick(6) {
	case 0:
		return w.node() + ".inc"
	case 1:
		return "(*" + w.node() + ").sum"
	}
	if depth > 1 && w.lits == 0 && w.chance(30) {
		w.lits++
		in := w.name("c")
		s := "func() int { " + in + " := " + w.expr("int", 1) + "; " + one(w.gen, []string{"Pkept.p = &" + in, w.node() + ".list = append(" + w.node() + ".list[:0:0], &" + in + ")", "_ = " + in}) + "; return " + in + " + " + w.expr("int", 1) + " }"
		w.lits--
		return s
	}
	if v := w.variable("int"); v != "" && w.chance(50) {
		return "func() int { " + v + "++; return " + w.expr("int", 1) + " }"
	}
	return "func() int { return " + w.expr("int", 1) + " }"
}

// place is something of a random type that can be assigned to.
func (w *flow) place() (string, string) {
	if len(w.scope) > 0 && w.chance(45) {
		v := one(w.gen, w.scope)
		return v.name, v.t
	}
	n := w.node()
	switch w.pick(12) {
	case 0:
		return n + ".p", "*int"
	case 1:
		return n + ".next", "*NODE"
	case 2:
		return n + ".list", "[]*int"
	case 3:
		return n + ".f", "func() int"
	case 4:
		return n + ".arr[1]", "*int"
	case 5:
		return n + ".any", "any"
	case 6:
		return n + ".s", "string"
	case 7:
		if v := w.variable("map[int]*int"); v != "" {
			return fmt.Sprintf("%s[%d]", v, w.pick(4)), "*int"
		}
	case 8:
		if v := w.variable("**int"); v != "" {
			return "*" + v, "*int"
		}
	case 9:
		if v := w.variable("*int"); v != "" {
			return "*" + v, "int"
		}
	case 10:
		return n + ".arr", "[2]*int"
	}
	return n + ".v", "int"
}

// nest makes a few statements in a scope of their own.
func (w *flow) nest(head, tail string, vars ...flowVar) {
	old := w.scope
	w.scope = append(w.scope[:len(w.scope):len(w.scope)], vars...)
	w.say("%s", head)
	w.indent++
	for _, v := range vars {
		w.say("_ = %s", v.name)
	}
	w.deep++
	for range 1 + w.pick(3) {
		w.stmt()
	}
	w.deep--
	w.indent--
	w.say("%s", tail)
	w.scope = old
}

func (w *flow) stmt() {
	if w.deep == 0 && w.chance(25) {
		w.say("put(Psmash(%d))", w.pick(12))
	}
	switch n := w.pick(24); {
	case n < 6:
		w.declare(one(w.gen, flowTypes))
	case n < 12:
		to, t := w.place()
		w.say("%s = %s", to, w.expr(t, 2))
	case n < 14 && len(w.top) > 0:
		f := one(w.gen, w.top)
		args := w.exprs(f.params, 2)
		var names []string
		var vars []flowVar
		for _, t := range f.results {
			v := flowVar{w.name("v"), t}
			vars, names = append(vars, v), append(names, v.name)
		}
		w.say("%s := %s(%s)", strings.Join(names, ", "), f.name, args)
		for _, v := range vars {
			w.say("_ = %s", v.name)
		}
		w.scope = append(w.scope, vars...)
	case n == 14:
		if v := w.variable("func(*int) *int"); v != "" {
			r := flowVar{w.name("v"), "*int"}
			w.say("%s := %s(%s)\n\t_ = %s", r.name, v, w.expr("*int", 1), r.name)
			w.scope = append(w.scope, r)
		}
	case n == 15:
		w.say("put(Pdig(%s))", w.node())
	case n == 16:
		if v := w.variable("func() int"); v != "" {
			w.say("put(%s())", v)
		}
	case n == 17 && w.deep < 2:
		w.say("defer func(q *int) { *q += %d; put(\"defer\", *q, *%s.p) }(%s)", w.pick(9), w.node(), w.expr("*int", 1))
	case n == 18 && w.deep < 2:
		w.nest("if "+w.expr("int", 1)+"&1 == 0 {", "}")
	case n == 19 && w.deep < 2:
		i := flowVar{w.name("i"), "int"}
		w.nest(fmt.Sprintf("for %s := range %d {", i.name, 1+w.pick(3)), "}", i)
	case n == 20 && w.deep < 2:
		e := flowVar{w.name("e"), "*int"}
		w.nest("for _, "+e.name+" := range "+w.expr("[]*int", 1)+" {", "}", e)
	case n == 21 && w.deep < 2:
		e := flowVar{w.name("e"), "*int"}
		w.nest("for "+e.name+" := range func(yield func(*int) bool) { Peach("+w.node()+", yield) } {", "}", e)
	case n == 22 && w.deep < 2 && w.lits == 0:
		w.lits++
		w.nest("func() {", "}()")
		w.lits--
	case n == 23 && w.deep == 0:
		i := w.name("i")
		w.say("for %s := 0; %s < 3; %s++ {\n\t%s.list = append(%s.list[:min(3, len(%s.list))], &%s)\n}", i, i, i, "Pkept", "Pkept", "Pkept", i)
	default:
		w.show()
	}
}

// show prints what a few variables lead to.
func (w *flow) show() {
	var list []string
	for _, v := range w.scope {
		if len(list) > 6 {
			break
		}
		if !w.chance(50) {
			continue
		}
		switch v.t {
		case "int", "string":
			list = append(list, v.name)
		case "*int":
			list = append(list, "*"+v.name)
		case "**int":
			list = append(list, "**"+v.name)
		case "*NODE":
			list = append(list, v.name+".v", "*"+v.name+".p", "len("+v.name+".list)", v.name+".s")
		case "NODE":
			list = append(list, v.name+".sum()")
		case "[]byte":
			list = append(list, "string("+v.name+")")
		case "[2]*int":
			list = append(list, "*"+v.name+"[0]", "*"+v.name+"[1]")
		case "any":
			list = append(list, "*Pget("+v.name+", new(int))")
		}
	}
	w.say("put(%s)", strings.Join(list, ", "))
}
