package testing

// testBinary tells Testing that the program is a test; the go command has the linker set it.
var testBinary = "1"
