package tree

// A small evaluator of the core form, enough to run the programs of testdata/order: the second
// answer that Order, the builder's closures and range-over-func are compared with is the real toolchain's.
//
// Values: integers are int64 (wrapped to their type), other scalars Go's own; a struct or array is a []*cell;
// a pointer is the *cell it points to; a slice is a sliceVal; a map a *mapVal; a func value a *funcVal; an
// interface an ifaceVal. There are no goroutines and no channels but buffered ones.

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"strings"
)

type (
	cell     struct{ v any }
	sliceVal struct{ cells []*cell }
	ifaceVal struct {
		t types.Type
		v any
	}
	funcVal struct {
		f    *Func
		caps []*cell
	}
	mapVal struct {
		keys []any
		vals []*cell
	}
	chanVal struct {
		buf    []any
		closed bool
	}
	mapIterVal struct {
		m *mapVal
		i int
	}
	guestPanic struct{ v any }
)

type evaluator struct {
	p       *Program
	out     strings.Builder
	globals map[*Var]*cell
	pending *guestPanic // what recover would return
	steps   int
}

type frame struct {
	f      *Func
	vars   map[*Var]*cell
	caps   []*cell
	defers []*funcVal
}

// ctl says how a statement ended.
type ctl struct {
	tok token.Token // 0: went on; RETURN, GOTO, BREAK, CONTINUE
	l   *Label
	ret []any
}

func (ev *evaluator) call(f *Func, caps []*cell, args []any) (res []any) {
	if f.State != Ordered {
		ev.p.Build(f)
		ev.p.Order(f)
		if err := CheckCore(ev.p, f); err != nil && !f.Extern {
			panic(err)
		}
	}
	if f.Extern {
		panic("evaluator: no body of " + f.Sym)
	}
	if f.Sym == "runtime.panicrangestate" {
		trap("range function misuse " + fmt.Sprint(args[0]))
	}
	fr := &frame{f: f, vars: map[*Var]*cell{}, caps: caps}
	for i, v := range f.Params {
		fr.vars[v] = &cell{args[i]}
	}
	for _, v := range f.Results {
		fr.vars[v] = &cell{zeroVal(v.T)}
	}
	finish := func() {
		for len(fr.defers) > 0 {
			d := fr.defers[len(fr.defers)-1]
			fr.defers = fr.defers[:len(fr.defers)-1]
			ev.deferred(d)
		}
		for _, v := range f.Results {
			res = append(res, copyVal(fr.vars[v].v))
		}
	}
	func() {
		defer func() {
			r := recover()
			if r == nil {
				return
			}
			gp, ok := r.(*guestPanic)
			if !ok {
				panic(r)
			}
			for len(fr.defers) > 0 {
				d := fr.defers[len(fr.defers)-1]
				fr.defers = fr.defers[:len(fr.defers)-1]
				saved := ev.pending
				ev.pending = gp
				ev.deferred(d)
				recovered := ev.pending == nil
				ev.pending = saved
				if recovered {
					return
				}
			}
			panic(gp)
		}()
		c := ev.stmts(fr, f.Body)
		for i, v := range c.ret {
			fr.vars[f.Results[i]].v = v
		}
	}()
	finish()
	return res
}

func (ev *evaluator) deferred(d *funcVal) {
	if d == nil {
		trap("nil dereference")
	}
	ev.call(d.f, d.caps, nil)
}

func trap(text string) {
	panic(&guestPanic{ifaceVal{types.Typ[types.String], "runtime error: " + text}})
}

func (ev *evaluator) stmts(fr *frame, list []Stmt) ctl {
	for i := 0; i < len(list); i++ {
		c := ev.stmt(fr, list[i])
		if c.tok == 0 {
			continue
		}
		if c.tok == token.GOTO {
			found := false
			for j, s := range list {
				if l, ok := s.(*Labeled); ok && l.L == c.l {
					i, found = j, true
				}
			}
			if found {
				continue
			}
		}
		return c
	}
	return ctl{}
}

func (ev *evaluator) stmt(fr *frame, s Stmt) ctl {
	if ev.steps++; ev.steps > 1e6 {
		panic("evaluator: endless program")
	}
	switch s := s.(type) {
	case *ExprStmt:
		ev.multi(fr, s.X)
	case *Declare:
		v := zeroVal(s.V.T)
		if s.Init != nil {
			v = ev.val(fr, s.Init)
		}
		fr.vars[s.V] = &cell{v}
	case *Assign:
		if len(s.Lhs) > 1 {
			for i, v := range ev.multi(fr, s.Rhs[0]) {
				if s.Lhs[i] != nil {
					ev.cell(fr, s.Lhs[i]).v = v
				}
			}
			break
		}
		v := ev.val(fr, s.Rhs[0])
		if s.Lhs[0] != nil {
			ev.assign(fr, s.Lhs[0], v)
		}
	case *AssignOp:
		if m, ok := s.X.(*MapIndex); ok {
			ev.assign(fr, m, ev.arith(s.Op, ev.val(fr, m), ev.val(fr, s.Y), m.T))
			break
		}
		c := ev.cell(fr, s.X)
		c.v = ev.arith(s.Op, c.v, ev.val(fr, s.Y), s.X.Type())
	case *If:
		if ev.val(fr, s.Cond).(bool) {
			return ev.stmts(fr, s.Then)
		}
		return ev.stmts(fr, s.Else)
	case *For:
		for {
			if c := ev.stmts(fr, s.CondPre); c.tok != 0 {
				return c
			}
			if s.Cond != nil && !ev.val(fr, s.Cond).(bool) {
				return ctl{}
			}
			c := ev.stmts(fr, s.Body)
			switch {
			case c.tok == 0:
			case c.tok == token.BREAK && c.l == s.Label:
				return ctl{}
			case c.tok == token.CONTINUE && c.l == s.Label:
			default:
				return c
			}
			if c := ev.stmts(fr, s.Post); c.tok != 0 {
				return c
			}
		}
	case *Select:
		var pick *Comm
		for _, k := range s.Cases {
			if k.Default {
				if pick == nil {
					pick = k
				}
				continue
			}
			if ch, _ := ev.val(fr, k.Ch).(*chanVal); ch != nil && (k.Send || len(ch.buf) > 0 || ch.closed) && (pick == nil || pick.Default) {
				pick = k
			}
		}
		if pick == nil {
			panic("evaluator: select blocks")
		}
		if !pick.Default {
			ch := ev.val(fr, pick.Ch).(*chanVal)
			if pick.Send {
				ch.buf = append(ch.buf, ev.val(fr, pick.Val))
			} else {
				v, ok := ch.recv(pick.Ch.Type())
				if pick.Lhs != nil {
					ev.cell(fr, pick.Lhs).v = v
				}
				if pick.Ok != nil {
					ev.cell(fr, pick.Ok).v = ok
				}
			}
		}
		c := ev.stmts(fr, pick.Body)
		if c.tok == token.BREAK && c.l == s.Label {
			return ctl{}
		}
		return c
	case *Labeled, *KeepAlive:
	case *Jump:
		return ctl{tok: s.Tok, l: s.L}
	case *Return:
		c := ctl{tok: token.RETURN}
		for _, v := range s.Vals {
			c.ret = append(c.ret, ev.val(fr, v))
		}
		return c
	case *Defer:
		d := ev.val(fr, s.Fn).(*funcVal)
		to := fr
		if s.Token != nil {
			to = ev.val(fr, s.Token).(*frame)
		}
		to.defers = append(to.defers, d)
	case *Send:
		ch := ev.val(fr, s.Ch).(*chanVal)
		ch.buf = append(ch.buf, ev.val(fr, s.X))
	default:
		panic(fmt.Sprintf("evaluator: %T", s))
	}
	return ctl{}
}

func (c *chanVal) recv(t types.Type) (any, bool) {
	if len(c.buf) > 0 {
		v := c.buf[0]
		c.buf = c.buf[1:]
		return v, true
	}
	if !c.closed {
		panic("evaluator: receive blocks")
	}
	return zeroVal(t.Underlying().(*types.Chan).Elem()), false
}

func (ev *evaluator) assign(fr *frame, l Expr, v any) {
	if m, ok := l.(*MapIndex); ok {
		mv, _ := ev.val(fr, m.M).(*mapVal)
		k := ev.val(fr, m.K)
		if mv == nil {
			trap("assignment to entry in nil map")
		}
		if c := mv.find(k); c != nil {
			c.v = v
			return
		}
		mv.keys = append(mv.keys, k)
		mv.vals = append(mv.vals, &cell{v})
		return
	}
	ev.cell(fr, l).v = v
}

func (m *mapVal) find(k any) *cell {
	if m == nil {
		return nil
	}
	for i, x := range m.keys {
		if equal(x, k) {
			return m.vals[i]
		}
	}
	return nil
}

// cell is the storage of a place.
func (ev *evaluator) cell(fr *frame, e Expr) *cell {
	switch e := e.(type) {
	case *Ref:
		return ev.variable(fr, e.V)
	case *Deref:
		c, _ := ev.val(fr, e.X).(*cell)
		if c == nil {
			trap("nil dereference")
		}
		return c
	case *Field:
		return ev.cell(fr, e.X).v.([]*cell)[e.I]
	case *Index:
		i := ev.val(fr, e.I).(int64)
		var cells []*cell
		if _, ok := e.X.Type().Underlying().(*types.Slice); ok {
			cells = ev.val(fr, e.X).(sliceVal).cells
		} else {
			cells = ev.cell(fr, e.X).v.([]*cell)
		}
		if uint64(i) >= uint64(len(cells)) {
			trap(fmt.Sprintf("index out of range [%d] with length %d", i, len(cells)))
		}
		return cells[i]
	}
	return &cell{ev.val(fr, e)}
}

func (ev *evaluator) variable(fr *frame, v *Var) *cell {
	switch v.Kind {
	case Global:
		c := ev.globals[v]
		if c == nil {
			c = &cell{zeroVal(v.T)}
			ev.globals[v] = c
		}
		return c
	case Capture:
		for i, w := range fr.f.Captures {
			if w == v {
				return fr.caps[i]
			}
		}
		panic("evaluator: capture " + v.Name)
	}
	c := fr.vars[v]
	if c == nil {
		c = &cell{zeroVal(v.T)}
		fr.vars[v] = c
	}
	return c
}

// multi evaluates what may have several results.
func (ev *evaluator) multi(fr *frame, e Expr) []any {
	switch e := e.(type) {
	case *Call:
		args := make([]any, len(e.Args))
		for i, a := range e.Args {
			args[i] = ev.val(fr, a)
		}
		switch {
		case e.F != nil:
			return ev.call(e.F, nil, args)
		case e.Method != nil:
			recv := args[0].(ifaceVal)
			if recv.t == nil {
				trap("nil dereference")
			}
			args[0] = recv.v
			for _, m := range ev.p.MethodSet(recv.t) {
				if m.Name() == e.Method.Name() {
					return ev.call(ev.p.Method(recv.t, m), nil, args)
				}
			}
			panic("evaluator: method " + e.Method.Name())
		}
		f, _ := ev.val(fr, e.Fn).(*funcVal)
		if f == nil {
			trap("nil dereference")
		}
		return ev.call(f.f, f.caps, args)
	case *MapIndex:
		m, _ := ev.val(fr, e.M).(*mapVal)
		c := m.find(ev.val(fr, e.K))
		ok := c != nil
		if !ok {
			c = &cell{zeroVal(e.M.Type().Underlying().(*types.Map).Elem())}
		}
		return []any{copyVal(c.v), ok}
	case *Recv:
		v, ok := ev.val(fr, e.X).(*chanVal).recv(e.X.Type())
		return []any{v, ok}
	case *Assert:
		x := ev.val(fr, e.X).(ifaceVal)
		ok := x.t != nil
		if ok {
			if it, isI := e.To.Underlying().(*types.Interface); isI {
				ok = types.Implements(x.t, it)
			} else {
				ok = types.Identical(x.t, e.To)
			}
		}
		if !ok {
			if !e.CommaOk {
				trap("interface conversion")
			}
			return []any{zeroVal(e.To), false}
		}
		if types.IsInterface(e.To) {
			return []any{x, true}
		}
		return []any{copyVal(x.v), true}
	case *Builtin:
		switch e.Name {
		case "decoderune":
			s, i := ev.val(fr, e.Args[0]).(string), ev.val(fr, e.Args[1]).(int64)
			for j, r := range s[i:] {
				if j > 0 {
					return []any{int64([]rune(s[i:])[0]), i + int64(j)}
				}
				_ = r
			}
			return []any{int64([]rune(s[i:])[0]), int64(len(s))}
		}
	}
	return []any{ev.val(fr, e)}
}

// val evaluates e to one value of its own.
func (ev *evaluator) val(fr *frame, e Expr) any {
	switch e := e.(type) {
	case *Const:
		return constVal(e.Val, e.T)
	case *Zero:
		return zeroVal(e.T)
	case *Ref, *Deref, *Field:
		return copyVal(ev.cell(fr, e).v)
	case *Index:
		if s, ok := ev.stringOf(fr, e.X); ok {
			i := ev.val(fr, e.I).(int64)
			if uint64(i) >= uint64(len(s)) {
				trap("index out of range")
			}
			return int64(s[i])
		}
		return copyVal(ev.cell(fr, e).v)
	case *FuncRef:
		return &funcVal{f: e.F}
	case *Closure:
		f := &funcVal{f: e.F}
		for i, c := range e.F.Captures {
			if c.ByRef {
				f.caps = append(f.caps, ev.variable(fr, e.Vals[i].(*Ref).V))
			} else {
				f.caps = append(f.caps, &cell{ev.val(fr, e.Vals[i])})
			}
		}
		return f
	case *Addr:
		return ev.cell(fr, e.X)
	case *Unary:
		switch x := ev.val(fr, e.X).(type) {
		case bool:
			return !x
		case int64:
			if e.Op == token.SUB {
				return wrap(-x, e.T)
			}
			return wrap(^x, e.T)
		}
	case *Binary:
		switch e.Op {
		case token.LAND:
			return ev.val(fr, e.X).(bool) && ev.val(fr, e.Y).(bool)
		case token.LOR:
			return ev.val(fr, e.X).(bool) || ev.val(fr, e.Y).(bool)
		}
		return ev.arith(e.Op, ev.val(fr, e.X), ev.val(fr, e.Y), e.T)
	case *Slice:
		return ev.slice(fr, e)
	case *Call, *MapIndex, *Recv, *Assert:
		return ev.multi(fr, e)[0]
	case *Builtin:
		return ev.builtin(fr, e)
	case *New:
		return &cell{zeroVal(e.T.Underlying().(*types.Pointer).Elem())}
	case *MakeSlice:
		n := ev.val(fr, e.Len).(int64)
		c := n
		if e.Cap != nil {
			c = ev.val(fr, e.Cap).(int64)
		}
		return sliceVal{zeroCells(e.T.Underlying().(*types.Slice).Elem(), c)[:n]}
	case *MakeMap:
		return &mapVal{}
	case *MakeChan:
		return &chanVal{}
	case *StructLit:
		st := e.T.Underlying().(*types.Struct)
		out := make([]*cell, st.NumFields())
		for i := range out {
			if e.Vals[i] != nil {
				out[i] = &cell{ev.val(fr, e.Vals[i])}
			} else {
				out[i] = &cell{zeroVal(st.Field(i).Type())}
			}
		}
		return out
	case *ArrayLit:
		sl, isSlice := e.T.Underlying().(*types.Slice)
		var cells []*cell
		if isSlice {
			cells = zeroCells(sl.Elem(), e.Len)
		} else {
			at := e.T.Underlying().(*types.Array)
			cells = zeroCells(at.Elem(), at.Len())
		}
		for i, x := range e.Elems {
			cells[e.Index[i]].v = ev.val(fr, x)
		}
		if isSlice {
			return sliceVal{cells}
		}
		return cells
	case *Convert:
		return ev.convert(fr, e)
	case *ToIface:
		return ifaceVal{e.X.Type(), ev.val(fr, e.X)}
	case *IfaceConv:
		return ev.val(fr, e.X)
	case *IsType:
		x := ev.val(fr, e.X).(ifaceVal)
		if e.To == nil || x.t == nil {
			return e.To == nil && x.t == nil
		}
		return types.Identical(x.t, e.To)
	case *IfaceData:
		return copyVal(ev.val(fr, e.X).(ifaceVal).v)
	case *Concat:
		s := ""
		for _, x := range e.Xs {
			s += ev.val(fr, x).(string)
		}
		return s
	}
	panic(fmt.Sprintf("evaluator: %T", e))
}

func (ev *evaluator) stringOf(fr *frame, e Expr) (string, bool) {
	b, ok := e.Type().Underlying().(*types.Basic)
	if !ok || b.Info()&types.IsString == 0 {
		return "", false
	}
	return ev.val(fr, e).(string), true
}

func (ev *evaluator) slice(fr *frame, e *Slice) any {
	bound := func(x Expr, n int) int {
		if x == nil {
			return n
		}
		return int(ev.val(fr, x).(int64))
	}
	check := func(lo, hi, mx, c int) {
		if lo < 0 || lo > hi || hi > mx || mx > c {
			trap("slice bounds out of range")
		}
	}
	if s, ok := ev.stringOf(fr, e.X); ok {
		lo, hi := bound(e.Lo, 0), bound(e.Hi, len(s))
		check(lo, hi, len(s), len(s))
		return s[lo:hi]
	}
	var cells []*cell
	switch x := ev.val(fr, e.X).(type) {
	case sliceVal:
		cells = x.cells
	case *cell:
		if x == nil {
			trap("nil dereference")
		}
		cells = x.v.([]*cell)
	}
	lo, hi, mx := bound(e.Lo, 0), bound(e.Hi, len(cells)), bound(e.Max, cap(cells))
	check(lo, hi, mx, cap(cells))
	return sliceVal{cells[lo:hi:mx]}
}

func (ev *evaluator) builtin(fr *frame, e *Builtin) any {
	arg := func(i int) any { return ev.val(fr, e.Args[i]) }
	switch e.Name {
	case "len", "cap":
		switch x := arg(0).(type) {
		case string:
			return int64(len(x))
		case sliceVal:
			if e.Name == "cap" {
				return int64(cap(x.cells))
			}
			return int64(len(x.cells))
		case *mapVal:
			if x == nil {
				return int64(0)
			}
			return int64(len(x.keys))
		case *chanVal:
			return int64(len(x.buf))
		}
	case "append":
		cells := arg(0).(sliceVal).cells
		var add []any
		if e.Dots {
			if s, ok := arg(1).(string); ok {
				for i := range len(s) {
					add = append(add, int64(s[i]))
				}
			} else {
				for _, c := range arg(1).(sliceVal).cells {
					add = append(add, copyVal(c.v))
				}
			}
		}
		for i := 1; i < len(e.Args) && !e.Dots; i++ {
			add = append(add, arg(i))
		}
		n := len(cells)
		if n+len(add) <= cap(cells) {
			cells = cells[:n+len(add)]
		} else {
			c := max(2*n, n+len(add))
			grown := zeroCells(e.T.Underlying().(*types.Slice).Elem(), int64(c))
			for i, x := range cells {
				grown[i].v = x.v
			}
			cells = grown[:n+len(add)]
		}
		for i, v := range add {
			cells[n+i].v = v
		}
		return sliceVal{cells}
	case "copy":
		dst := arg(0).(sliceVal).cells
		src := arg(1).(sliceVal).cells
		n := min(len(dst), len(src))
		vals := make([]any, n)
		for i := range n {
			vals[i] = copyVal(src[i].v)
		}
		for i := range n {
			dst[i].v = vals[i]
		}
		return int64(n)
	case "min", "max":
		x := arg(0)
		for i := 1; i < len(e.Args); i++ {
			y := arg(i)
			if less := ev.arith(token.LSS, y, x, nil).(bool); less == (e.Name == "min") {
				x = y
			}
		}
		return x
	case "panic":
		panic(&guestPanic{arg(0)})
	case "recover":
		if ev.pending == nil {
			return ifaceVal{}
		}
		v := ev.pending.v
		ev.pending = nil
		return v
	case "delete":
		m, _ := arg(0).(*mapVal)
		k := arg(1)
		for i := range m.len() {
			if equal(m.keys[i], k) {
				m.keys = append(m.keys[:i:i], m.keys[i+1:]...)
				m.vals = append(m.vals[:i:i], m.vals[i+1:]...)
				break
			}
		}
		return nil
	case "clear":
		switch x := arg(0).(type) {
		case *mapVal:
			x.keys, x.vals = nil, nil
		case sliceVal:
			for _, c := range x.cells {
				c.v = zeroVal(e.Args[0].Type().Underlying().(*types.Slice).Elem())
			}
		}
		return nil
	case "close":
		arg(0).(*chanVal).closed = true
		return nil
	case "print", "println":
		for i := range e.Args {
			if i > 0 && e.Name == "println" {
				ev.out.WriteByte(' ')
			}
			fmt.Fprint(&ev.out, arg(i))
		}
		if e.Name == "println" {
			ev.out.WriteByte('\n')
		}
		return nil
	case "deferrangefunc":
		return fr
	case "mapiterinit", "mapiternext":
		it := ev.val(fr, e.Args[len(e.Args)-1]).(*cell).v.([]*cell)
		if e.Name == "mapiterinit" {
			m, _ := arg(0).(*mapVal)
			it[2].v = &mapIterVal{m: m}
		}
		st := it[2].v.(*mapIterVal)
		it[0].v, it[1].v = (*cell)(nil), (*cell)(nil)
		if st.i < st.m.len() {
			it[0].v, it[1].v = &cell{st.m.keys[st.i]}, st.m.vals[st.i]
			st.i++
		}
		return nil
	}
	panic("evaluator: builtin " + e.Name)
}

func (m *mapVal) len() int {
	if m == nil {
		return 0
	}
	return len(m.keys)
}

func (ev *evaluator) convert(fr *frame, e *Convert) any {
	x := ev.val(fr, e.X)
	from, to := e.X.Type().Underlying(), e.T.Underlying()
	if b, ok := to.(*types.Basic); ok {
		switch v := x.(type) {
		case int64:
			if b.Info()&types.IsString != 0 {
				return string(rune(v))
			}
			if b.Info()&types.IsInteger != 0 {
				return wrap(v, e.T)
			}
		case sliceVal:
			s := make([]byte, len(v.cells))
			for i, c := range v.cells {
				s[i] = byte(c.v.(int64))
			}
			return string(s)
		}
		return x
	}
	if s, ok := x.(string); ok {
		elem := to.(*types.Slice).Elem()
		cells := zeroCells(elem, int64(len(s)))
		for i := range len(s) {
			cells[i].v = int64(s[i])
		}
		return sliceVal{cells}
	}
	_ = from
	return x
}

func (ev *evaluator) arith(op token.Token, x, y any, t types.Type) any {
	switch op {
	case token.EQL:
		return equal(x, y)
	case token.NEQ:
		return !equal(x, y)
	}
	if a, ok := x.(string); ok {
		b := y.(string)
		switch op {
		case token.LSS:
			return a < b
		case token.LEQ:
			return a <= b
		case token.GTR:
			return a > b
		case token.GEQ:
			return a >= b
		}
	}
	a, b := x.(int64), y.(int64)
	switch op {
	case token.LSS:
		return a < b
	case token.LEQ:
		return a <= b
	case token.GTR:
		return a > b
	case token.GEQ:
		return a >= b
	case token.ADD:
		return wrap(a+b, t)
	case token.SUB:
		return wrap(a-b, t)
	case token.MUL:
		return wrap(a*b, t)
	case token.QUO, token.REM:
		if b == 0 {
			trap("integer divide by zero")
		}
		if op == token.QUO {
			return wrap(a/b, t)
		}
		return wrap(a%b, t)
	case token.AND:
		return a & b
	case token.OR:
		return a | b
	case token.XOR:
		return wrap(a^b, t)
	case token.AND_NOT:
		return a &^ b
	case token.SHL:
		return wrap(a<<b, t)
	case token.SHR:
		return wrap(a>>b, t)
	}
	panic("evaluator: " + op.String())
}

func wrap(v int64, t types.Type) int64 {
	switch t.Underlying().(*types.Basic).Kind() {
	case types.Int8:
		return int64(int8(v))
	case types.Uint8:
		return int64(uint8(v))
	case types.Int16:
		return int64(int16(v))
	case types.Uint16:
		return int64(uint16(v))
	case types.Int32:
		return int64(int32(v))
	case types.Uint32:
		return int64(uint32(v))
	}
	return v
}

func constVal(v constant.Value, t types.Type) any {
	switch v.Kind() {
	case constant.Bool:
		return constant.BoolVal(v)
	case constant.String:
		return constant.StringVal(v)
	}
	n, _ := constant.Int64Val(constant.ToInt(v))
	return n
}

func zeroCells(t types.Type, n int64) []*cell {
	out := make([]*cell, n)
	for i := range out {
		out[i] = &cell{zeroVal(t)}
	}
	return out
}

func zeroVal(t types.Type) any {
	switch t := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case t.Info()&types.IsString != 0:
			return ""
		case t.Info()&types.IsBoolean != 0:
			return false
		case t.Kind() == types.UnsafePointer:
			return (*cell)(nil)
		}
		return int64(0)
	case *types.Pointer:
		return (*cell)(nil)
	case *types.Slice:
		return sliceVal{}
	case *types.Map:
		return (*mapVal)(nil)
	case *types.Chan:
		return (*chanVal)(nil)
	case *types.Signature:
		return (*funcVal)(nil)
	case *types.Interface:
		return ifaceVal{}
	case *types.Array:
		return zeroCells(t.Elem(), t.Len())
	case *types.Struct:
		out := make([]*cell, t.NumFields())
		for i := range out {
			out[i] = &cell{zeroVal(t.Field(i).Type())}
		}
		return out
	}
	panic("evaluator: zero of " + t.String())
}

func copyVal(v any) any {
	cells, ok := v.([]*cell)
	if !ok {
		return v
	}
	out := make([]*cell, len(cells))
	for i, c := range cells {
		out[i] = &cell{copyVal(c.v)}
	}
	return out
}

func equal(x, y any) bool {
	switch a := x.(type) {
	case []*cell:
		b := y.([]*cell)
		for i := range a {
			if !equal(a[i].v, b[i].v) {
				return false
			}
		}
		return true
	case sliceVal:
		return a.cells == nil && y.(sliceVal).cells == nil
	case ifaceVal:
		b := y.(ifaceVal)
		if a.t == nil || b.t == nil {
			return a.t == nil && b.t == nil
		}
		return types.Identical(a.t, b.t) && equal(a.v, b.v)
	}
	return x == y
}
