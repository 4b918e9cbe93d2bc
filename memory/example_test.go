package memory_test

import (
	"errors"
	"fmt"

	"github.com/terrarium-go/terrarium/memory"
)

// A list whose pairs live on the heap; most of them are dropped again.
func Example() {
	h, _ := memory.New(memory.Config{Limit: 16 << 20})
	defer h.Close()
	pair, _ := h.Define("pair", 16, 8) // a number, and a pointer to the next pair
	m, _ := h.NewMutator()
	defer m.Close()

	list := m.Push(memory.Nil)
	for i := range 1_000_000 {
		p, err := m.New(pair)
		if err != nil {
			fmt.Println(err)
			return
		}
		m.StoreNum(p, uint64(i))
		m.Store(p+8, uint64(m.Get(list)))
		m.Set(list, p)
		if i%1000 == 999 {
			m.Set(list, memory.Nil) // a thousand pairs become garbage
		}
	}
	m.Collect()
	st := m.Stats()
	fmt.Println(st.Allocations, "pairs made,", st.Objects, "left,", st.Collections > 1)
	// Output: 1000000 pairs made, 0 left, true
}

// When the limit is reached an allocation is an error, and nothing is lost.
func ExampleErrNoMemory() {
	h, _ := memory.New(memory.Config{Limit: 1 << 20})
	defer h.Close()
	m, _ := h.NewMutator()
	defer m.Close()

	_, err := m.NewArray(memory.Bytes, 2<<20)
	fmt.Println(errors.Is(err, memory.ErrNoMemory))
	_, err = m.NewArray(memory.Bytes, 100<<10)
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

// A weak pointer does not keep its object, and a cleanup tells of its end.
func ExampleMutator_NewWeak() {
	h, _ := memory.New(memory.Config{})
	defer h.Close()
	m, _ := h.NewMutator()
	defer m.Close()

	a, _ := m.NewArray(memory.Bytes, 100)
	root := m.Push(a)
	w, _ := m.NewWeak(a)
	defer w.Free()
	m.AddCleanup(a, func() { fmt.Println("gone") })

	m.Collect()
	fmt.Println(w.Get() == a)
	m.Pop(root)
	m.Collect()
	h.RunCleanups()
	fmt.Println(w.Get() == memory.Nil)
	// Output:
	// true
	// gone
	// true
}

// Spans that hold few objects are lost to other sizes; the figures say how much.
func ExampleStats_Fragmentation() {
	h, _ := memory.New(memory.Config{Percent: -1})
	defer h.Close()
	cell, _ := h.Define("cell", 64, 0)
	m, _ := h.NewMutator()
	defer m.Close()

	kept := m.Push(memory.Nil)
	for i := range 4096 {
		a, _ := m.New(cell)
		if i%4 == 0 {
			m.Store(a, uint64(m.Get(kept)))
			m.Set(kept, a)
		}
	}
	m.Collect()
	st := m.Stats()
	fmt.Printf("%.0f %% of the spans is free\n", st.Fragmentation()*100)
	// Output: 75 % of the spans is free
}
