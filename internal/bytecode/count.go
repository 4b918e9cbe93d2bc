package bytecode

import (
	"fmt"
	"io"
	"math/bits"
	"slices"
	"sort"
)

// Counts of executed instructions
//
// A new opcode, or a pair with a case of its own in the interpreter's loop, pays
// where programs execute it, and that is counted, not guessed. The counting loop has a table with a
// slot for each sequence of three opcodes; the sequence a, b, c is slot a<<16 | b<<8 | c. With the sequences
// that the loop executes as one, cases have numbers of 9 bits, and the table has room for pairs. Only
// neighbours in the text that were executed one after the other form sequences, for only they could be
// one instruction; behind a jump that was taken, the older opcodes of the sequence are 0. So each executed instruction
// counts once, in the slot of the sequence that it ends.

// CountSlots is the number of sequences in a table.
const CountSlots = 1 << 24

// Counts is how often sequences of instructions were executed.
type Counts struct {
	Name  func(uint16) string // of cases
	Bits  int                 // of a case number: 8 or 9
	total uint64
	seq   map[uint32]uint64 // by slot
}

// Sequence is the case numbers of one to three neighbours, and how often they were executed in a row.
type Sequence struct {
	Cases []uint16
	Count uint64
}

// Add adds a table.
func (c *Counts) Add(table *[CountSlots]uint64) {
	if c.seq == nil {
		c.seq = map[uint32]uint64{}
	}
	for i, n := range table {
		if n > 0 {
			c.seq[uint32(i)] += n
			c.total += n
		}
	}
}

// Merge adds other, each instruction of which weighs w.
func (c *Counts) Merge(other *Counts, w float64) {
	if c.seq == nil {
		c.seq, c.Name, c.Bits = map[uint32]uint64{}, other.Name, other.Bits
	}
	for i, n := range other.seq {
		n = uint64(float64(n) * w)
		c.seq[i] += n
		c.total += n
	}
}

// Total is the number of executed instructions.
func (c *Counts) Total() uint64 { return c.total }

// Top returns the sequences of n cases, the most frequent first. A table has room for n*Bits bits.
func (c *Counts) Top(n int) []Sequence {
	sum := map[uint32]uint64{}
	for slot, k := range c.seq {
		if s := slot & (1<<(c.Bits*n) - 1); s>>(c.Bits*(n-1)) != 0 { // FUNC, opcode 0, is never executed
			sum[s] += k
		}
	}
	list := make([]Sequence, 0, len(sum))
	for s, k := range sum {
		var cases []uint16
		for i := n - 1; i >= 0; i-- {
			cases = append(cases, uint16(s>>(c.Bits*i)&(1<<c.Bits-1)))
		}
		list = append(list, Sequence{cases, k})
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if a.Count != b.Count {
			return a.Count > b.Count
		}
		return slices.Compare(a.Cases, b.Cases) < 0
	})
	return list
}

// Write prints the most frequent n of each length, with their share of all executed instructions in percent.
func (c *Counts) Write(w io.Writer, n int) {
	fmt.Fprintf(w, "%d instructions executed\n", c.total)
	for k, title := range []string{"instructions", "pairs", "triples"} {
		if c.Bits*(k+1) > bits.TrailingZeros(CountSlots) {
			break
		}
		fmt.Fprintf(w, "%s:\n", title)
		list := c.Top(k + 1)
		for _, s := range list[:min(n, len(list))] {
			fmt.Fprintf(w, "%7.2f %%", 100*float64(s.Count)/float64(max(c.total, 1)))
			for _, op := range s.Cases {
				fmt.Fprintf(w, "  %-9s", c.Name(op))
			}
			fmt.Fprintln(w)
		}
	}
}
