package bytecode

import (
	"strings"
	"testing"
)

func TestCounts(t *testing.T) {
	table := new([CountSlots]uint64)
	table[ADD] = 3                               // behind jumps
	table[int(MOV)<<8|int(ADD)] = 2              // MOV was jumped to
	table[int(LDI)<<16|int(MOV)<<8|int(ADD)] = 4 //
	table[int(ADD)<<16|int(MOV)<<8|int(RET)] = 1 //
	c := &Counts{Bits: 8, Name: func(n uint16) string { return Table[n].Name }}
	c.Add(table)
	if c.Total() != 10 {
		t.Errorf("total %d", c.Total())
	}
	if s := c.Top(1); len(s) != 2 || s[0].Cases[0] != uint16(ADD) || s[0].Count != 9 {
		t.Errorf("singles %v", s)
	}
	if s := c.Top(2); len(s) != 2 || s[0].Cases[0] != uint16(MOV) || s[0].Cases[1] != uint16(ADD) || s[0].Count != 6 {
		t.Errorf("pairs %v", s)
	}
	if s := c.Top(3); len(s) != 2 || s[0].Count != 4 {
		t.Errorf("triples %v", s)
	}
	var b strings.Builder
	c.Write(&b, 1)
	want := `10 instructions executed
instructions:
  90.00 %  ADD      
pairs:
  60.00 %  MOV        ADD      
triples:
  40.00 %  LDI        MOV        ADD      
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}
