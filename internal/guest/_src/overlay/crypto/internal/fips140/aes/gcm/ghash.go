package gcm

// updateBlocks is the host's.
//
//go:noescape
func updateBlocks(productTable *[16]gcmFieldElement, y *gcmFieldElement, blocks []byte)
