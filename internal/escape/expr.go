package escape

import (
	"fmt"
	"go/constant"
	"go/types"

	"github.com/terrarium-go/terrarium/internal/tree"
)

func (e *builder) bug(n tree.Node, what string) {
	panic(fmt.Sprintf("BUG: escape: %s: %s %T", e.a.p.Fset.Position(n.Pos()), what, n))
}

func (e *builder) discard(x tree.Expr) {
	if x != nil {
		e.expr(e.discarded(), x)
	}
}

// valueType is the type of x, without the truth value that says whether there is one.
func valueType(x tree.Expr) types.Type {
	t := x.Type()
	switch x.(type) {
	case *tree.MapIndex, *tree.Assert, *tree.Recv:
		if tup, ok := t.(*types.Tuple); ok {
			return tup.At(0).Type()
		}
	}
	return t
}

// expr adds the flows of evaluating x, whose value goes to d.
func (e *builder) expr(d dest, x tree.Expr) {
	if x == nil {
		return
	}
	if d.derefs >= 0 && !e.a.hasPointers(valueType(x)) {
		d.dst = &e.blank
	}
	switch x := x.(type) {
	case *tree.Const, *tree.Zero:
	case *tree.Ref:
		if x.V.Kind != tree.Global {
			e.flow(d, e.loc(x.V))
		}
	case *tree.FuncRef:
		if x.F.Outer != nil {
			e.literal(d, x, x.F)
		}
	case *tree.Closure:
		e.closure(d, x)
	case *tree.Unary:
		e.discard(x.X)
	case *tree.Binary:
		e.discard(x.X)
		e.discard(x.Y)
	case *tree.Addr:
		e.expr(d.addr(x, "address-of"), x.X)
	case *tree.Deref:
		e.expr(d.deref(x, "indirection"), x.X)
	case *tree.Field:
		if p, ok := x.X.(*tree.Deref); ok {
			e.expr(d.deref(x, "dot of pointer"), p.X)
			break
		}
		e.expr(d.note(x, "dot"), x.X)
	case *tree.Index:
		if _, ok := x.X.Type().Underlying().(*types.Array); ok {
			e.expr(d.note(x, "fixed-array-index-of"), x.X)
		} else {
			e.expr(d.deref(x, "dot of pointer"), x.X)
		}
		e.discard(x.I)
	case *tree.MapIndex:
		e.discard(x.M)
		e.discard(x.K)
	case *tree.Slice:
		e.expr(d.note(x, "slice"), x.X)
		e.discard(x.Lo)
		e.discard(x.Hi)
		e.discard(x.Max)
	case *tree.Call:
		e.call([]dest{d}, x)
	case *tree.Builtin:
		e.builtin(d0(d), x)
	case *tree.New:
		s := e.spill(d, x)
		if x.Init != nil {
			e.expr(s, x.Init)
		}
	case *tree.MakeSlice:
		e.spill(d, x)
		e.discard(x.Len)
		e.discard(x.Cap)
	case *tree.MakeMap:
		e.spill(d, x)
		e.discard(x.Hint)
	case *tree.MakeChan:
		e.discard(x.Size)
	case *tree.StructLit:
		for i, v := range x.Vals {
			if x.Order == nil {
				e.expr(d.note(x, "struct literal element"), v)
			} else if i < len(x.Order) {
				e.expr(d.note(x, "struct literal element"), x.Vals[x.Order[i]])
			}
		}
	case *tree.ArrayLit:
		why := "array literal element"
		if isSlice(x.T) {
			d, why = e.spill(d, x), "slice-literal-element"
		}
		for _, v := range x.Elems {
			e.expr(d.note(x, why), v)
		}
	case *tree.MapLit:
		e.spill(d, x)
		for i := range x.Keys {
			e.expr(e.toHeap().note(x, "map literal key"), x.Keys[i])
			e.expr(e.toHeap().note(x, "map literal value"), x.Vals[i])
		}
	case *tree.Convert:
		e.convert(d, x)
	case *tree.ToIface:
		if !e.a.p.DirectIface(x.X.Type()) {
			d = e.spill(d, x)
		}
		e.expr(d.note(x, "interface-converted"), x.X)
	case *tree.IfaceConv:
		e.expr(d.note(x, "interface-converted"), x.X)
	case *tree.Assert:
		e.expr(e.dotType(d, x.To, x, "dot"), x.X)
	case *tree.IsType:
		e.discard(x.X)
	case *tree.IfaceData:
		e.expr(e.dotType(d, x.T, x, "dot"), x.X)
	case *tree.Recv:
		e.discard(x.X)
	case *tree.Concat:
		e.spill(d, x)
		for _, y := range x.Xs {
			e.discard(y)
		}
	case *tree.Block:
		e.stmts(x.Stmts)
		e.expr(d, x.X)
	default:
		e.bug(x, "expression")
	}
}

func d0(d dest) []dest { return []dest{d} }

// convert is a conversion between types that are no interfaces.
func (e *builder) convert(d dest, x *tree.Convert) {
	to, from := x.T.Underlying(), x.X.Type().Underlying()
	switch {
	case spills(to, from):
		e.spill(d, x)
		e.discard(x.X)
	case isUnsafePointer(to) && isUintptr(from):
		e.address(d, x.X)
	case isSlice(from) && !isSlice(to):
		if _, ok := to.(*types.Array); ok {
			d = d.deref(x, "slice-to-array")
		}
		e.expr(d, x.X)
	default:
		e.expr(d, x.X)
	}
}

// spills reports whether a conversion allocates: between strings and slices, and from integers to strings.
func spills(to, from types.Type) bool {
	switch {
	case isString(to):
		return !isString(from)
	case isString(from):
		return isSlice(to)
	}
	return false
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

func isSlice(t types.Type) bool {
	_, ok := t.Underlying().(*types.Slice)
	return ok
}

func isUnsafePointer(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.UnsafePointer
}

func isUintptr(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.Uintptr
}

// address looks for pointers that were turned into the integer x.
func (e *builder) address(d dest, x tree.Expr) {
	switch y := x.(type) {
	case *tree.Convert:
		if isUnsafePointer(y.X.Type()) {
			e.expr(d, y.X)
		} else {
			e.discard(y.X)
		}
	case *tree.Field:
		if headerData(y) {
			e.expr(d.deref(y, "reflect.Header.Data"), y.X.(*tree.Deref).X)
		} else {
			e.discard(y)
		}
	case *tree.Unary:
		e.address(d, y.X)
	case *tree.Binary:
		e.address(d, y.X)
		if isUintptr(y.Y.Type()) {
			e.address(d, y.Y)
		} else {
			e.discard(y.Y)
		}
	default:
		e.discard(x)
	}
}

// closure makes a func value with captures.
func (e *builder) closure(d dest, c *tree.Closure) {
	if c.F.Outer == nil {
		e.methodValue(d, c)
		return
	}
	for i, v := range c.F.Captures {
		if v.Outer != nil {
			continue
		}
		l := &location{fn: e.fn, depth: e.depth, attrs: persists}
		e.all = append(e.all, l)
		v.Info = l
		e.expr(l.dest(), c.Vals[i])
	}
	e.literal(d, c, c.F)
}

// literal makes the func value of the literal f and goes through its body.
func (e *builder) literal(d dest, n tree.Node, f *tree.Func) {
	d = e.spill(d, n)
	if root(f) == f {
		e.heldLiteral(d, f)
		return
	}
	e.captures = append(e.captures, capture{d, f})
	for _, v := range f.Captures {
		if v.Outer == nil {
			continue
		}
		if l := e.loc(v); !l.captured {
			l.captured = true
			if l.depth == e.depth { // assignments before the first capture do not count
				l.reassigned = false
			}
		}
	}
	e.addFunc(f)
	e.heldLiteral(d, f)
	e.body(f)
}

// heldLiteral makes the func value of a literal that a go or defer statement calls with arguments: it is made when the
// statement runs and held by f, the function made for the statement.
func (e *builder) heldLiteral(d dest, f *tree.Func) {
	if f.Flags&tree.Wrapper == 0 || len(f.Body) != 1 {
		return
	}
	s, _ := f.Body[0].(*tree.ExprStmt)
	if s == nil {
		return
	}
	if c, ok := s.X.(*tree.Call); ok && c.F != nil && c.F.Outer != nil {
		e.literal(d, e.a.literalRef(c.F), c.F)
	}
}

// methodValue is x.M: the receiver flows into the closure and to the method, whose results go anywhere.
func (e *builder) methodValue(d dest, c *tree.Closure) {
	obj := e.spill(d, c)
	m := e.a.boundMethod(c.F)
	to := e.toHeap()
	if m != nil {
		ks := make([]dest, len(m.Results))
		for i := range ks {
			ks[i] = e.toHeap()
		}
		to = e.argument(ks, m, 0)
	}
	e.expr(e.tee(to, obj), c.Vals[0])
}

// argument is where an argument for parameter i of f goes; ks are the destinations of f's results.
func (e *builder) argument(ks []dest, f *tree.Func, i int) dest {
	if e.inBatch(f) {
		return e.loc(f.Params[i]).dest()
	}
	s, _ := f.Escape.(*summary)
	if s == nil {
		return e.toHeap()
	}
	l := &s.params[i]
	var ds []dest
	if n := l.derefs(toHeap); n >= 0 {
		ds = append(ds, e.toHeap().shift(n))
	}
	if n := l.derefs(toMutator); n >= 0 {
		ds = append(ds, e.toMutator().shift(n))
	}
	if n := l.derefs(toCallee); n >= 0 {
		ds = append(ds, e.toCallee().shift(n))
	}
	for r := range ks {
		if r < maxResults {
			if n := l.derefs(toResult + r); n >= 0 {
				ds = append(ds, ks[r].shift(n))
			}
		}
	}
	return e.tee(ds...)
}

// call adds the flows of a call; ks are the destinations of its results, or nil. What counts is what the real compiler knows of the function: its
// summary, or what a declaration without a body promises, or nothing for one that comes from a dictionary. Of a method expression that needs
// a function of its own it takes the summary of the method, whose receiver may be another: one without pointers says nothing.
func (e *builder) call(ks []dest, c *tree.Call) {
	f := c.F
	if c.Known == tree.ByTypeParam {
		f = nil
	}
	direct := f != nil
	if f == nil && c.Fn != nil {
		f = e.a.staticFunc(c.Fn)
	}
	expression := f != nil && f.Outer == nil && f.Flags&tree.Wrapper != 0
	if expression {
		e.a.p.Build(f)
		f, direct = f.Wraps, false
	}
	if ks != nil && f != nil && (c.Known == tree.KnownFunc || expression) && e.inBatch(f) {
		for i, r := range f.Results {
			if i < len(ks) {
				e.value(ks[i], r)
			}
		}
	}
	switch {
	case direct && f.Outer != nil: // a literal without captures, called where it stands
		if e.fn.Flags&tree.Wrapper == 0 {
			e.literal(e.discarded(), e.a.literalRef(f), f)
		}
	case c.Fn != nil:
		to := e.discarded()
		if f == nil {
			for _, k := range ks {
				if k.dst != &e.blank {
					to = e.toCallee().note(c, "callee operand")
					break
				}
			}
		}
		e.expr(to, c.Fn)
	}
	for i, arg := range c.Args {
		d := e.toHeap()
		if f != nil {
			e.uintptrs(f, arg)
			switch {
			case f.Obj != nil && f.Pkg == "internal/abi" && f.Obj.Name() == "EscapeNonString":
				if !e.a.nonString(arg.Type()) {
					d = e.discarded()
				}
			case c.Known == tree.BodylessKept:
				d = e.tee(e.toMutator(), e.toCallee())
			case c.Known == tree.Bodyless:
			case i == 0 && expression && !e.a.hasPointers(f.Params[0].T):
			case i < len(f.Params):
				d = e.argument(ks, f, i)
			}
		}
		e.expr(d.note(c, "call parameter"), arg)
	}
}

// literalRef is the func value of the literal f, which captures nothing.
func (a *Analyzer) literalRef(f *tree.Func) *tree.FuncRef {
	return &tree.FuncRef{Typed: tree.Typed{At: tree.At{P: f.Pos}, T: a.p.Signature(f)}, F: f}
}

// value lets the value of variable v flow to d.
func (e *builder) value(d dest, v *tree.Var) {
	if d.derefs >= 0 && !e.a.hasPointers(v.T) {
		return
	}
	e.flow(d, e.loc(v))
}

// uintptrs lets the pointers behind uintptr arguments of functions with the pragma uintptrescapes escape.
func (e *builder) uintptrs(f *tree.Func, arg tree.Expr) {
	if f.Flags&tree.UintptrEsc == 0 {
		return
	}
	list := []tree.Expr{arg}
	if lit, ok := arg.(*tree.ArrayLit); ok {
		list = lit.Elems
	}
	for _, x := range list {
		if c, ok := x.(*tree.Convert); ok && isUintptr(c.T) && isUnsafePointer(c.X.Type()) {
			l := e.newLoc(nil, true)
			e.expr(l.dest(), c.X)
			e.flow(e.toHeap().note(c, "//go:uintptrescapes"), l)
		}
	}
}

// builtin adds the flows of a builtin; ks[0] is the destination of its result, if it is used.
func (e *builder) builtin(ks []dest, x *tree.Builtin) {
	k := e.discarded()
	if len(ks) > 0 {
		k = ks[0]
	}
	arg := func(d dest, i int) { e.expr(d.note(x, "call parameter"), x.Args[i]) }
	switch x.Name {
	case "append":
		to := e.tee(k, e.toMutator())
		if e.a.hasPointers(e.a.p.Elem(x.Args[0].Type())) {
			to = e.tee(to, e.toHeap().deref(x, "appendee slice"))
		}
		arg(to, 0)
		for i := 1; i < len(x.Args); i++ {
			d := e.toHeap()
			if x.Dots {
				d = e.discarded()
				if t := x.Args[i].Type(); isSlice(t) && e.a.hasPointers(e.a.p.Elem(t)) {
					d = e.toHeap().deref(x, "appended slice...")
				}
			}
			arg(d, i)
		}
		s := e.spill(k, x)
		s.dst.depth = 0
	case "copy":
		arg(e.toMutator(), 0)
		d := e.discarded()
		if t := x.Args[1].Type(); isSlice(t) && e.a.hasPointers(e.a.p.Elem(t)) {
			d = e.toHeap().deref(x, "copied slice")
		}
		arg(d, 1)
	case "panic":
		arg(e.toHeap(), 0)
	case "min", "max", "SliceData", "StringData", "nilcheck":
		for i := range x.Args {
			arg(k, i)
		}
	case "clear":
		arg(e.toMutator(), 0)
	case "Add", "Slice", "String":
		arg(k, 0)
		e.discard(x.Args[1])
	default:
		for _, a := range x.Args {
			e.discard(a)
		}
	}
}

// heapReason says why the storage of l must be on the heap whatever flows where, or "".
func (b *batch) heapReason(l *location) string {
	p := b.a.p
	if l.v != nil {
		if l.v.Kind != tree.Param && l.v.Kind != tree.Result && p.Sizes.Sizeof(l.v.T) > maxVar {
			return "too large for stack"
		}
		return ""
	}
	switch n := l.node.(type) {
	case *tree.New:
		if p.Sizes.Sizeof(p.Elem(n.T)) > MaxImplicit {
			return "too large for stack"
		}
	case *tree.ArrayLit:
		if isSlice(n.T) {
			return ""
		}
	case *tree.ToIface:
		if p.Sizes.Sizeof(n.X.Type()) > maxVar {
			return ""
		}
	case *tree.Closure:
		size := int64(8)
		for i, v := range n.F.Captures {
			if v.ByRef && v.Outer != nil {
				size += 8
			} else {
				size += p.Sizes.Sizeof(n.Vals[i].Type())
			}
		}
		if size > MaxImplicit {
			return "too large for stack"
		}
	case *tree.MakeSlice:
		c := n.Cap
		if c == nil {
			c = n.Len
		}
		size := p.Sizes.Sizeof(p.Elem(n.T))
		if size == 0 {
			return "zero-sized element"
		}
		v := b.a.staticConst(c)
		if v == nil || v.Val.Kind() != constant.Int {
			return ""
		}
		if k, ok := constant.Int64Val(v.Val); !ok || k > MaxImplicit/size {
			return "too large for stack"
		}
	}
	return ""
}

// fit sends the storage of l to the heap when it would make the frame too large. room counts the bytes of objects
// by function.
func (b *batch) fit(l *location, room map[*tree.Func]int64) {
	p := b.a.p
	size := int64(0)
	switch {
	case l.v != nil:
		if l.v.Kind == tree.Capture || l.v.Kind == tree.Global || !l.addressed {
			return
		}
		size = p.Sizes.Sizeof(l.v.T)
	case l.node != nil:
		switch n := l.node.(type) {
		case *tree.New:
			size = p.Sizes.Sizeof(p.Elem(n.T))
		case *tree.ArrayLit:
			size = n.Len * p.Sizes.Sizeof(p.Elem(n.T))
		case *tree.ToIface:
			size = p.Sizes.Sizeof(n.X.Type())
		case *tree.MakeSlice:
			b.a.literalSize(n)
			c, _ := n.Len.(*tree.Const)
			if n.Cap != nil {
				c, _ = n.Cap.(*tree.Const)
			}
			if c != nil {
				if k, ok := constant.Int64Val(c.Val); ok && k < MaxImplicit {
					size = k * p.Sizes.Sizeof(p.Elem(n.T))
				}
			}
			if size > MaxImplicit {
				return // heapReason says so
			}
		case *tree.Closure:
			size = 8
			for _, v := range n.F.Captures {
				size += max(8, p.Sizes.Sizeof(v.T))
			}
		}
	}
	if room[l.fn]+size > maxFrame {
		b.flow(b.toHeap().addr(reasonNode(l), "too large for stack"), l)
		return
	}
	room[l.fn] += (size + 7) &^ 7
}

// literalSize puts constants where the sizes of n are known to be constant.
func (a *Analyzer) literalSize(n *tree.MakeSlice) {
	for _, size := range []*tree.Expr{&n.Len, &n.Cap} {
		if *size == nil {
			continue
		}
		if _, ok := (*size).(*tree.Const); ok {
			continue
		}
		if c := a.staticConst(*size); c != nil && c.Val.Kind() == constant.Int && constant.Sign(c.Val) >= 0 {
			if _, ok := constant.Int64Val(c.Val); ok {
				putConstant(size, c.Val)
			}
		}
	}
}

// putConstant puts v, which is the value of *x, in its place, behind what else evaluating *x does.
func putConstant(x *tree.Expr, v constant.Value) {
	for {
		b, ok := (*x).(*tree.Block)
		if !ok || b.X == nil {
			break
		}
		x = &b.X
	}
	pure := true
	tree.WalkExpr(*x, func(n tree.Node) bool {
		_, block := n.(*tree.Block)
		pure = pure && !block
		return pure
	})
	if pure {
		*x = &tree.Const{Typed: tree.Typed{At: tree.At{P: (*x).Pos()}, T: (*x).Type()}, Val: v}
	}
}

// reasonNode stands for l where nothing but itself sends it to the heap.
func reasonNode(l *location) tree.Node {
	if l.node != nil {
		return l.node
	}
	return valueNode{l.v}
}

const (
	maxFrame = 64 << 10  // bytes of objects in a frame of generated code
	maxVar   = 128 << 10 // bytes of a declared variable in a frame

	// MaxImplicit is the most bytes of storage in a frame that is no declared variable.
	MaxImplicit = 64 << 10
)
