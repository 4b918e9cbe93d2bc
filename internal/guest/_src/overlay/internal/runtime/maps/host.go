package maps

import (
	"internal/abi"
	"unsafe"
)

// Lookup, assignment and removal are provided by package runtime (see its
// map.go); the functions that pushed them from here have no body any more.
// Growing and splitting keep their form, but the host moves the entries.

func runtime_mapaccess1(typ *abi.MapType, m *Map, key unsafe.Pointer) unsafe.Pointer
func runtime_mapaccess2(typ *abi.MapType, m *Map, key unsafe.Pointer) (unsafe.Pointer, bool)
func runtime_mapassign(typ *abi.MapType, m *Map, key unsafe.Pointer) unsafe.Pointer
func runtime_mapaccess1_fast32(typ *abi.MapType, m *Map, key uint32) unsafe.Pointer
func runtime_mapaccess2_fast32(typ *abi.MapType, m *Map, key uint32) (unsafe.Pointer, bool)
func runtime_mapassign_fast32(typ *abi.MapType, m *Map, key uint32) unsafe.Pointer
func runtime_mapassign_fast32ptr(typ *abi.MapType, m *Map, key unsafe.Pointer) unsafe.Pointer
func runtime_mapdelete_fast32(typ *abi.MapType, m *Map, key uint32)
func runtime_mapaccess1_fast64(typ *abi.MapType, m *Map, key uint64) unsafe.Pointer
func runtime_mapaccess2_fast64(typ *abi.MapType, m *Map, key uint64) (unsafe.Pointer, bool)
func runtime_mapassign_fast64(typ *abi.MapType, m *Map, key uint64) unsafe.Pointer
func runtime_mapassign_fast64ptr(typ *abi.MapType, m *Map, key unsafe.Pointer) unsafe.Pointer
func runtime_mapdelete_fast64(typ *abi.MapType, m *Map, key uint64)
func runtime_mapaccess1_faststr(typ *abi.MapType, m *Map, key string) unsafe.Pointer
func runtime_mapaccess2_faststr(typ *abi.MapType, m *Map, key string) (unsafe.Pointer, bool)
func runtime_mapassign_faststr(typ *abi.MapType, m *Map, key string) unsafe.Pointer
func runtime_mapdelete_faststr(typ *abi.MapType, m *Map, key string)

// KeyError is what a look-up or a removal panics with in a map without entries, when the key holds a value of
// type t, which has no hash. (Where the hash is needed the text is the runtime's.)
func KeyError(t *abi.Type) error { return unhashableTypeError{t} }

// moveEntries enters all entries of t into left, or into right where the hash has bit set.
func moveEntries(typ *abi.MapType, seed uintptr, t, left, right *table, bit uintptr)

func (t *table) grow(typ *abi.MapType, m *Map, newCapacity uint16) {
	larger := newTable(typ, uint64(newCapacity), t.index, t.localDepth)
	if t.capacity > 0 {
		moveEntries(typ, m.seed, t, larger, larger, 0)
	}
	m.replaceTable(larger)
	t.index = -1
}

func (t *table) split(typ *abi.MapType, m *Map) {
	depth := t.localDepth + 1
	left := newTable(typ, maxTableCapacity, -1, depth)
	right := newTable(typ, maxTableCapacity, -1, depth)
	moveEntries(typ, m.seed, t, left, right, localDepthMask(depth))
	m.installTableSplit(t, left, right)
	t.index = -1
}
