package tree

import "go/types"

// mapIter is the type of the hidden iterator of a range over a map: internal/runtime/maps.Iter. Its first two
// fields are the pointers to the key and the element of the round, nil at the end.
func (p *Program) mapIter() types.Type {
	pkg := p.load.ByPath["internal/runtime/maps"]
	if pkg == nil {
		bug("range over a map, but package internal/runtime/maps is not loaded")
	}
	return p.Canon(pkg.Types.Scope().Lookup("Iter").Type())
}

// GlobalBySym returns the package-level variable with the given linker symbol, or nil when there is none.
func (p *Program) GlobalBySym(sym string) *Var {
	if v, ok := p.load.Provider(sym).(*types.Var); ok && v != nil {
		return p.Global(v)
	}
	return nil
}
