package md5

const haveAsm = true

// block is the host's. Its state is the first field of the digest.
//
//go:noescape
func block(dig *digest, p []byte)
