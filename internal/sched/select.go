package sched

import (
	"math/bits"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// # Select
//
// A select with several cases goes as in Go:
//
//  1. The cases get a random order, and the locks of all their channels are taken.
//  2. The first case in that order that can proceed does.
//  3. Otherwise, without a default, the goroutine queues one waiter per case and
//     parks. Whoever takes the first of these waiters sets selDone; the others are
//     then worth nothing to anybody.
//  4. When it runs again it takes the remaining waiters out of their queues.
//
// There are 64 shards of channels, so the locks to take are a word with a bit per
// shard, and their order is that of the bits.

// Case is one case of a select. A nil channel never proceeds.
type Case struct {
	Ch   mem.Addr
	Elem mem.Addr // where the value is (send) or goes (receive; 0: dropped)
	Send bool
}

// Cases is room for n cases, valid until p's goroutine parks or the host function
// returns.
func (p *P) Cases(n int) []Case {
	if cap(p.cases) < n {
		p.cases = make([]Case, n)
		p.order = make([]uint16, n)
	}
	return p.cases[:n]
}

// maxCases is the most cases of a select, as in Go.
const maxCases = 1 << 16

// Select carries out a select of g, which runs on p. chosen is the index of the
// case that proceeded, -1 for the default; ok is as for ChanRecv.
func (s *Sched) Select(p *P, g *G, cases []Case, hasDefault bool) (chosen int, ok bool, res ChanResult) {
	if g.TakeResumed() {
		return s.selected(g, cases)
	}
	if len(cases) > maxCases {
		return 0, false, ChanBad
	}
	var locks uint64
	quiet := hasDefault
	why := WaitSelectDurable
	for i := range cases {
		ch := cases[i].Ch
		if ch == 0 {
			continue
		}
		if !s.isChan(ch) {
			return 0, false, ChanBad
		}
		if s.chanAt(ch).outside(g) {
			return 0, false, ChanOutside
		}
		if s.chanAt(ch).bubble == 0 {
			why = WaitSelect
		}
		quiet = quiet && s.chanAt(ch).quiet(cases[i].Send)
		locks |= 1 << shardIndex(ch)
		if !cases[i].Send && s.chanAt(ch).timer != 0 {
			s.runTimers(p, allTimers)
		}
	}
	if locks == 0 && !hasDefault {
		s.Park(g, WaitSelectNone)
		return 0, false, ChanPark
	}
	if quiet {
		return -1, false, ChanDone
	}
	order := p.shuffle(len(cases))
	if !hasDefault && !s.growSelect(g, len(cases)) {
		return 0, false, ChanNoMemory
	}
	chosen, ok, res, peer := s.selectLocked(g, cases, order, locks, hasDefault, why)
	if peer != nil {
		s.Ready(p, peer)
	}
	return chosen, ok, res
}

// shuffle is a random order of n cases.
func (p *P) shuffle(n int) []uint16 {
	if cap(p.order) < n {
		p.order = make([]uint16, n)
	}
	o := p.order[:n]
	for i := range o {
		j := p.Rand32n(uint32(i + 1))
		o[i] = o[j]
		o[j] = uint16(i)
	}
	return o
}

func (s *Sched) lockAll(locks uint64) {
	for ; locks != 0; locks &= locks - 1 {
		s.chans[bits.TrailingZeros64(locks)].mu.Lock()
	}
}

func (s *Sched) unlockAll(locks uint64) {
	for ; locks != 0; locks &= locks - 1 {
		s.chans[bits.TrailingZeros64(locks)].mu.Unlock()
	}
}

func (s *Sched) selectLocked(g *G, cases []Case, order []uint16, locks uint64, hasDefault bool, why WaitReason) (int, bool, ChanResult, *G) {
	s.lockAll(locks)
	defer s.unlockAll(locks)
	for _, o := range order {
		c := &cases[o]
		if c.Ch == 0 {
			continue
		}
		sh, h := s.shard(c.Ch), s.chanAt(c.Ch)
		var res ChanResult
		var ok bool
		var peer *G
		if c.Send {
			if h.timer != 0 && s.staleSend(g) {
				return int(o), false, ChanDone, nil
			}
			res, peer = s.trySend(sh, c.Ch, h, c.Elem)
		} else {
			res, ok, peer = s.tryRecv(sh, c.Ch, h, c.Elem)
		}
		if res != ChanWouldBlock {
			return int(o), ok, res, peer
		}
	}
	if hasDefault {
		for i := range cases {
			if c := &cases[i]; c.Ch != 0 && !c.Send {
				if t := s.chanAt(c.Ch).timer; t != 0 && s.undelivered(g, t) {
					return 0, false, ChanRetry, nil
				}
			}
		}
		return -1, false, ChanDone, nil
	}
	s.park(g, why)
	g.selDone.Store(0)
	g.sel = g.sel[:len(cases)]
	for i := range cases {
		c, w := &cases[i], &g.sel[i]
		*w = waiter{g: g, key: c.Ch, index: int32(i), send: c.Send}
		if c.Ch == 0 {
			continue
		}
		w.elem = placeOf(g, c.Elem)
		cw := s.shard(c.Ch).waitOn(c.Ch, s.chanAt(c.Ch))
		if c.Send {
			cw.send.push(w)
		} else {
			cw.recv.push(w)
		}
	}
	return 0, false, ChanPark, nil
}

// selected finishes a select that had parked.
func (s *Sched) selected(g *G, cases []Case) (chosen int, ok bool, res ChanResult) {
	var locks uint64
	for i := range g.sel {
		if w := &g.sel[i]; w.key != 0 {
			locks |= 1 << shardIndex(w.key)
		}
	}
	s.lockAll(locks)
	defer s.unlockAll(locks)
	for i := range g.sel {
		w := &g.sel[i]
		if !w.queued {
			continue
		}
		sh, h := s.shard(w.key), s.chanAt(w.key)
		cw := sh.chans[w.key]
		if w.send {
			cw.send.remove(w)
		} else {
			cw.recv.remove(w)
		}
		sh.release(w.key, h, cw)
	}
	chosen = int(g.chosen)
	send := chosen < len(g.sel) && g.sel[chosen].send
	g.sel = g.sel[:0]
	if send {
		if g.closed {
			return chosen, false, ChanSendClosed
		}
		return chosen, false, ChanDone
	}
	return chosen, g.ok, ChanDone
}

// growSelect gives g room for n waiters.
func (s *Sched) growSelect(g *G, n int) bool {
	if cap(g.sel) >= n {
		return true
	}
	n = max(n, 4)
	if !s.space.Charge(int64(n)*selectCost, recordKind) {
		return false
	}
	g.freeSelect(s)
	g.sel = make([]waiter, 0, n)
	return true
}

// selectCost is the bytes charged for a case of a parked select: its waiter and
// the queue of its channel.
const selectCost = int64(unsafe.Sizeof(waiter{})) + 64

// freeSelect gives the waiters back.
func (g *G) freeSelect(s *Sched) {
	s.space.Uncharge(int64(cap(g.sel))*selectCost, recordKind)
	g.sel = nil
}
