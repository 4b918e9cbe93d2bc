package gctest

import (
	"math/rand/v2"

	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// object is what the model knows of a guest object.
type object struct {
	addr mem.Addr
	size uint64
	tag  uint64 // in the last word, which is never a pointer
	at   []uint64
	to   []*object // at[i] is the offset of the pointer to to[i]
	off  []uint64  // and off[i] how far inside it points
}

// model is a random program: it allocates, links, unlinks, forgets, and knows
// what every reachable word must hold.
type model struct {
	*machine
	r     *rand.Rand
	roots [globalsN + stackWords]*object // by word; stack words without a mask bit stay nil
	tags  uint64
	pool  []*object // what the program has at hand, and therefore among the host's roots
}

// takePool puts every reachable object at hand.
func (m *model) takePool() {
	m.pool = nil
	m.pool = m.reachable()
	m.host = m.host[:0]
	for _, o := range m.pool {
		m.host = append(m.host, o.addr)
	}
}

func (m *model) rootAddr(i int) mem.Addr {
	if i < globalsN {
		return globals + uint64(i)*8
	}
	return m.stack + uint64(i-globalsN)*8
}

func (m *model) setRoot(i int, o *object) {
	if i >= globalsN && (i-globalsN)%2 == 1 {
		// The stack map says this word is dead: whatever it holds retains nothing.
		if o != nil {
			m.store(m.rootAddr(i), o.addr)
		}
		return
	}
	m.roots[i] = o
	v := uint64(0)
	if o != nil {
		v = o.addr
	}
	m.store(m.rootAddr(i), v)
}

// new allocates a random object and makes word i a root of it.
func (m *model) new(i int) bool {
	o := &object{size: nodeSize, at: []uint64{8, 16}}
	t, noscan := m.node, false
	switch k := m.r.IntN(100); {
	case k < 10:
		n := uint64(m.r.IntN(40) + 2)
		o.size, t = n*8+8, 0 // unknown type: every word, but the last is a tag that is no address
		for w := range n {
			o.at = append(o.at[:w:w], w*8)
		}
	case k < 20:
		o.size, t, o.at = uint64(m.r.IntN(300)+16), 0, nil
		noscan = true
	case k < 30:
		o.size, t, o.at = wideSize, m.wide, []uint64{8, 560, 1032}
	case k < 40:
		n := uint64(m.r.IntN(30) + 2)
		o.size, t, o.at = n*nodeSize, m.node, nil
		for e := range n {
			o.at = append(o.at, e*nodeSize+8, e*nodeSize+16)
		}
	case k == 40:
		n := uint64(m.r.IntN(20000) + 4200)
		o.size, t, o.at = n*8, m.list, nil
		for w := range uint64(50) {
			o.at = append(o.at, w*(n-1)/50*8)
		}
	case k == 41:
		o.size, o.at, noscan = uint64(m.r.IntN(200000)+40000), nil, true
	}
	a, ok := m.alloc(o.size, t, noscan)
	if !ok {
		return false
	}
	o.addr = a
	o.to, o.off = make([]*object, len(o.at)), make([]uint64, len(o.at))
	for off := uint64(0); off+8 <= o.size; off += 8 {
		if v := m.load(a + off); v != 0 {
			m.t.Fatalf("word at %d of a new object of %d bytes at %#x is %#x", off, o.size, a, v)
		}
	}
	m.tags++
	o.tag = m.tags
	m.store(o.tagAddr(), o.tag)
	m.setRoot(i, o)
	return true
}

// tagAddr is a word of the object that its type does not call a pointer, or that
// the collector must take for no pointer. Lists have none to spare: the tag,
// a small number, is written over the last pointer word.
func (o *object) tagAddr() mem.Addr {
	last := (o.size - 8) &^ 7
	if o.size == wideSize {
		last = 0 // the last word of a wide object is a pointer
	}
	return o.addr + last
}

// link stores a pointer, often into the middle of its object.
func (m *model) link(from *object, i int, to *object) {
	from.to[i] = to
	v := uint64(0)
	if to != nil {
		from.off[i] = 0
		if m.r.IntN(3) == 0 {
			from.off[i] = uint64(m.r.IntN(int(to.size)))
		}
		v = to.addr + from.off[i]
	}
	m.store(from.addr+from.at[i], v)
}

// reachable is every object that can be reached, in a fixed order.
func (m *model) reachable() []*object {
	seen := map[*object]bool{}
	var list []*object
	add := func(o *object) {
		if o != nil && !seen[o] {
			seen[o] = true
			list = append(list, o)
		}
	}
	for _, o := range m.roots {
		add(o)
	}
	for _, o := range m.pool {
		add(o)
	}
	for i := 0; i < len(list); i++ {
		for _, o := range list[i].to {
			add(o)
		}
	}
	return list
}

// verify reads every reachable word.
func (m *model) verify() []*object {
	m.t.Helper()
	list := m.reachable()
	for i, o := range m.roots {
		if o != nil && m.load(m.rootAddr(i)) != o.addr {
			m.t.Fatalf("root %d is %#x, want %#x", i, m.load(m.rootAddr(i)), o.addr)
		}
	}
	for _, o := range list {
		if base, size, _, _, ok := m.heap.Object(o.addr); !ok || base != o.addr || size < o.size {
			m.t.Fatalf("reachable object %d of %d bytes at %#x resolves to %#x+%d", o.tag, o.size, o.addr, base, size)
		}
		if got := m.load(o.tagAddr()); got != o.tag {
			m.t.Fatalf("object %d of %d bytes at %#x has tag %#x", o.tag, o.size, o.addr, got)
		}
		for i, to := range o.to {
			want := uint64(0)
			if to != nil {
				want = to.addr + o.off[i]
			}
			if got := m.load(o.addr + o.at[i]); got != want {
				m.t.Fatalf("object %d: pointer at %d is %#x, want %#x", o.tag, o.at[i], got, want)
			}
		}
	}
	return list
}

// step does one random thing; it reports false when memory is out.
func (m *model) step() bool {
	pool := m.pool
	switch k := m.r.IntN(10); {
	case k < 4 || len(pool) == 0:
		return m.new(m.r.IntN(len(m.roots)))
	case k < 8:
		from := pool[m.r.IntN(len(pool))]
		if len(from.at) > 0 {
			to := pool[m.r.IntN(len(pool))]
			if m.r.IntN(4) == 0 {
				to = nil
			}
			m.link(from, m.r.IntN(len(from.at)), to)
		}
	default:
		m.setRoot(m.r.IntN(len(m.roots)), nil)
	}
	return true
}

// count is the number of allocated objects.
func (m *machine) count() (n int) {
	m.heap.FlushAll()
	m.heap.Objects(func(mem.Addr, *heap.Span, uint32) { n++ })
	return n
}
