// Package escape decides where values live: in the frame of a function or on the heap.
//
// Its place in the way of a program is between inlining and ordering: it reads the full form of functions and
// writes its decisions into the tree: Var.Esc for variables, the field Esc of every expression that allocates
// for what that expression makes, Var.ByRef for captured variables, and into Func.Escape what callers must know.
//
// # The analysis
//
// It is the flow-insensitive analysis of the real compiler (M. Dempsky's of 2018, after D. Vyukov's and
// R. Cox's), in the same steps, so that it comes to the same decisions:
//
//  1. Functions are taken in batches, callees first: a batch is a strongly connected component of the graph of
//     references between declared functions; the function literals inside belong to it (batch.go).
//
//  2. Every variable and every expression that allocates is a location. Every assignment is an edge with the
//     number of dereferences on the way, minus one for taking an address (build.go, stmt.go, expr.go):
//
//     p = &q   -1        p = q   0        p = *q   1
//
//     Fields and elements are not told apart from the whole. Stores through pointers, sends, map entries
//     and global variables are flows to one location, the heap.
//
//  3. From every location the graph is walked backwards, with the least count of derefs (solve.go). A location
//     whose address (-1) reaches one that outlives it — the heap, a result, a variable of an outer
//     loop or of a function around — escapes; then it counts as heap itself and is walked again.
//
//  4. What flows from a parameter to the heap, to results, to places that mutate or call is its leak set: the
//     summary, which calls from later batches use instead of the body.
//
// # Invariants
//
//	after Func(f): v.Esc != EscUnknown for every parameter, result and local of f and its literals
//	v.Esc == EscNone → no pointer to v is in the heap, and none is used when v's frame, or v's round
//	of a loop, is gone
//	variables that order makes later carry their own decision
//
// The simplest sound policy, everything to the heap, is in trivial.go, for comparison and for code that is not analysed.
package escape

import (
	"go/constant"
	"go/types"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// Analyzer analyses the functions of a program. It is not safe for concurrent use.
type Analyzer struct {
	// Explain keeps the paths by which things escape. It must be set before the first function is analysed.
	Explain bool
	// Mutations adds notes on parameters that are written through or called.
	Mutations bool
	// Frames restricts the decisions to what generated code can do: a frame holds at most maxFrame bytes of objects.
	Frames bool
	// Prepare is called for every function when it is built and before anything else looks at it; nil: nothing is.
	Prepare func(a *Analyzer, f *tree.Func)
	// Report gets the findings of each batch; nil: they are dropped.
	Report func(Finding)

	// Graph gets the graph of each batch when it is solved; nil: it is dropped. It must be set before the first
	// function is analysed.
	Graph func(*Graph)

	// Package is the import path whose names are printed without qualifier.
	Package string

	p        *tree.Program
	state    map[*tree.Func]nestState // of declared functions
	nests    map[*tree.Func]*nest
	static   map[tree.Node]bool // what package-level variables are made of from the start
	pointers map[types.Type]bool
	bound    map[*tree.Func]*tree.Func
	defs     map[*tree.Var]tree.Expr // the only value of variables that are assigned once
	held     map[tree.Node]tree.Stmt // func values that go and defer statements send to the heap
	lastID   int                     // of a vertex
	shapes   map[types.Type]string   // what is written for type arguments in the message under way
	params   []string                // the same for type parameters, in their order

	// Tarjan's algorithm.
	index   map[*tree.Func]int
	low     map[*tree.Func]int
	stack   []*tree.Func
	onStack map[*tree.Func]bool
}

// New returns an analyzer for the functions of p.
func New(p *tree.Program) *Analyzer {
	return &Analyzer{
		p: p, state: map[*tree.Func]nestState{}, nests: map[*tree.Func]*nest{},
		static: map[tree.Node]bool{}, held: map[tree.Node]tree.Stmt{}, pointers: map[types.Type]bool{}, bound: map[*tree.Func]*tree.Func{}, defs: map[*tree.Var]tree.Expr{},
		index: map[*tree.Func]int{}, low: map[*tree.Func]int{}, onStack: map[*tree.Func]bool{},
	}
}

// Func analyses f, in full form, with its literals and, before them, everything it refers to, which is built for it.
// What was analysed before is left alone.
func (a *Analyzer) Func(f *tree.Func) {
	if f = root(f); a.state[f] == unknown {
		a.connect(f)
	}
}

// nest is a declared function with its literals.
type nest struct {
	literals []*tree.Func
	refs     []*tree.Func // declared functions that it names
}

// nest builds f and finds what it refers to.
func (a *Analyzer) nest(f *tree.Func) *nest {
	if n := a.nests[f]; n != nil {
		return n
	}
	n := &nest{}
	a.nests[f] = n
	if f.Extern {
		return n
	}
	a.p.Build(f)
	if a.Prepare != nil {
		a.Prepare(a, f)
	}
	if f.Flags&tree.InitFunc != 0 && f.Obj == nil {
		for _, s := range f.Body {
			if as, ok := s.(*tree.Assign); ok {
				for _, x := range as.Rhs {
					a.markStatic(x)
				}
			}
		}
	}
	seen := map[*tree.Func]bool{}
	var body func(f *tree.Func)
	name := func(f *tree.Func) {
		switch {
		case seen[f]:
		case root(f) != f:
			seen[f] = true
			n.literals = append(n.literals, f)
			body(f)
		default:
			seen[f] = true
			n.refs = append(n.refs, f)
		}
	}
	body = func(f *tree.Func) {
		tree.Walk(f.Body, func(x tree.Node) bool {
			switch x := x.(type) {
			case *tree.FuncRef:
				name(x.F)
			case *tree.Closure:
				if x.F.Outer == nil { // a method value: the function around the method is nobody's caller
					if m := a.boundMethod(x.F); m != nil {
						name(m)
					}
					break
				}
				for i, v := range x.F.Captures {
					if v.Outer == nil && x.F.Outer != nil {
						a.defs[v] = x.Vals[i]
					}
				}
				name(x.F)
			case *tree.Call:
				if x.F != nil {
					name(x.F)
				}
			case *tree.Declare:
				if x.Init != nil {
					a.define(x.V, x.Init)
				}
			case *tree.Assign:
				if len(x.Lhs) == len(x.Rhs) {
					for i, l := range x.Lhs {
						if r, ok := l.(*tree.Ref); ok {
							a.define(r.V, x.Rhs[i])
						}
					}
				}
			}
			return true
		})
	}
	body(f)
	return n
}

// markStatic notes the storage of composite values that package-level variables start with: it is part of the
// program's data, whatever has to be filled in when the program starts.
func (a *Analyzer) markStatic(x tree.Expr) {
	switch x := x.(type) {
	case *tree.New:
		a.static[x] = x.Init != nil // new(T) is evaluated when the program starts
		a.markStatic(x.Init)
	case *tree.ArrayLit:
		a.static[x] = true
		for _, y := range x.Elems {
			a.markStatic(y)
		}
	case *tree.StructLit:
		for _, y := range x.Vals {
			a.markStatic(y)
		}
	case *tree.ToIface:
		a.static[x] = true
		a.markStatic(x.X)
	case *tree.Convert:
		if _, ok := x.X.(*tree.Const); ok {
			a.static[x] = true
		}
		a.markStatic(x.X)
	case *tree.FuncRef:
		a.static[x] = true
	case *tree.Block: // an inlined call; nothing but the values of its parameters stands before its result
		for _, s := range x.Stmts {
			if _, ok := s.(*tree.Declare); !ok {
				return
			}
		}
		if x.X != nil {
			a.markStatic(x.X)
		}
	}
}

func (a *Analyzer) define(v *tree.Var, x tree.Expr) {
	if v.Kind == tree.Local && !v.Reassigned && !v.Addrtaken && !(v.Temp && v.Name == "arg") { // that of a tuple is not known there
		a.defs[v] = x
	}
}

// connect analyses the strongly connected component of f after those that it refers to.
func (a *Analyzer) connect(f *tree.Func) {
	a.index[f] = len(a.index) + 1
	a.low[f] = a.index[f]
	a.stack = append(a.stack, f)
	a.onStack[f] = true
	for _, g := range a.nest(f).refs {
		switch {
		case a.index[g] == 0:
			a.connect(g)
			a.low[f] = min(a.low[f], a.low[g])
		case a.onStack[g]:
			a.low[f] = min(a.low[f], a.index[g])
		}
	}
	if a.low[f] != a.index[f] {
		return
	}
	i := len(a.stack) - 1
	for a.stack[i] != f {
		i--
	}
	fns := append([]*tree.Func(nil), a.stack[i:]...)
	a.stack = a.stack[:i]
	for _, g := range fns {
		a.onStack[g] = false
	}
	a.analyse(fns)
}

// analyse decides for one batch.
func (a *Analyzer) analyse(fns []*tree.Func) {
	b := newBatch(a, fns)
	for _, f := range fns {
		a.state[f] = inBatch
		b.addFunc(f)
		for _, c := range f.Captures { // of a method value's function
			b.addVar(c, f)
		}
		for _, l := range a.nests[f].literals {
			b.addFunc(l)
		}
	}
	for _, f := range fns {
		b.body(f)
	}
	for _, c := range b.captures {
		b.flowCapture(c)
	}
	b.captures = nil
	room := map[*tree.Func]int64{}
	for _, l := range b.all {
		if a.Frames {
			b.fit(l, room)
		}
		if why := b.heapReason(l); why != "" {
			if !l.has(escapes) {
				b.flow(b.toHeap().addr(reasonNode(l), why), l)
				l.end = EndTooLarge
			}
		}
	}
	b.solve()
	if a.Graph != nil {
		a.Graph(b.graph())
	}
	b.finish()
	for _, f := range fns {
		a.state[f] = done
		if a.Frames {
			f.Flags |= tree.Decided
			for _, l := range a.nests[f].literals {
				l.Flags |= tree.Decided
			}
		}
	}
}

// boundMethod is the method that the function of a method value calls, nil for one of an interface.
func (a *Analyzer) boundMethod(f *tree.Func) *tree.Func {
	if m, ok := a.bound[f]; ok {
		return m
	}
	var m *tree.Func
	a.p.Build(f)
	tree.Walk(f.Body, func(n tree.Node) bool {
		if c, ok := n.(*tree.Call); ok && m == nil {
			m = c.F
		}
		return true
	})
	a.bound[f] = m
	return m
}

// origin follows variables that are assigned once to their value.
func (a *Analyzer) origin(x tree.Expr) tree.Expr {
	for range 100 {
		switch y := x.(type) {
		case *tree.Ref:
			v := y.V
			for v.Outer != nil {
				v = v.Outer
			}
			d := a.defs[v]
			if d == nil {
				return x
			}
			x = d
		case *tree.Block:
			if y.X == nil {
				return x
			}
			x = y.X
		case *tree.Convert:
			if spills(y.T.Underlying(), y.X.Type().Underlying()) || !a.sameBits(y.T.Underlying(), y.X.Type().Underlying()) {
				return x
			}
			x = y.X
		default:
			return x
		}
	}
	return x
}

// sameBits reports whether a conversion between underlying types does nothing: they are identical, or integers of one size and sign.
func (a *Analyzer) sameBits(t, u types.Type) bool {
	if types.Identical(t, u) {
		return true
	}
	x, ok := t.(*types.Basic)
	y, also := u.(*types.Basic)
	return ok && also && x.Info()&y.Info()&types.IsInteger != 0 && x.Info()&types.IsUnsigned == y.Info()&types.IsUnsigned && a.p.Sizes.Sizeof(t) == a.p.Sizes.Sizeof(u)
}

// staticFunc is the function that the func value x is known to be, or nil.
func (a *Analyzer) staticFunc(x tree.Expr) *tree.Func {
	switch y := a.origin(x).(type) {
	case *tree.FuncRef:
		return y.F
	case *tree.Closure:
		if y.F.Outer != nil {
			return y.F
		}
	}
	return nil
}

// staticConst is the constant that x is known to be, or nil.
func (a *Analyzer) staticConst(x tree.Expr) *tree.Const {
	switch y := a.origin(x).(type) {
	case *tree.Const:
		return y
	case *tree.Builtin:
		if y.Name == "len" {
			if lit, ok := a.origin(y.Args[0]).(*tree.ArrayLit); ok && isSlice(lit.T) {
				return &tree.Const{Typed: tree.Typed{At: y.At, T: types.Typ[types.Int]}, Val: constant.MakeInt64(lit.Len)}
			}
		}
	}
	return nil
}

// hasPointers reports whether values of type t hold pointers.
func (a *Analyzer) hasPointers(t types.Type) bool {
	if t == nil {
		return false
	}
	if has, ok := a.pointers[t]; ok {
		return has
	}
	has := false
	switch u := t.Underlying().(type) {
	case *types.Basic:
		has = u.Info()&types.IsString != 0 || u.Kind() == types.UnsafePointer || u.Kind() == types.UntypedNil
	case *types.Array:
		has = u.Len() > 0 && a.hasPointers(u.Elem())
	case *types.Struct:
		for i := range u.NumFields() {
			has = has || a.hasPointers(u.Field(i).Type())
		}
	case *types.Tuple:
		has = u.Len() > 0
	default:
		has = true
	}
	a.pointers[t] = has
	return has
}

// nonString reports whether values of type t hold pointers other than those of strings.
func (a *Analyzer) nonString(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return !isString(u) && a.hasPointers(t)
	case *types.Array:
		return u.Len() > 0 && a.nonString(u.Elem())
	case *types.Struct:
		for i := range u.NumFields() {
			if a.nonString(u.Field(i).Type()) {
				return true
			}
		}
		return false
	}
	return a.hasPointers(t)
}
