package inline

import (
	"strings"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// The functions that the real compiler knows by name.

// intrinsics are the functions, by import path, whose calls the real compiler for amd64 replaces by instructions: they
// cost one node.
var intrinsics = map[string]string{
	"internal/runtime/sys":  " Bswap32 Bswap64 Prefetch PrefetchStreamed GetClosurePtr TrailingZeros8 TrailingZeros32 TrailingZeros64 Len8 Len64 OnesCount64 ",
	"internal/runtime/math": " MulUintptr Mul64 Add64 ",
	"internal/runtime/maps": " bitsetFirst bitsetRemoveBelow bitsetLowestSet bitsetShiftOutLowest ctrlGroupMatchH2 ctrlGroupMatchEmpty" +
		" ctrlGroupMatchEmptyOrDeleted ctrlGroupMatchFull ",
	"internal/runtime/atomic": " Load Load8 Load64 LoadAcq LoadAcq64 Loadp Store Store8 Store64 StorepNoWB StoreRel StoreRel64 Xchg8 Xchg Xchg64" +
		" Xadd Xadd64 Cas Cas64 CasRel And8 And Or8 Or And64 And32 Or64 Or32 Loadint32 Loadint64 Loaduintptr Loaduint LoadAcquintptr" +
		" Storeint32 Storeint64 Storeuintptr StoreReluintptr Xchgint32 Xchgint64 Xchguintptr Xaddint32 Xaddint64 Xadduintptr" +
		" Casint32 Casint64 Casuintptr Casp1 ",
	"math":     " sqrt Trunc Ceil Floor RoundToEven FMA ",
	"math/big": " mulWW ",
	"math/bits": " TrailingZeros64 TrailingZeros32 TrailingZeros16 TrailingZeros8 ReverseBytes64 ReverseBytes32 ReverseBytes16 Len64 Len32 Len16" +
		" Len8 Len RotateLeft8 RotateLeft16 RotateLeft32 RotateLeft64 RotateLeft OnesCount64 OnesCount32 OnesCount16 OnesCount8 OnesCount" +
		" Mul64 Mul Add64 Add Sub64 Sub Div64 Div ",
	"runtime": " slicebytetostringtmp KeepAlive publicationBarrier memequal ",
	"sync/atomic": " LoadInt32 LoadInt64 LoadPointer LoadUint32 LoadUint64 LoadUintptr StoreInt32 StoreInt64 StoreUint32 StoreUint64 StoreUintptr" +
		" SwapInt32 SwapInt64 SwapUint32 SwapUint64 SwapUintptr CompareAndSwapInt32 CompareAndSwapInt64 CompareAndSwapUint32" +
		" CompareAndSwapUint64 CompareAndSwapUintptr AddInt32 AddInt64 AddUint32 AddUint64 AddUintptr AndInt32 AndUint32 AndInt64" +
		" AndUint64 AndUintptr OrInt32 OrUint32 OrInt64 OrUint64 OrUintptr ",
	"crypto/internal/constanttime": " Select boolToUint8 ",
}

// loads are the methods of encoding/binary's byte orders, and without the verb's dot the functions of internal/byteorder,
// that cost one node because they become one load or store.
var widths = []string{"Uint64", "Uint32", "Uint16"}

func isLoad(name, order string) bool {
	rest, ok := strings.CutPrefix(name, order)
	if !ok {
		return false
	}
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "Put"), "Append")
	for _, w := range widths {
		if rest == w {
			return true
		}
	}
	return false
}

// origin is the import path and the name (T.M for a method) of a declared function.
func origin(f *tree.Func) (path, name string) {
	if f.Obj == nil || f.Obj.Pkg() == nil || f.Outer != nil || f.Flags&tree.Wrapper != 0 {
		return "", ""
	}
	name = f.BaseName()
	if r := f.Obj.Signature().Recv(); r != nil {
		name = strings.NewReplacer("(*", "", ")", "").Replace(name)
	}
	return f.Obj.Pkg().Path(), name
}

// isIntrinsic reports whether the real compiler makes instructions of a call of f.
func isIntrinsic(f *tree.Func) bool {
	path, name := origin(f)
	return name != "" && strings.Contains(intrinsics[path], " "+name+" ")
}

// isMark reports whether f does nothing but tell escape analysis something: its body is a panic that is never reached.
func isMark(f *tree.Func) bool {
	path, name := origin(f)
	return path == "internal/abi" && strings.HasPrefix(name, "EscapeNonString[")
}

// isCheap reports whether a call of f costs one node only.
func isCheap(f *tree.Func) bool {
	path, name := origin(f)
	switch path {
	case "internal/abi":
		return name == "NoEscape" || isMark(f)
	case "encoding/binary":
		return isLoad(name, "littleEndian.") || isLoad(name, "bigEndian.")
	case "internal/byteorder":
		return isLoad(name, "LE") || isLoad(name, "BE")
	case "runtime":
		return name == "panicrangestate"
	}
	return false
}
