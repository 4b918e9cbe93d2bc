package field

// Products are the host's, limb for limb what feMulGeneric and feSquareGeneric give.

//go:noescape
func feMul(v, x, y *Element)

//go:noescape
func feSquare(v, x *Element)
