package tree

// Order: from the full form to the core form
//
// Order decides in which sequence the parts of a statement are evaluated and
// writes that sequence down as statements. The Go specification leaves much of it
// open (when is the i of `f(i, g())` read?), but programs see the choice, so we
// make the choice of the real compiler. It has two steps there, order and walk, and
// it has two steps here, applied to the operands of one statement after the other:
//
// Early. The operands are visited in source order. What can have an effect that the
// program sees is taken out into a temporary at once: calls, receives, append, copy,
// make, []byte(s), type assertions to types that are not pointer-shaped, && and ||,
// and also, for no deeper reason than that the real compiler does so, len, cap,
// real, imag, complex, min, max, slicing, and the value of a Block (the result of an inlined call). All else stays
// where it is.
//
// Late. When the whole statement has been visited, what is left over is flattened
// from left to right: map accesses, conversions to interface types, string(b),
// concatenations, composite literals, closures, comparisons of interfaces,
// assertions to pointer-shaped types. None of them changes anything that
// another operand may read; so variables, fields, elements and map elements are
// read after all calls of their statement.
//
// Consequences (x, m, p global; f and g change them):
//
//	return x, f()          the x after f
//	a[i] = f()             the element with the new i
//	p.v = f() + p.w        the new p on both sides
//	m[k] + f()             the element after f
//	len(s) + f()           the length before f
//	T{x, f()}, []int{x, f()}, g(x, f())   the x after f
//	x && f()               x before f
//	a[g()] = f()           g, then f, then the bounds check
//	m[k] = f()             f runs even if m is nil
//
// Only the temporaries that are needed are made. The result of a call that is
// assigned to a variable in the frame goes there directly. The pure ones among the early operations
// (slicing, len, && of pure operands, a Block's value …) stay nested as long as no statement follows
// them; if one does, settle moves them into temporaries at the place in the
// sequence where the early step met them.
//
// # What the core form may contain
//
// CheckCore (check.go) checks the following, and lower may rely on it.
//
// Statements: ExprStmt (call, receive, or one of the builtins below), Declare, Assign, AssignOp,
// If, For, Select, Labeled, Jump, Return, Go, Defer, Send, KeepAlive. No Group.
//
// Standing alone, that is as right side of an Assign to frame variables or blanks,
// or in an ExprStmt, with pure operands:
//
//   - Call; Recv; MapIndex (reading); Assert; Select's communication;
//   - Builtin append, extend (append of n zero elements), copy, recover, deferrangefunc, len and cap of a channel, decoderune;
//   - New (without Init), MakeSlice, MakeMap, MakeChan, Closure, ArrayLit of slice type;
//   - Concat; Convert between string and []byte, []rune, integer (unless Temp, which
//     is pure: it borrows the bytes); ToIface unless the operand is pointer-shaped, a
//     constant or a zero value; IfaceConv between different method sets;
//   - Binary == and != of interfaces (unless one side is nil), structs and arrays; division of complex numbers.
//
// Builtins in an ExprStmt: panic, print, println, close, clear, delete, copy,
// recover, mapiterinit(m, &it), mapiternext(&it).
//
// A frame variable is a local, parameter, result or temporary that does not live on the heap (onFrame).
// The elements that append adds are constants, function references, or frame variables other than
// the destination, or literals and pointer-shaped interfaces made of such; so they may
// be read before or after the backing array has grown.
//
// A composite literal (StructLit, ArrayLit of array type) is pure. As right side of
// an Assign it does not refer to the variable on the left, and reads no memory
// that the left side may share: lower may store it element by element.
//
// Temporaries have no Declare: every path assigns them before it reads them. A variable in the frame whose
// initial value stands alone has no Declare either, only the Assign.
//
// Map elements are assigned by Assign{[MapIndex{M, K}], [pure]}.
//
// Return has one pure value per result, or none; the values may be stored one after the other.
//
// Jump: BREAK and CONTINUE refer to a For or Select that encloses them; GOTO refers to a
// Labeled of the same function, which may be anywhere in it.

import (
	"go/constant"
	"go/token"
	"go/types"
	"slices"
)

// Order brings f from full to core form. Build comes first; escape decisions, when there are any, too.
func (p *Program) Order(f *Func) {
	if f.State != Built {
		return
	}
	o := &orderer{p: p, f: f, free: map[types.Type][]*Var{}, ends: map[*Label]*Label{}}
	f.Body = o.block(func() { o.stmts(f.Body) })
	f.State = Ordered
}

// orderer is the state of Order for one function.
//
// Invariant: an expression that has been through early but not yet through late
// holds only early operations that are pure.
type orderer struct {
	p    *Program
	f    *Func
	out  []Stmt                // statements made so far for the innermost block
	temp []*Var                // temporaries in use; a statement gives back what it took
	free map[types.Type][]*Var // temporaries not in use
	ends map[*Label]*Label     // label of a switch or rewritten select → label at its end
}

func (o *orderer) emit(s Stmt) { o.out = append(o.out, s) }

// block returns what run emits. Temporaries taken inside are free after it.
func (o *orderer) block(run func()) []Stmt {
	out, mark := o.out, len(o.temp)
	o.out = nil
	run()
	made := o.out
	o.out = out
	o.release(mark)
	return made
}

// release gives back the temporaries taken since mark.
func (o *orderer) release(mark int) {
	for _, v := range o.temp[mark:] {
		o.free[v.T] = append(o.free[v.T], v)
	}
	o.temp = o.temp[:mark]
}

// newTemp takes a temporary that nobody uses.
func (o *orderer) newTemp(t types.Type, pos token.Pos) *Var {
	if a := o.free[t]; len(a) > 0 {
		v := a[len(a)-1]
		o.free[t] = a[:len(a)-1]
		o.temp = append(o.temp, v)
		return v
	}
	v := o.hidden("", t, pos)
	o.temp = append(o.temp, v)
	return v
}

// hidden makes a variable that is never used for anything else.
func (o *orderer) hidden(name string, t types.Type, pos token.Pos) *Var {
	v := &Var{Name: name, T: t, Kind: Local, Pos: pos, Func: o.f, Temp: true, Esc: EscNone}
	o.f.Locals = append(o.f.Locals, v)
	return v
}

// copyOf emits t = x and returns t. x is pure or stands alone.
func (o *orderer) copyOf(x Expr) Expr {
	t := o.newTemp(x.Type(), x.Pos())
	o.set(t, x)
	return o.ref(t, x.Pos())
}

// set emits v = x.
func (o *orderer) set(v *Var, x Expr) {
	o.emit(assign(x.Pos(), o.ref(v, x.Pos()), x))
}

func (o *orderer) ref(v *Var, pos token.Pos) Expr {
	return &Ref{Typed: Typed{At{pos}, v.T}, V: v}
}

// assign is l = r; a nil l is blank.
func assign(pos token.Pos, l, r Expr) *Assign {
	return &Assign{At: At{pos}, Lhs: []Expr{l}, Rhs: []Expr{r}}
}

// basic returns the canonical type of a predeclared kind.
func (o *orderer) basic(k types.BasicKind) types.Type { return o.p.Canon(types.Typ[k]) }

func (o *orderer) int(n int64, t types.Type, pos token.Pos) Expr {
	return &Const{Typed: Typed{At{pos}, t}, Val: constant.MakeInt64(n)}
}

func (o *orderer) binary(op token.Token, x, y Expr, t types.Type) Expr {
	return &Binary{Typed: Typed{At{x.Pos()}, t}, Op: op, X: x, Y: y}
}

// convert is the implicit conversion of x to t in an assignment.
func (o *orderer) convert(x Expr, t types.Type) Expr {
	at := Typed{At{x.Pos()}, t}
	switch {
	case x.Type() == t:
		return x
	case types.IsInterface(t) && types.IsInterface(x.Type()):
		return &IfaceConv{Typed: at, X: x}
	case types.IsInterface(t):
		return &ToIface{Typed: at, X: x}
	}
	return &Convert{Typed: at, X: x}
}

// operand is one operand in a sequence; key is set for the key of a map access.
type operand struct {
	e   *Expr
	key *types.Map
}

// sequence takes operands through the early step in order. A pure early operation that
// is followed by a statement is moved into a temporary at its place in the sequence.
func (o *orderer) sequence(ops []operand) {
	if len(ops) == 0 {
		return
	}
	var buf [8]int
	ends := buf[:0]
	for _, p := range ops {
		if *p.e != nil {
			*p.e = o.early(*p.e, nil)
			if p.key != nil {
				*p.e = o.mapKey(*p.e, p.key)
			}
		}
		ends = append(ends, len(o.out))
	}
	last := ends[len(ends)-1]
	for i := len(ops) - 2; i >= 0; i-- {
		if ends[i] < last && *ops[i].e != nil {
			o.settle(ops[i].e, ends[i])
		}
	}
}

// settle moves the pure early operations in *e, which the early step has left nested, into
// temporaries assigned before o.out[at]. The temporaries are fresh: one from the free list may
// be in use between at and the end of o.out.
func (o *orderer) settle(e *Expr, at int) {
	var moved []Stmt
	var walk func(e *Expr)
	walk = func(e *Expr) {
		switch (*e).(type) {
		case nil, *Const, *Zero, *Ref, *FuncRef:
			return
		}
		if isEarlyPure(*e) {
			if b, ok := (*e).(*Block); ok {
				*e = b.X
			}
			if !o.steady(*e, at) {
				t := o.hidden("", (*e).Type(), (*e).Pos())
				moved = append(moved, assign((*e).Pos(), o.ref(t, (*e).Pos()), *e))
				*e = o.ref(t, (*e).Pos())
			}
			return
		}
		var buf [8]operand
		for _, p := range operands(*e, buf[:0]) {
			if *p.e != nil {
				walk(p.e)
			}
		}
	}
	walk(e)
	if moved != nil {
		o.out = slices.Insert(o.out, at, moved...)
	}
}

// steady tells that e has the same value before o.out[at] as at the end of o.out. Besides calls, which isStable knows, the
// statements of inlined calls may assign variables.
func (o *orderer) steady(e Expr, at int) bool {
	return isStable(e) && !anyExpr(e, func(e Expr) bool {
		r, ok := e.(*Ref)
		return ok && r.V.Reassigned && assigns(o.out[at:], r.V)
	})
}
