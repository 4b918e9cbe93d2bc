package tree

import (
	"fmt"
	"go/token"
	"go/types"
)

// CheckCore verifies that f has the core form that order.go and node.go describe.
// The error names the rule of node.go that is broken.
func CheckCore(p *Program, f *Func) (err error) {
	if f.State != Ordered {
		return fmt.Errorf("%s: not ordered", f.Sym)
	}
	c := &checker{p: p, f: f, labels: map[*Label]bool{}}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(coreError)
			if !ok {
				panic(r)
			}
			err = fmt.Errorf("%s: %s: %s", p.Fset.Position(e.pos), f.Sym, e.text)
		}
	}()
	walkStmts(f.Body, func(s Stmt) {
		if l, ok := s.(*Labeled); ok {
			c.labels[l.L] = true
		}
	}, func(Expr) {})
	c.stmts(f.Body, nil)
	return nil
}

type coreError struct {
	pos  token.Pos
	text string
}

type checker struct {
	p      *Program
	f      *Func
	labels map[*Label]bool // placed in f
}

// around is a stack of the loops and selects around a statement.
type around struct {
	up   *around
	l    *Label
	loop bool
}

func (c *checker) fail(rule int, n Node, format string, args ...any) {
	panic(coreError{n.Pos(), fmt.Sprintf("core form rule %d: ", rule) + fmt.Sprintf(format, args...)})
}

func (c *checker) stmts(list []Stmt, in *around) {
	for _, s := range list {
		c.stmt(s, in)
	}
}

func (c *checker) stmt(s Stmt, in *around) {
	switch s := s.(type) {
	case *Range, *Switch, *TypeSwitch, *Group:
		c.fail(1, s, "%T is left", s)
	case *ExprStmt:
		switch e := s.X.(type) {
		case *Call, *Recv:
			c.alone(s.X)
		case *Builtin:
			switch e.Name {
			case "panic", "print", "println", "close", "clear", "delete", "copy", "recover", "mapiterinit", "mapiternext", "deferrangefunc":
				c.alone(e)
			default:
				c.fail(2, e, "%s as a statement", e.Name)
			}
		default:
			c.fail(2, s, "%T as a statement", s.X)
		}
	case *Declare:
		if s.Init != nil {
			c.pure(s.Init)
			c.same(s, s.V.T, s.Init.Type())
		}
	case *Assign:
		c.assign(s)
	case *AssignOp:
		if m, ok := s.X.(*MapIndex); ok {
			if s.Op == token.QUO || s.Op == token.REM || mayTrap(s.Y) {
				c.fail(1, s, "operation on a map element that may fail")
			}
			c.pure(m.M)
			c.pure(m.K)
		} else {
			c.pure(s.X)
		}
		c.pure(s.Y)
		if isAlone(&Binary{Typed: Typed{s.At, s.X.Type()}, Op: s.Op, X: s.X, Y: s.Y}) {
			c.fail(2, s, "%s of %s nested", s.Op, s.X.Type())
		}
		if b, ok := s.X.Type().Underlying().(*types.Basic); ok && b.Info()&types.IsString != 0 {
			c.fail(2, s, "concatenation nested")
		}
	case *If:
		c.pure(s.Cond)
		c.stmts(s.Then, in)
		c.stmts(s.Else, in)
	case *For:
		if s.Cond != nil {
			c.pure(s.Cond)
		}
		in = &around{in, s.Label, true}
		c.stmts(s.CondPre, in)
		c.stmts(s.Body, in)
		c.stmts(s.Post, in)
	case *Select:
		in = &around{in, s.Label, false}
		for _, k := range s.Cases {
			if !k.Default {
				c.pure(k.Ch)
				if k.Send {
					c.pure(k.Val)
				}
				for _, l := range []Expr{k.Lhs, k.Ok} {
					if l != nil && frameVar(l) == nil {
						c.fail(2, k, "receive into %T", l)
					}
				}
			}
			c.stmts(k.Body, in)
		}
	case *Labeled, *KeepAlive:
	case *Jump:
		if s.Tok == token.GOTO {
			if !c.labels[s.L] {
				c.fail(1, s, "goto %q, which is not placed", s.L.Name)
			}
			return
		}
		for a := in; a != nil; a = a.up {
			if a.l == s.L {
				if s.Tok == token.CONTINUE && !a.loop {
					c.fail(1, s, "continue of a select")
				}
				return
			}
		}
		c.fail(1, s, "%s of %q outside of it", s.Tok, s.L.Name)
	case *Return:
		if len(s.Vals) != 0 && len(s.Vals) != len(c.f.Results) {
			c.fail(1, s, "%d values for %d results", len(s.Vals), len(c.f.Results))
		}
		hit := assigned{f: c.f}
		for i, v := range s.Vals {
			c.pure(v)
			c.same(s, c.f.Results[i].T, v.Type())
			if r, ok := v.(*Ref); ok && r.V == c.f.Results[i] {
				continue
			}
			if hit.affects(v) {
				c.fail(5, v, "value %d changes while the results are stored", i)
			}
			hit.add(&Ref{V: c.f.Results[i]})
		}
	case *Go:
		c.pure(s.Fn)
	case *Defer:
		c.pure(s.Fn)
		if s.Token != nil {
			c.pure(s.Token)
		}
	case *Send:
		c.pure(s.Ch)
		c.pure(s.X)
	default:
		c.fail(1, s, "%T is left", s)
	}
}

func (c *checker) assign(s *Assign) {
	if len(s.Rhs) != 1 {
		c.fail(1, s, "parallel assignment is left")
	}
	r := s.Rhs[0]
	if len(s.Lhs) != 1 {
		tuple, ok := r.Type().(*types.Tuple)
		if !ok || tuple.Len() != len(s.Lhs) || !isAlone(r) {
			c.fail(1, s, "%d values of %T", len(s.Lhs), r)
		}
		c.alone(r)
		for _, l := range s.Lhs {
			if l != nil && frameVar(l) == nil {
				c.fail(2, s, "%T gives a value to %T", r, l)
			}
		}
		return
	}
	l := s.Lhs[0]
	if isAlone(r) {
		c.alone(r)
		if l != nil && frameVar(l) == nil {
			c.fail(2, s, "%T gives its value to %T", r, l)
		}
		if b, ok := r.(*Builtin); ok && b.Name == "append" && !b.Dots && l != nil {
			for _, e := range b.Args[1:] {
				if refersTo(e, frameVar(l)) {
					c.fail(3, e, "added element refers to the destination")
				}
			}
		}
	} else {
		c.pure(r)
	}
	if l == nil {
		return
	}
	c.same(s, l.Type(), r.Type())
	var buf [8]operand
	for _, p := range placeOperands(l, buf[:0]) {
		c.pure(*p.e)
	}
}

// same fails unless the two sides of an assignment have one type.
func (c *checker) same(n Node, l, r types.Type) {
	if l != r && !types.Identical(l, r) {
		c.fail(1, n, "%s assigned to %s", r, l)
	}
}

// alone checks the operands of e, which stands alone.
func (c *checker) alone(e Expr) {
	if n, ok := e.(*New); ok && n.Init != nil {
		c.fail(2, e, "New with an initial value")
	}
	if _, ok := e.(*MapLit); ok {
		c.fail(2, e, "map literal is left")
	}
	var buf [8]operand
	for _, p := range operands(e, buf[:0]) {
		c.pure(*p.e)
	}
}

func (c *checker) pure(e Expr) {
	anyExpr(e, func(e Expr) bool {
		if _, ok := e.(*Block); ok {
			c.fail(1, e, "Block is left")
		}
		if isAlone(e) {
			c.fail(3, e, "%T nested in an expression", e)
		}
		return false
	})
}
