package stack

import (
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Stray finds a live pointer that may outlive what it points to: into a stack that is not s, or from a frame into one
// that it called. inStack tells of all stacks. The results are where the pointer lies and what it is.
func Stray(c *Code, s *Stack, st State, space *mem.Space, inStack func(mem.Addr) bool, held func(func(*uint64))) (at, p mem.Addr, found bool) {
	var begins []mem.Addr // of the frames, newest first
	Walk(c, s, st, func(f *Frame) bool {
		begins = append(begins, f.FP)
		return true
	})
	t := tracer{c: c, s: s, lo: s.Lo, hi: s.Hi, space: space, st: st, visit: func(slot mem.Addr) {
		v := space.Load64(slot)
		if found || !inStack(v) {
			return
		}
		i := 0
		for i < len(begins)-1 && begins[i] > slot {
			i++
		}
		if !s.Contains(v) || i > 0 && v >= begins[i-1] {
			at, p, found = slot, v, true
		}
	}}
	t.run(held)
	return at, p, found
}
