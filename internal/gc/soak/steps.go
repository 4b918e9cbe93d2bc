package soak

import (
	"slices"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// newStack gives the mutator a stack of stackSize bytes.
func (m *mutator) newStack() bool {
	a, st := m.cache.AllocStack(m.stackSize, heap.AfterGC)
	if st != heap.OK {
		return false
	}
	m.stack = a
	return m.w.space.Zero(a, words*8)
}

// stacks moves the mutator's stack to one of another size, or takes and gives back
// spare ones, whose contents must stay.
func (m *mutator) stacks() {
	m.Stacks++
	size := uint64(heap.MinStack) << m.r.IntN(7)
	var a mem.Addr
	if n := len(m.spare); n > 0 && (n > 8 || m.r.IntN(2) == 0) {
		s := m.spare[m.r.IntN(n)]
		for i := uint64(0); i < s.size/8; i += 7 {
			if got := m.w.space.Load64(s.addr + i*8); got != pattern(s.id, i) {
				m.fail("stack of %d bytes at %#x: word %d is %#x", s.size, s.addr, i, got)
			}
		}
		for i := range m.spare {
			if m.spare[i] == s {
				m.spare[i] = m.spare[n-1]
				m.spare = m.spare[:n-1]
				break
			}
		}
		m.cache.FreeStack(s.addr, s.size)
		return
	}
	if !m.retry(func(f heap.Flags) (st heap.Status) {
		a, st = m.cache.AllocStack(size, f)
		return st
	}) {
		return
	}
	if m.r.IntN(2) == 0 {
		m.w.space.Copy(a, m.stack, words*8)
		old, oldSize := m.stack, m.stackSize
		m.stack, m.stackSize = a, size
		m.cache.FreeStack(old, oldSize)
		return
	}
	s := spare{a, size, m.w.ids.Add(1)}
	for i := uint64(0); i < size/8; i += 7 {
		m.w.space.Store64(a+i*8, pattern(s.id, i))
	}
	m.spare = append(m.spare, s)
}

// exchange gives a new tree of objects to whoever takes it out of the mailbox, and takes
// another one. The giver forgets it: objects of two mutators never point at each other, so
// that the model needs no locks.
func (m *mutator) exchange() {
	defer func() { m.keep = m.keep[:0] }()
	root := m.alloc()
	if root == nil {
		return
	}
	m.keep = append(m.keep, root)
	given := []*object{root}
	for i := 0; i < len(root.at) && i < 4; i++ {
		o := m.alloc()
		if o == nil {
			break
		}
		m.store(root.addr+root.at[i], o.addr)
		root.to[i] = o
		given = append(given, o)
	}
	w := m.w
	w.mu.Lock()
	w.mailbox = append(w.mailbox, root)
	var got *object
	if len(w.mailbox) > 4 {
		got = w.mailbox[0]
		w.mailbox = slices.Delete(w.mailbox, 0, 1)
	}
	w.mu.Unlock()
	m.pool = slices.DeleteFunc(m.pool, func(o *object) bool { return slices.Contains(given, o) })
	m.Given++
	if got == nil {
		return
	}
	got.owner = m
	for _, o := range got.to {
		if o != nil {
			o.owner = m
		}
	}
	m.check(got)
	m.hold(got)
}

// queue runs a finalizer that is due: the object is at hand again.
func (m *mutator) queue() {
	w := m.w
	w.mu.Lock()
	i := slices.IndexFunc(w.queue, func(o *object) bool { return o.owner == m })
	var o *object
	if i >= 0 {
		o = w.queue[i]
		w.queue = slices.Delete(w.queue, i, i+1)
		m.keep = append(m.keep, o)
	}
	w.mu.Unlock()
	if o == nil {
		return
	}
	m.check(o)
	m.Finalizers++
	if m.r.IntN(2) == 0 {
		m.Resurrected++
		m.hold(o)
	}
	m.keep = m.keep[:0]
}

// rare does what programs seldom do.
func (m *mutator) rare() {
	r, w := m.r, m.w
	switch r.IntN(12) {
	case 0:
		m.collect(gc.Request{Reason: gc.Forced})
	case 1:
		m.collect(gc.Request{Reason: gc.Debug})
	case 2:
		w.heap.ReleaseFree()
	case 3:
		w.gc.SetPercent([]int{10, 50, 100, 300, -1}[r.IntN(5)])
	case 4:
		w.gc.SetMemoryLimit(int64(1+r.IntN(64)) << 20)
	case 5:
		w.gc.SetMemoryLimit(1<<63 - 1)
	case 6, 7:
		m.drop(3)
	case 8: // numbers that are no addresses
		for range 50 {
			a := r.Uint64()
			if r.IntN(2) == 0 {
				a = mem.HeapBase + a%(1<<30)
			}
			w.heap.Object(a)
			w.barrier.Word(a)
		}
	case 9: // much garbage at once
		for range 200 {
			if m.alloc() == nil {
				return
			}
		}
	case 10: // a long list, deeper than any recursion should go
		o := m.alloc()
		for range 300 {
			n := m.alloc()
			if n == nil || o == nil {
				return
			}
			if len(n.at) > 0 && slices.Contains(m.pool, o) {
				m.store(n.addr+n.at[0], o.addr)
				n.to[0], n.off[0] = o, 0
			}
			o = n
		}
	case 11:
		m.cache.Flush()
	}
}
