package tree

import (
	"fmt"
	"slices"
	"strings"
)

// Copying bodies
//
// An inlined call needs a body of its own: fresh variables, fresh labels, and fresh instances of the
// function literals inside, which capture the fresh variables. A Copy makes them. It is used in two ways:
//
//	Template   keeps the full form of a function as it was built, because the passes that follow
//	           change the function itself. The literals inside are not entered in the program.
//	Body       makes the statements for one inlined call out of a function (or a template): parameters,
//	           results and locals become locals of the caller, literals become literals of the caller, with
//	           symbols and names of their own. Nodes of the body get the number of the inlined call;
//	           those in literals keep their positions, because a literal has frames of its own.

// Copy is one copying.
type Copy struct {
	P    *Program
	Into *Func // the function that gets the copy

	// Vars holds the replacements of variables; those that are missing are made. Subst replaces variables
	// that are only read by expressions without effect; a variable that a literal captures only by another variable.
	Vars  map[*Var]*Var
	Subst map[*Var]Expr

	Inlined int // number of the inlined call, 0: the nodes keep their positions

	// Return makes the statements for a return statement with copied values; tail tells that the body ends after
	// it. nil: it stays one.
	Return func(s *Return, tail bool) []Stmt
	// New is told of each literal that was made.
	New func(f *Func)

	labels   map[*Label]*Label
	template bool
}

// Template returns a function with a copy of f's variables and body, to be copied from later.
func (p *Program) Template(f *Func) *Func {
	c := &Copy{P: p, Into: f.Outer, template: true}
	return c.function(f)
}

// Body copies the body of f.
func (c *Copy) Body(f *Func) []Stmt { return c.stmts(f.Body, true) }

// function copies f with everything in it, as nested in c.Into.
func (c *Copy) function(f *Func) *Func {
	g := &Func{}
	*g = *f
	g.Outer, g.Inline, g.Escape, g.build = c.Into, nil, nil, nil
	g.Params, g.Results, g.Captures, g.Locals = nil, nil, nil, nil
	if !c.template {
		g.nested = nameCounts{}
		g.Sym, g.Name = c.Into.nestedName(g.kind, c.via())
		g.Inlined = c.Inlined
		c.P.addSym(g)
	}
	in := &Copy{P: c.P, Into: g, Vars: map[*Var]*Var{}, New: c.New, template: c.template}
	list := func(vs []*Var) []*Var {
		out := make([]*Var, len(vs))
		for i, v := range vs {
			out[i] = in.fresh(v, v.Kind)
		}
		return out
	}
	g.Params, g.Results, g.Captures, g.Locals = list(f.Params), list(f.Results), list(f.Captures), list(f.Locals)
	for i, v := range f.Captures {
		if v.Outer != nil {
			g.Captures[i].Outer = c.outer(v.Outer)
		}
	}
	if g.Body = in.stmts(f.Body, false); g.Body == nil {
		g.Body = []Stmt{}
	}
	if c.New != nil {
		c.New(g)
	}
	return g
}

// via names the functions whose inlined bodies the copy stands in, outermost first.
func (c *Copy) via() (names []string) {
	for n := c.Inlined; n > 0; {
		call := c.P.Inlined[n-1]
		names = append(names, call.F.BaseName())
		n = InlinedAt(call.Call)
	}
	slices.Reverse(names)
	return names
}

// BaseName is f's name without its package.
func (f *Func) BaseName() string {
	head, _, _ := strings.Cut(f.Name, "[")
	s := f.Name[strings.LastIndexByte(head, '/')+1:]
	if _, rest, ok := strings.Cut(s, "."); ok {
		return rest
	}
	return s
}

// fresh makes a variable of c.Into like v.
func (c *Copy) fresh(v *Var, kind VarKind) *Var {
	w := &Var{}
	*w = *v
	w.Kind, w.Func, w.Slot, w.Info, w.Esc, w.Outer = kind, c.Into, 0, nil, EscUnknown, nil
	if c.Vars == nil {
		c.Vars = map[*Var]*Var{}
	}
	c.Vars[v] = w
	return w
}

// Local makes a local variable of c.Into that stands for v; its position is in the inlined call, as those of the nodes.
func (c *Copy) Local(v *Var) *Var {
	w := c.fresh(v, Local)
	w.Pos = c.at(At{v.Pos}).P
	c.Into.Locals = append(c.Into.Locals, w)
	return w
}

// variable is the replacement of v.
func (c *Copy) variable(v *Var) *Var {
	if v.Kind == Global {
		return v
	}
	if w, ok := c.Vars[v]; ok {
		return w
	}
	if v.Kind == Capture {
		panic(fmt.Sprintf("BUG: tree: copy into %s: captured variable %s has no replacement", c.Into.Sym, v.Name))
	}
	return c.Local(v)
}

// outer is the replacement of a variable that a literal captures.
func (c *Copy) outer(v *Var) *Var {
	if r, ok := c.Subst[v].(*Ref); ok {
		return r.V
	}
	if _, ok := c.Vars[v]; !ok && c.template {
		return v // a template of a literal
	}
	return c.variable(v)
}

func (c *Copy) vars(list []*Var) []*Var {
	if list == nil {
		return nil
	}
	out := make([]*Var, len(list))
	for i, v := range list {
		out[i] = c.variable(v)
	}
	return out
}

func (c *Copy) at(a At) At {
	if c.Inlined > 0 {
		a.P = AtInlined(a.P, c.Inlined)
	}
	return a
}

func (c *Copy) typed(t Typed) Typed { return Typed{c.at(t.At), t.T} }

func (c *Copy) label(l *Label) *Label {
	if l == nil {
		return nil
	}
	m := c.labels[l]
	if m == nil {
		m = &Label{Name: l.Name, Pos: l.Pos, Used: l.Used}
		if c.labels == nil {
			c.labels = map[*Label]*Label{}
		}
		c.labels[l] = m
	}
	return m
}

func (c *Copy) exprs(list []Expr) []Expr {
	if list == nil {
		return nil
	}
	out := make([]Expr, len(list))
	for i, x := range list {
		out[i] = c.Expr(x)
	}
	return out
}

// Expr copies an expression.
func (c *Copy) Expr(x Expr) Expr {
	switch x := x.(type) {
	case nil:
		return nil
	case *Const:
		return &Const{Typed: c.typed(x.Typed), Val: x.Val, As: x.As}
	case *Zero:
		return &Zero{c.typed(x.Typed), x.Conv}
	case *Ref:
		if s, ok := c.Subst[x.V]; ok {
			return again(s, c.at(x.At))
		}
		return &Ref{c.typed(x.Typed), c.variable(x.V), x.As}
	case *FuncRef:
		return &FuncRef{c.typed(x.Typed), c.literal(x.F)}
	case *Closure:
		vals := c.exprs(x.Vals)
		return &Closure{Typed: c.typed(x.Typed), F: c.literal(x.F), Vals: vals}
	case *Unary:
		return &Unary{c.typed(x.Typed), x.Op, c.Expr(x.X)}
	case *Binary:
		return &Binary{c.typed(x.Typed), x.Op, c.Expr(x.X), c.Expr(x.Y)}
	case *Deref:
		return &Deref{c.typed(x.Typed), c.Expr(x.X)}
	case *Addr:
		return &Addr{c.typed(x.Typed), c.Expr(x.X)}
	case *Field:
		return &Field{c.typed(x.Typed), c.Expr(x.X), x.I}
	case *Index:
		return &Index{c.typed(x.Typed), c.Expr(x.X), c.Expr(x.I), x.Bounded}
	case *MapIndex:
		return &MapIndex{c.typed(x.Typed), c.Expr(x.M), c.Expr(x.K), x.CommaOk}
	case *Slice:
		return &Slice{c.typed(x.Typed), c.Expr(x.X), c.Expr(x.Lo), c.Expr(x.Hi), c.Expr(x.Max)}
	case *Call:
		y := &Call{Typed: c.typed(x.Typed), F: x.F, Fn: c.Expr(x.Fn), Method: x.Method, Args: c.exprs(x.Args),
			Dots: x.Dots, NoDefer: x.NoDefer, Known: x.Known, Keep: c.exprs(x.Keep)}
		if x.F != nil {
			y.F = c.literal(x.F)
		}
		return y
	case *Builtin:
		return &Builtin{Typed: c.typed(x.Typed), Name: x.Name, Args: c.exprs(x.Args), Dots: x.Dots}
	case *New:
		return &New{Typed: c.typed(x.Typed), Init: c.Expr(x.Init)}
	case *MakeSlice:
		return &MakeSlice{Typed: c.typed(x.Typed), Len: c.Expr(x.Len), Cap: c.Expr(x.Cap)}
	case *MakeMap:
		return &MakeMap{Typed: c.typed(x.Typed), Hint: c.Expr(x.Hint)}
	case *MakeChan:
		return &MakeChan{Typed: c.typed(x.Typed), Size: c.Expr(x.Size)}
	case *StructLit:
		return &StructLit{Typed: c.typed(x.Typed), Vals: c.exprs(x.Vals), Order: x.Order}
	case *ArrayLit:
		return &ArrayLit{Typed: c.typed(x.Typed), Len: x.Len, Index: x.Index, Elems: c.exprs(x.Elems), Dots: x.Dots}
	case *MapLit:
		return &MapLit{Typed: c.typed(x.Typed), Keys: c.exprs(x.Keys), Vals: c.exprs(x.Vals)}
	case *Convert:
		return &Convert{Typed: c.typed(x.Typed), X: c.Expr(x.X), Temp: x.Temp}
	case *ToIface:
		return &ToIface{Typed: c.typed(x.Typed), X: c.Expr(x.X)}
	case *IfaceConv:
		return &IfaceConv{c.typed(x.Typed), c.Expr(x.X)}
	case *Assert:
		return &Assert{c.typed(x.Typed), c.Expr(x.X), x.To, x.CommaOk}
	case *IsType:
		return &IsType{c.typed(x.Typed), c.Expr(x.X), x.To}
	case *IfaceData:
		return &IfaceData{c.typed(x.Typed), c.Expr(x.X)}
	case *Recv:
		return &Recv{c.typed(x.Typed), c.Expr(x.X), x.CommaOk}
	case *Concat:
		return &Concat{Typed: c.typed(x.Typed), Xs: c.exprs(x.Xs)}
	case *Block:
		return &Block{c.typed(x.Typed), c.stmts(x.Stmts, false), c.Expr(x.X), x.Result}
	}
	panic(fmt.Sprintf("BUG: tree: copy of %T", x))
}

// literal copies the function literal f; what is no literal is shared.
func (c *Copy) literal(f *Func) *Func {
	if f.Outer == nil {
		return f
	}
	return c.function(f)
}

// again repeats an expression that Subst puts in place of a variable.
func again(x Expr, at At) Expr {
	switch x := x.(type) {
	case *Const:
		return &Const{Typed: Typed{at, x.T}, Val: x.Val, As: x.As}
	case *Zero:
		return &Zero{Typed{at, x.T}, x.Conv}
	case *Ref:
		return &Ref{Typed{at, x.T}, x.V, x.As}
	case *FuncRef:
		return &FuncRef{Typed{at, x.T}, x.F}
	}
	panic(fmt.Sprintf("BUG: tree: %T in place of a variable", x))
}

// stmts copies a list; tail tells that the body ends after it.
func (c *Copy) stmts(list []Stmt, tail bool) []Stmt {
	if list == nil {
		return nil
	}
	out := make([]Stmt, 0, len(list))
	for i, s := range list {
		last := tail && i == len(list)-1
		if r, ok := s.(*Return); ok && c.Return != nil {
			out = append(out, c.Return(&Return{c.at(r.At), c.exprs(r.Vals)}, last)...)
			continue
		}
		out = append(out, c.stmt(s, last))
	}
	return out
}

func (c *Copy) stmt(s Stmt, tail bool) Stmt {
	switch s := s.(type) {
	case *ExprStmt:
		return &ExprStmt{c.at(s.At), c.Expr(s.X)}
	case *Declare:
		x := c.Expr(s.Init)
		return &Declare{At: c.at(s.At), V: c.variable(s.V), Init: x, Undef: s.Undef}
	case *Assign:
		return &Assign{c.at(s.At), c.exprs(s.Lhs), c.exprs(s.Rhs)}
	case *AssignOp:
		return &AssignOp{c.at(s.At), s.Op, c.Expr(s.X), c.Expr(s.Y)}
	case *If:
		return &If{c.at(s.At), c.Expr(s.Cond), c.stmts(s.Then, tail), c.stmts(s.Else, tail)}
	case *For:
		return &For{At: c.at(s.At), Label: c.label(s.Label), CondPre: c.stmts(s.CondPre, false), Cond: c.Expr(s.Cond),
			Post: c.stmts(s.Post, false), Body: c.stmts(s.Body, false)}
	case *Range:
		x := c.Expr(s.X)
		return &Range{At: c.at(s.At), Label: c.label(s.Label), Decl: c.vars(s.Decl), Key: c.Expr(s.Key), Val: c.Expr(s.Val),
			X: x, Body: c.stmts(s.Body, false)}
	case *Switch:
		t := &Switch{At: c.at(s.At), Label: c.label(s.Label), Tag: c.Expr(s.Tag)}
		for _, k := range s.Cases {
			t.Cases = append(t.Cases, &Case{At: c.at(k.At), Vals: c.exprs(k.Vals), Default: k.Default,
				Body: c.stmts(k.Body, tail && !k.Fall), Fall: k.Fall})
		}
		return t
	case *TypeSwitch:
		t := &TypeSwitch{At: c.at(s.At), Label: c.label(s.Label), X: c.Expr(s.X)}
		for _, k := range s.Cases {
			n := &TypeCase{At: c.at(k.At), Types: k.Types, Default: k.Default}
			if k.V != nil {
				n.V = c.variable(k.V)
			}
			n.Body = c.stmts(k.Body, tail)
			t.Cases = append(t.Cases, n)
		}
		return t
	case *Select:
		t := &Select{At: c.at(s.At), Label: c.label(s.Label)}
		for _, k := range s.Cases {
			t.Cases = append(t.Cases, &Comm{At: c.at(k.At), Ch: c.Expr(k.Ch), Send: k.Send, Val: c.Expr(k.Val), Decl: c.vars(k.Decl),
				Lhs: c.Expr(k.Lhs), Ok: c.Expr(k.Ok), Body: c.stmts(k.Body, tail), Default: k.Default})
		}
		return t
	case *Labeled:
		return &Labeled{c.at(s.At), c.label(s.L)}
	case *Jump:
		return &Jump{c.at(s.At), s.Tok, c.label(s.L)}
	case *Return:
		return &Return{c.at(s.At), c.exprs(s.Vals)}
	case *Go:
		return &Go{c.at(s.At), c.Expr(s.Fn)}
	case *Defer:
		return &Defer{At: c.at(s.At), Fn: c.Expr(s.Fn), Token: c.Expr(s.Token)}
	case *Send:
		return &Send{c.at(s.At), c.Expr(s.Ch), c.Expr(s.X)}
	case *Group:
		return &Group{c.at(s.At), c.stmts(s.Stmts, tail)}
	case *KeepAlive:
		return &KeepAlive{c.at(s.At), c.variable(s.V)}
	}
	panic(fmt.Sprintf("BUG: tree: copy of %T", s))
}
