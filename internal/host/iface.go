package host

import (
	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/builtin"
)

// Interfaces: boxing values, converting and asserting, comparing.

func init() {
	Register([]Entry{
		{"go:convT", convT},
		{"go:convI", convI},
		{"go:assertI", assertI},
		{"go:assertFail", assertFail},
		{"go:ifaceeq", ifaceeq},
		{"go:memeq", memeq},
		{"go:typeequal", typeequal},
		{"go:typehash", typehash},
		{"reflect.typehash", func(c *Call) Status { return hashOf(c, c.Arg(0), c.Arg(1), c.Arg(2), 3) }},
		{"reflect.ifaceE2I", ifaceE2I},
		{"internal/reflectlite.ifaceE2I", ifaceE2I},
		{"runtime.itabFor", itabFor},
		{"runtime.typeName", typeName},
		{"runtime.typePkgPath", typePkgPath},
		{"reflect.getStaticuint64s", func(c *Call) Status { c.Set(0, c.types().small); return OK }},
	})
}

// convT: [0] type id, [1] n slots, [2..2+n) value → [2+n] data word.
func convT(c *Call) Status {
	id, n := abi.TypeID(c.Arg(0)), c.Int(1)
	if n < 0 || n+3 > c.Slots() || int(id) >= len(c.Prog.Types) {
		return c.Fatal("BUG: go:convT with a bad area")
	}
	gt := &c.Prog.Types[id]
	t := c.types()
	if n == 0 || gt.Size == 0 {
		c.Set(2+n, c.Heap.ZeroBase())
		return OK
	}
	if n == 1 && gt.PtrBytes == 0 {
		v := c.Arg(2)
		if gt.Size < 8 {
			v &= 1<<(8*gt.Size) - 1
		}
		if v < 256 && t.small != 0 {
			c.Set(3, t.small+8*v)
			return OK
		}
	} else if gt.Size <= 1024 && t.zero != 0 && isString(t, gt.RType) && c.Arg(3) == 0 {
		c.Set(2+n, t.zero)
		return OK
	}
	p, ok := c.Alloc(gt.Size, id, gt.PtrBytes == 0)
	if !ok {
		return Collect
	}
	c.storeSlots(p, 2, gt.Size)
	c.Set(2+n, p)
	return OK
}

func isString(t *typeTable, typ uint64) bool {
	k := uint8(builtin.Invalid)
	if typ != 0 {
		k = t.Kind(typ)
	}
	return k == builtin.String
}

// convI: [0] target interface type, [1..2] value, [3] 1 if itab based → [4..5].
func convI(c *Call) Status { return convert(c, false) }

// assertI: as convI; [3] bit 1: comma-ok; [6] ok.
func assertI(c *Call) Status { return convert(c, true) }

func convert(c *Call, assert bool) Status {
	inter, w, data, mode := c.Arg(0), c.Arg(1), c.Arg(2), c.Arg(3)
	t := c.types()
	typ := w
	if mode&1 != 0 && w != 0 {
		typ = c.Space.Load64(w + builtin.ItabType)
	}
	if typ == 0 {
		if assert && mode&2 == 0 {
			return c.PanicAssert(0, 0, inter, "")
		}
		c.Set(4, 0)
		c.Set(5, 0)
		if assert {
			c.SetBool(6, false)
		}
		return OK
	}
	word := typ
	if t.IfaceMethodCount(inter) > 0 {
		tab, missing, ok := c.itab(inter, typ)
		if !ok {
			return Collect
		}
		if tab == 0 {
			if assert && mode&2 != 0 {
				c.Set(4, 0)
				c.Set(5, 0)
				c.SetBool(6, false)
				return OK
			}
			return c.PanicAssert(0, typ, inter, missing)
		}
		word = tab
	}
	c.Set(4, word)
	c.Set(5, data)
	if assert {
		c.SetBool(6, true)
	}
	return OK
}

// assertFail: [0] static interface type, [1] dynamic type, [2] wanted type.
func assertFail(c *Call) Status { return c.PanicAssert(c.Arg(0), c.Arg(1), c.Arg(2), "") }

// ifaceeq: [0..1], [2..3], [4] itab based → [5].
func ifaceeq(c *Call) Status {
	eq, bad := c.types().EqualIfaces(c.Arg(0), c.Arg(1), c.Arg(2), c.Arg(3), c.Arg(4) != 0)
	if bad != 0 {
		return c.PanicHash(bad, hashCompare)
	}
	c.SetBool(5, eq)
	return OK
}

// memeq: [0] p, [1] q, [2] type → [3].
func memeq(c *Call) Status {
	eq, bad := c.types().Equal(c.Arg(2), c.Arg(0), c.Arg(1))
	if bad != 0 {
		return c.PanicHash(bad, hashCompare)
	}
	c.SetBool(3, eq)
	return OK
}

// typeequal is the body of a type's Equal function, func(p, q unsafe.Pointer) bool:
// the type is the second word of the closure object.
func typeequal(c *Call) Status {
	eq, bad := c.types().Equal(c.Space.Load64(c.G.Ctx+8), c.Arg(0), c.Arg(1))
	if bad != 0 {
		return c.PanicHash(bad, hashCompare)
	}
	c.SetBool(2, eq)
	return OK
}

// typehash is the body of a map type's Hasher, func(p unsafe.Pointer, seed uintptr) uintptr.
func typehash(c *Call) Status {
	return hashOf(c, c.Space.Load64(c.G.Ctx+8), c.Arg(0), c.Arg(1), 2)
}

func hashOf(c *Call, typ, p, seed uint64, result int) Status {
	h, bad := c.types().Hash(typ, p, seed, c.random)
	if bad != 0 {
		return c.PanicHash(bad, hashKey)
	}
	c.Set(result, h)
	return OK
}

// ifaceE2I(t *abi.Type, src any, dst unsafe.Pointer) stores src, converted to the interface type t, at dst.
func ifaceE2I(c *Call) Status {
	inter, typ, data, dst := c.Arg(0), c.Arg(1), c.Arg(2), c.Arg(3)
	word := typ
	if typ == 0 {
		return c.PanicAssert(0, 0, inter, "")
	}
	if c.types().IfaceMethodCount(inter) > 0 {
		tab, missing, ok := c.itab(inter, typ)
		if !ok {
			return Collect
		}
		if tab == 0 {
			return c.PanicAssert(0, typ, inter, missing)
		}
		word = tab
	}
	c.Sched.Barrier().Bulk(dst, 16)
	c.Space.Store64(dst, word)
	c.Space.Store64(dst+8, data)
	return OK
}

// itabFor(it *abi.InterfaceType, t *abi.Type) unsafe.Pointer
func itabFor(c *Call) Status {
	tab, _, ok := c.itab(c.Arg(0), c.Arg(1))
	if !ok {
		return Collect
	}
	c.Set(2, tab)
	return OK
}

// typeName(t *abi.Type) string: the descriptor's own bytes, no copy.
func typeName(c *Call) Status {
	if c.Arg(0) == 0 {
		c.SetString(1, 0, 0)
		return OK
	}
	a, n := c.types().StringBytes(c.Arg(0))
	c.SetString(1, a, int(n))
	return OK
}

// typePkgPath(t *abi.Type) string
func typePkgPath(c *Call) Status {
	s := c.types().PkgPath(c.Arg(0))
	a, ok := c.NewString(s)
	if !ok {
		return Collect
	}
	c.SetString(1, a, len(s))
	return OK
}
