package sched

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// # Channels
//
// A channel is an object in the guest's heap, a header (hchan) and a ring buffer
// of elements, of the sizes that Go's channels have. Who waits on it is kept on the host:
// a table of queues by channel address, cut into shards with a lock each; the
// lock of its shard is the lock of a channel. The header's word waits says that the
// table has an entry, so that most operations do without the look-up.
//
//	recv and send queues are not both non-empty (but for a goroutine that selects on both sides)
//	count > 0     implies that no receiver waits
//	count < size  implies that no sender waits
//	a channel has an entry in the table exactly while somebody waits
//
// Values go from a sender to a waiting receiver directly, and from a waiting sender
// to the receiver, or into the place that the receiver made in the buffer. The
// frame slots of a parked goroutine are named by offsets from its stack's start,
// because a collection may move the stack.
//
// The header is guest memory, hence a claim: indexes are compared with the size, and
// buffer and elements must lie where guest memory can be; what fails is ChanBad. An
// address that is not committed faults here like any other guest access; every lock
// is released by a deferred call for that reason.

// hchan is a channel's header, 112 bytes as Go's.
type hchan struct {
	count    uint64   // elements in the buffer
	size     uint64   // elements that fit in it
	buf      mem.Addr // size elements
	elemSize uint16   // bytes
	_        uint16
	closed   uint32   // 1: closed
	timer    mem.Addr // timer that feeds this channel, or 0
	elemType mem.Addr // descriptor
	sendx    uint64   // index of the next element stored, < size
	recvx    uint64   // index of the next element taken, < size
	waits    uint64   // 1: the table has an entry
	bubble   uint64   // number of the bubble it was made in, or 0
	_        [4]uint64
}

const hchanSize = uint64(unsafe.Sizeof(hchan{}))

// hchanType is the pointer map of a header with a buffer of its own.
var hchanType = abi.GCType{
	Size:     hchanSize,
	PtrBytes: 48,
	Mask:     []uint64{1<<2 | 1<<4 | 1<<5},
	Name:     "runtime.hchan",
}

// maxElem is the first size in bytes that is too large for an element.
const maxElem = 1 << 16

const chanShards = 64 // as many as a word has bits, see lockAll

type chanShard struct {
	mu    sync.Mutex
	chans map[mem.Addr]*chanWait
	free  *chanWait
	nfree int
	_     [32]byte
}

// chanWait is who waits on one channel.
type chanWait struct {
	recv, send queue
	next       *chanWait // in the shard's pool
}

// ChanResult is the outcome of a channel operation.
type ChanResult uint8

// Outcomes of channel operations.
const (
	ChanDone       ChanResult = iota
	ChanPark                  // the goroutine is parked: answer Park, call again when resumed
	ChanWouldBlock            // only when asked not to block
	ChanRetry                 // only when asked not to block: let others run and execute the instruction again
	ChanSendClosed            // panic: send on closed channel
	ChanCloseNil              // panic: close of nil channel
	ChanCloseTwice            // panic: close of closed channel
	ChanBad                   // not a channel, or its header is damaged: guest-fatal
	ChanNoMemory              // the limit refuses the bookkeeping: answer Collect
	ChanOutside               // a channel of a bubble, from outside: guest-fatal
)

// PanicText is what the guest panics with, "" for results that are no panic.
func (r ChanResult) PanicText() string {
	switch r {
	case ChanSendClosed:
		return "send on closed channel"
	case ChanCloseNil:
		return "close of nil channel"
	case ChanCloseTwice:
		return "close of closed channel"
	}
	return ""
}

func shardIndex(key mem.Addr) int { return int(key >> 4 * 0x9e3779b97f4a7c15 >> 58) }

func (s *Sched) shard(ch mem.Addr) *chanShard { return &s.chans[shardIndex(ch)] }

// isChan reports whether a header can be at ch.
func (s *Sched) isChan(ch mem.Addr) bool {
	return ch&7 == 0 && ch >= mem.HeapBase && ch < mem.HeapEnd-hchanSize
}

func (s *Sched) chanAt(ch mem.Addr) *hchan { return (*hchan)(s.space.Ptr(ch)) }

// sound reports whether the header's claims about the buffer hold together.
func (h *hchan) sound() bool {
	return h.size <= mem.Size && h.count <= h.size && h.sendx < max(h.size, 1) && h.recvx < max(h.size, 1) &&
		mem.InRegion(h.buf, h.size*uint64(h.elemSize))
}

// outside reports whether the channel belongs to a bubble that is not g's.
func (h *hchan) outside(g *G) bool { return h.bubble != 0 && g.BubbleID() != h.bubble }

// quiet reports, without the lock, that an operation which must not block would
// not find anything at some moment during the call. The channel is seen empty (or
// full), then open; it was open before as well, because a closed channel stays
// closed.
func (h *hchan) quiet(send bool) bool {
	if atomic.LoadUint64(&h.waits) != 0 || h.timer != 0 {
		return false
	}
	n := atomic.LoadUint64(&h.count)
	return (send && n >= h.size || !send && n == 0) && atomic.LoadUint32(&h.closed) == 0
}

func (h *hchan) slot(i uint64) mem.Addr { return h.buf + i*uint64(h.elemSize) }

// next is the index after i.
func (h *hchan) next(i uint64) uint64 {
	if i++; i == h.size {
		return 0
	}
	return i
}

// move copies an element; a place 0 takes or gives nothing.
func (s *Sched) move(to, from mem.Addr, n uint16) {
	if s.Barrier().On() {
		s.Barrier().Bulk(to, uint64(n))
	}
	switch {
	case to == 0 || n == 0:
	case from == 0:
		s.space.Zero(to, uint64(n))
	case n == 8:
		s.space.Store64(to, s.space.Load64(from))
	default:
		s.space.Copy(to, from, uint64(n))
	}
}

// take removes the first waiter of q that is still to be had: a goroutine that
// selects is had by the first who sets selDone.
func (q *queue) take() *waiter {
	for w := q.head; w != nil; w = q.head {
		q.remove(w)
		if w.index < 0 {
			return w
		}
		if w.g.selDone.CompareAndSwap(0, 1) {
			w.g.chosen = w.index
			return w
		}
	}
	return nil
}

// waiting is the queues of ch, nil if nobody waits. The lock is held, as for the
// functions below.
func (sh *chanShard) waiting(ch mem.Addr, h *hchan) *chanWait {
	if h.waits == 0 {
		return nil
	}
	return sh.chans[ch]
}

// waitOn gives ch an entry in the table.
func (sh *chanShard) waitOn(ch mem.Addr, h *hchan) *chanWait {
	if cw := sh.chans[ch]; cw != nil {
		h.waits = 1
		return cw
	}
	cw := sh.free
	if cw != nil {
		sh.free, cw.next = cw.next, nil
		sh.nfree--
	} else {
		cw = &chanWait{}
	}
	if sh.chans == nil {
		sh.chans = map[mem.Addr]*chanWait{}
	}
	sh.chans[ch] = cw
	h.waits = 1
	return cw
}

// release drops the entry of ch if nobody waits any more.
func (sh *chanShard) release(ch mem.Addr, h *hchan, cw *chanWait) {
	if cw == nil || cw.recv.head != nil || cw.send.head != nil {
		return
	}
	delete(sh.chans, ch)
	h.waits = 0
	if sh.nfree < 16 {
		cw.next, sh.free = sh.free, cw
		sh.nfree++
	}
}

// MakeChan makes a channel of the channel type at guest address typ, for elements
// with the descriptor at elem of elemSize bytes and type id t, with room for size
// of them. ok is false when the size is out of range (panic: "makechan: size out
// of range").
func (s *Sched) MakeChan(p *P, elem mem.Addr, elemSize uint64, t abi.TypeID, pointers bool, size int64, f heap.Flags) (ch mem.Addr, st heap.Status, ok bool) {
	hi, n := bits.Mul64(elemSize, uint64(size))
	if size < 0 || elemSize >= maxElem || hi != 0 || n > mem.HeapEnd-mem.HeapBase-hchanSize {
		return 0, heap.OK, false
	}
	var buf mem.Addr
	switch {
	case n == 0 || !pointers:
		ch, st = p.Cache.Alloc(hchanSize+n, 0, true, f)
		buf = ch + hchanSize
		if n == 0 {
			buf = ch
		}
	default:
		if buf, st = p.Cache.Alloc(n, t, false, f); st != heap.OK {
			return 0, st, true
		}
		ch, st = p.Cache.Alloc(hchanSize, s.hchanID(), false, f)
	}
	if st != heap.OK {
		return 0, st, true
	}
	h := s.chanAt(ch)
	*h = hchan{size: uint64(size), buf: buf, elemSize: uint16(elemSize), elemType: elem}
	if g := p.cur.Load(); g != nil && g.bubble != nil {
		h.bubble = g.bubble.ID
	}
	return ch, heap.OK, true
}

// hchanID is the type id of headers with pointers; without room for the record
// they are scanned word by word.
func (s *Sched) hchanID() abi.TypeID {
	s.headerOnce.Do(func() { s.headerID, _ = s.heap.AddType(&hchanType) })
	return s.headerID
}

// ChanElemSize is the bytes of an element of ch as its header says, 0 for nil.
func (s *Sched) ChanElemSize(ch mem.Addr) uint64 {
	if !s.isChan(ch) {
		return 0
	}
	return uint64(s.chanAt(ch).elemSize)
}

// ChanLen is len(ch), ChanCap is cap(ch). Both are 0 for the channels of timers.
func (s *Sched) ChanLen(ch mem.Addr) int {
	if !s.isChan(ch) || s.chanAt(ch).timer != 0 {
		return 0
	}
	sh := s.shard(ch)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return int(s.chanAt(ch).count)
}

// ChanCap is cap(ch).
func (s *Sched) ChanCap(ch mem.Addr) int {
	if !s.isChan(ch) || s.chanAt(ch).timer != 0 {
		return 0
	}
	return int(s.chanAt(ch).size)
}

// forever parks g on a nil channel.
func (s *Sched) forever(g *G, why WaitReason, block bool) ChanResult {
	if !block {
		return ChanWouldBlock
	}
	s.Park(g, why)
	return ChanPark
}

// ChanSend sends the element at elem to ch for g, which runs on p.
func (s *Sched) ChanSend(p *P, g *G, ch, elem mem.Addr, block bool) ChanResult {
	if g.TakeResumed() {
		if g.closed {
			return ChanSendClosed
		}
		return ChanDone
	}
	if ch == 0 {
		return s.forever(g, WaitChanSendNil, block)
	}
	if !s.isChan(ch) {
		return ChanBad
	}
	if s.chanAt(ch).outside(g) {
		return ChanOutside
	}
	if !block && s.chanAt(ch).quiet(true) {
		return ChanWouldBlock
	}
	res, peer := s.send(g, ch, elem, block)
	if peer != nil {
		s.Ready(p, peer)
	}
	return res
}

func (s *Sched) send(g *G, ch, elem mem.Addr, block bool) (ChanResult, *G) {
	sh, h := s.shard(ch), s.chanAt(ch)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if h.timer != 0 && s.staleSend(g) {
		return ChanDone, nil
	}
	res, peer := s.trySend(sh, ch, h, elem)
	if res != ChanWouldBlock || !block {
		return res, peer
	}
	s.park(g, h.reason(WaitChanSend, WaitChanSendDurable))
	g.w = waiter{g: g, key: ch, elem: placeOf(g, elem), index: -1, send: true}
	sh.waitOn(ch, h).send.push(&g.w)
	return ChanPark, nil
}

// trySend sends without waiting; the receiver that it served is to be made ready.
func (s *Sched) trySend(sh *chanShard, ch mem.Addr, h *hchan, elem mem.Addr) (ChanResult, *G) {
	if h.closed != 0 {
		return ChanSendClosed, nil
	}
	if cw := sh.waiting(ch, h); cw != nil {
		w := cw.recv.take()
		sh.release(ch, h, cw)
		if w != nil {
			s.move(w.hold(s), elem, h.elemSize)
			w.letGo()
			w.g.ok, w.g.closed = true, false
			return ChanDone, w.g
		}
	}
	if h.count >= h.size {
		return ChanWouldBlock, nil
	}
	if !h.sound() {
		return ChanBad, nil
	}
	s.move(h.slot(h.sendx), elem, h.elemSize)
	h.sendx = h.next(h.sendx)
	h.count++
	return ChanDone, nil
}

// ChanRecv receives from ch into the place elem (0: drop the value) for g, which
// runs on p. ok says that a value was received, not the zero value of a closed
// channel.
func (s *Sched) ChanRecv(p *P, g *G, ch, elem mem.Addr, block bool) (res ChanResult, ok bool) {
	if g.TakeResumed() {
		return ChanDone, g.ok
	}
	if ch == 0 {
		return s.forever(g, WaitChanRecvNil, block), false
	}
	if !s.isChan(ch) {
		return ChanBad, false
	}
	if s.chanAt(ch).outside(g) {
		return ChanOutside, false
	}
	if !block && s.chanAt(ch).quiet(false) {
		return ChanWouldBlock, false
	}
	if s.chanAt(ch).timer != 0 {
		s.runTimers(p, allTimers)
	}
	res, ok, peer := s.recv(g, ch, elem, block)
	if peer != nil {
		s.Ready(p, peer)
	}
	return res, ok
}

func (s *Sched) recv(g *G, ch, elem mem.Addr, block bool) (ChanResult, bool, *G) {
	sh, h := s.shard(ch), s.chanAt(ch)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	res, ok, peer := s.tryRecv(sh, ch, h, elem)
	if res != ChanWouldBlock {
		return res, ok, peer
	}
	if !block {
		if h.timer != 0 && s.undelivered(g, h.timer) {
			return ChanRetry, false, nil
		}
		return res, ok, peer
	}
	s.park(g, h.reason(WaitChanRecv, WaitChanRecvDurable))
	g.w = waiter{g: g, key: ch, elem: placeOf(g, elem), index: -1}
	sh.waitOn(ch, h).recv.push(&g.w)
	return ChanPark, false, nil
}

// tryRecv receives without waiting; the sender that it served is to be made ready.
func (s *Sched) tryRecv(sh *chanShard, ch mem.Addr, h *hchan, elem mem.Addr) (ChanResult, bool, *G) {
	if h.closed != 0 && h.count == 0 {
		s.move(elem, 0, h.elemSize)
		return ChanDone, false, nil
	}
	if !h.sound() {
		return ChanBad, false, nil
	}
	if cw := sh.waiting(ch, h); cw != nil && h.closed == 0 {
		w := cw.send.take()
		sh.release(ch, h, cw)
		if w != nil {
			from := w.hold(s)
			if h.size == 0 {
				s.move(elem, from, h.elemSize)
			} else { // the buffer is full: the oldest goes out, the sender's comes in
				slot := h.slot(h.recvx)
				s.move(elem, slot, h.elemSize)
				s.move(slot, from, h.elemSize)
				h.recvx = h.next(h.recvx)
				h.sendx = h.recvx
			}
			w.letGo()
			w.g.ok, w.g.closed = true, false
			return ChanDone, true, w.g
		}
	}
	if h.count == 0 {
		return ChanWouldBlock, false, nil
	}
	slot := h.slot(h.recvx)
	s.move(elem, slot, h.elemSize)
	s.move(slot, 0, h.elemSize)
	h.recvx = h.next(h.recvx)
	h.count--
	return ChanDone, true, nil
}

// reason is why a goroutine waits on the channel.
func (h *hchan) reason(plain, durable WaitReason) WaitReason {
	if h.bubble != 0 {
		return durable
	}
	return plain
}

// drain empties a timer's channel and reports whether it held anything. The lock
// is held.
func (s *Sched) drain(ch mem.Addr) bool {
	h := s.chanAt(ch)
	if h.count == 0 || !h.sound() {
		return false
	}
	for ; h.count > 0; h.count-- {
		s.move(h.slot(h.recvx), 0, h.elemSize)
		h.recvx = h.next(h.recvx)
	}
	return true
}

// ChanClose closes ch: every waiter goes on. They are made ready last in, first out, receivers after senders, as the real runtime
// does, which shows where one P runs everything.
func (s *Sched) ChanClose(p *P, g *G, ch mem.Addr) ChanResult {
	if ch == 0 {
		return ChanCloseNil
	}
	if !s.isChan(ch) {
		return ChanBad
	}
	if s.chanAt(ch).outside(g) {
		return ChanOutside
	}
	res, peers := s.closeChan(ch)
	for g := peers.pop(); g != nil; g = peers.pop() {
		s.Ready(p, g)
	}
	return res
}

func (s *Sched) closeChan(ch mem.Addr) (res ChanResult, peers list) {
	sh, h := s.shard(ch), s.chanAt(ch)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if h.closed != 0 {
		return ChanCloseTwice, peers
	}
	h.closed = 1
	cw := sh.waiting(ch, h)
	if cw == nil {
		return ChanDone, peers
	}
	for w := cw.recv.take(); w != nil; w = cw.recv.take() {
		s.move(w.hold(s), 0, h.elemSize)
		w.letGo()
		w.g.ok, w.g.closed = false, true
		peers.prepend(w.g)
	}
	for w := cw.send.take(); w != nil; w = cw.send.take() {
		w.g.ok, w.g.closed = false, true
		peers.prepend(w.g)
	}
	sh.release(ch, h, cw)
	return ChanDone, peers
}

// park is Park of the scheduler's own operations, with their outcome reset.
func (s *Sched) park(g *G, why WaitReason) {
	g.ok, g.closed = false, false
	s.Park(g, why)
}
