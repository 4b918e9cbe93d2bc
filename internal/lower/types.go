package lower

// Type descriptors
//
// A descriptor is what the guest's reflect, its maps and our host functions know of a
// type: the struct internal/abi.Type followed by what the kind adds. The parts lie as
// the gc compiler lays them:
//
//	| Type | fields of the kind | UncommonType, if named or with methods | lists of the kind | methods |
//	0      A                    B                                        C                   D
//
// Lists of the kind are the parameter types of a func, the fields of a struct, the
// methods of an interface. Strings, names and method types are int32 offsets from the
// start of the type section, functions int32 offsets in the text.
//
// The pointer mask (GCData) is written in full, or not at all if it is long: then
// TFlagGCMaskOnDemand is set. Equal and a map's Hasher are func values: closure objects {code, type} whose
// code is one of two functions made by hand (stub.go) that call the host.
//
// A named type always brings the descriptor of its pointer type, because the methods
// of *T must be found by reflection through T; PtrToThis of other types is set when
// the pointer type happens to be in the program.

import (
	"encoding/binary"
	"go/token"
	"go/types"
	"hash/fnv"
	"sort"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// typeWorld is what descriptors need to know of the program.
type typeWorld interface {
	Canon(t types.Type) types.Type
	// Methods lists the methods of a non-interface type in the order of its method table.
	Methods(t types.Type) []method
}

// method is one method of a concrete type.
type method struct {
	name string
	pkg  *types.Package // of an unexported method, else nil
	sig  types.Type     // canonical, without receiver
	// fn returns the function that takes the receiver as one pointer-shaped word (table of an itab) or by value.
	fn func(word bool) *tree.Func
}

func (m *method) exported() bool { return m.pkg == nil }

// sortedMethods lists the methods of an interface in the order of its itabs.
func sortedMethods(t *types.Interface) []*types.Func {
	ms := make([]*types.Func, t.NumMethods())
	for i := range ms {
		ms[i] = t.Method(i)
	}
	sort.Slice(ms, func(i, j int) bool {
		return lessMethod(ms[i].Name(), ms[i].Pkg(), ms[j].Name(), ms[j].Pkg())
	})
	return ms
}

// lessMethod orders methods: exported ones first, by name, then by package.
func lessMethod(a string, pa *types.Package, b string, pb *types.Package) bool {
	ea, eb := isExported(a), isExported(b)
	if ea != eb {
		return ea
	}
	if a != b {
		return a < b
	}
	return !ea && pa != nil && pb != nil && pa.Path() < pb.Path()
}

func isExported(name string) bool { return token.IsExported(name) }

// descriptors makes the type descriptors, itabs and what belongs to them.
type descriptors struct {
	abi   *abiTypes
	ls    *Layouts
	namer typeNamer
	world typeWorld
	im    *image

	objs   map[types.Type]*object
	order  []types.Type // types with descriptors, in the order of their making
	names  map[string]*object
	masks  map[string]*object
	itabs  map[itabKey]*object
	tabs   []*object
	groups map[types.Type]types.Type // map type → group type
	noalg  map[types.Type]bool       // group types and their parts: not comparable, not in the typelinks
	links  []typelink
	hashes map[types.Type]uint32
	need   methodNeeds

	equal, hash *tree.Func // the bodies of Equal and Hasher
	want        func(*tree.Func)
	seen        map[types.Type]bool // by reflected
}

type typelink struct {
	text string
	obj  *object
}

func newDescriptors(a *abiTypes, ls *Layouts, w typeWorld, im *image) *descriptors {
	return &descriptors{abi: a, ls: ls, world: w, im: im, namer: typeNamer{groups: map[types.Type]*types.Map{}},
		objs: map[types.Type]*object{}, names: map[string]*object{}, masks: map[string]*object{},
		itabs: map[itabKey]*object{}, groups: map[types.Type]types.Type{}, noalg: map[types.Type]bool{},
		hashes: map[types.Type]uint32{}, need: newMethodNeeds(), seen: map[types.Type]bool{}}
}

// of returns the descriptor of a type, made on first use.
func (d *descriptors) of(t types.Type) *object {
	if !d.noalg[t] {
		t = d.world.Canon(t)
	}
	if o := d.objs[t]; o != nil {
		return o
	}
	o := &object{name: "type:" + d.namer.text(t, modeLink), sect: secTypes, align: 8}
	d.objs[t] = o
	d.order = append(d.order, t)
	d.im.add(o)
	d.fill(o, t)
	return o
}

// reflected marks a type whose values reflection can get at, because they are converted to interfaces, and the types
// it is made of. The methods of interface types among them may be called through values that reflection makes.
func (d *descriptors) reflected(t types.Type) {
	t = d.world.Canon(t)
	if d.seen[t] {
		return
	}
	d.seen[t] = true
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		d.reflected(u.Elem())
	case *types.Slice:
		d.reflected(u.Elem())
	case *types.Array:
		d.reflected(u.Elem())
	case *types.Chan:
		d.reflected(u.Elem())
	case *types.Map:
		d.reflected(u.Key())
		d.reflected(u.Elem())
	case *types.Struct:
		for f := range u.Fields() {
			d.reflected(f.Type())
		}
	case *types.Signature:
		for v := range u.Params().Variables() {
			d.reflected(v.Type())
		}
		for v := range u.Results().Variables() {
			d.reflected(v.Type())
		}
	case *types.Interface:
		d.needInterface(u)
	}
}

// hashOf is the hash of a type: equal for identical types, the same in every program.
func (d *descriptors) hashOf(t types.Type) uint32 {
	h, ok := d.hashes[t]
	if !ok {
		f := fnv.New32a()
		f.Write([]byte(d.namer.text(t, modeLink)))
		h = f.Sum32()
		d.hashes[t] = h
	}
	return h
}

// typeName returns the name and package of the declared type that t is. Basic types and error have no package.
func typeName(t types.Type) (name string, pkg *types.Package, ok bool) {
	switch t := t.(type) {
	case *types.Basic:
		if t.Kind() == types.UnsafePointer {
			return t.Name(), types.Unsafe, true
		}
		return t.Name(), nil, true
	case *types.Named:
		return t.Obj().Name(), t.Obj().Pkg(), true
	}
	return "", nil, false
}

// fill writes the descriptor.
func (d *descriptors) fill(o *object, t types.Type) {
	a := d.abi
	u := t.Underlying()
	_, _, named := typeName(t)
	var ms []method
	if _, ok := u.(*types.Interface); !ok && !d.noalg[t] {
		ms = d.world.Methods(t)
	}
	var rec *record
	lists := int64(0)
	switch u := u.(type) {
	case *types.Array:
		rec = &a.array
	case *types.Chan:
		rec = &a.chanT
	case *types.Signature:
		rec, lists = &a.fn, int64(u.Params().Len()+u.Results().Len())*8
	case *types.Interface:
		rec, lists = &a.iface, int64(u.NumMethods())*a.imethod.size
	case *types.Map:
		rec = &a.mapT
	case *types.Pointer:
		rec = &a.ptr
	case *types.Slice:
		rec = &a.slice
	case *types.Struct:
		rec, lists = &a.structT, int64(u.NumFields())*a.field.size
	default:
		rec = &a.typ
	}
	extra := named || len(ms) > 0
	b := rec.size
	c := b
	if extra {
		c += a.uncommon.size
	}
	dd := c + lists
	o.size = dd + int64(len(ms))*a.method.size
	o.bytes = make([]byte, o.size)

	d.common(o, t, extra, named, len(ms) > 0)
	switch u := u.(type) {
	case *types.Array:
		o.addrOf(rec.at("Elem"), d.of(u.Elem()), 0)
		o.addrOf(rec.at("Slice"), d.sliceOf(u.Elem()), 0)
		o.put(rec.at("Len"), 8, uint64(u.Len()))
	case *types.Chan:
		o.addrOf(rec.at("Elem"), d.of(u.Elem()), 0)
		dir := map[types.ChanDir]uint64{types.RecvOnly: 1, types.SendOnly: 2, types.SendRecv: 3}
		o.put(rec.at("Dir"), 8, dir[u.Dir()])
	case *types.Signature:
		d.signature(o, u, c)
	case *types.Interface:
		d.iface(o, t, u, c)
	case *types.Map:
		d.mapType(o, t, u)
	case *types.Pointer:
		o.addrOf(rec.at("Elem"), d.of(u.Elem()), 0)
	case *types.Slice:
		o.addrOf(rec.at("Elem"), d.of(u.Elem()), 0)
	case *types.Struct:
		d.structure(o, t, u, c)
	}
	if extra {
		d.uncommon(o, t, ms, b, dd)
	}
	d.link(o, t, named)
	if !d.noalg[t] {
		if named || len(d.world.Methods(types.NewPointer(t))) > 0 && !isInterface(t) {
			if _, ptr := t.(*types.Pointer); !ptr {
				d.of(types.NewPointer(t)) // PtrToThis is set by finish
			}
		}
	}
	if n, ok := t.(*types.Named); ok {
		if m, ok := n.Underlying().(*types.Map); ok {
			d.of(m) // conversions by reflection must find the same hash function
		}
	}
}

func isInterface(t types.Type) bool { return types.IsInterface(t) }

// sliceOf returns the descriptor of []t.
func (d *descriptors) sliceOf(t types.Type) *object {
	s := types.NewSlice(t)
	if d.noalg[t] {
		for k, o := range d.objs {
			if e, ok := k.(*types.Slice); ok && e.Elem() == t {
				return o
			}
		}
		d.noalg[s] = true
	}
	return d.of(s)
}

// common writes the part that all kinds share.
func (d *descriptors) common(o *object, t types.Type, extra, named, methods bool) {
	r := &d.abi.typ
	l := d.ls.Of(t)
	o.put(r.at("Size_"), 8, uint64(l.Size))
	o.put(r.at("PtrBytes"), 8, uint64(l.PtrBytes))
	o.put(r.at("Hash"), 4, uint64(d.hashOf(t)))
	text := d.namer.text(t, modeName)
	var flags uint64
	exported := false
	if extra {
		flags |= d.abi.flagUncommon
	}
	if named {
		flags |= d.abi.flagNamed
	}
	if !d.noalg[t] && regularMemory(t, d.ls) {
		flags |= d.abi.flagRegular
	}
	if l.Direct {
		flags |= d.abi.flagDirect
	}
	if l.Mask == nil && l.PtrBytes > 0 {
		flags |= d.abi.flagOnDemand
	}
	base := t
	if text[0] != '*' {
		text = "*" + text
		flags |= d.abi.flagStar
	} else if p, ok := t.(*types.Pointer); ok {
		base = p.Elem()
	}
	if name, _, ok := typeName(base); ok {
		exported = isExported(name)
	}
	o.put(r.at("TFlag"), 1, flags)
	o.put(r.at("Align_"), 1, uint64(l.Align))
	o.put(r.at("FieldAlign_"), 1, uint64(l.Align))
	o.put(r.at("Kind_"), 1, kindOf(t))
	if !d.noalg[t] && types.Comparable(t) {
		o.addrOf(r.at("Equal"), d.closure("eq:", d.equal, o), 0)
	}
	if m := d.mask(l); m != nil {
		o.addrOf(r.at("GCData"), m, 0)
	}
	o.offOf(r.at("Str"), d.nameOf(text, "", nil, exported, false))
}

// closure makes the func value {code of f, address of o}.
func (d *descriptors) closure(prefix string, f *tree.Func, o *object) *object {
	c := newObject(prefix+o.name, secRO, 16, 8)
	d.want(f)
	c.codeOf(0, f)
	c.addrOf(8, o, 0)
	return d.im.add(c)
}

// mask is the pointer mask of a layout, a multiple of 8 bytes, shared by equal ones; nil without pointers and on demand.
func (d *descriptors) mask(l *Layout) *object {
	if l.Mask == nil {
		return nil
	}
	b := make([]byte, 0, 8*len(l.Mask))
	for _, w := range l.Mask {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	if o := d.masks[string(b)]; o != nil {
		return o
	}
	o := d.im.add(&object{name: "gcbits", sect: secRO, bytes: b, size: int64(len(b)), align: 8})
	d.masks[string(b)] = o
	return o
}

// nameOf encodes a name as internal/abi.Name: a byte of bits, the length as a varint, the text; the same for the
// tag; the offset of the package path.
func (d *descriptors) nameOf(name, tag string, pkg *types.Package, exported, embedded bool) *object {
	var bits byte
	if exported {
		bits |= 1
	}
	if tag != "" {
		bits |= 2
	}
	if pkg != nil {
		bits |= 4
	}
	if embedded {
		bits |= 8
	}
	b := append([]byte{bits}, binary.AppendUvarint(nil, uint64(len(name)))...)
	b = append(b, name...)
	if tag != "" {
		b = binary.AppendUvarint(b, uint64(len(tag)))
		b = append(b, tag...)
	}
	key := string(b)
	if pkg != nil {
		key += "\x00" + pkgPath(pkg)
		b = append(b, 0, 0, 0, 0)
	}
	if o := d.names[key]; o != nil {
		return o
	}
	o := &object{name: "name:" + name, sect: secTypes, bytes: b, size: int64(len(b)), align: 1}
	d.names[key] = o
	if pkg != nil {
		o.offOf(o.size-4, d.pathOf(pkg))
	}
	return d.im.add(o)
}

// pathOf encodes a package path.
func (d *descriptors) pathOf(pkg *types.Package) *object {
	return d.nameOf(pkgPath(pkg), "", nil, false, false)
}

// link puts unnamed types that reflection can make into the typelinks.
func (d *descriptors) link(o *object, t types.Type, named bool) {
	if named || d.noalg[t] {
		return
	}
	switch t.(type) {
	case *types.Pointer, *types.Array, *types.Chan, *types.Signature, *types.Map, *types.Slice, *types.Struct:
		d.links = append(d.links, typelink{d.namer.text(t, modeName), o})
	}
}

// finish completes what depends on the whole set of types: PtrToThis and the order of the typelinks.
func (d *descriptors) finish() {
	for _, t := range d.order {
		if p, ok := t.(*types.Pointer); ok && !d.noalg[t] {
			if e := d.objs[p.Elem()]; e != nil {
				e.offOf(d.abi.typ.at("PtrToThis"), d.objs[t])
			}
		}
	}
	sort.SliceStable(d.links, func(i, j int) bool { return d.links[i].text < d.links[j].text })
}
