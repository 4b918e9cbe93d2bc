package aes

// Single blocks are the host's, with the key schedule as it was expanded here.

func encryptBlock(c *Block, dst, src []byte) { encryptHost(&c.blockExpanded, dst, src) }
func decryptBlock(c *Block, dst, src []byte) { decryptHost(&c.blockExpanded, dst, src) }

//go:noescape
func encryptHost(c *blockExpanded, dst, src []byte)

//go:noescape
func decryptHost(c *blockExpanded, dst, src []byte)
