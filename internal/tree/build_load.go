package tree

import (
	"go/types"

	"github.com/terrarium-go/terrarium/internal/load"
)

// What the builder takes from room load.
type (
	loadProgram = load.Program
	loadPackage = load.Package
)

// pkgOf returns the loaded package of a types.Package.
func (p *Program) pkgOf(t *types.Package) *loadPackage { return p.load.Package(t) }

// pragma translates the directives of a function.
func (p *Program) pragma(f *types.Func) FuncFlag {
	have := p.load.Pragma(f).Flags
	var out FuncFlag
	for _, x := range [...]struct {
		from load.PragmaFlag
		to   FuncFlag
	}{
		{load.NoInline, NoInline},
		{load.NoEscape, NoEscape},
		{load.NoSplit, NoSplit},
		{load.UintptrEscapes, UintptrEsc},
		{load.UintptrKeepAlive, UintptrKeep},
	} {
		if have&x.from != 0 {
			out |= x.to
		}
	}
	return out
}
