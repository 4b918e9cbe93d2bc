package sha3

// keccakF1600 is the host's.
//
//go:noescape
func keccakF1600(a *[200]byte)
