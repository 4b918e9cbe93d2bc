package runtime

import (
	"internal/abi"
	"internal/runtime/maps"
	"unsafe"
)

// What the machine calls when an instruction or a host function fails: each of
// these raises the panic above the failing frame and does not return.

// Kinds of traps, as the machine numbers them.
const (
	trapNil = iota + 1
	trapIndex
	trapSlice
	trapDivide
	trapShift
	trapMakeLen
	trapMakeCap
	trapSlice2Arr
	trapNilMap
	trapUnreachable
	trapRangeState
)

// trap raises the run-time error of a failed check. For bounds, code is the
// abi.BoundsErrorCode, plus 256 if x is signed; x is the value, y the limit.
func trap(kind, code, x, y int) {
	switch kind {
	case trapNil:
		panic(memoryError)
	case trapIndex, trapSlice, trapSlice2Arr:
		panic(boundsError{x: int64(x), y: y, signed: code&256 != 0, code: abi.BoundsErrorCode(code & 255)})
	case trapDivide:
		panic(divideError)
	case trapShift:
		panic(shiftError)
	case trapMakeLen:
		panic(errorString("makeslice: len out of range"))
	case trapMakeCap:
		panic(errorString("makeslice: cap out of range"))
	case trapNilMap:
		panic(plainError("assignment to entry in nil map"))
	case trapRangeState:
		panicrangestate(x)
	}
	throw("BUG: control reached the end of a function that returns nowhere")
}

// trapText raises a run-time error with a text of the host: "runtime error: " + msg.
func trapText(msg string) { panic(errorString(msg)) }

// trapPlain raises a run-time error whose text is msg.
func trapPlain(msg string) { panic(plainError(msg)) }

// trapAssert raises the error of a failed type assertion.
func trapAssert(iface, have, want *abi.Type, method string) {
	panic(&TypeAssertionError{iface, have, want, method})
}

// trapHash raises the error of hashing or comparing a value of a type that has no equality.
func trapHash(t *abi.Type, use int) {
	switch use {
	case hashCompare:
		panic(errorString("comparing uncomparable type " + typeName(t)))
	case hashEmpty:
		panic(maps.KeyError(t))
	}
	panic(errorString("hash of unhashable type " + typeName(t)))
}

// What a type without equality was wanted for; as in package host.
const (
	hashCompare = iota // a comparison
	hashKey            // a hash
	hashEmpty          // a key, in a map without entries
)

// trapStrings raises texts that string and slice functions of the host need by number.
func trapStrings(kind int) {
	switch kind {
	case 0:
		panic(errorString("growslice: len out of range"))
	case 1:
		throw("string concatenation too long")
	}
	throw("BUG: unknown text number")
}

// panicrangestate reports misuse of a range-over-func loop body; state is abi.RF_State.
//
//go:linkname panicrangestate
func panicrangestate(state int) {
	switch abi.RF_State(state) {
	case abi.RF_DONE:
		panic(rangeDoneError)
	case abi.RF_PANIC:
		panic(rangePanicError)
	case abi.RF_EXHAUSTED:
		panic(rangeExhaustedError)
	case abi.RF_MISSING_PANIC:
		panic(rangeMissingPanicError)
	}
	throw("unexpected state set by range func")
}

var (
	rangeDoneError         = error(errorString("range function continued iteration after function for loop body returned false"))
	rangePanicError        = error(errorString("range function continued iteration after loop body panic"))
	rangeExhaustedError    = error(errorString("range function continued iteration after whole loop exit"))
	rangeMissingPanicError = error(errorString("range function recovered a loop body panic and did not resume panicking"))
)

// panicdivide, panicshift, panicoverflow and panicwrap are called by std and compiled code by name.
func panicdivide()   { panic(divideError) }
func panicshift()    { panic(shiftError) }
func panicoverflow() { panic(overflowError) }
func panicmem()      { panic(memoryError) }

// panicwrap reports a value method called through a nil pointer.
func panicwrap(pkg, typ, method string) {
	panic(plainError("value method " + pkg + "." + typ + "." + method + " called using nil *" + typ + " pointer"))
}

var _ unsafe.Pointer
