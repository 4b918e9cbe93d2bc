package host

import (
	"fmt"
	"strconv"
)

// The builtin functions print and println write to standard error. One call is a
// run of pieces between go:printlock and go:printunlock; the pieces are gathered
// per goroutine and written at once. A long string is not gathered, since nobody has
// paid for a copy: what was gathered is written, then the string from where it lies.

// printMost is the bytes that one call gathers.
const printMost = 16 << 10

func init() {
	piece := func(f func(c *Call) string) Func {
		return func(c *Call) Status {
			c.printPiece(f(c))
			return OK
		}
	}
	Register([]Entry{
		{"go:printlock", func(c *Call) Status {
			c.State.Mu.Lock()
			defer c.State.Mu.Unlock()
			if c.State.printing == nil {
				c.State.printing = map[uint64][]byte{}
			}
			if _, ok := c.State.printing[c.G.ID]; !ok {
				c.State.printing[c.G.ID] = []byte{}
			}
			return OK
		}},
		{"go:printunlock", func(c *Call) Status {
			c.State.Mu.Lock()
			b := c.State.printing[c.G.ID]
			delete(c.State.printing, c.G.ID)
			c.State.Mu.Unlock()
			c.writeErr(b)
			return OK
		}},
		{"go:printbool", piece(func(c *Call) string { return strconv.FormatBool(c.Bool(0)) })},
		{"go:printint", piece(func(c *Call) string { return strconv.FormatInt(int64(c.Arg(0)), 10) })},
		{"go:printuint", piece(func(c *Call) string { return strconv.FormatUint(c.Arg(0), 10) })},
		{"go:printhex", piece(func(c *Call) string { return "0x" + strconv.FormatUint(c.Arg(0), 16) })},
		{"go:printpointer", piece(func(c *Call) string { return "0x" + strconv.FormatUint(c.Arg(0), 16) })},
		{"go:printfloat", piece(func(c *Call) string { return strconv.FormatFloat(c.Float(0), 'g', -1, 64) })},
		{"go:printfloat32", piece(func(c *Call) string { return strconv.FormatFloat(c.Float(0), 'g', -1, 32) })},
		{"go:printcomplex", piece(func(c *Call) string { return strconv.FormatComplex(complex(c.Float(0), c.Float(1)), 'g', -1, 128) })},
		{"go:printcomplex64", piece(func(c *Call) string { return strconv.FormatComplex(complex(c.Float(0), c.Float(1)), 'g', -1, 64) })},
		{"go:printstring", func(c *Call) Status {
			if b := c.Bytes(0); len(b) > printMost {
				c.printNow(b)
			} else {
				c.printPiece(string(b))
			}
			return OK
		}},
		{"go:printslice", piece(func(c *Call) string { return fmt.Sprintf("[%d/%d]0x%x", c.Int(1), c.Int(2), c.Arg(0)) })},
		{"go:printeface", piece(func(c *Call) string { return fmt.Sprintf("(0x%x,0x%x)", c.Arg(0), c.Arg(1)) })},
		{"go:printiface", piece(func(c *Call) string { return fmt.Sprintf("(0x%x,0x%x)", c.Arg(0), c.Arg(1)) })},
		{"go:printnl", piece(func(c *Call) string { return "\n" })},
		{"go:printsp", piece(func(c *Call) string { return " " })},
	})
}

func (c *Call) printPiece(s string) {
	c.State.Mu.Lock()
	b, open := c.State.printing[c.G.ID]
	if open && len(b)+len(s) <= printMost {
		c.State.printing[c.G.ID] = append(b, s...)
		s = ""
	}
	c.State.Mu.Unlock()
	if s != "" {
		c.printNow([]byte(s))
	}
}

// printNow writes what this goroutine has gathered and then b.
func (c *Call) printNow(b []byte) {
	c.State.Mu.Lock()
	before, open := c.State.printing[c.G.ID]
	if open {
		c.State.printing[c.G.ID] = before[:0:0]
	}
	c.State.Mu.Unlock()
	c.writeErr(before)
	c.writeErr(b)
}

func (c *Call) writeErr(b []byte) {
	if c.Sys != nil && c.Sys.Stderr != nil && len(b) > 0 {
		c.Sys.Stderr.Write(b)
	}
}
