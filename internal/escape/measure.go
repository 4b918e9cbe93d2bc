package escape

import (
	"cmp"
	"go/token"
	"path/filepath"
	"slices"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// # Decisions and what happened
//
// A machine that counts allocations says for each the line and the column of the instruction, which are those of the
// expression in the tree, and the calls between it and the package that is studied. Join looks for the decision that
// the instruction carries out:
//
//  1. one whose expression stands exactly there;
//  2. else one whose message stands there (a conversion is where its operand is);
//  3. else, for a variable, one on the line: it is made where it is declared, a parameter where its function begins;
//  4. else, for a copy inlined in a function that was not analysed, such as a benchmark, that of the function it was written in;
//  5. else none: what is allocated has no site, such as the groups of a growing map, a channel, s += t, or is made by a callee.

// Count is what a machine has counted at one place: the instruction of function Func that made the allocation, or the
// call of the function that did. With inlined calls the place is where the expression or call was written, in another function.
type Count struct {
	File string
	Line int
	Col  int    // 0: not known
	Func string // whose frame it is, as tracebacks have it

	AtFile string // the place in the package that is studied
	AtLine int
	AtCol  int

	Written string // the innermost function of the package studied, which may be inlined in Func

	Through string // the function called there that made the allocation or led to it; "" for none
	Runtime string // the function of the runtime that made it, for something that is no call in the source; "" for none

	Traffic
}

// Traffic is a number of allocations. Bytes are those of the heap's slots.
type Traffic struct {
	Objects, Bytes    uint64
	Freed             uint64 // objects
	Young, YoungBytes uint64 // of objects that died before the first collection after they were made
}

func (t *Traffic) add(u *Traffic) {
	t.Objects += u.Objects
	t.Bytes += u.Bytes
	t.Freed += u.Freed
	t.Young += u.Young
	t.YoungBytes += u.YoungBytes
}

// Measured is a site with its traffic.
type Measured struct {
	Finding *Finding // nil: no decision
	Count
}

// Join gives every finding about an allocation site its counts, and every count that belongs to none an entry of its own,
// the most expensive first: by bytes, then by objects, then by place.
func Join(found []Finding, fset *token.FileSet, counts []Count) []Measured {
	type place struct {
		file string
		line int
	}
	byLine := map[place][]*Finding{}
	entry := map[place][]*Finding{} // parameters, by where their function begins
	at := func(p token.Pos) (place, int) {
		x := fset.Position(tree.Place(p))
		return place{filepath.Base(x.Filename), x.Line}, x.Column
	}
	for i := range found {
		f := &found[i]
		if f.Kind != Moved && f.Kind != Escapes && f.Kind != Stays {
			continue
		}
		p, _ := at(f.Pos)
		byLine[p] = append(byLine[p], f)
		if f.Node != nil {
			if q, _ := at(f.Node.Pos()); q != p {
				byLine[q] = append(byLine[q], f)
			}
		}
		if f.Var != nil { // the copy of a variable of an inlined function is made where that one was written
			if q, _ := at(f.Var.Pos); q != p {
				byLine[q] = append(byLine[q], f)
			}
		}
		if f.Var != nil && f.Var.Kind != tree.Local && f.Fn != nil {
			q, _ := at(f.Fn.Pos)
			entry[q] = append(entry[q], f)
		}
	}
	decide := func(c *Count, fn string) *Finding {
		p := place{filepath.Base(c.File), c.Line}
		var exact, message, variable *Finding
		for _, f := range byLine[p] {
			if unqualified(fn) != f.In {
				continue
			}
			if f.Node != nil {
				if q, col := at(f.Node.Pos()); q == p && col == c.Col && better(f, exact) {
					exact = f
				}
			} else if f.Kind == Moved && better(f, variable) {
				variable = f
			}
			if _, col := at(f.Pos); col == c.Col && better(f, message) {
				message = f
			}
		}
		if variable == nil {
			for _, f := range entry[p] {
				if unqualified(fn) == f.In {
					variable = f
				}
			}
		}
		for _, f := range []*Finding{exact, message, variable} {
			if f != nil {
				return f
			}
		}
		return nil
	}
	sums := map[*Finding]*Measured{}
	type free struct {
		place
		col                  int
		fn, through, runtime string
	}
	rest := map[free]*Measured{}
	var out []*Measured
	for i := range counts {
		c := &counts[i]
		var f *Finding
		if c.Through == "" {
			if f = decide(c, c.Func); f == nil && c.Written != "" && c.Written != c.Func {
				f = decide(c, c.Written)
			}
		}
		var m *Measured
		if f != nil {
			if m = sums[f]; m == nil {
				m = &Measured{Finding: f, Count: *c}
				m.Traffic = Traffic{}
				sums[f] = m
				out = append(out, m)
			}
		} else {
			k := free{place{c.AtFile, c.AtLine}, c.AtCol, c.Func, c.Through, c.Runtime}
			if m = rest[k]; m == nil {
				m = &Measured{Count: *c}
				m.Traffic = Traffic{}
				rest[k] = m
				out = append(out, m)
			}
		}
		m.add(&c.Traffic)
	}
	for i := range found {
		f := &found[i]
		if sums[f] == nil && (f.Kind == Moved || f.Kind == Escapes) {
			x := fset.Position(tree.Place(f.Pos))
			out = append(out, &Measured{Finding: f, Count: Count{File: x.Filename, Line: x.Line, Col: x.Column, Func: f.In, AtFile: x.Filename, AtLine: x.Line, AtCol: x.Column}})
		}
	}
	slices.SortStableFunc(out, func(x, y *Measured) int {
		return cmp.Or(-cmp.Compare(x.Bytes, y.Bytes), -cmp.Compare(x.Objects, y.Objects),
			cmp.Compare(x.AtFile, y.AtFile), cmp.Compare(x.AtLine, y.AtLine), cmp.Compare(x.AtCol, y.AtCol))
	})
	list := make([]Measured, len(out))
	for i, m := range out {
		list[i] = *m
	}
	return list
}

// better prefers findings of what is on the heap.
func better(f, than *Finding) bool { return than == nil || than.Kind == Stays && f.Kind != Stays }

// unqualified is a function's name without its package.
func unqualified(name string) string {
	_, s, ok := splitSym(name)
	if !ok {
		return name
	}
	return s
}
