package heap

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// # Mourning
//
// Some hold on to objects without keeping them alive: specials (finalizers, cleanups, weak handles, samples), and
// records of the machine. When a collection beside the program has marked, they are told which objects are dead,
// before the first of those is swept and its slot used again. There may be many of them, so that this
// too is done beside the program, in pieces:
//
//	EndMark ──► the machine's records (Mourner.Forget) ──► specials, span by span ──► sweep
//
// Nothing is swept meanwhile. Spans of the old generation keep their mark bits, and nobody allocates from them:
//
//	dead = slot of a span of the old generation without its mark
//
// An object with a finalizer is marked when the finalizer is queued, which keeps it for one more cycle; what it
// leads to has been marked from it before. So spans may come in any order. Whoever asks a weak handle for its pointer
// looks first whether the object is dead.
//
// The collector's turns do the pieces; an allocator does one at each refill, so that a program that
// allocates much does not wait long for its garbage.

// mournPiece is the specials in a piece.
const mournPiece = 512

type mourning struct {
	on atomic.Bool // nothing is swept yet

	mu     sync.Mutex // held by who does a piece; nobody waits for it. Guards the rest
	m      *Mourner
	forgot bool   // Forget has nothing left
	next   uint32 // spans with lower ids have been looked at
}

// begin is called with the world stopped.
func (n *mourning) begin(m *Mourner) {
	n.m, n.forgot, n.next = m, m.Forget == nil, 0
	n.on.Store(true)
}

// Mourning reports whether the sweep waits for those who must be told of the dead.
func (h *Heap) Mourning() bool { return h.mourning.on.Load() }

// mournSome does a piece, and begins the sweep after the last. It reports false when there is none, or
// somebody else is at it.
func (h *Heap) mournSome() bool {
	n := &h.mourning
	if !n.mu.TryLock() {
		return false
	}
	defer n.mu.Unlock()
	if !n.on.Load() {
		return false
	}
	if !n.forgot {
		n.forgot = !n.m.Forget()
		return true
	}
	h.specialMu.Lock()
	defer h.specialMu.Unlock()
	var again Swept
	done := 0
	n.next = h.bearers(n.next, func(s *Span) bool {
		if s.gen != h.gen {
			done += h.sweepSpecials(s, n.m, &again)
		}
		return done < mournPiece
	})
	h.live.Add(int64(again.LiveBytes))
	h.scan.Add(int64(again.ScanBytes))
	if n.next == 0 {
		n.m = nil
		h.next.Store(h.sweepTop)
		n.on.Store(false)
	}
	return true
}

// strong is what the weak handle at a holds, or 0 when that is dead.
func (h *Heap) strong(a mem.Addr) mem.Addr {
	word := (*uint64)(unsafe.Add(h.base, a))
	if !h.mourning.on.Load() {
		return atomic.LoadUint64(word)
	}
	h.specialMu.Lock()
	defer h.specialMu.Unlock()
	p := atomic.LoadUint64(word)
	if p != 0 && h.mourning.on.Load() && h.SpanOf(p) != nil && !h.Alive(p) {
		return 0
	}
	return p
}
