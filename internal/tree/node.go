// Package tree is our own typed tree: one Func per function instance, generics
// instantiated, embedded fields and implicit conversions made explicit.
//
// A tree has two forms.
//
// The full form is what build.go makes out of go/ast and go/types, and what the
// rooms inline and escape read. It still has Range, Switch, TypeSwitch, nested
// calls and parallel assignment, close to the shape in which the real compiler
// takes its decisions.
//
// The core form is what the pass order (order.go) makes out of the full form and
// what lower reads. Its rules, checked by CheckCore in the same words:
//
//  1. no Range, Switch, TypeSwitch, IncDec and no parallel assignment are left;
//  2. a call, receive, append, map index, map literal, allocation or type
//     assertion to an interface stands alone: as the whole right side of an Assign
//     whose left side is a local variable or blank, or in an ExprStmt, CallStmt or RecvStmt;
//  3. every other expression is pure: variables, constants, loads, field and index
//     selection, arithmetic, comparison, slicing, numeric conversion. It may trap
//     but it changes nothing, so lower may evaluate it when and as often as it likes
//     between two statements;
//  4. && and || appear only with pure operands;
//  5. the order of the statements is the evaluation order of the real compiler:
//     operands with side effects first, in source order, variables read late.
//
// Types are go/types types without type parameters, canonical: identical types
// are the same pointer (Program.Canon), so a map keyed by types.Type works.
package tree

import (
	"go/constant"
	"go/token"
	"go/types"
)

// Func is one function instance: a declared function or method, an instance of a
// generic one, a closure, or one that the compiler makes (wrapper, bound method,
// initialiser, deferred-call closure).
type Func struct {
	Sym  string       // linker symbol, unique in the program: "strings.(*Builder).Len"
	Name string       // as tracebacks and runtime.FuncForPC show it ("main.main.func1", "main.Map[...]")
	Pkg  string       // import path of the declaring package
	Pos  token.Pos    // of the func keyword or literal
	End  token.Pos    // closing brace; the position of an implicit return
	Obj  *types.Func  // origin declaration, or nil for a closure or made function
	Args []types.Type // type arguments of the instance

	Params   []*Var // receiver first; one Var per parameter, blank ones included
	Results  []*Var // one per result; unnamed ones are called ~r0, ~r1 …
	Variadic bool
	Captures []*Var // closure variables, in the order of the closure object's words
	Locals   []*Var // every variable declared in the body (filled by Build; order adds temporaries)
	Outer    *Func  // enclosing function of a closure
	Wraps    *Func  // of a wrapper that is built: the declared method that it calls; nil for one of an interface
	Inlined  int    // of a literal that was copied with an inlined body: the number of the inlined call; else 0

	Body   []Stmt // nil before Build and for a function without a body
	Extern bool   // no Go body: the host provides Sym
	Flags  FuncFlag
	State  BuildState

	Escape any // owned by room escape: its summary of the parameters
	Inline any // owned by room inline
	build  func(*Func)
	kind   closureKind      // of a closure
	nested nameCounts       // closures named so far
	sig    *types.Signature // cache of Program.Signature
}

// FuncFlag holds what the source or the builder says of a function.
type FuncFlag uint32

const (
	NoInline    FuncFlag = 1 << iota // //go:noinline
	NoEscape                         // //go:noescape; with Linked: at the declaration without a body
	NoSplit                          // //go:nosplit
	UintptrEsc                       // //go:uintptrescapes
	UintptrKeep                      // //go:uintptrkeepalive
	Wrapper                          // made by the compiler: hidden from tracebacks, transparent to recover
	HasDefer                         // contains Defer
	HasRecover                       // calls recover
	HasCalls                         // contains any call
	RangeBody                        // the body of a range-over-func loop
	InitFunc                         // a package initialiser
	Decided                          // the decisions of room escape on allocation sites hold: what is not EscHeap may be in the frame
	Linked                           // stands for declarations of other packages by linkname, whose types may differ in name
)

// BuildState tells how far a Func is.
type BuildState uint8

const (
	Declared BuildState = iota // known, body not built
	Built                      // full form
	Ordered                    // core form
)

// Var is a variable: global, parameter, result, local, temporary or captured.
type Var struct {
	Name string
	T    types.Type
	Kind VarKind
	Pos  token.Pos
	Func *Func  // owner; nil for a global
	Sym  string // linker symbol of a global

	// Facts for escape and lower, set by the builder.
	Addrtaken  bool // &v, or a method call with pointer receiver on v, or slicing of an array v
	Captured   bool // a closure refers to it
	Reassigned bool // assigned after its declaration

	// For Kind == Capture.
	Outer *Var // the variable of the enclosing function; nil when Closure.Vals gives an arbitrary value
	ByRef bool // the closure holds a pointer to Outer's heap home; otherwise a copy

	Esc    Esc   // decision of room escape: EscHeap means that the variable lives in a heap object
	Buffer bool  // a slice, what is appended to it may live in a buffer of the frame until "toheap"
	Temp   bool  // made by the compiler
	Init   Expr  // for a global with a static initialiser that needs no code, else nil
	Slot   int32 // owned by lower
	Info   any   // owned by room escape: its location
}

// VarKind says where a variable belongs.
type VarKind uint8

const (
	Local VarKind = iota
	Param
	Result
	Global
	Capture
)

// Esc is a decision of escape analysis for one allocation site or variable.
type Esc uint8

const (
	EscUnknown Esc = iota // not analysed: lower treats it as EscHeap where an address is taken
	EscNone               // may live in the frame
	EscHeap               // must live on the heap
	EscFrame              // a variable that lives in the frame as an object, since pointers to it exist
)

// Node is what all tree nodes share.
type Node interface{ Pos() token.Pos }

// At carries a node's position.
type At struct{ P token.Pos }

func (a At) Pos() token.Pos { return a.P }

// Expr is an expression. Type is canonical; for a call with several results it is a *types.Tuple.
type Expr interface {
	Node
	Type() types.Type
}

// Typed is embedded by expressions.
type Typed struct {
	At
	T types.Type
}

func (t Typed) Type() types.Type { return t.T }

// Expressions.
type (
	// Const is a constant of basic underlying type (bool, number, string). Val fits T.
	Const struct {
		Typed
		Val constant.Value
		As  *Var // the parameter of an inlined function that the constant stands for, in messages; nil: none
	}
	// Zero is the zero value of any type (nil included).
	Zero struct {
		Typed
		Conv bool // of a conversion of nil in the source, for messages
	}
	// Ref is a variable, as value or as an assignable place.
	Ref struct {
		Typed
		V  *Var
		As *Var // the parameter of an inlined function that V stands for, in messages; nil: none
	}
	// FuncRef is a function used as a value without captures.
	FuncRef struct {
		Typed
		F *Func
	}
	// Closure makes a func value with captures: Vals[i] is the value (or, for a
	// ByRef capture, the Ref of the variable whose home is shared) for F.Captures[i].
	Closure struct {
		Typed
		F    *Func
		Vals []Expr
		Esc  Esc
	}
	// Unary is + folded away; Op is SUB, XOR (bitwise not) or NOT.
	Unary struct {
		Typed
		Op token.Token
		X  Expr
	}
	// Binary is arithmetic, shift, comparison, LAND or LOR. Operands of a comparison
	// have one identical type (mixed interface comparisons are converted); a shift
	// count keeps its own integer type.
	Binary struct {
		Typed
		Op   token.Token
		X, Y Expr
	}
	// Deref is *X, X a pointer.
	Deref struct {
		Typed
		X Expr
	}
	// Addr is &X; X is a Ref, Field, Index or Deref place.
	Addr struct {
		Typed
		X Expr
	}
	// Field selects field I of the struct X (one level; pointers are explicit Derefs).
	Field struct {
		Typed
		X Expr
		I int
	}
	// Index selects an element of an array (value or place), slice or string.
	// A pointer to an array is an explicit Deref. Bounded: the index is known in range.
	Index struct {
		Typed
		X, I    Expr
		Bounded bool
	}
	// MapIndex is m[k]; with CommaOk its type is the tuple (V, bool). As everywhere with CommaOk, the second
	// type may be a named boolean type.
	// As an assignment's left side it stores.
	MapIndex struct {
		Typed
		M, K    Expr
		CommaOk bool
	}
	// Slice is X[Lo:Hi:Max]; X is a slice, a string or a *pointer* to an array. Nil parts are absent.
	Slice struct {
		Typed
		X, Lo, Hi, Max Expr
	}
	// Call is a call. Exactly one of F (static; a method's receiver is Args[0]),
	// Fn (a func value) and Method (interface call: Args[0] is the interface value) is set.
	// Variadic arguments are packed into an ArrayLit of slice type, or are a Zero slice when there are none.
	// T is the result type, a tuple for n != 1 results. When F has the flag Linked, T and the types of Args are
	// those of the declaration that the caller sees: same layout, possibly other names.
	Call struct {
		Typed
		F       *Func
		Fn      Expr
		Method  *types.Func // interface method; see MethodIndex
		Args    []Expr
		Dots    bool      // the source passed a slice with ...
		NoDefer bool      // range-over-func: the defer belongs to the outer function
		Known   Knowledge // for the rooms that decide

		// Keep are variables (Ref) that live until the call has returned: what arguments
		// made by uintptr(p) point to, if F wants that (UintptrEsc, UintptrKeep).
		Keep []Expr
	}
	// Builtin is a call of a builtin function: len cap append copy delete clear min max
	// complex real imag print println panic recover, and unsafe.Add Slice SliceData String
	// StringData ("Add" …). Close is "close". append's Args[1:] are elements, or one slice/string if Dots.
	// Made by the builder: "nilcheck" is Args[0], an interface or pointer, after a trap when it is nil.
	// Made by room escape: "toheap" is the slice variable Args[0], its elements moved to the heap if they are in the variable's
	// Buffer; "toheapcap" keeps the capacity.
	Builtin struct {
		Typed
		Name string
		Args []Expr
		Dots bool
		Esc  Esc  // append: of the grown backing array
		Step bool // append: the capacity goes up in the variable's Buffer as it would on the heap
	}
	// New is new(T) with T the element type of Type(); Init, if any, is the initial value (new(expr), &composite).
	New struct {
		Typed
		Init Expr
		Esc  Esc
	}
	// MakeSlice is make([]T, Len, Cap); Cap may be nil.
	MakeSlice struct {
		Typed
		Len, Cap Expr
		Esc      Esc
	}
	// MakeMap is make(map[K]V, Hint); Hint may be nil.
	MakeMap struct {
		Typed
		Hint Expr
		Esc  Esc
	}
	// MakeChan is make(chan T, Size); Size may be nil.
	MakeChan struct {
		Typed
		Size Expr
	}
	// StructLit is a struct value; Vals is indexed by field, nil = zero. Order lists the fields with a value
	// in source order when that differs from the order of the fields, else it is nil.
	StructLit struct {
		Typed
		Vals  []Expr
		Order []int
	}
	// ArrayLit is an array value, or the backing array of a slice literal when Type is a slice
	// (Len elements, heap or frame by Esc). Elems are in source order with their indexes.
	ArrayLit struct {
		Typed
		Len   int64
		Index []int64
		Elems []Expr
		Dots  bool // the slice that a call's variadic arguments are packed into
		Esc   Esc
	}
	// MapLit is a map literal.
	MapLit struct {
		Typed
		Keys, Vals []Expr
		Esc        Esc
	}
	// Convert is a conversion between non-interface types: numeric, string/[]byte/[]rune/integer,
	// unsafe.Pointer, slice to array or array pointer, or a change of name only.
	Convert struct {
		Typed
		X   Expr
		Esc Esc // []byte(s), string(b): where the bytes go
		// Temp marks string(b) used only for a map index, a comparison, a concatenation or a
		// switch, and []byte(s) that nothing writes to: no copy is needed.
		Temp bool
	}
	// ToIface converts a concrete value to an interface type.
	ToIface struct {
		Typed
		X   Expr
		Esc Esc
	}
	// IfaceConv converts an interface value to another interface type that it statically implements.
	IfaceConv struct {
		Typed
		X Expr
	}
	// Assert is X.(T); with CommaOk its type is the tuple (T, bool). To is the asserted type.
	Assert struct {
		Typed
		X       Expr
		To      types.Type
		CommaOk bool
	}
	// IsType is X holding exactly the concrete type To (bool), or with To == nil X == nil. It is pure
	// and made by the desugaring of type switches.
	IsType struct {
		Typed
		X  Expr
		To types.Type
	}
	// IfaceData is the value of concrete type Type() held by the interface X, unchecked. Pure.
	IfaceData struct {
		Typed
		X Expr
	}
	// Recv is <-X; with CommaOk its type is the tuple (T, bool).
	Recv struct {
		Typed
		X       Expr
		CommaOk bool
	}
	// Concat is s1 + s2 + … of strings, flattened.
	Concat struct {
		Typed
		Xs  []Expr
		Esc Esc
	}
	// Block is an expression with statements before it (inlined calls, range-over-func). Full form only.
	Block struct {
		Typed
		Stmts  []Stmt
		X      Expr // may be nil
		Result *Var // the result of an inlined function that X is the value of, in messages; nil: none
	}
)

// Knowledge says what the real compiler knows of the function of a call. We know more: we have a function of its own for each list of type
// arguments, and the bodies that linkname finds.
type Knowledge uint8

const (
	KnownFunc    Knowledge = iota // the function
	ByTypeParam                   // nothing: a method of a type parameter's value, found in a dictionary
	ByWrapper                     // nothing: a method expression whose function is not the declared one but made from it
	Bodyless                      // a declaration without a body
	BodylessKept                  // one with the promise go:noescape
)

// Nothing reports whether the real compiler knows nothing of the function when it compiles the call, and does not inline it.
func (k Knowledge) Nothing() bool { return k == ByTypeParam || k == ByWrapper }

// Stmt is a statement.
type Stmt interface{ Node }

// Statements.
type (
	// ExprStmt evaluates X and drops the value.
	ExprStmt struct {
		At
		X Expr
	}
	// Declare brings V to life with its zero value, or with Init. Each execution makes a new variable
	// (a new heap home when V lives on the heap). With Undef the zero value is not needed: V is assigned before
	// it is read.
	Declare struct {
		At
		V     *Var
		Init  Expr
		Undef bool
	}
	// Assign is Lhs = Rhs. A nil entry of Lhs is blank. In the full form there are len(Lhs) == len(Rhs)
	// parallel values, or one Rhs with a tuple type. In the core form: one Lhs and one Rhs, or a tuple
	// Rhs (Call, MapIndex, Assert, Recv) with local variables or blanks on the left.
	Assign struct {
		At
		Lhs []Expr
		Rhs []Expr
	}
	// AssignOp is X op= Y (also ++ and --). Op is the binary operator; ADD on strings is a concatenation. Core form: Y pure, and X a place whose
	// operands are pure; a MapIndex is no operand of a division, and Y does not trap beside it.
	AssignOp struct {
		At
		Op   token.Token
		X, Y Expr
	}
	// If chooses.
	If struct {
		At
		Cond Expr
		Then []Stmt
		Else []Stmt
	}
	// For loops. Label is the loop's label or nil. Post runs before Cond of each next round and is
	// the target of continue. When a loop variable is new in each round (Go 1.22) and that can be noticed,
	// Post begins with Declare(t, v), Declare(v, t): a new v with the old one's value. In the core form CondPre runs before each evaluation of Cond.
	For struct {
		At
		Label   *Label
		CondPre []Stmt
		Cond    Expr // nil: forever
		Post    []Stmt
		Body    []Stmt
	}
	// Range is for Key, Val = range X over slice, array, pointer to array (X is a Deref), string, map,
	// channel or integer. Key and Val are the places assigned in each round: fresh per-iteration variables are
	// declared by Decl, which runs at the start of each round before the assignment. Full form only
	// (range over a function is rewritten by the builder).
	Range struct {
		At
		Label    *Label
		Key, Val Expr // nil: absent
		Decl     []*Var
		X        Expr
		Body     []Stmt
	}
	// Switch compares Tag with the cases in order. Tag nil: the cases are conditions. Full form only.
	Switch struct {
		At
		Label *Label
		Tag   Expr
		Cases []*Case
	}
	// TypeSwitch branches on the dynamic type of X. Full form only.
	TypeSwitch struct {
		At
		Label *Label
		X     Expr
		Cases []*TypeCase
	}
	// Select waits on channels. Label may be nil. In the core form the channel and value operands are pure
	// and the received value goes to local variables.
	Select struct {
		At
		Label *Label
		Cases []*Comm
	}
	// Labeled is the target of goto.
	Labeled struct {
		At
		L *Label
	}
	// Jump is goto, break, continue (with the resolved label; break and continue always have one).
	Jump struct {
		At
		Tok token.Token // GOTO, BREAK, CONTINUE
		L   *Label
	}
	// Return stores Vals into the result variables in parallel and returns; Vals is nil for a bare return.
	// One Val of tuple type is allowed in the full form.
	Return struct {
		At
		Vals []Expr
	}
	// Go starts Fn, a func() value whose arguments are already captured. Call is the source call, for positions.
	Go struct {
		At
		Fn Expr
	}
	// Defer schedules Fn, a func() value whose arguments are already captured. Token, when not nil, is the
	// variable that holds the outer function's defer token (range-over-func).
	Defer struct {
		At
		Fn    Expr
		Token Expr
		Esc   Esc
	}
	// Send is Ch <- X.
	Send struct {
		At
		Ch, X Expr
	}
	// Group is a sequence without a scope of its own.
	Group struct {
		At
		Stmts []Stmt
	}
	// KeepAlive marks the end of V's life.
	KeepAlive struct {
		At
		V *Var
	}
)

// Label is the identity of a labelled place, loop, switch or select. Every loop, switch and select that a Jump
// refers to has one, named or not.
type Label struct {
	Name string
	Pos  token.Pos
	Used bool
	Info any // owned by lower
}

// Case is one clause of a Switch. Default has no Vals and Default set. A clause with neither is only
// reached by the fallthrough of the clause before it.
type Case struct {
	At
	Vals    []Expr
	Default bool
	Body    []Stmt
	Fall    bool // ends in fallthrough
}

// TypeCase is one clause of a TypeSwitch. A nil entry of Types is the case nil. V, if any, is the variable of
// this clause.
type TypeCase struct {
	At
	Types   []types.Type
	Default bool
	V       *Var
	Body    []Stmt
}

// Comm is one clause of a Select: a send (Ch, Val), a receive (Ch, Lhs and Ok places, either may be nil) or the
// default (Ch nil). Decl lists variables that the clause declares; Pre runs before Body (core form: assignments of
// the received value to its final places).
type Comm struct {
	At
	Ch      Expr
	Send    bool
	Val     Expr // sent value
	Lhs, Ok Expr // receive targets
	Decl    []*Var
	Body    []Stmt
	Default bool
}
