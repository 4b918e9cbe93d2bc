package lower

// Map types
//
// A map is a table of groups; a group is a word of control bytes and eight slots of
// key and element. Keys and elements above internal/abi's limits are kept by pointer.
// The group's type exists for its size and pointer mask only: no program can name it,
// it has no hash, no equality and no place in the typelinks.

import (
	"go/token"
	"go/types"
)

// mapLayout is what a map type's descriptor says about memory.
type mapLayout struct {
	group, slot types.Type
	elemOff     int64
	indirectKey bool
	indirectEl  bool
}

func (d *descriptors) mapLayoutOf(m *types.Map) mapLayout {
	ml := mapLayout{
		indirectKey: d.ls.Of(m.Key()).Size > d.abi.mapMaxKey,
		indirectEl:  d.ls.Of(m.Elem()).Size > d.abi.mapMaxElem,
	}
	g := d.groups[m]
	if g == nil {
		key, elem := m.Key(), m.Elem()
		if ml.indirectKey {
			key = d.world.Canon(types.NewPointer(key))
		}
		if ml.indirectEl {
			elem = d.world.Canon(types.NewPointer(elem))
		}
		field := func(name string, t types.Type) *types.Var { return types.NewField(token.NoPos, nil, name, t, false) }
		slot := types.NewStruct([]*types.Var{field("key", key), field("elem", elem)}, nil)
		slots := types.NewArray(slot, d.abi.mapSlots)
		g = types.NewStruct([]*types.Var{field("ctrl", types.Typ[types.Uint64]), field("slots", slots)}, nil)
		d.noalg[slot], d.noalg[slots], d.noalg[g] = true, true, true
		d.groups[m] = g
		d.namer.groups[g] = m
	}
	ml.group = g
	ml.slot = g.(*types.Struct).Field(1).Type().(*types.Array).Elem()
	ml.elemOff = d.ls.Of(ml.slot).Fields[1]
	return ml
}

func (d *descriptors) mapType(o *object, t types.Type, m *types.Map) {
	r := &d.abi.mapT
	ml := d.mapLayoutOf(d.world.Canon(m).(*types.Map))
	key := d.of(m.Key())
	o.addrOf(r.at("Key"), key, 0)
	o.addrOf(r.at("Elem"), d.of(m.Elem()), 0)
	o.addrOf(r.at("Group"), d.of(ml.group), 0)
	o.addrOf(r.at("Hasher"), d.closure("hash:", d.hash, key), 0)
	o.put(r.at("GroupSize"), 8, uint64(d.ls.Of(ml.group).Size))
	o.put(r.at("SlotSize"), 8, uint64(d.ls.Of(ml.slot).Size))
	o.put(r.at("ElemOff"), 8, uint64(ml.elemOff))
	var flags uint64
	for _, f := range []struct {
		on  bool
		bit uint64
	}{
		{needKeyUpdate(m.Key()), d.abi.mapKeyUpdate},
		{hashMightPanic(m.Key()), d.abi.mapHashPanic},
		{ml.indirectKey, d.abi.mapIndirectKey},
		{ml.indirectEl, d.abi.mapIndirectEl},
	} {
		if f.on {
			flags |= f.bit
		}
	}
	o.put(r.at("Flags"), 4, flags)
}
