package crc32

// Both polynomials are the host's, as they are assembly for most machines.

func archAvailableIEEE() bool { return true }
func archInitIEEE()           {}

//go:noescape
func archUpdateIEEE(crc uint32, p []byte) uint32

func archAvailableCastagnoli() bool { return true }
func archInitCastagnoli()           {}

//go:noescape
func archUpdateCastagnoli(crc uint32, p []byte) uint32
