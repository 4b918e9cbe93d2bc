package inline

import (
	"go/types"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// Devirtualize turns calls of interface methods into direct calls where the concrete type is known: the interface
// value is made by a conversion, or is a variable whose address nobody takes and that gets values of one type
// only. f is in full form; the literals inside are gone through as well. report, if not nil, is told of each before
// it is changed; partial means that the method is that of an embedded interface.
//
// The receiver becomes a type assertion, which cannot fail except for nil, and nil is checked for first, so that the
// panic is that of the interface call. Calls of go and defer statements are left alone: their
// receivers are held by a function of their own, where nothing is known of them.
func Devirtualize(p *tree.Program, f *tree.Func, report func(c *tree.Call, t types.Type, partial bool)) {
	d := &devirtualizer{p: p, values: map[*tree.Var][]tree.Expr{}, unknown: map[*tree.Var]bool{}}
	calls := d.gather(f)
	for _, c := range calls {
		t := d.concrete(c.Args[0], map[*tree.Var]bool{})
		if t == nil || t == noType {
			continue
		}
		for _, m := range p.MethodSet(t) {
			if m.Fn.Id() != c.Method.Id() {
				continue
			}
			g := p.Method(t, m)
			if report != nil {
				report(c, t, g.Flags&tree.Wrapper != 0 && types.IsInterface(m.Fn.Type().(*types.Signature).Recv().Type()))
			}
			at := tree.Typed{At: tree.At{P: c.P}, T: c.Args[0].Type()}
			x := c.Args[0]
			if _, ok := x.(*tree.ToIface); !ok {
				x = &tree.Builtin{Typed: at, Name: "nilcheck", Args: []tree.Expr{x}}
			}
			at.T = t
			c.Args[0] = &tree.Assert{Typed: at, X: x, To: t}
			c.F, c.Method = g, nil
			break
		}
	}
}

type devirtualizer struct {
	p       *tree.Program
	values  map[*tree.Var][]tree.Expr // all values that a variable gets
	unknown map[*tree.Var]bool        // it gets others as well
}

// noType stands for the type of nil.
var noType types.Type = types.Typ[types.UntypedNil]

func source(v *tree.Var) *tree.Var {
	for v.Outer != nil {
		v = v.Outer
	}
	return v
}

// gather finds the interface calls of f and its literals, and what their variables get.
func (d *devirtualizer) gather(f *tree.Func) (calls []*tree.Call) {
	place := func(x tree.Expr, val tree.Expr) {
		r, ok := x.(*tree.Ref)
		if !ok {
			return
		}
		v := source(r.V)
		if val == nil {
			d.unknown[v] = true
		} else {
			d.values[v] = append(d.values[v], val)
		}
	}
	seen := map[*tree.Func]bool{}
	var body func(f *tree.Func)
	literal := func(g *tree.Func) {
		if g.Outer != nil && !seen[g] {
			seen[g] = true
			body(g)
		}
	}
	body = func(f *tree.Func) {
		tree.Walk(f.Body, func(n tree.Node) bool {
			switch n := n.(type) {
			case *tree.FuncRef:
				literal(n.F)
			case *tree.Closure:
				literal(n.F)
			case *tree.Call:
				if n.F != nil {
					literal(n.F)
				}
				if n.Method != nil {
					calls = append(calls, n)
				}
			case *tree.Declare:
				if n.Init != nil {
					d.values[n.V] = append(d.values[n.V], n.Init)
				}
			case *tree.Assign:
				for i, l := range n.Lhs {
					if len(n.Lhs) == len(n.Rhs) {
						place(l, n.Rhs[i])
					} else if a, ok := n.Rhs[0].(*tree.Assert); ok && i == 0 {
						place(l, a)
					} else {
						place(l, nil)
					}
				}
			case *tree.Range:
				place(n.Key, nil)
				place(n.Val, nil)
			case *tree.TypeSwitch:
				for _, c := range n.Cases {
					if c.V != nil {
						d.values[c.V] = append(d.values[c.V], n.X)
					}
				}
			case *tree.Select:
				for _, c := range n.Cases {
					place(c.Lhs, nil)
					place(c.Ok, nil)
				}
			}
			return true
		})
	}
	body(f)
	return calls
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
			if v.Kind != tree.Local || v.Addrtaken || d.unknown[v] {
				return nil
			}
			if seen[v] {
				return noType
			}
			seen[v] = true
			t := noType
			for _, val := range d.values[v] {
				u := d.concrete(val, seen)
				switch {
				case u == nil:
					return nil
				case u == noType:
				case t == noType:
					t = u
				case t != u:
					return nil
				}
			}
			return t
		}
		return nil
	}
}
