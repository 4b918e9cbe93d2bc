package tree

import "go/token"

// Positions in inlined bodies
//
// A position in the copy of a function's body names two places: where the node stands in the source of
// that function, and the call that the copy replaces, which may itself stand in a copy. So a
// token.Pos carries a number besides the place:
//
//	 63          32 31            0
//	┌──────────────┬───────────────┐
//	│ inlined call │ place         │   0 in the upper half: the node stands where its function was written
//	└──────────────┴───────────────┘
//
// Program.Inlined lists the inlined calls, number 1 first. Positions of the upper half are valid and compare
// equal only if both halves do; whoever turns one into a file and a line takes Place (where the code was
// written: line tables) or Site (where the outermost call stands: messages of the compiler).

const placeBits = 32

// InlinedCall is a call that was replaced by the body of its function.
type InlinedCall struct {
	F    *Func
	Call token.Pos // of the call, with the number of the inlined call that it stands in
}

// AddInlined enters an inlined call and returns its number.
func (p *Program) AddInlined(f *Func, call token.Pos) int {
	p.Inlined = append(p.Inlined, InlinedCall{f, call})
	return len(p.Inlined)
}

// InlinedAt is the number of the inlined call that pos stands in, 0 if none.
func InlinedAt(pos token.Pos) int { return int(pos >> placeBits) }

// Place is where the node at pos was written.
func Place(pos token.Pos) token.Pos { return pos & (1<<placeBits - 1) }

// AtInlined is the place pos in inlined call n.
func AtInlined(pos token.Pos, n int) token.Pos {
	if !pos.IsValid() {
		return pos
	}
	return Place(pos) | token.Pos(n)<<placeBits
}

// Site is the place of the outermost call that pos was inlined with, or pos itself.
func (p *Program) Site(pos token.Pos) token.Pos {
	for n := InlinedAt(pos); n > 0; n = InlinedAt(pos) {
		pos = p.Inlined[n-1].Call
	}
	return pos
}

// SiteIn is Site for a position in f: what stands in a literal that was copied with an inlined body is where that body's outermost
// call stands.
func (p *Program) SiteIn(f *Func, pos token.Pos) token.Pos {
	for pos = p.Site(pos); f != nil; f = f.Outer {
		if f.Inlined > 0 {
			pos = p.Site(AtInlined(pos, f.Inlined))
		}
	}
	return pos
}

// Top is the declared function that f is nested in, or f itself.
func (f *Func) Top() *Func {
	for f.Outer != nil {
		f = f.Outer
	}
	return f
}

// Position is the file and line of Place(pos).
func (p *Program) Position(pos token.Pos) token.Position { return p.Fset.Position(Place(pos)) }
