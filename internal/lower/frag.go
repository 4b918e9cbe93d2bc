// Package lower turns the core form of the tree into a linked program.
//
// It has two halves that meet in this file. Code generation (Gen) makes one Frag
// out of one function; linking chooses the functions, lays out types and data, and
// joins the Frags into a bytecode.Program.
//
// A Frag is position independent: everything that only the whole program knows
// (where a function, a type descriptor, a global lies) is a Fixup. It refers to
// tree functions, variables and types, not to numbers, so that it can be kept per
// package.
package lower

import (
	"go/token"
	"go/types"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// Frag is the code of one function.
type Frag struct {
	Fn *tree.Func

	// Code[0] is the FUNC header with A (frame slots, 0 if above 65535) and B (argument
	// slots) set; the linker writes Imm. Branch distances are final.
	Code []bytecode.Ins

	// Info has everything but Sym, Name, File, Line, Entry, End, Lines and Inl, which
	// the linker writes. Info.Maps and Info.DeferMap are offsets into Pool.
	Info abi.Func

	Objects []FrameObject // objects in the frame that hold pointers

	Fix  []Fixup   // ascending At
	Pool []uint64  // stack maps; equal maps are stored once
	Pos  []PosRun  // ascending Start: source positions
	Vars []VarHome // where each variable lives, for the frame dump
}

// FrameObject is an object in the frame.
type FrameObject struct {
	Slot uint32
	Type types.Type
	Size uint64 // bytes
}

// PosRun says that the instructions from Start on belong to Pos.
type PosRun struct {
	Start uint32
	Pos   token.Pos
}

// VarHome is the home of one variable.
type VarHome struct {
	Var   *tree.Var
	Slot  int32 // first slot; of the pointer when Heap
	Slots int32 // 0: never materialised
	Heap  bool
}

// FixKind says what a Fixup writes.
type FixKind uint8

const (
	// FixCall: CALL of Fn (or, Fn nil, of the guest function with linker symbol Sym):
	// Imm = byte offset of its FUNC header in the text; C = A + its frame slots (0 if
	// that is above 65535).
	FixCall FixKind = iota
	// FixCode: Imm = code pointer (mem.TextBase + byte offset of the header) of Fn.
	FixCode
	// FixFuncVal: Imm = guest address of the read-only closure object of the captureless function Fn.
	FixFuncVal
	// FixType: Imm = guest address of the type descriptor of Type.
	FixType
	// FixItab: Imm = guest address of the itab of concrete type Type for interface type Iface.
	FixItab
	// FixTypeID: Imm = abi.TypeID of Type (the pointer map; the linker may share equal ones).
	FixTypeID
	// FixTypeIDC: C = abi.TypeID of Type; 0 < id < 65536 is required.
	FixTypeIDC
	// FixGlobal: Imm = guest address of Var's storage + Add.
	FixGlobal
	// FixString: Imm = guest address of the bytes of Str (read-only, deduplicated; 0 if empty).
	FixString
	// FixData: Imm = guest address of the read-only object Data + Add; the same pointer means the same object.
	FixData
	// FixNative: Imm = index in Program.Natives of the host function Sym.
	FixNative
)

// Fixup asks the linker to complete instruction At of Code.
type Fixup struct {
	At    int
	Kind  FixKind
	Fn    *tree.Func
	Sym   string
	Type  types.Type
	Iface types.Type
	Var   *tree.Var
	Str   string
	Data  *Data
	Add   int64
}

// Data is a read-only object that generated code refers to: bytes with relocations.
type Data struct {
	Bytes  []byte
	Align  int
	Relocs []DataReloc
	Name   string // for dumps
}

// DataReloc stores the address that Target describes (At unused) into the word at Off.
type DataReloc struct {
	Off    int64
	Target Fixup
}

// Ctx is what code generation asks of the linking half. All methods must be safe for
// concurrent use.
type Ctx interface {
	// Layouts is the table of sizes and pointer maps, shared by both halves.
	Layouts() *Layouts
	// Canon returns the canonical pointer of a type that code generation made (closure objects).
	Canon(t types.Type) types.Type
	// MethodIndex is the index in abi.ITab.Fun of the interface method m of iface.
	MethodIndex(iface types.Type, m *types.Func) int
	// MapGroup is the type of a group of slots of a map type.
	MapGroup(t types.Type) types.Type
	// FuncBySym returns a function of the guest program by linker symbol, built or not; nil if there is none.
	FuncBySym(sym string) *tree.Func
	// StaticExpr returns the read-only bytes of a constant composite value (arrays, structs of
	// constants, addresses, functions), or nil if e needs code.
	StaticExpr(e tree.Expr) *Data
	// Position is for error messages.
	Position(p token.Pos) token.Position
}
