package soak

import (
	"fmt"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// base is the first byte of the slot that o lives in.
func (o *object) base() mem.Addr {
	if o.shape == nil && o.size < 16 {
		return o.addr &^ 15
	}
	return o.addr
}

// graph is what the model reaches.
type graph struct {
	w     *world
	seen  map[*object]bool
	bases map[mem.Addr]bool
	list  []*object
}

func (g *graph) add(o *object) {
	if o != nil && !g.seen[o] {
		g.seen[o] = true
		g.bases[o.base()] = true
		g.list = append(g.list, o)
	}
}

// walk reads every object from the i-th of the list on, and adds what it points to.
func (g *graph) walk(i int) {
	for ; i < len(g.list); i++ {
		o := g.list[i]
		m := o.owner
		if o.gone {
			m.fail("object %d of %d bytes at %#x is reachable, its cleanup was due", o.id, o.size, o.addr)
		}
		m.check(o)
		for k, to := range o.to {
			want := addrOf(to)
			if to != nil {
				want += o.off[k]
			}
			if got := g.w.space.Load64(o.addr + o.at[k]); got != want {
				m.fail("object %d of %d bytes at %#x: pointer at %d is %#x, want %#x", o.id, o.size, o.addr, o.at[k], got, want)
			}
			g.add(to)
		}
	}
}

// compare holds the heap against the model; see the package comment. No mutator runs.
func (w *world) compare(c *Counts) (err error) {
	defer func() {
		if r := recover(); r != nil {
			if f, ok := r.(failure); ok {
				err = f.error
				return
			}
			err = fmt.Errorf("%v", r)
		}
	}()
	if used := w.space.Used(); used > w.space.Limit() {
		return fmt.Errorf("limit crossed: %s", w.space.Breakdown())
	}
	collects := w.plan.collector != "nogc"
	g, due, pending, err := w.reached(collects)
	if err != nil {
		return err
	}
	w.gc.Collect(gc.Request{Reason: gc.Forced})
	if w.err != nil {
		return w.err
	}
	if len(w.fins) != pending-len(due) {
		return fmt.Errorf("%d finalizers of %d were due, want %d", pending-len(w.fins), pending, len(due))
	}
	alive := map[mem.Addr]bool{}
	for a := range g.bases {
		alive[a] = true
	}
	for id, o := range due {
		if w.fins[id] != nil {
			return fmt.Errorf("the finalizer of object %d of %d bytes at %#x is not due", o.id, o.size, o.addr)
		}
		alive[o.base()] = true
	}
	if err := w.compareCleanups(g, alive, collects, c); err != nil {
		return err
	}
	handles := map[mem.Addr]bool{}
	for _, o := range g.list {
		for _, k := range o.weak {
			handles[k.handle] = true
			if got := w.heap.Strong(k.handle); got != o.addr+k.off {
				return fmt.Errorf("weak pointer to object %d at %#x+%d is %#x, the object is reachable", o.id, o.addr, k.off, got)
			}
		}
	}
	for _, m := range w.mutators {
		for _, k := range m.weaks {
			handles[k.handle] = true
			if got := w.heap.Strong(k.handle); collects && got != 0 && (k.nil || !g.bases[k.o.base()]) {
				return fmt.Errorf("weak pointer to object %d at %#x+%d is %#x, the object was not reachable", k.o.id, k.o.addr, k.off, got)
			} else if got == 0 {
				m.lost(k)
			}
		}
	}

	// Handles of weak pointers to what died were roots of that collection; another one frees them.
	pending = len(w.fins)
	w.gc.Collect(gc.Request{Reason: gc.Forced})
	if len(w.fins) != pending || len(w.dead) != 0 {
		return fmt.Errorf("a second collection made %d finalizers and %d cleanups due", pending-len(w.fins), len(w.dead))
	}
	w.heap.FlushAll()
	if err := w.heap.Check(); err != nil {
		return err
	}
	found := 0
	w.heap.Objects(func(a mem.Addr, s *heap.Span, slot uint32) {
		c.ObjectsCompared++
		if alive[a] || handles[a] {
			found++
		} else if collects && err == nil {
			err = fmt.Errorf("object of %d bytes at %#x is not reachable and has survived; %s", s.Size, a, w.holders(a, s, alive))
		}
	})
	if err == nil && found != len(alive)+len(handles) {
		err = fmt.Errorf("%d objects are alive, want %d and %d handles", found, len(alive), len(handles))
	}
	if len(g.list) > 40_000 {
		for _, m := range w.mutators {
			m.drop(2)
		}
	}
	return err
}

// compareCleanups holds the cleanups that are due against the objects that are alive.
func (w *world) compareCleanups(g *graph, alive map[mem.Addr]bool, collects bool, c *Counts) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, fn := range w.dead {
		o := w.cleans[fn]
		switch {
		case o == nil:
			return fmt.Errorf("cleanup %d is due, which nobody has added or which was due before", fn)
		case g.seen[o] || o.fin != 0: // its address may be another object's by now
			return fmt.Errorf("the cleanup of object %d of %d bytes at %#x is due, the object is alive", o.id, o.size, o.addr)
		}
		o.gone = true
		delete(w.cleans, fn)
		c.Cleanups++
	}
	w.dead = w.dead[:0]
	for _, o := range w.cleans {
		if collects && !alive[o.base()] {
			return fmt.Errorf("the cleanup of object %d of %d bytes at %#x is not due, the object is dead", o.id, o.size, o.addr)
		}
	}
	return nil
}

// holders says which words hold a pointer into an object.
func (w *world) holders(a mem.Addr, s *heap.Span, alive map[mem.Addr]bool) string {
	text := fmt.Sprintf("type %d, words %#x %#x", s.TypeID(uint32((a-s.Base)/s.Size)), w.space.Load64(a), w.space.Load64(a+8))
	here, there, spans := 0, 0, map[uint32]bool{}
	good := map[uint32]int{}
	w.heap.Objects(func(b mem.Addr, t *heap.Span, slot uint32) {
		if alive[b] {
			good[t.ID()]++
			return
		}
		spans[t.ID()] = true
		if t == s {
			here++
		} else {
			there++
		}
	})
	text += fmt.Sprintf("; %d of its span and %d others in %d spans have survived; alive in these:", here, there, len(spans))
	for id := range spans {
		text += fmt.Sprint(" ", good[id])
	}
	look := func(what string, at mem.Addr) {
		if v := w.space.Load64(at); v >= a && v < a+s.Size {
			text += fmt.Sprintf("; %s at %#x holds %#x", what, at, v)
		}
	}
	for i, m := range w.mutators {
		for k := range uint64(words) {
			look(fmt.Sprintf("global %d of mutator %d", k, i), m.globals+k*8)
			look(fmt.Sprintf("stack word %d of mutator %d", k, i), m.stack+k*8)
		}
	}
	hand := func(what string, list []*object) {
		for _, o := range list {
			if o != nil && o.addr >= a && o.addr < a+s.Size {
				text += fmt.Sprintf("; %s has object %d at %#x", what, o.id, o.addr)
			}
		}
	}
	hand("mailbox", w.mailbox)
	hand("queue", w.queue)
	for _, m := range w.mutators {
		hand("pool", m.pool)
		hand("keep", m.keep)
		for _, k := range m.weaks {
			if k.handle >= a && k.handle < a+s.Size {
				text += fmt.Sprintf("; weak handle %#x (nil: %v)", k.handle, k.nil)
			}
		}
	}
	for id, o := range w.fins {
		hand(fmt.Sprintf("what finalizer %d (object of %d bytes at %#x) keeps", id, o.size, o.addr), o.to)
	}
	w.heap.Objects(func(b mem.Addr, s *heap.Span, slot uint32) {
		if s.NoScan() {
			return
		}
		for off := uint64(0); off < s.Size; off += 8 {
			look(fmt.Sprintf("word %d of an object of %d bytes and type %d (alive: %v) at %#x", off/8, s.Size, s.TypeID(slot), alive[b], b), b+off)
		}
	})
	w.heap.SpecialRoots(func(t *heap.Span, slot uint32, sp *heap.Special) {
		if t != nil && t.SlotAddr(slot) == a {
			text += fmt.Sprintf("; it has a special of kind %d, %#x", sp.Kind, sp.Words)
		}
	})
	return text
}

// reached walks the graph and says which finalizers must be due after the next collection, and how
// many there are. A cycle may be under way, whose end would change that; so the world is stopped.
func (w *world) reached(collects bool) (g *graph, due map[uint64]*object, fins int, err error) {
	w.Stop("reached")
	defer w.Start()
	g = &graph{w: w, seen: map[*object]bool{}, bases: map[mem.Addr]bool{}}
	for _, m := range w.mutators {
		for i, o := range m.global {
			if got := w.space.Load64(m.globals + uint64(i)*8); got != addrOf(o) {
				return nil, nil, 0, fmt.Errorf("global word %d is %#x, want %#x", i, got, addrOf(o))
			}
			g.add(o)
		}
		for i, o := range m.onStack {
			if got := w.space.Load64(m.stack + uint64(i)*8); stackMask>>i&1 != 0 && got != addrOf(o) {
				return nil, nil, 0, fmt.Errorf("stack word %d is %#x, want %#x", i, got, addrOf(o))
			}
			g.add(o)
		}
		for _, o := range m.pool {
			g.add(o)
		}
	}
	for _, o := range w.mailbox {
		g.add(o)
	}
	for _, o := range w.fins {
		for _, to := range o.to {
			g.add(to)
		}
	}
	g.walk(0)
	for _, o := range w.queue {
		if g.bases[o.base()] && (o.shape != nil || o.size >= 16) { // the finalizers of a block are due together
			return nil, nil, 0, fmt.Errorf("the finalizer of object %d of %d bytes at %#x was due, the object is reachable", o.id, o.size, o.addr)
		}
	}
	n := len(g.list)
	for _, o := range w.queue {
		g.add(o)
	}
	g.walk(n)

	due = map[uint64]*object{}
	for id, o := range w.fins {
		if collects && !g.bases[o.base()] {
			due[id] = o
		}
	}
	return g, due, len(w.fins), nil
}
