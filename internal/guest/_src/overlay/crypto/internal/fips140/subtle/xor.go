package subtle

// xorBytes is the host's.
//
//go:noescape
func xorBytes(dst, a, b *byte, n int)
