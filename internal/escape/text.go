package escape

// Expressions as the real compiler prints them in its messages: typed, with constants folded, composite
// literals and function literals shortened, names of the package without qualifier.

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"strings"
	"unicode/utf8"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// local reports whether names of package p are printed without qualifier.
func (a *Analyzer) local(p *types.Package) bool { return p == nil || p.Path() == a.Package }

func isBytes(t types.Type) bool {
	s, ok := t.Underlying().(*types.Slice)
	if !ok {
		return false
	}
	b, ok := s.Elem().Underlying().(*types.Basic)
	return ok && b.Kind() == types.Uint8
}

// literalized is n with an operand that is known to be constant replaced by the constant, as the real compiler has it.
func (a *Analyzer) literalized(n tree.Node) tree.Node {
	switch n := n.(type) {
	case *tree.ToIface:
		if c := a.staticConst(n.X); c != nil {
			if _, ok := n.X.Type().Underlying().(*types.Basic); ok {
				if _, ok := a.origin(n.X).(*tree.Const); ok {
					m := *n
					m.X = &tree.Const{Typed: tree.Typed{At: tree.At{P: n.X.Pos()}, T: n.X.Type()}, Val: c.Val}
					return &m
				}
			}
		}
	case *tree.MakeSlice:
		size := &n.Cap
		if n.Cap == nil {
			size = &n.Len
		}
		if c := a.staticConst(*size); c != nil && c.Val.Kind() == constant.Int && constant.Sign(c.Val) >= 0 {
			m := *n
			c = &tree.Const{Typed: c.Typed, Val: c.Val}
			if n.Cap == nil {
				m.Len = c
			} else {
				m.Cap = c
			}
			return &m
		}
	}
	return n
}

// fold puts the constant into n: a conversion to an interface then refers to static data.
func (a *Analyzer) fold(n tree.Node) {
	if m, ok := a.literalized(n).(*tree.ToIface); ok && m != n {
		putConstant(&n.(*tree.ToIface).X, m.X.(*tree.Const).Val)
	}
}

// FuncName is the name of f in messages.
func (a *Analyzer) FuncName(f *tree.Func) string { return a.funcName(f) }

// SignatureText is the type of f in messages.
func (a *Analyzer) SignatureText(f *tree.Func) string { return a.typeText(a.p.Signature(f)) }

// RealName is FuncName of an instance with its type arguments instead of their shapes.
func (a *Analyzer) RealName(f *tree.Func) string {
	return a.named(f, func(i int) string { return a.linkText(f.Args[i]) })
}

func (a *Analyzer) funcName(f *tree.Func) string {
	return a.named(f, func(i int) string { return a.shape(f, i) })
}

// named is the name of f with the texts of its type arguments.
func (a *Analyzer) named(f *tree.Func, arg func(i int) string) string {
	name := f.Name
	if len(f.Args) > 0 {
		args := make([]string, len(f.Args))
		for i := range args {
			args[i] = arg(i)
		}
		name = strings.Replace(name, "[...]", "["+strings.Join(args, ",")+"]", 1)
	}
	if a.Package != "" {
		if s, ok := strings.CutPrefix(name, a.Package+"."); ok {
			return s
		}
	}
	head, rest, generic := strings.Cut(name, "[")
	if generic {
		rest = "[" + rest
	}
	name = head
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		name = name[i+1:]
	}
	return name + rest
}

// Precedences.
const (
	precOr = iota + 1
	precAnd
	precCmp
	precAdd
	precMul
	precUnary
	precPrimary
)

func prec(n tree.Node) int {
	switch n := n.(type) {
	case *tree.Binary:
		switch n.Op {
		case token.LOR:
			return precOr
		case token.LAND:
			return precAnd
		case token.ADD, token.SUB, token.OR, token.XOR:
			return precAdd
		case token.MUL, token.QUO, token.REM, token.SHL, token.SHR, token.AND, token.AND_NOT:
			return precMul
		}
		return precCmp
	case *tree.Concat:
		return precAdd
	case *tree.Unary, *tree.Recv, *tree.Deref:
		return precUnary
	case *tree.Addr:
		return precUnary
	case *tree.New:
		if n.Init != nil {
			return precUnary
		}
	}
	return precPrimary
}

// at is n as an operand where precedence p is wanted.
func (a *Analyzer) at(n tree.Node, p int) string {
	n = plain(n)
	s := a.text(n)
	if prec(n) < p {
		return "(" + s + ")"
	}
	return s
}

// plain leaves out operations that the source does not have.
func plain(n tree.Node) tree.Node {
	for {
		switch x := n.(type) {
		case *tree.ToIface:
			if x.P == x.X.Pos() {
				n = x.X
				continue
			}
		case *tree.IfaceConv:
			if x.P == x.X.Pos() {
				n = x.X
				continue
			}
		case *tree.Convert:
			if x.P == x.X.Pos() {
				n = x.X
				continue
			}
		}
		return n
	}
}

func (a *Analyzer) list(xs []tree.Expr) string {
	var out []string
	for _, x := range xs {
		out = append(out, a.text(x))
	}
	return strings.Join(out, ", ")
}

func ellipsis(n int) string {
	if n > 0 {
		return "..."
	}
	return ""
}

// Devirtualization is the message that the interface call c became a call of a method of t.
func (a *Analyzer) Devirtualization(c *tree.Call, t types.Type, partial bool) string {
	s := "devirtualizing "
	if partial {
		s = "partially devirtualizing "
	}
	return s + a.at(c.Args[0], precPrimary) + "." + c.Method.Name() + " to " + a.typeText(t)
}

// text is n, an expression or a statement.
func (a *Analyzer) text(n tree.Node) string {
	switch x := plain(n).(type) {
	case nil:
		return "<nil>"
	case valueNode:
		return x.v.Name
	case *tree.Const:
		if x.As != nil {
			return a.varName(x.As)
		}
		return a.constText(x)
	case *tree.Zero:
		switch x.T.Underlying().(type) {
		case *types.Struct, *types.Array:
			return a.spelled(x.P, x.T) + "{}"
		}
		if x.Conv {
			return a.conversion(x.P, x.T, "nil")
		}
		return "nil"
	case *tree.Ref:
		if x.V.Kind == tree.Global {
			if pkg, name, ok := splitSym(x.V.Sym); ok && pkg != a.Package {
				return pkg[strings.LastIndexByte(pkg, '/')+1:] + "." + name
			}
		}
		if x.V.Temp {
			return ".autotmp_0"
		}
		if x.As != nil {
			return a.varName(x.As)
		}
		return a.varName(x.V)
	case *tree.FuncRef:
		if x.F.Outer != nil {
			return "func literal"
		}
		return a.funcName(x.F)
	case *tree.Closure:
		if x.F.Outer != nil {
			return "func literal"
		}
		name := x.F.Name
		name = strings.TrimSuffix(name[strings.LastIndexByte(name, '.')+1:], "-fm")
		return a.receiver(x.Vals[0], x.P) + "." + name
	case *tree.Unary:
		return unaryOp(x.Op) + a.at(x.X, precPrimary)
	case *tree.Binary:
		p := prec(x)
		if c, ok := x.Y.(*tree.Const); ok && (x.Op == token.SHL || x.Op == token.SHR) && c.As == nil && c.T == types.Typ[types.Int] {
			return a.at(x.X, p) + " " + x.Op.String() + " uint(" + c.Val.String() + ")" // counts without a type are
		}
		return a.at(x.X, p) + " " + x.Op.String() + " " + a.at(x.Y, p+1)
	case *tree.Deref:
		return "*" + a.at(x.X, precPrimary)
	case *tree.Addr:
		return "&" + a.at(x.X, precPrimary)
	case *tree.Field:
		return a.receiver(x.X, x.P) + "." + fieldName(x)
	case *tree.Index:
		y := tree.Expr(x.X)
		if d, ok := y.(*tree.Deref); ok && d.P == x.P {
			y = d.X
		}
		return a.at(y, precPrimary) + "[" + a.text(x.I) + "]"
	case *tree.MapIndex:
		return a.at(x.M, precPrimary) + "[" + a.text(x.K) + "]"
	case *tree.Slice:
		y := x.X
		if d, ok := y.(*tree.Addr); ok && d.P == x.P {
			y = d.X
		}
		s := a.at(y, precPrimary) + "["
		if x.Lo != nil {
			s += a.text(x.Lo)
		}
		s += ":"
		if x.Hi != nil {
			s += a.text(x.Hi)
		}
		if x.Max != nil {
			s += ":" + a.text(x.Max)
		}
		return s + "]"
	case *tree.Call:
		return a.callText(x)
	case *tree.Builtin:
		args := a.list(x.Args)
		if x.Dots {
			args += "..."
		}
		if x.Name == "nilcheck" {
			return args
		}
		return x.Name + "(" + args + ")"
	case *tree.New:
		if x.Init == nil {
			return "new(" + a.spelled(x.P, a.p.Elem(x.T)) + ")"
		}
		return "&" + a.literalText(x.Init)
	case *tree.MakeSlice:
		x = a.literalized(x).(*tree.MakeSlice)
		if x.Cap != nil {
			return "make(" + a.spelled(x.P, x.T) + ", " + a.text(x.Len) + ", " + a.text(x.Cap) + ")"
		}
		return "make(" + a.spelled(x.P, x.T) + ", " + a.text(x.Len) + ")"
	case *tree.MakeMap:
		if x.Hint != nil {
			return "make(" + a.spelled(x.P, x.T) + ", " + a.text(x.Hint) + ")"
		}
		return "make(" + a.spelled(x.P, x.T) + ")"
	case *tree.MakeChan:
		if x.Size != nil {
			return "make(" + a.spelled(x.P, x.T) + ", " + a.text(x.Size) + ")"
		}
		return "make(" + a.spelled(x.P, x.T) + ")"
	case *tree.StructLit, *tree.MapLit:
		return a.literalText(x.(tree.Expr))
	case *tree.ArrayLit:
		if x.Dots {
			return "... argument"
		}
		return a.literalText(x)
	case *tree.Convert:
		return a.conv(x.P, x.T, x.X)
	case *tree.ToIface:
		return a.conv(x.P, x.T, x.X)
	case *tree.IfaceConv:
		return a.conv(x.P, x.T, x.X)
	case *tree.Assert:
		return a.at(x.X, precPrimary) + ".(" + a.spelled(x.P, x.To) + ")"
	case *tree.IfaceData:
		return a.text(x.X)
	case *tree.Recv:
		return "<-" + a.at(x.X, precPrimary)
	case *tree.Concat:
		var out []string
		for _, y := range x.Xs {
			out = append(out, a.at(y, precAdd))
		}
		return strings.Join(out, " + ")
	case *tree.Block:
		if x.Result != nil {
			return a.varName(x.Result)
		}
		return a.text(x.X)
	case *tree.Declare:
		if x.Init == nil {
			return "var " + x.V.Name + " " + a.typeText(x.V.T)
		}
		return x.V.Name + " := " + a.text(x.Init)
	case *tree.Assign:
		var l []string
		for _, y := range x.Lhs {
			if y == nil {
				l = append(l, "_")
			} else {
				l = append(l, a.text(y))
			}
		}
		return strings.Join(l, ", ") + " = " + a.list(x.Rhs)
	case *tree.AssignOp:
		return a.text(x.X) + " " + x.Op.String() + "= " + a.text(x.Y)
	case *tree.Return:
		return strings.TrimSuffix("return "+a.list(x.Vals), " ")
	case *tree.Send:
		return a.at(x.Ch, precPrimary) + " <- " + a.text(x.X)
	case *tree.Range:
		return "for loop"
	case *tree.TypeSwitch:
		return "switch statement"
	}
	return fmt.Sprintf("<%T>", n)
}

// varName is a variable in messages: those of functions of another package, inlined, are qualified, but for results without a name.
func (a *Analyzer) varName(v *tree.Var) string {
	if strings.HasPrefix(v.Name, "~") {
		return v.Name
	}
	f := v.Func
	if n := tree.InlinedAt(v.Pos); n > 0 {
		f = a.p.Inlined[n-1].F
	}
	if f == nil || f.Pkg == a.Package || f.Pkg == "" {
		return v.Name
	}
	return f.Pkg[strings.LastIndexByte(f.Pkg, '/')+1:] + "." + v.Name
}

func splitSym(sym string) (pkg, name string, ok bool) {
	slash := strings.LastIndexByte(sym, '/')
	dot := strings.IndexByte(sym[slash+1:], '.')
	if dot < 0 {
		return "", "", false
	}
	dot += slash + 1
	return sym[:dot], sym[dot+1:], true
}

func (a *Analyzer) conv(pos token.Pos, t types.Type, x tree.Expr) string {
	return a.conversion(pos, t, a.text(x))
}

// conversion is the text of the conversion of x.
func (a *Analyzer) conversion(pos token.Pos, t types.Type, x string) string {
	s := a.spelled(pos, t)
	switch types.Unalias(t).(type) {
	case *types.Named, *types.Basic:
	default:
		if s != "any" {
			s = "(" + s + ")"
		}
	}
	return s + "(" + x + ")"
}

func (a *Analyzer) literalText(x tree.Expr) string {
	n := 0
	switch x := x.(type) {
	case *tree.StructLit:
		for _, v := range x.Vals {
			if v != nil {
				n++
			}
		}
	case *tree.ArrayLit:
		n = len(x.Elems)
	case *tree.MapLit:
		n = len(x.Keys)
	case *tree.Zero:
	default:
		return a.text(x)
	}
	return a.spelled(x.Pos(), x.Type()) + "{" + ellipsis(n) + "}"
}

// receiver is the operand of a selector at pos, without the dereference or address that the selector implies.
func (a *Analyzer) receiver(x tree.Expr, pos token.Pos) string {
	switch y := x.(type) {
	case *tree.Deref:
		if y.P == pos {
			x = y.X
		}
	case *tree.Addr:
		if y.P == pos {
			x = y.X
		}
	case *tree.Builtin:
		if y.Name == "nilcheck" {
			x = y.Args[0]
		}
	}
	return a.at(x, precPrimary)
}

func fieldName(x *tree.Field) string {
	return x.X.Type().Underlying().(*types.Struct).Field(x.I).Name()
}

func (a *Analyzer) callText(x *tree.Call) string {
	args := x.Args
	var fun string
	switch {
	case x.Method != nil && len(args) > 0:
		fun = a.at(args[0], precPrimary) + "." + x.Method.Name()
		args = args[1:]
	case x.F != nil && x.F.Obj != nil && x.F.Obj.Type().(*types.Signature).Recv() != nil && len(args) > 0:
		recv := a.typeText(args[0].Type())
		if strings.HasPrefix(recv, "*") {
			recv = "(" + recv + ")"
		}
		fun = recv + "." + x.F.Obj.Name()
	case x.F != nil && x.F.Outer != nil:
		fun = "(func literal)"
	case x.F != nil:
		fun = a.funcName(x.F)
	default:
		fun = a.at(x.Fn, precPrimary)
		if literalOf(x.Fn) != nil {
			fun = "(" + fun + ")"
		}
	}
	s := a.list(args)
	if x.F != nil && len(args) > 0 && x.F.Obj != nil && x.F.Obj.Type().(*types.Signature).Recv() != nil {
		switch args[0].(type) { // taken or loaded for the call
		case *tree.Addr, *tree.Deref:
			first := a.receiver(args[0], args[0].Pos())
			s = strings.Join(append([]string{first}, splitList(a.list(args[1:]))...), ", ")
		}
	}
	if x.Dots {
		s += "..."
	} else if n := len(args); n > 0 {
		if lit, ok := args[n-1].(*tree.ArrayLit); ok && lit.Dots {
			s += "..."
		}
	}
	return fun + "(" + s + ")"
}

func unaryOp(t token.Token) string {
	if t == token.XOR {
		return "^"
	}
	return t.String()
}

func (a *Analyzer) constText(x *tree.Const) string {
	b, ok := types.Unalias(x.T).(*types.Basic)
	if !ok {
		return a.typeText(x.T) + "(" + x.Val.String() + ")"
	}
	switch b.Kind() {
	case types.Int32, types.UntypedRune:
		if r, ok := constant.Uint64Val(x.Val); ok && r <= utf8.MaxRune {
			return fmt.Sprintf("%q", rune(r))
		}
	case types.Int, types.String, types.Bool, types.Float64, types.Complex128,
		types.UntypedInt, types.UntypedString, types.UntypedBool, types.UntypedFloat, types.UntypedComplex:
		return x.Val.String()
	}
	return a.typeText(x.T) + "(" + x.Val.String() + ")"
}

func splitList(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
