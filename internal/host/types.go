package host

import (
	"hash/fnv"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/builtin"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Types of the guest, as host functions meet them: addresses of descriptors.
//
// The collector wants a TypeID for what it allocates. For the descriptors of the
// program the linker has the answer (Program.TypeIDs). A descriptor that the guest
// made at run time (reflect.StructOf, the frame types of reflect.Call) is read once
// and its pointer map registered with the heap; it is looked up by address and by
// a digest of what was read, because the memory may later hold another type.

// typeTable is the part of a machine's state that belongs to types.
type typeTable struct {
	builtin.Types
	made   map[uint64]madeType // by address of the descriptor; guarded by State.Mu
	offs   []uint64            // addReflectOff: id -2-i → address; guarded by State.Mu
	index  map[uint64]int      // address → i; guarded by State.Mu
	itabs  map[[2]uint64]uint64
	misses map[[2]uint64]string
	zero   uint64 // guest address of runtime.zeroVal
	small  uint64 // guest address of 256 words 0..255
}

type madeType struct {
	digest uint64
	id     abi.TypeID
}

// types returns the machine's table, making it at the first call.
func (c *Call) types() *typeTable { return c.VM.types() }

func (vm *VM) types() *typeTable {
	if t := vm.State.types.Load(); t != nil {
		return t
	}
	vm.State.Mu.Lock()
	defer vm.State.Mu.Unlock()
	if t := vm.State.types.Load(); t != nil {
		return t
	}
	t := &typeTable{made: map[uint64]madeType{}, index: map[uint64]int{}, itabs: map[[2]uint64]uint64{}, misses: map[[2]uint64]string{}}
	t.Space, t.Base, t.Text = vm.Space, vm.Prog.TypesBase, mem.TextBase
	t.Overwritten = vm.Sched.Barrier().Word
	t.Dyn = func(off int32) uint64 {
		vm.State.Mu.Lock()
		defer vm.State.Mu.Unlock()
		if i := -2 - int(off); i >= 0 && i < len(t.offs) {
			return t.offs[i]
		}
		return 0
	}
	t.zero = vm.Prog.Syms["runtime.zeroVal"]
	t.small = vm.Prog.Syms["runtime.smallInts"]
	for _, tab := range vm.Prog.Itabs {
		t.itabs[[2]uint64{vm.Space.Load64(tab + builtin.ItabInter), vm.Space.Load64(tab + builtin.ItabType)}] = tab
	}
	vm.State.types.Store(t)
	return t
}

// typeID is the collector's type for a descriptor, and whether it holds no pointers.
func (c *Call) typeID(typ uint64) (id abi.TypeID, noscan bool) {
	if id, ok := c.Prog.TypeIDs[typ]; ok {
		return id, int(id) < len(c.Prog.Types) && id != 0 && c.Prog.Types[id].PtrBytes == 0
	}
	t := c.types()
	if t.PtrBytes(typ) == 0 {
		return 0, true
	}
	mask, ok := t.PointerMask(typ)
	if !ok {
		return 0, false
	}
	size := (t.Size(typ) + 7) &^ 7
	h := fnv.New64a()
	var buf [8]byte
	for _, w := range append(mask, size) {
		for i := range buf {
			buf[i] = byte(w >> (8 * i))
		}
		h.Write(buf[:])
	}
	c.State.Mu.Lock()
	m, ok := t.made[typ]
	c.State.Mu.Unlock()
	known := ok
	if ok && m.digest == h.Sum64() {
		return m.id, false
	}
	id, ok = c.Heap.AddType(&abi.GCType{Size: size, PtrBytes: t.PtrBytes(typ), Mask: mask, Name: t.String(typ), RType: typ})
	if !ok {
		return 0, false
	}
	if !known && !c.Space.Charge(tableCost, mem.KindRecord) {
		return id, false // known to the heap, not here: registered again next time
	}
	c.State.Mu.Lock()
	t.made[typ] = madeType{h.Sum64(), id}
	c.State.Mu.Unlock()
	return id, false
}

// newOf allocates n values of a type, one after the other.
func (c *Call) newOf(typ, n uint64) (mem.Addr, bool) {
	id, noscan := c.typeID(typ)
	size := c.types().Size(typ) * n
	if size == 0 {
		return c.Heap.ZeroBase(), true
	}
	return c.Alloc(size, id, noscan)
}

// copyTyped copies a value of a type (memmove) through the write barrier.
func (c *Call) copyTyped(typ, dst, src uint64) { c.overwrite(dst, src, c.types().Size(typ)) }

// clearTyped clears a value of a type through the write barrier.
func (c *Call) clearTyped(typ, p uint64) { c.wipe(p, c.types().Size(typ)) }

// overwrite is Space.Copy through the write barrier: dst is no new object.
func (c *Call) overwrite(dst, src, n uint64) {
	c.Sched.Barrier().Bulk(dst, n)
	c.Space.Copy(dst, src, n)
}

// wipe is Space.Zero through the write barrier.
func (c *Call) wipe(p, n uint64) {
	c.Sched.Barrier().Bulk(p, n)
	c.Space.Zero(p, n)
}

// random is a word from the processor's generator.
func (c *Call) random() uint64 { return c.P.Rand() }

// tableCost is the bytes charged for an entry of the tables of types, method tables and pinned objects.
const tableCost = 64

// persistent allocates memory for host-made descriptors and method tables: never
// freed, charged as data. It comes from the heap as a pinned object.
func (c *Call) persistent(n uint64) (mem.Addr, bool) {
	if !c.Space.Charge(tableCost, mem.KindRecord) {
		return 0, false
	}
	a, ok := c.Alloc(n, 0, true)
	if !ok {
		c.Space.Uncharge(tableCost, mem.KindRecord)
	} else {
		c.State.Mu.Lock()
		c.State.pinned = append(c.State.pinned, a)
		c.State.Mu.Unlock()
	}
	return a, ok
}

// itab finds or makes the method table of a concrete type for an interface.
// missing is the first method that the type lacks; ok false means that memory is short.
func (c *Call) itab(inter, typ uint64) (tab uint64, missing string, ok bool) {
	t := c.types()
	key := [2]uint64{inter, typ}
	c.State.Mu.Lock()
	tab, found := t.itabs[key]
	missing, missed := t.misses[key]
	c.State.Mu.Unlock()
	if found {
		return tab, "", true
	}
	if missed {
		return 0, missing, true
	}
	fun, missing := t.Implements(inter, typ)
	if missing != "" {
		c.State.Mu.Lock()
		if len(t.misses) < 1<<16 && c.Space.Charge(tableCost, mem.KindRecord) {
			t.misses[key] = missing
		}
		c.State.Mu.Unlock()
		return 0, missing, true
	}
	tab, ok = c.persistent(uint64(builtin.ItabFun + 8*max(1, len(fun))))
	if !ok {
		return 0, "", false
	}
	s := c.Space
	s.Store64(tab+builtin.ItabInter, inter)
	s.Store64(tab+builtin.ItabType, typ)
	s.Store32(tab+builtin.ItabHash, s.Load32(typ+builtin.TypeHash))
	for i, f := range fun {
		s.Store64(tab+builtin.ItabFun+uint64(i)*8, f)
	}
	c.State.Mu.Lock()
	defer c.State.Mu.Unlock()
	if other, found := t.itabs[key]; found {
		return other, "", true
	}
	t.itabs[key] = tab
	return tab, "", true
}

// box puts a value that lies at the area's slot i, in canonical slot form, into an
// interface data word: itself for pointer-shaped types, else a copy.
func (c *Call) storeSlots(dst uint64, i int, size uint64) {
	c.Space.Copy(dst, c.Area+uint64(i)*8, size)
}
