package escape

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"strings"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// # Explanations for people
//
// The path of a finding says in the compiler's words how an address gets to a place that outlives what it points
// to. Here it becomes one sentence and, where the cause has a usual cure, the smallest change that would keep the storage
// in the frame:
//
//	x goes to the heap because its address is assigned to p (x.go:4:4), which is returned (x.go:5:2) and outlives the call of f
//	change: return the value instead of its address, or let the caller pass a pointer to fill
//
// Of the constructs of a hop those are told that store or pass something on; selections, dereferences and spills are
// how it is written, not why it happens.

// Explanation is why an allocation is on the heap.
type Explanation struct {
	Sentence string
	Steps    []Step
	Change   string // what would keep it in the frame, or ""
}

// Step is one thing that happens on the way, in the order of the flow.
type Step struct {
	Text string
	Pos  token.Pos
}

// Explain explains f, which is of kind Moved, Escapes or Stays; at prints positions. The analyzer must have kept paths.
func (f *Finding) Explain(at func(token.Pos) string) Explanation {
	if f.Kind == Stays {
		return Explanation{Sentence: f.What + " stays in the frame of " + f.In + ": nothing that outlives it gets its address" + f.caveat()}
	}
	var e Explanation
	f = f.whole()
	if f.End == EndTooLarge {
		e.Sentence = fmt.Sprintf("%s goes to the heap because it does not fit a frame: %s", f.What, f.tooLarge())
		e.Change = f.change()
		return e
	}
	for i := range f.Path {
		e.Steps = append(e.Steps, f.steps(i)...)
	}
	if len(e.Steps) == 0 {
		e.Steps = []Step{{"its address leaves " + f.In, f.Pos}}
	}
	var b strings.Builder
	b.WriteString(f.What + " goes to the heap because ")
	for i, s := range e.Steps {
		switch {
		case i == 0:
		case i == len(e.Steps)-1:
			b.WriteString(" and ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(s.Text)
		if s.Pos.IsValid() {
			b.WriteString(" (" + at(s.Pos) + ")")
		}
	}
	b.WriteString(f.because())
	e.Sentence = b.String()
	e.Change = f.change()
	return e
}

// whole is f with the reasons of what it ends in, if that is on the heap for reasons of its own.
func (f *Finding) whole() *Finding {
	g := *f
	g.Path = append([]Hop(nil), f.Path...)
	for range 8 {
		n := len(g.Path)
		if g.End != EndHeapVar || n == 0 || len(g.Path[n-1].To.path) == 0 || g.Path[n-1].To.end == EndTooLarge {
			break
		}
		last := &g.Path[n-1].To
		g.Path, g.End = append(g.Path, last.path...), last.end
	}
	return &g
}

// steps are the tellable constructs of hop i.
func (f *Finding) steps(i int) (out []Step) {
	h := &f.Path[i]
	subject := func() string {
		if len(out) > 0 {
			return "that" // what the construct before makes
		}
		name := "it"
		if i > 0 {
			name = h.From.name()
		}
		switch {
		case h.Derefs < 0 && h.From.Node != nil && i == 0:
			return "a pointer to it"
		case h.Derefs < 0 && i == 0:
			return "its address"
		case h.Derefs < 0 && h.From.Node != nil:
			return "a pointer to " + name
		case h.Derefs < 0:
			return "the address of " + name
		case h.Derefs > 0:
			return "what " + name + " points to"
		}
		return name
	}
	if s := h.From.Held; s != nil {
		text := "the go statement starts it"
		if _, ok := s.(*tree.Defer); ok {
			text = "the defer statement, which may run more than once, holds it until the function ends"
		}
		return []Step{{text, s.Pos()}}
	}
	seen := map[string]bool{}
	for k := range h.Notes {
		n := &h.Notes[k]
		verb := n.verb(h, k == len(h.Notes)-1)
		if verb == "" || seen[verb] {
			continue
		}
		seen[verb] = true
		out = append(out, Step{subject() + " " + verb, n.Pos})
	}
	if len(out) > 1 { // one sentence for one hop: "a is x and y"
		for k := 1; k < len(out); k++ {
			out[k].Text = strings.TrimPrefix(out[k].Text, "that ")
		}
	}
	return out
}

// name is the place in sentences.
func (p *Place) name() string {
	switch {
	case p.Var != nil && p.Var.Kind == tree.Result && strings.HasPrefix(p.Var.Name, "~"):
		return "the result"
	case p.Var != nil && p.Var.Temp:
		return "it"
	case p.Var != nil:
		return p.Var.Name
	case p.Node != nil:
		return strings.TrimSuffix(strings.TrimPrefix(p.Text, "{storage for "), "}")
	}
	return "it"
}

// verb says what the construct of n does with the value, "" for constructs that only select it. last: it is
// what hands the value to the hop's target.
func (n *HopNote) verb(h *Hop, last bool) string {
	switch n.Why {
	case "assign", "assign-pair", "assign-pair-dot-type":
		if h.To.Var != nil && last {
			if h.To.Var.Temp {
				return "is kept"
			}
			return "is assigned to " + h.To.Var.Name
		}
		return stored(n.Node)
	case "return":
		return "is returned"
	case "call parameter":
		switch c := n.Node.(type) {
		case *tree.Builtin:
			if c.Name == "append" {
				return "is appended to a slice, whose elements count as heap"
			}
			if c.Name == "panic" {
				return "is the value of a panic"
			}
			return ""
		case *tree.Call:
			return "is passed to " + callee(n.Text)
		}
	case "interface-converted":
		return "is put into an interface"
	case "captured by a closure":
		if h.Derefs < 0 {
			return "is captured by reference by a func literal"
		}
		return "is captured by a func literal"
	case "send":
		return "is sent to a channel"
	case "slice-literal-element", "array literal element", "struct literal element":
		if n.Text == "... argument" {
			return "is one of the variadic arguments"
		}
		return "is stored in " + n.Text
	case "map literal key", "key of map put":
		return "becomes a key of a map"
	case "map literal value":
		return "becomes a value of a map"
	case "appendee slice", "appended slice...", "copied slice":
		return "is an element that is copied to another slice, whose elements count as heap"
	case "callee operand":
		return "is called as a function whose body is not known here"
	case "switch case":
		return "becomes the variable of a type switch"
	case "range", "range-deref":
		return "is what a range statement goes over"
	case "//go:uintptrescapes":
		return "is the address behind a uintptr argument of a function marked go:uintptrescapes"
	}
	return ""
}

// callee is the function part of the text of a call.
func callee(text string) string {
	depth := 0
	for i := len(text) - 1; i >= 0; i-- {
		switch text[i] {
		case ')':
			depth++
		case '(':
			if depth--; depth == 0 {
				return text[:i]
			}
		}
	}
	return text
}

// stored says where an assignment to something that is no local variable stores.
func stored(where tree.Node) string {
	as, ok := where.(*tree.Assign)
	if !ok || len(as.Lhs) != 1 {
		return "is stored in memory that may be anywhere"
	}
	x := as.Lhs[0]
	for {
		switch y := x.(type) {
		case *tree.Ref:
			if y.V.Kind == tree.Global {
				return "is stored in the package variable " + y.V.Name
			}
			return "is assigned to " + y.V.Name
		case *tree.Field:
			x = y.X
			continue
		case *tree.Index:
			if _, ok := y.X.Type().Underlying().(*types.Array); ok {
				x = y.X
				continue
			}
			return "is stored in an element of a slice, whose array may be anywhere"
		case *tree.MapIndex:
			return "is stored in a map"
		case *tree.Deref:
			if r, ok := y.X.(*tree.Ref); ok {
				return "is stored through the pointer " + r.V.Name + ", which may point anywhere"
			}
			return "is stored through a pointer, which may point anywhere"
		}
		return "is stored in memory that may be anywhere"
	}
}

// last is the last construct on the path that stores or passes on, or nil.
func (f *Finding) last() *HopNote {
	for i := len(f.Path) - 1; i >= 0; i-- {
		for k := len(f.Path[i].Notes) - 1; k >= 0; k-- {
			n := &f.Path[i].Notes[k]
			if n.verb(&f.Path[i], k == len(f.Path[i].Notes)-1) != "" {
				return n
			}
		}
	}
	return nil
}

// held is the go or defer statement that takes the end of the path, or nil.
func (f *Finding) held() tree.Stmt {
	if n := len(f.Path); n > 0 {
		return f.Path[n-1].From.Held
	}
	return nil
}

// because ends the sentence.
func (f *Finding) because() string {
	if f.In == "init" || strings.HasPrefix(f.In, "init.") {
		if n := f.last(); n != nil && strings.Contains(n.verb(&f.Path[len(f.Path)-1], true), "package variable") {
			return ", which lives as long as the program"
		}
	}
	switch f.End {
	case EndResult:
		return ", and the caller of " + f.In + " may use it when this call is over"
	case EndLoop:
		return ", which outlives the round of the loop that makes a new " + f.What
	case EndOuter:
		return ", which belongs to the function around and outlives the call of the literal"
	case EndHeapVar:
		return ", which is on the heap itself"
	}
	switch f.held().(type) {
	case *tree.Go:
		return ", and the goroutine may outlive " + f.In
	case *tree.Defer:
		return ""
	}
	if n := f.last(); n != nil && n.Why == "call parameter" {
		if c, ok := n.Node.(*tree.Call); ok {
			switch {
			case c.Method != nil:
				return ", a method of an interface, of whose bodies nothing is known"
			case c.F == nil:
				return ", a func value, of whose body nothing is known"
			case c.F.Extern && c.F.Flags&tree.NoEscape == 0:
				return ", which has no Go body to look into"
			}
			return ", which lets that parameter escape"
		}
	}
	return ", and may be used when " + f.In + " has returned"
}

// change is the smallest change that would keep f's storage in the frame, or "".
func (f *Finding) change() string {
	if f.End == EndTooLarge {
		if f.Size == 0 {
			return ""
		}
		if f.Var != nil {
			return fmt.Sprintf("make it at most %d bytes, or keep one and use it again", maxVar)
		}
		return fmt.Sprintf("make it at most %d bytes, declare a variable of the type (up to %d bytes), or keep one and use it again", MaxImplicit, maxVar)
	}
	switch f.held().(type) {
	case *tree.Go:
		if f.Var != nil && f.byRef() {
			return "pass " + f.What + " to the goroutine as an argument, if it only reads it; what a goroutine shares must be on the heap"
		}
		return ""
	case *tree.Defer:
		return "put the body of the loop into a function of its own, so that the defer statement runs once in each call"
	}
	if f.In == "init" {
		return ""
	}
	switch f.End {
	case EndResult:
		if f.isAppend() {
			return "let the caller pass the slice to append to"
		}
		if f.isLiteral() {
			return "let the caller pass the function in, or return what it computes; a func value that is returned outlives this frame"
		}
		if f.isMake() {
			return "let the caller pass a slice to fill, as append-style functions do"
		}
		return "return the value instead of its address, or let the caller pass a pointer to fill; if " + f.In + " is small enough to be inlined, its callers may keep it in their frames"
	case EndLoop:
		if n := len(f.Path); n > 0 && f.Path[n-1].To.Var != nil && !f.Path[n-1].To.Var.Temp {
			return "declare " + f.Path[n-1].To.Var.Name + " inside the loop, or make one " + f.What + " before the loop and use it again"
		}
		return "make one before the loop and use it again"
	case EndOuter:
		return "declare the variable that gets it inside the func literal, or make the storage outside of it"
	}
	n := f.last()
	if n == nil {
		return ""
	}
	switch n.Why {
	case "call parameter":
		return f.callChange(n)
	case "assign", "assign-pair":
		if as, ok := n.Node.(*tree.Assign); ok && len(as.Lhs) == 1 {
			switch x := as.Lhs[0].(type) {
			case *tree.MapIndex:
				if _, ok := x.M.Type().Underlying().(*types.Map).Elem().Underlying().(*types.Pointer); ok {
					return "keep values instead of pointers in the map"
				}
			case *tree.Ref:
				if x.V.Kind == tree.Global {
					return "store a copy of the value in " + x.V.Name + " instead of a pointer to it, if its type can be changed"
				}
			case *tree.Index:
				return "keep values instead of pointers in the slice"
			}
		}
	case "send":
		return "send the value instead of a pointer, if the channel's type can be changed"
	}
	return ""
}

// callChange is change for what is passed to a function.
func (f *Finding) callChange(n *HopNote) string {
	if b, ok := n.Node.(*tree.Builtin); ok {
		if b.Name == "append" {
			return "keep values instead of pointers in the slice"
		}
		return ""
	}
	c, ok := n.Node.(*tree.Call)
	if !ok {
		return ""
	}
	name := callee(n.Text)
	switch {
	case c.Method != nil:
		return "call the method on the concrete type, if it is known here, instead of through the interface"
	case c.F == nil:
		return "call the function directly instead of through a func value, if it is known here"
	case c.F.Pkg == "fmt":
		if f.boxed() {
			return "format without fmt (strconv.AppendInt and its like, append to a []byte): fmt keeps operands in interfaces, so each needs a box on the heap, constants and small integers excepted"
		}
		return "format without fmt, whose operands always escape"
	case c.F.Extern:
		return ""
	case f.boxed():
		return "let " + name + " take the concrete type (or a type parameter) instead of an interface"
	}
	return "see why " + name + " lets the parameter go: terrarium escape -m=2 on " + path(c.F.Pkg)
}

func path(pkg string) string {
	if pkg == "" || pkg == "main" {
		return "its package"
	}
	return pkg
}

// boxed reports whether f is the box of a value in an interface.
func (f *Finding) boxed() bool { _, ok := f.Node.(*tree.ToIface); return ok }

func (f *Finding) isMake() bool { _, ok := f.Node.(*tree.MakeSlice); return ok }

func (f *Finding) isAppend() bool { _, ok := f.Node.(*tree.Builtin); return ok }

func (f *Finding) isLiteral() bool { return f.Node != nil && literalOf(f.Node) != nil }

// byRef reports whether f's variable gets away because a literal captures it by reference.
func (f *Finding) byRef() bool {
	for i := range f.Path {
		for _, n := range f.Path[i].Notes {
			if n.Why == "captured by a closure" {
				return f.Path[i].Derefs < 0
			}
		}
	}
	return false
}

// tooLarge says by how much.
func (f *Finding) tooLarge() string {
	limit := int64(MaxImplicit)
	if f.Var != nil {
		limit = maxVar
	}
	if f.Size > 0 {
		return fmt.Sprintf("it has %d bytes, and storage of this kind may have %d", f.Size, limit)
	}
	if len(f.Path) > 0 && len(f.Path[0].Notes) > 0 {
		return f.Path[0].Notes[0].Why
	}
	return "its size is not known"
}

// caveat tells of storage that escape analysis lets stay and that may still be allocated when the program runs.
func (f *Finding) caveat() string {
	switch n := f.Node.(type) {
	case *tree.MakeSlice:
		if f.Size == 0 {
			return "; as its size is not constant, only what fits 32 bytes is in the frame and more is allocated"
		}
	case *tree.Concat:
		return "; up to 32 bytes of it are in the frame, more is allocated"
	case *tree.Convert:
		if isString(n.T) || isSlice(n.T) {
			return "; up to 32 bytes of it are in the frame, more is allocated"
		}
	case *tree.Builtin:
		return "; what fits 32 bytes is in the frame, more is allocated"
	case *tree.MakeMap, *tree.MapLit:
		return "; its first 8 entries are in the frame, more are allocated"
	}
	return ""
}

// size is the bytes of the storage of l, as far as they are constant, else 0.
func (b *batch) size(l *location) int64 {
	p := b.a.p
	switch n := l.node.(type) {
	case *tree.New:
		return p.Sizes.Sizeof(p.Elem(n.T))
	case *tree.ArrayLit:
		return n.Len * p.Sizes.Sizeof(p.Elem(n.T))
	case *tree.ToIface:
		return p.Sizes.Sizeof(n.X.Type())
	case *tree.MakeSlice:
		c := n.Cap
		if c == nil {
			c = n.Len
		}
		if k := b.a.staticConst(c); k != nil && k.Val.Kind() == constant.Int {
			elem := p.Sizes.Sizeof(p.Elem(n.T))
			if n, ok := constant.Int64Val(k.Val); ok && n >= 0 && (elem == 0 || n <= math.MaxInt64/elem) {
				return n * elem
			}
		}
	case *tree.Closure:
		size := int64(8)
		for _, v := range n.F.Captures {
			if v.ByRef {
				size += 8
			} else {
				size += p.Sizes.Sizeof(v.T)
			}
		}
		return size
	case *tree.FuncRef:
		return 8
	}
	return 0
}
