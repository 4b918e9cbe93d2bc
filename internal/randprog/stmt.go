package randprog

import (
	"fmt"
	"strconv"
	"strings"
)

// kinds are the statements with their weights.
var kinds []stmtKind

type stmtKind struct {
	weight int
	make   func(g *gen)
}

// weights is the sum of all weights.
var weights int

func init() {
	kinds = []stmtKind{
		{14, (*gen).declare},
		{14, (*gen).assign},
		{8, (*gen).opAssign},
		{8, (*gen).branch},
		{8, (*gen).count},
		{7, (*gen).rangeOver},
		{4, (*gen).switchValue},
		{4, (*gen).switchType},
		{10, (*gen).call},
		{5, (*gen).literalFunc},
		{4, (*gen).guarded},
		{2, (*gen).deferred},
		{6, (*gen).putSome},
		{5, (*gen).sliceStmt},
		{5, (*gen).mapStmt},
		{5, (*gen).methods},
		{4, (*gen).genericCall},
		{3, (*gen).goroutines},
		{2, (*gen).channels},
		{3, (*gen).swap},
		{3, (*gen).jump},
		{3, (*gen).iterate},
	}
	for _, k := range kinds {
		weights += k.weight
	}
}

// maxDepth is how deep statements nest.
const maxDepth = 3

func (g *gen) stmt() {
	n := g.pick(weights)
	for _, k := range kinds {
		if n -= k.weight; n < 0 {
			k.make(g)
			return
		}
	}
}

// body makes a few statements, one level deeper.
func (g *gen) body() {
	if g.depth >= maxDepth {
		g.assign()
		return
	}
	g.depth++
	for range 1 + g.pick(max(1, 4-2*g.depth+1)) {
		g.stmt()
	}
	g.depth--
}

// define declares a variable with a value.
func (g *gen) define(t *typ, value string) *variable {
	v := &variable{name: g.name("v"), t: t}
	if g.chance(30) {
		g.line("var %s %s = %s", v.name, t.name, value)
	} else if t.kind == kAny || t.kind == kIface || g.chance(50) {
		g.line("%s := %s", v.name, convert(t, value))
	} else {
		g.line("var %s %s\n%s%s = %s", v.name, t.name, strings.Repeat("\t", g.indent), v.name, value)
	}
	g.line("_ = %s", v.name)
	g.vars = append(g.vars, v)
	return v
}

// convert writes a conversion.
func convert(t *typ, value string) string {
	if t.kind == kPtr || t.kind == kFunc || t.kind == kChan {
		return "(" + t.name + ")(" + value + ")"
	}
	return t.name + "(" + value + ")"
}

func (g *gen) declare() {
	t := g.randomType(3)
	g.define(t, g.expr(t, 2))
}

// target is something that can be assigned to without a panic, and its type.
func (g *gen) target() (string, *typ) {
	v := g.choose(func(v *variable) bool { return !v.ro })
	if v == nil {
		return "_", one(g, basics)
	}
	switch {
	case v.t.kind == kStruct && g.chance(70):
		f := one(g, v.t.fields)
		return v.name + "." + f.name, f.t
	case v.t.kind == kPtr && v.t.elem.kind == kStruct && g.chance(70):
		f := one(g, v.t.elem.fields)
		return v.name + "." + f.name, f.t
	case v.t.kind == kPtr && g.chance(70):
		return "*" + v.name, v.t.elem
	case v.t.kind == kArray && g.chance(70):
		if i := g.ofType(tByte); i != nil && g.chance(40) {
			return fmt.Sprintf("%s[%s%%%d]", v.name, i.name, v.t.n), v.t.elem
		}
		return fmt.Sprintf("%s[%d]", v.name, g.pick(v.t.n)), v.t.elem
	}
	return v.name, v.t
}

func (g *gen) assign() {
	to, t := g.target()
	g.line("%s = %s", to, g.expr(t, 1+g.pick(3)))
}

func (g *gen) opAssign() {
	for range 5 {
		to, t := g.target()
		switch {
		case to == "_":
		case t.integer():
			switch g.pick(5) {
			case 0:
				g.line("%s%s", to, one(g, []string{"++", "--"}))
			case 1:
				g.line("%s %s %s", to, one(g, []string{"<<=", ">>="}), strconv.Itoa(g.pick(t.bits)))
			case 2:
				g.line("%s %s (%s | 1)", to, one(g, []string{"/=", "%="}), g.value(t))
			default:
				g.line("%s %s %s", to, one(g, []string{"+=", "-=", "*=", "&=", "|=", "^=", "&^="}), g.expr(t, 2))
			}
			return
		case t.numeric():
			g.line("%s %s %s", to, one(g, []string{"+=", "-=", "*="}), g.expr(t, 2))
			return
		case t.kind == kString:
			g.line("if len(%s) < 200 {\n%s\t%s += %s\n%s}", to, strings.Repeat("\t", g.indent), to, g.expr(t, 2), strings.Repeat("\t", g.indent))
			return
		}
	}
}

func (g *gen) branch() {
	head := "if " + g.expr(tBool, 2) + " {"
	n := len(g.vars)
	if g.chance(20) {
		v := &variable{g.name("v"), one(g, basics), false}
		head = fmt.Sprintf("if %s := %s; %s {", v.name, g.value(v.t), v.name+" == "+g.expr(v.t, 1))
		g.vars = append(g.vars, v)
	}
	tail := "}"
	if g.chance(40) {
		tail = "} else {"
	}
	g.block(head, tail, g.body)
	if tail != "}" {
		g.indent++
		m := len(g.vars)
		g.body()
		g.vars = g.vars[:m]
		g.indent--
		g.line("}")
	}
	g.vars = g.vars[:n]
}

// inLoop makes the body of a loop, sometimes with a label that it uses.
func (g *gen) inLoop(head string, vars ...*variable) {
	if g.depth >= maxDepth-1 {
		g.assign()
		return
	}
	l := loop{}
	if g.chance(30) {
		l.label = g.name("L")
		g.line("%s:", l.label)
	}
	g.loops = append(g.loops, l)
	g.block(head, "}", func() {
		for _, v := range vars {
			g.line("_ = %s", v.name)
		}
		if l.label != "" {
			g.line("if %s {\n%s\t%s %s\n%s}", g.expr(tBool, 1), strings.Repeat("\t", g.indent), one(g, []string{"break", "continue"}), l.label, strings.Repeat("\t", g.indent))
		}
		g.vars = append(g.vars, vars...)
		g.body()
	})
	g.loops = g.loops[:len(g.loops)-1]
}

func (g *gen) count() {
	t := one(g, ints)
	v := &variable{g.name("i"), t, true}
	n := 1 + g.pick(6)
	switch g.pick(4) {
	case 0:
		g.inLoop(fmt.Sprintf("for %s := range %s(%d) {", v.name, t.name, n), v)
	case 1:
		g.inLoop(fmt.Sprintf("for %s := %s(%d); %s > 0; %s-- {", v.name, t.name, n, v.name, v.name), v)
	case 2:
		g.inLoop(fmt.Sprintf("for %s := %s(0); %s < %d; %s += 2 {", v.name, t.name, v.name, 2*n, v.name), v)
	default:
		g.inLoop(fmt.Sprintf("for %s := %s(0); %s < %d; %s++ {", v.name, t.name, v.name, n, v.name), v)
	}
}

func (g *gen) rangeOver() {
	v := g.choose(func(v *variable) bool {
		return v.t.kind == kSlice || v.t.kind == kArray || v.t.kind == kString && !v.t.named || v.t.kind == kMap
	})
	if v == nil {
		g.count()
		return
	}
	i := &variable{g.name("i"), tInt, true}
	e := &variable{name: g.name("e"), t: v.t.elem}
	over := v.name
	switch v.t.kind {
	case kString:
		e.t = ints[3]
		over = "cut(" + v.name + ", 0, 8)"
	case kMap:
		i.t, e.t = v.t.key, v.t.key
		if g.chance(50) { // a sum does not depend on the order
			sum := g.define(tInt, "0")
			g.line("for k, e := range %s {\n%s\t%s += hash(k) ^ hash(%s)\n%s}", v.name, strings.Repeat("\t", g.indent), sum.name, map[bool]string{true: "e", false: "len(fmt.Sprint(k, &e != nil))"}[v.t.elem.printable()], strings.Repeat("\t", g.indent))
			return
		}
		g.inLoop(fmt.Sprintf("for %s, %s := range sorted(%s) {", "_", e.name, v.name), e)
		return
	case kSlice:
		over = fmt.Sprintf("%s[:min(%d, len(%s))]", v.name, 1+g.pick(6), v.name)
	}
	if g.chance(30) {
		g.inLoop(fmt.Sprintf("for %s := range %s {", i.name, over), i)
		return
	}
	g.inLoop(fmt.Sprintf("for %s, %s := range %s {", i.name, e.name, over), i, e)
}

func (g *gen) switchValue() {
	t := one(g, basics)
	if t.kind == kBool || t.kind == kComplex {
		g.block("switch {", "}", func() {
			for range 1 + g.pick(3) {
				g.caseOf("case " + g.expr(tBool, 2) + ":")
			}
			g.caseOf("default:")
		})
		return
	}
	g.block("switch "+g.expr(t, 2)+" {", "}", func() {
		seen := map[string]bool{}
		for range 1 + g.pick(5) {
			k := g.literal(t)
			if k2 := fmt.Sprint(k); !seen[k2] && (t.kind != kFloat) {
				seen[k2] = true
				g.caseOf("case " + k + ":")
				if g.chance(10) {
					g.line("\tfallthrough")
				}
			}
		}
		g.caseOf("case " + g.value(t) + ":")
		if g.chance(60) {
			g.caseOf("default:")
		}
	})
}

// caseOf makes a clause; the switch's body has one step of indent too many, as gofmt would not have it.
func (g *gen) caseOf(head string) {
	n := len(g.vars)
	g.line("%s", head)
	g.indent++
	g.body()
	g.indent--
	g.vars = g.vars[:n]
}

func (g *gen) switchType() {
	from := tAny
	if g.chance(30) && len(g.structs) > 0 && len(g.nameds) > 0 {
		from = g.iface
	}
	x := g.expr(from, 2)
	if from == tAny && g.chance(50) {
		t := g.randomType(2)
		x = "any(" + g.expr(t, 1) + ")"
	}
	v := g.name("v")
	g.block(fmt.Sprintf("switch %s := %s.(type) {", v, x), "}", func() {
		seen := map[string]bool{}
		for range 1 + g.pick(5) {
			var t *typ
			if from == g.iface {
				t = ptrTo(one(g, g.structs))
				if g.chance(40) {
					t = one(g, g.nameds)
				}
			} else {
				t = g.randomType(2)
			}
			if seen[t.name] || t.kind == kAny {
				continue
			}
			seen[t.name] = true
			n := len(g.vars)
			g.line("case %s:", t.name)
			g.indent++
			g.line("_ = %s", v)
			g.vars = append(g.vars, &variable{v, t, false})
			g.line("put(\"type\", %s)", strconv.Quote(t.name))
			g.body()
			g.indent--
			g.vars = g.vars[:n]
		}
		if len(seen) > 0 && g.chance(50) {
			g.line("case nil, error:\n%s\tput(\"nil or error\", %s != nil)", strings.Repeat("\t", g.indent), v)
		} else {
			g.line("default:\n%s\t_ = %s", strings.Repeat("\t", g.indent), v)
		}
	})
}

// call calls a generated function; the results become variables.
func (g *gen) call() {
	if len(g.funcs) == 0 {
		g.declare()
		return
	}
	f := one(g, g.funcs)
	var args []string
	for i, p := range f.params {
		if f.variad && i == len(f.params)-1 {
			if g.chance(30) {
				args = append(args, g.expr(sliceOf(p), 1)+"...")
				break
			}
			for range g.pick(4) {
				args = append(args, g.expr(p, 1))
			}
			break
		}
		args = append(args, g.expr(p, 2))
	}
	text := f.name + "(" + strings.Join(args, ", ") + ")"
	if g.chance(10) {
		g.line("defer %s", text)
		return
	}
	var names []string
	var vars []*variable
	for _, t := range f.results {
		v := &variable{g.name("v"), t, false}
		vars = append(vars, v)
		names = append(names, v.name)
	}
	g.line("%s := %s", strings.Join(names, ", "), text)
	for _, v := range vars {
		g.line("_ = %s", v.name)
	}
	g.vars = append(g.vars, vars...)
}

// literalFunc makes a closure that changes what it captures, and calls it.
func (g *gen) literalFunc() {
	if g.depth >= maxDepth || g.closure > 1 {
		g.assign()
		return
	}
	t := one(g, basics)
	name := g.name("fn")
	loops := g.loops
	g.loops = nil
	p := &variable{g.name("a"), one(g, basics), false}
	g.closure++
	g.block(fmt.Sprintf("%s := func(%s %s) (%sr %s) {", name, p.name, p.t.name, name, t.name), "}", func() {
		g.vars = append(g.vars, p, &variable{name + "r", t, false})
		g.line("if !tick() {\n%s\treturn\n%s}", strings.Repeat("\t", g.indent), strings.Repeat("\t", g.indent))
		if g.chance(25) {
			g.deferred()
		}
		g.body()
		g.line("return %s", g.expr(t, 2))
	})
	g.closure--
	g.loops = loops
	for range 1 + g.pick(2) {
		v := &variable{g.name("v"), t, false}
		g.line("%s := %s(%s)", v.name, name, g.expr(p.t, 1))
		g.line("_ = %s", v.name)
		g.vars = append(g.vars, v)
	}
}

// deferred defers a closure that changes variables, results among them, and may recover.
func (g *gen) deferred() {
	if g.depth >= maxDepth || len(g.loops) > 0 && g.chance(70) {
		g.assign()
		return
	}
	loops := g.loops
	g.loops = nil
	depth := g.depth
	g.depth = maxDepth - 1
	g.block("defer func() {", "}()", func() {
		if g.chance(50) {
			g.line("put(\"recovered\", recover())")
		}
		g.body()
	})
	g.depth = depth
	g.loops = loops
}

// guarded does something that panics, or may, inside of a function that recovers.
func (g *gen) guarded() {
	if g.depth >= maxDepth || g.closure > 1 {
		g.assign()
		return
	}
	loops := g.loops
	g.loops = nil
	g.closure++
	g.block("func() {", "}()", func() {
		g.block("defer func() {", "}()", func() {
			g.line("r := recover()")
			g.line("if e, ok := r.(error); ok {\n%s\tr = e.Error()\n%s}", strings.Repeat("\t", g.indent), strings.Repeat("\t", g.indent))
			g.line("put(\"guard\", r)")
			if g.chance(30) {
				g.assign()
			}
		})
		if g.chance(50) {
			g.body()
		}
		g.panics()
		if g.chance(30) {
			g.body()
		}
	})
	g.closure--
	g.loops = loops
}

func (g *gen) panics() {
	switch g.pick(9) {
	case 0:
		if v := g.choose(func(v *variable) bool { return v.t.kind == kSlice }); v != nil {
			g.line("_ = %s[%s]", v.name, g.value(tInt))
			return
		}
	case 1:
		t := one(g, ints)
		g.line("_ = %s / %s", g.value(t), g.value(t))
		return
	case 2:
		g.line("var m map[string]int\n%sm[%s] = 1", strings.Repeat("\t", g.indent), g.value(tString))
		return
	case 3:
		g.line("_ = %s.(%s)", g.expr(tAny, 1), g.randomType(1).name)
		return
	case 4:
		g.line("panic(%s)", g.expr(one(g, basics), 1))
		return
	case 5:
		g.line("panic(fmt.Errorf(\"wrapped %%v: %%w\", %s, errors.New(\"inner\")))", g.value(tString))
		return
	case 6:
		if len(g.structs) > 0 {
			s := one(g, g.structs)
			g.line("var p *%s\n%s_ = p.%s", s.name, strings.Repeat("\t", g.indent), one(g, s.fields).name)
			return
		}
	case 7:
		g.line("_ = %s[%s:]", g.value(tString), g.value(tByte))
		return
	}
	if v := g.choose(func(v *variable) bool { return v.t.kind == kSlice }); v != nil {
		g.line("_ = [%d]%s(%s)", 1+g.pick(4), v.t.elem.name, v.name)
	}
}

func (g *gen) putSome() {
	var list []string
	for range 1 + g.pick(3) {
		if v := g.choose(func(v *variable) bool { return v.t.printable() }); v != nil {
			list = append(list, v.name)
		}
	}
	if len(list) == 0 || g.chance(40) {
		list = append(list, g.expr(one(g, basics), 3))
	}
	g.line("put(%s)", strings.Join(list, ", "))
}

// putAll prints everything in scope that shows no address.
func (g *gen) putAll() {
	for _, v := range g.vars {
		switch {
		case v.t.printable():
			g.line("put(%q, %s)", v.name, v.name)
		case v.t.kind == kPtr && v.t.elem.printable():
			g.line("put(%q, *%s)", v.name, v.name)
		case v.t.kind == kIface:
			g.line("put(%q, %s.Size())", v.name, v.name)
		}
	}
}

func (g *gen) sliceStmt() {
	v := g.choose(func(v *variable) bool { return v.t.kind == kSlice && !v.ro })
	if v == nil {
		t := sliceOf(one(g, basics))
		v = g.define(t, g.expr(t, 2))
	}
	switch g.pick(6) {
	case 0:
		g.line("if len(%s) < 50 {\n%s\t%s = append(%s, %s)\n%s}", v.name, strings.Repeat("\t", g.indent), v.name, v.name, g.expr(v.t.elem, 2), strings.Repeat("\t", g.indent))
	case 1:
		g.define(tInt, fmt.Sprintf("copy(%s, %s)", v.name, g.expr(v.t, 2)))
	case 2:
		g.line("if i := %s; i >= 0 && i < len(%s) {\n%s\t%s[i] = %s\n%s}", g.value(tInt), v.name, strings.Repeat("\t", g.indent), v.name, g.expr(v.t.elem, 2), strings.Repeat("\t", g.indent))
	case 3:
		g.line("if len(%s) > 1 {\n%s\t%s[0], %s[len(%s)-1] = %s[len(%s)-1], %s[0]\n%s}", v.name, strings.Repeat("\t", g.indent), v.name, v.name, v.name, v.name, v.name, v.name, strings.Repeat("\t", g.indent))
	case 4:
		if k := v.t.elem.kind; k != kPtr && k != kFunc && k != kIface && k != kMap && k != kStruct && k != kArray {
			g.line("clear(%s[min(1, len(%s)):])", v.name, v.name)
		}
	case 5:
		g.line("if len(%s) < 50 {\n%s\t%s = append(%s, %s...)\n%s}", v.name, strings.Repeat("\t", g.indent), v.name, v.name, g.expr(v.t, 1), strings.Repeat("\t", g.indent))
	}
	g.line("put(len(%s))", v.name)
}

func (g *gen) mapStmt() {
	v := g.choose(func(v *variable) bool { return v.t.kind == kMap })
	if v == nil {
		g.declare()
		return
	}
	key := g.expr(v.t.key, 1)
	switch g.pick(4) {
	case 0, 1:
		g.line("if %s != nil {\n%s\t%s[%s] = %s\n%s}", v.name, strings.Repeat("\t", g.indent), v.name, key, g.expr(v.t.elem, 2), strings.Repeat("\t", g.indent))
	case 2:
		g.line("delete(%s, %s)", v.name, key)
	case 3:
		name := g.name("v")
		if v.t.elem.numeric() {
			g.line("if %s != nil {\n%s\t%s[%s] += %s\n%s}", v.name, strings.Repeat("\t", g.indent), v.name, key, g.expr(v.t.elem, 1), strings.Repeat("\t", g.indent))
			return
		}
		g.line("_, %s := %s[%s]", name, v.name, key)
		g.line("_ = %s", name)
		g.vars = append(g.vars, &variable{name, tBool, false})
	}
	g.line("put(len(%s))", v.name)
}

// methods calls a method: of a variable, promoted, by value, by expression, through the interface.
func (g *gen) methods() {
	if len(g.structs) == 0 || len(g.nameds) == 0 {
		g.declare()
		return
	}
	s := one(g, g.structs)
	v := g.choose(func(v *variable) bool { return v.t.name == s.name || v.t.name == "*"+s.name })
	if v == nil || v.ro {
		v = g.define(s, g.composite(s, 2))
	}
	switch g.pick(6) {
	case 0:
		g.define(tString, v.name+".Bump("+g.expr(tInt, 1)+")")
	case 1:
		m := g.name("m")
		g.line("%s := %s.Bump", m, v.name)
		g.assign()
		g.define(tString, m+"("+g.expr(tInt, 1)+")")
	case 2:
		recv := v.name
		if v.t.kind != kPtr {
			recv = "&" + v.name
		}
		g.define(tString, "(*"+s.name+").Bump("+recv+", "+g.expr(tInt, 1)+")")
	case 3:
		x := g.define(g.iface, g.expr(g.iface, 1))
		g.define(tInt, x.name+".Size()")
		m := g.name("m")
		g.line("%s := %s.Bump", m, x.name)
		g.define(tString, m+"("+g.expr(tInt, 1)+")")
	case 4:
		t := one(g, g.nameds)
		n := g.define(t, g.expr(t, 1))
		g.define(tString, n.name+".Bump("+g.expr(tInt, 1)+")")
	case 5:
		m := g.name("m")
		g.line("%s := %s.Size", m, v.name)
		g.assign()
		g.define(tInt, m+"()")
		if v.t.kind != kPtr {
			c := g.define(s, v.name)
			g.assign()
			if s.comparable() {
				g.define(tBool, c.name+" == "+v.name)
			}
		}
	}
}

func (g *gen) genericCall() {
	switch g.pick(4) {
	case 0:
		t := one(g, ints)
		g.define(t, fmt.Sprintf("%sFold[%s](%s...)", Prefix, t.name, g.expr(sliceOf(t), 2)))
	case 1:
		t, u := g.randomType(1), g.randomType(1)
		f := &typ{kind: kFunc, params: []*typ{t}, result: u}
		g.define(sliceOf(u), fmt.Sprintf("%sApply(%s, %s)", Prefix, g.expr(sliceOf(t), 1), g.pureFunc(f, 2)))
	default:
		k, v := one(g, ints), g.randomType(1)
		if g.chance(40) {
			k = tString
		}
		b := g.name("box")
		g.line("var %s %sBox[%s, %s]", b, Prefix, k.name, v.name)
		for range 1 + g.pick(4) {
			g.line("%s.Put(%s, %s)", b, g.expr(k, 1), g.expr(v, 1))
		}
		kv, vv := &variable{g.name("k"), k, false}, &variable{g.name("e"), v, false}
		g.inLoop(fmt.Sprintf("for %s, %s := range %s.Each {", kv.name, vv.name, b), kv, vv)
		g.line("put(%s.n)", b)
	}
}

// goroutines computes elements of a slice in goroutines of their own, or a sum under a lock.
func (g *gen) goroutines() {
	t := one(g, ints)
	name := g.name("res")
	n := 1 + g.pick(4)
	saved := g.vars
	g.inGo = true
	if g.chance(50) {
		g.block("{", "}", func() {
			g.line("var wg sync.WaitGroup\n%svar mu sync.Mutex\n%svar sum %s", strings.Repeat("\t", g.indent), strings.Repeat("\t", g.indent), t.name)
			g.block(fmt.Sprintf("for i := range %s(%d) {", t.name, n), "}", func() {
				g.vars = append(g.vars, &variable{"i", t, true})
				g.line("wg.Add(1)")
				g.block("go func() {", "}()", func() {
					g.line("defer wg.Done()")
					g.line("x := %s", g.number(t, 3))
					g.line("mu.Lock()")
					g.line("sum += x * i")
					g.line("mu.Unlock()")
				})
			})
			g.line("wg.Wait()")
			g.line("put(\"sum\", sum)")
		})
		g.inGo = false
		g.vars = saved
		return
	}
	g.line("%s := make([]%s, %d)", name, t.name, n)
	g.block("{", "}", func() {
		g.line("done := make(chan int, %d)", g.pick(3))
		g.block(fmt.Sprintf("for i := range %s {", name), "}", func() {
			g.vars = append(g.vars, &variable{"i", tInt, true})
			g.block("go func() {", "}()", func() {
				g.line("%s[i] = %s", name, g.number(t, 3))
				g.line("done <- i")
			})
		})
		g.line("for range %s {\n%s\t<-done\n%s}", name, strings.Repeat("\t", g.indent), strings.Repeat("\t", g.indent))
	})
	g.inGo = false
	g.vars = append(saved, &variable{name, sliceOf(t), false})
}

// channels sends values through a channel, or asks select for what can be said for sure.
func (g *gen) channels() {
	t := g.randomType(2)
	if !t.printable() {
		t = one(g, basics)
	}
	c := g.name("ch")
	if g.chance(50) {
		g.line("%s := make(chan %s, %d)", c, t.name, g.pick(3))
		g.inGo = true
		g.block("go func() {", "}()", func() {
			g.line("defer close(%s)", c)
			for range g.pick(4) {
				g.line("%s <- %s", c, g.expr(t, 0))
			}
		})
		g.inGo = false
		v := g.name("e")
		g.line("for %s := range %s {\n%s\tput(\"received\", hash(%s))\n%s}", v, c, strings.Repeat("\t", g.indent), v, strings.Repeat("\t", g.indent))
		return
	}
	g.line("%s := make(chan %s, 1)", c, t.name)
	x := g.expr(t, 1)
	for range 1 + g.pick(3) {
		n := len(g.vars)
		g.line("select {")
		if g.chance(50) {
			g.caseOf("case " + c + " <- " + x + ":")
		} else {
			v := g.name("e")
			g.line("case %s, ok := <-%s:\n%s\tput(hash(%s), ok)", v, c, strings.Repeat("\t", g.indent), v)
		}
		g.caseOf("default:")
		g.line("}")
		g.vars = g.vars[:n]
	}
}

func (g *gen) swap() {
	a := g.choose(func(v *variable) bool { return !v.ro })
	if a == nil {
		return
	}
	b := g.choose(func(v *variable) bool { return !v.ro && v.t.name == a.t.name && v != a })
	if b == nil {
		return
	}
	if g.chance(50) {
		g.line("%s, %s = %s, %s", a.name, b.name, b.name, g.expr(a.t, 1))
		return
	}
	g.line("%s, %s = %s, %s", a.name, b.name, b.name, a.name)
}

// jump leaves a loop or goes on with it, if a condition holds.
func (g *gen) jump() {
	if len(g.loops) == 0 {
		g.assign()
		return
	}
	l := one(g, g.loops)
	word := one(g, []string{"break", "continue"})
	if l.label != "" {
		word += " " + l.label
	}
	g.line("if %s {\n%s\t%s\n%s}", g.expr(tBool, 2), strings.Repeat("\t", g.indent), word, strings.Repeat("\t", g.indent))
}

// iterate ranges over a function.
func (g *gen) iterate() {
	v := &variable{g.name("i"), tInt, false}
	g.inLoop(fmt.Sprintf("for %s := range %sCount(%d) {", v.name, Prefix, 1+g.pick(5)), v)
}
