package escape

import (
	"go/token"
	"strings"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// solve walks the graph backwards from every location, the heap first, and marks what must not live in a frame.
// A location is walked again when it starts to persist or to escape: each of that happens once.
func (b *batch) solve() {
	var todo deque
	enqueue := func(l *location) {
		if !l.waiting {
			l.waiting = true
			if l.has(escapes) {
				todo.pushFront(l)
			} else {
				todo.pushBack(l)
			}
		}
	}
	for _, l := range b.all {
		l.waiting = true
		todo.pushFront(l)
	}
	for _, l := range []*location{&b.mutator, &b.callee, &b.heap} {
		l.waiting = true
		todo.pushFront(l)
	}
	var work deque
	for round := uint32(1); ; round++ {
		root := todo.popFront()
		if root == nil {
			return
		}
		root.waiting = false
		b.walk(root, round, &work, enqueue)
	}
}

// walk finds the least derefs from every location to root: Bellman-Ford, with the count never below 0 on the
// way, so that cycles end.
func (b *batch) walk(root *location, round uint32, work *deque, enqueue func(*location)) {
	root.round, root.dist, root.next = round, 0, nil
	if root.has(calls) {
		if f := literalOf(root.node); f != nil && b.inBatch(f) && !b.lost[f] {
			// Somebody unknown calls this literal: its results go anywhere.
			b.lost[f] = true
			for _, r := range f.Results {
				enqueue(b.loc(r))
			}
		}
	}
	work.pushFront(root)
	for {
		l := work.popFront()
		if l == nil {
			return
		}
		l.queued = 0
		d := l.dist
		var fresh attr
		if d < 0 { // the address of l reaches root; what flows into l does not become an address
			d = 0
			if b.outlives(root, l) {
				if !l.has(escapes) {
					l.path = b.trace(root, l)
					l.end = b.outlived(root, l)
				}
				fresh |= escapes | persists | mutates | calls
			} else if root.has(persists) {
				fresh |= persists
			}
		}
		if d == 0 {
			fresh |= root.attrs & (mutates | calls)
		}
		if l.isParam() {
			if b.outlives(root, l) {
				if b.a.Explain && !l.has(escapes) {
					b.explainLeak(root, l, d)
				}
				b.leak(l, root, d)
			}
			if root.has(mutates) {
				l.leaks.add(toMutator, d)
			}
			if root.has(calls) {
				l.leaks.add(toCallee, d)
			}
		}
		if fresh&^l.attrs != 0 {
			l.attrs |= fresh
			enqueue(l)
			if l.has(escapes) {
				continue
			}
		}
		for i := range l.in {
			e := &l.in[i]
			s := e.src
			if s.has(escapes) {
				continue
			}
			if n := d + e.derefs; s.round != round || s.dist > n {
				s.round, s.dist, s.next, s.via = round, n, l, i
				if s.queued != round {
					s.queued = round
					work.pushBack(s)
				}
			}
		}
	}
}

// leak notes that parameter l flows to root.
func (b *batch) leak(l, root *location, derefs int) {
	if !root.has(escapes) && root.isResult() && root.fn == l.fn && root.result <= maxResults {
		l.leaks.add(toResult+root.result-1, derefs)
		return
	}
	l.leaks.add(toHeap, derefs)
}

// outlives reports whether values in l may be needed after other's storage, if in a frame, is gone.
func (b *batch) outlives(l, other *location) bool {
	switch {
	case l.has(escapes):
		return true
	case l == &b.mutator || l == &b.callee:
		return false
	case l.isResult():
		// A literal whose calls are all known may return pointers into the function around it.
		return !(encloses(other.fn, l.fn) && !b.lost[l.fn])
	case l.fn == other.fn:
		return l.depth < other.depth // made anew in each round of a loop that l is outside of
	}
	return encloses(l.fn, other.fn) // other dies when the literal returns
}

// End says why the last location of a path outlives the first.
type End uint8

const (
	EndHeap     End = iota // it is the heap
	EndHeapVar             // it is a variable or storage that is on the heap itself
	EndResult              // it is a result of the function
	EndLoop                // it lives on from round to round of a loop
	EndOuter               // it belongs to the function around
	EndTooLarge            // the storage does not fit a frame
)

var endNames = [...]string{"heap", "heap object", "result", "loop", "outer function", "size"}

// String is the end's name.
func (e End) String() string { return endNames[e] }

// outlived says by which rule of outlives l outlives other.
func (b *batch) outlived(l, other *location) End {
	switch {
	case l == &b.heap:
		return EndHeap
	case l.has(escapes):
		return EndHeapVar
	case l.isResult():
		return EndResult
	case l.fn == other.fn:
		return EndLoop
	}
	return EndOuter
}

// encloses reports whether inner is a literal with captures inside of outer.
func encloses(outer, inner *tree.Func) bool {
	if outer == nil || inner == nil || len(inner.Captures) == 0 {
		return false
	}
	for f := inner.Outer; f != nil; f = f.Outer {
		if f == outer {
			return true
		}
	}
	return false
}

// Hop is one step of a flow: the value (or with Derefs -1 the address) of From goes to To.
type Hop struct {
	From, To Place
	Derefs   int
	Notes    []HopNote
}

// Place is a location in explanations.
type Place struct {
	Text string    // in the words of the real compiler
	Var  *tree.Var // or nil
	Node tree.Node // the allocating expression, or nil
	Held tree.Stmt // the go or defer statement that the storage, a func value, is made for, or nil

	path []Hop // of a place that is on the heap: why it is
	end  End
}

// HopNote is the construct by which a hop happens.
type HopNote struct {
	Node tree.Node
	Pos  token.Pos // as the real compiler has it
	Text string
	Why  string
}

func (b *batch) hop(dst, src *location, derefs int, n *note) Hop {
	h := Hop{From: b.place(src), To: b.place(dst), Derefs: derefs}
	for ; n != nil; n = n.next {
		h.Notes = append(h.Notes, HopNote{n.where, b.a.p.Site(place(n.where)), b.a.text(n.where), n.why})
	}
	return h
}

// trace is the path from l to root of the current walk.
func (b *batch) trace(root, l *location) []Hop {
	if !b.a.Explain {
		return nil
	}
	var hops []Hop
	seen := map[*location]bool{}
	for s := l; s != root && s.next != nil && !seen[s]; s = s.next {
		seen[s] = true
		e := &s.next.in[s.via]
		hops = append(hops, b.hop(s.next, s, e.derefs, e.notes))
	}
	return hops
}

func (b *batch) explainLeak(root, l *location, derefs int) {
	b.leakPaths = append(b.leakPaths, leakPath{l, b.name(root), derefs, b.trace(root, l)})
}

type leakPath struct {
	l      *location
	to     string
	derefs int
	hops   []Hop
}

func (b *batch) place(l *location) Place {
	return Place{b.name(l), l.v, l.node, b.a.held[l.node], l.path, l.end}
}

// name is a location in the words of the real compiler.
func (b *batch) name(l *location) string {
	switch {
	case l == &b.heap:
		return "{heap}"
	case l.v != nil:
		return b.a.varName(l.v)
	case l.node != nil:
		return "{storage for " + b.a.text(l.node) + "}"
	}
	return "{temp}"
}

// Flow is the hop as "to ← *from".
func (h Hop) Flow() string {
	ops := "&"
	if h.Derefs >= 0 {
		ops = strings.Repeat("*", h.Derefs)
	}
	return h.To.Text + " ← " + ops + h.From.Text
}

// deque is a queue of locations with two ends.
type deque struct {
	front []*location // reversed: last is next
	back  []*location
	at    int
}

func (q *deque) pushFront(l *location) { q.front = append(q.front, l) }
func (q *deque) pushBack(l *location)  { q.back = append(q.back, l) }

func (q *deque) popFront() *location {
	if n := len(q.front); n > 0 {
		l := q.front[n-1]
		q.front = q.front[:n-1]
		return l
	}
	if q.at < len(q.back) {
		l := q.back[q.at]
		if q.at++; q.at == len(q.back) {
			q.back, q.at = q.back[:0], 0
		}
		return l
	}
	return nil
}
