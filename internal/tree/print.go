package tree

// The printed form
//
// A Func prints like Go with the implicit things written out:
//
//	func main.main.func1(x int) (~r0 int)
//	  capture &n int
//	  local i int [captured]
//	{
//	  declare i = 0
//	  for i < n; post { i += 1 } {
//	    *p.f[1] = convert<any>(i)
//	  }
//	  return main.f(i)
//	}
//
// Variables of one name in a function get numbers (x·2). Zero values print as
// zero<T>, allocations as new<T>(init), conversions to interfaces as iface<T>(x).

import (
	"fmt"
	"go/types"
	"strconv"
	"strings"
)

// Print returns the text of f, built or ordered as it is.
func (p *Program) Print(f *Func) string {
	pr := &printer{p: p, names: map[*Var]string{}, used: map[string]int{}, labels: map[*Label]string{}}
	pr.function(f)
	return pr.sb.String()
}

type printer struct {
	p      *Program
	sb     strings.Builder
	indent int
	names  map[*Var]string
	used   map[string]int
	labels map[*Label]string
}

func (pr *printer) line(format string, args ...any) {
	pr.sb.WriteString(strings.Repeat("  ", pr.indent))
	fmt.Fprintf(&pr.sb, format, args...)
	pr.sb.WriteByte('\n')
}

func (pr *printer) typ(t types.Type) string {
	if t == nil {
		return "?"
	}
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}

func (pr *printer) name(v *Var) string {
	if v == nil {
		return "_"
	}
	if v.Kind == Global {
		return v.Sym
	}
	if n, ok := pr.names[v]; ok {
		return n
	}
	n := v.Name
	if n == "" {
		n = "_"
	}
	pr.used[n]++
	if k := pr.used[n]; k > 1 {
		n += "·" + strconv.Itoa(k)
	}
	pr.names[v] = n
	return n
}

func (pr *printer) label(l *Label) string {
	if l == nil {
		return ""
	}
	n, ok := pr.labels[l]
	if !ok {
		n = "L" + strconv.Itoa(len(pr.labels)+1)
		if l.Name != "" {
			n += "." + l.Name
		}
		pr.labels[l] = n
	}
	return n
}

func (pr *printer) params(vs []*Var) string {
	var out []string
	for _, v := range vs {
		out = append(out, pr.name(v)+" "+pr.typ(v.T)+pr.facts(v))
	}
	return strings.Join(out, ", ")
}

func (pr *printer) facts(v *Var) string {
	var s []string
	if v.Addrtaken {
		s = append(s, "addr")
	}
	if v.Captured {
		s = append(s, "captured")
	}
	if v.Esc == EscHeap {
		s = append(s, "heap")
	}
	if len(s) == 0 {
		return ""
	}
	return " [" + strings.Join(s, " ") + "]"
}

var flagNames = []string{"noinline", "noescape", "nosplit", "uintptrescapes", "uintptrkeepalive", "wrapper", "defer", "recover", "", "rangebody", "init"}

func (pr *printer) function(f *Func) {
	head := "func " + f.Sym + "(" + pr.params(f.Params) + ")"
	if len(f.Results) > 0 {
		head += " (" + pr.params(f.Results) + ")"
	}
	for i, n := range flagNames {
		if n != "" && f.Flags&(1<<i) != 0 {
			head += " " + n
		}
	}
	if f.Extern {
		head += " extern"
	}
	pr.line("%s", head)
	pr.indent++
	for _, v := range f.Captures {
		by := ""
		if v.ByRef {
			by = "&"
		}
		pr.line("capture %s%s %s", by, pr.name(v), pr.typ(v.T))
	}
	for _, v := range f.Locals {
		pr.line("local %s %s%s", pr.name(v), pr.typ(v.T), pr.facts(v))
	}
	pr.indent--
	pr.line("{")
	pr.body(f.Body)
	pr.line("}")
}

func (pr *printer) body(list []Stmt) {
	pr.indent++
	for _, s := range list {
		pr.stmt(s)
	}
	pr.indent--
}

func (pr *printer) prefix(l *Label) string {
	if l == nil {
		return ""
	}
	return pr.label(l) + ": "
}

func (pr *printer) stmt(s Stmt) {
	switch s := s.(type) {
	case *ExprStmt:
		pr.line("%s", pr.expr(s.X))
	case *Declare:
		if s.Init == nil {
			pr.line("declare %s", pr.name(s.V))
		} else {
			pr.line("declare %s = %s", pr.name(s.V), pr.expr(s.Init))
		}
	case *Assign:
		pr.line("%s = %s", pr.exprs(s.Lhs), pr.exprs(s.Rhs))
	case *AssignOp:
		pr.line("%s %s= %s", pr.expr(s.X), s.Op, pr.expr(s.Y))
	case *If:
		pr.line("if %s {", pr.expr(s.Cond))
		pr.body(s.Then)
		if len(s.Else) > 0 {
			pr.line("} else {")
			pr.body(s.Else)
		}
		pr.line("}")
	case *For:
		cond := ""
		if s.Cond != nil {
			cond = " " + pr.expr(s.Cond)
		}
		pr.line("%sfor%s {", pr.prefix(s.Label), cond)
		if len(s.CondPre) > 0 {
			pr.line("before condition:")
			pr.body(s.CondPre)
			pr.line("body:")
		}
		pr.body(s.Body)
		if len(s.Post) > 0 {
			pr.line("post:")
			pr.body(s.Post)
		}
		pr.line("}")
	case *Range:
		var decl []string
		for _, v := range s.Decl {
			decl = append(decl, pr.name(v))
		}
		d := ""
		if decl != nil {
			d = " declare(" + strings.Join(decl, ", ") + ")"
		}
		pr.line("%srange%s %s, %s = %s {", pr.prefix(s.Label), d, pr.expr(s.Key), pr.expr(s.Val), pr.expr(s.X))
		pr.body(s.Body)
		pr.line("}")
	case *Switch:
		tag := ""
		if s.Tag != nil {
			tag = " " + pr.expr(s.Tag)
		}
		pr.line("%sswitch%s {", pr.prefix(s.Label), tag)
		for _, c := range s.Cases {
			pr.line("%s:", pr.caseHead(pr.exprs(c.Vals), c.Default))
			pr.body(c.Body)
			if c.Fall {
				pr.line("  fallthrough")
			}
		}
		pr.line("}")
	case *TypeSwitch:
		pr.line("%stypeswitch %s {", pr.prefix(s.Label), pr.expr(s.X))
		for _, c := range s.Cases {
			var ts []string
			for _, t := range c.Types {
				if t == nil {
					ts = append(ts, "nil")
				} else {
					ts = append(ts, pr.typ(t))
				}
			}
			v := ""
			if c.V != nil {
				v = " declare " + pr.name(c.V)
			}
			pr.line("%s:%s", pr.caseHead(strings.Join(ts, ", "), c.Default), v)
			pr.body(c.Body)
		}
		pr.line("}")
	case *Select:
		pr.line("%sselect {", pr.prefix(s.Label))
		for _, c := range s.Cases {
			switch {
			case c.Default:
				pr.line("default:")
			case c.Send:
				pr.line("case %s <- %s:", pr.expr(c.Ch), pr.expr(c.Val))
			default:
				pr.line("case %s, %s = <-%s:", pr.expr(c.Lhs), pr.expr(c.Ok), pr.expr(c.Ch))
			}
			pr.body(c.Body)
		}
		pr.line("}")
	case *Labeled:
		pr.line("%s:", pr.label(s.L))
	case *Jump:
		pr.line("%s %s", s.Tok, pr.label(s.L))
	case *Return:
		if len(s.Vals) == 0 {
			pr.line("return")
			return
		}
		pr.line("return %s", pr.exprs(s.Vals))
	case *Go:
		pr.line("go %s", pr.expr(s.Fn))
	case *Defer:
		if s.Token != nil {
			pr.line("defer(%s) %s", pr.expr(s.Token), pr.expr(s.Fn))
		} else {
			pr.line("defer %s", pr.expr(s.Fn))
		}
	case *Send:
		pr.line("%s <- %s", pr.expr(s.Ch), pr.expr(s.X))
	case *Group:
		pr.body(s.Stmts)
	case *KeepAlive:
		pr.line("keepalive %s", pr.name(s.V))
	default:
		pr.line("?%T", s)
	}
}

func (pr *printer) caseHead(vals string, dflt bool) string {
	switch {
	case dflt && vals == "":
		return "default"
	case dflt:
		return "default, case " + vals
	}
	return "case " + vals
}

func (pr *printer) exprs(list []Expr) string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = pr.expr(x)
	}
	return strings.Join(out, ", ")
}

// expr prints x; operands that are operations are in parentheses.
func (pr *printer) expr(x Expr) string {
	switch x := x.(type) {
	case nil:
		return "_"
	case *Const:
		return pr.constant(x)
	case *Zero:
		return "zero<" + pr.typ(x.T) + ">"
	case *Ref:
		return pr.name(x.V)
	case *FuncRef:
		return x.F.Sym
	case *Closure:
		return "closure " + x.F.Sym + "{" + pr.exprs(x.Vals) + "}"
	case *Unary:
		return x.Op.String() + pr.operand(x.X)
	case *Binary:
		return pr.operand(x.X) + " " + x.Op.String() + " " + pr.operand(x.Y)
	case *Deref:
		return "*" + pr.operand(x.X)
	case *Addr:
		return "&" + pr.operand(x.X)
	case *Field:
		name := strconv.Itoa(x.I)
		if st, ok := x.X.Type().Underlying().(*types.Struct); ok {
			name = st.Field(x.I).Name()
		}
		return pr.operand(x.X) + "." + name
	case *Index:
		return pr.operand(x.X) + "[" + pr.expr(x.I) + "]"
	case *MapIndex:
		return pr.operand(x.M) + "[" + pr.expr(x.K) + "]" + commaOk(x.CommaOk)
	case *Slice:
		s := pr.operand(x.X) + "["
		if x.Lo != nil {
			s += pr.expr(x.Lo)
		}
		s += ":"
		if x.Hi != nil {
			s += pr.expr(x.Hi)
		}
		if x.Max != nil {
			s += ":" + pr.expr(x.Max)
		}
		return s + "]"
	case *Call:
		dots := ""
		if x.Dots {
			dots = "..."
		}
		switch {
		case x.F != nil:
			return x.F.Sym + "(" + pr.exprs(x.Args) + dots + ")"
		case x.Method != nil:
			return pr.operand(x.Args[0]) + "." + x.Method.Name() + "(" + pr.exprs(x.Args[1:]) + dots + ")"
		}
		return pr.operand(x.Fn) + "(" + pr.exprs(x.Args) + dots + ")"
	case *Builtin:
		dots := ""
		if x.Dots {
			dots = "..."
		}
		return x.Name + "!(" + pr.exprs(x.Args) + dots + ")"
	case *New:
		if x.Init == nil {
			return "new<" + pr.typ(pr.p.Elem(x.T)) + ">()"
		}
		return "new<" + pr.typ(pr.p.Elem(x.T)) + ">(" + pr.expr(x.Init) + ")"
	case *MakeSlice:
		return pr.make(x.T, x.Len, x.Cap)
	case *MakeMap:
		return pr.make(x.T, x.Hint)
	case *MakeChan:
		return pr.make(x.T, x.Size)
	case *StructLit:
		var fs []string
		st := x.T.Underlying().(*types.Struct)
		for i, v := range x.Vals {
			if v != nil {
				fs = append(fs, st.Field(i).Name()+": "+pr.expr(v))
			}
		}
		return pr.typ(x.T) + "{" + strings.Join(fs, ", ") + "}"
	case *ArrayLit:
		var es []string
		for i, v := range x.Elems {
			s := pr.expr(v)
			if x.Index[i] != int64(i) {
				s = strconv.FormatInt(x.Index[i], 10) + ": " + s
			}
			es = append(es, s)
		}
		return pr.typ(x.T) + "{" + strings.Join(es, ", ") + "}"
	case *MapLit:
		var es []string
		for i := range x.Keys {
			es = append(es, pr.expr(x.Keys[i])+": "+pr.expr(x.Vals[i]))
		}
		return pr.typ(x.T) + "{" + strings.Join(es, ", ") + "}"
	case *Convert:
		return "convert<" + pr.typ(x.T) + ">(" + pr.expr(x.X) + ")"
	case *ToIface:
		return "iface<" + pr.typ(x.T) + ">(" + pr.expr(x.X) + ")"
	case *IfaceConv:
		return "ifaceconv<" + pr.typ(x.T) + ">(" + pr.expr(x.X) + ")"
	case *Assert:
		return pr.operand(x.X) + ".(" + pr.typ(x.To) + ")" + commaOk(x.CommaOk)
	case *IsType:
		if x.To == nil {
			return "isnil(" + pr.expr(x.X) + ")"
		}
		return "istype<" + pr.typ(x.To) + ">(" + pr.expr(x.X) + ")"
	case *IfaceData:
		return "data<" + pr.typ(x.T) + ">(" + pr.expr(x.X) + ")"
	case *Recv:
		return "<-" + pr.operand(x.X) + commaOk(x.CommaOk)
	case *Concat:
		return "concat(" + pr.exprs(x.Xs) + ")"
	case *Block:
		sub := &printer{p: pr.p, indent: pr.indent + 1, names: pr.names, used: pr.used, labels: pr.labels}
		for _, s := range x.Stmts {
			sub.stmt(s)
		}
		tail := strings.Repeat("  ", pr.indent)
		if x.X != nil {
			return "block {\n" + sub.sb.String() + tail + "} " + pr.operand(x.X)
		}
		return "block {\n" + sub.sb.String() + tail + "}"
	}
	return fmt.Sprintf("?%T", x)
}

func (pr *printer) make(t types.Type, args ...Expr) string {
	s := "make<" + pr.typ(t) + ">("
	for i, a := range args {
		if a == nil {
			break
		}
		if i > 0 {
			s += ", "
		}
		s += pr.expr(a)
	}
	return s + ")"
}

func commaOk(ok bool) string {
	if ok {
		return ",ok"
	}
	return ""
}

func (pr *printer) operand(x Expr) string {
	switch x.(type) {
	case *Binary, *Unary, *Recv, *Closure, *Deref, *Addr:
		return "(" + pr.expr(x) + ")"
	}
	return pr.expr(x)
}

// constant prints a constant; its type is shown unless it is the default type of its kind.
func (pr *printer) constant(c *Const) string {
	s := c.Val.ExactString()
	switch b := c.T.Underlying().(type) {
	case *types.Basic:
		if b.Info()&(types.IsFloat|types.IsComplex) != 0 {
			s = c.Val.String()
		}
	}
	switch c.T {
	case types.Typ[types.Int], types.Typ[types.Bool], types.Typ[types.String]:
		return s
	}
	return pr.typ(c.T) + "(" + s + ")"
}
