package escape

// Slices that are built in the frame and move
//
//	var list []T
//	for … { list = append(list, x) }
//	return list
//
// The analysis says that what append allocates outlives the function. But until the return nobody else can have a pointer to
// it, so that the first elements may live in a buffer of the frame, and go to the heap with the return. This is a pass
// behind the analysis; what it decides shows in no message of the real compiler, only in the number of objects.
//
// A variable is exclusive while no other variable refers to that buffer. Uses that keep it so, of a local slice s:
//
//	s = nil, s = []T{…}, s = append(s, …), s = s[i:j]
//	s[i], len(s), cap(s), range over s
//	f(s), if f's parameter does not leak
//
// One use may end it: return s, x = s, or s as the value of an inlined call. The pass puts s = toheap(s) before it, which
// copies the elements if they are in the frame's buffer and does nothing otherwise. s may have one such end, in no loop that
// began after its declaration, and must be appended to at least twice, where a loop counts as twice. Any other use (a
// pointer to s or to an element, a closure) makes the pass leave s alone.
//
// If nobody looks at the capacity, the buffer is all of it from the first append on, and what moves gets the
// capacity that suits it. Else appends go up in steps (Builtin.Step), by what the heap would give them, and the capacity moves too.
//
// An inlined call has its argument itself where the real compiler has a parameter: such a use counts as one that the
// pass does not understand.

import (
	"go/token"
	"go/types"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// AppendBuffer is the bytes of a buffer in the frame for the elements of a slice.
const AppendBuffer = 32

// appended is what the pass knows of a variable.
type appended struct {
	v        *tree.Var
	uses     int // all of them
	known    int // those that keep or end its exclusiveness
	depth    int // of loops, at the declaration
	weight   int // of appends to it
	appends  []*tree.Builtin
	ends     int          // uses that end its exclusiveness
	end      *tree.Expr   // the last of them; nil for
	bare     *tree.Return // a return without values, s being a result
	capacity bool         // somebody looks at its capacity
	ranged   bool         // there is a range over it
	lost     bool
}

type appendPass struct {
	p     *tree.Program
	f     *tree.Func
	vars  map[*tree.Var]*appended
	depth int // of loops
}

// appendsInFrame is the pass for f, which is in full form and analysed.
func appendsInFrame(p *tree.Program, f *tree.Func) {
	w := &appendPass{p: p, f: f}
	for _, list := range [][]*tree.Var{f.Params, f.Results, f.Locals} {
		for _, v := range list {
			w.track(v)
		}
	}
	if len(w.vars) == 0 {
		return
	}
	tree.Walk(f.Body, w.visit)
	for _, list := range [][]*tree.Var{f.Params, f.Results, f.Locals} {
		for _, v := range list {
			if s := w.vars[v]; s != nil && !s.lost && s.uses == s.known && s.ends == 1 && s.weight >= 2 && !(s.capacity && s.ranged) {
				w.move(s)
			}
		}
	}
}

// track begins to look at v if it may qualify.
func (w *appendPass) track(v *tree.Var) {
	sl, ok := v.T.Underlying().(*types.Slice)
	if !ok || v.Esc != tree.EscNone || v.Addrtaken || v.Kind == tree.Result && w.f.Flags&tree.HasDefer != 0 {
		return
	}
	if size := w.p.Sizes.Sizeof(sl.Elem()); size > 0 && size <= AppendBuffer {
		if w.vars == nil {
			w.vars = map[*tree.Var]*appended{}
		}
		w.vars[v] = &appended{v: v}
	}
}

// move lets the appends to s use a buffer in the frame.
func (w *appendPass) move(s *appended) {
	s.v.Buffer = true
	name := "toheap"
	if s.capacity {
		name = "toheapcap"
	}
	for _, a := range s.appends {
		a.Esc, a.Step = tree.EscNone, s.capacity
	}
	block := func(pos token.Pos) tree.Expr {
		t := tree.Typed{At: tree.At{P: pos}, T: s.v.T}
		ref := func() tree.Expr { return &tree.Ref{Typed: t, V: s.v} }
		return &tree.Block{Typed: t, X: ref(), Stmts: []tree.Stmt{&tree.Assign{At: t.At, Lhs: []tree.Expr{ref()},
			Rhs: []tree.Expr{&tree.Builtin{Typed: t, Name: name, Args: []tree.Expr{ref()}}}}}}
	}
	if s.end != nil {
		*s.end = block((*s.end).Pos())
		return
	}
	if s.bare.Vals == nil {
		for _, v := range w.f.Results {
			s.bare.Vals = append(s.bare.Vals, &tree.Ref{Typed: tree.Typed{At: s.bare.At, T: v.T}, V: v})
		}
	}
	for i, v := range w.f.Results {
		if v == s.v {
			s.bare.Vals[i] = block(s.bare.P)
		}
	}
}

// tracked is the record of the variable that e is, nil if e is none or stands for the parameter of an inlined call.
func (w *appendPass) tracked(e tree.Expr) *appended {
	if r, ok := e.(*tree.Ref); ok && r.As == nil {
		return w.vars[r.V]
	}
	return nil
}

// ends notes that x, whose value goes elsewhere unconverted, to where a value of type t is wanted, ends a variable's exclusiveness.
func (w *appendPass) ends(x *tree.Expr, t types.Type) {
	if s := w.tracked(*x); s != nil && s.v.T == t {
		s.known++
		s.ends++
		s.end = x
		s.lost = s.lost || w.depth > s.depth
	}
}

// keeps notes a use of x that changes nothing.
func (w *appendPass) keeps(x tree.Expr) *appended {
	s := w.tracked(x)
	if s != nil {
		s.known++
	}
	return s
}

func (w *appendPass) visit(n tree.Node) bool {
	switch n := n.(type) {
	case *tree.Ref:
		if s := w.vars[n.V]; s != nil {
			s.uses++
		}
	case *tree.Declare:
		if s := w.vars[n.V]; s != nil {
			s.depth = w.depth
			s.lost = s.lost || !w.value(s, n.Init)
		}
		if n.Init != nil {
			w.ends(&n.Init, n.V.T)
		}
	case *tree.Assign:
		for i := range n.Rhs {
			if len(n.Lhs) != len(n.Rhs) {
				break
			}
			if n.Lhs[i] == nil { // as good as a variable
				w.ends(&n.Rhs[i], n.Rhs[i].Type())
				continue
			}
			if s := w.tracked(n.Lhs[i]); s != nil && w.value(s, n.Rhs[i]) {
				s.known++
			}
			w.ends(&n.Rhs[i], n.Lhs[i].Type())
		}
	case *tree.Return:
		for i := range n.Vals {
			if len(n.Vals) == len(w.f.Results) {
				w.ends(&n.Vals[i], w.f.Results[i].T)
			}
		}
		if len(n.Vals) == 0 {
			for _, v := range w.f.Results {
				if s := w.vars[v]; s != nil {
					s.ends++
					s.end, s.bare = nil, n
					s.lost = s.lost || w.depth > s.depth
				}
			}
		}
	case *tree.Block:
		if n.X != nil {
			w.ends(&n.X, n.X.Type())
		}
	case *tree.Index:
		w.keeps(n.X)
	case *tree.Addr:
		if x, ok := n.X.(*tree.Index); ok {
			if s := w.tracked(x.X); s != nil {
				s.lost = true
			}
		}
	case *tree.Builtin:
		switch n.Name {
		case "len":
			w.keeps(n.Args[0])
		case "cap":
			if s := w.keeps(n.Args[0]); s != nil {
				s.capacity = true
			}
		}
	case *tree.Call:
		for i, a := range n.Args {
			if n.F == nil || n.Known != tree.KnownFunc || w.tracked(a) == nil {
				continue
			}
			if sum, ok := n.F.Escape.(*summary); ok && i < len(sum.params) && sum.params[i] == (leaks{}) {
				w.keeps(a).capacity = true
			}
		}
	case *tree.Range:
		if s := w.keeps(n.X); s != nil {
			s.ranged = true
		}
		for _, v := range n.Decl {
			if s := w.vars[v]; s != nil {
				s.depth = w.depth
			}
		}
		w.exprs(n.X, n.Key, n.Val)
		w.loop(n.Body)
		return false
	case *tree.For:
		w.depth++
		tree.Walk(n.CondPre, w.visit)
		w.exprs(n.Cond)
		w.depth--
		w.loop(n.Body)
		w.loop(n.Post)
		return false
	}
	return true
}

func (w *appendPass) exprs(list ...tree.Expr) {
	for _, x := range list {
		tree.WalkExpr(x, w.visit)
	}
}

func (w *appendPass) loop(list []tree.Stmt) {
	w.depth++
	tree.Walk(list, w.visit)
	w.depth--
}

// value reports whether s = x, x nil for a declaration without a value, keeps s exclusive.
func (w *appendPass) value(s *appended, x tree.Expr) bool {
	switch x := x.(type) {
	case nil, *tree.Zero:
		return true
	case *tree.ArrayLit:
		s.capacity = true
		return true
	case *tree.Slice:
		if w.tracked(x.X) == s {
			s.known++
			s.capacity = true
			return true
		}
	case *tree.Builtin:
		if x.Name == "append" && w.tracked(x.Args[0]) == s {
			s.known++
			s.weight += 1 + w.depth - s.depth
			s.appends = append(s.appends, x)
			return true
		}
	}
	return false
}
