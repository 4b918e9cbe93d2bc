// Package memory is Terrarium's heap and collectors for programs of your own: a
// language, a data base, a test of an idea about garbage collection. It knows
// nothing of Go's types or of bytecode. You say what objects look like and which
// words are roots; the package allocates, collects, limits and counts.
//
//	h, err := memory.New(memory.Config{Limit: 64 << 20})
//	pair, err := h.Define("pair", 16, 0, 8)   // 16 bytes, pointers at 0 and 8
//	m, err := h.NewMutator()                  // one for each goroutine
//	list := m.Push(memory.Nil)                // a root
//	for range 1000 {
//		p, err := m.New(pair)
//		m.Store(p+8, uint64(m.Get(list)))
//		m.Set(list, p)
//	}
//
// # Addresses
//
// An Addr is an offset in one reserved region, no host pointer. Whatever number
// is used as an address, an access stays inside the region: numbers outside the
// heap's part of it are refused with a panic, the others are masked. A number that
// leads to memory that is not in use makes the host fault; Mutator.Protect turns
// that into an error. Objects never move.
//
// A word of an object that its type calls a pointer holds an address in an object
// (interior ones count), or any other number, which the collector ignores. So
// tagged words are possible: everything from 1<<36 up is never an address.
//
// # Roots
//
// Every method whose comment says that it collects is a point at which the
// collector may look at the roots, and free what it does not find from them: an
// address that is used after such a call must have been in a root during the call.
// The result of New is in no root yet. Roots are:
//
//   - locals of a mutator: Push, Get, Set, Pop, a stack;
//   - globals: Heap.NewGlobal, for what lives long and what several mutators share;
//   - the handles of weak pointers, which keep nothing else alive.
//
// # Goroutines
//
// A Mutator belongs to one goroutine, and a goroutine has at most one. Between two
// calls it runs, as far as the collector is concerned: a collection that must stop
// the world waits for its next Safepoint, New or the like. A goroutine that does
// something else for long, or waits for another one, does so in Mutator.Outside;
// one that does neither nor allocates calls Safepoint now and then. Methods of Heap
// may be called from any goroutine unless their comment says otherwise.
//
// Two mutators may load and store the same object at once: words of 8 bytes that
// are 8-byte aligned are read and written whole, nothing more is promised, so
// programs order such accesses among themselves as they order accesses to Go
// variables.
//
// # Stores
//
// The collector "concurrent" marks beside the mutators and must hear of pointers
// that are overwritten (a snapshot barrier). Store and Copy tell it; StoreNum, for
// words that hold no pointer before or after, does not. Stores into locals and
// globals need nothing.
//
// # The limit
//
// Config.Limit covers everything that using the heap makes the host allocate:
// objects, free pages that are kept, tables, roots. When an allocation would cross it
// the heap is collected, and if that does not help the allocation's error is ErrNoMemory.
// The heap is as good as before then: drop something and go on.
package memory
