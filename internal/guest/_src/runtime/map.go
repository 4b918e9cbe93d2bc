package runtime

import (
	"internal/abi"
	"internal/runtime/maps"
	"unsafe"
)

// Maps are std's swiss maps, internal/runtime/maps, whose layout reflect and
// the compiler rely on. That package provides the lookup and assignment
// functions; this file has the rest, and in front of the common key kinds a
// try by the host, which walks the same tables in guest memory but natively.
// A try answers only in the cases that need neither growth nor a call of guest
// code; everything else falls through to the Go source.

const maxAlloc = 1 << 35

func makemap_small() *maps.Map { return maps.NewEmptyMap() }

func makemap(t *abi.MapType, hint int, m *maps.Map) *maps.Map {
	if hint < 0 {
		hint = 0
	}
	return maps.NewMap(t, uintptr(hint), m, maxAlloc)
}

func makemap64(t *abi.MapType, hint int64, m *maps.Map) *maps.Map {
	return makemap(t, int(hint), m)
}

func mapIterStart(t *abi.MapType, m *maps.Map, it *maps.Iter) {
	it.Init(t, m)
	it.Next()
}

func mapIterNext(it *maps.Iter) { it.Next() }

func mapclear(t *abi.MapType, m *maps.Map) { m.Clear(t) }

// Lookup and removal never grow a map: the host does them whole.

func mapaccess1(t *abi.MapType, m *maps.Map, key unsafe.Pointer) unsafe.Pointer
func mapaccess2(t *abi.MapType, m *maps.Map, key unsafe.Pointer) (unsafe.Pointer, bool)
func mapaccess1_fast32(t *abi.MapType, m *maps.Map, key uint32) unsafe.Pointer
func mapaccess2_fast32(t *abi.MapType, m *maps.Map, key uint32) (unsafe.Pointer, bool)
func mapaccess1_fast64(t *abi.MapType, m *maps.Map, key uint64) unsafe.Pointer
func mapaccess2_fast64(t *abi.MapType, m *maps.Map, key uint64) (unsafe.Pointer, bool)
func mapaccess1_faststr(t *abi.MapType, m *maps.Map, key string) unsafe.Pointer
func mapaccess2_faststr(t *abi.MapType, m *maps.Map, key string) (unsafe.Pointer, bool)
func mapdelete(t *abi.MapType, m *maps.Map, key unsafe.Pointer)
func mapdelete_fast32(t *abi.MapType, m *maps.Map, key uint32)
func mapdelete_fast64(t *abi.MapType, m *maps.Map, key uint64)
func mapdelete_faststr(t *abi.MapType, m *maps.Map, key string)

// mapaccess1_fat and mapaccess2_fat serve elements larger than zeroVal.
func mapaccess1_fat(t *abi.MapType, m *maps.Map, key, zero unsafe.Pointer) unsafe.Pointer {
	if e, ok := mapaccess2(t, m, key); ok {
		return e
	}
	return zero
}

func mapaccess2_fat(t *abi.MapType, m *maps.Map, key, zero unsafe.Pointer) (unsafe.Pointer, bool) {
	if e, ok := mapaccess2(t, m, key); ok {
		return e, true
	}
	return zero, false
}

// The tries of assignment: the element slot, or nil if the map is nil or must grow.

func mapput(t *abi.MapType, m *maps.Map, key unsafe.Pointer) unsafe.Pointer
func mapput32(t *abi.MapType, m *maps.Map, key uint32) unsafe.Pointer
func mapput64(t *abi.MapType, m *maps.Map, key uint64) unsafe.Pointer
func mapputptr(t *abi.MapType, m *maps.Map, key unsafe.Pointer) unsafe.Pointer
func mapputstr(t *abi.MapType, m *maps.Map, key string) unsafe.Pointer

func mapassign(t *abi.MapType, m *maps.Map, key unsafe.Pointer) unsafe.Pointer {
	if p := mapput(t, m, key); p != nil {
		return p
	}
	return mapgrow(t, m, key)
}

func mapassign_fast32(t *abi.MapType, m *maps.Map, key uint32) unsafe.Pointer {
	if p := mapput32(t, m, key); p != nil {
		return p
	}
	return mapgrow(t, m, abi.NoEscape(unsafe.Pointer(&key)))
}

func mapassign_fast32ptr(t *abi.MapType, m *maps.Map, key unsafe.Pointer) unsafe.Pointer {
	return mapgrow(t, m, abi.NoEscape(unsafe.Pointer(&key)))
}

func mapassign_fast64(t *abi.MapType, m *maps.Map, key uint64) unsafe.Pointer {
	if p := mapput64(t, m, key); p != nil {
		return p
	}
	return mapgrow(t, m, abi.NoEscape(unsafe.Pointer(&key)))
}

func mapassign_fast64ptr(t *abi.MapType, m *maps.Map, key unsafe.Pointer) unsafe.Pointer {
	if p := mapputptr(t, m, key); p != nil {
		return p
	}
	return mapgrow(t, m, abi.NoEscape(unsafe.Pointer(&key)))
}

func mapassign_faststr(t *abi.MapType, m *maps.Map, key string) unsafe.Pointer {
	if p := mapputstr(t, m, key); p != nil {
		return p
	}
	return mapgrow(t, m, abi.NoEscape(unsafe.Pointer(&key)))
}

// mapgrow is assignment by the Go source. It copies the key and keeps no pointer to it.
func mapgrow(t *abi.MapType, m *maps.Map, key unsafe.Pointer) unsafe.Pointer {
	if m == nil {
		panic(maps_errNilAssign)
	}
	return m.PutSlot(t, key)
}

//go:linkname reflect_makemap reflect.makemap
func reflect_makemap(t *abi.MapType, n int) *maps.Map {
	if t.Key.Equal == nil {
		throw("runtime.reflect_makemap: unsupported map key type")
	}
	return makemap(t, n, nil)
}

//go:linkname reflect_mapaccess reflect.mapaccess
func reflect_mapaccess(t *abi.MapType, m *maps.Map, key unsafe.Pointer) unsafe.Pointer {
	elem, ok := mapaccess2(t, m, key)
	if !ok {
		return nil
	}
	return elem
}

//go:linkname reflect_mapaccess_faststr reflect.mapaccess_faststr
func reflect_mapaccess_faststr(t *abi.MapType, m *maps.Map, key string) unsafe.Pointer {
	elem, ok := mapaccess2(t, m, unsafe.Pointer(&key))
	if !ok {
		return nil
	}
	return elem
}

//go:linkname reflect_mapassign reflect.mapassign0
func reflect_mapassign(t *abi.MapType, m *maps.Map, key, elem unsafe.Pointer) {
	typedmemmove(t.Elem, mapassign(t, m, key), elem)
}

//go:linkname reflect_mapassign_faststr reflect.mapassign_faststr0
func reflect_mapassign_faststr(t *abi.MapType, m *maps.Map, key string, elem unsafe.Pointer) {
	typedmemmove(t.Elem, mapassign_faststr(t, m, key), elem)
}

//go:linkname reflect_mapdelete reflect.mapdelete
func reflect_mapdelete(t *abi.MapType, m *maps.Map, key unsafe.Pointer) { mapdelete(t, m, key) }

//go:linkname reflect_mapdelete_faststr reflect.mapdelete_faststr
func reflect_mapdelete_faststr(t *abi.MapType, m *maps.Map, key string) {
	mapdelete_faststr(t, m, key)
}

func maplen(m *maps.Map) int {
	if m == nil {
		return 0
	}
	return int(m.Used())
}

//go:linkname reflect_maplen reflect.maplen
func reflect_maplen(m *maps.Map) int { return maplen(m) }

//go:linkname reflectlite_maplen internal/reflectlite.maplen
func reflectlite_maplen(m *maps.Map) int { return maplen(m) }

//go:linkname reflect_mapclear reflect.mapclear
func reflect_mapclear(t *abi.MapType, m *maps.Map) { mapclear(t, m) }

//go:linkname mapclone maps.clone
func mapclone(m any) any {
	e := efaceOf(&m)
	e.data = unsafe.Pointer((*maps.Map)(e.data).Clone((*abi.MapType)(e.typ)))
	return m
}

//go:linkname maps_newobject internal/runtime/maps.newobject
func maps_newobject(t *abi.Type) unsafe.Pointer { return newOf(t) }

//go:linkname maps_newarray internal/runtime/maps.newarray
func maps_newarray(t *abi.Type, n int) unsafe.Pointer { return newarray(t, n) }

//go:linkname maps_typedmemmove internal/runtime/maps.typedmemmove
func maps_typedmemmove(t *abi.Type, dst, src unsafe.Pointer) { typedmemmove(t, dst, src) }

//go:linkname maps_typedmemclr internal/runtime/maps.typedmemclr
func maps_typedmemclr(t *abi.Type, p unsafe.Pointer) { typedmemclr(t, p) }

//go:linkname maps_fatal internal/runtime/maps.fatal
func maps_fatal(s string) { fatal(s) }

//go:linkname maps_rand internal/runtime/maps.rand
func maps_rand() uint64 { return rand() }
