package lower

// Intrinsics: calls of functions that are one or two instructions
//
// The table is keyed by package, receiver type and name. The same entry gives the
// function a body when it is used as a value or through a wrapper (intrinsicBody).
// The atomic types of sync/atomic and internal/runtime/atomic keep their value at
// offset 0, so that their methods are the functions on the receiver.

import (
	"go/types"
	"strings"

	bc "github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// intrinsicFn generates the call; it returns the results and whether it took the call.
type intrinsicFn func(g *gen, args []tree.Expr) ([]ref, bool)

// intrinsicKey names f in the table, "" if its package has no intrinsics.
func intrinsicKey(f *tree.Func) string {
	switch f.Pkg {
	case "crypto/internal/constanttime", "sync/atomic", "internal/runtime/atomic", "math", "math/bits", "internal/runtime/sys", "internal/runtime/math", "runtime", "internal/abi":
	default:
		return ""
	}
	if f.Obj == nil || f.Obj.Pkg() == nil {
		return ""
	}
	key := f.Obj.Pkg().Path() + "."
	if r := f.Obj.Signature().Recv(); r != nil {
		if f.Flags&tree.Wrapper != 0 {
			return ""
		}
		t := types.Unalias(r.Type())
		if p, ok := t.(*types.Pointer); ok {
			t = types.Unalias(p.Elem())
		}
		n, ok := t.(*types.Named)
		if !ok {
			return ""
		}
		key += n.Obj().Name() + "."
	} else if f.Outer != nil {
		return ""
	}
	return key + f.Obj.Name()
}

// isIntrinsic reports whether calls of f may become instructions.
func isIntrinsic(f *tree.Func) bool {
	key := intrinsicKey(f)
	return key != "" && f.Flags&tree.Wrapper == 0 && intrinsics[key] != nil
}

func (g *gen) intrinsic(e *tree.Call) ([]ref, bool) {
	key := intrinsicKey(e.F)
	if key == "" || e.F.Flags&tree.Wrapper != 0 {
		return nil, false
	}
	if fn := intrinsics[key]; fn != nil {
		return fn(g, e.Args)
	}
	return nil, false
}

// intrinsicBody makes the body of a function in the table; false if it is not there or takes only some calls.
func (g *gen) intrinsicBody() bool {
	key := intrinsicKey(g.f)
	if key == "" || g.f.Flags&tree.Wrapper != 0 || g.f.Outer != nil {
		return false
	}
	fn := intrinsics[key]
	if fn == nil || strings.HasPrefix(key, "internal/abi.FuncPC") {
		return false
	}
	g.vars = nil
	for _, list := range [][]*tree.Var{g.f.Params, g.f.Results} {
		for _, v := range list {
			g.variable(v).uses++
		}
	}
	args := make([]tree.Expr, len(g.f.Params))
	for i, v := range g.f.Params {
		args[i] = &tree.Ref{Typed: tree.Typed{At: tree.At{P: g.f.Pos}, T: v.T}, V: v}
	}
	g.entry()
	rs, ok := fn(g, args)
	if !ok {
		g.bug("intrinsic %s does not take its own parameters", key)
	}
	for i, v := range g.f.Results {
		g.bindResult(v, rs[i])
	}
	g.leave()
	return true
}

func (g *gen) bindResult(v *tree.Var, r ref) {
	x := g.variable(v)
	g.move(ref{x.reg, 0}, r, x.l.Slots)
}

// Makers of table entries.

func one(f func(g *gen, dst ref, args []tree.Expr)) intrinsicFn {
	return func(g *gen, args []tree.Expr) ([]ref, bool) {
		t := g.word()
		f(g, t, args)
		return []ref{t}, true
	}
}

func unaryOp(op bc.Op) intrinsicFn {
	return one(func(g *gen, dst ref, args []tree.Expr) { g.op(op, dst, g.val(args[0]), none) })
}

func floatFn(d uint8) intrinsicFn {
	return one(func(g *gen, dst ref, args []tree.Expr) {
		x := g.val(args[0])
		y := x
		if len(args) > 1 {
			y = g.val(args[1])
		}
		g.emit(ins{op: bc.FLOAT, d: d, a: dst, b: x, c: y})
	})
}

// bitsFn is a bit operation on one operand; or is set in the operand first.
func bitsFn(d uint8, or int64) intrinsicFn {
	return func(g *gen, args []tree.Expr) ([]ref, bool) {
		x := g.val(args[0])
		if or != 0 {
			t := g.word()
			g.opI(bc.ORI, t, x, or)
			x = t
		}
		t := g.words(2, 0)
		g.emit(ins{op: bc.BITS, d: d, a: t, b: x, c: x})
		return []ref{t}, true
	}
}

// leading is width - Len(x).
func leading(width int64) intrinsicFn {
	return func(g *gen, args []tree.Expr) ([]ref, bool) {
		t := g.words(2, 0)
		x := g.val(args[0])
		g.emit(ins{op: bc.BITS, d: bc.BitsLen, a: t, b: x, c: x})
		n, w := g.word(), g.word()
		g.ldi(w, width)
		g.op(bc.SUB, n, w, t)
		return []ref{n}, true
	}
}

func rotate(bits int64) intrinsicFn {
	return func(g *gen, args []tree.Expr) ([]ref, bool) {
		x := g.val(args[0])
		if k, ok := g.konst(args[1]); ok && bits >= 32 {
			t := g.word()
			op := bc.ROTLI
			if bits == 32 {
				op = bc.ROTLI32
			}
			g.opI(op, t, x, k&(bits-1))
			return []ref{t}, true
		}
		d := map[int64]uint8{64: bc.BitsRotl, 32: bc.BitsRotl32, 16: bc.BitsRotl16, 8: bc.BitsRotl8}[bits]
		t := g.words(2, 0)
		g.emit(ins{op: bc.BITS, d: d, a: t, b: x, c: g.val(args[1])})
		return []ref{t}, true
	}
}

func mul64(g *gen, args []tree.Expr) ([]ref, bool) {
	t := g.words(2, 0)
	x, y := g.val(args[0]), g.val(args[1])
	g.emit(ins{op: bc.BITS, d: bc.BitsMul, a: t, b: x, c: y})
	return []ref{t, t.at(1)}, true
}

// carry is Add64 and Sub64: two steps whose carries cannot both be 1.
func carry(d uint8) intrinsicFn {
	return func(g *gen, args []tree.Expr) ([]ref, bool) {
		x, y := g.val(args[0]), g.val(args[1])
		t := g.words(2, 0)
		g.emit(ins{op: bc.BITS, d: d, a: t, b: x, c: y})
		if k, ok := g.konst(args[2]); ok && k == 0 {
			return []ref{t, t.at(1)}, true
		}
		u := g.words(2, 0)
		g.emit(ins{op: bc.BITS, d: d, a: u, b: t, c: g.val(args[2])})
		c := g.word()
		g.op(bc.OR, c, t.at(1), u.at(1))
		return []ref{u, c}, true
	}
}

// same returns the argument: a change of type only.
func same(g *gen, args []tree.Expr) ([]ref, bool) { return []ref{g.copyOf(args[0])}, true }

func nothing(g *gen, args []tree.Expr) ([]ref, bool) {
	for _, a := range args {
		g.effect(a)
	}
	return nil, true
}

func keepAlive(g *gen, args []tree.Expr) ([]ref, bool) {
	x := args[0]
	if c, ok := x.(*tree.ToIface); ok {
		x = c.X
	}
	if l := g.layout(x.Type()); l.Slots > 0 {
		g.op(bc.KEEP, g.val(x), none, none)
	}
	return nil, true
}

// funcPC is the code pointer of a function.
func funcPC(g *gen, args []tree.Expr) ([]ref, bool) {
	x := args[0]
	if c, ok := x.(*tree.ToIface); ok {
		x = c.X
	}
	t := g.word()
	if f, ok := x.(*tree.FuncRef); ok {
		g.ldiFix(t, Fixup{Kind: FixCode, Fn: f.F})
		return []ref{t}, true
	}
	v := g.val(x)
	if g.layout(x.Type()).Class == ClassIface {
		v = v.at(1)
	}
	g.opI(bc.LD64, t, v, 0)
	return []ref{t}, true
}

// Atomics. The pointer is args[0].

func aload(op bc.Op, d uint8, mask uint64) intrinsicFn {
	return func(g *gen, args []tree.Expr) ([]ref, bool) {
		t := g.words(1, mask)
		g.emit(ins{op: op, d: d, a: t, b: g.val(args[0]), c: none})
		return []ref{t}, true
	}
}

func astore(op bc.Op) intrinsicFn {
	return func(g *gen, args []tree.Expr) ([]ref, bool) {
		p := g.val(args[0])
		g.emit(ins{op: op, a: p, b: g.val(args[1]), c: none})
		return nil, true
	}
}

func armw(op bc.Op, d uint8, mask uint64) intrinsicFn {
	return func(g *gen, args []tree.Expr) ([]ref, bool) {
		t := g.words(1, mask)
		p := g.val(args[0])
		g.emit(ins{op: op, d: d, a: t, b: p, c: g.val(args[1])})
		return []ref{t}, true
	}
}

func acas(op bc.Op, mask uint64) intrinsicFn {
	return func(g *gen, args []tree.Expr) ([]ref, bool) {
		t := g.word()
		p := g.val(args[0])
		on := g.words(2, mask)
		x, y := g.val(args[1]), g.val(args[2])
		end := g.undef(on)
		g.move(on, x, 1)
		g.move(on.at(1), y, 1)
		end()
		g.emit(ins{op: op, a: t, b: p, c: on})
		return []ref{t}, true
	}
}

func load8(g *gen, args []tree.Expr) ([]ref, bool) {
	t := g.word()
	g.opI(bc.LD8U, t, g.val(args[0]), 0)
	return []ref{t}, true
}

func store8(g *gen, args []tree.Expr) ([]ref, bool) {
	p := g.val(args[0])
	g.opI(bc.ST8, p, g.val(args[1]), 0)
	return nil, true
}

var intrinsics map[string]intrinsicFn

func init() { intrinsics = makeIntrinsics() }

func makeIntrinsics() map[string]intrinsicFn {
	m := map[string]intrinsicFn{}
	load32, load32s, load64, loadp := aload(bc.ALD32, 0, 0), aload(bc.ALD32, 1, 0), aload(bc.ALD64, 0, 0), aload(bc.ALD64, 0, 1)
	// Per type: suffix of the functions in sync/atomic, type name, operations.
	type kind struct {
		fn, typ                string
		load, store, swap, cas intrinsicFn
		add, and, or           intrinsicFn
	}
	kinds := []kind{
		{"Int32", "Int32", load32s, astore(bc.AST32), armw(bc.ASWAP32, 1, 0), acas(bc.ACAS32, 0), armw(bc.AADD32, 1, 0), armw(bc.AAND32, 1, 0), armw(bc.AOR32, 1, 0)},
		{"Uint32", "Uint32", load32, astore(bc.AST32), armw(bc.ASWAP32, 0, 0), acas(bc.ACAS32, 0), armw(bc.AADD32, 0, 0), armw(bc.AAND32, 0, 0), armw(bc.AOR32, 0, 0)},
		{"Pointer", "Pointer", loadp, astore(bc.ASTP), armw(bc.ASWAPP, 0, 1), acas(bc.ACASP, 3), nil, nil, nil},
	}
	for _, n := range []string{"Int64", "Uint64", "Uintptr"} {
		kinds = append(kinds, kind{n, n, load64, astore(bc.AST64), armw(bc.ASWAP64, 0, 0), acas(bc.ACAS64, 0), armw(bc.AADD64, 0, 0), armw(bc.AAND64, 0, 0), armw(bc.AOR64, 0, 0)})
	}
	set := func(key string, f intrinsicFn) {
		if f != nil {
			m[key] = f
		}
	}
	for _, k := range kinds {
		const p = "sync/atomic."
		set(p+"Load"+k.fn, k.load)
		set(p+"Store"+k.fn, k.store)
		set(p+"Swap"+k.fn, k.swap)
		set(p+"CompareAndSwap"+k.fn, k.cas)
		set(p+"Add"+k.fn, k.add)
		set(p+"And"+k.fn, k.and)
		set(p+"Or"+k.fn, k.or)
		set(p+k.typ+".Load", k.load)
		set(p+k.typ+".Store", k.store)
		set(p+k.typ+".Swap", k.swap)
		set(p+k.typ+".CompareAndSwap", k.cas)
		set(p+k.typ+".Add", k.add)
		set(p+k.typ+".And", k.and)
		set(p+k.typ+".Or", k.or)
		if k.typ == "Pointer" {
			continue
		}
		const r = "internal/runtime/atomic."
		set(r+k.typ+".Load", k.load)
		set(r+k.typ+".LoadAcquire", k.load)
		set(r+k.typ+".Store", k.store)
		set(r+k.typ+".StoreRelease", k.store)
		set(r+k.typ+".CompareAndSwap", k.cas)
		set(r+k.typ+".CompareAndSwapRelease", k.cas)
		set(r+k.typ+".Swap", k.swap)
		set(r+k.typ+".Add", k.add)
	}
	const r = "internal/runtime/atomic."
	for _, n := range []string{"Load", "LoadAcq"} {
		m[r+n] = load32
	}
	for _, n := range []string{"Load64", "LoadAcq64", "Loaduintptr", "LoadAcquintptr", "Loaduint", "Loadint64"} {
		m[r+n] = load64
	}
	m[r+"Loadint32"], m[r+"Loadp"], m[r+"Load8"], m[r+"Store8"] = load32s, loadp, load8, store8
	for _, n := range []string{"Store", "StoreRel", "Storeint32"} {
		m[r+n] = astore(bc.AST32)
	}
	for _, n := range []string{"Store64", "StoreRel64", "Storeuintptr", "StoreReluintptr", "Storeint64"} {
		m[r+n] = astore(bc.AST64)
	}
	m[r+"StorepNoWB"] = astore(bc.ASTP)
	m[r+"Xadd"], m[r+"Xaddint32"] = armw(bc.AADD32, 0, 0), armw(bc.AADD32, 1, 0)
	m[r+"Xchg"], m[r+"Xchgint32"] = armw(bc.ASWAP32, 0, 0), armw(bc.ASWAP32, 1, 0)
	for _, n := range []string{"Xadd64", "Xaddint64", "Xadduintptr"} {
		m[r+n] = armw(bc.AADD64, 0, 0)
	}
	for _, n := range []string{"Xchg64", "Xchgint64", "Xchguintptr"} {
		m[r+n] = armw(bc.ASWAP64, 0, 0)
	}
	for _, n := range []string{"Cas", "CasRel", "Casint32"} {
		m[r+n] = acas(bc.ACAS32, 0)
	}
	for _, n := range []string{"Cas64", "Casint64", "Casuintptr"} {
		m[r+n] = acas(bc.ACAS64, 0)
	}
	m[r+"Casp1"] = acas(bc.ACASP, 3)
	void := func(f intrinsicFn) intrinsicFn {
		return func(g *gen, args []tree.Expr) ([]ref, bool) { f(g, args); return nil, true }
	}
	m[r+"And"], m[r+"Or"] = void(armw(bc.AAND32, 0, 0)), void(armw(bc.AOR32, 0, 0))
	m[r+"And32"], m[r+"Or32"] = armw(bc.AAND32, 0, 0), armw(bc.AOR32, 0, 0)
	m[r+"And64"], m[r+"Or64"] = armw(bc.AAND64, 0, 0), armw(bc.AOR64, 0, 0)
	m[r+"Anduintptr"], m[r+"Oruintptr"] = armw(bc.AAND64, 0, 0), armw(bc.AOR64, 0, 0)

	for _, n := range []string{"Sqrt", "sqrt"} {
		m["math."+n] = unaryOp(bc.FSQRT)
	}
	m["math.Abs"] = unaryOp(bc.FABS)
	for n, d := range map[string]uint8{"Floor": bc.FloatFloor, "Ceil": bc.FloatCeil, "Trunc": bc.FloatTrunc, "RoundToEven": bc.FloatRoundEven, "Copysign": bc.FloatCopysign} {
		m["math."+n] = floatFn(d)
	}
	for _, n := range []string{"Float64bits", "Float64frombits", "Float32bits", "Float32frombits"} {
		m["math."+n] = one(func(g *gen, dst ref, args []tree.Expr) { g.into(args[0], dst) })
	}

	for _, b := range []struct {
		suffix string
		width  int64
	}{{"", 64}, {"64", 64}, {"32", 32}, {"16", 16}, {"8", 8}} {
		var or int64
		if b.width < 64 {
			or = 1 << b.width
		}
		for _, p := range []string{"math/bits.", "internal/runtime/sys."} {
			m[p+"TrailingZeros"+b.suffix] = bitsFn(bc.BitsTrailing, or)
			m[p+"LeadingZeros"+b.suffix] = leading(b.width)
			m[p+"Len"+b.suffix] = bitsFn(bc.BitsLen, 0)
			m[p+"OnesCount"+b.suffix] = bitsFn(bc.BitsOnes, 0)
		}
		m["math/bits.RotateLeft"+b.suffix] = rotate(b.width)
	}
	m["math/bits.Reverse64"], m["math/bits.Reverse"] = bitsFn(bc.BitsReverse, 0), bitsFn(bc.BitsReverse, 0)
	m["math/bits.ReverseBytes64"], m["math/bits.ReverseBytes"] = bitsFn(bc.BitsBytes, 0), bitsFn(bc.BitsBytes, 0)
	m["math/bits.ReverseBytes32"], m["math/bits.ReverseBytes16"] = bitsFn(bc.BitsBytes32, 0), bitsFn(bc.BitsBytes16, 0)
	m["internal/runtime/sys.Bswap64"], m["internal/runtime/sys.Bswap32"] = bitsFn(bc.BitsBytes, 0), bitsFn(bc.BitsBytes32, 0)
	for _, n := range []string{"math/bits.Mul64", "math/bits.Mul", "internal/runtime/math.Mul64"} {
		m[n] = mul64
	}
	for _, n := range []string{"math/bits.Add64", "math/bits.Add", "internal/runtime/math.Add64"} {
		m[n] = carry(bc.BitsAddCarry)
	}
	for _, n := range []string{"math/bits.Sub64", "math/bits.Sub"} {
		m[n] = carry(bc.BitsSubBorrow)
	}
	m["internal/runtime/sys.Prefetch"], m["internal/runtime/sys.PrefetchStreamed"] = nothing, nothing
	m["runtime.KeepAlive"] = keepAlive
	m["runtime.smallWords"] = func(g *gen, _ []tree.Expr) ([]ref, bool) {
		return []ref{g.addr(Fixup{Kind: FixData, Data: smallWords})}, true
	}
	m["internal/abi.FuncPCABI0"], m["internal/abi.FuncPCABIInternal"] = funcPC, funcPC
	m["crypto/internal/constanttime.boolToUint8"] = same // a bool is 0 or 1
	m["internal/abi.EscapeNonString"], m["internal/abi.EscapeToResultNonString"] = nothing, same
	return m
}
