package abi

// Guest addresses that are part of the program format. Package mem defines the same
// places for the address space; package interp checks that they agree.
const (
	DataBase uint64 = 1 << 20 // first byte of the data image
	DataEnd  uint64 = 4 << 30 // end of the room for it
	TextBase uint64 = 1 << 35 // code pointer of the first function's header
	InsBytes        = 16      // bytes of an instruction in the text
)
