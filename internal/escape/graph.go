package escape

import "github.com/terrarium-go/terrarium/internal/tree"

// attr is a set of facts about a location.
type attr uint8

const (
	escapes  attr = 1 << iota // the storage must be on the heap
	persists                  // the storage is needed after the statement that makes it
	mutates                   // memory that the value points to may be written
	calls                     // functions that the value holds may be called with nobody watching their results
)

// location is a vertex of the graph: a variable, the storage that an expression allocates, or a
// place that has no counterpart in the source (heap, mutator, callee, joints).
//
// Invariants:
//
//	attrs only grows
//	in solve: dist is the least number of derefs on a path to root, valid when round is the current one
type location struct {
	v     *tree.Var // the variable, or nil
	node  tree.Node // the allocating expression, or nil
	fn    *tree.Func
	in    []edge // what flows here
	depth int    // loop depth where it comes to life; 1 is the function's own

	attrs      attr
	leaks      leaks // for parameters
	result     int   // 1-based for results, else 0
	captured   bool
	reassigned bool
	addressed  bool
	why        string // set when the storage is on the heap for a reason of its own ("too large for stack")

	// Of one walk (solve.go).
	dist    int // ≥ -1
	round   uint32
	queued  uint32 // round in which it waits for a visit
	waiting bool   // waits for a walk from it
	next    *location
	via     int // index in next.in of the edge taken

	// Kept for explanations: the first path to something that outlives it, and why that does.
	path []Hop
	end  End

	id int // in a Graph, 0: none yet
}

func (l *location) has(a attr) bool { return l.attrs&a != 0 }
func (l *location) isParam() bool   { return l.v != nil && l.v.Kind == tree.Param }
func (l *location) isResult() bool  { return l.v != nil && l.v.Kind == tree.Result }

// edge is an assignment: src flows here after derefs dereferences (-1: its address does).
type edge struct {
	src    *location
	derefs int
	notes  *note
}

// note says by which construct a value flowed; the outermost construct comes first.
type note struct {
	next  *note
	where tree.Node
	why   string
}

// dest is where the value of an expression goes: dst, after derefs dereferences. taken says that the
// expression's address is asked for, whether it is stored or not.
type dest struct {
	dst    *location
	derefs int
	notes  *note
	taken  bool
}

func (l *location) dest() dest { return dest{dst: l} }

func (d dest) shift(n int) dest {
	d.derefs += n
	if d.derefs < -1 {
		panic("BUG: escape: address of an address")
	}
	d.taken = n < 0
	return d
}

func (d dest) note(where tree.Node, why string) dest {
	d.notes = &note{d.notes, where, why}
	return d
}

func (d dest) deref(where tree.Node, why string) dest { return d.shift(1).note(where, why) }
func (d dest) addr(where tree.Node, why string) dest  { return d.shift(-1).note(where, why) }

// leaks tells where the value of a parameter goes and through how many dereferences at least, plus one;
// 0 means that it does not go there.
type leaks [8]uint8

const (
	toHeap = iota
	toMutator
	toCallee
	toResult
	maxResults = len(leaks{}) - toResult // results beyond these count as heap
)

// derefs is the least number of dereferences to place i, -1 when nothing flows there.
func (l *leaks) derefs(i int) int { return int(l[i]) - 1 }

func (l *leaks) add(i, derefs int) {
	if old := l.derefs(i); old < 0 || derefs < old {
		l[i] = uint8(min(derefs+1, 255))
	}
}

// trim drops flows that a flow to the heap makes pointless.
func (l *leaks) trim() {
	h := l.derefs(toHeap)
	if h < 0 {
		return
	}
	for i := 1; i < len(l); i++ {
		if l.derefs(i) >= h {
			l[i] = 0
		}
	}
}

// summary is what callers know of an analysed function: Func.Escape.
type summary struct {
	params []leaks
}

// nestState is how far the analysis of a declared function with its literals is.
type nestState uint8

const (
	unknown nestState = iota
	inBatch           // its locations are in the graph of the current batch
	done              // decided; summaries are valid
)
