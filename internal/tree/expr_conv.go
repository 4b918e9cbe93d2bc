package tree

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// constant makes a constant of type t, with the value as t represents it.
func (b *builder) constant(v constant.Value, t types.Type, pos token.Pos) Expr {
	if isIface(t) { // an untyped constant whose context is an interface
		b.bug(pos, "constant of interface type %s", t)
	}
	return &Const{Typed: Typed{At{pos}, t}, Val: b.represent(v, t, pos)}
}

// represent rounds and converts the constant v to the basic type under t.
func (b *builder) represent(v constant.Value, t types.Type, pos token.Pos) constant.Value {
	bt, ok := t.Underlying().(*types.Basic)
	if !ok {
		b.bug(pos, "constant of type %s", t)
	}
	switch info := bt.Info(); {
	case info&types.IsInteger != 0:
		return wrapInt(constant.ToInt(v), bt, b.p.Sizes)
	case info&types.IsFloat != 0:
		return roundFloat(constant.ToFloat(v), bt)
	case info&types.IsComplex != 0:
		c := constant.ToComplex(v)
		part := types.Typ[types.Float64]
		if bt.Kind() == types.Complex64 {
			part = types.Typ[types.Float32]
		}
		re, im := roundFloat(constant.ToFloat(constant.Real(c)), part), roundFloat(constant.ToFloat(constant.Imag(c)), part)
		return constant.BinaryOp(re, token.ADD, constant.MakeImag(im))
	case bt.Kind() == types.UnsafePointer:
		return constant.ToInt(v)
	}
	return v
}

// wrapInt reduces v modulo the size of the integer type.
func wrapInt(v constant.Value, t *types.Basic, sizes types.Sizes) constant.Value {
	if _, ok := constant.Int64Val(v); ok && (t.Kind() == types.Int64 || t.Kind() == types.Int) {
		return v
	}
	bits := uint(sizes.Sizeof(t) * 8)
	one := constant.MakeInt64(1)
	span := constant.Shift(one, token.SHL, bits)
	lo, hi := constant.MakeInt64(0), span
	if t.Info()&types.IsUnsigned == 0 {
		hi = constant.Shift(one, token.SHL, bits-1)
		lo = constant.UnaryOp(token.SUB, hi, 0)
	}
	if v.Kind() != constant.Int || constant.Compare(v, token.GEQ, lo) && constant.Compare(v, token.LSS, hi) {
		return v
	}
	m := constant.BinaryOp(v, token.REM, span)
	if constant.Compare(m, token.LSS, lo) {
		m = constant.BinaryOp(m, token.ADD, span)
	}
	if constant.Compare(m, token.GEQ, hi) {
		m = constant.BinaryOp(m, token.SUB, span)
	}
	return m
}

func roundFloat(v constant.Value, t *types.Basic) constant.Value {
	if v.Kind() == constant.Unknown {
		return v
	}
	if t.Kind() == types.Float32 {
		f, _ := constant.Float32Val(v)
		return constant.MakeFloat64(float64(f))
	}
	f, _ := constant.Float64Val(v)
	return constant.MakeFloat64(f)
}

// convert converts x implicitly to t: nothing for identical types, otherwise to an interface, between
// interfaces, or a change of name.
func (b *builder) convert(x Expr, t types.Type) Expr {
	t = b.p.Canon(t)
	have := x.Type()
	if have == t {
		return x
	}
	pos := x.Pos()
	at := Typed{At{pos}, t}
	switch x := x.(type) {
	case *Zero:
		if have == types.Typ[types.UntypedNil] {
			return &Zero{Typed: at}
		}
	case *Const:
		if !isIface(t) {
			return &Const{Typed: at, Val: b.represent(x.Val, t, pos)}
		}
	}
	switch {
	case isIface(t) && isIface(have):
		return &IfaceConv{at, x}
	case isIface(t):
		return &ToIface{Typed: at, X: x}
	}
	return &Convert{Typed: at, X: x}
}

// conversion builds the explicit conversion T(e).
func (b *builder) conversion(e ast.Expr, t types.Type, pos token.Pos) Expr {
	if b.isNil(e) {
		z := b.zero(t, pos)
		z.Conv = true
		return z
	}
	x := b.expr(e)
	if x.Type() == t {
		if _, ok := x.(*Const); ok {
			return x
		}
		if isIface(t) {
			return &IfaceConv{Typed{At{pos}, t}, x}
		}
		return &Convert{Typed: Typed{At{pos}, t}, X: x} // kept for messages
	}
	if isIface(t) || isIface(x.Type()) {
		y := b.convert(x, t)
		switch y := y.(type) {
		case *ToIface:
			y.P = pos
		case *IfaceConv:
			y.P = pos
		}
		return y
	}
	if c, ok := x.(*Const); ok {
		if f := b.foldConversion(c, t, pos); f != nil {
			return f
		}
		if s, ok := t.Underlying().(*types.Slice); ok && c.Val.Kind() == constant.String && b.p.Sizes.Sizeof(s.Elem()) == 4 {
			return b.runeLit(constant.StringVal(c.Val), t, s.Elem(), pos)
		}
	}
	return &Convert{Typed: Typed{At{pos}, t}, X: x}
}

// runeLit is []rune of a constant: a literal of its runes.
func (b *builder) runeLit(s string, t, elem types.Type, pos token.Pos) Expr {
	lit := &ArrayLit{Typed: Typed{At{pos}, t}}
	for _, r := range s {
		lit.Index = append(lit.Index, lit.Len)
		lit.Elems = append(lit.Elems, &Const{Typed: Typed{At{pos}, b.p.Canon(elem)}, Val: constant.MakeInt64(int64(r))})
		lit.Len++
	}
	return lit
}

// foldConversion converts a constant to a basic type (the operand of a conversion to a type parameter
// is a constant but the conversion is not), or returns nil.
func (b *builder) foldConversion(c *Const, t types.Type, pos token.Pos) Expr {
	bt, ok := t.Underlying().(*types.Basic)
	if !ok {
		return nil
	}
	at := Typed{At{pos}, t}
	from := c.T.Underlying().(*types.Basic).Info()
	to := bt.Info()
	switch {
	case to&types.IsString != 0 && from&types.IsString != 0, to&types.IsBoolean != 0 && from&types.IsBoolean != 0:
		return &Const{Typed: at, Val: c.Val}
	case to&types.IsString != 0 && from&types.IsInteger != 0:
		r := rune(0xFFFD)
		if n, ok := constant.Int64Val(c.Val); ok && n >= 0 && n <= 0x10FFFF && (n < 0xD800 || n > 0xDFFF) {
			r = rune(n)
		}
		return &Const{Typed: at, Val: constant.MakeString(string(r))}
	case to&types.IsInteger != 0 && from&types.IsInteger != 0,
		to&types.IsFloat != 0 && from&(types.IsInteger|types.IsFloat) != 0,
		to&types.IsComplex != 0 && from&types.IsNumeric != 0:
		return &Const{Typed: at, Val: b.represent(c.Val, t, pos)}
	case to&types.IsInteger != 0 && from&types.IsFloat != 0:
		if v := constant.ToInt(c.Val); v.Kind() == constant.Int {
			return &Const{Typed: at, Val: b.represent(v, t, pos)}
		}
	}
	return nil
}
