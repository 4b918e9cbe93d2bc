package bytecode

import (
	"sort"

	"github.com/terrarium-go/terrarium/internal/abi"
)

// Program is a linked program: door 1 between the compile hall and the run hall.
// It is plain data; nothing in it refers to syntax or types of the compile hall.
//
// Guest addresses in it are final. The data image starts at mem.DataBase: first the
// read-only part (type descriptors, itabs, strings, closure objects of functions
// without captures, constant tables), sealed after loading, then the writable part
// (initialised, then zero), whose pointer words are roots.
type Program struct {
	GoVersion string
	GOROOT    string // of the distribution it was compiled with, for runtime.GOROOT
	GODEBUG   string // settings that hold unless the environment says otherwise
	BuildInfo string // modules and settings of the build, as debug.BuildInfo writes them
	Main      string // import path or file name of the main package
	Code      []Ins
	Funcs     []abi.Func   // ascending Entry
	Types     []abi.GCType // indexed by abi.TypeID; 0 is "unknown: scan every word"
	MapPool   []uint64     // stack maps
	Files     []string
	Natives   []string // CALLN's Imm is an index here: linker symbols of host functions

	ROBase uint64 // guest address of RO
	RO     []byte
	RWBase uint64 // guest address of RW
	RW     []byte
	BSS    uint64   // bytes of zero data after RW
	RWPtrs []uint64 // bit per word of RW and BSS: holds a pointer

	Syms  map[string]uint64 // guest addresses of the globals of package runtime and other named data
	Hooks map[string]int32  // abi.Hooks → index in Funcs

	TypesBase uint64 // base of name, type and text offsets in type descriptors (text offsets count from mem.TextBase)
	TypesEnd  uint64
	Typelinks []uint64              // guest addresses of type descriptors, sorted by type string
	Itabs     []uint64              // guest addresses of the static itabs
	TypeIDs   map[uint64]abi.TypeID // guest address of a type descriptor → its GCType

	// Columns, ascending, is where the instructions of another source column begin. Only programs that are compiled
	// to be studied have it, and it is no part of the file form.
	Columns []Column
}

// Column is a run of instructions of one source column.
type Column struct {
	Start uint32 // instruction index
	Col   int32  // bytes, from 1; 0: no position
}

// ColumnAt is the source column of an instruction, 0 when it is not known.
func (p *Program) ColumnAt(ins uint32) int {
	i := sort.Search(len(p.Columns), func(i int) bool { return p.Columns[i].Start > ins })
	if i == 0 {
		return 0
	}
	return int(p.Columns[i-1].Col)
}

// FuncAt returns the function that contains the instruction index, or nil.
func (p *Program) FuncAt(ins uint32) *abi.Func {
	lo, hi := 0, len(p.Funcs)
	for lo < hi {
		m := (lo + hi) / 2
		if p.Funcs[m].Entry <= ins {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo == 0 || ins >= p.Funcs[lo-1].End {
		return nil
	}
	return &p.Funcs[lo-1]
}

// Uses and Defs report the slots that an instruction reads and writes, for liveness and verification:
// f is called with first slot and width. Outgoing areas (Out operands) and CALLN's arguments are not reported.
func (i Ins) Operands(f func(o Operand, slot, width int)) {
	in := &Table[i.Op]
	if in.A.Role != None && in.A.Role != Num && in.A.Role != Out {
		f(in.A, int(i.A), in.A.width(i))
	}
	if in.B.Role != None && in.B.Role != Num && in.B.Role != Out {
		f(in.B, int(i.B), in.B.width(i))
	}
	if in.C.Role != None && in.C.Role != Num && in.C.Role != Out {
		f(in.C, int(i.C), in.C.width(i))
	}
}
