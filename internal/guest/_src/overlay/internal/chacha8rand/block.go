package chacha8rand

// block is assembly in the distribution, on this target a jump to the Go version.
func block(seed *[4]uint64, blocks *[32]uint64, counter uint32) { block_generic(seed, blocks, counter) }
