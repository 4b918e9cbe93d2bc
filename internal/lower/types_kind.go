package lower

// The parts of descriptors that belong to one kind, and the method table.

import "go/types"

func (d *descriptors) signature(o *object, s *types.Signature, at int64) {
	in, out := uint64(s.Params().Len()), uint64(s.Results().Len())
	if s.Variadic() {
		out |= 1 << 15
	}
	o.put(d.abi.fn.at("InCount"), 2, in)
	o.put(d.abi.fn.at("OutCount"), 2, out)
	for _, tuple := range []*types.Tuple{s.Params(), s.Results()} {
		for i := range tuple.Len() {
			o.addrOf(at, d.of(tuple.At(i).Type()), 0)
			at += 8
		}
	}
}

func (d *descriptors) iface(o *object, t types.Type, u *types.Interface, at int64) {
	r, im := &d.abi.iface, &d.abi.imethod
	ms := sortedMethods(u)
	_, pkg, _ := typeName(t)
	if pkg != nil {
		o.addrOf(r.at("PkgPath"), d.pathOf(pkg), 0)
	}
	o.addrOf(r.at("Methods"), o, at)
	o.put(r.at("Methods")+8, 8, uint64(len(ms)))
	o.put(r.at("Methods")+16, 8, uint64(len(ms)))
	for _, m := range ms {
		var p *types.Package
		if !m.Exported() && m.Pkg() != pkg {
			p = m.Pkg()
		}
		o.offOf(at+im.at("Name"), d.nameOf(m.Name(), "", p, m.Exported(), false))
		o.offOf(at+im.at("Typ"), d.of(withoutReceiver(m.Type().(*types.Signature))))
		d.need.match(d.keyOf(m))
		at += im.size
	}
}

// withoutReceiver is the type of a method as a func type.
func withoutReceiver(s *types.Signature) *types.Signature {
	if s.Recv() == nil {
		return s
	}
	return types.NewSignatureType(nil, nil, nil, s.Params(), s.Results(), s.Variadic())
}

func (d *descriptors) structure(o *object, t types.Type, u *types.Struct, at int64) {
	r, fr := &d.abi.structT, &d.abi.field
	l := d.ls.Of(t)
	for i := range u.NumFields() {
		if f := u.Field(i); !f.Exported() && f.Pkg() != nil {
			o.addrOf(r.at("PkgPath"), d.pathOf(f.Pkg()), 0)
			break
		}
	}
	n := u.NumFields()
	o.addrOf(r.at("Fields"), o, at)
	o.put(r.at("Fields")+8, 8, uint64(n))
	o.put(r.at("Fields")+16, 8, uint64(n))
	for i := range n {
		f := u.Field(i)
		o.addrOf(at+fr.at("Name"), d.nameOf(f.Name(), u.Tag(i), nil, f.Exported(), f.Embedded()), 0)
		o.addrOf(at+fr.at("Typ"), d.of(f.Type()), 0)
		o.put(at+fr.at("Offset"), 8, uint64(l.Fields[i]))
		at += fr.size
	}
}

// uncommon writes the part of named types and types with methods at b and the method table at mt.
func (d *descriptors) uncommon(o *object, t types.Type, ms []method, b, mt int64) {
	r, mr := &d.abi.uncommon, &d.abi.method
	_, pkg, named := typeName(t)
	if !named {
		switch u := t.(type) { // an unnamed type of a named one belongs to its package
		case *types.Pointer:
			_, pkg, _ = typeName(u.Elem())
		case *types.Slice:
			_, pkg, _ = typeName(u.Elem())
		case *types.Array:
			_, pkg, _ = typeName(u.Elem())
		case *types.Chan:
			_, pkg, _ = typeName(u.Elem())
		}
	}
	if pkg != nil {
		o.offOf(b+r.at("PkgPath"), d.pathOf(pkg))
	}
	exported := 0
	for i := range ms {
		if ms[i].exported() {
			exported++
		}
	}
	o.put(b+r.at("Mcount"), 2, uint64(len(ms)))
	o.put(b+r.at("Xcount"), 2, uint64(exported))
	o.put(b+r.at("Moff"), 4, uint64(mt-b))
	for i := range ms {
		m := &ms[i]
		var p *types.Package
		if !m.exported() && m.pkg != pkg {
			p = m.pkg
		}
		o.offOf(mt+mr.at("Name"), d.nameOf(m.name, "", p, m.exported(), false))
		for _, f := range []string{"Mtyp", "Ifn", "Tfn"} {
			o.put(mt+mr.at(f), 4, 1<<32-1)
		}
		at := mt
		typ := false
		enter := func() {
			if !typ {
				typ = true
				o.offOf(at+mr.at("Mtyp"), d.of(m.sig))
			}
		}
		d.need.addType(m, enter)
		d.need.add(m, func() {
			enter()
			o.relocs = append(o.relocs,
				reloc{off: at + mr.at("Ifn"), kind: relText, fn: m.fn(true)},
				reloc{off: at + mr.at("Tfn"), kind: relText, fn: m.fn(false)})
		})
		mt += mr.size
	}
}
