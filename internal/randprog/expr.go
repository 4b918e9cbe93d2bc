package randprog

import (
	"fmt"
	"strconv"
	"strings"
)

// choose returns a variable that ok admits, or nil.
func (g *gen) choose(ok func(*variable) bool) *variable {
	n, found := 0, (*variable)(nil)
	for _, v := range g.vars {
		if ok(v) {
			if n++; g.pick(n) == 0 {
				found = v
			}
		}
	}
	return found
}

func (g *gen) ofType(t *typ) *variable {
	return g.choose(func(v *variable) bool { return v.t.name == t.name })
}

// place returns something of type t that can be read without panicking: a variable, a field, an element; "" if there is none.
func (g *gen) place(t *typ) string {
	var list []string
	for _, v := range g.vars {
		switch {
		case v.t.name == t.name:
			list = append(list, v.name, v.name)
		case v.t.kind == kStruct || v.t.kind == kPtr && v.t.elem.kind == kStruct:
			s := v.t
			if s.kind == kPtr {
				s = s.elem
			}
			for _, f := range s.fields {
				if f.t.name == t.name {
					list = append(list, v.name+"."+f.name)
				}
			}
		case v.t.kind == kArray && v.t.elem.name == t.name:
			list = append(list, fmt.Sprintf("%s[%d]", v.name, g.pick(v.t.n)))
		case v.t.kind == kPtr && v.t.elem.name == t.name:
			list = append(list, "*"+v.name)
		case v.t.kind == kMap && v.t.elem.name == t.name && t.kind != kPtr && t.kind != kFunc && t.kind != kIface:
			list = append(list, v.name+"["+g.literal(v.t.key)+"]")
		case v.t.kind == kSlice && v.t.elem.name == t.name && t.kind != kPtr && t.kind != kFunc && t.kind != kIface:
			list = append(list, fmt.Sprintf("at(%s, %d)", v.name, g.pick(9)))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return one(g, list)
}

// literal is a constant of a basic type, converted to it.
func (g *gen) literal(t *typ) string {
	text := ""
	switch t.kind {
	case kInt:
		lim := int64(1) << (t.bits - 1)
		vals := []int64{0, 1, -1, 2, 3, 7, 10, int64(g.pick(100)), -int64(g.pick(100)), lim - 1, -lim, g.r.Int64() >> (64 - t.bits)}
		text = strconv.FormatInt(one(g, vals), 10)
	case kUint:
		vals := []uint64{0, 1, 2, 3, 5, 8, uint64(g.pick(100)), 1<<(t.bits-1) - 1 + 1<<(t.bits-1), 1 << (t.bits - 1), g.r.Uint64() >> (64 - t.bits)}
		text = strconv.FormatUint(one(g, vals), 10)
	case kFloat:
		text = one(g, []string{"0", "1", "-1", "0.5", "1e10", "-2.75", "3.1415926", "1e-7", "16777217", strconv.Itoa(g.pick(1000)), strconv.FormatFloat(g.r.NormFloat64(), 'g', 8, 64)})
	case kComplex:
		return fmt.Sprintf("%s(complex(%d, %d))", t.name, g.pick(9)-4, g.pick(9)-4)
	case kString:
		text = strconv.Quote(one(g, []string{"", "a", "bc", "héllo", "世界", "x\x00y", "\xff\xfe", "long string number one", "zz", strconv.Itoa(g.pick(1000)), strings.Repeat("ab", g.pick(9))}))
	case kBool:
		text = one(g, []string{"true", "false"})
	}
	return t.name + "(" + text + ")"
}

// value is a literal that the compiler does not treat as a constant, so that arithmetic with it wraps around.
func (g *gen) value(t *typ) string {
	if g.chance(85) {
		if p := g.place(t); p != "" {
			return p
		}
	}
	return "lit(" + g.literal(t) + ")"
}

// expr makes an expression of type t without side effects.
func (g *gen) expr(t *typ, depth int) string {
	if g.chance(45) || depth <= 0 {
		if p := g.place(t); p != "" && (depth <= 0 || g.chance(70)) {
			return p
		}
	}
	switch t.kind {
	case kInt, kUint, kFloat, kComplex:
		return g.number(t, depth)
	case kBool:
		return g.condition(t, depth)
	case kString:
		return g.text(t, depth)
	case kArray:
		var list []string
		for i := range t.n {
			if g.chance(70) {
				list = append(list, fmt.Sprintf("%d: %s", i, g.expr(t.elem, depth-1)))
			} else if k := t.elem.kind; k == kPtr || k == kFunc || k == kIface || k == kMap {
				list = append(list, fmt.Sprintf("%d: %s", i, g.expr(t.elem, 0)))
			}
		}
		return t.name + "{" + strings.Join(list, ", ") + "}"
	case kSlice:
		if p := g.ofType(t); p != nil && depth > 0 && g.chance(40) {
			switch g.pick(4) {
			case 0:
				return fmt.Sprintf("append(%s[:len(%s):len(%s)], %s)", p.name, p.name, p.name, g.expr(t.elem, depth-1))
			case 1:
				return fmt.Sprintf("%s[min(%d, len(%s)):]", p.name, g.pick(4), p.name)
			case 2:
				return fmt.Sprintf("%s[:min(%d, len(%s))]", p.name, g.pick(4), p.name)
			default:
				return fmt.Sprintf("append(%s(nil), %s...)", t.name, p.name)
			}
		}
		if g.chance(10) {
			if k := t.elem.kind; k != kPtr && k != kFunc && k != kIface {
				return fmt.Sprintf("make(%s, %d, %d)", t.name, g.pick(4), 4+g.pick(4))
			}
		}
		var list []string
		for range g.pick(5) {
			list = append(list, g.expr(t.elem, depth-1))
		}
		return t.name + "{" + strings.Join(list, ", ") + "}"
	case kMap:
		var list []string
		seen := map[string]bool{}
		for range g.pick(5) {
			k := g.literal(t.key)
			if !seen[k] {
				seen[k] = true
				list = append(list, k+": "+g.expr(t.elem, depth-1))
			}
		}
		return t.name + "{" + strings.Join(list, ", ") + "}"
	case kPtr:
		if v := g.choose(func(v *variable) bool { return v.t.name == t.elem.name && !v.ro }); v != nil && g.chance(50) && !g.inGo {
			return "&" + v.name
		}
		if t.elem.kind == kStruct {
			return "&" + g.composite(t.elem, depth)
		}
		return "ptr(" + g.expr(t.elem, depth-1) + ")"
	case kStruct:
		return g.composite(t, depth)
	case kFunc:
		return g.pureFunc(t, depth)
	case kIface:
		if v := g.choose(func(v *variable) bool { return v.t.name == t.name }); v != nil && g.chance(30) {
			return v.name
		}
		if g.chance(50) && len(g.nameds) > 0 {
			n := one(g, g.nameds)
			return t.name + "(" + g.expr(n, 0) + ")"
		}
		return t.name + "(&" + g.composite(one(g, g.structs), depth-1) + ")"
	}
	// any
	var from *typ
	switch which := g.pick(5); {
	case depth <= 0: // types may contain each other's any: here it ends
	case which == 0:
		if len(g.structs) > 0 {
			if s := one(g, g.structs); s.printable() {
				from = s
			}
		}
	case which == 1:
		if len(g.nameds) > 0 {
			from = one(g, g.nameds)
		}
	}
	if from == nil {
		from = one(g, basics)
	}
	return "any(" + g.expr(from, depth-1) + ")"
}

func (g *gen) composite(t *typ, depth int) string {
	var list []string
	for _, f := range t.fields {
		k := f.t.kind
		if must := k == kPtr || k == kFunc || k == kIface || k == kMap; must || depth >= 0 && g.chance(70) {
			list = append(list, f.name+": "+g.expr(f.t, min(depth-1, 1)))
		} else if k == kStruct {
			list = append(list, f.name+": "+g.composite(f.t, 0))
		} else if k == kArray || k == kSlice {
			list = append(list, f.name+": "+g.expr(f.t, 0))
		}
	}
	return t.name + "{" + strings.Join(list, ", ") + "}"
}

// pureFunc is a function literal without effects.
func (g *gen) pureFunc(t *typ, depth int) string {
	n := len(g.vars)
	var ps []string
	for _, p := range t.params {
		v := &variable{g.name("q"), p, true}
		g.vars = append(g.vars, v)
		ps = append(ps, v.name+" "+p.name)
	}
	s := fmt.Sprintf("func(%s) %s { return %s }", strings.Join(ps, ", "), t.result.name, g.expr(t.result, min(depth, 2)))
	g.vars = g.vars[:n]
	return s
}

func (g *gen) number(t *typ, depth int) string {
	if depth <= 0 {
		return g.value(t)
	}
	a := g.value
	if g.chance(60) {
		a = func(t *typ) string { return "(" + g.number(t, depth-1) + ")" }
	}
	b := func() string {
		if g.chance(30) {
			return g.literal(t)
		}
		return g.expr(t, depth-1)
	}
	if t.kind == kComplex {
		switch g.pick(4) {
		case 0:
			return a(t) + " * " + b()
		case 1:
			return a(t) + " - " + b()
		}
		return a(t) + " + " + b()
	}
	if t.kind == kFloat {
		switch g.pick(7) {
		case 0:
			return a(t) + " * " + b()
		case 1:
			return a(t) + " - " + b()
		case 2:
			return a(t) + " / (" + b() + " + 0.25)"
		case 3:
			return t.name + "(" + g.value(one(g, ints)) + ")"
		case 4:
			return t.name + "(" + g.value(one(g, floats)) + ")"
		case 5:
			return "-" + a(t)
		}
		return a(t) + " + " + b()
	}
	switch g.pick(18) {
	case 0, 1:
		return a(t) + " + " + b()
	case 2:
		return a(t) + " - " + b()
	case 3:
		return a(t) + " * " + b()
	case 4:
		return a(t) + " / (" + g.value(t) + " | 1)"
	case 5:
		return a(t) + " % (" + g.value(t) + " | 1)"
	case 6:
		return a(t) + " & " + b()
	case 7:
		return a(t) + " | " + b()
	case 8:
		return a(t) + " ^ " + b()
	case 9:
		return a(t) + " &^ " + b()
	case 10:
		return a(t) + one(g, []string{" << ", " >> "}) + "(" + g.value(one(g, ints[5:])) + " % 70)"
	case 11:
		return a(t) + one(g, []string{" << ", " >> "}) + strconv.Itoa(g.pick(t.bits))
	case 12, 13:
		return t.name + "(" + g.number(one(g, ints), depth-1) + ")"
	case 14:
		return t.name + "(f2i(float64(" + g.value(one(g, floats)) + ")))"
	case 15:
		return one(g, []string{"-", "^"}) + a(t)
	case 16:
		return t.name + "(" + g.length() + ")"
	}
	op := one(g, []string{"/", "%"})
	if t.kind == kInt {
		return a(t) + " " + op + " " + t.name + "(" + strconv.Itoa(one(g, []int{2, 3, -3, 7, 10, 16, 64, 100, -1})) + ")"
	}
	return a(t) + " " + op + " " + t.name + "(" + strconv.Itoa(one(g, []int{2, 3, 7, 10, 16, 64, 100})) + ")"
}

// length is a non-constant int expression from the length of something.
func (g *gen) length() string {
	v := g.choose(func(v *variable) bool { return v.t.kind == kSlice || v.t.kind == kMap || v.t.kind == kString })
	if v == nil {
		return "lit(" + strconv.Itoa(g.pick(9)) + ")"
	}
	if v.t.kind == kSlice && g.chance(20) {
		return "hash(" + v.name + "[:0])"
	}
	return "len(" + v.name + ")"
}

func (g *gen) condition(t *typ, depth int) string {
	wrap := func(s string) string {
		if t.named {
			return t.name + "(" + s + ")"
		}
		return s
	}
	if depth <= 0 {
		return g.value(t)
	}
	switch g.pick(7) {
	case 0:
		return "!(" + g.expr(t, depth-1) + ")"
	case 1:
		return "(" + g.expr(t, depth-1) + ") && (" + g.expr(t, depth-1) + ")"
	case 2:
		return "(" + g.expr(t, depth-1) + ") || (" + g.expr(t, depth-1) + ")"
	case 3:
		of := g.randomType(2)
		if len(g.structs) > 0 && g.chance(40) {
			of = one(g, g.structs)
		}
		if of.comparable() {
			if v := g.ofType(of); v != nil {
				return wrap("(" + v.name + one(g, []string{" == ", " != "}) + g.expr(of, depth-1) + ")")
			}
		}
	case 4:
		if v := g.choose(func(v *variable) bool { return v.t.kind == kAny }); v != nil {
			return wrap("(" + v.name + " == any(" + g.expr(one(g, basics), 0) + "))")
		}
	}
	of := one(g, basics)
	ops := []string{" == ", " != ", " < ", " <= ", " > ", " >= "}
	if of.kind == kBool || of.kind == kComplex {
		ops = ops[:2]
	}
	return wrap("(" + g.value(of) + one(g, ops) + g.expr(of, depth-1) + ")")
}

func (g *gen) text(t *typ, depth int) string {
	if depth <= 0 {
		return g.value(t)
	}
	conv := func(s string) string {
		if t.named {
			return t.name + "(" + s + ")"
		}
		return s
	}
	s := g.value(tString)
	switch g.pick(12) {
	case 0, 1:
		return g.value(t) + " + " + g.expr(t, depth-1)
	case 2:
		return conv(fmt.Sprintf("cut(%s, %d, %d)", s, g.pick(6), g.pick(6)))
	case 3:
		return conv("string([]byte(" + s + "))")
	case 4:
		return conv("string([]rune(" + s + "))")
	case 5:
		return conv("string(rune(" + g.value(one(g, ints[:4])) + "))")
	case 6:
		return conv("fmt.Sprint(" + g.value(one(g, basics)) + ", " + g.value(one(g, basics)) + ")")
	case 7:
		return conv("strconv.Itoa(int(" + g.value(one(g, ints)) + "))")
	case 8:
		return conv("strings.ToUpper(" + s + ")")
	case 9:
		return conv("fmt.Sprintf(" + strconv.Quote(one(g, []string{"%v|%T", "%6v|%-8v|", "%x %q", "%+v %#v", "%08d %t", "%e %c"})) + ", " + g.value(one(g, basics)) + ", " + g.value(one(g, basics)) + ")")
	case 10:
		return conv("strings.Repeat(" + s + ", " + strconv.Itoa(g.pick(4)) + ")")
	}
	return g.value(t) + " + " + g.literal(t)
}
