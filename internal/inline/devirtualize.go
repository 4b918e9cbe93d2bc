package inline

import (
	"go/types"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// devirtualizer turns calls of interface methods into direct calls where the concrete type is known: the interface
// value is made by a conversion, or is a variable whose address nobody takes and that gets values of one type
// only. A method of an embedded field is called on that field; if the field is an interface, the call stays one of a
// method of an interface, another one.
//
// The receiver becomes a type assertion, which cannot fail except for nil, and nil is checked for first, so that the
// panic is that of the interface call. Calls of go and defer statements are left alone: their
// receivers are held by a function of their own, where nothing is known of them.
type devirtualizer struct {
	p      *tree.Program
	values map[*tree.Var][]given // all values that a variable gets
}

// given is a value of a variable: x, or the i-th value that an assignment of several gives once its call is inlined. Neither:
// it is not known.
type given struct {
	x  tree.Expr
	as *tree.Assign
	i  int
}

func (d *devirtualizer) init(p *tree.Program) {
	d.p, d.values = p, map[*tree.Var][]given{}
}

// noType stands for the type of nil.
var noType types.Type = types.Typ[types.UntypedNil]

func source(v *tree.Var) *tree.Var {
	for v.Outer != nil {
		v = v.Outer
	}
	return v
}

// devirtualize makes the interface call c direct if it can; report is told before.
func (d *devirtualizer) devirtualize(c *tree.Call, report func(t types.Type, partial bool)) {
	iface := c.Args[0].Type()
	t := d.concrete(c.Args[0], map[*tree.Var]bool{})
	if t == nil || t == noType || !types.Implements(t, iface.Underlying().(*types.Interface)) {
		return
	}
	for _, m := range d.p.MethodSet(t) {
		if m.Fn.Id() != c.Method.Id() {
			continue
		}
		report(t, types.IsInterface(m.Fn.Type().(*types.Signature).Recv().Type()))
		at := tree.Typed{At: tree.At{P: c.P}, T: iface}
		x := c.Args[0]
		if _, ok := x.(*tree.ToIface); !ok {
			x = &tree.Builtin{Typed: at, Name: "nilcheck", Args: []tree.Expr{x}}
		}
		at.T = t
		c.F, c.Method, c.Args[0] = d.p.Promoted(&tree.Assert{Typed: at, X: x, To: t}, m, c.P)
		return
	}
}

// gather notes what the variables of interface type get in a list of statements.
func (d *devirtualizer) gather(list []tree.Stmt) {
	place := func(x tree.Expr, g given) {
		if r, ok := x.(*tree.Ref); ok && types.IsInterface(r.T) {
			v := source(r.V)
			d.values[v] = append(d.values[v], g)
		}
	}
	tree.Walk(list, func(n tree.Node) bool {
		switch n := n.(type) {
		case *tree.Declare:
			if n.Init != nil && types.IsInterface(n.V.T) {
				d.values[n.V] = append(d.values[n.V], given{x: n.Init})
			}
		case *tree.Assign:
			for i, l := range n.Lhs {
				if len(n.Lhs) == len(n.Rhs) {
					place(l, given{x: n.Rhs[i]})
				} else if a, ok := n.Rhs[0].(*tree.Assert); ok && i == 0 {
					place(l, given{x: a})
				} else {
					place(l, given{as: n, i: i})
				}
			}
		case *tree.Range:
			place(n.Key, given{})
			place(n.Val, given{})
		case *tree.TypeSwitch:
			for _, c := range n.Cases {
				if c.V != nil && types.IsInterface(c.V.T) {
					d.values[c.V] = append(d.values[c.V], given{x: n.X})
				}
			}
		case *tree.Select:
			for _, c := range n.Cases {
				place(c.Lhs, given{})
				place(c.Ok, given{})
			}
		}
		return true
	})
}

// concrete is the type of all values that x can hold, noType for nil only, or nil when it is not known.
func (d *devirtualizer) concrete(x tree.Expr, seen map[*tree.Var]bool) types.Type {
	for {
		if !types.IsInterface(x.Type()) {
			if _, ok := x.Type().(*types.Tuple); !ok {
				return x.Type()
			}
		}
		switch y := x.(type) {
		case *tree.ToIface:
			x = y.X
			continue
		case *tree.IfaceConv:
			x = y.X
			continue
		case *tree.Convert:
			x = y.X
			continue
		case *tree.Block:
			if y.X == nil {
				return nil
			}
			x = y.X
			continue
		case *tree.Zero:
			return noType
		case *tree.Assert:
			if !types.IsInterface(y.To) {
				return y.To
			}
			x = y.X
			continue
		case *tree.Ref:
			v := source(y.V)
			if v.Kind != tree.Local || v.Addrtaken {
				return nil
			}
			if seen[v] {
				return noType
			}
			seen[v] = true
			t := noType
			for _, g := range d.values[v] {
				val := g.x
				if g.as != nil && len(g.as.Rhs) == len(g.as.Lhs) {
					val = g.as.Rhs[g.i]
				}
				if val == nil {
					return nil
				}
				u := d.concrete(val, seen)
				switch {
				case u == nil:
					return nil
				case u == noType:
				case t == noType:
					t = u
				case t != u || !declared(u): // two struct types that are written alike are two types there
					return nil
				}
			}
			return t
		}
		return nil
	}
}

// declared reports whether t is a type with a name, or a pointer to one.
func declared(t types.Type) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	switch types.Unalias(t).(type) {
	case *types.Named, *types.Basic:
		return true
	}
	return false
}
