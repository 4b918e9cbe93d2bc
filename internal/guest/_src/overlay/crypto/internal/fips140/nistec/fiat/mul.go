package fiat

// Multiplications in Montgomery form are the host's. Both ways give the one representative below the modulus.

//go:noescape
func p224Mul(out1, arg1, arg2 *p224MontgomeryDomainFieldElement)

//go:noescape
func p224Square(out1, arg1 *p224MontgomeryDomainFieldElement)

//go:noescape
func p256Mul(out1, arg1, arg2 *p256MontgomeryDomainFieldElement)

//go:noescape
func p256Square(out1, arg1 *p256MontgomeryDomainFieldElement)

//go:noescape
func p384Mul(out1, arg1, arg2 *p384MontgomeryDomainFieldElement)

//go:noescape
func p384Square(out1, arg1 *p384MontgomeryDomainFieldElement)

//go:noescape
func p521Mul(out1, arg1, arg2 *p521MontgomeryDomainFieldElement)

//go:noescape
func p521Square(out1, arg1 *p521MontgomeryDomainFieldElement)
