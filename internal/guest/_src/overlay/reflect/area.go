package reflect

// maxArea is internal/abi's MaxArea of the machine: where parameters and results together take more bytes, the compiler
// passes the long ones by reference, and a frame is not what this package takes it for.
const maxArea = 128 << 10

// stackAssign adds a place of size bytes to the sequence. The results' sequence begins behind the parameters', so that the
// end of a place is the length of the area so far.
func (a *abiSeq) stackAssign(size, alignment uintptr) {
	from := align(a.stackBytes, alignment)
	if size > maxArea || from+size > maxArea {
		panic("reflect: call of a function with more than 128 KB of parameters and results")
	}
	a.steps = append(a.steps, abiStep{kind: abiStepStack, size: size, stkOff: from})
	a.stackBytes = from + size
}
