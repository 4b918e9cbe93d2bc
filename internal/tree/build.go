package tree

// Building the full form
//
// A Program is a lazily growing set of functions. FuncOf, Method and IfaceMethod
// name a function instance and give its *Func, declared but without a body; Build
// makes the body out of the syntax. Whoever walks the program (lower) builds what
// it reaches, so code that nothing refers to costs nothing.
//
// One builder works on one function body. A function literal gets a builder of its
// own (child) that shares the variables, names and type arguments of the outermost
// function and is built together with it: only when the whole nest is built are
// the facts Addrtaken, Captured and Reassigned complete, and with them the choice
// between capturing by value and by reference (closure.go).
//
// The builder has two kinds of methods. Expression methods return an Expr and
// never emit statements; what needs a statement inside an expression returns a
// Block. Statement methods append to b.out with emit; block runs a function and
// returns what it emitted.
//
// Types: typeOf and subst give canonical types with the type arguments of the
// instance put in. Nothing below looks at a type parameter: a generic body is
// rebuilt from syntax for every list of type arguments (stencilling), and whatever
// go/types decided by way of a constraint (methods of type parameters, operators,
// conversions, ranges) is decided again with the real types.

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// Program holds the functions, variables and types of one program.
// It is not safe for concurrent use.
type Program struct {
	Fset  *token.FileSet
	Sizes types.Sizes

	load *loadProgram

	canon   canonTable
	ctxt    *types.Context
	funcs   map[funcKey]*Func
	bySym   map[string]*Func
	made    map[string]*Func // wrappers and other made functions by symbol
	globals map[types.Object]*Var
	varSym  map[string]*Var
	locals  map[localKey]*types.Named // instances of types declared in generic functions
	localOf map[*types.TypeName]LocalType

	// Inlined lists the calls that were replaced by bodies; see inlined.go. Written by room inline.
	Inlined []InlinedCall

	spelled map[token.Pos]types.Type        // see spelling.go
	wrapped map[*loadPackage]map[*Func]bool // instances that a package names, see instances

	localNumber map[*types.TypeName]int
	msets       map[types.Type][]MethodInfo
	inits       []*PackageInit
}

// NewProgram returns the empty program over loaded packages.
func NewProgram(l *loadProgram) *Program {
	return &Program{
		Fset:        l.Fset,
		Sizes:       l.Sizes,
		load:        l,
		ctxt:        types.NewContext(),
		funcs:       map[funcKey]*Func{},
		bySym:       map[string]*Func{},
		made:        map[string]*Func{},
		globals:     map[types.Object]*Var{},
		varSym:      map[string]*Var{},
		localNumber: map[*types.TypeName]int{},
		locals:      map[localKey]*types.Named{},
		localOf:     map[*types.TypeName]LocalType{},
		msets:       map[types.Type][]MethodInfo{},
	}
}

// Build fills f.Body. It does nothing for a function that is built already or has no body.
func (p *Program) Build(f *Func) {
	if f.State != Declared || f.build == nil {
		return
	}
	build := f.build
	f.build = nil
	f.State = Built
	build(f)
}

// builder makes the body of one function. See the head of this file.
type builder struct {
	p     *Program
	pkg   *loadPackage
	info  *types.Info
	fn    *Func
	outer *builder // the builder of the enclosing function, for a function literal
	nest  *nest    // shared by a declared function and all literals inside it
	caps  map[*Var]*Var
	out   []Stmt

	targets *target      // innermost statement that break or continue may mean
	exits   bodyExits    // set for the body of a range-over-func loop
	extent  [2]token.Pos // for such a body: its source range, to tell whose label a goto means
	loops   int          // range-over-func loops of the function so far, those in their bodies included
}

// nest is what a declared function and the literals inside it share.
type nest struct {
	p        *Program
	sub      *substitution // nil outside generic functions
	file     *ast.File
	perIter  bool // loop variables are per iteration (Go 1.22 and later, by file)
	vars     map[types.Object]*Var
	labels   map[types.Object]*Label // labels that goto refers to
	gotos    map[types.Object]bool   // computed at the first labelled statement
	root     ast.Node                // syntax of the whole nest, for gotos
	closures []*Func                 // literals and deferred-call wrappers, in the order of creation
}

// bodyExits is how the body function of a range-over-func loop leaves its loop for a place in the
// enclosing function. stmt.go calls it when it meets a statement that it cannot express inside b.fn.
type bodyExits interface {
	// branch emits break, continue or goto to a label that belongs to an enclosing function.
	// t is the target (break, continue) or nil; label is the label of goto or nil.
	branch(b *builder, pos token.Pos, tok token.Token, t *target, label types.Object)
	// ret emits a return from the function that holds the loop. vals are converted to the result
	// types (or one tuple); nil for a bare return.
	ret(b *builder, pos token.Pos, vals []Expr)
	// deferToken is the value of the enclosing function's defer token.
	deferToken(b *builder, pos token.Pos) Expr
}

// target is one entry of the stack of statements that break and continue can mean. The stack of a
// range-over-func body goes on with the stack of the function around it; owner tells them apart.
type target struct {
	up     *target
	label  *Label       // what a Jump names; Used is set by the jump
	name   types.Object // the source label, or nil
	isLoop bool         // continue is allowed; break without label is always
	owner  *builder     // the builder of the function that holds the statement
}

// emit appends a statement.
func (b *builder) emit(s Stmt) { b.out = append(b.out, s) }

// block returns the statements that f emits.
func (b *builder) block(f func()) []Stmt {
	save := b.out
	b.out = nil
	f()
	out := b.out
	b.out = save
	return out
}

// The methods that the other files of the builder provide:
//
//	expr(e), exprTo(e, t)         value of e; converted implicitly to t (expr.go)
//	convert(x, t)                 implicit conversion of a built value (expr_conv.go)
//	place(e)                      e as the left side of an assignment; nil for blank (stmt.go)
//	stmt(s), stmts(list)          statements, emitted (stmt.go)
//	typeOf(e), typ(t)             canonical types with type arguments put in (expr.go)
//	newVar, temp, declare         local variables of b.fn: named, made, of a source object (func.go)
//	ref(v, pos)                   v, captured when it belongs to an enclosing function (func.go)
//	child(kind, pos, end)         the builder of a function nested in b.fn (closure.go)
//	closure(c)                    the func value of the finished child c (closure.go)

// bug stops the compilation: the tree and go/types disagree.
func (b *builder) bug(pos token.Pos, format string, args ...any) {
	panic(fmt.Sprintf("BUG: tree: %s: %s", b.p.Fset.Position(pos), fmt.Sprintf(format, args...)))
}
