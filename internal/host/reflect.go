package host

import (
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Memory and type hooks of reflect, internal/reflectlite and the map package.
// Calls (reflect.call, makeFuncStub, methodValueCall) belong to the interpreter,
// channels to chan.go.

func init() {
	Register([]Entry{
		{"runtime.newOf", unsafeNew},
		{"reflect.unsafe_New", unsafeNew},
		{"internal/reflectlite.unsafe_New", unsafeNew},
		{"runtime.newarray", unsafeNewArray},
		{"reflect.unsafe_NewArray", unsafeNewArray},
		{"runtime.typedmemmove", typedmemmove},
		{"reflect.typedmemmove", typedmemmove},
		{"internal/reflectlite.typedmemmove", typedmemmove},
		{"runtime.typedmemclr", typedmemclr},
		{"reflect.typedmemclr", typedmemclr},
		{"reflect.typedmemclrpartial", func(c *Call) Status { c.wipe(c.Arg(1), min(c.Arg(3), mem.Size)); return OK }},
		{"reflect.typedslicecopy", typedslicecopy},
		{"reflect.typedarrayclear", func(c *Call) Status {
			c.wipe(c.Arg(1), min(c.Arg(2)*c.types().Size(c.Arg(0)), mem.Size))
			return OK
		}},
		{"reflect.growslice", growslice},
		{"reflect.unsafeslice", unsafeslice},
		{"reflect.verifyNotInHeapPtr", func(c *Call) Status { c.SetBool(1, c.Arg(0) != ^uint64(0)); return OK }},
		{"reflect.resolveNameOff", resolveNameOff},
		{"internal/reflectlite.resolveNameOff", resolveNameOff},
		{"reflect.resolveTypeOff", resolveTypeOff},
		{"internal/reflectlite.resolveTypeOff", resolveTypeOff},
		{"reflect.resolveTextOff", resolveTextOff},
		{"reflect.addReflectOff", addReflectOff},
		{"reflect.typelinks", typelinks},
		{"reflect.gcbits", gcbits},
	})
}

// unsafe_New(*abi.Type) unsafe.Pointer
func unsafeNew(c *Call) Status {
	p, ok := c.newOf(c.Arg(0), 1)
	if !ok {
		return Collect
	}
	c.Set(1, p)
	return OK
}

// unsafe_NewArray(*abi.Type, int) unsafe.Pointer
func unsafeNewArray(c *Call) Status {
	n, size := c.Arg(1), c.types().Size(c.Arg(0))
	if int64(n) < 0 || size > 0 && n > tooLong/size {
		return c.PanicText("runtime: allocation size out of range")
	}
	p, ok := c.newOf(c.Arg(0), n)
	if !ok {
		return Collect
	}
	c.Set(2, p)
	return OK
}

func typedmemmove(c *Call) Status {
	c.copyTyped(c.Arg(0), c.Arg(1), c.Arg(2))
	return OK
}

func typedmemclr(c *Call) Status {
	c.clearTyped(c.Arg(0), c.Arg(1))
	return OK
}

// typedslicecopy(t *abi.Type, dst, src unsafeheader.Slice) int
func typedslicecopy(c *Call) Status {
	n, size := min(c.Arg(2), c.Arg(5)), c.types().Size(c.Arg(0))
	if n > tooLong || size > tooLong {
		return c.Fatal("copy outside of memory")
	}
	c.overwrite(c.Arg(1), c.Arg(4), n*size)
	c.Set(7, n)
	return OK
}

// growslice(t *abi.Type, old unsafeheader.Slice, num int) unsafeheader.Slice: room for num more
// elements, the length stays.
func growslice(c *Call) Status {
	typ, p, n, room, num := c.Arg(0), c.Arg(1), c.Arg(2), c.Arg(3), c.Arg(4)
	id, noscan := c.typeID(typ)
	q, got, st := c.Grow(c.types().Size(typ), id, noscan, p, room, room, room+(num-(room-n)))
	if st != OK {
		return st
	}
	c.SetSlice(5, q, int(n), int(got))
	return OK
}

// unsafeslice(t *abi.Type, ptr unsafe.Pointer, len int) checks what unsafe.Slice checks.
func unsafeslice(c *Call) Status {
	n, size := int64(c.Arg(2)), c.types().Size(c.Arg(0))
	switch {
	case n < 0, size > 0 && (uint64(n) > tooLong/size || uint64(n)*size > -c.Arg(1) && c.Arg(1) != 0):
		return c.PanicRuntime("unsafe.Slice: len out of range")
	case c.Arg(1) == 0 && n > 0:
		return c.PanicRuntime("unsafe.Slice: ptr is nil and len is not zero")
	}
	return OK
}

// resolveNameOff(base unsafe.Pointer, off int32) unsafe.Pointer
func resolveNameOff(c *Call) Status {
	c.Set(2, c.types().NameAt(int32(c.Arg(1))))
	return OK
}

func resolveTypeOff(c *Call) Status {
	c.Set(2, c.types().TypeAt(int32(c.Arg(1))))
	return OK
}

func resolveTextOff(c *Call) Status {
	c.Set(2, c.types().TextAt(int32(c.Arg(1))))
	return OK
}

// addReflectOff(ptr unsafe.Pointer) int32 gives an offset below -1 (which means: none) that stands for ptr.
func addReflectOff(c *Call) Status {
	t := c.types()
	p := c.Arg(0)
	c.State.Mu.Lock()
	defer c.State.Mu.Unlock()
	if i, ok := t.index[p]; ok {
		c.Set(1, uint64(int64(-2-i)))
		return OK
	}
	if !c.Space.Charge(tableCost, mem.KindRecord) {
		return Collect
	}
	t.index[p] = len(t.offs)
	t.offs = append(t.offs, p)
	c.State.pinned = append(c.State.pinned, p)
	c.Set(1, uint64(int64(-1-len(t.offs))))
	return OK
}

// typelinks() (sections []unsafe.Pointer, offset [][]int32): one section, offsets sorted by type string.
func typelinks(c *Call) Status {
	links := c.Prog.Typelinks
	sec, ok := c.AllocBytes(8)
	if !ok {
		return Collect
	}
	hdr, ok := c.Alloc(24, 0, false)
	if !ok {
		return Collect
	}
	offs, ok := c.AllocBytes(uint64(4*len(links)) + 4)
	if !ok {
		return Collect
	}
	c.Space.Store64(sec, c.Prog.TypesBase)
	for i, a := range links {
		c.Space.Store32(offs+uint64(4*i), uint32(a-c.Prog.TypesBase))
	}
	c.Space.Store64(hdr, offs)
	c.Space.Store64(hdr+8, uint64(len(links)))
	c.Space.Store64(hdr+16, uint64(len(links)))
	c.SetSlice(0, sec, 1, 1)
	c.SetSlice(3, hdr, 1, 1)
	return OK
}

// gcbits(x any) []byte is the pointer map of the object that x points into: a byte 0 or 1 for
// each word, up to the last pointer.
func gcbits(c *Call) Status {
	var mask []byte
	if base, _, s, slot, ok := c.Heap.Object(c.Arg(1)); ok && !s.NoScan() {
		if types, id := c.Heap.Types(), int(s.TypeID(slot)); id < len(types) {
			types[id].Pointers(base, s.Extent, func(w mem.Addr) {
				mask = append(mask, make([]byte, (w-base)/8-uint64(len(mask)))...)
				mask = append(mask, 1)
			})
		}
	}
	p, ok := c.AllocBytes(uint64(len(mask)) + 1)
	if !ok {
		return Collect
	}
	c.Space.Write(p, mask)
	c.SetSlice(2, p, len(mask), len(mask))
	return OK
}
