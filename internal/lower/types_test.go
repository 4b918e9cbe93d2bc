package lower

import (
	"encoding/binary"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"reflect"
	"sort"
	"strings"
	"testing"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// fixtureWorld is a typeWorld over plain go/types, without functions.
type fixtureWorld struct{ seen []types.Type }

func (w *fixtureWorld) Canon(t types.Type) types.Type {
	t = types.Unalias(t)
	if b, ok := t.(*types.Basic); ok {
		return types.Typ[b.Kind()]
	}
	for _, s := range w.seen {
		if types.Identical(s, t) {
			return s
		}
	}
	w.seen = append(w.seen, t)
	return t
}

func (w *fixtureWorld) Methods(t types.Type) []method {
	if types.IsInterface(t) {
		return nil
	}
	set := types.NewMethodSet(t)
	var out []method
	for i := range set.Len() {
		f := set.At(i).Obj().(*types.Func)
		m := method{name: f.Name(), sig: w.Canon(withoutReceiver(f.Type().(*types.Signature)))}
		if !f.Exported() {
			m.pkg = f.Pkg()
		}
		m.fn = func(bool) *tree.Func { return nil }
		out = append(out, m)
	}
	sort.Slice(out, func(i, j int) bool { return lessMethod(out[i].name, out[i].pkg, out[j].name, out[j].pkg) })
	return out
}

// hostWord reads n bytes of host memory.
func hostBytes(p unsafe.Pointer, off, n int64) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(p, off)), n)
}

func hostWord(p unsafe.Pointer, off int64) uint64 {
	return binary.LittleEndian.Uint64(hostBytes(p, off, 8))
}

// TestDescriptors compares our descriptors with those of the host's compiler, which has the same layout.
func TestDescriptors(t *testing.T) {
	fset := token.NewFileSet()
	imp := importer.ForCompiler(fset, "source", nil)
	abiPkg, err := imp.Import("internal/abi")
	if err != nil {
		t.Skipf("the sources of internal/abi are not available: %v", err)
	}
	file, err := parser.ParseFile(fset, "types_fixture_test.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	conf := types.Config{Importer: imp, Sizes: types.SizesFor("gc", "amd64")}
	pkg, err := conf.Check("github.com/terrarium-go/terrarium/internal/lower", fset, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ls := NewLayouts()
	a, err := readABI(abiPkg, ls)
	if err != nil {
		t.Fatal(err)
	}
	w := &fixtureWorld{}
	im := &image{}
	d := newDescriptors(a, ls, w, im)
	d.want = func(*tree.Func) {}
	eq := &tree.Func{Sym: "eq"}
	d.equal, d.hash = eq, eq
	guest := map[string]*object{}
	typs := map[string]types.Type{}
	for expr := range fixtures {
		tv, err := types.Eval(fset, pkg, file.End()-1, expr)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		guest[expr], typs[expr] = d.of(tv.Type), tv.Type
	}
	d.finish()
	im.place(abi.DataBase)
	k := &linker{desc: d, im: *im, byFunc: map[*tree.Func]*node{eq: {fn: eq}}}
	if err := k.resolve(); err != nil {
		t.Fatal(err)
	}
	c := &comparer{t: t, d: d, base: im.start[secTypes], ram: im.bytesOf(secTypes, secRO), done: map[uint64]bool{}}
	for expr, o := range guest {
		c.path = []string{expr}
		c.compare(o.addr, fixtures[expr])
	}
	t.Logf("%d types compared, %d objects", len(c.done), len(im.objs[secTypes])+len(im.objs[secRO]))
}

type comparer struct {
	t    *testing.T
	d    *descriptors
	base uint64
	ram  []byte
	done map[uint64]bool
	path []string
}

func (c *comparer) errorf(format string, args ...any) {
	c.t.Helper()
	c.t.Errorf(strings.Join(c.path, " → ")+": "+format, args...)
}

func (c *comparer) num(a uint64, off, n int64) uint64 {
	b := make([]byte, 8)
	copy(b, c.ram[a-c.base+uint64(off):][:n])
	return binary.LittleEndian.Uint64(b)
}

// name reads an internal/abi.Name.
func (c *comparer) name(a uint64) (name, tag string, exported, embedded bool) {
	b := c.ram[a-c.base:]
	n, k := binary.Uvarint(b[1:])
	name = string(b[1+k:][:n])
	if b[0]&2 != 0 {
		r := b[1+k+int(n):]
		m, j := binary.Uvarint(r)
		tag = string(r[j:][:m])
	}
	return name, tag, b[0]&1 != 0, b[0]&8 != 0
}

func (c *comparer) path2(a uint64) string {
	if a == 0 {
		return ""
	}
	s, _, _, _ := c.name(a)
	return s
}

func (c *comparer) compare(a uint64, h reflect.Type) {
	if c.done[a] {
		return
	}
	c.done[a] = true
	hp := (*[2]unsafe.Pointer)(unsafe.Pointer(&h))[1]
	r := &c.d.abi.typ
	for _, f := range []string{"Size_", "PtrBytes", "TFlag", "Align_", "FieldAlign_", "Kind_"} {
		n := r.len[f]
		want := make([]byte, 8)
		copy(want, hostBytes(hp, r.at(f), n))
		if got, want := c.num(a, r.at(f), n), binary.LittleEndian.Uint64(want); got != want {
			c.errorf("%s is %#x, want %#x", f, got, want)
		}
	}
	if got, want := c.num(a, r.at("Equal"), 8) != 0, hostWord(hp, r.at("Equal")) != 0; got != want {
		c.errorf("Equal set: %v, want %v", got, want)
	}
	flags := c.num(a, r.at("TFlag"), 1)
	text, _, exported, _ := c.name(c.base + c.num(a, r.at("Str"), 4))
	if flags&c.d.abi.flagStar != 0 {
		text = text[1:]
	}
	if text != h.String() {
		c.errorf("string %q, want %q", text, h.String())
	}
	_ = exported
	if n := int64(c.num(a, r.at("PtrBytes"), 8)) / 8; n > 0 {
		m, hm := c.num(a, r.at("GCData"), 8), hostWord(hp, r.at("GCData"))
		for i := range (n + 7) / 8 {
			if got, want := byte(c.num(m, i, 1)), *(*byte)(unsafe.Add(*(*unsafe.Pointer)(unsafe.Pointer(&hm)), i)); got != want {
				c.errorf("pointer mask byte %d: %08b, want %08b", i, got, want)
			}
		}
	}
	if p := c.num(a, r.at("PtrToThis"), 4); h.Name() != "" && p == 0 {
		c.errorf("a named type without PtrToThis")
	} else if p != 0 && h.Name() != "" {
		c.sub("*", c.base+p, reflect.PointerTo(h))
	}
	c.kind(a, h, hp)
	c.uncommon(a, h, flags)
}

func (c *comparer) sub(what string, a uint64, h reflect.Type) {
	c.path = append(c.path, what)
	c.compare(a, h)
	c.path = c.path[:len(c.path)-1]
}

func (c *comparer) kind(a uint64, h reflect.Type, hp unsafe.Pointer) {
	ab := c.d.abi
	ptr := func(off int64) uint64 { return c.num(a, off, 8) }
	switch h.Kind() {
	case reflect.Array:
		c.sub("elem", ptr(ab.array.at("Elem")), h.Elem())
		c.sub("slice", ptr(ab.array.at("Slice")), reflect.SliceOf(h.Elem()))
		if n := ptr(ab.array.at("Len")); n != uint64(h.Len()) {
			c.errorf("length %d", n)
		}
	case reflect.Slice, reflect.Pointer:
		c.sub("elem", ptr(ab.ptr.at("Elem")), h.Elem())
	case reflect.Chan:
		c.sub("elem", ptr(ab.chanT.at("Elem")), h.Elem())
		if n := ptr(ab.chanT.at("Dir")); n != uint64(h.ChanDir()) {
			c.errorf("direction %d, want %d", n, h.ChanDir())
		}
	case reflect.Func:
		in, out := c.num(a, ab.fn.at("InCount"), 2), c.num(a, ab.fn.at("OutCount"), 2)
		if int(in) != h.NumIn() || int(out&^(1<<15)) != h.NumOut() || (out>>15 != 0) != h.IsVariadic() {
			c.errorf("in %d, out %#x", in, out)
		}
		at := ab.fn.size
		if c.num(a, ab.typ.at("TFlag"), 1)&ab.flagUncommon != 0 {
			at += ab.uncommon.size
		}
		for i := range h.NumIn() {
			c.sub("in", ptr(at), h.In(i))
			at += 8
		}
		for i := range h.NumOut() {
			c.sub("out", ptr(at), h.Out(i))
			at += 8
		}
	case reflect.Interface:
		list, n := ptr(ab.iface.at("Methods")), int(ptr(ab.iface.at("Methods")+8))
		if n != h.NumMethod() {
			c.errorf("%d methods, want %d", n, h.NumMethod())
			return
		}
		for i := range n {
			m := h.Method(i)
			at := list + uint64(i)*uint64(ab.imethod.size)
			name, _, exported, _ := c.name(c.base + c.num(at, ab.imethod.at("Name"), 4))
			if name != m.Name || exported != m.IsExported() {
				c.errorf("method %d is %s, want %s", i, name, m.Name)
			}
			c.sub(name, c.base+c.num(at, ab.imethod.at("Typ"), 4), m.Type)
		}
	case reflect.Map:
		r := &ab.mapT
		c.sub("key", ptr(r.at("Key")), h.Key())
		c.sub("elem", ptr(r.at("Elem")), h.Elem())
		if ptr(r.at("Hasher")) == 0 {
			c.errorf("no hasher")
		}
		for _, f := range []string{"GroupSize", "SlotSize", "ElemOff", "Flags"} {
			n := r.len[f]
			want := make([]byte, 8)
			copy(want, hostBytes(hp, r.at(f), n))
			if got, want := c.num(a, r.at(f), n), binary.LittleEndian.Uint64(want); got != want {
				c.errorf("%s is %#x, want %#x", f, got, want)
			}
		}
		g := c.hostType(hostWord(hp, r.at("Group")))
		c.sub("group", ptr(r.at("Group")), g)
	case reflect.Struct:
		r := &ab.structT
		list, n := ptr(r.at("Fields")), int(ptr(r.at("Fields")+8))
		if n != h.NumField() {
			c.errorf("%d fields, want %d", n, h.NumField())
			return
		}
		pkg := c.path2(ptr(r.at("PkgPath")))
		for i := range n {
			f := h.Field(i)
			at := list + uint64(i)*uint64(ab.field.size)
			name, tag, exported, embedded := c.name(c.num(at, ab.field.at("Name"), 8))
			if name != f.Name || tag != string(f.Tag) || pkg != "" && exported != f.IsExported() || embedded != f.Anonymous {
				c.errorf("field %d is %s %q exported %v embedded %v, want %+v", i, name, tag, exported, embedded, f)
			}
			if !exported && f.PkgPath != "" && pkg != f.PkgPath {
				c.errorf("field %s in package %q, want %q", name, pkg, f.PkgPath)
			}
			if off := c.num(at, ab.field.at("Offset"), 8); off != uint64(f.Offset) {
				c.errorf("field %s at %d, want %d", name, off, f.Offset)
			}
			c.sub(name, c.num(at, ab.field.at("Typ"), 8), f.Type)
		}
	}
}

// hostType is the reflect.Type of a host descriptor.
func (c *comparer) hostType(p uint64) reflect.Type {
	h := reflect.TypeFor[int]()
	*(*uint64)(unsafe.Add(unsafe.Pointer(&h), 8)) = p
	return h
}

func (c *comparer) uncommon(a uint64, h reflect.Type, flags uint64) {
	ab := c.d.abi
	if flags&ab.flagUncommon == 0 {
		if h.PkgPath() != "" || h.NumMethod() > 0 && h.Kind() != reflect.Interface {
			c.errorf("no uncommon part")
		}
		return
	}
	size := map[reflect.Kind]int64{reflect.Struct: ab.structT.size, reflect.Pointer: ab.ptr.size, reflect.Func: ab.fn.size,
		reflect.Slice: ab.slice.size, reflect.Array: ab.array.size, reflect.Chan: ab.chanT.size, reflect.Map: ab.mapT.size,
		reflect.Interface: ab.iface.size}[h.Kind()]
	if size == 0 {
		size = ab.typ.size
	}
	r := &ab.uncommon
	u := a + uint64(size)
	pkg := ""
	if off := c.num(u, r.at("PkgPath"), 4); off != 0 {
		pkg = c.path2(c.base + off)
	}
	if h.Name() != "" && pkg != h.PkgPath() {
		c.errorf("package %q, want %q", pkg, h.PkgPath())
	}
	if h.Kind() == reflect.Interface {
		return
	}
	n, x := int(c.num(u, r.at("Mcount"), 2)), int(c.num(u, r.at("Xcount"), 2))
	if x != h.NumMethod() || n < x {
		c.errorf("%d methods, %d exported, want %d", n, x, h.NumMethod())
		return
	}
	at := u + c.num(u, r.at("Moff"), 4)
	for i := range x {
		name, _, exported, _ := c.name(c.base + c.num(at, ab.method.at("Name"), 4))
		if want := h.Method(i).Name; name != want || !exported {
			c.errorf("method %d is %s, want %s", i, name, want)
		}
		at += uint64(ab.method.size)
	}
}
