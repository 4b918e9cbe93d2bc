package host

import (
	"sync"

	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
)

// Pipes between descriptors of the guest. A pipe is memory of the host and nothing
// else, so every machine may have them, whatever it was granted.
//
//	fd_write ──► [ ring of 64 KiB ] ──► fd_read
//	   │ full: waits                      │ empty: waits; end of file without a writer
//	   └ no reader: EPIPE                 │
//	 pollWait('w') ── until 4 KiB are free   pollWait('r') ── until there is a byte or no writer
//
// A descriptor in non-blocking mode, as os.Pipe makes them, answers EAGAIN where it
// would have to wait; package internal/poll of the guest then waits at the poller,
// which knows closing and deadlines. A descriptor in blocking mode parks in the call
// itself. Both kinds of waiters stand in the same two lists. Whatever may end a wait
// wakes the whole list, and each waiter looks again: waking too often is harmless.
//
// A write of at most 4 KiB is done whole or not at all; of a longer one as much as
// there is room for, and the caller comes again with the rest.
//
// A goroutine that waits here does not count for a deadlock, as one that waits for
// a descriptor natively does not.

const (
	pipeSize   = 64 << 10
	pipeAtomic = 4 << 10
	pipeCost   = pipeSize + 1<<10 // bytes charged from the making until both ends are closed
	waiterCost = 16               // bytes charged for each waiting goroutine

	kindFIFO = 8 // file type of pipes, which the guest's package os knows; WASI has none
)

// pipe is what two descriptors share. All fields are guarded by mu.
//
// Invariants: n <= len(buf) or buf is nil and n is 0; buf is nil before the first
// write and after both ends are closed; nobody waits for an end to become ready that is.
type pipe struct {
	mu    sync.Mutex
	buf   []byte // nil or pipeSize bytes, a ring
	start int    // of the oldest byte
	n     int    // bytes in it
	ends  [2]pipeEnd
}

// The ends, as indices.
const (
	readEnd  = 0
	writeEnd = 1
)

// pipeEnd is one of the two descriptors. It is guarded by the pipe's mu.
type pipeEnd struct {
	closed  bool
	polled  bool    // the poller has been told of it
	closing bool    // the poller is to refuse it
	passed  [2]bool // the deadline for reading, for writing has passed
	waiters []*sched.G
}

// ready reports whether a call at this end would not wait.
func (p *pipe) ready(end int) bool {
	if p.ends[1-end].closed {
		return true
	}
	if end == readEnd {
		return p.n > 0
	}
	return pipeSize-p.n >= pipeAtomic
}

// park makes the calling goroutine wait at an end. p.mu is held.
func (p *pipe) park(c *Call, end int) bool {
	if !c.Space.Charge(waiterCost, mem.KindRecord) {
		return false
	}
	c.Sched.ParkIO(c.G)
	p.ends[end].waiters = append(p.ends[end].waiters, c.G)
	return true
}

// wake lets everybody at an end look again. p.mu is held.
func (p *pipe) wake(c *Call, end int) {
	e := &p.ends[end]
	for _, g := range e.waiters {
		c.Space.Uncharge(waiterCost, mem.KindRecord)
		c.Sched.ReadyIO(c.P, g)
	}
	e.waiters = nil
}

// settle wakes the ends that have become ready. p.mu is held.
func (p *pipe) settle(c *Call) {
	for end := range p.ends {
		if p.ready(end) {
			p.wake(c, end)
		}
	}
}

// wait is what a call answers that cannot go on now.
func (p *pipe) wait(w wcall, f *file) errno {
	if f.flags.Load()&flagNonblock != 0 {
		return eAGAIN
	}
	if !p.park(w.Call, f.end) {
		return refused
	}
	return parked
}

// read is fd_read: into b, which is not empty; the count goes to argument 3.
func (p *pipe) read(w wcall, f *file, b []byte) errno {
	if f.end != readEnd {
		return eBADF
	}
	w.G.TakeResumed()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ends[readEnd].closed {
		return eBADF
	}
	if !p.ready(readEnd) {
		return p.wait(w, f)
	}
	b = b[:min(len(b), p.n)]
	if k := copy(b, p.buf[min(p.start, len(p.buf)):]); k < len(b) {
		copy(b[k:], p.buf)
	}
	p.n -= len(b)
	if p.start += len(b); p.start >= pipeSize {
		p.start -= pipeSize
	}
	p.settle(w.Call)
	return w.count(3, len(b), nil)
}

// write is fd_write: of b, the count goes to argument 3.
func (p *pipe) write(w wcall, f *file, b []byte) errno {
	if f.end != writeEnd {
		return eBADF
	}
	w.G.TakeResumed()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ends[writeEnd].closed {
		return eBADF
	}
	if p.ends[readEnd].closed {
		return ePIPE
	}
	free := pipeSize - p.n
	if free == 0 && len(b) > 0 || len(b) <= pipeAtomic && free < len(b) {
		return p.wait(w, f)
	}
	if p.buf == nil {
		p.buf = make([]byte, pipeSize)
	}
	b = b[:min(len(b), free)]
	at := (p.start + p.n) % pipeSize
	if k := copy(p.buf[at:], b); k < len(b) {
		copy(p.buf, b[k:])
	}
	p.n += len(b)
	p.settle(w.Call)
	return w.count(3, len(b), nil)
}

// closeEnd is fd_close of one end.
func (p *pipe) closeEnd(c *Call, end int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ends[end].closed {
		return
	}
	p.ends[end].closed = true
	p.wake(c, end) // who still waits there finds the descriptor gone
	p.settle(c)
	if p.ends[1-end].closed {
		p.buf, p.start, p.n = nil, 0, 0
		c.Space.Uncharge(pipeCost, mem.KindRecord)
	}
}

// fdPipe(ends *[2]int32) makes a pipe.
func fdPipe(w wcall) errno {
	b, ok := w.Space.Bytes(w.u64(0), 8)
	if !ok || len(b) != 8 {
		return eFAULT
	}
	if !w.Space.Charge(pipeCost, mem.KindRecord) {
		return refused
	}
	p, t := &pipe{}, w.files()
	var fds [2]int32
	for end := range fds {
		fd, e := t.add(&file{pipe: p, end: end, kind: kindFIFO})
		if e != eOK {
			if end == writeEnd {
				t.close(fds[readEnd])
			}
			p.closeEnd(w.Call, writeEnd)
			p.closeEnd(w.Call, readEnd)
			return e
		}
		fds[end] = fd
	}
	w.Space.Store32(w.u64(0), uint32(fds[0]))
	w.Space.Store32(w.u64(0)+4, uint32(fds[1]))
	return eOK
}

// The poller's answers, as package internal/poll of the guest knows them.
const (
	pollReady       = 0
	pollClosing     = 1
	pollTimeout     = 2
	pollNotPollable = 3
)

func init() {
	nothing := func(c *Call) Status { return OK }
	Register([]Entry{
		{"internal/poll.runtime_pollServerInit", nothing},
		{"internal/poll.runtime_pollOpen", pollOpen},
		{"internal/poll.runtime_pollClose", func(c *Call) Status {
			return c.polled(func(p *pipe, end int) {
				p.wake(c, end)
				p.ends[end] = pipeEnd{closed: p.ends[end].closed}
			})
		}},
		{"internal/poll.runtime_pollReset", pollReset},
		{"internal/poll.runtime_pollWait", pollWait},
		{"internal/poll.runtime_pollWaitCanceled", nothing}, // only connecting uses it
		{"internal/poll.runtime_pollSetDeadline", pollSetDeadline},
		{"internal/poll.runtime_pollUnblock", func(c *Call) Status {
			return c.polled(func(p *pipe, end int) {
				p.ends[end].closing = true
				p.wake(c, end)
			})
		}},
		{"internal/poll.runtime_isPollServerDescriptor", func(c *Call) Status { c.SetBool(1, false); return OK }},
	})
}

// pollOpen(fd uintptr) (ctx uintptr, errno int): the ends of pipes are pollable, and
// nothing else, as on wasip1 for files. The context is the descriptor plus one; it is
// looked up anew at each call, so that one made up by the guest finds a pipe or nothing.
func pollOpen(c *Call) Status {
	c.Set(1, 0)
	c.SetInt(2, int(ePERM))
	fd := c.Arg(0)
	if fd >= maxFiles {
		return OK
	}
	f := c.file(int32(fd))
	if f == nil || f.pipe == nil {
		return OK
	}
	f.pipe.mu.Lock()
	defer f.pipe.mu.Unlock()
	e := &f.pipe.ends[f.end]
	if e.polled {
		c.SetInt(2, int(eEXIST))
		return OK
	}
	e.polled = true
	c.Set(1, fd+1)
	c.SetInt(2, 0)
	return OK
}

// polled calls f with the pipe end of the context in slot 0, locked, if there is one.
func (c *Call) polled(f func(p *pipe, end int)) Status {
	ctx := c.Arg(0)
	if ctx == 0 || ctx > maxFiles {
		return OK
	}
	d := c.file(int32(ctx - 1))
	if d == nil || d.pipe == nil {
		return OK
	}
	d.pipe.mu.Lock()
	defer d.pipe.mu.Unlock()
	if e := &d.pipe.ends[d.end]; e.polled && !e.closed {
		f(d.pipe, d.end)
	}
	return OK
}

// refusal is why the poller does not let an end be used in the mode 'r' or 'w' now.
func (e *pipeEnd) refusal(mode uint64) int {
	switch {
	case e.closing:
		return pollClosing
	case e.passed[readEnd] && mode == 'r', e.passed[writeEnd] && mode == 'w':
		return pollTimeout
	}
	return pollReady
}

// pollReset(ctx uintptr, mode int) int
func pollReset(c *Call) Status {
	c.SetInt(2, pollNotPollable)
	return c.polled(func(p *pipe, end int) { c.SetInt(2, p.ends[end].refusal(c.Arg(1))) })
}

// pollWait(ctx uintptr, mode int) int: waits until the end is ready, closing or out of time.
func pollWait(c *Call) Status {
	c.G.TakeResumed()
	c.SetInt(2, pollNotPollable)
	answer := OK
	c.polled(func(p *pipe, end int) {
		r := p.ends[end].refusal(c.Arg(1))
		c.SetInt(2, r)
		if r != pollReady || p.ready(end) {
			return
		}
		if answer = Park; !p.park(c, end) {
			answer = Collect
		}
	})
	return answer
}

// pollSetDeadline(ctx uintptr, d int64, mode int): d < 0: it has passed; else it has not.
func pollSetDeadline(c *Call) Status {
	return c.polled(func(p *pipe, end int) {
		e, mode := &p.ends[end], c.Arg(2)
		for i, m := range [2]uint64{'r', 'w'} {
			if mode == m || mode == 'r'+'w' {
				e.passed[i] = int64(c.Arg(1)) < 0
			}
		}
		p.wake(c, end)
	})
}
