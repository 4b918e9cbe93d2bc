package bytecode

// Instructions
//
// An instruction is 16 bytes:
//
//	 0        1        2        4        6        8                15
//	+--------+--------+--------+--------+--------+-----------------+
//	|   Op   |   D    |   A    |   B    |   C    |       Imm       |
//	+--------+--------+--------+--------+--------+-----------------+
//
// A, B and C are slot numbers (8-byte slots counted from the frame pointer) or
// small constants; D is a small constant; Imm is a 64-bit constant, an offset, a
// guest address, or a branch distance in bytes relative to this instruction.
//
// Registers hold canonical values: integers sign- or zero-extended to 64 bits
// according to their type, bool 0 or 1, float64 its bits, float32 its 32 bits
// zero-extended, pointers guest addresses (0 is nil). Aggregates (structs, arrays,
// complex) lie in consecutive slots in their memory layout; string, slice and
// interface values are 2, 3 and 2 slots.
//
// Every row of the table below is one opcode. The verifier, the disassembler, the
// liveness analysis and the loop generator read nothing but the row.

// Op is an opcode.
type Op uint8

// Ins is one instruction.
type Ins struct {
	Op      Op
	D       uint8
	A, B, C uint16
	Imm     int64
}

// Size of an instruction in bytes.
const InsBytes = 16

// Role says what an operand field means.
type Role uint8

const (
	None   Role = iota // field unused, must be 0
	Def                // slots written
	Use                // slots read
	UseDef             // slots read and written
	Num                // a number
	Out                // first slot of an outgoing argument area
)

// Operand describes one of A, B, C. Width is the number of slots; 0 means that
// Imm (WImm), C (WC) or D (WD) gives it, as Var says.
type Operand struct {
	Role  Role
	Width uint8
	Var   WidthFrom
}

// WidthFrom names the field that holds a variable width.
type WidthFrom uint8

const (
	WFixed WidthFrom = iota
	WImm             // Imm slots
	WC               // C slots
	WD               // D slots
)

// Flag says how an opcode behaves.
type Flag uint16

const (
	Trap     Flag = 1 << iota // may raise a guest panic
	Safe                      // may leave the loop with the frame described by the stack map of this instruction: uses are live, definitions are not
	Poll                      // backward branch or jump that polls; Safe as well
	Call                      // pushes a frame; its stack map describes what lives across the call
	Jump                      // Imm is a branch distance
	End                       // control never reaches the next instruction
	Barrier                   // writes a pointer into memory: the write barrier applies
	Host                      // always leaves the loop
	TypeImm                   // Imm is a type id (abi.TypeID)
	AddrImm                   // Imm is a guest address
	FloatImm                  // Imm is printed as a float
)

// Info is a row of the table.
type Info struct {
	Op      Op
	Name    string
	A, B, C Operand
	Flags   Flag
	Doc     string // the meaning; R[x] slot x, M[x] guest memory at x
}

func d(n uint8) Operand      { return Operand{Role: Def, Width: n} }
func u(n uint8) Operand      { return Operand{Role: Use, Width: n} }
func ud(n uint8) Operand     { return Operand{Role: UseDef, Width: n} }
func dv(w WidthFrom) Operand { return Operand{Role: Def, Var: w} }
func uv(w WidthFrom) Operand { return Operand{Role: Use, Var: w} }
func (o Operand) width(i Ins) int {
	switch o.Var {
	case WImm:
		return int(i.Imm)
	case WC:
		return int(i.C)
	case WD:
		return int(i.D)
	}
	return int(o.Width)
}

var (
	no  = Operand{}
	num = Operand{Role: Num}
	out = Operand{Role: Out}
)

// Opcodes. The order is free; 0 is invalid on purpose.
const (
	INVALID Op = iota
	FUNC       // function header
	// moves and constants
	MOV
	MOV2
	MOV3
	MOVN
	LDI
	ZERO
	ZERON
	LEAF
	FLD
	FST
	GETCTX
	// integer arithmetic
	ADD
	SUB
	MUL
	AND
	OR
	XOR
	ANDN
	SHL
	SHR
	USHR
	ADDI
	MULI
	ANDI
	ORI
	XORI
	SHLI
	SHRI
	USHRI
	DIV
	REM
	UDIV
	UREM
	DIVI
	REMI
	UDIVI
	UREMI
	NEG
	NOT
	SX8
	SX16
	SX32
	ZX8
	ZX16
	ZX32
	ADD32
	ADDU32
	SUB32
	SUBU32
	MUL32
	MULU32
	SHL32
	SHLU32
	ADDI32
	ADDIU32
	SHLIU32
	ROTLI
	ROTLI32
	BITS
	SHCHK
	// comparison to bool
	EQ
	NE
	LT
	LE
	ULT
	ULE
	EQI
	NEI
	LTI
	LEI
	GTI
	GEI
	FEQ
	FNE
	FLT
	FLE
	STREQ
	// branches
	JMP
	BR
	BRZ
	BEQ
	BNE
	BLT
	BLE
	BULT
	BULE
	BEQI
	BNEI
	BLTI
	BLEI
	BGTI
	BGEI
	FBEQ
	FBNE
	FBLT
	FBNLT
	FBLE
	FBNLE
	BSTRNE
	SWITCH
	// backward branches with poll
	LJMP
	LBR
	LBRZ
	LBEQ
	LBNE
	LBLT
	LBLE
	LBULT
	LBEQI
	LBNEI
	LBLTI
	LBLEI
	LBGTI
	LBGEI
	LADDIBLT
	// float
	FADD
	FSUB
	FMUL
	FDIV
	FNEG
	FSQRT
	FABS
	FADD32
	FSUB32
	FMUL32
	FDIV32
	I2F
	F2I
	CVT
	FLOAT
	// memory
	LD8U
	LD8S
	LD16U
	LD16S
	LD32U
	LD32S
	LD64
	LD128
	LD192
	LDN
	ST8
	ST16
	ST32
	ST64
	ST128
	ST192
	STN
	STP
	STPN
	MCOPY
	MZERO
	NILCHK
	// globals
	LDG64
	LDG128
	LDG192
	STG64
	STGP
	// slices, arrays and strings
	IDX
	IDXI
	LDX8U
	LDX32S
	LDX32U
	LDX64
	LDX128
	LDX192
	STX8
	STX32
	STX64
	STXP
	LEAX
	LEAA
	LDF64
	STF64
	SLICE
	SLICESTR
	SLICEARR
	SLICE2ARR
	RUNE
	APPEND8
	APPEND64
	APPENDP
	APPENDN
	// allocation
	NEW
	MKSLICE
	// interfaces
	ITYPE
	// calls
	CALL
	CALLC
	CALLI
	CALLN
	RET
	DEFER
	RUNDEFERS
	PANIC
	RECOVER
	GO
	TRAP
	KEEP
	// atomics
	ALD32
	ALD64
	AST32
	AST64
	ASTP
	AADD32
	AADD64
	ASWAP32
	ASWAP64
	ASWAPP
	ACAS32
	ACAS64
	ACASP
	AAND32
	AOR32
	AAND64
	AOR64
	// superinstructions
	FMADD
	FMSUB
	LDXFMA
	FSUBLD
	FADDLD
	FMULLD
	LD64LD64
	LDXADD
	STXI8
	LDIST64
	LDHX8U
	LDHX64
	NumDefined
)

// Table has one row per opcode, indexed by Op.
var Table [256]Info

func row(op Op, name string, a, b, c Operand, f Flag, doc string) {
	if Table[op].Name != "" {
		panic("BUG: opcode row twice: " + name)
	}
	Table[op] = Info{op, name, a, b, c, f, doc}
}

func init() {
	bin := func(op Op, name, o string) { row(op, name, d(1), u(1), u(1), 0, "R[A] = R[B] "+o+" R[C]") }
	imm := func(op Op, name, o string) { row(op, name, d(1), u(1), no, 0, "R[A] = R[B] "+o+" Imm") }
	un := func(op Op, name, doc string) { row(op, name, d(1), u(1), no, 0, "R[A] = "+doc) }

	row(FUNC, "FUNC", num, num, num, End, "function header, never executed: Imm function number, A frame slots (0: see function table), B argument slots")
	row(MOV, "MOV", d(1), u(1), no, 0, "R[A] = R[B]")
	row(MOV2, "MOV2", d(2), u(2), no, 0, "R[A:A+2] = R[B:B+2]")
	row(MOV3, "MOV3", d(3), u(3), no, 0, "R[A:A+3] = R[B:B+3]")
	row(MOVN, "MOVN", dv(WImm), uv(WImm), no, 0, "R[A:A+Imm] = R[B:B+Imm], as if through a copy (overlap allowed)")
	row(LDI, "LDI", d(1), no, no, 0, "R[A] = Imm")
	row(ZERO, "ZERO", d(1), no, no, 0, "R[A] = 0")
	row(ZERON, "ZERON", dv(WImm), no, no, 0, "R[A:A+Imm] = 0")
	row(LEAF, "LEAF", d(1), num, no, 0, "R[A] = guest address of slot B of this frame, plus Imm bytes; must not live across a safepoint unless slot B is a stack object")
	row(FLD, "FLD", d(1), uv(WC), num, 0, "R[A] = load kind D (LdU8..LdF32) from the frame at byte offset Imm from slot B; the aggregate at B has C slots")
	row(FST, "FST", Operand{Role: UseDef, Var: WC}, u(1), num, 0, "store kind D of R[B] into the frame at byte offset Imm from slot A; the aggregate at A has C slots")
	row(GETCTX, "GETCTX", d(1), no, no, 0, "R[A] = closure object of this call; only as the first instruction of a function")

	bin(ADD, "ADD", "+")
	bin(SUB, "SUB", "-")
	bin(MUL, "MUL", "*")
	bin(AND, "AND", "&")
	bin(OR, "OR", "|")
	bin(XOR, "XOR", "^")
	bin(ANDN, "ANDN", "&^")
	bin(SHL, "SHL", "<<")
	bin(SHR, "SHR", ">> (arithmetic; counts >= 64 as Go)")
	bin(USHR, "USHR", ">> (logical; counts >= 64 give 0)")
	imm(ADDI, "ADDI", "+")
	imm(MULI, "MULI", "*")
	imm(ANDI, "ANDI", "&")
	imm(ORI, "ORI", "|")
	imm(XORI, "XORI", "^")
	imm(SHLI, "SHLI", "<<")
	imm(SHRI, "SHRI", ">> (arithmetic)")
	imm(USHRI, "USHRI", ">> (logical)")
	for _, r := range []struct {
		op   Op
		name string
		o    string
	}{{DIV, "DIV", "/"}, {REM, "REM", "%"}, {UDIV, "UDIV", "/ (unsigned)"}, {UREM, "UREM", "% (unsigned)"}} {
		row(r.op, r.name, d(1), u(1), u(1), Trap, "R[A] = R[B] "+r.o+" R[C]; traps on zero")
	}
	imm(DIVI, "DIVI", "/ (Imm not 0)")
	imm(REMI, "REMI", "% (Imm not 0)")
	imm(UDIVI, "UDIVI", "/ unsigned (Imm not 0)")
	imm(UREMI, "UREMI", "% unsigned (Imm not 0)")
	un(NEG, "NEG", "-R[B]")
	un(NOT, "NOT", "^R[B]")
	un(SX8, "SX8", "int64(int8(R[B]))")
	un(SX16, "SX16", "int64(int16(R[B]))")
	un(SX32, "SX32", "int64(int32(R[B]))")
	un(ZX8, "ZX8", "uint64(uint8(R[B]))")
	un(ZX16, "ZX16", "uint64(uint16(R[B]))")
	un(ZX32, "ZX32", "uint64(uint32(R[B]))")
	bin(ADD32, "ADD32", "+, result sign-extended from 32 bits:")
	bin(ADDU32, "ADDU32", "+, result zero-extended from 32 bits:")
	bin(SUB32, "SUB32", "-, result sign-extended from 32 bits:")
	bin(SUBU32, "SUBU32", "-, result zero-extended from 32 bits:")
	bin(MUL32, "MUL32", "*, result sign-extended from 32 bits:")
	bin(MULU32, "MULU32", "*, result zero-extended from 32 bits:")
	bin(SHL32, "SHL32", "<<, result sign-extended from 32 bits:")
	bin(SHLU32, "SHLU32", "<<, result zero-extended from 32 bits:")
	imm(ADDI32, "ADDI32", "+, result sign-extended from 32 bits:")
	imm(ADDIU32, "ADDIU32", "+, result zero-extended from 32 bits:")
	imm(SHLIU32, "SHLIU32", "<<, result zero-extended from 32 bits:")
	imm(ROTLI, "ROTLI", "rotated left (64 bits) by")
	imm(ROTLI32, "ROTLI32", "rotated left (32 bits, zero-extended) by")
	row(BITS, "BITS", Operand{Role: Def, Var: WFixed, Width: 2}, u(1), u(1), 0, "bit operation number D (Bits… constants) on R[B], R[C]; one-result operations also write R[A+1] = 0")
	row(SHCHK, "SHCHK", u(1), no, no, Trap, "trap 'negative shift amount' if R[A] < 0")

	bin(EQ, "EQ", "==")
	bin(NE, "NE", "!=")
	bin(LT, "LT", "<")
	bin(LE, "LE", "<=")
	bin(ULT, "ULT", "< (unsigned)")
	bin(ULE, "ULE", "<= (unsigned)")
	imm(EQI, "EQI", "==")
	imm(NEI, "NEI", "!=")
	imm(LTI, "LTI", "<")
	imm(LEI, "LEI", "<=")
	imm(GTI, "GTI", ">")
	imm(GEI, "GEI", ">=")
	bin(FEQ, "FEQ", "== (float64)")
	bin(FNE, "FNE", "!= (float64)")
	bin(FLT, "FLT", "< (float64)")
	bin(FLE, "FLE", "<= (float64)")
	row(STREQ, "STREQ", d(1), u(2), u(2), Safe, "R[A] = string at B == string at C; long strings leave the loop")

	row(JMP, "JMP", no, no, no, Jump|End, "goto Imm (forward)")
	br2 := func(op Op, name, o string, f Flag) {
		row(op, name, u(1), u(1), no, Jump|f, "if R[A] "+o+" R[B] goto Imm")
	}
	bri := func(op Op, name, o string, f Flag) {
		row(op, name, u(1), no, num, Jump|f, "if R[A] "+o+" int16(C) goto Imm")
	}
	row(BR, "BR", u(1), no, no, Jump, "if R[A] != 0 goto Imm")
	row(BRZ, "BRZ", u(1), no, no, Jump, "if R[A] == 0 goto Imm")
	br2(BEQ, "BEQ", "==", 0)
	br2(BNE, "BNE", "!=", 0)
	br2(BLT, "BLT", "<", 0)
	br2(BLE, "BLE", "<=", 0)
	br2(BULT, "BULT", "< (unsigned)", 0)
	br2(BULE, "BULE", "<= (unsigned)", 0)
	bri(BEQI, "BEQI", "==", 0)
	bri(BNEI, "BNEI", "!=", 0)
	bri(BLTI, "BLTI", "<", 0)
	bri(BLEI, "BLEI", "<=", 0)
	bri(BGTI, "BGTI", ">", 0)
	bri(BGEI, "BGEI", ">=", 0)
	br2(FBEQ, "FBEQ", "== (float64)", 0)
	br2(FBNE, "FBNE", "!= (float64)", 0)
	br2(FBLT, "FBLT", "< (float64)", 0)
	br2(FBNLT, "FBNLT", "not < (float64)", 0)
	br2(FBLE, "FBLE", "<= (float64)", 0)
	br2(FBNLE, "FBNLE", "not <= (float64)", 0)
	row(BSTRNE, "BSTRNE", u(2), u(2), no, Jump|Safe, "if string at A != string at B goto Imm; long strings leave the loop")
	row(SWITCH, "SWITCH", u(1), num, num, 0, "jump table: k = R[A]-Imm; if k < C (unsigned) execute the JMP at this+1+k, else continue at this+1+C")

	const L = Poll | Safe
	row(LJMP, "LJMP", no, no, no, Jump|End|L, "goto Imm (backward, polls)")
	row(LBR, "LBR", u(1), no, no, Jump|L, "if R[A] != 0 goto Imm (backward, polls)")
	row(LBRZ, "LBRZ", u(1), no, no, Jump|L, "if R[A] == 0 goto Imm (backward, polls)")
	br2(LBEQ, "LBEQ", "==", L)
	br2(LBNE, "LBNE", "!=", L)
	br2(LBLT, "LBLT", "<", L)
	br2(LBLE, "LBLE", "<=", L)
	br2(LBULT, "LBULT", "< (unsigned)", L)
	bri(LBEQI, "LBEQI", "==", L)
	bri(LBNEI, "LBNEI", "!=", L)
	bri(LBLTI, "LBLTI", "<", L)
	bri(LBLEI, "LBLEI", "<=", L)
	bri(LBGTI, "LBGTI", ">", L)
	bri(LBGEI, "LBGEI", ">=", L)
	row(LADDIBLT, "LADDIBLT", ud(1), u(1), num, Jump|L, "R[A] += int16(C); if R[A] < R[B] goto Imm (backward, polls before the addition)")

	bin(FADD, "FADD", "+ (float64)")
	bin(FSUB, "FSUB", "- (float64)")
	bin(FMUL, "FMUL", "* (float64)")
	bin(FDIV, "FDIV", "/ (float64)")
	un(FNEG, "FNEG", "-R[B] (float64)")
	un(FSQRT, "FSQRT", "sqrt(R[B])")
	un(FABS, "FABS", "|R[B]| (float64)")
	bin(FADD32, "FADD32", "+ (float32)")
	bin(FSUB32, "FSUB32", "- (float32)")
	bin(FMUL32, "FMUL32", "* (float32)")
	bin(FDIV32, "FDIV32", "/ (float32)")
	un(I2F, "I2F", "float64(int64 R[B])")
	un(F2I, "F2I", "int64(float64 R[B]), as the host's amd64 conversion")
	un(CVT, "CVT", "conversion number D (Cvt… constants) of R[B]")
	row(FLOAT, "FLOAT", d(1), u(1), u(1), 0, "float operation number D (Float… constants: comparison of float32, floor, trunc, copysign, FMA with R[A] …) on R[B], R[C]")

	ld := func(op Op, name, doc string, n uint8) {
		row(op, name, d(n), u(1), no, Trap, "R[A] = "+doc+" M[R[B]+Imm]; traps if R[B] is nil")
	}
	ld(LD8U, "LD8U", "uint8", 1)
	ld(LD8S, "LD8S", "int8", 1)
	ld(LD16U, "LD16U", "uint16", 1)
	ld(LD16S, "LD16S", "int16", 1)
	ld(LD32U, "LD32U", "uint32", 1)
	ld(LD32S, "LD32S", "int32", 1)
	ld(LD64, "LD64", "word", 1)
	ld(LD128, "LD128", "2 words", 2)
	ld(LD192, "LD192", "3 words", 3)
	row(LDN, "LDN", dv(WC), u(1), num, Trap, "R[A:A+C] = C words at M[R[B]+Imm]; a size that is no multiple of 8 has D = size%8 and loads only D bytes of the last word (rest 0)")
	st := func(op Op, name, doc string, n uint8) {
		row(op, name, u(1), u(n), no, Trap, doc+" M[R[A]+Imm] = R[B]; traps if R[A] is nil; no pointers")
	}
	st(ST8, "ST8", "uint8", 1)
	st(ST16, "ST16", "uint16", 1)
	st(ST32, "ST32", "uint32", 1)
	st(ST64, "ST64", "word", 1)
	st(ST128, "ST128", "2 words", 2)
	st(ST192, "ST192", "3 words", 3)
	row(STN, "STN", u(1), uv(WC), num, Trap, "C words at M[R[A]+Imm] = R[B:B+C]; D = size%8 as in LDN; no pointers")
	row(STP, "STP", u(1), u(1), no, Trap|Barrier|Safe, "pointer M[R[A]+Imm] = R[B], with write barrier")
	row(STPN, "STPN", u(1), uv(WC), num, Trap|Barrier|Safe, "C words (at most 8, no partial word) at M[R[A]+Imm] = R[B:B+C]; bit i of D: word i is a pointer")
	row(MCOPY, "MCOPY", u(1), u(1), num, Trap|Barrier|Safe, "memmove Imm bytes M[R[A]] = M[R[B]]; D=1: C is not 0 and pointers are copied by the pointer map of type id C (D=2: type id in R[C])")
	row(MZERO, "MZERO", u(1), no, num, Trap|Barrier|Safe, "clear Imm bytes at M[R[A]]; D=1: contains pointers")
	row(NILCHK, "NILCHK", u(1), no, no, Trap, "trap if R[A] is nil")

	row(LDG64, "LDG64", d(1), no, no, AddrImm, "R[A] = word M[Imm]")
	row(LDG128, "LDG128", d(2), no, no, AddrImm, "R[A:A+2] = M[Imm]")
	row(LDG192, "LDG192", d(3), no, no, AddrImm, "R[A:A+3] = M[Imm]")
	row(STG64, "STG64", u(1), no, no, AddrImm, "word M[Imm] = R[A]; no pointer")
	row(STGP, "STGP", u(1), no, no, AddrImm|Barrier|Safe, "pointer M[Imm] = R[A], with write barrier")

	// D of the instructions that check an index is IndexUnsigned or 0.
	row(IDX, "IDX", u(1), u(1), no, Trap, "trap 'index out of range' unless R[A] < R[B] (unsigned)")
	row(IDXI, "IDXI", u(1), no, no, Trap, "trap 'index out of range' unless R[A] < Imm (unsigned)")
	lx := func(op Op, name, doc string, n uint8) {
		row(op, name, d(n), u(2), u(1), Trap, "R[A] = "+doc+" element R[C] of the slice or string at B (pointer, length), bounds checked")
	}
	lx(LDX8U, "LDX8U", "uint8", 1)
	lx(LDX32S, "LDX32S", "int32", 1)
	lx(LDX32U, "LDX32U", "uint32", 1)
	lx(LDX64, "LDX64", "word", 1)
	lx(LDX128, "LDX128", "2-word", 2)
	lx(LDX192, "LDX192", "3-word", 3)
	sx := func(op Op, name, doc string, f Flag) {
		row(op, name, u(1), u(2), u(1), Trap|f, doc+" element R[C] of the slice at B = R[A], bounds checked")
	}
	sx(STX8, "STX8", "uint8", 0)
	sx(STX32, "STX32", "uint32", 0)
	sx(STX64, "STX64", "word", 0)
	sx(STXP, "STXP", "pointer", Barrier|Safe)
	row(LEAX, "LEAX", d(1), u(2), u(1), Trap, "R[A] = address of element R[C] of the slice or string at B, element size Imm bytes, bounds checked")
	row(LEAA, "LEAA", d(1), u(1), u(1), Trap, "R[A] = R[B] + R[C]*uint32(Imm), array pointer R[B] (nil traps), bound Imm>>32 on R[C]")
	row(LDF64, "LDF64", d(1), uv(WImm), u(1), Trap, "R[A] = R[B+R[C]], bound Imm on R[C] (array of words in the frame)")
	row(STF64, "STF64", Operand{Role: UseDef, Var: WImm}, u(1), u(1), Trap, "R[A+R[C]] = R[B], bound Imm on R[C]")
	row(SLICE, "SLICE", d(3), u(3), uv(WD), Trap, "R[A:A+3] = slice at B [R[C]:R[C+1]:R[C+2]], element size Imm; D indexes are given (2: [lo:hi], 3: [lo:hi:max]); an absent lo is passed as 0, an absent hi as the length")
	row(SLICESTR, "SLICESTR", d(2), u(2), u(2), Trap, "R[A:A+2] = string at B [R[C]:R[C+1]]")
	row(SLICEARR, "SLICEARR", d(3), u(1), uv(WD), Trap, "as SLICE, of the array R[B] points to: uint32(Imm) element size, Imm>>32 array length")
	row(SLICE2ARR, "SLICE2ARR", d(1), u(3), no, Trap, "R[A] = pointer of the slice at B; traps unless length >= Imm")
	row(RUNE, "RUNE", d(2), u(2), u(1), 0, "decode the rune at byte R[C] of the string at B: R[A] = rune, R[A+1] = index of the next one; R[C] < length is guaranteed")
	ap := func(op Op, name, doc string, n uint8, f Flag) {
		row(op, name, ud(3), u(n), no, Safe|TypeImm|f, "slice at A = append(slice at A, R[B]), "+doc+"; Imm is the element's type id")
	}
	ap(APPEND8, "APPEND8", "1-byte elements without pointers", 1, 0)
	ap(APPEND64, "APPEND64", "word elements without pointers", 1, 0)
	ap(APPENDP, "APPENDP", "pointer elements", 1, Barrier)
	row(APPENDN, "APPENDN", ud(3), u(1), num, Safe|TypeImm, "grow the slice at A by R[B] elements (length too; the new elements are not initialised if it had capacity, zero otherwise); Imm is the element's type id")

	row(NEW, "NEW", d(1), num, num, Safe|TypeImm, "R[A] = new zeroed object of type id Imm; C is its span class (0: not by span class, take the type's size: the slow way)")
	row(MKSLICE, "MKSLICE", d(3), u(1), u(1), Safe|Trap|TypeImm, "R[A:A+3] = make([]T, R[B], R[C]); Imm is the element's type id; traps 'makeslice: len out of range' / 'cap out of range'; D bit 0: lengths are uint64 (unsigned)")

	row(ITYPE, "ITYPE", d(1), u(1), no, 0, "R[A] = R[B] == 0 ? 0 : M[R[B]+8]: type descriptor of an itab")

	row(CALL, "CALL", out, num, num, Call|Safe, "call the function whose FUNC header is at byte offset Imm of the text; the frame starts at slot A; C = A + callee frame slots (0: too large, leave the loop)")
	row(CALLC, "CALLC", out, u(1), no, Call|Safe|Trap, "call the func value R[B] (closure object), frame at slot A; nil traps")
	row(CALLI, "CALLI", out, u(2), num, Call|Safe|Trap, "call method C of the interface at B (itab, data); R[A] = data word first; nil traps")
	row(CALLN, "CALLN", out, num, num, Safe|Trap|Host, "call host function Imm with its argument area at slot A (B argument slots are live, C slots in all with results)")
	row(RET, "RET", no, no, no, End, "return to the caller; results are in this frame at their offsets")
	row(DEFER, "DEFER", u(1), num, no, Safe|Host, "push the func value R[A] on the defer list of this frame; D=1: of the frame whose token is R[B] (B is then a use)")
	row(RUNDEFERS, "RUNDEFERS", out, no, no, Call|Safe|Host, "run the deferred calls of this frame, last first, with frames at slot A; then continue; the function's DeferReturn is the offset of this instruction")
	row(PANIC, "PANIC", u(2), no, no, Trap|End|Host|Safe, "panic(interface at A)")
	row(RECOVER, "RECOVER", d(2), no, no, Safe|Host, "R[A:A+2] = recover()")
	row(GO, "GO", u(1), no, no, Safe|Host|Trap, "start a goroutine that calls the func value R[A]")
	row(TRAP, "TRAP", no, no, no, Trap|End|Host, "raise trap number D (Trap… constants)")
	row(KEEP, "KEEP", u(1), no, no, 0, "nothing; R[A] is live here")

	am := func(op Op, name string, a, b, c Operand, f Flag, doc string) { row(op, name, a, b, c, Trap|f, doc) }
	am(ALD32, "ALD32", d(1), u(1), no, 0, "R[A] = atomic uint32 M[R[B]] (D=1: sign-extended)")
	am(ALD64, "ALD64", d(1), u(1), no, 0, "R[A] = atomic word M[R[B]]")
	am(AST32, "AST32", u(1), u(1), no, 0, "atomic uint32 M[R[A]] = R[B]")
	am(AST64, "AST64", u(1), u(1), no, 0, "atomic word M[R[A]] = R[B]")
	am(ASTP, "ASTP", u(1), u(1), no, Barrier|Safe, "atomic pointer M[R[A]] = R[B]")
	am(AADD32, "AADD32", d(1), u(1), u(1), 0, "R[A] = new value of atomic M[R[B]] += R[C], 32 bits (D=1: sign-extended)")
	am(AADD64, "AADD64", d(1), u(1), u(1), 0, "R[A] = new value of atomic M[R[B]] += R[C]")
	am(ASWAP32, "ASWAP32", d(1), u(1), u(1), 0, "R[A] = old value of M[R[B]], which becomes R[C], 32 bits (D=1: sign-extended)")
	am(ASWAP64, "ASWAP64", d(1), u(1), u(1), 0, "R[A] = old value of M[R[B]], which becomes R[C]")
	am(ASWAPP, "ASWAPP", d(1), u(1), u(1), Barrier|Safe, "R[A] = old pointer at M[R[B]], which becomes R[C]")
	am(ACAS32, "ACAS32", d(1), u(1), u(2), 0, "R[A] = compare-and-swap of uint32 M[R[B]] from R[C] to R[C+1]")
	am(ACAS64, "ACAS64", d(1), u(1), u(2), 0, "R[A] = compare-and-swap of M[R[B]] from R[C] to R[C+1]")
	am(ACASP, "ACASP", d(1), u(1), u(2), Barrier|Safe, "R[A] = compare-and-swap of pointer M[R[B]] from R[C] to R[C+1]")
	am(AAND32, "AAND32", d(1), u(1), u(1), 0, "R[A] = old value of atomic M[R[B]] &= R[C], 32 bits (D=1: sign-extended)")
	am(AOR32, "AOR32", d(1), u(1), u(1), 0, "R[A] = old value of atomic M[R[B]] |= R[C], 32 bits (D=1: sign-extended)")
	am(AAND64, "AAND64", d(1), u(1), u(1), 0, "R[A] = old value of atomic M[R[B]] &= R[C]")
	am(AOR64, "AOR64", d(1), u(1), u(1), 0, "R[A] = old value of atomic M[R[B]] |= R[C]")

	row(FMADD, "FMADD", ud(1), u(1), u(1), 0, "R[A] = R[A] + R[B]*R[C], rounded after each step (float64)")
	row(FMSUB, "FMSUB", ud(1), u(1), u(1), 0, "R[A] = R[A] - R[B]*R[C], rounded after each step (float64)")
	row(LDXFMA, "LDXFMA", ud(1), u(2), u(1), Trap, "R[A] += R[Imm] * word element R[C] of the slice at B (float64), bounds checked; slot Imm is used")
	row(FSUBLD, "FSUBLD", d(1), u(1), u(1), Trap, "R[A] = M[R[B]+Imm] - M[R[C]+Imm] (float64), nil checked")
	row(FADDLD, "FADDLD", d(1), u(1), u(1), Trap, "R[A] = R[B] + M[R[C]+Imm] (float64), nil checked")
	row(FMULLD, "FMULLD", d(1), u(1), u(1), Trap, "R[A] = R[B] * M[R[C]+Imm] (float64), nil checked")
	row(LD64LD64, "LD64LD64", d(1), u(1), no, Trap, "p = M[R[B]+int32(Imm)]; R[A] = M[p+Imm>>32]; nil checked twice")
	row(LDXADD, "LDXADD", ud(1), u(2), u(1), Trap, "R[A] += word element R[C] of the slice at B, bounds checked")
	row(STXI8, "STXI8", num, u(2), u(1), Trap, "uint8 element R[C] of the slice at B = A (a constant), bounds checked")
	row(LDIST64, "LDIST64", u(1), no, num, Trap, "word M[R[A]+Imm] = int16(C); nil checked")
	row(LDHX8U, "LDHX8U", d(1), u(1), u(1), Trap, "R[A] = uint8 element R[C] of the slice or string whose pointer and length are at M[R[B]+Imm]; nil and bounds checked")
	row(LDHX64, "LDHX64", d(1), u(1), u(1), Trap, "R[A] = word element R[C] of the slice whose pointer and length are at M[R[B]+Imm]; nil and bounds checked")
}

// Kinds of sub-slot access for FLD and FST (field D).
const (
	KindU8 = iota
	KindS8
	KindU16
	KindS16
	KindU32
	KindS32
	Kind64
)

// Operations of BITS (field D). Bits64 suffix: 64-bit operand; results in R[A].
const (
	BitsLen       = iota // bits.Len64(R[B])
	BitsTrailing         // bits.TrailingZeros64(R[B]), 64 for 0
	BitsOnes             // bits.OnesCount64(R[B])
	BitsReverse          // bits.Reverse64
	BitsBytes            // bits.ReverseBytes64
	BitsBytes32          // bits.ReverseBytes32
	BitsMul              // R[A], R[A+1] = hi, lo of R[B]*R[C] (unsigned)
	BitsRotl             // R[B] rotated left by R[C]&63
	BitsRotl32           // 32 bits, zero-extended
	BitsAddCarry         // R[A], R[A+1] = sum, carry of R[B]+R[C] (carry-in 0)
	BitsSubBorrow        // R[A], R[A+1] = difference, borrow of R[B]-R[C] (borrow-in 0)
	BitsRotl16
	BitsRotl8
	BitsBytes16
	BitsMulHiS // signed high word
)

// Conversions of CVT (field D), results canonical.
const (
	CvtF64F32 = iota // float64 → float32
	CvtF32F64
	CvtI64F32
	CvtU64F64
	CvtU64F32
	CvtF64U64
	CvtF32I64
	CvtF32U64
	CvtF32Neg // -float32
	CvtF64I32 // as amd64: through int64, then cut
	CvtF64U32
	CvtF32I32
	CvtF32U32
)

// Operations of FLOAT (field D).
const (
	FloatEQ32 = iota
	FloatNE32
	FloatLT32
	FloatLE32
	FloatFloor // of R[B] (float64)
	FloatCeil
	FloatTrunc
	FloatRoundEven
	FloatCopysign // magnitude R[B], sign R[C]
	FloatMax      // the builtin max
	FloatMin
	FloatMax32
	FloatMin32
	FloatSqrt32
)

// Traps of TRAP (field D) and of failing checks.
const (
	TrapNil         = iota + 1 // nil dereference
	TrapIndex                  // index out of range
	TrapSlice                  // slice bounds out of range
	TrapDivide                 // integer divide by zero
	TrapShift                  // negative shift amount
	TrapMakeLen                // makeslice: len out of range
	TrapMakeCap                // makeslice: cap out of range
	TrapSlice2Arr              // cannot convert slice … to array
	TrapNilMap                 // assignment to entry in nil map
	TrapUnreachable            // BUG: fell off
	TrapRangeState             // range-over-func misuse; Imm = state code
)

// IndexUnsigned, as D of an instruction that checks one index, tells that the index
// is unsigned: a report shows it so. It makes no difference to the check.
const IndexUnsigned = 1
