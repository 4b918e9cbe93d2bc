package host

import (
	"github.com/terrarium-go/terrarium/internal/builtin"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Map operations that need no growth; the walks are in builtin/map.go. The first
// two argument words are always the *abi.MapType and the map, then comes the key:
// a word, a string, or the address of the key.

func init() {
	var e []Entry
	for _, k := range []struct {
		suffix, put string
		bits        uint8
	}{{"", "", 0}, {"_fast32", "32", 32}, {"_fast64", "64", 64}, {"_faststr", "str", 1}} {
		bits := k.bits
		e = append(e,
			Entry{"runtime.mapaccess1" + k.suffix, func(c *Call) Status { return access(c, bits, false) }},
			Entry{"runtime.mapaccess2" + k.suffix, func(c *Call) Status { return access(c, bits, true) }},
			Entry{"runtime.mapdelete" + k.suffix, func(c *Call) Status { return remove(c, bits) }},
			Entry{"runtime.mapput" + k.put, func(c *Call) Status { return put(c, bits) }})
	}
	e = append(e,
		Entry{"runtime.mapputptr", func(c *Call) Status { return put(c, 64) }},
		Entry{"internal/runtime/maps.moveEntries", moveEntries})
	Register(e)
}

// mapKey reads the key that begins at slot 2 and says where the results begin.
func mapKey(c *Call, bits uint8) (k builtin.Key, result int) {
	switch bits {
	case 1:
		return builtin.Key{Bits: 1, W: c.Arg(2), N: c.Arg(3)}, 4
	case 32:
		return builtin.Key{Bits: 32, W: c.Arg(2) & 0xffffffff}, 3
	}
	return builtin.Key{Bits: bits, W: c.Arg(2)}, 3
}

func access(c *Call, bits uint8, ok bool) Status {
	t := c.types()
	mt, m := c.Arg(0), c.Arg(1)
	k, r := mapKey(c, bits)
	var elem mem.Addr
	if t.Used(m) == 0 {
		if bits == 0 && c.Space.Load32(mt+builtin.MapFlags)&2 != 0 {
			if _, bad := t.HashKey(mt, k, 0, c.random); bad != 0 {
				return c.PanicHash(bad, hashEmpty)
			}
		}
	} else {
		if t.Writing(m) {
			return c.FatalUser("concurrent map read and map write")
		}
		h, bad := t.HashKey(mt, k, t.Seed(m), c.random)
		if bad != 0 {
			return c.PanicHash(bad, hashKey)
		}
		elem = t.Find(mt, m, k, h)
	}
	if ok {
		c.SetBool(r+1, elem != 0)
	}
	if elem == 0 {
		elem = t.zero
	}
	c.Set(r, elem)
	return OK
}

func put(c *Call, bits uint8) Status {
	t := c.types()
	mt, m := c.Arg(0), c.Arg(1)
	k, r := mapKey(c, bits)
	c.Set(r, 0)
	if m == 0 {
		return OK
	}
	if t.Writing(m) {
		return c.FatalUser("concurrent map writes")
	}
	h, bad := t.HashKey(mt, k, t.Seed(m), c.random)
	if bad != 0 {
		return c.PanicHash(bad, hashKey)
	}
	t.Flip(m)
	c.Set(r, t.Put(mt, m, k, h, func(slot mem.Addr) {
		switch bits {
		case 64:
			c.Space.Store64(slot, k.W)
		case 32:
			c.Space.Store32(slot, uint32(k.W))
		case 1:
			c.Sched.Barrier().Bulk(slot, 16) // the key of an entry that is there is replaced
			c.Space.Store64(slot, k.W)
			c.Space.Store64(slot+8, k.N)
		default:
			c.copyTyped(c.Space.Load64(mt+builtin.ElemOff), slot, k.W)
		}
	}))
	if !t.Flip(m) {
		return c.FatalUser("concurrent map writes")
	}
	return OK
}

func remove(c *Call, bits uint8) Status {
	t := c.types()
	mt, m := c.Arg(0), c.Arg(1)
	k, _ := mapKey(c, bits)
	if t.Used(m) == 0 {
		if bits == 0 && c.Space.Load32(mt+builtin.MapFlags)&2 != 0 {
			if _, bad := t.HashKey(mt, k, 0, c.random); bad != 0 {
				return c.PanicHash(bad, hashEmpty)
			}
		}
		return OK
	}
	if t.Writing(m) {
		return c.FatalUser("concurrent map writes")
	}
	h, bad := t.HashKey(mt, k, t.Seed(m), c.random)
	if bad != 0 {
		return c.PanicHash(bad, hashKey)
	}
	t.Flip(m)
	if t.Delete(mt, m, k, h, c.clearTyped) {
		t.Reseed(m, c.random())
	}
	if !t.Flip(m) {
		return c.FatalUser("concurrent map writes")
	}
	return OK
}

// moveEntries(typ *abi.MapType, seed uintptr, t, left, right *table, bit uintptr)
func moveEntries(c *Call) Status {
	if bad := c.types().Move(c.Arg(0), c.Arg(1), c.Arg(2), c.Arg(3), c.Arg(4), c.Arg(5), c.random, c.copyTyped); bad != 0 {
		return c.PanicHash(bad, hashKey)
	}
	return OK
}
