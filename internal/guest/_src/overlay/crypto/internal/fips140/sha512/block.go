package sha512

// block is the host's. Its state is the first field of the digest.
//
//go:noescape
func block(dig *Digest, p []byte)
