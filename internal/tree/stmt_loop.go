package tree

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// forStmt builds a three-clause loop. Its variables are new in each round when the file's Go version
// says so and a closure or a pointer could notice.
func (b *builder) forStmt(s *ast.ForStmt, name types.Object) {
	first := len(b.fn.Locals)
	if s.Init != nil {
		b.stmt(s.Init)
	}
	vars := b.loopVars(s.Init, first)
	f := &For{At: At{s.For}}
	if s.Cond != nil {
		f.Cond = b.expr(s.Cond)
		if v, ok := boolConst(f.Cond); ok {
			if !v {
				return
			}
			f.Cond = nil
		}
	}
	t := b.push(s.For, name, true)
	f.Body = b.block(func() { b.stmt(s.Body) })
	b.pop()
	if s.Post != nil {
		f.Post = b.block(func() { b.stmt(s.Post) })
	}
	if b.nest.perIter {
		var copies []Stmt
		for _, v := range vars {
			if v.Addrtaken || v.Captured && (v.Reassigned || b.p.Sizes.Sizeof(v.T) > 128) {
				tmp := b.temp(v.Name, v.T, v.Pos)
				copies = append(copies, &Declare{At: At{v.Pos}, V: tmp, Init: b.ref(v, v.Pos)}, &Declare{At: At{v.Pos}, V: v, Init: b.ref(tmp, v.Pos)})
			}
		}
		f.Post = append(copies, f.Post...)
	}
	f.Label = t.used()
	b.emit(f)
}

// loopVars are the variables that the init statement of a loop declared.
func (b *builder) loopVars(init ast.Stmt, first int) []*Var {
	as, ok := init.(*ast.AssignStmt)
	if !ok || as.Tok != token.DEFINE {
		return nil
	}
	var vars []*Var
	for _, e := range as.Lhs {
		if id, ok := e.(*ast.Ident); ok {
			if obj := b.info.Defs[id]; obj != nil && b.nest.vars[obj] != nil {
				vars = append(vars, b.nest.vars[obj])
			}
		}
	}
	return vars
}

// rangeStmt builds a range loop.
func (b *builder) rangeStmt(s *ast.RangeStmt, name types.Object) {
	t := b.tv(s.X).Type
	if b.nest.sub != nil {
		t = b.nest.sub.typ(t)
	}
	if _, ok := t.Underlying().(*types.Signature); ok {
		tg := b.push(s.For, name, true)
		out := b.rangeFunc(s, tg)
		b.pop()
		b.out = append(b.out, out...)
		return
	}
	r := &Range{At: At{s.For}, X: b.expr(s.X)}
	keyT, valT := b.rangeTypes(r, s)
	var shared, after []Stmt
	place := func(e ast.Expr, t types.Type) Expr {
		if e == nil || isBlank(e) {
			return nil
		}
		if s.Tok == token.DEFINE {
			obj := b.info.Defs[e.(*ast.Ident)]
			v := b.declare(obj)
			ref := b.ref(v, e.Pos())
			if v.T != t {
				b.bug(e.Pos(), "range variable of type %s for %s", v.T, t)
			}
			if b.nest.perIter {
				r.Decl = append(r.Decl, v)
			} else {
				v.Reassigned = true
				shared = append(shared, &Declare{At: At{e.Pos()}, V: v})
			}
			return ref
		}
		x := b.place(e)
		if x.Type() == t {
			return x
		}
		v := b.temp("iter", t, e.Pos())
		r.Decl = append(r.Decl, v)
		ref := b.ref(v, e.Pos())
		after = append(after, &Assign{At{e.Pos()}, []Expr{x}, []Expr{b.convert(ref, x.Type())}})
		return ref
	}
	r.Key = place(s.Key, keyT)
	r.Val = place(s.Value, valT)
	tg := b.push(s.For, name, true)
	r.Body = b.block(func() {
		b.out = append(b.out, after...)
		b.stmt(s.Body)
	})
	b.pop()
	r.Label = tg.used()
	b.out = append(b.out, shared...)
	b.emit(r)
}

// rangeTypes gives the types of the iteration values and brings the operand into shape: a pointer to an
// array is dereferenced, an integer constant gets the type of the key.
func (b *builder) rangeTypes(r *Range, s *ast.RangeStmt) (key, val types.Type) {
	key = types.Typ[types.Int]
	x := r.X
	switch u := x.Type().Underlying().(type) {
	case *types.Pointer:
		r.X = b.deref(x, exprPos(s.X))
		val = b.p.Elem(r.X.Type())
	case *types.Slice, *types.Array:
		if d, ok := x.(*Deref); ok && hasEffects(d.X) { // evaluated, and checked for nil, even if no element is used
			tmp := b.temp("array", d.X.Type(), d.P)
			b.emit(&Declare{At: At{d.P}, V: tmp, Init: d.X})
			d.X = b.ref(tmp, d.P)
			b.emit(&Assign{At{d.P}, []Expr{nil}, []Expr{b.checked(d)}})
		}
		val = b.p.Elem(x.Type())
		if d, ok := x.(*Deref); ok {
			// range *p is over a copy of the array: only a pointer operand leaves a bare Deref.
			r.X = &Convert{Typed: d.Typed, X: d}
		}
	case *types.Map:
		key, val = b.p.Key(x.Type()), b.p.Elem(x.Type())
	case *types.Chan:
		key = b.p.Elem(x.Type())
	case *types.Basic:
		if u.Info()&types.IsString != 0 {
			val = types.Typ[types.Int32]
			break
		}
		key = x.Type()
		if _, ok := x.(*Const); ok && s.Key != nil && !isBlank(s.Key) {
			if kt := b.typeOf(s.Key); kt != key && s.Tok == token.DEFINE {
				r.X = b.convert(x, kt)
				key = kt
			}
		}
	default:
		b.bug(s.For, "range over %s", x.Type())
	}
	return key, val
}

// constEqual reports whether two constants of one type are equal.
func constEqual(a, c *Const) bool {
	return a.Val.Kind() == c.Val.Kind() && constant.Compare(a.Val, token.EQL, c.Val) ||
		a.Val.Kind() != c.Val.Kind() && constant.Compare(constant.ToComplex(a.Val), token.EQL, constant.ToComplex(c.Val))
}
